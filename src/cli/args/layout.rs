//! The commands that make drafts and layouts.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::issue::{RequestArguments, TableArguments};
use super::keys::SealingArguments;
use crate::site::Colour;

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

fn pixels(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (10.0..=1200.0).contains(&number) => Ok(number),
        _ => Err("give a number from 10 to 1200".to_owned()),
    }
}
