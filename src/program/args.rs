//! The arguments, as they are typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use testamur::{Colour, Date, Tag};

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
    /// Find everything in the site that can be wrong, before it is
    Check(Check),
    /// Show what is made of a scanned signature
    Signature(Signature),
    /// Make, show and rotate the keys that seal
    #[command(subcommand)]
    Key(Key),
    /// Seal drafts, and raise what a seal proves
    #[command(subcommand)]
    Seal(Seal),
    /// Find out whether a certificate is intact, and by whom it is
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
        ["course", "name", "file", "language", "grade", "designation", "issued", "layout", "set"])]
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
    #[arg(long = "keys", value_name = "DIR", env = "TESTAMUR_KEYS")]
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
    #[arg(long, value_name = "URL", env = "TESTAMUR_AUTHORITY")]
    pub(crate) authority: Option<String>,
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
