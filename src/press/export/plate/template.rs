//! The file of a skeleton, taken apart at its marks.
//!
//! Takes a PDF of typst-pdf's, and finds in it the marks, the placeholders of texts and
//! that of the QR code; fills in the values of a certificate.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use ring::digest::{SHA256, digest};

use super::number::{number, string, text};
use super::skeleton::{LinkBox, Skeleton, TAG};
use crate::press::export::drawings::is_code_placeholder;
use crate::seal::pdf::Rewrite;
use crate::seal::pdf::syntax::{self, Dict};

/// The longest content stream that is taken apart, in bytes.
const MAX_CONTENT_LEN: u64 = 16 << 20;

/// The objects of a file.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) header: Vec<u8>,
    /// The objects 1, 2, ….
    pub(super) objects: Vec<Object>,
    /// The numbers of objects that may be given to others.
    pub(super) free: Vec<u32>,
    /// The trailer without its `ID`.
    pub(super) trailer: Dict,
    /// The object number of the sRGB colour space.
    pub(super) space: u32,
    /// The SHA-256 of the PDF from which it is made.
    pub(super) digest: Vec<u8>,
}

/// An object.
#[derive(Debug)]
pub(super) enum Object {
    /// An object that is the same on each certificate.
    Fixed(Vec<u8>),
    Filled(Vec<Part>),
    /// The metadata stream, with the entries of its dictionary after the length.
    Metadata(Vec<u8>, Vec<Part>),
    /// The content of the page at that position, with the name of the colour space of sRGB.
    Content(usize, Vec<u8>, Vec<Part>),
    /// The QR code.
    Code,
    Free,
}

/// A part of an object.
#[derive(Debug)]
pub(super) enum Part {
    Bytes(Vec<u8>),
    /// The string with that number, as a PDF text string.
    Text(usize),
    /// The string with that number, as XML.
    Xml(usize),
    /// The rectangle of the annotation whose first box has that number, and the corners
    /// of its boxes.
    Sides(usize),
    Corners(usize),
    Url(usize),
    DocumentId,
    InstanceId,
    /// The fonts of the pages.
    Fonts,
    /// The text with that number on the page.
    Words(usize),
}

impl Template {
    /// Takes the PDF of a skeleton apart. Returns `None` if it is not as typst-pdf writes it.
    pub(super) fn read(pdf: &[u8], skeleton: &Skeleton) -> Option<Self> {
        let file = Rewrite::read(pdf)?;
        let ids = syntax::items(file.trailer().get("ID")?)?;
        let [document_id, instance_id] = ids[..] else { return None };
        let ids = [unquoted(document_id)?, unquoted(instance_id)?];
        let mut trailer = file.trailer().clone();
        trailer.set("ID", "[]");
        let mut objects: Vec<Object> = file
            .objects()
            .map(|(_, body)| Object::of(body, &ids))
            .collect::<Option<_>>()?;
        let pages: Vec<Dict> = file
            .objects()
            .filter_map(|(_, body)| Dict::parse(body))
            .filter(|dict| dict.get("Type") == Some(b"/Page"))
            .collect();
        if pages.len() != skeleton.pages.len() {
            return None;
        }
        let mut free = Vec::new();
        let mut space = None;
        for (index, (page, words)) in pages.iter().zip(&skeleton.pages).enumerate() {
            let resources = syntax::reference(page.get("Resources")?)?;
            let content = syntax::reference(page.get("Contents")?)?;
            let dict = Dict::parse(file.object(resources)?)?;
            let parts = content_parts(file.object(content)?)?;
            let spaces = dict.get("ColorSpace").map(Dict::parse);
            let mut name = b"none".to_vec();
            if !words.is_empty() {
                name = parts.space?;
                let spaces = spaces??;
                let found = spaces.get(str::from_utf8(&name).ok()?)?;
                space = Some(syntax::reference(found)?);
                let fonts = Dict::parse(dict.get("Font")?)?;
                let mut fonts = fonts.entries();
                let (_, font) = fonts.next()?;
                if fonts.next().is_some() {
                    return None;
                }
                collect_font(&file, syntax::reference(font)?, &mut free)?;
                let mut dict = dict;
                dict.set("Font", FONTS);
                let written = dict.write();
                let at = find(&written, FONTS.as_bytes())?;
                let filled = vec![
                    Part::Bytes(written[..at].to_vec()),
                    Part::Fonts,
                    Part::Bytes(written[at + FONTS.len()..].to_vec()),
                ];
                *object_mut(&mut objects, resources)? = Object::Filled(filled);
            } else if dict.get("Font").is_some() {
                return None;
            }
            let count = |part: &&Part| matches!(part, Part::Words(_));
            if parts.parts.iter().filter(count).count() != words.len() {
                return None;
            }
            *object_mut(&mut objects, content)? =
                Object::Content(index, name, parts.parts);
        }
        for number in &free {
            *object_mut(&mut objects, *number)? = Object::Free;
        }
        let template = Self {
            header: file.header().to_vec(),
            objects,
            free,
            trailer,
            space: space?,
            digest: digest(&SHA256, pdf).as_ref().to_vec(),
        };
        template.has_all_marks(skeleton).then_some(template)
    }

    /// The size of the template in memory, in bytes.
    pub(super) fn len(&self) -> usize {
        let part = |part: &Part| match part {
            Part::Bytes(bytes) => bytes.len(),
            _ => size_of::<Part>(),
        };
        let object = |object: &Object| match object {
            Object::Fixed(bytes) => bytes.len(),
            Object::Filled(parts)
            | Object::Metadata(_, parts)
            | Object::Content(_, _, parts) => parts.iter().map(part).sum(),
            Object::Code | Object::Free => 0,
        };
        self.objects.iter().map(object).sum()
    }

    /// Whether each box of a link belongs to exactly one annotation.
    fn has_all_marks(&self, skeleton: &Skeleton) -> bool {
        let mut first = Vec::new();
        for object in &self.objects {
            let Object::Filled(parts) = object else { continue };
            let has_corners = parts.iter().any(|part| matches!(part, Part::Corners(_)));
            for part in parts {
                if let Part::Sides(index) = part {
                    if has_corners != (skeleton.boxes(*index).count() > 1) {
                        return false;
                    }
                    first.push(skeleton.links[*index].element);
                }
            }
        }
        let mut expected: Vec<_> =
            skeleton.links.iter().map(|link| link.element).collect();
        expected.sort_unstable_by_key(|(page, element)| (*page, element.hash()));
        expected.dedup();
        first.sort_unstable_by_key(|(page, element)| (*page, element.hash()));
        first == expected
    }
}

/// What stands for the fonts of the pages until their numbers are known.
const FONTS: &str = "<</plate null>>";

impl Object {
    fn of(body: &[u8], ids: &[&[u8]; 2]) -> Option<Self> {
        if is_code_placeholder(body) {
            return Some(Object::Code);
        }
        let (dict, end) = match Dict::read(body, 0) {
            Some((dict, end)) => (Some(dict), end),
            None => (None, body.len()),
        };
        if let Some(dict) = &dict
            && dict.get("Type") == Some(b"/Metadata")
            && dict.get("Subtype") == Some(b"/XML")
        {
            let xml = body.get(end..)?.strip_prefix(b"\nstream\n")?;
            let xml = xml.strip_suffix(b"\nendstream")?;
            if dict.get("Filter").is_some() {
                return None;
            }
            let parts = marked(xml, &|mark| Some(Part::Xml(mark.string()?)))?;
            let parts = split_at_ids(parts, ids);
            return Some(Object::Metadata(b"/Type/Metadata/Subtype/XML".to_vec(), parts));
        }
        // Streams other than contents and metadata have no marks.
        if body.len() > end || find(body, TAG.as_bytes()).is_none() {
            return Some(Object::Fixed(body.to_vec()));
        }
        let mut body = body.to_vec();
        if let Some(mut dict) = dict
            && dict.get("Subtype") == Some(b"/Link")
        {
            dict.set("Rect", format!("({TAG}r)"));
            if dict.get("QuadPoints").is_some() {
                dict.set("QuadPoints", format!("({TAG}q)"));
            }
            body = dict.write();
        }
        let link = find(&body, format!("{TAG}l").as_bytes());
        let link =
            link.and_then(|at| Mark::read(&body, at)).and_then(|(mark, _)| mark.link());
        let parts = marked(&body, &|mark| match mark {
            Mark::String(index) => Some(Part::Text(index)),
            Mark::Link(index) => Some(Part::Url(index)),
            Mark::Sides => Some(Part::Sides(link?)),
            Mark::Corners => Some(Part::Corners(link?)),
        })?;
        Some(Object::Filled(parts))
    }
}

/// A mark, with the number of what it replaces.
enum Mark {
    String(usize),
    Link(usize),
    Sides,
    Corners,
}

impl Mark {
    /// Reads the mark at an offset. Returns it with the offset after it.
    fn read(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        let at = at + TAG.len();
        let kind = bytes.get(at)?;
        match kind {
            b'r' => return Some((Mark::Sides, at + 1)),
            b'q' => return Some((Mark::Corners, at + 1)),
            _ => {}
        }
        let digits = bytes[at + 1..].iter().position(|byte| *byte == b'e')?;
        let end = at + 1 + digits;
        let index = syntax::number(&bytes[at + 1..end])?;
        let mark = match kind {
            b's' => Mark::String(index),
            b'l' => Mark::Link(index),
            _ => return None,
        };
        Some((mark, end + 1))
    }

    fn string(&self) -> Option<usize> {
        if let Mark::String(index) = self { Some(*index) } else { None }
    }

    fn link(&self) -> Option<usize> {
        if let Mark::Link(index) = self { Some(*index) } else { None }
    }
}

/// Splits bytes at their marks. A mark that is a string takes its parentheses with it.
fn marked(bytes: &[u8], part: &dyn Fn(Mark) -> Option<Part>) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = find(rest, TAG.as_bytes()) {
        let (mark, end) = Mark::read(rest, at)?;
        let is_string = at > 0 && rest[at - 1] == b'(' && rest.get(end) == Some(&b')');
        let part = part(mark)?;
        // A string with a mark contains nothing else, and only metadata has marks outside
        // of strings.
        if is_string == matches!(part, Part::Xml(_)) {
            return None;
        }
        let wide = usize::from(is_string);
        parts.push(Part::Bytes(rest[..at - wide].to_vec()));
        parts.push(part);
        rest = &rest[end + wide..];
    }
    parts.push(Part::Bytes(rest.to_vec()));
    Some(parts)
}

/// Splits the bytes among the parts at the identifiers of the document and of the instance.
fn split_at_ids(parts: Vec<Part>, ids: &[&[u8]; 2]) -> Vec<Part> {
    let mut split = Vec::new();
    for part in parts {
        let Part::Bytes(bytes) = part else {
            split.push(part);
            continue;
        };
        let mut rest = &bytes[..];
        loop {
            let next = ids.iter().zip([0, 1]);
            let next = next.filter_map(|(id, which)| Some((find(rest, id)?, which)));
            let Some((at, which)) = next.min() else { break };
            split.push(Part::Bytes(rest[..at].to_vec()));
            split.push(if which == 0 { Part::DocumentId } else { Part::InstanceId });
            rest = &rest[at + ids[which].len()..];
        }
        split.push(Part::Bytes(rest.to_vec()));
    }
    split
}

/// The parts of a content stream, and the name of the colour space of its texts.
struct ContentParts {
    parts: Vec<Part>,
    space: Option<Vec<u8>>,
}

fn content_parts(object: &[u8]) -> Option<ContentParts> {
    let (dict, end) = Dict::read(object, 0)?;
    if dict.get("Filter") != Some(b"/FlateDecode") {
        return None;
    }
    let data = object.get(end..)?.strip_prefix(b"\nstream\n")?;
    let mut content = Vec::new();
    ZlibDecoder::new(data).take(MAX_CONTENT_LEN + 1).read_to_end(&mut content).ok()?;
    if content.len() as u64 > MAX_CONTENT_LEN {
        return None;
    }
    let mut parts = Vec::new();
    let mut space: Option<Vec<u8>> = None;
    let mut count = 0;
    let mut rest = &content[..];
    while let Some(text) = find(rest, b"\nBT\n").or_else(|| find(rest, b"\nBT ")) {
        // A text is an operation of its own: `q`, its matrix and colour, `BT` to `ET`, `Q`.
        let line = rest[..text].iter().rposition(|byte| *byte == b'\n');
        let start = line.map_or(0, |line| line + 1);
        let setting = &rest[start..text];
        let end = text + find(&rest[text..], b"\nET\nQ")? + b"\nET\nQ".len();
        let name_start = find(setting, b"cm/")? + b"cm/".len();
        let name_len = find(&setting[name_start..], b" cs ")?;
        let name = &setting[name_start..name_start + name_len];
        if !setting.starts_with(b"q ")
            || space.as_deref().is_some_and(|known| known != name)
        {
            return None;
        }
        space = Some(name.to_vec());
        parts.extend(marked(&rest[..start], &|mark| Some(Part::Text(mark.string()?)))?);
        parts.push(Part::Words(count));
        count += 1;
        rest = &rest[end..];
    }
    parts.extend(marked(rest, &|mark| Some(Part::Text(mark.string()?)))?);
    Some(ContentParts { parts, space })
}

/// Adds the numbers of a font's objects.
fn collect_font(file: &Rewrite, font: u32, free: &mut Vec<u32>) -> Option<()> {
    let mut open = vec![font];
    while let Some(next) = open.pop() {
        if free.contains(&next) {
            continue;
        }
        free.push(next);
        let (dict, _) = Dict::read(file.object(next)?, 0)?;
        for key in ["ToUnicode", "FontDescriptor", "CIDSet", "FontFile2", "FontFile3"] {
            open.extend(dict.get(key).and_then(syntax::reference));
        }
        let descendants = dict.get("DescendantFonts").and_then(syntax::items);
        for descendant in descendants.unwrap_or_default() {
            open.push(syntax::reference(descendant)?);
        }
    }
    free.sort_unstable();
    Some(())
}

/// The values of one certificate.
pub(super) struct Filling<'a> {
    pub(super) skeleton: &'a Skeleton<'a>,
    /// The fonts of the pages, as a dictionary.
    pub(super) fonts: &'a [u8],
    pub(super) document_id: &'a str,
    pub(super) instance_id: &'a str,
}

impl Filling<'_> {
    /// Writes parts; `words` writes the texts of a page.
    pub(super) fn write(
        &self,
        parts: &[Part],
        out: &mut Vec<u8>,
        mut words: impl FnMut(usize, &mut Vec<u8>),
    ) {
        for part in parts {
            match part {
                Part::Bytes(bytes) => out.extend(bytes),
                Part::Text(index) => text(out, &self.skeleton.strings[*index]),
                Part::Xml(index) => xml(out, &self.skeleton.strings[*index]),
                Part::Sides(index) => sides(out, self.skeleton, *index),
                Part::Corners(index) => corners(out, self.skeleton, *index),
                Part::Url(index) => {
                    string(out, self.skeleton.links[*index].url.as_str().as_bytes());
                }
                Part::DocumentId => out.extend(self.document_id.bytes()),
                Part::InstanceId => out.extend(self.instance_id.bytes()),
                Part::Fonts => out.extend(self.fonts),
                Part::Words(index) => words(*index, out),
            }
        }
    }
}

/// Writes the rectangle of an annotation, with the y axis upwards: its only box, or a
/// rectangle slightly larger than all its boxes together, because viewers ignore corners
/// on the edge of the rectangle.
fn sides(out: &mut Vec<u8>, skeleton: &Skeleton, first: usize) {
    let mut all: Option<[f64; 4]> = None;
    for link in skeleton.boxes(first) {
        let [left, bottom, right, top] = upwards(link);
        all = Some(match all {
            None => [left, bottom, right, top],
            Some([l, b, r, t]) => [l.min(left), b.min(bottom), r.max(right), t.max(top)],
        });
    }
    let more = if skeleton.boxes(first).count() > 1 { 0.001 } else { 0.0 };
    let [left, bottom, right, top] = all.unwrap_or_default();
    array(out, [left - more, bottom - more, right + more, top + more]);
}

fn corners(out: &mut Vec<u8>, skeleton: &Skeleton, first: usize) {
    let corners = skeleton.boxes(first).flat_map(|link| {
        let [left, bottom, right, top] = upwards(link);
        [left, bottom, right, bottom, right, top, left, top]
    });
    array(out, corners);
}

fn upwards(link: &LinkBox) -> [f64; 4] {
    let height = link.page_height.to_pt();
    let [left, top, right, bottom] = link.sides;
    [left, height - bottom, right, height - top]
}

fn array(out: &mut Vec<u8>, values: impl IntoIterator<Item = f64>) {
    out.push(b'[');
    for value in values {
        number(out, value, 5);
        out.push(b' ');
    }
    out.push(b']');
}

fn xml(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            _ => out.push(byte),
        }
    }
}

fn unquoted(string: &[u8]) -> Option<&[u8]> {
    let inner = string.strip_prefix(b"(")?.strip_suffix(b")")?;
    inner
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
        .then_some(inner)
}

fn object_mut(objects: &mut [Object], number: u32) -> Option<&mut Object> {
    objects.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
