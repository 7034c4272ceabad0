//! Starts a layout from a template of Moodle's plugin customcert, as its export writes it
//! (moodle-mod_customcert, pull request 761): a ZIP with `template.json`, `files.json`, and the
//! pictures in `files/` by their SHA-1.
//!
//! The decision made here: places, reference points, sizes and colours are kept; an element without a
//! counterpart is named, and never set as something else.

mod apart;
mod archive;
mod elements;
mod fonts;
mod pictures;
mod words;

use self::archive::Template;
use self::elements::{Imported, Importer};
use crate::base::error::Result;
use crate::press::LayoutStart;
use crate::press::start::tried;
use crate::site::Site;

/// Starts a layout from the content of an exported template.
///
/// # Errors
/// [`ErrorKind::Syntax`](crate::ErrorKind::Syntax) for what is no such export, or a damaged one;
/// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
pub(super) fn start(
    site: &Site,
    name: &str,
    file: &str,
    bytes: &[u8],
) -> Result<LayoutStart> {
    let template = Template::read(file, bytes)?;
    let mut importer = Importer::new(&template);
    importer.read_elements();
    let Imported { layout, files, notes } = importer.finish();
    let mut start = tried(site, name, &layout, files)?;
    start.notes = [notes, start.notes].concat();
    Ok(start)
}
