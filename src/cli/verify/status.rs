//! Whether a certificate stands: what the register of the site, or the issuer's published record,
//! says of it now.

use std::path::Path;

use crate::Timestamp;
use crate::register::{ImportedFile, Register};
use crate::seal::{Judgement, Standing, Verification};
use crate::site::Keys;
use crate::site::settings::StoreSettings;

#[cfg(feature = "tsa")]
use super::online::OnlineIssuer;
use super::verified_file::FoundStatus;
use crate::cli::args::{SiteArguments, Verify};
use crate::cli::context;
use crate::cli::exit::Failure;

/// What the site's own register is called.
pub(super) const OWN_REGISTER: &str = "the site's register";

/// The sources of the status of certificates.
pub(super) struct StatusSource<'a> {
    arguments: &'a Verify,
    /// The register of the site, or why it cannot be asked; `None` without a site.
    register: Option<Result<Register, String>>,
    /// Whether the site has a register that `--offline` leaves out: one that is not a folder here.
    is_left_out: bool,
    #[cfg(feature = "tsa")]
    online: Option<OnlineIssuer>,
}

impl<'a> StatusSource<'a> {
    pub(super) fn new(
        site: &SiteArguments,
        arguments: &'a Verify,
    ) -> Result<Self, Failure> {
        let open = || {
            let files = context::open_site_without_note(site)?;
            let settings = context::read_settings(&files)?;
            let is_folder =
                |store: &StoreSettings| matches!(store, StoreSettings::Folder(_));
            let is_here = is_folder(&settings.store)
                && settings.private.as_ref().is_none_or(is_folder);
            (is_here || !arguments.offline)
                .then(|| context::open_register(site, &files, &settings, None, None))
                .transpose()
        };
        let opened = is_site(site, arguments).then(open);
        let is_left_out =
            arguments.offline && !matches!(opened, None | Some(Ok(Some(_))));
        let register = opened.and_then(Result::transpose);
        let register = register.map(|it| it.map_err(|failure: Failure| failure.message));
        #[cfg(feature = "tsa")]
        let online = arguments
            .online
            .then(|| OnlineIssuer::new(arguments.issuer.as_deref()))
            .transpose()?;
        #[cfg(not(feature = "tsa"))]
        if arguments.online {
            return Err(Failure::usage("this program is built without --online"));
        }
        Ok(Self {
            arguments,
            register,
            is_left_out,
            #[cfg(feature = "tsa")]
            online,
        })
    }

    /// Whether the site's register was not even asked which files are another program's.
    pub(super) fn is_left_out(&self) -> bool {
        self.is_left_out
    }

    /// The file as the site's register knows it, if another program issued it. `--offline` leaves out the
    /// status alone: a register in a folder says whose the file is. Why a register could not be opened is
    /// told with the status.
    ///
    /// # Errors
    /// The register does not answer: what it would have said is not known.
    pub(super) fn imported(&self, file: &[u8]) -> Result<Option<ImportedFile>, String> {
        let Some(Ok(register)) = &self.register else { return Ok(None) };
        register.imported(file).map_err(|error| {
            one_line(&format!("the site's register does not answer: {error}"))
        })
    }

    /// Asks for the status of an intact file. For others the status has no meaning.
    pub(super) fn ask(
        &self,
        file: &[u8],
        found: &Verification,
        now: Timestamp,
    ) -> FoundStatus {
        if self.arguments.offline || found.intact == Judgement::No {
            return FoundStatus::default();
        }
        if found.seal.is_none() && found.signature.is_none() {
            return FoundStatus::default();
        }
        let here = self.ask_register(file, found, now);
        // A certificate that has ended by one of the two sources has ended.
        #[cfg(feature = "tsa")]
        if let Some(online) = &self.online
            && matches!(
                here.standing,
                Standing::NotAsked | Standing::Unknown | Standing::Valid
            )
        {
            return online.ask(found, now);
        }
        here
    }

    fn ask_register(
        &self,
        file: &[u8],
        found: &Verification,
        now: Timestamp,
    ) -> FoundStatus {
        let register = match &self.register {
            Some(Ok(register)) => register,
            Some(Err(why)) => return FoundStatus::unknown(one_line(why)),
            None if names_trust(self.arguments) && is_here() => {
                return FoundStatus::unknown(
                    "the site in this folder is not asked beside --trust or --keyring, unless \
                     it is named: --site .",
                );
            }
            None => {
                return FoundStatus::unknown(
                    "there is no register here; ask the issuer: --online",
                );
            }
        };
        match register.record_of_verified(file, found) {
            Ok(Some(record)) => {
                let is_file_of = register.is_file_of(&record, file, found);
                let found = FoundStatus::of(record, OWN_REGISTER, now);
                match is_file_of {
                    Ok(false) if found.standing == Standing::Valid => {
                        FoundStatus::unknown(
                            "what the site's register has under its id is another file",
                        )
                    }
                    Err(error) if found.standing == Standing::Valid => {
                        FoundStatus::unknown(one_line(&format!(
                            "the site's register does not answer: {error}"
                        )))
                    }
                    _ => FoundStatus { is_own: true, ..found },
                }
            }
            Ok(None) if found.certificate.is_none() => FoundStatus::unknown(
                "it names no certificate, and the site's register does not know it",
            ),
            Ok(None) => FoundStatus::unknown(
                "the site's register does not know it; ask the issuer: --online",
            ),
            Err(error) => FoundStatus::unknown(one_line(&format!(
                "the site's register does not answer: {error}"
            ))),
        }
    }
}

/// Whether a site is asked: if not, no register and no keys are used. It is the one that the
/// arguments name, or else that of the current folder, unless the arguments say what is trusted:
/// a certificate may come in a stranger's archive that looks like a site. A current folder without
/// settings in which the built-in demo was used counts as a site too: it has keys with their secret
/// parts.
pub(super) fn is_site(site: &SiteArguments, arguments: &Verify) -> bool {
    site.folder.is_some() || (!names_trust(arguments) && is_here())
}

/// Whether the current folder is a site's.
fn is_here() -> bool {
    Path::new("testamur.yaml").is_file() || Keys::are_own(Path::new("keys"))
}

/// Whether the arguments say what is trusted.
fn names_trust(arguments: &Verify) -> bool {
    !arguments.trust.is_empty() || !arguments.keyring.is_empty()
}

/// The first line of a message.
pub(super) fn one_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}
