//! Revoked keys, with a good signature over the file.

use Ours::{Bad, Good, Refused, Unknown};

use super::packets::{Draft, MD5, PUBLIC_KEY, SHA1, SIGNATURE, USER_ID, packet, sign_v3};
use super::{
    Case, DAY, FILE, Material, NAME, Ours, armor_ring, armor_signature, user_id,
};

const MUST_COUNT: &str = "only the key's owner gains by a revocation";

pub(super) fn cases(material: &Material) -> Vec<Case> {
    [revoked(material), revoked_by_others(material)].concat()
}

/// Keys that their owner revoked.
fn revoked(material: &Material) -> Vec<Case> {
    let Material { key, .. } = material;
    let on = |days: u32| Draft::new(0x20, key.created + days * DAY);
    let because = |draft: Draft, code: u8| draft.with(29, [code]);
    let with = |draft: Draft| {
        let parts = [
            material.bare(),
            material.over_key(&draft, key),
            user_id(NAME),
            material.certify(&material.certification(), NAME),
        ];
        parts.concat()
    };
    let late = [material.ring(), material.over_key(&on(50), key)].concat();
    let v3 = sign_v3(0x20, key.created + DAY, key, &[&key.signed_form()]);
    let v3 = [
        material.bare(),
        packet(SIGNATURE, &v3),
        user_id(NAME),
        material.certify(&material.certification(), NAME),
    ];
    let by_id = Draft { has_fingerprint: false, ..on(50) };
    let nameless = Draft { unhashed: None, has_fingerprint: false, ..on(50) };
    let mut copies = material.keyed("revoked in another copy", material.ring(), Bad, "");
    copies.rings.push(armor_ring(&with(on(50))));
    let mut alone =
        material.keyed("a revocation certificate alone", material.ring(), Refused, "");
    alone.rings.push(armor_ring(&material.over_key(&on(50), key)));
    let mut forged = with(on(50));
    // The last byte of the revocation.
    let at = material.bare().len() + material.over_key(&on(50), key).len() - 1;
    forged[at] ^= 1;
    vec![
        material.keyed("revoked", with(because(on(50), 0)), Bad, ""),
        material.keyed("revoked without a reason", with(on(50)), Bad, ""),
        material.keyed("compromised", with(because(on(50), 2)), Bad, ""),
        material.keyed(
            "compromised after the signature",
            with(because(on(95), 2)),
            Bad,
            "",
        ),
        material.keyed(
            "superseded before the signature",
            with(because(on(50), 1)),
            Bad,
            "",
        ),
        material.keyed(
            "superseded after the signature",
            with(because(on(95), 1)),
            Unknown,
            "",
        ),
        material.keyed("retired before the signature", with(because(on(50), 3)), Bad, ""),
        material.keyed(
            "retired after the signature",
            with(because(on(95), 3)),
            Unknown,
            "",
        ),
        material.keyed("revoked with SHA-256", with(on(50).with_hash(8)), Bad, ""),
        material.keyed("revoked with SHA-1", with(on(50).with_hash(SHA1)), Bad, ""),
        material.keyed(
            "revoked with MD5",
            with(on(50).with_hash(MD5)),
            Unknown,
            MUST_COUNT,
        ),
        material.keyed("revoked by a key id", with(by_id), Bad, ""),
        material.keyed(
            "revoked by no key that is named",
            with(nameless),
            Bad,
            MUST_COUNT,
        ),
        material.keyed(
            "a revocation that has ended",
            with(on(50).with(3, DAY.to_be_bytes())),
            Bad,
            "",
        ),
        material.keyed(
            "a revocation with an unknown critical subpacket",
            with(on(50).with(0xe4, [1])),
            Bad,
            MUST_COUNT,
        ),
        material.keyed(
            "a revocation older than its key",
            with(Draft::new(0x20, key.created - 1)),
            Bad,
            MUST_COUNT,
        ),
        material.keyed("a revocation behind the user id", late, Bad, ""),
        material.keyed("a revocation of version 3", v3.concat(), Unknown, ""),
        material.keyed(
            "a revocation with another start of its hash",
            with(Draft { prefix: 1, ..on(50) }),
            Unknown,
            "",
        ),
        material.keyed(
            "a revocation with a longer number",
            with(Draft { has_long_mpi: true, ..on(50) }),
            Unknown,
            "",
        ),
        material.keyed("a forged revocation", forged, Good, ""),
        copies,
        alone,
    ]
}

/// Revocations that other keys made.
fn revoked_by_others(material: &Material) -> Vec<Case> {
    let Material { key, other, .. } = material;
    let revocation = Draft::new(0x20, key.created + 50 * DAY);
    let appoint = [&[0x80, 22][..], &other.fingerprint()].concat();
    let appoint = Draft::new(0x1f, key.created).with(12, appoint);
    let rest =
        [user_id(NAME), material.certify(&material.certification(), NAME)].concat();
    let by_other = material.over_key(&revocation, other);
    let appointed = [
        material.bare(),
        by_other.clone(),
        material.over_key(&appoint, key),
        rest.clone(),
    ];
    let stranger = [material.bare(), by_other, rest.clone()];
    let only_appointed = [material.bare(), material.over_key(&appoint, key), rest];
    // The key that may revoke is known too.
    let length = (NAME.len() as u32).to_be_bytes();
    let parts: [&[u8]; 4] = [&other.signed_form(), &[0xb4], &length, NAME];
    let self_signature =
        Draft::new(0x13, other.created).with(27, [3]).sign(other, &parts);
    let others = [
        packet(PUBLIC_KEY, &other.body()),
        packet(USER_ID, NAME),
        packet(SIGNATURE, &self_signature),
    ];
    let signature = armor_signature(&material.signature().sign(key, &[FILE]));
    let both = Case {
        name: "revoked by the key that may, which is known",
        rings: vec![armor_ring(&others.concat()), armor_ring(&appointed.concat())],
        signature: signature.into(),
        ours: Unknown,
        stricter: "",
    };
    vec![
        both,
        material.keyed(
            "revoked by the key that may",
            appointed.concat(),
            Unknown,
            "the key that may revoke has, as it seems, done so",
        ),
        material.keyed(
            "a key that another may revoke",
            only_appointed.concat(),
            Good,
            "",
        ),
        material.keyed("a stranger's revocation", stranger.concat(), Good, ""),
    ]
}
