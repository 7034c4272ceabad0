//! Certificates: declarative Typst layouts, filled from YAML course data through sentences in the
//! reader's own language, and proof-read by machine before a file exists.
//!
//! ```
//! use testamur::{Date, Press, Request, Site};
//!
//! let site = Site::new()
//!     .with_file("courses.yaml", r#"
//! Example/Knots/2026:
//!   title: { en: Knots and Splices, es: Nudos y empalmes }
//!   organization: { short: ExampleX, name: Example University }
//!   layout: classic
//!   language: en
//!   issued: 2026-05-14
//! "#);
//! let press = Press::new(site)?;
//! let request = Request::new("Example/Knots/2026", "Ya-Shen Chuang (莊雅善)")?;
//! let draft = press.draft(&request, Date::parse("2026-05-14")?)?;
//! assert!(draft.bytes.starts_with(b"%PDF-"));
//! # Ok::<(), testamur::Error>(())
//! ```
//!
//! # The steps
//! Data passes one way; each step takes the noun before it and returns the next.
//!
//! - [`Site`]: the files that an operator owns, over the built-in ones.
//! - [`Request`]: who gets what, with a cleaned [`Name`].
//! - [`Course`]: the facts, from `courses.yaml`.
//! - [`Phrases`]: a language's sentences, filled in: [`Runs`] of text, values kept apart.
//! - [`Ink`]: a signature lifted off its scan.
//! - [`Sheet`]: the one value that a layout sees.
//! - [`Page`]: what Typst made of the sheet.
//! - [`Proof`]: the page, read back by machine and found right. A page that fails becomes no file.
//! - [`Draft`]: a file and what it is.
//! - [`Sealed`]: the PDF, signed inside (PAdES) and beside it (OpenPGP), by the site's [`Keys`];
//!   [`verify()`] is the other end of it.
//!
//! [`Press`] owns what outlives a job and strings the row together.
//!
//! # Features
//! - `cli` (default): the program `testamur`. A library has no use for it.
//! - `tsa` (default): asks time-stamp authorities over HTTP, and fetches revocation lists.
//! - `fonts` (default): the families of `fonts/`, 85 MB, inside the library. Without it a [`Site`]
//!   brings its own.

mod error;

mod lang;

mod yaml;

mod date;
mod name;
mod runs;

mod moment;

mod hex;
mod pem;

mod key;

mod x509;

mod signer;

mod site;

mod settings;

mod course;

mod request;

mod sample;

mod locale;

mod phrases;

mod font;

mod code;

mod scan;

mod picture;

mod sources;

mod layout;

mod sheet;

mod world;

mod page;

mod proof;

mod export;

mod openpgp;

mod pdf;

mod cms;

mod verify;

mod seal;

mod keys;

mod pool;

mod press;

pub use crate::course::{
    Colour, Course, Courses, Grade, Issued, Organization, Outcome, Signatory, Text, Theme,
};
pub use crate::date::Date;
pub use crate::error::{Error, Kind, Place, Result, Warning};
pub use crate::export::Format;
pub use crate::key::{Algorithm, PrivateKey, PublicKey};
pub use crate::keys::{KeySource, Keys, PublicKeys, X509Facts};
pub use crate::lang::{Direction, Tag};
pub use crate::layout::{Fit, Paper};
pub use crate::moment::Moment;
pub use crate::name::Name;
pub use crate::openpgp::{DetachedSignature, PgpCommand, PgpIdentity, PgpKey, PgpSigner};
pub use crate::page::Page;
pub use crate::phrases::Phrases;
pub use crate::press::{Draft, DraftOptions, Press};
pub use crate::proof::Proof;
pub use crate::request::{Attachment, Request};
pub use crate::runs::{Run, Runs};
pub use crate::scan::{Area, Ink, InkOptions};
#[cfg(feature = "tsa")]
pub use crate::seal::Http;
pub use crate::seal::{Network, Sealed, Sealer};
pub use crate::settings::{
    AuthoritySettings, CommandLine, PdfKeySettings, PgpSettings, SealSettings, Settings,
};
pub use crate::sheet::{
    Sentence, Sheet, SheetImage, SheetRun, SheetSignatory, SheetTheme, Verify,
};
pub use crate::signer::{CommandSigner, Identity, Signer, SignerInput};
pub use crate::site::Site;
pub use crate::verify::{
    RevisionKind, SealLevel, SealReport, SignatureReport, SignerReport, StampReport,
    Trust, Verdict, Verification, verify,
};
pub use crate::x509::X509;

/// The README's own examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
