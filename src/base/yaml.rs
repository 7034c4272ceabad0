//! The one door to YAML: a file's bytes become a [`Document`], whose [`Node`]s know their places.
//!
//! What reads a file walks its nodes and keeps every [`Fault`], so that independent ones are
//! reported together. A plain scalar stays the text that was written until somebody asks for a
//! type: a title may be `2026`, an identifier `012`, and `no` is Norway.
//!
//! ```text
//! let mut faults = Faults::default();
//! if let Some(document) = Document::parse("en.yaml", &bytes, &mut faults)
//!     && let Some(fields) = document.root().fields(&["heading", "blocks"], &mut faults)
//!     && let Some(node) = fields.required("heading", &mut faults)
//! {
//!     let heading: Option<&str> = faults.keep(node.text());
//!     let spot: Spot = node.spot();        // spot.place() makes the place when asked
//! }
//! faults.finish()?;                        // every fault, in the order of the file
//! ```

mod compose;
mod fault;
mod node;
mod syntax;

use std::ops::Range;
use std::sync::Arc;

pub(crate) use self::fault::{Fault, Faults, Spot};
pub(crate) use self::node::{Fields, Key, Node};
use crate::base::error::ErrorKind;

/// The most bytes that one file may have.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One parsed YAML file.
pub(crate) struct Document {
    source: Arc<Source>,
    /// Every value once; an alias is a second mention of the same index.
    trees: Vec<Tree>,
    root: u32,
}

/// A file's name and text, which outlive its document for the sake of places.
struct Source {
    file: String,
    text: String,
}

struct Tree {
    at: Range<u32>,
    value: Value,
}

enum Value {
    Scalar { text: Box<str>, plain: bool },
    List(Vec<Mention>),
    Map(Vec<Entry>),
}

/// A value where it stands, or an alias of one.
#[derive(Clone)]
struct Mention {
    tree: u32,
    alias: Option<Box<Range<u32>>>,
}

#[derive(Clone)]
struct Entry {
    key: u32,
    value: Mention,
}

impl Document {
    /// Parses a file. Duplicate keys and the like become faults and are left out; a file that is no
    /// YAML becomes one fault and no document.
    pub(crate) fn parse(file: &str, bytes: &[u8], faults: &mut Faults) -> Option<Self> {
        let source = Arc::new(faults.keep(decode(file, bytes))?);
        faults.file(&source);
        compose::document(source, faults)
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node { document: self, tree: self.root, alias: None, key: None }
    }
}

/// The text of a file in UTF-8, which people's editors do not always write.
fn decode(file: &str, bytes: &[u8]) -> Result<Source, Fault> {
    let source = |text: String| Source { file: file.to_owned(), text };
    let fault = |text: String, at: usize, kind, message: String| {
        let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
        Spot::new(&Arc::new(source(text)), at as u32..end as u32).fault(kind, message)
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("{} bytes are more than a file may have", bytes.len());
        return Err(fault(String::new(), 0, ErrorKind::TooLarge, message).with_help(
            format!("divide it into files of at most {} MiB", MAX_BYTES >> 20),
        ));
    }
    let utf16: Option<fn([u8; 2]) -> u16> = match bytes {
        [0xff, 0xfe, ..] | [1..=255, 0, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, 1..=255, ..] => Some(u16::from_be_bytes),
        _ => None,
    };
    if let Some(unit) = utf16 {
        let (pairs, _) = bytes.as_chunks::<2>();
        let units = pairs.iter().take(1000).map(|&pair| unit(pair));
        let text: String = char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .filter(|&c| c != '\u{feff}')
            .collect();
        return Err(fault(
            text,
            0,
            ErrorKind::Syntax,
            "the file is UTF-16, not UTF-8".into(),
        )
        .with_help("save it again with the encoding UTF-8"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(source(text.trim_start_matches('\u{feff}').to_owned())),
        Err(error) => {
            let at = error.valid_up_to();
            let message = format!("byte 0x{:02x} is not UTF-8", bytes[at]);
            // Whatever it is, its first 256 characters are most likely those of Latin-1.
            let mut text = String::from_utf8_lossy(&bytes[..at]).into_owned();
            text.extend(bytes[at..].iter().map(|&byte| char::from(byte)));
            Err(fault(text, at, ErrorKind::Syntax, message).with_help(
                "save the file again with the encoding UTF-8 (it may be Latin-1 now)",
            ))
        }
    }
}

#[cfg(test)]
mod tests;
