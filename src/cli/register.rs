//! `testamur list` and `find`: the register of issued certificates.

mod answer;
mod find;
mod list;

pub(crate) use self::find::find;
pub(crate) use self::list::list;
