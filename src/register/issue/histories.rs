//! Random histories of certificates, checked against what was promised.
//!
//! Everything but the page is real: issue service, register, seal and stores. The page of each
//! recipient is made and sealed once, so that thousands of histories run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::press::draft::Press;
use crate::register::issue::draft::EditionRequest;
use crate::register::issue::options::IssueOptions;
use crate::register::issue::sealed::SealedEdition;
use crate::register::issue::service::IssueService;
use crate::register::paths;
use crate::register::private_record::PrivateRecord;
use crate::register::record::{Record, Status};
use crate::register::store::{
    CreateOutcome, Directory, MemoryStore, Store, StoreFile, SwapOutcome,
};
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
/// The names that each of the two recipients may have: no other text of a certificate has them.
const NAMES: [[&str; 2]; 2] =
    [["Zaphira Quell", "Zaphira Moor"], ["Odo Wrenfast", "Odo Wry"]];

/// A step of a history. Numbers choose a recipient and a name.
#[derive(Debug, Clone, Copy)]
enum Step {
    Issue {
        who: usize,
        name: usize,
        replace: bool,
        reissue: bool,
    },
    Revoke(usize),
    /// Revokes one edition by its id.
    RevokeEdition {
        who: usize,
        edition: u32,
    },
    Erase(usize),
    Restore,
    LosePublic,
    LosePrivate,
    /// Loses every file of the public store whose number among all has a bit in the mask.
    LosePartOfPublic(u32),
    /// Ends the process during the next step, after so many calls of a store. The last call is done
    /// or not.
    Kill {
        after: usize,
        is_done: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..2_usize;
    let step = prop_oneof![
        5 => (who.clone(), 0..2_usize, any::<bool>(), any::<bool>()).prop_map(
            |(who, name, replace, reissue)| Step::Issue { who, name, replace, reissue }
        ),
        2 => who.clone().prop_map(Step::Revoke),
        1 => (who.clone(), 1..4_u32)
            .prop_map(|(who, edition)| Step::RevokeEdition { who, edition }),
        2 => who.prop_map(Step::Erase),
        2 => Just(Step::Restore),
        1 => Just(Step::LosePublic),
        1 => Just(Step::LosePrivate),
        1 => any::<u32>().prop_map(Step::LosePartOfPublic),
        4 => (0..60_usize, any::<bool>())
            .prop_map(|(after, is_done)| Step::Kill { after, is_done }),
    ];
    proptest::collection::vec(step, 1..16)
}

/// A store in memory whose process ends after some calls.
#[derive(Debug)]
struct MortalStore {
    inner: Arc<dyn Store>,
    life: Arc<Life>,
}

#[derive(Debug)]
struct Life {
    /// How many calls are left.
    calls: AtomicUsize,
    /// Whether the last one is done: 0 or 1.
    is_last_done: AtomicUsize,
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

fn now() -> Timestamp {
    Timestamp::parse("2026-05-14T09:30:00Z").unwrap()
}

fn request(who: usize, name: usize) -> Request {
    Request::new("c", NAMES[who][name]).unwrap().with_username(format!("user-{who}"))
}

/// What all histories share: keys, and the sealed page of each name.
struct Workshop {
    press: Arc<Press>,
    keys: Keys,
    /// A record and a snapshot of it, to be filled in, and the bytes of the PDF.
    pages: BTreeMap<&'static str, (SealedEditionParts, Vec<u8>)>,
}

/// The parts of a sealed edition that are the same for each edition of a name.
struct SealedEditionParts {
    record: Record,
    signature: Option<crate::register::snapshot::DetachedSignature>,
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
                let ids = award.ids(&secret, 1);
                let edition = EditionRequest {
                    request: &request,
                    course: press.courses().get("c").unwrap(),
                    award: &award,
                    predecessor: None,
                    fingerprint: "",
                    number: 1,
                    ids: &ids,
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
fn make(edition: EditionRequest<'_>) -> Result<SealedEdition> {
    let (parts, pdf) = &workshop().pages[edition.request.name().as_str()];
    let publish = &workshop().press.settings().publish;
    let mut record = parts.record.clone();
    record.id = edition.ids.verify.clone();
    record.edition = edition.number;
    record.predecessor = edition.predecessor.as_ref().map(|before| before.id.clone());
    record.facts = Some(edition.fingerprint.to_owned());
    let filename = publish.filename.as_str();
    let certificate = record.certificate.as_mut().unwrap();
    certificate.pdf.path = paths::pdf(&edition.ids.download, filename);
    certificate.pdf.url = publish.download_url(&edition.ids.download);
    certificate.verify_url = publish.verify_url(&record.id);
    if let Some(signature) = &mut certificate.signature {
        signature.path = paths::signature(&record.id, filename);
    }
    Ok(SealedEdition::of_parts(edition, record, parts.signature.clone(), pdf.clone()))
}

/// The stores of one history.
struct World {
    public: Arc<dyn Store>,
    private: Arc<dyn Store>,
    life: Arc<Life>,
    secret: IdSecret,
}

impl World {
    fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()))
    }

    fn over(public: Arc<dyn Store>, private: Arc<dyn Store>) -> Self {
        let life = Life { calls: AtomicUsize::new(usize::MAX), is_last_done: 0.into() };
        let secret = IdSecret::new(&[7; IdSecret::LENGTH]);
        Self { public, private, life: Arc::new(life), secret }
    }

    /// The service of a new process.
    fn service(&self) -> Result<IssueService> {
        let mortal = |inner: &Arc<dyn Store>| -> Arc<dyn Store> {
            Arc::new(MortalStore { inner: inner.clone(), life: self.life.clone() })
        };
        IssueService::builder(workshop().press.clone())
            .with_keys(&workshop().keys)
            .with_id_secret(self.secret.clone())
            .with_stores(mortal(&self.public), mortal(&self.private))
            .build()
    }

    fn ids(&self, who: usize, edition: u32) -> Ids {
        Award::of(&request(who, 0)).ids(&self.secret, edition)
    }

    fn take(&self, step: Step) -> Result<()> {
        let service = self.service()?;
        let register = service.register();
        match step {
            Step::Issue { who, name, replace, reissue } => {
                let options =
                    IssueOptions::default().with_replace(replace).with_reissue(reissue);
                let request = request(who, name);
                service.issue_with(&request, now(), &options, &make).map(drop)
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

    fn record(&self, id: &str) -> (Option<Record>, Option<Record>) {
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

    fn page(&self, id: &str) -> Option<String> {
        let path = StorePath::parse(&paths::page(id, "index.html")).unwrap();
        self.public.read(&path).unwrap().map(|page| String::from_utf8(page).unwrap())
    }

    /// Where a name of a recipient is.
    fn traces(&self, who: usize) -> Vec<String> {
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
    store.list(None, &mut |path| Ok(paths.push(path))).unwrap();
    let read = |path: StorePath| Some((path.clone(), store.read(&path).unwrap()?));
    paths.into_iter().filter_map(read).collect()
}

fn lose(store: &dyn Store, is_lost: &dyn Fn(usize) -> bool) -> Result<()> {
    let lost =
        files(store).into_keys().enumerate().filter(|(number, _)| is_lost(*number));
    lost.into_iter().try_for_each(|(_, path)| store.remove(&path))
}

/// What was promised to one recipient.
#[derive(Debug, Default)]
struct Promises {
    /// The ids that were revoked, and the sides that are known to say so.
    revoked: BTreeMap<String, Sides>,
    /// The ids that were erased, likewise.
    erased: BTreeMap<String, Sides>,
    /// Whether something was asked for since the erasure that brings the name back.
    is_back: bool,
    /// The id of the certificate that was issued last, while nothing else was begun since.
    valid: Option<(String, Sides)>,
    /// Whether a step was interrupted that nothing has finished yet.
    is_unfinished: bool,
    /// Whether files were ever lost.
    has_lost: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sides {
    public: bool,
    private: bool,
}

const BOTH: Sides = Sides { public: true, private: true };

impl Sides {
    fn is_known(self) -> bool {
        self.public || self.private
    }
}

impl Promises {
    fn each_side(&mut self, change: &dyn Fn(&mut Sides)) {
        self.revoked.values_mut().for_each(change);
        self.erased.values_mut().for_each(change);
        self.valid.iter_mut().for_each(|(_, sides)| change(sides));
        // What no side knows is forgotten.
        self.revoked.retain(|_, sides| sides.is_known());
        self.erased.retain(|_, sides| sides.is_known());
        self.valid.take_if(|(_, sides)| !sides.is_known());
    }

    /// Notes a step that was done, or was begun and interrupted.
    fn note(&mut self, who: usize, step: Step, is_done: bool, world: &World) {
        self.has_lost |= matches!(
            step,
            Step::LosePublic | Step::LosePrivate | Step::LosePartOfPublic(_)
        );
        match step {
            Step::Restore if is_done => {
                self.each_side(&|sides| *sides = BOTH);
                self.is_unfinished = false;
            }
            Step::LosePublic => self.each_side(&|sides| sides.public = false),
            Step::LosePrivate => self.each_side(&|sides| sides.private = false),
            Step::LosePartOfPublic(_) => {
                let lost: BTreeSet<String> = (1..9)
                    .map(|edition| world.ids(who, edition).verify)
                    .filter(|id| world.record(id).0.is_none())
                    .collect();
                for known in [&mut self.revoked, &mut self.erased] {
                    let gone = known.iter_mut().filter(|(id, _)| lost.contains(*id));
                    gone.for_each(|(_, sides)| sides.public = false);
                    known.retain(|_, sides| sides.is_known());
                }
                if let Some((id, sides)) = &mut self.valid
                    && lost.contains(id)
                {
                    sides.public = false;
                }
                self.valid.take_if(|(_, sides)| !sides.is_known());
            }
            Step::Issue { who: of, reissue, .. } if of == who => {
                self.is_back |= reissue;
                self.valid = None;
                self.is_unfinished |= !is_done;
            }
            Step::Revoke(of) | Step::Erase(of) | Step::RevokeEdition { who: of, .. }
                if of == who =>
            {
                self.valid = None;
                self.is_unfinished |= !is_done;
            }
            _ => {}
        }
    }
}

/// Takes the steps of a history, and checks after each what must hold.
fn check(steps: &[Step]) -> std::result::Result<(), TestCaseError> {
    let world = World::new();
    let mut promises = [Promises::default(), Promises::default()];
    for (number, step) in steps.iter().enumerate() {
        if let Step::Kill { after, is_done } = *step {
            world.life.calls.store(after + 1, Ordering::SeqCst);
            world.life.is_last_done.store(usize::from(is_done), Ordering::SeqCst);
            continue;
        }
        let before: Vec<_> = (0..2).map(|who| world.statuses(who)).collect();
        let result = world.take(*step);
        let is_killed = world.life.calls.swap(usize::MAX, Ordering::SeqCst) == 0;
        let error = result.as_ref().err().map(Error::kind);
        let is_done = result.is_ok();
        // Without a kill every step is done, or is refused for what the certificate is.
        let refusals = [ErrorKind::Revoked, ErrorKind::UnknownCertificate];
        prop_assert!(
            is_killed || error.is_none_or(|kind| refusals.contains(&kind)),
            "step {number}: {result:?}"
        );
        for (who, promises) in promises.iter_mut().enumerate() {
            let is_refused = error.is_some_and(|kind| refusals.contains(&kind));
            promises.note(who, *step, is_done || is_refused, &world);
            let after = world.statuses(who);
            // Of an award of which an edition is lost on both sides nothing is promised.
            if after.windows(2).any(|pair| pair[0].is_none() && pair[1].is_some()) {
                *promises = Promises {
                    is_unfinished: true,
                    has_lost: true,
                    ..Promises::default()
                };
                continue;
            }
            let ids = || (1..9).map(|edition| world.ids(who, edition).verify);
            match *step {
                Step::Issue { who: of, .. } if of == who && is_done => {
                    let valid = after.iter().rposition(|it| *it == Some(Status::Valid));
                    let last = after.iter().rposition(Option::is_some);
                    prop_assert!(valid.is_some() && valid == last, "{number}: {after:?}");
                    let id = world.ids(who, valid.unwrap() as u32 + 1).verify;
                    promises.valid = Some((id, BOTH));
                    promises.each_side(&|sides| *sides = BOTH);
                    promises.is_unfinished = false;
                }
                Step::Revoke(of) if of == who && is_done => {
                    let was_valid = ids()
                        .zip(&before[who])
                        .filter(|(_, it)| **it == Some(Status::Valid));
                    promises.revoked.extend(was_valid.map(|(id, _)| (id, BOTH)));
                    promises.is_unfinished = false;
                    prop_assert!(
                        !after.contains(&Some(Status::Valid)),
                        "{number}: {after:?}"
                    );
                }
                Step::RevokeEdition { who: of, edition } if of == who && is_done => {
                    promises.revoked.insert(world.ids(who, edition).verify, BOTH);
                }
                Step::Erase(of) if of == who && is_done => {
                    let all = ids().zip(&after).filter(|(_, it)| it.is_some());
                    promises.erased = all.map(|(id, _)| (id, BOTH)).collect();
                    promises.is_back = promises.erased.is_empty();
                    promises.is_unfinished = false;
                }
                _ => {}
            }
            promises.check(who, number, *step, is_done, &world)?;
        }
    }
    Ok(())
}

impl World {
    /// The status of each edition, by the side that is further on.
    fn statuses(&self, who: usize) -> Vec<Option<Status>> {
        let status = |edition| {
            let (public, private) = self.record(&self.ids(who, edition).verify);
            let statuses = [public, private].into_iter().flatten().map(|it| it.status);
            statuses.max_by_key(|status| status.rank())
        };
        (1..9).map(status).collect()
    }
}

impl Promises {
    fn check(
        &self,
        who: usize,
        number: usize,
        step: Step,
        is_done: bool,
        world: &World,
    ) -> std::result::Result<(), TestCaseError> {
        for id in self.revoked.keys().chain(self.erased.keys()) {
            let (public, private) = world.record(id);
            for record in [public, private].into_iter().flatten() {
                prop_assert!(
                    !record.status.stands() || self.is_unfinished,
                    "{number}: {id} is valid again: {record:?}"
                );
            }
            let page = world.page(id).unwrap_or_default();
            prop_assert!(
                !page.contains("is valid"),
                "{number}: the page of {id} is valid"
            );
        }
        if !self.erased.is_empty() && !self.is_back {
            let traces = world.traces(who);
            prop_assert!(
                traces.is_empty(),
                "{number}: names after erasure in {traces:?}"
            );
        }
        if !self.is_unfinished {
            let valid =
                (1..9).map(|edition| world.ids(who, edition).verify).filter(|id| {
                    let is_valid =
                        |it: Option<Record>| it.is_some_and(|it| it.status.stands());
                    let page = world.page(id).unwrap_or_default();
                    is_valid(world.record(id).0) || page.contains("is valid")
                });
            let valid: Vec<String> = valid.collect();
            prop_assert!(valid.len() < 2, "{number}: two valid editions: {valid:?}");
        }
        if let Step::Restore = step
            && is_done
        {
            for edition in 1..9 {
                let id = world.ids(who, edition).verify;
                let (public, private) = world.record(&id);
                prop_assert_eq!(&public, &private, "{}: {} differs", number, id);
                let page = world.page(&id);
                let is_valid = page.is_some_and(|page| page.contains("is valid"));
                let stands = public.as_ref().is_some_and(|it| it.status.stands());
                // A page whose record is lost on both sides stays as it is.
                let is_forgotten = public.is_none() && self.has_lost;
                prop_assert!(
                    stands == is_valid || is_forgotten,
                    "{number}: {id} {public:?}"
                );
            }
            if let Some((id, _)) = &self.valid {
                let status = world.record(id).0.map(|record| record.status);
                prop_assert_eq!(
                    status,
                    Some(Status::Valid),
                    "{}: {} was valid",
                    number,
                    id
                );
            }
        }
        Ok(())
    }
}

fn run(cases: u32) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&steps(), |steps| check(&steps));
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn no_history_brings_back_what_was_revoked_or_erased() {
    run(250);
}

#[test]
#[ignore = "takes minutes"]
fn none_of_ten_thousand_histories_brings_back_what_was_revoked_or_erased() {
    run(10_000);
}

/// Many threads issue, revoke, erase and restore the same certificate at once, each like a process
/// of its own. In the end both sides, the pages and the files agree.
fn race(world: &World, rounds: usize) {
    for round in 0..rounds {
        let first = Step::Issue { who: 0, name: 0, replace: false, reissue: true };
        world.take(first).unwrap();
        let last =
            world.statuses(0).iter().rposition(Option::is_some).unwrap() as u32 + 1;
        if last > 6 {
            break;
        }
        let change = Step::Issue { who: 0, name: 1, replace: true, reissue: false };
        let same = Step::Issue { who: 0, name: 0, replace: false, reissue: false };
        let revoke = Step::RevokeEdition { who: 0, edition: last };
        let steps =
            [revoke, Step::Erase(0), same, Step::Restore, change, Step::Revoke(0)];
        thread::scope(|scope| {
            for number in 0..steps.len() {
                let step = steps[(number + round) % steps.len()];
                scope.spawn(move || {
                    if let Err(error) = world.take(step) {
                        assert_eq!(
                            error.kind(),
                            ErrorKind::Revoked,
                            "{step:?}: {error:#}"
                        );
                    }
                });
            }
        });
        // The erasure came while others were at it: nothing of the name is left, nor comes back.
        let statuses = world.statuses(0);
        let is_over = |it: &Option<Status>| it.is_none_or(|it| it == Status::Erased);
        assert!(statuses.iter().all(is_over), "round {round}: {statuses:?}");
        let traces = world.traces(0);
        assert!(traces.is_empty(), "round {round}: {traces:?}");
        for edition in 1..9 {
            let id = world.ids(0, edition).verify;
            let (public, private) = world.record(&id);
            assert_eq!(public, private, "round {round}");
            assert_eq!(public.is_some(), world.page(&id).is_some(), "round {round}");
        }
    }
}

#[test]
fn concurrent_changes_end_in_agreement_in_memory() {
    for _ in 0..20 {
        race(&World::new(), 3);
    }
}

#[test]
fn concurrent_changes_end_in_agreement_in_folders() {
    for _ in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let public = Directory::new(folder.path().join("public"));
        let private = Directory::new(folder.path().join("private"));
        race(&World::over(Arc::new(public), Arc::new(private)), 3);
    }
}
