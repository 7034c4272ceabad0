//! The revision that seals: a signature field that is not seen, but tagged, and its dictionary.
//!
//! The field keeps the file PDF/A-3a and PDF/UA-1: a widget without a size needs no appearance
//! (ISO 19005-3, 6.3.3), is printed and never hidden (6.3.2), stands in a `Form` element of the
//! structure (ISO 14289-1, 7.18.4), and its page is walked in the structure's order (7.18.3).
//! Later revisions may not touch the structure, so a field for an archive time stamp is reserved
//! in this one if it will ever be wanted.

use std::ops::Range;

use der::{Reader, SliceReader};

use super::document::{Document, Revision, refused};
use super::syntax::{self, Dict};
use crate::base::error::Result;
use crate::base::hex;
use crate::base::timestamp::Timestamp;

/// The fields' names.
const SEAL: &str = "Seal";
const ARCHIVE: &str = "Archive";
/// What assistive technology says of them, in English.
const SEAL_TEXT: &str = "Digital seal";
const ARCHIVE_TEXT: &str = "Archive time stamp";
/// Wide enough for the numbers of any file that is read.
const RANGE_WIDTH: usize = 40;

/// All that a sealing revision depends on besides the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealFacts {
    /// When it is said to be sealed.
    pub(crate) signing_time: Timestamp,
    /// Who seals.
    pub(crate) name: String,
    /// How many bytes of signature have room.
    pub(crate) placeholder_len: usize,
    /// Whether a field for an archive time stamp is reserved.
    pub(crate) archive: bool,
}

impl SealFacts {
    /// Reads the facts off the signature dictionary that begins the bytes after `document`. Whether
    /// a field is reserved cannot be seen there, and is taken to be so.
    pub(crate) fn read(document: &Document, appended: &[u8]) -> Option<Self> {
        let head = format!("{} 0 obj\n", document.next());
        let start = appended.iter().position(|byte| *byte != b'\n')?;
        let dict = appended.get(start..)?.strip_prefix(head.as_bytes())?;
        let (dict, _) = Dict::read(dict, 0)?;
        let signing_time = dict.get("M")?.strip_prefix(b"(")?.strip_suffix(b")")?;
        let contents = dict.get("Contents")?.strip_prefix(b"<")?.strip_suffix(b">")?;
        Some(Self {
            signing_time: Timestamp::from_pdf(signing_time)?,
            name: syntax::read_text(dict.get("Name")?)?,
            placeholder_len: contents.len() / 2,
            archive: true,
        })
    }
}

/// A revision with room for a signature over all the rest of the file.
#[derive(Debug)]
pub(crate) struct Signable {
    pub(crate) revision: Revision,
    /// The hexadecimal digits of the signature, counted from the beginning of the file.
    pub(crate) digits: Range<usize>,
    /// The reserved field for an archive time stamp.
    pub(crate) archive: Option<u32>,
    /// Where the revision begins.
    base: usize,
}

impl Signable {
    /// What is signed, in two parts: the document and this revision, without the digits.
    pub(crate) fn signed_parts<'a>(&'a self, document: &'a Document) -> [&'a [u8]; 3] {
        let (open, close) = self.contents_range();
        [document.bytes(), &self.revision.bytes[..open], &self.revision.bytes[close..]]
    }

    /// Writes a signature into its place.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): it is longer than the room for it.
    pub(crate) fn embed(&mut self, signature: &[u8]) -> Result<()> {
        let digits = hex::upper(signature);
        let start = self.digits.start - self.base;
        if digits.len() > self.digits.len() {
            return Err(refused(&format!(
                "a signature of {} bytes does not fit into {}",
                signature.len(),
                self.digits.len() / 2
            )));
        }
        self.revision.bytes[start..start + digits.len()]
            .copy_from_slice(digits.as_bytes());
        Ok(())
    }

    /// The signature that stands in `file` at its place, if the file holds this very revision,
    /// byte for byte; the revision then is as the file has it.
    pub(crate) fn extract(&mut self, file: &[u8]) -> Option<Vec<u8>> {
        let theirs = file.get(self.base..)?.get(..self.revision.bytes.len())?;
        let (open, close) = self.contents_range();
        let ours = &self.revision.bytes;
        if theirs[..=open] != ours[..=open] || theirs[close - 1..] != ours[close - 1..] {
            return None;
        }
        let signature = hex::read_upper(&theirs[open + 1..close - 1])?;
        self.revision.bytes = theirs.to_vec();
        unpadded(&signature).map(<[u8]>::to_vec)
    }

    /// The revision up to where the signature begins.
    pub(crate) fn head(&self) -> &[u8] {
        &self.revision.bytes[..self.contents_range().0]
    }

    /// Where the digits' brackets begin and end in the revision.
    fn contents_range(&self) -> (usize, usize) {
        (self.digits.start - 1 - self.base, self.digits.end + 1 - self.base)
    }
}

/// One DER value, when nothing but zeros follows it.
fn unpadded(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let value = reader.tlv_bytes().ok()?;
    bytes[value.len()..].iter().all(|byte| *byte == 0).then_some(value)
}

/// The revision that seals a document.
///
/// # Errors
/// [`ErrorKind::Seal`](crate::ErrorKind::Seal): pages or structure are not as our writer makes them.
pub(crate) fn seal(document: &Document, facts: &SealFacts) -> Result<Signable> {
    let mut numbers = document.next()..;
    let mut next = || numbers.next().unwrap_or(u32::MAX);
    let signature = next();
    let page = first_page(document)?;
    let mut fields =
        vec![Field { number: next(), element: next(), name: SEAL, text: SEAL_TEXT }];
    if facts.archive {
        let field =
            Field { number: next(), element: next(), name: ARCHIVE, text: ARCHIVE_TEXT };
        fields.push(field);
    }
    let mut tags = Tags::read(document)?;
    let keys: Vec<u32> =
        fields.iter().map(|field| tags.add(field)).collect::<Result<_>>()?;

    let mut objects = vec![(signature, signature_dictionary(facts))];
    for (field, key) in fields.iter().zip(keys) {
        let mut widget = field.widget(page, key);
        if field.name == SEAL {
            widget.set("V", format!("{signature} 0 R"));
        }
        objects.push((field.number, widget.write()));
        objects.push((field.element, field.element(tags.document, page)));
    }
    objects.extend(page_and_catalog(document, page, &fields, signature)?);
    objects.extend(tags.write());
    let archive = fields.get(1).map(|field| field.number);
    signable(document, document.revise(objects), archive)
}

/// The revision that fills the reserved field with an archive time stamp.
///
/// # Errors
/// [`ErrorKind::Seal`](crate::ErrorKind::Seal): there is no such field.
pub(crate) fn embed_archive(
    document: &Document,
    field: u32,
    placeholder_len: usize,
) -> Result<Signable> {
    let stamp = document.next();
    let mut dict = Dict::default();
    dict.set("Type", "/DocTimeStamp");
    dict.set("Filter", "/Adobe.PPKLite");
    dict.set("SubFilter", "/ETSI.RFC3161");
    put_byte_range_and_placeholder(&mut dict, placeholder_len);
    let mut widget = document.dict(field)?;
    widget.set("V", format!("{stamp} 0 R"));
    let revision = document.revise(vec![(stamp, dict.write()), (field, widget.write())]);
    signable(document, revision, None)
}

/// How many bytes of archive stamp have room in the bytes after `document`.
pub(crate) fn archive_placeholder_len(
    document: &Document,
    appended: &[u8],
) -> Option<usize> {
    let head = format!("{} 0 obj\n", document.next());
    let (dict, _) = Dict::read(appended.strip_prefix(head.as_bytes())?, 0)?;
    dict.get("Contents").map(|contents| contents.len().saturating_sub(2) / 2)
}

struct Field {
    number: u32,
    element: u32,
    name: &'static str,
    text: &'static str,
}

impl Field {
    /// The field, which is its own widget: printed and locked (flags 4 and 128), without a size.
    fn widget(&self, page: u32, key: u32) -> Dict {
        let mut dict = Dict::default();
        dict.set("Type", "/Annot");
        dict.set("Subtype", "/Widget");
        dict.set("FT", "/Sig");
        dict.set("T", syntax::text(self.name));
        dict.set("TU", syntax::text(self.text));
        dict.set("F", "132");
        dict.set("Rect", "[0 0 0 0]");
        dict.set("P", format!("{page} 0 R"));
        dict.set("StructParent", key.to_string());
        dict
    }

    fn element(&self, parent: u32, page: u32) -> Vec<u8> {
        let mut dict = Dict::default();
        dict.set("Type", "/StructElem");
        dict.set("S", "/Form");
        dict.set("P", format!("{parent} 0 R"));
        dict.set("Pg", format!("{page} 0 R"));
        dict.set("Lang", "(en)");
        dict.set("Alt", syntax::text(self.text));
        dict.set("K", format!("<</Type/OBJR/Pg {page} 0 R/Obj {} 0 R>>", self.number));
        dict.write()
    }
}

/// The structure tree, as far as it grows.
struct Tags {
    root: (u32, Dict),
    /// The element that holds all others.
    document: u32,
    element: Dict,
    parents: Dict,
    next: u32,
}

impl Tags {
    fn read(source: &Document) -> Result<Self> {
        let untagged = || refused("it is not tagged as our writer tags");
        let catalog = source.dict(source.root())?;
        let root = catalog
            .get("StructTreeRoot")
            .and_then(syntax::reference)
            .ok_or_else(untagged)?;
        let tree = source.dict(root)?;
        let kids = tree.get("K").and_then(syntax::items).ok_or_else(untagged)?;
        let document = match kids[..] {
            [kid] => syntax::reference(kid).ok_or_else(untagged)?,
            _ => return Err(untagged()),
        };
        let element = source.dict(document)?;
        let parents =
            tree.get("ParentTree").and_then(Dict::parse).ok_or_else(untagged)?;
        let next = tree
            .get("ParentTreeNextKey")
            .and_then(syntax::number)
            .ok_or_else(untagged)?;
        Ok(Self { root: (root, tree), document, element, parents, next })
    }

    /// Hangs a field's element into the tree, and gives the field its key to it.
    fn add(&mut self, field: &Field) -> Result<u32> {
        let untagged = || refused("it is not tagged as our writer tags");
        let key = self.next;
        let entry = [key.to_string(), format!("{} 0 R", field.element)];
        let nums =
            self.parents.get("Nums").and_then(|nums| syntax::extended(nums, &entry));
        self.parents.set("Nums", nums.ok_or_else(untagged)?);
        let kids = self.element.get("K").and_then(|k| syntax::extended(k, &entry[1..]));
        self.element.set("K", kids.ok_or_else(untagged)?);
        self.next = key.checked_add(1).ok_or_else(untagged)?;
        Ok(key)
    }

    fn write(self) -> [(u32, Vec<u8>); 2] {
        let (root, mut tree) = self.root;
        tree.set("ParentTree", self.parents.write());
        tree.set("ParentTreeNextKey", self.next.to_string());
        [(root, tree.write()), (self.document, self.element.write())]
    }
}

fn first_page(document: &Document) -> Result<u32> {
    let broken = || refused("its pages are not as our writer makes them");
    let catalog = document.dict(document.root())?;
    let mut number =
        catalog.get("Pages").and_then(syntax::reference).ok_or_else(broken)?;
    // A tree of pages is shallow; the bound keeps out one that leads in circles.
    for _ in 0..8 {
        let node = document.dict(number)?;
        match (node.get("Type"), node.get("Kids")) {
            (Some(b"/Page"), None) => return Ok(number),
            (_, Some(kids)) => {
                let first = syntax::items(kids).and_then(|kids| kids.first().copied());
                number = first.and_then(syntax::reference).ok_or_else(broken)?;
            }
            _ => break,
        }
    }
    Err(broken())
}

fn page_and_catalog(
    document: &Document,
    page: u32,
    fields: &[Field],
    signature: u32,
) -> Result<[(u32, Vec<u8>); 2]> {
    let references: Vec<String> =
        fields.iter().map(|field| format!("{} 0 R", field.number)).collect();
    let mut page_dict = document.dict(page)?;
    let annotations = page_dict.get("Annots").unwrap_or(b"[]");
    let annotations = syntax::extended(annotations, &references)
        .ok_or_else(|| refused("its annotations are not as our writer makes them"))?;
    page_dict.set("Annots", annotations);
    page_dict.set("Tabs", "/S");
    let mut catalog = document.dict(document.root())?;
    // Signatures exist (1), and the file may only grow by appending (2).
    let form = format!("<</SigFlags 3/Fields[{}]>>", references.join(" "));
    catalog.set("AcroForm", form);
    catalog.set("Perms", format!("<</DocMDP {signature} 0 R>>"));
    Ok([(page, page_dict.write()), (document.root(), catalog.write())])
}

/// The signature dictionary (ETSI EN 319 142-1, 5.3), which certifies that nothing may change.
fn signature_dictionary(facts: &SealFacts) -> Vec<u8> {
    let mut dict = Dict::default();
    dict.set("Type", "/Sig");
    dict.set("Filter", "/Adobe.PPKLite");
    dict.set("SubFilter", "/ETSI.CAdES.detached");
    dict.set("M", format!("({})", facts.signing_time.to_pdf()));
    dict.set("Name", syntax::text(&facts.name));
    dict.set(
        "Reference",
        "[<</Type/SigRef/TransformMethod/DocMDP\
         /TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]",
    );
    put_byte_range_and_placeholder(&mut dict, facts.placeholder_len);
    dict.write()
}

fn put_byte_range_and_placeholder(dict: &mut Dict, placeholder_len: usize) {
    dict.set("ByteRange", "[".to_owned() + &" ".repeat(RANGE_WIDTH) + "]");
    dict.set("Contents", format!("<{}>", "0".repeat(placeholder_len * 2)));
}

/// Fills in the range: everything but the signature's digits and their brackets.
fn signable(
    document: &Document,
    mut revision: Revision,
    archive: Option<u32>,
) -> Result<Signable> {
    let unwritable = || refused("it is too large");
    let base = document.bytes().len();
    let first = revision.first() - base;
    let at = |key: &[u8]| {
        let found =
            revision.bytes[first..].windows(key.len()).position(|bytes| bytes == key);
        found.map(|found| first + found + key.len()).ok_or_else(unwritable)
    };
    // Both keys stand in the first object, and no value before them can contain either.
    let (range, open) = (at(b"/ByteRange[")?, at(b"/Contents<")?);
    let close = revision.bytes[open..].iter().position(|byte| *byte == b'>');
    let close = open + close.ok_or_else(unwritable)?;
    let after = revision.bytes.len() - (close + 1);
    let text = format!("0 {} {} {after}]", base + open - 1, base + close + 1);
    let padded = format!("{text:<width$}", width = RANGE_WIDTH + 1);
    let slot =
        revision.bytes.get_mut(range..range + RANGE_WIDTH + 1).ok_or_else(unwritable)?;
    if padded.len() != slot.len() {
        return Err(unwritable());
    }
    slot.copy_from_slice(padded.as_bytes());
    Ok(Signable { revision, digits: base + open..base + close, archive, base })
}
