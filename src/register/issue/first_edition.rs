//! The first edition of an award: made and sealed apart from its publication, so that a batch can
//! publish many together.

use crate::base::date::Date;
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::register::award::AwardHandle;
use crate::register::issue::decide::requested_at;
use crate::register::issue::draft::EditionRequest;
use crate::register::issue::facts::RequestFacts;
use crate::register::issue::options::IssueOptions;
use crate::register::issue::publisher::PublishedEdition;
use crate::register::issue::receipt::{CertificateUrls, IssueOutcome, Receipt};
use crate::register::issue::sealed::SealedEdition;
use crate::register::issue::service::IssueService;
use crate::register::publication::{EditionFiles, EditionToPublish, Finished};
use crate::register::record::Status;
use crate::site::award::{Award, Ids};
use crate::site::request::Request;

/// The first edition of an award, made and sealed, before anything of it is written.
pub(super) struct FirstEdition {
    sealed: SealedEdition,
    facts: RequestFacts,
    ids: Ids,
    files: EditionFiles,
}

impl FirstEdition {
    /// How many bytes its files have.
    pub(super) fn size(&self) -> usize {
        self.files.size() + self.sealed.pdf.bytes.len()
    }

    /// The data that publishing it needs.
    pub(super) fn to_publish(&self) -> EditionToPublish<'_> {
        EditionToPublish {
            snapshot: &self.sealed.snapshot,
            files: &self.files,
            pdf: &self.sealed.pdf.bytes,
        }
    }
}

impl IssueService {
    /// Makes and seals the first edition of an award. Returns `None` if the award has an edition, or
    /// the request or the options ask for what a first edition does not need.
    ///
    /// # Errors
    /// As [`issue`](Self::issue).
    pub(super) fn first_edition(
        &self,
        request: &Request,
        today: Date,
        now: Timestamp,
        options: &IssueOptions,
    ) -> Result<Option<FirstEdition>> {
        if options.replace || request.message_id().is_some() {
            return Ok(None);
        }
        self.mark_stores()?;
        self.refresh_crl(now)?;
        let course = self.press.courses().get(request.course())?;
        self.check_grade(request, course)?;
        let award = AwardHandle::new(Award::of(request), &self.secret);
        let editions = self.register().editions(&award)?;
        if editions.current.is_some() {
            return Ok(None);
        }
        let written = self.press.write(request)?;
        let mut facts = RequestFacts::of(&award, request, &written);
        let mut written = Some(written);
        facts.add_appearance(&self.press, &award, &mut written)?;
        let edition = EditionRequest {
            request,
            course,
            award: award.award(),
            facts: &facts,
            predecessor: None,
            message: None,
            instead_of: None,
            number: editions.next_number(),
            ids: &editions.next,
            requested_at: requested_at(request, None),
            now,
        };
        let draft = edition.draft(&self.press, today)?;
        let sealed = draft.seal(&self.sealer, self.register().publish())?;
        let files = self.register().edition_files(&sealed.snapshot)?;
        Ok(Some(FirstEdition { sealed, facts, ids: editions.next, files }))
    }

    /// Publishes a first edition by itself. Returns `None` if another process was first with other
    /// facts or has ended the edition: then the request has to be issued anew.
    ///
    /// # Errors
    /// As [`issue`](Self::issue).
    pub(super) fn publish_first(
        &self,
        first: FirstEdition,
        now: Timestamp,
    ) -> Result<Option<Receipt>> {
        let FirstEdition { sealed, facts, ids, .. } = first;
        let published = self.publisher.prepare(sealed)?.publish(now)?;
        let stands = |it: &PublishedEdition| {
            let is_ended = matches!(it.record.status, Status::Revoked | Status::Erased);
            facts.are_those_of(&it.record) && !is_ended
        };
        Ok(published
            .filter(stands)
            .map(|published| self.receipt_of_first(ids, published)))
    }

    /// The receipt of a first edition that was published together with others.
    pub(super) fn first_receipt(
        &self,
        first: FirstEdition,
        finished: Finished,
    ) -> Receipt {
        let FirstEdition { sealed, ids, .. } = first;
        self.receipt_of_first(ids, PublishedEdition::of(sealed, finished))
    }

    /// Removes what the private store has of a first edition that has ended before it was published.
    pub(super) fn discard_first(&self, first: &FirstEdition) -> Result<()> {
        let SealedEdition { snapshot, pdf, .. } = &first.sealed;
        self.register().discard(&snapshot.record.id, &pdf.sha256)
    }

    fn receipt_of_first(&self, ids: Ids, published: PublishedEdition) -> Receipt {
        Receipt {
            urls: CertificateUrls::new(ids, self.register().publish()),
            record: published.record,
            // Another process published it first, and reports it.
            outcome: if published.is_first {
                IssueOutcome::Issued
            } else {
                IssueOutcome::Unchanged
            },
            warnings: published.warnings,
            timings: published.timings,
        }
    }
}
