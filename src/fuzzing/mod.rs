//! What the fuzz targets run: one function for each parser of a stranger's bytes.
//!
//! - **Takes**: any bytes.
//! - **Gives**: nothing. A function panics if a property does not hold for its input; that a parser
//!   refuses an input is no such case.
//! - **Imports**: every other module.
//!
//! The module exists only under `cfg(fuzzing)`, which `cargo fuzz` sets: so the targets reach
//! parsers that the library keeps to itself. `fuzz/targets/` has a file for each function.

mod keys;
mod pdf;
#[cfg(feature = "press")]
mod pictures;
#[cfg(all(feature = "cli", feature = "redis", feature = "xqueue"))]
mod requests;
#[cfg(feature = "press")]
mod site;
#[cfg(feature = "tables")]
mod tables;
mod values;

pub use self::keys::{cms, crl, openpgp_key, openpgp_signature, pem, timestamp, x509};
pub use self::pdf::{pdf, pdf_objects, pdf_revisions, verify};
#[cfg(feature = "press")]
pub use self::pictures::{background, bitmap, svg};
#[cfg(all(feature = "cli", feature = "redis", feature = "xqueue"))]
pub use self::requests::{avro, json, record, request};
#[cfg(feature = "press")]
pub use self::site::{courses, layout, locale, settings, template, yaml};
#[cfg(feature = "tables")]
pub use self::tables::{ods, recipients, xlsx};
pub use self::values::values;
