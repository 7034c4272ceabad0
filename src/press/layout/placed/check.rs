//! Checks that the slots of a layout are on its paper, do not overlap, and hold all that
//! a certificate has.

use super::placed_slot::{Area, PlacedSlot, PlacedSlots, SlotContent};
use crate::base::error::{Error, ErrorKind, Result, finding};
use crate::press::layout::paper::Paper;

/// How far a slot may extend beyond the edge of the paper or over another one, in
/// millimetres, because values are rounded.
const ROUNDING: f64 = 0.05;

/// Checks the slots on the paper of their layout.
///
/// # Errors
/// All errors together, each at the line of a slot: [`ErrorKind::Overflow`] for a slot
/// that extends beyond the paper, [`ErrorKind::Overlap`] for two that overlap,
/// [`ErrorKind::MissingField`] for content that has no slot.
pub(crate) fn check(placed: &PlacedSlots, paper: Paper) -> Result<()> {
    let mut errors = Vec::new();
    errors.extend(placed.slots.iter().filter_map(|slot| outside(slot, paper)));
    for (index, slot) in placed.slots.iter().enumerate() {
        let before = placed.slots[..index].iter();
        let over = before.filter(|other| {
            !slot.content.is_ornament()
                && !other.content.is_ornament()
                && slot.area.overlap(&other.area) > ROUNDING
        });
        errors.extend(over.map(|other| overlap(slot, other)));
    }
    let has = |holds: &dyn Fn(&SlotContent) -> bool| placed.find(holds).is_some();
    let has_blocks = has(&|content| matches!(content, SlotContent::Blocks));
    let is_recipient = |content: &SlotContent| matches!(content, SlotContent::Role { role, .. } if role == "recipient");
    if !has_blocks && !has(&is_recipient) {
        errors.push(missing(placed, "recipient"));
    }
    if !has(&|content| matches!(content, SlotContent::Authenticity)) {
        errors.push(missing(placed, "authenticity"));
    }
    if !has(&|content| matches!(content, SlotContent::Code)) {
        errors.push(missing(placed, "code"));
    }
    Error::join(errors)
}

/// A side of the paper.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Top,
    Right,
    Bottom,
}

fn outside(slot: &PlacedSlot, paper: Paper) -> Option<Error> {
    let Area { x, y, .. } = slot.area;
    let sides = [
        (Side::Left, -x),
        (Side::Top, -y),
        (Side::Right, slot.area.right() - paper.width),
        (Side::Bottom, slot.area.bottom() - paper.height),
    ];
    let (side, by) = sides.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (by > ROUNDING).then(|| {
        let (by, Paper { width, height }) = (format!("{by:.1}"), paper);
        let message = match side {
            Side::Left => finding!("slot_off_left", slot.name, by, width, height),
            Side::Top => finding!("slot_off_top", slot.name, by, width, height),
            Side::Right => finding!("slot_off_right", slot.name, by, width, height),
            Side::Bottom => finding!("slot_off_bottom", slot.name, by, width, height),
        };
        Error::new(ErrorKind::Overflow, message)
            .at(slot.place.clone())
            .with_help("change its `x`, `y`, `width` or `height`")
    })
}

fn overlap(slot: &PlacedSlot, other: &PlacedSlot) -> Error {
    let by = format!("{:.1}", slot.area.overlap(&other.area));
    let message = finding!("slots_overlap", slot.name, by, other.name);
    Error::new(ErrorKind::Overlap, message)
        .at(slot.place.clone())
        .with_help("move one of them, or make it smaller")
}

fn missing(placed: &PlacedSlots, name: &str) -> Error {
    Error::new(ErrorKind::MissingField, finding!("slot_missing", name))
        .at(placed.place.clone())
        .with_help(format!(
            "add `{name}: {{ x: …, y: …, width: …, height: … }}`, in millimetres"
        ))
}
