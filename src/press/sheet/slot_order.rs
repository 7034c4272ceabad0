//! Assigns blocks to slots, and checks that they keep the order of their language.
//!
//! Takes the blocks of a certificate and the layout's slots, gives the slot of each block. The
//! decision made here: a language has its own order of sentences (in Arabic the course comes before
//! the name), and slots must not change it. Where they would, the blocks stand in one column in the
//! box that their slots span.

use std::collections::HashMap;

use crate::base::error::{Error, ErrorKind, Result, Warning, finding};
use crate::base::lang::{Direction, Tag};
use crate::press::layout::placed::placed_slot::{
    Area, PlacedSlot, PlacedSlots, SlotContent,
};
use crate::text::phrases::Phrase;

/// Where the blocks of a certificate stand.
pub(super) struct SlotOrder {
    /// The slot of each block, an index.
    pub(super) slots: Vec<usize>,
    /// The box of all blocks, if their slots do not keep their order.
    pub(super) column: Option<Area>,
    pub(super) warning: Option<Warning>,
}

impl SlotOrder {
    /// Finds the slot of each block, and gives the blocks the roles by which their slots are styled.
    ///
    /// # Errors
    /// [`ErrorKind::Sentence`] for blocks without a slot, all together; [`ErrorKind::Layout`] if the
    /// blocks must stand in one column, in which another slot is.
    pub(super) fn of(
        placed: &PlacedSlots,
        blocks: &mut [Phrase],
        tag: &Tag,
    ) -> Result<Self> {
        let (mut errors, mut counts) = (Vec::new(), HashMap::<String, usize>::new());
        let mut slots = Vec::new();
        for phrase in blocks {
            let number = counts.entry(phrase.role.clone()).or_default();
            *number += 1;
            let Some(slot) = slot_of(placed, &phrase.role, *number) else {
                errors.push(without_slot(placed, &phrase.role));
                continue;
            };
            if matches!(placed.slots[slot].content, SlotContent::Role { .. }) {
                phrase.role.clone_from(&placed.slots[slot].name);
            }
            slots.push(slot);
        }
        Error::join(errors)?;
        let flowing =
            slots.iter().map(|&slot| &placed.slots[slot]).filter(|slot| flows(slot));
        let (mut column, mut warning) = (None, None);
        if !is_in_order(flowing, tag.direction()) {
            column = Some(span(placed)?);
            warning = Some(out_of_order(placed, tag));
        }
        Ok(Self { slots, column, warning })
    }
}

/// Whether the blocks in a slot belong to the text whose order depends on the language.
pub(super) fn flows(slot: &PlacedSlot) -> bool {
    matches!(slot.content, SlotContent::Role { .. } | SlotContent::Blocks)
}

/// The slot of a block: the one with its role and number in its name, or else the one for
/// all others.
fn slot_of(placed: &PlacedSlots, role: &str, number: usize) -> Option<usize> {
    let mut own: Option<(usize, usize)> = None;
    let mut others = None;
    for (index, slot) in placed.slots.iter().enumerate() {
        match &slot.content {
            SlotContent::Role { role: held, from }
                if held == role
                    && *from <= number
                    && own.is_none_or(|(_, known)| known < *from) =>
            {
                own = Some((index, *from));
            }
            SlotContent::Text(_) if slot.name == role => return Some(index),
            SlotContent::Blocks => others = Some(index),
            _ => {}
        }
    }
    own.map(|(index, _)| index).or(others)
}

/// Whether slots follow one another down the page, and those beside each other follow in
/// the direction of the language.
fn is_in_order<'a>(
    mut slots: impl Iterator<Item = &'a PlacedSlot>,
    direction: Direction,
) -> bool {
    let Some(mut last) = slots.next() else { return true };
    for slot in slots {
        if std::ptr::eq(last, slot) {
            continue;
        }
        let (a, b) = (&last.area, &slot.area);
        let shared = a.bottom().min(b.bottom()) - a.y.max(b.y);
        let follows = if shared > 0.5 * a.height.min(b.height) {
            (a.x < b.x) == (direction == Direction::Ltr)
        } else {
            a.y < b.y
        };
        if !follows {
            return false;
        }
        last = slot;
    }
    true
}

/// The box that the slots of blocks span.
///
/// # Errors
/// [`ErrorKind::Layout`] if another slot is in it.
fn span(placed: &PlacedSlots) -> Result<Area> {
    let areas = placed.slots.iter().filter(|slot| flows(slot)).map(|slot| slot.area);
    let span = areas.reduce(|a, b| {
        let (x, y) = (a.x.min(b.x), a.y.min(b.y));
        let width = a.right().max(b.right()) - x;
        Area { x, y, width, height: a.bottom().max(b.bottom()) - y }
    });
    let span = span.unwrap_or(Area { x: 0.0, y: 0.0, width: 1.0, height: 1.0 });
    let mut others = placed.slots.iter().filter(|slot| !flows(slot));
    let other =
        others.find(|slot| !slot.content.is_ornament() && slot.area.overlap(&span) > 0.0);
    match other {
        None => Ok(span),
        Some(other) => {
            let message = format!(
                "the sentences stand in another order than their slots, and cannot be one column: \
                 the slot `{}` is between them",
                other.name
            );
            Err(Error::new(ErrorKind::Layout, message)
                .at(other.place.clone())
                .with_help(HELP))
        }
    }
}

const HELP: &str = "put their slots in the order of the language, with `statement-2` for a second \
                    sentence of a role, or give all of them one slot `blocks`";

fn out_of_order(placed: &PlacedSlots, tag: &Tag) -> Warning {
    let message = format!(
        "the sentences in `{tag}` stand in another order than their slots, and are set as one column \
         in the box of these"
    );
    Warning::new(ErrorKind::Layout, message).at(placed.place.clone()).with_help(HELP)
}

/// The error for a part of a certificate that has no slot.
pub(super) fn without_slot(placed: &PlacedSlots, name: &str) -> Error {
    let message = finding!("slot_wanted", name);
    Error::new(ErrorKind::Sentence, message).at(placed.place.clone()).with_help(format!(
        "add a slot `{name}`, or name it under `without` to leave it out"
    ))
}
