//! The revision that fills the reserved field with an archive timestamp (ETSI EN 319 142-1, 5.5).

use super::document::Document;
use super::signable::{Signable, set_placeholder};
use super::syntax::Dict;
use crate::base::error::Result;

/// Makes the revision that fills the reserved field with a document timestamp, whose token is not
/// embedded yet.
///
/// # Errors
/// [`ErrorKind::Seal`](crate::ErrorKind::Seal): there is no such field.
pub(crate) fn embed_archive(
    document: &Document,
    field: u32,
    placeholder_len: usize,
) -> Result<Signable> {
    let timestamp = document.next_number();
    let mut dict = Dict::default();
    dict.set("Type", "/DocTimeStamp");
    dict.set("Filter", "/Adobe.PPKLite");
    dict.set("SubFilter", "/ETSI.RFC3161");
    set_placeholder(&mut dict, placeholder_len);
    let mut widget = document.dict(field)?;
    widget.set("V", format!("{timestamp} 0 R"));
    let objects = vec![(timestamp, dict.write()), (field, widget.write())];
    Signable::new(document, document.revise(objects))
}

/// Reads the length in bytes of the placeholder from a document timestamp that begins the bytes
/// after `document`.
pub(crate) fn archive_placeholder_len(
    document: &Document,
    appended: &[u8],
) -> Option<usize> {
    let head = format!("{} 0 obj\n", document.next_number());
    let (dict, _) = Dict::read(appended.strip_prefix(head.as_bytes())?, 0)?;
    dict.get("Contents").map(|contents| contents.len().saturating_sub(2) / 2)
}
