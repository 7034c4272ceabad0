//! `testamur key publish` and `testamur key revoke`: what others are to know of the keys.

use std::path::Path;

use crate::Timestamp;
use crate::cli::args::{PublishKeys, RevokeKey, SiteArguments};
use crate::cli::exit::{CommandOutcome, Failure};
use crate::cli::selection::confirm_unless;
use crate::cli::{console, context};
use crate::register::Register;
use crate::site::{KeyPublication, Keys};

/// Renews the CRL of the root, and publishes it with the public keys.
pub(super) fn renew(
    site: &SiteArguments,
    renew: &PublishKeys,
    now: Timestamp,
) -> Result<(), Failure> {
    let (register, publication) = open(site)?;
    let folder = context::key_folder(site, &renew.keys);
    Keys::renew_crl(&folder, renew.root_key.as_deref(), &publication, now)?;
    let count = register.publish_keys(&Keys::published_in(&folder)?)?;
    console::print_message(&format!(
        "renewed the revocation list for {} days; published {count} files of the keys",
        publication.crl_days
    ));
    Ok(())
}

/// Revokes a key, publishes the CRL, and marks what the key sealed.
pub(super) fn revoke(
    site: &SiteArguments,
    revoke: &RevokeKey,
    now: Timestamp,
) -> Result<CommandOutcome, Failure> {
    let (register, publication) = open(site)?;
    let folder = context::key_folder(site, &revoke.keys);
    let question =
        "revoke the key? Whatever it sealed from then on counts as made by another.";
    if !confirm_unless(revoke.yes, question)? {
        return Ok(CommandOutcome::SomeFailed);
    }
    let done = Keys::revoke(&folder, revoke.set, revoke.since, &publication, now)?;
    console::print_message(&format!(
        "revoked the key in {}/{} since {}",
        folder.display(),
        done.set,
        done.since
    ));
    let published = register.publish_keys(&Keys::published_in(&folder)?);
    if let Err(error) = &published {
        console::print_message(&format!(
            "warning: the revocation list is not published: {error:#}\nhelp: when the store can \
             be reached: testamur key publish"
        ));
    }
    let mut failed = 0;
    let marked =
        register.mark_revoked_key(&done.certificates, done.since, &mut |error| {
            failed += 1;
            console::print_message(&format!("{error:#}"));
        })?;
    console::print_message(&format!(
        "{marked} certificates that it sealed since then are marked, {failed} failed; issue them \
         again after `testamur key rotate` with `issue --replace`"
    ));
    Ok(CommandOutcome::of(failed == 0 && published.is_ok()))
}

/// Publishes the public parts after a rotation, if the site has published anything yet.
pub(super) fn after_change(site: &SiteArguments, folder: &Path) {
    let publish = || -> Result<(), Failure> {
        let (register, _) = open(site)?;
        if register.has_identity()? {
            register.publish_keys(&Keys::published_in(folder)?)?;
        }
        Ok(())
    };
    if let Err(failure) = publish() {
        console::print_message(&format!(
            "warning: the public keys are not published: {}\nhelp: when the store can be reached: \
             testamur key publish",
            failure.message
        ));
    }
}

fn open(site: &SiteArguments) -> Result<(Register, KeyPublication), Failure> {
    let files = context::open_site_without_note(site)?;
    let settings = context::read_settings(&files)?;
    let register = context::open_register(site, &files, &settings, None)?;
    Ok((register, KeyPublication::of(&settings)))
}
