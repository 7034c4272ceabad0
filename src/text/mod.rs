//! Sentences in the reader's own language: locales, templates, and the runs of text they become.
//!
//! - **Takes**: a [`Course`](crate::site::Course), a [`Request`](crate::site::Request), and the
//!   locale files of a layout.
//! - **Gives**: [`Phrases`], which write [`Sentences`]: [`Runs`] of text in which values are kept
//!   apart from the translator's words.
//! - **Imports**: `base`, `site`.
//!
//! Dates, numbers, plurals and letters follow the Unicode CLDR, through ICU4X.

pub(crate) mod locale;
pub(crate) mod phrases;
pub(crate) mod runs;
#[cfg(all(test, feature = "issue"))]
mod wording;

pub use self::locale::Align;
pub use self::phrases::{AltTexts, CertificateFacts, Phrase, Phrases, Sentences};
pub use self::runs::{Run, Runs};
pub use crate::base::lang::Direction;
