//! `testamur key publish` and `testamur key revoke`: the public side of the keys.

use crate::Timestamp;
use crate::cli::args::{KeyFolder, PublishKeys, RevokeKey, SiteArguments};
use crate::cli::exit::{CommandOutcome, Failure};
use crate::cli::selection::confirm_unless;
use crate::cli::{console, context};
use crate::register::{Register, StorePath};
use crate::site::{KeyPublication, Keys};

/// Renews the CRL of the root, and publishes it with the public keys.
pub(super) fn renew(
    site: &SiteArguments,
    renew: &PublishKeys,
    now: Timestamp,
) -> Result<(), Failure> {
    let (register, publication) = open(site, &renew.keys)?;
    let folder = context::key_folder(site, &renew.keys);
    let root_key = renew.root_key.as_deref();
    let published = published_in(&register);
    Keys::take_over_crls(&folder, &publication, &published, now)?;
    Keys::renew_crl(&folder, root_key, &publication, &published, now)?;
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
    let (register, publication) = open(site, &revoke.keys)?;
    let folder = context::key_folder(site, &revoke.keys);
    let question =
        "revoke the key? Whatever it sealed from then on counts as made by another.";
    if !confirm_unless(revoke.yes, question)? {
        return Ok(CommandOutcome::SomeFailed);
    }
    take_over(site, &revoke.keys, now);
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
pub(super) fn after_change(site: &SiteArguments, keys: &KeyFolder) {
    let publish = || -> Result<(), Failure> {
        let (register, _) = open(site, keys)?;
        if register.has_identity()? {
            let folder = context::key_folder(site, keys);
            register.publish_keys(&Keys::published_in(&folder)?)?;
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

/// Takes over the published CRLs. A failure is only a warning, so that the keys can be changed
/// nevertheless.
pub(super) fn take_over(site: &SiteArguments, keys: &KeyFolder, now: Timestamp) {
    if let Err(failure) = try_take_over(site, keys, now) {
        console::print_message(&format!(
            "warning: the published revocation list is not looked at: {}\nhelp: when the store can \
             be reached: testamur key publish",
            failure.message
        ));
    }
}

/// As [`take_over`], for a step after which the root can sign no further list.
pub(super) fn take_over_or_refuse(
    site: &SiteArguments,
    keys: &KeyFolder,
    now: Timestamp,
) -> Result<(), Failure> {
    let looked_at =
        check_published(site, keys).and_then(|()| try_take_over(site, keys, now));
    looked_at.map_err(|failure| Failure {
        message: format!(
            "nothing is changed, because the published revocation list cannot be looked at, and the root \
             signs its last list now: {}\nhelp: try again when the store can be reached; with --yes \
             the last list lacks what only the published one has",
            failure.message
        ),
        ..failure
    })
}

/// Checks that the published lists can be read.
fn check_published(site: &SiteArguments, keys: &KeyFolder) -> Result<(), Failure> {
    let (register, _) = open(site, keys)?;
    let folder = context::key_folder(site, keys);
    Keys::published_crls(&folder, &published_in(&register))?;
    Ok(())
}

fn try_take_over(
    site: &SiteArguments,
    keys: &KeyFolder,
    now: Timestamp,
) -> Result<(), Failure> {
    let (register, publication) = open(site, keys)?;
    let folder = context::key_folder(site, keys);
    let published = published_in(&register);
    Ok(Keys::take_over_crls(&folder, &publication, &published, now)?)
}

/// Brings the keys up to date with the settings and with what is published.
pub(super) fn keep_current(
    site: &SiteArguments,
    keys: &KeyFolder,
    now: Timestamp,
) -> Result<(), Failure> {
    let (register, publication) = open(site, keys)?;
    let folder = context::key_folder(site, keys);
    Ok(Keys::keep_current(&folder, &publication, &published_in(&register), now)?)
}

/// The published files of the keys.
fn published_in(register: &Register) -> impl Fn(&str) -> crate::Result<Option<Vec<u8>>> {
    |path| register.file(&StorePath::parse(path)?)
}

fn open(
    site: &SiteArguments,
    keys: &KeyFolder,
) -> Result<(Register, KeyPublication), Failure> {
    let files = context::open_site_without_note(site)?;
    let settings = context::read_settings(&files)?;
    let register = context::open_register(site, &files, &settings, None, Some(keys))?;
    Ok((register, KeyPublication::of(&settings)))
}
