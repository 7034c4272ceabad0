//! An issue service of an embedder who has no disk: keys and stores in memory.

use std::sync::Arc;

use testamur::register::{IssueOptions, IssueService, MemoryStore, StorePath};
use testamur::seal::{Sealer, Trust, verify};
use testamur::site::{IdSecret, Keys};
use testamur::{ErrorKind, Press, Site};

use super::setup::{COURSES, now, request, today};

fn press() -> Arc<Press> {
    Arc::new(
        Press::new(Site::new().with_sample_pictures().with_file("courses.yaml", COURSES))
            .unwrap(),
    )
}

#[test]
fn missing_parts_of_a_service_are_named_together() {
    let error = IssueService::builder(press()).build().unwrap_err();
    let calls: Vec<&str> = error.faults().filter_map(|fault| fault.help()).collect();
    assert_eq!(
        calls,
        [
            "call `with_keys` or `with_sealer` of its builder",
            "call `with_id_secret` of its builder",
            "call `with_stores` of its builder",
        ]
    );
    assert_eq!(error.kind(), ErrorKind::MissingField);
}

#[test]
fn sealer_without_openpgp_key_issues_without_detached_signature() {
    let keys = Keys::generate("Example University", now()).unwrap();
    let public = Arc::new(MemoryStore::new());
    let issuer = IssueService::builder(press())
        .with_sealer(Sealer::new(keys.identity().clone()))
        .with_id_secret(IdSecret::generate().unwrap())
        .with_stores(public.clone(), Arc::new(MemoryStore::new()))
        .build()
        .unwrap();
    let receipt = issuer
        .issue(&request("Ada Lovelace"), today(), now(), &IssueOptions::default())
        .unwrap();
    let certificate = receipt.record.certificate.unwrap();
    assert_eq!(certificate.signature, None);
    let pdf =
        issuer.register().file(&certificate.pdf.as_ref().unwrap().path).unwrap().unwrap();
    let root = Trust::new().with_roots(keys.root().cloned());
    assert!(verify(&pdf, None, &root, now()).is_genuine());
    assert!(!verify(&pdf, None, &Trust::new(), now()).is_genuine());
    drop(issuer);
    let files = Arc::into_inner(public).unwrap().into_files();
    let is_key_or_signature =
        |name: &str| name.ends_with(".asc") || name.ends_with(".sig");
    assert!(!files.keys().any(|path| is_key_or_signature(path.as_str())), "{files:?}");
}

#[test]
fn openpgp_key_of_the_sealer_is_published() {
    let keys = Keys::generate("Example University", now()).unwrap();
    let public = Arc::new(MemoryStore::new());
    let issuer = IssueService::builder(press())
        .with_sealer(keys.sealer())
        .with_id_secret(IdSecret::generate().unwrap())
        .with_stores(public, Arc::new(MemoryStore::new()))
        .build()
        .unwrap();
    let receipt = issuer
        .issue(&request("Ada Lovelace"), today(), now(), &IssueOptions::default())
        .unwrap();
    let certificate = receipt.record.certificate.unwrap();
    let file = |path: &StorePath| issuer.register().file(path).unwrap().unwrap();
    let signature = certificate.signature.unwrap();
    let published = file(&format!("keys/{}.asc", signature.key).parse().unwrap());
    let keys = testamur::seal::PgpKey::from_armor(&published).unwrap();
    let trust = Trust::new().with_keys(keys);
    let found = verify(
        &file(&certificate.pdf.as_ref().unwrap().path),
        Some(&file(&signature.path)),
        &trust,
        now(),
    );
    assert!(found.signature.unwrap().trusted);
}
