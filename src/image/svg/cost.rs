//! What an SVG costs to draw: the pixels that its parts cover, each by how long one takes.
//!
//! Counted for a canvas of 1600 pixels, on which scans are measured; Typst draws filters at about
//! the same size.

use usvg::filter::{Filter, Kind};
use usvg::tiny_skia_path::PathSegment;
use usvg::{Group, Node, NonZeroRect, Paint, Path, Transform, Tree};

use super::costly::too_costly;
use crate::base::error::Result;

/// The longer side of the canvas, in pixels.
const CANVAS_SIDE: f64 = 1600.0;
/// The largest cost: a few seconds. The unit is one pixel painted once.
const MAX_COST: f64 = 2e9;
/// The most elements. One that several others draw is counted for each of them.
const MAX_ELEMENTS: usize = 200_000;
/// The most segments of all paths, and the most dashes of all strokes.
const MAX_SEGMENTS: usize = 2_000_000;
const MAX_DASHES: f64 = 1_000_000.0;
/// The most layers inside of each other: each takes as much memory as the canvas.
const MAX_LAYERS: usize = 24;
/// How much larger than the drawing the region of a filter and the tile of a pattern may be.
const MAX_REGION: f64 = 2.0;

/// Refuses an SVG that takes too much memory or time to draw.
pub(super) fn check(tree: &Tree) -> Result<()> {
    let (width, height) =
        (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let scale = CANVAS_SIDE / width.max(height);
    let mut walk =
        Walk { width, height, scale, cost: 0.0, elements: 0, segments: 0, dashes: 0.0 };
    walk.group(tree.root(), 0)
}

struct Walk {
    width: f64,
    height: f64,
    /// Pixels of the canvas for one unit of the drawing.
    scale: f64,
    cost: f64,
    elements: usize,
    segments: usize,
    dashes: f64,
}

impl Walk {
    fn group(&mut self, group: &Group, layers: usize) -> Result<()> {
        let layers = layers + usize::from(group.should_isolate());
        if layers > MAX_LAYERS {
            return Err(too_costly("has more than 24 layers inside of each other"));
        }
        if group.should_isolate() {
            let (width, height) = sides(group.abs_layer_bounding_box());
            self.add(4.0 * self.pixels(width, height))?;
        }
        for filter in group.filters() {
            self.filter(filter, group.abs_transform())?;
        }
        for node in group.children() {
            self.elements += 1;
            if self.elements > MAX_ELEMENTS {
                return Err(too_costly("draws more than 200000 elements"));
            }
            match node {
                Node::Group(inner) => self.group(inner, layers)?,
                Node::Path(path) => self.path(path)?,
                Node::Image(_) | Node::Text(_) => {
                    let (width, height) = {
                        let drawn = node.abs_bounding_box();
                        (f64::from(drawn.width()), f64::from(drawn.height()))
                    };
                    self.add(4.0 * self.pixels(width, height))?;
                }
            }
            if !matches!(node, Node::Group(_)) {
                self.subroots(node, layers)?;
            }
        }
        self.own_subroots(group, layers)
    }

    /// What a path or a picture draws besides itself: patterns.
    fn subroots(&mut self, node: &Node, layers: usize) -> Result<()> {
        let mut result = Ok(());
        node.subroots(|root| {
            if result.is_ok() {
                result = self.group(root, layers + 1);
            }
        });
        result
    }

    /// What a group draws besides its children: clip paths, masks and pictures of filters.
    fn own_subroots(&mut self, group: &Group, layers: usize) -> Result<()> {
        let mut clip = group.clip_path();
        while let Some(path) = clip {
            self.group(path.root(), layers + 1)?;
            clip = path.clip_path();
        }
        let mut mask = group.mask();
        while let Some(one) = mask {
            self.group(one.root(), layers + 1)?;
            mask = one.mask();
        }
        for primitive in group.filters().iter().flat_map(|filter| filter.primitives()) {
            if let Kind::Image(image) = primitive.kind() {
                self.group(image.root(), layers + 1)?;
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &Path) -> Result<()> {
        self.segments += path.data().len();
        if self.segments > MAX_SEGMENTS {
            return Err(too_costly("has more than 2000000 segments of paths"));
        }
        let drawn = path.abs_stroke_bounding_box();
        self.add(self.pixels(f64::from(drawn.width()), f64::from(drawn.height())))?;
        if let Some(dashes) = path.stroke().and_then(|stroke| stroke.dasharray()) {
            let period: f64 = dashes.iter().map(|dash| f64::from(dash.abs())).sum();
            self.dashes += length(path) / period.max(1e-9) * dashes.len() as f64;
            if self.dashes > MAX_DASHES {
                return Err(too_costly("has more than 1000000 dashes"));
            }
        }
        let paints = [
            path.fill().map(|fill| fill.paint()),
            path.stroke().map(|stroke| stroke.paint()),
        ];
        for paint in paints.into_iter().flatten() {
            if let Paint::Pattern(pattern) = paint {
                let place = path.abs_transform().pre_concat(pattern.transform());
                self.check_region(pattern.rect(), place, "a pattern")?;
            }
        }
        Ok(())
    }

    fn filter(&mut self, filter: &Filter, place: Transform) -> Result<()> {
        self.check_region(filter.rect(), place, "a filter")?;
        for primitive in filter.primitives() {
            self.check_region(primitive.rect(), place, "a filter")?;
            let (width, height) = transformed(filter.rect(), place);
            let pixels = self.pixels(width, height);
            let (across, down) = place.get_scale();
            let (across, down) =
                (f64::from(across) * self.scale, f64::from(down) * self.scale);
            let weight = match primitive.kind() {
                Kind::Turbulence(noise) => 30.0 * f64::from(noise.num_octaves().max(1)),
                Kind::Morphology(window) => {
                    let side = |radius: f64, longest: f64| {
                        (2.0 * radius.ceil()).clamp(1.0, (longest * self.scale).max(1.0))
                    };
                    side(f64::from(window.radius_x().get()) * across, width)
                        * side(f64::from(window.radius_y().get()) * down, height)
                }
                Kind::ConvolveMatrix(convolution) => {
                    let matrix = convolution.matrix();
                    4.0 * f64::from(matrix.columns()) * f64::from(matrix.rows())
                }
                Kind::DiffuseLighting(_) | Kind::SpecularLighting(_) => 40.0,
                _ => 12.0,
            };
            self.add(pixels * weight)?;
        }
        Ok(())
    }

    /// Refuses a region of a filter or a tile that is much larger than the drawing: it is drawn
    /// whole.
    fn check_region(
        &self,
        rect: NonZeroRect,
        place: Transform,
        what: &str,
    ) -> Result<()> {
        let (width, height) = transformed(rect, place);
        let longer = self.width.max(self.height);
        // Shadows of small drawings are larger than the drawings.
        if width.max(height) <= MAX_REGION * longer {
            return Ok(());
        }
        Err(too_costly(&format!(
            "has {what} of {width:.0} × {height:.0}, and is itself {:.0} × {:.0}",
            self.width, self.height
        )))
    }

    /// The pixels of a box of the drawing, as far as they can be on a canvas of twice its sides.
    fn pixels(&self, width: f64, height: f64) -> f64 {
        let side = |length: f64, longest: f64| {
            length.clamp(0.0, MAX_REGION * longest) * self.scale + 1.0
        };
        side(width, self.width) * side(height, self.height)
    }

    fn add(&mut self, cost: f64) -> Result<()> {
        self.cost += cost;
        if self.cost > MAX_COST {
            return Err(too_costly("paints its area too often"));
        }
        Ok(())
    }
}

fn sides(rect: NonZeroRect) -> (f64, f64) {
    (f64::from(rect.width()), f64::from(rect.height()))
}

fn transformed(rect: NonZeroRect, place: Transform) -> (f64, f64) {
    rect.transform(place).map_or_else(|| sides(rect), sides)
}

/// An upper bound of a path's length: that of its control polygon.
fn length(path: &Path) -> f64 {
    let mut length = 0.0;
    let mut at = usvg::tiny_skia_path::Point::zero();
    let mut start = at;
    for segment in path.data().segments() {
        let points = match segment {
            PathSegment::MoveTo(to) => {
                (at, start) = (to, to);
                continue;
            }
            PathSegment::LineTo(to) => vec![to],
            PathSegment::QuadTo(one, to) => vec![one, to],
            PathSegment::CubicTo(one, two, to) => vec![one, two, to],
            PathSegment::Close => vec![start],
        };
        for to in points {
            length += f64::from(at.distance(to));
            at = to;
        }
    }
    length
}
