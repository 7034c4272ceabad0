//! The file of a site's index, and the stores that it belongs to.

use std::path::{Path, PathBuf};

use crate::register::store::open::{private_settings, real_path};
use crate::site::settings::{IndexSettings, Settings, StoreSettings};

/// The default path. If it is in the folder of a store, no `StorePath` can name it.
const DEFAULT_FILE: &str = ".testamur/index.sqlite";

/// The file of an index, and the stores that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexLocation {
    /// The file. Its folder is made when it is needed; the parent of that has to exist.
    pub file: PathBuf,
    /// A text that differs for different stores. An index with another identity is made anew.
    pub identity: String,
}

impl IndexLocation {
    /// An index in this file, of the stores that the text identifies.
    pub fn new(file: impl Into<PathBuf>, identity: impl Into<String>) -> Self {
        Self { file: file.into(), identity: identity.into() }
    }

    /// The index of the stores of these settings; `None` if there is to be none. Relative paths
    /// start from the folder `site`.
    pub fn of(settings: &Settings, site: &Path) -> Option<Self> {
        let private = private_settings(settings);
        let file = match (&settings.index, &private) {
            (IndexSettings::Off, _) => return None,
            (IndexSettings::File(file), _) => site.join(file),
            (IndexSettings::Unset, StoreSettings::Folder(folder)) => {
                site.join(&folder.path).join(DEFAULT_FILE)
            }
            (IndexSettings::Unset, StoreSettings::S3(_)) => site.join(DEFAULT_FILE),
        };
        let identity = |store: &StoreSettings| match store {
            StoreSettings::Folder(folder) => {
                let path = site.join(&folder.path);
                real_path(&path).unwrap_or(path).display().to_string()
            }
            StoreSettings::S3(settings) => settings.to_string(),
        };
        let identity = format!("{}\n{}", identity(&settings.store), identity(&private));
        Some(Self { file, identity })
    }
}
