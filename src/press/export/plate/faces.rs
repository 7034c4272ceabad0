//! The faces of a page as the font objects of a PDF (ISO 32000-1, 9.7), each with the glyphs that
//! are used.
//!
//! The decisions made here: glyphs are numbered in the order of their face, so that the same
//! letters give the same objects wherever they stand, and these are made once; and a glyph means
//! the text of the first cluster that it begins. Where it begins another cluster, the page has
//! `ActualText`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use subsetter::{GlyphRemapper, Tag};
use ttf_parser::{GlyphId, RawFace};
use typst::text::{FontInstance, TextItem};
use typst::utils::hash128;

use super::clusters::clusters;
use super::number::{hex, integer, number, string};
use crate::base::cache::Cache;
use crate::base::error::{Error, ErrorKind, Result};

/// The largest number of faces that are kept, and their bytes together.
const MAX_KEPT: (usize, usize) = (2048, 32 << 20);
/// The number of objects of a face.
pub(super) const OBJECTS: usize = 5;
/// The meaning of a glyph that does not begin a cluster. PDF/UA (ISO 14289-1, 7.21.7) requires a
/// meaning for each glyph, and with this one readers that ignore `ActualText` read the cluster
/// once.
const CONTINUATION: &str = "\u{200B}";
/// The tag of a subset before the name of its face: six letters (ISO 32000-1, 9.6.4).
const SUBSET_TAG_LEN: usize = 6;
/// How many codes a section of a `ToUnicode` map has at most.
const MAX_SECTION: usize = 100;

static FACES: LazyLock<Cache<u128, Option<Face>>> = LazyLock::new(|| {
    let weigh = |face: &Option<Face>| face.as_ref().map_or(0, Face::len);
    Cache::with_weights(MAX_KEPT.0, MAX_KEPT.1, weigh)
});

/// The glyphs of the faces of a document.
#[derive(Default)]
pub(super) struct UsedFaces<'a> {
    faces: Vec<UsedFace<'a>>,
    by_font: HashMap<&'a FontInstance, usize>,
}

/// A face and the glyphs of it that are used.
pub(super) struct UsedFace<'a> {
    font: &'a FontInstance,
    /// The text that each glyph means, by its number in the face.
    meanings: HashMap<u16, &'a str>,
    /// The numbers of the glyphs in order, from which the numbers in the file follow.
    glyphs: Vec<u16>,
}

impl<'a> UsedFaces<'a> {
    /// Adds the glyphs of a text.
    pub(super) fn add(&mut self, text: &'a TextItem) {
        let next = self.faces.len();
        let index = *self.by_font.entry(&text.font).or_insert(next);
        if index == next {
            let meanings = HashMap::new();
            self.faces.push(UsedFace { font: &text.font, meanings, glyphs: Vec::new() });
        }
        let face = &mut self.faces[index];
        for cluster in clusters(text) {
            let mut meaning = cluster.text;
            for glyph in cluster.glyphs {
                if let Entry::Vacant(entry) = face.meanings.entry(glyph.id) {
                    entry.insert(meaning);
                    face.glyphs.push(glyph.id);
                }
                meaning = CONTINUATION;
            }
        }
    }

    /// Numbers the glyphs of each face.
    pub(super) fn finish(mut self) -> Self {
        for face in &mut self.faces {
            face.glyphs.sort_unstable();
        }
        self
    }

    /// The faces in the order in which they were first used.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &UsedFace<'a>> {
        self.faces.iter()
    }

    /// The face of a text, with its position among the faces.
    pub(super) fn of(&self, text: &TextItem) -> Option<(usize, &UsedFace<'a>)> {
        let index = *self.by_font.get(&text.font)?;
        Some((index, self.faces.get(index)?))
    }
}

impl UsedFace<'_> {
    /// The number of a glyph in the file.
    pub(super) fn code(&self, glyph: u16) -> u16 {
        // Glyph 0 is the glyph for missing characters.
        self.glyphs.binary_search(&glyph).map_or(0, |at| at as u16 + 1)
    }

    /// The text that a glyph means.
    pub(super) fn meaning(&self, glyph: u16) -> Option<&str> {
        self.meanings.get(&glyph).copied()
    }

    /// The objects of the face, made once for the same glyphs with the same meanings. Returns
    /// `None` if the face cannot be embedded here.
    pub(super) fn objects(&self) -> Option<Arc<Option<Face>>> {
        let meanings: Vec<&str> =
            self.glyphs.iter().map(|glyph| self.meanings[glyph]).collect();
        let key = hash128(&(self.font, &self.glyphs, &meanings));
        let made = FACES.get(key, || -> Result<_> { Ok(self.make(&meanings)) });
        made.ok().filter(|face| face.is_some())
    }

    fn make(&self, meanings: &[&str]) -> Option<Face> {
        let ttf = self.font.ttf();
        let units = f64::from(ttf.units_per_em());
        let scaled = |value: f64| value / units * 1000.0;
        // Only bit 1 forbids embedding (OpenType, OS/2, fsType).
        let raw = ttf.raw_face();
        let rights = raw.table(ttf_parser::Tag::from_bytes(b"OS/2"));
        let rights = rights.and_then(|table| table.get(8..10));
        if rights.is_some_and(|rights| rights[1] & 0xF == 2) {
            return None;
        }
        let subset = self.subset().ok()?;
        let subset_face = RawFace::parse(&subset, 0).ok()?;
        let cff = subset_face.table(ttf_parser::Tag::from_bytes(b"CFF "));
        let is_cff = cff.is_some();
        let outlines = ttf.tables();
        if outlines.glyf.is_none() && !is_cff {
            return None;
        }
        let name = self.font.post_script_name()?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            || name.len() > 90
        {
            return None;
        }
        let name = format!("{}+{name}", subset_tag(hash128(&(&self.glyphs, meanings))));
        let mut objects: [Body; OBJECTS] = Default::default();
        let [font, descendant, descriptor, map, file] = &mut objects;

        let suffix = if is_cff { "-Identity-H" } else { "" };
        font.push(format!(
            "<</Type/Font/Subtype/Type0/BaseFont/{name}{suffix}/Encoding/Identity-H\
             /DescendantFonts["
        ));
        font.push_reference(1);
        font.push("]/ToUnicode ");
        font.push_reference(3);
        font.push(">>");

        let (subtype, identity) = if is_cff {
            ("CIDFontType0", "")
        } else {
            ("CIDFontType2", "/CIDToGIDMap/Identity")
        };
        descendant.push(format!(
            "<</Type/Font/Subtype/{subtype}/BaseFont/{name}/CIDSystemInfo<</Registry(Adobe)\
             /Ordering(Identity)/Supplement 0>>{identity}/DW 0/W[0["
        ));
        for (index, glyph) in [0].iter().chain(&self.glyphs).enumerate() {
            if index > 0 {
                descendant.bytes.push(b' ');
            }
            number(&mut descendant.bytes, self.advance(*glyph), 3);
        }
        descendant.push("]]/FontDescriptor ");
        descendant.push_reference(2);
        descendant.push(">>");

        let mut ink: Option<[i16; 4]> = None;
        for glyph in &self.glyphs {
            if let Some(found) = ttf.glyph_bounding_box(GlyphId(*glyph)) {
                let [left, bottom, right, top] =
                    ink.unwrap_or([found.x_min, found.y_min, found.x_max, found.y_max]);
                ink = Some([
                    left.min(found.x_min),
                    bottom.min(found.y_min),
                    right.max(found.x_max),
                    top.max(found.y_max),
                ]);
            }
        }
        let angle = f64::from(ttf.italic_angle());
        // Small capitals, symbolic, and the properties that the face states (ISO 32000-1,
        // table 123).
        let flags = 1 << 17
            | 1 << 2
            | u32::from(ttf.is_monospaced())
            | u32::from(name.contains("Serif")) << 1
            | u32::from(angle != 0.0) << 6;
        descriptor.push(format!("<</Type/FontDescriptor/FontName/{name}/Flags {flags}"));
        descriptor.push("/FontBBox[");
        for side in ink.unwrap_or_default() {
            number(&mut descriptor.bytes, scaled(side.into()), 3);
            descriptor.bytes.push(b' ');
        }
        let ascender = f64::from(ttf.ascender());
        let weight = f64::from(ttf.weight().to_number());
        for (key, value) in [
            ("]/ItalicAngle ", angle),
            ("/Ascent ", scaled(ascender)),
            ("/Descent ", scaled(ttf.descender().into())),
            ("/CapHeight ", scaled(ttf.capital_height().map_or(ascender, f64::from))),
            ("/StemV ", 10.0 + 0.244 * (weight - 50.0)),
        ] {
            descriptor.push(key);
            number(&mut descriptor.bytes, value, 3);
        }
        descriptor.push(if is_cff { "/FontFile3 " } else { "/FontFile2 " });
        descriptor.push_reference(4);
        descriptor.push(">>");

        map.stream("/Type/CMap/WMode 0", &unicode_map(meanings));
        let kind = if is_cff { "/Subtype/CIDFontType0C" } else { "" };
        file.stream(kind, cff.unwrap_or(&subset));
        Some(Face { objects })
    }

    /// The advance of a glyph in thousandths of its size.
    pub(super) fn advance(&self, glyph: u16) -> f64 {
        let ttf = self.font.ttf();
        let advance = ttf.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0);
        f64::from(advance) / f64::from(ttf.units_per_em()) * 1000.0
    }

    fn subset(&self) -> Result<Vec<u8>> {
        let variations = self.font.variations().0.iter();
        let variations: Vec<(Tag, f32)> =
            variations.map(|(tag, value)| (Tag::new(&tag.to_bytes()), value.0)).collect();
        let mapper = GlyphRemapper::new_from_glyphs_sorted(&self.glyphs);
        subsetter::subset_with_variations(
            self.font.data(),
            self.font.index(),
            &variations,
            &mapper,
        )
        .map_err(|error| Error::new(ErrorKind::Export, error.to_string()))
    }
}

/// The objects of a face, which refer to each other.
#[derive(Debug)]
pub(super) struct Face {
    objects: [Body; OBJECTS],
}

impl Face {
    fn len(&self) -> usize {
        self.objects.iter().map(|body| body.bytes.len()).sum()
    }

    /// Writes the object at `index`. `numbers` are those of all objects of the face.
    pub(super) fn write(&self, index: usize, numbers: &[u32], out: &mut Vec<u8>) {
        let body = &self.objects[index];
        let mut written = 0;
        for (at, referred) in &body.references {
            out.extend(&body.bytes[written..*at]);
            integer(out, numbers[*referred].into());
            out.extend(b" 0 R");
            written = *at;
        }
        out.extend(&body.bytes[written..]);
    }
}

/// An object, and the positions at which it refers to other objects of its face.
#[derive(Debug, Default)]
struct Body {
    bytes: Vec<u8>,
    references: Vec<(usize, usize)>,
}

impl Body {
    fn push(&mut self, text: impl AsRef<[u8]>) {
        self.bytes.extend(text.as_ref());
    }

    fn push_reference(&mut self, index: usize) {
        self.references.push((self.bytes.len(), index));
    }

    fn stream(&mut self, entries: &str, data: &[u8]) {
        let data = deflated(data, FACE_LEVEL);
        self.push(format!(
            "<</Length {}{entries}/Filter/FlateDecode>>\nstream\n",
            data.len()
        ));
        self.push(data);
        self.push("\nendstream");
    }
}

/// How hard faces are compressed, from 1 to 9.
const FACE_LEVEL: u32 = 6;

/// Compresses the content of a stream.
pub(super) fn deflated(data: &[u8], level: u32) -> Vec<u8> {
    ENCODERS.with_borrow_mut(|encoders| {
        let new = || ZlibEncoder::new(Vec::new(), Compression::new(level));
        let encoder = encoders.entry(level).or_insert_with(new);
        let written = encoder.write_all(data).and_then(|()| encoder.reset(Vec::new()));
        written.expect("a vector takes all bytes")
    })
}

thread_local! {
    /// An encoder for each level. It has a quarter of a megabyte, which takes longer to make than a
    /// short stream takes to compress.
    static ENCODERS: RefCell<HashMap<u32, ZlibEncoder<Vec<u8>>>> = RefCell::default();
}

fn subset_tag(mut digest: u128) -> String {
    let letter = |_| {
        let letter = b'A' + (digest % 26) as u8;
        digest /= 26;
        char::from(letter)
    };
    (0..SUBSET_TAG_LEN).map(letter).collect()
}

/// The `ToUnicode` map of the codes 1, 2, … (ISO 32000-1, 9.10.3).
fn unicode_map(meanings: &[&str]) -> Vec<u8> {
    let mut map = b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
        /CIDSystemInfo <</Registry"
        .to_vec();
    string(&mut map, b"Adobe");
    map.extend(b"/Ordering");
    string(&mut map, b"Identity");
    map.extend(
        b"/Supplement 0>> def\n/CMapName /Custom def\n/CMapType 2 def\n\
          1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
    );
    let codes: Vec<(u16, &str)> = (1..).zip(meanings.iter().copied()).collect();
    for section in codes.chunks(MAX_SECTION) {
        integer(&mut map, section.len() as u64);
        map.extend(b" beginbfchar\n");
        for (code, meaning) in section {
            map.push(b'<');
            hex(&mut map, *code);
            map.extend(b"> <");
            for unit in meaning.encode_utf16() {
                hex(&mut map, unit);
            }
            map.extend(b">\n");
        }
        map.extend(b"endbfchar\n");
    }
    map.extend(b"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend");
    map
}
