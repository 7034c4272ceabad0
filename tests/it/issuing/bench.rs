//! What the tests of issuing share: an issuer over folders that can be looked into.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use testamur::press::Press;
use testamur::register::{
    Directory, IssueOptions, IssueService, Receipt, Register, Store,
};
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

/// An issuer, and the folders that it publishes into.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    pub(crate) issuer: IssueService,
    pub(crate) keys: Keys,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::of(Site::new().with_file("courses.yaml", COURSES))
    }

    pub(crate) fn of(site: Site) -> Self {
        Self::over(site, |store| store)
    }

    /// With something between the issuer and its public store.
    pub(crate) fn over(
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

    /// Another issuer of the same site, as another process would be.
    pub(crate) fn another(&self, site: Site) -> IssueService {
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

    /// Every published file by its path; hidden ones too, so that nothing is left behind.
    pub(crate) fn public(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.folder.path().join("public"))
    }

    pub(crate) fn private(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.folder.path().join("private"))
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.public()[path].clone()).unwrap()
    }

    /// Holds what must be true at any moment, whatever was interrupted: whatever looks valid has all
    /// that goes with it, and it all fits together. Gives the number of valid certificates.
    pub(crate) fn holds(&self) -> usize {
        let files = self.public();
        let mut valid = 0;
        for (path, bytes) in &files {
            let Some(folder) = path.strip_suffix("certificate.json") else { continue };
            let record = testamur::register::Record::parse(bytes).unwrap();
            let page = String::from_utf8(files[&format!("{folder}index.html")].clone());
            let page = page.unwrap();
            // A change that is not done has begun with the pages, which people look at.
            let Some(certificate) =
                record.certificate.filter(|certificate| page.contains(&certificate.name))
            else {
                continue;
            };
            if record.status != testamur::register::Status::Valid
                || !page.contains("is valid")
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
    let publish = press.settings().publish.clone();
    let register = Register::new(press.site(), publish, public, private).unwrap();
    IssueService::new(press, &keys, secret, register).unwrap()
}

pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                    files.insert(name.to_owned(), fs::read(&path).unwrap());
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
