//! Starts a layout: from a picture, or from another layout.
//!
//! - **Takes**: a site, the name of the new layout, and a picture or the name of a layout.
//! - **Gives**: a [`LayoutStart`]: the files of the layout's folder, and notes on what has to be
//!   mended by hand.
//!
//! The decision made here: the page of the new layout's sample is laid out at once, and
//! the errors of its proof are returned. Nothing is written.

mod compose;
mod copied;
mod drawn;
mod layout_file;
mod layout_start;
mod pictured;
mod quiet;

#[cfg(any(feature = "cli", feature = "studio"))]
pub(crate) use self::layout_file::number;
#[cfg(feature = "cli")]
pub(crate) use self::layout_file::{LayoutFile, SlotLine};
pub use self::layout_start::LayoutStart;
#[cfg(any(feature = "cli", feature = "studio"))]
pub(crate) use self::layout_start::file_name;
#[cfg(feature = "studio")]
pub(crate) use self::layout_start::folder_name;
#[cfg(feature = "cli")]
pub(crate) use self::layout_start::tried;
