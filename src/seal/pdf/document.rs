//! A PDF of one revision as our writer makes it, and what is appended to it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::syntax::{self, Dict};
use crate::base::error::{Error, ErrorKind, Result};

/// Larger than any certificate.
const LARGEST: usize = 64 << 20;
/// As many objects as are read.
const MAX_OBJECTS: usize = 100_000;
/// Revisions that a file may have: ours is the second, and two more can follow.
const MAX_REVISIONS: usize = 8;

/// A document whose every object is known.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    bytes: Vec<u8>,
    /// Where the newest form of each object begins.
    objects: BTreeMap<u32, usize>,
    root: u32,
    info: Option<u32>,
    /// The identifiers of the file, as they are written.
    id: Vec<u8>,
    /// Where the newest cross-reference table begins.
    table: usize,
}

/// Bytes to append, with new forms of some objects.
#[derive(Debug)]
pub(crate) struct Revision {
    pub(crate) bytes: Vec<u8>,
    objects: Vec<(u32, usize)>,
    table: usize,
}

impl Revision {
    /// Where the first of its objects begins in the file.
    pub(crate) fn first(&self) -> usize {
        self.objects.first().map_or(0, |(_, at)| *at)
    }
}

impl Document {
    /// Reads a file of one revision and accounts for every byte of it.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`]: not a PDF, or not one that our writer makes, or sealed already.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > LARGEST {
            return Err(refused("it is larger than 64 MB"));
        }
        if !bytes.starts_with(b"%PDF-1.") {
            return Err(refused("it is no PDF"));
        }
        let table =
            last_table(bytes).ok_or_else(|| refused("its end is missing or broken"))?;
        if !bytes[table..].starts_with(b"xref\n") {
            return Err(refused("it has cross-reference streams"));
        }
        let (offsets, trailer, end) = read_table(bytes, table)
            .ok_or_else(|| refused("its cross-references are broken"))?;
        for (key, why) in [
            ("Prev", "it has more than one revision"),
            ("XRefStm", "it has cross-reference streams"),
            ("Encrypt", "it is encrypted"),
        ] {
            if trailer.get(key).is_some() {
                return Err(refused(why));
            }
        }
        if end != bytes.len() {
            return Err(refused("something follows its end"));
        }
        let document = Self::assemble(bytes, table, &offsets, &trailer)
            .ok_or_else(|| refused("its trailer is not as our writer makes it"))?;
        document.account(&offsets)?;
        let catalog = document.dict(document.root)?;
        for key in ["AcroForm", "Perms", "DSS"] {
            if catalog.get(key).is_some() {
                return Err(refused("it has a form or a seal already"));
            }
        }
        Ok(document)
    }

    /// Where the first revision of a file ends, which is where what was appended begins.
    pub(crate) fn base_end(bytes: &[u8]) -> Option<usize> {
        let mut table = last_table(bytes)?;
        for _ in 0..MAX_REVISIONS {
            let (trailer, end) = read_trailer(bytes, table)?;
            match trailer.get("Prev") {
                None => return Some(end),
                Some(previous) => {
                    let previous = syntax::number(previous)?;
                    table = (previous < table).then_some(previous)?;
                }
            }
        }
        None
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The catalog's object.
    pub(crate) fn root(&self) -> u32 {
        self.root
    }

    /// The first number that no object has.
    pub(crate) fn next(&self) -> u32 {
        self.objects.last_key_value().map_or(1, |(number, _)| number + 1)
    }

    /// The newest form of an object that is a dictionary or a stream.
    pub(crate) fn dict(&self, number: u32) -> Result<Dict> {
        self.objects
            .get(&number)
            .and_then(|at| object_start(&self.bytes, number, *at))
            .and_then(|start| Dict::read(&self.bytes, start))
            .map(|(dict, _)| dict)
            .ok_or_else(|| refused(&format!("its object {number} is missing or broken")))
    }

    /// A revision with new forms of these objects, to be appended with [`append`](Self::append).
    pub(crate) fn revise(&self, objects: Vec<(u32, Vec<u8>)>) -> Revision {
        let mut bytes = Vec::new();
        if !self.bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        let mut written = Vec::new();
        for (number, body) in objects {
            written.push((number, self.bytes.len() + bytes.len()));
            bytes.extend(format!("{number} 0 obj\n").bytes());
            bytes.extend(body);
            bytes.extend(b"\nendobj\n");
        }
        let table = self.bytes.len() + bytes.len();
        let offsets: BTreeMap<u32, usize> = written.iter().copied().collect();
        bytes.extend(b"xref\n");
        for (first, run) in runs(&offsets) {
            bytes.extend(format!("{first} {}\n", run.len()).bytes());
            for offset in run {
                bytes.extend(format!("{offset:010} 00000 n\r\n").bytes());
            }
        }
        let known = self.objects.last_key_value().map_or(0, |(number, _)| *number);
        let size =
            offsets.last_key_value().map_or(0, |(number, _)| *number).max(known) + 1;
        let mut trailer = Dict::default();
        trailer.set("Size", size.to_string());
        trailer.set("Root", format!("{} 0 R", self.root));
        if let Some(info) = self.info {
            trailer.set("Info", format!("{info} 0 R"));
        }
        // PDF/A (ISO 19005-3, 6.1.3) wants the identifiers in every trailer.
        trailer.set("ID", &self.id[..]);
        trailer.set("Prev", self.table.to_string());
        bytes.extend(b"trailer\n");
        bytes.extend(trailer.write());
        bytes.extend(format!("\nstartxref\n{table}\n%%EOF\n").bytes());
        Revision { bytes, objects: written, table }
    }

    /// Appends a revision of this very document.
    pub(crate) fn append(&mut self, revision: Revision) {
        self.bytes.extend(revision.bytes);
        self.objects.extend(revision.objects);
        self.table = revision.table;
    }

    fn assemble(
        bytes: &[u8],
        table: usize,
        offsets: &[usize],
        trailer: &Dict,
    ) -> Option<Self> {
        let size: usize = syntax::number(trailer.get("Size")?)?;
        let id = trailer.get("ID")?;
        if size != offsets.len() + 1 || syntax::items(id)?.len() != 2 {
            return None;
        }
        let info = match trailer.get("Info") {
            Some(info) => Some(syntax::reference(info)?),
            None => None,
        };
        Some(Self {
            bytes: bytes.to_vec(),
            objects: (1..).zip(offsets.iter().copied()).collect(),
            root: syntax::reference(trailer.get("Root")?)?,
            info,
            id: id.to_vec(),
            table,
        })
    }

    /// Walks over the objects in the order of the file: between the header and the table there is
    /// nothing but them, each whole, and none that hides others.
    fn account(&self, offsets: &[usize]) -> Result<()> {
        let broken = || refused("its objects are not as our writer makes them");
        let mut ordered: Vec<(usize, u32)> = offsets.iter().copied().zip(1..).collect();
        ordered.sort_unstable();
        let mut at = header_end(&self.bytes).ok_or_else(broken)?;
        for (offset, number) in ordered {
            let gap = self.bytes.get(at..offset).ok_or_else(broken)?;
            if gap.iter().any(|byte| *byte != b'\n') {
                return Err(broken());
            }
            at = object_end(&self.bytes, number, offset).ok_or_else(broken)?;
        }
        let gap = self.bytes.get(at..self.table).ok_or_else(broken)?;
        match gap.iter().all(|byte| *byte == b'\n') {
            true => Ok(()),
            false => Err(broken()),
        }
    }
}

pub(super) fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Seal, format!("the PDF is refused ({why})")).with_help(
        "only PDFs that testamur has made, and sealed at most once, are sealed",
    )
}

/// The table that the last line but one names; nothing may follow the end.
fn last_table(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_suffix(b"\n").unwrap_or(bytes).strip_suffix(b"\n%%EOF")?;
    let line = rest.iter().rposition(|byte| *byte == b'\n')?;
    rest[..line].strip_suffix(b"startxref").filter(|rest| rest.ends_with(b"\n"))?;
    syntax::number(&rest[line + 1..]).filter(|table| *table < bytes.len())
}

/// The offsets of the objects from one on, the trailer, and where the revision ends.
fn read_table(bytes: &[u8], table: usize) -> Option<(Vec<usize>, Dict, usize)> {
    let rest = bytes.get(table..)?.strip_prefix(b"xref\n0 ")?;
    let line = rest.iter().take(10).position(|byte| *byte == b'\n')?;
    let count: usize =
        syntax::number(&rest[..line]).filter(|count| *count <= MAX_OBJECTS)?;
    let (entries, _) = rest[line + 1..].split_at_checked(count.checked_mul(20)?)?;
    let mut entries = entries.as_chunks::<20>().0.iter();
    if entries.next()? != b"0000000000 65535 f\r\n" {
        return None;
    }
    let offset = |entry: &[u8; 20]| {
        syntax::number(&entry[..10]).filter(|_| entry[10..] == *b" 00000 n\r\n")
    };
    let offsets = entries.map(offset).collect::<Option<_>>()?;
    let after = table + b"xref\n0 ".len() + line + 1 + count * 20;
    let (trailer, end) = trailer_at(bytes, table, after)?;
    Some((offsets, trailer, end))
}

/// The trailer that belongs to a table, and where the revision ends.
fn read_trailer(bytes: &[u8], table: usize) -> Option<(Dict, usize)> {
    let rest = bytes.get(table..)?;
    let mut at = rest.strip_prefix(b"xref\n").map(|_| table + 5)?;
    // Runs of entries, each begun by its first number and its length.
    while bytes.get(at)?.is_ascii_digit() {
        let line = bytes[at..].iter().take(24).position(|byte| *byte == b'\n')?;
        let head = &bytes[at..at + line];
        let space = head.iter().position(|byte| *byte == b' ')?;
        let count: usize =
            syntax::number(&head[space + 1..]).filter(|count| *count <= MAX_OBJECTS)?;
        at += line + 1 + count * 20;
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

/// The first line, and the comment that tells a file transfer that this is no text.
fn header_end(bytes: &[u8]) -> Option<usize> {
    let line = bytes.iter().take(16).position(|byte| *byte == b'\n')? + 1;
    let comment = bytes.get(line..line + 6)?;
    let binary = comment[1..5].iter().all(|byte| *byte >= 0x80);
    (comment[0] == b'%' && binary && comment[5] == b'\n').then_some(line + 6)
}

/// Where the value of an object begins.
fn object_start(bytes: &[u8], number: u32, at: usize) -> Option<usize> {
    let head = format!("{number} 0 obj\n");
    bytes.get(at..)?.starts_with(head.as_bytes()).then_some(at + head.len())
}

/// Where an object ends, with its stream if it has one.
fn object_end(bytes: &[u8], number: u32, at: usize) -> Option<usize> {
    let start = object_start(bytes, number, at)?;
    let mut end = syntax::value_end(bytes, start, 0)?;
    if bytes.get(end..)?.starts_with(b"\nstream\n") {
        let (dict, _) = Dict::read(bytes, start)?;
        // Streams of objects or cross-references hide what this walk is to see.
        if matches!(dict.get("Type"), Some(b"/ObjStm" | b"/XRef")) {
            return None;
        }
        let length: usize = syntax::number(dict.get("Length")?)?;
        let body: Range<usize> = end + 8..end.checked_add(8)?.checked_add(length)?;
        bytes.get(body.clone())?;
        end = body.end;
        end += bytes.get(end..)?.starts_with(b"\nendstream").then_some(10)?;
    }
    bytes.get(end..)?.starts_with(b"\nendobj\n").then_some(end + 8)
}

/// Numbers that follow each other, and their offsets.
fn runs(offsets: &BTreeMap<u32, usize>) -> Vec<(u32, Vec<usize>)> {
    let mut runs: Vec<(u32, Vec<usize>)> = Vec::new();
    for (number, offset) in offsets {
        match runs.last_mut() {
            Some((first, run)) if *first + run.len() as u32 == *number => {
                run.push(*offset)
            }
            _ => runs.push((*number, vec![*offset])),
        }
    }
    runs
}
