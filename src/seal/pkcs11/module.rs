//! The modules of this process, each loaded and initialised once.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as TokenError, RvError};

use crate::base::error::{Error, ErrorKind, Result};

/// The most modules of a process. A site names one.
const MAX_MODULES: usize = 16;

/// Modules are never unloaded: their state belongs to the process (PKCS #11, 5.4), and unloading
/// one whose own thread runs crashes the process.
static MODULES: Mutex<Vec<(PathBuf, Pkcs11)>> = Mutex::new(Vec::new());

/// Loads a module, or returns the one that is loaded, and initialises it.
///
/// # Errors
/// [`ErrorKind::MissingFile`]: there is no such file. [`ErrorKind::Key`]: it is no module.
/// [`ErrorKind::Signer`]: it cannot be initialised.
pub(super) fn load(path: &Path) -> Result<Pkcs11> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = modules.iter().find(|(other, _)| other == path);
    let module = match loaded {
        Some((_, module)) => module.clone(),
        None => {
            if modules.len() >= MAX_MODULES {
                let message = format!("there are more than {MAX_MODULES} modules");
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            let module = open(path)?;
            modules.push((path.to_owned(), module.clone()));
            module
        }
    };
    let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    match module.initialize(arguments) {
        Ok(()) | Err(TokenError::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {
            Ok(module)
        }
        Err(error) => {
            let message = format!(
                "the PKCS #11 module `{}` cannot be initialised ({})",
                path.display(),
                describe(&error)
            );
            Err(Error::new(ErrorKind::Signer, message).with_help(
                "its own settings may name a folder or a service that is missing",
            ))
        }
    }
}

fn open(path: &Path) -> Result<Pkcs11> {
    let name = path.display();
    if !path.is_file() {
        let message = format!("there is no PKCS #11 module `{name}`");
        return Err(Error::new(ErrorKind::MissingFile, message)
            .with_help("give the path of the library that the token's maker installs"));
    }
    Pkcs11::new(path).map_err(|error| {
        let message = format!("`{name}` is no PKCS #11 module ({})", describe(&error));
        Error::new(ErrorKind::Key, message)
            .with_help("give the path of the library that the token's maker installs")
    })
}

/// A module's error in a few words: the function and its answer.
pub(super) fn describe(error: &TokenError) -> String {
    match error {
        TokenError::Pkcs11(answer, function) => format!("{function:?}: {answer:?}"),
        other => other.to_string(),
    }
}
