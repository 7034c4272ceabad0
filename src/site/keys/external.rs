//! Keys that live elsewhere: in files of the site, or behind commands.

use std::path::Path;
use std::sync::Arc;

use super::files;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::identity::Identity;
use crate::seal::keys::{CommandSigner, PrivateKey, Signer};
use crate::seal::openpgp::{PgpCommand, PgpKey, PgpSigner};
use crate::seal::x509::X509;
use crate::site::settings::{PdfKeySettings, PgpSettings};

/// What is signed to find out whether a command signs.
const PROBE: &[u8] = b"testamur: does this command sign?";

/// Who seals, by a site's settings.
pub(super) fn identity(
    site: &Path,
    pdf: &PdfKeySettings,
    now: Timestamp,
) -> Result<Identity> {
    match pdf {
        PdfKeySettings::File { key, chain } => {
            let file = site.join(key);
            let signer = files::read(&file)
                .and_then(|text| files::at(&file, PrivateKey::from_pem(&text)));
            let (signer, chain_of) = Error::both(signer, certificates(site, chain))?;
            pair(site, chain, Arc::new(signer), chain_of, now)
        }
        PdfKeySettings::Command { command, input, chain } => {
            let chain_of = certificates(site, chain)?;
            let key = files::at(&site.join(chain), chain_of[0].key())?;
            let signer =
                CommandSigner::new(&command.program, command.arguments.clone(), key)
                    .with_input(*input)
                    .with_deadline(command.deadline);
            pair(site, chain, Arc::new(signer), chain_of, now)
        }
    }
}

/// Who signs beside the PDF, by a site's settings. Has one message signed, to see that it works.
pub(super) fn openpgp(
    site: &Path,
    settings: &PgpSettings,
) -> Result<(Arc<dyn PgpSigner>, String)> {
    let file = site.join(&settings.key);
    let text = files::read(&file)?;
    let mut keys = files::at(&file, PgpKey::from_armor(&text))?;
    if keys.len() != 1 {
        let fault = Error::new(
            ErrorKind::Key,
            format!("there are {} keys in the file", keys.len()),
        )
        .at(Place::file(file.display().to_string()));
        return Err(fault.with_help("export the one: gpg --armor --export FINGERPRINT"));
    }
    let command = &settings.command;
    let signer =
        PgpCommand::new(&command.program, command.arguments.clone(), keys.remove(0))
            .with_deadline(command.deadline);
    let created = signer.key().created();
    signer.sign(PROBE, created)?;
    Ok((Arc::new(signer), String::from_utf8_lossy(&text).into_owned()))
}

/// The certificates of a file of the site.
pub(super) fn certificates(site: &Path, name: &str) -> Result<Vec<X509>> {
    let file = site.join(name);
    files::read(&file).and_then(|text| files::at(&file, X509::from_pem(&text)))
}

fn pair(
    site: &Path,
    chain: &str,
    signer: Arc<dyn Signer>,
    certificates: Vec<X509>,
    now: Timestamp,
) -> Result<Identity> {
    files::at(&site.join(chain), Identity::new(signer, certificates, now))
}
