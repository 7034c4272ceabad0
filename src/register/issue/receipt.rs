//! The results for a caller: the receipt of issuing, or the plan of what issuing would do.

use std::time::Duration;

use serde::Serialize;

use crate::base::digits::{CertificateId, DownloadId};
use crate::base::error::Warning;
use crate::register::record::Record;
use crate::site::award::Ids;
use crate::site::settings::{CertificateUrl, PublishSettings};

/// Where a certificate is, and what issuing did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Receipt {
    /// The public record of the edition that answers the request.
    pub record: Record,
    /// The ids and addresses of that edition.
    pub urls: CertificateUrls,
    /// The outcome of the request.
    pub outcome: IssueOutcome,
    /// Warnings from making the certificate. Empty if nothing was made.
    pub warnings: Vec<Warning>,
    /// How long the steps took.
    pub timings: Timings,
}

/// How long the steps of issuing took; zero where nothing was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Timings {
    /// Setting the page and proof-reading it, with the wait for a free thread.
    pub render: Duration,
    /// Sealing the PDF.
    pub seal: Duration,
    /// Writing the snapshot, and publishing.
    pub publish: Duration,
}

/// What issuing a request would do, unless another process changes the award first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// Where the certificate is, or will be.
    pub urls: CertificateUrls,
    /// Whether the certificate is issued already.
    pub exists: bool,
}

/// The ids and addresses of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateUrls {
    /// The id of its verify page.
    pub verify_id: CertificateId,
    /// The id of its PDF. Neither id can be derived from the other.
    pub download_id: DownloadId,
    /// The address of its verify page.
    pub verify_url: CertificateUrl,
    /// The address of its PDF.
    pub download_url: CertificateUrl,
}

impl CertificateUrls {
    pub(super) fn new(ids: Ids, publish: &PublishSettings) -> Self {
        Self {
            verify_url: publish.verify_url(&ids.verify),
            download_url: publish.download_url(&ids.download),
            verify_id: ids.verify,
            download_id: ids.download,
        }
    }
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IssueOutcome {
    /// A certificate was issued, or one that another process had begun was finished.
    Issued,
    /// The current edition has the same facts.
    Unchanged,
    /// A new edition was issued, which supersedes the one before it.
    Superseding,
    /// A new edition was issued after the one before it was revoked.
    Reissued,
    /// The request is older than the current edition or its revocation, and changed nothing.
    Stale,
}

impl IssueOutcome {
    /// All of them.
    #[cfg(all(feature = "cli", feature = "redis"))]
    pub(crate) const ALL: [Self; 5] =
        [Self::Issued, Self::Unchanged, Self::Superseding, Self::Reissued, Self::Stale];

    /// The outcome in one word, as JSON answers write it.
    pub fn as_str(self) -> &'static str {
        match self {
            IssueOutcome::Issued => "issued",
            IssueOutcome::Unchanged => "unchanged",
            IssueOutcome::Superseding => "superseding",
            IssueOutcome::Reissued => "reissued",
            IssueOutcome::Stale => "stale",
        }
    }

    /// Whether a new edition was published.
    pub fn is_new_edition(self) -> bool {
        match self {
            IssueOutcome::Issued | IssueOutcome::Superseding | IssueOutcome::Reissued => {
                true
            }
            IssueOutcome::Unchanged | IssueOutcome::Stale => false,
        }
    }
}
