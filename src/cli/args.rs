//! The arguments of the program, as clap reads them. The doc comments of commands and fields are
//! the texts of `--help`.

#[cfg(feature = "http")]
mod agent;
mod bench;
mod compat;
mod issue;
mod keys;
mod layout;
mod migrate;
mod register;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

#[cfg(feature = "http")]
pub(crate) use self::agent::{Agent, LogFormat};
#[cfg(all(feature = "http", feature = "redis"))]
pub(crate) use self::agent::{AgentCommand, Replay};
pub(crate) use self::bench::{Bench, NameSet};
pub(crate) use self::compat::{Compat, CreatePdfs};
pub(crate) use self::issue::{Issue, RequestArguments, TableArguments};
pub(crate) use self::keys::{
    BackupKeys, Key, KeyFolder, KeyPart, NewKey, PublishKeys, RevokeKey, Seal, SealDraft,
    SealUpgrade, SealingArguments,
};
pub(crate) use self::layout::{FormatName, LayoutCommand, LayoutNew, Render, Signature};
pub(crate) use self::migrate::{Migrate, MigrateCommand, MigrateIssued};
pub(crate) use self::register::{Erase, Find, List, Restore, Revoke, Selection};
use self::values::pair;
use crate::Tag;

/// Make, seal, publish and verify certificates
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) site: SiteArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct SiteArguments {
    /// The site's folder [default: the current folder if it has a testamur.yaml, else the built-in
    /// demo site]
    #[arg(long = "site", value_name = "DIR", env = "TESTAMUR_SITE", global = true)]
    pub(crate) folder: Option<PathBuf>,

    /// A folder of fonts that sites share: a site's own `fonts/` goes before it, the program's own
    /// fonts after it [default: share/testamur/fonts next to the program's folder, else in
    /// /usr/local or /usr]
    #[arg(long, value_name = "DIR", env = "TESTAMUR_FONTS", global = true)]
    pub(crate) fonts: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make drafts: proofed, marked as specimens, and not published
    Render(Box<Render>),
    /// Issue certificates: proofed, sealed, published and recorded, so that anyone can verify them
    Issue(Box<Issue>),
    /// Serve requests from a queue or over HTTP until stopped
    #[cfg(feature = "http")]
    Agent(Agent),
    /// Create a site to start from: settings, a course, signatures and keys
    New(New),
    /// Open the studio in the browser: preview, edit and issue certificates on this machine
    #[cfg(feature = "studio")]
    Studio(StudioArguments),
    /// Start a layout of your own
    #[command(subcommand)]
    Layout(LayoutCommand),
    /// List the issued certificates
    List(List),
    /// Find certificates by recipient, id, address or file
    Find(Find),
    /// Revoke certificates: their verify pages then say so and why
    Revoke(Revoke),
    /// Erase the personal data of certificates, in every edition: their verify pages then say only
    /// that there was one
    Erase(Erase),
    /// Make a lost public or private folder anew from the other one: what was revoked or erased
    /// stays so
    Restore(Restore),
    /// Make a site from an installation of edx-certificates, and report what became of everything in it
    Migrate(Box<Migrate>),
    /// Check the site: proof every course in every language, without issuing anything
    Check(Check),
    /// Show which languages each layout speaks, and which sentences are missing
    Locales(Locales),
    /// Show what a layout makes of a scanned signature
    Signature(Signature),
    /// Create, show and rotate the keys that certificates are sealed with
    #[command(subcommand)]
    Key(Key),
    /// Seal a draft, or raise the PAdES level of a sealed PDF
    #[command(subcommand)]
    Seal(Seal),
    /// Verify certificates: is each intact, sealed by a trusted issuer, and does it still stand?
    Verify(Verify),
    /// Take the command lines of edx-certificates
    #[command(subcommand)]
    Compat(Compat),
    /// Measure how fast this machine makes certificates, and what each takes
    Bench(Bench),
    /// Write what a package installs with the program: completions of shells, and manual pages
    #[command(hide = true)]
    PackageFiles(PackageFiles),
}

#[derive(Debug, Args)]
pub(crate) struct PackageFiles {
    /// The folder in which `completions` and `man` are made
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder to create
    pub(crate) folder: PathBuf,
    /// The organization's name, for the keys and the certificates
    #[arg(short, long, value_name = "NAME", default_value = "Example University")]
    pub(crate) name: String,
    /// The address at which certificates will be published, or `none` without a web server
    #[arg(short, long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[cfg(feature = "studio")]
#[derive(Debug, Args)]
pub(crate) struct StudioArguments {
    /// The site's folder, or an empty or missing one for a new site [default: --site, else the
    /// current folder]
    #[arg(id = "studio_folder", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Print the address, and open no browser
    #[arg(long)]
    pub(crate) no_open: bool,
    /// Show everything, and change nothing
    #[arg(long)]
    pub(crate) read_only: bool,
    /// The port to listen at, on this machine alone [default: a free one]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) port: Option<u16>,
    #[command(flatten)]
    pub(crate) sealing: SealingArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,

    /// The course's id [default: every course of the site]
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,

    /// The language, a BCP 47 tag [default: every language of the course's layout]
    #[arg(short, long, value_name = "TAG")]
    pub(crate) language: Option<Tag>,

    /// A field under `extra`, on every page; it wins over the course's. May be given more than once
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, allow_hyphen_values = true)]
    pub(crate) set: Vec<(String, String)>,

    /// Write a picture of every page that passes, and an index.html that shows them all
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Locales {
    /// Print one JSON object for each language and layout on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// The certificates' PDFs
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The detached OpenPGP signature of one FILE [default: FILE.sig if it exists]
    #[arg(long, value_name = "SIG")]
    pub(crate) signature: Option<PathBuf>,
    /// Trust anchors: CA certificates to trust besides the site's. May be given more than once
    #[arg(long, value_name = "PEM")]
    pub(crate) trust: Vec<PathBuf>,
    /// Trust anchors for timestamp tokens only: CA certificates of TSAs. May be given more than
    /// once
    #[arg(long, value_name = "PEM")]
    pub(crate) tsa_roots: Vec<PathBuf>,
    /// The newest revocation list (CRL, DER or PEM) of a trusted issuer, from where the site publishes
    /// it. It counts with the one in the file. May be given more than once
    #[arg(long, value_name = "CRL")]
    pub(crate) crl: Vec<PathBuf>,
    /// OpenPGP public keys to trust, ASCII-armored. May be given more than once
    #[arg(long, value_name = "ASC")]
    pub(crate) keyring: Vec<PathBuf>,
    /// Ask the issuer, at the address in the file, whether the certificate still stands
    #[arg(long, conflicts_with = "offline")]
    pub(crate) online: bool,
    /// The address at which the issuer publishes, such as https://certs.example.org: --online asks
    /// no other [default: the one that the certificate of the seal names]
    #[arg(long, value_name = "URL", requires = "online")]
    pub(crate) issuer: Option<String>,
    /// Do not ask whether the certificate still stands, and say so
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print one JSON object for each file on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
