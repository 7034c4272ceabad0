//! A folder of a file system, such as a web server shows.
//!
//! A file is written beside the others, in a folder of our own below the root (hidden, and closed
//! to everybody else), synced, and then given its name: linked where there must be no other,
//! renamed where it replaces one. Whoever looks sees the old file or the new one.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::{Created, Store, StoreFile, Swapped};
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::hex;
use crate::base::path::StorePath;
use crate::site::settings::Readers;

/// Our own folder below the root: no [`StorePath`] leads there.
const WORKSHOP: &str = ".testamur";
/// Whoever holds this file of the workshop locked may compare and then write.
const LOCK: &str = "lock";
/// How files in the making end.
const STAGED: &str = ".new";
/// A file in the making that is older than this was left behind.
const STALE: Duration = Duration::from_secs(60 * 60);
/// How much room there must be for a store to be of use, in bytes: about a certificate's.
const ROOM: usize = 192 << 10;
/// How often a file's folder may be removed by others between its making and its use.
const MAX_TRIES: usize = 16;

/// A folder as a store.
///
/// Files below it that are symbolic links are read, but not listed.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
    readers: Readers,
}

impl Directory {
    /// The store in that folder, which is made when it is first written to, and whose files
    /// everybody on the machine can read.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), readers: Readers::default() }
    }

    /// The same for other readers, whatever the process's own mask says. It counts for the files
    /// and folders that are made from now on.
    pub fn with_readers(mut self, readers: Readers) -> Self {
        self.readers = readers;
        self
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn target(&self, path: &StorePath) -> PathBuf {
        self.root.join(path.as_str())
    }

    fn workshop(&self) -> PathBuf {
        self.root.join(WORKSHOP)
    }

    /// Writes and syncs a file that has no name yet.
    fn stage(&self, bytes: &[u8]) -> Result<Staged> {
        let workshop = self.workshop();
        let path = workshop.join(format!("{}{STAGED}", random_name()?));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = self.within(&workshop, Readers::Owner, || options.open(&path));
        let mut file = file.map_err(|cause| failed("write", &path, &cause))?;
        let staged = Staged(path);
        let mut write = || {
            file.write_all(bytes)?;
            #[cfg(unix)]
            file.set_permissions(permissions(self.readers.file_mode()))?;
            file.sync_all()
        };
        write().map_err(|cause| failed("write", &staged.0, &cause))?;
        Ok(staged)
    }

    /// Gives a staged file its name, which nobody has, or which somebody has if `over` them.
    fn place(&self, staged: &Staged, target: &Path, over: bool) -> Result<Created> {
        let folder = target.parent().unwrap_or(&self.root);
        let placed = self.within(folder, self.readers, || match over {
            true => fs::rename(&staged.0, target).map(|()| Created::New),
            false => self.link(staged, target),
        });
        let placed = placed.map_err(|cause| match target.is_dir() {
            true => is_folder(target),
            false => failed("write", target, &cause),
        })?;
        // If it exists, its maker may not have come as far as this.
        sync_folder(folder).map_err(|cause| failed("sync", folder, &cause))?;
        Ok(placed)
    }

    fn link(&self, staged: &Staged, target: &Path) -> io::Result<Created> {
        match fs::hard_link(&staged.0, target) {
            Ok(()) => Ok(Created::New),
            Err(cause) if is_absent(&cause) => Err(cause),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => exists(target),
            // No links on this file system.
            Err(_) => self.rename_if_absent(staged, target),
        }
    }

    /// What a link does, among those who lock.
    fn rename_if_absent(&self, staged: &Staged, target: &Path) -> io::Result<Created> {
        let _lock = self.lock()?;
        match fs::symlink_metadata(target) {
            Ok(_) => exists(target),
            Err(_) => fs::rename(&staged.0, target).map(|()| Created::New),
        }
    }

    /// Waits until nobody else compares and writes, here or on another machine.
    fn lock(&self) -> io::Result<File> {
        let workshop = self.workshop();
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options.open(workshop.join(LOCK))
        };
        let file = self.within(&workshop, Readers::Owner, open)?;
        file.lock()?;
        Ok(file)
    }

    /// Does what needs that folder, which is made if it is not there.
    fn within<T>(
        &self,
        folder: &Path,
        readers: Readers,
        act: impl Fn() -> io::Result<T>,
    ) -> io::Result<T> {
        for _ in 0..MAX_TRIES {
            match act() {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                    match self.make_folder(folder, readers) {
                        // Somebody removed the one above, which had become empty.
                        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                        other => other?,
                    }
                }
                other => return other,
            }
        }
        act()
    }

    fn make_folder(&self, folder: &Path, readers: Readers) -> io::Result<()> {
        if folder.as_os_str().is_empty() {
            return Ok(());
        }
        let made = DirBuilder::new().create(folder);
        match made {
            Ok(()) => {}
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let Some(above) = folder.parent() else { return Err(cause) };
                self.make_folder(above, self.readers)?;
                return self.make_folder(folder, readers);
            }
            Err(cause) => return Err(cause),
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // A group that the folder above hands on stays.
            let special = fs::metadata(folder)?.permissions().mode() & 0o7000;
            let mode = special | readers.folder_mode();
            fs::set_permissions(folder, permissions(mode))?;
        }
        match folder.parent() {
            Some(above) => sync_folder(above),
            None => Ok(()),
        }
    }

    fn walk(
        &self,
        folder: &Path,
        path: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let unreadable = |cause: io::Error| failed("list", folder, &cause);
        let entries = match fs::read_dir(folder) {
            Err(cause) if is_absent(&cause) => return Ok(()),
            entries => entries.map_err(unreadable)?,
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let below = match path {
                Some(path) => path.join(name),
                None => StorePath::parse(name),
            };
            let Ok(below) = below else { continue };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    self.walk(&entry.path(), Some(&below), found)?;
                }
                Ok(kind) if kind.is_file() => found(below)?,
                Ok(_) => {}
                Err(cause) if is_absent(&cause) => {}
                Err(cause) => return Err(unreadable(cause)),
            }
        }
        Ok(())
    }

    /// Removes what is older than `probe` by so much that nobody writes it any more. The file
    /// system's own clock is asked, which the machine's may differ from.
    fn sweep(&self, probe: &Staged) -> io::Result<()> {
        let now = fs::metadata(&probe.0)?.modified()?;
        for entry in fs::read_dir(self.workshop())? {
            let entry = entry?;
            let staged = entry.file_name().to_string_lossy().ends_with(STAGED);
            let modified = entry.metadata().and_then(|meta| meta.modified());
            let age =
                modified.ok().and_then(|modified| now.duration_since(modified).ok());
            if staged && age.is_some_and(|age| age > STALE) {
                // Another who sweeps may have been faster.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

impl Store for Directory {
    fn create(&self, file: &StoreFile<'_>) -> Result<Created> {
        let target = self.target(file.path);
        if fs::symlink_metadata(&target).is_ok_and(|meta| !meta.is_dir()) {
            // Who runs again finds most files there: no need to write them first.
            let folder = target.parent().unwrap_or(&self.root);
            sync_folder(folder).map_err(|cause| failed("sync", folder, &cause))?;
            return Ok(Created::Exists);
        }
        let staged = self.stage(file.bytes)?;
        self.place(&staged, &target, false)
    }

    fn replace(&self, file: &StoreFile<'_>) -> Result<()> {
        let staged = self.stage(file.bytes)?;
        self.place(&staged, &self.target(file.path), true).map(drop)
    }

    fn swap(&self, file: &StoreFile<'_>, was: &[u8]) -> Result<Swapped> {
        let target = self.target(file.path);
        let _lock = self.lock().map_err(|cause| failed("lock", &target, &cause))?;
        match self.read(file.path)? {
            Some(is) if is == was => {}
            _ => return Ok(Swapped::Changed),
        }
        self.replace(file).map(|()| Swapped::Done)
    }

    fn read(&self, path: &StorePath) -> Result<Option<Vec<u8>>> {
        let target = self.target(path);
        match fs::read(&target) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(cause) if is_absent(&cause) => Ok(None),
            Err(_) if target.is_dir() => Ok(None),
            Err(cause) => Err(failed("read", &target, &cause)),
        }
    }

    fn remove(&self, path: &StorePath) -> Result<()> {
        let target = self.target(path);
        match fs::remove_file(&target) {
            Ok(()) => {}
            Err(cause) if is_absent(&cause) => return Ok(()),
            Err(_) if target.is_dir() => return Ok(()),
            Err(cause) => return Err(failed("remove", &target, &cause)),
        }
        let folders =
            target.ancestors().skip(1).take_while(|folder| *folder != self.root);
        for folder in folders {
            sync_folder(folder).map_err(|cause| failed("sync", folder, &cause))?;
            // Its name may tell what was there. One that still holds something stays.
            if fs::remove_dir(folder).is_err() {
                return Ok(());
            }
        }
        sync_folder(&self.root).map_err(|cause| failed("sync", &self.root, &cause))
    }

    fn list(
        &self,
        folder: Option<&StorePath>,
        found: &mut dyn FnMut(StorePath) -> Result<()>,
    ) -> Result<()> {
        let top = folder.map_or_else(|| self.root.clone(), |path| self.target(path));
        self.walk(&top, folder, found)
    }

    fn check(&self) -> Result<()> {
        let probe = self.stage(&[0; ROOM])?;
        self.sweep(&probe).map_err(|cause| failed("list", &self.workshop(), &cause))?;
        // The workshop is our own; whether the root lets us write shows there only.
        let name = format!("{WORKSHOP}-{}", random_name()?);
        let target = Staged(self.root.join(name));
        self.place(&probe, &target.0, false).map(drop)
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder `{}`", self.root.display())
    }
}

impl Readers {
    #[cfg(unix)]
    fn file_mode(self) -> u32 {
        match self {
            Readers::Everybody => 0o644,
            Readers::Group => 0o640,
            Readers::Owner => 0o600,
        }
    }

    #[cfg(unix)]
    fn folder_mode(self) -> u32 {
        match self {
            Readers::Everybody => 0o755,
            Readers::Group => 0o750,
            Readers::Owner => 0o700,
        }
    }
}

/// A file in the making, which goes when it is dropped; what was linked to it stays.
#[derive(Debug)]
struct Staged(PathBuf);

impl Drop for Staged {
    fn drop(&mut self) {
        // It may have been renamed, and what cannot be removed now is swept later.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
fn permissions(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

fn random_name() -> Result<String> {
    let mut bytes = [0; 12];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Io, "the system gives no random numbers"))?;
    Ok(hex::lower(&bytes))
}

/// Of what is there, whether it is a file.
fn exists(target: &Path) -> io::Result<Created> {
    match target.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(Created::Exists),
    }
}

/// There is no such file, or what would be its folder is a file.
fn is_absent(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Makes the names in a folder outlast a failure of power.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Removed meanwhile, and whatever was in it.
        Err(cause) if is_absent(&cause) => Ok(()),
        // File systems that cannot, such as some over a network, do it by themselves or never.
        Err(cause)
            if matches!(
                cause.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn is_folder(target: &Path) -> Error {
    Error::new(ErrorKind::StoreRefused, "failed to write a file (there is a folder)")
        .at(Place::file(target.display().to_string()))
        .with_help("move the folder away, if it is not needed")
}

fn failed(what: &str, path: &Path, cause: &io::Error) -> Error {
    let (kind, help) = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::Store, "make room there, then run the same again")
        }
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::ResourceBusy
        | io::ErrorKind::StaleNetworkFileHandle
        | io::ErrorKind::TimedOut => {
            (ErrorKind::Store, "run the same again when it answers")
        }
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::StoreRefused, "let the user who runs this write and read there")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            (ErrorKind::StoreRefused, "mount it so that it can be written to")
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => (
            ErrorKind::StoreRefused,
            "a file stands where a folder is needed: move it away",
        ),
        io::ErrorKind::CrossesDevices => (
            ErrorKind::StoreRefused,
            "the folders of a store must be on one file system: mount nothing below its own",
        ),
        _ => (ErrorKind::Io, ""),
    };
    let error = Error::new(kind, format!("failed to {what} in a store ({cause})"))
        .at(Place::file(path.display().to_string()));
    if help.is_empty() { error } else { error.with_help(help) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_links_one_creates_too() {
        let folder = tempfile::tempdir().unwrap();
        let store = Directory::new(folder.path());
        let target = folder.path().join("file");
        let create = |text: &str| {
            let staged = store.stage(text.as_bytes()).unwrap();
            store.rename_if_absent(&staged, &target).unwrap()
        };
        let texts: Vec<String> = (0..16).map(|number| number.to_string()).collect();
        let made = std::thread::scope(|scope| {
            let threads: Vec<_> =
                texts.iter().map(|text| scope.spawn(|| create(text))).collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.collect::<Vec<_>>()
        });
        let winners: Vec<_> =
            made.iter().zip(&texts).filter(|(made, _)| **made == Created::New).collect();
        let [(_, winner)] = winners[..] else { panic!("{made:?}") };
        assert_eq!(fs::read_to_string(&target).unwrap(), *winner);
    }
}
