//! Keys, seals and signatures, from making them to whatever can be done to them.

pub(crate) mod judges; // Programs that we did not write read what we wrote
mod keys; // A site's folder of keys: made, shown, rotated, and all that can be wrong with it
mod mutations; // Broken input of any kind is an answer, never a panic
mod program; // The program, from keys to a verified certificate
mod signers; // Commands that sign, fail, lie and hang
pub(crate) mod site; // What they share
mod tamperings; // A hundred ways to change a sealed certificate, each caught
