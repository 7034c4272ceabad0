//! Issued certificates: stores, records, web pages; issuing, revoking and erasing.
//!
//! - **Takes**: a [`Press`](crate::press::Press), a [`Sealer`](crate::seal::Sealer) or the site's
//!   [`Keys`](crate::site::Keys), an [`IdSecret`](crate::site::IdSecret), a public and a private
//!   [`Store`].
//! - **Gives**: a [`Receipt`] for each request; the [`Record`] of each certificate.
//! - **Imports**: `base`, `seal`, `site`, `text`, `image`, `press`.
//!
//! There is no database. A certificate exists as soon as its record does, which is written last.

pub(crate) mod award;
pub(crate) mod certificates;
#[cfg(feature = "conformance")]
pub mod conformance;
pub(crate) mod editions;
mod identity;
pub(crate) mod issue;
pub(crate) mod merge;
mod messages;
mod pages;
mod paths;
mod publication;
pub(crate) mod record;
pub(crate) mod snapshot;
mod status_changes;
pub(crate) mod store;
pub(crate) mod web;

pub use self::certificates::Register;
pub use self::issue::{
    CertificateUrls, IssueOptions, IssueOutcome, IssueService, IssueServiceBuilder, Plan,
    Receipt, RevokeOutcome, Timings,
};
pub use self::merge::PdfMerger;
pub use self::record::{
    CertificateFacts, CourseFacts, LayoutVersion, OrganizationFacts, PrintedSentence,
    PublishedFile, Record, SealFacts, SignatoryFacts, SignatureFacts, Status,
    StatusChange, ThemeFacts,
};
pub use self::store::{
    CacheControl, CreateOutcome, Directory, MemoryStore, Store, StoreFile, Stores,
    SwapOutcome,
};
#[cfg(feature = "s3")]
pub use self::store::{S3, S3Keys};
pub use self::web::{
    PageDate, PageFacts, PageKey, PagePdf, PageSeal, PageSentence, PageSignatory,
    PageSignature, PageStatus, PageTemplates, PageTheme, Pages,
};
pub use crate::base::path::StorePath;
