//! Reads the files of the old installation, and nothing outside of it.
//!
//! The decision: the target of a link that leads out of OLD is reported and not read, because a
//! copied or hostile installation may link to anything. A folder outside of OLD is read only if the
//! command line names it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::report::{At, Report};
use crate::cli::exit::Failure;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// The most bytes that are read of one installation: all of them are in memory before they are written.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// The most files of one folder.
const MAX_FILES: usize = 20_000;
/// The most folders of one installation that are tried. Issued files may have one each.
const MAX_FOLDERS: usize = 500_000;

/// A folder of the old installation.
#[derive(Debug, Clone)]
pub(super) struct OldFolder {
    root: PathBuf,
    /// The folder that was opened, out of which nothing leads.
    top: PathBuf,
    /// How many bytes were read below that folder.
    read: Arc<AtomicU64>,
}

impl OldFolder {
    /// Opens a folder that the command line names.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let root = path.canonicalize().ok().filter(|root| root.is_dir());
        let root = root.ok_or_else(|| {
            Failure::new(format!("{}: there is no such folder", path.display()))
        })?;
        Ok(Self::at(root))
    }

    /// Reports the folders below it that cannot be read: what is in them is not migrated.
    pub(super) fn report_unreadable(&self, report: &mut Report) {
        let mut waiting = vec![self.root.clone()];
        let mut left = MAX_FOLDERS;
        while let Some(folder) = waiting.pop() {
            // A folder may be listed and not entered: its files are known, and cannot be opened.
            let entered = fs::metadata(folder.join("."));
            let entries = match entered.and_then(|_| fs::read_dir(&folder)) {
                Ok(entries) => entries,
                Err(error) => {
                    let within = folder.strip_prefix(&self.root).unwrap_or(&folder);
                    let name = within.to_string_lossy();
                    let shown = if name.is_empty() { "." } else { &name };
                    let how = format!("it cannot be read ({error})");
                    report.unread(At::file(shown), shown, how);
                    continue;
                }
            };
            for entry in entries.flatten() {
                let is_folder = entry.file_type().is_ok_and(|it| it.is_dir());
                if !is_folder || entry.file_name() == ".git" {
                    continue;
                }
                if left == 0 {
                    let how = format!(
                        "it has more than {MAX_FOLDERS} folders: not all of them were tried"
                    );
                    report.unread(At::file("."), ".", how);
                    return;
                }
                left -= 1;
                waiting.push(entry.path());
            }
        }
    }

    fn at(root: PathBuf) -> Self {
        Self { top: root.clone(), root, read: Arc::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    /// The folder `name` inside of it, if there is one that does not lead out.
    pub(super) fn folder(&self, name: impl AsRef<Path>) -> Option<Self> {
        let root = self.root.join(name).canonicalize().ok()?;
        let is_inside = root.is_dir() && root.starts_with(&self.top);
        let (top, read) = (self.top.clone(), Arc::clone(&self.read));
        is_inside.then_some(Self { root, top, read })
    }

    /// As [`folder`](Self::folder). What is of that name and cannot be opened is reported, and so are
    /// the entries of the folder that will not be seen.
    pub(super) fn listed_folder(
        &self,
        name: &str,
        shown: &str,
        report: &mut Report,
    ) -> Option<Self> {
        if fs::symlink_metadata(self.root.join(name)).is_err() {
            return None;
        }
        let Some(folder) = self.folder(name) else {
            let how = "it is a link out of the installation, or no folder";
            report.unread(At::file(shown), name, how);
            return None;
        };
        match fs::read_dir(&folder.root) {
            // Reported when the installation was opened.
            Err(_) => {}
            Ok(entries) => {
                let mut count = 0;
                for entry in entries.take(MAX_FILES + 1) {
                    count += 1;
                    let name = match entry {
                        Ok(entry) => entry.file_name(),
                        Err(error) => {
                            let how = format!("an entry cannot be read ({error})");
                            report.unread(At::file(shown), name, how);
                            continue;
                        }
                    };
                    if name.to_str().is_none() {
                        let how = "its name is no UTF-8: rename it";
                        report.unread(At::file(shown), name.to_string_lossy(), how);
                    }
                }
                if count > MAX_FILES {
                    let how = format!(
                        "it has more than {MAX_FILES} entries: not all were read"
                    );
                    report.unread(At::file(shown), name, how);
                }
            }
        }
        Some(folder)
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
        if !real.starts_with(&self.top) {
            return Err("it is a link out of the installation".to_owned());
        }
        let metadata = fs::metadata(&real).map_err(failed)?;
        if !metadata.is_file() {
            return Err("it is no file".to_owned());
        }
        if metadata.len() > MAX_FILE {
            return Err(format!("it has more than {} MB", MAX_FILE / 1_000_000));
        }
        let before = self.read.fetch_add(metadata.len(), Ordering::Relaxed);
        if before + metadata.len() > MAX_BYTES {
            return Err(format!(
                "the files of the installation have more than {} GB together",
                MAX_BYTES >> 30
            ));
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

    /// All names in it, sorted.
    pub(super) fn entries(&self) -> Vec<String> {
        self.names(|_| true)
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

/// Reads a file that the command line names: a whole one, and not what a pipe has.
///
/// # Errors
/// The file's name, and why it cannot be read.
pub(super) fn read_named(path: &Path) -> Result<Vec<u8>, String> {
    let read = || -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| format!("cannot be read ({error})");
        let metadata = fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err("is no file".to_owned());
        }
        if metadata.len() > MAX_FILE {
            return Err(format!("has more than {} MB", MAX_FILE / 1_000_000));
        }
        fs::read(path).map_err(failed)
    };
    read().map_err(|why| format!("{}: {why}", path.display()))
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
        let beside = old.path().parent().map(|it| OldFolder::at(it.to_owned()));
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
