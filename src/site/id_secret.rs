//! The secret that the ids of a site's certificates are derived from.

use std::fmt;
use std::path::Path;

use ring::hmac;
use zeroize::Zeroizing;

use crate::base::digits::KeyedDigest;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::hex;
use crate::base::random;

/// The secret that a site's ids are derived from, by HMAC-SHA-256.
///
/// It is made once and never replaced: with another secret, every award would have another address.
/// Its file holds 64 hexadecimal digits in lower case.
///
/// ```
/// use testamur::site::IdSecret;
///
/// let secret = IdSecret::new(&[7; IdSecret::LENGTH]);
/// assert_eq!(format!("{secret:?}"), "IdSecret(…)");
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Clone)]
pub struct IdSecret(hmac::Key);

impl IdSecret {
    /// The number of its bytes.
    pub const LENGTH: usize = 32;

    /// Creates the secret from its bytes.
    pub fn new(bytes: &[u8; Self::LENGTH]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Reads the content of the secret's file; errors name `file`.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: `text` is not 64 hexadecimal digits in lower case.
    pub fn parse(file: &Path, text: &[u8]) -> Result<Self> {
        let digits = text.trim_ascii_end();
        let bytes = hex::read_lower(digits).map(Zeroizing::new);
        let bytes = bytes.as_deref().and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(Self::new).ok_or_else(|| {
            Error::new(ErrorKind::Key, "this is no id secret")
                .at(Place::file(file.display().to_string()))
                .with_help(
                    "restore the file from a copy: with another secret every award would get \
                     another address",
                )
        })
    }

    /// Generates a secret that exists in memory only, for tests and first steps: certificates
    /// that were issued with it are not found again once it is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the system gives no random numbers.
    pub fn generate() -> Result<Self> {
        Ok(Self::new(&*random_bytes()?))
    }

    /// Generates a secret, and returns the content of its file.
    pub(crate) fn generate_text() -> Result<Zeroizing<String>> {
        Ok(Zeroizing::new(hex::lower(&*random_bytes()?) + "\n"))
    }

    /// Derives an id or a fingerprint from the parts. The length of each part is hashed before it,
    /// so that `ab`, `c` and `a`, `bc` give different ids.
    pub(crate) fn derive(&self, purpose: &str, parts: &[&str]) -> KeyedDigest {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [purpose].iter().chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let tag = context.sign();
        let half = tag.as_ref().first_chunk().expect("a SHA-256 has 32 bytes");
        KeyedDigest::of_bytes(half)
    }
}

fn random_bytes() -> Result<Zeroizing<[u8; IdSecret::LENGTH]>> {
    let mut bytes = Zeroizing::new([0; IdSecret::LENGTH]);
    random::fill(&mut *bytes)?;
    Ok(bytes)
}

impl fmt::Debug for IdSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_read_from_its_file_and_hidden_in_debug() {
        let file = IdSecret::generate_text().unwrap();
        let read = IdSecret::parse(Path::new("id.secret"), file.as_bytes()).unwrap();
        let bytes = hex::read_lower(file.trim_end().as_bytes()).unwrap();
        let same = IdSecret::new(&bytes.try_into().unwrap());
        assert_eq!(read.derive("x", &["y"]), same.derive("x", &["y"]));
        assert_eq!(format!("{read:?}"), "IdSecret(…)");
        for wrong in ["", "00", &"0".repeat(63), &"G".repeat(64), &"A".repeat(64)] {
            let fault = IdSecret::parse(Path::new("f"), wrong.as_bytes()).unwrap_err();
            assert_eq!(fault.kind(), ErrorKind::Key, "{wrong}");
        }
    }
}
