//! The arguments of the program, as clap reads them. The doc comments of commands and fields are
//! the texts of `--help`.

mod compat;
mod migrate;

use std::path::PathBuf;

use crate::register::Status;
use crate::site::{Colour, DateOrder, Gender};
use crate::{Date, Tag, Timestamp};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

pub(crate) use self::compat::{Compat, CreatePdfs};
pub(crate) use self::migrate::{Migrate, MigrateCommand, MigrateIssued};

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

#[derive(Debug, Subcommand)]
pub(crate) enum LayoutCommand {
    /// Start a layout in the site: from a picture with empty places for the words, as a copy of
    /// another layout, or from a template of Moodle. It has sample data, and its page is tried at once
    New(LayoutNew),
}

#[derive(Debug, Args)]
pub(crate) struct LayoutNew {
    /// Its name: the folder in layouts/ that is made
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) source: LayoutSource,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct LayoutSource {
    /// Copy a layout, the site's or a built-in one such as classic, with the modules that it needs
    #[arg(long, value_name = "LAYOUT")]
    pub(crate) from: Option<String>,

    /// Take a PNG, JPEG, SVG or PDF as the background, and place the words where it is empty
    #[arg(long, value_name = "FILE")]
    pub(crate) from_picture: Option<PathBuf>,

    /// Take over a template that Moodle's plugin customcert has exported (a ZIP)
    #[arg(long, value_name = "FILE.zip")]
    pub(crate) from_customcert: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PackageFiles {
    /// The folder in which `completions` and `man` are made
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    /// The course's id [default: every course of the site]
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,

    /// The name of one recipient [default: sample names in nine scripts]
    #[arg(short, long, allow_hyphen_values = true, conflicts_with = "file")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) table: TableArguments,

    #[command(flatten)]
    pub(crate) request: RequestArguments,

    /// Render the sample data of this layout instead of a course; all other options change it
    #[arg(long, value_name = "LAYOUT", conflicts_with_all = ["course", "file", "layout"])]
    pub(crate) sample: Option<String>,

    /// A file for one certificate, a folder for several, or - for standard output [default:
    /// drafts/]
    #[arg(short, long, value_name = "FILE|DIR", allow_hyphen_values = true)]
    pub(crate) output: Option<PathBuf>,

    /// The file format [default: by the extension of the output, else pdf]
    #[arg(long, value_enum)]
    pub(crate) format: Option<FormatName>,

    /// The resolution of a PNG in pixels per inch, 10 to 1200
    #[arg(long, value_name = "NUMBER", default_value = "144", value_parser = pixels)]
    pub(crate) ppi: f64,

    /// Leave out the word that marks the page as a specimen
    #[arg(long)]
    pub(crate) no_specimen: bool,

    /// Seal the PDF, and write a detached OpenPGP signature to FILE.sig
    #[arg(long)]
    pub(crate) seal: bool,

    #[command(flatten)]
    pub(crate) sealing: SealingArguments,

    /// Print one JSON object for each certificate on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Issue {
    /// The course's id; needed if the site has several and the recipients file has no column
    /// `course`
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,

    /// The name of one recipient
    #[arg(
        short,
        long,
        allow_hyphen_values = true,
        conflicts_with = "file",
        required_unless_present = "file"
    )]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) table: TableArguments,

    /// Keep a column of the recipients file for the report, such as an address to send the link to;
    /// it goes nowhere else. May be given more than once
    #[arg(long, value_name = "HEADER", requires = "report")]
    pub(crate) keep: Vec<String>,

    #[command(flatten)]
    pub(crate) request: RequestArguments,

    /// Issue a new edition wherever the certificate would say something else or look otherwise than
    /// the current one; without this option a row of a recipients file that says something else is
    /// refused
    #[arg(long)]
    pub(crate) replace: bool,

    /// Correct a misspelt name: issue the certificate in the name of --name, in place of the one of
    /// this id or address, which is superseded
    #[arg(long, value_name = "ID", requires = "name", conflicts_with_all = ["file", "dry_run"])]
    pub(crate) instead_of: Option<String>,

    /// Issue a new edition of a certificate that was revoked or erased
    #[arg(long)]
    pub(crate) reissue: bool,

    /// Issue specimens, to try everything out: page and PDF say that they certify nothing
    #[arg(long)]
    pub(crate) specimen: bool,

    /// Lay out and proof everything, and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Put the rows of the recipients file on the agents' queue in Redis (the settings under `agent`),
    /// and wait for what the agents make of them. A run that was stopped is continued by the same
    /// command
    #[cfg(feature = "redis")]
    #[arg(long, requires = "file", conflicts_with_all = ["dry_run", "output", "zip", "print"])]
    pub(crate) queue: bool,

    /// Publish into this folder instead of the public store of the settings
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,

    /// Write the result of each row, in the order of the recipients file: .csv or .json
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Write all PDFs into a ZIP archive, each named after its recipient
    #[arg(long, value_name = "FILE.zip")]
    pub(crate) zip: Option<PathBuf>,

    /// Write the pages of all PDFs into one PDF for a printer, in the order of the recipients file,
    /// with 3 mm of bleed and crop marks
    #[arg(long, value_name = "FILE.pdf")]
    pub(crate) print: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) sealing: SealingArguments,

    /// Print one JSON object for each certificate on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "http")]
#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// A setting under `agent`, such as redis.url=redis://localhost; it wins over the environment
    /// variable (TESTAMUR_AGENT__REDIS__URL) and testamur.yaml
    #[arg(short, long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) sealing: SealingArguments,

    /// The format of the log; it wins over TESTAMUR_LOG_FORMAT. TESTAMUR_LOG is the level, and the
    /// setting `agent.log.to` says where the log goes
    #[arg(long, value_enum)]
    pub(crate) log: Option<LogFormat>,

    /// Check settings, keys, stores and queue, and serve no requests
    #[arg(long)]
    pub(crate) check: bool,

    #[cfg(feature = "redis")]
    #[command(subcommand)]
    pub(crate) command: Option<AgentCommand>,
}

#[cfg(all(feature = "http", feature = "redis"))]
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Put requests that failed because the site had no such course back on the queue in Redis
    Replay(Replay),
}

#[cfg(all(feature = "http", feature = "redis"))]
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Those that failed since then: 2026-05-14, when this day began in UTC, or
    /// 2026-05-14T09:30:00Z
    #[arg(long, value_name = "DATE", value_parser = day_or_time)]
    pub(crate) since: Timestamp,
}

/// The format of a log.
#[cfg(feature = "http")]
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line of text for each event
    Text,
    /// One JSON object for each event
    Json,
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

/// The folder that takes the place of the public store.
#[derive(Debug, Args)]
pub(crate) struct PublicFolder {
    /// The folder that the certificates were published into with `issue --output`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) public: PublicFolder,
    /// Only certificates of this course
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,
    /// Only certificates of this status: valid, specimen, expired, superseded, revoked, erased
    #[arg(long, value_name = "STATUS", value_parser = status)]
    pub(crate) status: Option<Status>,
    /// Only certificates that were issued on this day, in UTC, or later
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) since: Option<Date>,
    /// List the store first, to see what other machines wrote since the index was last refreshed
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Print CSV with a header on standard output
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print one JSON object for each certificate on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Find {
    /// Parts of the recipient's name or username, in any order and whatever their case and accents;
    /// or the certificate's id, the address of its verify page, or the SHA-256 of its PDF
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) list: List,
}

/// The certificates that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// The certificates' ids, or the addresses of their verify pages
    #[arg(value_name = "ID", required_unless_present_any = ["recipient", "file"])]
    pub(crate) ids: Vec<String>,
    /// Every certificate of this recipient: a username, or the whole name as it is printed
    #[arg(long, value_name = "ID|NAME", allow_hyphen_values = true)]
    pub(crate) recipient: Option<String>,
    /// Only the recipient's certificates of this course
    #[arg(
        short,
        long,
        value_name = "ID",
        requires = "recipient",
        allow_hyphen_values = true
    )]
    pub(crate) course: Option<String>,
    /// A file of ids or addresses, one on each line, or a CSV with a column `id` such as a report;
    /// - for standard input
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true)]
    pub(crate) file: Option<PathBuf>,
    /// Do it without asking; needed where there is no terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// The reason, which the verify page shows
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) public: PublicFolder,
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
}

#[derive(Debug, Args)]
pub(crate) struct Erase {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) public: PublicFolder,
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A folder with copies of PDFs, under any names: a PDF that is lost is taken from there if it is
    /// the one that was published
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) public: PublicFolder,
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
}

/// A recipients file, and what it does not say of itself. The arguments go before the course's
/// `recipients`.
#[derive(Debug, Args)]
pub(crate) struct TableArguments {
    /// A recipients file: a table whose header names the columns, as CSV, XLSX or ODS
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// The recipients file is a list of names, one on each line, and no table
    #[arg(long, requires = "file")]
    pub(crate) names: bool,

    /// The column, or the columns, that hold a value: --column name="First name"+"Last name". May be
    /// given more than once
    #[arg(long = "column", value_name = "KEY=HEADER[+HEADER]", value_parser = pair, requires = "file")]
    pub(crate) columns: Vec<(String, String)>,

    /// A column that is not read, so that no warning names it. May be given more than once
    #[arg(long, value_name = "HEADER", requires = "file")]
    pub(crate) ignore: Vec<String>,

    /// The encoding of a text file that is neither UTF-8 nor UTF-16: windows-1250, shift_jis
    #[arg(long, value_name = "LABEL", requires = "file")]
    pub(crate) encoding: Option<String>,

    /// The sign between the cells of a text file, or tab [default: that of the header]
    #[arg(long, value_name = "SIGN", value_parser = delimiter, requires = "file")]
    pub(crate) delimiter: Option<char>,

    /// The sheet of a spreadsheet [default: the only one with names]
    #[arg(long, value_name = "NAME", requires = "file")]
    pub(crate) sheet: Option<String>,

    /// The line of the header [default: the first that is not blank]
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u32).range(1..), requires = "file")]
    pub(crate) header: Option<u32>,

    /// The order of day, month and year in dates: dmy, mdy or ymd [default: the only one that fits
    /// all of them]
    #[arg(long, value_name = "ORDER", value_parser = date_order, requires = "file")]
    pub(crate) dates: Option<DateOrder>,
}

/// The parts of a request besides course and name. A row of the recipients file wins over them.
#[derive(Debug, Default, Args)]
pub(crate) struct RequestArguments {
    /// The language, a BCP 47 tag such as es or pt-BR [default: the course's]
    #[arg(short, long, value_name = "TAG")]
    pub(crate) language: Option<Tag>,

    /// The second language of a bilingual layout [default: the course's]
    #[arg(long, value_name = "TAG")]
    pub(crate) second_language: Option<Tag>,

    /// The recipient's username or other id; requests with the same id are for the same recipient
    /// [default: the name identifies the recipient]
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) username: Option<String>,

    /// The grade: a text such as Distinction, or one on the scale of the course's `grades`
    #[arg(short, long, allow_hyphen_values = true)]
    pub(crate) grade: Option<String>,

    /// The recipient's degree or rank, such as MD
    #[arg(short, long, allow_hyphen_values = true)]
    pub(crate) designation: Option<String>,

    /// The gender in which sentences speak of the recipient, where a language asks for one: f, m or x
    #[arg(long, value_name = "f|m|x", value_parser = Gender::parse)]
    pub(crate) gender: Option<Gender>,

    /// The date on the certificate [default: the course's, or today if the course has none]
    #[arg(short, long, value_name = "YYYY-MM-DD")]
    pub(crate) issued: Option<Date>,

    /// The layout [default: the course's]
    #[arg(long, value_name = "NAME")]
    pub(crate) layout: Option<String>,

    /// The paper, one that the layout supports: a4, letter [default: the course's]
    #[arg(long, value_name = "NAME")]
    pub(crate) paper: Option<String>,

    /// A field under `extra`; it wins over the course's. May be given more than once
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, allow_hyphen_values = true)]
    pub(crate) set: Vec<(String, String)>,
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
pub(crate) struct Signature {
    /// The scan or photo: PNG, JPEG, WebP or SVG
    pub(crate) file: PathBuf,

    /// The PNG to write, ink on a transparent ground [default: FILE with the extension .ink.png]
    #[arg(short, long, value_name = "FILE.png")]
    pub(crate) output: Option<PathBuf>,

    /// Draw the ink in this colour instead of its own
    #[arg(long, value_name = "#RRGGBB")]
    pub(crate) tint: Option<Colour>,

    /// The course on whose paper, and in whose colour of ink, it is shown [default: the paper of `classic`]
    #[arg(short, long, value_name = "ID")]
    pub(crate) course: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// How many certificates each row makes
    #[arg(long, value_name = "NUMBER", default_value = "300", value_parser = count)]
    pub(crate) count: usize,

    /// The layout whose sample is made, or `all` for every layout of the site
    #[arg(long, value_name = "NAME", default_value = "classic")]
    pub(crate) layout: String,

    /// The scripts of the recipients' names [default: first the one, then the other]
    #[arg(long, value_enum)]
    pub(crate) names: Option<NameSet>,

    /// The numbers of threads, such as 1,2,4 [default: 1,2]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', value_parser = threads)]
    pub(crate) threads: Vec<usize>,

    /// Where folders for the certificates are made, and removed afterwards [default: the current
    /// folder]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,

    /// Also publish into this store, written as the setting `store` is: '{ s3: { bucket: NAME,
    /// region: REGION } }'. It must be empty, and is emptied afterwards
    #[arg(long, value_name = "YAML")]
    pub(crate) store: Option<String>,

    /// Ten certificates a row, with Latin names, on one thread: to see that all works
    #[arg(long)]
    pub(crate) short: bool,

    /// Print one JSON object for each row on standard output
    #[arg(long)]
    pub(crate) json: bool,

    /// One row, for the process that measures it
    #[arg(long, hide = true, value_name = "JSON")]
    pub(crate) row: Option<String>,
}

/// The scripts of the names that a benchmark sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NameSet {
    /// Latin letters
    Latin,
    /// Eight scripts, in turn
    Mixed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// PDF/A-3a and PDF/UA-1
    Pdf,
    /// Pixels
    Png,
    /// A vector drawing, with letters as outlines
    Svg,
    /// The data that the layout is given, as JSON
    Sheet,
}

fn status(text: &str) -> Result<Status, String> {
    serde_json::from_value(text.into()).map_err(|_| {
        "write valid, specimen, expired, superseded, revoked or erased".to_owned()
    })
}

fn timestamp(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| format!("{error:#}"))
}

#[cfg(all(feature = "http", feature = "redis"))]
fn day_or_time(text: &str) -> Result<Timestamp, String> {
    match Date::parse(text) {
        Ok(date) => timestamp(&format!("{date}T00:00:00Z")),
        Err(_) => timestamp(text),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

fn delimiter(text: &str) -> Result<char, String> {
    let mut signs = text.chars();
    match (text, signs.next(), signs.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(sign), None) => Ok(sign),
        _ => Err("give one sign, such as `;`, or `tab`".to_owned()),
    }
}

fn date_order(text: &str) -> Result<DateOrder, String> {
    DateOrder::parse(text).ok_or_else(|| "give dmy, mdy or ymd".to_owned())
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=100_000).contains(&number) => Ok(number),
        _ => Err("give a number from 1 to 100000".to_owned()),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=256).contains(&number) => Ok(number),
        _ => Err("give numbers from 1 to 256".to_owned()),
    }
}

fn pixels(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (10.0..=1200.0).contains(&number) => Ok(number),
        _ => Err("give a number from 10 to 1200".to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Create the first keys, P-256 with a CA of its own for the seal and Ed25519 for OpenPGP, and
    /// the secret that certificate ids are derived from
    New(NewKey),
    /// Print fingerprints, dates, and the public keys and certificates to hand out
    Show(ShowKey),
    /// Create the next keys; certificates that are sealed with the old ones can still be verified
    Rotate(RotateKey),
    /// Distrust a key that seals: its root signs and publishes a revocation list (CRL) that names it,
    /// and the register marks what it sealed
    Revoke(RevokeKey),
    /// Renew the revocation list (CRL) of the root, and publish it with the public keys
    Publish(PublishKeys),
    /// Write all keys and the id secret into one file under a passphrase, which age can read too
    Backup(BackupKeys),
    /// Put the keys and the id secret of a backup back; other keys are never replaced
    Restore(BackupKeys),
}

#[derive(Debug, Args)]
pub(crate) struct BackupKeys {
    /// The file of the backup
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// Take the passphrase from the first line of this file [default: ask for it]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct KeyFolder {
    /// The folder of the keys [default: keys/ in the site's folder]
    // The id differs from that of `--site`, whose field is called `folder` too and is global.
    #[arg(id = "keys", long = "keys", value_name = "DIR", env = "TESTAMUR_KEYS")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct NewKey {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// The organization's name, for the X.509 certificate and the OpenPGP key
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: String,
    /// An existing private key for the seal: PKCS #8 or PKCS #1; RSA, P-256 or P-384
    #[arg(long, value_name = "PEM", requires = "chain")]
    pub(crate) key: Option<PathBuf>,
    /// The certificate of --key, followed by those of its issuing CAs
    #[arg(long, value_name = "PEM", requires = "key")]
    pub(crate) chain: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowKey {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Print this part alone, as PEM or ASCII armor: what is given to others is a file of its own
    #[arg(long, value_name = "PART", conflicts_with = "json")]
    pub(crate) pem: Option<KeyPart>,
}

/// A public part of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyPart {
    /// The certificate of the site's own root, which others trust
    Root,
    /// The certificate that seals
    Seal,
    /// The certificate that seals, then its issuers
    Chain,
    /// The OpenPGP key
    Openpgp,
}

#[derive(Debug, Args)]
pub(crate) struct RotateKey {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// The organization's name, if it has changed [default: that of the current keys]
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// An existing private key for the seal: PKCS #8 or PKCS #1; RSA, P-256 or P-384
    #[arg(long, value_name = "PEM", requires = "chain")]
    pub(crate) key: Option<PathBuf>,
    /// The certificate of --key, followed by those of its issuing CAs
    #[arg(long, value_name = "PEM", requires = "key")]
    pub(crate) chain: Option<PathBuf>,
    /// Create a new CA too; everyone who trusts the old one has to be given the new one
    #[arg(long, conflicts_with = "key")]
    pub(crate) root: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeKey {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// The number of the set of keys, the name of its folder [default: the current one]
    pub(crate) set: Option<u32>,
    /// The time from which on the key may have been misused, as 2026-05-14T09:30:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub(crate) since: Option<Timestamp>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PublishKeys {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// The private key of the root, if it is kept outside of the folder of keys
    #[arg(long, value_name = "PEM")]
    pub(crate) root_key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Seal {
    /// Seal a PDF that `testamur render` made
    Draft(SealDraft),
    /// Add what a higher PAdES level needs: a timestamp token, CRLs, an archive timestamp. An archive
    /// timestamp whose certificate ends within a year is renewed
    Upgrade(SealUpgrade),
}

#[derive(Debug, Args)]
pub(crate) struct SealUpgrade {
    #[command(flatten)]
    pub(crate) sealing: SealingArguments,
    /// One sealed PDF; without it, published certificates of the register
    #[arg(conflicts_with_all = ["all", "course", "before"], required_unless_present_any = ["all", "course", "before"])]
    pub(crate) file: Option<PathBuf>,
    /// The raised PDF, whose detached signature goes to FILE.sig [default: overwrite the PDF]
    #[arg(short, long, value_name = "FILE", requires = "file")]
    pub(crate) output: Option<PathBuf>,
    /// All certificates of the register that are valid. What is done already is passed over, so a
    /// run that was stopped is continued by the same command
    #[arg(long)]
    pub(crate) all: bool,
    /// Only the certificates of the course with this id
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,
    /// Only certificates that were issued before this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) before: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct SealDraft {
    #[command(flatten)]
    pub(crate) sealing: SealingArguments,
    /// The PDF
    pub(crate) file: PathBuf,
    /// The sealed PDF, whose detached signature goes to FILE.sig [default: overwrite the PDF]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The arguments of every command that seals.
#[derive(Debug, Clone, Args)]
pub(crate) struct SealingArguments {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// The address of a TSA, which issues timestamp tokens (RFC 3161) [default: `seal.tsa` of the
    /// settings]
    #[arg(long, value_name = "URL", env = "TESTAMUR_TSA")]
    pub(crate) tsa: Option<String>,
    /// Trust anchors of the TSA: CA certificates with which its tokens are verified [default:
    /// `seal.tsa.roots` of the settings]. May be given more than once
    #[arg(long, value_name = "PEM")]
    pub(crate) tsa_roots: Vec<PathBuf>,
    /// Reserve a field for an archive timestamp (PAdES B-LTA)
    #[arg(long)]
    pub(crate) archive: bool,
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
