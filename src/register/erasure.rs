//! Erasing a recipient: everything personal is removed from the certificates, under each name.
//!
//! Takes the id of a certificate, or an award; gives the ids of what was erased. The decision made
//! here: the data by which other certificates of the recipient are found is removed last, so that
//! the next run can finish one that was interrupted.

use std::collections::BTreeSet;

use crate::base::digits::CertificateId;
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::press::assets::read_courses;
use crate::register::agreement::Known;
use crate::register::award::AwardHandle;
use crate::register::awards::AwardEditions;
use crate::register::certificates::Register;
use crate::register::paths;
use crate::register::record::{Record, Status};
use crate::site::award::{Award, Ids};
use crate::site::id_secret::IdSecret;

/// After how many consecutive numbers without a record the search for editions ends. It does not
/// end at the first, because records may be lost on both sides while other files are left.
const MAX_MISSING: u32 = 8;

impl Register {
    /// Erases a recipient: removes everything personal from every edition of the award that `id`
    /// belongs to, and of the awards under a name that one of them corrects. The records keep that
    /// there was an edition. Returns the ids of the erased editions. A second call finishes what was
    /// interrupted.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCertificate`](crate::ErrorKind::UnknownCertificate): no certificate has
    /// this id. [`ErrorKind::Key`](crate::ErrorKind::Key): the register belongs to another id
    /// secret. Else as [`record`](Self::record).
    pub fn erase(
        &self,
        id: &CertificateId,
        secret: &IdSecret,
        now: Timestamp,
    ) -> Result<Vec<CertificateId>> {
        self.check_identity(secret)?;
        self.remove_leftovers()?;
        let mut ids = self.erase_all(self.award_editions(id, secret)?, secret, now)?;
        // The search does not reach an edition behind many lost ones, so the given id is erased by
        // itself.
        if !ids.contains(id) && self.record(id)?.is_some() {
            self.erase_edition(id, now)?;
            ids.push(id.clone());
        }
        Ok(ids)
    }

    /// Erases one edition, whatever award it is of.
    fn erase_edition(&self, id: &CertificateId, now: Timestamp) -> Result<()> {
        self.settle(id, Known::default(), |record| {
            Ok(record.map(|record| record.clone().erased(now)))
        })?;
        self.remove_snapshots(id)
    }

    /// Erases a recipient as [`erase`](Self::erase) does, from every edition of this award, also
    /// from one that a process has begun and not published.
    ///
    /// # Errors
    /// [`ErrorKind::Key`](crate::ErrorKind::Key): the register belongs to another id secret. Else as
    /// [`record`](Self::record).
    pub fn erase_award(
        &self,
        award: &Award,
        secret: &IdSecret,
        now: Timestamp,
    ) -> Result<Vec<CertificateId>> {
        self.check_identity(secret)?;
        self.remove_leftovers()?;
        self.erase_all(self.editions_of(award.clone(), secret)?, secret, now)
    }

    /// Erases a certificate that is not issued yet: the award gets the record of an erased one, so
    /// that an agent that works on a request for it issues nothing. Returns its id, or `None` if the
    /// award has an edition, or the site has no such course.
    ///
    /// # Errors
    /// [`ErrorKind::Key`](crate::ErrorKind::Key): the register belongs to another id secret. The
    /// course files cannot be read. Else as [`record`](Self::record).
    pub fn erase_ahead(
        &self,
        award: &Award,
        secret: &IdSecret,
        now: Timestamp,
    ) -> Result<Option<CertificateId>> {
        let courses = read_courses(self.pages.site())?;
        let Ok(course) = courses.get(&award.course) else { return Ok(None) };
        let ids = AwardHandle::new(award.clone(), secret).ids(1);
        if self.record(&ids.verify)?.is_some() {
            return Ok(None);
        }
        self.mark(secret)?;
        let record = Record::erased_ahead(ids.verify.clone(), course, now);
        let known =
            Known { award: Some(award), download_id: Some(&ids.download), now: None };
        let settled = self.settle(&ids.verify, known, |current| {
            let is_same = current.is_none_or(|current| *current == record);
            Ok(is_same.then(|| record.clone()))
        })?;
        Ok(settled.map(|_| ids.verify))
    }

    /// The names in the requests of some awards, and the usernames, as far as snapshots have them.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn requested_names(
        &self,
        awards: &[AwardEditions],
        secret: &IdSecret,
    ) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let (mut names, mut usernames) = (BTreeSet::new(), BTreeSet::new());
        for id in &ids_of(awards, secret) {
            for snapshot in self.snapshots(id)? {
                usernames.extend(snapshot.username().map(str::to_owned));
                names.insert(snapshot.request.name);
            }
        }
        Ok((names, usernames))
    }

    /// The texts that the requests of some awards gave in free fields, as far as snapshots have
    /// them. Some may be names of files that the operator has about the recipient.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn given_texts(
        &self,
        awards: &[AwardEditions],
        secret: &IdSecret,
    ) -> Result<BTreeSet<String>> {
        let mut texts = BTreeSet::new();
        for id in &ids_of(awards, secret) {
            for snapshot in self.snapshots(id)? {
                texts.extend(snapshot.given_texts().map(str::to_owned));
            }
        }
        Ok(texts)
    }

    /// The texts that the requests of all other awards gave in free fields. Every snapshot is read.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn given_texts_of_others(
        &self,
        awards: &[AwardEditions],
        secret: &IdSecret,
    ) -> Result<BTreeSet<String>> {
        let ids = ids_of(awards, secret);
        let mut files = Vec::new();
        self.private.list(None, &mut |path| {
            let id = paths::private_id(path.as_str());
            if id.is_some_and(|id| !ids.contains(&id))
                && paths::is_snapshot(path.as_str())
            {
                files.push(path);
            }
            Ok(())
        })?;
        let mut texts = BTreeSet::new();
        for file in &files {
            if let Some(snapshot) = self.read_snapshot(file)? {
                texts.extend(snapshot.given_texts().map(str::to_owned));
            }
        }
        Ok(texts)
    }

    /// Erases an award and those that corrections of the name link to it.
    fn erase_all(
        &self,
        first: AwardEditions,
        secret: &IdSecret,
        now: Timestamp,
    ) -> Result<Vec<CertificateId>> {
        let mut found = vec![first];
        self.add_corrections(&mut found, secret)?;
        let mut ids = Vec::new();
        // Each was found by an earlier one, so they are erased in reverse order.
        for editions in found.iter().rev() {
            if let Some(award) = &editions.award {
                ids.extend(self.erase_editions(award, secret, now)?);
                continue;
            }
            for record in &editions.records {
                self.erase_edition(&record.id, now)?;
                ids.push(record.id.clone());
            }
        }
        let mut seen = BTreeSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        Ok(ids)
    }

    /// Erases every edition of an award.
    fn erase_editions(
        &self,
        award: &Award,
        secret: &IdSecret,
        now: Timestamp,
    ) -> Result<Vec<CertificateId>> {
        let handle = AwardHandle::new(award.clone(), secret);
        let mut ids: Vec<CertificateId> = Vec::new();
        // Repeated until there is nothing left, because another process may have published the next
        // edition meanwhile.
        while self.erase_round(&handle, &mut ids, now)? {}
        // The snapshots are removed last, because the award in them leads to the other editions.
        ids.iter().try_for_each(|id| self.remove_snapshots(id))?;
        Ok(ids)
    }

    /// Erases the editions of an award that are not erased yet, and notes their ids. Returns whether
    /// there were any.
    fn erase_round(
        &self,
        award: &AwardHandle<'_>,
        ids: &mut Vec<CertificateId>,
        now: Timestamp,
    ) -> Result<bool> {
        let (mut is_changed, mut missing, mut number) = (false, 0, 0);
        while missing < MAX_MISSING {
            number += 1;
            let ids_of = award.ids(number);
            // Listed before the snapshots: a process that publishes writes its snapshot before any
            // of these files.
            let files = self.public_files(&ids_of)?;
            let begun = self.snapshots(&ids_of.verify)?.pop().map(|it| it.record);
            let record = self.record(&ids_of.verify)?;
            if record.is_none() && begun.is_none() {
                missing += 1;
                is_changed |= !files.is_empty();
                files.iter().try_for_each(|path| self.public.remove(path))?;
                continue;
            }
            missing = 0;
            let is_known = ids.contains(&ids_of.verify);
            if is_known && record.is_some_and(|it| it.status == Status::Erased) {
                continue;
            }
            is_changed = true;
            let known = Known {
                award: Some(award.award()),
                download_id: Some(&ids_of.download),
                now: None,
            };
            self.settle(&ids_of.verify, known, |record| {
                Ok(record.or(begun.as_ref()).map(|record| record.clone().erased(now)))
            })?;
            if !is_known {
                ids.push(ids_of.verify);
            }
        }
        Ok(is_changed)
    }

    /// The files of an edition in the public store.
    fn public_files(&self, ids: &Ids) -> Result<Vec<StorePath>> {
        let mut files = Vec::new();
        for folder in [paths::folder(&ids.verify), paths::downloads(&ids.download)] {
            self.public.list(Some(&StorePath::parse(&folder)?), &mut |path| {
                files.push(path);
                Ok(())
            })?;
        }
        Ok(files)
    }

    /// Removes the snapshots of a certificate.
    pub(super) fn remove_snapshots(&self, id: &CertificateId) -> Result<()> {
        self.snapshot_paths(id)?.iter().try_for_each(|path| self.private.remove(path))
    }
}

/// The ids of the editions of some awards, with that of one more, which may be begun.
fn ids_of(awards: &[AwardEditions], secret: &IdSecret) -> BTreeSet<CertificateId> {
    let mut ids = BTreeSet::new();
    for editions in awards {
        ids.extend(editions.records.iter().map(|record| record.id.clone()));
        let number = editions.records.len() as u32 + 1;
        let begun = editions.award.iter();
        ids.extend(
            begun.map(|award| AwardHandle::new(award.clone(), secret).ids(number).verify),
        );
    }
    ids
}
