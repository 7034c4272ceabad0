//! `testamur key`: creates, shows and rotates the keys that certificates are sealed with, and keeps
//! copies of them.

mod age;
mod backup;

use crate::site::{KeySource, Keys, PublicKeys, X509Facts};

use super::args::{Key, NewKey, SiteArguments};
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
            let keys = Keys::create(&folder, &source, now)?;
            Keys::create_id_secret(&folder)?;
            print_new(&keys);
        }
        Key::Rotate(rotate) => {
            let new = &rotate.new;
            let source = existing_key(new).unwrap_or(if rotate.root {
                KeySource::NewRoot { name: &new.name }
            } else {
                KeySource::NextLeaf { name: &new.name }
            });
            let keys = Keys::rotate(&context::key_folder(site, &new.keys), &source, now)?;
            print_new(&keys);
        }
        Key::Backup(backup) => backup::write(site, backup)?,
        Key::Restore(backup) => backup::restore(site, backup)?,
        Key::Show(show) => {
            let keys = Keys::open(&context::key_folder(site, &show.keys), now)?;
            keys.warnings().iter().for_each(console::print_warning);
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

/// Refuses to make an id secret for stores that have certificates: theirs is another one.
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
