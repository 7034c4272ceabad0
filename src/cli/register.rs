//! `testamur list`, `find`, `revoke` and `erase`: the register of issued certificates.

mod answer;
mod erase;
mod find;
mod id;
mod list;
mod revoke;
mod site;

pub(crate) use self::erase::erase;
pub(crate) use self::find::find;
pub(crate) use self::list::list;
pub(crate) use self::revoke::revoke;
