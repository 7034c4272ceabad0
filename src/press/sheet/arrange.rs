//! Arranges content for a layout.
//!
//! Takes finished sentences, prepared pictures and a layout's declaration, gives a [`Sheet`]. The
//! decision made here: what a layout requires and does not get, and what it has no room for, is
//! reported before there is a page, all of it together.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::image::SheetImage;
use super::sentence::Sentence;
use super::sentence_builder::SentenceBuilder;
use super::slots::SlotPlan;
use super::table::SheetTable;
use super::{
    SecondLanguage, SecondSignatory, Sheet, SheetSignatory, SheetTheme, VerifyLink,
};
use crate::base::error::{
    Error, ErrorKind, ErrorMessage, Place, Result, Warning, finding,
};
use crate::base::lang::Tag;
use crate::image::cache::Pictures;
use crate::image::picture::Picture;
use crate::image::qr::QrCode;
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::press::layout::lengths::CodeFacts;
use crate::press::layout::paper::Paper;
use crate::press::photos::RequestPhoto;
use crate::press::translation;
use crate::site::course::{Course, Nudge};
use crate::text::locale::Locale;
use crate::text::phrases::{Phrase, Sentences};
use crate::text::runs::Runs;

/// The content of a sheet.
pub(crate) struct SheetContent<'a> {
    pub(crate) sentences: Sentences,
    /// The sentences in the second language.
    pub(crate) second: Option<Sentences>,
    /// The page numbers: `folios[n - 1][k - 1]` is the number of page k if there are n
    /// pages.
    pub(crate) folios: Vec<Vec<Option<Phrase>>>,
    /// The organization that issues it.
    pub(crate) author: String,
    pub(crate) pictures: Pictures,
    /// The names of the sponsors in the certificate's language.
    pub(crate) sponsors: Vec<String>,
    /// What the badges show, in the certificate's language.
    pub(crate) badges: Vec<String>,
    /// The layout's own pictures, each with its description in the certificate's
    /// language; an ornament has none.
    pub(crate) own_pictures: Vec<(Picture, Option<String>)>,
    /// The pictures that the request gives, with their descriptions.
    pub(crate) photos: Vec<RequestPhoto>,
    pub(crate) course: &'a Course,
    /// The locale of the sentences, which says where a role is to be written.
    pub(crate) locale: &'a Locale,
    pub(crate) background: Option<Picture>,
    pub(crate) paper: Paper,
    /// The verify address and its QR code; `None` for a certificate without them.
    pub(crate) verify: Option<(&'a str, Arc<QrCode>)>,
    pub(crate) extra: IndexMap<String, Value>,
    pub(crate) specimen: bool,
}

impl Sheet {
    /// Arranges content for a layout. Returns the sheet with the warnings of its sentences.
    ///
    /// # Errors
    /// [`ErrorKind::MissingGlyph`] for letters that no font has, all together. If there
    /// are none, [`ErrorKind::Sentence`] for required roles without a sentence, and
    /// [`ErrorKind::TooLarge`] for too many signatories, sponsors or badges, all
    /// together.
    pub(crate) fn arrange(
        content: SheetContent<'_>,
        layout: &Layout,
        fonts: &Fonts,
    ) -> Result<(Self, Vec<Warning>)> {
        let SheetContent { mut sentences, pictures, course, .. } = content;
        let tag = sentences.language.clone();
        let plan = layout.placed.as_ref();
        let plan = plan.map(|placed| SlotPlan::of(placed, &mut sentences.blocks, &tag));
        let (plan, out_of_order) = plan.transpose()?.unzip();
        sentences.warnings.extend(out_of_order.flatten());
        let mut builder = SentenceBuilder::new(layout, fonts, &tag, course);

        let heading = sentences.heading.map(|phrase| builder.phrase("heading", phrase));
        let blocks: Vec<Sentence> = sentences
            .blocks
            .into_iter()
            .enumerate()
            .map(|(index, phrase)| {
                builder.phrase(&format!("block-{}", index + 1), phrase)
            })
            .collect();
        let date = sentences.date.map(|phrase| builder.phrase("date", phrase));
        let authenticity =
            sentences.authenticity.map(|phrase| builder.phrase("authenticity", phrase));
        let specimen = sentences
            .specimen
            .filter(|_| content.specimen)
            .map(|phrase| builder.phrase("specimen", phrase));

        let table = sentences.table.map(|table| SheetTable::arrange(table, &mut builder));
        let folios = content.folios.into_iter().enumerate().map(|(n, folios)| {
            let folios = folios.into_iter().enumerate();
            let folios = folios.map(|(k, folio)| {
                Some(builder.phrase(&format!("folio-{}-{}", n + 1, k + 1), folio?))
            });
            folios.collect()
        });
        let folios = folios.collect();

        let mut signature_alts = sentences.alt.signature.into_iter();
        let mut signatories = Vec::new();
        let signers = course.signatories.iter().zip(pictures.signatures);
        for (index, ((name, title), (signatory, picture))) in
            sentences.signatories.into_iter().zip(signers).enumerate()
        {
            let id = format!("signatory-{}", index + 1);
            let alt = signature_alts.next().unwrap_or_default();
            let name = builder.runs(&format!("{id}-name"), "signatory", name);
            let title = title.map(|title| {
                builder.runs(&format!("{id}-title"), "signatory-title", title)
            });
            let image = picture.map(|picture| {
                let name = format!("signature-{}", index + 1);
                let place = signatory.nudge_place().unwrap_or(signatory.place());
                let image = SheetImage::new(format!("{id}-image"), &name, picture, alt);
                let nudge =
                    (signatory.nudge != Nudge::default()).then_some(signatory.nudge);
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
        let own = content.own_pictures.into_iter().enumerate();
        let own = own.map(|(index, (picture, alt))| {
            let (id, is_ornament) = (format!("picture-{}", index + 1), alt.is_none());
            let alt = alt.unwrap_or_default();
            (is_ornament, SheetImage::new(id.clone(), &id, picture, alt))
        });
        let (ornaments, own_pictures): (Vec<_>, Vec<_>) =
            own.partition(|(is_ornament, _)| *is_ornament);
        let image = |(_, image)| image;
        let mut errors = builder.errors;
        let mut warnings = sentences.warnings;
        let second = content.second.map(|sentences| {
            warnings.extend(sentences.warnings.clone());
            let (second, found) =
                SecondLanguage::arrange(sentences, &signatories, layout, fonts, course);
            errors.extend(found);
            second
        });
        Error::join(errors)?;

        let theme = &course.theme;
        let colours = layout.theme.with(theme);
        let verify = content.verify.map(|(url, code)| {
            let side = (code.modules + 2 * QrCode::QUIET_ZONE) as f64;
            let picture = Picture::from_svg(code.svg.clone(), (side, side));
            VerifyLink {
                url: url.to_owned(),
                code: SheetImage::new("code".into(), "code", picture, sentences.alt.code),
                modules: code.modules,
                side: CodeFacts::of(code.modules).side,
                reach: CodeFacts::of(code.modules).reach,
            }
        });
        let mut sheet = Self {
            version: Self::VERSION,
            language: tag.language().to_owned(),
            region: tag.glyph_region(),
            direction: tag.direction(),
            title: sentences.title,
            author: content.author,
            paper: content.paper,
            lengths: IndexMap::new(),
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
            slots: Vec::new(),
            pictures: own_pictures.into_iter().map(image).collect(),
            ornaments: ornaments.into_iter().map(image).collect(),
            photos: content.photos.into_iter().map(arranged).collect(),
            background: content.background.map(|picture| {
                SheetImage::new("background".into(), "background", picture, String::new())
            }),
            extra: content.extra,
        };
        if let Some(plan) = plan {
            sheet.slots = plan.fill(&sheet, &colours)?;
        }
        check_requirements(&sheet, layout, course, (content.locale, &tag))?;
        Ok((sheet, warnings))
    }
}

/// A photo by its name. Its label is numbered, because the name may contain any
/// characters.
fn arranged(photo: RequestPhoto) -> (String, SheetImage) {
    let RequestPhoto { name, index, picture, alt } = photo;
    let id = format!("photo-{}", index + 1);
    (name, SheetImage::new(id.clone(), &id, picture, alt))
}

impl SecondLanguage {
    fn arrange(
        sentences: Sentences,
        in_first: &[SheetSignatory],
        layout: &Layout,
        fonts: &Fonts,
        course: &Course,
    ) -> (Self, Vec<Error>) {
        let tag = sentences.language;
        let mut builder = SentenceBuilder::new(layout, fonts, &tag, course);
        let id = |name: &str| format!("{}{name}", Self::ID_PREFIX);
        let heading =
            sentences.heading.map(|phrase| builder.phrase(&id("heading"), phrase));
        let blocks = sentences.blocks.into_iter().enumerate().map(|(index, phrase)| {
            builder.phrase(&id(&format!("block-{}", index + 1)), phrase)
        });
        let blocks = blocks.collect();
        let date = sentences.date.map(|phrase| builder.phrase(&id("date"), phrase));
        let authenticity = sentences
            .authenticity
            .map(|phrase| builder.phrase(&id("authenticity"), phrase));
        let mut signatories = Vec::new();
        for (index, ((name, title), first)) in
            sentences.signatories.into_iter().zip(in_first).enumerate()
        {
            let id = id(&format!("signatory-{}", index + 1));
            // Words that are the same in both languages are left out of the second one.
            let other = |runs: &Runs, known: Option<&Sentence>| {
                known.is_none_or(|known| known.text() != runs.text())
            };
            let name = other(&name, Some(&first.name))
                .then(|| builder.runs(&format!("{id}-name"), "signatory", name));
            let title = title.filter(|title| other(title, first.title.as_ref()));
            let title = title.map(|title| {
                builder.runs(&format!("{id}-title"), "signatory-title", title)
            });
            signatories.push(SecondSignatory { name, title });
        }
        let errors = builder.errors;
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
        (second, errors)
    }
}

/// Checks that a sheet has what its layout requires, and no more signatories and pictures than the
/// layout has room for.
fn check_requirements(
    sheet: &Sheet,
    layout: &Layout,
    course: &Course,
    (locale, tag): (&Locale, &Tag),
) -> Result<()> {
    let mut errors = Vec::new();
    for role in &layout.requires {
        if !sheet.sentences().any(|sentence| sentence.role == *role) {
            let mut written = locale.sentences();
            let written = written.find(|sentence| sentence.role == *role);
            let place = match written {
                Some(sentence) => sentence.place.clone(),
                None => translation::file_of(&layout.name, locale, tag),
            };
            let help = match written {
                Some(_) => "the sentence prints nothing here: write its words",
                None => "add it to this file, or to the shared one",
            };
            errors.push(
                Error::new(
                    ErrorKind::Sentence,
                    finding!("layout_needs_role", layout.name, role),
                )
                .at(place)
                .with_help(help),
            );
        }
    }
    let mut limit = |what: &str, count: usize, max: usize, surplus: Option<&Place>| {
        let Some(place) = surplus else { return };
        let message: ErrorMessage = match what {
            "signatories" => finding!("too_many_signatories", count, layout.name, max),
            what => {
                let what = if count == 1 { &what[..what.len() - 1] } else { what };
                let layout = &layout.name;
                format!("the course has {count} {what}, and the layout `{layout}` has room for {max}")
                    .into()
            }
        };
        errors.push(
            Error::new(ErrorKind::TooLarge, message)
                .with_help("name fewer, or choose another layout")
                .at(place.clone()),
        );
    };
    let (all, max) = (&course.signatories, layout.max_signatories);
    limit("signatories", all.len(), max, all.get(max).map(|signatory| signatory.place()));
    let (all, max) = (&course.sponsors, layout.max_sponsors);
    limit("sponsors", all.len(), max, all.get(max).map(|sponsor| sponsor.place()));
    let (all, max) = (&course.badges, layout.max_badges);
    limit("badges", all.len(), max, all.get(max).map(|badge| badge.place()));
    Error::join(errors)
}
