//! Mutated input gives an error, never a panic, and no mutated certificate verifies.

use testamur::seal::{DetachedSignature, PgpKey, PrivateKey, Sealer, X509, verify};

use super::site::{Site, draft, now};

/// A small generator with a fixed seed, so that a run can be repeated.
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    /// Makes a few changes to a copy of the bytes.
    fn mutate(&mut self, bytes: &[u8], words: &[&[u8]]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let span = self.below(64);
            let end = (at + span).min(bytes.len());
            match self.below(8) {
                0 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.drain(at..end)),
                3 => bytes.truncate(at),
                4 => {
                    let copy = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, copy);
                }
                5 => {
                    let word = words[self.below(words.len())];
                    bytes.splice(at..at, word.iter().copied());
                }
                6 => {
                    let word = words[self.below(words.len())];
                    let end = (at + word.len()).min(bytes.len());
                    bytes.splice(at..end, word.iter().copied());
                }
                _ => {
                    let number = self.below(1 << 40).to_string();
                    bytes.splice(at..end.min(at + number.len()), number.into_bytes());
                }
            }
        }
        bytes
    }
}

const WORDS: [&[u8]; 16] = [
    b"<<",
    b">>",
    b"[",
    b"]",
    b"(",
    b")",
    b"<",
    b">",
    b"/Contents<",
    b"/ByteRange[",
    b"/Length 99999999999999999999",
    b"xref\n0 4294967295\n",
    b"startxref\n",
    b"%%EOF",
    b"/Prev 0",
    b"stream\n",
];

/// The number of mutations; `TESTAMUR_MUTATIONS` overrides it.
fn rounds() -> usize {
    std::env::var("TESTAMUR_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

#[test]
fn mutated_certificates_do_not_verify() {
    let site = Site::new("Example University");
    let sealed = site.seal(&draft("en.pdf"));
    let base = draft("en.pdf").len();
    let mut rng = Rng(0x5eed);
    for round in 0..rounds() {
        // Half of the changes fall in the revision with the seal, which is the smaller part of the
        // file.
        let pdf = match round % 2 {
            0 => rng.mutate(&sealed.bytes, &WORDS),
            _ => {
                let tail = rng.mutate(&sealed.bytes[base..], &WORDS);
                [&sealed.bytes[..base], &tail].concat()
            }
        };
        let report = verify(&pdf, None, site.keys.trust(), now());
        assert!(pdf == sealed.bytes || !report.is_genuine(), "round {round}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn mutated_drafts_do_not_panic() {
    let site = Site::new("Example University");
    let sealer = Sealer::new(site.keys.identity().clone());
    let draft = draft("ja.pdf");
    let mut rng = Rng(0xd1ce);
    for _ in 0..rounds() {
        // Either a refusal or a seal that was verified is correct.
        let _ = sealer.seal(&rng.mutate(&draft, &WORDS), now());
    }
}

#[test]
fn mutated_signatures_keys_and_certificates_do_not_panic() {
    let site = Site::new("Example University");
    let sealed = site.seal(&draft("en.pdf"));
    let public = site.keys.public();
    let secret = std::fs::read(site.path("keys/1/seal.key.pem")).unwrap();
    let signature = sealed.signature.unwrap();
    let mut rng = Rng(0xbad);
    let words: [&[u8]; 4] = [b"-----BEGIN ", b"-----END ", b"\n\n", b"="];
    for _ in 0..rounds() {
        let _ = DetachedSignature::from_armor(&rng.mutate(signature.as_bytes(), &words));
        let _ = PgpKey::from_armor(&rng.mutate(public.openpgp_armor.as_bytes(), &words));
        let _ = X509::from_pem(&rng.mutate(public.certificate[0].pem.as_bytes(), &words));
        let _ =
            X509::from_der(&rng.mutate(site.keys.identity().certificate().der(), &words));
        let _ = PrivateKey::from_pem(&rng.mutate(&secret, &words));
    }
}
