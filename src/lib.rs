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
//! - [`Ink`]: the ink of a signature, without the paper of its scan.
//! - [`Sheet`]: the one value that a layout sees.
//! - [`Page`]: what Typst made of the sheet.
//! - [`Proof`]: the page, read back by machine and found right. A page that fails becomes no file.
//! - [`Draft`]: a file and what it is.
//! - [`Sealed`]: the PDF, signed inside (PAdES) and beside it (OpenPGP), by the site's [`Keys`];
//!   [`verify()`] is the other end of it.
//! - [`Record`]: what is publicly known of an issued certificate; with it, it exists.
//! - [`Pages`]: what a browser shows of a certificate, and how it is checked there.
//! - [`Receipt`]: where it can be had.
//!
//! [`Press`] owns what outlives a job and strings the row together up to a draft; an [`IssueService`]
//! goes on from there, into the [`Store`]s of a [`Register`].
//!
//! A [`Queue`] is where requests come from besides: an event bus, or a learning management system.
//! An [`Agent`] takes them, from there and over HTTP, and issues what they ask for.
//!
//! # Features
//! - `agent` (default): takes requests from queues and over HTTP.
//! - `cli` (default): the program `testamur`. A library has no use for it.
//! - `s3` (default): S3, and whatever speaks it, as a [`Store`].
//! - `tsa` (default): asks time-stamp authorities over HTTP, and fetches revocation lists.
//! - `fonts` (default): the families of `fonts/`, 85 MB, inside the library. Without it a [`Site`]
//!   brings its own.

mod base;

/// Keys, sealing and verifying.
pub mod seal;

/// Settings, courses, requests, names, and the folder of keys.
pub mod site;

/// Locales and sentences.
pub mod text;

/// Scanned signatures, pictures, backgrounds and QR codes.
pub mod image;

/// Layouts, fonts, pages, the proof and the files.
pub mod press;

/// Stores, records, verify pages; issue, revoke, erase.
pub mod register;

/// Requests from queues and over HTTP.
#[cfg(feature = "agent")]
pub mod agent;

/// The program `testamur`.
#[cfg(feature = "cli")]
pub mod cli;

pub use crate::base::date::Date;
pub use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
pub use crate::base::lang::Tag;
pub use crate::base::timestamp::Timestamp;

/// The README's own examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
