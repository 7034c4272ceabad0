//! The OpenPGP key of the old installation: given as a file, with a passphrase, or not the right one.

use std::fs;

use super::installation::{Ended, Installation, gpg, stop};

/// An installation without a home of gpg, the fingerprint of its key, and the key in `secret.asc`.
fn exported(passphrase: &str) -> (Installation, String) {
    let old = Installation::whole("KEY");
    let key = Installation::make_key_with(&old.dir, passphrase);
    let home = old.dir.path("old/gnupg");
    let export =
        ["--passphrase", passphrase, "--armor", "--export-secret-keys", key.as_str()];
    let secret = gpg(&home, &export);
    let end = "-----END PGP PRIVATE KEY BLOCK-----";
    let secret = &secret[..secret.find(end).unwrap() + end.len()];
    old.dir.write("secret.asc", format!("{secret}\n"));
    let public = gpg(&home, &["--armor", "--export", &key]);
    stop(&home);
    old.dir.write("public.asc", public);
    fs::remove_dir_all(home).unwrap();
    let env = String::from_utf8(old.dir.read("old/env.json")).unwrap();
    old.dir.write("old/env.json", env.replace("\"KEY\"", &format!("\"{key}\"")));
    (old, key)
}

/// Issues a certificate, and has gpg judge its signature with nothing but the old public key.
fn issued_signature_is_good(old: &Installation) {
    let receipt = old.issue();
    let pdf = receipt["download_url"].as_str().unwrap();
    let pdf = pdf.strip_prefix("https://downloads.example.org/").unwrap();
    let page = receipt["verify_id"].as_str().unwrap();
    let signature = old.dir.path(&format!("web/cert/{page}/Attestation.pdf.sig"));
    let home = old.dir.path("judge");
    fs::create_dir_all(&home).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    }
    gpg(&home, &["--import", old.dir.path("public.asc").to_str().unwrap()]);
    let pdf = old.dir.path(&format!("web/{pdf}"));
    let said =
        gpg(&home, &["--verify", signature.to_str().unwrap(), pdf.to_str().unwrap()]);
    stop(&home);
    stop(&old.dir.path("new/keys/gnupg"));
    assert!(said.contains("Good signature from \"Old <old@example.org>\""), "{said}");
}

#[test]
fn exported_key_goes_on_signing() {
    let (old, key) = exported("");
    let run = old.dir.run(["migrate", "old", "new", "--openpgp-key", "secret.asc"]);
    run.ends(1);
    assert!(run.output().contains(&format!("the key {key}")), "{}", run.output());
    issued_signature_is_good(&old);
}

#[test]
fn key_with_a_passphrase_goes_on_signing() {
    let (old, _) = exported("a secret");
    old.dir.write("passphrase", "a secret\n");
    let migrate = |new: &'static str, more: &[&'static str]| {
        let arguments = ["migrate", "old", new, "--openpgp-key", "secret.asc"];
        old.dir.run(arguments.iter().chain(more).copied())
    };
    let run = migrate("without", &[]);
    assert!(run.output().contains("--passphrase-file"), "{}", run.output());
    assert!(!old.dir.path("without/keys/gnupg").exists());
    let run = migrate("missing", &["--passphrase-file", "nowhere"]);
    assert!(run.output().contains("nowhere: cannot be read"), "{}", run.output());
    let run = migrate("new", &["--passphrase-file", "passphrase"]);
    assert!(run.output().contains("goes on signing"), "{}", run.output());
    assert_eq!(old.dir.read("new/keys/openpgp.passphrase"), b"a secret\n");
    issued_signature_is_good(&old);
}

#[test]
fn file_that_is_no_key_is_told() {
    let (old, _) = exported("");
    old.dir.write("secret.asc", "no key");
    let run = old.dir.run(["migrate", "old", "new", "--openpgp-key", "secret.asc"]);
    let report = run.output();
    assert!(report.contains("needs a person  CERT_KEY_ID"), "{report}");
    assert!(!old.dir.path("new/keys/gnupg").exists());
}
