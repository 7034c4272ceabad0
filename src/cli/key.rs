//! `testamur key`: creates, shows, rotates and revokes the keys that certificates are sealed with,
//! publishes their public parts, and keeps copies of them.

mod age;
mod backup;
mod publish;

use std::path::Path;

use crate::Timestamp;
use crate::seal::X509;
use crate::site::{KeyPublication, KeySource, Keys, PublicKeys, X509Facts};

use super::args::{Key, KeyPart, NewKey, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, context};

pub(crate) fn run(
    site: &SiteArguments,
    command: &Key,
) -> Result<CommandOutcome, Failure> {
    let now = clock::now()?;
    match command {
        Key::New(new) => {
            let folder = context::key_folder(site, &new.keys);
            let makes_secret = !Keys::has_id_secret(&folder);
            if makes_secret {
                refuse_used_stores(site)?;
            }
            let source =
                existing_key(new).unwrap_or(KeySource::NewRoot { name: &new.name });
            // Keys that exist without an id secret, or outside of the folder, get the secret alone.
            let are_elsewhere = makes_secret && are_elsewhere(site)?;
            if makes_secret && (are_elsewhere || Keys::are_in(&folder)?) {
                Keys::create_id_secret(&folder)?;
                console::print_message(&format!(
                    "made the id secret in {}",
                    folder.display()
                ));
                return Ok(CommandOutcome::Done);
            }
            let publication = publication(site)?;
            let keys = Keys::create_with(&folder, &source, &publication, now)?;
            Keys::create_id_secret(&folder)?;
            print_new(&keys);
        }
        Key::Rotate(rotate) => {
            let folder = context::key_folder(site, &rotate.keys);
            let name = match &rotate.name {
                Some(name) => name.clone(),
                None => Keys::name(&folder)?,
            };
            let own = rotate.key.as_deref().zip(rotate.chain.as_deref());
            let source = match own {
                Some((key, chain)) => KeySource::Own { name: &name, key, chain },
                None if rotate.root => KeySource::NewRoot { name: &name },
                None => KeySource::NextLeaf { name: &name },
            };
            let retires_root = !matches!(source, KeySource::NextLeaf { .. });
            if retires_root && !rotate.yes {
                publish::take_over_or_refuse(site, &rotate.keys, now)?;
            } else {
                publish::take_over(site, &rotate.keys, now);
            }
            let keys = Keys::rotate_with(&folder, &source, &publication(site)?, now)?;
            print_new(&keys);
            publish::after_change(site, &rotate.keys);
        }
        Key::Revoke(revoke) => return publish::revoke(site, revoke, now),
        Key::Publish(renew) => publish::renew(site, renew, now)?,
        Key::Backup(backup) => backup::write(site, backup)?,
        Key::Restore(backup) => {
            backup::restore(site, backup)?;
            publish::take_over(site, &backup.keys, now);
            warn_if_revoked(&context::key_folder(site, &backup.keys), now);
        }
        Key::Show(show) => {
            let folder = context::key_folder(site, &show.keys);
            publish::keep_current(site, &show.keys, now)?;
            let keys = Keys::open(&folder, now)?;
            if let Some(part) = show.pem {
                console::print_result(part_of(&keys, part)?.trim_end());
                return Ok(CommandOutcome::Done);
            }
            keys.warnings().iter().for_each(console::print_warning);
            print_if_revoked(&keys);
            let public = keys.public();
            if show.json {
                console::print_result(
                    &serde_json::to_string(&public).unwrap_or_default(),
                );
            } else {
                console::print_result(&describe(&public, true));
            }
        }
    }
    Ok(CommandOutcome::Done)
}

/// Warns about restored keys that are revoked.
fn warn_if_revoked(folder: &Path, now: Timestamp) {
    // Keys that are kept elsewhere or have expired are reported by the commands that seal.
    if let Ok(keys) = Keys::open(folder, now) {
        print_if_revoked(&keys);
    }
}

fn print_if_revoked(keys: &Keys) {
    if let Err(error) = keys.check_revocation() {
        console::print_message(&format!("warning: {error:#}"));
    }
}

/// One public part of the keys as text.
fn part_of(keys: &Keys, part: KeyPart) -> Result<String, Failure> {
    let identity = keys.identity();
    Ok(match part {
        KeyPart::Root => keys.root().map(X509::pem).ok_or_else(|| {
            Failure::new(
                "these keys have no root of their own: their certificate is of another CA\nhelp: \
                 print the whole chain: testamur key show --pem chain",
            )
        })?,
        KeyPart::Seal => identity.certificate().pem(),
        KeyPart::Chain => identity.chain().iter().map(X509::pem).collect(),
        KeyPart::Openpgp => keys.public().openpgp_armor,
    })
}

/// How the site publishes the public parts of its keys.
fn publication(site: &SiteArguments) -> Result<KeyPublication, Failure> {
    let files = context::open_site_without_note(site)?;
    Ok(KeyPublication::of(&context::read_settings(&files)?))
}

/// Refuses to make an id secret for stores that have certificates, because those have another
/// secret.
fn refuse_used_stores(site: &SiteArguments) -> Result<(), Failure> {
    let files = context::open_site_without_note(site)?;
    let settings = context::read_settings(&files)?;
    let register = context::open_register(site, &files, &settings, None, None)?;
    if register.has_identity()? {
        return Err(Failure::new(
            "there is no id secret, and the stores have certificates of one\nhelp: put it back \
             from a copy: testamur key restore FILE; a new site needs stores of its own",
        ));
    }
    Ok(())
}

/// Whether the settings name both keys of the seal elsewhere.
fn are_elsewhere(site: &SiteArguments) -> Result<bool, Failure> {
    let files = context::open_site_without_note(site)?;
    let seal = context::read_settings(&files)?.seal;
    Ok(seal.pdf.is_some() && seal.openpgp.is_some())
}

/// The key of `--key` and `--chain`.
fn existing_key(new: &NewKey) -> Option<KeySource<'_>> {
    let (key, chain) = (new.key.as_deref()?, new.chain.as_deref()?);
    Some(KeySource::Own { name: &new.name, key, chain })
}

/// Prints where new keys are, and what they are.
fn print_new(keys: &Keys) {
    keys.warnings().iter().for_each(console::print_warning);
    let public = keys.public();
    let folder = public.folder.as_deref().unwrap_or_default();
    console::print_message(&format!("made the keys in {folder}"));
    console::print_result(&describe(&public, false));
}

/// Names, dates and fingerprints, and if `with_keys` the certificates and the OpenPGP key
/// themselves.
fn describe(public: &PublicKeys, with_keys: bool) -> String {
    let mut text = format!("seal         {}\n", public.algorithm.name());
    let mut certificate = |role: &str, cert: &X509Facts| {
        text.push_str(&format!(
            "{role:<12} {}\n  SHA-256    {}\n  valid      {} to {}\n",
            cert.subject, cert.fingerprint, cert.not_before, cert.not_after
        ));
        if with_keys {
            text.push_str(&cert.pem);
        }
    };
    for (index, cert) in public.certificate.iter().enumerate() {
        certificate(if index == 0 { "certificate" } else { "issuer" }, cert);
    }
    text.push_str(&format!(
        "OpenPGP      {}\n  key        {}\n  made       {}\n",
        public.openpgp_user_id.as_deref().unwrap_or("(no name)"),
        public.openpgp_fingerprint,
        public.openpgp_created
    ));
    if with_keys {
        text.push_str(&public.openpgp_armor);
    }
    text.trim_end().to_owned()
}
