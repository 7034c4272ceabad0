//! `testamur erase`.

use super::id::id_of;
use super::site::register_of_site;
use crate::cli::args::{Erase, SiteArguments};
use crate::cli::exit::{CommandOutcome, Failure};
use crate::cli::{clock, console, context};

pub(crate) fn erase(
    site: &SiteArguments,
    erase: &Erase,
) -> Result<CommandOutcome, Failure> {
    let register = register_of_site(site, erase.public.output.as_deref())?;
    let secret = context::open_id_secret(site, &erase.keys)?;
    let erased = register.erase(id_of(&erase.id), &secret, clock::now()?)?;
    let editions = if erased.len() == 1 { "edition" } else { "editions" };
    console::print_message(&format!("erased: {} {editions}", erased.len()));
    erased.iter().for_each(|id| console::print_message(&format!("  {id}")));
    console::print_note(
        "copies elsewhere remain: PDFs that were sent on, backups, the caches of search \
         engines",
    );
    Ok(CommandOutcome::Done)
}
