//! Whether the slots of a layout fit on its paper, keep clear of each other, and hold all that a
//! certificate has.

use super::placed_slot::{Area, PlacedSlot, PlacedSlots, SlotContent};
use crate::base::error::{Error, ErrorKind, Result};
use crate::press::layout::paper::Paper;

/// By how much a slot may reach over the edge of the paper or over another one, in millimetres:
/// what rounding makes.
const ROUNDING: f64 = 0.05;

/// Checks the slots on the paper of their layout.
///
/// # Errors
/// All errors together, each at the line of a slot: [`ErrorKind::Overflow`] for a slot that is not
/// on the paper, [`ErrorKind::Overlap`] for two over each other, [`ErrorKind::MissingField`] for
/// what has no slot.
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
        errors.push(missing(placed, "recipient", "the name of the recipient"));
    }
    if !has(&|content| matches!(content, SlotContent::Authenticity)) {
        errors.push(missing(placed, "authenticity", "the verify link"));
    }
    if !has(&|content| matches!(content, SlotContent::Code)) {
        errors.push(missing(placed, "code", "the QR code of the verify link"));
    }
    Error::join(errors)
}

fn outside(slot: &PlacedSlot, paper: Paper) -> Option<Error> {
    let Area { x, y, .. } = slot.area;
    let sides = [
        ("left of", -x),
        ("above", -y),
        ("right of", slot.area.right() - paper.width),
        ("below", slot.area.bottom() - paper.height),
    ];
    let (side, by) = sides.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (by > ROUNDING).then(|| {
        let message = format!(
            "the slot `{}` reaches {by:.1} mm {side} the paper, which has {} × {} mm",
            slot.name, paper.width, paper.height
        );
        Error::new(ErrorKind::Overflow, message)
            .at(slot.place.clone())
            .with_help("change its `x`, `y`, `width` or `height`")
    })
}

fn overlap(slot: &PlacedSlot, other: &PlacedSlot) -> Error {
    let message = format!(
        "the slot `{}` lies {:.1} mm over the slot `{}`",
        slot.name,
        slot.area.overlap(&other.area),
        other.name
    );
    Error::new(ErrorKind::Overlap, message)
        .at(slot.place.clone())
        .with_help("move one of them, or make it smaller")
}

fn missing(placed: &PlacedSlots, name: &str, what: &str) -> Error {
    Error::new(ErrorKind::MissingField, format!("there is no slot `{name}`, for {what}"))
        .at(placed.place.clone())
        .with_help(format!(
            "add `{name}: {{ x: …, y: …, width: …, height: … }}`, in millimetres"
        ))
}
