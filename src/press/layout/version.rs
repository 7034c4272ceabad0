//! `sheet` of a layout: the version of the sheet that it is drawn for.

use crate::base::error::ErrorKind;
use crate::base::yaml::{Faults, Fields, Node};

/// The version of the sheet that layouts are given.
pub(crate) const SHEET_VERSION: u32 = 2;

/// Refuses a layout that is drawn for another version of the sheet.
pub(super) fn check_version(
    fields: Fields<'_>,
    root: Node<'_>,
    name: &str,
    faults: &mut Faults,
) {
    let help = "declare the widths of its roles as `docs/layout.md` says, set each sentence with \
                `slot(sentence)`, and write `sheet: 2`";
    let node = fields.get("sheet");
    // Slots exist since version 2, so that only the key is missing.
    if node.is_none() && fields.get("slots").is_some() {
        let help = format!("write `sheet: {SHEET_VERSION}`");
        faults.push(fields.missing("sheet").with_help(help));
        return;
    }
    let drawn_for = node.and_then(|node| node.text().ok()).unwrap_or("1");
    if drawn_for != SHEET_VERSION.to_string() {
        let message = format!(
            "the layout `{name}` is drawn for version {drawn_for} of the sheet, and is given \
             version {SHEET_VERSION}"
        );
        let is_later =
            drawn_for.parse().is_ok_and(|version: u32| version > SHEET_VERSION);
        let help = if is_later {
            "use a later version of this program, or write `sheet: 2` if it is drawn for that"
        } else {
            help
        };
        let fault = node.unwrap_or(root).fault(ErrorKind::Layout, message);
        faults.push(fault.with_help(help));
    }
}
