//! Issuing: from a request to a certificate that exists.
//!
//! Takes a request, a press, a sealer and a register; gives a receipt. A request passes these
//! stages, each of which takes what the one before it gave:
//!
//! 1. the award of the request, with the secret of its ids
//!    ([`AwardHandle`](super::award::AwardHandle));
//! 2. the editions that the award has ([`Editions`](super::editions::Editions));
//! 3. the decision what they mean for the facts of the request (`facts`, `lookup`, `decide`);
//! 4. the next edition, drafted (`draft`) and sealed (`sealed`);
//! 5. the sealed edition, prepared and published (`publisher`);
//! 6. the receipt (`receipt`).
//!
//! The order of writes makes it safe: a private snapshot, the PDF if there is none, signature and
//! pages, the record. A run that is interrupted leaves files that the next run completes, and of
//! two processes the second finds the first one's PDF and completes that. A batch (`batch`) takes
//! many editions through the same order together.

mod batch;
mod builder;
mod decide;
mod draft;
mod facts;
mod first_edition;
#[cfg(test)]
mod histories;
mod instead_of;
mod lookup;
mod options;
mod outcome_fields;
mod publisher;
mod receipt;
mod revoke;
mod sealed;
mod service;

pub use self::batch::IssueBatch;
pub use self::builder::IssueServiceBuilder;
pub use self::options::IssueOptions;
pub use self::outcome_fields::OutcomeFields;
pub use self::receipt::{CertificateUrls, IssueOutcome, Plan, Receipt, Timings};
pub use self::revoke::RevokeOutcome;
pub use self::service::IssueService;
