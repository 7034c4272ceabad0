//! Shared setup of the tests of issuing: an issue service over folders that tests can read.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use testamur::press::Press;
use testamur::register::{Directory, IssueOptions, IssueService, Receipt, Store};
use testamur::site::{IdSecret, KeySource, Keys, Request, Site};
use testamur::{Date, Error, Timestamp};

pub(crate) const COURSES: &str = "\
Org/Knots/2026:
  title: { en: Knots and Splices, ar: العقد والوصلات }
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: rolling
  signatories: [{ name: Dr. Ada Example, title: Professor of Knots, signature: ada.svg }]
";

/// An issue service, its keys, and the folder of its stores.
pub(crate) struct Setup {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) issuer: IssueService,
    pub(crate) keys: Keys,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self::with_site(
            Site::new().with_sample_pictures().with_file("courses.yaml", COURSES),
        )
    }

    pub(crate) fn with_site(site: Site) -> Self {
        Self::with_store(site, |store| store)
    }

    /// `wrap` wraps the public store.
    pub(crate) fn with_store(
        site: Site,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        let source = KeySource::NewRoot { name: "Example University" };
        let keys = Keys::create(&path("keys"), &source, now()).unwrap();
        let issuer = issuer(folder.path(), site, wrap).unwrap();
        Self { folder, issuer, keys }
    }

    /// Another issue service over the same folders, as another process has one.
    pub(crate) fn second_issuer(&self, site: Site) -> IssueService {
        self.try_second_issuer(site).unwrap()
    }

    pub(crate) fn try_second_issuer(&self, site: Site) -> Result<IssueService, Error> {
        issuer(self.folder.path(), site, |store| store)
    }

    pub(crate) fn secret(&self) -> IdSecret {
        Keys::id_secret(&self.path("keys")).unwrap()
    }

    /// A path in the folder of stores and keys.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn issue(&self, request: &Request) -> Result<Receipt, Error> {
        self.issue_with(request, &IssueOptions::default())
    }

    pub(crate) fn issue_with(
        &self,
        request: &Request,
        options: &IssueOptions,
    ) -> Result<Receipt, Error> {
        self.issuer.issue(request, today(), now(), options)
    }

    /// All published files by path, including hidden ones.
    pub(crate) fn public(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.folder.path().join("public"))
    }

    pub(crate) fn private(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.folder.path().join("private"))
    }

    /// Writes a published file, as another program may.
    pub(crate) fn write_public(&self, path: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join("public").join(path), bytes).unwrap();
    }

    /// The `facts` that version 0.1.0 wrote into the record of a request for `COURSES`: a
    /// fingerprint of the request and the course, not of what the page prints.
    pub(crate) fn earlier_facts(&self, request: &Request) -> String {
        let file = fs::read_to_string(self.folder.path().join("keys/id.secret")).unwrap();
        let digits = file.trim_end();
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let secret: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
        let facts = serde_json::json!([
            request.name(),
            request.designation(),
            request.grade(),
            "en",
            null,
            "Knots and Splices",
            "Example University",
            [["Dr. Ada Example", "Professor of Knots"]],
            null,
            null,
            null,
            {},
        ]);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        let mut context = ring::hmac::Context::with_key(&key);
        for part in ["facts", &facts.to_string()] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let tag = context.sign();
        tag.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.public()[path].clone()).unwrap()
    }

    /// Asserts what must hold at any moment: each certificate that looks valid has its PDF, page
    /// and signature, and they agree. Returns the number of valid certificates.
    pub(crate) fn assert_consistent(&self) -> usize {
        let files = self.public();
        let mut valid = 0;
        for (path, bytes) in &files {
            let Some(folder) = path.strip_suffix("certificate.json") else { continue };
            let record = testamur::register::Record::parse(bytes).unwrap();
            let Some(page) = files.get(&format!("{folder}index.html")) else {
                assert!(
                    record.edition > 1,
                    "only that of a later edition comes first: {path}"
                );
                continue;
            };
            let page = String::from_utf8(page.clone()).unwrap();
            // An unfinished change has begun with the pages.
            let Some(certificate) =
                record.certificate.filter(|certificate| page.contains(&certificate.name))
            else {
                continue;
            };
            if record.status != testamur::register::Status::Valid
                || !page.contains("class=\"status valid\"")
            {
                continue;
            }
            valid += 1;
            let pdf = &files[certificate.pdf.as_ref().unwrap().path.as_str()];
            assert_eq!(certificate.pdf.as_ref().unwrap().bytes, pdf.len());
            assert!(
                page.contains(certificate.pdf.as_ref().unwrap().sha256.as_str()),
                "{path}"
            );
            let signature = &files[certificate.signature.unwrap().path.as_str()];
            let found =
                testamur::seal::verify(pdf, Some(signature), self.keys.trust(), now());
            assert!(found.is_genuine(), "{path}: {found:?}");
            assert_eq!(found.sha256, certificate.pdf.map(|pdf| pdf.sha256));
        }
        valid
    }
}

fn issuer(
    folder: &Path,
    site: Site,
    wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
) -> Result<IssueService, Error> {
    let keys = Keys::open(&folder.join("keys"), now()).unwrap();
    let secret: IdSecret = Keys::create_id_secret(&folder.join("keys")).unwrap();
    let press = Arc::new(Press::new(site).unwrap());
    let public = wrap(Arc::new(Directory::new(folder.join("public"))));
    let private = Arc::new(Directory::new(folder.join("private")));
    let builder = IssueService::builder(press).with_keys(&keys).with_id_secret(secret);
    builder.with_stores(public, private).build()
}

pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                match fs::read(&path) {
                    // A run that goes on has moved a staged file.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    bytes => drop(files.insert(name.to_owned(), bytes.unwrap())),
                }
            }
        }
    }
    files
}

pub(crate) fn request(name: &str) -> Request {
    Request::new("Org/Knots/2026", name).unwrap()
}

pub(crate) fn today() -> Date {
    Date::parse("2026-05-14").unwrap()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-05-14T09:30:00Z").unwrap()
}

pub(crate) fn at(time: &str) -> Timestamp {
    Timestamp::parse(time).unwrap()
}
