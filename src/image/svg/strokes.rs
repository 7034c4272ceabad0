//! Strokes of a drawing as filled outlines.
//!
//! Takes the tree of an SVG; gives the text of one that looks the same and has no strokes. The
//! reason: PDFium and pdf.js draw a stroke at least one pixel wide, so that a thin line of a
//! signature is shown much darker than it was drawn.

use std::fmt::Write as _;

use usvg::tiny_skia_path::{Path, PathSegment, PathStroker};
use usvg::{BlendMode, FillRule, Group, Node, Paint, PaintOrder, Tree};

/// The fewest pixels on the longer side of the picture at which its outlines look exact: those of
/// six centimetres in print.
const MIN_PIXELS: f32 = 1200.0;

/// The drawing without strokes, or `None` if it has no stroke, or more than paths in plain colours:
/// clips, masks, filters, gradients, patterns and pictures stay as they are.
pub(in crate::image) fn outlined(tree: &Tree) -> Option<String> {
    if !has_stroke(tree.root()) {
        return None;
    }
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = (MIN_PIXELS / width.max(height)).max(1.0);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">"
    );
    write_group(&mut text, tree.root(), scale)?;
    text.push_str("</svg>");
    Some(text)
}

fn has_stroke(group: &Group) -> bool {
    group.children().iter().any(|node| match node {
        Node::Group(inner) => has_stroke(inner),
        Node::Path(path) => path.is_visible() && path.stroke().is_some(),
        Node::Image(_) | Node::Text(_) => false,
    })
}

fn write_group(text: &mut String, group: &Group, scale: f32) -> Option<()> {
    let is_plain = group.clip_path().is_none()
        && group.mask().is_none()
        && group.filters().is_empty()
        && group.blend_mode() == BlendMode::Normal;
    if !is_plain {
        return None;
    }
    let opacity = group.opacity().get();
    if opacity < 1.0 {
        let _ = write!(text, "<g opacity=\"{opacity}\">");
    }
    for node in group.children() {
        match node {
            Node::Group(inner) => write_group(text, inner, scale)?,
            Node::Path(path) if path.is_visible() => write_path(text, path, scale)?,
            Node::Path(_) => {}
            Node::Image(_) | Node::Text(_) => return None,
        }
    }
    if opacity < 1.0 {
        text.push_str("</g>");
    }
    Some(())
}

/// Writes a path's fill and its stroke, in their order, with all transforms applied.
fn write_path(text: &mut String, path: &usvg::Path, scale: f32) -> Option<()> {
    let at = path.abs_transform();
    let resolution = PathStroker::compute_resolution_scale(&at) * scale;
    let fill = match path.fill() {
        Some(fill) => {
            let data = path.data().clone().transform(at)?;
            Some((data, fill.paint(), fill.opacity().get(), fill.rule()))
        }
        None => None,
    };
    let stroke = match path.stroke() {
        Some(stroke) => {
            let style = stroke.to_tiny_skia();
            let dashed =
                style.dash.as_ref().map(|dash| path.data().dash(dash, resolution));
            let line = match &dashed {
                Some(dashed) => dashed.as_ref()?,
                None => path.data(),
            };
            let data = line.stroke(&style, resolution)?.transform(at)?;
            Some((data, stroke.paint(), stroke.opacity().get(), FillRule::NonZero))
        }
        None => None,
    };
    let mut parts = [fill, stroke];
    if path.paint_order() == PaintOrder::StrokeAndFill {
        parts.reverse();
    }
    for (data, paint, opacity, rule) in parts.into_iter().flatten() {
        let Paint::Color(colour) = paint else { return None };
        let (red, green, blue) = (colour.red, colour.green, colour.blue);
        let _ = write!(text, "<path fill=\"#{red:02x}{green:02x}{blue:02x}\"");
        if opacity < 1.0 {
            let _ = write!(text, " fill-opacity=\"{opacity}\"");
        }
        if rule == FillRule::EvenOdd {
            text.push_str(" fill-rule=\"evenodd\"");
        }
        text.push_str(" d=\"");
        write_data(text, &data, scale);
        text.push_str("\"/>");
    }
    Some(())
}

/// Writes path data, to a tenth of the pixel that `scale` stands for.
fn write_data(text: &mut String, path: &Path, scale: f32) {
    let decimals = (10.0 * scale).log10().ceil().max(0.0) as usize;
    for segment in path.segments() {
        let (letter, points) = match segment {
            PathSegment::MoveTo(to) => ('M', vec![to]),
            PathSegment::LineTo(to) => ('L', vec![to]),
            PathSegment::QuadTo(control, to) => ('Q', vec![control, to]),
            PathSegment::CubicTo(first, second, to) => ('C', vec![first, second, to]),
            PathSegment::Close => ('Z', Vec::new()),
        };
        text.push(letter);
        for point in points {
            let _ = write!(text, "{:.decimals$} {:.decimals$} ", point.x, point.y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(inside: &str) -> Tree {
        let text = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 300 100' width='300' \
             height='100'>{inside}</svg>"
        );
        super::super::parse(&text).unwrap()
    }

    fn drawn(tree: &Tree) -> Vec<u8> {
        let mut pixmap = resvg::tiny_skia::Pixmap::new(900, 300).unwrap();
        let triple = usvg::Transform::from_scale(3.0, 3.0);
        resvg::render(tree, triple, &mut pixmap.as_mut());
        pixmap.take()
    }

    #[test]
    fn strokes_become_outlines_that_look_the_same() {
        for inside in [
            "<path d='M10 50C60 0 90 90 150 50S250 20 290 80' fill='none' stroke='#123' \
             stroke-width='2' stroke-linecap='round'/>",
            "<g transform='translate(20 10) scale(2 .5)' opacity='.5'><path d='M0 0H100V90z' \
             fill='#fc0' stroke='#00f' stroke-width='7' stroke-linejoin='round'/></g>",
            "<path d='M5 50H290' stroke='#000' stroke-width='4' stroke-dasharray='20 9' \
             stroke-dashoffset='5'/>",
            "<path d='M150 90A40 40 0 1 1 151 90' fill='red' stroke='#000' stroke-width='12' \
             paint-order='stroke' stroke-opacity='.4'/>",
        ] {
            let strokes = tree(inside);
            let text = outlined(&strokes).unwrap();
            assert!(!text.contains("stroke"), "{text}");
            let outlines = super::super::parse(&text).unwrap();
            assert_eq!(outlines.size(), strokes.size());
            let (a, b) = (drawn(&strokes), drawn(&outlines));
            let sum: u64 = a.iter().zip(&b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            let ink: u64 =
                a.iter().skip(3).step_by(4).map(|&alpha| u64::from(alpha)).sum();
            assert!(ink > 100_000, "{inside}: {ink}");
            assert!(sum * 50 < ink, "{inside}: {sum} of {ink}");
        }
    }

    #[test]
    fn drawings_without_strokes_or_with_more_than_plain_colours_stay() {
        let gradient = "<linearGradient id='g'><stop stop-color='red'/><stop offset='1' \
                        stop-color='blue'/></linearGradient>";
        for inside in [
            "<path d='M10 50H90V90z'/>".to_owned(),
            format!("{gradient}<path d='M10 50H90V90' stroke='url(#g)' fill='none'/>"),
            "<clipPath id='c'><path d='M0 0H50V50z'/></clipPath><g clip-path='url(#c)'>\
             <path d='M10 10L90 90' stroke='#000'/></g>"
                .to_owned(),
        ] {
            assert_eq!(outlined(&tree(&inside)), None, "{inside}");
        }
    }
}
