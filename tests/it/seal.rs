//! Keys, seals and detached signatures.

mod archive; // Archive timestamps renewed in 2037 and 2047, and read in 2057
pub(crate) mod judges; // Outside programs that read keys, seals and signatures
mod key_program; // `key` and `seal upgrade` of a site that has issued
mod keys; // A site's folder of keys: created, shown, rotated, and its errors
mod mutations; // Mutated input gives an error, never a panic
mod openpgp; // OpenPGP keys and signatures of two hundred kinds, judged by gpg and sqv
#[cfg(feature = "pkcs11")]
mod pkcs11; // A key in a token: SoftHSM
mod program; // The program, from keys to a verified certificate
mod restored_keys; // Keys put back from a copy that is older than their revocation
mod revocation; // The list of a root: sealed along, renewed, published, and keys that are distrusted
mod signers; // Signing commands that succeed, fail, return other bytes and hang
pub(crate) mod site; // Shared setup: a site with keys
mod tamperings; // Changes to a sealed certificate, each of which verification detects
