//! The error for an SVG that takes too much memory or time.

use crate::base::error::{Error, ErrorKind};

/// The error for an SVG that costs too much. `what` completes «the SVG …».
pub(super) fn too_costly(what: &str) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("the SVG {what}, which takes too much memory or time to draw"),
    )
    .with_help("simplify it, or export it as a PNG of 1200 pixels across")
}
