//! The revision that carries validation data (ETSI EN 319 142-1, 5.4): certificates and revocation
//! lists, so that the seal can be checked when whoever issued them is gone.

use super::document::{Document, Revision};
use super::syntax::{self, Dict};
use crate::base::error::Result;

/// As many parts as are read.
const MAX: usize = 64;

/// What a validation revision holds, as DER.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Dss {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) revocation_lists: Vec<Vec<u8>>,
}

impl Dss {
    /// The revision that adds it to a document.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): the document has no catalog.
    pub(crate) fn revise(&self, document: &Document) -> Result<Revision> {
        let store = document.next();
        let mut streams = Vec::new();
        let mut list = |parts: &[Vec<u8>]| {
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
        dict.set("Certs", list(&self.certificates));
        dict.set("CRLs", list(&self.revocation_lists));
        let mut catalog = document.dict(document.root())?;
        catalog.set("DSS", format!("{store} 0 R"));
        catalog.set("Extensions", "<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>");
        let mut objects = vec![(store, dict.write())];
        objects.extend(streams);
        objects.push((document.root(), catalog.write()));
        Ok(document.revise(objects))
    }

    /// Reads the data off the bytes after `document`, if they begin such a revision.
    pub(crate) fn read(document: &Document, appended: &[u8]) -> Option<Self> {
        let store = document.next();
        let rest = appended.strip_prefix(format!("{store} 0 obj\n").as_bytes())?;
        let (dict, end) = Dict::read(rest, 0)?;
        dict.get("Type").filter(|kind| *kind == b"/DSS")?;
        let count = |key| dict.get(key).and_then(syntax::items).map(|items| items.len());
        let (certificates, lists) = (count("Certs")?, count("CRLs")?);
        let mut rest = rest[end..].strip_prefix(b"\nendobj\n")?;
        let mut parts = Vec::new();
        let total = certificates.checked_add(lists).filter(|total| *total <= MAX)?;
        for number in (store + 1..).take(total) {
            let stream = rest.strip_prefix(format!("{number} 0 obj\n").as_bytes())?;
            let (dict, end) = Dict::read(stream, 0)?;
            let length: usize = syntax::number(dict.get("Length")?)?;
            let body = stream[end..].strip_prefix(b"\nstream\n")?;
            let (part, after) = body.split_at_checked(length)?;
            parts.push(part.to_vec());
            rest = after.strip_prefix(b"\nendstream\nendobj\n")?;
        }
        let revocation_lists = parts.split_off(certificates);
        Some(Self { certificates: parts, revocation_lists })
    }
}
