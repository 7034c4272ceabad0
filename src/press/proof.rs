//! The machine's reading of a page, before a PDF of it exists.
//!
//! Takes a sheet and the page made of it, gives nothing but faults. Every sentence stands on the page
//! once, in its slot, in its own order; no glyph is missing; no family was used that the layout does
//! not declare; no ink leaves its slot or the page; nothing lies over a signature
//! or another picture. What it cannot
//! find it does not excuse: a page that fails becomes no file.

mod ink;
mod pictures;
mod reading;
mod several;
mod words;

use std::collections::HashSet;

use typst::layout::{Abs, Point, Rect};

use self::ink::{Inked, Mark, MarkKind, grown, holds, shared};
use self::reading::{Reading, Set};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::press::page::Page;
use crate::press::sheet::{Sentence, Sheet, SheetTable};

/// Half a point of play: rounding, side bearings, the overshoot of round letters.
const PLAY: Abs = Abs::raw(0.5);

impl Page {
    /// Reads the page and compares it with its sheet.
    ///
    /// # Errors
    /// All faults together: [`ErrorKind::PageCount`], [`ErrorKind::MissingGlyph`],
    /// [`ErrorKind::UndeclaredFamily`], [`ErrorKind::TextMissing`], [`ErrorKind::TextDoubled`],
    /// [`ErrorKind::Overflow`], [`ErrorKind::Overlap`].
    pub fn proof(self) -> Result<Proof> {
        let pages = self.document.pages().len();
        let labels: HashSet<&str> = self
            .sheet
            .sentences()
            .chain(repeated(&self.sheet, pages))
            .map(|sentence| sentence.id.as_str())
            .chain(
                self.sheet
                    .images()
                    .chain(&self.sheet.background)
                    .map(|image| image.id.as_str()),
            )
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
        reader.table();
        reader.background();
        reader.pictures();
        reader.edges();
        reader.overlaps();
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
        let (is, should) = (self.page.document.pages().len(), self.layout.pages.clone());
        if !should.contains(&is) {
            let count =
                |n| if n == 1 { "1 page".to_owned() } else { format!("{n} pages") };
            let promised = match (*should.start(), *should.end()) {
                (min, max) if min == max => count(max),
                (min, max) => format!("{min} to {}", count(max)),
            };
            self.fault(
                ErrorKind::PageCount,
                format!("the layout promises {promised} and fills {}", count(is)),
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
                    ErrorKind::MissingGlyph,
                    format!("{what} is set in `{family}`, which lacks `{letter}` (U+{number:04X})"),
                )
                .with_help("set each run in its own face, `run.font`, and nothing else");
                faults.push((error, mark));
            }
            if !declared.contains(family.as_str()) && undeclared.insert(family.clone()) {
                let error = Error::new(
                    ErrorKind::UndeclaredFamily,
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
        let pages = self.page.document.pages().len();
        for sentence in self.sheet.sentences().chain(folios(self.sheet, pages)) {
            let expected = sentence.text();
            let set: Vec<Set<'_>> = self
                .inked
                .slots_of(&sentence.id)
                .flat_map(|slot| self.inked.marks_in(slot))
                .filter_map(set)
                .collect();
            let what = describe(sentence);
            let direction = self.sheet.direction_of(sentence);
            match reading::read(&set, &expected, direction) {
                Reading::Right => {
                    if self.strays().any(|stray| {
                        let reading = reading::read(&stray, &expected, direction);
                        reading::visible(&expected) && reading == Reading::Right
                    }) {
                        faults.push((
                            ErrorKind::TextDoubled,
                            format!("{what} stands on the page a second time, outside its slot"),
                            "set each sentence of the sheet once, with `slot`",
                        ));
                    }
                }
                Reading::Doubled => faults.push((
                    ErrorKind::TextDoubled,
                    format!("{what} stands on the page more than once"),
                    "set each sentence of the sheet once, with `slot`",
                )),
                Reading::Blank => {
                    let elsewhere = self.strays().any(|stray| {
                        reading::read(&stray, &expected, direction) == Reading::Right
                    });
                    let message = match elsewhere {
                        true => format!("{what} stands on the page, but not in its slot"),
                        false => format!("{what} is not on the page"),
                    };
                    let help = "let the layout set it with `slot(sentence, …)`";
                    faults.push((ErrorKind::TextMissing, message, help));
                }
                Reading::Other(said) => faults.push((
                    ErrorKind::TextMissing,
                    format!("{what} reads `{said}` on the page"),
                    "set a sentence's runs as they are, in their order, in one paragraph",
                )),
            }
        }
        for (kind, message, help) in faults {
            self.fault(kind, message, help);
        }
    }

    /// No ink beyond its slot or the page.
    fn edges(&mut self) {
        let mut faults = Vec::new();
        let mut reported: HashSet<Option<usize>> = HashSet::new();
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
            reported.insert(Some(index));
            faults.push((what, "its slot", most, sentence, None));
        }
        for mark in &self.inked.marks {
            if !matches!(mark.kind, MarkKind::Text(_) | MarkKind::Image) {
                continue;
            }
            let (Some(rect), Some(page)) =
                (self.ink_of(mark), self.page.document.pages().get(mark.page))
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
                // Inside its slot it is the slot that was put in the wrong place.
                let what = self.describe_mark(mark);
                faults.push((what, "the page", over, None, self.image_of(mark)));
            }
        }
        for (what, edge, over, sentence, image) in faults {
            let message = format!("{what} reaches {:.1} mm beyond {edge}", over.to_mm());
            let help = "move or shrink it in the layout";
            match (sentence, image) {
                (Some(sentence), _) => {
                    let help = "shorten the text, or give its role a smaller `min` or more \
                                `lines` in `layout.yaml`";
                    self.fault_of(sentence, ErrorKind::Overflow, message, help);
                    self.overflowed.insert(sentence.id.clone());
                }
                (None, Some(image)) => {
                    self.fault_in_picture(image, ErrorKind::Overflow, message, help);
                }
                (None, None) => self.fault(ErrorKind::Overflow, message, help),
            }
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
                ErrorKind::Overlap,
                format!("{} runs into {}", describe(sentence), describe(other)),
                "shorten one of them, or give them more room in the layout",
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
        let pages = self.page.document.pages().len();
        let mut all = self.sheet.sentences().chain(repeated(self.sheet, pages));
        all.find(|sentence| sentence.id == *label)
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
    fn fault(&mut self, kind: ErrorKind, message: String, help: &str) {
        let place = self.layout.place.clone();
        self.faults.push(Error::new(kind, message).with_help(help).at(place));
    }

    /// A fault that whoever wrote the sentence can mend. A name is written in the request, which has
    /// no place here.
    fn fault_of(
        &mut self,
        sentence: &Sentence,
        kind: ErrorKind,
        message: String,
        help: &str,
    ) {
        let error = Error::new(kind, message).with_help(help);
        self.faults.push(match &sentence.place {
            Some(place) => error.at(place.clone()),
            None => error,
        });
    }
}

/// The numbers of so many pages.
fn folios(sheet: &Sheet, pages: usize) -> impl Iterator<Item = &Sentence> {
    let folios = pages.checked_sub(1).and_then(|index| sheet.folios.get(index));
    folios.into_iter().flatten().flatten()
}

/// What the number of pages decides: their own numbers, and headings that stand on each.
fn repeated(sheet: &Sheet, pages: usize) -> impl Iterator<Item = &Sentence> {
    folios(sheet, pages).chain(sheet.table.iter().flat_map(SheetTable::headings))
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
