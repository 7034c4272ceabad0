//! The one value that a layout sees.
//!
//! A [`Sheet`] is made of finished sentences and prepared pictures. Its serde shape is the layout
//! contract, version [`Sheet::VERSION`]: `layouts/README.md` documents it field by field. Every run
//! arrives with its face chosen, so that a layout sets what it is told.

mod arrange;
mod table;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::arrange::Content;
pub use self::table::{SheetColumn, SheetTable};
use crate::base::error::Place;
use crate::base::lang::Direction;
use crate::image::picture::Picture;
use crate::press::layout::{Fit, Paper};
use crate::site::course::{Colour, Nudge};

/// Everything that stands on a certificate, ready to be set.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Sheet {
    /// The version of this contract.
    pub version: u32,
    /// The language subtag of the certificate, for hyphenation and glyph forms.
    pub language: String,
    /// The region subtag, if the language tag has one.
    pub region: Option<String>,
    /// Which way the page reads.
    pub direction: Direction,
    /// The document's title.
    pub title: String,
    /// The organization that issues, the document's author.
    pub author: String,
    /// The size of the page.
    pub paper: Paper,
    /// The family of the layout's `text` face, for what a layout writes itself.
    pub face: String,
    /// What the document calls itself.
    pub heading: Option<Sentence>,
    /// The sentences in the language's own order.
    pub blocks: Vec<Sentence>,
    /// The rows of the layout's table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<SheetTable>,
    /// When it was issued.
    pub date: Option<Sentence>,
    /// How to check it, with the link.
    pub authenticity: Option<Sentence>,
    /// The word that marks a draft; none on an issued certificate.
    pub specimen: Option<Sentence>,
    /// The numbers of the pages, where a layout may fill several: `folios[n - 1][k - 1]` is that of
    /// page k of n, if it bears one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folios: Vec<Vec<Option<Sentence>>>,
    /// Who signs, in the order of the course.
    pub signatories: Vec<SheetSignatory>,
    /// The logos of who supports the course.
    pub sponsors: Vec<SheetImage>,
    /// Seals and badges.
    pub badges: Vec<SheetImage>,
    /// The same in another language, on a layout that has room for two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Second>,
    /// Where it can be checked.
    pub verify: Option<Verify>,
    /// Colours and logo.
    pub theme: SheetTheme,
    /// What lies under every page: the first page of a PDF, its size in points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<SheetImage>,
    /// The free fields of course and request.
    pub extra: IndexMap<String, Value>,
}

/// What a certificate says in its second language.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Second {
    /// The language subtag.
    pub language: String,
    /// The region subtag, if the language tag has one.
    pub region: Option<String>,
    /// Which way it reads.
    pub direction: Direction,
    /// What the document calls itself.
    pub heading: Option<Sentence>,
    /// The sentences in this language's own order.
    pub blocks: Vec<Sentence>,
    /// When it was issued.
    pub date: Option<Sentence>,
    /// How to check it, with the link.
    pub authenticity: Option<Sentence>,
    /// What differs from the first language about who signs, in the same order.
    pub signatories: Vec<SecondSignatory>,
}

/// A signatory's words in the second language, where they are others.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SecondSignatory {
    /// The name.
    pub name: Option<Sentence>,
    /// The title or office.
    pub title: Option<Sentence>,
}

/// A sentence with its slot's name and its declared fit.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Sentence {
    /// The label of the slot that it stands in.
    pub id: String,
    /// The role that the layout styles.
    pub role: String,
    /// How it may be fitted.
    pub fit: Fit,
    /// The text, each run in one face.
    pub runs: Vec<SheetRun>,
    /// Where its text can be shortened; a name is in the request and has none.
    #[serde(skip)]
    pub(crate) place: Option<Place>,
}

impl Sentence {
    /// The sentence's text, isolates included.
    pub fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

/// A stretch of text in one face.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SheetRun {
    /// The text.
    pub text: String,
    /// The family.
    pub font: String,
    /// The weight, 100 to 900.
    pub weight: u16,
    /// Whether the face is an italic.
    pub italic: bool,
    /// The size beside the sentence's own.
    pub size: f64,
    /// The script, ISO 15924 in lower case.
    pub script: String,
    /// Where the text leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// A signatory, set.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetSignatory {
    /// The name.
    pub name: Sentence,
    /// The title or office.
    pub title: Option<Sentence>,
    /// The signature.
    pub image: Option<SheetImage>,
}

/// A picture under a fixed name.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetImage {
    /// The label of the slot that it stands in.
    pub id: String,
    /// Where the layout reads it from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The picture itself, where no file of that name can be read: an SVG's text or a list of bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Its width, in the same unit as its height.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// Where a signature rests on its line, as a share of the height from the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// How tall a signature wants to be, in millimetres: as large and as bold as the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tall: Option<f64>,
    /// How a signature is moved by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nudge: Option<Nudge>,
    /// What it shows, for people who do not see it.
    pub alt: String,
    #[serde(skip)]
    pub(crate) picture: Picture,
    /// Where a course names it, or moves it.
    #[serde(skip)]
    pub(crate) place: Option<Place>,
}

/// Where a certificate can be checked.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Verify {
    /// The link.
    pub url: String,
    /// The QR code of the link, quiet zone included.
    pub code: SheetImage,
    /// Modules a side, without the quiet zone of four.
    pub modules: usize,
}

/// Colours and logo of a certificate.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetTheme {
    /// The one colour, `#rrggbb`.
    pub accent: Colour,
    /// The paper's tone.
    pub paper: Colour,
    /// The text's colour.
    pub ink: Colour,
    /// The organization's logo.
    pub logo: Option<SheetImage>,
}

impl Sheet {
    /// The version of the layout contract.
    pub const VERSION: u32 = 1;

    /// All sentences, each of which must stand on the page once. The headings of a table's columns
    /// and the numbers of pages, which depend on how many there are, are not among them.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let people = self
            .signatories
            .iter()
            .flat_map(|person| std::iter::once(&person.name).chain(&person.title));
        self.heading
            .iter()
            .chain(&self.blocks)
            .chain(self.table.iter().flat_map(SheetTable::cells))
            .chain(&self.date)
            .chain(&self.authenticity)
            .chain(&self.specimen)
            .chain(people)
            .chain(self.second.iter().flat_map(Second::sentences))
    }

    /// Which way one of its sentences reads.
    pub(crate) fn direction_of(&self, sentence: &Sentence) -> Direction {
        match &self.second {
            Some(second) if sentence.id.starts_with(Second::ID) => second.direction,
            _ => self.direction,
        }
    }

    /// All pictures, each of which must stand on the page once.
    pub fn images(&self) -> impl Iterator<Item = &SheetImage> {
        self.signatories
            .iter()
            .filter_map(|person| person.image.as_ref())
            .chain(self.verify.iter().map(|verify| &verify.code))
            .chain(&self.theme.logo)
            .chain(&self.sponsors)
            .chain(&self.badges)
    }

    /// The sheet as a file that needs no other, with the pictures inside: what a `preview.typ` reads.
    pub fn to_json(&self) -> String {
        let mut sheet = self.clone();
        let code = sheet.verify.iter_mut().map(|verify| &mut verify.code);
        let signatures =
            sheet.signatories.iter_mut().filter_map(|person| person.image.as_mut());
        let others = sheet.sponsors.iter_mut().chain(&mut sheet.badges);
        let others = others.chain(&mut sheet.background);
        for image in signatures.chain(code).chain(&mut sheet.theme.logo).chain(others) {
            image.path = None;
            image.data = Some(image.picture.to_json());
        }
        let mut json = serde_json::to_string_pretty(&sheet)
            .expect("a sheet has string keys and finite numbers");
        json.push('\n');
        json
    }
}

impl Second {
    /// What the ids of its sentences begin with.
    const ID: &str = "second-";

    fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let people = self
            .signatories
            .iter()
            .flat_map(|person| person.name.iter().chain(&person.title));
        self.heading
            .iter()
            .chain(&self.blocks)
            .chain(&self.date)
            .chain(&self.authenticity)
            .chain(people)
    }
}
