//! The command lines of edx-certificates.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Compat {
    /// Do what create_pdfs.py did: certificates of names, published unless -U is given, with copies in a
    /// folder
    #[command(name = "create_pdfs", alias = "create_pdfs.py")]
    CreatePdfs(CreatePdfs),
}

#[derive(Debug, Args)]
pub(crate) struct CreatePdfs {
    /// The course [default: every course of the site]
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) course_id: Option<String>,
    /// The name of one recipient
    #[arg(short, long, allow_hyphen_values = true)]
    pub(crate) name: Option<String>,
    /// The template that a message would name: one of the course's `templates`
    #[arg(short, long, value_name = "PDF")]
    pub(crate) template_file: Option<String>,
    /// The organization's full name, which must be the course's
    #[arg(
        short = 'o',
        long,
        value_name = "TEXT",
        default_value = "",
        allow_hyphen_values = true
    )]
    pub(crate) long_org: String,
    /// The course's title, which must be that of courses.yaml
    #[arg(
        short,
        long,
        value_name = "TEXT",
        default_value = "",
        allow_hyphen_values = true
    )]
    pub(crate) long_course: String,
    /// The date of issue, as 2026-05-14, or ROLLING
    #[arg(short, long, value_name = "DATE")]
    pub(crate) issued_date: Option<String>,
    /// Give each recipient one of fourteen titles, in turn
    #[arg(short = 'T', long)]
    pub(crate) assign_title: bool,
    /// A file of names, one on each line [default: sample names]
    #[arg(short = 'f', long, value_name = "FILE", conflicts_with = "name")]
    pub(crate) input_file: Option<PathBuf>,
    /// Write the report into this CSV, not on standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) report_file: Option<PathBuf>,
    /// Print no report
    #[arg(short = 'R', long)]
    pub(crate) no_report: bool,
    /// The grade of all
    #[arg(short = 'G', long, value_name = "TEXT")]
    pub(crate) grade_text: Option<String>,
    /// Publish nothing: drafts in the folder of copies
    #[arg(short = 'U', long)]
    pub(crate) no_upload: bool,
    /// The folder of copies, which is not emptied
    #[arg(long, value_name = "DIR", default_value = "drafts")]
    pub(crate) copies: PathBuf,
    /// The folder of the keys [default: keys/ in the site's folder]
    #[arg(id = "keys", long = "keys", value_name = "DIR", env = "TESTAMUR_KEYS")]
    pub(crate) keys: Option<PathBuf>,
}
