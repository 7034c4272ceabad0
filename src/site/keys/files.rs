//! The files in the folder of keys: their names, and how sets and secret files are added and
//! removed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::random;
use crate::base::timestamp::Timestamp;
use crate::site::secret_mode::warn_if_readable;

pub(super) const ROOT_FILE: &str = "root.pem";
pub(super) const ROOT_KEY_FILE: &str = "root.key.pem";
pub(super) const ROOT_CRL_FILE: &str = "root.crl";
pub(super) const SEAL_FILE: &str = "seal.pem";
pub(super) const SEAL_KEY_FILE: &str = "seal.key.pem";
pub(super) const PGP_FILE: &str = "openpgp.asc";
pub(super) const PGP_KEY_FILE: &str = "openpgp.key.pem";
pub(super) const ID_SECRET_FILE: &str = "id.secret";
/// What stands before the time in the note of a root that retired.
pub(super) const RETIRED: &str = "Retired: ";

/// How the names of secret files end.
const SECRET_SUFFIX: &str = ".key.pem";
/// The most certificates that one key may have had, one after the other.
const MAX_EARLIER_LEAVES: usize = 100;
/// The most bytes that are read of a file.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The folder that holds the sets of keys.
#[derive(Debug)]
pub(super) struct KeyFolder(PathBuf);

impl KeyFolder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Returns the folder of a set.
    pub(super) fn set_folder(&self, number: u32) -> PathBuf {
        self.0.join(number.to_string())
    }

    /// Returns the numbers of the existing sets, in order.
    pub(super) fn numbers(&self) -> Result<Vec<u32>> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Ok(Vec::new());
            }
            Err(cause) => return Err(failed("list the folder", &self.0, cause)),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let entry =
                entry.map_err(|cause| failed("list the folder", &self.0, cause))?;
            let name = entry.file_name();
            // Folders of other names, such as `07`, are not sets.
            let number = name.to_str().and_then(|name| name.parse::<u32>().ok());
            numbers.extend(number.filter(|number| *name == *number.to_string().as_str()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns the number of the current set.
    pub(super) fn newest(&self) -> Result<Option<u32>> {
        Ok(self.numbers()?.pop())
    }

    /// Adds a set of these files. It appears as a whole, or not at all.
    pub(super) fn add(&self, number: u32, files: &[(&str, &[u8])]) -> Result<()> {
        make_folder(&self.0, true)?;
        let staged = self.0.join(format!(".{number}.new"));
        make_folder(&staged, false).map_err(|fault| match fault.kind() {
            ErrorKind::Exists => fault.with_help(format!(
                "if no other process is making keys, one was interrupted: remove `{}`",
                staged.display()
            )),
            _ => fault,
        })?;
        let fill = || -> Result<()> {
            for (name, bytes) in files {
                write_new(&staged.join(name), bytes)?;
            }
            let set = self.set_folder(number);
            if set.exists() {
                return Err(exists(&set));
            }
            fs::rename(&staged, &set)
                .map_err(|cause| failed("make the folder", &set, cause))
        };
        fill().inspect_err(|_| {
            // The first error is returned. Files that cannot be removed are in a hidden folder,
            // which is not a set.
            let _ = fs::remove_dir_all(&staged);
        })
    }

    /// Adds the files that a set lacks.
    pub(super) fn complete(&self, number: u32, files: &[(&str, &[u8])]) -> Result<()> {
        let set = self.set_folder(number);
        files.iter().try_for_each(|(name, bytes)| write_new(&set.join(name), bytes))
    }

    /// Writes a file of a set over the one that is there, by rename.
    pub(super) fn replace(&self, number: u32, name: &str, bytes: &[u8]) -> Result<()> {
        let set = self.set_folder(number);
        let staged = set.join(format!(".{name}.{}", random::name()?));
        let path = set.join(name);
        write_new(&staged, bytes)?;
        fs::rename(&staged, &path).map_err(|cause| {
            let _ = fs::remove_file(&staged);
            failed("write the file", &path, cause)
        })
    }

    /// Returns the names of the files of a set with certificates that sealed with its key before,
    /// the newest first: `seal-2.pem`, `seal-1.pem`.
    pub(super) fn earlier_leaves(&self, number: u32) -> Result<Vec<String>> {
        let set = self.set_folder(number);
        let mut names = Vec::new();
        for count in 1..=MAX_EARLIER_LEAVES {
            let name = format!("seal-{count}.pem");
            if !set.join(&name).is_file() {
                break;
            }
            names.insert(0, name);
        }
        Ok(names)
    }

    /// Adds a secret file to the folder, and returns its content: that of another process, if that
    /// process added the file first.
    pub(super) fn add_secret(
        &self,
        name: &str,
        text: &str,
    ) -> Result<Zeroizing<Vec<u8>>> {
        make_folder(&self.0, true)?;
        let path = self.0.join(name);
        let staged = self.0.join(format!(".{name}.{}{SECRET_SUFFIX}", random::name()?));
        write_new(&staged, text.as_bytes())?;
        // Unlike a rename, a link never replaces an existing file.
        let linked = fs::hard_link(&staged, &path);
        let removed = fs::remove_file(&staged);
        match linked {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("write the file", &path, cause));
            }
            _ => removed.map_err(|cause| failed("remove the file", &staged, cause))?,
        }
        read(&path)
    }

    /// Adds a file beside the sets, by its path in the folder. Only its owner can read it.
    #[cfg(feature = "cli")]
    pub(super) fn add_other(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            make_folder(parent, true)?;
        }
        write_with_mode(&path, bytes, true)
    }

    /// Removes the secret files of a set.
    pub(super) fn retire(&self, number: u32) -> Result<()> {
        for path in self.secrets(number)? {
            match fs::remove_file(&path) {
                // Another process finishes the same rotation.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                removed => {
                    removed.map_err(|cause| failed("remove the file", &path, cause))?;
                }
            }
        }
        Ok(())
    }

    /// Whether a set has secret files.
    pub(super) fn has_secrets(&self, number: u32) -> Result<bool> {
        Ok(!self.secrets(number)?.is_empty())
    }

    /// Returns a warning for each secret file that other users than its owner can read.
    pub(super) fn open_secrets(&self, number: u32) -> Result<Vec<Warning>> {
        let secrets = self.secrets(number)?;
        let warn = |path: &PathBuf| warn_if_readable(path, "secret key");
        Ok(secrets.iter().filter_map(warn).collect())
    }

    fn secrets(&self, number: u32) -> Result<Vec<PathBuf>> {
        let set = self.set_folder(number);
        let entries =
            fs::read_dir(&set).map_err(|cause| failed("list the folder", &set, cause))?;
        let paths = entries.flatten().map(|entry| entry.path());
        let mut secrets: Vec<PathBuf> = paths
            .filter(|path| path.to_string_lossy().ends_with(SECRET_SUFFIX))
            .collect();
        secrets.sort();
        Ok(secrets)
    }
}

/// Reads a file, whose content may be secret. A missing file is an error.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    read_if_exists(path)?.ok_or_else(|| {
        Error::new(ErrorKind::MissingFile, "there is no such file")
            .at(Place::file(path.display().to_string()))
            .with_help("restore it from a copy, or make new keys: testamur key rotate")
    })
}

/// Reads a file; `None` if it does not exist.
pub(super) fn read_if_exists(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let unreadable = |cause: io::Error| failed("read the file", path, cause);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unreadable(cause)),
    };
    // One buffer of the whole size: a buffer that grows leaves copies of the secret in memory.
    let length = file.metadata().map_err(unreadable)?.len().min(MAX_FILE_BYTES) as usize;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Some(bytes))
}

/// A public part with one more note in front of it. Readers of PEM and of ASCII armor skip notes
/// (RFC 7468, 2).
pub(super) fn with_note(text: &[u8], note: &str) -> Vec<u8> {
    [note.as_bytes(), b"\n", text].concat()
}

/// A public part without the notes in front of it.
pub(super) fn without_notes(text: &[u8]) -> &[u8] {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let at = text.windows(BEGIN.len()).position(|window| window == BEGIN);
    &text[at.unwrap_or(0)..]
}

/// Whether the notes in front of a public part name its successor.
pub(super) fn is_replaced(text: &[u8]) -> bool {
    let notes = &text[..text.len() - without_notes(text).len()];
    notes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"Replaced-By: "))
}

/// When the certificate of a public part retired, as the note in front of it says.
pub(crate) fn retired_on(text: &[u8]) -> Option<Timestamp> {
    let notes = &text[..text.len() - without_notes(text).len()];
    let lines = str::from_utf8(notes).ok()?.lines();
    let told = lines.filter_map(|line| line.strip_prefix(RETIRED));
    told.filter_map(|time| Timestamp::parse(time.trim()).ok()).min()
}

/// Sets the file as the place of an error.
pub(super) fn place_in<T>(path: &Path, result: Result<T>) -> Result<T> {
    result.map_err(|fault| fault.at(Place::file(path.display().to_string())))
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let is_secret = path.to_string_lossy().ends_with(SECRET_SUFFIX);
    write_with_mode(path, bytes, is_secret)
}

#[cfg_attr(not(unix), allow(unused_variables, reason = "modes are Unix's"))]
fn write_with_mode(path: &Path, bytes: &[u8], is_secret: bool) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if is_secret { 0o600 } else { 0o644 });
    }
    let write = || -> io::Result<()> {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|cause| failed("write the file", path, cause))
}

fn make_folder(path: &Path, may_exist: bool) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(may_exist);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => failed("make the folder", path, cause),
    })
}

fn exists(path: &Path) -> Error {
    Error::new(ErrorKind::Exists, format!("`{}` is there already", path.display()))
}

pub(super) fn failed(what: &str, path: &Path, cause: io::Error) -> Error {
    Error::caused(ErrorKind::Io, format!("failed to {what}"), cause)
        .at(Place::file(path.display().to_string()))
}
