//! What a picture looks like, square by square: whether it is transparent there, and else
//! how dark it is.
//!
//! A border is often one picture as large as the page, and transparent in its middle. It
//! is drawn once, and remembered for all certificates.

use std::sync::Arc;

use typst::foundations::Smart;
use typst::layout::{Abs, Frame, FrameItem, Point, Rect, Size};
use typst::syntax::Span;
use typst::visualize::Image;
use typst_layout::Page;
use typst_render::RenderOptions;

use super::contrast::{Rgb, Tones};

/// The side of a square, in pixels; a pixel is one point.
const SQUARE: usize = 4;
/// The longest side of a picture that is drawn, in pixels.
const MAX_SIDE: f64 = 3000.0;

/// A picture in squares.
#[derive(Debug)]
pub(super) struct Look {
    columns: usize,
    squares: Vec<Square>,
    /// The tones of its pixels that are more opaque than transparent; `None` if there are
    /// none.
    pub(super) tones: Option<Tones>,
}

#[derive(Debug, Clone, Copy)]
enum Square {
    /// It is not visible.
    Clear,
    /// It hides what lies below it.
    Opaque(Tones),
    Mixed,
}

/// What a picture is in a part of its box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Seen {
    Clear,
    Opaque(Tones),
    Mixed,
}

/// Draws a picture in a box of that size, in points. The pages of a layout have the same pictures, so
/// Typst's memory of results keeps it.
#[comemo::memoize]
pub(super) fn look(image: &Image, width: u32, height: u32) -> Arc<Look> {
    let size = Size::new(Abs::pt(f64::from(width)), Abs::pt(f64::from(height)));
    let mut frame = Frame::hard(size);
    frame.push(Point::zero(), FrameItem::Image(image.clone(), size, Span::detached()));
    let page = Page {
        frame,
        fill: Smart::Custom(None),
        bleed: Default::default(),
        numbering: None,
        supplement: Default::default(),
        number: 1,
    };
    let longest = f64::from(width.max(height)).max(1.0);
    let scale = (MAX_SIDE / longest).min(1.0);
    let options = RenderOptions { pixel_per_pt: scale.into(), render_bleed: false };
    let drawn = typst_render::render(&page, &options);
    let (width, height) = (drawn.width() as usize, drawn.height() as usize);
    let columns = width.div_ceil(SQUARE).max(1);
    let mut squares = Vec::with_capacity(columns * height.div_ceil(SQUARE));
    for top in (0..height).step_by(SQUARE) {
        for left in (0..width).step_by(SQUARE) {
            let rows = top..(top + SQUARE).min(height);
            let pixels = rows.flat_map(|y| {
                let row = &drawn.data()[y * width * 4..(y + 1) * width * 4];
                row[left * 4..((left + SQUARE) * 4).min(row.len())].chunks_exact(4)
            });
            squares.push(Square::of(pixels));
        }
    }
    let seen = drawn.data().chunks_exact(4).filter(|pixel| pixel[3] >= 128);
    let colours = seen.map(|pixel| {
        let part = |index: usize| f64::from(pixel[index]) / f64::from(pixel[3]);
        Tones::of(Rgb([part(0), part(1), part(2)]))
    });
    let tones = colours.reduce(Tones::and);
    Arc::new(Look { columns, squares, tones })
}

impl Square {
    fn of<'a>(pixels: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut tones: Option<Tones> = None;
        let (mut clear, mut opaque) = (true, true);
        for pixel in pixels {
            clear &= pixel[3] == 0;
            opaque &= pixel[3] == u8::MAX;
            let own = Tones::of(Rgb::of_bytes([pixel[0], pixel[1], pixel[2]]));
            tones = Some(tones.map_or(own, |tones| tones.and(own)));
        }
        match tones {
            Some(tones) if opaque => Self::Opaque(tones),
            _ if clear => Self::Clear,
            _ => Self::Mixed,
        }
    }
}

impl Look {
    /// What the picture shows in a part of its box; both boxes are in points, in the same
    /// frame.
    pub(super) fn seen(&self, whole: Rect, part: Rect) -> Seen {
        let rows = self.squares.len() / self.columns;
        let share = |at: Abs, from: Abs, length: Abs, count: usize| {
            let at = (at - from).to_pt() / length.to_pt().max(1e-6);
            (at * count as f64).max(0.0) as usize
        };
        let size = whole.size();
        let left = share(part.min.x, whole.min.x, size.x, self.columns);
        let right = share(part.max.x, whole.min.x, size.x, self.columns);
        let top = share(part.min.y, whole.min.y, size.y, rows);
        let bottom = share(part.max.y, whole.min.y, size.y, rows);
        let mut seen: Option<Seen> = None;
        for row in top..=bottom.min(rows - 1) {
            for column in left..=right.min(self.columns - 1) {
                let own = match self.squares[row * self.columns + column] {
                    Square::Clear => Seen::Clear,
                    Square::Opaque(tones) => Seen::Opaque(tones),
                    Square::Mixed => return Seen::Mixed,
                };
                seen = Some(match (seen, own) {
                    (None, own) => own,
                    (Some(Seen::Clear), Seen::Clear) => Seen::Clear,
                    (Some(Seen::Opaque(a)), Seen::Opaque(b)) => Seen::Opaque(a.and(b)),
                    _ => return Seen::Mixed,
                });
            }
        }
        seen.unwrap_or(Seen::Mixed)
    }
}
