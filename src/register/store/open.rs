//! From what an operator sets to stores: folders found on the disk, keys read, private kept apart.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Directory, Store};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::site::files::SETTINGS_FILE;
use crate::site::settings::{
    FolderSettings, Readers, S3Settings, Settings, StoreSettings,
};

/// The folder of the private store, unless the settings name another.
const PRIVATE: &str = "private";

/// The stores of a site.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stores {
    /// Where certificates are published.
    pub public: Arc<dyn Store>,
    /// Where what is for the operator alone goes.
    pub private: Arc<dyn Store>,
}

impl Stores {
    /// The stores of these settings. Paths are looked for in the folder `site`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if the private store is in the public one; [`ErrorKind::MissingFile`] and
    /// [`ErrorKind::Key`] for files of keys; [`ErrorKind::StoreRefused`] if there are no keys. Whether the
    /// stores can be used is for [`Store::check`] to say.
    pub fn open(settings: &Settings, site: &Path) -> Result<Self> {
        let public = &settings.store;
        let private = settings.private.clone();
        let private = private.unwrap_or_else(|| StoreSettings::folder(PRIVATE));
        if is_in(&private, public, site) {
            let message =
                format!("what is private would be published: it goes into {public}");
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .at(Place::file(SETTINGS_FILE))
                .with_help("give `private` a place outside of `store`"));
        }
        Ok(Self {
            public: open(public, site, Readers::Everybody)?,
            private: open(&private, site, Readers::Owner)?,
        })
    }
}

fn open(
    settings: &StoreSettings,
    site: &Path,
    readers: Readers,
) -> Result<Arc<dyn Store>> {
    match settings {
        StoreSettings::Folder(FolderSettings { path, readers: set }) => {
            let store = Directory::new(site.join(path));
            Ok(Arc::new(store.with_readers(set.unwrap_or(readers))))
        }
        StoreSettings::S3(settings) => bucket(settings, site),
    }
}

#[cfg(feature = "s3")]
fn bucket(settings: &S3Settings, site: &Path) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(super::S3::open(settings, site)?))
}

#[cfg(not(feature = "s3"))]
fn bucket(settings: &S3Settings, _: &Path) -> Result<Arc<dyn Store>> {
    let message = format!("failed to open {settings} (this build has no S3)");
    Err(Error::new(ErrorKind::StoreRefused, message)
        .with_help("build it with the feature `s3`, or publish into a folder"))
}

/// Whether what goes into `one` goes into `other` too.
fn is_in(one: &StoreSettings, other: &StoreSettings, site: &Path) -> bool {
    match (one, other) {
        (StoreSettings::Folder(one), StoreSettings::Folder(other)) => {
            let real = |folder: &FolderSettings| real(&site.join(&folder.path));
            match (real(one), real(other)) {
                (Ok(one), Ok(other)) => one.starts_with(other),
                // Then there is nothing to be published in it either.
                _ => false,
            }
        }
        _ => one.is_in(other),
    }
}

/// Where a path leads, links followed, even if its last folders are not there yet.
fn real(path: &Path) -> io::Result<PathBuf> {
    let mut missing: Vec<OsString> = Vec::new();
    let mut there = std::path::absolute(path)?;
    loop {
        match there.canonicalize() {
            Ok(found) => {
                return Ok(missing.into_iter().rev().fold(found, |found, part| {
                    match Path::new(&part).components().next() {
                        Some(Component::ParentDir) => {
                            found.parent().unwrap_or(&found).to_owned()
                        }
                        _ => found.join(part),
                    }
                }));
            }
            Err(cause) => {
                let last = there.components().next_back();
                let last = last.map(|part| part.as_os_str().to_owned());
                match (last, there.parent()) {
                    (Some(last), Some(above)) => {
                        missing.push(last);
                        there = above.to_owned();
                    }
                    _ => return Err(cause),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn open_both(site: &Path, public: &str, private: &str) -> Result<Stores> {
        let text = format!("store: {public}\nprivate: {private}\n");
        Stores::open(&Settings::parse(text.as_bytes())?, site)
    }

    #[cfg(unix)]
    #[test]
    fn private_folders_are_compared_where_they_really_are() {
        let site = tempfile::tempdir().unwrap();
        let site = site.path();
        fs::create_dir_all(site.join("www/there")).unwrap();
        std::os::unix::fs::symlink(site.join("www"), site.join("link")).unwrap();
        let absolute = site.join("www").display().to_string();
        for (public, private) in [
            ("www", "link"),
            ("link", "www/private"),
            ("www", "link/there/not/yet"),
            (absolute.as_str(), "www"),
            ("www", absolute.as_str()),
            ("www/new", "nowhere/../www/new/private"),
            ("www", "link/../www/there"),
        ] {
            let fault = open_both(site, public, private).unwrap_err();
            assert_eq!(fault.kind(), ErrorKind::InvalidValue, "{public} {private}");
            assert!(fault.to_string().contains("would be published"));
        }
        for (public, private) in [
            ("www", "www2"),
            ("www/there", "www"),
            ("public", "private"),
            ("www", "link2"),
        ] {
            let stores = open_both(site, public, private).unwrap();
            assert_ne!(stores.private.to_string(), stores.public.to_string());
        }
        assert!(!site.join("private").exists(), "nothing is made before it is needed");
    }
}
