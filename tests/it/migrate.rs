//! `testamur migrate`: installations of edx-certificates become sites.
//!
//! The installation in `tests/migrate/whole` has every key and quirk that the old program knew, written
//! for these tests. Its template PDFs and its key are made here.

mod hostile;
mod installation;
mod issued;
mod whole;
