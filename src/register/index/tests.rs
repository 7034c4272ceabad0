//! The tests of the index.

mod answers;
mod file;
mod marks;
mod setup;
