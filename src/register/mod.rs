//! Issued certificates: stores, records, web pages; issuing, revoking and erasing.
//!
//! - **Takes**: a [`Press`](crate::press::Press), a [`Sealer`](crate::seal::Sealer) or the site's
//!   [`Keys`](crate::site::Keys), an [`IdSecret`](crate::site::IdSecret), a public and a private
//!   [`Store`].
//! - **Gives**: a [`Receipt`] for each request; the [`Record`] of each certificate.
//! - **Imports**: `base`, `seal`, `site`, `text`, `image`, `press`.
//!
//! There is no database. A certificate exists as soon as its record does, which is written last. An
//! [`Index`] finds certificates in a large register; it is made from the store, and decides nothing.

mod agreement;
pub(crate) mod award;
pub(crate) mod award_settlement;
mod awards;
#[cfg(any(feature = "cli", feature = "studio"))]
pub(crate) mod batch;
pub(crate) mod certificates;
#[cfg(feature = "conformance")]
pub mod conformance;
mod corrections;
pub(crate) mod editions;
mod erasure;
mod identity;
#[cfg(feature = "cli")]
pub(crate) mod import;
#[cfg(feature = "index")]
pub(crate) mod index;
pub(crate) mod issue;
mod key_publication;
pub(crate) mod merge;
mod messages;
mod pages;
mod paths;
mod private_record;
mod publication;
mod published_pdf;
pub(crate) mod record;
mod restore;
mod seal_upgrade;
pub(crate) mod snapshot;
mod status_changes;
pub(crate) mod store;
mod tombstone;
mod typed_id;
mod verification;
pub(crate) mod web;

pub use self::awards::{AwardEditions, RecipientFilter};
pub use self::certificates::Register;
#[cfg(feature = "cli")]
pub(crate) use self::import::ImportedCertificate;
#[cfg(feature = "index")]
pub use self::index::{
    Answer, EachEdition, EditionQuery, Index, IndexLocation, IndexedEdition, Refreshed,
};
pub use self::issue::{
    CertificateUrls, IssueBatch, IssueOptions, IssueOutcome, IssueService,
    IssueServiceBuilder, OutcomeFields, Plan, Receipt, RevokeOutcome, Timings,
};
pub use self::merge::PdfMerger;
pub use self::record::{
    CertificateFacts, CourseFacts, LayoutVersion, OrganizationFacts, PaperFacts,
    PrintedSentence, PrintedTable, PublishedFile, Record, SealFacts, SignatoryFacts,
    SignatureFacts, Status, StatusChange, ThemeFacts,
};
pub use self::restore::{PdfSource, Restoration};
pub use self::seal_upgrade::SealUpgrade;
#[cfg(feature = "cli")]
pub(crate) use self::snapshot::DetachedSignature as KeptSignature;
pub use self::store::{
    CacheControl, CreateOutcome, Directory, FileVersion, MemoryStore, Store, StoreBatch,
    StoreFile, Stores, SwapOutcome, VersionedFile,
};
#[cfg(feature = "s3")]
pub use self::store::{S3, S3Keys};
pub use self::typed_id::typed_id;
#[cfg(feature = "cli")]
pub(crate) use self::verification::ImportedFile;
pub use self::web::{
    FolderFile, PageAsset, PageDate, PageFacts, PageKey, PagePdf, PageSeal, PageSentence,
    PageSignatory, PageSignature, PageStatus, PageTemplates, PageTheme, Pages,
};
pub use crate::base::digits::{
    CertificateId, DownloadId, KeyedDigest, PgpFingerprint, Sha256,
};
pub use crate::base::path::StorePath;
pub use crate::site::settings::CertificateUrl;
