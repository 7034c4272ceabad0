//! Many PDFs merged into one, for a printer.
//!
//! Takes finished PDFs one by one and writes the merged file as they come, so that ten thousand
//! certificates take no more memory than one. The decision made here: the merged file has the pages
//! and nothing else. Tags, links, attachments and seals are left out, because they belong to a
//! single document. Equal fonts and pictures are written once.
//!
//! The crate `hayro-write` does not replace this file: it decodes each page's content and writes
//! the fonts of each document again, and it drops the boxes that a printer cuts by.

mod trim;

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use hayro_syntax::Pdf;
use hayro_syntax::object::{Dict, MaybeRef, ObjRef, Object, ObjectIdentifier, Rect};
use hayro_syntax::page::{Page, Rotation};
use ring::digest::{SHA256, digest};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;

/// The object number of the document catalog.
const CATALOG: usize = 1;
/// The object number of the page tree's root.
const PAGES: usize = 2;
/// How deep arrays and dictionaries may be nested. No page needs that depth.
const MAX_DEPTH: usize = 64;
/// The keys of a page dictionary that are copied. The four inheritable ones are written apart (ISO
/// 32000-2, table 31).
const PAGE_KEYS: [&[u8]; 2] = [b"Group", b"UserUnit"];
/// The same for a page with a trim box of its own, which keeps all its boxes.
const OWN_BOXES: [&[u8]; 3] = [b"ArtBox", b"BleedBox", b"TrimBox"];

/// Merges PDFs into one, in the order in which they are added.
///
/// ```
/// use testamur::register::PdfMerger;
/// use testamur::{Date, Press, Request, Site};
///
/// let press = Press::new(Site::demo())?;
/// let course = press.courses().iter().next().expect("the demo has courses");
/// let request = Request::new(&course.id, "Ada Lovelace")?;
/// let draft = press.draft(&request, Date::parse("2026-05-14")?)?;
///
/// let mut merged = Vec::new();
/// let mut merger = PdfMerger::new(&mut merged)?;
/// merger.add(&draft.bytes)?;
/// merger.add(&draft.bytes)?;
/// merger.finish()?;
/// assert!(merged.starts_with(b"%PDF-"));
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug)]
pub struct PdfMerger<W> {
    out: W,
    /// How many bytes were written.
    written: u64,
    /// The byte at which each object begins, from object number 1; 0 until it is written.
    offsets: Vec<u64>,
    /// The object numbers of the pages.
    pages: Vec<usize>,
    /// The object numbers of streams without references, by the SHA-256 of their content.
    shared: HashMap<[u8; 32], usize>,
    has_crop_marks: bool,
}

impl<W: Write> PdfMerger<W> {
    /// Begins a merged file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the file cannot be written.
    pub fn new(out: W) -> Result<Self> {
        let mut merger = Self {
            out,
            written: 0,
            offsets: vec![0; PAGES],
            pages: Vec::new(),
            shared: HashMap::new(),
            has_crop_marks: false,
        };
        // The bytes beyond ASCII tell programs that the file is binary (ISO 32000-2, 7.5.2).
        merger.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")?;
        Ok(merger)
    }

    /// Gives each page without a trim box of its own the marks that a printer cuts by: a trim box,
    /// which is the page as it was; a bleed box, three millimetres larger on each side; and crop
    /// marks around it.
    #[must_use]
    pub fn with_crop_marks(mut self) -> Self {
        self.has_crop_marks = true;
        self
    }

    /// Adds the pages of a PDF.
    ///
    /// # Errors
    /// [`ErrorKind::Export`]: the PDF cannot be read; [`ErrorKind::Io`]: the file cannot be
    /// written.
    pub fn add(&mut self, pdf: &[u8]) -> Result<()> {
        let pdf = Pdf::new(Arc::new(pdf.to_vec()))
            .map_err(|_| unreadable("it is no PDF that can be read"))?;
        let mut copy =
            DocumentCopy { pdf: &pdf, numbers: HashMap::new(), waiting: Vec::new() };
        for page in pdf.pages().iter() {
            let number = self.reserve();
            let mut body = format!("<</Type/Page/Parent {PAGES} 0 R").into_bytes();
            let has_boxes = !self.has_crop_marks || page.raw().contains_key(b"TrimBox");
            if has_boxes {
                write_boxes(&mut body, page);
            } else {
                trim::write_boxes(&mut body, page.crop_box());
            }
            write_rotation(&mut body, page);
            match copy.resources(page.raw()) {
                Some(value) => {
                    body.extend(b"/Resources");
                    copy.value(self, &mut body, &value, 0)?;
                }
                None => body.extend(b"/Resources<<>>"),
            }
            for (key, value) in page.raw().entries() {
                let key: &[u8] = key.as_ref();
                if PAGE_KEYS.contains(&key) || has_boxes && OWN_BOXES.contains(&key) {
                    write_name(&mut body, key);
                    copy.value(self, &mut body, &value, 0)?;
                }
            }
            body.extend(b"/Contents[");
            let marks = (!has_boxes).then(|| trim::crop_marks(page.crop_box()));
            if marks.is_some() {
                let number = self.stream(b"q\n")?;
                body.extend(format!(" {number} 0 R").bytes());
            }
            copy.contents(self, &mut body, page.raw())?;
            if let Some(marks) = marks {
                let number = self.stream(format!("Q\n{marks}").as_bytes())?;
                body.extend(format!(" {number} 0 R").bytes());
            }
            body.push(b']');
            body.extend(b">>");
            self.object(number, &body)?;
            self.pages.push(number);
            while let Some((from, to)) = copy.waiting.pop() {
                copy.object(self, from, to)?;
            }
        }
        Ok(())
    }

    /// Writes the page tree and the cross-reference table, and ends the file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the file cannot be written; [`ErrorKind::Export`]: no PDF was added.
    pub fn finish(mut self) -> Result<()> {
        if self.pages.is_empty() {
            return Err(unreadable("no PDF was added"));
        }
        let catalog = format!("<</Type/Catalog/Pages {PAGES} 0 R>>");
        self.object(CATALOG, catalog.as_bytes())?;
        // A page tree may have one level of any width (ISO 32000-2, 7.7.3).
        let kids: String =
            self.pages.iter().map(|number| format!("{number} 0 R ")).collect();
        let pages = format!("<</Type/Pages/Count {}/Kids[{kids}]>>", self.pages.len());
        self.object(PAGES, pages.as_bytes())?;
        let (table, size) = (self.written, self.offsets.len() + 1);
        let mut end = format!("xref\n0 {size}\n0000000000 65535 f\r\n").into_bytes();
        for offset in &self.offsets {
            end.extend(format!("{offset:010} 00000 n\r\n").bytes());
        }
        let trailer = format!("trailer\n<</Size {size}/Root {CATALOG} 0 R>>\n");
        end.extend(format!("{trailer}startxref\n{table}\n%%EOF\n").bytes());
        self.write(&end)?;
        self.out.flush().map_err(failed)
    }

    /// The number of a stream with this content, which is written once.
    fn stream(&mut self, content: &[u8]) -> Result<usize> {
        let mut body = format!("<</Length {}>>\nstream\n", content.len()).into_bytes();
        body.extend(content);
        body.extend(b"\nendstream");
        self.shared_object(&body)
    }

    /// The number of an object that refers to no other, which is written once.
    fn shared_object(&mut self, body: &[u8]) -> Result<usize> {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, body).as_ref());
        if let Some(&number) = self.shared.get(&hash) {
            return Ok(number);
        }
        let number = self.reserve();
        self.object(number, body)?;
        self.shared.insert(hash, number);
        Ok(number)
    }

    fn reserve(&mut self) -> usize {
        self.offsets.push(0);
        self.offsets.len()
    }

    fn object(&mut self, number: usize, body: &[u8]) -> Result<()> {
        self.offsets[number - 1] = self.written;
        self.write(format!("{number} 0 obj\n").as_bytes())?;
        self.write(body)?;
        self.write(b"\nendobj\n")
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(failed)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// The state of copying one document into the merged file.
struct DocumentCopy<'a> {
    pdf: &'a Pdf,
    /// The object numbers in the merged file.
    numbers: HashMap<ObjRef, usize>,
    /// Objects that have a number in the merged file and are not written yet.
    waiting: Vec<(ObjRef, usize)>,
}

impl<'a> DocumentCopy<'a> {
    fn object<W: Write>(
        &mut self,
        merger: &mut PdfMerger<W>,
        from: ObjRef,
        to: usize,
    ) -> Result<()> {
        let mut body = Vec::new();
        match self.find(from) {
            Some(object) => self.direct(merger, &mut body, &object, 0)?,
            // A reference to nothing is null (ISO 32000-2, 7.3.10).
            None => body.extend(b"null"),
        }
        merger.object(to, &body)
    }

    fn find(&self, reference: ObjRef) -> Option<Object<'a>> {
        self.pdf.xref().get::<Object<'a>>(ObjectIdentifier::new(
            reference.obj_number,
            reference.gen_number,
        ))
    }

    /// The resources of a page: its own, else those of the nearest node above it in the page tree.
    fn resources(&self, page: &Dict<'a>) -> Option<MaybeRef<Object<'a>>> {
        let mut node = page.clone();
        // The nodes of a broken file may form a circle.
        for _ in 0..MAX_DEPTH {
            match node.get_raw("Resources") {
                None | Some(MaybeRef::NotRef(Object::Null(_))) => {}
                found => return found,
            }
            // `get` would not resolve a reference to a node that is being read already.
            node = self.find(node.get_ref("Parent")?)?.into_dict()?;
        }
        None
    }

    /// Writes the streams of a page's content, without the brackets of their array.
    fn contents<W: Write>(
        &mut self,
        merger: &mut PdfMerger<W>,
        body: &mut Vec<u8>,
        page: &Dict<'a>,
    ) -> Result<()> {
        let contents = match page.get_raw::<Object<'a>>("Contents") {
            None => return Ok(()),
            Some(MaybeRef::Ref(reference)) => match self.find(reference) {
                Some(Object::Array(array)) => array,
                _ => return self.value(merger, body, &MaybeRef::Ref(reference), 0),
            },
            Some(MaybeRef::NotRef(Object::Array(array))) => array,
            Some(MaybeRef::NotRef(_)) => return Ok(()),
        };
        for item in contents.raw_iter() {
            self.value(merger, body, &item, 0)?;
        }
        Ok(())
    }

    /// The number that an object has in the merged file.
    fn number<W: Write>(
        &mut self,
        merger: &mut PdfMerger<W>,
        reference: ObjRef,
    ) -> Result<usize> {
        if let Some(&number) = self.numbers.get(&reference) {
            return Ok(number);
        }
        let leaf = match self.find(reference) {
            Some(Object::Stream(stream)) if is_leaf(stream.dict()) => {
                let mut body = Vec::new();
                self.direct(merger, &mut body, &Object::Stream(stream), 0)?;
                Some(body)
            }
            _ => None,
        };
        let number = match leaf {
            None => {
                let number = merger.reserve();
                self.waiting.push((reference, number));
                number
            }
            Some(body) => merger.shared_object(&body)?,
        };
        self.numbers.insert(reference, number);
        Ok(number)
    }

    fn value<W: Write>(
        &mut self,
        merger: &mut PdfMerger<W>,
        body: &mut Vec<u8>,
        value: &MaybeRef<Object<'a>>,
        depth: usize,
    ) -> Result<()> {
        match value {
            MaybeRef::NotRef(object) => self.direct(merger, body, object, depth),
            MaybeRef::Ref(reference) => {
                let number = self.number(merger, *reference)?;
                body.extend(format!(" {number} 0 R").bytes());
                Ok(())
            }
        }
    }

    fn direct<W: Write>(
        &mut self,
        merger: &mut PdfMerger<W>,
        body: &mut Vec<u8>,
        object: &Object<'a>,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(unreadable("its objects are nested too deeply"));
        }
        match object {
            Object::Null(_) => body.extend(b" null"),
            Object::Boolean(true) => body.extend(b" true"),
            Object::Boolean(false) => body.extend(b" false"),
            Object::Number(number) => {
                body.extend(format!(" {}", number.as_f64()).bytes());
            }
            Object::String(string) => {
                body.push(b'<');
                body.extend(hex::upper(string.as_bytes()).bytes());
                body.push(b'>');
            }
            Object::Name(name) => write_name(body, name.as_ref()),
            Object::Array(array) => {
                body.push(b'[');
                for item in array.raw_iter() {
                    self.value(merger, body, &item, depth + 1)?;
                }
                body.push(b']');
            }
            Object::Dict(dict) => self.dict(merger, body, dict, None, depth)?,
            Object::Stream(stream) => {
                let data = stream.raw_data();
                self.dict(merger, body, stream.dict(), Some(data.len()), depth)?;
                body.extend(b"\nstream\n");
                body.extend_from_slice(&data);
                body.extend(b"\nendstream");
            }
        }
        Ok(())
    }

    /// Writes a dictionary. The dictionary of a stream gets the length of its data.
    fn dict<W: Write>(
        &mut self,
        merger: &mut PdfMerger<W>,
        body: &mut Vec<u8>,
        dict: &Dict<'a>,
        length: Option<usize>,
        depth: usize,
    ) -> Result<()> {
        body.extend(b"<<");
        if let Some(length) = length {
            body.extend(format!("/Length {length}").bytes());
        }
        for (key, value) in dict.entries() {
            let key: &[u8] = key.as_ref();
            // The structure tree that these keys refer to is not copied.
            let dropped = key == b"StructParent" || key == b"StructParents";
            if dropped || (length.is_some() && key == b"Length") {
                continue;
            }
            write_name(body, key);
            self.value(merger, body, &value, depth + 1)?;
        }
        body.extend(b">>");
        Ok(())
    }
}

/// Writes the boxes that a page may inherit from the page tree.
fn write_boxes(body: &mut Vec<u8>, page: &Page<'_>) {
    for (key, area) in [("MediaBox", page.media_box()), ("CropBox", page.crop_box())] {
        let Rect { x0, y0, x1, y1 } = area;
        body.extend(format!("/{key}[{x0} {y0} {x1} {y1}]").bytes());
    }
}

/// Writes the rotation, which a page may inherit too.
fn write_rotation(body: &mut Vec<u8>, page: &Page<'_>) {
    let degrees = match page.rotation() {
        Rotation::None => 0,
        Rotation::Horizontal => 90,
        Rotation::Flipped => 180,
        Rotation::FlippedHorizontal => 270,
    };
    body.extend(format!("/Rotate {degrees}").bytes());
}

/// Whether a dictionary has no references but that to its length.
fn is_leaf(dict: &Dict<'_>) -> bool {
    dict.entries().all(|(key, value)| {
        let key: &[u8] = key.as_ref();
        match value {
            MaybeRef::Ref(_) => key == b"Length",
            MaybeRef::NotRef(Object::Dict(_)) => false,
            MaybeRef::NotRef(Object::Array(items)) => {
                items.raw_iter().all(|item| match item {
                    MaybeRef::NotRef(item) => {
                        !matches!(item, Object::Dict(_) | Object::Array(_))
                    }
                    MaybeRef::Ref(_) => false,
                })
            }
            MaybeRef::NotRef(_) => true,
        }
    })
}

/// Writes a name, with the escapes that it needs (ISO 32000-2, 7.3.5).
fn write_name(body: &mut Vec<u8>, name: &[u8]) {
    body.push(b'/');
    for &byte in name {
        match byte {
            b'!'..=b'~' if !b"#()<>[]{}/%".contains(&byte) => body.push(byte),
            _ => body.extend(format!("#{byte:02X}").bytes()),
        }
    }
}

fn unreadable(why: &str) -> Error {
    Error::new(ErrorKind::Export, format!("failed to merge the PDF ({why})"))
}

fn failed(cause: io::Error) -> Error {
    Error::caused(ErrorKind::Io, "failed to write the merged PDF", cause)
}
