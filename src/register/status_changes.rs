//! Changes to the status of an issued certificate: revoked, superseded, erased, or asked for again.
//!
//! A change writes the pages first, which people look at, then removes the PDF, and writes the
//! record last. As long as the record is unchanged the change is not done, and the next run of the
//! same change finishes it.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::award::AwardHandle;
use crate::register::certificates::{Register, unknown};
use crate::register::editions::Edition;
use crate::register::paths;
use crate::register::record::{Record, Status, StatusChange};
use crate::register::store::{CreateOutcome, StoreFile, SwapOutcome};
use crate::site::id_secret::IdSecret;

/// How often other processes may change a record while this one does, before it gives up.
const MAX_SWAPS: usize = 16;

impl Register {
    /// Revokes a certificate: its pages say so, with the reason and the day, and its PDF is removed
    /// unless the settings keep it. A second call finishes what was interrupted, and keeps the
    /// first reason.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCertificate`]: no certificate has this id. [`ErrorKind::Revoked`]: the
    /// certificate was superseded or erased. Else as [`record`](Self::record).
    pub fn revoke(&self, id: &str, reason: &str, now: Timestamp) -> Result<Record> {
        self.revoke_as_of(id, reason, None, now)
    }

    /// Revokes a certificate, as [`revoke`](Self::revoke) does, and records when the revocation was
    /// requested, by the clock that also dates the requests for certificates.
    pub(crate) fn revoke_as_of(
        &self,
        id: &str,
        reason: &str,
        requested_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Record> {
        self.change(id, None, |record| match record.status {
            Status::Valid | Status::Specimen | Status::Revoked => {
                Ok(record.revoked(reason, requested_at, now))
            }
            Status::Superseded => {
                let by = record.successor.as_deref().unwrap_or_default();
                let message = format!("`{id}` was superseded already");
                Err(Error::new(ErrorKind::Revoked, message)
                    .with_help(format!("revoke its successor: {by}")))
            }
            Status::Erased => {
                let message = format!("`{id}` was erased already");
                Err(Error::new(ErrorKind::Revoked, message))
            }
        })
    }

    /// Revokes a new edition if the edition before it was revoked while the new one was made, by a
    /// request that is later than the one that the new edition was made for.
    pub(crate) fn inherit_revocation(
        &self,
        before: Option<&Record>,
        record: Record,
        now: Timestamp,
    ) -> Result<Record> {
        let Some((before, requested_at)) = before.zip(record.requested_at) else {
            return Ok(record);
        };
        let before = self.record(&before.id)?;
        let history = before.map(|before| before.history).unwrap_or_default();
        let is_later = |change: &&StatusChange| {
            change.requested_at.is_some_and(|later| later > requested_at)
        };
        match history.iter().rfind(is_later) {
            Some(change) => {
                let reason = change.reason.as_deref().unwrap_or_default();
                self.revoke_as_of(&record.id, reason, change.requested_at, now)
            }
            None => Ok(record),
        }
    }

    /// Erases a recipient: removes everything personal from every edition of the award that `id`
    /// belongs to. The records keep that there was an edition. Returns the ids of the erased
    /// editions. A second call finishes what was interrupted.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCertificate`]: no certificate has this id. [`ErrorKind::Key`]: the
    /// register belongs to another id secret. Else as [`record`](Self::record).
    pub fn erase(
        &self,
        id: &str,
        secret: &IdSecret,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        self.check_identity(secret)?;
        let known = self.known(id)?;
        let award = self.snapshots(id)?.pop().map(|snapshot| snapshot.award);
        let editions: Vec<(String, Option<String>)> = match award {
            Some(award) => {
                let editions = self.editions(&AwardHandle::new(award, secret))?;
                let all = editions.past.into_iter().chain(editions.current);
                all.map(|edition| (edition.record.id, Some(edition.ids.download)))
                    .collect()
            }
            None => vec![(known.id, None)],
        };
        for (id, download_id) in &editions {
            self.change(id, download_id.as_deref(), |record| Ok(record.erased(now)))?;
        }
        // The snapshots are removed last, because the award in them leads to the other editions.
        let ids: Vec<String> = editions.into_iter().map(|(id, _)| id).collect();
        for id in &ids {
            for path in self.snapshot_paths(id)? {
                self.private.remove(&path)?;
            }
        }
        Ok(ids)
    }

    /// Marks the past editions of an award as superseded by the current one, but not those that
    /// were revoked. It also finishes what an interrupted run left: past editions that still stand,
    /// or whose successor is another.
    pub(crate) fn supersede(
        &self,
        past: &[Edition],
        current: &Record,
        now: Timestamp,
    ) -> Result<()> {
        let successor = self.publish.verify_url(&current.id);
        for Edition { ids, record } in past {
            let is_elsewhere = record.successor.as_ref() != Some(&successor);
            if record.status.stands()
                || (record.status == Status::Superseded && is_elsewhere)
            {
                self.change(&record.id, Some(&ids.download), |record| {
                    Ok(match record.status {
                        // What was revoked stays revoked, whatever is issued after it.
                        Status::Erased | Status::Revoked => record,
                        _ => record.superseded(&successor, now),
                    })
                })?;
            }
        }
        Ok(())
    }

    /// Marks a certificate as superseded by one of another award, at this address. Returns its
    /// record, which is that of a revoked or erased certificate if another process ended it first.
    pub(crate) fn supersede_by(
        &self,
        id: &str,
        successor: &str,
        now: Timestamp,
    ) -> Result<Record> {
        self.change(id, None, |record| {
            let stands = record.status.stands();
            Ok(if stands { record.superseded(successor, now) } else { record })
        })
    }

    /// Records that a certificate was asked for again at this time, so that it outlasts a
    /// revocation that was requested earlier. Returns `None` if another process has changed the
    /// record.
    pub(crate) fn note_request(
        &self,
        record: Record,
        requested_at: Option<Timestamp>,
    ) -> Result<Option<Record>> {
        if requested_at
            .is_none_or(|requested_at| requested_at <= record.last_requested_at())
        {
            return Ok(Some(record));
        }
        let Some((current, was)) = self.read(&record.id)? else { return Ok(None) };
        if current != record {
            return Ok(None);
        }
        let noted = Record { requested_at, ..record };
        let path = StorePath::parse(&paths::record(&noted.id))?;
        let json = noted.to_json();
        let swapped = self.public.swap(&StoreFile::new(&path, json.as_bytes()), &was)?;
        Ok((swapped == SwapOutcome::Swapped).then_some(noted))
    }

    /// Writes a tombstone, the record of a certificate that was revoked before it was issued,
    /// unless the id has a record. Returns whether it was written.
    pub(crate) fn create_tombstone(&self, record: &Record) -> Result<bool> {
        let path = StorePath::parse(&paths::record(&record.id))?;
        let json = record.to_json();
        // The record first: a process that is about to finish the certificate finds it when it
        // creates its own, and leaves this one.
        let created = self.public.create(&StoreFile::new(&path, json.as_bytes()))?;
        let is_created = created == CreateOutcome::Created;
        if is_created {
            self.write_pages(record, None)?;
        }
        Ok(is_created)
    }

    /// Changes a record from what it is at that moment, with its pages and files: pages first, then
    /// the files, the record last. Pages and files once more after the record, because a process
    /// that finished the certificate meanwhile may have written over them.
    fn change(
        &self,
        id: &str,
        download_id: Option<&str>,
        mut next: impl FnMut(Record) -> Result<Record>,
    ) -> Result<Record> {
        let path = StorePath::parse(&paths::record(id))?;
        for _ in 0..MAX_SWAPS {
            let (record, was) = self.read(id)?.ok_or_else(|| unknown(id))?;
            let changed = next(record.clone())?;
            let show = || -> Result<()> {
                self.write_pages(&changed, None)?;
                if changed.status == Status::Erased || !self.publish.keep_revoked_pdfs {
                    self.remove_files(&record, download_id)?;
                }
                Ok(())
            };
            show()?;
            let json = changed.to_json();
            if json.as_bytes() == was {
                return Ok(changed);
            }
            let file = StoreFile::new(&path, json.as_bytes());
            if self.public.swap(&file, &was)? == SwapOutcome::Swapped {
                show()?;
                return Ok(changed);
            }
        }
        Err(Error::new(
            ErrorKind::Store,
            format!("other processes keep changing the record of `{id}`"),
        ))
    }
}
