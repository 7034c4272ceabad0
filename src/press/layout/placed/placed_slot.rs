//! A slot with a place, and the slots of a layout.

use serde::Serialize;

use crate::base::error::Place;
use crate::image::picture::Picture;
use crate::press::layout::photo::Photo;
use crate::press::layout::slot::SlotAlign;
use crate::press::layout::theme::ThemeDefaults;
use crate::site::course::{Colour, Text};
use crate::text::phrases::Sentences;

/// The slots of a layout that is drawn without Typst code of its own.
#[derive(Debug)]
pub(crate) struct PlacedSlots {
    /// In the order of the file.
    pub(crate) slots: Vec<PlacedSlot>,
    /// The roles and parts that the page leaves out.
    pub(super) without: Vec<String>,
    /// The key `slots`.
    pub(crate) place: Place,
}

/// A box on the paper, and what stands in it.
#[derive(Debug)]
pub(crate) struct PlacedSlot {
    pub(crate) name: String,
    pub(crate) area: Area,
    pub(crate) vertical: Vertical,
    pub(crate) align: SlotAlign,
    pub(crate) colour: SlotColour,
    /// The colour of a panel under it.
    pub(crate) fill: Option<SlotColour>,
    pub(crate) content: SlotContent,
    /// Its key in the file.
    pub(crate) place: Place,
}

/// A box, in millimetres from the top left corner of the paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Where the content of a slot stands if it is lower than the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Vertical {
    /// At its upper edge.
    Top,
    /// In the middle.
    #[default]
    Middle,
    /// At its lower edge.
    Bottom,
}

/// A colour of the theme, or one that the slot declares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SlotColour {
    Ink,
    Accent,
    Paper,
    Own(Colour),
}

/// The content of a slot.
#[derive(Debug)]
pub(crate) enum SlotContent {
    Heading,
    Date,
    Authenticity,
    Specimen,
    /// Blocks of the role in the slot's name, from the block with this number on, counted
    /// from 1.
    Role {
        role: String,
        from: usize,
    },
    /// The blocks that have no slot of their own.
    Blocks,
    /// A sentence that the layout declares.
    Text(Text),
    /// A picture in the layout's folder; without a description it is an ornament.
    Picture {
        picture: Picture,
        alt: Option<Text>,
    },
    /// A picture that the request gives.
    Photo(Photo),
    Signatories,
    Table,
    Code,
    Logo,
    Sponsors,
    Badges,
}

impl PlacedSlots {
    /// The slot with a certain content.
    pub(crate) fn find(
        &self,
        holds: impl Fn(&SlotContent) -> bool,
    ) -> Option<&PlacedSlot> {
        self.slots.iter().find(|slot| holds(&slot.content))
    }

    /// Whether the page leaves out a role, or a part of it.
    pub(crate) fn leaves_out(&self, name: &str) -> bool {
        self.without.iter().any(|left_out| left_out == name)
    }

    /// The roles and parts that the page leaves out.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = &str> {
        self.without.iter().map(String::as_str)
    }

    /// The sentences that the layout declares, each with the name of its slot.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.slots.iter().filter_map(|slot| match &slot.content {
            SlotContent::Text(text) => Some((slot.name.as_str(), text)),
            _ => None,
        })
    }

    /// The layout's pictures, each with its description; an ornament has none.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = (&Picture, Option<&Text>)> {
        self.slots.iter().filter_map(|slot| match &slot.content {
            SlotContent::Picture { picture, alt } => Some((picture, alt.as_ref())),
            _ => None,
        })
    }

    /// The pictures that the request gives.
    pub(crate) fn photos(&self) -> impl Iterator<Item = &Photo> {
        self.slots.iter().filter_map(|slot| match &slot.content {
            SlotContent::Photo(photo) => Some(photo),
            _ => None,
        })
    }

    /// The width of the table in points, if it has a slot.
    pub(crate) fn table_width(&self) -> Option<f64> {
        let slot = self.find(|content| matches!(content, SlotContent::Table))?;
        Some(slot.area.width * 72.0 / 25.4)
    }

    /// Removes the sentences that the page leaves out.
    pub(crate) fn leave_out(&self, sentences: &mut Sentences) {
        sentences.blocks.retain(|phrase| !self.leaves_out(&phrase.role));
        sentences.empty.retain(|phrase| !self.leaves_out(&phrase.role));
        if self.leaves_out("heading") {
            sentences.heading = None;
        }
        if self.leaves_out("date") {
            sentences.date = None;
        }
        if self.leaves_out("signatories") {
            sentences.signatories.clear();
        }
    }
}

impl Area {
    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// How far two boxes overlap: the shorter side of the part that they share.
    pub(crate) fn overlap(&self, other: &Self) -> f64 {
        let across = self.right().min(other.right()) - self.x.max(other.x);
        let down = self.bottom().min(other.bottom()) - self.y.max(other.y);
        across.min(down)
    }
}

impl SlotColour {
    /// The colour in a theme.
    pub(crate) fn in_theme(self, theme: &ThemeDefaults) -> Colour {
        match self {
            Self::Ink => theme.ink,
            Self::Accent => theme.accent,
            Self::Paper => theme.paper,
            Self::Own(colour) => colour,
        }
    }
}

impl SlotContent {
    /// Whether it is an ornament, which other slots may overlap.
    pub(crate) fn is_ornament(&self) -> bool {
        matches!(self, Self::Picture { alt: None, .. })
    }
}
