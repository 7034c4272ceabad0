//! An award, held together with the secret that its ids are derived from.
//!
//! Takes an [`Award`] and the site's [`IdSecret`]; gives the ids of its editions and the
//! fingerprint of a request's facts. The decision made here: award and secret meet once, when a
//! request comes in. The stages after that ask the handle and never see the secret.

use crate::site::award::{Award, Ids};
use crate::site::course::Course;
use crate::site::id_secret::IdSecret;
use crate::site::request::Request;

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
    pub(crate) fn mark(&self, id: &str) -> String {
        mark(self.secret, id)
    }

    /// The fingerprint of the facts that a certificate of this request prints.
    pub(crate) fn fingerprint(&self, course: &Course, request: &Request) -> String {
        Award::facts(self.secret, course, request)
    }
}

/// The mark of the edition with this verify id, by which the record of the next one names it.
pub(crate) fn mark(secret: &IdSecret, id: &str) -> String {
    secret.derive("predecessor", &[id])
}
