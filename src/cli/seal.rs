//! `testamur seal`: drafts become sealed, and seals prove more.

use std::path::{Path, PathBuf};

use crate::seal::Sealed;
use crate::site::{Keys, SealSettings, TsaSettings};

use super::args::{Seal, SiteArguments, Stamps};
use super::{Failure, Outcome, output, place, report};

pub(crate) fn run(site: &SiteArguments, command: &Seal) -> Result<Outcome, Failure> {
    let (Seal::Draft(draft) | Seal::Upgrade(draft)) = command;
    let now = place::now()?;
    let settings = settings(place::settings(site)?.seal, &draft.stamps);
    let keys: Keys = place::keys(site, &draft.keys, &settings, now)?;
    let file = place::read(&draft.file)?;
    let sealed = match command {
        Seal::Draft(_) => keys.sealer().seal(&file, now)?,
        Seal::Upgrade(_) => keys.sealer().upgrade(&file, keys.crls(), now)?,
    };
    let path = draft.output.as_ref().unwrap_or(&draft.file);
    write(Some(path), &sealed)?;
    report::line(&format!("sealed {} ({})", path.display(), sealed.level.as_str()));
    Ok(Outcome::Done)
}

/// Arguments over settings.
pub(crate) fn settings(settings: SealSettings, stamps: &Stamps) -> SealSettings {
    let archive = settings.archive || stamps.archive;
    let settings = settings.with_archive(archive);
    match &stamps.tsa {
        Some(url) => settings.with_tsa(TsaSettings::new(url)),
        None => settings,
    }
}

/// Writes a sealed PDF and the signature beside it; on standard output there is no beside.
pub(crate) fn write(path: Option<&Path>, sealed: &Sealed) -> Result<(), Failure> {
    sealed.warnings.iter().for_each(report::warning);
    output::write(path, &sealed.bytes)?;
    if let (Some(path), Some(signature)) = (path, &sealed.signature) {
        output::write(Some(&beside(path)), signature.as_bytes())?;
    }
    Ok(())
}

/// The signature's place beside its PDF: `Certificate.pdf.sig`.
pub(crate) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}
