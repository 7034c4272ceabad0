//! Signing commands that succeed, fail, return other bytes and hang, and all supported key types.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use testamur::seal::{
    CommandSigner, Identity, PgpCommand, PgpIdentity, PgpKey, PgpSigner, PrivateKey,
    Sealer, Sha256, Signer, SignerInput, Trust, X509, conformance, verify,
};
use testamur::{ErrorKind, Warning};

use super::site::{Site, draft, now, openssl, run};

fn shell(script: &str) -> (String, Vec<String>) {
    ("sh".to_owned(), vec!["-c".to_owned(), script.to_owned()])
}

fn command(site: &Site, script: &str) -> CommandSigner {
    let (program, arguments) = shell(script);
    let key = site.keys.identity().certificate().key().unwrap();
    CommandSigner::new(program, arguments, key)
}

fn key_file(site: &Site) -> String {
    site.path("keys/1/seal.key.pem").display().to_string()
}

#[test]
fn signing_command_makes_a_valid_seal() {
    let site = Site::new("Ada");
    let file = key_file(&site);
    let whole = command(&site, &format!("openssl dgst -sha256 -sign {file}"));
    let digest = command(
        &site,
        &format!("digest=$(mktemp); cat > $digest; openssl pkeyutl -sign -inkey {file} -in $digest; rm $digest"),
    )
    .with_input(SignerInput::Digest);
    for signer in [whole, digest] {
        let chain = site.keys.identity().chain().to_vec();
        conformance::signer(&signer);
        let identity = Identity::new(Arc::new(signer), chain, now()).unwrap();
        let sealed = Sealer::new(identity).seal(&draft("en.pdf"), now()).unwrap();
        assert!(verify(&sealed.bytes, None, site.keys.trust(), now()).is_genuine());
    }
}

#[test]
fn failing_signing_commands_are_reported() {
    let site = Site::new("Ada");
    let other = Site::new("Eve");
    for (script, words) in [
        ("exit 3", "failed (exit status: 3)"),
        ("echo 'no slot' >&2; exit 1", "no slot"),
        ("true", "wrote nothing"),
        ("echo hello", "are no signature"),
        ("yes", "failed"),
        ("cat > /dev/null; sleep 5", "took longer"),
        ("sleep 5", "took longer"),
        (&format!("openssl dgst -sha256 -sign {}", key_file(&other)), "are no signature"),
    ] {
        let signer = command(&site, script).with_deadline(Duration::from_millis(700));
        let start = Instant::now();
        let fault = signer.sign(b"message").unwrap_err();
        assert_eq!(fault.kind(), ErrorKind::Signer, "{script}");
        assert!(fault.to_string().contains(words), "{script}: {fault}");
        assert!(fault.is_retryable());
        assert!(start.elapsed() < Duration::from_secs(3), "{script}");
        // So an unusable command is refused before a certificate is made.
        let chain = site.keys.identity().chain().to_vec();
        assert!(Identity::new(Arc::new(signer), chain, now()).is_err(), "{script}");
    }
    let key = site.keys.identity().certificate().key().unwrap();
    let fault =
        CommandSigner::new("no-such-program", vec![], key).sign(b"m").unwrap_err();
    assert!(fault.to_string().contains("cannot be started"), "{fault}");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn each_key_type_makes_a_valid_seal() {
    let site = Site::new("Ada");
    let folder = site.folder.path();
    openssl(folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
    openssl(folder, "rsa -in rsa.pem -traditional -out rsa1.pem");
    openssl(
        folder,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa3072.pem",
    );
    for curve in ["P-256", "P-384"] {
        openssl(
            folder,
            &format!(
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out {curve}.pem"
            ),
        );
    }
    for name in ["rsa", "rsa1", "rsa3072", "P-256", "P-384"] {
        openssl(
            folder,
            &format!(
                "req -x509 -new -key {name}.pem -subj /O=Ada/CN=Ada -days 30 -out {name}.crt -addext keyUsage=critical,digitalSignature"
            ),
        );
        let key = std::fs::read(site.path(&format!("{name}.pem"))).unwrap();
        let key = testamur::seal::PrivateKey::from_pem(&key).unwrap();
        conformance::signer(&key);
        let pem = std::fs::read(site.path(&format!("{name}.crt"))).unwrap();
        let chain = X509::from_pem(&pem).unwrap();
        let trust = Trust::new().with_certificate(chain[0].clone(), vec![]);
        let identity = Identity::new(Arc::new(key), chain, now()).unwrap();
        let sealed = Sealer::new(identity).seal(&draft("ar.pdf"), now()).unwrap();
        let report = verify(&sealed.bytes, None, &trust, now());
        assert!(report.is_genuine(), "{name}: {report:#?}");
        let path = site.write("sealed.pdf", &sealed.bytes);
        let output = run(folder, "pdfsig", &["-nocert", path.to_str().unwrap()]);
        let text = super::site::output_text(&output);
        assert!(text.contains("Signature is Valid"), "{name}: {text}");
    }
}

#[test]
fn gpg_command_makes_a_valid_signature() {
    let site = Site::new("Ada");
    let homedir = site.path("gnupg");
    std::fs::create_dir(&homedir).unwrap();
    let homedir = homedir.to_str().unwrap().to_owned();
    // `ring` does not verify ECDSA with SHA-512.
    for (kind, hash) in
        [("ed25519", "SHA512"), ("rsa3072", "SHA512"), ("nistp256", "SHA256")]
    {
        let id = format!("{kind} <{kind}@example.org>");
        let arguments = [
            "--homedir",
            &homedir,
            "--batch",
            "--passphrase",
            "",
            "--quick-gen-key",
            &id,
            kind,
            "sign",
        ];
        let output = run(site.folder.path(), "gpg", &arguments);
        assert!(output.status.success(), "{}", super::site::output_text(&output));
        let arguments = ["--homedir", &homedir, "--batch", "--armor", "--export", &id];
        let ring = run(site.folder.path(), "gpg", &arguments).stdout;
        let key = PgpKey::from_armor(&ring).unwrap().remove(0);
        assert_eq!(key.user_id(), Some(id.as_str()));
        let armor = key.to_armor();
        assert_eq!(
            PgpKey::from_armor(armor.as_bytes()).unwrap(),
            std::slice::from_ref(&key)
        );
        let published = site.write("published.asc", &armor);
        let arguments =
            ["--homedir", &homedir, "--show-keys", published.to_str().unwrap()];
        let output = run(site.folder.path(), "gpg", &arguments);
        let said = super::site::output_text(&output);
        assert!(
            said.contains(key.fingerprint().as_str()) && said.contains(&id),
            "{said}"
        );
        let fingerprint = key.fingerprint();
        let line = [
            "--homedir",
            &homedir,
            "--batch",
            "--armor",
            "--digest-algo",
            hash,
            "--detach-sign",
            "-u",
            &fingerprint,
        ];
        let signer =
            PgpCommand::new("gpg", line.map(str::to_owned).to_vec(), key.clone());
        conformance::pgp_signer(&signer, now());
        let signature = signer.sign(b"a certificate", now());
        let signature = signature.unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        assert!(signature.verifies(&key, b"a certificate"));
        assert!(!signature.verifies(&key, b"another"));

        let file = site.write("file", b"a certificate");
        let detached = site.write("file.sig", signature.to_armor());
        let arguments = [
            "--homedir",
            &homedir,
            "--batch",
            "--verify",
            detached.to_str().unwrap(),
            file.to_str().unwrap(),
        ];
        let output = run(site.folder.path(), "gpg", &arguments);
        assert!(output.status.success(), "{kind}: {}", super::site::output_text(&output));
    }
    let _ = run(site.folder.path(), "gpgconf", &["--homedir", &homedir, "--kill", "all"]);
}

#[test]
fn own_openpgp_key_keeps_the_contract() {
    let site = Site::new("Ada");
    conformance::pgp_signer(site.keys.sealer().pgp().unwrap(), now());
    let key = testamur::seal::PrivateKey::from_pem(
        &std::fs::read(site.path("keys/1/openpgp.key.pem")).unwrap(),
    );
    conformance::signer(&key.unwrap());
}

/// A signer that signs another message.
#[derive(Debug)]
struct WrongSigner(testamur::seal::PrivateKey);

impl Signer for WrongSigner {
    fn public(&self) -> &testamur::seal::PublicKey {
        self.0.public()
    }

    fn sign(&self, message: &[u8]) -> testamur::Result<Vec<u8>> {
        Signer::sign(&self.0, &[message, b"?"].concat())
    }
}

#[test]
#[should_panic(expected = "the public key verifies the signature over 0 bytes")]
fn contract_finds_a_signer_that_signs_another_message() {
    let site = Site::new("Ada");
    let pem = std::fs::read(key_file(&site)).unwrap();
    let key = testamur::seal::PrivateKey::from_pem(&pem).unwrap();
    conformance::signer(&WrongSigner(key));
}

/// A signer that at some time begins to return something else than signatures.
#[derive(Debug)]
struct FailingSigner {
    key: PrivateKey,
    /// How many signatures are still made.
    good: AtomicUsize,
    then: fn(&PrivateKey, &[u8]) -> Vec<u8>,
}

impl Signer for FailingSigner {
    fn public(&self) -> &testamur::seal::PublicKey {
        self.key.public()
    }

    fn sign(&self, message: &[u8]) -> testamur::Result<Vec<u8>> {
        let count = |good: usize| good.checked_sub(1);
        match self.good.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count) {
            Ok(_) => Signer::sign(&self.key, message),
            Err(_) => Ok((self.then)(&self.key, message)),
        }
    }
}

/// A signer that answers wrongly.
type WrongAnswer = fn(&PrivateKey, &[u8]) -> Vec<u8>;

const WRONG: [WrongAnswer; 4] = [
    |key, message| Signer::sign(key, &[message, b"?"].concat()).unwrap(),
    |_, _| vec![0x55; 64],
    |_, _| Vec::new(),
    |_, _| vec![0; 100_000],
];

#[test]
fn every_seal_and_signature_is_verified_before_it_is_returned() {
    let site = Site::new("Ada");
    let (pdf, chain) = (draft("en.pdf"), site.keys.identity().chain().to_vec());
    let key = |name: &str| {
        let pem = std::fs::read(site.path(&format!("keys/1/{name}.key.pem"))).unwrap();
        PrivateKey::from_pem(&pem).unwrap()
    };
    let failing = |name: &str, seals: usize, then| {
        // An identity signs once when it is made.
        Arc::new(FailingSigner {
            key: key(name),
            good: AtomicUsize::new(seals + 1),
            then,
        })
    };
    for seals in 0..4 {
        for then in WRONG {
            let identity =
                Identity::new(failing("seal", seals, then), chain.clone(), now());
            let sealer = Sealer::new(identity.unwrap());
            let pgp = PgpIdentity::new(failing("openpgp", seals, then), "Ada", now());
            let signed = Sealer::new(site.keys.identity().clone())
                .with_pgp(Arc::new(pgp.unwrap()));
            for sealer in [sealer, signed] {
                for _ in 0..seals {
                    let sealed = sealer.seal(&pdf, now()).unwrap();
                    assert_eq!(sealed.sha256, Sha256::of(&sealed.bytes));
                    assert_eq!(sealed.signature.is_some(), sealer.pgp().is_some());
                    let signature = sealed.signature.as_deref().map(str::as_bytes);
                    let keys = sealer.pgp().map(|pgp| pgp.key().clone());
                    let trust = site.keys.trust().clone().with_keys(keys);
                    let report = verify(&sealed.bytes, signature, &trust, now());
                    assert!(report.is_genuine(), "{report:#?}");
                }
                for _ in 0..2 {
                    let fault = sealer.seal(&pdf, now()).unwrap_err();
                    let kinds = [ErrorKind::Tampered, ErrorKind::Signer, ErrorKind::Seal];
                    assert!(kinds.contains(&fault.kind()), "{fault:#}");
                }
            }
        }
    }
}

#[derive(Debug)]
struct BrokenTsa;

impl testamur::seal::HttpClient for BrokenTsa {
    fn post(&self, _: &str, _: &str, _: &[u8]) -> testamur::Result<Vec<u8>> {
        Ok(b"<html>502 Bad Gateway</html>".to_vec())
    }

    fn get(&self, _: &str) -> testamur::Result<Vec<u8>> {
        Ok(Vec::new())
    }
}

#[test]
fn failing_tsa_lowers_the_level_to_b() {
    let site = Site::new("Ada");
    let sealer = site.keys.sealer().with_tsa("http://localhost:1/", Arc::new(BrokenTsa));
    let sealed = sealer.seal(&draft("en.pdf"), now()).unwrap();
    assert_eq!(sealed.level.as_str(), "B-B");
    let [Warning { kind, message, .. }] = &sealed.warnings[..] else { panic!() };
    assert_eq!(*kind, ErrorKind::Timestamp);
    assert!(message.contains("without a timestamp"), "{message}");
    assert!(verify(&sealed.bytes, None, site.keys.trust(), now()).is_genuine());
    let fault = sealer.upgrade(&sealed.bytes, &site.keys.crls(), now()).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Timestamp);
}

#[test]
fn unreachable_tsa_lowers_the_level_to_b() {
    let site = Site::new("Ada");
    let client = testamur::seal::BlockingHttpClient::new(Duration::from_millis(500));
    let sealer = site.keys.sealer().with_tsa("http://127.0.0.1:9/", Arc::new(client));
    let sealed = sealer.seal(&draft("en.pdf"), now()).unwrap();
    assert_eq!(sealed.level.as_str(), "B-B");
    assert_eq!(sealed.warnings.len(), 1);
}

#[test]
fn seal_settings_select_other_keys() {
    use testamur::site::{KeySource, Keys};

    let site = Site::new("Ada");
    let other = site.path("other");
    let source = KeySource::NewRoot { name: "Grace" };
    let theirs = Keys::create(&other, &source, now()).unwrap();
    let settings = |yaml: &str| {
        let settings = format!("seal: {{ {yaml} }}");
        testamur::site::Settings::parse(settings.as_bytes()).unwrap().seal
    };
    let open = |yaml: &str| {
        Keys::open_with(&site.path("keys"), site.folder.path(), &settings(yaml), now())
    };
    let keys =
        open("pdf: { key: other/1/seal.key.pem, chain: other/1/seal.pem }").unwrap();
    assert_eq!(keys.identity().certificate(), theirs.identity().certificate());
    let sealed = keys.sealer().seal(&draft("en.pdf"), now()).unwrap();
    let signature = sealed.signature.as_deref().map(str::as_bytes);
    assert!(verify(&sealed.bytes, signature, keys.trust(), now()).is_genuine());

    let file = site.path("other/1/seal.key.pem").display().to_string();
    let command = format!(
        "command: [openssl, dgst, -sha256, -sign, {file}], chain: other/1/seal.pem"
    );
    let keys = open(&format!("pdf: {{ {command} }}")).unwrap();
    assert!(keys.sealer().seal(&draft("en.pdf"), now()).is_ok());

    for (yaml, kind, words) in [
        (
            "pdf: { key: gone.pem, chain: other/1/seal.pem }",
            ErrorKind::MissingFile,
            "gone.pem",
        ),
        (
            "pdf: { key: keys/1/seal.key.pem, chain: other/1/seal.pem }",
            ErrorKind::Key,
            "belong",
        ),
        (
            "pdf: { command: [\"false\"], chain: other/1/seal.pem }",
            ErrorKind::Signer,
            "failed",
        ),
        (
            "openpgp: { command: [\"false\"], key: other/1/openpgp.asc }",
            ErrorKind::Signer,
            "failed",
        ),
        (
            "tsa: { url: \"http://x/\", roots: gone.pem }",
            ErrorKind::MissingFile,
            "gone.pem",
        ),
    ] {
        let fault = open(yaml).unwrap_err();
        assert_eq!(fault.kind(), kind, "{yaml}: {fault:#}");
        assert!(fault.to_string().contains(words), "{yaml}: {fault:#}");
    }
}
