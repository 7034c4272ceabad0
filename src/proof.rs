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
use crate::font::Fonts;
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
            overflowed: HashSet::new(),
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
    /// The ids of sentences that were found too long.
    overflowed: HashSet<String>,
    faults: Vec<Error>,
}

impl<'a> Reader<'a> {
    fn pages(&mut self) {
        let (is, should) = (self.page.document.pages().len(), self.layout.pages);
        if is != should {
            let count =
                |n| if n == 1 { "1 page".to_owned() } else { format!("{n} pages") };
            self.fault(
                Kind::PageCount,
                format!("the layout promises {} and fills {}", count(should), count(is)),
                "shorten what stands on it, or change `pages` in `layout.yaml`",
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
            let family = &text.font.font().info().family;
            let missing = text.glyphs.iter().filter(|glyph| glyph.id == 0);
            if let Some(glyph) = missing.min_by_key(|glyph| glyph.range().start) {
                let cluster = text.text.get(glyph.range()).unwrap_or_default();
                let letter =
                    cluster.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                let what = match self.sentence_of(mark) {
                    Some(sentence) => describe(sentence),
                    None => format!("`{}`, which the layout writes itself,", text.text),
                };
                let number = u32::from(letter);
                let error = Error::new(
                    Kind::MissingGlyph,
                    format!("{what} is set in `{family}`, which lacks `{letter}` (U+{number:04X})"),
                )
                .with_help("set each run in its own face, `run.font`, and nothing else");
                faults.push((error, mark));
            }
            if !declared.contains(family.as_str()) && undeclared.insert(family.clone()) {
                let error = Error::new(
                    Kind::UndeclaredFamily,
                    format!(
                        "`{}` is set in the family `{family}`, which the layout does not \
                         declare",
                        text.text
                    ),
                )
                .with_help(
                    "name it under `faces` in `layout.yaml`, or use a face of those",
                );
                faults.push((error, mark));
            }
        }
        let faults: Vec<Error> = faults
            .into_iter()
            .map(|(error, mark)| error.at(self.place_of(mark)))
            .collect();
        self.faults.extend(faults);
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
                        let reading =
                            reading::read(&stray, &expected, self.sheet.direction);
                        reading::visible(&expected) && reading == Reading::Right
                    }) {
                        faults.push((
                            Kind::TextDoubled,
                            format!("{what} stands on the page a second time, outside its slot"),
                            "set each sentence of the sheet once, with `slot`",
                        ));
                    }
                }
                Reading::Doubled => faults.push((
                    Kind::TextDoubled,
                    format!("{what} stands on the page more than once"),
                    "set each sentence of the sheet once, with `slot`",
                )),
                Reading::Blank => {
                    let elsewhere = self.strays().any(|stray| {
                        reading::read(&stray, &expected, self.sheet.direction)
                            == Reading::Right
                    });
                    let message = match elsewhere {
                        true => format!("{what} stands on the page, but not in its slot"),
                        false => format!("{what} is not on the page"),
                    };
                    let help = "let the layout set it with `slot(sentence, …)`";
                    faults.push((Kind::TextMissing, message, help));
                }
                Reading::Other(said) => faults.push((
                    Kind::TextMissing,
                    format!("{what} reads `{said}` on the page"),
                    "set a sentence's runs as they are, in their order, in one paragraph",
                )),
            }
        }
        for (kind, message, help) in faults {
            self.fault(kind, message, help);
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
            let what = self.picture(&image.id);
            match count {
                1 => {}
                0 => {
                    faults.push((Kind::TextMissing, format!("{what} is not on the page")))
                }
                _ => faults.push((
                    Kind::TextDoubled,
                    format!("{what} stands on the page {count} times"),
                )),
            }
        }
        for (kind, message) in faults {
            self.fault(kind, message, "set it once, with `picture(image, …)`");
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
                None => self.picture(&slot.label),
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
                    (None, _) => match mark.slot {
                        Some(slot) => self.picture(&self.inked.slots[slot].label),
                        None => "a picture".to_owned(),
                    },
                };
                // Inside its slot it is the slot that was put in the wrong place.
                faults.push((what, "the page", over, None, 0));
            }
        }
        for (what, edge, over, sentence, _) in faults {
            let message = format!("{what} reaches {:.1} mm beyond {edge}", over.to_mm());
            match sentence {
                Some(sentence) => {
                    let help = "shorten the text, or give its role a smaller `min` or more \
                                `lines` in `layout.yaml`";
                    self.fault_of(sentence, Kind::Overflow, message, help);
                    self.overflowed.insert(sentence.id.clone());
                }
                None => {
                    let help = "move or shrink it in the layout";
                    self.fault(Kind::Overflow, message, help);
                }
            }
        }
    }

    /// Nothing lies over a signature.
    fn signatures(&mut self) {
        let mut faults = Vec::new();
        for person in &self.sheet.signatories {
            let Some(image) = &person.image else { continue };
            let found = self.inked.marks.iter().enumerate().find(|(_, mark)| {
                matches!(mark.kind, MarkKind::Image)
                    && mark
                        .slot
                        .is_some_and(|slot| self.inked.slots[slot].label == image.id)
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
                        (None, MarkKind::Image) => match other.slot {
                            Some(slot) => self.picture(&self.inked.slots[slot].label),
                            None => "a picture".to_owned(),
                        },
                        (None, _) => "a shape".to_owned(),
                    };
                    faults.push(format!("{what} lies over {}", self.picture(&image.id)));
                    break;
                }
            }
        }
        for message in faults {
            self.fault(
                Kind::Overlap,
                message,
                "give the signatures more room in the layout",
            );
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
                // What overflows has been reported, and runs into its neighbours for that reason.
                let overflowed = self.overflowed.contains(&sentence.id)
                    || self.overflowed.contains(&other.id);
                if slot == other_slot || page != other_page || overflowed {
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
            );
        }
    }

    /// What a picture of the sheet is called in messages.
    fn picture(&self, id: &str) -> String {
        let signatory = self
            .sheet
            .signatories
            .iter()
            .find(|person| person.image.as_ref().is_some_and(|image| image.id == id));
        match (signatory, id) {
            (Some(person), _) => format!("the signature of `{}`", bare(&person.name)),
            (None, "code") => "the code of the verify link".to_owned(),
            (None, "logo") => "the logo".to_owned(),
            (None, _) => format!("the picture `{id}`"),
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

    /// Where the layout sets a mark, if it is text that the layout writes itself; else its door.
    fn place_of(&self, mark: &Mark<'_>) -> Place {
        let own = match mark.kind {
            MarkKind::Text(text) => text.glyphs.first(),
            _ => None,
        };
        own.and_then(|glyph| self.page.place_in_layout(glyph.span.0))
            .unwrap_or_else(|| self.layout.place.clone())
    }

    /// A fault that the layout's author can mend.
    fn fault(&mut self, kind: Kind, message: String, help: &str) {
        let place = self.layout.place.clone();
        self.faults.push(Error::new(kind, message).with_help(help).at(place));
    }

    /// A fault that whoever wrote the sentence can mend. A name is written in the request, which has
    /// no place here.
    fn fault_of(&mut self, sentence: &Sentence, kind: Kind, message: String, help: &str) {
        let error = Error::new(kind, message).with_help(help);
        self.faults.push(match &sentence.place {
            Some(place) => error.at(place.clone()),
            None => error,
        });
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
    let text = bare(sentence);
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("the {} `{short}`", sentence.role)
}

/// A sentence's text without its isolates.
fn bare(sentence: &Sentence) -> String {
    let isolate = |c: &char| matches!(c, '\u{2066}'..='\u{2069}');
    sentence.text().chars().filter(|c| !isolate(c)).collect()
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
