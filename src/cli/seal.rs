//! `testamur seal`: seals drafts, and raises the PAdES level of sealed PDFs.

use crate::site::KeyPublication;

use super::args::{Seal, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, context, sealed_file};

pub(crate) fn run(
    site: &SiteArguments,
    command: &Seal,
) -> Result<CommandOutcome, Failure> {
    let (Seal::Draft(draft) | Seal::Upgrade(draft)) = command;
    let now = clock::now()?;
    let settings = context::read_settings(&context::open_site(site)?)?;
    let publication = KeyPublication::of(&settings);
    let keys = context::open_keys(site, &settings, &publication, &draft.sealing, now)?;
    let file = context::read_file(&draft.file)?;
    let sealed = match command {
        Seal::Draft(_) => keys.sealer().seal(&file, now)?,
        Seal::Upgrade(_) => keys.sealer().upgrade(&file, &keys.crls(), now)?,
    };
    let path = draft.output.as_ref().unwrap_or(&draft.file);
    sealed_file::write(Some(path), &sealed)?;
    console::print_message(&format!(
        "sealed {} ({})",
        path.display(),
        sealed.level.as_str()
    ));
    Ok(CommandOutcome::Done)
}
