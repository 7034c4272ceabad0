//! The list of a site's root: named by the certificate that seals, sealed with each certificate,
//! renewed, and what it says of a key that is not trusted any more.

use std::path::Path;
use std::sync::Arc;

use testamur::register::{IssueOptions, IssueService, MemoryStore, SealUpgrade};
use testamur::seal::{Trust, X509, verify};
use testamur::site::{IdSecret, KeyPublication, KeySource, Keys, Settings};
use testamur::{Date, ErrorKind, Press, Request, Timestamp};

use super::site::{Site, draft, now, openssl, output_text, run};

const URL: &str = "https://certs.example.org";

fn published_at(url: &str) -> KeyPublication {
    let settings = format!("publish: {{ url: '{url}' }}\n");
    KeyPublication::of(&Settings::parse(settings.as_bytes()).unwrap())
}

/// The list of a set of keys, as openssl describes it.
fn crl_text(site: &Site, set: u32) -> String {
    let file = format!("keys/{set}/root.crl");
    let line = ["crl", "-inform", "DER", "-in", &file, "-noout", "-text"];
    output_text(&run(site.folder.path(), "openssl", &line))
}

fn seal_text(site: &Site, file: &str) -> String {
    let line = ["x509", "-in", file, "-noout", "-text"];
    output_text(&run(site.folder.path(), "openssl", &line))
}

/// What openssl says of the certificate that seals, with the list of that set.
fn openssl_verdict(site: &Site, certificate: &str, set: u32, at: Timestamp) -> String {
    openssl(
        site.folder.path(),
        &format!("crl -inform DER -in keys/{set}/root.crl -out crl.pem"),
    );
    let line = format!(
        "verify -x509_strict -crl_check -attime {} -CRLfile crl.pem -CAfile keys/1/root.pem {certificate}",
        at.unix()
    );
    output_text(&run(site.folder.path(), "openssl", &line.split(' ').collect::<Vec<_>>()))
}

#[test]
fn certificate_names_where_its_list_and_its_issuer_are_published() {
    let site = Site::new("Ada");
    std::fs::remove_dir_all(site.path("keys")).unwrap();
    let source = KeySource::NewRoot { name: "Ada" };
    let publication = published_at(URL);
    let keys =
        Keys::create_with(&site.path("keys"), &source, &publication, now()).unwrap();
    let text = seal_text(&site, "keys/1/seal.pem");
    let published = Keys::published_in(&site.path("keys")).unwrap();
    for ending in [".crl", ".cer"] {
        let (path, bytes) =
            published.iter().find(|(path, _)| path.ends_with(ending)).unwrap();
        assert!(text.contains(&format!("URI:{URL}/{path}")), "{path}: {text}");
        assert!(!bytes.is_empty());
    }
    let root = published.iter().find(|(path, _)| path.ends_with(".cer")).unwrap();
    assert_eq!(X509::from_der(&root.1).unwrap(), *keys.root().unwrap());
    assert!(openssl_verdict(&site, "keys/1/seal.pem", 1, now()).contains("OK"));
}

#[test]
fn key_made_before_the_address_gets_a_new_certificate_once() {
    let site = Site::new("Ada");
    let before = site.seal(&draft("en.pdf"));
    let folder = site.path("keys");
    let key = std::fs::read(site.path("keys/1/seal.key.pem")).unwrap();
    Keys::keep_current(&folder, &KeyPublication::default(), &|_| Ok(None), now())
        .unwrap();
    assert!(!site.path("keys/1/seal-1.pem").exists());
    for _ in 0..2 {
        Keys::keep_current(&folder, &published_at(URL), &|_| Ok(None), now()).unwrap();
        assert!(seal_text(&site, "keys/1/seal.pem").contains("certs.example.org/keys/"));
        assert!(!site.path("keys/1/seal-2.pem").exists());
    }
    assert_eq!(std::fs::read(site.path("keys/1/seal.key.pem")).unwrap(), key);
    let earlier = std::fs::read_to_string(site.path("keys/1/seal-1.pem")).unwrap();
    assert!(earlier.starts_with("Replaced: "), "{earlier}");
    let keys = Keys::open(&folder, now()).unwrap();
    let after = keys.sealer().seal(&draft("en.pdf"), now()).unwrap();
    for sealed in [&before, &after] {
        assert!(verify(&sealed.bytes, None, keys.trust(), now()).is_genuine());
    }
    // Both certificates are of the key, so both are revoked with it.
    let revoked = Keys::revoke(&folder, None, None, &published_at(URL), now()).unwrap();
    assert_eq!(revoked.certificates.len(), 2);
    for file in ["keys/1/seal.pem", "keys/1/seal-1.pem"] {
        let text = openssl_verdict(&site, file, 1, now());
        assert!(text.contains("certificate revoked"), "{file}: {text}");
    }
    // A revoked key gets no new certificate when the site moves.
    Keys::keep_current(
        &folder,
        &published_at("https://new.example.org"),
        &|_| Ok(None),
        now(),
    )
    .unwrap();
    assert!(!site.path("keys/1/seal-2.pem").exists());
}

#[test]
fn list_is_renewed_after_half_of_its_life_and_not_before() {
    let site = Site::new("Ada");
    let folder = site.path("keys");
    let list = || std::fs::read(site.path("keys/1/root.crl")).unwrap();
    let first = list();
    let year = KeyPublication::default();
    assert_eq!(year.crl_days, 396);
    Keys::keep_current(&folder, &year, &|_| Ok(None), now().plus_days(190)).unwrap();
    assert_eq!(list(), first);
    // Seals that are made in its life carry the same list.
    let seal = |days| {
        let keys = Keys::open(&folder, now().plus_days(days)).unwrap();
        keys.sealer().seal(&draft("en.pdf"), now().plus_days(days)).unwrap().bytes
    };
    let has = |pdf: &[u8], list: &[u8]| pdf.windows(list.len()).any(|part| part == list);
    assert!(has(&seal(0), &first) && has(&seal(190), &first));
    Keys::keep_current(&folder, &year, &|_| Ok(None), now().plus_days(200)).unwrap();
    let second = list();
    assert_ne!(second, first);
    assert!(has(&seal(200), &second) && !has(&seal(200), &first));
    assert!(crl_text(&site, 1).contains("CRL Number: \n                2"));

    // Where an agent runs the list holds for a month, which the settings can change.
    let life = |text: &str| {
        KeyPublication::of(&Settings::parse(text.as_bytes()).unwrap()).crl_days
    };
    assert_eq!(life(""), 396);
    assert_eq!(life("agent: { http: { listen: '127.0.0.1:8080' } }\n"), 31);
    assert_eq!(life("seal: { crl_days: 90 }\n"), 90);
    assert!(Settings::parse(b"seal: { crl_days: 0 }\n").is_err());
}

#[test]
fn list_that_cannot_be_renewed_is_warned_of_in_its_last_quarter() {
    let site = Site::new("Ada");
    let folder = site.path("keys");
    let root_key = site.path("offline.pem");
    std::fs::rename(site.path("keys/1/root.key.pem"), &root_key).unwrap();
    let warnings = |days| {
        let later = now().plus_days(days);
        Keys::keep_current(&folder, &KeyPublication::default(), &|_| Ok(None), later)
            .unwrap();
        let keys = Keys::open(&folder, later).unwrap();
        let warnings: Vec<String> =
            keys.warnings().iter().map(|warning| format!("{warning:#}")).collect();
        warnings.join("\n")
    };
    assert_eq!(warnings(280), "");
    assert!(warnings(310).contains("testamur key publish"), "{}", warnings(310));
    assert!(warnings(310).contains("ends on"), "{}", warnings(310));
    assert!(warnings(400).contains("ended on"), "{}", warnings(400));
    // A list that is over is not sealed with a certificate.
    let keys = Keys::open(&folder, now().plus_days(400)).unwrap();
    let sealed = keys.sealer().seal(&draft("en.pdf"), now().plus_days(400)).unwrap();
    assert!(!sealed.bytes.windows(5).any(|part| part == b"/CRLs"));

    let publication = KeyPublication::default();
    let later = now().plus_days(400);
    let fault =
        Keys::renew_crl(&folder, None, &publication, &|_| Ok(None), later).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::MissingFile);
    Keys::renew_crl(&folder, Some(&root_key), &publication, &|_| Ok(None), later)
        .unwrap();
    assert_eq!(warnings(400), "");
}

#[test]
fn list_of_a_clock_that_was_ahead_is_followed_by_one_of_today() {
    let site = Site::new("Ada");
    let folder = site.path("keys");
    let publication = KeyPublication::default();
    let ahead = now().plus_days(800);
    Keys::renew_crl(&folder, None, &publication, &|_| Ok(None), ahead).unwrap();
    Keys::keep_current(&folder, &publication, &|_| Ok(None), now()).unwrap();
    assert!(openssl_verdict(&site, "keys/1/seal.pem", 1, now()).contains("OK"));
    Keys::renew_crl(&folder, None, &publication, &|_| Ok(None), ahead).unwrap();
    Keys::revoke(&folder, None, None, &publication, now()).unwrap();
    let text = openssl_verdict(&site, "keys/1/seal.pem", 1, now());
    assert!(text.contains("certificate revoked"), "{text}");
}

#[test]
fn revoked_key_seals_no_more_and_a_rotated_one_does() {
    let site = Site::new("Ada");
    let folder = site.path("keys");
    let publication = KeyPublication::default();
    assert!(openssl_verdict(&site, "keys/1/seal.pem", 1, now()).contains("OK"));
    let later = now().plus_days(1);
    let fault =
        Keys::revoke(&folder, None, Some(later), &publication, now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::InvalidValue);
    let fault = Keys::revoke(&folder, Some(7), None, &publication, now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::MissingFile);

    let since = Timestamp::from_unix(now().unix() - 3600).unwrap();
    let sealed = site.seal(&draft("en.pdf")).bytes;
    Keys::revoke(&folder, None, Some(since), &publication, now()).unwrap();
    // The file has the list from before. A newer one, of the site or handed over, counts.
    let root = Trust::new().with_roots(site.keys.root().cloned());
    assert!(verify(&sealed, None, &root, now()).is_genuine());
    let told = root.with_crls(Keys::crls_in(&folder).unwrap()).unwrap();
    for trust in [told, Keys::trusted(&folder).unwrap()] {
        let found = verify(&sealed, None, &trust, now());
        assert!(!found.is_genuine(), "{found:#?}");
        assert!(found.seal.unwrap().is_key_revoked);
    }
    let text = openssl_verdict(&site, "keys/1/seal.pem", 1, now());
    assert!(text.contains("certificate revoked"), "{text}");
    let seal = std::fs::read_to_string(site.path("keys/1/seal.pem")).unwrap();
    assert!(seal.contains(&format!("Revoked-Since: {since}")), "{seal}");
    let keys = Keys::open(&folder, now()).unwrap();
    assert_eq!(keys.check_revocation().unwrap_err().kind(), ErrorKind::Key);
    let fault = keys.sealer().seal(&draft("en.pdf"), now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Key);
    assert!(format!("{fault:#}").contains("testamur key rotate"), "{fault:#}");

    // What was distrusted from an earlier time on is not trusted again by a second call.
    Keys::revoke(&folder, None, None, &publication, now()).unwrap();
    let name = Keys::name(&folder).unwrap();
    assert_eq!(name, "Ada");
    let keys =
        Keys::rotate(&folder, &KeySource::NextLeaf { name: &name }, now()).unwrap();
    keys.check_revocation().unwrap();
    let sealed = keys.sealer().seal(&draft("en.pdf"), now()).unwrap();
    assert!(verify(&sealed.bytes, None, keys.trust(), now()).is_genuine());
    let text = openssl_verdict(&site, "keys/1/seal.pem", 2, now());
    assert!(text.contains("certificate revoked"), "{text}");
    assert!(openssl_verdict(&site, "keys/2/seal.pem", 2, now()).contains("OK"));
    let dates = crl_text(&site, 2);
    assert_eq!(dates.matches("Revocation Date").count(), 1, "{dates}");
    assert!(dates.contains("Key Compromise"), "{dates}");
    // The key of a retired set is revoked by its number.
    Keys::rotate(&folder, &KeySource::NextLeaf { name: &name }, now()).unwrap();
    Keys::revoke(&folder, Some(2), None, &publication, now()).unwrap();
    let text = openssl_verdict(&site, "keys/2/seal.pem", 3, now());
    assert!(text.contains("certificate revoked"), "{text}");
}

#[test]
fn root_that_retires_signs_a_last_list_and_each_file_says_what_replaced_it() {
    let site = Site::new("Ada");
    let folder = site.path("keys");
    let leaf_ends = site.keys.identity().certificate().not_after();
    let leaf_ends = Timestamp::from_unix(leaf_ends.unix() - 60).unwrap();
    let keys = Keys::rotate(&folder, &KeySource::NewRoot { name: "Ada" }, now()).unwrap();
    // The last list still holds when the last certificate of the root ends.
    let text = openssl_verdict(&site, "keys/1/seal.pem", 1, leaf_ends);
    assert!(text.contains("OK"), "{text}");
    let read = |name: &str| std::fs::read_to_string(site.path(name)).unwrap();
    let root = read("keys/1/root.pem");
    assert!(root.starts_with("Retired: 2"), "{root}");
    assert!(root.contains(keys.root().unwrap().fingerprint().as_str()), "{root}");
    let seal = read("keys/1/seal.pem");
    assert!(
        seal.contains(keys.identity().certificate().fingerprint().as_str()),
        "{seal}"
    );
    let openpgp = read("keys/1/openpgp.asc");
    assert!(openpgp.contains(keys.public().openpgp_fingerprint.as_str()), "{openpgp}");
    // Others read past the notes.
    openssl(site.folder.path(), "x509 -in keys/1/root.pem -noout");
    let homedir = site.path("gnupg");
    std::fs::create_dir(&homedir).unwrap();
    let homedir = homedir.to_str().unwrap();
    let import = ["--homedir", homedir, "--batch", "--import", "keys/1/openpgp.asc"];
    let output = run(site.folder.path(), "gpg", &import);
    assert!(output.status.success(), "{}", output_text(&output));
    let _ = run(site.folder.path(), "gpgconf", &["--homedir", homedir, "--kill", "all"]);
    // The key of the root is gone, so nothing of it can be revoked any more.
    let publication = KeyPublication::default();
    let fault = Keys::revoke(&folder, Some(1), None, &publication, now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Key);
    let fault = format!("{fault:#}");
    assert!(fault.contains("retired root"), "{fault}");
}

/// A service over stores in memory, with the keys in a folder.
fn service(folder: &Path, public: &Arc<MemoryStore>, secret: &IdSecret) -> IssueService {
    let keys = Keys::open(folder, now()).unwrap();
    IssueService::builder(Arc::new(Press::new(testamur::Site::demo()).unwrap()))
        .with_keys(&keys)
        .with_id_secret(secret.clone())
        .with_stores(public.clone(), Arc::new(MemoryStore::new()))
        .build()
        .unwrap()
}

fn request(name: &str) -> Request {
    Request::new("course-v1:ExampleX+CURL101+2026_T1", name).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("1")).unwrap();
    for entry in std::fs::read_dir(from.join("1")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join("1").join(entry.file_name())).unwrap();
    }
}

#[test]
fn running_service_learns_of_a_revocation_that_another_machine_published() {
    let site = Site::new("Ada");
    let folder = site.path("keys");
    let elsewhere = site.path("elsewhere");
    copy(&folder, &elsewhere);
    let (public, secret) = (Arc::new(MemoryStore::new()), IdSecret::generate().unwrap());
    let issuer = service(&folder, &public, &secret);
    let today = Date::parse("2026-05-14").unwrap();
    let issue = |name: &str, at| {
        issuer.issue(&request(name), today, at, &IssueOptions::default())
    };
    let first = issue("Ada Lovelace", now()).unwrap().record;
    let list = Keys::published_in(&folder).unwrap();
    let (path, list) = list.iter().find(|(path, _)| path.ends_with(".crl")).unwrap();
    assert_eq!(
        issuer.register().file(&path.parse().unwrap()).unwrap().as_ref(),
        Some(list)
    );

    let since = first.issued_at;
    let publication = KeyPublication::default();
    let revoked =
        Keys::revoke(&elsewhere, None, Some(since), &publication, now()).unwrap();
    let files = Keys::published_in(&elsewhere).unwrap();
    assert!(issuer.register().publish_keys(&files).unwrap() > 0);
    let minute = Timestamp::from_unix(now().unix() + 61).unwrap();
    let fault = issue("Grace Hopper", minute).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Key, "{fault:#}");
    // The newer list is in this machine's folder now, and its older one does not come back.
    assert_ne!(std::fs::read(folder.join("1/root.crl")).unwrap(), *list);
    issuer.register().publish_keys(&[(path.clone(), list.clone())]).unwrap();
    let certificate = path.replace(".crl", ".cer");
    let root = site.keys.root().unwrap().der().to_vec();
    let older = [(certificate, root), (path.clone(), list.clone())];
    let newer = Keys::published_in(&folder).unwrap();
    issuer.register().publish_keys(&newer).unwrap();
    issuer.register().publish_keys(&older).unwrap();
    assert_ne!(
        issuer.register().file(&path.parse().unwrap()).unwrap().as_ref(),
        Some(list)
    );

    // The register marks what the key sealed from then on.
    let mut failures = Vec::new();
    let mut mark = |since| {
        let register = issuer.register();
        let certificates = &revoked.certificates;
        register.mark_revoked_key(certificates, since, &mut |e| failures.push(e)).unwrap()
    };
    assert_eq!(mark(minute), 0);
    assert_eq!(mark(since), 1);
    assert!(failures.is_empty(), "{failures:?}");
    let record = issuer.register().record(&first.id).unwrap().unwrap();
    assert_eq!(record.certificate.unwrap().seal.unwrap().key_revoked, Some(since));
    assert_eq!(record.status, first.status);
}

#[test]
fn seal_of_a_register_is_raised_where_it_lies() {
    let site = Site::new("Ada");
    let (public, secret) = (Arc::new(MemoryStore::new()), IdSecret::generate().unwrap());
    let issuer = service(&site.path("keys"), &public, &secret);
    let today = Date::parse("2026-05-14").unwrap();
    let options = IssueOptions::default();
    let record = issuer.issue(&request("Ada"), today, now(), &options).unwrap().record;
    let (register, sealer) = (issuer.register(), site.keys.sealer());
    // Without a TSA nothing can be raised, and nothing is changed.
    let fault = register.upgrade_seal(&record.id, &sealer, &[], now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Seal);
    assert_eq!(register.record(&record.id).unwrap(), Some(record.clone()));
    register.revoke(&record.id, "a mistake", now()).unwrap();
    let ended = register.upgrade_seal(&record.id, &sealer, &[], now()).unwrap();
    assert_eq!(ended, SealUpgrade::Ended);
    let unknown = "0".repeat(32).parse().unwrap();
    let fault = register.upgrade_seal(&unknown, &sealer, &[], now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::UnknownCertificate);
}
