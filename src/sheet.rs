//! The one value that a layout sees.
//!
//! Takes finished sentences, prepared pictures and the layout's promises, and gives a [`Sheet`]. Its
//! serde shape is the layout contract, version [`Sheet::VERSION`]: `layouts/README.md` documents it
//! field by field. Every run arrives with its face chosen, so that a layout sets what it is told.

mod table;

use icu_casemap::CaseMapper;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

pub use self::table::{SheetColumn, SheetTable};
use crate::album::Pictures;
use crate::code::Code;
use crate::course::{Colour, Course, Nudge};
use crate::error::{Error, Kind, Place, Result, Warning};
use crate::font::{self, Fonts, Piece};
use crate::lang::{Direction, Tag};
use crate::layout::{Case, Fit, Layout, Paper, Role};
use crate::phrases::{Phrase, Sentences};
use crate::picture::Picture;
use crate::runs::Runs;

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

/// What a sheet is made of besides its layout.
pub(crate) struct Content<'a> {
    pub(crate) sentences: Sentences,
    pub(crate) second: Option<Sentences>,
    pub(crate) folios: Vec<Vec<Option<Phrase>>>,
    pub(crate) author: String,
    pub(crate) pictures: Pictures,
    /// The names of sponsors and what badges show, in the certificate's language.
    pub(crate) sponsors: Vec<String>,
    pub(crate) badges: Vec<String>,
    pub(crate) course: &'a Course,
    pub(crate) background: Option<Picture>,
    pub(crate) paper: Paper,
    /// Where the course's title is written.
    pub(crate) title_place: &'a Place,
    pub(crate) verify_url: &'a str,
    pub(crate) extra: IndexMap<String, Value>,
    pub(crate) specimen: bool,
}

impl Sheet {
    /// The version of the layout contract.
    pub const VERSION: u32 = 1;

    /// Arranges the content for a layout.
    pub(crate) fn arrange(
        content: Content<'_>,
        layout: &Layout,
        fonts: &Fonts,
    ) -> Result<(Self, Vec<Warning>)> {
        let Content { sentences, pictures, course, .. } = content;
        let tag = sentences.language.clone();
        let title_place = content.title_place;
        let mut setter =
            Setter { layout, fonts, tag: &tag, title_place, faults: Vec::new() };

        let heading = sentences.heading.map(|phrase| setter.phrase("heading", phrase));
        let blocks: Vec<Sentence> = sentences
            .blocks
            .into_iter()
            .enumerate()
            .map(|(index, phrase)| setter.phrase(&format!("block-{}", index + 1), phrase))
            .collect();
        let date = sentences.date.map(|phrase| setter.phrase("date", phrase));
        let authenticity =
            sentences.authenticity.map(|phrase| setter.phrase("authenticity", phrase));
        let specimen = sentences
            .specimen
            .filter(|_| content.specimen)
            .map(|phrase| setter.phrase("specimen", phrase));

        let table = sentences.table.map(|table| SheetTable::arrange(table, &mut setter));
        let folios = content.folios.into_iter().enumerate().map(|(n, folios)| {
            let folios = folios.into_iter().enumerate();
            let folios = folios.map(|(k, folio)| {
                Some(setter.phrase(&format!("folio-{}-{}", n + 1, k + 1), folio?))
            });
            folios.collect()
        });
        let folios = folios.collect();

        let mut signature_alts = sentences.alt.signature.into_iter();
        let mut signatories = Vec::new();
        let people = course.signatories.iter().zip(pictures.signatures);
        for (index, ((name, title), (person, picture))) in
            sentences.signatories.into_iter().zip(people).enumerate()
        {
            let id = format!("signatory-{}", index + 1);
            let alt = signature_alts.next().unwrap_or_default();
            let name = setter.runs(&format!("{id}-name"), "signatory", name);
            let title = title.map(|title| {
                setter.runs(&format!("{id}-title"), "signatory-title", title)
            });
            let image = picture.map(|picture| {
                let name = format!("signature-{}", index + 1);
                let place = person.nudge_place().unwrap_or(person.place());
                let image = SheetImage::new(format!("{id}-image"), &name, picture, alt);
                let nudge = (person.nudge != Nudge::default()).then_some(person.nudge);
                SheetImage { nudge, ..image.at(place) }
            });
            signatories.push(SheetSignatory { name, title, image });
        }
        let row = |kind: &str, pictures: Vec<Picture>, alts, places: Vec<&Place>| {
            let named = pictures.into_iter().zip::<Vec<String>>(alts).zip(places);
            let images = named.enumerate().map(|(index, ((picture, alt), place))| {
                let id = format!("{kind}-{}", index + 1);
                SheetImage::new(id.clone(), &id, picture, alt).at(place)
            });
            images.collect::<Vec<_>>()
        };
        let places = course.sponsors.iter().map(|sponsor| sponsor.place()).collect();
        let sponsors = row("sponsor", pictures.sponsors, content.sponsors, places);
        let places = course.badges.iter().map(|badge| badge.place()).collect();
        let badges = row("badge", pictures.badges, content.badges, places);
        let mut faults = setter.faults;
        let mut warnings = sentences.warnings;
        let second = content.second.map(|sentences| {
            warnings.extend(sentences.warnings.clone());
            let (second, found) =
                Second::arrange(sentences, &signatories, layout, fonts, title_place);
            faults.extend(found);
            second
        });
        Error::join(faults)?;

        let theme = &course.theme;
        let colours = layout.theme.with(theme);
        let code = Code::new(content.verify_url, colours.paper)?;
        let side = (code.modules + 2 * Code::QUIET) as f64;
        let (modules, picture) = (code.modules, Picture::made(code.svg, (side, side)));
        let verify = authenticity.is_some().then(|| Verify {
            url: content.verify_url.to_owned(),
            code: SheetImage::new("code".into(), "code", picture, sentences.alt.code),
            modules,
        });
        let sheet = Self {
            version: Self::VERSION,
            language: tag.language().to_owned(),
            region: tag.glyph_region(),
            direction: tag.direction(),
            title: sentences.title,
            author: content.author,
            paper: content.paper,
            face: layout.face("text").family.clone(),
            heading,
            blocks,
            table,
            date,
            authenticity,
            specimen,
            folios,
            signatories,
            sponsors,
            badges,
            second,
            verify,
            theme: SheetTheme {
                accent: colours.accent,
                paper: colours.paper,
                ink: colours.ink,
                logo: pictures.logo.map(|picture| {
                    let place = theme.logo_place().unwrap_or(course.place());
                    SheetImage::new("logo".into(), "logo", picture, sentences.alt.logo)
                        .at(place)
                }),
            },
            background: content.background.map(|picture| {
                SheetImage::new("background".into(), "background", picture, String::new())
            }),
            extra: content.extra,
        };
        layout.accepts(&sheet, course)?;
        Ok((sheet, warnings))
    }

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

    fn arrange(
        sentences: Sentences,
        people: &[SheetSignatory],
        layout: &Layout,
        fonts: &Fonts,
        title_place: &Place,
    ) -> (Self, Vec<Error>) {
        let tag = sentences.language;
        let mut setter =
            Setter { layout, fonts, tag: &tag, title_place, faults: Vec::new() };
        let id = |name: &str| format!("{}{name}", Self::ID);
        let heading =
            sentences.heading.map(|phrase| setter.phrase(&id("heading"), phrase));
        let blocks = sentences.blocks.into_iter().enumerate().map(|(index, phrase)| {
            setter.phrase(&id(&format!("block-{}", index + 1)), phrase)
        });
        let blocks = blocks.collect();
        let date = sentences.date.map(|phrase| setter.phrase(&id("date"), phrase));
        let authenticity = sentences
            .authenticity
            .map(|phrase| setter.phrase(&id("authenticity"), phrase));
        let mut signatories = Vec::new();
        for (index, ((name, title), first)) in
            sentences.signatories.into_iter().zip(people).enumerate()
        {
            let id = id(&format!("signatory-{}", index + 1));
            // What is the same is not said twice.
            let other = |runs: &Runs, known: Option<&Sentence>| {
                known.is_none_or(|known| known.text() != runs.text())
            };
            let name = other(&name, Some(&first.name))
                .then(|| setter.runs(&format!("{id}-name"), "signatory", name));
            let title = title.filter(|title| other(title, first.title.as_ref()));
            let title = title.map(|title| {
                setter.runs(&format!("{id}-title"), "signatory-title", title)
            });
            signatories.push(SecondSignatory { name, title });
        }
        let faults = setter.faults;
        let second = Self {
            language: tag.language().to_owned(),
            region: tag.glyph_region(),
            direction: tag.direction(),
            heading,
            blocks,
            date,
            authenticity,
            signatories,
        };
        (second, faults)
    }

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

impl SheetImage {
    fn new(id: String, name: &str, picture: Picture, alt: String) -> Self {
        let (width, height) = picture.size();
        Self {
            id,
            path: Some(format!("/{name}.{}", picture.ending())),
            data: None,
            width,
            height,
            baseline: picture.signed().map(|signed| signed.baseline),
            tall: picture.signed().map(|signed| (signed.tall * 100.0).round() / 100.0),
            nudge: None,
            alt,
            picture,
            place: None,
        }
    }

    fn at(self, place: &Place) -> Self {
        Self { place: Some(place.clone()), ..self }
    }
}

/// Chooses the faces of a sheet's sentences.
struct Setter<'a> {
    layout: &'a Layout,
    fonts: &'a Fonts,
    tag: &'a Tag,
    title_place: &'a Place,
    faults: Vec<Error>,
}

impl Setter<'_> {
    fn phrase(&mut self, id: &str, phrase: Phrase) -> Sentence {
        let place = match phrase.role.as_str() {
            "recipient" => None,
            "course" => Some(self.title_place.clone()),
            _ => Some(phrase.place),
        };
        let before = self.faults.len();
        let mut sentence = self.runs(id, &phrase.role, phrase.runs);
        if let Some(place) = &place {
            for fault in self.faults.split_off(before) {
                self.faults.push(fault.at(place.clone()));
            }
        }
        sentence.place = place;
        sentence
    }

    fn runs(&mut self, id: &str, role_name: &str, runs: Runs) -> Sentence {
        let role = self.layout.role(role_name);
        let mut text = String::new();
        let mut styles = Vec::new();
        for run in &runs {
            let start = text.len();
            match role.case {
                Case::AsWritten => text.push_str(&run.text),
                Case::Upper => text.push_str(
                    &CaseMapper::new()
                        .uppercase_to_string(&run.text, &self.tag.locale().id),
                ),
            }
            let wanted = role.wanted(self.layout, run.strong, run.emphasis);
            styles.push((start..text.len(), wanted));
        }
        let pieces = self.fonts.set(&text, &styles, self.tag).unwrap_or_else(|letter| {
            let what = format!("the {role_name} `{}`", runs.bare());
            self.faults.push(font::missing_glyph(letter, &what));
            Vec::new()
        });
        let runs = pieces.into_iter().map(|Piece { range, style, setting }| SheetRun {
            text: text[range].to_owned(),
            font: setting.family,
            weight: setting.weight,
            italic: setting.italic,
            size: setting.scale,
            script: setting.script,
            link: runs.0[style].link.clone(),
        });
        Sentence {
            id: id.to_owned(),
            role: role_name.to_owned(),
            fit: role.fit,
            runs: runs.collect(),
            place: None,
        }
    }
}

impl Role {
    /// The face for a run of this role.
    pub(crate) fn wanted<'a>(
        &self,
        layout: &'a Layout,
        strong: bool,
        emphasis: bool,
    ) -> font::Wanted<'a> {
        let face = layout.face(&self.face);
        font::Wanted {
            family: &face.family,
            like: face.like,
            weight: if strong { self.weight.max(400) + 300 } else { self.weight },
            // Emphasis inside an italic stands upright.
            italic: self.italic != emphasis,
        }
    }
}

impl Layout {
    /// Whether the layout can set this sheet: it has what the layout requires, and no more people
    /// and pictures than it has room for.
    fn accepts(&self, sheet: &Sheet, course: &Course) -> Result<()> {
        let mut faults = Vec::new();
        for role in &self.requires {
            if !sheet.sentences().any(|sentence| sentence.role == *role) {
                faults.push(
                    Error::new(
                        Kind::Sentence,
                        format!(
                            "the layout `{}` needs the role `{role}`, and the locale has \
                             none",
                            self.name
                        ),
                    )
                    .at(Place::file(format!(
                        "layouts/{}/locales/{}.yaml",
                        self.name, sheet.language
                    )))
                    .with_help("add it to this file, or to the shared one"),
                );
            }
        }
        let mut count = |what: &str, one_more: Option<&Place>, is: usize, most: usize| {
            let Some(place) = one_more else { return };
            let message = format!(
                "the course has {is} {what}, and the layout `{}` has room for {most}",
                self.name
            );
            faults.push(
                Error::new(Kind::TooLarge, message)
                    .with_help("name fewer, or choose another layout")
                    .at(place.clone()),
            );
        };
        let (is, most) = (&course.signatories, self.signatories);
        count("signatories", is.get(most).map(|person| person.place()), is.len(), most);
        let (is, most) = (&course.sponsors, self.sponsors);
        count("sponsors", is.get(most).map(|sponsor| sponsor.place()), is.len(), most);
        let (is, most) = (&course.badges, self.badges);
        count("badges", is.get(most).map(|badge| badge.place()), is.len(), most);
        Error::join(faults)
    }
}
