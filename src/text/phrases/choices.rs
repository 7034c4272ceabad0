//! The choices that values made in a sentence, and its facts in their order.
//!
//! Takes a template, the spans that minijinja reports of its output, and the facts of the values in
//! it; gives all [`Fact`]s of the sentence. The decision: the choice of an `if` is a fact only if
//! the printed values do not show which branch was taken, so that another wording of the same
//! values has the same facts.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use minijinja::{OutputSpan, OutputSpanKind};

use super::branches::{Branch, branches};
use super::fact::Fact;
use super::template_analysis::{TemplateAnalysis, output_words};
use crate::base::recent::Recent;
use crate::site::name;

/// The branches and the loops of templates.
static BRANCHES: LazyLock<Recent<String, Arc<Found>>> =
    LazyLock::new(|| Recent::new(MAX_TEMPLATES));
/// The most templates whose branches are remembered, in each of two generations.
const MAX_TEMPLATES: usize = 256;

type Found = (Vec<Branch>, Vec<Range<usize>>);

/// The facts of a sentence: those of its values, each with the byte of the output at which it
/// stands, and the choices of its `if`s where the values do not tell them.
pub(super) fn with_choices(
    source: &str,
    spans: &[OutputSpan],
    values: Vec<(usize, Fact)>,
) -> Vec<Fact> {
    if !source.contains("{%") && !source.contains(['\'', '"']) {
        return values.into_iter().map(|(_, fact)| fact).collect();
    }
    let known = BRANCHES.get(&source.to_owned());
    let known = known.unwrap_or_else(|| {
        let found = Arc::new(branches(&TemplateAnalysis::of(source), source));
        BRANCHES.insert(source.to_owned(), found.clone());
        found
    });
    let (branches, loops) = &*known;
    let mut facts = Vec::new();
    let mut values = values.into_iter().peekable();
    let mut entered: Vec<&Branch> = Vec::new();
    let mut last = 0..0;
    for span in spans {
        let at = span.source_range();
        if at.start <= last.start {
            // The next round of a loop makes the choices inside of it again.
            let contains = |body: &&Range<usize>| {
                body.contains(&at.start) && body.contains(&last.start)
            };
            let round = loops.iter().filter(contains).min_by_key(|body| body.len());
            entered.retain(|branch| {
                round.is_none_or(|round| !round.contains(&branch.body.start))
            });
        }
        entered.retain(|branch| branch.body.contains(&at.start));
        for branch in branches {
            if branch.body.contains(&at.start) && !entered.contains(&branch) {
                entered.push(branch);
                if !branch.is_told_by_values {
                    facts.push(Fact::Choice(format!("if {}", branch.number)));
                }
            }
        }
        let words: Vec<Cow<'_, str>> = match span.kind() {
            OutputSpanKind::Expression => output_words(&source[at.clone()]),
            _ => Vec::new(),
        };
        while let Some((_, fact)) =
            values.next_if(|(offset, _)| span.output_range().contains(offset))
        {
            facts.extend(without_words(fact, &words));
        }
        last = at;
    }
    facts.extend(values.map(|(_, fact)| fact));
    facts
}

/// The fact of an expression's output. If the output is one of the translator's words in the
/// expression, the fact is the choice of that word, or none if there is only one.
fn without_words(fact: Fact, words: &[Cow<'_, str>]) -> Option<Fact> {
    let Fact::Value(text) = &fact else { return Some(fact) };
    let number = words.iter().position(|word| name::tidy(word) == *text);
    match number {
        None => Some(fact),
        Some(_) if words.len() == 1 => None,
        Some(number) => Some(Fact::Choice(format!("word {number}"))),
    }
}
