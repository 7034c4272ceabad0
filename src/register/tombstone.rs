//! Records of certificates that ended before they were issued.
//!
//! Takes an award of which nothing was published; gives the record that keeps it from being issued.
//! The decision made here: it has what a page needs to say so, and nothing about the recipient.

use crate::base::digits::CertificateId;
use crate::base::timestamp::Timestamp;
use crate::register::record::{
    LayoutVersion, OrganizationFacts, Record, Status, StatusChange, ThemeFacts,
};
use crate::site::course::{Colour, Course};

impl Record {
    /// The record of a first edition that ended by this change before it was issued. `layout` and
    /// `theme` are those of the course.
    pub(crate) fn ended_ahead(
        id: CertificateId,
        course: &Course,
        layout: LayoutVersion,
        theme: ThemeFacts,
        change: StatusChange,
        now: Timestamp,
    ) -> Self {
        Self {
            schema: Self::SCHEMA,
            id,
            status: change.status,
            edition: 1,
            issued_at: now,
            requested_at: None,
            facts: None,
            expires: None,
            appearance: None,
            language: course.language.as_str().to_owned(),
            organization: OrganizationFacts::of(course, &course.language),
            layout,
            theme,
            engine: Self::ENGINE.to_owned(),
            certificate: None,
            successor: None,
            predecessor: None,
            history: vec![change],
        }
    }

    /// The record of a certificate that was erased before it was issued, in plain colours.
    pub(crate) fn erased_ahead(
        id: CertificateId,
        course: &Course,
        now: Timestamp,
    ) -> Self {
        let layout = LayoutVersion { name: course.layout.clone(), sha256: None };
        let ink = Colour { red: 29, green: 26, blue: 22 };
        let theme = ThemeFacts { accent: ink, paper: Colour::WHITE, ink };
        let change = StatusChange::new(Status::Erased, now);
        Self::ended_ahead(id, course, layout, theme, change, now)
    }

    /// Whether this is the record of a certificate that was revoked before it was issued.
    pub(crate) fn is_tombstone(&self) -> bool {
        self.status == Status::Revoked && self.certificate.is_none()
    }

    /// The tombstone after a later revocation, which counts for all requests that are older than it.
    /// `accepted_at` is the time of one that has none of its own.
    pub(crate) fn with_later_revocation(
        self,
        reason: &str,
        requested_at: Option<Timestamp>,
        accepted_at: Timestamp,
    ) -> Self {
        let mut record = self.revoked(reason, requested_at, accepted_at);
        if let Some(change) = record.history.last_mut() {
            let before = change.requested_at.unwrap_or(change.at);
            let last = before.max(requested_at.unwrap_or(accepted_at));
            if change.requested_at.is_some() || requested_at.is_some() {
                change.requested_at = Some(last);
            } else {
                change.at = last;
            }
        }
        record
    }
}
