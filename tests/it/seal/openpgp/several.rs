//! One part of a key in several places, and packets of other types beside it.

use Ours::{Good, Refused, Unknown};

use super::packets::{Draft, SIGNATURE, packet};
use super::{Case, DAY, Material, NAME, Ours, armor_ring, user_id};

pub(super) fn cases(material: &Material) -> Vec<Case> {
    [several(material), packets(material)].concat()
}

/// One part of a key in several places.
fn several(material: &Material) -> Vec<Case> {
    let at = |days: u32| (material.key.created + days * DAY).to_be_bytes();
    let made = |days| Draft::timeless(0x13).with(2, at(days)).with(27, [3]);
    let ending = |days| made(days).with(9, (95 * DAY).to_be_bytes());
    let revocation = Draft::timeless(0x30).with(2, at(20));
    let named = |draft: &Draft| [user_id(NAME), material.certify(draft, NAME)].concat();
    let twice = |first: &Draft, second: &Draft| {
        [material.bare(), named(first), named(second)].concat()
    };
    let other = b"Another name";
    let revoked_other = [
        material.ring(),
        user_id(other),
        material.certify(&ending(10), other),
        material.certify(&revocation, other),
    ];
    let direct =
        |draft: Draft| material.over_key(&Draft { kind: 0x1f, ..draft }, &material.key);
    let put_off = [material.bare(), direct(ending(0)), direct(made(50)), named(&made(0))];
    let attribute = [&[0xd1][..], &20_u32.to_be_bytes(), &[19, 1], &[0; 18]].concat();
    let parts: [&[u8]; 2] = [&material.key.signed_form(), &attribute];
    let pictured = [
        material.ring(),
        packet(17, &attribute[5..]),
        packet(SIGNATURE, &ending(50).sign(&material.key, &parts)),
    ];
    let mut copies =
        material.keyed("a copy without a user id", material.bare(), Good, "");
    copies.rings.push(armor_ring(&material.ring()));
    let mut longer = material.keyed(
        "an end that another copy puts off",
        material.certified(&ending(0)),
        Good,
        "",
    );
    longer.rings.push(armor_ring(&material.certified(&made(50))));
    let mut shorter =
        material.keyed("an end in another copy", material.ring(), Unknown, "");
    shorter.rings.push(armor_ring(&material.certified(&ending(50))));
    vec![
        copies,
        longer,
        shorter,
        material.keyed(
            "a user id twice, revoked in one",
            twice(&made(0), &revocation),
            Unknown,
            "the key answers for no name",
        ),
        material.keyed(
            "a user id twice, with a later end",
            twice(&made(0), &ending(50)),
            Unknown,
            "",
        ),
        material.keyed("an end in a revoked user id", revoked_other.concat(), Good, ""),
        material.keyed("an end of the key itself put off", put_off.concat(), Good, ""),
        material.keyed("an end in a picture", pictured.concat(), Unknown, ""),
    ]
}

/// Packets of other types in the ring.
fn packets(material: &Material) -> Vec<Case> {
    let with = |kind: u8, body: &[u8]| {
        let certified =
            [user_id(NAME), material.certify(&material.certification(), NAME)];
        [material.bare(), packet(kind, body), certified.concat()].concat()
    };
    vec![
        material.keyed("a marker in the ring", with(10, b"PGP"), Good, ""),
        material.keyed("a trust packet in the ring", with(12, &[0, 6]), Good, ""),
        material.keyed("padding in the ring", with(21, &[0; 9]), Good, ""),
        material.keyed("a private packet in the ring", with(60, &[0; 9]), Good, ""),
        material.keyed("an unknown packet in the ring", with(39, &[0; 9]), Good, ""),
        material.keyed(
            "a message in the ring",
            with(11, b"b\0\0\0\0\0x"),
            Refused,
            "sqv does not read it either",
        ),
        material.keyed(
            "a secret key in the ring",
            with(5, &material.other.body()),
            Refused,
            "",
        ),
    ]
}
