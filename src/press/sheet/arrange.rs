//! How a sheet is made.
//!
//! Takes finished sentences, prepared pictures and the layout's promises, gives a [`Sheet`]: every run
//! with its face. The decision made here: what a layout needs and does not get, and what it has no
//! room for, is said before there is a page, all of it together.

use icu_casemap::CaseMapper;
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Second, SecondSignatory, Sentence, Sheet, SheetImage, SheetRun, SheetSignatory,
    SheetTable, SheetTheme, Verify,
};
use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::image::cache::Pictures;
use crate::image::picture::Picture;
use crate::image::qr::QrCode;
use crate::press::fonts::{self, Fonts, Piece};
use crate::press::layout::{Case, Layout, Paper, Role};
use crate::site::course::{Course, Nudge};
use crate::text::phrases::{Phrase, Sentences};
use crate::text::runs::Runs;

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
        let code = QrCode::new(content.verify_url, colours.paper)?;
        let side = (code.modules + 2 * QrCode::QUIET_ZONE) as f64;
        let (modules, picture) =
            (code.modules, Picture::from_svg(code.svg, (side, side)));
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
}

impl Second {
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
}

impl SheetImage {
    fn new(id: String, name: &str, picture: Picture, alt: String) -> Self {
        let (width, height) = picture.size();
        Self {
            id,
            path: Some(format!("/{name}.{}", picture.extension())),
            data: None,
            width,
            height,
            baseline: picture.signature().map(|signature| signature.baseline),
            tall: picture
                .signature()
                .map(|signature| (signature.height_mm * 100.0).round() / 100.0),
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
pub(super) struct Setter<'a> {
    layout: &'a Layout,
    fonts: &'a Fonts,
    tag: &'a Tag,
    title_place: &'a Place,
    faults: Vec<Error>,
}

impl Setter<'_> {
    pub(super) fn phrase(&mut self, id: &str, phrase: Phrase) -> Sentence {
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
            self.faults.push(fonts::missing_glyph(letter, &what));
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
    ) -> fonts::Wanted<'a> {
        let face = layout.face(&self.face);
        fonts::Wanted {
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
                        ErrorKind::Sentence,
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
                Error::new(ErrorKind::TooLarge, message)
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
