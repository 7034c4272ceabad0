//! A slot of the sheet: a box on the paper, and what stands in it.

use serde::Serialize;

use crate::base::error::Place;
use crate::press::layout::placed::placed_slot::{Area, Vertical};
use crate::press::layout::slot::SlotAlign;
use crate::site::course::Colour;

/// A slot with its place on the paper. Lengths are in millimetres.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SheetSlot {
    /// Its name in `layout.yaml`.
    pub name: String,
    /// What it holds: `heading`, `text`, `date`, `authenticity`, `specimen`, `signatories`, `table`,
    /// `code`, `logo`, `sponsors`, `badges`, `picture`, `photo` or
    /// `ornament`.
    pub kind: &'static str,
    /// From the left edge of the paper.
    pub x: f64,
    /// From the top edge of the paper.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
    /// Where its content stands if it is lower than the slot.
    pub vertical: Vertical,
    /// The side on which its content is aligned.
    pub align: SlotAlign,
    /// The colour of its text, `#rrggbb`.
    pub colour: Colour,
    /// The colour of a panel under it, `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<Colour>,
    /// For a slot with text: its blocks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<SlotBlock>,
    /// For a slot with a picture: its index among the pictures or the ornaments of the
    /// sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<usize>,
    /// How signatories stand in it.
    #[serde(flatten)]
    pub grid: Option<SheetGrid>,
    /// The labels of its content.
    #[serde(skip)]
    pub(crate) ids: Vec<String>,
    /// Its line in `layout.yaml`.
    #[serde(skip)]
    pub(crate) place: Place,
}

/// A block in a slot.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct SlotBlock {
    /// Its index among the blocks of the sheet.
    pub index: usize,
    /// Its distance from the left edge of the slot, in millimetres.
    pub dx: f64,
    /// The colour of its text, `#rrggbb`.
    pub colour: Colour,
}

/// How signatories stand in their slot. Lengths are in millimetres.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct SheetGrid {
    /// How many stand in a row.
    pub columns: usize,
    /// The length of the rule of each.
    pub rule: f64,
    /// The gap between two rules.
    pub gap: f64,
}

impl SheetSlot {
    /// A slot without content.
    pub(super) fn of(
        name: &str,
        kind: &'static str,
        area: Area,
        colour: Colour,
        place: Place,
    ) -> Self {
        let Area { x, y, width, height } = area;
        Self {
            name: name.to_owned(),
            kind,
            x,
            y,
            width,
            height,
            vertical: Vertical::default(),
            align: SlotAlign::default(),
            colour,
            fill: None,
            blocks: Vec::new(),
            picture: None,
            grid: None,
            ids: Vec::new(),
            place,
        }
    }
}
