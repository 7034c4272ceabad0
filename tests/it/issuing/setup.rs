//! Shared setup of the tests of issuing: an issue service over folders that tests can read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
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
        Self::with_site(Site::new().with_file("courses.yaml", COURSES))
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
        let issuer = issuer(folder.path(), site, wrap);
        Self { folder, issuer, keys }
    }

    /// Another issue service over the same folders, as another process has one.
    pub(crate) fn second_issuer(&self, site: Site) -> IssueService {
        issuer(self.folder.path(), site, |store| store)
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
            let page = String::from_utf8(files[&format!("{folder}index.html")].clone());
            let page = page.unwrap();
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
            let pdf = &files[&certificate.pdf.path];
            assert_eq!(certificate.pdf.bytes, pdf.len());
            assert!(page.contains(&certificate.pdf.sha256), "{path}");
            let signature = &files[&certificate.signature.unwrap().path];
            let found =
                testamur::seal::verify(pdf, Some(signature), self.keys.trust(), now());
            assert!(found.is_good(), "{path}: {found:?}");
            assert_eq!(found.sha256, certificate.pdf.sha256);
        }
        valid
    }
}

fn issuer(
    folder: &Path,
    site: Site,
    wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
) -> IssueService {
    let keys = Keys::open(&folder.join("keys"), now()).unwrap();
    let secret: IdSecret = Keys::id_secret(&folder.join("keys")).unwrap();
    let press = Arc::new(Press::new(site).unwrap());
    let public = wrap(Arc::new(Directory::new(folder.join("public"))));
    let private = Arc::new(Directory::new(folder.join("private")));
    let builder = IssueService::builder(press).with_keys(&keys).with_id_secret(secret);
    builder.with_stores(public, private).build().unwrap()
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
                files.insert(name.to_owned(), fs::read(&path).unwrap());
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
