//! The seal as CMS signed data (RFC 5652), with the signed attributes of PAdES B-B.
//!
//! - **Takes**: the digest of a document and an [`Identity`](crate::seal::Identity), or DER.
//! - **Gives**: DER from a [`SealTemplate`], or a [`Seal`].
//!
//! RustCrypto's types carry the ASN.1, `ring` the mathematics. Reading is strict about everything
//! that no signature covers: one signer, one encoding, and no certificate outside the signer's
//! chain.

mod attributes;
mod read;
mod signed_data;
#[cfg(feature = "seal")]
mod template;
#[cfg(feature = "seal")]
mod write;

pub(crate) use self::read::Seal;
pub(crate) use self::signed_data::{ParsedSignedData, encode, set_of_one};
#[cfg(feature = "seal")]
pub(crate) use self::template::SealTemplate;
