//! Starts a layout: from a picture, or from another layout.
//!
//! - **Takes**: a site, the name of the new layout, and a picture or the name of a layout.
//! - **Gives**: a [`LayoutStart`]: the files of the layout's folder, and what a person has to mend.
//!
//! The decision made here: what is started is tried at once with the page of its sample, and what
//! the proof says of it is handed on. Nothing is written.

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
#[cfg(feature = "cli")]
pub(crate) use self::layout_start::tried;
