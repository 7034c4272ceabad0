//! Kinds of signatures over the file, by a good key.

use super::packets::{Draft, MD5, SHA1, SHA224, SIGNATURE, armor, packet, sign_v3};
use super::{Case, DAY, FILE, Material, Ours, armor_signature};
use Ours::{Bad, Good, Unknown};

/// A notation's body: flags, the lengths of name and value, name and value.
const NOTATION: &[u8] = b"\x80\0\0\0\0\x10\0\x05place@example.orvalue";
/// The reason of what has a second encoding.
const ONE_FORM: &str =
    "a signature file has one form: bytes that nothing signs would stay unnoticed";
const NOT_ASKED: &str = "what it states is not asked here";
const NOT_ACCEPTED: &str = "SHA-1 and SHA-224 are not accepted";

pub(super) fn cases(material: &Material) -> Vec<Case> {
    [stated(material), critical(material), encoded(material)].concat()
}

/// Kinds of statements.
fn stated(material: &Material) -> Vec<Case> {
    let Material { now, signed: time, key, other } = material;
    let (now, time) = (*now, *time);
    let good = || material.signature();
    let by_other = armor_signature(&good().sign(other, &[FILE]));
    let other_file = armor_signature(&good().sign(key, &[b"another file"]));
    let tomorrow = Draft::new(0, now + 3 * DAY);
    let early = Draft::new(0, key.created - 1);
    let seconds = |days: u32| (days * DAY).to_be_bytes();
    let without_fingerprint = Draft { has_fingerprint: false, ..good() };
    let with_id = Draft { has_fingerprint: false, ..good() }.with(16, key.id());
    let lines = std::str::from_utf8(FILE).unwrap().replace('\n', "\r\n");
    let text = Draft { kind: 1, ..good() }.sign(key, &[lines.as_bytes()]);
    let v3 = sign_v3(0, time, key, &[FILE]);
    let v6 = [&[6, 0, 27, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 32][..], &[7; 96]].concat();
    vec![
        material.signed("a good signature", good(), Good, ""),
        material.with_signature("another file", other_file, Bad, ""),
        material.with_signature("an unknown key", by_other, Unknown, ""),
        material.signed("a subpacket of another type", good().with(100, [1]), Good, ""),
        material.signed("a critical one", good().with(0x80 | 100, [1]), Unknown, ""),
        material.signed("a notation", good().with(20, NOTATION), Good, ""),
        material.signed(
            "a critical notation",
            good().with(0x80 | 20, NOTATION),
            Unknown,
            "",
        ),
        material.signed(
            "a critical time",
            Draft::timeless(0).with(0x82, time.to_be_bytes()),
            Good,
            "",
        ),
        material.signed("ended", good().with(3, seconds(9)), Bad, ""),
        material.signed("ended, critical", good().with(0x83, seconds(9)), Bad, ""),
        material.signed("not ended", good().with(3, seconds(20)), Good, ""),
        material.signed("without end", good().with(3, seconds(0)), Good, ""),
        material.signed("older than its key", early, Bad, ""),
        material.signed(
            "made in the future",
            tomorrow,
            Unknown,
            "no one can have made it yet",
        ),
        material.signed("without a time", Draft::timeless(0), Unknown, ""),
        material.signed(
            "with two times",
            good().with(2, (time + 1).to_be_bytes()),
            Unknown,
            "it is not clear when it was made",
        ),
        material.signed(
            "with two ends",
            good().with(3, seconds(90)).with(3, seconds(9)),
            Bad,
            "it is not clear when it ends",
        ),
        material.signed(
            "a critical signer's user id",
            good().with(0x80 | 28, b"Eve"),
            Unknown,
            "",
        ),
        material.signed(
            "for another recipient",
            good().with(0x80 | 35, [4; 21]),
            Unknown,
            "",
        ),
        material.with_signature(
            "text",
            armor_signature(&text),
            Unknown,
            "a signature over text leaves out line ends",
        ),
        material.signed("standalone", Draft { kind: 2, ..good() }, Unknown, ""),
        material.signed("a certification", Draft { kind: 0x10, ..good() }, Unknown, ""),
        material.signed("SHA-256", good().with_hash(8), Good, ""),
        material.signed("SHA-384", good().with_hash(9), Good, ""),
        material.signed("SHA-1", good().with_hash(SHA1), Unknown, NOT_ACCEPTED),
        material.signed("SHA-224", good().with_hash(SHA224), Unknown, NOT_ACCEPTED),
        material.signed("MD5", good().with_hash(MD5), Unknown, ""),
        material.signed(
            "without a fingerprint",
            without_fingerprint,
            Unknown,
            "a key's short id can be forged",
        ),
        material.signed("a hashed key id", with_id, Unknown, "a short id can be forged"),
        material.with_signature(
            "version 3",
            armor_signature(&v3),
            Unknown,
            "version 3 states nothing but its time",
        ),
        material.with_signature("version 6", armor_signature(&v6), Unknown, ""),
        material.signed(
            "another algorithm",
            Draft { algorithm: 1, ..good() },
            Unknown,
            "",
        ),
    ]
}

/// Critical subpackets, each of which is known to all, or not known to all.
fn critical(material: &Material) -> Vec<Case> {
    let fingerprint = [&[4][..], &material.key.fingerprint()].concat();
    let subpackets: [(&str, u8, &[u8], Ours, &str); 16] = [
        ("critical: exportable", 4, &[1], Good, ""),
        ("critical: trust", 5, &[1, 60], Unknown, NOT_ASKED),
        ("critical: regular expression", 6, b"x\0", Unknown, NOT_ASKED),
        ("critical: revocable", 7, &[1], Unknown, NOT_ASKED),
        ("critical: end of the key", 9, &[0, 0, 0, 1], Good, ""),
        ("critical: ciphers", 11, &[9], Good, ""),
        ("critical: hashes", 21, &[10], Good, ""),
        ("critical: compression", 22, &[1], Good, ""),
        ("critical: key server", 23, &[0x80], Unknown, ""),
        ("critical: address of a key server", 24, b"https://x", Unknown, NOT_ASKED),
        ("critical: primary user id", 25, &[1], Good, ""),
        ("critical: policy", 26, b"https://x", Unknown, NOT_ASKED),
        ("critical: key flags", 27, &[2], Good, ""),
        ("critical: reason", 29, &[0], Good, ""),
        ("critical: features", 30, &[1], Good, ""),
        ("critical: AEAD", 34, &[2], Unknown, ""),
    ];
    let cases = subpackets.map(|(name, kind, body, ours, why)| {
        material.signed(name, material.signature().with(0x80 | kind, body), ours, why)
    });
    let issuer = Draft { has_fingerprint: false, ..material.signature() };
    let issuer = issuer.with(0x80 | 33, fingerprint);
    [&cases[..], &[material.signed("critical: issuer", issuer, Good, "")]].concat()
}

/// Kinds of encodings.
fn encoded(material: &Material) -> Vec<Case> {
    let good = || material.signature();
    let body = good().sign(&material.key, &[FILE]);
    let bytes = packet(SIGNATURE, &body);
    let text = armor("SIGNATURE", "", &bytes);
    let old = [&[0x88, body.len() as u8][..], &body].concat();
    let mut cut = body.clone();
    cut.truncate(20);
    let file = std::str::from_utf8(FILE).unwrap();
    let cleartext =
        format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{file}\n{text}");
    // The hashed area ends within its last subpacket.
    let overlong = Draft { hashed: vec![vec![9, 20, 1]], ..good() };
    let with = |name, signature: Vec<u8>, ours, why| {
        material.with_signature(name, signature, ours, why)
    };
    let twice = armor("SIGNATURE", "", &[&bytes[..], &bytes].concat());
    let headed = armor("SIGNATURE", "Version: GnuPG v2\n", &bytes);
    let trailing = armor("SIGNATURE", "", &[&bytes[..], &[0]].concat());
    let one_form = |name, signature: String| with(name, signature.into(), Bad, ONE_FORM);
    vec![
        one_form("two blocks", format!("{text}{text}")),
        with("two packets", twice.into(), Unknown, ONE_FORM),
        one_form("a header", headed),
        one_form("text before the block", format!("signed:\n{text}")),
        one_form("line ends of Windows", text.replace('\n', "\r\n")),
        with(
            "a packet of the old format, as GnuPG writes it",
            armor("SIGNATURE", "", &old).into(),
            Unknown,
            ONE_FORM,
        ),
        with("bytes", bytes.clone(), Bad, ONE_FORM),
        with("a byte more", trailing.into(), Bad, ""),
        with("a cleartext signature", cleartext.into(), Bad, ""),
        with("cut off", armor_signature(&cut).into(), Bad, ""),
        with("of nothing", armor_signature(&[]).into(), Bad, ""),
        material.signed("a subpacket too long", overlong, Bad, ""),
        material.signed(
            "an unhashed subpacket",
            good().with_unhashed(100, [1]),
            Unknown,
            ONE_FORM,
        ),
        material.signed(
            "without unhashed subpackets",
            Draft { unhashed: None, ..good() },
            Unknown,
            ONE_FORM,
        ),
        material.signed(
            "bytes after its numbers",
            Draft { trailing: vec![0, 1, 1], ..good() },
            Unknown,
            ONE_FORM,
        ),
        material.signed(
            "a number not in its shortest form",
            Draft { has_long_mpi: true, ..good() },
            Unknown,
            ONE_FORM,
        ),
        material.signed(
            "another start of the hash value",
            Draft { prefix: 1, ..good() },
            Unknown,
            ONE_FORM,
        ),
    ]
}
