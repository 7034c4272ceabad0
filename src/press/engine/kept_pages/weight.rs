//! How many bytes a kept page holds.
//!
//! A bitmap is held decoded, as long as a frame has it, so it counts by its pixels.

use std::collections::HashSet;

use typst::layout::{Frame, FrameItem};
use typst::utils::hash128;
use typst::visualize::{Image, ImageKind};

/// The bytes of a decoded pixel.
const PIXEL: usize = 4;
/// About the bytes of an item of a frame, and of a glyph.
const ITEM: usize = 256;
const GLYPH: usize = 64;

/// The bytes of pages. A picture that stands on several of them counts once.
pub(super) fn of_pages(pages: &[typst_layout::Page]) -> usize {
    let mut seen = HashSet::new();
    pages.iter().map(|page| of_frame(&page.frame, &mut seen)).sum()
}

pub(super) fn of_frame(frame: &Frame, seen: &mut HashSet<u128>) -> usize {
    let items = frame.items().map(|(_, item)| {
        ITEM + match item {
            FrameItem::Group(group) => of_frame(&group.frame, seen),
            FrameItem::Text(text) => text.text.len() + GLYPH * text.glyphs.len(),
            FrameItem::Image(image, ..) if seen.insert(hash128(image)) => of_image(image),
            _ => 0,
        }
    });
    items.sum()
}

fn of_image(image: &Image) -> usize {
    match image.kind() {
        ImageKind::Raster(raster) => {
            let pixels = raster.width() as usize * raster.height() as usize;
            raster.data().len() + PIXEL * pixels
        }
        // What is parsed of it takes a multiple of its text.
        ImageKind::Svg(svg) => 4 * svg.data().len(),
        ImageKind::Pdf(pdf) => 2 * pdf.document().pdf().data().as_ref().len(),
    }
}
