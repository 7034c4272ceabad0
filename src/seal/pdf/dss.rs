//! The document security store (DSS) and the revision that adds it (ETSI EN 319 142-1, 5.4).
//!
//! It holds certificates and CRLs, so that the seal can be checked when no CA or TSA answers any
//! more. The revision of the seal has one, which the seal covers; later revisions add to it.

use super::document::{Document, Revision, refused};
use super::syntax::{self, Dict};
use crate::base::error::Result;

/// The largest number of certificates and CRLs that one revision adds.
const MAX_STREAMS: usize = 32;
/// The largest size of the certificates and CRLs that one revision adds, in bytes.
const MAX_LEN: usize = 4 << 20;
/// The keys of a DSS, in the order in which they are written.
const KEYS: [&str; 2] = ["Certs", "CRLs"];

/// What one revision adds to the DSS: certificates and CRLs as DER.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Dss {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) crls: Vec<Vec<u8>>,
}

impl Dss {
    /// Whether it adds nothing.
    #[cfg(feature = "seal")]
    pub(crate) fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.crls.is_empty()
    }

    /// Adds what a later revision adds.
    pub(crate) fn extend(&mut self, later: Self) {
        self.certificates.extend(later.certificates);
        self.crls.extend(later.crls);
    }

    /// Makes the revision that adds these to the DSS of a document.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): the document's catalog or its DSS is missing.
    pub(crate) fn revise(&self, document: &Document) -> Result<Revision> {
        let earlier = EarlierDss::of(document).ok_or_else(|| {
            refused("its validation data is not as our writer makes it")
        })?;
        let store = document.next_number();
        let mut objects = self.objects(store, &earlier);
        let mut catalog = document.dict(document.root())?;
        Self::set_in(&mut catalog, store);
        objects.push((document.root(), catalog.write()));
        Ok(document.revise(objects))
    }

    /// Reads what the bytes after `document` add to its DSS. Returns `None` if they do not begin
    /// with one.
    pub(crate) fn read(document: &Document, appended: &[u8]) -> Option<Self> {
        let earlier = EarlierDss::of(document)?;
        Self::read_objects(document.next_number(), &earlier, appended)
    }

    /// The number of objects that it takes.
    pub(super) fn len(&self) -> u32 {
        let streams = self.certificates.len() + self.crls.len();
        u32::try_from(streams).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The objects: the DSS with the number `store`, then its streams with the numbers after it.
    pub(super) fn objects(
        &self,
        store: u32,
        earlier: &EarlierDss,
    ) -> Vec<(u32, Vec<u8>)> {
        let mut streams = Vec::new();
        let mut dict = Dict::default();
        dict.set("Type", "/DSS");
        let parts = [&self.certificates, &self.crls];
        for ((key, earlier), parts) in KEYS.iter().zip(&earlier.references).zip(parts) {
            let mut references = earlier.clone();
            for part in parts {
                let number = (store + 1).saturating_add(streams.len() as u32);
                references.push(format!("{number} 0 R").into_bytes());
                let head = format!("<</Length {}>>\nstream\n", part.len());
                streams.push((number, [head.as_bytes(), part, b"\nendstream"].concat()));
            }
            dict.set(key, [b"[", &references.join(&b' ')[..], b"]"].concat());
        }
        let mut objects = vec![(store, dict.write())];
        objects.extend(streams);
        objects
    }

    /// Names the DSS in a catalog.
    pub(super) fn set_in(catalog: &mut Dict, store: u32) {
        catalog.set("DSS", format!("{store} 0 R"));
        catalog.set("Extensions", "<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>");
    }

    /// Reads the objects that [`objects`](Self::objects) makes, and of which `bytes` begin with the
    /// first.
    pub(super) fn read_objects(
        store: u32,
        earlier: &EarlierDss,
        bytes: &[u8],
    ) -> Option<Self> {
        let rest = bytes.strip_prefix(format!("{store} 0 obj\n").as_bytes())?;
        let (dict, end) = Dict::read(rest, 0)?;
        dict.get("Type").filter(|kind| *kind == b"/DSS")?;
        let mut counts = [0; 2];
        for ((key, earlier), count) in
            KEYS.iter().zip(&earlier.references).zip(&mut counts)
        {
            *count = syntax::items(dict.get(key)?)?.len().checked_sub(earlier.len())?;
        }
        let mut rest = rest[end..].strip_prefix(b"\nendobj\n")?;
        let mut parts = Vec::new();
        let mut total_len: usize = 0;
        let total =
            counts[0].checked_add(counts[1]).filter(|total| *total <= MAX_STREAMS)?;
        for number in (store + 1..).take(total) {
            let stream = rest.strip_prefix(format!("{number} 0 obj\n").as_bytes())?;
            let (dict, end) = Dict::read(stream, 0)?;
            let length: usize = syntax::number(dict.get("Length")?)?;
            let body = stream[end..].strip_prefix(b"\nstream\n")?;
            let (part, after) = body.split_at_checked(length)?;
            total_len = total_len.checked_add(length).filter(|sum| *sum <= MAX_LEN)?;
            parts.push(part.to_vec());
            rest = after.strip_prefix(b"\nendstream\nendobj\n")?;
        }
        let crls = parts.split_off(counts[0]);
        Some(Self { certificates: parts, crls })
    }
}

/// What a document has in its DSS already: the references to certificates and CRLs.
#[derive(Debug, Default)]
pub(super) struct EarlierDss {
    references: [Vec<Vec<u8>>; 2],
}

impl EarlierDss {
    /// The DSS of a document, which may have none. Returns `None` if it has a broken one.
    fn of(document: &Document) -> Option<Self> {
        let catalog = document.dict(document.root()).ok()?;
        let Some(store) = catalog.get("DSS") else { return Some(Self::default()) };
        let dict = document.dict(syntax::reference(store)?).ok()?;
        let mut earlier = Self::default();
        for (key, references) in KEYS.iter().zip(&mut earlier.references) {
            *references =
                syntax::items(dict.get(key)?)?.into_iter().map(<[u8]>::to_vec).collect();
        }
        Some(earlier)
    }
}
