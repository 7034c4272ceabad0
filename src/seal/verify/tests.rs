//! Seals of an attacker who knows this code but has no key, or gets a key after it was revoked.

use std::sync::{Arc, LazyLock};

use super::*;
use crate::base::date::Date;
use crate::press::Press;
use crate::seal::Sealer;
use crate::seal::cms::SealTemplate;
use crate::seal::identity::Identity;
use crate::seal::keys::{Algorithm, PrivateKey};
use crate::seal::pdf::{self, Document, SealParams};
use crate::seal::x509::{X509, X509Params};
use crate::site::Request;

static DRAFT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let press = Press::new(crate::site::Site::demo()).unwrap();
    let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", "Ada").unwrap();
    press.draft(&request, Date::parse("2026-05-14").unwrap()).unwrap().bytes
});

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T12:00:00Z").unwrap()
}

/// A root, and an identity with a leaf of that root.
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
        let params = |key| X509Params {
            organization: name,
            unit: "",
            key,
            not_before: now(),
            days,
        };
        let root = X509Params { unit: "root", ..params(root_key.public()) };
        let root = root.root(&root_key).unwrap();
        let leaf = params(key.public()).leaf(&root, &root_key).unwrap();
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

/// Seals like the sealer, but without its checks.
fn forge(draft: &[u8], identity: &Identity, params: &SealParams) -> Vec<u8> {
    let mut document = Document::read(draft).unwrap();
    let (mut signable, _) = pdf::seal(&document, params).unwrap();
    let digest = identity.algorithm().hash().of(&signable.signed_parts(&document));
    let template = SealTemplate::new(identity).unwrap();
    signable.embed(&template.seal(identity, &digest).unwrap().der).unwrap();
    document.append(signable.revision);
    document.bytes().to_vec()
}

fn params(signing_time: Timestamp, name: &str) -> SealParams {
    SealParams {
        signing_time,
        name: name.to_owned(),
        placeholder_len: 4096,
        has_archive_field: false,
        dss: None,
    }
}

fn faults(report: &Verification) -> String {
    let seal = report.seal.as_ref().unwrap();
    [&seal.faults[..], &seal.doubts].concat().join("; ")
}

#[test]
fn sealed_document_is_good() {
    let site = Site::new("Ada", 1000);
    for archive in [false, true] {
        let sealer = Sealer::new(site.identity()).with_archive(archive);
        let sealed = sealer.seal(&DRAFT, now()).unwrap();
        let report = verify(&sealed.bytes, None, &site.trust(), now());
        assert!(report.is_genuine(), "{report:#?}");
        assert_eq!(report.seal.unwrap().level, Some(PadesLevel::B));
        assert_eq!(
            sealer.seal(&sealed.bytes, now()).unwrap_err().kind(),
            crate::ErrorKind::Seal,
            "sealed twice"
        );
    }
}

#[test]
fn untrusted_signer_is_unknown() {
    let (site, stranger) = (Site::new("Ada", 1000), Site::new("Ada", 1000));
    let sealed = Sealer::new(stranger.identity()).seal(&DRAFT, now()).unwrap();
    let report = verify(&sealed.bytes, None, &site.trust(), now());
    assert_eq!(report.verdict, Verdict::SignerUnknown);
    assert!(faults(&report).contains("not among those that are trusted"));
    // The certificate itself can be trusted, without its issuer.
    let pinned = Trust::new().with_identity(&stranger.identity());
    assert!(verify(&sealed.bytes, None, &pinned, now()).is_genuine());
}

#[test]
fn certificate_of_another_key_is_bad() {
    let (site, thief) = (Site::new("Ada", 1000), Site::new("Eve", 1000));
    let identity = Identity::unchecked(
        thief.key.clone(),
        vec![site.leaf.clone(), site.root.clone()],
    );
    let forged = forge(&DRAFT, &identity, &params(now(), "Ada"));
    let report = verify(&forged, None, &site.trust(), now());
    assert_eq!(report.verdict, Verdict::Bad);
    assert!(faults(&report).contains("not over this document"));
}

#[test]
fn certificate_not_for_documents_is_not_good() {
    let site = Site::new("Ada", 1000);
    let own = X509Params {
        organization: "Ada",
        unit: "",
        key: site.key.public(),
        not_before: now(),
        days: 1000,
    };
    // A certificate with a CA's key usage, and a leaf that a leaf has issued.
    let ca = own.root(&site.key).unwrap();
    let forged = forge(
        &DRAFT,
        &Identity::unchecked(site.key.clone(), vec![ca.clone()]),
        &params(now(), "Ada"),
    );
    let trust = Trust::new().with_roots([ca]);
    let report = verify(&forged, None, &trust, now());
    assert_eq!(report.verdict, Verdict::Bad);
    assert!(faults(&report).contains("key usage"), "{report:#?}");

    let below = own.leaf(&site.leaf, &site.key).unwrap();
    let chain = vec![below, site.leaf.clone(), site.root.clone()];
    let forged = forge(
        &DRAFT,
        &Identity::unchecked(site.key.clone(), chain),
        &params(now(), "Ada"),
    );
    let report = verify(&forged, None, &site.trust(), now());
    assert_eq!(report.verdict, Verdict::SignerUnknown, "{report:#?}");
}

#[test]
fn validity_period_decides_at_sealing_and_now() {
    let site = Site::new("Ada", 10);
    let identity = site.identity();
    let verdict = |signing_time: Timestamp, at: Timestamp| {
        let forged = forge(&DRAFT, &identity, &params(signing_time, "Ada"));
        verify(&forged, None, &site.trust(), at).verdict
    };
    assert_eq!(verdict(now(), now()), Verdict::StatusNotAsked);
    assert_eq!(verdict(now().plus_days(11), now()), Verdict::Bad, "sealed after its end");
    let before = Timestamp::from_unix(now().unix() - 86_400).unwrap();
    assert_eq!(verdict(before, now()), Verdict::Bad, "sealed before its beginning");
    assert_eq!(verdict(now(), now().plus_days(11)), Verdict::SignerEnded, "ended since");
    assert_eq!(
        verdict(now().plus_days(2), now()),
        Verdict::TimeUnknown,
        "from the future"
    );
    // The sealer refuses, though it was made while the certificate was valid.
    let late =
        Sealer::new(identity.clone()).seal(&DRAFT, now().plus_days(11)).unwrap_err();
    assert_eq!(late.kind(), crate::ErrorKind::Key);
}

#[test]
fn name_other_than_the_certificates_is_bad() {
    let site = Site::new("Ada", 1000);
    let forged = forge(&DRAFT, &site.identity(), &params(now(), "Grace"));
    let report = verify(&forged, None, &site.trust(), now());
    assert_eq!(report.verdict, Verdict::Bad);
    assert!(faults(&report).contains("names another signer"));
}

#[test]
fn certificate_outside_the_chain_is_bad() {
    let site = Site::new("Ada", 1000);
    let other = Site::new("Eve", 1000);
    let chain = vec![site.leaf.clone(), site.root.clone(), other.root.clone()];
    let identity = Identity::unchecked(site.key.clone(), chain);
    let forged = forge(&DRAFT, &identity, &params(now(), "Ada"));
    assert_eq!(verify(&forged, None, &site.trust(), now()).verdict, Verdict::Bad);
}

#[test]
fn parts_of_the_dss_must_be_authentic() {
    let site = Site::new("Ada", 1000);
    let root = X509Params {
        organization: "Ada",
        unit: "root",
        key: site.root_key.public(),
        not_before: now(),
        days: 1000,
    };
    let crl = root.empty_crl(&site.root, &site.root_key).unwrap();
    let sealed = Sealer::new(site.identity()).seal(&DRAFT, now()).unwrap().bytes;
    let with = |certificates: Vec<Vec<u8>>, crls: Vec<Vec<u8>>| {
        let mut document = Revisions::read(&sealed).unwrap().document;
        let dss = pdf::Dss { certificates, crls };
        let revision = dss.revise(&document).unwrap();
        document.append(revision);
        verify(document.bytes(), None, &site.trust(), now()).verdict
    };
    let certificates = vec![site.leaf.der().to_vec(), site.root.der().to_vec()];
    assert_eq!(with(certificates.clone(), vec![crl.clone()]), Verdict::StatusNotAsked);
    assert_eq!(with(certificates.clone(), vec![b"0".to_vec()]), Verdict::Bad);
    assert_eq!(with(vec![b"0".to_vec()], vec![crl.clone()]), Verdict::Bad);
    for index in [5, 30, 100, crl.len() - 1] {
        let mut broken = crl.clone();
        broken[index] ^= 1;
        assert_eq!(with(certificates.clone(), vec![broken]), Verdict::Bad, "{index}");
    }
    let eve = Site::new("Eve", 1000);
    // Certificates that nothing in the file needs are refused: they would change its bytes.
    assert_eq!(with(vec![eve.leaf.der().to_vec()], vec![]), Verdict::Bad);
    assert_eq!(with(vec![], vec![]), Verdict::Bad);
    assert_eq!(with(vec![certificates[0].clone(); 2], vec![]), Verdict::Bad);
}

#[test]
fn revisions_are_read_without_loss() {
    let site = Site::new("Ada", 1000);
    let sealed = Sealer::new(site.identity()).seal(&DRAFT, now()).unwrap().bytes;
    assert!(sealed.starts_with(&DRAFT), "appended only");
    let revisions = Revisions::read(&sealed).unwrap();
    assert_eq!(revisions.document.bytes(), sealed);
    assert_eq!(revisions.covered, sealed.len());
    assert_eq!(revisions.params.name, "Ada");
}
