//! The commands that issue, and what they read.

use std::path::PathBuf;

use clap::Args;

use super::keys::SealingArguments;
use super::values::pair;
use crate::site::{DateOrder, Gender};
use crate::{Date, Tag};

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
