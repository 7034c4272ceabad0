//! What all checks of a page share: its marks, where parts of it are, their names in
//! messages, and the errors found so far.
//!
//! The decision made here is the place of an error: the line of the sentence or the
//! course where it can be corrected, or else the layout.

use std::collections::{HashMap, HashSet};

use typst::layout::{Abs, Point, Rect};

use super::ink::{Inked, Mark, MarkKind, grown};
use super::reading::PlacedText;
use crate::base::error::{Error, ErrorKind, ErrorMessage, Place};
use crate::press::engine::page::Page;
use crate::press::sheet::Sheet;
use crate::press::sheet::image::SheetImage;
use crate::press::sheet::sentence::Sentence;
use crate::press::sheet::table::SheetTable;

/// How far ink may extend beyond a box because of rounding. In Typst's raw units, of
/// which a point has 127.
pub(super) const TOLERANCE: Abs = Abs::raw(0.5);

/// A page while it is checked.
pub(super) struct PageReader<'a> {
    pub(super) page: &'a Page,
    pub(super) sheet: &'a Sheet,
    pub(super) inked: Inked<'a>,
    /// The sentence of each slot.
    sentences: Vec<Option<&'a Sentence>>,
    /// The ids of sentences that are too long, which is reported already.
    pub(super) overflowed: HashSet<String>,
    pub(super) errors: Vec<Error>,
}

impl<'a> PageReader<'a> {
    pub(super) fn new(page: &'a Page) -> Self {
        let sheet: &Sheet = &page.sheet;
        let pages = page.document.pages().len();
        let sentences = sheet.sentences().chain(repeated(sheet, pages));
        let images = sheet.images().chain(&sheet.background);
        let labels: HashSet<&str> = sentences
            .map(|sentence| sentence.id.as_str())
            .chain(images.map(|image| image.id.as_str()))
            .collect();
        let inked = Inked::of(page, |label| labels.contains(label));
        let sentences = sheet.sentences().chain(repeated(sheet, pages));
        let by_id: HashMap<&str, &Sentence> =
            sentences.map(|sentence| (sentence.id.as_str(), sentence)).collect();
        let slots = inked.slots.iter();
        let sentences =
            slots.map(|slot| by_id.get(slot.label.as_str()).copied()).collect();
        let (overflowed, errors) = (HashSet::new(), Vec::new());
        Self { page, sheet, inked, sentences, overflowed, errors }
    }

    /// Reports an error that the layout's author can correct.
    pub(super) fn report(
        &mut self,
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
        help: &str,
    ) {
        let place = self.page.layout.place.clone();
        self.errors.push(Error::new(kind, message).with_help(help).at(place));
    }

    /// Reports an error of the content of a labelled block: at its slot if the layout has
    /// slots with places, else at the layout.
    pub(super) fn report_in(
        &mut self,
        label: &str,
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
        help: &str,
    ) {
        let place = self.slot_place(label).unwrap_or(&self.page.layout.place).clone();
        self.errors.push(Error::new(kind, message).with_help(help).at(place));
    }

    /// The line of the slot in which a labelled block stands, if the layout has slots
    /// with places.
    fn slot_place(&self, label: &str) -> Option<&'a Place> {
        let mut slots = self.sheet.slots.iter();
        let slot = slots.find(|slot| slot.ids.iter().any(|id| id == label))?;
        Some(&slot.place)
    }

    /// Reports an error that the author of the sentence can correct. A recipient's name
    /// comes from the request, for which there is no place here.
    pub(super) fn report_sentence(
        &mut self,
        sentence: &Sentence,
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
        help: &str,
    ) {
        self.errors.push(sentence.error(kind, message, help));
    }

    /// Reports an error in the position of a sentence: at its slot if the layout has
    /// slots with places, else at the line of the sentence, with a help that names the
    /// layout. An error of a recipient's name, which has no line, is at the layout.
    pub(super) fn report_position(
        &mut self,
        sentences: &[&Sentence],
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
        help: &str,
    ) {
        let slot =
            sentences.iter().rev().find_map(|sentence| self.slot_place(&sentence.id));
        if let Some(slot) = slot.cloned() {
            self.errors.push(Error::new(kind, message).with_help(help).at(slot));
            return;
        }
        let place = sentences.iter().find_map(|sentence| sentence.place.clone());
        match place {
            Some(place) => {
                let help = format!("{help} (`{}`)", self.page.layout.place.file);
                self.errors.push(Error::new(kind, message).with_help(help).at(place));
            }
            None => self.report(kind, message, help),
        }
    }

    /// Reports an error of a picture: at the line of the course that names it, or that
    /// adjusts the signature. A picture without such a line, as the QR code, is reported
    /// at the layout.
    pub(super) fn report_picture(
        &mut self,
        image: &SheetImage,
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
        help: &str,
    ) {
        match &image.place {
            Some(place) => {
                let help = match image.nudge {
                    Some(_) => "it was moved by hand: change its `scale`, `dx` or `dy`",
                    None => help,
                };
                let help = format!("{help} (`{}`)", self.page.layout.place.file);
                let error = Error::new(kind, message).with_help(help);
                self.errors.push(error.at(place.clone()));
            }
            None => self.report_in(&image.id, kind, message, help),
        }
    }

    /// The line of the layout that sets a mark, if it is text that the layout writes itself; else
    /// the layout's entry point.
    pub(super) fn place_of(&self, mark: &Mark<'_>) -> Place {
        let glyph = match mark.kind {
            MarkKind::Text(text) => text.glyphs.first(),
            _ => None,
        };
        glyph
            .and_then(|glyph| self.page.place_in_layout(glyph.span.0))
            .unwrap_or_else(|| self.page.layout.place.clone())
    }

    /// The sentence of the slot in which a mark stands.
    pub(super) fn sentence_of(&self, mark: &Mark<'_>) -> Option<&'a Sentence> {
        mark.slot.and_then(|slot| self.sentence_in(slot))
    }

    /// The sentence of a slot.
    pub(super) fn sentence_in(&self, slot: usize) -> Option<&'a Sentence> {
        self.sentences[slot]
    }

    /// The text in a slot.
    pub(super) fn text_in(&self, slot: usize) -> impl Iterator<Item = PlacedText<'_>> {
        self.inked.marks_in(slot).filter_map(placed_text)
    }

    /// The texts outside of all slots, by their groups.
    pub(super) fn strays(&self) -> impl Iterator<Item = Vec<PlacedText<'_>>> {
        let mut groups: Vec<(usize, Vec<PlacedText<'_>>)> = Vec::new();
        for mark in self.inked.marks.iter().filter(|mark| mark.slot.is_none()) {
            let Some(text) = placed_text(mark) else { continue };
            match groups.last_mut() {
                Some((group, texts)) if *group == mark.group => texts.push(text),
                _ => groups.push((mark.group, vec![text])),
            }
        }
        groups.into_iter().map(|(_, texts)| texts)
    }

    /// The picture of the sheet that a mark is.
    pub(super) fn image_of(&self, mark: &Mark<'_>) -> Option<&'a SheetImage> {
        let slot = mark.slot.filter(|_| matches!(mark.kind, MarkKind::Image))?;
        let label = &self.inked.slots[slot].label;
        self.sheet.images().find(|image| image.id == *label)
    }

    /// The box of a mark's ink; of a signature, that of its strokes.
    pub(super) fn ink_of(&self, mark: &Mark<'_>) -> Option<Rect> {
        let rect = mark.rect?;
        let signed = self.image_of(mark).and_then(|image| image.picture.signature());
        Some(match (signed, &mark.kind) {
            (Some(signed), _) => {
                let [left, top, right, bottom] = signed.ink;
                let size = rect.size();
                let at = |x: f64, y: f64| rect.min + Point::new(size.x * x, size.y * y);
                Rect::new(at(left, top), at(right, bottom))
            }
            // A line's box has no extent, but its ink has.
            (None, MarkKind::Line) => grown(rect, Abs::pt(0.1)),
            (None, _) => rect,
        })
    }

    /// The name of a mark in messages.
    pub(super) fn describe_mark(&self, mark: &Mark<'_>) -> String {
        match (self.sentence_of(mark), &mark.kind) {
            (Some(sentence), _) => sentence.describe(),
            (None, MarkKind::Text(text)) => format!("`{}`", text.text),
            (None, MarkKind::Image) => match mark.slot {
                Some(slot) => self.describe_picture(&self.inked.slots[slot].label),
                None => "a picture".to_owned(),
            },
            (None, _) => "a shape".to_owned(),
        }
    }

    /// The name of a picture of the sheet in messages.
    pub(super) fn describe_picture(&self, id: &str) -> String {
        let signatory = self.sheet.signatories.iter().find(|signatory| {
            signatory.image.as_ref().is_some_and(|image| image.id == id)
        });
        let alt_in = |images: &[SheetImage]| {
            images.iter().find(|image| image.id == id).map(|image| image.alt.clone())
        };
        if let Some(signatory) = signatory {
            return format!("the signature of `{}`", signatory.name.bare());
        }
        if let Some(name) = alt_in(&self.sheet.sponsors) {
            return format!("the logo of the sponsor `{name}`");
        }
        if let Some(alt) = alt_in(&self.sheet.badges) {
            return format!("the badge `{alt}`");
        }
        match id {
            "code" => "the code of the verify link".to_owned(),
            "logo" => "the logo".to_owned(),
            _ if id.starts_with("photo-") => {
                let photo = self.sheet.photos.values().find(|image| image.id == id);
                let alt = photo.map_or(id, |photo| photo.alt.as_str());
                format!("the photo `{alt}`")
            }
            _ => format!("the picture `{id}`"),
        }
    }
}

/// The page numbers of a certificate with `pages` pages.
pub(super) fn folios(sheet: &Sheet, pages: usize) -> impl Iterator<Item = &Sentence> {
    let folios = pages.checked_sub(1).and_then(|index| sheet.folios.get(index));
    folios.into_iter().flatten().flatten()
}

/// The sentences whose number depends on that of the pages: page numbers, and column
/// headings, which are on each page of a table.
fn repeated(sheet: &Sheet, pages: usize) -> impl Iterator<Item = &Sentence> {
    folios(sheet, pages).chain(sheet.table.iter().flat_map(SheetTable::headings))
}

fn placed_text<'a>(mark: &Mark<'a>) -> Option<PlacedText<'a>> {
    match mark.kind {
        MarkKind::Text(item) => Some(PlacedText { item, origin: mark.origin }),
        _ => None,
    }
}
