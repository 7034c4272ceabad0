//! A key that seals in a token: SoftHSM, which keeps its tokens in a folder.
//!
//! SoftHSM reads its environment when it is loaded, which happens once in a process: a test that
//! loads it runs itself again, in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use testamur::ErrorKind;
use testamur::seal::{
    Identity, Pkcs11Key, Pkcs11Signer, PublicKey, Sealer, Signer, Trust, Verdict, X509,
    conformance, verify,
};

use super::site::{draft, now, openssl, output_text, run};

const PIN: &str = "secret-1234";
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

fn module() -> &'static str {
    let found = MODULES.into_iter().find(|path| Path::new(path).is_file());
    found.expect("softhsm2 is installed: run tests/run")
}

/// A folder with a token `seals`, which holds the key `seal` of a certificate in `seal.pem`.
struct Token {
    folder: PathBuf,
}

impl Token {
    /// Makes the token with a key that openssl made, of that kind.
    fn import(folder: &Path, kind: &str) -> Self {
        let token = Self::new(folder);
        openssl(folder, &format!("genpkey {kind} -out key.pem"));
        openssl(
            folder,
            "req -x509 -new -key key.pem -subj /O=Ada/CN=Ada -days 30 -out seal.pem -addext keyUsage=critical,digitalSignature",
        );
        token.softhsm(&format!(
            "--import key.pem --token seals --label seal --id a1b2 --pin {PIN}"
        ));
        token
    }

    fn new(folder: &Path) -> Self {
        let folder = folder.to_owned();
        std::fs::create_dir(folder.join("tokens")).unwrap();
        let settings = format!(
            "directories.tokendir = {}\nlog.level = ERROR\n",
            folder.join("tokens").display()
        );
        std::fs::write(folder.join("softhsm2.conf"), settings).unwrap();
        let token = Self { folder };
        token.softhsm(&format!(
            "--init-token --free --label seals --pin {PIN} --so-pin {PIN}"
        ));
        token
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("SOFTHSM2_CONF", self.folder.join("softhsm2.conf"))
            .current_dir(&self.folder);
        command
    }

    fn softhsm(&self, line: &str) {
        let mut command = self.command("softhsm2-util");
        let output = command.args(line.split(' ')).output();
        let output = output.expect("softhsm2 is installed: run tests/run");
        assert!(output.status.success(), "{line}: {}", output_text(&output));
    }

    /// Runs the rest of a test in a process of its own, with this token.
    fn run_test(&self, name: &str) {
        let this = std::env::current_exe().unwrap();
        let mut command = self.command(this.to_str().unwrap());
        let output = command.args([name, "--exact", "--nocapture"]).output().unwrap();
        let text = output_text(&output);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }

    fn testamur(&self, line: &str, pin: Option<&str>) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_testamur"));
        command.env_remove("TESTAMUR_PKCS11_PIN").args(line.split(' '));
        command.envs(pin.map(|pin| ("TESTAMUR_PKCS11_PIN", pin))).output().unwrap()
    }
}

/// The folder of the token, in the process that a test runs itself in.
fn inside() -> Option<PathBuf> {
    let settings = std::env::var_os("SOFTHSM2_CONF")?;
    Some(Path::new(&settings).parent().unwrap().to_owned())
}

/// The module for what only its maker's tools do.
fn tools() -> Pkcs11 {
    let module = Pkcs11::new(module()).unwrap();
    let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    // Another part of the process may have done so.
    let _ = module.initialize(arguments);
    module
}

fn key() -> Pkcs11Key {
    Pkcs11Key::new(module(), "seals").with_label("seal")
}

fn certificate(folder: &Path) -> X509 {
    let pem = std::fs::read(folder.join("seal.pem")).unwrap();
    X509::from_pem(&pem).unwrap().remove(0)
}

fn open(folder: &Path) -> testamur::Result<Pkcs11Signer> {
    Pkcs11Signer::open(key(), PIN, certificate(folder).key().unwrap())
}

/// Seals with the token's key, and has the seal judged by us and by poppler.
fn assert_seals(folder: &Path, signer: Pkcs11Signer) {
    let certificate = certificate(folder);
    let trust = Trust::new().with_certificate(certificate.clone(), vec![]);
    let identity = Identity::new(Arc::new(signer), vec![certificate], now()).unwrap();
    let sealed = Sealer::new(identity).seal(&draft("en.pdf"), now()).unwrap();
    let report = verify(&sealed.bytes, None, &trust, now());
    assert_eq!(report.verdict, Verdict::StatusNotAsked, "{report:#?}");
    std::fs::write(folder.join("sealed.pdf"), &sealed.bytes).unwrap();
    let output = run(folder, "pdfsig", &["-nocert", "sealed.pdf"]);
    let text = output_text(&output);
    assert!(text.contains("Signature is Valid"), "{text}");
}

#[test]
fn key_of_each_kind_in_a_token_makes_a_valid_seal() {
    if let Some(folder) = inside() {
        let signer = open(&folder).unwrap();
        conformance::signer(&signer);
        assert_seals(&folder, signer);
        return;
    }
    for kind in [
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
    ] {
        let folder = tempfile::tempdir().unwrap();
        Token::import(folder.path(), kind)
            .run_test("seal::pkcs11::key_of_each_kind_in_a_token_makes_a_valid_seal");
    }
}

/// The key is made in the token, and cannot be read out of it.
#[test]
fn key_that_was_made_in_a_token_seals_and_stays_there() {
    let Some(folder) = inside() else {
        let folder = tempfile::tempdir().unwrap();
        return Token::new(folder.path()).run_test(
            "seal::pkcs11::key_that_was_made_in_a_token_seals_and_stays_there",
        );
    };
    let module = tools();
    let slot = module.get_slots_with_initialized_token().unwrap().remove(0);
    let session = module.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::from(PIN))).unwrap();
    let p256 = vec![0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let public = [
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::EcParams(p256),
    ];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Label(b"seal".to_vec()),
    ];
    let (public, private) =
        session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap();
    assert!(session.get_attributes(private, &[AttributeType::Value]).unwrap().is_empty());
    let point = session.get_attributes(public, &[AttributeType::EcPoint]).unwrap();
    let [Attribute::EcPoint(point)] = &point[..] else { panic!("{point:?}") };
    // A `SubjectPublicKeyInfo` of P-256; the point stands in an OCTET STRING.
    let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let head = head.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    let head = head.map(|pair| u8::from_str_radix(pair, 16).unwrap());
    let spki: Vec<u8> = head.chain(point[2..].iter().copied()).collect();
    assert_eq!(PublicKey::from_spki(&spki).unwrap().bits(), 256);
    std::fs::write(folder.join("public.der"), spki).unwrap();
    session.close().unwrap();

    openssl(&folder, "pkey -pubin -inform DER -in public.der -out public.pem");
    openssl(&folder, "ecparam -name prime256v1 -genkey -noout -out root.key");
    openssl(
        &folder,
        "req -x509 -new -key root.key -subj /CN=Root -days 30 -out root.pem -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    std::fs::write(folder.join("usage"), "keyUsage=critical,digitalSignature\n").unwrap();
    openssl(
        &folder,
        "x509 -new -force_pubkey public.pem -subj /CN=Ada -days 30 -CA root.pem -CAkey root.key -extfile usage -out seal.pem",
    );
    assert_seals(&folder, open(&folder).unwrap());
}

#[test]
fn session_is_kept_and_opened_again() {
    let Some(folder) = inside() else {
        let folder = tempfile::tempdir().unwrap();
        return Token::import(
            folder.path(),
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        )
        .run_test("seal::pkcs11::session_is_kept_and_opened_again");
    };
    let signer = open(&folder).unwrap();
    let assert_signs = |what: &str| {
        for number in 0..20_u8 {
            let signature = signer.sign(&[number]);
            let signature = signature.unwrap_or_else(|error| panic!("{what}: {error:#}"));
            assert!(signer.public().verifies(&[number], &signature), "{what}");
        }
    };
    assert_signs("at first");
    // The token's service is started anew.
    tools().finalize().unwrap();
    assert_signs("after a restart");
    // The token goes away and comes back.
    let (here, away) = (folder.join("tokens"), folder.join("away"));
    std::fs::rename(&here, &away).unwrap();
    tools().finalize().unwrap();
    for _ in 0..2 {
        let error = signer.sign(b"message").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signer, "{error:#}");
        assert!(error.is_retryable());
    }
    std::fs::rename(&away, &here).unwrap();
    let _ = tools().finalize();
    assert_signs("after it came back");

    // While the session lasts, the PIN is not asked for: another one does not matter.
    let set_pin = |old: &str, new: &str| {
        let module = tools();
        let slot = module.get_slots_with_initialized_token().unwrap().remove(0);
        let session = module.open_rw_session(slot).unwrap();
        session.set_pin(&AuthPin::from(old), &AuthPin::from(new)).unwrap();
        session.close().unwrap();
    };
    set_pin(PIN, "another-5678");
    assert_signs("in the session of the old PIN");
    tools().finalize().unwrap();
    let refused = signer.sign(b"message").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Key);
    assert!(refused.to_string().contains("refuses the PIN"), "{refused}");
    assert!(!refused.is_retryable());
    // A PIN that was refused is not tried again: a token locks after a few wrong ones.
    set_pin("another-5678", PIN);
    let again = signer.sign(b"message").unwrap_err();
    assert_eq!(again.to_string(), refused.to_string());
    assert!(open(&folder).unwrap().sign(b"message").is_ok());
}

#[test]
fn wrong_names_of_a_token_key_are_reported() {
    let Some(folder) = inside() else {
        let folder = tempfile::tempdir().unwrap();
        let token = Token::import(folder.path(), "-algorithm ED25519");
        openssl(
            folder.path(),
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem",
        );
        openssl(
            folder.path(),
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
        );
        openssl(
            folder.path(),
            "req -x509 -new -key key.pem -subj /CN=Ada -days 30 -out seal.pem -addext keyUsage=critical,digitalSignature",
        );
        for (file, label, id) in [
            ("rsa.pem", "rsa", "01"),
            ("key.pem", "twice", "02"),
            ("key.pem", "twice", "03"),
        ] {
            token.softhsm(&format!(
                "--import {file} --token seals --label {label} --id {id} --pin {PIN}"
            ));
        }
        openssl(
            folder.path(),
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem",
        );
        token.softhsm(&format!(
            "--import other.pem --token seals --label other --id 04 --pin {PIN}"
        ));
        token.softhsm(&format!(
            "--init-token --free --label twins --pin {PIN} --so-pin {PIN}"
        ));
        token.softhsm(&format!(
            "--init-token --free --label twins --pin {PIN} --so-pin {PIN}"
        ));
        return token.run_test("seal::pkcs11::wrong_names_of_a_token_key_are_reported");
    };
    let public = || certificate(&folder).key().unwrap();
    let in_token = |token: &str| Pkcs11Key::new(module(), token);
    let text = folder.join("seal.pem");
    let no_module = Pkcs11Key::new(folder.join("gone.so"), "seals");
    for (key, pin, kind, words) in [
        (no_module, PIN, ErrorKind::MissingFile, "there is no PKCS #11 module"),
        (Pkcs11Key::new(text, "seals"), PIN, ErrorKind::Key, "is no PKCS #11 module"),
        (in_token("other"), PIN, ErrorKind::Signer, "there is no token `other`"),
        (in_token("twins"), PIN, ErrorKind::Key, "several tokens `twins`"),
        (key(), "9999", ErrorKind::Key, "refuses the PIN"),
        (key(), "", ErrorKind::Key, "asks for a PIN"),
        (in_token("seals").with_label("gone"), PIN, ErrorKind::Key, "`gone`"),
        (in_token("seals").with_id([9]), PIN, ErrorKind::Key, "no private key"),
        (in_token("seals"), PIN, ErrorKind::Key, "several"),
        (in_token("seals").with_label("twice"), PIN, ErrorKind::Key, "several"),
        (in_token("seals").with_label("rsa"), PIN, ErrorKind::Key, "another kind"),
    ] {
        let error = Pkcs11Signer::open(key.clone(), pin, public()).unwrap_err();
        let text = format!("{error:#}");
        assert_eq!(error.kind(), kind, "{key}: {text}");
        assert!(text.contains(words), "{key}: {text}");
        assert!(!text.contains(PIN), "{text}");
    }
    let error = Pkcs11Signer::open(in_token("lost"), PIN, public()).unwrap_err();
    assert!(
        format!("{error:#}").contains("seals"),
        "the tokens that there are: {error:#}"
    );
    let named = in_token("seals").with_label("twice").with_id([2]);
    let signer = Pkcs11Signer::open(named, PIN, public()).unwrap();
    assert!(signer.sign(b"message").is_ok());
    assert!(!format!("{signer:?}").contains(PIN));
    let other = Pkcs11Signer::open(in_token("seals").with_label("other"), PIN, public());
    let error = other.unwrap().sign(b"message").unwrap_err();
    assert!(
        error.to_string().contains("no signature of the certificate's key"),
        "{error}"
    );
}

#[test]
fn site_with_a_key_in_a_token_seals_and_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let token =
        Token::import(folder.path(), "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    let settings = |more: &str| {
        format!(
            "publish: none\nseal:\n  pdf: {{ module: {}, token: seals, key_label: seal, chain: seal.pem{more} }}\n",
            module()
        )
    };
    let mut everything = String::new();
    let mut say = |line: &str, pin: Option<&str>, code: i32| {
        let output = token.testamur(line, pin);
        let text = output_text(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {text}");
        everything += &text;
        text
    };
    std::fs::write(folder.path().join("draft.pdf"), draft("en.pdf")).unwrap();
    write("courses.yaml", "{}\n");
    write("pin", &format!("{PIN}\n"));
    write("testamur.yaml", &settings(", pin_file: pin"));
    say("key new -n Ada", None, 0);
    say("seal draft draft.pdf -o sealed.pdf", None, 0);
    let found = token.testamur("verify sealed.pdf --trust seal.pem --json", None);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found["seal"]["trusted"], true, "{found}");
    say("check", None, 0);

    write("testamur.yaml", &settings(""));
    say("seal draft draft.pdf -o from-environment.pdf", Some(PIN), 0);
    let without = say("seal draft draft.pdf -o none.pdf", None, 1);
    assert!(without.contains("asks for a PIN"), "{without}");
    say("check", Some(PIN), 0);
    let wrong = say("check", Some("9999"), 1);
    assert!(wrong.contains("the token `seals` refuses the PIN"), "{wrong}");
    // Who looks at one course needs no token.
    say("check -l en", None, 0);
    write("testamur.yaml", &settings(", pin_file: gone"));
    let gone = say("check", None, 1);
    assert!(gone.contains("gone") && gone.contains("the file with the PIN"), "{gone}");
    assert!(!everything.contains(PIN), "the PIN was shown");
}
