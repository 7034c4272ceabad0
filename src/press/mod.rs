//! A request drawn on a page: fonts, layouts, the sheet, the Typst engine, the proof, and the files.
//!
//! - **Takes**: a [`Site`](crate::site::Site) and a [`Request`](crate::site::Request).
//! - **Gives**: a [`Draft`], made from a [`Sheet`] by way of a [`Page`] and its [`Proof`].
//! - **Imports**: `base`, `site`, `text`, `image`.
//!
//! Data enters Typst as values in one virtual file. There are no system fonts, no network, no packages
//! and no clock, so the same request gives the same bytes.

pub(crate) mod export;
pub(crate) mod fonts;
pub(crate) mod inspect;
pub(crate) mod layout;
pub(crate) mod page;
pub(crate) mod pipeline;
pub(crate) mod pool;
pub(crate) mod proof;
pub(crate) mod sheet;
pub(crate) mod sources;
pub(crate) mod world;

pub use self::export::{Claim, Format};
pub use self::inspect::Inspection;
pub use self::layout::{Fit, Paper};
pub use self::page::Page;
pub use self::pipeline::{Draft, DraftOptions, Press};
pub use self::proof::Proof;
pub use self::sheet::{
    Second, SecondSignatory, Sentence, Sheet, SheetColumn, SheetImage, SheetRun,
    SheetSignatory, SheetTable, SheetTheme, Verify,
};
