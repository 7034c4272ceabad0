//! A PDF of one revision as our writer makes it, to which revisions are appended.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::syntax::{self, Dict};
use super::xref;
use crate::base::error::{Error, ErrorKind, Result};

/// The largest file that is read, in bytes: more than any certificate has.
const MAX_LEN: usize = 64 << 20;
/// The largest number of revisions that are followed. The seal is the second, and at most two
/// follow it.
const MAX_REVISIONS: usize = 8;

/// A document of which every object and every byte is known. It borrows its bytes until a revision
/// is appended.
#[derive(Debug, Clone)]
pub(crate) struct Document<'a> {
    bytes: Cow<'a, [u8]>,
    /// The offset of the newest form of each object.
    objects: BTreeMap<u32, usize>,
    root: u32,
    info: Option<u32>,
    /// The array of file identifiers as it is written.
    id: Vec<u8>,
    /// The offset of the newest cross-reference table.
    table: usize,
}

/// A revision to append: new forms of some objects, and their cross-reference table.
#[derive(Debug)]
pub(crate) struct Revision {
    pub(crate) bytes: Vec<u8>,
    objects: Vec<(u32, usize)>,
    table: usize,
}

impl Revision {
    /// The offset in the file of its first object.
    pub(crate) fn first_offset(&self) -> usize {
        self.objects.first().map_or(0, |(_, at)| *at)
    }
}

impl<'a> Document<'a> {
    /// Reads a file of one revision and accounts for every byte of it.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`]: the file is not a PDF, not one that our writer makes, or has a seal.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() > MAX_LEN {
            return Err(refused("it is larger than 64 MB"));
        }
        if !bytes.starts_with(b"%PDF-1.") {
            return Err(refused("it is no PDF"));
        }
        let start = xref::last_table(bytes)
            .ok_or_else(|| refused("its end is missing or broken"))?;
        if !bytes[start..].starts_with(b"xref\n") {
            return Err(refused("it has cross-reference streams"));
        }
        let table = xref::read_table(bytes, start)
            .ok_or_else(|| refused("its cross-references are broken"))?;
        for (key, why) in [
            ("Prev", "it has more than one revision"),
            ("XRefStm", "it has cross-reference streams"),
            ("Encrypt", "it is encrypted"),
        ] {
            if table.trailer.get(key).is_some() {
                return Err(refused(why));
            }
        }
        if table.end != bytes.len() {
            return Err(refused("something follows its end"));
        }
        let document = Self::assemble(bytes, start, &table)
            .ok_or_else(|| refused("its trailer is not as our writer makes it"))?;
        document.check_objects(&table.offsets)?;
        let catalog = document.dict(document.root)?;
        for key in ["AcroForm", "Perms", "DSS"] {
            if catalog.get(key).is_some() {
                return Err(refused("it has a form or a seal already"));
            }
        }
        Ok(document)
    }

    /// The offset at which the first revision of a file ends, and the appended ones begin.
    pub(crate) fn base_end(bytes: &[u8]) -> Option<usize> {
        let mut table = xref::last_table(bytes)?;
        for _ in 0..MAX_REVISIONS {
            let (trailer, end) = xref::read_trailer(bytes, table)?;
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

    /// The number of the catalog's object.
    pub(crate) fn root(&self) -> u32 {
        self.root
    }

    /// The lowest number above those of all objects.
    pub(crate) fn next_number(&self) -> u32 {
        self.objects.last_key_value().map_or(1, |(number, _)| number + 1)
    }

    /// The dictionary of an object that is a dictionary or a stream, in its newest form.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`]: the object is missing, or is neither.
    pub(crate) fn dict(&self, number: u32) -> Result<Dict> {
        self.objects
            .get(&number)
            .and_then(|at| object_start(&self.bytes, number, *at))
            .and_then(|start| Dict::read(&self.bytes, start))
            .map(|(dict, _)| dict)
            .ok_or_else(|| refused(&format!("its object {number} is missing or broken")))
    }

    /// The dictionaries of all objects that have one, in their newest form.
    pub(crate) fn dicts(&self) -> impl Iterator<Item = Dict> {
        self.objects.keys().filter_map(|number| self.dict(*number).ok())
    }

    /// Makes a revision with new forms of these objects, for [`append`](Self::append).
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
        let last = |objects: &BTreeMap<u32, usize>| {
            objects.last_key_value().map_or(0, |(number, _)| *number)
        };
        let size = last(&offsets).max(last(&self.objects)) + 1;
        let mut trailer = Dict::default();
        trailer.set("Size", size.to_string());
        trailer.set("Root", format!("{} 0 R", self.root));
        if let Some(info) = self.info {
            trailer.set("Info", format!("{info} 0 R"));
        }
        // PDF/A (ISO 19005-3, 6.1.3) requires the identifiers in every trailer.
        trailer.set("ID", &self.id[..]);
        trailer.set("Prev", self.table.to_string());
        xref::write(&mut bytes, table, &offsets, &trailer);
        Revision { bytes, objects: written, table }
    }

    /// Appends a revision that [`revise`](Self::revise) has made of this document.
    pub(crate) fn append(&mut self, revision: Revision) {
        self.bytes.to_mut().extend(revision.bytes);
        self.objects.extend(revision.objects);
        self.table = revision.table;
    }

    /// Like [`append`](Self::append), for a revision whose bytes follow this document in `file`.
    pub(crate) fn append_from(&mut self, file: &'a [u8], revision: Revision) {
        let end = self.bytes.len() + revision.bytes.len();
        debug_assert!(
            file[..end].ends_with(&revision.bytes),
            "the file has the revision"
        );
        self.bytes = Cow::Borrowed(&file[..end]);
        self.objects.extend(revision.objects);
        self.table = revision.table;
    }

    /// A copy that owns its bytes.
    #[cfg(any(feature = "seal", fuzzing))]
    pub(crate) fn into_owned(self) -> Document<'static> {
        Document {
            bytes: Cow::Owned(self.bytes.into_owned()),
            objects: self.objects,
            root: self.root,
            info: self.info,
            id: self.id,
            table: self.table,
        }
    }

    fn assemble(bytes: &'a [u8], start: usize, table: &xref::Table) -> Option<Self> {
        let trailer = &table.trailer;
        let size: usize = syntax::number(trailer.get("Size")?)?;
        let id = trailer.get("ID")?;
        if size != table.offsets.len() + 1 || syntax::items(id)?.len() != 2 {
            return None;
        }
        let info = match trailer.get("Info") {
            Some(info) => Some(syntax::reference(info)?),
            None => None,
        };
        Some(Self {
            bytes: Cow::Borrowed(bytes),
            objects: (1..).zip(table.offsets.iter().copied()).collect(),
            root: syntax::reference(trailer.get("Root")?)?,
            info,
            id: id.to_vec(),
            table: start,
        })
    }

    /// Checks the objects in the order of the file: between the header and the table there is
    /// nothing else, each is complete, and none is a stream that contains objects.
    fn check_objects(&self, offsets: &[usize]) -> Result<()> {
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
        if gap.iter().all(|byte| *byte == b'\n') { Ok(()) } else { Err(broken()) }
    }
}

/// The error for a PDF that cannot be sealed.
pub(super) fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Seal, format!("the PDF is refused ({why})")).with_help(
        "only PDFs that testamur has made, and sealed at most once, are sealed",
    )
}

/// The offset after the header: the version, and a comment of bytes that mark the file as binary.
fn header_end(bytes: &[u8]) -> Option<usize> {
    let line = bytes.iter().take(16).position(|byte| *byte == b'\n')? + 1;
    let comment = bytes.get(line..line + 6)?;
    let binary = comment[1..5].iter().all(|byte| *byte >= 0x80);
    (comment[0] == b'%' && binary && comment[5] == b'\n').then_some(line + 6)
}

/// The offset at which the value of an object begins.
fn object_start(bytes: &[u8], number: u32, at: usize) -> Option<usize> {
    let head = format!("{number} 0 obj\n");
    bytes.get(at..)?.starts_with(head.as_bytes()).then_some(at + head.len())
}

/// The offset at which an object ends, with its stream if it has one.
fn object_end(bytes: &[u8], number: u32, at: usize) -> Option<usize> {
    let start = object_start(bytes, number, at)?;
    let mut end = syntax::value_end(bytes, start, 0)?;
    if bytes.get(end..)?.starts_with(b"\nstream\n") {
        let (dict, _) = Dict::read(bytes, start)?;
        // Such a stream contains objects that no cross-reference table lists.
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
