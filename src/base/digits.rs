//! Ids and digests that are written as hexadecimal digits, each a type of its own.
//!
//! A value that exists has the right number of digits in the right case, so a path, a query or an
//! address that is made of it needs no further check.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::serde_text::serde_by_text;

/// Declares a type that is written as `$len` hexadecimal digits, in lower case or in upper case.
macro_rules! digits {
    ($(#[$doc:meta])* $name:ident, $len:literal, $case:ident, $what:literal, $help:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Reads the digits.
            ///
            /// # Errors
            #[doc = concat!("[`ErrorKind::InvalidValue`]: the text is not ", stringify!($len))]
            #[doc = concat!("hexadecimal digits in ", stringify!($case), " case.")]
            pub fn parse(text: &str) -> Result<Self> {
                if Self::is_valid(text) {
                    return Ok(Self(text.to_owned()));
                }
                let message = format!("`{}` is no {}", text.escape_debug(), $what);
                Err(Error::new(ErrorKind::InvalidValue, message).with_help($help))
            }

            /// Returns the digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether a text has the form.
            pub(crate) fn is_valid(text: &str) -> bool {
                text.len() == $len && text.bytes().all($case)
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(digits: $name) -> Self {
                digits.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == **other
            }
        }

        serde_by_text!($name);
    };
}

digits!(
    /// The id of one edition of an award: 32 hexadecimal digits in lower case. It stands in the
    /// address of the verify page, in the record and in the PDF.
    ///
    /// ```
    /// use testamur::seal::CertificateId;
    ///
    /// let id = CertificateId::parse("0123456789abcdef0123456789abcdef")?;
    /// assert_eq!(id.as_str().len(), 32);
    /// assert!(CertificateId::parse("../../etc").is_err());
    /// # Ok::<(), testamur::Error>(())
    /// ```
    CertificateId, 32, lower, "id",
    "give the 32 digits between the slashes of a verify page's address"
);

digits!(
    /// A SHA-256: 64 hexadecimal digits in lower case.
    Sha256, 64, lower, "SHA-256",
    "give 64 hexadecimal digits in lower case, as `sha256sum` prints them"
);

#[cfg(feature = "press")]
digits!(
    /// The id in the address of a PDF: 32 hexadecimal digits in lower case. It cannot be derived from
    /// the [`CertificateId`].
    DownloadId, 32, lower, "id of a PDF",
    "give the 32 digits between the slashes of a PDF's address"
);

#[cfg(feature = "press")]
digits!(
    /// The first half of an HMAC-SHA-256 with the id secret of a site: 32 hexadecimal digits in lower
    /// case. Equal for equal values, which cannot be guessed from it.
    KeyedDigest, 32, lower, "keyed digest", "give 32 hexadecimal digits in lower case"
);

digits!(
    /// The fingerprint of an OpenPGP key of version 4 (RFC 9580): 40 hexadecimal digits in upper case.
    PgpFingerprint, 40, upper, "fingerprint of an OpenPGP key",
    "give 40 hexadecimal digits in upper case, as `gpg --fingerprint` prints them without blanks"
);

fn lower(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn upper(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'F')
}

#[cfg(feature = "press")]
impl CertificateId {
    /// The id whose digits are all zero.
    pub(crate) fn nil() -> Self {
        KeyedDigest::of_bytes(&[0; 16]).into_certificate_id()
    }
}

#[cfg(feature = "press")]
impl DownloadId {
    /// The id whose digits are all zero.
    pub(crate) fn nil() -> Self {
        KeyedDigest::of_bytes(&[0; 16]).into_download_id()
    }
}

#[cfg(feature = "press")]
impl KeyedDigest {
    /// The first 16 bytes of an HMAC.
    pub(crate) fn of_bytes(bytes: &[u8; 16]) -> Self {
        Self(crate::base::hex::lower(bytes))
    }

    /// The id that is derived in this way.
    pub(crate) fn into_certificate_id(self) -> CertificateId {
        CertificateId(self.0)
    }

    /// The id that is derived in this way.
    pub(crate) fn into_download_id(self) -> DownloadId {
        DownloadId(self.0)
    }
}

impl PgpFingerprint {
    /// The fingerprint of these bytes.
    pub(crate) fn of_bytes(bytes: &[u8; 20]) -> Self {
        Self(crate::base::hex::upper(bytes))
    }
}

impl Sha256 {
    /// Computes the SHA-256 of some bytes.
    ///
    /// ```
    /// use testamur::seal::Sha256;
    ///
    /// // FIPS 180-2, B.1
    /// let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    /// assert_eq!(Sha256::of(b"abc"), expected);
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_digest(&ring::digest::digest(&ring::digest::SHA256, bytes))
    }

    /// Creates it from the 32 bytes of a SHA-256.
    #[cfg(feature = "seal")]
    pub(crate) fn of_bytes(digest: &[u8]) -> Self {
        Self(crate::base::hex::lower(digest))
    }

    /// Takes a SHA-256 that was computed piece by piece.
    pub(crate) fn of_digest(digest: &ring::digest::Digest) -> Self {
        Self(crate::base::hex::lower(digest.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_texts_are_no_ids() {
        let id = "0f3c5a7b9d1e2f4068a0b1c2d3e4f567";
        assert_eq!(CertificateId::parse(id).unwrap(), id);
        let longer = format!("{id}0");
        for text in
            ["", "../x", &id[1..], &longer, &id.to_uppercase(), &id.replace('0', "g")]
        {
            let error = CertificateId::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{text}");
        }
    }

    #[test]
    fn value_is_one_text_in_json_and_is_checked_when_it_is_read() {
        let digest = Sha256::of(b"");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, format!("\"{digest}\""));
        assert_eq!(serde_json::from_str::<Sha256>(&json).unwrap(), digest);
        let fault = serde_json::from_str::<Sha256>("\"e3b0\"").unwrap_err();
        assert!(fault.to_string().starts_with("`e3b0` is no SHA-256"), "{fault}");
        let upper = PgpFingerprint::of_bytes(&[0xab; 20]).to_string();
        assert!(PgpFingerprint::parse(&upper.to_lowercase()).is_err());
    }
}
