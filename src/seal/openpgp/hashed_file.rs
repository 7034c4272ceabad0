//! A file that is to be signed, with its hash.
//!
//! The decision made here: a file is hashed once, where its bytes come together. Its signature, the
//! check of the signature and the record of the file use that hash.

use std::fmt;

use crate::base::digits::Sha256;
use crate::base::hex;
use crate::seal::keys::{Hash, HashState};

/// A file that is to be signed, with the SHA-256 of its bytes.
///
/// ```
/// use testamur::seal::{HashedFile, Sha256};
///
/// let file = HashedFile::new(b"abc");
/// assert_eq!(file.sha256(), Sha256::of(file.bytes()));
/// ```
#[derive(Clone)]
pub struct HashedFile<'a> {
    bytes: &'a [u8],
    hashed: HashState,
}

impl<'a> HashedFile<'a> {
    /// Hashes a file.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::continued(bytes, 0, Hash::Sha256.begin())
    }

    /// Hashes a file whose first `len` bytes are hashed already, with SHA-256.
    pub(crate) fn continued(bytes: &'a [u8], len: usize, hashed: HashState) -> Self {
        let rest = bytes.get(len..).unwrap_or_default();
        Self { bytes, hashed: hashed.with(&[rest]) }
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The SHA-256 of the file.
    pub fn sha256(&self) -> Sha256 {
        Sha256::of_bytes(&self.hashed.clone().finish())
    }

    /// The SHA-256 of the file and of these bytes after it.
    pub(super) fn sha256_with(&self, rest: &[u8]) -> Vec<u8> {
        self.hashed.clone().with(&[rest]).finish()
    }
}

impl fmt::Debug for HashedFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashedFile")
            .field("len", &self.bytes.len())
            .field("sha256", &hex::lower(&self.hashed.clone().finish()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_goes_on_from_any_part() {
        let bytes: Vec<u8> = (0..=255).collect();
        let whole = HashedFile::new(&bytes);
        assert_eq!(whole.sha256(), Sha256::of(&bytes));
        for len in [0, 1, 63, 64, 65, 256] {
            let begun = Hash::Sha256.begin().with(&[&bytes[..len]]);
            let file = HashedFile::continued(&bytes, len, begun);
            assert_eq!(file.sha256(), whole.sha256(), "{len}");
            let longer = [&bytes[..], b"more"].concat();
            assert_eq!(file.sha256_with(b"more"), Hash::Sha256.of(&[&longer]), "{len}");
        }
    }
}
