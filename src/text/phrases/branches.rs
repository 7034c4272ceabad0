//! The branches of the `if`s of a template, and which of them can be told by the values that they
//! print.

use std::ops::Range;

use super::template_analysis::TemplateAnalysis;

/// A branch of an `if`: what follows `if`, `elif` or `else`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Branch {
    /// The number of the branch in its `if`, counted from 0.
    pub(super) number: usize,
    /// The bytes between its statement's word and that of the next statement of the `if`.
    pub(super) body: Range<usize>,
    /// Whether the values that it prints tell it from all other branches of its `if`.
    pub(super) is_told_by_values: bool,
}

/// The branches of each `if`, an outer one before those inside of it, and the bodies of the loops.
pub(super) fn branches(
    analysis: &TemplateAnalysis<'_>,
    template: &str,
) -> (Vec<Branch>, Vec<Range<usize>>) {
    // The statements that are open: whether each is an `if`, the bodies of its branches so far, and
    // the start of the last one.
    let mut open: Vec<(bool, Vec<Range<usize>>, usize)> = Vec::new();
    let (mut branches, mut loops) = (Vec::new(), Vec::new());
    for (word, at) in &analysis.statements {
        match (*word, open.last_mut()) {
            ("if" | "for", _) => open.push((*word == "if", Vec::new(), at.end)),
            ("elif" | "else", Some((true, bodies, start))) => {
                bodies.push(*start..at.start);
                *start = at.end;
            }
            ("endif" | "endfor", Some(_)) => {
                let Some((is_if, mut bodies, start)) = open.pop() else { continue };
                bodies.push(start..at.start);
                if is_if {
                    branches.extend(told_branches(analysis, template, bodies));
                } else {
                    loops.push(start..at.start);
                }
            }
            _ => {}
        }
    }
    branches.sort_by_key(|branch: &Branch| branch.body.start);
    (branches, loops)
}

/// The branches of one `if`.
fn told_branches(
    analysis: &TemplateAnalysis<'_>,
    template: &str,
    bodies: Vec<Range<usize>>,
) -> Vec<Branch> {
    let printed = |body: &Range<usize>| -> Vec<&str> {
        let tags = analysis.tags.iter().filter(|tag| body.contains(&tag.start));
        let tags = tags.map(|tag| &template[tag.clone()]);
        tags.filter(|tag| tag.starts_with("{{")).collect()
    };
    let mut all: Vec<Vec<&str>> = bodies.iter().map(printed).collect();
    let last = bodies.last().map_or(0, |body| body.start);
    let is_else = |(word, at): &(&str, Range<usize>)| *word == "else" && at.end == last;
    if !analysis.statements.iter().any(is_else) {
        // Without `else`, the branch that prints nothing.
        all.push(Vec::new());
    }
    let is_told =
        |number: usize| all.iter().filter(|other| **other == all[number]).count() == 1;
    let numbered = bodies.into_iter().enumerate();
    numbered
        .map(|(number, body)| Branch { number, body, is_told_by_values: is_told(number) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_told_by_the_values_that_only_they_print() {
        let told = |template: &str| {
            let (branches, loops) = branches(&TemplateAnalysis::of(template), template);
            let told = branches.iter().map(|b| (b.number, b.is_told_by_values));
            (told.collect::<Vec<_>>(), loops.len())
        };
        assert_eq!(
            told("{% if a %}{{ a }}{% else %}x{% endif %}").0,
            [(0, true), (1, true)]
        );
        assert_eq!(told("{% if a %}x{% endif %}").0, [(0, false)]);
        assert_eq!(
            told("{% if a %}Dr. {{ b }}{% elif c %}{{ c }}{% else %}{{ b }}{% endif %}")
                .0,
            [(0, false), (1, true), (2, false)]
        );
        assert_eq!(
            told("{% for a in b %}{% if a %}{{ a }}{% endif %}{% else %}x{% endfor %}"),
            (vec![(0, true)], 1)
        );
    }
}
