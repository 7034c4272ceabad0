//! The index of the register: an SQLite file by which certificates are found without reading each
//! record.
//!
//! - **Takes**: the two stores, and an [`EditionQuery`].
//! - **Gives**: [`IndexedEdition`]s, and the time as of which they are all that there is.
//!
//! The decision made here: the store is the register. The index is made from it, and made anew when
//! it is lost, cannot be read or belongs to other stores. What this process writes enters it at
//! once, through [`Index::watch`]: a mark is written before the record and removed when the row
//! agrees with it, so that a process that ends between the two leaves a mark, and the next answer
//! reads that record again. No write waits for the disk: after a power failure marks may be lost,
//! so the first answer after a start of the machine lists the store. Writes of other machines are
//! found by [`Index::refresh`], which lists the records and reads those that changed. An answer of
//! few rows reads their records before it returns them.

mod database;
mod edition;
mod fold;
mod location;
mod presence;
mod query;
mod refresh;
mod rows;
mod service;
mod watched;
mod writer;

pub use self::edition::IndexedEdition;
pub use self::location::IndexLocation;
pub use self::query::EditionQuery;
pub use self::refresh::Refreshed;
pub use self::service::{Answer, EachEdition, Index};

#[cfg(test)]
mod tests;
