//! How files of people were read: what a person chose for their columns holds for the next file with these
//! columns, and the same file is read as it was.
//!
//! The decision made here: it is written into the folder of the site before certificates are issued, because
//! a run that goes on tomorrow must not read a column otherwise. It has headers and no value of a row.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files;
use crate::base::error::{Error, ErrorKind, Place, Result};

/// The file in the folder of the site. Its name is hidden: it is no part of the site.
const FILE: &str = ".studio.json";
/// What a file that cannot be read is called from then on.
const DAMAGED: &str = ".studio.damaged.json";
/// How many files are remembered, and how many bytes that takes.
const MAX_KEPT: usize = 50;
const MAX_BYTES: u64 = 2 << 20;

/// How a file was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptReading {
    /// The SHA-256 of the file.
    pub(super) sha256: String,
    /// What was chosen for the file as a whole, as the page asks for it.
    pub(super) wish: Value,
    pub(super) columns: Vec<KeptColumn>,
}

/// What a column was read as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptColumn {
    pub(super) header: String,
    #[serde(rename = "use")]
    pub(super) used_as: String,
    /// Whether a person chose it, and it is not what the header means.
    pub(super) is_chosen: bool,
}

/// The files that were read, the last one at the end.
#[derive(Debug)]
pub(super) struct Readings {
    path: PathBuf,
    kept: Mutex<Option<Vec<KeptReading>>>,
    /// Whether the file is there and cannot be read: then it is moved before another one is written.
    is_damaged: AtomicBool,
}

impl Readings {
    pub(super) fn new(folder: &std::path::Path) -> Self {
        let is_damaged = AtomicBool::new(false);
        Self { path: folder.join(FILE), kept: Mutex::default(), is_damaged }
    }

    /// How the file with this checksum was read.
    pub(super) fn of_file(&self, sha256: &str) -> Option<KeptReading> {
        self.with(|kept| kept.iter().rev().find(|it| it.sha256 == sha256).cloned())
    }

    /// What was chosen last for a column of this name, in any file.
    pub(super) fn chosen(&self, header: &str) -> Option<String> {
        self.with(|kept| {
            let columns = kept.iter().rev().flat_map(|it| &it.columns);
            let mut same = columns.filter(|it| it.header == header);
            same.next().filter(|it| it.is_chosen).map(|it| it.used_as.clone())
        })
    }

    /// Remembers how a file is read, while the studio runs.
    pub(super) fn note(&self, reading: KeptReading) {
        self.with(|kept| {
            kept.retain(|it| it.sha256 != reading.sha256);
            kept.push(reading);
            let excess = kept.len().saturating_sub(MAX_KEPT);
            kept.drain(..excess);
        });
    }

    /// Writes what is remembered: of the files that were read last as many as the file has room for.
    ///
    /// # Errors
    /// The file cannot be written, or the last reading alone is too large for it.
    pub(super) fn save(&self) -> Result<()> {
        let text = self.with(|kept| {
            let size_of =
                |it: &KeptReading| serde_json::to_vec(it).map_or(0, |it| it.len() + 1);
            let mut size: usize = kept.iter().map(size_of).sum();
            let mut excess = 0;
            while size + 2 > MAX_BYTES as usize && excess < kept.len() {
                size -= size_of(&kept[excess]);
                excess += 1;
            }
            if excess > 0 && excess == kept.len() {
                let message = "the columns of this file are too many to be remembered";
                return Err(Error::new(ErrorKind::TooLarge, message)
                    .with_help("remove the columns that are not needed"));
            }
            kept.drain(..excess);
            Ok(serde_json::to_vec(kept).unwrap_or_default())
        })?;
        if self.is_damaged.swap(false, Ordering::Relaxed) {
            let beside = self.path.with_file_name(DAMAGED);
            fs::rename(&self.path, beside).map_err(|cause| {
                Error::caused(ErrorKind::Io, "failed to move the damaged file", cause)
                    .at(Place::file(FILE))
            })?;
        }
        files::write(&self.path, FILE, &text)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<KeptReading>) -> T) -> T {
        let mut kept: MutexGuard<'_, _> =
            self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        act(kept.get_or_insert_with(|| self.load()))
    }

    /// What was written. A file that is damaged, or a link, has nothing: then columns are guessed anew, and
    /// the file is kept under another name.
    fn load(&self) -> Vec<KeptReading> {
        let read = || -> io::Result<Vec<KeptReading>> {
            let metadata = fs::symlink_metadata(&self.path)?;
            if !metadata.is_file() || metadata.len() > MAX_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            Ok(serde_json::from_slice(&fs::read(&self.path)?)?)
        };
        read().unwrap_or_else(|cause| {
            let is_there = cause.kind() != io::ErrorKind::NotFound;
            self.is_damaged.store(is_there, Ordering::Relaxed);
            Vec::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(sha256: &str, is_chosen: bool) -> KeptReading {
        let column = KeptColumn {
            header: "Foto".into(),
            used_as: "extra.photo".into(),
            is_chosen,
        };
        KeptReading { sha256: sha256.into(), wish: Value::Null, columns: vec![column] }
    }

    #[test]
    fn choices_are_found_by_the_next_studio() {
        let folder = tempfile::tempdir().unwrap();
        let readings = Readings::new(folder.path());
        readings.note(reading("one", true));
        readings.save().unwrap();
        let next = Readings::new(folder.path());
        assert_eq!(next.of_file("one"), Some(reading("one", true)));
        assert_eq!(next.chosen("Foto").as_deref(), Some("extra.photo"));
        assert_eq!((next.of_file("two"), next.chosen("foto")), (None, None));
        // The last file says otherwise.
        next.note(reading("two", false));
        assert_eq!(next.chosen("Foto"), None);
        for number in 0..MAX_KEPT {
            next.note(reading(&number.to_string(), true));
        }
        assert_eq!(next.of_file("two"), None);
        fs::write(folder.path().join(FILE), "{").unwrap();
        let damaged = Readings::new(folder.path());
        assert_eq!(damaged.chosen("Foto"), None);
        damaged.save().unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(DAMAGED)).unwrap(), "{");
    }

    #[test]
    fn readings_of_wide_files_are_remembered_as_far_as_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let readings = Readings::new(folder.path());
        for number in 0..MAX_KEPT {
            let mut wide = reading(&number.to_string(), true);
            wide.columns[0].header = "x".repeat(60_000);
            readings.note(wide);
        }
        readings.save().unwrap();
        let next = Readings::new(folder.path());
        assert!(next.of_file(&(MAX_KEPT - 1).to_string()).is_some());
        assert!(next.of_file("0").is_none());
        let mut huge = reading("huge", true);
        huge.columns[0].header = "x".repeat(MAX_BYTES as usize);
        readings.note(huge);
        assert!(readings.save().is_err());
    }
}
