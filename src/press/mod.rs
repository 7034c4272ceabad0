//! Draws a request on a page: fonts, layouts, sheet, Typst engine, proof and files.
//!
//! - **Takes**: a [`Site`](crate::site::Site) and a [`Request`](crate::site::Request).
//! - **Gives**: a [`Draft`], made from a [`Sheet`] by way of a [`Page`] and its [`Proof`].
//! - **Imports**: `base`, `site`, `text`, `image`.
//!
//! Data enters Typst as values in one virtual file. There are no system fonts, no network, no
//! packages and no clock, so the same request gives the same bytes.

#[cfg(feature = "issue")]
pub(crate) mod appearance;
pub(crate) mod assets;
pub(crate) mod draft;
pub(crate) mod engine;
pub(crate) mod export;
pub(crate) mod fit;
pub(crate) mod fonts;
mod hard_sample;
pub(crate) mod inspect;
pub(crate) mod job;
pub(crate) mod layout;
pub(crate) mod photos;
#[cfg(feature = "studio")]
pub(crate) mod preview;
pub(crate) mod proof;
mod samples;
pub(crate) mod sheet;
pub(crate) mod start;
pub(crate) mod translation;
mod unread_fields;

pub use self::draft::{Draft, DraftOptions, Press};
pub use self::engine::page::Page;
pub use self::export::{Claim, Format};
pub use self::fit::fitted::Fitted;
pub use self::inspect::Inspection;
pub use self::layout::paper::Paper;
pub use self::layout::placed::placed_slot::Vertical;
pub use self::layout::role::{Fit, TightFit};
pub use self::layout::slot::SlotAlign;
pub use self::proof::Proof;
pub use self::sheet::image::SheetImage;
pub use self::sheet::sentence::{Sentence, SheetRun};
pub use self::sheet::sheet_slot::{SheetGrid, SheetSlot, SlotBlock};
pub use self::sheet::table::{SheetColumn, SheetTable};
pub use self::sheet::{
    SecondLanguage, SecondSignatory, Sheet, SheetSignatory, SheetTheme, VerifyLink,
};
pub use self::start::LayoutStart;
