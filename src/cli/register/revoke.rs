//! `testamur revoke`.

use super::id::id_of;
use super::site::register_of_site;
use crate::cli::args::{Revoke, SiteArguments};
use crate::cli::exit::{CommandOutcome, Failure};
use crate::cli::{clock, console};

pub(crate) fn revoke(
    site: &SiteArguments,
    revoke: &Revoke,
) -> Result<CommandOutcome, Failure> {
    if revoke.reason.trim().is_empty() {
        return Err(Failure::usage(
            "the reason is empty\nhelp: write a few words, which the verify page shows",
        ));
    }
    let register = register_of_site(site, revoke.public.output.as_deref())?;
    let record =
        register.revoke(id_of(&revoke.id), revoke.reason.trim(), clock::now()?)?;
    console::print_message(&format!(
        "revoked: {}\n  page  {}",
        record.certificate.map(|certificate| certificate.name).unwrap_or_default(),
        register.publish().verify_url(&record.id)
    ));
    Ok(CommandOutcome::Done)
}
