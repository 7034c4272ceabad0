//! How a course's recipients files are read, and its free fields: `recipients` and `fields`.

use super::reader::CourseReader;
use crate::base::error::{ErrorKind, did_you_mean};
use crate::base::yaml::Node;
use crate::site::recipients_format::{DateOrder, RESERVED_FIELDS, RecipientsFormat};

const RECIPIENTS_KEYS: [&str; 8] =
    ["columns", "keep", "ignore", "encoding", "delimiter", "sheet", "header", "dates"];

impl CourseReader {
    /// Reads the names of free fields.
    pub(super) fn read_field_names(&mut self, node: Node<'_>) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for node in self.faults.keep(node.items())? {
            let Some(name) = self.faults.keep(node.text()) else { continue };
            if RESERVED_FIELDS.contains(&name) {
                let message =
                    format!("`{name}` is a value of each request, and no free field");
                self.faults.push(
                    node.fault(ErrorKind::InvalidValue, message)
                        .with_help("choose another name, or leave it out"),
                );
            } else {
                names.push(name.to_owned());
            }
        }
        Some(names)
    }

    /// Reads how recipients files are read.
    pub(super) fn read_recipients(&mut self, node: Node<'_>) -> Option<RecipientsFormat> {
        let fields = node.fields(&RECIPIENTS_KEYS, &mut self.faults)?;
        let mut format = RecipientsFormat::default();
        if let Some(columns) = fields.get("columns")
            && let Some(entries) = self.faults.keep(columns.entries())
        {
            for (key, node) in entries {
                if let Some(headers) = self.read_headers(node) {
                    format.columns.insert(key.text().to_owned(), headers);
                }
            }
        }
        let mut headers = |key| fields.get(key).and_then(|node| self.read_headers(node));
        format.keep = headers("keep").unwrap_or_default();
        format.ignore = headers("ignore").unwrap_or_default();
        let mut text =
            |key| fields.get(key).and_then(|node| self.faults.keep(node.text()));
        format.encoding = text("encoding").map(str::to_owned);
        format.sheet = text("sheet").map(str::to_owned);
        format.delimiter = fields.get("delimiter").and_then(|node| {
            let delimiter = read_delimiter(self.faults.keep(node.text())?);
            if delimiter.is_none() {
                let message = "a delimiter is one character, or `tab`";
                self.faults.push(node.fault(ErrorKind::InvalidValue, message));
            }
            delimiter
        });
        format.header = fields.get("header").and_then(|node| {
            let line =
                self.faults.keep(node.text())?.parse().ok().filter(|line| *line > 0);
            if line.is_none() {
                let message = "the line of the header is a number, 1 or more";
                self.faults.push(node.fault(ErrorKind::InvalidValue, message));
            }
            line
        });
        format.dates = fields.get("dates").and_then(|node| {
            let name = self.faults.keep(node.text())?;
            let order = DateOrder::parse(name);
            if order.is_none() {
                let message = format!("`{name}` is no order of dates");
                self.faults.push(
                    node.fault(ErrorKind::InvalidValue, message)
                        .with_help(did_you_mean(name, DateOrder::NAMES)),
                );
            }
            order
        });
        Some(format)
    }

    /// Reads one header, or a list of them.
    fn read_headers(&mut self, node: Node<'_>) -> Option<Vec<String>> {
        if node.is_scalar() {
            return Some(vec![self.faults.keep(node.text())?.to_owned()]);
        }
        let nodes = self.faults.keep(node.items())?;
        let mut headers = Vec::new();
        for node in nodes {
            headers.push(self.faults.keep(node.text())?.to_owned());
        }
        Some(headers)
    }
}

/// Reads the sign between cells: itself, or `tab`.
fn read_delimiter(text: &str) -> Option<char> {
    let mut signs = text.chars();
    match (text, signs.next(), signs.next()) {
        ("tab" | "\\t", ..) => Some('\t'),
        (_, sign, None) => sign,
        _ => None,
    }
}
