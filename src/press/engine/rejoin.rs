//! Joins text items that Typst split.
//!
//! Typst ends a text item wherever a glyph stands higher or lower than the one before, and repeats
//! the text of the cluster in which that happens, so that raised marks are extracted from the PDF
//! twice («อภิสิทธิ์» as «อภิสิทธิ์ธิ์»). Neighbours that share a cluster become one item again, in
//! which the difference of their heights is the glyphs' own vertical offset.

use typst::layout::{Em, Frame, FrameItem, Point};
use typst::text::{Glyph, TextItem};

/// The frame with its split items joined, groups included.
pub(super) fn rejoin(frame: &Frame) -> Frame {
    let mut items: Vec<(Point, FrameItem)> = Vec::with_capacity(frame.items().len());
    // The source span of the cluster that the last two items shared: a third item at the
    // height of the first one may continue it.
    let mut shared = None;
    for (at, item) in frame.items() {
        match item {
            FrameItem::Group(group) => {
                let mut group = group.clone();
                group.frame = rejoin(&group.frame);
                items.push((*at, FrameItem::Group(group)));
            }
            FrameItem::Text(text) => {
                let cluster = text.glyphs.first().map(|glyph| glyph.span);
                if let Some((before, FrameItem::Text(last))) = items.last_mut()
                    && (at.y != before.y || shared == cluster)
                {
                    let lift = Em::new((before.y - at.y).to_pt() / last.size.to_pt());
                    if let Some(joined) = join(last, text, lift) {
                        *last = joined;
                        shared = text.glyphs.last().map(|glyph| glyph.span);
                        continue;
                    }
                }
                shared = None;
                items.push((*at, item.clone()));
            }
            _ => items.push((*at, item.clone())),
        }
    }
    let mut joined = frame.clone();
    joined.clear();
    joined.push_multiple(items);
    joined
}

/// Appends `next`, which stands higher than `last` by `lift`, to `last`, if the two share
/// a cluster.
fn join(last: &TextItem, next: &TextItem, lift: Em) -> Option<TextItem> {
    if last.font != next.font
        || last.size != next.size
        || last.fill != next.fill
        || last.stroke != next.stroke
    {
        return None;
    }
    let (end, start) = (last.glyphs.last()?, next.glyphs.first()?);
    // Two equal letters next to each other have different source spans.
    if end.span != start.span {
        return None;
    }
    let (end, start) = (end.range(), start.range());
    if last.text.get(end.clone())? != next.text.get(start.clone())? {
        return None;
    }
    let mut joined = last.clone();
    if end.end == last.text.len() && start.start == 0 {
        // Left to right: the shared cluster ends the one text and begins the other.
        joined.text.push_str(&next.text[start.end..]);
        joined
            .glyphs
            .extend(next.glyphs.iter().map(|glyph| shifted(glyph, end.start, lift)));
    } else if end.start == 0 && start.end == next.text.len() {
        // Right to left: the glyphs are in reverse order of the text, so `next` has its beginning.
        joined.text = next.text[..start.start].into();
        joined.text.push_str(&last.text);
        for glyph in &mut joined.glyphs {
            *glyph = shifted(glyph, start.start, Em::zero());
        }
        joined.glyphs.extend(next.glyphs.iter().map(|glyph| shifted(glyph, 0, lift)));
    } else {
        return None;
    }
    // The range of a glyph is kept in 16-bit numbers.
    (joined.text.len() <= usize::from(u16::MAX)).then_some(joined)
}

/// A glyph whose text range begins `by` bytes later, and which stands `lift` higher.
fn shifted(glyph: &Glyph, by: usize, lift: Em) -> Glyph {
    let by = by as u16;
    Glyph {
        range: glyph.range.start + by..glyph.range.end + by,
        y_offset: glyph.y_offset + lift,
        ..glyph.clone()
    }
}
