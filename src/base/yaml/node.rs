//! Values, keys and maps of a document, as what reads a file sees them.

use std::ops::Range;

use serde_json::{Number, Value as Json};

use super::compose::MAX_NESTED;
use super::{Document, Fault, Faults, Mention, Spot, Tree, Value};
use crate::base::error::{Error, ErrorKind, did_you_mean};

/// The most characters of one text.
const MAX_TEXT: usize = 5_000;
/// The most bytes that one free field may have, aliases written out, at 16 a value.
const MAX_JSON: usize = 64 * 1024;

/// A value in a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(super) document: &'a Document,
    pub(super) tree: u32,
    pub(super) alias: Option<&'a Range<u32>>,
    pub(super) key: Option<u32>,
}

impl<'a> Node<'a> {
    /// Where the value is written; for an alias, where its anchor is.
    pub(crate) fn spot(self) -> Spot {
        Spot::new(&self.document.source, self.tree().at.clone())
    }

    /// The key that the value belongs to, or the value itself.
    pub(crate) fn key_spot(self) -> Spot {
        match self.key {
            Some(key) => {
                let at = self.document.trees[key as usize].at.clone();
                Spot::new(&self.document.source, at)
            }
            None => self.spot(),
        }
    }

    /// A fault in what the value says.
    pub(crate) fn fault(self, kind: ErrorKind, message: impl Into<String>) -> Fault {
        self.spot().fault(kind, message)
    }

    /// Gives `error` the value's place.
    pub(crate) fn wrap(self, error: Error) -> Fault {
        Fault { spot: self.spot(), error }
    }

    /// Nothing was written: an empty value, `~` or `null`.
    pub(crate) fn is_null(self) -> bool {
        matches!(&self.tree().value,
            Value::Scalar { text, plain: true } if is_null(text))
    }

    /// Whether the value is written elsewhere.
    pub(crate) fn is_alias(self) -> bool {
        self.alias.is_some()
    }

    /// Whether the value is one text, number or the like.
    pub(crate) fn is_scalar(self) -> bool {
        matches!(self.tree().value, Value::Scalar { .. })
    }

    /// Whether the value is a list.
    pub(crate) fn is_list(self) -> bool {
        matches!(self.tree().value, Value::List(_))
    }

    /// A scalar as it was written, without the quotes; nothing written is no text.
    pub(crate) fn text(self) -> Result<&'a str, Fault> {
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

    /// A text that is one of `known`.
    pub(crate) fn one_of(self, known: &[&str]) -> Result<&'a str, Fault> {
        let text = self.text()?;
        match known.contains(&text) {
            true => Ok(text),
            false => Err(self
                .fault(ErrorKind::InvalidValue, format!("unknown value `{text}`"))
                .with_help(did_you_mean(text, known.iter().copied()))),
        }
    }

    /// A number greater than nought.
    pub(crate) fn positive(self) -> Result<f64, Fault> {
        let text = self.text()?;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
            _ => Err(self.fault(
                ErrorKind::InvalidValue,
                format!("`{text}` is no number greater than 0"),
            )),
        }
    }

    /// The items of a list.
    pub(crate) fn items(self) -> Result<impl Iterator<Item = Node<'a>>, Fault> {
        match &self.tree().value {
            Value::List(items) => {
                Ok(items.iter().map(move |item| self.mention(item, None)))
            }
            _ if self.is_null() => Err(self.no_value()),
            _ => Err(self.misshapen("a list").with_help(
                "write one item a line, each after `- `, or all of them in `[…]`",
            )),
        }
    }

    /// The entries of a map, whatever their keys.
    pub(crate) fn entries(
        self,
    ) -> Result<impl Iterator<Item = (Key<'a>, Node<'a>)>, Fault> {
        self.entries_of("a map").map_err(|fault| match self.is_null() {
            true => fault,
            false => fault.with_help(
                "write `key: value` on lines of their own, indented by the same spaces",
            ),
        })
    }

    /// The same, where something else than `expected` is a fault.
    pub(crate) fn entries_of(
        self,
        expected: &str,
    ) -> Result<impl Iterator<Item = (Key<'a>, Node<'a>)>, Fault> {
        match &self.tree().value {
            Value::Map(entries) => Ok(entries.iter().map(move |entry| {
                let key = Key { document: self.document, tree: entry.key };
                (key, self.mention(&entry.value, Some(entry.key)))
            })),
            _ if self.is_null() => Err(self.no_value()),
            _ => Err(self.misshapen(expected)),
        }
    }

    /// The entries of a map whose keys are `known`. Every other key is a fault.
    pub(crate) fn fields(
        self,
        known: &[&str],
        faults: &mut Faults,
    ) -> Option<Fields<'a>> {
        self.fields_or(known, faults, |key| key.unknown(known))
    }

    /// The same, with the fault that an unknown key is.
    pub(crate) fn fields_or(
        self,
        known: &[&str],
        faults: &mut Faults,
        unknown: impl Fn(Key<'a>) -> Fault,
    ) -> Option<Fields<'a>> {
        let entries = faults.keep(self.entries())?;
        for (key, _) in entries.filter(|(key, _)| !known.contains(&key.text())) {
            faults.push(unknown(key));
        }
        Some(Fields { node: self })
    }

    /// The value as JSON, numbers and truth values by YAML 1.2's rules, but nothing guessed: a
    /// number with a leading zero or plus sign, or too large for a machine, stays a text.
    pub(crate) fn json(self) -> Result<Json, Fault> {
        self.json_within(&mut { MAX_JSON }, 0).ok_or_else(|| {
            self.key_spot().fault(
                ErrorKind::TooLarge,
                format!(
                    "more than {} KiB or {MAX_NESTED} levels in one field, aliases \
                     written out",
                    MAX_JSON >> 10
                ),
            )
        })
    }

    /// Aliases of aliases can be far deeper than anything that is written.
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
                .map(|item| self.mention(item, None).json_within(left, depth))
                .collect::<Option<_>>()
                .map(Json::Array)?,
            Value::Map(entries) => entries
                .iter()
                .map(|entry| {
                    let key = Key { document: self.document, tree: entry.key };
                    let value = self.mention(&entry.value, None);
                    Some((key.text().to_owned(), value.json_within(left, depth)?))
                })
                .collect::<Option<_>>()
                .map(Json::Object)?,
        })
    }

    /// A fault in the value's form: at the alias if it is one, since that names the wrong anchor;
    /// at its key if it is spread over lines of its own.
    pub(crate) fn misshapen(self, expected: &str) -> Fault {
        let spot = match self.alias {
            Some(alias) => Spot::new(&self.document.source, alias.clone()),
            None if self.is_scalar() || !self.tree().at.is_empty() => self.spot(),
            None => self.key_spot(),
        };
        let found = match self.tree().value {
            Value::Scalar { .. } => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        };
        let message = match self.key_text() {
            Some(key) => format!("`{key}` is {found} where {expected} is expected"),
            None => format!("{found} where {expected} is expected"),
        };
        spot.fault(ErrorKind::InvalidValue, message)
    }

    /// The fault of a key after which nothing is written.
    pub(crate) fn no_value(self) -> Fault {
        match self.key_text() {
            Some(key) => {
                let fault = self
                    .key_spot()
                    .fault(ErrorKind::InvalidValue, format!("`{key}` has no value"));
                match self.comment_follows() {
                    true => fault.with_help(
                        "an unquoted `#` begins a comment: put the value in quotes",
                    ),
                    false => fault,
                }
            }
            None if self.tree == self.document.root => {
                self.fault(ErrorKind::InvalidValue, "the file is empty")
            }
            None => self.fault(ErrorKind::InvalidValue, "there is no value here"),
        }
    }

    /// Whether what looks like a value of this key is a comment to YAML.
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

    fn mention(self, mention: &'a Mention, key: Option<u32>) -> Node<'a> {
        Node {
            document: self.document,
            tree: mention.tree,
            alias: mention.alias.as_deref(),
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

    pub(crate) fn spot(self) -> Spot {
        let at = self.document.trees[self.tree as usize].at.clone();
        Spot::new(&self.document.source, at)
    }

    pub(crate) fn fault(self, kind: ErrorKind, message: impl Into<String>) -> Fault {
        self.spot().fault(kind, message)
    }

    /// Gives `error` the key's place.
    pub(crate) fn wrap(self, error: Error) -> Fault {
        Fault { spot: self.spot(), error }
    }

    /// The fault of a key that has been there before, at `first`.
    pub(crate) fn twice(self, first: &Spot) -> Fault {
        let place = first.place();
        let line = place.line.unwrap_or(1);
        let there = match first.is_in(&self.document.source) {
            true => format!("on line {line}"),
            false => format!("in {}, line {line}", place.file),
        };
        self.fault(ErrorKind::Duplicate, format!("`{}` is defined twice", self.text()))
            .with_help(format!("its first definition is {there}: remove one of them"))
    }

    /// The fault of a key that is none of `known`.
    pub(crate) fn unknown(self, known: &[&str]) -> Fault {
        self.fault(ErrorKind::UnknownKey, format!("unknown key `{}`", self.text()))
            .with_help(did_you_mean(self.text(), known.iter().copied()))
    }
}

/// A map with known keys.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    node: Node<'a>,
}

impl<'a> Fields<'a> {
    /// The value of `key`, if anything is written there.
    pub(crate) fn get(self, key: &str) -> Option<Node<'a>> {
        self.written(key).filter(|node| !node.is_null())
    }

    /// The value of `key`, even if nothing is written there.
    pub(crate) fn written(self, key: &str) -> Option<Node<'a>> {
        let mut entries = self.node.entries().ok()?;
        entries.find(|(name, _)| name.text() == key).map(|(_, node)| node)
    }

    /// The value of `key`, whose absence is a fault at the map's own key.
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

    /// The fault of a map without `key`.
    pub(crate) fn missing(self, key: &str) -> Fault {
        let message = match self.node.key_text() {
            Some(owner) => format!("`{owner}` has no `{key}`"),
            None => format!("`{key}` is missing here"),
        };
        self.node.key_spot().fault(ErrorKind::MissingField, message)
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// What an unquoted scalar is by YAML 1.2, with doubtful numbers left as the texts they may be.
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
    // A number without a point (`12e4`, a section's code) is none to YAML 1.1 either.
    let decimal = rest.starts_with('.') && rest.ends_with(|c: char| c.is_ascii_digit());
    text.parse::<f64>().ok().filter(|_| decimal).and_then(Number::from_f64)
}
