//! An award, held together with the secret that its ids are derived from.
//!
//! Takes an [`Award`] and the site's [`IdSecret`]; gives the ids of its editions and the
//! fingerprint of a request's facts. The decision made here: award and secret are combined once,
//! when a request comes in. Later stages ask the handle and never see the secret.

use crate::base::digits::{CertificateId, KeyedDigest};
use crate::site::award::{Award, Ids};
use crate::site::course::Course;
use crate::site::id_secret::IdSecret;
use crate::site::request::Request;
use crate::text::phrases::{Fact, PrintedFact};

/// One award of a site, for the time of one request.
#[derive(Debug)]
pub(crate) struct AwardHandle<'a> {
    award: Award,
    secret: &'a IdSecret,
}

impl<'a> AwardHandle<'a> {
    /// Binds an award to the site's secret.
    pub(crate) fn new(award: Award, secret: &'a IdSecret) -> Self {
        Self { award, secret }
    }

    /// The award itself.
    pub(crate) fn award(&self) -> &Award {
        &self.award
    }

    /// The ids of an edition, counted from 1.
    pub(crate) fn ids(&self, edition: u32) -> Ids {
        self.award.ids(self.secret, edition)
    }

    /// The mark of an edition, by which the record of the next one names it.
    pub(crate) fn mark(&self, id: &CertificateId) -> KeyedDigest {
        mark(self.secret, id)
    }

    /// The fingerprint of facts: equal for the same facts in the same order,
    /// whatever the roles of their sentences.
    pub(crate) fn fingerprint(&self, facts: &[PrintedFact]) -> KeyedDigest {
        let mut parts = Vec::new();
        for printed in facts {
            parts.extend(match &printed.fact {
                Fact::Value(text) => ["value", text],
                Fact::Choice(name) => ["choice", name],
            });
        }
        self.secret.derive("printed facts", &parts)
    }

    /// The fingerprint that records without an appearance have.
    pub(crate) fn request_fingerprint(
        &self,
        course: &Course,
        request: &Request,
    ) -> KeyedDigest {
        Award::facts(self.secret, course, request)
    }

    /// The fingerprint of the appearance with this `digest`.
    pub(crate) fn appearance(&self, digest: &str) -> KeyedDigest {
        self.secret.derive("appearance", &[digest])
    }

    /// The fingerprint of a message's id.
    pub(crate) fn message(&self, id: &str) -> KeyedDigest {
        self.secret.derive("message", &[id])
    }
}

/// The mark of the edition with this verify id, by which the record of the next one names it.
pub(crate) fn mark(secret: &IdSecret, id: &CertificateId) -> KeyedDigest {
    secret.derive("predecessor", &[id])
}
