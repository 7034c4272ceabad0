//! Signatures and keys of two hundred kinds: a signature is never called good that GnuPG or sqv does
//! not call good. Where our verdict is stricter than that of GnuPG, the table says why.

mod keys; // Kinds of keys, with a good signature
mod packets; // Builds packets
mod programs; // Keys and signatures that GnuPG makes
mod revocations; // Revoked keys, with a good signature
mod several; // One part of a key in several places
mod signatures; // Kinds of signatures, with a good key
mod subkeys; // Kinds of subkeys, with a good signature

use std::path::Path;

use testamur::Timestamp;
use testamur::seal::{PgpKey, Trust, verify};

use self::packets::{Draft, Key, PUBLIC_KEY, SIGNATURE, USER_ID, armor, packet};
use super::site::{now, output_text, run};

const FILE: &[u8] = b"%PDF-1.7\nnot a certificate\n";
const NAME: &[u8] = b"Example University <seal@example.org>";
const DAY: u32 = 24 * 60 * 60;

/// What this library says about a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ours {
    Good,
    /// Not known: exit code 3.
    Unknown,
    Bad,
    /// The file of keys is refused.
    Refused,
}

/// A signature with the files of the keys that are trusted.
#[derive(Clone)]
struct Case {
    name: &'static str,
    rings: Vec<String>,
    signature: Vec<u8>,
    ours: Ours,
    /// Why we do not call good what GnuPG calls good.
    stricter: &'static str,
}

/// Keys and times from which the cases are made.
struct Material {
    now: u32,
    /// The time of the signatures over the file, ten days ago.
    signed: u32,
    key: Key,
    other: Key,
}

impl Material {
    fn new() -> Self {
        let now = u32::try_from(now().unix()).unwrap();
        let created = now - 100 * DAY;
        let (key, other) = (Key::new(1, created), Key::new(2, created));
        Self { now, signed: now - 10 * DAY, key, other }
    }

    /// A signature of the key over the file.
    fn signature(&self) -> Draft {
        Draft::new(0, self.signed)
    }

    /// A self-signature over a user id, made with the key.
    fn certification(&self) -> Draft {
        Draft::new(0x13, self.key.created).with(27, [3])
    }

    /// The key and its user id, with that certification.
    fn certified(&self, certification: &Draft) -> Vec<u8> {
        [self.bare(), user_id(NAME), self.certify(certification, NAME)].concat()
    }

    /// The key alone.
    fn bare(&self) -> Vec<u8> {
        packet(PUBLIC_KEY, &self.key.body())
    }

    fn certify(&self, draft: &Draft, name: &[u8]) -> Vec<u8> {
        let length = (name.len() as u32).to_be_bytes();
        let parts: [&[u8]; 4] = [&self.key.signed_form(), &[0xb4], &length, name];
        packet(SIGNATURE, &draft.sign(&self.key, &parts))
    }

    /// A signature of `signer` over the key.
    fn over_key(&self, draft: &Draft, signer: &Key) -> Vec<u8> {
        packet(SIGNATURE, &draft.sign(signer, &[&self.key.signed_form()]))
    }

    /// The default key.
    fn ring(&self) -> Vec<u8> {
        self.certified(&self.certification())
    }

    /// A signature of some kind, by the default key.
    fn signed(
        &self,
        name: &'static str,
        draft: Draft,
        ours: Ours,
        why: &'static str,
    ) -> Case {
        let body = draft.sign(&self.key, &[FILE]);
        self.with_signature(name, armor_signature(&body), ours, why)
    }

    fn with_signature(
        &self,
        name: &'static str,
        signature: impl Into<Vec<u8>>,
        ours: Ours,
        stricter: &'static str,
    ) -> Case {
        let rings = vec![armor_ring(&self.ring())];
        Case { name, rings, signature: signature.into(), ours, stricter }
    }

    /// The default signature, by a key of some kind.
    fn keyed(
        &self,
        name: &'static str,
        ring: Vec<u8>,
        ours: Ours,
        stricter: &'static str,
    ) -> Case {
        let body = self.signature().sign(&self.key, &[FILE]);
        let rings = vec![armor_ring(&ring)];
        Case { name, rings, signature: armor_signature(&body).into(), ours, stricter }
    }
}

fn user_id(name: &[u8]) -> Vec<u8> {
    packet(USER_ID, name)
}

fn armor_ring(bytes: &[u8]) -> String {
    armor("PUBLIC KEY BLOCK", "", bytes)
}

fn armor_signature(body: &[u8]) -> String {
    armor("SIGNATURE", "", &packet(SIGNATURE, body))
}

/// Asks this library.
fn ask_ours(case: &Case) -> (Ours, String) {
    let mut trust = Trust::new();
    for ring in &case.rings {
        match PgpKey::from_armor(ring.as_bytes()) {
            Ok(keys) => trust = trust.with_keys(keys),
            Err(error) => return (Ours::Refused, format!("{error:#}")),
        }
    }
    let now: Timestamp = now();
    let report = verify(FILE, Some(&case.signature), &trust, now).signature.unwrap();
    let said = format!("{report:?}");
    if !report.faults.is_empty() {
        return (Ours::Bad, said);
    }
    let is_good = report.intact && report.trusted;
    (if is_good { Ours::Good } else { Ours::Unknown }, said)
}

/// Whether GnuPG calls the signature good, and what it says.
fn ask_gpg(folder: &Path, rings: usize) -> (bool, String) {
    let homedir = folder.join("gnupg");
    std::fs::create_dir(&homedir).unwrap();
    let homedir = homedir.to_str().unwrap();
    let gpg = |line: &[&str]| {
        let options = [
            "--homedir",
            homedir,
            "--batch",
            "--no-autostart",
            "--trust-model",
            "always",
            "--no-permission-warning",
            "--status-fd",
            "1",
        ];
        run(folder, "gpg", &[&options[..], line].concat())
    };
    let mut said = String::new();
    for number in 0..rings {
        said += &output_text(&gpg(&["--import", &format!("{number}.asc")]));
    }
    let output = gpg(&["--verify", "file.sig", "file"]);
    let status = String::from_utf8_lossy(&output.stdout).into_owned();
    said += &output_text(&output);
    let has = |word: &str| status.contains(&format!("[GNUPG:] {word} "));
    let spoils =
        ["BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "NO_PUBKEY", "FAILURE"];
    let is_good = output.status.success()
        && has("GOODSIG")
        && has("VALIDSIG")
        && !spoils.iter().any(|word| has(word));
    (is_good, said)
}

/// Whether sqv calls the signature good, and what it says.
fn ask_sqv(folder: &Path, rings: usize) -> (bool, String) {
    let rings: Vec<String> = (0..rings).map(|number| format!("{number}.asc")).collect();
    let keyrings = rings.iter().flat_map(|ring| ["--keyring", ring]);
    let line: Vec<&str> = keyrings.chain(["file.sig", "file"]).collect();
    let output = run(folder, "sqv", &line);
    (output.status.success(), output_text(&output))
}

#[test]
fn no_signature_is_good_that_gpg_or_sqv_rejects() {
    let material = Material::new();
    let made = tempfile::tempdir().unwrap();
    let cases = [
        signatures::cases(&material),
        keys::cases(&material),
        revocations::cases(&material),
        several::cases(&material),
        subkeys::cases(&material),
        programs::cases(made.path()),
    ]
    .concat();
    assert!(cases.len() >= 190, "{}", cases.len());
    let mut errors = Vec::new();
    let mut names: Vec<&str> = cases.iter().map(|case| case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "each case has a name of its own");
    for case in &cases {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for (number, ring) in case.rings.iter().enumerate() {
            std::fs::write(folder.join(format!("{number}.asc")), ring).unwrap();
        }
        std::fs::write(folder.join("file.sig"), &case.signature).unwrap();
        std::fs::write(folder.join("file"), FILE).unwrap();
        let (ours, we_say) = ask_ours(case);
        let (gpg, gpg_says) = ask_gpg(folder, case.rings.len());
        let (sqv, sqv_says) = ask_sqv(folder, case.rings.len());
        let mut error = |what: &str| {
            errors.push(format!(
                "{}: {what}\n  ours: {ours:?}: {we_say}\n  gpg: {gpg}: {gpg_says}\n  sqv: {sqv}: {sqv_says}",
                case.name
            ));
        };
        if ours != case.ours {
            error(&format!("we are to say {:?}", case.ours));
        }
        if ours == Ours::Good && !(gpg && sqv) {
            error("we are laxer");
        }
        let is_stricter = gpg && ours != Ours::Good;
        if is_stricter == case.stricter.is_empty() {
            error("the table is to say why we are stricter, where we are");
        }
    }
    assert!(
        errors.is_empty(),
        "{} of {}:\n{}",
        errors.len(),
        cases.len(),
        errors.join("\n")
    );
}
