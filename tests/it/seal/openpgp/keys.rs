//! Kinds of keys, with a good signature over the file.

use super::packets::{Draft, Key, MD5, PUBLIC_KEY, SHA1, SIGNATURE, packet};
use super::{Case, DAY, Material, NAME, Ours, user_id};
use Ours::{Bad, Good, Refused, Unknown};

const WEAK: &str = "another user id may have the same SHA-1";
const NEWEST: &str =
    "the newest self-signature decides, and an older one does not replace it";
const UNREADABLE: &str = "what it states is not known, and it may be a revocation";

pub(super) fn cases(material: &Material) -> Vec<Case> {
    [certified(material), newest(material), expiring(material)].concat()
}

/// Self-signatures that count, and that do not.
fn certified(material: &Material) -> Vec<Case> {
    let made = || material.certification();
    let with = |draft: Draft| material.certified(&draft);
    let mut forged = material.ring();
    *forged.last_mut().unwrap() ^= 1;
    let no_name = [
        material.bare(),
        material.over_key(&Draft { kind: 0x1f, ..made() }, &material.key),
    ];
    let bare = [material.bare(), user_id(NAME)].concat();
    let future = Key::new(1, material.now + DAY);
    let young = Material {
        key: future,
        now: material.now,
        signed: material.now + 2 * DAY,
        other: Key::new(2, 1),
    };
    let longer = [material.key.body(), vec![0]].concat();
    let longer = [packet(PUBLIC_KEY, &longer), user_id(NAME)].concat();
    let v3_body =
        [&[3][..], &material.key.created.to_be_bytes(), &[0, 0, 1, 0, 8, 200, 0, 2, 3]]
            .concat();
    let malformed = packet(SIGNATURE, &[4, 0x20, 22, 10, 0, 99, 1]);
    let long_name = vec![b'a'; 1500];
    let long =
        [material.bare(), user_id(&long_name), material.certify(&made(), &long_name)];
    let flags = |bytes: &[u8]| Draft::new(0x13, material.key.created).with(27, bytes);
    let local = made().with(4, [0]);
    vec![
        material.keyed("a good key", material.ring(), Good, ""),
        material.keyed("the key alone", material.bare(), Unknown, ""),
        material.keyed("a key without a self-signature", bare, Unknown, ""),
        material.keyed("a forged self-signature", forged, Unknown, ""),
        material.keyed("a key without a user id", no_name.concat(), Unknown, ""),
        material.keyed(
            "a self-signature with SHA-256",
            with(made().with_hash(8)),
            Good,
            "",
        ),
        material.keyed(
            "a self-signature with SHA-1",
            with(made().with_hash(SHA1)),
            Unknown,
            WEAK,
        ),
        material.keyed(
            "a self-signature with MD5",
            with(made().with_hash(MD5)),
            Unknown,
            "",
        ),
        material.keyed(
            "a generic self-signature",
            with(Draft { kind: 0x10, ..made() }),
            Good,
            "",
        ),
        material.keyed(
            "a self-signature with an unknown critical subpacket",
            with(made().with(0x80 | 100, [1])),
            Unknown,
            "",
        ),
        material.keyed(
            "a self-signature with a subpacket of another type",
            with(made().with(100, [1])),
            Good,
            "",
        ),
        material.keyed(
            "a self-signature older than its key",
            with(
                Draft { hashed: vec![], ..made() }
                    .with(2, (material.key.created - 1).to_be_bytes()),
            ),
            Unknown,
            "",
        ),
        material.keyed(
            "a self-signature without a time",
            with(Draft { hashed: vec![], ..made() }),
            Unknown,
            "",
        ),
        material.keyed("a local self-signature", with(local), Unknown, ""),
        material.keyed("a key that only certifies", with(flags(&[1])), Bad, ""),
        material.keyed("a key for nothing", with(flags(&[])), Bad, ""),
        material.keyed(
            "a key that does not say what it is for",
            with(Draft::new(0x13, material.key.created)),
            Unknown,
            "sqv does not take it for a signing key",
        ),
        young.keyed("a key of the future", young.ring(), Unknown, ""),
        material.keyed("a key with a byte more", longer, Unknown, ""),
        material.keyed("a key of version 3", packet(PUBLIC_KEY, &v3_body), Refused, ""),
        material.keyed(
            "a key with a malformed signature",
            [material.bare(), malformed, user_id(NAME), material.certify(&made(), NAME)]
                .concat(),
            Unknown,
            UNREADABLE,
        ),
        material.keyed(
            "a ring that is cut off",
            {
                let mut ring = material.ring();
                ring.truncate(ring.len() - 3);
                ring
            },
            Refused,
            "",
        ),
        material.keyed(
            "a user id of 1500 bytes",
            long.concat(),
            Unknown,
            "longer user ids than 1024 bytes are not read",
        ),
    ]
}

/// More than one self-signature: the newest decides.
fn newest(material: &Material) -> Vec<Case> {
    let Material { now, key, .. } = material;
    let at = |days: u32| Draft::new(0x13, key.created + days * DAY).with(27, [3]);
    let ending = |draft: Draft, days: u32| draft.with(9, (days * DAY).to_be_bytes());
    let both = |first: Draft, second: Draft| {
        let parts = [
            material.bare(),
            user_id(NAME),
            material.certify(&first, NAME),
            material.certify(&second, NAME),
        ];
        parts.concat()
    };
    let brief = at(50).with(3, DAY.to_be_bytes());
    let future = Draft::new(0x13, now + DAY).with(27, [3]);
    let revocation = |days: u32| {
        Draft { kind: 0x30, hashed: vec![], ..at(0) }
            .with(2, (key.created + days * DAY).to_be_bytes())
    };
    let other = b"Another name";
    let two_names =
        [both(at(0), revocation(20)), user_id(other), material.certify(&at(0), other)];
    let newer_ends = [
        material.certified(&at(0)),
        user_id(other),
        material.certify(&ending(at(50), 95), other),
    ];
    let older_ends = [
        material.certified(&ending(at(0), 95)),
        user_id(other),
        material.certify(&at(50), other),
    ];
    vec![
        material.keyed("the end put off", both(ending(at(0), 95), at(50)), Good, ""),
        material.keyed(
            "the end put off, newest first",
            both(at(50), ending(at(0), 95)),
            Good,
            "",
        ),
        material.keyed("an end set later", both(at(0), ending(at(50), 95)), Unknown, ""),
        material.keyed(
            "an end set later, newest first",
            both(ending(at(50), 95), at(0)),
            Unknown,
            "",
        ),
        material.keyed(
            "signing given up later",
            both(at(0), Draft::new(0x13, key.created + DAY).with(27, [1])),
            Bad,
            "",
        ),
        material.keyed(
            "the newest self-signature has ended",
            both(at(0), brief),
            Unknown,
            NEWEST,
        ),
        material.keyed(
            "the newest self-signature is of the future",
            both(at(0), future),
            Unknown,
            NEWEST,
        ),
        material.keyed(
            "the newest self-signature with SHA-1",
            both(at(0), at(50).with_hash(SHA1)),
            Unknown,
            WEAK,
        ),
        material.keyed(
            "the newest self-signature with an unknown critical subpacket",
            both(at(0), at(50).with(0x80 | 100, [1])),
            Unknown,
            NEWEST,
        ),
        material.keyed(
            "an end set with SHA-1",
            both(at(0), ending(at(50), 95).with_hash(SHA1)),
            Unknown,
            "",
        ),
        material.keyed(
            "the only user id is revoked",
            both(at(0), revocation(20)),
            Unknown,
            "the key answers for no name",
        ),
        material.keyed(
            "a user id revoked and certified anew",
            both(revocation(20), at(30)),
            Good,
            "",
        ),
        material.keyed("one of two user ids is revoked", two_names.concat(), Good, ""),
        material.keyed(
            "the newer of two user ids sets an end",
            newer_ends.concat(),
            Unknown,
            "",
        ),
        material.keyed(
            "the older of two user ids sets an end",
            older_ends.concat(),
            Unknown,
            "",
        ),
    ]
}

/// Keys that end.
fn expiring(material: &Material) -> Vec<Case> {
    let ending = |draft: Draft, days: u32| draft.with(9, (days * DAY).to_be_bytes());
    let direct = |draft: Draft| {
        let direct = material.over_key(&Draft { kind: 0x1f, ..draft }, &material.key);
        let parts = [
            material.bare(),
            direct,
            user_id(NAME),
            material.certify(&material.certification(), NAME),
        ];
        parts.concat()
    };
    let made = || material.certification();
    let certify_only = Draft::new(0x1f, material.key.created).with(27, [1]);
    vec![
        material.keyed(
            "a key that ends",
            material.certified(&ending(made(), 200)),
            Good,
            "",
        ),
        material.keyed(
            "a key that ended since",
            material.certified(&ending(made(), 95)),
            Unknown,
            "",
        ),
        material.keyed(
            "a key that had ended",
            material.certified(&ending(made(), 50)),
            Bad,
            "",
        ),
        material.keyed(
            "an end in critical form",
            material.certified(&made().with(0x89, (95 * DAY).to_be_bytes())),
            Unknown,
            "",
        ),
        material.keyed("a direct-key signature", direct(made()), Good, ""),
        material.keyed(
            "a direct-key signature that ends the key",
            direct(ending(made(), 95)),
            Unknown,
            "",
        ),
        material.keyed(
            "a direct-key signature that had ended the key",
            direct(ending(made(), 50)),
            Bad,
            "",
        ),
        material.keyed(
            "a direct-key signature for certifying only",
            direct(certify_only),
            Bad,
            "",
        ),
        material.keyed(
            "a direct-key signature with an unknown critical subpacket",
            direct(made().with(0x80 | 100, [1])),
            Unknown,
            UNREADABLE,
        ),
    ]
}
