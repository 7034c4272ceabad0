//! Keys, seals and detached signatures.

pub(crate) mod judges; // Outside programs that read keys, seals and signatures
mod keys; // A site's folder of keys: created, shown, rotated, and its errors
mod mutations; // Mutated input gives an error, never a panic
mod openpgp; // OpenPGP keys and signatures of two hundred kinds, judged by gpg and sqv
#[cfg(feature = "pkcs11")]
mod pkcs11; // A key in a token: SoftHSM
mod program; // The program, from keys to a verified certificate
mod signers; // Signing commands that succeed, fail, return other bytes and hang
pub(crate) mod site; // Shared setup: a site with keys
mod tamperings; // Changes to a sealed certificate, each of which verification detects
