//! Certificates: declarative Typst layouts, filled from YAML course data through sentences in the
//! reader's own language, proof-read by machine, sealed so that anyone can check them, and published.
//!
//! ```
//! use std::sync::Arc;
//! use testamur::register::{IssueOptions, MemoryStore};
//! use testamur::site::{IdSecret, Keys};
//! use testamur::{Date, IssueService, Press, Request, Site, Timestamp};
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
//! let press = Arc::new(Press::new(site)?);
//! let request = Request::new("Example/Knots/2026", "Nguyễn Quang Khải")?;
//! let (today, now) = (Date::parse("2026-05-14")?, Timestamp::parse("2026-05-14T09:30:00Z")?);
//! let draft = press.draft(&request, today)?;
//! assert!(draft.bytes.starts_with(b"%PDF-"));
//! let issuer = IssueService::builder(press)
//!     .with_keys(&Keys::generate("Example University", now)?)
//!     .with_id_secret(IdSecret::generate()?)
//!     .with_stores(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()))
//!     .build()?;
//! let receipt = issuer.issue(&request, today, now, &IssueOptions::default())?;
//! assert!(issuer.register().record(&receipt.record.id)?.is_some());
//! # Ok::<(), testamur::Error>(())
//! ```
//!
//! # The steps
//! Data passes one way: each step takes the noun before it and returns the next.
//!
//! - [`Site`]: the files that an operator owns, over the built-in ones.
//! - [`Request`]: a recipient's certificate of a course, as the caller wants it.
//! - [`site::Course`]: the texts and values of `courses.yaml`.
//! - [`text::Phrases`]: the sentences of one language, filled in; values stay apart from words.
//! - [`image::Ink`]: a signature without the paper of its scan.
//! - [`press::Sheet`]: the one value that a layout sees.
//! - [`press::Page`]: what Typst made of the sheet.
//! - [`press::Proof`]: the page, read back by machine. A page that fails becomes no file.
//! - [`press::Draft`]: a PDF, PNG or SVG file with its warnings.
//! - [`seal::Sealed`]: the PDF with a PAdES signature inside, and a detached OpenPGP signature;
//!   [`seal::verify()`] checks both.
//! - [`register::Record`]: what is publicly known of an issued certificate.
//! - [`register::Receipt`]: the certificate's addresses and its record.
//!
//! [`Press`] owns what outlives a request and makes drafts. [`IssueService`] issues into two
//! [stores](register::Store). An [`agent::Agent`] takes requests from a [queue](agent::Queue) or HTTP.
//!
//! # Features
//! Each names a capability. All but `conformance` are on by default.
//!
//! - `verify`: reads seals and signatures. Builds without Typst, ICU, image decoders and HTTP.
//! - `seal`: seals PDFs, with a key in memory, in a file, behind a command; `pkcs11`: in a token.
//! - `tsa`: asks time-stamping authorities and fetches CRLs over HTTP.
//! - `press`: makes drafts: sites, sentences, pictures, layouts; `tables` reads recipients files.
//! - `fonts`: the families of `fonts/` inside the library; [`Site::with_fonts`] adds a folder of others.
//! - `issue`: issues, revokes and erases certificates, in memory or in a folder.
//! - `index`: finds certificates in a large register, by an SQLite file that is made from it.
//! - `s3`: S3, and servers that speak its protocol, as a store.
//! - `agent`: takes requests; with `redis` and `xqueue` from these queues, with `http` over HTTP.
//! - `studio`: the local web page in which certificates are designed and issued.
//! - `conformance`: the contracts of stores, signers and queues, for tests of one's own.
//! - `cli`: the program `testamur`, which a library that embeds this one does not need.

#![cfg_attr(
    not(all(feature = "cli", feature = "http", feature = "redis", feature = "s3")),
    allow(dead_code, reason = "modules that features share have parts for one of them")
)]

mod base;
// Keys, sealing and verifying.
#[cfg(feature = "verify")]
pub mod seal;
// Settings, courses, requests, names, and the folder of keys.
#[cfg(feature = "press")]
pub mod site;
// Locales and sentences.
#[cfg(feature = "press")]
pub mod text;
// Scanned signatures, pictures, backgrounds and QR codes.
#[cfg(feature = "press")]
pub mod image;
// Layouts, fonts, pages, the proof and the files.
#[cfg(feature = "press")]
pub mod press;
// Stores, records, verify pages; issue, revoke, erase.
#[cfg(feature = "issue")]
pub mod register;
// Requests from queues and over HTTP.
#[cfg(feature = "agent")]
pub mod agent;
// The local web page for all of it.
#[cfg(feature = "studio")]
pub mod studio;
// The program `testamur`.
#[cfg(feature = "cli")]
pub mod cli;
/// The parsers of a stranger's bytes, for the targets in `fuzz/`.
#[cfg(all(fuzzing, feature = "seal"))]
#[doc(hidden)]
pub mod fuzzing;

pub use crate::base::date::Date;
pub use crate::base::error::{Error, ErrorClass, ErrorKind, Place, Result, Warning};
pub use crate::base::{error::ErrorMessage, timestamp::Timestamp};
#[cfg(feature = "issue")]
pub use crate::register::IssueService;
#[cfg(feature = "press")]
pub use crate::{base::lang::Tag, press::Press, site::Request, site::Site};

/// The README's own examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
