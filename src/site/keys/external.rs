//! Keys outside of the folder of keys: in files that the settings name, behind commands, or in
//! tokens.

use std::path::Path;
use std::sync::Arc;

use super::files;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::timestamp::Timestamp;
use crate::seal::identity::Identity;
use crate::seal::keys::{CommandSigner, PrivateKey, PublicKey, Signer};
use crate::seal::openpgp::{PgpCommand, PgpKey, PgpSigner};
use crate::seal::x509::X509;
use crate::site::settings::{PdfKeySettings, PgpSettings, TokenSettings};

/// The message of a first signature, which shows whether a command works.
const PROBE: &[u8] = b"testamur: does this command sign?";

/// Returns the key that seals, and its certificates, from a site's settings.
pub(crate) fn read_identity(
    site: &Path,
    pdf: &PdfKeySettings,
    now: Timestamp,
) -> Result<Identity> {
    match pdf {
        PdfKeySettings::File { key, chain } => {
            let file = site.join(key);
            let signer = files::read(&file)
                .and_then(|text| files::place_in(&file, PrivateKey::from_pem(&text)));
            let (signer, certificates) =
                Error::both(signer, read_certificates(site, chain))?;
            create_identity(site, chain, Arc::new(signer), certificates, now)
        }
        PdfKeySettings::Command { command, input, chain } => {
            let certificates = read_certificates(site, chain)?;
            let key = files::place_in(&site.join(chain), certificates[0].key())?;
            let signer =
                CommandSigner::new(&command.program, command.arguments.clone(), key)
                    .with_input(*input)
                    .with_deadline(command.deadline);
            create_identity(site, chain, Arc::new(signer), certificates, now)
        }
        PdfKeySettings::Token { token, chain } => {
            let certificates = read_certificates(site, chain)?;
            let public = files::place_in(&site.join(chain), certificates[0].key())?;
            let signer = open_token(site, token, public)?;
            create_identity(site, chain, signer, certificates, now)
        }
    }
}

/// Opens a key in a token. Its PIN is the one of the settings, or stands in a file.
#[cfg(feature = "pkcs11")]
fn open_token(
    site: &Path,
    settings: &TokenSettings,
    public: PublicKey,
) -> Result<Arc<dyn Signer>> {
    use crate::seal::pkcs11::{Pkcs11Key, Pkcs11Signer};

    let mut key = Pkcs11Key::new(site.join(&settings.module), &settings.label);
    if let Some(label) = &settings.key_label {
        key = key.with_label(label);
    }
    if let Some(id) = &settings.key_id {
        key = key.with_id(id.as_slice());
    }
    let file = settings.pin_file.as_ref().map(|file| site.join(file));
    let bytes = match (&settings.pin, &file) {
        (Some(_), _) | (None, None) => None,
        (None, Some(file)) => Some(read_pin(file)?),
    };
    let text = bytes.as_deref().map(|bytes| str::from_utf8(bytes));
    let pin = match (&settings.pin, text) {
        (Some(pin), _) => pin.reveal(),
        (None, Some(Ok(text))) => text.trim_end_matches(['\r', '\n']),
        (None, None) => "",
        (None, Some(Err(_))) => {
            let fault = Error::new(ErrorKind::Syntax, "the PIN is not in UTF-8");
            let file = file.unwrap_or_default();
            return Err(fault.at(Place::file(file.display().to_string())));
        }
    };
    Ok(Arc::new(Pkcs11Signer::open(key, pin, public)?))
}

#[cfg(feature = "pkcs11")]
fn read_pin(file: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    files::read_if_exists(file)?.ok_or_else(|| {
        Error::new(ErrorKind::MissingFile, "the file with the PIN does not exist")
            .at(Place::file(file.display().to_string()))
            .with_help("write the PIN into it, and let only the program's user read it")
    })
}

#[cfg(not(feature = "pkcs11"))]
fn open_token(_: &Path, _: &TokenSettings, _: PublicKey) -> Result<Arc<dyn Signer>> {
    Err(Error::new(ErrorKind::Key, "this program is built without keys in tokens")
        .with_help("build it with the feature `pkcs11`, or use `seal.pdf.command`"))
}

/// Returns the signer of detached signatures from a site's settings. The command signs one message,
/// which shows that it works.
pub(super) fn read_openpgp(
    site: &Path,
    settings: &PgpSettings,
) -> Result<Arc<dyn PgpSigner>> {
    let file = site.join(&settings.key);
    let text = files::read(&file)?;
    let mut keys = files::place_in(&file, PgpKey::from_armor(&text))?;
    if keys.len() != 1 {
        let fault = Error::new(
            ErrorKind::Key,
            format!("there are {} keys in the file", keys.len()),
        )
        .at(Place::file(file.display().to_string()));
        return Err(fault.with_help(
            "export only the key that signs: gpg --armor --export FINGERPRINT",
        ));
    }
    let command = &settings.command;
    let signer =
        PgpCommand::new(&command.program, command.arguments.clone(), keys.remove(0))
            .with_deadline(command.deadline);
    let created = signer.key().created();
    signer.sign(PROBE, created)?;
    Ok(Arc::new(signer))
}

/// Reads the certificates in a file of the site.
pub(super) fn read_certificates(site: &Path, name: &str) -> Result<Vec<X509>> {
    let file = site.join(name);
    let text = files::read_if_exists(&file)?.ok_or_else(|| {
        Error::new(ErrorKind::MissingFile, "there is no such file")
            .at(Place::file(file.display().to_string()))
            .with_help(
                "put the certificate of the TSA's root there, or correct `seal.tsa.roots` in \
                 testamur.yaml",
            )
    })?;
    files::place_in(&file, X509::from_pem(&text))
}

fn create_identity(
    site: &Path,
    chain: &str,
    signer: Arc<dyn Signer>,
    certificates: Vec<X509>,
    now: Timestamp,
) -> Result<Identity> {
    files::place_in(&site.join(chain), Identity::new(signer, certificates, now))
}
