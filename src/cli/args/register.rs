//! The commands that ask and change the register.

use std::path::PathBuf;

use clap::Args;

use super::keys::KeyFolder;
use crate::Date;
use crate::register::Status;

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

fn status(text: &str) -> Result<Status, String> {
    serde_json::from_value(text.into()).map_err(|_| {
        "write valid, specimen, expired, superseded, revoked or erased".to_owned()
    })
}
