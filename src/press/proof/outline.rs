//! Lists where everything is on a page, to show what the proof has seen.
//!
//! Takes a page; gives the box of each slot and of its ink, and the line of the file from
//! which its text comes. The decision made here: this place is that of an error in the
//! same slot.

use typst::layout::Rect;

use super::ink::MarkKind;
use super::reader::PageReader;
use crate::base::error::Place;
use crate::press::engine::page::Page;

/// A slot of a page, or a text that a layout writes outside of all slots.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    /// The page, counted from 0.
    pub(crate) page: usize,
    /// The label of the slot; `None` for a layout's own text.
    pub(crate) label: Option<String>,
    /// Its name in messages.
    pub(crate) name: String,
    /// Its box in points: left, top, width, height.
    pub(crate) slot: [f64; 4],
    /// The box of the ink in it, if there is any.
    pub(crate) ink: Option<[f64; 4]>,
    /// Where its text or picture comes from. A name comes from the request and has none.
    pub(crate) place: Option<Place>,
}

impl Page {
    /// Where everything on the page is, in the order of painting.
    pub(crate) fn outlines(&self) -> Vec<Outline> {
        let reader = PageReader::new(self);
        let mut outlines: Vec<Outline> = Vec::new();
        for (index, slot) in reader.inked.slots.iter().enumerate() {
            let ink = reader.inked.marks_in(index).filter_map(|mark| reader.ink_of(mark));
            let ink = ink.reduce(united).map(numbers);
            let (name, place) = match reader.sentence_in(index) {
                Some(sentence) => (sentence.describe(), sentence.place.clone()),
                None => {
                    let images = reader.sheet.images().chain(&reader.sheet.background);
                    let mut same = images.filter(|image| image.id == slot.label);
                    let place = same.next().and_then(|image| image.place.clone());
                    (reader.describe_picture(&slot.label), place)
                }
            };
            outlines.push(Outline {
                page: slot.page,
                label: Some(slot.label.clone()),
                name,
                slot: numbers(slot.rect),
                ink,
                place,
            });
        }
        for mark in &reader.inked.marks {
            let MarkKind::Text(_) = mark.kind else { continue };
            let (None, Some(rect)) = (mark.slot, mark.rect) else { continue };
            outlines.push(Outline {
                page: mark.page,
                label: None,
                name: reader.describe_mark(mark),
                slot: numbers(rect),
                ink: Some(numbers(rect)),
                place: Some(reader.place_of(mark)),
            });
        }
        outlines
    }
}

fn united(one: Rect, other: Rect) -> Rect {
    Rect::new(one.min.min(other.min), one.max.max(other.max))
}

fn numbers(rect: Rect) -> [f64; 4] {
    let size = rect.size();
    [rect.min.x.to_pt(), rect.min.y.to_pt(), size.x.to_pt(), size.y.to_pt()]
}
