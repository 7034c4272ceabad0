//! The machine's reading of a page, before a PDF of it exists.
//!
//! Takes a sheet and the page made of it, gives nothing but faults. Every sentence stands on the page
//! once, in its slot, in its own order; no glyph is missing; no family was used that the layout does
//! not declare; no ink leaves its slot or the page; nothing lies over a signature. What it cannot
//! find it does not excuse: a page that fails becomes no file.

mod ink;
mod reading;

use std::collections::HashSet;

use typst::layout::{Abs, Point, Rect};

use self::ink::{Inked, Mark, MarkKind, grown, holds, shared};
use self::reading::{Reading, Set};
use crate::error::{Error, Kind, Place, Result};
use crate::font::{self, Fonts};
use crate::layout::Layout;
use crate::page::Page;
use crate::sheet::{Sentence, Sheet};

/// Half a point of play: rounding, side bearings, the overshoot of round letters.
const PLAY: Abs = Abs::raw(0.5);

impl Page {
    /// Reads the page and compares it with its sheet.
    ///
    /// # Errors
    /// All faults together: [`Kind::PageCount`], [`Kind::MissingGlyph`],
    /// [`Kind::UndeclaredFamily`], [`Kind::TextMissing`], [`Kind::TextDoubled`],
    /// [`Kind::Overflow`], [`Kind::Overlap`].
    pub fn proof(self) -> Result<Proof> {
        let labels: HashSet<&str> = self
            .sheet
            .sentences()
            .map(|sentence| sentence.id.as_str())
            .chain(self.sheet.images().map(|image| image.id.as_str()))
            .collect();
        let inked = Inked::of(&self, |label| labels.contains(label));
        let mut reader = Reader {
            sheet: &self.sheet,
            layout: &self.layout,
            fonts: &self.fonts,
            page: &self,
            inked,
            faults: Vec::new(),
        };
        reader.pages();
        reader.faces();
        reader.texts();
        reader.pictures();
        reader.edges();
        reader.signatures();
        reader.collisions();
        Error::join(reader.faults)?;
        Ok(Proof { page: self })
    }
}

/// A page that was read and found right: what files are made of.
#[derive(Debug)]
pub struct Proof {
    pub(crate) page: Page,
}

struct Reader<'a> {
    sheet: &'a Sheet,
    layout: &'a Layout,
    fonts: &'a Fonts,
    page: &'a Page,
    inked: Inked<'a>,
    faults: Vec<Error>,
}

impl<'a> Reader<'a> {
    fn pages(&mut self) {
        let (is, should) = (self.page.document.pages().len(), self.layout.pages);
        if is != should {
            let count = |n| if n == 1 { "1 page".to_owned() } else { format!("{n} pages") };
            self.fault(
                Kind::PageCount,
                format!("the layout promises {} and fills {}", count(should), count(is)),
                "shorten what stands on it, or change `pages` in `layout.yaml`",
                None,
            );
        }
    }

    /// Glyphs that are missing, families that nobody declared.
    fn faces(&mut self) {
        let declared: HashSet<&str> =
            self.layout.families().chain(self.fonts.families()).collect();
        let mut faults = Vec::new();
        let mut undeclared = HashSet::new();
        for mark in &self.inked.marks {
            let MarkKind::Text(text) = &mark.kind else { continue };
            let missing = text.glyphs.iter().filter(|glyph| glyph.id == 0);
            for glyph in missing.take(1) {
                let cluster = text.text.get(glyph.range()).unwrap_or_default();
                let letter = cluster.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                let what = match self.sentence_of(mark) {
                    Some(sentence) => describe(sentence),
                    None => format!("`{}`, which the layout writes itself", text.text),
                };
                faults.push((font::missing_glyph(letter, &what), mark.slot));
            }
            let family = &text.font.font().info().family;
            if !declared.contains(family.as_str()) && undeclared.insert(family.clone()) {
                let error = Error::new(
                    Kind::UndeclaredFamily,
                    format!(
                        "`{}` is set in the family `{family}`, which the layout does not \
                         declare",
                        text.text
                    ),
                )
                .with_help("name it under `faces` in `layout.yaml`, or use a face of those");
                faults.push((error, mark.slot));
            }
        }
        for (error, slot) in faults {
            let place = self.place(slot.and_then(|slot| self.sentence_in(slot)));
            self.faults.push(error.at(place));
        }
    }

    /// Every sentence once, in its slot, and nowhere else.
    fn texts(&mut self) {
        let mut faults = Vec::new();
        for sentence in self.sheet.sentences() {
            let expected = sentence.text();
            let set: Vec<Set<'_>> = self
                .inked
                .slots_of(&sentence.id)
                .flat_map(|slot| self.inked.marks_in(slot))
                .filter_map(set)
                .collect();
            let what = describe(sentence);
            match reading::read(&set, &expected, self.sheet.direction) {
                Reading::Right => {
                    if self.strays().any(|stray| {
                        let reading = reading::read(&stray, &expected, self.sheet.direction);
                        reading::visible(&expected) && reading == Reading::Right
                    }) {
                        faults.push((
                            Kind::TextDoubled,
                            format!("{what} stands on the page a second time, outside its slot"),
                            "set each sentence of the sheet once, with `slot`",
                            sentence,
                        ));
                    }
                }
                Reading::Doubled => faults.push((
                    Kind::TextDoubled,
                    format!("{what} stands on the page more than once"),
                    "set each sentence of the sheet once, with `slot`",
                    sentence,
                )),
                Reading::Blank => faults.push((
                    Kind::TextMissing,
                    format!("{what} is not on the page"),
                    "let the layout set it with `slot(sentence, …)`",
                    sentence,
                )),
                Reading::Other(said) => faults.push((
                    Kind::TextMissing,
                    format!("{what} reads `{said}` on the page"),
                    "set a sentence's runs as they are, in their order, in one paragraph",
                    sentence,
                )),
            }
        }
        for (kind, message, help, sentence) in faults {
            self.fault(kind, message, help, Some(sentence));
        }
    }

    /// Every picture of the sheet once.
    fn pictures(&mut self) {
        let mut faults = Vec::new();
        for image in self.sheet.images() {
            let count = self
                .inked
                .slots_of(&image.id)
                .flat_map(|slot| self.inked.marks_in(slot))
                .filter(|mark| matches!(mark.kind, MarkKind::Image))
                .count();
            let what = match image.id.as_str() {
                "code" => "the code of the verify link".to_owned(),
                "logo" => "the logo".to_owned(),
                _ => format!("the picture `{}`", image.id),
            };
            match count {
                1 => {}
                0 => faults.push((Kind::TextMissing, format!("{what} is not on the page"))),
                _ => faults.push((
                    Kind::TextDoubled,
                    format!("{what} stands on the page {count} times"),
                )),
            }
        }
        for (kind, message) in faults {
            self.fault(kind, message, "set it once, with `picture(image, …)`", None);
        }
    }

    /// No ink beyond its slot or the page.
    fn edges(&mut self) {
        let mut faults = Vec::new();
        for (index, slot) in self.inked.slots.iter().enumerate() {
            let sentence = self.sentence_in(index);
            let swash = sentence.map_or(0.0, |s| self.layout.role(&s.role).swash);
            let room = grown(slot.rect, PLAY + Abs::mm(swash));
            let beyond = self.inked.marks_in(index).filter_map(|mark| {
                Some(beyond(mark.rect?, room)).filter(|over| *over > Abs::zero())
            });
            let Some(most) = beyond.reduce(Abs::max) else { continue };
            let what = match sentence {
                Some(sentence) => describe(sentence),
                None => format!("the picture `{}`", slot.label),
            };
            faults.push((what, "its slot", most, sentence, index));
        }
        let mut reported: HashSet<Option<usize>> =
            faults.iter().map(|fault| Some(fault.4)).collect();
        for mark in &self.inked.marks {
            if !matches!(mark.kind, MarkKind::Text(_) | MarkKind::Image) {
                continue;
            }
            let (Some(rect), Some(page)) =
                (mark.rect, self.page.document.pages().get(mark.page))
            else {
                continue;
            };
            let size = page.frame.size();
            // A picture that covers the page may bleed over its edges.
            let whole = Rect::new(Point::zero(), size.to_point());
            if matches!(mark.kind, MarkKind::Image) && holds(rect, whole) {
                continue;
            }
            let over = beyond(rect, grown(whole, PLAY));
            if over > Abs::zero() && reported.insert(mark.slot) {
                let sentence = mark.slot.and_then(|slot| self.sentence_in(slot));
                let what = match (sentence, &mark.kind) {
                    (Some(sentence), _) => describe(sentence),
                    (None, MarkKind::Text(text)) => format!("`{}`", text.text),
                    (None, _) => "a picture".to_owned(),
                };
                faults.push((what, "the page", over, sentence, 0));
            }
        }
        for (what, edge, over, sentence, _) in faults {
            let message = format!("{what} reaches {:.1} mm beyond {edge}", over.to_mm());
            let help = match sentence {
                Some(_) => "shorten the text, or give its role a smaller `min` or more `lines`",
                None => "move or shrink it in the layout",
            };
            self.fault(Kind::Overflow, message, help, sentence);
        }
    }

    /// Nothing lies over a signature.
    fn signatures(&mut self) {
        let mut faults = Vec::new();
        for (number, person) in self.sheet.signatories.iter().enumerate() {
            let Some(image) = &person.image else { continue };
            let found = self.inked.marks.iter().enumerate().find(|(_, mark)| {
                matches!(mark.kind, MarkKind::Image)
                    && mark.slot.is_some_and(|slot| self.inked.slots[slot].label == image.id)
            });
            let Some((order, signature)) = found else { continue };
            let Some(ink) = signature.rect else { continue };
            for (other_order, other) in self.inked.marks.iter().enumerate() {
                let Some(rect) = other.rect else { continue };
                if other_order == order || other.page != signature.page {
                    continue;
                }
                let over = shared(rect, grown(ink, -PLAY));
                if over.x <= Abs::zero() || over.y <= Abs::zero() {
                    continue;
                }
                let in_the_way = match &other.kind {
                    // What was painted before and lies under all of it is its ground.
                    MarkKind::Text(_) | MarkKind::Image => {
                        !(other_order < order && holds(rect, ink))
                    }
                    // A shape that comes later and has an area of its own hides it.
                    MarkKind::Filled => {
                        other_order > order && over.x.min(over.y) > Abs::pt(2.0)
                    }
                    MarkKind::Outline => false,
                };
                if in_the_way {
                    let sentence = self.sentence_of(other);
                    let what = match (sentence, &other.kind) {
                        (Some(sentence), _) => describe(sentence),
                        (None, MarkKind::Text(text)) => format!("`{}`", text.text),
                        (None, MarkKind::Image) => "a picture".to_owned(),
                        (None, _) => "a shape".to_owned(),
                    };
                    let signature = number + 1;
                    faults.push((
                        format!("{what} lies over the signature of signatory {signature}"),
                        sentence,
                    ));
                    break;
                }
            }
        }
        for (message, sentence) in faults {
            let help = "give the signatures more room in the layout";
            self.fault(Kind::Overlap, message, help, sentence);
        }
    }

    /// No sentence runs into another.
    fn collisions(&mut self) {
        let mut found: Vec<((&str, &str), &Sentence, &Sentence)> = Vec::new();
        let texts: Vec<_> = self
            .inked
            .marks
            .iter()
            .filter(|mark| matches!(mark.kind, MarkKind::Text(_)))
            .filter_map(|mark| {
                let slot = mark.slot?;
                Some((slot, mark.page, mark.rect?, self.sentence_in(slot)?))
            })
            .collect();
        for (index, (slot, page, rect, sentence)) in texts.iter().enumerate() {
            for (other_slot, other_page, other_rect, other) in &texts[index + 1..] {
                if slot == other_slot || page != other_page {
                    continue;
                }
                let over = shared(*rect, *other_rect);
                if over.x.min(over.y) > Abs::pt(1.0) {
                    let pair = (sentence.id.as_str(), other.id.as_str());
                    if !found.iter().any(|(known, ..)| *known == pair) {
                        found.push((pair, *sentence, *other));
                    }
                }
            }
        }
        let found: Vec<_> = found.into_iter().map(|(_, a, b)| (a, b)).collect();
        for (sentence, other) in found {
            self.fault(
                Kind::Overlap,
                format!("{} runs into {}", describe(sentence), describe(other)),
                "shorten one of them, or give them more room in the layout",
                Some(sentence),
            );
        }
    }

    /// Texts outside every slot, one for each group that holds some.
    fn strays(&self) -> impl Iterator<Item = Vec<Set<'_>>> {
        let mut groups: Vec<(usize, Vec<Set<'_>>)> = Vec::new();
        for mark in self.inked.marks.iter().filter(|mark| mark.slot.is_none()) {
            let Some(set) = set(mark) else { continue };
            match groups.last_mut() {
                Some((group, sets)) if *group == mark.group => sets.push(set),
                _ => groups.push((mark.group, vec![set])),
            }
        }
        groups.into_iter().map(|(_, sets)| sets)
    }

    fn sentence_of(&self, mark: &Mark<'_>) -> Option<&'a Sentence> {
        mark.slot.and_then(|slot| self.sentence_in(slot))
    }

    fn sentence_in(&self, slot: usize) -> Option<&'a Sentence> {
        let label = &self.inked.slots[slot].label;
        self.sheet.sentences().find(|sentence| sentence.id == *label)
    }

    /// The sentence in its locale file, else the layout.
    fn place(&self, sentence: Option<&Sentence>) -> Place {
        sentence.and_then(|sentence| sentence.place.clone()).unwrap_or_else(|| {
            Place::file(format!("layouts/{}/layout.typ", self.layout.name))
        })
    }

    fn fault(
        &mut self,
        kind: Kind,
        message: String,
        help: &str,
        sentence: Option<&Sentence>,
    ) {
        let error = Error::new(kind, message).with_help(help).at(self.place(sentence));
        self.faults.push(error);
    }
}

fn set<'a>(mark: &Mark<'a>) -> Option<Set<'a>> {
    match mark.kind {
        MarkKind::Text(item) => Some(Set { item, origin: mark.origin }),
        _ => None,
    }
}

/// The role and the text, as messages name them.
fn describe(sentence: &Sentence) -> String {
    let text: String = sentence
        .text()
        .chars()
        .filter(|c| !matches!(c, '\u{2066}'..='\u{2069}'))
        .collect();
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("the {} `{short}`", sentence.role)
}

/// How far a box reaches out of another, at the side where it is most.
fn beyond(rect: Rect, room: Rect) -> Abs {
    [
        room.min.x - rect.min.x,
        room.min.y - rect.min.y,
        rect.max.x - room.max.x,
        rect.max.y - room.max.y,
    ]
    .into_iter()
    .fold(Abs::zero(), Abs::max)
}
