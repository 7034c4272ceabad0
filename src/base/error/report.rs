//! The text of an error or a warning.

use std::fmt;

use super::place::Place;

/// Writes one error or warning: `{}` as one line, `{:#}` with the excerpt and the help below it.
pub(super) fn write_report(
    f: &mut fmt::Formatter<'_>,
    place: Option<&Place>,
    message: &str,
    help: Option<&str>,
) -> fmt::Result {
    if let Some(place) = place {
        write!(f, "{place}: ")?;
    }
    f.write_str(message)?;
    if f.alternate() {
        if let Some(excerpt) = place.and_then(|place| place.excerpt.as_ref()) {
            write!(f, "\n{excerpt}")?;
        }
        if let Some(help) = help {
            write!(f, "\nhelp: {help}")?;
        }
    }
    Ok(())
}
