//! The benchmark.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

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
