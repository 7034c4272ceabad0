//! Draws the letters of an ornament, such as those around a printed seal, as outlines.
//!
//! As text they would be copied, searched and read aloud, between the words of the
//! certificate: «S E A L».

use ttf_parser::{GlyphId, OutlineBuilder};
use typst::layout::{Abs, Point};
use typst::text::TextItem;
use typst::visualize::{Curve, FillRule, Geometry, Shape};

/// The outlines of a text, from the start of its base line.
pub(super) fn outlines(text: &TextItem) -> Shape {
    let mut pen =
        Pen { text, at: Point::zero(), last: Point::zero(), curve: Curve::new() };
    for glyph in &text.glyphs {
        let start = pen.at;
        pen.at += Point::new(glyph.x_offset.at(text.size), glyph.y_offset.at(text.size));
        text.font.ttf().outline_glyph(GlyphId(glyph.id), &mut pen);
        let advance =
            Point::new(glyph.x_advance.at(text.size), glyph.y_advance.at(text.size));
        pen.at = start + advance;
    }
    Shape {
        geometry: Geometry::Curve(pen.curve),
        fill: Some(text.fill.clone()),
        fill_rule: FillRule::NonZero,
        stroke: text.stroke.clone(),
    }
}

/// Draws outlines, whose y axis goes upwards, into a curve, whose y axis goes down.
struct Pen<'a> {
    text: &'a TextItem,
    /// The glyph's origin.
    at: Point,
    /// The end of the last segment.
    last: Point,
    curve: Curve,
}

impl Pen<'_> {
    fn point(&self, x: f32, y: f32) -> Point {
        let length = |units: f32| self.text.font.to_em(units).at(self.text.size);
        let up = self.at + Point::new(length(x), length(y));
        Point::new(up.x, Abs::zero() - up.y)
    }

    fn go(&mut self, to: Point) -> Point {
        std::mem::replace(&mut self.last, to)
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.go(to);
        self.curve.move_(to);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.go(to);
        self.curve.line(to);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (control, to) = (self.point(x1, y1), self.point(x, y));
        let from = self.go(to);
        let near = |end: Point| end + (control - end) * (2.0 / 3.0);
        self.curve.cubic(near(from), near(to), to);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let to = self.point(x, y);
        self.go(to);
        self.curve.cubic(self.point(x1, y1), self.point(x2, y2), to);
    }

    fn close(&mut self) {
        self.curve.close();
    }
}
