//! The stores of a site, opened from its settings.
//!
//! The decision made here: a public folder that contains private files, or lies in a folder of
//! private files, is refused, because those files would be published. Folders are compared by their
//! real paths, with symbolic links followed.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::moved::MovedPages;
use super::{Directory, Store};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::register::paths;
use crate::site::files::{PARTS, SETTINGS_FILE};
use crate::site::settings::{
    FolderSettings, IndexSettings, Readers, S3Settings, Settings, StoreSettings,
};

/// The folder of the private store, unless the settings name another.
const DEFAULT_PRIVATE_FOLDER: &str = "private";

/// The folder of the keys in a site, unless the caller has another.
const KEYS: &str = "keys";

/// The stores of a site.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stores {
    /// The store in which certificates are published.
    pub public: Arc<dyn Store>,
    /// The store of snapshots and spooled requests, for the operator only.
    pub private: Arc<dyn Store>,
}

impl Stores {
    /// Opens the stores of these settings. Relative paths start from the folder `site`. Whether the
    /// stores can be used is checked by [`Store::check`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the private store is inside the public one or around it, or the
    /// public store holds the site itself or its keys or the index, or lies among the keys; the
    /// private store and the keys are one in the other; a store lies in a folder of the site's files.
    /// [`ErrorKind::MissingFile`], [`ErrorKind::Key`]: a key file of a bucket cannot be used.
    /// [`ErrorKind::StoreRefused`]: a bucket has no keys, or this build has no S3.
    pub fn open(settings: &Settings, site: &Path) -> Result<Self> {
        Self::open_with(settings, site, None, None)
    }

    /// As [`open`](Self::open), with a folder that takes the place of the public store, and another
    /// folder of keys than `keys` in the site. Both start from the current folder.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        settings: &Settings,
        site: &Path,
        public: Option<&Path>,
        keys: Option<&Path>,
    ) -> Result<Self> {
        let named = public.map(std::path::absolute).transpose().map_err(|cause| {
            Error::caused(ErrorKind::Io, "failed to find the public folder", cause)
        })?;
        let refused = |message: String, help: &str| {
            let error = Error::new(ErrorKind::InvalidValue, message);
            match &named {
                Some(_) => error.with_help(
                    "name a folder that holds nothing else, such as `--output public`",
                ),
                None => error.at(Place::file(SETTINGS_FILE)).with_help(help),
            }
        };
        let public = match &named {
            Some(folder) => {
                let text = folder.to_str().ok_or_else(|| {
                    let message = format!("`{}` is no UTF-8", folder.display());
                    Error::new(ErrorKind::InvalidValue, message)
                })?;
                &StoreSettings::folder(text)
            }
            None => &settings.store,
        };
        let private = private_settings(settings);
        if is_in(&private, public, site) {
            let message =
                format!("what is private would be published: it goes into {public}");
            return Err(refused(message, "give `private` a place outside of `store`"));
        }
        let help = "give `store` a folder of its own, such as `store: public`";
        if let StoreSettings::Folder(folder) = public {
            let folder = site.join(&folder.path);
            for keys in [Some(&*site.join(KEYS)), keys].into_iter().flatten() {
                check_public_folder(&folder, site, keys)
                    .map_err(|message| refused(message, help))?;
            }
            if is_in(public, &private, site) {
                let message =
                    format!("{public} lies inside the private store, {private}");
                return Err(refused(message, help));
            }
            if let IndexSettings::File(file) = &settings.index
                && lies_in(&site.join(file), &folder)
            {
                let message = format!(
                    "the index has the names of recipients, and would be published: `{file}` lies \
                     in {public}"
                );
                return Err(refused(message, "give `index` a place outside of `store`"));
            }
        }
        if let StoreSettings::Folder(folder) = &private {
            let folder = site.join(&folder.path);
            for keys in [Some(&*site.join(KEYS)), keys].into_iter().flatten() {
                if lies_in(&folder, keys) || lies_in(keys, &folder) {
                    let message = format!(
                        "the private store and the keys are mixed: it is {private}"
                    );
                    return Err(Error::new(ErrorKind::InvalidValue, message)
                        .at(Place::file(SETTINGS_FILE))
                        .with_help("give `private` a folder of its own: each is backed up by itself"));
                }
            }
        }
        for (what, store) in [("store", public), ("private", &private)] {
            let StoreSettings::Folder(folder) = store else { continue };
            let folder = site.join(&folder.path);
            if let Some(part) = PARTS.iter().find(|it| lies_in(&folder, &site.join(it))) {
                let message = format!("{store} lies in `{part}` of the site");
                let error = refused(message, "give it a folder of its own");
                return Err(error.with_help(format!(
                    "give `{what}` a folder of its own, such as `{what}: {}`",
                    if what == "store" { "public" } else { DEFAULT_PRIVATE_FOLDER }
                )));
            }
        }
        let public: Arc<dyn Store> = match &named {
            Some(folder) => Arc::new(Directory::new(folder)),
            None => open(public, site, Readers::Everybody)?,
        };
        let public = match &settings.publish.verify_path {
            Some(path) => Arc::new(MovedPages::new(public, paths::CERTIFICATES, path)),
            None => public,
        };
        Ok(Self { public, private: open(&private, site, Readers::Owner)? })
    }

    /// Checks that both stores can be used, and removes what an interrupted run left in them.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub fn check(&self) -> Result<()> {
        self.public.check()?;
        self.private.check()
    }
}

/// The private store of the settings.
pub(in crate::register) fn private_settings(settings: &Settings) -> StoreSettings {
    let private = settings.private.clone();
    private.unwrap_or_else(|| StoreSettings::folder(DEFAULT_PRIVATE_FOLDER))
}

/// Refuses a public folder that contains the site or its keys, or lies in the folder of keys.
fn check_public_folder(public: &Path, site: &Path, keys: &Path) -> Result<(), String> {
    // A folder whose path cannot be resolved cannot be written to either.
    let Ok(real) = real_path(public) else { return Ok(()) };
    let holds =
        |folder: &Path| real_path(folder).is_ok_and(|path| path.starts_with(&real));
    let is_among =
        |folder: &Path| real_path(folder).is_ok_and(|path| real.starts_with(path));
    let what = if holds(keys) || is_among(keys) {
        "the keys"
    } else if holds(site) {
        "the site with its settings"
    } else {
        return Ok(());
    };
    Err(format!("{what} would be published: the public folder is {}", public.display()))
}

/// Whether one path is that of the other, or below it, with links followed.
fn lies_in(one: &Path, other: &Path) -> bool {
    let paths = real_path(one).and_then(|one| Ok((one, real_path(other)?)));
    // A path that cannot be resolved cannot be written to either.
    paths.is_ok_and(|(one, other)| one.starts_with(other))
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

/// Whether the files of `one` are in `other` too.
fn is_in(one: &StoreSettings, other: &StoreSettings, site: &Path) -> bool {
    match (one, other) {
        (StoreSettings::Folder(one), StoreSettings::Folder(other)) => {
            let real = |folder: &FolderSettings| real_path(&site.join(&folder.path));
            match (real(one), real(other)) {
                (Ok(one), Ok(other)) => one.starts_with(other),
                // A folder whose path cannot be resolved cannot be written to either.
                _ => false,
            }
        }
        _ => one.is_in(other),
    }
}

/// The path with symbolic links followed, also if its last folders do not exist yet.
pub(in crate::register) fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut missing: Vec<OsString> = Vec::new();
    let mut existing = std::path::absolute(path)?;
    loop {
        match existing.canonicalize() {
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
                let last = existing.components().next_back();
                let last = last.map(|part| part.as_os_str().to_owned());
                match (last, existing.parent()) {
                    (Some(last), Some(above)) => {
                        missing.push(last);
                        existing = above.to_owned();
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
    fn private_folder_inside_public_folder_is_refused_through_links() {
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
            let error = open_both(site, public, private).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{public} {private}");
            assert!(error.to_string().contains("would be published"));
        }
        for (public, private) in
            [("www", "www2"), ("public", "private"), ("www", "link2")]
        {
            let stores = open_both(site, public, private).unwrap();
            assert_ne!(stores.private.to_string(), stores.public.to_string());
        }
        fs::create_dir_all(site.join("keys/old")).unwrap();
        std::os::unix::fs::symlink(site.join("keys"), site.join("safe")).unwrap();
        let around = site.join("..").display().to_string();
        let itself = site.display().to_string();
        for (public, private) in [
            (".", "private"),
            ("./", "private"),
            ("www/..", "private"),
            (around.as_str(), "private"),
            (itself.as_str(), "/nowhere"),
            ("keys", "private"),
            ("safe", "private"),
            ("keys/old", "private"),
            ("safe/old/new", "private"),
            ("www/there", "www"),
            ("link/there", "www"),
        ] {
            let error = open_both(site, public, private).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{public} {private}");
            assert_eq!(error.place().unwrap().file, SETTINGS_FILE);
        }
        // Folders that a caller names are checked too.
        fs::create_dir_all(site.join("elsewhere/keys")).unwrap();
        std::os::unix::fs::symlink(site.join("elsewhere"), site.join("other")).unwrap();
        let settings = Settings::parse(b"private: private\n").unwrap();
        let open = |public: &str, keys: &str| {
            let public = site.join(public);
            Stores::open_with(&settings, site, Some(&public), Some(&site.join(keys)))
        };
        for (public, keys) in [
            (".", "keys"),
            ("private", "keys"),
            ("private/www", "keys"),
            ("keys", "elsewhere/keys"),
            ("elsewhere", "elsewhere/keys"),
            ("other", "elsewhere/keys"),
            ("elsewhere", "other/keys"),
            ("other/keys/www", "elsewhere/keys"),
        ] {
            let error = open(public, keys).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{public} {keys}");
            assert!(error.help().unwrap().contains("--output"), "{public} {keys}");
        }
        assert!(open("www", "elsewhere/keys").is_ok());
        let keys = site.join("public/keys");
        let error = Stores::open_with(&settings, site, None, Some(&keys)).unwrap_err();
        assert_eq!(error.place().unwrap().file, SETTINGS_FILE);
        assert!(
            !site.join("private").exists(),
            "folders are not made before they are written to"
        );
    }
}
