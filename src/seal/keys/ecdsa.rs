//! ECDSA signatures: their one permitted form.
//!
//! For each signature (r, s) the pair (r, n − s) is valid too, so that anyone can change the bytes
//! of a valid signature. Seals have the lower s, in DER.

use std::cmp::Ordering;

use der::asn1::UintRef;
use der::{Decode, Encode, Reader, SliceReader};

use super::algorithm::Algorithm;

/// The order of the group of P-256 (SEC 2, 2.4.2).
const ORDER_P256: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
    0xfc, 0x63, 0x25, 0x51,
];
/// The order of the group of P-384 (SEC 2, 2.5.1).
const ORDER_P384: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81,
    0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec,
    0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

/// The signature with the lower of its two values of s, in DER. `None` if it is no ECDSA signature
/// of that curve. A signature of another algorithm has one form, and is returned unchanged.
pub(crate) fn low_s(algorithm: Algorithm, signature: &[u8]) -> Option<Vec<u8>> {
    let order: &[u8] = match algorithm {
        Algorithm::P256 => &ORDER_P256,
        Algorithm::P384 => &ORDER_P384,
        Algorithm::Rsa | Algorithm::Ed25519 => return Some(signature.to_vec()),
    };
    let mut reader = SliceReader::new(signature).ok()?;
    let (r, s) = reader
        .sequence(|reader| Ok((UintRef::decode(reader)?, UintRef::decode(reader)?)))
        .ok()?;
    if !reader.is_finished() || s.as_bytes().len() > order.len() {
        return None;
    }
    let mut padded = vec![0; order.len() - s.as_bytes().len()];
    padded.extend(s.as_bytes());
    let other = difference(order, &padded)?;
    let lower =
        if padded.as_slice().cmp(&other) == Ordering::Greater { other } else { padded };
    vec![r, UintRef::new(&lower).ok()?].to_der().ok()
}

/// Whether a signature has its one permitted form.
pub(crate) fn is_canonical(algorithm: Algorithm, signature: &[u8]) -> bool {
    low_s(algorithm, signature).as_deref() == Some(signature)
}

/// The difference of two numbers of the same length; `None` if it is negative.
fn difference(minuend: &[u8], subtrahend: &[u8]) -> Option<Vec<u8>> {
    let mut result = minuend.to_vec();
    let mut borrow = false;
    for (digit, less) in result.iter_mut().zip(subtrahend).rev() {
        let (without, first) = digit.overflowing_sub(*less);
        let (without, second) = without.overflowing_sub(u8::from(borrow));
        (*digit, borrow) = (without, first || second);
    }
    (!borrow).then_some(result)
}

#[cfg(all(test, feature = "seal"))]
mod tests {
    use super::*;
    use crate::seal::keys::PrivateKey;

    /// The other signature of the pair.
    fn twin(order: &[u8], signature: &[u8]) -> Vec<u8> {
        let pair: Vec<UintRef<'_>> = Vec::from_der(signature).unwrap();
        let s = pair[1].as_bytes();
        let padded = [&vec![0; order.len() - s.len()][..], s].concat();
        let other = difference(order, &padded).unwrap();
        vec![pair[0], UintRef::new(&other).unwrap()].to_der().unwrap()
    }

    #[test]
    fn one_signature_of_each_pair_is_canonical() {
        for (algorithm, order) in
            [(Algorithm::P256, &ORDER_P256[..]), (Algorithm::P384, &ORDER_P384)]
        {
            let key = PrivateKey::generate(algorithm).unwrap().0;
            for message in 0..32_u8 {
                let signature = key.sign(&[message]).unwrap();
                let twin = twin(order, &signature);
                // Both are valid, which is why one has to be refused.
                assert!(key.public().verifies(&[message], &signature));
                assert!(key.public().verifies(&[message], &twin));
                let low = low_s(algorithm, &signature).unwrap();
                assert_eq!(low_s(algorithm, &twin).unwrap(), low);
                assert!(key.public().verifies(&[message], &low));
                let canonical = [&signature, &twin]
                    .map(|signature| is_canonical(algorithm, signature));
                assert_ne!(canonical[0], canonical[1]);
                assert!(is_canonical(algorithm, &low));
            }
        }
    }

    #[test]
    fn what_is_no_signature_has_no_form() {
        let one = vec![UintRef::new(&[1]).unwrap(); 2].to_der().unwrap();
        assert!(is_canonical(Algorithm::P256, &one));
        for broken in [
            &[][..],
            &[0x30, 0x00],
            &[&one[..], &[0]].concat(),
            &[0x30, 0x81, 0x06, 2, 1, 1, 2, 1, 1],
            &[0x30, 0x07, 2, 2, 0, 1, 2, 1, 1],
            &[0x30, 0x06, 2, 1, 0x81, 2, 1, 1],
            &[0x30, 0x09, 2, 1, 1, 2, 1, 1, 2, 1, 1],
        ] {
            assert!(!is_canonical(Algorithm::P256, broken), "{broken:02x?}");
        }
        let larger =
            vec![UintRef::new(&[1]).unwrap(), UintRef::new(&[0xff; 32]).unwrap()];
        assert!(!is_canonical(Algorithm::P256, &larger.to_der().unwrap()));
        assert!(is_canonical(Algorithm::Rsa, &[7; 256]));
    }
}
