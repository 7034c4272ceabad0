//! A request as a queue hands it out: its task, and what the answer needs of its message.

use std::any::Any;
use std::fmt;

use crate::base::digits::CertificateId;
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::register::issue::IssueOptions;
use crate::site::award::Award;
use crate::site::request::json_object::JsonObject;
use crate::site::request::limits::{MAX_ID, truncated};
use crate::site::request::{Acceptance, Request};

/// A request, leased until it is answered.
pub struct Delivery {
    id: String,
    attempt: u32,
    acceptance: Option<Acceptance>,
    correlation: Correlation,
    task: Result<Task>,
    receipt: Box<dyn Any + Send + Sync>,
}

/// What an answer repeats of its request, so that the sender recognizes it: as much as could be
/// read of the message, each text of at most 255 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Correlation {
    /// The action that was asked for, in the words of the message.
    pub action: Option<String>,
    /// The course's id.
    pub course: Option<String>,
    /// The recipient, by the sender's id.
    pub recipient: Option<String>,
    /// The sender's own id of the message.
    pub reference: Option<String>,
}

/// What a request asks for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Task {
    /// Issue a certificate.
    Issue {
        /// The certificate that is asked for.
        request: Box<Request>,
        /// What may be done to an earlier certificate of the recipient.
        options: IssueOptions,
        /// The verify id of the certificate that the new one replaces. It is revoked, unless it is
        /// an edition of the same award, of another course, or none of this site's.
        replaces: Option<CertificateId>,
    },
    /// Revoke a certificate.
    Revoke(Revocation),
    /// Do nothing, for this reason.
    Ignore(String),
}

/// A certificate to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// Which certificate.
    pub target: Target,
    /// The reason that the certificate's page shows to everyone.
    pub reason: String,
    /// When the revocation was asked for, if the sender says so: a certificate that was asked for
    /// later stays valid.
    pub requested_at: Option<Timestamp>,
}

/// The certificate that a revocation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The current edition of an award.
    Award(Award),
    /// The edition whose verify page has this id.
    Certificate(CertificateId),
}

impl Correlation {
    /// Reads what an answer repeats: the action, and the values of the keys with these
    /// names. A value that is missing or no text is left out.
    pub(super) fn of(
        object: &JsonObject,
        course: &str,
        recipient: &str,
        reference: &str,
    ) -> Self {
        let text = |key| object.get(key)?.as_str().map(|text| truncated(text, MAX_ID));
        Self {
            action: text("action"),
            course: text(course),
            recipient: text(recipient),
            reference: text(reference),
        }
    }
}

impl Task {
    /// Returns the award that the task is about, if it names one.
    pub(crate) fn award(&self) -> Option<Award> {
        match self {
            Self::Issue { request, .. } => Some(Award::of(request)),
            Self::Revoke(Revocation { target: Target::Award(award), .. }) => {
                Some(award.clone())
            }
            Self::Revoke(_) | Self::Ignore(_) => None,
        }
    }

    /// If `reissue` is set, lets the task issue a revoked certificate again even if its
    /// message does not say so. A cautious task is left as it is: it is the row of a
    /// list, whose options were given with the list.
    pub(super) fn with_reissue(self, reissue: bool) -> Self {
        match self {
            Self::Issue { request, options, replaces } => {
                let reissue = options.reissue || (reissue && !options.cautious);
                let options = options.with_reissue(reissue);
                Self::Issue { request, options, replaces }
            }
            other => other,
        }
    }
}

impl Delivery {
    /// Creates a delivery of the request with this id in the queue, or of a message that is no
    /// request, with the error that says why.
    pub fn new(id: impl Into<String>, task: Result<Task>) -> Self {
        Self {
            id: id.into(),
            attempt: 1,
            acceptance: None,
            correlation: Correlation::default(),
            task,
            receipt: Box::new(()),
        }
    }

    /// Sets how often the request was handed out, this time included: 1 unless set.
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Sets when the request was accepted, by the clock of the queue. If the request does
    /// not say when it was made, this time counts: the request then issues nothing again
    /// that was revoked later.
    pub fn with_accepted_at(self, at: Timestamp) -> Self {
        self.with_acceptance(Some(Acceptance { at, was_kept: false }))
    }

    pub(crate) fn with_acceptance(mut self, acceptance: Option<Acceptance>) -> Self {
        self.acceptance = acceptance;
        self
    }

    /// Sets what the answer repeats.
    pub fn with_correlation(mut self, correlation: Correlation) -> Self {
        self.correlation = correlation;
        self
    }

    /// Sets what the queue itself needs to answer the delivery.
    pub fn with_receipt(mut self, receipt: impl Any + Send + Sync) -> Self {
        self.receipt = Box::new(receipt);
        self
    }

    /// Returns the request's id in the queue.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns how often the request was handed out and neither answered nor returned,
    /// this time included. By this number the agent recognizes a request that ends each
    /// process that receives it. Always 1 if the queue does not count.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(crate) fn acceptance(&self) -> Option<Acceptance> {
        self.acceptance
    }

    /// Returns what the answer repeats.
    pub fn correlation(&self) -> &Correlation {
        &self.correlation
    }

    /// Returns what the request asks for.
    ///
    /// # Errors
    /// Why the message cannot be understood: the agent [sets it aside](super::Queue::dead_letter).
    pub fn task(&self) -> Result<&Task, &Error> {
        self.task.as_ref()
    }

    /// Returns what the queue set as its receipt, if it has that type.
    pub fn receipt<T: Any>(&self) -> Option<&T> {
        self.receipt.downcast_ref()
    }
}

impl fmt::Debug for Delivery {
    /// Writes nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Delivery");
        shown
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
