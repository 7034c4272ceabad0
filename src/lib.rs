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
//! - [`Record`]: what is publicly known of an issued certificate; with it, it exists.
//! - [`Pages`]: what a browser shows of a certificate, and how it is checked there.
//! - [`Receipt`]: where it can be had.
//!
//! [`Press`] owns what outlives a job and strings the row together up to a draft; an [`Issuer`]
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

mod error;

mod as_text;

mod cache;

mod lang;

mod yaml;

mod date;
mod name;
mod runs;

mod moment;

#[cfg(any(feature = "agent", feature = "tsa"))]
mod tls;

mod hex;
mod path;
mod pem;

mod key;

mod x509;

mod signer;

mod site;

mod settings;

mod course;

mod request;

mod award;

mod rows;

mod sample;

mod locale;

mod phrases;

mod font;

mod code;

mod scan;

mod picture;

mod background;

mod album;

mod sources;

mod layout;

mod sheet;

mod inspect;

mod world;

mod page;

mod proof;

mod export;

mod openpgp;

mod bind;

mod pdf;

mod cms;

mod verify;

mod seal;

mod keys;

mod store;

mod record;

mod snapshot;

mod pages;

mod register;

mod pool;

mod press;

mod issue;

#[cfg(feature = "agent")]
mod queue;

#[cfg(feature = "agent")]
mod agent;

#[cfg(feature = "agent")]
pub use crate::agent::{Agent, Clock, End, Intake, Running, Webhook};
pub use crate::award::{Award, IdSecret, Learner};
pub use crate::bind::Binder;
pub use crate::course::{
    Badge, Colour, Course, Courses, Grade, Issued, Nudge, Organization, Outcome,
    Signatory, Sponsor, Text, Theme,
};
pub use crate::date::Date;
pub use crate::error::{Error, Kind, Place, Result, Warning};
pub use crate::export::{Claim, Format};
pub use crate::inspect::Inspection;
pub use crate::issue::{
    Address, IssueOptions, Issued as IssueOutcome, Issuer, Receipt, Took, Withdrawn,
};
pub use crate::key::{Algorithm, PrivateKey, PublicKey};
pub use crate::keys::{KeySource, Keys, PublicKeys, X509Facts};
pub use crate::lang::{Direction, Tag};
pub use crate::layout::{Fit, Paper};
pub use crate::locale::Align;
pub use crate::moment::{Moment, Timestamp};
pub use crate::name::Name;
pub use crate::openpgp::{DetachedSignature, PgpCommand, PgpIdentity, PgpKey, PgpSigner};
pub use crate::page::Page;
pub use crate::pages::{
    PageDate, PageFacts, PageKey, PagePdf, PageSeal, PageSentence, PageSignatory,
    PageSignature, PageStatus, PageTemplates, PageTheme, Pages,
};
pub use crate::path::StorePath;
pub use crate::phrases::Phrases;
pub use crate::press::{Draft, DraftOptions, Press};
pub use crate::proof::Proof;
#[cfg(feature = "agent")]
pub use crate::queue::{
    About, Answer, Delivery, Depth, Hold, Links, Queue, RedisQueue, Target, Task,
    Withdrawal, XQueue, open as open_queue,
};
pub use crate::record::{
    Certificate, Content, CourseFacts, Event, File, OrganizationFacts, Printed, Record,
    SealFacts, SignatoryFacts, SignatureFacts, Status, ThemeFacts,
};
pub use crate::register::Register;
pub use crate::request::{Attachment, Request};
pub use crate::runs::{Run, Runs};
pub use crate::scan::{Area, Ink, InkOptions};
#[cfg(feature = "tsa")]
pub use crate::seal::Http;
pub use crate::seal::{Network, Sealed, Sealer};
pub use crate::settings::{
    AgentSettings, AuthoritySettings, CommandLine, Facility, FolderSettings,
    HttpSettings, KeyFiles, LogFormat, LogSettings, LogTarget, PdfKeySettings,
    PgpSettings, QueueKind, Readers, RedisSettings, S3Settings, SealSettings, Secret,
    Settings, StoreSettings, SyslogAddress, WebhookSettings, XqueueSettings,
};
pub use crate::sheet::{
    Second, SecondSignatory, Sentence, Sheet, SheetColumn, SheetImage, SheetRun,
    SheetSignatory, SheetTable, SheetTheme, Verify,
};
pub use crate::signer::{CommandSigner, Identity, Signer, SignerInput};
pub use crate::site::Site;
pub use crate::store::{Cache, Created, Directory, Store, StoreFile, Stores, Swapped};
#[cfg(feature = "s3")]
pub use crate::store::{S3, S3Keys};
pub use crate::verify::{
    RevisionKind, SealLevel, SealReport, SignatureReport, SignerReport, StampReport,
    Trust, Verdict, Verification, verify,
};
pub use crate::x509::X509;

/// The README's own examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
