//! Text for the cells of a CSV file.

/// The text with an apostrophe before it if a spreadsheet would take it for a formula.
pub(crate) fn escape_formula(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
