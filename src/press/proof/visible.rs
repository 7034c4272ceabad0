//! Checks that the content of the page is visible: nothing clips or hides it, and it has
//! enough contrast with what lies below it.
//!
//! The decision made here: rules accept, at little cost, what is certainly visible; where
//! they cannot tell, the pixels decide. The contrast is that of WCAG 2.2 (success
//! criteria 1.4.3 and 1.4.11). What is in no slot is ornament: it counts as ground, and
//! need not be visible.

mod contrast;
mod look;
mod painted;
mod pixels;
mod shapes;

use std::collections::BTreeSet;

use typst::layout::{Abs, Point, Rect};
use typst::visualize::Image;

use self::contrast::{Rgb, Tones};
use self::look::look;
use self::painted::{Item, Painted, Walk};
use self::pixels::{Doubt, Rasters, Shows, Subject, Verdict};
use self::shapes::Cover;
use super::ink::{grown, holds};
use super::reader::{PageReader, TOLERANCE};
use crate::base::error::{ErrorKind, ErrorMessage, finding};

/// The contrast for text smaller than [`LARGE`], and that for larger text and for
/// strokes.
const TEXT_CONTRAST: f64 = 4.5;
const LARGE_CONTRAST: f64 = 3.0;
/// The size from which text is large, in points.
const LARGE: f64 = 18.0;
/// A ground with at least this contrast to black is as light as paper.
const LIGHT: f64 = 15.0;

/// An error's kind, its message and its help.
type Fault = (ErrorKind, ErrorMessage, &'static str);

impl PageReader<'_> {
    /// Checks every sentence, signature, picture and QR code: by rules, and by pixels
    /// where the rules cannot tell, or everywhere if `closely` is set.
    pub(super) fn check_visible(&mut self, closely: bool) {
        let known: BTreeSet<&str> =
            self.inked.slots.iter().map(|slot| slot.label.as_str()).collect();
        let painted = Walk::of(self.page, &known);
        let background = self.sheet.background.as_ref().map(|image| image.id.as_str());
        let mut doubted: BTreeSet<usize> = BTreeSet::new();
        for (index, item) in painted.iter().enumerate() {
            let Some(slot) = item.slot else { continue };
            let is_ground = Some(self.inked.slots[slot].label.as_str()) == background;
            if is_ground || doubted.contains(&slot) || self.is_overflowed(slot) {
                continue;
            }
            if closely || !self.is_certainly_seen(&painted, index) {
                doubted.insert(slot);
            }
        }
        if doubted.is_empty() {
            return;
        }
        let pages: BTreeSet<usize> = painted
            .iter()
            .filter(|it| it.slot.is_some_and(|s| doubted.contains(&s)))
            .map(|it| it.page)
            .collect();
        let mut found = Vec::new();
        for page in pages {
            let shows = |label: &str| match label {
                _ if Some(label) == background || !known.contains(label) => {
                    Shows::Nothing
                }
                _ if self.sheet.images().any(|image| image.id == label) => Shows::Picture,
                _ => Shows::Text,
            };
            let doubts = doubted.iter().filter_map(|&slot| {
                let items: Vec<usize> = painted
                    .iter()
                    .enumerate()
                    .filter(|(_, it)| it.page == page && it.slot == Some(slot))
                    .map(|(index, _)| index)
                    .collect();
                let doubt = self.doubt(slot, &painted, &items)?;
                Some((slot, items, doubt))
            });
            let doubts: Vec<_> = doubts.collect();
            let regions = doubts.iter().map(|(.., doubt)| doubt.region);
            let Some(part) = regions.reduce(around) else { continue };
            let rasters =
                Rasters::of(&self.page.document.drawn().pages()[page], part, &shows);
            for (slot, items, doubt) in doubts {
                let fault = match rasters.judge(&doubt) {
                    Verdict::Seen => None,
                    Verdict::Hidden { share } => {
                        Some(self.hidden(slot, &painted, &items, share))
                    }
                    Verdict::Pale { contrast } => {
                        let needed = doubt.contrast;
                        Some(self.pale(slot, &painted, &items, contrast, needed))
                    }
                };
                let label = self.inked.slots[slot].label.clone();
                found.extend(fault.map(|fault| (label, fault)));
            }
        }
        for (label, (kind, message, help)) in found {
            self.report_in(&label, kind, message, help);
        }
    }

    /// Whether a sentence is too long, which is reported already.
    fn is_overflowed(&self, slot: usize) -> bool {
        self.sentence_in(slot).is_some_and(|it| self.overflowed.contains(&it.id))
    }

    /// Whether an item is, by the rules, certainly visible as a whole and with enough
    /// contrast.
    fn is_certainly_seen(&self, painted: &[Painted<'_>], index: usize) -> bool {
        let item = &painted[index];
        let Some(ink) = item.ink else { return true };
        if !item.clip.holds(grown(ink, -TOLERANCE)) {
            return false;
        }
        let here = |other: &&Painted<'_>| other.page == item.page;
        let mut later = painted[index + 1..].iter().filter(here);
        let is_hidden = later.any(|other| {
            // A sentence's own words never hide each other.
            let own_text = other.slot == item.slot && matches!(other.item, Item::Text(_));
            let own_rule = other.is_rule() && matches!(item.item, Item::Image(_));
            !(own_text || own_rule) && other.cover(ink) != Cover::None
        });
        if is_hidden {
            return false;
        }
        match item.item {
            Item::Text(text) => {
                // A stroke is painted over the letters.
                if text.stroke.is_some() {
                    return false;
                }
                let Some(colour) = Rgb::opaque(&text.fill) else { return false };
                let earlier = painted[..index].iter().rev().filter(here);
                let ground = ground(earlier, ink, item.slot, self.paper(item.page));
                ground.is_some_and(|ground| {
                    ground.contrast(colour) >= needed(text.size * item.scale)
                })
            }
            // Pictures are made for light paper, and some may be too pale even for that.
            Item::Image(image) => {
                let earlier = painted[..index].iter().rev().filter(here);
                let earlier = earlier.filter(|other| !other.is_rule());
                let ground = ground(earlier, ink, item.slot, self.paper(item.page));
                ground.is_some_and(|ground| {
                    ground.contrast(Rgb::BLACK) >= LIGHT
                        && self.is_dark_enough(image, item, ink, ground)
                })
            }
            Item::Shape(_) => true,
        }
    }

    /// Whether a picture has the contrast to its ground that it needs. A QR code has a
    /// ground of its own. It is not drawn here, because it differs on each certificate.
    fn is_dark_enough(
        &self,
        image: &Image,
        item: &Painted<'_>,
        ink: Rect,
        ground: Tones,
    ) -> bool {
        let label = item.slot.map(|slot| self.inked.slots[slot].label.as_str());
        if label == Some("code") {
            return true;
        }
        let own = self.sheet.images().find(|own| Some(own.id.as_str()) == label);
        let is_signature = own.is_some_and(|own| own.picture.signature().is_some());
        let needed =
            if is_signature { LARGE_CONTRAST } else { Subject::PICTURE_CONTRAST };
        let size = ink.size();
        let image = item.document.drawn_picture(image);
        let look = look(image, size.x.to_pt() as u32, size.y.to_pt() as u32);
        look.tones.is_some_and(|tones| tones.highest_contrast(ground) >= needed)
    }

    /// The tone of the paper of a page; `None` if it is not one colour.
    fn paper(&self, page: usize) -> Option<Tones> {
        let paint = self.page.document.pages()[page].fill_or_white();
        let colour = paint.map_or(Some(Rgb::WHITE), |paint| Rgb::opaque(&paint));
        colour.map(Tones::of)
    }

    /// What the pixels have to decide about the items of a slot on a page.
    fn doubt(
        &self,
        slot: usize,
        painted: &[Painted<'_>],
        items: &[usize],
    ) -> Option<Doubt> {
        let inks = items.iter().filter_map(|&index| painted[index].ink);
        let region = inks.reduce(around)?;
        let label = self.inked.slots[slot].label.as_str();
        let image = self.sheet.images().find(|image| image.id == label);
        let sizes = items.iter().filter_map(|&index| match painted[index].item {
            Item::Text(text) => Some(text.size * painted[index].scale),
            _ => None,
        });
        let size = sizes.reduce(Abs::min);
        let (subject, contrast) = match (image, size) {
            (Some(image), _) if image.picture.signature().is_some() => {
                (Subject::Strokes, LARGE_CONTRAST)
            }
            (Some(_), _) if label == "code" => (Subject::Code, TEXT_CONTRAST),
            (Some(_), _) => (Subject::Picture, Subject::PICTURE_CONTRAST),
            (None, Some(size)) => (Subject::Text, needed(size)),
            (None, None) => return None,
        };
        let tile = size.unwrap_or(Abs::pt(12.0));
        Some(Doubt { region, subject, contrast, tile })
    }

    fn hidden(
        &self,
        slot: usize,
        painted: &[Painted<'_>],
        items: &[usize],
        share: f64,
    ) -> Fault {
        let what = self.describe_slot(slot);
        let by = items.iter().find_map(|&index| {
            let ink = painted[index].ink?;
            let mut later = painted[index + 1..].iter();
            let over = later.find(|other| {
                other.page == painted[index].page
                    && other.slot != Some(slot)
                    && other.cover(ink) != Cover::None
            });
            over.map(|other| format!("{} lies over it", self.describe_painted(other)))
        });
        let cut = items.iter().any(|&index| {
            painted[index]
                .ink
                .is_some_and(|ink| !painted[index].clip.holds(grown(ink, -TOLERANCE)))
        });
        let by = match by {
            _ if cut => "a block that clips its content cuts it".to_owned(),
            Some(by) => by,
            None => "something lies over it, or it is transparent".to_owned(),
        };
        let shown = if share < 0.005 {
            "is not seen".to_owned()
        } else {
            format!("is seen only in part ({:.0} %)", share * 100.0)
        };
        let help = "move what hides it, or set it before the text, or give the text its whole \
                    room in the layout";
        (ErrorKind::Hidden, format!("{what} {shown}: {by}").into(), help)
    }

    fn pale(
        &self,
        slot: usize,
        painted: &[Painted<'_>],
        items: &[usize],
        contrast: f64,
        needed: f64,
    ) -> Fault {
        let what = self.describe_slot(slot);
        let below = items.iter().find_map(|&index| {
            let ink = painted[index].ink?;
            let mut earlier = painted[..index].iter().rev();
            let below = earlier.find(|other| {
                other.page == painted[index].page
                    && !(other.slot == Some(slot) && matches!(other.item, Item::Text(_)))
                    && other.cover(ink) != Cover::None
            });
            below.map(|other| self.describe_painted(other))
        });
        let below = below.unwrap_or_else(|| "the paper".to_owned());
        let message: ErrorMessage = match self.sentence_in(slot) {
            Some(it) if below == "the paper" => {
                let contrast = format!("{contrast:.1}");
                finding!("pale", it.role, it.short(), contrast, needed)
            }
            _ => format!(
                "{what} has a contrast of {contrast:.1} to 1 with {below}, and needs {needed} to 1"
            )
            .into(),
        };
        let help = "choose a darker `ink` or a lighter `paper` in the `theme`, or move it off what \
                    lies below it";
        (ErrorKind::Contrast, message, help)
    }

    fn describe_slot(&self, slot: usize) -> String {
        match self.sentence_in(slot) {
            Some(sentence) => sentence.describe(),
            None => self.describe_picture(&self.inked.slots[slot].label),
        }
    }

    /// Whether a shape is the colour of the paper, which extends beyond its edges.
    fn is_paper(&self, painted: &Painted<'_>) -> bool {
        let page = &self.page.document.pages()[painted.page].frame;
        let sheet = Rect::new(Point::zero(), page.size().to_point());
        painted.ink.is_some_and(|ink| holds(ink, sheet))
    }

    fn describe_painted(&self, painted: &Painted<'_>) -> String {
        match (painted.slot, &painted.item) {
            (Some(slot), _) => self.describe_slot(slot),
            (None, Item::Text(text)) => format!("`{}`", text.text),
            (None, Item::Image(_)) => "a picture".to_owned(),
            (None, Item::Shape(_)) if self.is_paper(painted) => "the paper".to_owned(),
            (None, Item::Shape(_)) => "a shape".to_owned(),
        }
    }
}

/// The box around two boxes.
fn around(a: Rect, b: Rect) -> Rect {
    Rect::new(a.min.min(b.min), a.max.max(b.max))
}

/// The contrast that text of a size needs.
fn needed(size: Abs) -> f64 {
    if size.to_pt() < LARGE { TEXT_CONTRAST } else { LARGE_CONTRAST }
}

/// The tones below some ink, if they are known. `earlier` are the items painted before,
/// the last one first.
fn ground<'a>(
    mut earlier: impl Iterator<Item = &'a Painted<'a>>,
    ink: Rect,
    slot: Option<usize>,
    paper: Option<Tones>,
) -> Option<Tones> {
    let below = earlier.find_map(|other| {
        if other.slot == slot && matches!(other.item, Item::Text(_)) {
            return None;
        }
        match other.cover(ink) {
            Cover::None => None,
            Cover::Part => Some(None),
            Cover::Whole(tones) => Some(tones),
        }
    });
    below.unwrap_or(paper)
}
