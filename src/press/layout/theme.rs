//! The colours of a layout.
//!
//! Takes `theme` of a `layout.yaml`, gives [`ThemeDefaults`]: the colours of certificates whose
//! course sets none.

use crate::base::yaml::{Faults, Fields};
use crate::site::course::{Colour, Theme};

/// The colours of a layout, which a course may replace one by one.
#[derive(Debug)]
pub(crate) struct ThemeDefaults {
    pub(crate) accent: Colour,
    pub(crate) paper: Colour,
    pub(crate) ink: Colour,
}

impl ThemeDefaults {
    /// The colours, replaced by those that a course declares.
    pub(crate) fn with(&self, theme: &Theme) -> Self {
        Self {
            accent: theme.accent.unwrap_or(self.accent),
            paper: theme.paper.unwrap_or(self.paper),
            ink: theme.ink.unwrap_or(self.ink),
        }
    }
}

pub(super) fn theme(fields: Fields<'_>, faults: &mut Faults) -> ThemeDefaults {
    let node = fields.get("theme");
    let fields = node.and_then(|node| node.fields(&["accent", "paper", "ink"], faults));
    let mut colour = |key: &str, [red, green, blue]: [u8; 3]| {
        let node = fields.and_then(|fields| fields.get(key));
        let own = node.and_then(|node| {
            let text = faults.keep(node.text())?;
            faults.keep(Colour::parse(text).map_err(|error| node.wrap(error)))
        });
        own.unwrap_or(Colour { red, green, blue })
    };
    ThemeDefaults {
        accent: colour("accent", [0x1f, 0x3d, 0x5c]),
        paper: colour("paper", [0xff; 3]),
        ink: colour("ink", [0x1d, 0x1a, 0x16]),
    }
}
