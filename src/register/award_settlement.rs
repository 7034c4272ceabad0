//! Makes the editions of an award agree with each other: at most the last one stands.
//!
//! Takes an award; gives its editions after everything that interrupted processes left is finished.
//! The decision made here: if an edition is revoked or erased after the next one was decided on,
//! the next one is too. So revoking and erasing need not wait for a process that is issuing.

use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::agreement::{Known, Settled};
use crate::register::award::AwardHandle;
use crate::register::certificates::Register;
use crate::register::editions::{Edition, Editions};
use crate::register::published_pdf::FoundPdf;
use crate::register::record::{Record, Status};
use crate::site::award::Ids;

/// How often other processes may change an award while this one settles it, before it gives up.
const MAX_ROUNDS: usize = 16;
/// The number of editions before the last one whose pages get a direct link to it. Older pages link
/// to a later edition, whose page links on, so that the cost of a new edition does not grow with
/// their number.
const MAX_RELINKED: usize = 16;

/// Which editions of an award are checked in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Those on which the two sides differ.
    Differing,
    /// All: every page and file is compared, and what erased editions left is removed.
    All,
}

impl Register {
    /// Finishes what was interrupted in any edition of an award, and returns them. Calls `each`
    /// with the result for each edition that was checked in full.
    pub(in crate::register) fn settle_award(
        &self,
        award: &AwardHandle<'_>,
        care: Care,
        now: Timestamp,
        each: &mut dyn FnMut(Settled),
    ) -> Result<Editions> {
        let mut is_close = care == Care::All;
        for _ in 0..MAX_ROUNDS {
            let editions = self.editions(award)?;
            let has_ended_erased = editions.current.as_ref().is_some_and(is_erased);
            let last = editions.current.as_ref().map(|it| it.record.id.clone());
            let mut is_changed = false;
            let mut before = match editions.all().next().filter(|_| care == Care::All) {
                Some(first) => self.corrected(&first.record)?,
                None => None,
            };
            let relinked_from = match care {
                Care::All => 0,
                Care::Differing => editions.past.len().saturating_sub(MAX_RELINKED),
            };
            for (index, edition) in editions.all().enumerate() {
                let is_last = last.as_ref() == Some(&edition.record.id);
                let leads_on =
                    index < relinked_from && edition.record.successor.is_some();
                let successor = last.as_ref().filter(|_| !is_last && !leads_on);
                let next = self.following(edition, before.as_ref(), successor, now)?;
                let record = if next.is_some() || !edition.is_agreed || is_close {
                    let settled = self.settle_edition(award, &edition.ids, |record| {
                        let is_same = *record == edition.record;
                        next.clone().filter(|_| is_same).unwrap_or_else(|| record.clone())
                    })?;
                    is_changed |= settled.is_changed || settled.record != edition.record;
                    let record = settled.record.clone();
                    each(settled);
                    record
                } else {
                    edition.record.clone()
                };
                before = Some(record);
            }
            if is_changed {
                is_close = false;
            } else if care == Care::All || has_ended_erased {
                return self.clear_erased(award, editions, now);
            } else {
                return Ok(editions);
            }
        }
        Err(Error::new(
            ErrorKind::Unhealthy,
            "other processes keep changing the same award",
        ))
    }

    fn settle_edition(
        &self,
        award: &AwardHandle<'_>,
        ids: &Ids,
        next: impl Fn(&Record) -> Record,
    ) -> Result<Settled> {
        let known = Known {
            award: Some(award.award()),
            download_id: Some(&ids.download),
            now: None,
        };
        let settled = self.settle(&ids.verify, known, |record| Ok(record.map(&next)))?;
        settled.ok_or_else(|| {
            let message =
                format!("the records of `{}` were removed meanwhile", ids.verify);
            Error::new(ErrorKind::Store, message)
        })
    }

    /// Notes whether the PDF of the current edition is lost: the public store has none, or another
    /// file than the one that was issued.
    pub(crate) fn look_for_pdf(&self, editions: &mut Editions) -> Result<()> {
        let current = editions.current.as_mut().filter(|it| it.record.status.stands());
        let Some(edition) = current else { return Ok(()) };
        if let Some(certificate) = &edition.record.certificate {
            edition.is_pdf_lost = match &certificate.pdf {
                Some(pdf) => {
                    let found = self.published_pdf(&edition.record.id, pdf)?;
                    !matches!(found, FoundPdf::Whole(_))
                }
                None => true,
            };
        }
        Ok(())
    }

    /// Whether the public store has no PDF of a certificate that stands.
    pub(crate) fn lacks_pdf(&self, record: &Record) -> Result<bool> {
        let certificate = record.certificate.as_ref();
        let Some(certificate) = certificate.filter(|_| record.status.stands()) else {
            return Ok(false);
        };
        let path = certificate.pdf_path();
        path.map_or(Ok(true), |path| self.has_file(path).map(|is_there| !is_there))
    }

    /// The new record of an edition, given the one before it and the last one, or `None` if it
    /// stays as it is.
    fn following(
        &self,
        edition: &Edition,
        before: Option<&Record>,
        last: Option<&CertificateId>,
        now: Timestamp,
    ) -> Result<Option<Record>> {
        let record = &edition.record;
        if let Some(inherited) = self.inherited(record, before, now)? {
            return Ok(Some(inherited));
        }
        let Some(last) = last else { return Ok(None) };
        let successor = self.publish.verify_url(last);
        let is_elsewhere = record.successor.as_ref() != Some(&successor);
        let is_superseded = record.status == Status::Superseded && is_elsewhere;
        Ok((record.status.stands() || is_superseded)
            .then(|| record.clone().superseded(&successor, now)))
    }

    /// The revocation or erasure that an edition takes over from the one before it, because it was
    /// decided on before that one ended.
    fn inherited(
        &self,
        record: &Record,
        before: Option<&Record>,
        now: Timestamp,
    ) -> Result<Option<Record>> {
        let Some(before) = before else { return Ok(None) };
        let applies = match before.status {
            Status::Revoked => record.status.stands(),
            Status::Erased => record.status != Status::Erased,
            _ => false,
        };
        if !applies {
            return Ok(None);
        }
        let revocation =
            before.history.iter().rfind(|change| change.status == Status::Revoked);
        let requested_at = revocation.and_then(|change| change.requested_at);
        let times = record.requested_at.zip(requested_at);
        let is_later = match times.filter(|_| before.status == Status::Revoked) {
            // The order of the requests counts, not what was known when the edition was made.
            Some((issue, end)) if issue != end => end > issue,
            // Of two requests of one time the revocation counts, unless the edition was made in
            // its knowledge.
            _ => self.decided_on(record)?.is_some_and(|status| status != before.status),
        };
        if !is_later {
            return Ok(None);
        }
        if before.status == Status::Erased {
            return Ok(Some(record.clone().erased(now)));
        }
        let reason = revocation.and_then(|change| change.reason.as_deref());
        let reason = reason.unwrap_or_default();
        Ok(Some(record.clone().revoked(reason, requested_at, now)))
    }

    /// The status of the edition before this one, or of the certificate that this one corrects,
    /// when this one was decided on.
    fn decided_on(&self, record: &Record) -> Result<Option<Status>> {
        let sha256 = record.certificate.as_ref().and_then(|it| it.pdf_sha256());
        let snapshot = match sha256 {
            Some(sha256) => self.snapshot(&record.id, sha256)?,
            None => self.snapshots(&record.id)?.pop(),
        };
        let Some(snapshot) = snapshot else { return Ok(None) };
        // Only a certificate that stands is corrected.
        let corrected = snapshot.instead_of.map(|_| Status::Valid);
        Ok(snapshot.predecessor.map(|it| it.status).or(corrected))
    }

    /// Removes what is left of erased editions: snapshots, files that a late process wrote, and an
    /// edition that was begun before the last one was erased. Returns the editions.
    fn clear_erased(
        &self,
        award: &AwardHandle<'_>,
        editions: Editions,
        now: Timestamp,
    ) -> Result<Editions> {
        let mut begun = None;
        if editions.current.as_ref().is_some_and(is_erased) {
            begun = self.snapshots(&editions.next.verify)?.into_iter().find(|snapshot| {
                let decided_on = snapshot.predecessor.as_ref().map(|it| it.status);
                decided_on != Some(Status::Erased)
            });
        }
        // Only after all editions are settled, because they are found by the award in the
        // snapshots.
        for edition in editions.all().filter(|edition| is_erased(edition)) {
            self.settle_edition(award, &edition.ids, Record::clone)?;
            self.remove_snapshots(&edition.record.id)?;
        }
        let Some(snapshot) = begun else { return Ok(editions) };
        let ids = &editions.next;
        let known = Known {
            award: Some(award.award()),
            download_id: Some(&ids.download),
            now: None,
        };
        self.settle(&ids.verify, known, |record| {
            Ok(Some(record.unwrap_or(&snapshot.record).clone().erased(now)))
        })?;
        self.remove_snapshots(&ids.verify)?;
        self.editions(award)
    }
}

fn is_erased(edition: &Edition) -> bool {
    edition.record.status == Status::Erased
}
