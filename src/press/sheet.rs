//! The sheet: the one value that a layout is given.
//!
//! Takes finished sentences and prepared pictures, gives a [`Sheet`]. Its serialized form is the
//! layout contract, version [`Sheet::VERSION`]: a layout's Typst code reads the fields by the names
//! that they have here, and `docs/sheet.md` documents them for designers. The decision made
//! here: the face of every run is chosen beforehand, so that a layout only sets what it is given.
//!
//! Lengths of paper and signatures are in millimetres, font sizes in points.

pub(crate) mod arrange;
mod fitting;
pub(crate) mod image;
pub(crate) mod sentence;
mod sentence_builder;
pub(crate) mod sheet_slot;
mod slot_order;
mod slots;
pub(crate) mod table;
mod table_fitting;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use self::image::SheetImage;
use self::sentence::Sentence;
use self::sheet_slot::SheetSlot;
use self::table::SheetTable;
use crate::base::lang::Direction;
use crate::press::layout::SHEET_VERSION;
use crate::press::layout::paper::Paper;
use crate::site::course::Colour;

/// Everything that a certificate shows, ready to be set.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Sheet {
    /// The version of the layout contract.
    pub version: u32,
    /// The language subtag of the certificate (BCP 47), for hyphenation and glyph forms.
    pub language: String,
    /// The region subtag of the language tag; for Chinese without one, the region that the script
    /// implies.
    pub region: Option<String>,
    /// The direction of the page.
    pub direction: Direction,
    /// The document's title.
    pub title: String,
    /// The organization that issues it, which is the document's author.
    pub author: String,
    /// The size of the page, in millimetres.
    pub paper: Paper,
    /// The lengths that the layout names, in millimetres.
    pub lengths: IndexMap<String, f64>,
    /// The family of the layout's `text` face, for text that the layout writes itself.
    pub face: String,
    /// The document's heading, such as «Certificate».
    pub heading: Option<Sentence>,
    /// The body's sentences, in the order of the language.
    pub blocks: Vec<Sentence>,
    /// The rows of the layout's table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<SheetTable>,
    /// The sentence with the issue date.
    pub date: Option<Sentence>,
    /// The sentence that says how to verify the certificate, with the link.
    pub authenticity: Option<Sentence>,
    /// The word that marks a specimen; `None` on an issued certificate.
    pub specimen: Option<Sentence>,
    /// The page numbers of a layout that may fill several pages: `folios[n - 1][k - 1]`
    /// is the number of page k if there are n pages; `None` if that page bears none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folios: Vec<Vec<Option<Sentence>>>,
    /// The signatories in the order of the course.
    pub signatories: Vec<SheetSignatory>,
    /// The logos of the course's sponsors.
    pub sponsors: Vec<SheetImage>,
    /// Drawn seals and badges.
    pub badges: Vec<SheetImage>,
    /// The sentences in the second language, on a bilingual layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondLanguage>,
    /// The verify link and its QR code; `None` if the language has no `authenticity`.
    pub verify: Option<VerifyLink>,
    /// The colours and the logo.
    pub theme: SheetTheme,
    /// The slots of a layout that has no Typst code of its own, in the order of reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<SheetSlot>,
    /// The pictures of a layout without Typst code of its own, without ornaments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<SheetImage>,
    /// The ornaments of a layout without Typst code of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ornaments: Vec<SheetImage>,
    /// The pictures that the request gives, by their names in the layout. A picture that
    /// it does not give is absent.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub photos: IndexMap<String, SheetImage>,
    /// The picture under every page. If it is a PDF, its size is in points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<SheetImage>,
    /// The free fields of course and request.
    pub extra: IndexMap<String, Value>,
}

/// What a certificate says in its second language.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SecondLanguage {
    /// The language subtag (BCP 47).
    pub language: String,
    /// The region subtag of the language tag; for Chinese without one, the region that the script
    /// implies.
    pub region: Option<String>,
    /// The direction in which its sentences read.
    pub direction: Direction,
    /// The document's heading.
    pub heading: Option<Sentence>,
    /// The body's sentences, in the order of this language.
    pub blocks: Vec<Sentence>,
    /// The sentence with the issue date.
    pub date: Option<Sentence>,
    /// The sentence that says how to verify the certificate, with the link.
    pub authenticity: Option<Sentence>,
    /// The signatories' words where they differ from those in the first language, in the same
    /// order.
    pub signatories: Vec<SecondSignatory>,
}

/// A signatory's words in the second language; `None` where they are the same as in the
/// first.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SecondSignatory {
    /// The name.
    pub name: Option<Sentence>,
    /// The title or office.
    pub title: Option<Sentence>,
}

/// A signatory, ready to be set.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetSignatory {
    /// The name.
    pub name: Sentence,
    /// The title or office.
    pub title: Option<Sentence>,
    /// The drawn signature.
    pub image: Option<SheetImage>,
}

/// The link at which a certificate can be verified.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct VerifyLink {
    /// The address.
    pub url: String,
    /// The QR code of the address, including the quiet zone.
    pub code: SheetImage,
    /// The number of modules on each side of the QR code, without the quiet zone of four.
    pub modules: usize,
    /// The side of the square of its modules, without the quiet zone, in millimetres.
    pub side: f64,
    /// The same with the quiet zone on one side, in millimetres.
    pub reach: f64,
}

/// The colours and the logo of a certificate.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetTheme {
    /// The accent colour, `#rrggbb`.
    pub accent: Colour,
    /// The colour of the paper, `#rrggbb`.
    pub paper: Colour,
    /// The colour of the text, `#rrggbb`.
    pub ink: Colour,
    /// The organization's logo.
    pub logo: Option<SheetImage>,
}

impl Sheet {
    /// The version of the layout contract.
    pub const VERSION: u32 = SHEET_VERSION;

    /// All sentences that must stand on the page exactly once. Column headings, which repeat on
    /// each page of a table, and page numbers, which depend on the number of pages, are not among
    /// them.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let signatories = self.signatories.iter().flat_map(|signatory| {
            std::iter::once(&signatory.name).chain(&signatory.title)
        });
        self.heading
            .iter()
            .chain(&self.blocks)
            .chain(self.table.iter().flat_map(SheetTable::cells))
            .chain(&self.date)
            .chain(&self.authenticity)
            .chain(&self.specimen)
            .chain(signatories)
            .chain(self.second.iter().flat_map(SecondLanguage::sentences))
    }

    /// The direction of one of its sentences.
    pub(crate) fn direction_of(&self, sentence: &Sentence) -> Direction {
        match &self.second {
            Some(second) if sentence.id.starts_with(SecondLanguage::ID_PREFIX) => {
                second.direction
            }
            _ => self.direction,
        }
    }

    /// The language of one of its sentences, if that is the second: a BCP 47 language tag.
    #[cfg(feature = "issue")]
    pub(crate) fn second_language_of(&self, sentence: &Sentence) -> Option<String> {
        let second = self.second.as_ref();
        let second =
            second.filter(|_| sentence.id.starts_with(SecondLanguage::ID_PREFIX))?;
        Some(match &second.region {
            Some(region) => format!("{}-{region}", second.language),
            None => second.language.clone(),
        })
    }

    /// All pictures that must stand on the page exactly once: all but ornaments and the background.
    pub fn images(&self) -> impl Iterator<Item = &SheetImage> {
        self.signatories
            .iter()
            .filter_map(|signatory| signatory.image.as_ref())
            .chain(self.verify.iter().map(|verify| &verify.code))
            .chain(&self.theme.logo)
            .chain(&self.sponsors)
            .chain(&self.badges)
            .chain(&self.pictures)
            .chain(self.photos.values())
    }

    /// All pictures that its layout reads.
    pub(crate) fn picture_files(&self) -> impl Iterator<Item = &SheetImage> {
        self.images().chain(&self.ornaments).chain(&self.background)
    }

    /// The sheet as a JSON file that contains its pictures, for a `preview.typ`.
    pub fn to_json(&self) -> String {
        let mut sheet = self.clone();
        let signatures =
            sheet.signatories.iter_mut().filter_map(|signatory| signatory.image.as_mut());
        let code = sheet.verify.iter_mut().map(|verify| &mut verify.code);
        let images = signatures
            .chain(code)
            .chain(&mut sheet.theme.logo)
            .chain(&mut sheet.sponsors)
            .chain(&mut sheet.badges)
            .chain(&mut sheet.pictures)
            .chain(sheet.photos.values_mut())
            .chain(&mut sheet.ornaments)
            .chain(&mut sheet.background);
        images.for_each(SheetImage::embed);
        let mut json = serde_json::to_string_pretty(&sheet)
            .expect("a sheet has string keys and finite numbers");
        json.push('\n');
        json
    }
}

impl SecondLanguage {
    /// The beginning of the ids of its sentences.
    const ID_PREFIX: &str = "second-";

    fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let signatories = self
            .signatories
            .iter()
            .flat_map(|signatory| signatory.name.iter().chain(&signatory.title));
        self.heading
            .iter()
            .chain(&self.blocks)
            .chain(&self.date)
            .chain(&self.authenticity)
            .chain(signatories)
    }
}
