//! The heavy drawings of a page, which are the same on each certificate of a course: borders, seals,
//! signatures, logos.
//!
//! Takes a document, gives it with a placeholder in the place of each drawing; then takes the PDF of
//! that, and gives it with each placeholder replaced by the drawing's [`Form`]. The decision made
//! here: what is a heavy drawing follows from the page alone, so that the same request gives the
//! same bytes.
//!
//! A placeholder is a bitmap of one row, which typst-pdf writes as an image XObject. A form XObject
//! (ISO 32000-1, 8.10) is painted by the same operator, so that only the object itself is replaced:
//! order, transformation, clip and tags stay.

use std::io::Read;
use std::sync::Arc;

use ecow::EcoVec;
use flate2::read::ZlibDecoder;
use typst::foundations::{Bytes, Smart};
use typst::introspection::{Location, Tag};
use typst::layout::{Abs, Frame, FrameItem, GroupItem, Point, Size};
use typst::pdf::ArtifactElem;
use typst::syntax::Span;
use typst::text::TextItem;
use typst::visualize::{
    CurveItem, Geometry, Image, ImageKind, Paint, PixelEncoding, PixelFormat,
    RasterImage, Shape,
};
use typst_layout::PagedDocument;

use super::form::Form;
use super::outlines::outlines;
use crate::seal::pdf::Rewrite;
use crate::seal::pdf::syntax::{self, Dict};

/// The number of segments from which a shape is a form.
const MIN_SEGMENTS: usize = 100;
/// The length of an SVG, in bytes, from which it is a form.
const MIN_SVG_LEN: usize = 2000;
/// The side of the square on which a group of ornament is drawn, in points: more than a page has, and
/// a power of two, which cancels without rounding when the unit square is scaled to it and back.
const MAX_SIDE: f64 = 4096.0;
/// The largest number of forms on all pages of a document. Each has a placeholder as wide as its
/// position among them.
const MAX_FORMS: usize = 64;

/// A document without its heavy drawings, and these.
pub(super) struct Drawings {
    pub(super) document: PagedDocument,
    forms: Vec<Arc<Form>>,
}

impl Drawings {
    /// Replaces the heavy drawings of a document by placeholders; all but the picture `code`, which
    /// differs on each certificate. Letters of ornaments become drawings. Returns `None` if there are
    /// neither.
    pub(super) fn take(document: &PagedDocument, code: Option<&[u8]>) -> Option<Self> {
        let mut walk = Walk {
            code,
            artifacts: Vec::new(),
            labels: 0,
            forms: Vec::new(),
            has_outlines: false,
        };
        let pages: EcoVec<typst_layout::Page> = document
            .pages()
            .iter()
            .map(|page| match walk.frame(&page.frame) {
                Some(frame) => typst_layout::Page { frame, ..page.clone() },
                None => page.clone(),
            })
            .collect();
        if walk.forms.is_empty() && !walk.has_outlines {
            return None;
        }
        let info = typst::model::Document::info(document).clone();
        Some(Self { document: PagedDocument::new(pages, info), forms: walk.forms })
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
    /// The artifacts that the item lies in.
    artifacts: Vec<Location>,
    /// The number of labelled blocks, which are slots, that it lies in.
    labels: usize,
    forms: Vec<Arc<Form>>,
    has_outlines: bool,
}

impl Walk<'_> {
    /// The frame with placeholders, or `None` if it has no heavy drawing.
    fn frame(&mut self, frame: &Frame) -> Option<Frame> {
        let mut replaced: Vec<(usize, (Point, FrameItem))> = Vec::new();
        for (index, (at, item)) in frame.items().enumerate() {
            let new = match item {
                FrameItem::Tag(tag) => {
                    self.note(tag);
                    None
                }
                FrameItem::Group(group)
                    if self.is_ornament() && is_drawing(&group.frame) =>
                {
                    let placed = self.ornament(group);
                    placed.map(|(image, size)| {
                        (*at, FrameItem::Image(image, size, Span::detached()))
                    })
                }
                FrameItem::Group(group) => {
                    self.labels += usize::from(group.label.is_some());
                    let changed = self.frame(&group.frame);
                    self.labels -= usize::from(group.label.is_some());
                    changed.map(|frame| {
                        let mut group = group.clone();
                        group.frame = frame;
                        (*at, FrameItem::Group(group))
                    })
                }
                FrameItem::Shape(shape, span) => self
                    .shape(shape)
                    .map(|(image, size)| (*at, FrameItem::Image(image, size, *span))),
                FrameItem::Image(image, size, span) => self
                    .image(image, *size, item)
                    .map(|image| (*at, FrameItem::Image(image, *size, *span))),
                FrameItem::Text(text) if self.is_ornament() && is_lettering(text) => {
                    self.has_outlines = true;
                    let shape = outlines(text);
                    Some((*at, FrameItem::Shape(shape, Span::detached())))
                }
                FrameItem::Text(_) | FrameItem::Link(..) => None,
            };
            replaced.extend(new.map(|new| (index, new)));
        }
        if replaced.is_empty() {
            return None;
        }
        let mut items: Vec<(Point, FrameItem)> = frame.items().cloned().collect();
        for (index, new) in replaced {
            items[index] = new;
        }
        let mut changed = frame.clone();
        changed.clear();
        changed.push_multiple(items);
        Some(changed)
    }

    /// Whether what stands here is ornament, and no part of a slot.
    fn is_ornament(&self) -> bool {
        self.labels == 0 && !self.artifacts.is_empty()
    }

    fn note(&mut self, tag: &Tag) {
        match tag {
            Tag::Start(element, _) if element.is::<ArtifactElem>() => {
                self.artifacts.push(tag.location());
            }
            Tag::End(location, ..) if self.artifacts.last() == Some(location) => {
                self.artifacts.pop();
            }
            _ => {}
        }
    }

    /// The placeholder of a group of ornament, such as a border or a seal, and its size.
    fn ornament(&mut self, group: &GroupItem) -> Option<(Image, Size)> {
        let key = typst::utils::hash128(group);
        self.placeholder(key, None, || {
            let outlined = FrameItem::Group(GroupItem {
                frame: outlined(&group.frame),
                ..group.clone()
            });
            (Size::splat(Abs::pt(MAX_SIDE)), outlined)
        })
    }

    /// The placeholder of a heavy shape, and its size. typst-pdf makes a shape outside of an artifact
    /// an artifact of its own, which it would not do with the placeholder.
    fn shape(&mut self, shape: &Shape) -> Option<(Image, Size)> {
        let Geometry::Curve(curve) = &shape.geometry else { return None };
        let is_plain = |paint: &Paint| matches!(paint, Paint::Solid(_));
        let stroke = shape.stroke.as_ref().map(|stroke| &stroke.paint);
        let segments =
            curve.0.iter().filter(|item| !matches!(item, CurveItem::Move(_))).count();
        let is_heavy = segments >= MIN_SEGMENTS
            && shape.fill.iter().chain(stroke).all(is_plain)
            && !self.artifacts.is_empty();
        if !is_heavy {
            return None;
        }
        let key = typst::utils::hash128(shape);
        self.placeholder(key, None, || {
            // A power of two cancels without rounding when the unit square is scaled to it and back.
            let reach = shape.bbox(true);
            let reach = reach.max.x.max(reach.max.y).max(-reach.min.x).max(-reach.min.y);
            let side = 2_f64.powi((reach.to_pt().max(4.0).log2()).ceil() as i32);
            let item = FrameItem::Shape(shape.clone(), Span::detached());
            (Size::splat(Abs::pt(side)), item)
        })
    }

    /// The placeholder of a heavy SVG.
    fn image(&mut self, image: &Image, size: Size, item: &FrameItem) -> Option<Image> {
        let ImageKind::Svg(svg) = image.kind() else { return None };
        let data = svg.data().as_slice();
        if data.len() < MIN_SVG_LEN || self.code == Some(data) {
            return None;
        }
        let key = typst::utils::hash128(&(image, size));
        let (image, _) = self.placeholder(key, image.alt(), || (size, item.clone()))?;
        Some(image)
    }

    /// The placeholder of a drawing, and its size.
    fn placeholder(
        &mut self,
        key: u128,
        alt: Option<&str>,
        drawing: impl FnOnce() -> (Size, FrameItem),
    ) -> Option<(Image, Size)> {
        if self.forms.len() == MAX_FORMS {
            return None;
        }
        let form = Form::of(key, drawing)?;
        let image = placeholder(self.forms.len(), alt)?;
        let size = form.size;
        self.forms.push(form);
        Some((image, size))
    }
}

/// Whether a text is one or two letters of an ornament, and no words such as the number of a page.
fn is_lettering(text: &TextItem) -> bool {
    text.glyphs.len() <= 2
}

/// Whether a frame is a heavy drawing as a whole: plain shapes and letters, and no part of what is
/// tagged outside of it.
fn is_drawing(frame: &Frame) -> bool {
    fn weigh(frame: &Frame, open: &mut isize) -> Option<usize> {
        let is_plain = |paint: &Paint| matches!(paint, Paint::Solid(_));
        let mut weight = 0;
        for (_, item) in frame.items() {
            weight += match item {
                FrameItem::Group(group) if group.label.is_none() => {
                    weigh(&group.frame, open)?
                }
                FrameItem::Shape(shape, _) => {
                    let stroke = shape.stroke.as_ref().map(|stroke| &stroke.paint);
                    if !shape.fill.iter().chain(stroke).all(is_plain) {
                        return None;
                    }
                    match &shape.geometry {
                        Geometry::Curve(curve) => curve.0.len(),
                        _ => 4,
                    }
                }
                FrameItem::Text(text) if is_plain(&text.fill) && is_lettering(text) => {
                    20 * text.glyphs.len()
                }
                FrameItem::Tag(tag) => {
                    *open += if matches!(tag, Tag::Start(..)) { 1 } else { -1 };
                    if *open < 0 {
                        return None;
                    }
                    0
                }
                _ => return None,
            };
        }
        Some(weight)
    }
    let mut open = 0;
    weigh(frame, &mut open).is_some_and(|weight| weight >= MIN_SEGMENTS && open == 0)
}

/// The frame with its letters as outlines, without tags.
fn outlined(frame: &Frame) -> Frame {
    let items = frame.items().filter_map(|(at, item)| {
        let item = match item {
            FrameItem::Tag(_) => return None,
            FrameItem::Text(text) => FrameItem::Shape(outlines(text), Span::detached()),
            FrameItem::Group(group) => FrameItem::Group(GroupItem {
                frame: outlined(&group.frame),
                ..group.clone()
            }),
            other => other.clone(),
        };
        Some((*at, item))
    });
    let items: Vec<(Point, FrameItem)> = items.collect();
    let mut changed = frame.clone();
    changed.clear();
    changed.push_multiple(items);
    changed
}

/// The colours of a placeholder, pixel by pixel.
fn pixels(index: usize) -> Vec<u8> {
    b"form".iter().copied().cycle().take(3 * (index + 1)).collect()
}

/// A bitmap of one row, as many pixels wide as drawings were found up to this one.
fn placeholder(index: usize, alt: Option<&str>) -> Option<Image> {
    let format =
        PixelFormat { encoding: PixelEncoding::Rgb8, width: index as u32 + 1, height: 1 };
    let raster = RasterImage::plain(Bytes::new(pixels(index)), format).ok()?;
    Some(Image::new(raster, alt.map(Into::into), Smart::Auto))
}

/// The index of the drawing in whose place an image object stands.
fn placeholder_index(object: &[u8]) -> Option<usize> {
    let (dict, end) = Dict::read(object, 0)?;
    if dict.get("Subtype") != Some(b"/Image") || dict.get("Height") != Some(b"1") {
        return None;
    }
    let width: usize = syntax::number(dict.get("Width")?)?;
    let expected = pixels(width.checked_sub(1).filter(|index| *index < MAX_FORMS)?);
    let data = object.get(end..)?.strip_prefix(b"\nstream\n")?;
    let mut found = vec![0; expected.len()];
    ZlibDecoder::new(data).read_exact(&mut found).ok()?;
    (found == expected).then_some(width - 1)
}
