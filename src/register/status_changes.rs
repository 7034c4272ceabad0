//! Changes to the status of an issued certificate: revoked, superseded, or asked for again.
//!
//! Each is a run of the loop that makes the two sides of a certificate agree
//! ([`agreement`](super::agreement)). If a process ends in between, the next command on the
//! certificate finishes it.

use crate::base::digits::{CertificateId, Sha256};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::agreement::Known;
use crate::register::certificates::{Register, unknown};
use crate::register::paths;
use crate::register::private_record::PrivateRecord;
use crate::register::record::{Record, Status};
use crate::register::store::{StoreFile, SwapOutcome};
use crate::site::award::{Award, Recipient};
use crate::site::id_secret::IdSecret;
use crate::site::request::limits::{MAX_REASON, check_length};
use crate::site::settings::CertificateUrl;

impl Register {
    /// Revokes a certificate: its pages say so, with the reason and the day, and its PDF is removed
    /// unless the settings keep it. A second call replaces the reason, and keeps the date; the
    /// private record keeps the reason before.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]: the reason has more than 500 characters.
    /// [`ErrorKind::UnknownCertificate`]: no certificate has this id. [`ErrorKind::Revoked`]: the
    /// certificate was superseded or erased. Else as [`record`](Self::record).
    pub fn revoke(
        &self,
        id: &CertificateId,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record> {
        // A reason that is recorded already may be longer.
        if self.known(id)?.reason() != Some(reason) {
            check_length("reason", reason, MAX_REASON)?;
        }
        self.revoke_as_of(id, reason, None, now)
    }

    /// Revokes a certificate, as [`revoke`](Self::revoke) does, and records when the revocation was
    /// requested, by the clock that also dates the requests for certificates.
    pub(crate) fn revoke_as_of(
        &self,
        id: &CertificateId,
        reason: &str,
        requested_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Record> {
        self.known(id)?;
        let known = Known { now: Some(now), ..Known::default() };
        let settled = self.settle(id, known, |record| {
            let Some(record) = record.cloned() else { return Ok(None) };
            match record.status {
                Status::Valid | Status::Specimen | Status::Expired | Status::Revoked => {
                    Ok(Some(record.revoked(reason, requested_at, now)))
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
            }
        })?;
        let record = settled.ok_or_else(|| unknown(id))?.record;
        self.supersede_predecessors(&record, now)?;
        Ok(record)
    }

    /// Marks the certificates that a revoked key sealed at or after a time: the records say so.
    /// `certificates` are the fingerprints of the key's X.509 certificates. `failed` is called with
    /// a certificate that fails, and the others are marked. Returns how many are marked.
    ///
    /// # Errors
    /// The public store cannot be listed.
    pub fn mark_revoked_key(
        &self,
        certificates: &[Sha256],
        since: Timestamp,
        failed: &mut dyn FnMut(Error),
    ) -> Result<usize> {
        let is_marked = |record: &Record| {
            let seal = record.certificate.as_ref().and_then(|it| it.seal.as_ref());
            record.issued_at >= since
                && seal.is_some_and(|seal| certificates.contains(&seal.certificate))
        };
        let mut ids = Vec::new();
        self.records(&mut |record| {
            match record {
                Ok(record) if is_marked(&record) => ids.push(record.id),
                Ok(_) => {}
                Err(error) => failed(error),
            }
            Ok(())
        })?;
        let mut count = 0;
        for id in ids {
            let settled = self.settle(&id, Known::default(), |record| {
                let Some(record) = record.filter(|record| is_marked(record)) else {
                    return Ok(None);
                };
                let mut record = record.clone();
                let certificate = record.certificate.as_mut();
                if let Some(seal) = certificate.and_then(|it| it.seal.as_mut()) {
                    seal.key_revoked = Some(since);
                }
                Ok(Some(record))
            });
            match settled {
                Ok(settled) => count += usize::from(settled.is_some()),
                Err(error) => failed(error),
            }
        }
        Ok(count)
    }

    /// The award that a certificate belongs to. `None` if it is not known: its private record and
    /// snapshots are lost, and the printed name does not identify it.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn award_of(
        &self,
        id: &CertificateId,
        secret: &IdSecret,
    ) -> Result<Option<Award>> {
        let sides = self.sides(id)?;
        if let Some(award) = sides.award() {
            return Ok(Some(award.clone()));
        }
        if let Some(snapshot) = self.snapshots(id)?.pop() {
            return Ok(Some(snapshot.award));
        }
        let record = sides.record();
        Ok(record.and_then(|record| award_by_name(record, secret)))
    }

    /// Supersedes the editions before this one, which still stand if the process that published
    /// this one ended too early.
    fn supersede_predecessors(&self, record: &Record, now: Timestamp) -> Result<()> {
        let successor = record.successor.clone();
        let successor = successor.unwrap_or_else(|| self.publish.verify_url(&record.id));
        let mut last = record.clone();
        // At most as many steps as there are editions before it.
        for _ in 1..record.edition {
            let snapshots = self.snapshots(&last.id)?;
            let before = snapshots.into_iter().find_map(|snapshot| snapshot.predecessor);
            let Some(before) = before else { break };
            let settled = self.settle(&before.id, Known::default(), |record| {
                Ok(record.cloned().map(|record| {
                    let stands = record.status.stands();
                    if stands { record.superseded(&successor, now) } else { record }
                }))
            })?;
            let Some(settled) = settled else { break };
            last = settled.record;
        }
        Ok(())
    }

    /// Marks a certificate as superseded by one of another award, at this address. Returns its
    /// record, which is that of a revoked or erased certificate if another process ended it first.
    pub(crate) fn supersede_by(
        &self,
        id: &CertificateId,
        successor: &CertificateUrl,
        now: Timestamp,
    ) -> Result<Record> {
        let settled = self.settle(id, Known::default(), |record| {
            Ok(record.cloned().map(|record| {
                if record.status.stands() {
                    record.superseded(successor, now)
                } else {
                    record
                }
            }))
        })?;
        Ok(settled.ok_or_else(|| unknown(id))?.record)
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
        let sides = self.sides(&record.id)?;
        let (Some((public, was)), Some((private, private_was))) =
            (&sides.public, &sides.private)
        else {
            return Ok(None);
        };
        if *public != record || private.record != record {
            return Ok(None);
        }
        let noted = Record { requested_at, ..record };
        let private = PrivateRecord { record: noted.clone(), ..private.clone() };
        let path = StorePath::parse(&paths::private_record(&noted.id))?;
        let json = private.to_json();
        let file = StoreFile::new(&path, json.as_bytes());
        if self.private.swap(&file, private_was)? != SwapOutcome::Swapped {
            return Ok(None);
        }
        let path = StorePath::parse(&paths::record(&noted.id))?;
        let json = noted.to_json();
        let swapped = self.public.swap(&StoreFile::new(&path, json.as_bytes()), was)?;
        Ok((swapped == SwapOutcome::Swapped).then_some(noted))
    }

    /// Writes a tombstone, the record of a certificate that was revoked before it was issued,
    /// unless the certificate has a record. Returns `None` if it has another record, such as a
    /// tombstone of an earlier revocation.
    pub(crate) fn create_tombstone(
        &self,
        award: &Award,
        record: &Record,
    ) -> Result<Option<Record>> {
        let known = Known { award: Some(award), ..Known::default() };
        let settled = self.settle(&record.id, known, |current| {
            Ok(match current {
                None => Some(record.clone()),
                Some(current) if current.history == record.history => {
                    Some(current.clone())
                }
                Some(_) => None,
            })
        })?;
        Ok(settled.map(|settled| settled.record))
    }

    /// Replaces a tombstone. Returns `None` if the certificate has another record meanwhile.
    pub(crate) fn change_tombstone(
        &self,
        id: &CertificateId,
        change: &dyn Fn(Record) -> Record,
        now: Timestamp,
    ) -> Result<Option<Record>> {
        let known = Known { now: Some(now), ..Known::default() };
        let settled = self.settle(id, known, |current| {
            Ok(current.filter(|it| it.is_tombstone()).cloned().map(change))
        })?;
        Ok(settled.map(|settled| settled.record))
    }
}

/// The award of a certificate whose recipient has no other id than the name that it prints.
pub(super) fn award_by_name(record: &Record, secret: &IdSecret) -> Option<Award> {
    let certificate = record.certificate.as_ref()?;
    let name = || certificate.name.clone();
    [Recipient::Name(name()), Recipient::Specimen(name())]
        .map(|recipient| Award { course: certificate.course.id.clone(), recipient })
        .into_iter()
        .find(|award| award.ids(secret, record.edition).verify == record.id)
}
