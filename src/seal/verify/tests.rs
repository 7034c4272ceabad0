//! Seals that somebody makes who knows this code, but not the key, or not in time.

use std::sync::{Arc, LazyLock};

use super::*;
use crate::base::date::Date;
use crate::press::Press;
use crate::seal::key::{Algorithm, PrivateKey};
use crate::seal::pdf::{self, Document, SealFacts};
use crate::seal::signer::Identity;
use crate::seal::x509::{Issue, X509};
use crate::seal::{Sealer, cms};
use crate::site::Request;

static DRAFT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let press = Press::new(crate::site::Site::demo()).unwrap();
    let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", "Ada").unwrap();
    press.draft(&request, Date::parse("2026-05-14").unwrap()).unwrap().bytes
});

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T12:00:00Z").unwrap()
}

/// A root and one who seals under it.
struct Site {
    root: X509,
    root_key: PrivateKey,
    key: Arc<PrivateKey>,
    leaf: X509,
}

impl Site {
    fn new(name: &str, days: u64) -> Self {
        let root_key = PrivateKey::generate(Algorithm::P256).unwrap().0;
        let key = Arc::new(PrivateKey::generate(Algorithm::P256).unwrap().0);
        let issue = |key| Issue { organization: name, kind: "", key, from: now(), days };
        let root =
            Issue { kind: "root", ..issue(root_key.public()) }.root(&root_key).unwrap();
        let leaf = issue(key.public()).leaf(&root, &root_key).unwrap();
        Self { root, root_key, key, leaf }
    }

    fn identity(&self) -> Identity {
        self.identity_with(self.leaf.clone())
    }

    fn identity_with(&self, leaf: X509) -> Identity {
        Identity::unchecked(self.key.clone(), vec![leaf, self.root.clone()])
    }

    fn trust(&self) -> Trust {
        Trust::new().with_roots([self.root.clone()])
    }
}

/// What the sealer would make, without its checks.
fn forge(draft: &[u8], identity: &Identity, facts: &SealFacts) -> Vec<u8> {
    let mut document = Document::read(draft).unwrap();
    let mut signable = pdf::seal(&document, facts).unwrap();
    let digest = identity.algorithm().hash().of(&signable.signed_parts(&document));
    signable.embed(&cms::seal(identity, &digest).unwrap()).unwrap();
    document.append(signable.revision);
    document.into_bytes()
}

fn facts(signing_time: Timestamp, name: &str) -> SealFacts {
    SealFacts {
        signing_time,
        name: name.to_owned(),
        placeholder_len: 4096,
        archive: false,
    }
}

fn faults(report: &Verification) -> String {
    let seal = report.seal.as_ref().unwrap();
    [&seal.faults[..], &seal.doubts].concat().join("; ")
}

#[test]
fn what_the_sealer_makes_is_good() {
    let site = Site::new("Ada", 1000);
    for archive in [false, true] {
        let sealer = Sealer::new(site.identity()).with_archive(archive);
        let sealed = sealer.seal(&DRAFT, now()).unwrap();
        let report = verify(&sealed.bytes, None, &site.trust(), now());
        assert!(report.is_good(), "{report:#?}");
        assert_eq!(report.seal.unwrap().level, Some(PadesLevel::B));
        assert_eq!(
            sealer.seal(&sealed.bytes, now()).unwrap_err().kind(),
            crate::ErrorKind::Seal,
            "sealed twice"
        );
    }
}

#[test]
fn whoever_is_not_trusted_is_unknown() {
    let (site, stranger) = (Site::new("Ada", 1000), Site::new("Ada", 1000));
    let sealed = Sealer::new(stranger.identity()).seal(&DRAFT, now()).unwrap();
    let report = verify(&sealed.bytes, None, &site.trust(), now());
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(faults(&report).contains("not among those that are trusted"));
    // The very certificate can be trusted, without its issuer.
    let pinned = Trust::new().with_identity(&stranger.identity());
    assert!(verify(&sealed.bytes, None, &pinned, now()).is_good());
}

#[test]
fn the_key_of_one_with_the_certificate_of_another() {
    let (site, thief) = (Site::new("Ada", 1000), Site::new("Eve", 1000));
    let identity = Identity::unchecked(
        thief.key.clone(),
        vec![site.leaf.clone(), site.root.clone()],
    );
    let forged = forge(&DRAFT, &identity, &facts(now(), "Ada"));
    let report = verify(&forged, None, &site.trust(), now());
    assert_eq!(report.verdict, Verdict::Bad);
    assert!(faults(&report).contains("not over this document"));
}

#[test]
fn certificates_that_may_not_seal() {
    let site = Site::new("Ada", 1000);
    let issue = Issue {
        organization: "Ada",
        kind: "",
        key: site.key.public(),
        from: now(),
        days: 1000,
    };
    // An authority's usage, and a leaf that a leaf has issued.
    let tsa = issue.root(&site.key).unwrap();
    let forged = forge(
        &DRAFT,
        &Identity::unchecked(site.key.clone(), vec![tsa.clone()]),
        &facts(now(), "Ada"),
    );
    let trust = Trust::new().with_roots([tsa]);
    let report = verify(&forged, None, &trust, now());
    assert_eq!(report.verdict, Verdict::Bad);
    assert!(faults(&report).contains("key usage"), "{report:#?}");

    let below = issue.leaf(&site.leaf, &site.key).unwrap();
    let chain = vec![below, site.leaf.clone(), site.root.clone()];
    let forged = forge(
        &DRAFT,
        &Identity::unchecked(site.key.clone(), chain),
        &facts(now(), "Ada"),
    );
    let report = verify(&forged, None, &site.trust(), now());
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
}

#[test]
fn time_and_certificates() {
    let site = Site::new("Ada", 10);
    let identity = site.identity();
    let verdict = |signing_time: Timestamp, at: Timestamp| {
        let forged = forge(&DRAFT, &identity, &facts(signing_time, "Ada"));
        verify(&forged, None, &site.trust(), at).verdict
    };
    assert_eq!(verdict(now(), now()), Verdict::Good);
    assert_eq!(verdict(now().plus_days(11), now()), Verdict::Bad, "sealed after its end");
    let before = Timestamp::from_unix(now().unix() - 86_400).unwrap();
    assert_eq!(verdict(before, now()), Verdict::Bad, "sealed before its beginning");
    assert_eq!(verdict(now(), now().plus_days(11)), Verdict::Unknown, "ended since");
    assert_eq!(verdict(now().plus_days(2), now()), Verdict::Unknown, "from the future");
    // The sealer itself refuses, even if it was made in time.
    let late =
        Sealer::new(identity.clone()).seal(&DRAFT, now().plus_days(11)).unwrap_err();
    assert_eq!(late.kind(), crate::ErrorKind::Key);
}

#[test]
fn a_name_that_is_not_the_certificates() {
    let site = Site::new("Ada", 1000);
    let forged = forge(&DRAFT, &site.identity(), &facts(now(), "Grace"));
    let report = verify(&forged, None, &site.trust(), now());
    assert_eq!(report.verdict, Verdict::Bad);
    assert!(faults(&report).contains("names somebody else"));
}

#[test]
fn certificates_that_do_not_belong() {
    let site = Site::new("Ada", 1000);
    let other = Site::new("Eve", 1000);
    let chain = vec![site.leaf.clone(), site.root.clone(), other.root.clone()];
    let identity = Identity::unchecked(site.key.clone(), chain);
    let forged = forge(&DRAFT, &identity, &facts(now(), "Ada"));
    assert_eq!(verify(&forged, None, &site.trust(), now()).verdict, Verdict::Bad);
}

#[test]
fn validation_data_proves_itself() {
    let site = Site::new("Ada", 1000);
    let issue = Issue {
        organization: "Ada",
        kind: "root",
        key: site.root_key.public(),
        from: now(),
        days: 1000,
    };
    let list = issue.nobody_revoked(&site.root, &site.root_key).unwrap();
    let sealed = Sealer::new(site.identity()).seal(&DRAFT, now()).unwrap().bytes;
    let with = |certificates: Vec<Vec<u8>>, revocation_lists: Vec<Vec<u8>>| {
        let mut document = Revisions::read(&sealed).unwrap().document;
        let data = pdf::Dss { certificates, revocation_lists };
        let revision = data.revise(&document).unwrap();
        document.append(revision);
        verify(document.bytes(), None, &site.trust(), now()).verdict
    };
    let certificates = vec![site.leaf.der().to_vec(), site.root.der().to_vec()];
    assert_eq!(with(certificates.clone(), vec![list.clone()]), Verdict::Good);
    assert_eq!(with(certificates.clone(), vec![b"0".to_vec()]), Verdict::Bad);
    assert_eq!(with(vec![b"0".to_vec()], vec![list.clone()]), Verdict::Bad);
    for index in [5, 30, 100, list.len() - 1] {
        let mut broken = list.clone();
        broken[index] ^= 1;
        assert_eq!(with(certificates.clone(), vec![broken]), Verdict::Bad, "{index}");
    }
    let eve = Site::new("Eve", 1000);
    assert_eq!(with(vec![eve.leaf.der().to_vec()], vec![]), Verdict::Unknown);
}

#[test]
fn what_the_reader_takes_apart_it_can_make_again() {
    let site = Site::new("Ada", 1000);
    let sealed = Sealer::new(site.identity()).seal(&DRAFT, now()).unwrap().bytes;
    assert!(sealed.starts_with(&DRAFT), "appended only");
    let revisions = Revisions::read(&sealed).unwrap();
    assert_eq!(revisions.document.bytes(), sealed);
    assert_eq!(revisions.covered, sealed.len());
    assert_eq!(revisions.facts.name, "Ada");
}
