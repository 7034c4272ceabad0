//! YAML 1.1 as PyYAML read it: plain scalars with their types, merge keys, the last of equal keys.
//!
//! The site's own reader refuses what the old program took, so a file of its time has a reader of
//! its own. An alias shares its node, so that nested aliases take no memory. Writing them out later
//! has a limit of its own.

use std::collections::HashMap;
use std::rc::Rc;

use serde_yaml::granit_parser::{self, Event, Parser, ScalarStyle, StrInput, Tag};

use super::python::{Entry, Node, Value, resolve};

/// The most values of one file.
const MAX_NODES: usize = 2_000_000;
/// The most entries that merge keys may copy.
const MAX_MERGED: usize = 2_000_000;
/// The deepest nesting.
const MAX_DEPTH: usize = 60;
/// How deep values may be nested once each alias has the value of its anchor: what walks them, and what
/// drops them, calls itself for each level.
const MAX_HEIGHT: usize = 1_000;

/// A file that was read, and what was noticed on the way.
#[derive(Debug)]
pub(super) struct OldYaml {
    pub(super) root: Rc<Node>,
    /// The line, and what the old program made of it.
    pub(super) notes: Vec<(usize, String)>,
}

/// Reads a file.
///
/// # Errors
/// The line, and why the file cannot be read.
pub(super) fn read(bytes: &[u8]) -> Result<OldYaml, (usize, String)> {
    let text = decode(bytes).map_err(|why| (1, why))?;
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut composer = Composer {
        parser: Parser::new_from_str_with_options(&text, options),
        anchors: HashMap::new(),
        nodes: 0,
        merged: 0,
        notes: Vec::new(),
    };
    let root = composer.stream()?;
    Ok(OldYaml { root, notes: composer.notes })
}

fn decode(bytes: &[u8]) -> Result<String, String> {
    let units = |read: fn([u8; 2]) -> u16| -> Result<String, String> {
        let units: Vec<u16> =
            bytes[2..].chunks_exact(2).map(|it| read([it[0], it[1]])).collect();
        String::from_utf16(&units).map_err(|_| "the file is no UTF-16".to_owned())
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let text = std::str::from_utf8(bytes);
            text.map(str::to_owned)
                .map_err(|error| format!("the file is no UTF-8 ({error})"))
        }
    }
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
    merged: usize,
    notes: Vec<(usize, String)>,
}

type Fault = (usize, String);

impl<'a> Composer<'a> {
    fn stream(&mut self) -> Result<Rc<Node>, Fault> {
        let mut root = None;
        loop {
            let (event, line) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    return Err((line, "a second document begins here".to_owned()));
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, line, 0)?),
            }
        }
        let empty = || Rc::new(Node::new(Value::None, None, 1));
        Ok(root.unwrap_or_else(empty))
    }

    fn next(&mut self) -> Result<(Event<'a>, usize), Fault> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, span.start.line())),
            Some(Err(error)) => Err((error.marker().line(), error.info().to_owned())),
            None => Ok((Event::StreamEnd, 1)),
        }
    }

    fn node(
        &mut self,
        event: Event<'a>,
        line: usize,
        depth: usize,
    ) -> Result<Rc<Node>, Fault> {
        if depth > MAX_DEPTH {
            return Err((line, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err((line, format!("more than {MAX_NODES} values")));
        }
        let (anchor, value, written) = match event {
            Event::Alias(anchor) => {
                let found = self.anchors.get(&anchor).cloned();
                return found
                    .ok_or((line, "an alias stands inside its own anchor".to_owned()));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let (value, written) = match self.tag(tag.as_deref(), line) {
                    Tagged::Text => (Value::Text(text.to_string()), None),
                    Tagged::Refused => (Value::None, Some(text.to_string())),
                    Tagged::Untouched if is_plain => {
                        (resolve(&text), Some(text.to_string()))
                    }
                    Tagged::Resolved => (resolve(&text), Some(text.to_string())),
                    Tagged::Untouched => (Value::Text(text.to_string()), None),
                };
                (anchor, value, written)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), line);
                let mut items = Vec::new();
                loop {
                    let (event, line) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, line, depth + 1)?);
                }
                (anchor, Value::List(items), None)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), line);
                (anchor, Value::Map(self.entries(depth)?), None)
            }
            _ => return Err((line, "the file is not understood here".to_owned())),
        };
        let node = Node::new(value, written, line);
        if node.height > MAX_HEIGHT {
            let message = format!("aliases nest it deeper than {MAX_HEIGHT} levels");
            return Err((line, message));
        }
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<Entry>, Fault> {
        let mut own: Vec<Entry> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut merges = Vec::new();
        loop {
            let (event, line) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, line, depth + 1)?;
            let (event, line) = self.next()?;
            let value = self.node(event, line, depth + 1)?;
            if key.written.as_deref() == Some("<<") {
                merges.push(value);
                continue;
            }
            let name = key.printed();
            match places.get(&name) {
                Some(&at) => {
                    let first = own[at].0.line;
                    self.notes.push((
                        key.line,
                        format!("`{name}` stands here and on line {first}: the last one counted"),
                    ));
                    own[at] = (key, value);
                }
                None => {
                    places.insert(name, own.len());
                    own.push((key, value));
                }
            }
        }
        // What a map says itself goes before what is merged, and earlier maps of a list before later
        // ones; of several merge keys the last.
        for merge in merges.into_iter().rev() {
            let maps = match &merge.value {
                Value::List(items) => items.clone(),
                _ => vec![Rc::clone(&merge)],
            };
            for map in maps {
                let Value::Map(entries) = &map.value else {
                    self.notes.push((map.line, "`<<` does not name a map".to_owned()));
                    continue;
                };
                for (key, value) in entries {
                    self.merged += 1;
                    if self.merged > MAX_MERGED {
                        let message =
                            format!("merge keys copy more than {MAX_MERGED} entries");
                        return Err((merge.line, message));
                    }
                    if let std::collections::hash_map::Entry::Vacant(place) =
                        places.entry(key.printed())
                    {
                        place.insert(own.len());
                        own.push((Rc::clone(key), Rc::clone(value)));
                    }
                }
            }
        }
        Ok(own)
    }

    /// What a tag does to a scalar. A tag that would have run code is refused.
    fn tag(&mut self, tag: Option<&Tag>, line: usize) -> Tagged {
        let Some(tag) = tag else { return Tagged::Untouched };
        let name = tag.original();
        let last = name.rsplit([':', '!', '/']).next().unwrap_or_default();
        match last {
            "" | "str" | "unicode" | "binary" => Tagged::Text,
            "int" | "float" | "bool" | "null" | "timestamp" => Tagged::Resolved,
            "map" | "seq" | "tuple" | "list" | "dict" | "set" | "omap" | "pairs" => {
                Tagged::Untouched
            }
            _ => {
                self.notes.push((line, format!("the tag `{name}` was not followed")));
                Tagged::Refused
            }
        }
    }
}

enum Tagged {
    Untouched,
    Text,
    Resolved,
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str, path: &[&str]) -> String {
        let mut node = read(text.as_bytes()).unwrap().root;
        for key in path {
            node = Rc::clone(node.get(key).unwrap_or_else(|| panic!("no `{key}`")));
        }
        node.printed()
    }

    #[test]
    fn merged_keys_give_way_to_own_ones() {
        let text = "a: &a { x: 1, y: 2 }\nb: { <<: *a, y: 3 }\nc: { y: 4, <<: [*a, { z: 5 }] }\n";
        assert_eq!(printed(text, &["b", "x"]), "1");
        assert_eq!(printed(text, &["b", "y"]), "3");
        assert_eq!(printed(text, &["c", "y"]), "4");
        assert_eq!(printed(text, &["c", "z"]), "5");
    }

    #[test]
    fn aliases_nest_as_deep_as_the_stack_allows() {
        let chain = |length: usize, open: &str, close: &str| {
            let mut text = String::from("a0: &a0 x\n");
            for number in 1..length {
                let last = number - 1;
                text += &format!("a{number}: &a{number} {open}*a{last} {close}\n");
            }
            text
        };
        for (open, close) in [("[", "]"), ("{ b: ", "}")] {
            assert!(read(chain(900, open, close).as_bytes()).is_ok());
            let text = chain(3_000, open, close);
            let Err((line, why)) = read(text.as_bytes()) else { panic!("{open}") };
            assert!(why.contains("aliases"), "{line}: {why}");
        }
    }

    #[test]
    fn last_of_equal_keys_counts_and_is_noted() {
        let read = read(b"a: 1\nb: 2\na: 3\n").unwrap();
        assert_eq!(read.root.get("a").unwrap().printed(), "3");
        assert_eq!(
            read.notes,
            [(3, "`a` stands here and on line 1: the last one counted".into())]
        );
    }

    #[test]
    fn quotes_and_tags_keep_a_text() {
        assert_eq!(printed("a: '010'", &["a"]), "010");
        assert_eq!(printed("a: !!str 010", &["a"]), "010");
        assert_eq!(printed("a: 010", &["a"]), "8");
    }

    #[test]
    fn code_in_a_tag_is_not_run() {
        let read = read(b"a: !!python/object/apply:os.system ['true']\nb: 1\n").unwrap();
        assert_eq!(read.root.get("b").unwrap().printed(), "1");
        assert_eq!(read.notes.len(), 1, "{:?}", read.notes);
    }

    #[test]
    fn hostile_files_end() {
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..40 {
            let last = level - 1;
            let items = vec![format!("*a{last}"); 10].join(", ");
            laughs.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert!(read(laughs.as_bytes()).is_ok());
        for text in [
            "[".repeat(10_000),
            "a: *b".into(),
            "a: [".into(),
            "\0".into(),
            "a: &a [*a]".into(),
        ] {
            drop(read(text.as_bytes()));
        }
        assert!(read(b"a: \xff").is_err());
        assert!(read(b"").unwrap().root.get("a").is_none());
    }
}
