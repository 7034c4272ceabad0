//! Fills the slots of a layout without Typst code of its own.
//!
//! Takes the layout's [`PlacedSlots`] and a sheet, gives a [`SheetSlot`] for each slot
//! with content. The decision made here: a part of a certificate that has no slot is an
//! error, unless the background shows it; a slot without content is left out.

use super::Sheet;
use super::image::SheetImage;
use super::sentence::Sentence;
use super::sheet_slot::{SheetGrid, SheetSlot, SlotBlock};
use super::slot_order::{SlotOrder, flows, without_slot};
use crate::base::error::{Error, ErrorKind, Result, Warning, finding};
use crate::base::lang::Tag;
use crate::image::qr::QrCode;
use crate::press::layout::placed::placed_slot::{
    Area, PlacedSlot, PlacedSlots, SlotContent, Vertical,
};
use crate::press::layout::placed::signatory_grid::SignatoryGrid;
use crate::press::layout::slot::SlotAlign;
use crate::press::layout::theme::ThemeDefaults;
use crate::site::course::Colour;
use crate::text::phrases::Phrase;

/// The box of the specimen's mark if it has no slot: its distance from the upper right
/// corner, its width and its height, in millimetres.
const SPECIMEN: (f64, f64, f64) = (4.0, 44.0, 8.0);

/// Which block stands in which slot.
pub(super) struct SlotPlan<'a> {
    placed: &'a PlacedSlots,
    /// The slot of each block.
    slots: Vec<usize>,
    /// The box of one column for all blocks, if they stand in one.
    column: Option<Area>,
}

impl<'a> SlotPlan<'a> {
    /// Finds the slot of each block. Returns the plan, with a warning if the blocks stand
    /// in one column to keep the order of their language.
    ///
    /// # Errors
    /// As [`SlotOrder::of`].
    pub(super) fn of(
        placed: &'a PlacedSlots,
        phrases: &mut [Phrase],
        tag: &Tag,
    ) -> Result<(Self, Option<Warning>)> {
        let SlotOrder { slots, column, warning } = SlotOrder::of(placed, phrases, tag)?;
        Ok((Self { placed, slots, column }, warning))
    }

    /// The slots of a sheet, in the order in which they are read.
    ///
    /// # Errors
    /// [`ErrorKind::Sentence`] for a part of a certificate without a slot;
    /// [`ErrorKind::Overflow`] for a slot in which the QR code is too small to be read.
    pub(super) fn fill(
        self,
        sheet: &Sheet,
        theme: &ThemeDefaults,
    ) -> Result<Vec<SheetSlot>> {
        let (mut slots, mut errors) = (Vec::new(), Vec::new());
        let (mut pictures, mut ornaments) = (0, 0);
        for (index, slot) in self.placed.slots.iter().enumerate() {
            let mut filled = placed_slot(slot, theme);
            let images = |images: &[SheetImage]| -> Vec<String> {
                images.iter().map(|image| image.id.clone()).collect()
            };
            let sentence = |sentence: &Option<Sentence>| -> Vec<String> {
                sentence.iter().map(|sentence| sentence.id.clone()).collect()
            };
            let (kind, ids) = match &slot.content {
                _ if self.column.is_some() && flows(slot) => continue,
                SlotContent::Heading => ("heading", sentence(&sheet.heading)),
                SlotContent::Date => ("date", sentence(&sheet.date)),
                SlotContent::Authenticity => {
                    ("authenticity", sentence(&sheet.authenticity))
                }
                SlotContent::Specimen => ("specimen", sentence(&sheet.specimen)),
                SlotContent::Role { .. } | SlotContent::Blocks | SlotContent::Text(_) => {
                    filled.blocks = self.blocks(theme, slot.area, |own| own == index);
                    ("text", block_ids(&filled.blocks, sheet))
                }
                SlotContent::Signatories => {
                    let grid =
                        SignatoryGrid::of(slot.area.width, sheet.signatories.len());
                    let SignatoryGrid { columns, rule, gap } = grid;
                    filled.grid = Some(SheetGrid { columns, rule, gap });
                    ("signatories", signatory_ids(sheet))
                }
                SlotContent::Table => {
                    let cells = sheet.table.iter().flat_map(|table| table.cells());
                    ("table", cells.map(|cell| cell.id.clone()).collect())
                }
                SlotContent::Code => {
                    errors.extend(too_small(slot, sheet));
                    let code = sheet.verify.iter().map(|verify| verify.code.id.clone());
                    ("code", code.collect())
                }
                SlotContent::Logo => (
                    "logo",
                    sheet.theme.logo.iter().map(|logo| logo.id.clone()).collect(),
                ),
                SlotContent::Sponsors => ("sponsors", images(&sheet.sponsors)),
                SlotContent::Badges => ("badges", images(&sheet.badges)),
                SlotContent::Picture { alt: Some(_), .. } => {
                    filled.picture = Some(pictures);
                    pictures += 1;
                    ("picture", images(&sheet.pictures[pictures - 1..pictures]))
                }
                SlotContent::Photo(photo) => {
                    let image = sheet.photos.get(&photo.name);
                    ("photo", image.iter().map(|image| image.id.clone()).collect())
                }
                SlotContent::Picture { alt: None, .. } => {
                    filled.picture = Some(ornaments);
                    ornaments += 1;
                    ("ornament", images(&sheet.ornaments[ornaments - 1..ornaments]))
                }
            };
            (filled.kind, filled.ids) = (kind, ids);
            if kind == "specimen" {
                filled.fill = filled.fill.or(Some(theme.paper));
            }
            if !filled.ids.is_empty() {
                slots.push(filled);
            }
        }
        slots.extend(self.column.map(|area| self.column(sheet, theme, area)));
        if let Some(specimen) = &sheet.specimen
            && self.placed.find(|it| matches!(it, SlotContent::Specimen)).is_none()
        {
            slots.push(self.specimen(sheet, theme, &specimen.id));
        }
        errors.extend(self.lost(sheet));
        Error::join(errors)?;
        slots.sort_by_key(|slot| {
            (rank(slot.kind), slot.blocks.first().map(|block| block.index))
        });
        Ok(slots)
    }

    /// The errors of all parts without a slot, except blocks.
    fn lost(&self, sheet: &Sheet) -> Vec<Error> {
        let has = |name: &str| self.placed.slots.iter().any(|slot| slot.name == name);
        let parts = [
            ("heading", sheet.heading.is_some()),
            ("date", sheet.date.is_some()),
            ("table", sheet.table.is_some()),
            ("signatories", !sheet.signatories.is_empty()),
            ("logo", sheet.theme.logo.is_some()),
            ("sponsors", !sheet.sponsors.is_empty()),
            ("badges", !sheet.badges.is_empty()),
        ];
        let lost = parts.into_iter().filter(|(name, is_there)| *is_there && !has(name));
        lost.map(|(name, _)| without_slot(self.placed, name)).collect()
    }

    /// The blocks whose slots are chosen, in a box.
    fn blocks(
        &self,
        theme: &ThemeDefaults,
        area: Area,
        is_chosen: impl Fn(usize) -> bool,
    ) -> Vec<SlotBlock> {
        let blocks = self.slots.iter().enumerate().filter(|(_, slot)| is_chosen(**slot));
        let blocks = blocks.map(|(index, &slot)| {
            let slot = &self.placed.slots[slot];
            SlotBlock {
                index,
                dx: slot.area.x - area.x,
                colour: slot.colour.in_theme(theme),
            }
        });
        blocks.collect()
    }

    /// One column of all blocks. Each has the width and the horizontal position of its
    /// slot.
    fn column(&self, sheet: &Sheet, theme: &ThemeDefaults, area: Area) -> SheetSlot {
        let blocks = self.blocks(theme, area, |slot| flows(&self.placed.slots[slot]));
        let ids = block_ids(&blocks, sheet);
        let place = self.placed.place.clone();
        SheetSlot {
            blocks,
            ids,
            ..SheetSlot::of("blocks", "text", area, theme.ink, place)
        }
    }

    /// The slot of the specimen's mark, if the layout has none: in the upper right
    /// corner.
    fn specimen(&self, sheet: &Sheet, theme: &ThemeDefaults, id: &str) -> SheetSlot {
        let (margin, width, height) = SPECIMEN;
        let width = width.min(sheet.paper.width - 2.0 * margin);
        // The mark must be legible with any theme, also if the ink is for a dark
        // background.
        let black = Colour { red: 0, green: 0, blue: 0 };
        let white = Colour::WHITE;
        let colour = if theme.paper.luminance() > 0.18 { black } else { white };
        let area =
            Area { x: sheet.paper.width - margin - width, y: margin, width, height };
        let place = self.placed.place.clone();
        SheetSlot {
            vertical: Vertical::Top,
            align: SlotAlign::Right,
            fill: Some(theme.paper),
            ids: vec![id.to_owned()],
            ..SheetSlot::of("specimen", "specimen", area, colour, place)
        }
    }
}

fn placed_slot(slot: &PlacedSlot, theme: &ThemeDefaults) -> SheetSlot {
    let colour = slot.colour.in_theme(theme);
    SheetSlot {
        vertical: slot.vertical,
        align: slot.align,
        fill: slot.fill.map(|fill| fill.in_theme(theme)),
        ..SheetSlot::of(&slot.name, "", slot.area, colour, slot.place.clone())
    }
}

fn block_ids(blocks: &[SlotBlock], sheet: &Sheet) -> Vec<String> {
    blocks.iter().map(|block| sheet.blocks[block.index].id.clone()).collect()
}

/// The error of a slot in which the modules of the QR code would be too small.
fn too_small(slot: &PlacedSlot, sheet: &Sheet) -> Option<Error> {
    let side = slot.area.width.min(slot.area.height);
    let needed = QrCode::min_side(sheet.verify.as_ref()?.modules);
    (side < needed).then(|| {
        let message =
            finding!("code_too_small", format!("{needed:.1}"), format!("{side:.1}"));
        Error::new(ErrorKind::Overflow, message)
            .at(slot.place.clone())
            .with_help("make the slot larger, or shorten `publish.url`")
    })
}

fn signatory_ids(sheet: &Sheet) -> Vec<String> {
    let ids = sheet.signatories.iter().flat_map(|signatory| {
        let words = std::iter::once(&signatory.name).chain(&signatory.title);
        let image = signatory.image.iter().map(|image| &image.id);
        words.map(|sentence| &sentence.id).chain(image)
    });
    ids.cloned().collect()
}

/// The position of a kind of slot in the order of reading.
fn rank(kind: &str) -> u8 {
    match kind {
        "ornament" => 0,
        "logo" => 1,
        "heading" => 2,
        "specimen" => 3,
        "text" => 4,
        "picture" | "photo" => 5,
        "table" => 6,
        "signatories" => 7,
        "sponsors" | "badges" => 8,
        "date" => 9,
        "authenticity" => 10,
        _ => 11,
    }
}
