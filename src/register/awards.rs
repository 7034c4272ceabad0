//! The awards of a recipient.
//!
//! Takes an id, a username or a name; gives awards with their editions. The decision made here: the
//! private store tells to whom a certificate belongs; if its files are lost, the name in the public
//! record does. Every private record is read.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::digits::CertificateId;
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::register::award::AwardHandle;
use crate::register::certificates::Register;
use crate::register::paths;
use crate::register::record::{Record, Status};
use crate::register::status_changes::award_by_name;
use crate::site::award::{Award, Recipient};
use crate::site::id_secret::IdSecret;
use crate::site::name::Name;

/// An award with its editions, or one edition whose award is not known.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AwardEditions {
    /// The award. `None` if it is not known, because its private record is lost.
    pub award: Option<Award>,
    /// The records of its editions, in order. Empty if none was published.
    pub records: Vec<Record>,
    /// The name of the recipient: that of the last edition that has one.
    pub name: Option<String>,
    /// The course's id, if it is known.
    pub course: Option<String>,
}

/// Which recipient is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientFilter {
    /// The text as it was given, for usernames.
    text: String,
    /// The name that the text is, if it can be one.
    name: Option<String>,
    course: Option<String>,
    /// Usernames of recipients with that name.
    usernames: BTreeSet<String>,
}

impl RecipientFilter {
    /// The recipient with this username or this name. A name must be whole and written as it is
    /// printed; only blanks may differ.
    pub fn new(text: &str) -> Self {
        let name = Name::clean(text).ok().map(|(name, _)| name.as_str().to_owned());
        let text = text.trim().to_owned();
        Self { text, name, course: None, usernames: BTreeSet::new() }
    }

    /// Only awards of this course.
    pub fn with_course(mut self, course: Option<&str>) -> Self {
        self.course = course.map(str::to_owned);
        self
    }

    /// Whether an award is one of this recipient, by the name on its certificate or its request.
    pub fn matches(&self, award: &Award, name: Option<&str>) -> bool {
        let is_of_course =
            self.course.as_ref().is_none_or(|course| *course == award.course);
        is_of_course && self.is_recipient(award, name)
    }

    fn is_recipient(&self, award: &Award, name: Option<&str>) -> bool {
        let is_name = |it: &str| self.name.as_deref() == Some(it);
        let is_username = |it: &str| it == self.text || self.usernames.contains(it);
        name.is_some_and(is_name)
            || match &award.recipient {
                Recipient::Id(id) => is_username(id),
                Recipient::Name(name) => is_name(name),
                Recipient::Specimen(id) => is_username(id) || is_name(id),
            }
    }

    /// Notes the username of a recipient with that name: the same person's other certificates may
    /// bear another name.
    fn note(&mut self, award: &Award) -> bool {
        match &award.recipient {
            Recipient::Id(id) if *id != self.text => self.usernames.insert(id.clone()),
            _ => false,
        }
    }
}

/// The files of one id in the private store.
#[derive(Debug, Default)]
struct PrivateFiles {
    has_record: bool,
    snapshots: Vec<StorePath>,
}

impl Register {
    /// The award that a certificate belongs to, with all its editions.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCertificate`](crate::ErrorKind::UnknownCertificate): no certificate has
    /// this id. Else as [`record`](Self::record).
    pub fn award_editions(
        &self,
        id: &CertificateId,
        secret: &IdSecret,
    ) -> Result<AwardEditions> {
        match self.award_of(id, secret)? {
            Some(award) => self.editions_of(award, secret),
            None => self.edition(id),
        }
    }

    /// A certificate without its award, for callers that do not need the other editions. It needs
    /// no secret.
    ///
    /// # Errors
    /// As [`award_editions`](Self::award_editions).
    pub fn edition(&self, id: &CertificateId) -> Result<AwardEditions> {
        let record = self.known(id)?;
        let certificate = record.certificate.as_ref();
        let told = certificate.map(|it| (it.name.clone(), it.course.id.clone()));
        // Only the snapshot of a superseded edition has its name.
        let told = match told {
            None if record.status != Status::Erased => {
                let snapshot = self.snapshots(id)?.pop();
                snapshot.map(|it| (it.request.name, it.award.course))
            }
            told => told,
        };
        let (name, course) = told.unzip();
        Ok(AwardEditions { award: None, records: vec![record], name, course })
    }

    /// Every award of a recipient, specimens and unfinished ones among them, in order. If the
    /// recipient is given by name, awards by the usernames that go with that name are among them,
    /// and the usernames are noted in `recipient`. So are awards under a name that was corrected.
    ///
    /// # Errors
    /// As [`record`](Self::record), for any certificate.
    pub fn awards_of(
        &self,
        recipient: &mut RecipientFilter,
        secret: &IdSecret,
    ) -> Result<Vec<AwardEditions>> {
        let files = self.private_files()?;
        let mut public = Vec::new();
        self.public.list(Some(&StorePath::parse(paths::CERTIFICATES)?), &mut |path| {
            let id = paths::record_id(path.as_str());
            public.extend(id.filter(|id| !files.contains_key(id)));
            Ok(())
        })?;
        self.awards_in(recipient, &files, public, secret)
    }

    /// As [`awards_of`](Self::awards_of), where every certificate that may be the recipient's is
    /// among these ids.
    ///
    /// # Errors
    /// As [`record`](Self::record), for any of them.
    #[cfg(feature = "index")]
    pub fn awards_among(
        &self,
        recipient: &mut RecipientFilter,
        ids: &BTreeSet<CertificateId>,
        secret: &IdSecret,
    ) -> Result<Vec<AwardEditions>> {
        let mut files = BTreeMap::new();
        for id in ids {
            self.private.list(Some(&StorePath::parse(id)?), &mut |path| {
                note_private(&mut files, path);
                Ok(())
            })?;
        }
        let public = ids.iter().filter(|id| !files.contains_key(*id)).cloned().collect();
        self.awards_in(recipient, &files, public, secret)
    }

    /// The awards of a recipient among the certificates that have these private files, and those
    /// that have none.
    fn awards_in(
        &self,
        filter: &mut RecipientFilter,
        files: &BTreeMap<CertificateId, PrivateFiles>,
        public: Vec<CertificateId>,
        secret: &IdSecret,
    ) -> Result<Vec<AwardEditions>> {
        let mut found: BTreeSet<Award> = BTreeSet::new();
        // Their ids are not derived from their awards: they were imported.
        let mut foreign: BTreeMap<CertificateId, AwardEditions> = BTreeMap::new();
        loop {
            let mut has_new_usernames = false;
            for (id, files) in files {
                for (award, name) in self.owners(id, files)? {
                    // A username is noted even if the award is of another course.
                    if filter.is_recipient(&award, name.as_deref()) {
                        has_new_usernames |= filter.note(&award);
                    }
                    if !filter.matches(&award, name.as_deref()) {
                        continue;
                    }
                    match self.foreign_edition(id, &award, secret)? {
                        Some(edition) => {
                            foreign.insert(id.clone(), edition);
                        }
                        None => {
                            found.insert(award);
                        }
                    }
                }
            }
            if !has_new_usernames {
                break;
            }
        }
        let (by_name, unknown) = self.public_only(filter, public, secret)?;
        found.extend(by_name);
        let known = found.into_iter().map(|award| self.editions_of(award, secret));
        let mut all: Vec<AwardEditions> =
            known.chain(unknown.into_iter().map(Ok)).collect::<Result<_>>()?;
        all.extend(foreign.into_values());
        self.add_corrections(&mut all, secret)?;
        Ok(all)
    }

    /// A certificate that was imported, whose id does not follow from its award; `None` if it does.
    fn foreign_edition(
        &self,
        id: &CertificateId,
        award: &Award,
        secret: &IdSecret,
    ) -> Result<Option<AwardEditions>> {
        let Some(record) = self.record(id)? else { return Ok(None) };
        if !record.is_imported() {
            return Ok(None);
        }
        let is_derived = award.ids(secret, record.edition).verify == *id;
        let name = record.certificate.as_ref().map(|it| it.name.clone());
        let course = Some(award.course.clone());
        let editions = AwardEditions { award: None, records: vec![record], name, course };
        Ok((!is_derived).then_some(editions))
    }

    /// An award with its editions. Its name is that of one that was begun, if no other has one.
    pub(crate) fn editions_of(
        &self,
        award: Award,
        secret: &IdSecret,
    ) -> Result<AwardEditions> {
        let editions = self.editions(&AwardHandle::new(award.clone(), secret))?;
        let next = self.snapshots(&editions.next.verify)?;
        let records: Vec<Record> =
            editions.all().map(|edition| edition.record.clone()).collect();
        let printed = records.iter().rev().find_map(|record| record.certificate.as_ref());
        let name = printed.map(|certificate| certificate.name.clone());
        let name = name.or_else(|| next.into_iter().next().map(|it| it.request.name));
        // Only the snapshots of a corrected award have its name.
        let name = match (name, records.last()) {
            (None, Some(last)) if last.status != Status::Erased => {
                self.snapshots(&last.id)?.pop().map(|it| it.request.name)
            }
            (name, _) => name,
        };
        let course = Some(award.course.clone());
        Ok(AwardEditions { award: Some(award), records, name, course })
    }

    /// The files of certificates in the private store, by id.
    fn private_files(&self) -> Result<BTreeMap<CertificateId, PrivateFiles>> {
        let mut all: BTreeMap<CertificateId, PrivateFiles> = BTreeMap::new();
        self.private.list(None, &mut |path| {
            note_private(&mut all, path);
            Ok(())
        })?;
        Ok(all)
    }

    /// The award of an id and the names that were printed for it, as the private store has them.
    fn owners(
        &self,
        id: &CertificateId,
        files: &PrivateFiles,
    ) -> Result<Vec<(Award, Option<String>)>> {
        let mut owners = Vec::new();
        if files.has_record {
            let sides = self.sides(id)?;
            let certificate = sides.record().and_then(|it| it.certificate.as_ref());
            let name = certificate.map(|certificate| certificate.name.clone());
            let is_named = name.is_some();
            owners.extend(sides.award().map(|award| (award.clone(), name)));
            if is_named && !owners.is_empty() {
                return Ok(owners);
            }
        }
        // Only the snapshot of a superseded edition has its name. A tombstone has none.
        for path in &files.snapshots {
            let snapshot = self.read_snapshot(path)?;
            owners.extend(snapshot.map(|it| (it.award, Some(it.request.name))));
        }
        Ok(owners)
    }

    /// The certificates with that name that have no file in the private store.
    fn public_only(
        &self,
        filter: &RecipientFilter,
        ids: Vec<CertificateId>,
        secret: &IdSecret,
    ) -> Result<(Vec<Award>, Vec<AwardEditions>)> {
        let (mut awards, mut unknown) = (Vec::new(), Vec::new());
        for id in ids {
            let Some(record) = self.record(&id)? else { continue };
            let Some(certificate) = &record.certificate else { continue };
            let course = filter.course.as_ref();
            let is_of_course = course.is_none_or(|it| *it == certificate.course.id);
            if !is_of_course || filter.name.as_ref() != Some(&certificate.name) {
                continue;
            }
            match award_by_name(&record, secret) {
                Some(award) => awards.push(award),
                None => {
                    let name = Some(certificate.name.clone());
                    let course = Some(certificate.course.id.clone());
                    let records = vec![record];
                    unknown.push(AwardEditions { award: None, records, name, course });
                }
            }
        }
        Ok((awards, unknown))
    }
}

/// Notes a file of the private store, if it belongs to a certificate.
fn note_private(all: &mut BTreeMap<CertificateId, PrivateFiles>, path: StorePath) {
    let Some(id) = paths::private_id(path.as_str()) else { return };
    let files = all.entry(id).or_default();
    if paths::is_snapshot(path.as_str()) {
        files.snapshots.push(path);
    } else {
        files.has_record |= paths::is_private_record(path.name());
    }
}
