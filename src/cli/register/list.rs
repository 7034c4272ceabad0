//! `testamur list`.

use super::answer::answer;
use crate::cli::args::{List, SiteArguments};
use crate::cli::exit::{CommandOutcome, Failure};
use crate::register::EditionQuery;

pub(crate) fn list(site: &SiteArguments, list: &List) -> Result<CommandOutcome, Failure> {
    let told = answer(site, list, EditionQuery::default())?;
    Ok(CommandOutcome::of(told.unreadable == 0))
}
