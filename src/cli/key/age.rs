//! Files under a passphrase, in the format of `age` (age-encryption.org/v1, C2SP), with one
//! recipient of the type `scrypt`.
//!
//! Takes bytes and a passphrase; gives the file, or the bytes back. The decision: the format is one
//! that other programs read (`age`, `rage`), so that a backup can be read without this program.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::{hkdf, hmac};
use zeroize::Zeroizing;

use crate::base::random;
use crate::cli::exit::Failure;

const VERSION: &str = "age-encryption.org/v1";
const LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
/// The work of one guess at the passphrase, as a power of two. It takes 64 MB, which small machines
/// have too. `rage` refuses files with much more work.
const WORK: u8 = 16;
/// The most work that a file may ask for.
const MAX_WORK: u8 = 20;
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// A 256-bit key that is wiped when it is dropped.
type Key = Zeroizing<[u8; 32]>;

/// Encrypts bytes under a passphrase.
pub(super) fn encrypt(plain: &[u8], passphrase: &str) -> Result<Vec<u8>, Failure> {
    let mut file_key = Zeroizing::new([0; 16]);
    let (mut salt, mut nonce) = ([0; 16], [0; 16]);
    random::fill(&mut *file_key)?;
    random::fill(&mut salt)?;
    random::fill(&mut nonce)?;

    let wrapped = seal(&stretch(passphrase, &salt, WORK)?, [0; 12], &*file_key)?;
    let text = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
    let mut header =
        format!("{VERSION}\n-> scrypt {} {WORK}\n{}\n---", text(&salt), text(&wrapped));
    let mac = hmac::sign(&mac_key(&*file_key)?, header.as_bytes());
    header.push_str(&format!(" {}\n", text(mac.as_ref())));

    let mut file = header.into_bytes();
    file.extend(nonce);
    let key = derive(&*file_key, &nonce, b"payload")?;
    let chunks = plain.len().div_ceil(CHUNK).max(1);
    for number in 0..chunks {
        let end = plain.len().min((number + 1) * CHUNK);
        let chunk = &plain[number * CHUNK..end];
        file.extend(seal(&key, chunk_nonce(number, number + 1 == chunks), chunk)?);
    }
    Ok(file)
}

/// Decrypts a file with its passphrase.
pub(super) fn decrypt(
    file: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let header = Header::read(file).ok_or_else(|| {
        Failure::new(
            "the file is not in the format of age under a passphrase\nhelp: give a file that \
             `testamur key backup` wrote",
        )
    })?;
    let wrapping = stretch(passphrase, &header.salt, header.work)?;
    let file_key = open(&wrapping, [0; 12], &header.wrapped)
        .ok_or_else(|| Failure::new("the passphrase is not that of the file"))?;
    let damaged = || Failure::new("the file is damaged\nhelp: use another copy of it");
    hmac::verify(&mac_key(&file_key)?, header.signed, &header.mac)
        .map_err(|_| damaged())?;
    let (nonce, payload) = header.payload.split_at_checked(16).ok_or_else(damaged)?;
    let key = derive(&file_key, nonce, b"payload")?;
    let mut plain = Zeroizing::new(Vec::with_capacity(payload.len()));
    let chunks = payload.len().div_ceil(CHUNK + TAG).max(1);
    for number in 0..chunks {
        let end = payload.len().min((number + 1) * (CHUNK + TAG));
        let chunk = &payload[number * (CHUNK + TAG)..end];
        let nonce = chunk_nonce(number, number + 1 == chunks);
        plain.extend_from_slice(&open(&key, nonce, chunk).ok_or_else(damaged)?);
    }
    Ok(plain)
}

/// The header of a file, and what follows it.
struct Header<'a> {
    salt: [u8; 16],
    work: u8,
    wrapped: Vec<u8>,
    /// The part of the file that `mac` authenticates.
    signed: &'a [u8],
    mac: Vec<u8>,
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads a header with one stanza of the type `scrypt`, which is then the only one.
    fn read(file: &'a [u8]) -> Option<Self> {
        let mut rest = file;
        let mut line = || {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let line = str::from_utf8(&rest[..end]).ok()?;
            rest = &rest[end + 1..];
            Some(line)
        };
        let bytes = |text: &str| STANDARD_NO_PAD.decode(text).ok();
        if line()? != VERSION {
            return None;
        }
        let stanza = line()?.strip_prefix("-> scrypt ")?;
        let (salt, work) = stanza.split_once(' ')?;
        let wrapped = bytes(line()?)?;
        let mac = bytes(line()?.strip_prefix("--- ")?)?;
        let work = work.parse().ok().filter(|work| (1..=MAX_WORK).contains(work))?;
        let signed = file.len() - rest.len() - STANDARD_NO_PAD.encode(&mac).len() - 2;
        Some(Self {
            salt: bytes(salt)?.try_into().ok()?,
            work,
            wrapped,
            signed: &file[..signed],
            mac,
            payload: rest,
        })
    }
}

/// The key that a passphrase gives.
fn stretch(passphrase: &str, salt: &[u8; 16], work: u8) -> Result<Key, Failure> {
    let failed = || Failure::new("failed to make a key of the passphrase");
    let params = scrypt::Params::new(work, 8, 1, 32).map_err(|_| failed())?;
    let mut key = Zeroizing::new([0; 32]);
    let salt = [LABEL, salt].concat();
    scrypt::scrypt(passphrase.as_bytes(), &salt, &params, &mut *key)
        .map_err(|_| failed())?;
    Ok(key)
}

fn mac_key(file_key: &[u8]) -> Result<hmac::Key, Failure> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &*derive(file_key, b"", b"header")?))
}

/// A key by HKDF-SHA-256.
fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Key, Failure> {
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let info = [info];
    let mut key = Zeroizing::new([0; 32]);
    let filled = secret
        .expand(&info, hkdf::HKDF_SHA256)
        .and_then(|key_material| key_material.fill(&mut *key));
    filled.map_err(|_| Failure::new("failed to derive a key"))?;
    Ok(key)
}

/// The nonce of a chunk: its number, and whether it is the last.
fn chunk_nonce(number: usize, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&(number as u64).to_be_bytes());
    nonce[11] = u8::from(is_last);
    nonce
}

fn cipher(key: &Key) -> Result<LessSafeKey, Failure> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, &**key);
    key.map(LessSafeKey::new).map_err(|_| Failure::new("failed to use a key"))
}

fn seal(key: &Key, nonce: [u8; 12], plain: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut sealed = plain.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    cipher(key)?
        .seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)
        .map_err(|_| Failure::new("failed to encrypt"))?;
    Ok(sealed)
}

fn open(key: &Key, nonce: [u8; 12], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let length =
        cipher(key).ok()?.open_in_place(nonce, Aad::empty(), &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encrypted_bytes_come_back_and_no_changed_byte_is_taken() {
        let long = vec![7; CHUNK * 2];
        for plain in [&b""[..], b"keys", &long, &long[1..], &long[..CHUNK + 1]] {
            let file = encrypt(plain, "correct horse").unwrap();
            assert_eq!(*decrypt(&file, "correct horse").unwrap(), plain);
        }
        let file = encrypt(b"keys", "correct horse").unwrap();
        assert!(
            decrypt(&file, "correct horsf").unwrap_err().message.contains("passphrase")
        );
        for at in [0, 30, 60, 100, file.len() - 30, file.len() - 1] {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(decrypt(&changed, "correct horse").is_err(), "{at}");
        }
        assert!(decrypt(&file[..file.len() - 1], "correct horse").is_err());
        assert!(decrypt(b"", "x").is_err());
    }

    /// A file that the program `age` 1.2 wrote.
    #[test]
    fn work_that_would_fill_the_memory_is_refused() {
        let file = encrypt(b"keys", "correct horse").unwrap();
        let text = String::from_utf8_lossy(&file[..80]).replace(" 16\n", " 30\n");
        assert!(decrypt(text.as_bytes(), "correct horse").is_err());
    }
}
