//! The commands of keys, and the arguments of those that seal.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::values::timestamp;
use crate::{Date, Timestamp};

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
    /// Retire the root although the published list of what it revoked cannot be read: revocations that are
    /// only there are not in its last list
    #[arg(short, long)]
    pub(crate) yes: bool,
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
