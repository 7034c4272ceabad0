//! Cross-reference tables and trailers (ISO 32000-1, 7.5.4 and 7.5.5), read and written.

use std::collections::BTreeMap;

use super::syntax::{self, Dict};

/// The largest number of objects that are read.
const MAX_OBJECTS: usize = 100_000;
/// The length of an entry in bytes.
const ENTRY_LEN: usize = 20;

/// The table of a file of one revision.
pub(super) struct Table {
    /// The offsets of the objects 1, 2, ….
    pub(super) offsets: Vec<usize>,
    pub(super) trailer: Dict,
    /// The offset at which the revision ends.
    pub(super) end: usize,
}

/// Finds the offset of the last table, which stands in the last line but one of the file.
pub(super) fn last_table(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_suffix(b"\n").unwrap_or(bytes).strip_suffix(b"\n%%EOF")?;
    let line = rest.iter().rposition(|byte| *byte == b'\n')?;
    rest[..line].strip_suffix(b"startxref").filter(|rest| rest.ends_with(b"\n"))?;
    syntax::number(&rest[line + 1..]).filter(|table| *table < bytes.len())
}

/// Reads a table that lists all objects in one section.
pub(super) fn read_table(bytes: &[u8], table: usize) -> Option<Table> {
    let rest = bytes.get(table..)?.strip_prefix(b"xref\n0 ")?;
    let line = rest.iter().take(10).position(|byte| *byte == b'\n')?;
    let count: usize =
        syntax::number(&rest[..line]).filter(|count| *count <= MAX_OBJECTS)?;
    let (entries, _) = rest[line + 1..].split_at_checked(count * ENTRY_LEN)?;
    let mut entries = entries.as_chunks::<ENTRY_LEN>().0.iter();
    if entries.next()? != b"0000000000 65535 f\r\n" {
        return None;
    }
    let offset = |entry: &[u8; ENTRY_LEN]| {
        syntax::number(&entry[..10]).filter(|_| entry[10..] == *b" 00000 n\r\n")
    };
    let offsets = entries.map(offset).collect::<Option<_>>()?;
    let after = table + b"xref\n0 ".len() + line + 1 + count * ENTRY_LEN;
    let (trailer, end) = trailer_at(bytes, table, after)?;
    Some(Table { offsets, trailer, end })
}

/// Reads the trailer of a table with any number of sections, and the offset at which the revision
/// ends.
pub(super) fn read_trailer(bytes: &[u8], table: usize) -> Option<(Dict, usize)> {
    let rest = bytes.get(table..)?;
    let mut at = rest.strip_prefix(b"xref\n").map(|_| table + 5)?;
    // Each section begins with its first object's number and its length.
    while bytes.get(at)?.is_ascii_digit() {
        let line = bytes[at..].iter().take(24).position(|byte| *byte == b'\n')?;
        let head = &bytes[at..at + line];
        let space = head.iter().position(|byte| *byte == b' ')?;
        let count: usize =
            syntax::number(&head[space + 1..]).filter(|count| *count <= MAX_OBJECTS)?;
        at += line + 1 + count * ENTRY_LEN;
    }
    trailer_at(bytes, table, at)
}

fn trailer_at(bytes: &[u8], table: usize, at: usize) -> Option<(Dict, usize)> {
    let start = at + b"trailer\n".len();
    bytes.get(at..)?.strip_prefix(b"trailer\n")?;
    let (trailer, end) = Dict::read(bytes, start)?;
    let tail = format!("\nstartxref\n{table}\n%%EOF");
    let mut end =
        bytes.get(end..)?.starts_with(tail.as_bytes()).then_some(end + tail.len())?;
    if bytes.get(end) == Some(&b'\n') && bytes.len() == end + 1 {
        end += 1;
    }
    Some((trailer, end))
}

/// Writes the table of a revision at the end of it, with the trailer, for objects at those offsets.
pub(super) fn write(
    revision: &mut Vec<u8>,
    table: usize,
    offsets: &BTreeMap<u32, usize>,
    trailer: &Dict,
) {
    revision.extend(b"xref\n");
    for (first, section) in sections(offsets) {
        revision.extend(format!("{first} {}\n", section.len()).bytes());
        for offset in section {
            revision.extend(format!("{offset:010} 00000 n\r\n").bytes());
        }
    }
    revision.extend(b"trailer\n");
    revision.extend(trailer.write());
    revision.extend(format!("\nstartxref\n{table}\n%%EOF\n").bytes());
}

/// Writes the table of a file's only revision at the end of it, with the trailer, for the objects
/// 1, 2, … at those offsets.
#[cfg(feature = "press")]
pub(crate) fn write_first(file: &mut Vec<u8>, offsets: &[usize], trailer: &Dict) {
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f\r\n", offsets.len() + 1).bytes());
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n\r\n").bytes());
    }
    file.extend(b"trailer\n");
    file.extend(trailer.write());
    file.extend(format!("\nstartxref\n{table}\n%%EOF").bytes());
}

/// Groups the offsets of objects whose numbers are consecutive, each with its first number.
fn sections(offsets: &BTreeMap<u32, usize>) -> Vec<(u32, Vec<usize>)> {
    let mut sections: Vec<(u32, Vec<usize>)> = Vec::new();
    for (number, offset) in offsets {
        match sections.last_mut() {
            Some((first, section)) if *first + section.len() as u32 == *number => {
                section.push(*offset)
            }
            _ => sections.push((*number, vec![*offset])),
        }
    }
    sections
}
