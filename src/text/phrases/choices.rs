//! The choices that values made in a sentence, and its facts in their order.
//!
//! Takes a template, the spans that minijinja reports of its output, and the facts of the values in
//! it; gives all [`Fact`]s of the sentence. The decision: from the facts one can tell which branches
//! were taken, how often each loop went round, and which value each tag printed. So two
//! certificates that say different things never have the same facts.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::iter::Peekable;
use std::sync::{Arc, LazyLock};
use std::vec;

use minijinja::OutputSpanKind;

use super::branches::{Block, BlockKind, blocks, names_in, only_name};
use super::fact::Fact;
use super::template_analysis::{TemplateAnalysis, output_words};
use super::written_template::WrittenTemplate;
use crate::base::recent::Recent;
use crate::site::name;

/// The branches and the loops of templates.
static BLOCKS: LazyLock<Recent<String, Arc<Vec<Block>>>> =
    LazyLock::new(|| Recent::new(MAX_TEMPLATES));
/// The most templates whose branches are remembered, in each of two generations.
const MAX_TEMPLATES: usize = 256;

/// The facts of a sentence: those of its values, each with the byte of the output at which it
/// stands, and its choices. `key` names the sentence among those of its language.
pub(super) fn with_choices(
    key: &str,
    written: &WrittenTemplate<'_>,
    values: Vec<(usize, Fact)>,
) -> Vec<Fact> {
    let source = written.source;
    let mut values = values.into_iter().peekable();
    let mut facts = Vec::new();
    if !source.contains("{%") && !source.contains(['\'', '"']) {
        while let Some((offset, _)) = values.peek() {
            let end = offset + 1;
            facts.extend(counted(next_before(&mut values, end)));
        }
        return facts;
    }
    let analysis = LazyCell::new(|| TemplateAnalysis::of(source));
    let known = BLOCKS.get(&source.to_owned());
    let blocks = known.unwrap_or_else(|| {
        let found = Arc::new(blocks(&analysis));
        BLOCKS.insert(source.to_owned(), found.clone());
        found
    });
    let choice = |name: &str| Fact::Choice(format!("{name} of {key}"));
    let mut entered: Vec<&Block> = Vec::new();
    let mut last = 0..0;
    for span in written.spans {
        let at = span.source_range();
        if at.start <= last.start {
            // The next round of a loop makes the choices inside of it again.
            let is_round = |block: &&Block| {
                matches!(block.kind, BlockKind::Loop(_))
                    && block.body.contains(&at.start)
                    && block.body.contains(&last.start)
            };
            let rounds = blocks.iter().filter(is_round);
            let round = rounds.min_by_key(|block| block.body.len());
            entered.retain(|block| {
                round.is_none_or(|round| !round.body.contains(&block.body.start))
            });
        }
        entered.retain(|block| block.body.contains(&at.start));
        for block in blocks.iter() {
            if block.body.contains(&at.start) && !entered.contains(&block) {
                entered.push(block);
                if let BlockKind::Branch(name) | BlockKind::Loop(name) = &block.kind {
                    facts.push(choice(name));
                }
            }
        }
        if span.kind() == OutputSpanKind::Expression {
            let told = entered.iter().filter_map(|block| match &block.kind {
                BlockKind::Told { at: tag, name } if tag.contains(&at.start) => {
                    Some(name)
                }
                _ => None,
            });
            facts.extend(told.map(|name| choice(name)));
            let printed = next_before(&mut values, span.output_range().end);
            let expression = &source[at.clone()];
            let joined = match &printed[..] {
                [Fact::Value(text)] => written.joined_values(expression, text),
                _ => None,
            };
            match &printed[..] {
                _ if joined.is_some() => facts.extend(joined.into_iter().flatten()),
                [Fact::Value(text)] => {
                    let is_word = |word: &Cow<'_, str>| name::tidy(word) == *text;
                    let words = output_words(expression);
                    facts.extend(match words.iter().position(is_word) {
                        // The only word is what is left if no value is named.
                        Some(_) if words.len() == 1 => Vec::new(),
                        Some(number) => vec![Fact::Choice(format!("word {number}"))],
                        None if words.len() == 1 => {
                            let name = value_name(&analysis, &at);
                            [choice(&name)].into_iter().chain(printed).collect()
                        }
                        None => printed,
                    });
                }
                _ => facts.extend(counted(printed)),
            }
        }
        last = at;
    }
    facts.extend(values.map(|(_, fact)| fact));
    facts
}

/// The facts that stand before the byte `end` of the output.
fn next_before(
    values: &mut Peekable<vec::IntoIter<(usize, Fact)>>,
    end: usize,
) -> Vec<Fact> {
    std::iter::from_fn(|| values.next_if(|(offset, _)| *offset < end))
        .map(|(_, fact)| fact)
        .collect()
}

/// The facts of one tag, with their number unless there is one. The next tag may have as many, so
/// that else it could not be told where they end.
fn counted(facts: Vec<Fact>) -> impl Iterator<Item = Fact> {
    let number = facts.len();
    let count = (number > 1).then(|| Fact::Choice(format!("{number} values")));
    count.into_iter().chain(facts)
}

/// The name of the choice of a value before a word, such as that of `{{ a | default('b') }}`: the
/// value's, if nothing else prints it, else the number of the tag.
fn value_name(analysis: &TemplateAnalysis<'_>, at: &std::ops::Range<usize>) -> String {
    let tag = analysis.tags.iter().position(|tag| tag.contains(&at.start));
    let Some(number) = tag else { return "value".to_owned() };
    let tag = &analysis.tags[number];
    only_name(analysis, tag, tag).unwrap_or_else(|| {
        format!("value {number}, {}", names_in(analysis, tag).join(" "))
    })
}
