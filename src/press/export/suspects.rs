//! Removes an entry of the catalog that typst-pdf writes and poppler cannot read.

/// Blanks `/Suspects false` in the catalog, the last object of the file. False is the
/// default (ISO 32000-1, table 321), and poppler prints «Suspects object is wrong type»
/// for each file with this entry. The length stays, and so do the offsets of all objects.
pub(super) fn blank_suspects(pdf: &mut [u8]) {
    const ENTRY: &[u8] = b"/Suspects false";
    let after_streams = pdf.windows(9).rposition(|bytes| bytes == b"endstream");
    let Some(tail) = after_streams.and_then(|at| pdf.get_mut(at..)) else { return };
    if let Some(at) = tail.windows(ENTRY.len()).position(|bytes| bytes == ENTRY) {
        tail[at..at + ENTRY.len()].fill(b' ');
    }
}
