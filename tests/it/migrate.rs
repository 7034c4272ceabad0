//! `testamur migrate`: installations of edx-certificates become sites.
//!
//! The installation in `tests/migrate/whole` has every key and quirk that the old program knew, written
//! for these tests. Its template PDFs and its key are made here.

#[cfg(feature = "s3")]
mod bucket; // What was issued into a bucket
mod forks; // What large forks had of their own
mod hostile; // Broken, hostile and huge installations
mod installation;
mod issued; // What was issued into a folder
mod key; // The OpenPGP key
mod places; // Where the migrated site prints
mod verified; // Old certificates, verified
mod whole; // The installation that has everything
