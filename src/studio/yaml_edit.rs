//! Changes a YAML file in its text: comments, order and quotes of all else stay as they are.
//!
//! Takes a text and the path of a value; gives the text with that value set, added or removed. The
//! decision made here: the changed text is read again, and the change is refused unless exactly the
//! wanted value differs. Such a value has to be changed by hand.

use std::ops::Range;

use serde_json::Value as Json;

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml::{self, Document, Faults, Key, Node};

/// The text of a YAML file that is changed.
#[derive(Debug)]
pub(super) struct YamlEdit<'a> {
    file: &'a str,
    text: String,
}

/// An entry of a map, at the end of a path or on the way to it.
struct Entry {
    key: Range<usize>,
    value: Range<usize>,
    is_scalar: bool,
}

impl<'a> YamlEdit<'a> {
    pub(super) fn new(file: &'a str, text: String) -> Self {
        // Spans count from after a byte order mark.
        let text = match text.strip_prefix('\u{feff}') {
            Some(text) => text.to_owned(),
            None => text,
        };
        Self { file, text }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Sets the value at a path of keys and numbers of items. `value` is written as it is, such as
    /// [`scalar`] writes it. Maps that are missing on the way are added.
    ///
    /// # Errors
    /// The file is no YAML; the value cannot be changed in place.
    pub(super) fn set(&mut self, path: &[&str], value: &str) -> Result<()> {
        let document = self.parse()?;
        let root = document.as_ref().map(Document::root).ok_or_else(|| self.refused())?;
        let (parent, known) = walk(root, path);
        if known == path.len() {
            let range = parent.span().range();
            let old = self.text.get(range.clone()).unwrap_or_default();
            if !parent.is_scalar() || old.contains('\n') || old.starts_with(['|', '>']) {
                return Err(self.refused());
            }
            let space = if range.is_empty() { " " } else { "" };
            return self.replace(path, range, &format!("{space}{value}"));
        }
        // Missing keys on the path are written as nested maps.
        let (first, rest) = (path[known], &path[known + 1..]);
        let value = rest.iter().rev().fold(value.to_owned(), |value, key| {
            format!("{{ {}: {value} }}", scalar(key))
        });
        let entries = entries_of(parent, &self.text);
        // Inserted after the last scalar, because the end of a scalar is certain.
        let last = entries.iter().rfind(|entry| entry.is_scalar).or(entries.last());
        let last = last.ok_or_else(|| self.refused())?;
        let entry = format!("{}: {value}", scalar(first));
        if is_flow(&self.text, last.key.start) {
            let end = last.value.end..last.value.end;
            self.replace(path, end, &format!(", {entry}"))
        } else {
            let line = line_start(&self.text, last.key.start);
            let indent = " ".repeat(last.key.start - line);
            let end = self.text[last.value.end..].find('\n');
            let end = end.map_or(self.text.len(), |at| last.value.end + at);
            self.replace(path, end..end, &format!("\n{indent}{entry}"))
        }
    }

    /// Removes the value at a path, with its key. There may be none.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub(super) fn remove(&mut self, path: &[&str]) -> Result<()> {
        let document = self.parse()?;
        let Some(root) = document.as_ref().map(Document::root) else { return Ok(()) };
        let Some((last, above)) = path.split_last() else { return Err(self.refused()) };
        if walk(root, path).1 < path.len() {
            return Ok(());
        }
        let (parent, _) = walk(root, above);
        let key = parent
            .entries()
            .ok()
            .and_then(|mut it| it.find(|(key, _)| key.text() == *last));
        let range = match key {
            Some((key, value)) => {
                let start = key.span().range().start;
                start..end_of(value, &self.text).max(key.span().range().end)
            }
            None => return Err(self.refused()),
        };
        self.cut(path, range)
    }

    /// Adds an item, written as it is, to the list at a path, which may be missing.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub(super) fn add_item(&mut self, path: &[&str], item: &str) -> Result<()> {
        let document = self.parse()?;
        let root = document.as_ref().map(Document::root).ok_or_else(|| self.refused())?;
        let (node, known) = walk(root, path);
        if known < path.len() {
            return self.set(path, &format!("[{item}]"));
        }
        let items = node.items().map_err(|_| self.refused())?;
        let last = items.last().ok_or_else(|| self.refused())?;
        let start = match last.entries().ok().and_then(|mut entries| entries.next()) {
            Some((key, _)) => key.span().range().start,
            None => last.span().range().start,
        };
        let end = end_of(last, &self.text);
        let line = line_start(&self.text, start);
        // In a list of lines a hyphen is before each item.
        let before = &self.text[line..start];
        if before.trim() == "-" {
            let line_end = self.text[end..].find('\n');
            let line_end = line_end.map_or(self.text.len(), |at| end + at);
            self.replace(path, line_end..line_end, &format!("\n{before}{item}"))
        } else {
            self.replace(path, end..end, &format!(", {item}"))
        }
    }

    /// Removes a text from the list at a key of the file, and the key with its last one.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub(super) fn remove_item(&mut self, list: &str, item: &str) -> Result<()> {
        let document = self.parse()?;
        let Some(root) = document.as_ref().map(Document::root) else { return Ok(()) };
        let (node, known) = walk(root, &[list]);
        let Ok(items) = node.items() else { return Ok(()) };
        let items: Vec<Node<'_>> = items.collect();
        let found = items.iter().find(|it| it.text().is_ok_and(|text| text == item));
        let Some(found) = found.filter(|_| known == 1) else { return Ok(()) };
        if items.len() == 1 {
            return self.remove(&[list]);
        }
        self.cut(&[list], found.span().range())
    }

    /// Removes an entry or an item with its comma, or with its lines.
    fn cut(&mut self, path: &[&str], range: Range<usize>) -> Result<()> {
        let range = if is_flow(&self.text, range.start) {
            with_comma(&self.text, range)
        } else {
            let end = self.text[range.end..].find('\n');
            let end = end.map_or(self.text.len(), |at| range.end + at + 1);
            line_start(&self.text, range.start)..end
        };
        self.replace(path, range, "")
    }

    /// Replaces bytes of the text, if all but the value at the path stays what it is.
    fn replace(&mut self, path: &[&str], range: Range<usize>, new: &str) -> Result<()> {
        let before = self.parse()?;
        let mut changed = self.text.clone();
        changed.replace_range(range, new);
        let mut faults = Faults::default();
        let after = Document::parse(self.file, changed.as_bytes(), &mut faults);
        if !faults.is_empty() {
            return Err(self.refused());
        }
        let rest = |document: &Option<Document>| {
            let Some(document) = document else { return Some(Json::Null) };
            document.root().whole_json().map(|json| without(json, path))
        };
        match (rest(&before), rest(&after)) {
            (Some(before), Some(after)) if before == after => {
                self.text = changed;
                Ok(())
            }
            _ => Err(self.refused()),
        }
    }

    fn parse(&self) -> Result<Option<Document>> {
        parse(self.file, self.text.as_bytes())
    }

    fn refused(&self) -> Error {
        let message = "the value cannot be changed in its place";
        Error::new(ErrorKind::InvalidValue, message)
            .at(Place::file(self.file))
            .with_help("change it in the text")
    }
}

/// Reads a YAML file.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Option<Document>> {
    let mut faults = Faults::default();
    let document = Document::parse(file, bytes, &mut faults);
    faults.finish()?;
    Ok(document)
}

/// The value of a key.
pub(super) fn child<'a>(node: Node<'a>, key: &str) -> Option<Node<'a>> {
    let mut entries = node.entries().ok()?;
    entries.find(|(own, _)| own.text() == key).map(|(_, value)| value)
}

/// A value as a YAML scalar: a number or a date as it is, a text quoted where it has to be.
pub(super) fn scalar(text: &str) -> String {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_date_or_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.'));
    if is_date_or_number { text.to_owned() } else { yaml::scalar(text) }
}

/// Follows a path as far as it goes: the last value, and how many of its parts there are. An alias is
/// written elsewhere, for others too, and is not followed.
fn walk<'a>(root: Node<'a>, path: &[&str]) -> (Node<'a>, usize) {
    let mut node = root;
    for (index, part) in path.iter().enumerate() {
        let next = match part.parse::<usize>() {
            Ok(number) if node.is_list() => {
                node.items().ok().and_then(|mut items| items.nth(number))
            }
            _ => child(node, part),
        };
        match next.filter(|next| !next.is_alias()) {
            Some(next) => node = next,
            None => return (node, index),
        }
    }
    (node, path.len())
}

fn entries_of(node: Node<'_>, text: &str) -> Vec<Entry> {
    let entries = node.entries().into_iter().flatten();
    let entry = |(key, value): (Key<'_>, Node<'_>)| Entry {
        key: key.span().range(),
        value: value.span().range().start..end_of(value, text),
        is_scalar: value.is_scalar() && !value.is_alias() && !value.is_null(),
    };
    entries.map(entry).collect()
}

/// The byte after a value: of a list or a map in brackets, that after the bracket.
fn end_of(node: Node<'_>, text: &str) -> usize {
    if node.is_scalar() {
        let end = node.span().range().end;
        // The span of a block ends after the line break that follows it.
        return text[..end].trim_end_matches('\n').len().max(node.span().range().start);
    }
    let ends: Vec<(usize, usize)> = if node.is_list() {
        let items = node.items().into_iter().flatten();
        items.map(|it| (it.span().range().start, end_of(it, text))).collect()
    } else {
        let entries = node.entries().into_iter().flatten();
        entries
            .map(|(key, value)| {
                let key = key.span().range();
                (key.start, end_of(value, text).max(key.end))
            })
            .collect()
    };
    let Some(&(start, end)) = ends.last() else { return node.span().range().end };
    if !is_flow(text, start) {
        return end;
    }
    let close = text[end..].find(['}', ']']);
    close.map_or(end, |close| end + close + 1)
}

/// Whether what begins at a byte is an entry of a map or a list in brackets.
fn is_flow(text: &str, start: usize) -> bool {
    let line = line_start(text, start);
    let before = text[line..start].trim_start_matches(['-', ' ']);
    if !before.is_empty() {
        return true;
    }
    // An entry at the beginning of its line: the end of the text before it decides.
    let mut lines = text[..line].lines().rev().map(|line| match line.find(" #") {
        _ if line.trim_start().starts_with('#') => "",
        Some(comment) => line[..comment].trim_end(),
        None => line.trim_end(),
    });
    let before = lines.find(|line| !line.is_empty()).unwrap_or_default();
    before.ends_with(['{', '[', ','])
}

/// The range of an entry in brackets, with the comma after it, or before the last one.
fn with_comma(text: &str, range: Range<usize>) -> Range<usize> {
    let rest = &text[range.end..];
    let spaces = rest.len() - rest.trim_start().len();
    if rest.trim_start().starts_with(',') {
        let after = &rest[spaces + 1..];
        let more = after.len() - after.trim_start_matches(' ').len();
        return range.start..range.end + spaces + 1 + more;
    }
    let before = text[..range.start].trim_end();
    let start = before.strip_suffix(',').map_or(range.start, str::len);
    start..range.end
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// A value without the value at a path, and without maps that become empty by that.
fn without(mut json: Json, path: &[&str]) -> Json {
    let Some((first, rest)) = path.split_first() else { return Json::Null };
    match &mut json {
        Json::Object(map) => {
            if let Some(value) = map.remove(*first) {
                let value =
                    if rest.is_empty() { Json::Null } else { without(value, rest) };
                if !value.is_null() {
                    map.insert((*first).to_owned(), value);
                }
            }
            if map.is_empty() { Json::Null } else { json }
        }
        Json::Array(items) => {
            let item = first.parse().ok().and_then(|index: usize| items.get_mut(index));
            if let Some(item) = item {
                *item = without(item.take(), rest);
            }
            json
        }
        _ => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Ours\npaper: a4 # upright\nwithout: [lead, date] # not these\nslots:\n  # the name\n  recipient: { x: 10, y: 20.5, text: { en: \"a, b\" } } # large\n  code:\n    x: 1\n    # below\n    y: 2\n  logo: {\n    x: 3, # three\n    y: 4\n  }\ntheme: { ink: \"#112233\" }\n";

    fn edited(edit: impl FnOnce(&mut YamlEdit<'_>) -> Result<()>) -> String {
        let mut yaml = YamlEdit::new("layout.yaml", TEXT.to_owned());
        edit(&mut yaml).unwrap_or_else(|error| panic!("{error:#}"));
        yaml.into_text()
    }

    #[test]
    fn values_are_set_in_their_places() {
        for (path, value, old, new) in [
            (&["slots", "recipient", "x"][..], "12.5", "x: 10,", "x: 12.5,"),
            (&["slots", "code", "y"], "7", "    y: 2", "    y: 7"),
            (&["slots", "logo", "x"], "8", "x: 3, # three", "x: 8, # three"),
            (&["paper"], "letter", "a4 # upright", "letter # upright"),
            (&["theme", "ink"], "\"#000000\"", "\"#112233\"", "\"#000000\""),
            (&["slots", "recipient", "max"], "40", "y: 20.5,", "y: 20.5, max: 40,"),
            (&["slots", "code", "fill"], "paper", "y: 2\n", "y: 2\n    fill: paper\n"),
            (&["slots", "logo", "align"], "end", "y: 4\n", "y: 4, align: end\n"),
            (
                &["theme", "paper"],
                "white",
                "\"#112233\" }",
                "\"#112233\", paper: white }",
            ),
            (&["figures"], "tabular", "# upright\n", "# upright\nfigures: tabular\n"),
        ] {
            let changed = edited(|yaml| yaml.set(path, value));
            assert_eq!(changed, TEXT.replacen(old, new, 1), "{path:?}");
        }
        let added = edited(|yaml| yaml.set(&["slots", "motto"], "{ x: 1 }"));
        assert_eq!(added, TEXT.replace("  }\ntheme", "  }\n  motto: { x: 1 }\ntheme"));
        let nested = edited(|yaml| yaml.set(&["roles", "cell", "max"], "9"));
        assert!(nested.contains("\nroles: { cell: { max: 9 } }\n"), "{nested}");
    }

    #[test]
    fn values_are_removed_with_their_keys() {
        for (path, old, new) in [
            (&["slots", "recipient", "x"][..], "x: 10, ", ""),
            (&["slots", "recipient", "text"], ", text: { en: \"a, b\" }", ""),
            (&["slots", "code", "y"], "    y: 2\n", ""),
            (&["slots", "code"], "  code:\n    x: 1\n    # below\n    y: 2\n", ""),
            (&["theme"], "theme: { ink: \"#112233\" }\n", ""),
            (&["slots", "none"], "", ""),
        ] {
            let changed = edited(|yaml| yaml.remove(path));
            assert_eq!(changed, TEXT.replacen(old, new, 1), "{path:?}");
        }
    }

    #[test]
    fn items_of_lists_come_and_go() {
        let more = edited(|yaml| yaml.add_item(&["without"], "logo"));
        assert_eq!(more, TEXT.replace("lead, date]", "lead, date, logo]"));
        let fewer = edited(|yaml| yaml.remove_item("without", "lead"));
        assert_eq!(fewer, TEXT.replace("[lead, date]", "[date]"));
        let none = edited(|yaml| {
            yaml.remove_item("without", "lead")?;
            yaml.remove_item("without", "date")
        });
        assert_eq!(none, TEXT.replace("without: [lead, date] # not these\n", ""));
        let new = edited(|yaml| yaml.add_item(&["requires"], "logo"));
        assert!(new.contains("\nrequires: [logo]\n"), "{new}");

        let text = "K:\n  people:\n    - name: Ada # first\n      title: { en: Dean }\nL:\n  people: [{ name: Ada }]\n";
        let mut yaml = YamlEdit::new("x.yaml", text.to_owned());
        yaml.add_item(&["K", "people"], "{ name: Grace }").unwrap();
        yaml.add_item(&["L", "people"], "{ name: Grace }").unwrap();
        let wanted = text.replace("Dean }\n", "Dean }\n    - { name: Grace }\n");
        assert_eq!(yaml.into_text(), wanted.replace("Ada }]", "Ada }, { name: Grace }]"));
    }

    #[test]
    fn what_cannot_be_changed_in_place_is_refused() {
        let text = "a: &x { b: 1 }\nc: *x\nd: |\n  long\ne: one\n  two\n";
        for path in [&["c", "b"][..], &["d"], &["e"], &["a"]] {
            let mut yaml = YamlEdit::new("x.yaml", text.to_owned());
            assert!(yaml.set(path, "2").is_err(), "{path:?}: {}", yaml.into_text());
        }
    }

    #[test]
    fn texts_are_quoted_where_yaml_would_read_something_else() {
        for text in [
            "", " a", "a ", "a: b", "- a", "#a", "{a}", "true", "null", "1e3", "'a",
            "@a", "a\nb", "a,b", "no",
        ] {
            let written = scalar(text);
            assert_eq!(
                serde_json::from_str::<String>(&written).unwrap(),
                text,
                "{written}"
            );
        }
        for text in [
            "Knots and Splices",
            "-1.5",
            "0.8",
            "2026-05-14",
            "course-v1",
            "Müller",
            "ada.png",
        ] {
            assert_eq!(scalar(text), text);
        }
    }
}
