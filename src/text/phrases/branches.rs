//! The `if`s and `for`s of a template, and how the facts of a sentence name what they chose.
//!
//! Takes the analysis of a template; gives its [`Block`]s. The decision: the facts of a sentence
//! name each branch that was taken but one of each `if`, so that no two sets of choices have the
//! same facts. Where a branch prints a value that nothing else prints, its name is that value's, and
//! stands before it, so that another wording of the same values has the same facts.

use std::ops::Range;

use super::template_analysis::TemplateAnalysis;

/// A part of a template that is printed by choice: a branch of an `if`, or the body of a `for`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The bytes between its statement's word and that of the next statement of the `if` or `for`.
    pub(super) body: Range<usize>,
    pub(super) kind: BlockKind,
}

/// How the facts show that a block was printed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// They don't: it is the branch that is left if none of the others is named.
    Left,
    /// By this choice at its beginning.
    Branch(String),
    /// By this choice before the value that is printed by the tag at `at`.
    Told { at: Range<usize>, name: String },
    /// By this choice at the beginning of each round.
    Loop(String),
}

/// An `if` or `for` that is open, while the statements are read.
struct OpenStatement {
    is_if: bool,
    /// The bodies before the last one.
    bodies: Vec<Range<usize>>,
    /// The start of the last body.
    start: usize,
    has_else: bool,
}

/// The blocks, an outer one before those inside of it.
pub(super) fn blocks(analysis: &TemplateAnalysis<'_>) -> Vec<Block> {
    let mut open: Vec<OpenStatement> = Vec::new();
    // The bodies of each statement, and whether it is an `if` and has an `else`.
    let mut closed: Vec<(Vec<Range<usize>>, bool, bool)> = Vec::new();
    for (word, at) in &analysis.statements {
        match (*word, open.last_mut()) {
            ("if" | "for", _) => open.push(OpenStatement {
                is_if: *word == "if",
                bodies: Vec::new(),
                start: at.end,
                has_else: false,
            }),
            ("elif" | "else", Some(inner)) => {
                inner.bodies.push(inner.start..at.start);
                inner.start = at.end;
                inner.has_else |= *word == "else";
            }
            ("endif" | "endfor", Some(_)) => {
                let Some(mut inner) = open.pop() else { continue };
                inner.bodies.push(inner.start..at.start);
                closed.push((inner.bodies, inner.is_if, inner.has_else));
            }
            _ => {}
        }
    }
    closed.sort_by_key(|(bodies, ..)| bodies[0].start);
    let all: Vec<Range<usize>> =
        closed.iter().flat_map(|(bodies, ..)| bodies.iter().cloned()).collect();
    let (mut ifs, mut loops) = (0, 0);
    let mut blocks = Vec::new();
    for (bodies, is_if, has_else) in closed {
        if !is_if {
            // What is printed instead of no round at all is told by the lack of rounds.
            let mut kinds = vec![BlockKind::Loop(format!("round {loops}"))];
            kinds.resize_with(bodies.len(), || BlockKind::Left);
            loops += 1;
            blocks.extend(
                bodies.into_iter().zip(kinds).map(|(body, kind)| Block { body, kind }),
            );
            continue;
        }
        let tellers: Vec<_> =
            bodies.iter().map(|body| teller(analysis, &all, body)).collect();
        // Without `else`, what is left is the branch that prints nothing.
        let left =
            if has_else { tellers.iter().rposition(Option::is_none) } else { None };
        for (number, (body, teller)) in bodies.into_iter().zip(tellers).enumerate() {
            let kind = match teller {
                _ if left == Some(number) => BlockKind::Left,
                Some((at, name)) => BlockKind::Told { at, name },
                None => BlockKind::Branch(format!("if {ifs}.{number}")),
            };
            blocks.push(Block { body, kind });
        }
        ifs += 1;
    }
    blocks.sort_by_key(|block| block.body.start);
    blocks
}

/// The tag of a branch, outside of all blocks in it, whose variables no tag elsewhere has; and the
/// names of these.
fn teller(
    analysis: &TemplateAnalysis<'_>,
    bodies: &[Range<usize>],
    body: &Range<usize>,
) -> Option<(Range<usize>, String)> {
    let is_direct = |tag: &Range<usize>| {
        let inner = |other: &Range<usize>| {
            other != body && other.contains(&tag.start) && body.contains(&other.start)
        };
        body.contains(&tag.start) && !bodies.iter().any(inner)
    };
    let mut direct = analysis.tags.iter().filter(|tag| is_direct(tag));
    direct.find_map(|tag| Some((tag.clone(), only_name(analysis, tag, body)?)))
}

/// The names of the variables of a tag, if no tag outside of `around` has the same ones.
pub(super) fn only_name(
    analysis: &TemplateAnalysis<'_>,
    tag: &Range<usize>,
    around: &Range<usize>,
) -> Option<String> {
    let names = names_in(analysis, tag);
    let is_same = |other: &&Range<usize>| {
        !around.contains(&other.start) && names_in(analysis, other) == names
    };
    let is_only = !names.is_empty() && !analysis.tags.iter().any(|tag| is_same(&tag));
    is_only.then(|| names.join(" "))
}

/// The variables that a tag names, in order and once.
pub(super) fn names_in<'a>(
    analysis: &'a TemplateAnalysis<'_>,
    tag: &Range<usize>,
) -> Vec<&'a str> {
    let variables = analysis.variables.iter();
    let own = variables.filter(|(_, at)| tag.contains(&at.start));
    let mut names: Vec<&str> = own.map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_is_named_by_the_value_that_only_it_prints() {
        let named = |template: &str| {
            let blocks = blocks(&TemplateAnalysis::of(template));
            let name = |block: Block| match block.kind {
                BlockKind::Left => "-".to_owned(),
                BlockKind::Branch(name) | BlockKind::Loop(name) => name,
                BlockKind::Told { at, name } => {
                    assert!(template[at].starts_with("{{"));
                    format!("told by {name}")
                }
            };
            blocks.into_iter().map(name).collect::<Vec<_>>().join(", ")
        };
        for (template, expected) in [
            ("{% if a %}{{ a }}{% else %}x{% endif %}", "told by a, -"),
            ("{% if a %}x{% else %}{{ a | upper }}{% endif %}", "-, told by a"),
            ("{% if a %}x{% endif %}{% if b %}y{% endif %}", "if 0.0, if 1.0"),
            ("{% if a %}x{% else %}y{% endif %}", "if 0.0, -"),
            ("{% if a %}{{ a }}{% elif b %}{{ b }}{% endif %}", "told by a, told by b"),
            ("{% if a %}{{ b }} {% endif %}{{ b }}", "if 0.0"),
            ("{% if a %}{{ n }} {{ a }}{% else %}{{ n }}{% endif %}", "told by a, -"),
            (
                "{% if a %}Dr. {{ b }}{% elif c %}{{ c }}{% else %}{{ b }}{% endif %}",
                "if 0.0, told by c, -",
            ),
            ("{% if a %}{% if b %}{{ b }}{% endif %}{% endif %}", "if 0.0, told by b"),
            (
                "{% for a in b %}{% if a %}{{ a.x }}{% endif %}{% else %}x{% endfor %}",
                "round 0, told by a.x, -",
            ),
        ] {
            assert_eq!(named(template), expected, "{template}");
        }
    }
}
