//! Kinds of subkeys, with a good signature over the file by the subkey.

use super::packets::{Draft, Key, PUBLIC_SUBKEY, SHA1, SIGNATURE, packet};
use super::{
    Case, DAY, FILE, Material, NAME, Ours, armor_ring, armor_signature, user_id,
};
use Ours::{Bad, Good, Unknown};

const WEAK: &str = "another key may have the same SHA-1";
const NEWEST: &str = "the newest binding decides, and an older one does not replace it";

/// A subkey that signs, with its primary key.
struct Subkey<'a> {
    material: &'a Material,
    subkey: Key,
}

impl Subkey<'_> {
    fn parts(&self) -> [Vec<u8>; 2] {
        [self.material.key.signed_form(), self.subkey.signed_form()]
    }

    /// The back signature of `signer`.
    fn back(&self, draft: &Draft, signer: &Key) -> Vec<u8> {
        let [primary, subkey] = self.parts();
        draft.sign(signer, &[&primary, &subkey])
    }

    fn good_back(&self) -> Vec<u8> {
        self.back(&Draft::new(0x19, self.subkey.created), &self.subkey)
    }

    /// A binding that is to be signed, without a back signature.
    fn half(&self, days: u32) -> Draft {
        Draft::new(0x18, self.subkey.created + days * DAY).with(27, [2])
    }

    fn binding(&self, days: u32) -> Draft {
        self.half(days).with(32, self.good_back())
    }

    /// A packet of the primary key's signature over both keys.
    fn sign(&self, draft: &Draft) -> Vec<u8> {
        let [primary, subkey] = self.parts();
        packet(SIGNATURE, &draft.sign(&self.material.key, &[&primary, &subkey]))
    }

    /// The ring with those signatures over the subkey.
    fn ring(&self, primary: Vec<u8>, drafts: &[Draft]) -> Vec<u8> {
        let signatures = drafts.iter().flat_map(|draft| self.sign(draft)).collect();
        [primary, packet(PUBLIC_SUBKEY, &self.subkey.body()), signatures].concat()
    }

    fn bound(
        &self,
        name: &'static str,
        drafts: &[Draft],
        ours: Ours,
        why: &'static str,
    ) -> Case {
        self.case(name, self.material.ring(), drafts, ours, why)
    }

    fn case(
        &self,
        name: &'static str,
        primary: Vec<u8>,
        drafts: &[Draft],
        ours: Ours,
        stricter: &'static str,
    ) -> Case {
        let body = self.material.signature().sign(&self.subkey, &[FILE]);
        Case {
            name,
            rings: vec![armor_ring(&self.ring(primary, drafts))],
            signature: armor_signature(&body).into(),
            ours,
            stricter,
        }
    }
}

pub(super) fn cases(material: &Material) -> Vec<Case> {
    [bound(material), ended(material)].concat()
}

/// Bindings and back signatures.
fn bound(material: &Material) -> Vec<Case> {
    let key = Key::new(3, material.key.created);
    let made = Subkey { material, subkey: key };
    let back = |draft: Draft| made.half(0).with(32, made.back(&draft, &made.subkey));
    let at = made.subkey.created;
    let other = made.back(&Draft::new(0x19, at), &material.other);
    let wrong_parts =
        Draft::new(0x19, at).sign(&made.subkey, &[&made.subkey.signed_form()]);
    let young = Subkey { material, subkey: Key::new(3, material.signed + DAY) };
    let certify_only = Draft::new(0x13, at).with(27, [1]);
    let certify_only = material.certified(&certify_only);
    let encrypts = Draft::new(0x18, at).with(27, [12]);
    let twice = made.ring(material.ring(), &[made.binding(0)]);
    let revocation = Draft::new(0x28, at + 50 * DAY);
    let own = Subkey { material, subkey: Key::new(1, at) };
    vec![
        made.bound("a signing subkey", &[made.binding(0)], Good, ""),
        made.case(
            "a subkey of a key that only certifies",
            certify_only,
            &[made.binding(0)],
            Good,
            "",
        ),
        made.bound("a subkey without a binding", &[], Unknown, ""),
        made.bound("a subkey without a back signature", &[made.half(0)], Unknown, ""),
        made.bound(
            "an unhashed back signature",
            &[made.half(0).with_unhashed(32, made.good_back())],
            Good,
            "",
        ),
        made.bound(
            "another key's back signature",
            &[made.half(0).with(32, other)],
            Unknown,
            "",
        ),
        made.bound(
            "a back signature over the subkey alone",
            &[made.half(0).with(32, wrong_parts)],
            Unknown,
            "",
        ),
        made.bound(
            "a back signature of another type",
            &[back(Draft::new(0x18, at))],
            Unknown,
            "",
        ),
        made.bound(
            "a back signature with SHA-1",
            &[back(Draft::new(0x19, at).with_hash(SHA1))],
            Unknown,
            WEAK,
        ),
        made.bound(
            "a back signature with an unknown critical subpacket",
            &[back(Draft::new(0x19, at).with(0xe4, [1]))],
            Unknown,
            "",
        ),
        made.bound(
            "a binding with SHA-1",
            &[made.binding(0).with_hash(SHA1)],
            Unknown,
            WEAK,
        ),
        made.bound(
            "a binding with an unknown critical subpacket",
            &[made.binding(0).with(0xe4, [1])],
            Unknown,
            "",
        ),
        made.bound(
            "the newest binding with an unknown critical subpacket",
            &[made.binding(0), made.binding(20).with(0xe4, [1])],
            Unknown,
            NEWEST,
        ),
        made.bound("a subkey for encryption", &[encrypts], Bad, ""),
        made.bound(
            "a subkey for encryption later",
            &[made.binding(0), Draft::new(0x18, at + DAY).with(27, [12])],
            Bad,
            "",
        ),
        made.bound(
            "a subkey that does not say what it is for",
            &[Draft::new(0x18, at).with(32, made.good_back())],
            Unknown,
            "sqv does not take it for a signing key",
        ),
        made.case(
            "a subkey twice, revoked in one",
            twice,
            &[revocation],
            Bad,
            "a revocation counts in whichever copy it stands",
        ),
        own.bound(
            "a key that only certifies as its own subkey",
            &[own.binding(0)],
            Good,
            "",
        ),
        young.bound("a subkey made after the signature", &[young.binding(0)], Bad, ""),
    ]
}

/// Subkeys that ended or were revoked, or whose primary key did.
fn ended(material: &Material) -> Vec<Case> {
    let key = Key::new(3, material.key.created);
    let made = Subkey { material, subkey: key };
    let ending = |draft: Draft, days: u32| draft.with(9, (days * DAY).to_be_bytes());
    let revocation = |days: u32| Draft::new(0x28, made.subkey.created + days * DAY);
    let primary_ends = material.certified(&ending(material.certification(), 95));
    let over_key = Draft::new(0x20, material.key.created + 50 * DAY);
    let primary_revoked = [
        material.bare(),
        material.over_key(&over_key, &material.key),
        user_id(NAME),
        material.certify(&material.certification(), NAME),
    ];
    let retired = |days| revocation(days).with(29, [3]);
    vec![
        made.bound(
            "a subkey that ended since",
            &[ending(made.binding(0), 95)],
            Unknown,
            "",
        ),
        made.bound("a subkey that had ended", &[ending(made.binding(0), 50)], Bad, ""),
        made.bound(
            "a subkey's end put off",
            &[ending(made.binding(0), 95), made.binding(20)],
            Good,
            "",
        ),
        made.bound(
            "a subkey's end set later",
            &[made.binding(0), ending(made.binding(20), 95)],
            Unknown,
            "",
        ),
        made.bound(
            "a subkey's end set later, newest first",
            &[ending(made.binding(20), 95), made.binding(0)],
            Unknown,
            "",
        ),
        made.bound("a revoked subkey", &[made.binding(0), revocation(50)], Bad, ""),
        made.bound(
            "a subkey revoked with SHA-1",
            &[made.binding(0), revocation(50).with_hash(SHA1)],
            Bad,
            "",
        ),
        made.bound(
            "a subkey revoked and bound anew",
            &[revocation(50), made.binding(60)],
            Bad,
            "",
        ),
        made.bound(
            "a subkey retired before the signature",
            &[made.binding(0), retired(50)],
            Bad,
            "",
        ),
        made.bound(
            "a subkey retired after the signature",
            &[made.binding(0), retired(95)],
            Unknown,
            "",
        ),
        made.case(
            "a subkey of a key that ended since",
            primary_ends,
            &[made.binding(0)],
            Unknown,
            "",
        ),
        made.case(
            "a subkey of a revoked key",
            primary_revoked.concat(),
            &[made.binding(0)],
            Bad,
            "",
        ),
    ]
}
