//! The folder of keys: numbered sets, secret files, and how they come and go.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::hex;

/// How secret files end.
const SECRET: &str = ".key.pem";
/// Larger than any file of keys.
const LARGEST: u64 = 1 << 20;

/// The folder that holds the sets.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The folder of a set.
    pub(super) fn set(&self, number: u32) -> PathBuf {
        self.0.join(number.to_string())
    }

    /// The numbers of the sets that are there, in order.
    pub(super) fn numbers(&self) -> Result<Vec<u32>> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Ok(Vec::new());
            }
            Err(cause) => return Err(failed("list the folder", &self.0, &cause)),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let entry =
                entry.map_err(|cause| failed("list the folder", &self.0, &cause))?;
            let name = entry.file_name();
            // Only names that this library writes: `7`, not `07`.
            let number = name.to_str().and_then(|name| name.parse::<u32>().ok());
            numbers.extend(number.filter(|number| *name == *number.to_string().as_str()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    pub(super) fn newest(&self) -> Result<Option<u32>> {
        Ok(self.numbers()?.pop())
    }

    /// Makes a set of these files: all of it appears at once, or nothing.
    pub(super) fn add(&self, number: u32, files: &[(&str, &[u8])]) -> Result<()> {
        make_folder(&self.0, true)?;
        let staged = self.0.join(format!(".{number}.new"));
        make_folder(&staged, false).map_err(|fault| match fault.kind() {
            ErrorKind::Exists => fault.with_help(format!(
                "somebody makes keys right now, or was interrupted; then remove `{}`",
                staged.display()
            )),
            _ => fault,
        })?;
        let fill = || -> Result<()> {
            for (name, bytes) in files {
                write_new(&staged.join(name), bytes)?;
            }
            let set = self.set(number);
            if set.exists() {
                return Err(exists(&set));
            }
            fs::rename(&staged, &set)
                .map_err(|cause| failed("make the folder", &set, &cause))
        };
        fill().inspect_err(|_| {
            // The first fault is the one to tell; what is left has a name that says so.
            let _ = fs::remove_dir_all(&staged);
        })
    }

    /// Makes a secret file beside the sets, unless somebody was faster; gives what it holds then.
    pub(super) fn add_secret(
        &self,
        name: &str,
        text: &str,
    ) -> Result<Zeroizing<Vec<u8>>> {
        make_folder(&self.0, true)?;
        let path = self.0.join(name);
        let staged = self.0.join(format!(".{name}.{}{SECRET}", staging_number()?));
        write_new(&staged, text.as_bytes())?;
        // Unlike a rename, a link never takes the place of a file that is there.
        let linked = fs::hard_link(&staged, &path);
        let removed = fs::remove_file(&staged);
        match linked {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("write the file", &path, &cause));
            }
            _ => removed.map_err(|cause| failed("remove the file", &staged, &cause))?,
        }
        read(&path)
    }

    /// Removes the secret files of a set.
    pub(super) fn retire(&self, number: u32) -> Result<()> {
        for path in self.secrets(number)? {
            fs::remove_file(&path)
                .map_err(|cause| failed("remove the file", &path, &cause))?;
        }
        Ok(())
    }

    /// A warning for each secret file that others than its owner can read.
    pub(super) fn open_secrets(&self, number: u32) -> Result<Vec<Warning>> {
        let secrets =
            self.secrets(number)?.into_iter().filter(|path| others_can_read(path));
        let warn = |path: PathBuf| {
            let file = path.display().to_string();
            Warning::new(ErrorKind::Key, "others than its owner can read this secret key")
                .at(Place::file(&file))
                .with_help(format!("take that away: chmod 600 {file}"))
        };
        Ok(secrets.map(warn).collect())
    }

    fn secrets(&self, number: u32) -> Result<Vec<PathBuf>> {
        let set = self.set(number);
        let entries = fs::read_dir(&set)
            .map_err(|cause| failed("list the folder", &set, &cause))?;
        let paths = entries.flatten().map(|entry| entry.path());
        let mut secrets: Vec<PathBuf> =
            paths.filter(|path| path.to_string_lossy().ends_with(SECRET)).collect();
        secrets.sort();
        Ok(secrets)
    }
}

/// Reads a file whose content may be a secret.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    read_if(path)?.ok_or_else(|| {
        Error::new(ErrorKind::MissingFile, "there is no such file")
            .at(Place::file(path.display().to_string()))
            .with_help("restore it from a copy, or make new keys: testamur key rotate")
    })
}

/// Reads a file, if it is there.
pub(super) fn read_if(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let unreadable = |cause: io::Error| failed("read the file", path, &cause);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unreadable(cause)),
    };
    // All of it at once: a buffer that grows would leave copies behind.
    let length = file.metadata().map_err(unreadable)?.len().min(LARGEST) as usize;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    file.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Some(bytes))
}

/// Gives a fault the file as its place.
pub(super) fn at<T>(path: &Path, result: Result<T>) -> Result<T> {
    result.map_err(|fault| fault.at(Place::file(path.display().to_string())))
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let secret = path.to_string_lossy().ends_with(SECRET);
        options.mode(if secret { 0o600 } else { 0o644 });
    }
    let write = || -> io::Result<()> {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|cause| failed("write the file", path, &cause))
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
        _ => failed("make the folder", path, &cause),
    })
}

/// A number that no other process takes at the same time.
fn staging_number() -> Result<String> {
    let mut bytes = [0; 8];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Key, "the machine gives no random numbers"))?;
    Ok(hex::lower(&bytes))
}

fn exists(path: &Path) -> Error {
    Error::new(ErrorKind::Exists, format!("`{}` is there already", path.display()))
}

fn failed(what: &str, path: &Path, cause: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("failed to {what} ({cause})"))
        .at(Place::file(path.display().to_string()))
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &Path) -> bool {
    false
}
