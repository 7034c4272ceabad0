//! Reads the files of the old installation, and nothing outside of it.
//!
//! The decision: what a link inside of OLD leads out to is named and not read, because a copied or
//! hostile installation may link to anything. A folder outside of OLD is read only if the command
//! line names it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::exit::Failure;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// The most files of one folder.
const MAX_FILES: usize = 20_000;

/// A folder of the old installation.
#[derive(Debug, Clone)]
pub(super) struct OldFolder {
    root: PathBuf,
}

impl OldFolder {
    /// Opens a folder that the command line names.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let root = path.canonicalize().ok().filter(|root| root.is_dir());
        let root = root.ok_or_else(|| {
            Failure::new(format!("{}: there is no such folder", path.display()))
        })?;
        Ok(Self { root })
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    /// The folder `name` inside of it, if there is one that does not lead out.
    pub(super) fn folder(&self, name: impl AsRef<Path>) -> Option<Self> {
        let root = self.root.join(name).canonicalize().ok()?;
        (root.is_dir() && root.starts_with(&self.root)).then_some(Self { root })
    }

    /// Reads a file; `None` if there is none.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub(super) fn read(&self, name: impl AsRef<Path>) -> Result<Option<Vec<u8>>, String> {
        let path = self.root.join(name);
        if fs::symlink_metadata(&path).is_err() {
            return Ok(None);
        }
        let failed = |error: std::io::Error| format!("it cannot be read ({error})");
        let real = path.canonicalize().map_err(failed)?;
        if !real.starts_with(&self.root) {
            return Err("it is a link out of the folder".to_owned());
        }
        let metadata = fs::metadata(&real).map_err(failed)?;
        if !metadata.is_file() {
            return Err("it is no file".to_owned());
        }
        if metadata.len() > MAX_FILE {
            return Err(format!("it has more than {} MB", MAX_FILE / 1_000_000));
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(&real).map_err(failed)?;
        file.take(MAX_FILE).read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(bytes))
    }

    /// The names of the files in it, sorted, with those of links; folders are left out.
    pub(super) fn files(&self) -> Vec<String> {
        self.names(|path| !path.is_dir())
    }

    /// The names of the folders in it, sorted.
    pub(super) fn folders(&self) -> Vec<String> {
        self.names(Path::is_dir)
    }

    fn names(&self, wanted: fn(&Path) -> bool) -> Vec<String> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .take(MAX_FILES)
            .filter(|entry| wanted(&entry.path()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }
}

/// The folders of an installation.
#[derive(Debug)]
pub(super) struct Installation {
    /// Where `env.json` and `auth.json` are.
    pub(super) settings: OldFolder,
    /// Where `settings.py` is.
    pub(super) program: Option<OldFolder>,
}

impl Installation {
    /// Finds `env.json` in OLD or, if OLD is the checkout of the program, beside it.
    pub(super) fn find(old: &OldFolder) -> Self {
        let has = |folder: &OldFolder, name: &str| folder.path().join(name).is_file();
        let is_program = |folder: &OldFolder| has(folder, "gen_cert.py");
        let is_settings =
            |folder: &OldFolder| has(folder, "env.json") || has(folder, "auth.json");
        let inner = || {
            let folders = old.folders().into_iter().filter_map(|name| old.folder(name));
            folders.into_iter().find(is_program)
        };
        let program = if is_program(old) { Some(old.clone()) } else { inner() };
        let beside = old.path().parent().map(|it| OldFolder { root: it.to_owned() });
        let settings = match beside {
            Some(beside)
                if !is_settings(old) && is_program(old) && is_settings(&beside) =>
            {
                beside
            }
            _ => old.clone(),
        };
        Self { settings, program }
    }

    /// Finds the private folder: the one that the settings name, else the first that has
    /// `cert-data.yml` or `template_data`. In the second place is the path that the settings name, if
    /// it is not inside of OLD.
    pub(super) fn private(
        &self,
        old: &OldFolder,
        named: Option<&str>,
    ) -> (Option<OldFolder>, Option<String>) {
        let is_private = |folder: &OldFolder| {
            folder.path().join("cert-data.yml").exists()
                || folder.path().join("template_data").is_dir()
        };
        if let Some(named) = named.filter(|named| !named.is_empty()) {
            let last = Path::new(named).file_name();
            let found = [&self.settings, old].into_iter().find_map(|folder| {
                folder.folder(named).or_else(|| folder.folder(last?)).filter(is_private)
            });
            return match found {
                Some(found) => (Some(found), None),
                None => (self.any_private(old, is_private), Some(named.to_owned())),
            };
        }
        (self.any_private(old, is_private), None)
    }

    fn any_private(
        &self,
        old: &OldFolder,
        is_private: impl Fn(&OldFolder) -> bool,
    ) -> Option<OldFolder> {
        let inner = old.folders().into_iter().filter_map(|name| old.folder(name));
        let all =
            [Some(old.clone()), self.program.clone()].into_iter().flatten().chain(inner);
        let mut all = all.filter(|folder| is_private(folder));
        all.next()
    }
}
