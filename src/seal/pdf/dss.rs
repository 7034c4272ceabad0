//! The document security store (DSS) and the revision that adds it (ETSI EN 319 142-1, 5.4).
//!
//! It holds certificates and CRLs, so that the seal can be checked when no CA or TSA answers any
//! more.

use super::document::{Document, Revision};
use super::syntax::{self, Dict};
use crate::base::error::Result;

/// The largest number of certificates and CRLs that are read.
const MAX_STREAMS: usize = 64;

/// The content of a DSS: certificates and CRLs as DER.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Dss {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) crls: Vec<Vec<u8>>,
}

impl Dss {
    /// Makes the revision that adds the DSS to a document.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): the document's catalog is missing.
    pub(crate) fn revise(&self, document: &Document) -> Result<Revision> {
        let store = document.next_number();
        let mut streams = Vec::new();
        let mut add_streams = |parts: &[Vec<u8>]| {
            let mut references = Vec::new();
            for part in parts {
                let number = store + 1 + streams.len() as u32;
                references.push(format!("{number} 0 R"));
                let head = format!("<</Length {}>>\nstream\n", part.len());
                streams.push((number, [head.as_bytes(), part, b"\nendstream"].concat()));
            }
            format!("[{}]", references.join(" "))
        };
        let mut dict = Dict::default();
        dict.set("Type", "/DSS");
        dict.set("Certs", add_streams(&self.certificates));
        dict.set("CRLs", add_streams(&self.crls));
        let mut catalog = document.dict(document.root())?;
        catalog.set("DSS", format!("{store} 0 R"));
        catalog.set("Extensions", "<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>");
        let mut objects = vec![(store, dict.write())];
        objects.extend(streams);
        objects.push((document.root(), catalog.write()));
        Ok(document.revise(objects))
    }

    /// Reads the DSS from the bytes after `document`. Returns `None` if they do not begin with one.
    pub(crate) fn read(document: &Document, appended: &[u8]) -> Option<Self> {
        let store = document.next_number();
        let rest = appended.strip_prefix(format!("{store} 0 obj\n").as_bytes())?;
        let (dict, end) = Dict::read(rest, 0)?;
        dict.get("Type").filter(|kind| *kind == b"/DSS")?;
        let count = |key| dict.get(key).and_then(syntax::items).map(|items| items.len());
        let (certificates, crls) = (count("Certs")?, count("CRLs")?);
        let mut rest = rest[end..].strip_prefix(b"\nendobj\n")?;
        let mut parts = Vec::new();
        let total =
            certificates.checked_add(crls).filter(|total| *total <= MAX_STREAMS)?;
        for number in (store + 1..).take(total) {
            let stream = rest.strip_prefix(format!("{number} 0 obj\n").as_bytes())?;
            let (dict, end) = Dict::read(stream, 0)?;
            let length: usize = syntax::number(dict.get("Length")?)?;
            let body = stream[end..].strip_prefix(b"\nstream\n")?;
            let (part, after) = body.split_at_checked(length)?;
            parts.push(part.to_vec());
            rest = after.strip_prefix(b"\nendstream\nendobj\n")?;
        }
        let crls = parts.split_off(certificates);
        Some(Self { certificates: parts, crls })
    }
}
