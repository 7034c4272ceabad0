//! Certificates of one recipient under two names, of which one corrects the other.
//!
//! Takes awards; gives those of the same recipients under other names. The decision made here: both
//! certificates name each other before the new one is published. The snapshot of the new one names
//! the certificate that it corrects, and a note beside the snapshot of the old one names the new
//! one; at last the old record gets the new one's address.

use std::collections::BTreeSet;

use crate::base::digits::CertificateId;
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::awards::AwardEditions;
use crate::register::certificates::Register;
use crate::register::editions::Editions;
use crate::register::paths;
use crate::register::record::{Record, Status};
use crate::register::store::StoreFile;
use crate::site::id_secret::IdSecret;
use crate::site::settings::CertificateUrl;

impl Register {
    /// Adds the awards whose name one of these corrects, and those that correct one of these. Each
    /// follows the one that led to it.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub(crate) fn add_corrections(
        &self,
        found: &mut Vec<AwardEditions>,
        secret: &IdSecret,
    ) -> Result<()> {
        let mut next = 0;
        while let Some(editions) = found.get(next) {
            next += 1;
            for id in self.corrections(editions, secret)? {
                let award = self.award_of(&id, secret)?;
                let is_known = found.iter().any(|it| {
                    award.is_some() && it.award == award
                        || it.records.iter().any(|record| record.id == id)
                });
                if is_known {
                    continue;
                }
                match award {
                    Some(award) => found.push(self.editions_of(award, secret)?),
                    // A correction that was begun has no record.
                    None if self.record(&id)?.is_none() => {}
                    None => found.push(self.edition(&id)?),
                }
            }
        }
        Ok(())
    }

    /// The ids of the certificates that editions of an award correct or are corrected by.
    fn corrections(
        &self,
        editions: &AwardEditions,
        secret: &IdSecret,
    ) -> Result<Vec<CertificateId>> {
        let mut ids: Vec<CertificateId> =
            editions.records.iter().map(|record| record.id.clone()).collect();
        // An edition that was begun and not published may correct another certificate.
        let next = editions.records.last().map_or(1, |last| last.edition + 1);
        ids.extend(editions.award.as_ref().map(|it| it.ids(secret, next).verify));
        let successors = editions.records.iter().filter_map(successor);
        let mut linked: Vec<CertificateId> = successors.collect();
        for id in &ids {
            linked.extend(self.snapshots(id)?.into_iter().filter_map(|it| it.instead_of));
            linked.extend(self.begun_corrections(id)?);
        }
        linked.retain(|id| !ids.contains(id));
        Ok(linked)
    }

    /// The ids of the certificates that were begun or issued to correct this one.
    pub(crate) fn begun_corrections(
        &self,
        id: &CertificateId,
    ) -> Result<Vec<CertificateId>> {
        let mut found = Vec::new();
        for path in self.snapshot_paths(id)? {
            let Some(by) = paths::corrected_by(path.as_str()) else { continue };
            if self.is_correction(&by, id)? {
                found.push(by);
            }
        }
        Ok(found)
    }

    /// Whether a certificate was begun or issued to correct another one.
    fn is_correction(&self, by: &CertificateId, id: &CertificateId) -> Result<bool> {
        let snapshots = self.snapshots(by)?;
        Ok(snapshots.iter().any(|snapshot| snapshot.instead_of.as_ref() == Some(id)))
    }

    /// Notes which certificate is about to correct another one.
    pub(crate) fn note_correction(
        &self,
        id: &CertificateId,
        by: &CertificateId,
    ) -> Result<()> {
        let path = StorePath::parse(&paths::correction(id, by))?;
        self.private.create(&StoreFile::new(&path, b"")).map(|_| ())
    }

    /// Supersedes the certificate that an award corrects, if a process ended before it did. If that
    /// was corrected in another name first, this correction came too late, and is superseded by the
    /// other. Returns whether one of them was superseded now.
    pub(super) fn finish_correction(
        &self,
        editions: &Editions,
        now: Timestamp,
    ) -> Result<bool> {
        let (Some(first), Some(current)) = (editions.all().next(), &editions.current)
        else {
            return Ok(false);
        };
        let Some(old) = self.corrected(&first.record)? else { return Ok(false) };
        let last = &current.record;
        if old.status.stands() && last.status != Status::Erased {
            let successor = self.publish.verify_url(&last.id);
            self.supersede_by(&old.id, &successor, now)?;
            return Ok(true);
        }
        if let Some(url) = self.earlier_correction(&old, editions)? {
            self.supersede_by(&last.id, &url, now)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// The address of another correction of a certificate that was there before these editions, if
    /// both stand. An award that was issued again since is not what the correction made.
    fn earlier_correction(
        &self,
        old: &Record,
        editions: &Editions,
    ) -> Result<Option<CertificateUrl>> {
        let is_only = editions.past.is_empty();
        let own = editions.current.as_ref().map(|own| &own.record);
        let own = own.filter(|own| is_only && own.status.stands());
        let other = successor(old).filter(|_| old.status == Status::Superseded);
        let (Some(own), Some(other)) = (own, other) else { return Ok(None) };
        if other == own.id || !self.is_correction(&other, &old.id)? {
            return Ok(None);
        }
        let other = self.record(&other)?.filter(|other| other.status.stands());
        Ok(other.and(old.successor.clone()))
    }

    /// The certificate that stands in place of a superseded one, under whatever name.
    pub(crate) fn standing_successor(&self, record: &Record) -> Result<Option<Record>> {
        let mut seen = BTreeSet::new();
        let mut last = record.clone();
        while last.status == Status::Superseded && seen.insert(last.id.clone()) {
            let next = successor(&last).map(|id| self.record(&id));
            let Some(next) = next.transpose()?.flatten() else { return Ok(None) };
            last = next;
        }
        Ok(Some(last).filter(|last| last.status.stands()))
    }

    /// The record of the certificate that a first edition corrects.
    pub(super) fn corrected(&self, record: &Record) -> Result<Option<Record>> {
        if record.edition != 1 {
            return Ok(None);
        }
        let snapshots = self.snapshots(&record.id)?;
        let corrected = snapshots.into_iter().find_map(|snapshot| snapshot.instead_of);
        corrected.map_or(Ok(None), |id| self.record(&id))
    }
}

/// The id of the certificate that took the place of another one: the last in its address.
pub(super) fn successor(record: &Record) -> Option<CertificateId> {
    let parts = record.successor.as_ref()?.rsplit('/');
    parts.into_iter().find_map(|part| CertificateId::parse(part).ok())
}
