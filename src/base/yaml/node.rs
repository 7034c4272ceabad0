//! Values, keys and maps of a document: the reader's view, with typed access and faults.

use std::ops::Range;

use serde_json::{Number, Value as Json};

use super::document::{Document, MAX_NESTED, Tree, TreeRef, Value};
use super::fault::{Faults, YamlFault};
use super::span::Span;
use crate::base::error::{Error, ErrorKind, ErrorMessage, did_you_mean, finding};

/// The most characters of one text.
const MAX_TEXT: usize = 5_000;
/// The most bytes of one free field with its aliases written out; each value counts 16 bytes more
/// than its text and its key.
const MAX_JSON: usize = 64 * 1024;
/// The largest value of a file that is compared with another, in the same measure.
#[cfg(feature = "studio")]
const MAX_WHOLE_JSON: usize = 64 << 20;

/// A value in a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(super) document: &'a Document,
    pub(super) tree: u32,
    pub(super) alias: Option<&'a Range<u32>>,
    pub(super) key: Option<u32>,
}

impl Document {
    pub(crate) fn root(&self) -> Node<'_> {
        Node { document: self, tree: self.root, alias: None, key: None }
    }
}

impl<'a> Node<'a> {
    /// Returns where the value is written; for an alias, where its anchor is.
    pub(crate) fn span(self) -> Span {
        Span::new(&self.document.source, self.tree().at.clone())
    }

    /// Returns where the value's key is written, or the value itself if it has no key.
    pub(crate) fn key_span(self) -> Span {
        match self.key {
            Some(key) => {
                let at = self.document.trees[key as usize].at.clone();
                Span::new(&self.document.source, at)
            }
            None => self.span(),
        }
    }

    /// Creates a fault at the value.
    pub(crate) fn fault(
        self,
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
    ) -> YamlFault {
        self.span().fault(kind, message)
    }

    /// Places `error` at the value.
    pub(crate) fn wrap(self, error: Error) -> YamlFault {
        YamlFault { span: self.span(), error }
    }

    /// Whether the value is empty, `~` or `null`.
    pub(crate) fn is_null(self) -> bool {
        matches!(&self.tree().value,
            Value::Scalar { text, plain: true } if is_null(text))
    }

    /// Whether the value is an alias of one that is written elsewhere.
    pub(crate) fn is_alias(self) -> bool {
        self.alias.is_some()
    }

    /// Whether the value is a scalar: a text, a number, a truth value.
    pub(crate) fn is_scalar(self) -> bool {
        matches!(self.tree().value, Value::Scalar { .. })
    }

    /// Whether the value is a list.
    pub(crate) fn is_list(self) -> bool {
        matches!(self.tree().value, Value::List(_))
    }

    /// Returns a scalar as it is written, without its quotes. An empty value is a fault.
    pub(crate) fn text(self) -> Result<&'a str, YamlFault> {
        if self.is_null() {
            return Err(self.no_value());
        }
        let Value::Scalar { text, .. } = &self.tree().value else {
            return Err(self.misshapen("a text"));
        };
        if text.chars().nth(MAX_TEXT).is_some() {
            let message = format!("a text of more than {MAX_TEXT} characters");
            return Err(self.fault(ErrorKind::TooLarge, message));
        }
        match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            Some(c) => Err(self
                .fault(
                    ErrorKind::InvalidValue,
                    format!("a control character (U+{:04X}) in a text", c as u32),
                )
                .with_help("remove it")),
            None => Ok(text),
        }
    }

    /// Returns a text that is one of `known`.
    pub(crate) fn one_of(self, known: &[&str]) -> Result<&'a str, YamlFault> {
        let text = self.text()?;
        if known.contains(&text) {
            Ok(text)
        } else {
            Err(self
                .fault(ErrorKind::InvalidValue, finding!("unknown_value", text))
                .with_help(did_you_mean(text, known.iter().copied())))
        }
    }

    /// Returns the truth value of `true` or `false`; any other text is a fault.
    pub(crate) fn boolean(self) -> Result<bool, YamlFault> {
        self.one_of(&["true", "false"]).map(|text| text == "true")
    }

    /// Returns a finite number greater than zero.
    pub(crate) fn positive(self) -> Result<f64, YamlFault> {
        let text = self.text()?;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
            _ => Err(self.fault(
                ErrorKind::InvalidValue,
                format!("`{text}` is no number greater than 0"),
            )),
        }
    }

    /// Returns the items of a list.
    pub(crate) fn items(self) -> Result<impl Iterator<Item = Node<'a>>, YamlFault> {
        match &self.tree().value {
            Value::List(items) => {
                Ok(items.iter().map(move |item| self.follow(item, None)))
            }
            _ if self.is_null() => Err(self.no_value()),
            _ => Err(self.misshapen("a list").with_help(
                "write one item a line, each after `- `, or all of them in `[…]`",
            )),
        }
    }

    /// Returns the entries of a map with any keys.
    pub(crate) fn entries(
        self,
    ) -> Result<impl Iterator<Item = (Key<'a>, Node<'a>)>, YamlFault> {
        self.entries_of("a map").map_err(|fault| {
            if self.is_null() {
                fault
            } else {
                fault.with_help(
                    "write `key: value` on lines of their own, indented by the same spaces",
                )
            }
        })
    }

    /// As [`entries`](Self::entries); the fault of a value that is no map says that `expected` is
    /// expected.
    pub(crate) fn entries_of(
        self,
        expected: &str,
    ) -> Result<impl Iterator<Item = (Key<'a>, Node<'a>)>, YamlFault> {
        match &self.tree().value {
            Value::Map(entries) => Ok(entries.iter().map(move |entry| {
                let key = Key { document: self.document, tree: entry.key };
                (key, self.follow(&entry.value, Some(entry.key)))
            })),
            _ if self.is_null() => Err(self.no_value()),
            _ => Err(self.misshapen(expected)),
        }
    }

    /// Returns the fields of a map whose keys are `known`. Every other key is a fault.
    pub(crate) fn fields(
        self,
        known: &[&str],
        faults: &mut Faults,
    ) -> Option<Fields<'a>> {
        self.fields_or(known, faults, |key| key.unknown(known))
    }

    /// As [`fields`](Self::fields), where `unknown` creates the fault of an unknown key.
    pub(crate) fn fields_or(
        self,
        known: &[&str],
        faults: &mut Faults,
        unknown: impl Fn(Key<'a>) -> YamlFault,
    ) -> Option<Fields<'a>> {
        let entries = faults.keep(self.entries())?;
        for (key, _) in entries.filter(|(key, _)| !known.contains(&key.text())) {
            faults.push(unknown(key));
        }
        Some(Fields { node: self })
    }

    /// Returns the value as JSON. Numbers and truth values follow YAML 1.2, but a number with a
    /// leading zero or plus sign, or one that does not fit 64 bits, stays a text.
    pub(crate) fn json(self) -> Result<Json, YamlFault> {
        self.json_within(&mut { MAX_JSON }, 0).ok_or_else(|| {
            self.key_span().fault(
                ErrorKind::TooLarge,
                format!(
                    "more than {} KiB or {MAX_NESTED} levels in one field, aliases \
                     written out",
                    MAX_JSON >> 10
                ),
            )
        })
    }

    /// Returns a whole file as JSON; `None` if it is too large, aliases written out.
    #[cfg(feature = "studio")]
    pub(crate) fn whole_json(self) -> Option<Json> {
        self.json_within(&mut { MAX_WHOLE_JSON }, 0)
    }

    /// `left` is what remains of [`MAX_JSON`]. The depth is limited too, because aliases of aliases
    /// can nest deeper than what is written.
    fn json_within(self, left: &mut usize, depth: usize) -> Option<Json> {
        *left = left.checked_sub(match &self.tree().value {
            Value::Scalar { text, .. } => 16 + text.len(),
            _ => 16,
        })?;
        let depth = Some(depth + 1).filter(|&depth| depth <= MAX_NESTED)?;
        Some(match &self.tree().value {
            Value::Scalar { text, plain: true } => plain(text),
            Value::Scalar { text, plain: false } => Json::String(text.to_string()),
            Value::List(items) => items
                .iter()
                .map(|item| self.follow(item, None).json_within(left, depth))
                .collect::<Option<_>>()
                .map(Json::Array)?,
            Value::Map(entries) => entries
                .iter()
                .map(|entry| {
                    let key = Key { document: self.document, tree: entry.key };
                    *left = left.checked_sub(key.text().len())?;
                    let value = self.follow(&entry.value, None);
                    Some((key.text().to_owned(), value.json_within(left, depth)?))
                })
                .collect::<Option<_>>()
                .map(Json::Object)?,
        })
    }

    /// Creates the fault of a value that has another form than `expected`. Its place is the alias,
    /// if the value is one, because the alias names the wrong anchor; or the key, if the value
    /// takes lines of its own.
    pub(crate) fn misshapen(self, expected: &str) -> YamlFault {
        let span = match self.alias {
            Some(alias) => Span::new(&self.document.source, alias.clone()),
            None if self.is_scalar() || !self.tree().at.is_empty() => self.span(),
            None => self.key_span(),
        };
        let found = match self.tree().value {
            Value::Scalar { .. } => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        };
        let message: ErrorMessage = match (self.key_text(), found, expected) {
            (Some(key), "a text", "a list") => finding!("text_not_list", key),
            (Some(key), "a text", "a map") => finding!("text_not_map", key),
            (Some(key), "a list", "a text") => finding!("list_not_text", key),
            (Some(key), "a map", "a text") => finding!("map_not_text", key),
            (Some(key), ..) => {
                format!("`{key}` is {found} where {expected} is expected").into()
            }
            (None, ..) => format!("{found} where {expected} is expected").into(),
        };
        span.fault(ErrorKind::InvalidValue, message)
    }

    /// Creates the fault of an empty value.
    pub(crate) fn no_value(self) -> YamlFault {
        match self.key_text() {
            Some(key) => {
                let fault = self
                    .key_span()
                    .fault(ErrorKind::InvalidValue, finding!("no_value", key));
                if self.comment_follows() {
                    fault.with_help(
                        "an unquoted `#` begins a comment: put the value in quotes",
                    )
                } else {
                    fault
                }
            }
            None if self.tree == self.document.root => {
                self.fault(ErrorKind::InvalidValue, "the file is empty")
            }
            None => self.fault(ErrorKind::InvalidValue, "there is no value here"),
        }
    }

    /// Whether the key is followed by a comment that may be meant as a value, such as `#8c1414`.
    fn comment_follows(self) -> bool {
        let Some(key) = self.key else { return false };
        let end = self.document.trees[key as usize].at.end as usize;
        let rest = self.document.source.text[end..].trim_start_matches([':', ' ']);
        rest.starts_with('#') && !rest.starts_with("# ")
    }

    fn key_text(self) -> Option<&'a str> {
        self.key.map(|tree| Key { document: self.document, tree }.text())
    }

    fn tree(self) -> &'a Tree {
        &self.document.trees[self.tree as usize]
    }

    fn follow(self, target: &'a TreeRef, key: Option<u32>) -> Node<'a> {
        Node {
            document: self.document,
            tree: target.tree,
            alias: target.alias.as_deref(),
            key,
        }
    }
}

/// A key of a map.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    pub(super) document: &'a Document,
    pub(super) tree: u32,
}

impl<'a> Key<'a> {
    pub(crate) fn text(self) -> &'a str {
        match &self.document.trees[self.tree as usize].value {
            Value::Scalar { text, .. } => text,
            _ => "",
        }
    }

    pub(crate) fn span(self) -> Span {
        let at = self.document.trees[self.tree as usize].at.clone();
        Span::new(&self.document.source, at)
    }

    pub(crate) fn fault(
        self,
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
    ) -> YamlFault {
        self.span().fault(kind, message)
    }

    /// Places `error` at the key.
    pub(crate) fn wrap(self, error: Error) -> YamlFault {
        YamlFault { span: self.span(), error }
    }

    /// Creates the fault of a key that is defined before, at `first`.
    pub(crate) fn twice(self, first: &Span) -> YamlFault {
        self.twice_at(self.span(), first)
    }

    /// As [`twice`](Self::twice), for a key that is an alias at `span`.
    pub(super) fn twice_at(self, span: Span, first: &Span) -> YamlFault {
        let place = first.place();
        let line = place.line.unwrap_or(1);
        let there = if first.is_in(&self.document.source) {
            format!("on line {line}")
        } else {
            format!("in {}, line {line}", place.file)
        };
        span.fault(ErrorKind::Duplicate, finding!("defined_twice", self.text()))
            .with_help(format!("its first definition is {there}: remove one of them"))
    }

    /// Creates the fault of a key that is none of `known`.
    pub(crate) fn unknown(self, known: &[&str]) -> YamlFault {
        self.fault(ErrorKind::UnknownKey, finding!("unknown_key", self.text()))
            .with_help(did_you_mean(self.text(), known.iter().copied()))
    }
}

/// A map with known keys.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    node: Node<'a>,
}

impl<'a> Fields<'a> {
    /// Returns the value of `key`, unless it is absent or empty.
    pub(crate) fn get(self, key: &str) -> Option<Node<'a>> {
        self.written(key).filter(|node| !node.is_null())
    }

    /// Returns the value of `key`, even an empty one, unless the key is absent.
    pub(crate) fn written(self, key: &str) -> Option<Node<'a>> {
        let mut entries = self.node.entries().ok()?;
        entries.find(|(name, _)| name.text() == key).map(|(_, node)| node)
    }

    /// Returns the value of `key`. An empty value is a fault there, an absent key one at the map's
    /// own key.
    pub(crate) fn required(self, key: &str, faults: &mut Faults) -> Option<Node<'a>> {
        match self.written(key) {
            Some(node) if node.is_null() => {
                faults.push(node.no_value());
                None
            }
            None => {
                faults.push(self.missing(key));
                None
            }
            node => node,
        }
    }

    /// Creates the fault of a map without `key`.
    pub(crate) fn missing(self, key: &str) -> YamlFault {
        let message = match self.node.key_text() {
            Some(owner) => finding!("key_missing", owner, key),
            None => format!("`{key}` is missing here").into(),
        };
        self.node.key_span().fault(ErrorKind::MissingField, message)
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Converts an unquoted scalar by YAML 1.2; a number that may be meant as a text stays a text.
fn plain(text: &str) -> Json {
    match text {
        _ if is_null(text) => Json::Null,
        "true" | "True" | "TRUE" => Json::Bool(true),
        "false" | "False" | "FALSE" => Json::Bool(false),
        _ => match number(text) {
            Some(number) => Json::Number(number),
            None => Json::String(text.to_owned()),
        },
    }
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits
        .split_at(digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()));
    if whole.is_empty() || whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    if rest.is_empty() {
        let unsigned = text.parse::<u64>().map(Number::from);
        return unsigned.or_else(|_| text.parse::<i64>().map(Number::from)).ok();
    }
    // `12e4` may be the code of a section: without a point it is no number in YAML 1.1 either.
    let decimal = rest.starts_with('.') && rest.ends_with(|c: char| c.is_ascii_digit());
    text.parse::<f64>().ok().filter(|_| decimal).and_then(Number::from_f64)
}
