//! Keys and signatures of the algorithms that GnuPG has.

use std::path::Path;

use super::super::site::{output_text, run};
use super::packets::{SIGNATURE, armor, packet};
use super::{Case, FILE, Ours};

/// The key's algorithm, the hash, what we say, and why it is stricter.
const ALGORITHMS: [(&str, &str, &str, Ours, &str); 9] = [
    ("gpg: Ed25519", "ed25519", "SHA512", Ours::Good, ""),
    ("gpg: RSA of 2048 bits", "rsa2048", "SHA512", Ours::Good, ""),
    ("gpg: RSA with SHA-384", "rsa3072", "SHA384", Ours::Good, ""),
    ("gpg: P-256", "nistp256", "SHA256", Ours::Good, ""),
    ("gpg: P-384", "nistp384", "SHA384", Ours::Good, ""),
    ("gpg: P-256 with SHA-512", "nistp256", "SHA512", Ours::Unknown, LACKS),
    ("gpg: P-521", "nistp521", "SHA512", Ours::Unknown, LACKS),
    ("gpg: RSA of 1024 bits", "rsa1024", "SHA512", Ours::Unknown, "the key is weak"),
    ("gpg: DSA", "dsa2048", "SHA256", Ours::Unknown, LACKS),
];
const LACKS: &str = "the algorithm is not supported, and so not known";

pub(super) fn cases(folder: &Path) -> Vec<Case> {
    let homedir = folder.join("gnupg");
    std::fs::create_dir(&homedir).unwrap();
    let homedir = homedir.to_str().unwrap();
    std::fs::write(folder.join("file"), FILE).unwrap();
    let gpg = |line: &[&str]| {
        let options = ["--homedir", homedir, "--batch", "--no-permission-warning"];
        let output = run(folder, "gpg", &[&options[..], line].concat());
        assert!(output.status.success(), "{line:?}: {}", output_text(&output));
        output.stdout
    };
    let cases = ALGORITHMS.map(|(name, algorithm, hash, ours, stricter)| {
        let exact = format!("={name}");
        let new = ["--passphrase", "", "--quick-gen-key", name, algorithm, "sign", "1y"];
        gpg(&new);
        let sign =
            ["--digest-algo", hash, "-u", &exact, "-o", "-", "--detach-sign", "file"];
        let signature = armor("SIGNATURE", "", &renewed(&gpg(&sign)));
        let ring = String::from_utf8(gpg(&["--armor", "--export", &exact])).unwrap();
        Case { name, rings: vec![ring], signature: signature.into(), ours, stricter }
    });
    run(folder, "gpgconf", &["--homedir", homedir, "--kill", "all"]);
    cases.to_vec()
}

/// GnuPG's packet, which has the old format, in the new one.
fn renewed(bytes: &[u8]) -> Vec<u8> {
    let head = match bytes[0] {
        0x88 => 2,
        0x89 => 3,
        other => panic!("a packet that begins with {other:#x}"),
    };
    packet(SIGNATURE, &bytes[head..])
}
