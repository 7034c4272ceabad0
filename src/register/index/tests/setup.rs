//! A site with an index, and people whose records it has.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::super::*;
use crate::base::digits::{CertificateId, Sha256};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::paths;
use crate::register::record::Status;
use crate::register::store::{Directory, Store, StoreFile, Stores};

/// Two stores in folders, and an index in a file beside them.
pub(super) struct Site {
    pub(super) folder: TempDir,
    pub(super) public: Arc<dyn Store>,
    pub(super) private: Arc<dyn Store>,
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = |name: &str| Arc::new(Directory::new(folder.path().join(name)));
        let (public, private) = (store("public"), store("private"));
        Self { folder, public, private }
    }

    pub(super) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join(".testamur/index.sqlite")
    }

    pub(super) fn index(&self) -> Index {
        self.index_of("these")
    }

    pub(super) fn index_of(&self, identity: &str) -> Index {
        let location = IndexLocation::new(self.file(), identity);
        Index::new(location, self.public.clone(), self.private.clone())
    }

    pub(super) fn stores(&self) -> Stores {
        Stores { public: self.public.clone(), private: self.private.clone() }
    }

    /// The stores, and an index that follows them.
    pub(super) fn watched(&self) -> (Index, Stores) {
        let index = self.index();
        let stores =
            index.watch(self.stores(), |error| panic!("the index failed: {error:#}"));
        (index, stores)
    }

    /// The bytes of all files of the index.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let folder = self.file().parent().unwrap().to_owned();
        let files = fs::read_dir(folder).unwrap();
        files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::parse("2026-05-14T09:30:00Z").unwrap()
}

pub(super) fn id(number: u32) -> CertificateId {
    // Spread over all first digits.
    let spread = number.wrapping_mul(0x9e37_79b9);
    format!("{spread:08x}{:024x}", u128::from(number)).parse().unwrap()
}

/// A person's certificate.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) username: Option<String>,
    pub(super) status: Status,
}

impl Person {
    pub(super) fn new(number: u32, name: &str) -> Self {
        let username = Some(format!("user{number}"));
        Self { number, name: name.to_owned(), username, status: Status::Valid }
    }

    pub(super) fn with_status(&self, status: Status) -> Self {
        Self { status, ..self.clone() }
    }

    pub(super) fn sha256(&self) -> Sha256 {
        format!("{:064x}", u128::from(self.number) + 0xabc0_0000).parse().unwrap()
    }

    pub(super) fn certificate(&self) -> serde_json::Value {
        json!({
            "title": "Certificate", "name": self.name,
            "course": { "id": format!("course-{}", self.number % 3), "title": "Knots" },
            "issued": "2026-05-14", "issued_text": "14 May 2026", "signatories": [],
            "printed": [], "verify_url": "https://example.org/",
            "pdf": { "url": format!("https://example.org/{}.pdf", self.number),
                "path": "downloads/x/Certificate.pdf", "bytes": 1,
                "sha256": self.sha256() },
            "seal": { "level": "B-B", "signer": "x", "certificate": "0".repeat(64) },
        })
    }

    pub(super) fn record(&self, status: Status) -> serde_json::Value {
        let day = 1 + self.number % 28;
        let mut record = json!({
            "schema": 1, "id": id(self.number), "status": status, "edition": 1,
            "issued_at": format!("2026-04-{day:02}T10:00:00Z"), "language": "en",
            "organization": { "name": "Example", "short": "Ex" },
            "layout": { "name": "classic" },
            "theme": { "accent": "#000000", "paper": "#ffffff", "ink": "#000000" },
            "engine": "testamur", "facts": "0".repeat(32),
        });
        if !matches!(status, Status::Superseded | Status::Erased) {
            record["certificate"] = self.certificate();
        }
        record
    }

    pub(super) fn write_snapshot(&self, private: &dyn Store) {
        let recipient = match &self.username {
            Some(username) => json!({ "id": username }),
            None => json!({ "name": self.name }),
        };
        let mut award = recipient;
        award["course"] = format!("course-{}", self.number % 3).into();
        let snapshot = json!({
            "schema": 1, "award": award, "signature": null,
            "request": { "course": "c", "name": self.name, "recipient": self.username,
                "extra": {} },
            "record": self.record(Status::Valid),
        });
        let path = paths::snapshot(&id(self.number), &self.sha256());
        put(private, &path, snapshot.to_string().as_bytes());
    }

    pub(super) fn write_record(&self, public: &dyn Store) {
        let text = self.record(self.status).to_string();
        let path = StorePath::parse(&paths::record(&id(self.number))).unwrap();
        let file = StoreFile::new(&path, text.as_bytes());
        match public.read(&path).unwrap() {
            None => drop(public.create(&file).unwrap()),
            Some(was) => drop(public.swap(&file, &was).unwrap()),
        }
    }

    pub(super) fn write(&self, stores: &Stores) {
        self.write_snapshot(&*stores.private);
        self.write_record(&*stores.public);
    }
}

pub(super) fn put(store: &dyn Store, path: &str, bytes: &[u8]) {
    store.replace(&StoreFile::new(&StorePath::parse(path).unwrap(), bytes)).unwrap();
}

pub(super) fn ask(index: &Index, query: &EditionQuery) -> (Answer, Vec<IndexedEdition>) {
    let mut found = Vec::new();
    let answer = index.answer(query, now(), &mut |edition, _| {
        found.push(edition?);
        Ok(())
    });
    let answer = answer.unwrap();
    assert_eq!(answer.count, found.len());
    (answer, found)
}

/// The names that a text finds.
pub(super) fn names(index: &Index, text: &str) -> Vec<String> {
    let (_, found) = ask(index, &EditionQuery::default().with_text(text));
    found.into_iter().map(|edition| edition.name.unwrap_or_default()).collect()
}

pub(super) fn all(index: &Index) -> BTreeMap<CertificateId, IndexedEdition> {
    let (_, found) = ask(index, &EditionQuery::default());
    found.into_iter().map(|edition| (edition.id.clone(), edition)).collect()
}

pub(super) fn refresh(index: &Index) -> Refreshed {
    index.refresh(now(), &mut |_| ()).unwrap()
}

/// The content of a new index of the same stores.
pub(super) fn truth(site: &Site) -> BTreeMap<CertificateId, IndexedEdition> {
    let index = Index::in_memory(site.public.clone(), site.private.clone());
    refresh(&index);
    all(&index)
}

pub(super) fn has(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}
