//! The revision that adds an archive timestamp (ETSI EN 319 142-1, 5.5).
//!
//! The first one is in the field that the seal reserved, which the structure tree tags. Later ones,
//! which renew it, are in fields of their own without a widget: the structure tree must not change
//! after the seal, and a field without an annotation needs no tag (ISO 14289-1, 7.18.1).

use super::document::{Document, refused};
use super::signable::{Signable, set_placeholder};
use super::syntax::{self, Dict};
use crate::base::error::Result;

/// Where an archive timestamp is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArchiveField {
    /// In the field with that object number, which the seal reserved.
    Reserved(u32),
    /// In a field that its revision adds: it is the timestamp of that number, counted from 1.
    Added(usize),
}

/// Makes the revision that adds a document timestamp, whose token is not embedded yet.
///
/// # Errors
/// [`ErrorKind::Seal`](crate::ErrorKind::Seal): there is no such field, or no form.
pub(crate) fn embed_archive(
    document: &Document,
    field: ArchiveField,
    placeholder_len: usize,
) -> Result<Signable> {
    let timestamp = document.next_number();
    let mut dict = Dict::default();
    dict.set("Type", "/DocTimeStamp");
    dict.set("Filter", "/Adobe.PPKLite");
    dict.set("SubFilter", "/ETSI.RFC3161");
    set_placeholder(&mut dict, placeholder_len);
    let mut objects = vec![(timestamp, dict.write())];
    match field {
        ArchiveField::Reserved(number) => {
            let mut widget = document.dict(number)?;
            widget.set("V", format!("{timestamp} 0 R"));
            objects.push((number, widget.write()));
        }
        ArchiveField::Added(count) => {
            let number = timestamp.saturating_add(1);
            let mut field = Dict::default();
            field.set("FT", "/Sig");
            field.set("T", syntax::text(&format!("Archive{count}")));
            field.set("TU", syntax::text("Archive time stamp"));
            field.set("V", format!("{timestamp} 0 R"));
            objects.push((number, field.write()));
            let mut catalog = document.dict(document.root())?;
            catalog.set("AcroForm", form_with(&catalog, number)?);
            objects.push((document.root(), catalog.write()));
        }
    }
    Signable::new(document, document.revise(objects))
}

/// The form of a catalog with one more field.
fn form_with(catalog: &Dict, field: u32) -> Result<Vec<u8>> {
    let broken = || refused("its form is not as our writer makes it");
    let mut form = catalog.get("AcroForm").and_then(Dict::parse).ok_or_else(broken)?;
    let fields = form.get("Fields");
    let fields =
        fields.and_then(|fields| syntax::with_items(fields, &[format!("{field} 0 R")]));
    form.set("Fields", fields.ok_or_else(broken)?);
    Ok(form.write())
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
