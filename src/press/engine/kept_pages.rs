//! Keeps pages that Typst laid out, for later pages that differ from them in a few words.
//!
//! Takes a fitted sheet, gives the frames of its page. Pages of one course differ in the
//! *varying words*: those of the slots that hold the name of the recipient or an address,
//! and the QR code. A built-in layout reads of these words only how they were fitted, and
//! passes them to `slot`; so pages whose sheets agree in all else differ in nothing but
//! the content of these slots, which is laid out alone ([`SlotWords`]). The decision made
//! here: a page is kept only if the varying words, laid out alone, are letter by letter
//! those that Typst set on it; any other is laid out whole each time. So the look of a
//! page does not depend on what is kept.

mod frame_place;
mod same_frame;
#[cfg(test)]
mod tests;
mod weight;

use std::sync::Arc;

use ecow::EcoVec;
use typst::foundations::Smart;
use typst::introspection::Tag;
use typst::layout::{Dir, FrameItem, GroupItem, Point};
use typst::model::DocumentInfo;
use typst::utils::hash128;
use typst::visualize::{Image, ImageElem, ImageKind};

use self::frame_place::{Change, FramePlace, changed, find, first_text, labelled};
use self::same_frame::is_same;
use super::laid_out::LaidOut;
use super::rejoin::rejoin;
use super::slot_words::{SlotStyle, SlotWords};
use crate::base::date::Date;
use crate::base::lang::Direction;
use crate::base::recent::Recent;
use crate::press::fit::fitted::Fitted;
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::press::layout::slot::SlotAlign;
use crate::press::sheet::Sheet;
use crate::press::sheet::image::SheetImage;
use crate::press::sheet::sentence::Sentence;

/// The role of the recipient's name.
const RECIPIENT: &str = "recipient";

/// Pages by all that they depend on, except the varying words and the QR code.
#[derive(Debug)]
pub(crate) struct KeptPages(Recent<u128, Option<Arc<KeptPage>>>);

/// A page that was laid out whole.
#[derive(Debug)]
struct KeptPage {
    pages: EcoVec<typst_layout::Page>,
    info: DocumentInfo,
    slots: Vec<KeptSlot>,
    /// Where the QR code is, if the page has one.
    code: Option<KeptCode>,
}

/// A slot with varying words.
#[derive(Debug)]
struct KeptSlot {
    id: String,
    place: FramePlace,
    style: SlotStyle,
    /// Whether letters extend beyond the slot. Its group then stands in a block, at a
    /// position that depends on them.
    extends: bool,
    /// Which fit of its sentence the layout chose: 0 for `fitted`, else the one in
    /// `smaller`, from 1.
    step: usize,
    /// Whether the layout sets tabular figures in it; `None` if the words could not tell.
    tabular: Option<bool>,
    /// The side on which the layout aligns its lines, if that is not the one that is declared.
    align: Option<SlotAlign>,
}

/// The sides on which a layout may align lines.
const SIDES: [Option<SlotAlign>; 4] =
    [None, Some(SlotAlign::Start), Some(SlotAlign::Center), Some(SlotAlign::End)];

/// The positions of the QR code's picture and of the tag that begins it.
#[derive(Debug)]
struct KeptCode {
    image: FramePlace,
    picture: Image,
    tag: Option<FramePlace>,
}

impl KeptPages {
    /// The most pages that are kept, in each of two generations, and the most bytes of them.
    const MAX_PAGES: usize = 32;
    const MAX_BYTES: usize = 256 << 20;

    pub(crate) fn new() -> Self {
        let weigh = |page: &Option<Arc<KeptPage>>| {
            page.as_ref().map_or(0, |page| weight::of_pages(&page.pages))
        };
        Self(Recent::with_weights(Self::MAX_PAGES, Self::MAX_BYTES, weigh))
    }

    /// The document of a sheet, if a page is kept from which it differs in the varying
    /// words alone.
    pub(super) fn document(
        &self,
        key: u128,
        sheet: &Sheet,
        fonts: &Fonts,
    ) -> Option<LaidOut> {
        self.0.get(&key)??.with(sheet, fonts)
    }

    /// Keeps the page of a document, or that it cannot be kept.
    pub(super) fn keep(
        &self,
        key: u128,
        document: &LaidOut,
        sheet: &Sheet,
        fonts: &Fonts,
    ) {
        if self.0.get(&key).is_none() {
            self.0.insert(key, KeptPage::of(document, sheet, fonts).map(Arc::new));
        }
    }
}

/// A digest of all that a page depends on, except the varying words and the fonts, which are the same
/// for all pages that are kept together. `None` for a layout
/// with code of its own, which may read these words, and for a page that is like no other: one with
/// a photo, or with the name in its page numbers.
pub(super) fn key(sheet: &Sheet, layout: &Layout, issued: Date) -> Option<u128> {
    if !layout.sources.is_built_in() {
        return None;
    }
    let name = name_of(sheet);
    let mut folios = sheet.folios.iter().flatten().flatten();
    let names_recipient =
        |it: &Sentence| name.as_ref().is_some_and(|name| it.bare().contains(name));
    if !sheet.photos.is_empty() || folios.any(names_recipient) {
        return None;
    }
    let mut rest = sheet.clone();
    rest.title.clear();
    for sentence in differing_mut(&mut rest) {
        sentence.runs.clear();
        let smaller = sentence.smaller.iter_mut();
        for fitted in std::iter::once(&mut sentence.fitted).chain(smaller) {
            // Where the block of the words is placed depends on whether letters extend beyond it.
            let extends = f64::from(u8::from(fitted.left + fitted.right != 0.0));
            (fitted.left, fitted.right) = (extends, 0.0);
            (fitted.natural, fitted.column) = (0.0, 0.0);
        }
    }
    if let Some(verify) = &mut rest.verify {
        verify.url.clear();
        verify.code.alt.clear();
    }
    rest.extra.retain(|key, _| layout.sources.drawn_fields.has(key));
    let is_code = |image: &&SheetImage| {
        sheet.verify.as_ref().is_some_and(|verify| verify.code.id == image.id)
    };
    let pictures = sheet.picture_files().filter(|image| !is_code(image));
    let pictures: Vec<_> = pictures.map(|image| image.picture.shared_bytes()).collect();
    let json = serde_json::to_vec(&rest).ok()?;
    let sources = &layout.sources;
    let day = (issued.year(), issued.month(), issued.day());
    Some(hash128(&(json, pictures, &sources.layout, sources.sha256.as_str(), day)))
}

/// The sentences with varying words: the name, and those that contain the name or an
/// address.
fn differing(sheet: &Sheet) -> impl Iterator<Item = &Sentence> {
    let name = name_of(sheet);
    let second = sheet.second.iter();
    let second =
        second.flat_map(|second| second.blocks.iter().chain(&second.authenticity));
    sheet
        .blocks
        .iter()
        .chain(&sheet.authenticity)
        .chain(second)
        .filter(move |sentence| is_differing(sentence, name.as_deref()))
}

fn differing_mut(sheet: &mut Sheet) -> impl Iterator<Item = &mut Sentence> {
    let name = name_of(sheet);
    let second = sheet.second.iter_mut();
    let second = second
        .flat_map(|second| second.blocks.iter_mut().chain(&mut second.authenticity));
    sheet
        .blocks
        .iter_mut()
        .chain(&mut sheet.authenticity)
        .chain(second)
        .filter(move |sentence| is_differing(sentence, name.as_deref()))
}

fn is_differing(sentence: &Sentence, name: Option<&str>) -> bool {
    sentence.role == RECIPIENT
        || sentence.runs.iter().any(|run| run.link.is_some())
        || name.is_some_and(|name| sentence.bare().contains(name))
}

/// Whether the words may look otherwise with tabular figures: whether they have anything but letters
/// and the signs of names.
fn has_figures(sentence: &Sentence) -> bool {
    let is_plain = |c: char| {
        c.is_alphabetic()
            || c.is_whitespace()
            || !c.is_ascii() && !c.is_numeric()
            || "-'.,()&".contains(c)
    };
    sentence.runs.iter().any(|run| !run.text.chars().all(is_plain))
}

/// The recipient's name, as the sentence of that role has it.
fn name_of(sheet: &Sheet) -> Option<String> {
    let own = sheet.blocks.iter().find(|sentence| sentence.role == RECIPIENT);
    own.map(Sentence::bare).filter(|name| !name.is_empty())
}

impl KeptPage {
    /// The page of a document. `None` if its varying words differ from those that are
    /// laid out alone.
    fn of(document: &LaidOut, sheet: &Sheet, fonts: &Fonts) -> Option<Self> {
        let slots: Option<Vec<_>> = differing(sheet)
            .enumerate()
            .map(|(index, sentence)| {
                KeptSlot::of(document, index, sheet, sentence, fonts)
            })
            .collect();
        let code = match &sheet.verify {
            None => None,
            Some(verify) => Some(KeptCode::of(document, &verify.code.id)?),
        };
        Some(Self {
            pages: document.pages().iter().cloned().collect(),
            info: document.info().clone(),
            slots: slots?,
            code,
        })
    }

    /// The page with the varying words and the QR code of another sheet.
    fn with(&self, sheet: &Sheet, fonts: &Fonts) -> Option<LaidOut> {
        let mut pages = self.pages.clone();
        let mut put = |place: &FramePlace, change: &Change<'_>| {
            let page = pages.make_mut().get_mut(place.page)?;
            page.frame = changed(&page.frame, &place.path, change)?;
            Some(())
        };
        for (index, (slot, sentence)) in
            self.slots.iter().zip(differing(sheet)).enumerate()
        {
            if slot.id != sentence.id {
                return None;
            }
            let (at, group) = slot.group(index, sentence, fonts)?;
            put(&slot.place, &|own_at, item| {
                let FrameItem::Group(own) = item else { return None };
                own.frame = group.frame.clone();
                if slot.extends {
                    *own_at = at;
                }
                Some(())
            })?;
        }
        if let Some((code, verify)) = self.code.as_ref().zip(sheet.verify.as_ref()) {
            let alt = verify.code.alt.as_str();
            let shown = code.picture.kind().clone();
            let image = Image::new(shown, Some(alt.into()), Smart::Auto);
            put(&code.image, &|_, item| {
                let FrameItem::Image(own, ..) = item else { return None };
                *own = image.clone();
                Some(())
            })?;
            if let Some(tag) = &code.tag {
                put(tag, &|_, item| {
                    let FrameItem::Tag(Tag::Start(element, _)) = item else {
                        return None;
                    };
                    let own = element.to_packed_mut::<ImageElem>()?;
                    own.alt.set(Some(alt.into()));
                    Some(())
                })?;
            }
        }
        let document = LaidOut::new(pages, self.info.clone());
        Some(match self.code.as_ref().zip(sheet.verify.as_ref()) {
            Some((code, verify)) => {
                let ImageKind::Svg(shown) = code.picture.kind() else { return None };
                let own = verify.code.picture.shared_bytes();
                document.with_code(shown.data().clone(), own)
            }
            None => document,
        })
    }
}

impl KeptSlot {
    fn of(
        document: &LaidOut,
        index: usize,
        sheet: &Sheet,
        sentence: &Sentence,
        fonts: &Fonts,
    ) -> Option<Self> {
        let place = FramePlace::of_label(document, &sentence.id)?;
        let (at, FrameItem::Group(group)) = place.item(document)? else { return None };
        let extends = sentence.fitted.left + sentence.fitted.right != 0.0;
        let text = first_text(&group.frame)?;
        let style = SlotStyle {
            fill: text.fill.clone(),
            lang: text.lang,
            region: text.region,
            tabular: false,
            dir: match sheet.direction_of(sentence) {
                Direction::Ltr => Dir::LTR,
                Direction::Rtl => Dir::RTL,
            },
        };
        let steps = 0..=sentence.smaller.len();
        let mut choices = steps.flat_map(|step| SIDES.map(|align| (step, align)));
        choices.find_map(|(step, align)| {
            let (id, style) = (sentence.id.clone(), style.clone());
            let place = place.clone();
            let mut slot = Self { id, place, style, extends, step, tabular: None, align };
            let is_alike = |tabular| {
                let own = slot.group_with(tabular, index, sentence, fonts);
                own.is_some_and(|(own_at, own)| {
                    (!extends || own_at == *at) && is_same(&own.frame, &group.frame)
                })
            };
            if !has_figures(sentence) {
                return is_alike(false).then_some(slot);
            }
            slot.tabular = match [false, true].map(is_alike) {
                [true, true] => None,
                [false, false] => return None,
                [_, is_tabular] => Some(is_tabular),
            };
            Some(slot)
        })
    }

    /// The slot's group with the words of a sentence, and where it is in its block. `None` if it
    /// depends on the kind of figures, which is not known.
    fn group(
        &self,
        index: usize,
        sentence: &Sentence,
        fonts: &Fonts,
    ) -> Option<(Point, GroupItem)> {
        let group = |tabular| self.group_with(tabular, index, sentence, fonts);
        let (at, own) = group(self.tabular.unwrap_or(false))?;
        if self.tabular.is_none() && has_figures(sentence) {
            let (other_at, other) = group(true)?;
            if other_at != at || !is_same(&own.frame, &other.frame) {
                return None;
            }
        }
        Some((at, own))
    }

    fn group_with(
        &self,
        tabular: bool,
        index: usize,
        sentence: &Sentence,
        fonts: &Fonts,
    ) -> Option<(Point, GroupItem)> {
        let mut fitted: Fitted = match self.step.checked_sub(1) {
            None => sentence.fitted,
            Some(step) => *sentence.smaller.get(step)?,
        };
        fitted.align = self.align.unwrap_or(fitted.align);
        let location = hash128(&("slot", index));
        let style = &SlotStyle { tabular, ..self.style.clone() };
        let words = SlotWords { fonts, sentence, fitted: &fitted, style, location };
        let frame = rejoin(&words.frame()?);
        let (at, group) = labelled(&frame, &sentence.id)?;
        Some((at, group.clone()))
    }
}

impl KeptCode {
    fn of(document: &LaidOut, id: &str) -> Option<Self> {
        let group = FramePlace::of_label(document, id)?;
        let (_, FrameItem::Group(item)) = group.item(document)? else { return None };
        let mut path = Vec::new();
        let is_image = |item: &FrameItem| matches!(item, FrameItem::Image(..));
        find(&item.frame, &is_image, &mut path).then_some(())?;
        let image = group.below(&path);
        let (_, FrameItem::Image(picture, ..)) = image.item(document)? else {
            return None;
        };
        let picture = picture.clone();
        let mut path = Vec::new();
        let is_tag = |item: &FrameItem| matches!(item, FrameItem::Tag(Tag::Start(element, _)) if element.is::<ImageElem>());
        let tag = find(&item.frame, &is_tag, &mut path).then(|| group.below(&path));
        Some(Self { image, picture, tag })
    }
}
