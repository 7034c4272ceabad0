//! The arguments of `testamur migrate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::Tag;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Migrate {
    #[command(subcommand)]
    pub(crate) command: Option<MigrateCommand>,

    /// The folder of the old installation: that of env.json and auth.json, the checkout, or the
    /// private folder. Nothing is written into it
    #[arg(value_name = "OLD", required = true)]
    pub(crate) old: Option<PathBuf>,

    /// The folder of the new site, which must be new or empty
    #[arg(value_name = "NEW", required = true)]
    pub(crate) new: Option<PathBuf>,

    /// The private folder, if it is not inside of OLD: that of cert-data.yml and template_data
    #[arg(long, value_name = "DIR")]
    pub(crate) private: Option<PathBuf>,

    /// The home of gpg, if it is not inside of OLD; it is copied, and not changed
    #[arg(long, value_name = "DIR")]
    pub(crate) gpg_home: Option<PathBuf>,

    /// An exported secret key (gpg --export-secret-keys) in place of the home of gpg
    #[arg(long, value_name = "FILE", conflicts_with = "gpg_home")]
    pub(crate) openpgp_key: Option<PathBuf>,

    /// The passphrase of the secret key is the first line of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// The language of the courses that do not name theirs; the old program wrote English
    #[arg(short, long, value_name = "TAG", default_value = "en")]
    pub(crate) language: Tag,

    /// Do not draw each course over its template to see whether it can be read
    #[arg(long)]
    pub(crate) no_proof: bool,

    /// Report what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object for each line of the report on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Import the certificates that the old program issued into the register of the new site: they
    /// stay where they are, and can be found, verified and revoked
    Issued(MigrateIssued),
}

#[derive(Debug, Args)]
pub(crate) struct MigrateIssued {
    /// A CSV of the learning management system's table `certificates_generatedcertificate`: with the
    /// columns verify_uuid and download_uuid, and course_id, name, username, created_date. May be
    /// given more than once
    #[arg(long, value_name = "FILE")]
    pub(crate) table: Vec<PathBuf>,

    /// Write what became of each certificate into this CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Report what would be imported, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object for each certificate on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
