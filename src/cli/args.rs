//! The arguments, as they are typed.

use std::path::PathBuf;

use crate::site::Colour;
use crate::{Date, Tag};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Certificates, made and proof-read.
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
    /// The site's folder; the current one if it has a testamur.yaml, else the built-in demo site
    #[arg(long = "site", value_name = "DIR", env = "TESTAMUR_SITE", global = true)]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make drafts: proof-read, marked as specimens, published nowhere
    Render(Box<Render>),
    /// Issue certificates: sealed, published, recorded, and checkable by anybody
    Issue(Box<Issue>),
    /// Take requests from a queue or over HTTP, and answer them, until it is stopped
    #[cfg(feature = "agent")]
    Agent(Agent),
    /// Make a site to start from: settings, a course, a signature, keys
    New(New),
    /// Print what was issued
    List(List),
    /// Find certificates by a name, or a part of one
    Find(Find),
    /// Revoke a certificate: its page says so, and why
    Revoke(Revoke),
    /// Forget a person: what is left says only that there was a certificate
    Erase(Erase),
    /// Find everything in the site that can be wrong, before it is
    Check(Check),
    /// List languages and layouts, and what each lacks
    Locales(Locales),
    /// Show what is made of a scanned signature
    Signature(Signature),
    /// Make, show and rotate the keys that seal
    #[command(subcommand)]
    Key(Key),
    /// Seal drafts, and raise what a seal proves
    #[command(subcommand)]
    Seal(Seal),
    /// Find out whether a certificate is intact, by whom it is, and whether it still stands
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    /// The course; every course of the site if left out
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,

    #[command(flatten)]
    pub(crate) people: People,

    #[command(flatten)]
    pub(crate) facts: Facts,

    /// A layout's own sample instead of a course of the site
    #[arg(long, value_name = "LAYOUT", conflicts_with_all =
        ["course", "name", "file", "username", "language", "grade", "designation", "issued", "layout", "set"])]
    pub(crate) sample: Option<String>,

    /// A file for one certificate, a folder for several, - for standard output
    #[arg(short, long, value_name = "FILE|DIR", allow_hyphen_values = true)]
    pub(crate) output: Option<PathBuf>,

    /// What to write; follows from the output's ending if left out
    #[arg(long, value_enum)]
    pub(crate) format: Option<FormatName>,

    /// Pixels per inch of a PNG
    #[arg(long, value_name = "NUMBER", default_value = "144", value_parser = pixels)]
    pub(crate) ppi: f64,

    /// Leave out the word that marks a draft
    #[arg(long)]
    pub(crate) no_specimen: bool,

    /// Seal the PDF, and sign it beside
    #[arg(long)]
    pub(crate) seal: bool,

    #[command(flatten)]
    pub(crate) keys: KeyFolder,

    #[command(flatten)]
    pub(crate) stamps: Stamps,

    /// Print one JSON object a certificate on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Issue {
    /// The course; may be left out if the site has one, or the file says it
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,

    /// The name of one person
    #[arg(
        short,
        long,
        allow_hyphen_values = true,
        conflicts_with = "file",
        required_unless_present = "file"
    )]
    pub(crate) name: Option<String>,

    /// People: a CSV file with a header (its columns are fields), or plain names, one a line
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) facts: Facts,

    /// Let other facts take the place of a certificate that is there
    #[arg(long)]
    pub(crate) replace: bool,

    /// Issue anew what was revoked or erased
    #[arg(long)]
    pub(crate) reissue: bool,

    /// Issue examples, to try the way: they carry the mark of a draft, and their pages say that they
    /// certify nothing
    #[arg(long)]
    pub(crate) specimen: bool,

    /// Make and proof-read everything, and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Publish into this folder, wherever the settings say
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,

    /// Write what came of each row, in the order of the file: .csv or .json
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Put all PDFs into one archive, each named after its person
    #[arg(long, value_name = "FILE.zip")]
    pub(crate) zip: Option<PathBuf>,

    /// Put all PDFs into one, in the order of the file, for a printer
    #[arg(long, value_name = "FILE.pdf")]
    pub(crate) print: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) keys: KeyFolder,

    #[command(flatten)]
    pub(crate) stamps: Stamps,

    /// Print one JSON object a certificate on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "agent")]
#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// A setting of `agent`, such as redis.url=redis://localhost, over TESTAMUR_AGENT__REDIS__URL
    /// and testamur.yaml
    #[arg(short, long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) keys: KeyFolder,

    #[command(flatten)]
    pub(crate) stamps: Stamps,

    /// What the log looks like, over TESTAMUR_LOG_FORMAT; TESTAMUR_LOG says how much of it there
    /// is, and the settings `log` where it goes
    #[arg(long, value_enum)]
    pub(crate) log: Option<LogFormat>,

    /// Find out whether everything is right, and take no requests
    #[arg(long)]
    pub(crate) check: bool,
}

/// What a log looks like.
#[cfg(feature = "agent")]
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object a line
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder to make
    pub(crate) folder: PathBuf,
    /// The organization's name, which stands in the keys and on the certificates
    #[arg(short, long, value_name = "NAME", default_value = "Example University")]
    pub(crate) name: String,
}

/// Where certificates are published.
#[derive(Debug, Args)]
pub(crate) struct PublicFolder {
    /// The folder that they were published into, wherever the settings say
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) public: PublicFolder,
    /// Of this course only
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,
    /// Print CSV with a header
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print one JSON object a certificate
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Find {
    /// The name, or a part of it; capitals and accents do not matter
    #[arg(allow_hyphen_values = true)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) list: List,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The certificate's id, or its verify page's address
    pub(crate) id: String,
    /// Why, in words for whoever looks at the page
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) public: PublicFolder,
}

#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// The certificate's id, or its verify page's address
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) public: PublicFolder,
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
}

#[derive(Debug, Args)]
pub(crate) struct People {
    /// The name; the sample names if left out
    #[arg(short, long, allow_hyphen_values = true, conflicts_with = "file")]
    pub(crate) name: Option<String>,

    /// People: a CSV file with a header (its columns are fields), or plain names, one a line
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Facts {
    /// The language, as a BCP 47 tag; the course's own if left out
    #[arg(short, long, value_name = "TAG")]
    pub(crate) language: Option<Tag>,

    /// A second language beside it, for a layout that has room for two
    #[arg(long, value_name = "TAG")]
    pub(crate) second_language: Option<Tag>,

    /// A username or other id: two requests of one id are for the same recipient
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) username: Option<String>,

    /// The grade: a text such as Distinction, or a number such as 0.93
    #[arg(short, long, allow_hyphen_values = true)]
    pub(crate) grade: Option<String>,

    /// A title that the person bears, such as MD
    #[arg(short, long, allow_hyphen_values = true)]
    pub(crate) designation: Option<String>,

    /// The date of issue; the course's own if left out, today's for a rolling course
    #[arg(short, long, value_name = "YYYY-MM-DD")]
    pub(crate) issued: Option<Date>,

    /// Another layout than the course's
    #[arg(long, value_name = "NAME")]
    pub(crate) layout: Option<String>,

    /// Another paper than the course's, one that the layout is drawn for: a4, letter
    #[arg(long, value_name = "NAME")]
    pub(crate) paper: Option<String>,

    /// A field under `extra`, over the course's; may be given more than once
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, allow_hyphen_values = true)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The course; every course of the site if left out
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course: Option<String>,

    /// The language; every language that the course's layout speaks if left out
    #[arg(short, long, value_name = "TAG")]
    pub(crate) language: Option<Tag>,

    /// Write a picture of every page that passes, and a page that shows them all
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Locales {
    /// Print one JSON object a language and layout on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Signature {
    /// The scan: PNG, JPEG, WebP or SVG
    pub(crate) file: PathBuf,

    /// The PNG to write: ink on transparency
    #[arg(short, long, value_name = "FILE.png")]
    pub(crate) output: Option<PathBuf>,

    /// Ink it in this colour
    #[arg(long, value_name = "#RRGGBB")]
    pub(crate) tint: Option<Colour>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// PDF/A-3a and PDF/UA-1
    Pdf,
    /// A bitmap
    Png,
    /// A drawing, letters as outlines
    Svg,
    /// What the layout gets, as JSON
    Sheet,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as key=value".to_owned()),
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
    /// Make the first set: P-256 with a root of its own for the PDF, Ed25519 for OpenPGP
    New(NewKey),
    /// Print fingerprints, dates and the public parts to hand out
    Show(ShowKey),
    /// Make the next set; what the last one sealed can still be verified
    Rotate(RotateKey),
}

#[derive(Debug, Args)]
pub(crate) struct KeyFolder {
    /// The folder of the keys; `keys` in the site's folder if left out
    // By another name than the site's: what is global is found by its name.
    #[arg(id = "keys", long = "keys", value_name = "DIR", env = "TESTAMUR_KEYS")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct NewKey {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// The organisation's name, which stands in the certificate and the OpenPGP key
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: String,
    /// A private key of your own for the PDF: PKCS #8 or PKCS #1, RSA, P-256 or P-384
    #[arg(long, value_name = "PEM", requires = "chain")]
    pub(crate) key: Option<PathBuf>,
    /// Its certificate, then the certificates of its issuers
    #[arg(long, value_name = "PEM", requires = "key")]
    pub(crate) chain: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowKey {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RotateKey {
    #[command(flatten)]
    pub(crate) new: NewKey,
    /// Make a new root too, which everybody has to be given anew
    #[arg(long, conflicts_with = "key")]
    pub(crate) root: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Seal {
    /// Seal a PDF that testamur rendered
    Draft(SealDraft),
    /// Add what was missed or came later: a time stamp, revocation lists, an archive time stamp
    Upgrade(SealDraft),
}

#[derive(Debug, Args)]
pub(crate) struct SealDraft {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    #[command(flatten)]
    pub(crate) stamps: Stamps,
    /// The PDF
    pub(crate) file: PathBuf,
    /// Where the sealed PDF goes, with its signature beside it; in its place if left out
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What `render --seal`, `issue` and `seal` have in common.
#[derive(Debug, Args)]
pub(crate) struct Stamps {
    /// The address of a time-stamp authority (RFC 3161)
    #[arg(long, value_name = "URL", env = "TESTAMUR_TSA")]
    pub(crate) tsa: Option<String>,
    /// Reserve a field for an archive time stamp
    #[arg(long)]
    pub(crate) archive: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) keys: KeyFolder,
    /// The certificate
    pub(crate) file: PathBuf,
    /// The signature beside it; FILE.sig if that is there
    #[arg(long, value_name = "SIG")]
    pub(crate) signature: Option<PathBuf>,
    /// Certificates that are trusted, with whomever they issue to; may be given more than once
    #[arg(long, value_name = "PEM")]
    pub(crate) trust: Vec<PathBuf>,
    /// Certificates of time-stamp authorities that are trusted for time only
    #[arg(long, value_name = "PEM")]
    pub(crate) trust_time: Vec<PathBuf>,
    /// OpenPGP keys that are trusted, armoured; may be given more than once
    #[arg(long, value_name = "ASC")]
    pub(crate) keyring: Vec<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
