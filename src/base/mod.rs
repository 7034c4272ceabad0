//! What every module needs: errors with places, YAML with places, time, language tags, paths,
//! caches.
//!
//! - **Takes**: texts, bytes and numbers.
//! - **Gives**: [`Error`](error::Error) and its [`Place`](error::Place), [`Date`](date::Date),
//!   [`Timestamp`](timestamp::Timestamp), [`Tag`](lang::Tag), [`StorePath`](path::StorePath), the
//!   YAML reader, hexadecimal text, the ids and digests that are written in it, random bytes, caches, percent-encoding,
//!   back-off, and the machine's TLS roots.
//! - **Imports**: no other module.
//!
//! The module is private. Its public types are exported from the crate root, or from the module
//! whose callers need them. The decision made here is that a type exists only for valid values: a
//! [`Date`] is a day of the calendar, a [`Tag`] a canonical language tag.
//!
//! [`Date`]: date::Date
//! [`Tag`]: lang::Tag

#[cfg(any(feature = "agent", feature = "s3"))]
pub(crate) mod backoff;
#[cfg(feature = "press")]
pub(crate) mod cache;
pub(crate) mod date;
#[cfg(feature = "verify")]
pub(crate) mod digits;
pub(crate) mod error;
pub(crate) mod hex;
#[cfg(feature = "press")]
pub(crate) mod lang;
#[cfg(feature = "press")]
pub(crate) mod path;
#[cfg(feature = "press")]
pub(crate) mod percent;
pub(crate) mod random;
#[cfg(feature = "verify")]
pub(crate) mod recent;
pub(crate) mod serde_text;
pub(crate) mod timestamp;
#[cfg(any(feature = "agent", feature = "tsa"))]
pub(crate) mod tls;
#[cfg(feature = "press")]
pub(crate) mod yaml;
