//! Whether two frames show the same.

use typst::introspection::Tag;
use typst::layout::{Frame, FrameItem};
use typst::text::TextItem;

/// Whether two frames have the same letters in the same places, between the same tags.
pub(super) fn is_same(one: &Frame, other: &Frame) -> bool {
    one.size() == other.size()
        && one.kind() == other.kind()
        && one.has_baseline() == other.has_baseline()
        && one.baseline() == other.baseline()
        && one.items().len() == other.items().len()
        && one.items().zip(other.items()).all(|((at, one), (other_at, other))| {
            at == other_at && is_same_item(one, other)
        })
}

fn is_same_item(one: &FrameItem, other: &FrameItem) -> bool {
    match (one, other) {
        (FrameItem::Group(one), FrameItem::Group(other)) => {
            one.transform == other.transform
                && one.clip.is_none()
                && other.clip.is_none()
                && one.label == other.label
                && one.parent.map(|it| it.inherit) == other.parent.map(|it| it.inherit)
                && is_same(&one.frame, &other.frame)
        }
        (FrameItem::Text(one), FrameItem::Text(other)) => {
            // Every property of a glyph but its span in the source.
            let glyphs = |text: &TextItem| -> Vec<_> {
                text.glyphs
                    .iter()
                    .map(|it| {
                        let moved =
                            (it.x_advance, it.x_offset, it.y_advance, it.y_offset);
                        (it.id, moved, it.range())
                    })
                    .collect()
            };
            (&one.font, one.size, &one.fill, &one.stroke, one.lang, one.region)
                == (
                    &other.font,
                    other.size,
                    &other.fill,
                    &other.stroke,
                    other.lang,
                    other.region,
                )
                && one.text == other.text
                && glyphs(one) == glyphs(other)
        }
        (FrameItem::Link(one, size), FrameItem::Link(other, other_size)) => {
            one == other && size == other_size
        }
        (FrameItem::Tag(one), FrameItem::Tag(other)) => match (one, other) {
            (Tag::Start(one, flags), Tag::Start(other, other_flags)) => {
                one.elem() == other.elem() && flags == other_flags
            }
            (Tag::End(_, _, flags), Tag::End(_, _, other)) => flags == other,
            _ => false,
        },
        _ => false,
    }
}
