//! The new site: its files are gathered first, and written into a temporary folder that becomes the
//! site by a rename.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use crate::cli::exit::Failure;

/// The files of the new site by their paths.
#[derive(Debug, Default)]
pub(super) struct NewSite {
    files: BTreeMap<String, NewFile>,
}

#[derive(Debug)]
struct NewFile {
    bytes: Vec<u8>,
    /// Whether only its owner may read it.
    is_secret: bool,
}

impl NewSite {
    /// Adds a file. A path that leads out of the site is not added.
    pub(super) fn add(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.insert(path, bytes.into(), false);
    }

    /// Adds a file that only its owner may read.
    pub(super) fn add_secret(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.insert(path, bytes.into(), true);
    }

    fn insert(&mut self, path: &str, bytes: Vec<u8>, is_secret: bool) {
        let is_inside = path.split('/').all(|part| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && !part.contains(['\\', '\0'])
        });
        if is_inside {
            self.files.insert(path.to_owned(), NewFile { bytes, is_secret });
        }
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub(super) fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(|file| file.bytes.as_slice())
    }

    /// The files of a site that are no secrets, with their paths.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let open = self.files.iter().filter(|(_, file)| !file.is_secret);
        open.map(|(path, file)| (path.as_str(), file.bytes.as_slice()))
    }

    /// Writes the files below a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        for (path, file) in &self.files {
            let path = folder.join(path);
            write_file(&path, file).map_err(|error| {
                Failure::new(format!(
                    "{}: failed to write the file ({error})",
                    path.display()
                ))
            })?;
        }
        Ok(())
    }
}

fn write_file(path: &Path, file: &NewFile) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if file.is_secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)?.write_all(&file.bytes)
}

/// The place of the new site, which is empty until all is written.
#[derive(Debug)]
pub(super) struct NewPlace {
    /// The absolute path of the site.
    pub(super) path: PathBuf,
    parent: PathBuf,
}

impl NewPlace {
    /// Checks that NEW is new or an empty folder, and apart from the folders that are only read.
    /// Nothing is made yet.
    pub(super) fn check(new: &Path, read: &[&Path]) -> Result<Self, Failure> {
        let refused = |why: &str| {
            Err(Failure::new(format!(
                "{}: {why}\nhelp: name another folder",
                new.display()
            )))
        };
        if fs::symlink_metadata(new).is_ok_and(|it| it.file_type().is_symlink()) {
            return refused("the new site may not be a link");
        }
        match fs::read_dir(new) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return refused("the folder exists and is not empty");
                }
            }
            Err(_) if new.exists() => {
                return refused("there is something else of that name");
            }
            Err(_) => {}
        }
        let Some(name) = new.file_name() else {
            return refused("the new site needs a name");
        };
        let parent = match new.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let Some(parent) = future_path(parent) else {
            return refused("its folder cannot be opened, nor made");
        };
        let path = parent.join(name);
        if read.iter().any(|old| path.starts_with(old) || old.starts_with(&path)) {
            return refused(
                "the new site may not be inside of the old one, nor around it",
            );
        }
        Ok(Self { path, parent })
    }

    /// A temporary folder beside the place, whose folder is made if there is none.
    pub(super) fn staging(&self) -> Result<tempfile::TempDir, Failure> {
        fs::create_dir_all(&self.parent).map_err(|error| {
            Failure::new(format!(
                "{}: failed to make the folder ({error})",
                self.parent.display()
            ))
        })?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".testamur-migrate-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o755));
        }
        builder.tempdir_in(&self.parent).map_err(|error| {
            Failure::new(format!(
                "{}: failed to write here ({error})",
                self.parent.display()
            ))
        })
    }

    /// Makes the staged folder the new site.
    pub(super) fn commit(&self, staging: tempfile::TempDir) -> Result<(), Failure> {
        fs::rename(staging.path(), &self.path).map_err(|error| {
            Failure::new(format!(
                "{}: failed to make the site ({error})",
                self.path.display()
            ))
        })?;
        // The folder has its new name, and nothing is left to be removed under the old one.
        let _ = staging.keep();
        Ok(())
    }
}

/// The real path of a folder, of which only the first part may be there yet; `None` if that part is no
/// folder, or what follows goes back.
fn future_path(path: &Path) -> Option<PathBuf> {
    let there = path.ancestors().find(|it| fs::symlink_metadata(it).is_ok());
    let (there, rest) = match there {
        Some(there) => (there, path.strip_prefix(there).ok()?),
        None => (Path::new("."), path),
    };
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let real = there.canonicalize().ok().filter(|it| it.is_dir())?;
    rest.components().all(is_plain).then(|| real.join(rest))
}
