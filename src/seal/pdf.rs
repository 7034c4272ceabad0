//! PDF files as this library's own writer makes them, and revisions appended to them.
//!
//! [`Document`] reads one kind of file: a classic cross-reference table, one revision, every byte
//! accounted for, nothing encrypted, no form. Everything else is refused rather than mangled. A
//! revision is a pure function of the document and a few facts ([`SealFacts`] and the like), so
//! that the verifier can make it anew and compare: what it cannot make is not ours.

mod document;
mod dss;
mod field;
mod syntax;

pub(crate) use self::document::Document;
pub(crate) use self::dss::Dss;
pub(crate) use self::field::{SealFacts, archive_placeholder_len, embed_archive, seal};
