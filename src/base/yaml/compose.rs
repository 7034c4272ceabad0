//! From the parser's events to a [`Document`]: anchors, merge keys, duplicate keys.
//!
//! An alias is a second reference to the same tree and copies nothing, so that nested aliases take
//! no more memory than what is written. Only the entries of merged maps are copied, up to a limit.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use serde_yaml::granit_parser::{
    self, Event, Marker, Parser, ScalarStyle, Span as ParserSpan, StrInput, Tag,
};

use super::decode::decode;
use super::document::{Document, MAX_NESTED, MapEntry, Tree, TreeRef, Value};
use super::fault::{Faults, YamlFault};
use super::node::Key;
use super::span::{SourceFile, Span};
use super::syntax::explain;
use crate::base::error::ErrorKind;

/// The most values of one file.
const MAX_TREES: usize = 500_000;
/// The most entries that the merge keys of one file may copy.
const MAX_MERGED: usize = 500_000;
/// The most characters of a key: as many as one on the line of its value may have (YAML 1.2, 7.4.2).
const MAX_KEY: usize = 1_024;

impl Document {
    /// Parses a file. Duplicate keys and the like become faults and are left out of the document. A
    /// file that is not valid YAML becomes one fault, and no document.
    pub(crate) fn parse(file: &str, bytes: &[u8], faults: &mut Faults) -> Option<Self> {
        let source = Arc::new(faults.keep(decode(file, bytes))?);
        faults.file(&source);
        compose(source, faults)
    }
}

fn compose(source: Arc<SourceFile>, faults: &mut Faults) -> Option<Document> {
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_NESTED,
        block_nesting_limit: MAX_NESTED,
        disallow_directives: true,
    };
    let text = Arc::clone(&source);
    let mut composer = Composer {
        parser: Parser::new_from_str_with_options(&text.text, options),
        document: Document { source, trees: Vec::new(), root: 0 },
        anchors: HashMap::new(),
        merged: 0,
        faults,
    };
    let root = composer.stream();
    let Composer { mut document, faults, .. } = composer;
    document.root = faults.keep(root)?;
    Some(document)
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    document: Document,
    anchors: HashMap<usize, u32>,
    merged: usize,
    faults: &'a mut Faults,
}

type Step<T> = Result<T, YamlFault>;

impl<'a> Composer<'a> {
    fn stream(&mut self) -> Step<u32> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(self
                        .span(&span)
                        .fault(ErrorKind::Syntax, "a second document begins here")
                        .with_help("remove the `---`, or make it a file of its own"));
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, &span, 0)?.tree),
            }
        }
        match root {
            Some(root) => Ok(root),
            None => self.push(0..0, Value::Scalar { text: "".into(), plain: true }),
        }
    }

    fn next(&mut self) -> Step<(Event<'a>, ParserSpan)> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let text = &self.document.source.text;
                let said = explain(text, &error);
                let fault = Span::new(&self.document.source, said.at)
                    .fault(said.kind, said.message)
                    .with_source(error);
                Err(match said.help {
                    Some(help) => fault.with_help(help),
                    None => fault,
                })
            }
            None => Ok((Event::StreamEnd, ParserSpan::empty(Marker::default()))),
        }
    }

    fn node(
        &mut self,
        event: Event<'a>,
        span: &ParserSpan,
        depth: usize,
    ) -> Step<TreeRef> {
        if depth > MAX_NESTED {
            return Err(self.span(span).fault(
                ErrorKind::TooLarge,
                format!("nested deeper than {MAX_NESTED} levels"),
            ));
        }
        let at = range(span);
        let (anchor, tree) = match event {
            Event::Alias(anchor) => {
                let alias = Some(Box::new(at.clone()));
                return match self.anchors.get(&anchor) {
                    Some(&tree) => Ok(TreeRef { tree, alias }),
                    None => Err(self
                        .span(span)
                        .fault(ErrorKind::Syntax, "an alias stands inside its own anchor")
                        .with_help("write the value out here")),
                };
            }
            Event::Scalar(text, style, anchor, tag) => {
                let forced = tag.as_deref().is_some_and(|tag| {
                    tag.is_yaml_core_schema_tag("str") || tag.original() == "!"
                });
                self.tag(tag.as_deref(), span);
                let plain = style == ScalarStyle::Plain && !forced;
                (anchor, self.push(at, Value::Scalar { text: text.into(), plain })?)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => {
                            items.push(self.node(event, &span, depth + 1)?)
                        }
                    }
                }
                (anchor, self.push(at, Value::List(items))?)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                let entries = self.entries(depth)?;
                (anchor, self.push(at, Value::Map(entries))?)
            }
            _ => return Err(self.span(span).fault(ErrorKind::Syntax, "unexpected end")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, tree);
        }
        Ok(TreeRef { tree, alias: None })
    }

    fn entries(&mut self, depth: usize) -> Step<Vec<MapEntry>> {
        let mut entries: Vec<MapEntry> = Vec::new();
        // Where each key is written. For an alias this is the place of the alias, not of its
        // anchor.
        let mut places: Vec<Range<u32>> = Vec::new();
        let mut merges = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let merge = matches!(&event,
                Event::Scalar(text, ScalarStyle::Plain, _, _) if text == "<<");
            let key = self.node(event, &span, depth + 1)?.tree;
            let (event, value_span) = self.next()?;
            let value = self.node(event, &value_span, depth + 1)?;
            match self.document.trees[key as usize].value {
                Value::Scalar { .. } if merge => merges.push(value),
                Value::Scalar { ref text, .. } => {
                    if text.chars().nth(MAX_KEY).is_some() {
                        return Err(self
                            .span(&span)
                            .fault(
                                ErrorKind::TooLarge,
                                format!("a key of more than {MAX_KEY} characters"),
                            )
                            .with_help("shorten it"));
                    }
                    entries.push(MapEntry { key, value });
                    places.push(range(&span));
                }
                _ => return Err(self.no_key(&span)),
            }
        }
        self.without_duplicates(&mut entries, &places);
        if !merges.is_empty() {
            self.merge(&mut entries, &merges)?;
        }
        Ok(entries)
    }

    /// Creates the fault of a list or map as a key: most likely an unquoted `{{ name }}`.
    fn no_key(&self, span: &ParserSpan) -> YamlFault {
        let Range { start, end } = range(span);
        let before = &self.document.source.text[..start as usize];
        let fault = if before.ends_with('{') {
            Span::new(&self.document.source, start - 1..end)
                .fault(ErrorKind::Syntax, "an unquoted text cannot begin with `{{`")
        } else {
            self.span(span).fault(ErrorKind::Syntax, "a list or a map cannot be a key")
        };
        fault.with_help("put the text in quotes")
    }

    /// Removes all but the first of the entries with one key; each removed one is a fault. `places` are
    /// those of the keys.
    fn without_duplicates(&mut self, entries: &mut Vec<MapEntry>, places: &[Range<u32>]) {
        let document = &self.document;
        let span = |place: &Range<u32>| Span::new(&document.source, place.clone());
        let mut firsts = HashMap::with_capacity(entries.len());
        let mut places = places.iter();
        entries.retain(|entry| {
            let key = Key { document, tree: entry.key };
            let Some(place) = places.next() else { return true };
            match firsts.entry(key.text()) {
                Entry::Vacant(first) => {
                    first.insert(place);
                }
                Entry::Occupied(_) if self.faults.is_full() => {
                    self.faults.count();
                    return false;
                }
                Entry::Occupied(first) => {
                    let first = span(first.get());
                    self.faults.push(key.twice_at(span(place), &first));
                    return false;
                }
            }
            true
        });
    }

    /// Adds the entries of the merged maps (`<<`) whose keys the map does not have. If several maps
    /// have a key, the first one counts.
    fn merge(&mut self, entries: &mut Vec<MapEntry>, merges: &[TreeRef]) -> Step<()> {
        let document = &self.document;
        let text = |tree| Key { document, tree }.text();
        let mut known: HashSet<&str> =
            entries.iter().map(|entry| text(entry.key)).collect();
        let mut sources = Vec::new();
        for merge in merges {
            match &document.trees[merge.tree as usize].value {
                Value::List(items) => sources.extend(items),
                _ => sources.push(merge),
            }
        }
        for source in sources {
            let tree = &document.trees[source.tree as usize];
            let at = source.alias.as_deref().unwrap_or(&tree.at).clone();
            let span = Span::new(&document.source, at);
            let Value::Map(brought) = &tree.value else {
                self.faults.push(
                    span.fault(ErrorKind::InvalidValue, "`<<` can only bring in a map")
                        .with_help("name the anchor of a map: `<<: *defaults`"),
                );
                continue;
            };
            let before = entries.len();
            entries.extend(
                brought.iter().filter(|entry| known.insert(text(entry.key))).cloned(),
            );
            // Entries that are read but not added count too, because they take time.
            self.merged += brought.len().max(entries.len() - before);
            if self.merged > MAX_MERGED {
                return Err(span
                    .fault(
                        ErrorKind::TooLarge,
                        format!("merge keys bring in more than {MAX_MERGED} entries"),
                    )
                    .with_help("divide the file, or use `defaults` instead"));
            }
        }
        Ok(())
    }

    /// Reports a tag that is none of the YAML core schema.
    fn tag(&mut self, tag: Option<&Tag>, span: &ParserSpan) {
        if let Some(tag) =
            tag.filter(|tag| !tag.is_yaml_core_schema() && tag.original() != "!")
        {
            let at = span.tag_span().map_or_else(|| range(span), |span| range(&span));
            self.faults.push(
                Span::new(&self.document.source, at)
                    .fault(
                        ErrorKind::InvalidValue,
                        format!("unknown tag `{}`", tag.original()),
                    )
                    .with_help("remove it, or put the text in quotes"),
            );
        }
    }

    fn push(&mut self, at: Range<u32>, value: Value) -> Step<u32> {
        let trees = &mut self.document.trees;
        let index = trees.len();
        if index >= MAX_TREES {
            return Err(Span::new(&self.document.source, at)
                .fault(
                    ErrorKind::TooLarge,
                    format!("more than {MAX_TREES} values in one file"),
                )
                .with_help("divide it into several files"));
        }
        trees.push(Tree { at, value });
        Ok(index as u32)
    }

    fn span(&self, span: &ParserSpan) -> Span {
        Span::new(&self.document.source, range(span))
    }
}

/// Returns the bytes of a parser's span. They fit 32 bits because of the maximum size of a file.
fn range(span: &ParserSpan) -> Range<u32> {
    let start = span.start.byte_offset().unwrap_or_default();
    let end = span.end.byte_offset().unwrap_or(start).max(start);
    start as u32..end as u32
}
