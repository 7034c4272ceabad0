//! Decides by pixels: a page is drawn with its content, without it, and the content
//! alone.
//!
//! The drawing of the content over the page without it is what should be visible; where
//! the page itself differs from that, something clips or hides the content. Only the
//! doubtful part of the page is drawn. What lies below the content is drawn once for the
//! whole page, because it is the same on other pages of a layout.

use std::sync::Arc;

use typst::foundations::Smart;
use typst::layout::{Abs, Frame, FrameItem, FrameKind, GroupItem, Point, Rect, Size};
use typst::syntax::Span;
use typst::text::TextItem;
use typst::utils::Scalar;
use typst::visualize::{Color, Geometry, Paint};
use typst_layout::Page;
use typst_render::RenderOptions;

use super::contrast::{Rgb, ratio};

/// The resolution of drawings, and the longest side of a page that is drawn in it, in
/// pixels.
const PIXELS_PER_POINT: f64 = 2.0;
const MAX_SIDE: f64 = 4000.0;
/// The components of a colour that is light are above this, of 255.
const LIGHT: u8 = 200;
/// A pixel belongs to some ink if its opacity, of 255, is at least this.
const INKED: u8 = 128;
/// How much a component of a colour, of 255, may differ from what should be visible.
const MAX_DIFFERENCE: u8 = 48;
/// The shares that have to be visible of all ink, and of the ink in a square of the size
/// of a letter; the second pair is for a signature, which its rule may cross.
const SHARES: (f64, f64) = (0.97, 0.8);
const STROKE_SHARES: (f64, f64) = (0.85, 0.4);
/// The share of the ink in a square that needs the contrast.
const CONTRAST_SHARE: f64 = 0.7;
/// A square with fewer pixels of ink is not judged.
const MIN_PIXELS: usize = 12;

/// What has to be decided of a slot on a page.
pub(super) struct Doubt {
    /// The box of its ink.
    pub(super) region: Rect,
    pub(super) subject: Subject,
    /// The contrast that it needs.
    pub(super) contrast: f64,
    /// The side of a square that holds a letter.
    pub(super) tile: Abs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Text,
    /// A signature.
    Strokes,
    Code,
    Picture,
}

impl Subject {
    /// The contrast of a picture, which may be pale in large parts, but not everywhere.
    pub(super) const PICTURE_CONTRAST: f64 = 1.5;
}

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Seen,
    /// The share of the ink that is seen.
    Hidden {
        share: f64,
    },
    /// The contrast in the palest part.
    Pale {
        contrast: f64,
    },
}

/// The drawings of a part of one page, in premultiplied RGBA.
pub(super) struct Rasters {
    part: Part,
    scale: Scalar,
    page: Vec<u8>,
    /// What lies below the content, for the whole page; `ground_width` is its width in
    /// pixels.
    ground: Arc<Vec<u8>>,
    ground_width: usize,
    alone: Vec<u8>,
    /// The content alone, with all text opaque.
    mask: Vec<u8>,
}

/// A part of a page, in pixels of the page.
#[derive(Debug, Clone, Copy)]
struct Part {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

/// What of a labelled group has to be visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// Nothing: it is ornament.
    Nothing,
    /// The text of a sentence. What a layout draws around it, such as a bar of colour, is ground.
    Text,
    /// All of a picture.
    Picture,
}

impl Shows {
    /// Whether an item of the group has to be visible.
    fn has(self, item: &FrameItem) -> bool {
        match self {
            Self::Nothing => false,
            Self::Text => matches!(item, FrameItem::Text(_)),
            Self::Picture => true,
        }
    }
}

/// What of a frame is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Ground,
    Content,
    Mask,
}

impl Rasters {
    /// Draws a part of a page. `shows` says what of a labelled group has to be visible.
    pub(super) fn of(page: &Page, part: Rect, shows: &dyn Fn(&str) -> Shows) -> Self {
        let size = page.frame.size();
        let longest = size.x.max(size.y).to_pt().max(1.0);
        let scale = Scalar::new(PIXELS_PER_POINT.min(MAX_SIDE / longest));
        let keep = |keep| kept(&page.frame, keep, shows, Shows::Nothing);
        let (ground, ground_width) =
            ground(&keep(Keep::Ground), page.fill_or_white(), scale);
        let ground_height = ground.len() / 4 / ground_width.max(1);
        let part = Part::of(part, scale, (ground_width, ground_height));
        Self {
            part,
            scale,
            page: part.draw(page.frame.clone(), page.fill_or_white(), scale),
            ground,
            ground_width,
            alone: part.draw(keep(Keep::Content), None, scale),
            mask: part.draw(keep(Keep::Mask), None, scale),
        }
    }

    /// Decides whether some content is visible.
    pub(super) fn judge(&self, doubt: &Doubt) -> Verdict {
        let Part { left, top, right, bottom } =
            Part::of(doubt.region, self.scale, (self.part.right, self.part.bottom));
        let side = ((doubt.tile.to_pt() * self.scale.get()) as usize).max(8);
        let columns = right.saturating_sub(left).div_ceil(side).max(1);
        let rows = bottom.saturating_sub(top).div_ceil(side).max(1);
        let mut tiles = vec![Tile::default(); columns * rows];
        for y in top..bottom {
            for x in left..right {
                let at = self.part.index(x, y) * 4;
                if self.mask[at + 3] >= INKED {
                    let tile = (y - top) / side * columns + (x - left) / side;
                    self.count(&mut tiles[tile], at, (y * self.ground_width + x) * 4);
                }
            }
        }
        verdict(&mut tiles, doubt)
    }

    /// Counts a pixel of ink, whose bytes begin at `at`; those below it begin at `below`
    /// in the ground.
    fn count(&self, tile: &mut Tile, at: usize, below: usize) {
        let at = at..at + 4;
        let (page, ground) = (&self.page[at.clone()], &self.ground[below..below + 4]);
        let (alone, mask) = (&self.alone[at.clone()], &self.mask[at]);
        let clear = 255 - u16::from(alone[3]);
        let is_seen = (0..3).all(|part| {
            let expected = u16::from(alone[part]) + u16::from(ground[part]) * clear / 255;
            u16::from(page[part]).abs_diff(expected) <= u16::from(MAX_DIFFERENCE)
        });
        tile.ink += 1;
        tile.seen += usize::from(is_seen);
        tile.light += usize::from(alone.iter().all(|part| *part > LIGHT));
        let below = Rgb::of_bytes([ground[0], ground[1], ground[2]]);
        let opacity = f64::from(alone[3]) / f64::from(mask[3].max(1));
        let own = match alone[3] {
            0 => below,
            alpha => Rgb([0, 1, 2].map(|part| f64::from(alone[part]) / f64::from(alpha))),
        };
        let shown = own.over(below, opacity.min(1.0));
        tile.contrasts.push(ratio(shown, below) as f32);
    }
}

impl Part {
    /// The pixels that a box in points touches, of a page with this many pixels across
    /// and down.
    fn of(area: Rect, scale: Scalar, (width, height): (usize, usize)) -> Self {
        let pixel = |length: Abs| (length.to_pt() * scale.get()).max(0.0);
        let right = (pixel(area.max.x).ceil() as usize).min(width);
        let bottom = (pixel(area.max.y).ceil() as usize).min(height);
        Self {
            left: (pixel(area.min.x).floor() as usize).min(right),
            top: (pixel(area.min.y).floor() as usize).min(bottom),
            right,
            bottom,
        }
    }

    /// The index of a pixel of the page among those of the part.
    fn index(self, x: usize, y: usize) -> usize {
        (y - self.top) * (self.right - self.left) + x - self.left
    }

    /// Draws this part of a page with that frame and fill.
    fn draw(self, frame: Frame, fill: Option<Paint>, scale: Scalar) -> Vec<u8> {
        let points = |pixels: usize| Abs::pt(pixels as f64 / scale.get());
        let (width, height) = (self.right - self.left, self.bottom - self.top);
        if width == 0 || height == 0 {
            return Vec::new();
        }
        let mut part = Frame::soft(Size::new(points(width), points(height)));
        let origin = Point::new(-points(self.left), -points(self.top));
        part.push(origin, FrameItem::Group(GroupItem::new(whole(frame, fill))));
        draw(part, None, scale).0
    }
}

/// The frame of a page with its fill behind it, whose gradients follow the size of the
/// page.
fn whole(frame: Frame, fill: Option<Paint>) -> Frame {
    let mut whole = Frame::new(frame.size(), FrameKind::Hard);
    if let Some(fill) = fill {
        let paper = Geometry::Rect(frame.size()).filled(fill);
        whole.push(Point::zero(), FrameItem::Shape(paper, Span::detached()));
    }
    whole.push_frame(Point::zero(), frame);
    whole
}

/// What lies below the content of a page, and its width in pixels. The pages of a layout
/// often have the same border or picture, so Typst's cache keeps the result.
#[comemo::memoize]
fn ground(frame: &Frame, fill: Option<Paint>, scale: Scalar) -> (Arc<Vec<u8>>, usize) {
    let (pixels, width) = draw(frame.clone(), fill, scale);
    (Arc::new(pixels), width)
}

/// The pixels of a page, and its width in pixels.
fn draw(frame: Frame, fill: Option<Paint>, scale: Scalar) -> (Vec<u8>, usize) {
    let page = Page {
        frame,
        fill: Smart::Custom(fill),
        bleed: Default::default(),
        numbering: None,
        supplement: Default::default(),
        number: 1,
    };
    let options = RenderOptions { pixel_per_pt: scale, render_bleed: false };
    let drawn = typst_render::render(&page, &options);
    let width = drawn.width() as usize;
    (drawn.take(), width)
}

/// The ink in a square.
#[derive(Clone, Default)]
struct Tile {
    ink: usize,
    seen: usize,
    /// How much of it is light and opaque.
    light: usize,
    contrasts: Vec<f32>,
}

fn verdict(tiles: &mut [Tile], doubt: &Doubt) -> Verdict {
    let (ink, seen) =
        tiles.iter().fold((0, 0), |(ink, seen), tile| (ink + tile.ink, seen + tile.seen));
    if ink == 0 {
        return Verdict::Seen;
    }
    let share = seen as f64 / ink as f64;
    let (needed, in_tile) =
        if doubt.subject == Subject::Strokes { STROKE_SHARES } else { SHARES };
    let is_hidden = |tile: &Tile| {
        tile.ink >= MIN_PIXELS && (tile.seen as f64) < tile.ink as f64 * in_tile
    };
    if share < needed || tiles.iter().any(is_hidden) {
        return Verdict::Hidden { share };
    }
    let contrast = match doubt.subject {
        Subject::Text => {
            let judged = tiles.iter_mut().filter(|tile| tile.ink >= MIN_PIXELS);
            let lowest =
                judged.map(|tile| nth(&mut tile.contrasts, 1.0 - CONTRAST_SHARE));
            lowest.reduce(f64::min)
        }
        // Half of the strokes, and of the dark modules in every part of a code without a ground of its
        // own, which no camera reads if a band across it is dark; the darkest and the lightest parts of
        // others.
        Subject::Strokes => Some(nth(&mut all(tiles), 0.5)),
        Subject::Code if tiles.iter().all(|tile| tile.light == 0) => {
            let judged = tiles.iter_mut().filter(|tile| tile.ink >= MIN_PIXELS);
            judged.map(|tile| nth(&mut tile.contrasts, 0.5)).reduce(f64::min)
        }
        Subject::Code | Subject::Picture => Some(nth(&mut all(tiles), 0.95)),
    };
    match contrast {
        Some(contrast) if contrast < doubt.contrast => Verdict::Pale { contrast },
        _ => Verdict::Seen,
    }
}

fn all(tiles: &[Tile]) -> Vec<f32> {
    tiles.iter().flat_map(|tile| tile.contrasts.iter().copied()).collect()
}

/// The value below which the given share of all values lies; 1 if there are none.
fn nth(values: &mut [f32], share: f64) -> f64 {
    values.sort_unstable_by(f32::total_cmp);
    let index = (values.len() as f64 * share) as usize;
    values
        .get(index.min(values.len().saturating_sub(1)))
        .map_or(1.0, |&value| f64::from(value))
}

/// A part of a frame. What clips the content is removed.
fn kept(
    frame: &Frame,
    keep: Keep,
    shows: &dyn Fn(&str) -> Shows,
    within: Shows,
) -> Frame {
    let mut part = Frame::new(frame.size(), frame.kind());
    for (at, item) in frame.items() {
        let item = match item {
            FrameItem::Group(group) => {
                let label = group.label.map(|label| label.resolve());
                let own = label.map_or(Shows::Nothing, |label| shows(label.as_str()));
                let own = if own == Shows::Nothing { within } else { own };
                let inner = kept(&group.frame, keep, shows, own);
                if inner.is_empty() {
                    continue;
                }
                let clip = group.clip.clone().filter(|_| keep == Keep::Ground);
                FrameItem::Group(GroupItem { frame: inner, clip, ..group.clone() })
            }
            FrameItem::Link(..) | FrameItem::Tag(_) => continue,
            _ if within.has(item) == (keep == Keep::Ground) => continue,
            FrameItem::Text(text) if keep == Keep::Mask => {
                let fill = Paint::Solid(Color::BLACK);
                FrameItem::Text(TextItem { fill, ..text.clone() })
            }
            item => item.clone(),
        };
        part.push(*at, item);
    }
    part
}
