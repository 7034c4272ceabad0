//! What `verify` trusts: the keys of the site, if there is one, and what the arguments name.

use std::path::Path;

use crate::seal::{PgpKey, Trust, X509};
use crate::site::Keys;
use crate::site::keys::retired_on;
use crate::site::settings::StoreSettings;

use super::status::is_site;
use crate::cli::args::{SiteArguments, Verify};
use crate::cli::context;
use crate::cli::exit::Failure;

/// What is trusted.
pub(super) struct CollectedTrust {
    pub(super) trust: Trust,
    /// Why it is not known what has been revoked, if it is not.
    pub(super) unknown_crls: Option<String>,
}

/// Trusts the site's own keys, and the certificates and keys that the arguments name.
///
/// Keys in the current folder are trusted only if it is a site's, and the arguments name nothing
/// that is trusted: a stranger's archive may have a folder of that name.
pub(super) fn collect(
    site: &SiteArguments,
    arguments: &Verify,
) -> Result<CollectedTrust, Failure> {
    let mut trust = Trust::new();
    let mut unknown_crls = None;
    if arguments.keys.folder.is_some() || is_site(site, arguments) {
        let folder = context::key_folder(site, &arguments.keys);
        // Faulty settings are reported with the status; here they only name no further keys.
        let settings = context::open_site_without_note(site)
            .and_then(|files| context::read_settings(&files));
        trust = match settings {
            Ok(settings) => {
                Keys::trusted_by_site(&folder, context::folder(site), &settings.seal)?
            }
            Err(_) => Keys::trusted(&folder)?,
        };
        // A list in a folder here is no more online than the keys.
        if !arguments.offline || is_here(site) {
            match published_crls(site, arguments)
                .and_then(|crls| Ok(trust.clone().with_crls(crls)?))
            {
                Ok(with_crls) => trust = with_crls,
                Err(failure) => unknown_crls = Some(failure.message),
            }
        }
    }
    for path in &arguments.trust {
        let text = context::read_file(path)?;
        let roots = X509::from_pem(&text).map_err(|error| in_file(path, &error))?;
        let name = path.display().to_string();
        if let (Some(root), Some(time)) = (roots.first(), retired_on(&text)) {
            trust = trust.with_retired(root.fingerprint(), time);
        }
        trust = roots
            .iter()
            .fold(trust, |trust, root| trust.with_source(root.fingerprint(), &name))
            .with_roots(roots);
    }
    for path in &arguments.tsa_roots {
        trust = trust.with_tsa_roots(certificates(path)?);
    }
    for path in &arguments.crl {
        let crl = context::read_file(path)?;
        let name = path.display().to_string();
        trust = trust.with_crl_from(name, crl).map_err(|error| in_file(path, &error))?;
    }
    for path in &arguments.keyring {
        let text = context::read_file(path)?;
        let keys = PgpKey::from_armor(&text).map_err(|error| in_file(path, &error))?;
        let name = path.display().to_string();
        trust = keys
            .iter()
            .fold(trust, |trust, key| trust.with_source(key.fingerprint(), &name))
            .with_keys(keys);
    }
    Ok(CollectedTrust { trust, unknown_crls })
}

/// The published CRLs of the site's roots: a folder of keys that was put back from a copy may lack what
/// was revoked since.
fn published_crls(
    site: &SiteArguments,
    arguments: &Verify,
) -> Result<Vec<Vec<u8>>, Failure> {
    let settings = context::read_settings(&context::open_site_without_note(site)?)?;
    let public = context::public_store(site, &settings, &arguments.keys)?;
    let folder = context::key_folder(site, &arguments.keys);
    let published = |path: &str| context::published(&*public, path);
    Ok(Keys::published_crls(&folder, &published)?)
}

/// Whether the public store is a folder here.
fn is_here(site: &SiteArguments) -> bool {
    let settings = context::open_site_without_note(site)
        .and_then(|files| context::read_settings(&files));
    settings.is_ok_and(|settings| matches!(settings.store, StoreSettings::Folder(_)))
}

fn certificates(path: &Path) -> Result<Vec<X509>, Failure> {
    let text = context::read_file(path)?;
    X509::from_pem(&text).map_err(|error| in_file(path, &error))
}

fn in_file(path: &Path, error: &crate::Error) -> Failure {
    Failure::new(format!("{}: {error:#}", path.display()))
}
