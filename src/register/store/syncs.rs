//! Syncs files so that they survive a power failure, and counts the syncs.
//!
//! The decision made here: a whole file system is synced only if that call is known to wait for the
//! disk and to report failed writes. Otherwise each file and each folder is synced by itself.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Syncs files, folders and file systems, and counts how often. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Syncs(Arc<AtomicU64>);

impl Syncs {
    /// How often the system was asked to sync something.
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes the content of a file outlast a power failure.
    pub(super) fn sync_file(&self, file: &File) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        file.sync_all()
    }

    /// Makes the names in a folder outlast a power failure.
    #[cfg(unix)]
    pub(super) fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match File::open(folder).and_then(|folder| self.sync_file(&folder)) {
            // Another process removed the folder with all that was in it.
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(())
            }
            // File systems without this operation, such as some network ones, sync by themselves
            // or not at all.
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
    pub(super) fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Makes all that was written to a file system since it was opened outlast a power failure.
    pub(super) fn sync_file_system(&self, system: &FileSystem) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        system.sync()
    }
}

/// A file system that can be synced whole. It is opened before anything is written, because the
/// system reports failed writes only to handles that were open then.
#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "no other system tells enough of what it syncs")
)]
pub(super) struct FileSystem {
    folder: File,
    /// Its number, if it keeps the order of moves across a power failure.
    pub(super) ordered: Option<u64>,
}

impl FileSystem {
    /// The file system of a folder, or `None` if it cannot be synced whole.
    #[cfg(target_os = "linux")]
    pub(super) fn open(folder: &Path) -> io::Result<Option<Self>> {
        use std::os::unix::fs::MetadataExt;
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = File::open(folder)?;
        let kind = rustix::fs::fstatfs(&folder)?.f_type;
        let known = linux::SYNCED_WHOLE.iter().find(|(known, ..)| *known == kind as u64);
        let is_told = linux::tells_of_failed_writes(rustix::system::uname().release());
        let Some((.., keeps_order)) = known.filter(|_| is_told) else { return Ok(None) };
        let ordered = keeps_order.then_some(folder.metadata()?.dev());
        Ok(Some(Self { folder, ordered }))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn open(_: &Path) -> io::Result<Option<Self>> {
        Ok(None)
    }

    #[cfg(target_os = "linux")]
    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.folder)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn sync(&self) -> io::Result<()> {
        self.folder.sync_all()
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::CStr;

    /// The file systems whose `syncfs` waits until all is on the disk, by their numbers in
    /// statfs(2), and whether each keeps the order of renames and links by its journal. Btrfs and
    /// ZFS do so only as long as no process syncs one of the files by itself. FUSE and network file
    /// systems are not among them: the call does not reach their server.
    pub(super) const SYNCED_WHOLE: [(u64, &str, bool); 8] = [
        (0xef53, "ext4", true),
        (0x5846_5342, "xfs", true),
        (0x9123_683e, "btrfs", false),
        (0x2fc1_2fc1, "zfs", false),
        (0x0102_1994, "tmpfs", true),
        (0xf2f5_2010, "f2fs", false),
        (0xca45_1a4e, "bcachefs", false),
        (0x794c_7630, "overlay", false),
    ];

    /// Whether `syncfs` reports failed writes, which it does since Linux 5.8.
    pub(super) fn tells_of_failed_writes(release: &CStr) -> bool {
        let release = release.to_string_lossy();
        let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
        let mut number = || numbers.next().and_then(|digits| digits.parse::<u32>().ok());
        number().zip(number()).is_some_and(|version| version >= (5, 8))
    }

    #[test]
    fn kernel_that_hides_failed_writes_is_known_by_its_release() {
        for (release, tells) in [
            (c"4.18.0-553.el8_10.x86_64", false),
            (c"5.7.19", false),
            (c"5.8.0", true),
            (c"5.15.167.4-microsoft-standard-WSL2", true),
            (c"6.1.0-28-amd64", true),
            (c"unknown", false),
        ] {
            assert_eq!(tells_of_failed_writes(release), tells, "{release:?}");
        }
    }
}
