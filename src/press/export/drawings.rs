//! The heavy drawings of a page, which are the same on each certificate of a course: borders, seals,
//! signatures, logos.
//!
//! Takes a document, gives it with a placeholder in place of each drawing; then takes the
//! PDF of that, and replaces each placeholder by the drawing's [`Form`]. The decisions
//! made here: a heavy drawing is recognized by the page alone, so that the same request
//! gives the same bytes; and it is either the whole content of an artifact or an SVG.
//!
//! A placeholder is a bitmap of one row, which typst-pdf writes as an image XObject. A form XObject
//! (ISO 32000-1, 8.10) is painted by the same operator, so that only the object itself is replaced:
//! order, transformation, clip and tags stay.

use std::io::Read;
use std::sync::Arc;

use ecow::EcoVec;
use flate2::read::ZlibDecoder;
use typst::foundations::{Bytes, Smart};
use typst::introspection::Tag;
use typst::layout::{Abs, Frame, FrameItem, GroupItem, Point, Size};
use typst::pdf::ArtifactElem;
use typst::syntax::Span;
use typst::visualize::{
    Geometry, Image, ImageKind, Paint, PixelEncoding, PixelFormat, RasterImage,
};

use super::form::Form;
use super::outlines::outlines;
use crate::press::engine::laid_out::LaidOut;
use crate::seal::pdf::Rewrite;
use crate::seal::pdf::syntax::{self, Dict};

/// The content of an artifact with at least this many segments becomes a form.
const MIN_WEIGHT: usize = 100;
/// An SVG of at least this many bytes becomes a form.
const MIN_SVG_LEN: usize = 2000;
/// The side of the square on which an artifact is drawn: a power of two, which cancels without
/// rounding when the unit square is scaled to it and back. Parts outside of it are drawn too.
const SIDE: Abs = Abs::raw(4096.0 * 127.0);
/// The largest number of forms on all pages of a document. Each has a placeholder as wide as its
/// position among them.
const MAX_FORMS: usize = 64;

/// A document without its heavy drawings, and these.
pub(super) struct Drawings {
    pub(super) document: LaidOut,
    forms: Vec<Arc<Form>>,
    /// Digests of the drawings, in the same order.
    keys: Vec<u128>,
}

impl Drawings {
    /// Replaces the heavy drawings of a document by placeholders, except the picture `code`, which
    /// differs on each certificate. Returns `None` if there are none.
    pub(super) fn take(document: &LaidOut, code: Option<&[u8]>) -> Option<Self> {
        let mut walk = Walk { code, forms: Vec::new(), keys: Vec::new() };
        let pages: EcoVec<typst_layout::Page> = document
            .pages()
            .iter()
            .map(|page| match walk.frame(&page.frame) {
                Some(frame) => typst_layout::Page { frame, ..page.clone() },
                None => page.clone(),
            })
            .collect();
        if walk.forms.is_empty() {
            return None;
        }
        let info = document.info().clone();
        let Walk { forms, keys, .. } = walk;
        Some(Self { document: LaidOut::new(pages, info), forms, keys })
    }

    /// Digests of the drawings, in the order of their placeholders.
    pub(super) fn keys(&self) -> Vec<u128> {
        self.keys.clone()
    }

    /// Replaces the placeholders in the PDF of the document by the drawings. Returns `None` if it is
    /// not a PDF as typst-pdf writes it.
    pub(super) fn put_back(&self, pdf: &[u8]) -> Option<Vec<u8>> {
        let mut file = Rewrite::read(pdf)?;
        let found: Vec<(u32, usize)> = file
            .objects()
            .filter_map(|(number, body)| {
                let index = placeholder_index(body)?;
                (index < self.forms.len()).then_some((number, index))
            })
            .collect();
        if found.len() != self.forms.len() {
            return None;
        }
        for (number, index) in found {
            let body = self.forms[index].write(&mut file);
            file.replace(number, body);
        }
        Some(file.write())
    }
}

struct Walk<'a> {
    code: Option<&'a [u8]>,
    forms: Vec<Arc<Form>>,
    keys: Vec<u128>,
}

impl Walk<'_> {
    /// The frame with placeholders, or `None` if it has no heavy drawing.
    fn frame(&mut self, frame: &Frame) -> Option<Frame> {
        let all: Vec<&(Point, FrameItem)> = frame.items().collect();
        let mut items: Vec<(Point, FrameItem)> = Vec::with_capacity(all.len());
        let mut is_changed = false;
        let mut index = 0;
        while let Some((at, item)) = all.get(index).copied() {
            let replaced = match item {
                FrameItem::Tag(tag) => {
                    let inside = inside_artifact(tag, &all[index + 1..]);
                    inside.and_then(|inside| {
                        let placed = self.artifact(inside)?;
                        index += inside.len();
                        items.push((*at, item.clone()));
                        Some(placed)
                    })
                }
                FrameItem::Group(group) => self.frame(&group.frame).map(|frame| {
                    (*at, FrameItem::Group(GroupItem { frame, ..group.clone() }))
                }),
                FrameItem::Image(image, size, span) => self
                    .image(image, *size, item)
                    .map(|image| (*at, FrameItem::Image(image, *size, *span))),
                FrameItem::Text(_) | FrameItem::Shape(..) | FrameItem::Link(..) => None,
            };
            is_changed |= replaced.is_some();
            items.push(replaced.unwrap_or_else(|| (*at, item.clone())));
            index += 1;
        }
        is_changed.then(|| with_items(frame, items))
    }

    /// The placeholder of what an artifact contains, if it is a heavy drawing.
    fn artifact(&mut self, inside: &[&(Point, FrameItem)]) -> Option<(Point, FrameItem)> {
        let weights = inside.iter().map(|(_, item)| self.weight(item));
        if weights.sum::<Option<usize>>()? < MIN_WEIGHT {
            return None;
        }
        let size = Size::splat(SIDE);
        let key = typst::utils::hash128(inside);
        let image = self.placeholder(key, size, None, || {
            let items =
                inside.iter().filter_map(|(at, item)| Some((*at, outlined(item)?)));
            let group = GroupItem::new(with_items(&Frame::soft(size), items.collect()));
            FrameItem::Group(group)
        })?;
        Some((Point::zero(), FrameItem::Image(image, size, Span::detached())))
    }

    /// About how many segments an item of an artifact has. `None` for what cannot be a
    /// part of a drawing: a bitmap, a link, a slot, a paint that is not a colour, or
    /// words, such as a page number.
    fn weight(&self, item: &FrameItem) -> Option<usize> {
        let is_plain = |paint: &Paint| matches!(paint, Paint::Solid(_));
        match item {
            FrameItem::Group(group) if group.label.is_none() => {
                group.frame.items().map(|(_, item)| self.weight(item)).sum()
            }
            FrameItem::Shape(shape, _) => {
                let stroke = shape.stroke.as_ref().map(|stroke| &stroke.paint);
                let segments = match &shape.geometry {
                    Geometry::Curve(curve) => curve.0.len(),
                    Geometry::Line(_) | Geometry::Rect(_) => 4,
                };
                shape.fill.iter().chain(stroke).all(is_plain).then_some(segments)
            }
            FrameItem::Text(text) => {
                let is_lettering = text.glyphs.len() <= 2 && is_plain(&text.fill);
                is_lettering.then_some(20 * text.glyphs.len())
            }
            FrameItem::Image(image, ..) => {
                let data = self.svg(image).filter(|_| image.alt().is_none())?;
                Some(data.len() * MIN_WEIGHT / MIN_SVG_LEN)
            }
            FrameItem::Tag(_) => Some(0),
            FrameItem::Group(_) | FrameItem::Link(..) => None,
        }
    }

    /// The data of an SVG, unless it is the QR code.
    fn svg<'b>(&self, image: &'b Image) -> Option<&'b [u8]> {
        let ImageKind::Svg(svg) = image.kind() else { return None };
        let data = svg.data().as_slice();
        (self.code != Some(data)).then_some(data)
    }

    /// The placeholder of a heavy SVG.
    fn image(&mut self, image: &Image, size: Size, item: &FrameItem) -> Option<Image> {
        if self.svg(image)?.len() < MIN_SVG_LEN {
            return None;
        }
        let key = typst::utils::hash128(&(image, size));
        self.placeholder(key, size, image.alt(), || item.clone())
    }

    /// The placeholder of a drawing on a page of that size.
    fn placeholder(
        &mut self,
        key: u128,
        size: Size,
        alt: Option<&str>,
        drawing: impl FnOnce() -> FrameItem,
    ) -> Option<Image> {
        if self.forms.len() == MAX_FORMS {
            return None;
        }
        let form = Form::of(key, size, drawing)?;
        let image = placeholder(self.forms.len(), alt)?;
        self.forms.push(form);
        self.keys.push(key);
        Some(image)
    }
}

/// The placeholder of the QR code, which does not count as a drawing.
pub(super) fn code_placeholder(alt: Option<&str>) -> Option<Image> {
    placeholder(MAX_FORMS, alt)
}

/// Whether an image object is the placeholder of the QR code.
pub(super) fn is_code_placeholder(object: &[u8]) -> bool {
    placeholder_index(object) == Some(MAX_FORMS)
}

/// The items between the tags that begin and end an artifact, if both are in one frame. `rest`
/// begins after the first tag.
fn inside_artifact<'a, 'b>(
    tag: &Tag,
    rest: &'a [&'b (Point, FrameItem)],
) -> Option<&'a [&'b (Point, FrameItem)]> {
    let Tag::Start(element, _) = tag else { return None };
    if !element.is::<ArtifactElem>() {
        return None;
    }
    let location = tag.location();
    let is_end = |(_, item): &&(Point, FrameItem)| matches!(item, FrameItem::Tag(Tag::End(end, ..)) if *end == location);
    Some(&rest[..rest.iter().position(is_end)?])
}

/// An item with its letters as outlines; `None` for a tag.
fn outlined(item: &FrameItem) -> Option<FrameItem> {
    match item {
        FrameItem::Tag(_) => None,
        FrameItem::Text(text) => Some(FrameItem::Shape(outlines(text), Span::detached())),
        FrameItem::Group(group) => {
            let items = group.frame.items();
            let items = items.filter_map(|(at, item)| Some((*at, outlined(item)?)));
            let frame = with_items(&group.frame, items.collect());
            Some(FrameItem::Group(GroupItem { frame, ..group.clone() }))
        }
        other => Some(other.clone()),
    }
}

/// The frame with other items.
fn with_items(frame: &Frame, items: Vec<(Point, FrameItem)>) -> Frame {
    let mut changed = frame.clone();
    changed.clear();
    changed.push_multiple(items);
    changed
}

/// The colours of a placeholder, pixel by pixel.
fn pixels(index: usize) -> Vec<u8> {
    b"form".iter().copied().cycle().take(3 * (index + 1)).collect()
}

/// A bitmap of one row. Its width, in pixels, is the position of the drawing plus one.
fn placeholder(index: usize, alt: Option<&str>) -> Option<Image> {
    let format =
        PixelFormat { encoding: PixelEncoding::Rgb8, width: index as u32 + 1, height: 1 };
    let raster = RasterImage::plain(Bytes::new(pixels(index)), format).ok()?;
    Some(Image::new(raster, alt.map(Into::into), Smart::Auto))
}

/// The position of the drawing for which an image object is the placeholder.
fn placeholder_index(object: &[u8]) -> Option<usize> {
    let (dict, end) = Dict::read(object, 0)?;
    if dict.get("Subtype") != Some(b"/Image") || dict.get("Height") != Some(b"1") {
        return None;
    }
    let width: usize = syntax::number(dict.get("Width")?)?;
    let expected = pixels(width.checked_sub(1).filter(|index| *index <= MAX_FORMS)?);
    let data = object.get(end..)?.strip_prefix(b"\nstream\n")?;
    let mut found = vec![0; expected.len()];
    ZlibDecoder::new(data).read_exact(&mut found).ok()?;
    (found == expected).then_some(width - 1)
}
