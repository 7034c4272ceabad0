//! The stores of a history, and the processes that work on them, each of which may end at any call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::step::Step;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::press::draft::Press;
use crate::register::award::AwardHandle;
use crate::register::issue::draft::EditionRequest;
use crate::register::issue::facts::RequestFacts;
use crate::register::issue::options::IssueOptions;
use crate::register::issue::sealed::SealedEdition;
use crate::register::issue::service::IssueService;
use crate::register::paths;
use crate::register::private_record::PrivateRecord;
use crate::register::record::{Record, Status};
use crate::register::snapshot::DetachedSignature;
use crate::register::store::{CreateOutcome, MemoryStore, Store, StoreFile, SwapOutcome};
use crate::site::award::{Award, Ids};
use crate::site::files::Site;
use crate::site::id_secret::IdSecret;
use crate::site::keys::Keys;
use crate::site::request::Request;

const COURSES: &str = "\
c:
  title: Knots
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: rolling
";
/// The names that each of the two recipients may have. No other text of a certificate contains
/// them.
pub(super) const NAMES: [[&str; 2]; 2] =
    [["Zaphira Quell", "Zaphira Moor"], ["Odo Wrenfast", "Odo Wry"]];

/// A store in memory whose process ends after some calls.
#[derive(Debug)]
struct MortalStore {
    inner: Arc<dyn Store>,
    life: Arc<Life>,
}

#[derive(Debug)]
pub(super) struct Life {
    /// How many calls are left.
    pub(super) calls: AtomicUsize,
    /// Whether the last one is done: 0 or 1.
    pub(super) is_last_done: AtomicUsize,
}

impl MortalStore {
    fn call<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        let was =
            self.life.calls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(usize::from(left != usize::MAX))
            });
        match was {
            Ok(1) if self.life.is_last_done.load(Ordering::SeqCst) == 1 => {
                call()?;
            }
            Ok(0 | 1) | Err(_) => {}
            Ok(_) => return call(),
        }
        self.life.calls.store(0, Ordering::SeqCst);
        Err(Error::new(ErrorKind::Store, "the process was killed"))
    }
}

impl fmt::Display for MortalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Store for MortalStore {
    fn create(&self, file: &StoreFile<'_>) -> Result<CreateOutcome> {
        self.call(|| self.inner.create(file))
    }
    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        self.call(|| self.inner.replace(file))
    }
    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<SwapOutcome> {
        self.call(|| self.inner.swap(file, was))
    }
    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        self.call(|| self.inner.read(path))
    }
    fn remove(&self, path: &StorePath) -> Result<()> {
        self.call(|| self.inner.remove(path))
    }
    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        self.call(|| Ok(()))?;
        self.inner.list(folder, found)
    }
    fn check(&self) -> Result<()> {
        self.inner.check()
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::parse("2026-05-14T09:30:00Z").unwrap()
}

pub(super) fn request(who: usize, name: usize) -> Request {
    Request::new("c", NAMES[who][name]).unwrap().with_username(format!("user-{who}"))
}

/// The keys and the sealed page of each name, which all histories share.
struct Workshop {
    press: Arc<Press>,
    keys: Keys,
    /// A record and a snapshot of it, to be filled in, and the bytes of the PDF.
    pages: BTreeMap<&'static str, (SealedEditionParts, Vec<u8>)>,
}

/// The parts of a sealed edition that are the same for each edition of a name.
struct SealedEditionParts {
    record: Record,
    signature: Option<DetachedSignature>,
}

fn workshop() -> &'static Workshop {
    static WORKSHOP: OnceLock<Workshop> = OnceLock::new();
    WORKSHOP.get_or_init(|| {
        let site = Site::new().with_file("courses.yaml", COURSES);
        let press = Arc::new(Press::new(site).unwrap());
        let keys = Keys::generate("Example University", now()).unwrap();
        let secret = IdSecret::new(&[7; IdSecret::LENGTH]);
        let mut pages = BTreeMap::new();
        for (who, names) in NAMES.iter().enumerate() {
            for (number, name) in names.iter().enumerate() {
                let request = request(who, number);
                let award = Award::of(&request);
                let handle = AwardHandle::new(award.clone(), &secret);
                let written = press.write(&request).unwrap();
                let facts = RequestFacts::of(&handle, &request, &written);
                let ids = award.ids(&secret, 1);
                let edition = EditionRequest {
                    request: &request,
                    course: press.courses().get("c").unwrap(),
                    award: &award,
                    predecessor: None,
                    facts: &facts,
                    message: None,
                    instead_of: None,
                    number: 1,
                    ids: &ids,
                    requested_at: request.requested_at(),
                    now: now(),
                };
                let today = Date::parse("2026-05-14").unwrap();
                let draft = edition.draft(&press, today).unwrap();
                let publish = &press.settings().publish;
                let sealed = draft.seal(&keys.sealer(), publish).unwrap();
                let parts = SealedEditionParts {
                    record: sealed.snapshot.record,
                    signature: sealed.snapshot.signature,
                };
                pages.insert(*name, (parts, sealed.pdf.bytes));
            }
        }
        Workshop { press, keys, pages }
    })
}

/// The sealed edition of a request, with the page that was made before.
pub(super) fn make(edition: EditionRequest<'_>) -> Result<SealedEdition> {
    let (parts, pdf) = &workshop().pages[edition.request.name().as_str()];
    let publish = &workshop().press.settings().publish;
    let mut record = parts.record.clone();
    record.id = edition.ids.verify.clone();
    record.edition = edition.number;
    record.requested_at = edition.requested_at;
    record.predecessor = edition.predecessor.as_ref().map(|before| before.mark.clone());
    record.facts = Some(edition.facts.fingerprint.clone());
    record.appearance = edition.facts.appearance.clone();
    let filename = publish.filename.as_str();
    let certificate = record.certificate.as_mut().unwrap();
    let file = certificate.pdf.as_mut().unwrap();
    file.path = StorePath::parse(&paths::pdf(&edition.ids.download, filename))?;
    file.url = publish.download_url(&edition.ids.download);
    certificate.verify_url = Some(publish.verify_url(&record.id));
    if let Some(signature) = &mut certificate.signature {
        signature.path = StorePath::parse(&paths::signature(&record.id, filename))?;
    }
    Ok(SealedEdition::of_parts(edition, record, parts.signature.clone(), pdf.clone()))
}

/// The stores of one history.
pub(super) struct World {
    pub(super) public: Arc<dyn Store>,
    pub(super) private: Arc<dyn Store>,
    pub(super) life: Arc<Life>,
    pub(super) secret: IdSecret,
}

impl World {
    pub(super) fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()))
    }

    pub(super) fn over(public: Arc<dyn Store>, private: Arc<dyn Store>) -> Self {
        let life = Life { calls: AtomicUsize::new(usize::MAX), is_last_done: 0.into() };
        let secret = IdSecret::new(&[7; IdSecret::LENGTH]);
        Self { public, private, life: Arc::new(life), secret }
    }

    /// The service of a new process.
    pub(super) fn service(&self) -> Result<IssueService> {
        let mortal = |inner: &Arc<dyn Store>| -> Arc<dyn Store> {
            Arc::new(MortalStore { inner: inner.clone(), life: self.life.clone() })
        };
        IssueService::builder(workshop().press.clone())
            .with_keys(&workshop().keys)
            .with_id_secret(self.secret.clone())
            .with_stores(mortal(&self.public), mortal(&self.private))
            .build()
    }

    pub(super) fn ids(&self, who: usize, edition: u32) -> Ids {
        Award::of(&request(who, 0)).ids(&self.secret, edition)
    }

    pub(super) fn take(&self, step: Step) -> Result<()> {
        let service = self.service()?;
        let register = service.register();
        match step {
            Step::Issue { who, name, replace, reissue } => {
                let options =
                    IssueOptions::default().with_replace(replace).with_reissue(reissue);
                let request = request(who, name);
                service.issue_with(&request, None, now(), &options, &make).map(drop)
            }
            Step::Revoke(who) => {
                let award = Award::of(&request(who, 0));
                service.revoke(&award, "a reason", None, now()).map(drop)
            }
            Step::RevokeEdition { who, edition } => {
                let id = self.ids(who, edition).verify;
                register.revoke(&id, "another reason", now()).map(drop)
            }
            Step::Erase(who) => {
                let award = Award::of(&request(who, 0));
                register.erase_award(&award, &self.secret, now()).map(drop)
            }
            Step::Restore => {
                let done = register.restore(
                    &self.secret,
                    &mut |_| Ok(None),
                    now(),
                    &mut || (),
                )?;
                done.failures.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
            }
            Step::LosePublic => lose(&*self.public, &|_| true),
            Step::LosePrivate => lose(&*self.private, &|_| true),
            Step::LosePartOfPublic(mask) => {
                lose(&*self.public, &|number| mask >> (number % 32) & 1 == 1)
            }
            Step::Kill { .. } => Ok(()),
        }
    }

    pub(super) fn record(&self, id: &str) -> (Option<Record>, Option<Record>) {
        let read = |store: &dyn Store, path: &str| {
            store.read(&StorePath::parse(path).unwrap()).unwrap()
        };
        let public = read(&*self.public, &paths::record(id));
        let private = read(&*self.private, &paths::private_record(id));
        (
            public.map(|bytes| Record::parse(&bytes).unwrap()),
            private.map(|bytes| PrivateRecord::parse(&bytes).unwrap().record),
        )
    }

    /// Whether an edition was begun and not published: a process that is only slow may still
    /// publish it, and `restore` does.
    pub(super) fn is_begun(&self, who: usize, edition: u32) -> bool {
        let id = self.ids(who, edition).verify;
        let mut is_begun = false;
        let mut note = |path: StorePath| {
            is_begun |= paths::is_snapshot(path.as_str());
            Ok(())
        };
        self.private.list(Some(&StorePath::parse(&id).unwrap()), &mut note).unwrap();
        is_begun && self.record(&id) == (None, None)
    }

    /// Whether a store says to which id secret it belongs.
    pub(super) fn is_marked(&self) -> bool {
        let path = StorePath::parse(paths::STORE_MARK).unwrap();
        [&self.public, &self.private]
            .iter()
            .any(|store| store.read(&path).unwrap().is_some())
    }

    pub(super) fn page(&self, id: &str) -> Option<String> {
        let path = StorePath::parse(&paths::page(id, "index.html")).unwrap();
        self.public.read(&path).unwrap().map(|page| String::from_utf8(page).unwrap())
    }

    /// The files that contain a name of a recipient.
    pub(super) fn traces(&self, who: usize) -> Vec<String> {
        let mut traces = Vec::new();
        for store in [&self.public, &self.private] {
            for (path, bytes) in files(&**store) {
                let text = String::from_utf8_lossy(&bytes);
                let is_pdf =
                    NAMES[who].iter().any(|name| workshop().pages[name].1 == bytes);
                let has_name = NAMES[who].iter().any(|name| text.contains(name));
                if is_pdf || has_name || text.contains(&format!("user-{who}")) {
                    traces.push(format!("{store}: {path}"));
                }
            }
        }
        traces
    }
}

fn files(store: &dyn Store) -> BTreeMap<StorePath, Vec<u8>> {
    let mut paths = Vec::new();
    let mut keep = |path| {
        paths.push(path);
        Ok(())
    };
    store.list(None, &mut keep).unwrap();
    let read = |path: StorePath| Some((path.clone(), store.read(&path).unwrap()?));
    paths.into_iter().filter_map(read).collect()
}

fn lose(store: &dyn Store, is_lost: &dyn Fn(usize) -> bool) -> Result<()> {
    let lost =
        files(store).into_keys().enumerate().filter(|(number, _)| is_lost(*number));
    lost.into_iter().try_for_each(|(_, path)| store.remove(&path))
}

impl World {
    /// The status of each edition: the later one of the two sides.
    pub(super) fn statuses(&self, who: usize) -> Vec<Option<Status>> {
        let status = |edition| {
            let (public, private) = self.record(&self.ids(who, edition).verify);
            let statuses = [public, private].into_iter().flatten().map(|it| it.status);
            statuses.max_by_key(|status| status.rank())
        };
        (1..9).map(status).collect()
    }
}
