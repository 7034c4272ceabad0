//! A site's folder of keys: created, shown, rotated, and its errors.

use std::fs;
use std::path::Path;

use testamur::ErrorKind;
use testamur::seal::{PrivateKey, X509, verify};
use testamur::site::{KeyPublication, KeySource, Keys};

use super::site::{Site, draft, now, openssl};

#[test]
#[cfg(unix)]
fn private_keys_are_readable_by_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new("Ada");
    let mode = |name: &str| {
        std::fs::metadata(site.path(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("keys"), 0o700);
    assert_eq!(mode("keys/1"), 0o700);
    for name in ["root", "seal", "openpgp"] {
        assert_eq!(mode(&format!("keys/1/{name}.key.pem")), 0o600);
    }
    assert!(site.keys.warnings().is_empty());
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(site.path("keys/1/seal.key.pem"), open).unwrap();
    let keys = Keys::open(&site.path("keys"), now()).unwrap();
    assert_eq!(keys.warnings().len(), 1);
    assert!(keys.warnings()[0].to_string().contains("seal.key.pem"));
}

#[test]
fn existing_keys_are_not_overwritten() {
    let site = Site::new("Ada");
    let before = std::fs::read(site.path("keys/1/seal.key.pem")).unwrap();
    let source = KeySource::NewRoot { name: "Eve" };
    let fault = Keys::create(&site.path("keys"), &source, now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Exists);
    assert_eq!(std::fs::read(site.path("keys/1/seal.key.pem")).unwrap(), before);
}

#[test]
fn rotation_keeps_earlier_seals_valid() {
    let site = Site::new("Ada");
    let first = site.seal(&draft("en.pdf"));
    let folder = site.path("keys");
    let mut seals = vec![first];
    for (number, source) in [
        (2, KeySource::NextLeaf { name: "Ada" }),
        (3, KeySource::NewRoot { name: "Ada" }),
    ] {
        let before = site_public(&folder);
        let keys = Keys::rotate(&folder, &source, now()).unwrap();
        let after = keys.public();
        assert_ne!(before.openpgp_fingerprint, after.openpgp_fingerprint);
        let same_root = before.root == after.root;
        assert_eq!(same_root, number == 2);
        let last = folder.join((number - 1).to_string());
        for name in ["root.key.pem", "seal.key.pem", "openpgp.key.pem"] {
            assert!(!last.join(name).exists(), "the last set still has {name}");
        }
        for name in ["root.pem", "seal.pem", "openpgp.asc"] {
            assert!(last.join(name).exists(), "the last set has no {name}");
        }
        seals.push(keys.sealer().seal(&draft("en.pdf"), now()).unwrap());
        for sealed in &seals {
            let signature = sealed.signature.as_deref().map(str::as_bytes);
            assert!(verify(&sealed.bytes, signature, keys.trust(), now()).is_genuine());
        }
    }
}

/// A rotation that was interrupted after its new set was there.
#[test]
fn rotation_that_was_interrupted_is_finished() {
    let site = Site::new("Ada");
    let folder = site.path("keys");
    let first = folder.join("1");
    let read = |name: &str| fs::read(first.join(name)).unwrap();
    let names = ["root.key.pem", "seal.key.pem", "root.pem", "root.crl", "openpgp.asc"];
    let before = names.map(|name| (name, read(name)));
    Keys::rotate(&folder, &KeySource::NewRoot { name: "Ada" }, now()).unwrap();
    let note =
        |text: Vec<u8>| String::from_utf8(text).unwrap().matches("Retired: ").count();
    let undo = || {
        for (name, bytes) in &before {
            fs::write(first.join(name), bytes).unwrap();
        }
    };
    let is_finished = || {
        assert!(
            !first.join("root.key.pem").exists() && !first.join("seal.key.pem").exists()
        );
        assert_eq!(note(read("root.pem")), 1);
    };
    undo();
    let publication = KeyPublication::default();
    Keys::keep_current(&folder, &publication, &|_| Ok(None), now()).unwrap();
    is_finished();
    undo();
    Keys::rotate(&folder, &KeySource::NextLeaf { name: "Ada" }, now()).unwrap();
    is_finished();
    // What cannot be read is told before there is another set.
    fs::write(first.join("root.crl"), "broken").unwrap();
    for _ in 0..2 {
        Keys::rotate(&folder, &KeySource::NewRoot { name: "Ada" }, now()).unwrap_err();
        assert!(!folder.join("4").exists());
    }
}

fn site_public(folder: &Path) -> testamur::site::PublicKeys {
    Keys::open(folder, now()).unwrap().public()
}

#[test]
fn unusable_keys_are_refused_by_name() {
    let site = Site::new("Ada");
    let folder = site.folder.path();
    let other = Site::new("Eve");
    let key = site.path("keys/1/seal.key.pem");
    let original = std::fs::read(&key).unwrap();
    openssl(folder, "ecparam -name prime256v1 -genkey -noout -out sec1.pem");
    openssl(
        folder,
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc -pass pass:x -out locked.pem",
    );
    openssl(folder, "genrsa -aes128 -traditional -passout pass:x -out locked1.pem 2048");
    openssl(folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.pem");
    openssl(
        folder,
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp521r1 -out p521.pem",
    );
    openssl(folder, "genpkey -algorithm ED25519 -out ed.pem");
    let read = |name: &str| std::fs::read(site.path(name)).unwrap();
    for (bytes, words) in [
        (read("sec1.pem"), "openssl pkcs8 -topk8"),
        (read("locked.pem"), "openssl pkcs8 -topk8"),
        (read("locked1.pem"), "openssl pkcs8 -topk8"),
        (read("weak.pem"), "2048"),
        (read("p521.pem"), "P-384"),
        (read("ed.pem"), "does not belong"),
        (std::fs::read(other.path("keys/1/seal.key.pem")).unwrap(), "does not belong"),
        (b"".to_vec(), "no private key"),
        (
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_vec(),
            "cannot be read",
        ),
        ([&original[..], &original].concat(), "more than one"),
    ] {
        std::fs::write(&key, &bytes).unwrap();
        let fault = Keys::open(&site.path("keys"), now()).unwrap_err();
        let text = format!("{fault:#}");
        assert!(text.contains(words), "{words}: {text}");
        assert!(text.contains("keys/1/seal"), "{text}");
        let secret: Vec<_> =
            String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        let leaks = secret
            .iter()
            .any(|line| line.len() > 30 && !line.starts_with('-') && text.contains(line));
        assert!(!leaks, "{text}");
    }
    std::fs::remove_file(&key).unwrap();
    let fault = Keys::open(&site.path("keys"), now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::MissingFile);
    let fault = Keys::open(&site.path("nowhere"), now()).unwrap_err();
    assert!(format!("{fault:#}").contains("testamur key new"));
}

#[test]
fn unusable_certificates_are_refused() {
    let site = Site::new("Ada");
    let folder = site.path("keys");
    let late = now().plus_days(11 * 365);
    let fault = Keys::open(&folder, late).unwrap_err();
    assert!(format!("{fault:#}").contains("expired on"), "{fault:#}");
    let early = testamur::Timestamp::parse("2000-01-01T00:00:00Z").unwrap();
    let fault = Keys::open(&folder, early).unwrap_err();
    assert!(format!("{fault:#}").contains("not valid before"), "{fault:#}");
    let soon = now().plus_days(10 * 365 - 15);
    assert!(!Keys::open(&folder, soon).unwrap().warnings().is_empty());
    // The chain in the wrong order.
    let pem = std::fs::read(folder.join("1/seal.pem")).unwrap();
    let mut chain = X509::from_pem(&pem).unwrap();
    chain.reverse();
    let text: String = chain.iter().map(X509::pem).collect();
    std::fs::write(folder.join("1/seal.pem"), text).unwrap();
    let fault = Keys::open(&folder, now()).unwrap_err();
    assert!(fault.faults().count() >= 2, "{fault:#}");
}

#[test]
fn private_keys_are_never_shown() {
    let site = Site::new("Ada");
    let text = std::fs::read(site.path("keys/1/seal.key.pem")).unwrap();
    let shown = format!("{:?} {:?}", PrivateKey::from_pem(&text).unwrap(), site.keys);
    let json = serde_json::to_string(&site.keys.public()).unwrap();
    for line in
        String::from_utf8_lossy(&text).lines().filter(|line| !line.starts_with('-'))
    {
        assert!(!shown.contains(line) && !json.contains(line));
    }
}
