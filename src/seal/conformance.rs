//! The contracts of [`Signer`] and [`PgpSigner`], as functions that panic with what does not hold.

use std::thread;

use super::keys::{Algorithm, Signer};
use super::openpgp::{DetachedSignature, PgpKey, PgpSigner};
use crate::base::timestamp::Timestamp;

/// Checks that a signer's signatures are those of its public key, in the form that its algorithm
/// names, over messages of any bytes and length, from several threads at once.
pub fn signer(signer: &dyn Signer) {
    let public = signer.public().clone();
    let large: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    let messages = [&b""[..], b"a message", b"\0\r\n\xff\x1a", &large];
    for message in messages {
        check_signature(signer, message);
    }
    thread::scope(|scope| {
        for number in 0..4_u8 {
            scope.spawn(move || check_signature(signer, &[number]));
        }
    });
    assert!(*signer.public() == public, "the public key stays the same");
}

fn check_signature(signer: &dyn Signer, message: &[u8]) {
    let len = message.len();
    let signature = match signer.sign(message) {
        Ok(signature) => signature,
        Err(error) => panic!("`sign` succeeds with {len} bytes: {error}"),
    };
    let public = signer.public();
    assert!(
        public.verifies(message, &signature),
        "the public key verifies the signature over {len} bytes"
    );
    let other = [message, b"."].concat();
    assert!(!public.verifies(&other, &signature), "it is a signature over the message");
    let has_form = match public.algorithm() {
        Algorithm::Ed25519 => signature.len() == 64,
        Algorithm::P256 | Algorithm::P384 => signature.first() == Some(&0x30),
        Algorithm::Rsa => signature.len() >= 256,
    };
    assert!(has_form, "the signature has the form of {:?}", public.algorithm());
}

/// Checks that an OpenPGP signer's signatures are those of its key, that both can be written and
/// read again, and that its key names itself. `now` is the time of the signatures.
pub fn pgp_signer(signer: &dyn PgpSigner, now: Timestamp) {
    let key = signer.key();
    assert!(
        key.user_id().is_some(),
        "the key has a user id, which programs import it by"
    );
    let read = PgpKey::from_armor(key.to_armor().as_bytes());
    let read = read.expect("the key can be published, and read again");
    assert!(read == [key.clone()], "the published key is the same");
    let large = vec![0x55; 1_000_000];
    for file in [&b""[..], b"a file", b"\0\r\n\xff\x1a", &large] {
        let len = file.len();
        let signature = match signer.sign(file, now) {
            Ok(signature) => signature,
            Err(error) => panic!("`sign` succeeds with {len} bytes: {error}"),
        };
        assert!(signature.verifies(key, file), "the key verifies {len} bytes");
        let other = [file, b"."].concat();
        assert!(!signature.verifies(key, &other), "it is a signature over the file");
        assert_eq!(signature.fingerprint(), key.fingerprint(), "it names its key");
        let again = DetachedSignature::from_armor(signature.to_armor().as_bytes());
        assert!(again.is_ok_and(|again| again == signature), "it can be read again");
    }
}
