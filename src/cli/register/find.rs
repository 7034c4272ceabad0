//! `testamur find`.

use super::answer::answer;
use crate::cli::args::{Find, SiteArguments};
use crate::cli::console;
use crate::cli::exit::{CommandOutcome, Failure};
use crate::register::EditionQuery;

pub(crate) fn find(site: &SiteArguments, find: &Find) -> Result<CommandOutcome, Failure> {
    if find.text.trim().is_empty() {
        return Err(Failure::usage(
            "there is nothing to look for\nhelp: give a part of a name, a username, an id, an \
             address or the SHA-256 of a PDF",
        ));
    }
    let query = EditionQuery::default().with_text(&find.text);
    let told = answer(site, &find.list, query)?;
    if told.count > 0 || told.unreadable > 0 {
        return Ok(CommandOutcome::of(told.unreadable == 0));
    }
    console::print_message(&format!(
        "no certificate is found for `{}`",
        console::escaped(&find.text)
    ));
    Ok(CommandOutcome::NotFound)
}
