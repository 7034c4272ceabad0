//! PDF files of this library's own writer, and the revisions that sealing appends to them.
//!
//! - **Takes**: PDF bytes.
//! - **Gives**: a [`Document`], and revisions of it: the [`seal`], the [`Dss`], the archive
//!   timestamp of [`embed_archive`].
//!
//! [`Document`] reads one kind of file: a classic cross-reference table, one revision, every byte
//! accounted for, no encryption, no form. Other files are refused. A revision is a pure function of
//! the document and a few parameters such as [`SealParams`], so the verifier makes it again and
//! compares the bytes; a revision that it cannot make is not ours.

mod archive;
mod document;
mod dss;
#[cfg(feature = "seal")]
mod embed;
#[cfg(feature = "press")]
mod rewrite;
mod seal;
mod signable;
mod structure;
pub(crate) mod syntax;
mod xref;

pub(crate) use self::archive::{ArchiveField, archive_placeholder_len, embed_archive};
pub(crate) use self::document::Document;
pub(crate) use self::dss::Dss;
#[cfg(feature = "press")]
pub(crate) use self::rewrite::Rewrite;
pub(crate) use self::seal::{SealParams, seal};
#[cfg(feature = "press")]
pub(crate) use self::xref::write_first as write_table;
