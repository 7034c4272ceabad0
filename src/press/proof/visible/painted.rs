//! All that is painted on a page, in order, with the box of its ink and the box that
//! clips it.

use std::collections::BTreeSet;

use typst::layout::{Abs, Frame, FrameItem, Point, Rect, Transform};
use typst::text::TextItem;
use typst::visualize::{Curve, CurveItem, Geometry, Image, Shape};

use super::super::ink::{
    MAX_RULE, grown, holds, is_filled_rule, origin_rect, transformed,
};
use super::look::{Seen, look};
use super::shapes::{Cover, Traced, cover, is_upright, meets};
use crate::press::engine::laid_out::LaidOut;
use crate::press::engine::page::Page;
use crate::press::fonts::Fonts;

/// Something that is painted. Boxes are in points, from the page's top left corner.
pub(super) struct Painted<'a> {
    pub(super) page: usize,
    /// The slot in which it stands: an index into the slots in their order.
    pub(super) slot: Option<usize>,
    pub(super) item: Item<'a>,
    /// The box of its ink; `None` for white space.
    pub(super) ink: Option<Rect>,
    pub(super) clip: Clip,
    pub(super) transform: Transform,
    /// How much larger it is on the page than in its own frame.
    pub(super) scale: f64,
    /// The pages that it is on.
    pub(super) document: &'a LaidOut,
    /// The segments of a shape, once they are asked for.
    traced: Traced,
}

pub(super) enum Item<'a> {
    Text(&'a TextItem),
    Image(&'a Image),
    Shape(&'a Shape),
}

impl Painted<'_> {
    /// How much of a box it covers.
    pub(super) fn cover(&self, rect: Rect) -> Cover {
        let Some(ink) = self.ink else { return Cover::None };
        if !meets(ink, rect) || !self.clip.meets(rect) {
            return Cover::None;
        }
        match &self.item {
            Item::Text(_) => Cover::Part,
            Item::Image(image) if is_upright(self.transform) => {
                let size = ink.size();
                let image = self.document.drawn_picture(image);
                let look = look(image, size.x.to_pt() as u32, size.y.to_pt() as u32);
                match look.seen(ink, rect) {
                    Seen::Clear => Cover::None,
                    Seen::Opaque(tones) if self.hides(ink, rect) => {
                        Cover::Whole(Some(tones))
                    }
                    Seen::Opaque(_) | Seen::Mixed => Cover::Part,
                }
            }
            Item::Image(_) => Cover::Part,
            Item::Shape(shape) => {
                match cover(shape, self.transform, &self.traced, rect) {
                    Cover::Whole(_) if !self.clip.holds(rect) => Cover::Part,
                    cover => cover,
                }
            }
        }
    }

    /// Whether its ink, as far as it is not clipped, contains all of a box.
    fn hides(&self, ink: Rect, rect: Rect) -> bool {
        holds(ink, rect) && self.clip.holds(rect)
    }

    /// Whether it is a rule: a signature that crosses it is not hidden by it.
    pub(super) fn is_rule(&self) -> bool {
        let Item::Shape(shape) = self.item else { return false };
        let is_thin = |thickness: Abs| thickness.to_pt() * self.scale < MAX_RULE;
        match &shape.geometry {
            Geometry::Line(_) => {
                shape.stroke.as_ref().is_none_or(|stroke| is_thin(stroke.thickness))
            }
            _ => is_filled_rule(shape, self.scale),
        }
    }
}

/// What the groups around an item leave of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clip {
    /// The box in which it is seen, `None` if nothing clips it.
    rect: Option<Rect>,
    /// Whether all of that box is visible, without round or slanted corners.
    exact: bool,
}

impl Clip {
    const NONE: Self = Self { rect: None, exact: true };

    /// Whether all of a box is certainly visible.
    pub(super) fn holds(&self, ink: Rect) -> bool {
        self.rect.is_none_or(|rect| self.exact && holds(rect, ink))
    }

    fn meets(&self, ink: Rect) -> bool {
        self.rect.is_none_or(|rect| meets(rect, ink))
    }

    fn and(self, curve: &Curve, transform: Transform) -> Self {
        let rect = transformed(curve.bbox(None), transform);
        let exact = self.exact && is_upright(transform) && is_rectangle(curve);
        let rect = match self.rect {
            None => rect,
            Some(outer) => {
                let min = outer.min.max(rect.min);
                Rect::new(min, min.max(outer.max.min(rect.max)))
            }
        };
        Self { rect: Some(rect), exact }
    }
}

/// The items of a document.
pub(super) struct Walk<'a, 'k> {
    known: &'k BTreeSet<&'k str>,
    fonts: &'a Fonts,
    document: &'a LaidOut,
    painted: Vec<Painted<'a>>,
    slots: usize,
    page: usize,
}

/// The place of a frame: its transform from the page, its slot, and what clips it.
#[derive(Clone, Copy)]
struct Placed {
    transform: Transform,
    slot: Option<usize>,
    clip: Clip,
}

impl<'a, 'k> Walk<'a, 'k> {
    /// Lists what is painted, in order. `known` are the labels of slots.
    pub(super) fn of(page: &'a Page, known: &'k BTreeSet<&'k str>) -> Vec<Painted<'a>> {
        let fonts = &page.fonts;
        let document = &page.document;
        let painted = Vec::new();
        let mut walk = Self { known, fonts, document, painted, slots: 0, page: 0 };
        for (index, it) in page.document.pages().iter().enumerate() {
            walk.page = index;
            let placed =
                Placed { transform: Transform::identity(), slot: None, clip: Clip::NONE };
            walk.frame(&it.frame, placed);
        }
        walk.painted
    }

    fn frame(&mut self, frame: &'a Frame, placed: Placed) {
        for (at, item) in frame.items() {
            let transform = placed.transform.pre_concat(Transform::translate(at.x, at.y));
            let (item, ink) = match item {
                FrameItem::Group(group) => {
                    let transform = transform.pre_concat(group.transform);
                    let label = group.label.map(|label| label.resolve());
                    let own = label.is_some_and(|it| self.known.contains(it.as_str()));
                    let slot = own.then_some(self.slots).or(placed.slot);
                    self.slots += usize::from(own);
                    let clip = group.clip.as_ref();
                    let clip =
                        clip.map_or(placed.clip, |it| placed.clip.and(it, transform));
                    self.frame(&group.frame, Placed { transform, slot, clip });
                    continue;
                }
                FrameItem::Text(text) => (Item::Text(text), self.fonts.ink_box(text)),
                FrameItem::Image(image, size, _) => {
                    (Item::Image(image), Some(origin_rect(*size)))
                }
                FrameItem::Shape(shape, _) => (Item::Shape(shape), Some(bounds(shape))),
                FrameItem::Link(..) | FrameItem::Tag(_) => continue,
            };
            let [a, b, c, d] = [transform.sx, transform.ky, transform.kx, transform.sy];
            self.painted.push(Painted {
                page: self.page,
                slot: placed.slot,
                item,
                ink: ink.map(|ink| transformed(ink, transform)),
                clip: placed.clip,
                transform,
                scale: (a.get() * d.get() - b.get() * c.get()).abs().sqrt(),
                document: self.document,
                traced: Traced::new(),
            });
        }
    }
}

/// The box of a shape with its stroke.
fn bounds(shape: &Shape) -> Rect {
    let rect = match &shape.geometry {
        Geometry::Line(to) => Rect::new(Point::zero().min(*to), Point::zero().max(*to)),
        Geometry::Rect(size) => origin_rect(*size),
        Geometry::Curve(curve) => curve.bbox(None),
    };
    let width = shape.stroke.as_ref().map_or(Abs::zero(), |stroke| stroke.thickness);
    grown(rect, width / 2.0)
}

/// Whether a curve is the outline of a box.
fn is_rectangle(curve: &Curve) -> bool {
    let bounds = curve.bbox(None);
    let near = |a: Abs, b: Abs| (a - b).abs() < Abs::pt(0.01);
    curve.0.iter().all(|item| match item {
        CurveItem::Move(at) | CurveItem::Line(at) => {
            (near(at.x, bounds.min.x) || near(at.x, bounds.max.x))
                && (near(at.y, bounds.min.y) || near(at.y, bounds.max.y))
        }
        CurveItem::Cubic(..) => false,
        CurveItem::Close => true,
    })
}
