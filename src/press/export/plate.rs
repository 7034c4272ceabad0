//! Writes the file of a certificate by filling in the file of its [`Skeleton`], which
//! typst-pdf writes once.
//!
//! Takes a document, gives its PDF, or nothing for a document that typst-pdf has to write. The
//! decision made here: tags, metadata, drawings and order are what typst-pdf writes for the
//! skeleton; the faces, the words, the code and the addresses are written here. Which way a
//! document is written, and the result, depend on the document alone: a plate that was dropped from
//! the cache is made again with the same bytes.

mod clusters;
mod code;
mod faces;
mod number;
mod skeleton;
mod template;
#[cfg(test)]
mod tests;
mod words;

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{Context, SHA256};
use typst::utils::hash128;
use typst_pdf::PdfOptions;

use self::faces::{OBJECTS, UsedFaces, deflated};
use self::number::integer;
use self::skeleton::Skeleton;
use self::template::{Filling, Object, Template};
use super::drawings::Drawings;
use super::suspects::blank_suspects;
use crate::base::cache::Cache;
use crate::base::error::Result;
use crate::press::engine::laid_out::LaidOut;
use crate::seal::pdf::write_table;

/// The largest number of plates that are kept, and their bytes together.
const MAX_KEPT: (usize, usize) = (256, 64 << 20);
/// How hard the content of a page is compressed, from 1 to 9.
const CONTENT_LEVEL: u32 = 3;
/// The identifier of a skeleton.
const SKELETON_ID: &str = "plate";

static PLATES: LazyLock<Cache<u128, Option<Template>>> = LazyLock::new(|| {
    let weigh = |plate: &Option<Template>| plate.as_ref().map_or(0, Template::len);
    Cache::with_weights(MAX_KEPT.0, MAX_KEPT.1, weigh)
});

/// Writes the PDF of a document whose heavy drawings are taken out, or `None` if typst-pdf has to.
/// `codes` are the picture that differs on each certificate, as the document has it and as the file
/// gets it.
pub(super) fn write(
    document: &LaidOut,
    drawings: Option<&Drawings>,
    codes: Option<(&[u8], &[u8])>,
    identifier: &str,
    options: &dyn Fn(&str) -> PdfOptions,
) -> Option<Vec<u8>> {
    let (shown, code) = codes.unzip();
    let skeleton = Skeleton::of(document, shown)?;
    let plate = plate_of(&skeleton, drawings, &options(SKELETON_ID))?;
    let plate = plate.as_ref().as_ref()?;
    let mut faces = UsedFaces::default();
    for words in skeleton.pages.iter().flatten() {
        faces.add(words.text);
    }
    let faces = faces.finish();
    File { plate, skeleton: &skeleton, faces: &faces, identifier, code }.write()
}

fn plate_of(
    skeleton: &Skeleton,
    drawings: Option<&Drawings>,
    options: &PdfOptions,
) -> Option<Arc<Option<Template>>> {
    let keys: Vec<u128> = drawings.map(Drawings::keys).unwrap_or_default();
    let info = skeleton.document.info();
    let pages: Vec<u128> = skeleton
        .document
        .pages()
        .iter()
        .map(|page| hash128(&(&page.frame, &page.fill, page.number)))
        .collect();
    let key = hash128(&(pages, keys, info, options));
    let made = PLATES.get(key, || -> Result<_> { Ok(make(skeleton, drawings, options)) });
    made.ok()
}

fn make(
    skeleton: &Skeleton,
    drawings: Option<&Drawings>,
    options: &PdfOptions,
) -> Option<Template> {
    let mut pdf = typst_pdf::pdf(&skeleton.document.to_document(), options).ok()?;
    blank_suspects(&mut pdf);
    if let Some(drawings) = drawings {
        pdf = drawings.put_back(&pdf)?;
    }
    Template::read(&pdf, skeleton)
}

/// A file to be written.
struct File<'a> {
    plate: &'a Template,
    skeleton: &'a Skeleton<'a>,
    faces: &'a UsedFaces<'a>,
    identifier: &'a str,
    code: Option<&'a [u8]>,
}

impl File<'_> {
    fn write(&self) -> Option<Vec<u8>> {
        let objects = self.faces.iter().map(|face| face.objects());
        let objects: Vec<_> = objects.collect::<Option<_>>()?;
        // The numbers that the skeleton's face leaves free, then new ones.
        let count = self.plate.objects.len() as u32;
        let mut numbers = self.plate.free.iter().copied().chain(count + 1..);
        let numbers: Vec<u32> = numbers.by_ref().take(objects.len() * OBJECTS).collect();
        let mut faces: Vec<(u32, usize, usize)> = Vec::with_capacity(numbers.len());
        let mut fonts = b"<<".to_vec();
        for (index, numbers) in numbers.chunks(OBJECTS).enumerate() {
            fonts.extend(b"/F");
            integer(&mut fonts, index as u64);
            fonts.push(b' ');
            integer(&mut fonts, numbers[0].into());
            fonts.extend(b" 0 R");
            faces.extend(
                numbers.iter().zip(0..).map(|(number, part)| (*number, index, part)),
            );
        }
        fonts.extend(b">>");
        faces.sort_unstable();
        let contents = self.contents(&fonts);
        let (document_id, instance_id) = self.identifiers(&contents);
        let filling = Filling {
            skeleton: self.skeleton,
            fonts: &fonts,
            document_id: &document_id,
            instance_id: &instance_id,
        };

        let mut out = Vec::with_capacity(self.plate.len() + (64 << 10));
        out.extend(&self.plate.header);
        let last = faces.last().map_or(count, |(number, ..)| count.max(*number));
        let mut offsets = Vec::with_capacity(last as usize);
        for number in 1..=last {
            offsets.push(out.len());
            integer(&mut out, number.into());
            out.extend(b" 0 obj\n");
            match self.plate.objects.get(number as usize - 1).unwrap_or(&Object::Free) {
                Object::Fixed(body) => out.extend(body),
                Object::Filled(parts) => filling.write(parts, &mut out, |_, _| {}),
                Object::Metadata(entries, parts) => {
                    let mut xml = Vec::with_capacity(6 << 10);
                    filling.write(parts, &mut xml, |_, _| {});
                    stream(&mut out, entries, &xml);
                }
                Object::Content(page, ..) => {
                    stream(&mut out, b"/Filter/FlateDecode", &contents[*page]);
                }
                Object::Code => out.extend(code::form(self.code?, self.plate.space)?),
                Object::Free => {
                    match faces.binary_search_by_key(&number, |face| face.0) {
                        Ok(at) => {
                            let (_, index, part) = faces[at];
                            let own = &numbers[index * OBJECTS..][..OBJECTS];
                            objects[index].as_ref().as_ref()?.write(part, own, &mut out);
                        }
                        Err(_) => out.extend(b"null"),
                    }
                }
            }
            out.extend(b"\nendobj\n");
        }
        let mut trailer = self.plate.trailer.clone();
        trailer.set("Size", (last + 1).to_string());
        trailer.set("ID", format!("[({document_id})({instance_id})]"));
        write_table(&mut out, &offsets, &trailer);
        Some(out)
    }

    /// The contents of the pages, compressed.
    fn contents(&self, fonts: &[u8]) -> Vec<Vec<u8>> {
        let filling =
            Filling { skeleton: self.skeleton, fonts, document_id: "", instance_id: "" };
        let pages = self.plate.objects.iter().filter_map(|object| match object {
            Object::Content(page, space, parts) => Some((page, space, parts)),
            _ => None,
        });
        let mut contents = vec![Vec::new(); self.skeleton.pages.len()];
        for (page, space, parts) in pages {
            let height = self.skeleton.document.pages()[*page].frame.height();
            let texts = &self.skeleton.pages[*page];
            let mut content = Vec::with_capacity(16 << 10);
            filling.write(parts, &mut content, |index, out| {
                if let Some(face) = self.faces.of(texts[index].text) {
                    words::write(out, &texts[index], height, face, space);
                }
            });
            contents[*page] = deflated(&content, CONTENT_LEVEL);
        }
        contents
    }

    /// The identifiers of the document and of this form of it.
    fn identifiers(&self, contents: &[Vec<u8>]) -> (String, String) {
        let digest = |parts: &[&[u8]]| {
            let mut context = Context::new(&SHA256);
            for part in parts {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part);
            }
            BASE64_STANDARD.encode(&context.finish().as_ref()[..16])
        };
        let identifier = self.identifier.as_bytes();
        let mut parts = vec![b"instance".as_slice(), identifier];
        parts.extend(contents.iter().map(|content| &content[..]));
        parts.extend(self.skeleton.strings.iter().map(|string| string.as_bytes()));
        parts.push(&self.plate.digest);
        parts.extend(self.skeleton.links.iter().map(|link| link.url.as_str().as_bytes()));
        (digest(&[b"document", identifier]), digest(&parts))
    }
}

fn stream(out: &mut Vec<u8>, entries: &[u8], data: &[u8]) {
    out.extend(b"<</Length ");
    integer(out, data.len() as u64);
    out.extend(entries);
    out.extend(b">>\nstream\n");
    out.extend(data);
    out.extend(b"\nendstream");
}
