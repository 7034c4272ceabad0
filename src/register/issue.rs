//! Issuing: from a request to a certificate that exists.
//!
//! The order is what makes it safe: a private snapshot, the PDF if there is none, signature and
//! pages, the record. Whoever is interrupted leaves something that the next run finishes, and
//! whoever comes second finds the first one's PDF and goes on with it.

mod order;
mod revoke;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use self::order::{Order, sha256};
pub use self::revoke::RevokeOutcome;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::press::pipeline::Press;
use crate::register::certificates::{PdfCreated, Register};
use crate::register::record::{Record, Status};
use crate::register::snapshot::{Signature, Snapshot};
use crate::seal::sealer::Sealer;
use crate::seal::verify::{Trust, verify};
use crate::site::award::Award;
use crate::site::files::Site;
use crate::site::id_secret::IdSecret;
use crate::site::keys::Keys;
use crate::site::request::Request;

/// So often may somebody else be faster than we before we give up.
const MAX_TURNS: usize = 16;

/// Issues certificates: makes, seals and publishes them.
///
/// `Send + Sync`, `&self`, many threads and many processes: each award gets one certificate.
#[derive(Debug)]
pub struct IssueService {
    press: Arc<Press>,
    sealer: Sealer,
    trust: Trust,
    key: String,
    secret: IdSecret,
    register: Register,
    /// The certificates of which a PDF could not be published: their snapshots are in the way.
    orphans: Arc<Mutex<HashSet<String>>>,
}

/// What an issuer may do to a certificate that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct IssueOptions {
    /// Other facts than those of the current edition always make the next one.
    pub replace: bool,
    /// A certificate that was revoked, or whose person was erased, comes back as the next edition.
    pub reissue: bool,
    /// Other facts than those of the current edition are an error, unless `replace` is set: the way
    /// of lists, in which an old line must not undo what somebody mended since.
    pub cautious: bool,
}

impl IssueOptions {
    /// Whether other facts always make the next edition.
    pub fn with_replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Whether a revoked certificate may come back.
    pub fn with_reissue(mut self, reissue: bool) -> Self {
        self.reissue = reissue;
        self
    }

    /// Whether other facts are an error.
    pub fn with_cautious(mut self, cautious: bool) -> Self {
        self.cautious = cautious;
        self
    }
}

/// Where a certificate can be had.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Receipt {
    /// Its public record.
    pub record: Record,
    /// Its ids and addresses.
    pub urls: CertificateUrls,
    /// What came of the request.
    pub outcome: IssueOutcome,
    /// What was done on the way that somebody may want to know.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub timings: Timings,
}

/// How long the parts of issuing took; nothing where nothing had to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Timings {
    /// To set the page and to read its proof, waiting for a free thread included.
    pub render: Duration,
    /// To seal the PDF.
    pub seal: Duration,
    /// To write it down and to publish it.
    pub publish: Duration,
}

/// What issuing a request would do, unless another process changes the award first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// Where the certificate will be, or is.
    pub urls: CertificateUrls,
    /// Whether it is issued already.
    pub exists: bool,
}

/// The ids and addresses of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateUrls {
    /// The id of its verify page: 32 hexadecimal digits in lower case.
    pub verify_id: String,
    /// The id of its PDF: 32 hexadecimal digits in lower case. Neither id can be derived from the
    /// other.
    pub download_id: String,
    /// The address of its verify page.
    pub verify_url: String,
    /// The address of its PDF.
    pub download_url: String,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IssueOutcome {
    /// A certificate was issued, or one that another process had begun was finished.
    Issued,
    /// The current edition has the same facts.
    Unchanged,
    /// A new edition was issued, which supersedes the one before it.
    Superseding,
    /// The request is older than the current edition, and changed nothing.
    Stale,
}

impl IssueOutcome {
    /// The outcome in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            IssueOutcome::Issued => "issued",
            IssueOutcome::Unchanged => "unchanged",
            IssueOutcome::Superseding => "superseding",
            IssueOutcome::Stale => "stale",
        }
    }
}

impl IssueService {
    /// An issuer that seals with these keys and publishes into this register, and first of all the
    /// public key.
    ///
    /// # Errors
    /// What the store says.
    pub fn new(
        press: Arc<Press>,
        keys: &Keys,
        secret: IdSecret,
        register: Register,
    ) -> Result<Self> {
        let public = keys.public();
        register.publish_key(&public.openpgp_fingerprint, &public.openpgp_armor)?;
        Ok(Self {
            press,
            sealer: keys.sealer(),
            trust: keys.trust().clone(),
            key: public.openpgp_armor,
            secret,
            register,
            orphans: Arc::default(),
        })
    }

    /// Issues what is asked for, once: the same request gives the same receipt, however often it
    /// comes and from wherever.
    ///
    /// `today` dates the certificates of a rolling course, `now` is written into the record.
    ///
    /// # Errors
    /// What [`Press::draft`] says; [`ErrorKind::Exists`] and [`ErrorKind::Revoked`] when a certificate is
    /// there that the options keep; [`ErrorKind::Store`] and the like when it cannot be published.
    /// Nothing that looks valid is left by a failure, and the same request may come again.
    pub fn issue(
        &self,
        request: &Request,
        today: Date,
        now: Timestamp,
        options: &IssueOptions,
    ) -> Result<Receipt> {
        let course = self.press.courses().get(request.course())?;
        let order = Order::new(request, course, &self.secret, today, now);
        for _ in 0..MAX_TURNS {
            let editions = self.register.editions(&order.award, &self.secret)?;
            self.supersede_all(&order.award, &editions, now)?;
            if let Some(outcome) = decide(&editions, request, &order.facts, options)? {
                let current = editions.into_iter().next_back();
                let current = current.expect("only an edition settles a request");
                let again =
                    request.requested_at().filter(|_| outcome == IssueOutcome::Unchanged);
                let Some(current) = self.register.ask_again(current, again)? else {
                    continue;
                };
                let made = (Vec::new(), Timings::default());
                return Ok(self.receipt(&order.award, current, outcome, made));
            }
            let edition = editions.len() as u32 + 1;
            // Overtaken: what is there now is to be seen.
            let Some((snapshot, made)) = self.publish(&order, edition)? else { continue };
            let record = snapshot.record;
            // Somebody else's, of other facts: what they mean for this request is to be seen.
            if record.facts.as_ref() != Some(&order.facts) {
                continue;
            }
            let record = self.revoke_with(editions.last(), record, now)?;
            let outcome = match (record.status, editions.is_empty()) {
                (Status::Revoked, _) => IssueOutcome::Stale,
                (_, true) => IssueOutcome::Issued,
                (_, false) => IssueOutcome::Superseding,
            };
            let editions = [editions, vec![record.clone()]].concat();
            self.supersede_all(&order.award, &editions, now)?;
            return Ok(self.receipt(&order.award, record, outcome, made));
        }
        Err(Error::new(ErrorKind::Unhealthy, "others keep issuing the same certificate")
            .with_help("find out who asks for it with other facts"))
    }

    /// The register that it publishes into.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The press that makes its certificates.
    pub fn press(&self) -> &Press {
        &self.press
    }

    /// Where the certificate of a request will be: nothing is made. Of a request whose certificate is
    /// there already, where it is.
    ///
    /// # Errors
    /// As [`issue`](Self::issue), short of what only making it can show.
    pub fn plan(&self, request: &Request, options: &IssueOptions) -> Result<Plan> {
        let course = self.press.courses().get(request.course())?;
        let award = Award::of(request);
        let facts = Award::facts(&self.secret, course, request);
        let editions = self.register.editions(&award, &self.secret)?;
        let exists = decide(&editions, request, &facts, options)?.is_some();
        let edition = editions.len() as u32 + u32::from(!exists);
        let (ids, publish) = (award.ids(&self.secret, edition), self.register.publish());
        let urls = CertificateUrls {
            verify_url: publish.verify_url(&ids.verify),
            download_url: publish.download_url(&ids.download),
            verify_id: ids.verify,
            download_id: ids.download,
        };
        Ok(Plan { urls, exists })
    }

    /// The last edition of an award, if there is any.
    ///
    /// # Errors
    /// What the store says.
    pub fn last(&self, award: &Award) -> Result<Option<Record>> {
        Ok(self.register.editions(award, &self.secret)?.pop())
    }

    /// What was made of the same request, if it is the current edition and holds: also of a course that
    /// is not there any more, or a layout that has a fault by now.
    ///
    /// # Errors
    /// What the stores say.
    #[cfg(feature = "agent")]
    pub(crate) fn standing(&self, request: &Request) -> Result<Option<Receipt>> {
        let award = Award::of(request);
        let Some(record) = self.last(&award)? else { return Ok(None) };
        let Some(certificate) = &record.certificate else { return Ok(None) };
        let snapshot = self.register.snapshot(&record.id, &certificate.pdf.sha256)?;
        let holds = record.status.stands();
        let same = snapshot.is_some_and(|snapshot| snapshot.answers(request));
        let made = (Vec::new(), Timings::default());
        Ok((holds && same)
            .then(|| self.receipt(&award, record, IssueOutcome::Unchanged, made)))
    }

    /// The same with the courses, layouts and pages of another site. Its settings must be the same:
    /// keys, stores and links stay as they are.
    ///
    /// # Errors
    /// As [`Press::new`] and [`Register::new`].
    pub fn with_site(&self, site: Site) -> Result<Self> {
        let press = Arc::new(Press::new(site)?);
        let register = self.register.with_site(press.site())?;
        Ok(Self {
            press,
            sealer: self.sealer.clone(),
            trust: self.trust.clone(),
            key: self.key.clone(),
            secret: self.secret.clone(),
            register,
            orphans: self.orphans.clone(),
        })
    }

    /// Publishes an edition, or finishes the one that somebody else began; nothing, if it was
    /// superseded, revoked or erased meanwhile.
    fn publish(
        &self,
        order: &Order<'_>,
        edition: u32,
    ) -> Result<Option<(Snapshot, Made)>> {
        let begun = Instant::now();
        let ids = order.award.ids(&self.secret, edition);
        let job = self.press.job(order.request, order.today, ids.verify.clone())?;
        let facts = order.facts_of(&job);
        let mut warnings = job.warnings;
        let (pdf, found) = self.press.print(order.request, job.set)?;
        let rendered = Instant::now();
        let sealed = self.sealer.seal(&pdf, order.now)?;
        let sealed_at = Instant::now();
        warnings.extend(found.into_iter().chain(sealed.warnings.iter().cloned()));

        let publish = self.register.publish();
        let record = order.record(edition, &ids, &facts, &sealed, &self.sealer, publish);
        let signature =
            sealed.signature.map(|armor| Signature { armor, key: self.key.clone() });
        let snapshot = Snapshot::new(&order.award, order.request, record, signature);
        let path = format!("downloads/{}/{}", ids.download, publish.filename.as_str());
        let sha256 = sha256(&sealed.bytes);
        self.register.prepare(&snapshot, &sha256)?;
        let discard = || self.register.discard(&ids.verify, &sha256);
        let created = self.register.create_pdf(&path, &sealed.bytes);
        if created.is_err() {
            // It may be there all the same: only what is there in the end tells which one goes with it.
            self.orphans().insert(ids.verify.clone());
        }
        let snapshot = match created? {
            PdfCreated::New => snapshot,
            PdfCreated::Exists(winner) => {
                let adopted = self.adopt(&ids.verify, &path, &winner, order.now)?;
                discard()?;
                adopted
            }
            PdfCreated::Gone => return discard().map(|()| None),
        };
        match self.register.finish(&snapshot)? {
            Some(found) => warnings.extend(found),
            None => return discard().map(|()| None),
        }
        if self.orphans().remove(&ids.verify) {
            self.register.remove_orphans(&snapshot)?;
        }
        let timings = Timings {
            render: rendered - begun,
            seal: sealed_at - rendered,
            publish: sealed_at.elapsed(),
        };
        Ok(Some((snapshot, (warnings, timings))))
    }

    /// The snapshot of a PDF that somebody else created, once it is known to be ours.
    fn adopt(
        &self,
        id: &str,
        path: &str,
        pdf: &[u8],
        now: Timestamp,
    ) -> Result<Snapshot> {
        let sha256 = sha256(pdf);
        let found = self.register.snapshot(id, &sha256)?;
        let intact = found.as_ref().is_some_and(|snapshot| {
            let signature = snapshot.signature.as_ref().map(|s| s.armor.as_bytes());
            verify(pdf, signature, &self.trust, now).is_good()
        });
        found.filter(|_| intact).ok_or_else(|| {
            let message = format!("`{path}` is there, and is not what this site issued");
            Error::new(ErrorKind::Tampered, message).with_help(
                "it was never valid, because it has no record: remove it, and issue again",
            )
        })
    }

    /// Finishes what was interrupted: all but the last of the editions are superseded.
    fn supersede_all(
        &self,
        award: &Award,
        editions: &[Record],
        now: Timestamp,
    ) -> Result<()> {
        let Some((last, earlier)) = editions.split_last() else { return Ok(()) };
        let successor = self.register.publish().verify_url(&last.id);
        for record in earlier {
            let stands = record.status.stands() || record.status == Status::Revoked;
            let elsewhere = record.successor.as_ref() != Some(&successor);
            if stands || (record.status == Status::Superseded && elsewhere) {
                let download = award.ids(&self.secret, record.edition).download;
                self.register.supersede(&record.id, &download, &successor, now)?;
            }
        }
        Ok(())
    }

    fn orphans(&self) -> MutexGuard<'_, HashSet<String>> {
        self.orphans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receipt(
        &self,
        award: &Award,
        record: Record,
        outcome: IssueOutcome,
        (warnings, timings): Made,
    ) -> Receipt {
        let publish = self.register.publish();
        let download_id = award.ids(&self.secret, record.edition).download;
        let urls = CertificateUrls {
            verify_id: record.id.clone(),
            verify_url: publish.verify_url(&record.id),
            download_url: publish.download_url(&download_id),
            download_id,
        };
        Receipt { urls, record, outcome, warnings, timings }
    }
}

/// What was noticed while it was made, and how long it took.
type Made = (Vec<Warning>, Timings);

/// What the editions that are there mean for a request; none if it makes the next one.
fn decide(
    editions: &[Record],
    request: &Request,
    facts: &str,
    options: &IssueOptions,
) -> Result<Option<IssueOutcome>> {
    let Some((current, past)) = editions.split_last() else { return Ok(None) };
    let who =
        || format!("`{}` has a certificate of `{}`", request.name(), request.course());
    let revocation = current.history.last();
    // By the same clock, if the revocation was asked for by it.
    let (requested_at, since) =
        (request.requested_at(), revocation.and_then(|event| event.requested_at));
    let ended = since.or(revocation.map(|event| event.at));
    match current.status {
        Status::Valid | Status::Specimen => {}
        // A request that is older than the revocation does not undo it.
        _ if requested_at
            .zip(ended)
            .is_some_and(|(requested_at, ended)| requested_at <= ended) =>
        {
            return Ok(Some(IssueOutcome::Stale));
        }
        _ if options.reissue => return Ok(None),
        // Whoever took it back gives it anew.
        Status::Revoked if requested_at.is_some() && since.is_some() => return Ok(None),
        status => {
            let why = match status {
                Status::Erased => "that was erased",
                _ => "that was revoked",
            };
            return Err(Error::new(ErrorKind::Revoked, format!("{} {why}", who()))
                .with_help("to issue it all the same: --reissue"));
        }
    }
    let same = |record: &Record| record.facts.as_deref() == Some(facts);
    if same(current) {
        return Ok(Some(IssueOutcome::Unchanged));
    }
    if options.replace {
        return Ok(None);
    }
    if let Some(requested_at) = requested_at {
        let late = requested_at <= current.last_requested_at();
        return Ok(late.then_some(IssueOutcome::Stale));
    }
    // An old request that comes once more must not bring back what was mended since.
    if past.iter().any(same) {
        return Ok(Some(IssueOutcome::Unchanged));
    }
    if options.cautious {
        return Err(Error::new(ErrorKind::Exists, format!("{} with other facts", who()))
            .with_help("to let this one take its place: --replace"));
    }
    Ok(None)
}
