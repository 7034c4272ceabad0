//! The issue service, which calls the stages of issuing in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::date::Date;
use crate::base::digits::{CertificateId, KeyedDigest};
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::press::draft::Press;
use crate::register::award::AwardHandle;
use crate::register::award_settlement::Care;
use crate::register::certificates::Register;
use crate::register::editions::{Edition, Editions};
use crate::register::issue::decide::{Decision, MAX_ATTEMPTS, requested_at};
use crate::register::issue::draft::EditionRequest;
use crate::register::issue::facts::RequestFacts;
use crate::register::issue::lookup::{
    answered, corrected_by, decide_with_correction, differs,
};
use crate::register::issue::options::IssueOptions;
use crate::register::issue::publisher::Publisher;
use crate::register::issue::receipt::{
    CertificateUrls, IssueOutcome, Plan, Receipt, Timings,
};
use crate::register::issue::sealed::SealedEdition;
use crate::register::record::{Record, Status};
use crate::register::snapshot::Predecessor;
use crate::seal::sealer::Sealer;
use crate::seal::verify::Trust;
use crate::site::RootCrl;
use crate::site::award::Award;
use crate::site::course::Course;
use crate::site::files::Site;
use crate::site::id_secret::IdSecret;
use crate::site::request::Request;

/// Issues certificates: makes, seals and publishes them.
///
/// It is `Send + Sync` and takes `&self`: many threads and many processes may issue at once, and
/// each award gets one certificate. All calls block: in an async service, make them with
/// `spawn_blocking`. It is made by its [builder](Self::builder).
#[derive(Debug)]
pub struct IssueService {
    pub(super) press: Arc<Press>,
    pub(super) sealer: Sealer,
    pub(super) secret: IdSecret,
    pub(super) publisher: Publisher,
    /// The CRL of the root that issued the certificate that seals, if it is the site's own.
    root_crl: Option<Arc<RootCrl>>,
    /// Whether the stores are known to carry the mark of the secret.
    is_marked: Arc<AtomicBool>,
}

impl IssueService {
    pub(super) fn new(
        press: Arc<Press>,
        sealer: Sealer,
        secret: IdSecret,
        register: Register,
        trust: Trust,
        root_crl: Option<Arc<RootCrl>>,
    ) -> Self {
        Self {
            press,
            sealer,
            secret,
            publisher: Publisher::new(register, trust),
            root_crl,
            is_marked: Arc::default(),
        }
    }

    /// A service with the courses, layouts and pages of another site. Keys, stores and addresses
    /// stay as they are, so the settings of that site must be the same.
    ///
    /// # Errors
    /// As [`Press::new`] and [`Register::new`].
    pub fn with_site(&self, site: Site) -> Result<Self> {
        let press = Arc::new(Press::new(site)?);
        let publisher = self.publisher.with_site(press.site())?;
        Ok(Self {
            press,
            sealer: self.sealer.clone(),
            secret: self.secret.clone(),
            publisher,
            root_crl: self.root_crl.clone(),
            is_marked: self.is_marked.clone(),
        })
    }

    /// Keeps the CRL of the root current. It is called for every certificate, and acts at most once
    /// a minute.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the certificate that seals is revoked. Else what the public store and the
    /// folder of keys fail with.
    pub(crate) fn refresh_crl(&self, now: Timestamp) -> Result<()> {
        match &self.root_crl {
            Some(crl) if crl.is_time_to_look(now) => {
                let refreshed = self.register().refresh_crl(crl, now);
                refreshed.inspect_err(|_| crl.look_again())
            }
            _ => Ok(()),
        }
    }

    /// Marks the stores as those of the secret, before the first certificate.
    pub(super) fn mark_stores(&self) -> Result<()> {
        if !self.is_marked.load(Ordering::Relaxed) {
            self.register().mark(&self.secret)?;
            self.is_marked.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The register that certificates are published into.
    pub fn register(&self) -> &Register {
        self.publisher.register()
    }

    /// The press that makes the pages.
    pub fn press(&self) -> &Press {
        &self.press
    }

    /// Issues the certificate that is asked for, once: the same request gives the same receipt, no
    /// matter how often it comes and from which process.
    ///
    /// `today` dates the certificates of a rolling course; `now` is written into the record.
    ///
    /// # Errors
    /// As [`Press::draft`] and [`Sealer::seal`]. [`ErrorKind::NotPassed`]: the grade does not pass;
    /// the request is done, without a certificate. [`ErrorKind::Exists`] and
    /// [`ErrorKind::Revoked`]: the award has a certificate that the options keep.
    /// [`ErrorKind::Store`], [`ErrorKind::StoreRefused`] and [`ErrorKind::Io`]: a store failed.
    /// [`ErrorKind::Key`]: the stores belong to another id secret. [`ErrorKind::Tampered`]: a PDF
    /// at the certificate's path is not one of this site. [`ErrorKind::Unhealthy`]: other processes
    /// kept changing the award. After an error no certificate is left that looks valid, and the
    /// same request may be made again.
    pub fn issue(
        &self,
        request: &Request,
        today: Date,
        now: Timestamp,
        options: &IssueOptions,
    ) -> Result<Receipt> {
        self.issue_edition(request, None, today, now, options)
    }

    /// As [`issue`](Self::issue). A new edition is noted to correct the certificate `instead_of`,
    /// which is not changed here.
    pub(super) fn issue_edition(
        &self,
        request: &Request,
        instead_of: Option<&CertificateId>,
        today: Date,
        now: Timestamp,
        options: &IssueOptions,
    ) -> Result<Receipt> {
        let publish = self.register().publish();
        self.issue_with(request, instead_of, now, options, &|edition| {
            edition.draft(&self.press, today)?.seal(&self.sealer, publish)
        })
    }

    /// Issues as [`issue_edition`](Self::issue_edition) does, with `make` to make a sealed edition.
    pub(super) fn issue_with(
        &self,
        request: &Request,
        instead_of: Option<&CertificateId>,
        now: Timestamp,
        options: &IssueOptions,
        make: &dyn Fn(EditionRequest<'_>) -> Result<SealedEdition>,
    ) -> Result<Receipt> {
        let register = self.register();
        self.mark_stores()?;
        self.refresh_crl(now)?;
        let course = self.press.courses().get(request.course())?;
        // A grade that does not pass changes nothing, whatever the award has.
        self.check_grade(request, course)?;
        let award = AwardHandle::new(Award::of(request), &self.secret);
        let message = request.message_id().map(|id| award.message(id));
        let written = self.press.write(request)?;
        let mut facts = RequestFacts::of(&award, request, &written);
        let mut written = Some(written);
        if options.replace {
            facts.add_appearance(&self.press, &award, &mut written)?;
        }
        for _ in 0..MAX_ATTEMPTS {
            let mut lost = None;
            let editions =
                register.settle_award(&award, Care::Differing, now, &mut |settled| {
                    lost =
                        settled.is_pdf_lost.then_some(settled.record.id).or(lost.take());
                })?;
            let decision =
                self.decision(editions, request, message.as_ref(), &facts, options)?;
            let editions = match decision {
                Decision::IssueNext(editions) => editions,
                Decision::Differ(current) => {
                    return Err(differs(register, request, &facts, &current.record)?);
                }
                Decision::Keep(edition, outcome) => {
                    let noted_at = request
                        .requested_at()
                        .filter(|_| outcome == IssueOutcome::Unchanged);
                    // Another process changed the record first: decide again by what it says now.
                    let Some(record) =
                        register.note_request(edition.record.clone(), noted_at)?
                    else {
                        continue;
                    };
                    if let Some(message) = &message {
                        register.note_message(&record.id, message)?;
                    }
                    let is_lost = lost.as_ref() == Some(&record.id)
                        || register.lacks_pdf(&record)?;
                    let mut receipt = self.kept(Edition { record, ..edition }, outcome);
                    receipt.warnings.extend(is_lost.then(lost_pdf));
                    return Ok(receipt);
                }
            };
            facts.add_appearance(&self.press, &award, &mut written)?;
            let edition = EditionRequest {
                request,
                course,
                award: award.award(),
                facts: &facts,
                predecessor: editions.current.as_ref().map(|current| Predecessor {
                    id: current.record.id.clone(),
                    status: current.record.status,
                    mark: award.mark(&current.record.id),
                }),
                message: message.as_ref(),
                instead_of,
                number: editions.next_number(),
                ids: &editions.next,
                requested_at: requested_at(
                    request,
                    editions.current.as_ref().map(|it| &it.record),
                ),
                now,
            };
            let prepared = self.publisher.prepare(make(edition)?)?;
            // Another process ended the edition before it was published: decide again.
            let Some(published) = prepared.publish(now)? else { continue };
            // Another process published the edition with other facts: decide what they mean for
            // this request.
            let is_same = facts.are_those_of(&published.record);
            if !is_same || (options.replace && !facts.look_like(&published.record)) {
                continue;
            }
            let status_before = editions.current.as_ref().map(|it| it.record.status);
            let outcome = match status_before {
                // Another process published it first, and reports it.
                _ if !published.is_first => IssueOutcome::Unchanged,
                None => IssueOutcome::Issued,
                Some(Status::Revoked) => IssueOutcome::Reissued,
                Some(_) => IssueOutcome::Superseding,
            };
            let ids = editions.next;
            let record = match status_before {
                None => published.record,
                Some(_) => {
                    let care = Care::Differing;
                    let settled =
                        register.settle_award(&award, care, now, &mut |_| ())?;
                    let own = settled.all().find(|it| it.ids == ids);
                    own.map_or(published.record, |edition| edition.record.clone())
                }
            };
            // The revocation or erasure of the edition before it applies to this one too: decide
            // again.
            if matches!(record.status, Status::Revoked | Status::Erased) {
                continue;
            }
            return Ok(Receipt {
                urls: CertificateUrls::new(ids, register.publish()),
                record,
                outcome,
                warnings: published.warnings,
                timings: published.timings,
            });
        }
        Err(Error::new(
            ErrorKind::Unhealthy,
            "other processes keep issuing the same certificate",
        )
        .with_help("find out who asks for it with other facts"))
    }

    /// What issuing a request would do. Nothing is made and nothing is written.
    ///
    /// # Errors
    /// As [`issue`](Self::issue), but for what only making the page or writing to a store can show.
    pub fn plan(&self, request: &Request, options: &IssueOptions) -> Result<Plan> {
        let register = self.register();
        let course = self.press.courses().get(request.course())?;
        self.check_grade(request, course)?;
        let award = AwardHandle::new(Award::of(request), &self.secret);
        let written = self.press.write(request)?;
        let mut facts = RequestFacts::of(&award, request, &written);
        let mut written = Some(written);
        if options.replace {
            facts.add_appearance(&self.press, &award, &mut written)?;
        }
        let editions = register.editions(&award)?;
        let message = request.message_id().map(|id| award.message(id));
        let decision =
            self.decision(editions, request, message.as_ref(), &facts, options)?;
        let (ids, exists) = match decision {
            Decision::Keep(edition, _) => (edition.ids, true),
            Decision::Differ(current) => {
                return Err(differs(register, request, &facts, &current.record)?);
            }
            Decision::IssueNext(editions) => (editions.next, false),
        };
        Ok(Plan { urls: CertificateUrls::new(ids, register.publish()), exists })
    }

    /// Decides what the editions of an award mean for a request.
    fn decision(
        &self,
        mut editions: Editions,
        request: &Request,
        message: Option<&KeyedDigest>,
        facts: &RequestFacts,
        options: &IssueOptions,
    ) -> Result<Decision> {
        let register = self.register();
        if options.replace {
            register.look_for_pdf(&mut editions)?;
        }
        let corrected = corrected_by(register, &self.secret, &editions)?;
        match (answered(register, &editions, message, facts)?, editions) {
            (Some(outcome), Editions { current: Some(current), .. }) => {
                Ok(Decision::Keep(current, outcome))
            }
            (_, editions) => decide_with_correction(
                register, editions, corrected, request, facts, options,
            ),
        }
    }

    /// Checks that a grade passes. Of one that does not the error names the certificate that the recipient
    /// has all the same: it is not for this program to decide whether that was a mistake.
    ///
    /// # Errors
    /// As [`Request::mark`]; the stores failed.
    pub(super) fn check_grade(&self, request: &Request, course: &Course) -> Result<()> {
        let Err(error) = request.mark(course, request.is_specimen()) else {
            return Ok(());
        };
        if error.kind() != ErrorKind::NotPassed {
            return Err(error);
        }
        let Some(record) = self.standing_record(&Award::of(request))? else {
            return Err(error);
        };
        let message = format!(
            "{}; the recipient has the certificate {}, which stays valid until it is revoked",
            error.message(),
            record.id
        );
        Err(Error::new(ErrorKind::NotPassed, message).with_help(format!(
            "if it was issued by mistake: testamur revoke {} --reason \"…\"",
            record.id
        )))
    }

    /// The record of the certificate of an award that stands.
    ///
    /// # Errors
    /// As [`Register::record`].
    pub(crate) fn standing_record(&self, award: &Award) -> Result<Option<Record>> {
        Ok(self.last(award)?.filter(|record| record.status.stands()))
    }

    /// The record of the last edition of an award, whatever its status, or `None` if the award has
    /// no edition.
    ///
    /// # Errors
    /// As [`Register::record`].
    pub fn last(&self, award: &Award) -> Result<Option<Record>> {
        let award = AwardHandle::new(award.clone(), &self.secret);
        Ok(self.register().editions(&award)?.current.map(|edition| edition.record))
    }

    /// The receipt of an earlier run of the very same request, if its certificate is the current
    /// edition and valid. It is found even if the course is gone or the layout has an error by now.
    ///
    /// # Errors
    /// As [`Register::record`].
    #[cfg(feature = "agent")]
    pub(crate) fn standing(&self, request: &Request) -> Result<Option<Receipt>> {
        let award = AwardHandle::new(Award::of(request), &self.secret);
        let Some(current) = self.register().editions(&award)?.current else {
            return Ok(None);
        };
        let sha256 = current.record.certificate.as_ref().and_then(|it| it.pdf_sha256());
        let Some(sha256) = sha256 else { return Ok(None) };
        let snapshot = self.register().snapshot(&current.record.id, sha256)?;
        let is_same = snapshot.is_some_and(|snapshot| snapshot.answers(request));
        let is_valid = current.record.status.stands();
        Ok((is_valid && is_same).then(|| self.kept(current, IssueOutcome::Unchanged)))
    }

    /// The receipt of an edition for which nothing was made.
    fn kept(&self, edition: Edition, outcome: IssueOutcome) -> Receipt {
        let mut urls = CertificateUrls::new(edition.ids, self.register().publish());
        // The addresses printed on the certificate. The settings may have changed since.
        if let Some(certificate) = &edition.record.certificate {
            if let Some(url) = &certificate.verify_url {
                urls.verify_url.clone_from(url);
            }
            if let Some(pdf) = &certificate.pdf {
                urls.download_url.clone_from(&pdf.url);
            }
        }
        Receipt {
            urls,
            record: edition.record,
            outcome,
            warnings: Vec::new(),
            timings: Timings::default(),
        }
    }
}

/// The warning about a valid certificate that cannot be downloaded.
fn lost_pdf() -> Warning {
    let message = "the PDF is lost: the public store does not have it";
    Warning::new(ErrorKind::MissingFile, message).with_help(
        "put a copy back: testamur restore --from DIR; or make the next edition: --replace",
    )
}
