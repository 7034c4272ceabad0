//! Everything that the site has of a recipient, searched for again until there is nothing left.

use std::collections::BTreeSet;
use std::path::Path;

use super::requests::{Recipient, Requests};
use crate::ErrorKind;
use crate::cli::args::{Selection, SiteArguments};
use crate::cli::exit::Failure;
use crate::cli::{console, selection};
use crate::register::{AwardEditions, CertificateId, Register, Status};
use crate::site::{Award, IdSecret, Recipient as AwardRecipient};

/// What the site has of a recipient at one moment.
pub(super) struct Found {
    pub(super) awards: Vec<AwardEditions>,
    pub(super) requests: Requests,
    pub(super) names: BTreeSet<String>,
    pub(super) usernames: BTreeSet<String>,
}

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        let requests = &self.requests;
        self.awards.is_empty() && requests.waiting() == 0 && requests.kept() == 0
    }
}

/// A search, which remembers what it found before.
pub(super) struct Search<'a> {
    site: &'a SiteArguments,
    output: Option<&'a Path>,
    register: &'a Register,
    secret: &'a IdSecret,
    selection: &'a Selection,
    awards: BTreeSet<Award>,
    ids: BTreeSet<CertificateId>,
    names: BTreeSet<String>,
    usernames: BTreeSet<String>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        site: &'a SiteArguments,
        output: Option<&'a Path>,
        register: &'a Register,
        secret: &'a IdSecret,
        selection: &'a Selection,
    ) -> Self {
        Self {
            site,
            output,
            register,
            secret,
            selection,
            awards: BTreeSet::new(),
            ids: BTreeSet::new(),
            names: BTreeSet::new(),
            usernames: BTreeSet::new(),
        }
    }

    /// The awards of ids that were given, the number of those that failed, and of those that no
    /// certificate has. Each of the two is told.
    pub(super) fn given(
        &self,
        ids: &[CertificateId],
    ) -> (Vec<AwardEditions>, usize, usize) {
        let mut found: Vec<AwardEditions> = Vec::new();
        let (mut failed, mut unknown) = (0, 0);
        for id in ids {
            match self.register.award_editions(id, self.secret) {
                Ok(editions) => {
                    // If earlier editions are lost, the award may not contain the given id.
                    if !editions.records.iter().any(|record| record.id == *id) {
                        found.extend(self.register.edition(id).ok());
                    }
                    found.push(editions);
                }
                Err(error) => {
                    let is_unknown = error.kind() == ErrorKind::UnknownCertificate;
                    *(if is_unknown { &mut unknown } else { &mut failed }) += 1;
                    console::print_message(&format!("{error:#}"));
                }
            }
        }
        (found, failed, unknown)
    }

    /// What there is besides these awards.
    pub(super) fn find(
        &mut self,
        mut awards: Vec<AwardEditions>,
    ) -> Result<Found, Failure> {
        let (register, secret) = (self.register, self.secret);
        let Self { site, output, selection, .. } = *self;
        let found = selection::find_awards(site, output, register, selection, secret)?;
        let (filter, of_recipient) = found.unzip();
        awards.extend(of_recipient.unwrap_or_default());
        register.add_corrections(&mut awards, secret)?;
        let mut seen = BTreeSet::new();
        awards.retain(|it| {
            it.award.as_ref().is_none_or(|award| seen.insert(award.clone()))
        });
        self.awards.append(&mut seen);
        self.note(&awards)?;
        let is_wanted = |award: &Award, name: Option<&str>| {
            self.awards.contains(award)
                || self.has_username(award)
                || filter.as_ref().is_some_and(|filter| filter.matches(award, name))
        };
        let mut words = &self.names | &self.usernames;
        words.extend(selection.recipient.clone());
        let recipient =
            Recipient { is_wanted: &is_wanted, ids: &self.ids, words: &words };
        let requests = Requests::find(site, register, &recipient)?;
        let asked_for = requests.awards();
        self.names.extend(requests.names());
        asked_for.iter().for_each(|award| self.note_award(award));
        self.awards.extend(asked_for);
        let (names, usernames) = (self.names.clone(), self.usernames.clone());
        Ok(Found { awards, requests, names, usernames })
    }

    /// What is left, or has come, since it was searched for last.
    pub(super) fn find_left(&mut self) -> Result<Found, Failure> {
        let known: Vec<AwardEditions> = self
            .awards
            .iter()
            .map(|award| self.register.editions_of(award.clone(), self.secret))
            .collect::<crate::Result<_>>()?;
        let mut found = self.find(known)?;
        found.awards.retain(is_left);
        Ok(found)
    }

    /// Whether an award has a username that goes with the recipient who is erased, in a course that
    /// is.
    fn has_username(&self, award: &Award) -> bool {
        let Selection { recipient, course, .. } = self.selection;
        let is_of_course = course.as_ref().is_none_or(|course| *course == award.course);
        let AwardRecipient::Id(id) = &award.recipient else { return false };
        recipient.is_some() && is_of_course && self.usernames.contains(id)
    }

    /// Notes the ids, names and usernames of awards, as long as they are known.
    fn note(&mut self, awards: &[AwardEditions]) -> Result<(), Failure> {
        let (names, usernames) = self.register.requested_names(awards, self.secret)?;
        self.names.extend(names);
        self.usernames.extend(usernames);
        for editions in awards {
            self.ids.extend(editions.records.iter().map(|record| record.id.clone()));
            self.names.extend(editions.name.clone());
            let printed =
                editions.records.iter().filter_map(|it| it.certificate.as_ref());
            self.names.extend(printed.map(|certificate| certificate.name.clone()));
            editions.award.iter().for_each(|award| self.note_award(award));
        }
        Ok(())
    }

    fn note_award(&mut self, award: &Award) {
        match &award.recipient {
            AwardRecipient::Id(id) => self.usernames.insert(id.clone()),
            AwardRecipient::Name(name) => self.names.insert(name.clone()),
            // A username or a name: the request tells.
            AwardRecipient::Specimen(_) => false,
        };
    }
}

/// Whether an award has an edition that is not erased, or one that was begun: that has a name.
fn is_left(editions: &AwardEditions) -> bool {
    let is_erased = editions.records.iter().all(|it| it.status == Status::Erased);
    !is_erased || editions.name.is_some()
}
