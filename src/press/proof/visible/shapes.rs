//! How much of a box a shape covers.

use std::cell::OnceCell;

use typst::layout::{Abs, Point, Rect, Transform};
use typst::visualize::{Curve, CurveItem, FillRule, Geometry, Shape};

use super::super::ink::{grown, holds, origin_rect, shared, transformed};
use super::contrast::{Rgb, Tones};

/// How much of a box something covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cover {
    None,
    /// A part, or a part cannot be ruled out.
    Part,
    /// All of it. If nothing shines through, with the tones that are visible then.
    Whole(Option<Tones>),
}

/// A segment of a curve in the page's coordinates.
#[derive(Debug)]
pub(super) struct Segment {
    from: Point,
    to: Point,
    /// The box of its control points, which contains it.
    bounds: Rect,
}

/// The segments of a shape's curve, which are computed once for all boxes that are compared with it.
pub(super) type Traced = OnceCell<Vec<Segment>>;

/// How much of a box, in the page's coordinates, the fill and the stroke of a shape
/// cover. `traced` belongs to this shape and this transform.
pub(super) fn cover(
    shape: &Shape,
    transform: Transform,
    traced: &Traced,
    rect: Rect,
) -> Cover {
    let scale = transform.sx.get().abs().max(transform.ky.get().abs());
    let stroke =
        shape.stroke.as_ref().map_or(Abs::zero(), |it| it.thickness * scale / 2.0);
    match &shape.geometry {
        Geometry::Line(to) => {
            let (from, to) =
                (Point::zero().transform(transform), to.transform(transform));
            let line = Rect::new(from.min(to), from.max(to));
            if meets(grown(line, stroke.max(Abs::pt(0.05))), rect) {
                Cover::Part
            } else {
                Cover::None
            }
        }
        Geometry::Rect(size) if is_upright(transform) => {
            let outer = transformed(origin_rect(*size), transform);
            if shape.fill.is_some() {
                if holds(outer, rect) { Cover::Whole(tones(shape)) } else { Cover::Part }
            } else if holds(grown(outer, -stroke), rect) {
                Cover::None
            } else {
                Cover::Part
            }
        }
        Geometry::Rect(size) => {
            let segments = traced.get_or_init(|| trace(&Curve::rect(*size), transform));
            by_curve(segments, shape, stroke, rect)
        }
        Geometry::Curve(curve) => {
            let segments = traced.get_or_init(|| trace(curve, transform));
            by_curve(segments, shape, stroke, rect)
        }
    }
}

fn tones(shape: &Shape) -> Option<Tones> {
    shape.fill.as_ref().and_then(Rgb::opaque).map(Tones::of)
}

fn trace(curve: &Curve, transform: Transform) -> Vec<Segment> {
    let (mut start, mut at) = (Point::zero(), Point::zero());
    let segment = |item: &CurveItem| {
        let (points, to) = match item {
            CurveItem::Move(to) => {
                start = to.transform(transform);
                at = start;
                return None;
            }
            CurveItem::Line(to) => ([at, at], to.transform(transform)),
            CurveItem::Cubic(a, b, to) => (
                [a.transform(transform), b.transform(transform)],
                to.transform(transform),
            ),
            CurveItem::Close => ([at, at], start),
        };
        let [a, b] = points;
        let bounds = Rect::new(at.min(to).min(a).min(b), at.max(to).max(a).max(b));
        Some(Segment { from: std::mem::replace(&mut at, to), to, bounds })
    };
    curve.0.iter().filter_map(segment).collect()
}

/// The same as [`cover`] for a curve: if no segment comes near the box, the whole box is
/// inside or outside of the curve.
fn by_curve(segments: &[Segment], shape: &Shape, stroke: Abs, rect: Rect) -> Cover {
    let centre = rect.min + (rect.max - rect.min) / 2.0;
    let near = grown(rect, stroke);
    let mut winding = 0;
    for Segment { from, to, bounds } in segments {
        if touches(*bounds, near) {
            return Cover::Part;
        }
        winding += crossing(*from, *to, centre);
    }
    let inside = match shape.fill_rule {
        FillRule::NonZero => winding != 0,
        FillRule::EvenOdd => winding % 2 != 0,
    };
    if shape.fill.is_some() && inside { Cover::Whole(tones(shape)) } else { Cover::None }
}

/// Whether two boxes share an area, not only an edge.
pub(super) fn meets(a: Rect, b: Rect) -> bool {
    let shared = shared(a, b);
    shared.x > Abs::zero() && shared.y > Abs::zero()
}

/// Whether a transform keeps horizontal and vertical edges so.
pub(super) fn is_upright(transform: Transform) -> bool {
    transform.kx.get().abs() < 1e-6 && transform.ky.get().abs() < 1e-6
}

/// Whether two boxes have a point in common. Unlike a filled box, a level line has no extent.
fn touches(a: Rect, b: Rect) -> bool {
    a.min.x <= b.max.x && b.min.x <= a.max.x && a.min.y <= b.max.y && b.min.y <= a.max.y
}

/// How an edge crosses the ray from a point to the right: 1 or -1 by its direction, 0 if
/// it does not.
fn crossing(from: Point, to: Point, at: Point) -> i32 {
    if (from.y > at.y) == (to.y > at.y) {
        return 0;
    }
    let along = (at.y - from.y) / (to.y - from.y);
    let x = from.x + (to.x - from.x) * along;
    match x > at.x {
        true if to.y > from.y => 1,
        true => -1,
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use typst::layout::Size;
    use typst::visualize::{Color, Paint};

    use super::*;

    fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
        let min = Point::new(Abs::pt(x), Abs::pt(y));
        Rect::new(min, min + Point::new(Abs::pt(width), Abs::pt(height)))
    }

    #[test]
    fn ring_covers_what_it_crosses_and_not_what_it_surrounds() {
        let mut ring = Curve::rect(Size::splat(Abs::pt(100.0)));
        let mut hole = Curve::rect(Size::splat(Abs::pt(80.0)));
        hole.translate(Point::splat(Abs::pt(10.0)));
        ring.0.extend(hole.0);
        let mut shape = Geometry::Curve(ring).filled(Paint::Solid(Color::BLACK));
        shape.fill_rule = FillRule::EvenOdd;
        let cover = |x, y, w, h| {
            cover(&shape, Transform::identity(), &Traced::new(), rect(x, y, w, h))
        };
        assert_eq!(cover(20.0, 20.0, 50.0, 20.0), Cover::None);
        assert_eq!(cover(5.0, 20.0, 50.0, 20.0), Cover::Part);
        assert_eq!(
            cover(2.0, 2.0, 60.0, 5.0),
            Cover::Whole(Some(Tones::of(Rgb([0.0; 3]))))
        );
        assert_eq!(cover(120.0, 2.0, 60.0, 5.0), Cover::None);
    }
}
