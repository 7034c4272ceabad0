//! An operator's files: settings, courses, requests, names of recipients, and the folder of keys.
//!
//! - **Takes**: a folder, or files in memory; the requests of callers.
//! - **Gives**: [`Site`], [`Settings`], [`Course`], [`Request`] with a cleaned [`Name`], [`Award`],
//!   [`Keys`] and the [`IdSecret`]; the recipients of a table (`tables`).
//! - **Imports**: `base`, `seal`.
//!
//! The decision made here is that everything that an operator writes is understood or refused: an
//! unknown key or value is an error with file, line and column.

pub(crate) mod award;
pub(crate) mod course;
pub(crate) mod date_of_issue;
#[cfg(feature = "press")]
pub(crate) mod file_version;
pub(crate) mod files;
pub(crate) mod gender;
pub(crate) mod id_secret;
#[cfg(feature = "seal")]
pub(crate) mod keys;
pub(crate) mod name;
pub(crate) mod recipients_format;
pub(crate) mod request;
pub(crate) mod sample;
#[cfg(feature = "seal")]
pub(crate) mod secret_mode;
pub(crate) mod settings;
pub(crate) mod table_rows;
#[cfg(feature = "tables")]
pub mod tables;
#[cfg(feature = "press")]
pub(crate) mod unread_files;

pub use self::award::{Award, Recipient};
pub use self::course::{
    Badge, Colour, Course, Courses, Grade, GradeMark, GradeScale, IssueDate, LetterGrade,
    Nudge, NumberGrade, Organization, Outcome, Signatory, Sponsor, Text, Theme,
};
pub use self::files::Site;
pub use self::gender::Gender;
pub use self::id_secret::IdSecret;
#[cfg(feature = "cli")]
pub(crate) use self::keys::KeyBackup;
#[cfg(feature = "issue")]
pub(crate) use self::keys::{CrlOrder, RootCrl, crl_order, split_crls};
#[cfg(feature = "seal")]
pub use self::keys::{
    KeyPublication, KeyRevocation, KeySource, Keys, PublicKeys, PublishedFiles, X509Facts,
};
pub use self::name::Name;
pub use self::recipients_format::{DateOrder, RecipientsFormat};
pub use self::request::{Attachment, Request};
#[cfg(feature = "cli")]
pub(crate) use self::settings::web_address;
pub use self::settings::{
    AgentSettings, CertificateUrl, CommandLine, FolderSettings, HttpSettings,
    IndexSettings, KeyFiles, LogFormat, LogSettings, LogTarget, PdfFilename,
    PdfKeySettings, PgpSettings, PublishAddress, PublishSettings, QueueKind, Readers,
    RedisSettings, RenderSettings, S3Settings, SETTINGS, SealSettings, Secret, Setting,
    SettingDefault, SettingForm, Settings, StoreSettings, TokenSettings, TsaSettings,
    WebhookSettings, XqueueSettings,
};
pub use crate::base::digits::{CertificateId, DownloadId, KeyedDigest};
pub use crate::base::path::StorePath;
