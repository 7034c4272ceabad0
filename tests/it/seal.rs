//! Keys, seals and detached signatures.

mod archive; // Archive timestamps renewed in 2037 and 2047, and read in 2057
pub(crate) mod judges; // Outside programs that read keys, seals and signatures
mod keys; // A site's folder of keys: created, shown, rotated, and its errors
mod mutations; // Mutated input gives an error, never a panic
mod program; // The program, from keys to a verified certificate
mod revocation; // The list of a root: sealed along, renewed, published, and keys that are distrusted
mod signers; // Signing commands that succeed, fail, return other bytes and hang
pub(crate) mod site; // Shared setup: a site with keys
mod tamperings; // Changes to a sealed certificate, each of which verification detects
