//! The ink of a page.
//!
//! Takes a page's frames, gives every mark on it with its box and the slot that it belongs to.
//! Lengths are in points, from the page's top left corner.

use typst::layout::{Abs, Frame, FrameItem, Point, Rect, Size, Transform};
use typst::text::TextItem;
use typst::visualize::{Geometry, Shape};

use crate::press::engine::page::Page;
use crate::press::fonts::Fonts;

/// The greatest thickness of a rule, in points.
pub(super) const MAX_RULE: f64 = 2.0;

/// All marks of a document, in the order of painting.
#[derive(Debug, Default)]
pub(super) struct Inked<'a> {
    pub(super) slots: Vec<Slot>,
    pub(super) marks: Vec<Mark<'a>>,
}

/// A labelled group: the box of a sentence or a picture.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) label: String,
    pub(super) page: usize,
    /// Its frame.
    pub(super) rect: Rect,
}

/// Something that is painted: a mark.
#[derive(Debug)]
pub(super) struct Mark<'a> {
    pub(super) page: usize,
    pub(super) kind: MarkKind<'a>,
    /// The box of the ink; `None` for white space.
    pub(super) rect: Option<Rect>,
    /// The start of the baseline, for text.
    pub(super) origin: Point,
    /// From its own frame to the page.
    pub(super) transform: Transform,
    /// The slot in which it stands: an index into [`Inked::slots`].
    pub(super) slot: Option<usize>,
    /// The number of the innermost group around it, by which texts outside of slots are
    /// told apart.
    pub(super) group: usize,
}

#[derive(Debug)]
pub(super) enum MarkKind<'a> {
    Text(&'a TextItem),
    Image,
    /// A filled shape, which hides what it covers.
    Filled,
    /// A straight line, or a bar that is as thin.
    Line,
    /// A shape without a fill.
    Outline,
}

impl<'a> Inked<'a> {
    /// Collects the marks of a page. `known` says whether a label is that of a slot.
    pub(super) fn of(page: &'a Page, known: impl Fn(&str) -> bool) -> Self {
        let mut collector = Collector {
            inked: Self::default(),
            fonts: &page.fonts,
            known: &known,
            groups: 0,
        };
        for (index, page) in page.document.pages().iter().enumerate() {
            let transform = Transform::identity();
            let place = Placed { page: index, transform, slot: None, clip: None };
            collector.frame(&page.frame, place, 0);
        }
        collector.inked
    }

    /// The indices of the slots with a label.
    pub(super) fn slots_of(&self, label: &str) -> impl Iterator<Item = usize> {
        let slots = self.slots.iter().enumerate();
        slots.filter(move |(_, slot)| slot.label == label).map(|(index, _)| index)
    }

    /// The marks in a slot.
    pub(super) fn marks_in(&self, slot: usize) -> impl Iterator<Item = &Mark<'a>> {
        self.marks.iter().filter(move |mark| mark.slot == Some(slot))
    }
}

/// The position of a frame or an item: its page, its transform from there, its slot, and the box
/// that clips it.
#[derive(Clone, Copy)]
struct Placed {
    page: usize,
    transform: Transform,
    slot: Option<usize>,
    clip: Option<Rect>,
}

struct Collector<'a, 'k> {
    inked: Inked<'a>,
    fonts: &'k Fonts,
    known: &'k dyn Fn(&str) -> bool,
    groups: usize,
}

impl<'a> Collector<'a, '_> {
    fn frame(&mut self, frame: &'a Frame, placed: Placed, group: usize) {
        for (at, item) in frame.items() {
            let transform = placed.transform.pre_concat(Transform::translate(at.x, at.y));
            let here = Placed { transform, ..placed };
            match item {
                FrameItem::Group(item) => {
                    self.groups += 1;
                    let transform = transform.pre_concat(item.transform);
                    let slot = item
                        .label
                        .map(|label| label.resolve())
                        .filter(|label| (self.known)(label.as_str()))
                        .map(|label| {
                            self.inked.slots.push(Slot {
                                label: label.as_str().to_owned(),
                                page: placed.page,
                                rect: transformed(
                                    origin_rect(item.frame.size()),
                                    transform,
                                ),
                            });
                            self.inked.slots.len() - 1
                        });
                    let own = item
                        .clip
                        .as_ref()
                        .map(|it| transformed(it.bbox(None), transform));
                    let clip = match (placed.clip, own) {
                        (Some(outer), Some(own)) => Some(common(outer, own)),
                        (outer, own) => outer.or(own),
                    };
                    let slot = slot.or(placed.slot);
                    let inner = Placed { transform, slot, clip, ..placed };
                    self.frame(&item.frame, inner, self.groups);
                }
                FrameItem::Text(text) => {
                    let rect = self.fonts.ink_box(text);
                    self.mark(MarkKind::Text(text), rect, here, group);
                }
                FrameItem::Image(_, size, _) => {
                    self.mark(MarkKind::Image, Some(origin_rect(*size)), here, group);
                }
                FrameItem::Shape(shape, _) => {
                    let rect = match &shape.geometry {
                        Geometry::Line(to) => {
                            Rect::new(Point::zero().min(*to), Point::zero().max(*to))
                        }
                        Geometry::Rect(size) => origin_rect(*size),
                        Geometry::Curve(curve) => curve.bbox(None),
                    };
                    let kind = match (&shape.geometry, &shape.fill) {
                        (Geometry::Line(_), _) => MarkKind::Line,
                        _ if is_filled_rule(shape, 1.0) => MarkKind::Line,
                        (_, Some(_)) => MarkKind::Filled,
                        (_, None) => MarkKind::Outline,
                    };
                    self.mark(kind, Some(rect), here, group);
                }
                FrameItem::Link(..) | FrameItem::Tag(_) => {}
            }
        }
    }

    fn mark(
        &mut self,
        kind: MarkKind<'a>,
        rect: Option<Rect>,
        placed: Placed,
        group: usize,
    ) {
        let rect = rect.map(|rect| transformed(rect, placed.transform));
        // A cropped picture extends only as far as the part that is left; cropped text is
        // reported by another check.
        let crop = placed.clip.filter(|_| matches!(kind, MarkKind::Image));
        let rect = rect.map(|rect| crop.map_or(rect, |clip| common(rect, clip)));
        self.inked.marks.push(Mark {
            page: placed.page,
            kind,
            rect,
            origin: Point::zero().transform(placed.transform),
            transform: placed.transform,
            slot: placed.slot,
            group,
        });
    }
}

/// Whether a filled bar stands for a rule: viewers show it as thin as it is drawn. `scale` is how
/// much larger it is on the page than in its own frame.
pub(super) fn is_filled_rule(shape: &Shape, scale: f64) -> bool {
    let Geometry::Rect(size) = shape.geometry else { return false };
    let (thin, long) = (size.x.min(size.y), size.x.max(size.y));
    shape.fill.is_some()
        && shape.stroke.is_none()
        && thin.to_pt() * scale < MAX_RULE
        && long > thin * 8.0
}

pub(super) fn origin_rect(size: Size) -> Rect {
    Rect::new(Point::zero(), size.to_point())
}

pub(super) fn transformed(rect: Rect, transform: Transform) -> Rect {
    let corners = [
        rect.min,
        Point::new(rect.max.x, rect.min.y),
        Point::new(rect.min.x, rect.max.y),
        rect.max,
    ]
    .map(|corner| corner.transform(transform));
    let min = corners.into_iter().reduce(Point::min).unwrap_or_default();
    let max = corners.into_iter().reduce(Point::max).unwrap_or_default();
    Rect::new(min, max)
}

/// The width and the height that two boxes share, zero if they do not intersect.
pub(super) fn shared(a: Rect, b: Rect) -> Size {
    let width = a.max.x.min(b.max.x) - a.min.x.max(b.min.x);
    let height = a.max.y.min(b.max.y) - a.min.y.max(b.min.y);
    if width > Abs::zero() && height > Abs::zero() {
        Size::new(width, height)
    } else {
        Size::zero()
    }
}

/// The box that two boxes have in common, without extent if they do not meet.
fn common(a: Rect, b: Rect) -> Rect {
    let min = a.min.max(b.min);
    Rect::new(min, min.max(a.max.min(b.max)))
}

/// Whether `outer` contains `inner`.
pub(super) fn holds(outer: Rect, inner: Rect) -> bool {
    outer.min.x <= inner.min.x
        && outer.min.y <= inner.min.y
        && outer.max.x >= inner.max.x
        && outer.max.y >= inner.max.y
}

/// A box extended by a length on every side.
pub(super) fn grown(rect: Rect, by: Abs) -> Rect {
    Rect::new(rect.min - Point::splat(by), rect.max + Point::splat(by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::date::Date;
    use crate::base::lang::Tag;
    use crate::press::draft::{DraftOptions, Press};
    use crate::site::files::Site;
    use crate::site::request::Request;

    #[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
    #[test]
    fn remembered_boxes_are_those_that_typst_finds() {
        let press = Press::new(Site::demo()).expect("the demo site is sound");
        let today = Date::parse("2026-05-14").expect("a date");
        let mut count = 0;
        for (language, name) in [
            ("en", "Siobhán O’Brien-ffoulkes"),
            ("ar", "محمد بن عبد الرحمن"),
            ("ur", "ڈاکٹر سیّدہ نُزہت النّساء"),
            ("hi", "डॉ॰ श्रीमती ज्ञानेश्वरी"),
            ("th", "อภิสิทธิ์ วัฒนพงศ์"),
            ("ja", "莊雅善 Chuang"),
        ] {
            let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", name)
                .expect("a name")
                .with_language(Tag::parse(language).expect("a tag"));
            let page = press.page(&request, today, &DraftOptions::default());
            let page = page.expect("the page can be set");
            // The second time all boxes are remembered.
            for _ in 0..2 {
                for mark in Inked::of(&page, |_| true).marks {
                    let MarkKind::Text(text) = mark.kind else { continue };
                    let bounds = text.bbox();
                    let has_ink = bounds.min.x.to_raw().is_finite();
                    let found = page.fonts.ink_box(text);
                    assert_eq!(found, has_ink.then_some(bounds), "{}", text.text);
                    count += 1;
                }
            }
        }
        assert!(count > 100, "{count}");
    }
}
