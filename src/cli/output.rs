//! Where the files of a command go, and how they are written.
//!
//! A file is written under a temporary name in its folder and then renamed, so that no reader ever
//! finds half of it.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::register::batch::{file_stem, unused_name};

/// The folder for drafts if `--output` is not given.
const DEFAULT_FOLDER: &str = "drafts";

/// Where the files of one command go.
pub(crate) enum Output {
    /// Standard output, for a single file.
    Standard,
    /// This path, for a single file.
    File(PathBuf),
    /// A folder, in which each file is named by course and recipient; `taken` is for
    /// [`unused_name`].
    Folder { folder: PathBuf, taken: HashSet<String> },
}

impl Output {
    /// Reads `--output`. `single` says that the command writes exactly one file.
    ///
    /// A path with an extension is a file unless there is such a folder. Without one it is a folder
    /// if it exists or ends in a slash; for a single certificate it is else a file.
    pub(crate) fn new(named: Option<&Path>, single: bool) -> Result<Self, Failure> {
        let folder = |folder: &Path| Self::Folder {
            folder: folder.to_owned(),
            taken: HashSet::new(),
        };
        let Some(path) = named else { return Ok(folder(Path::new(DEFAULT_FOLDER))) };
        let is_standard = path.as_os_str() == "-";
        let is_file = is_standard || (path.extension().is_some() && !path.is_dir());
        let is_folder = path.is_dir() || ends_in_slash(path);
        if single && is_standard {
            Ok(Self::Standard)
        } else if single && (is_file || !is_folder) {
            Ok(Self::File(path.to_owned()))
        } else if !single && is_file && !ends_in_slash(path) {
            Err(Failure::usage(format!(
                "several certificates do not fit into one file `{}`\nhelp: name a folder, such \
                 as `drafts/`",
                path.display()
            )))
        } else {
            Ok(folder(path))
        }
    }

    /// The path of the next file, or `None` for standard output.
    pub(crate) fn path(
        &mut self,
        course: &str,
        name: &str,
        ending: &str,
    ) -> Option<PathBuf> {
        match self {
            Self::Standard => None,
            Self::File(path) => Some(path.clone()),
            Self::Folder { folder, taken } => {
                let stem = format!("{}-{}", file_stem(course, 80), file_stem(name, 120));
                Some(folder.join(unused_name(taken, &stem, ending)))
            }
        }
    }
}

/// Refuses an output file that the command also reads.
pub(crate) fn keep_input(
    argument: &str,
    file: &Path,
    input: &Path,
) -> Result<(), Failure> {
    let canonical = |path: &Path| path.canonicalize().ok();
    match (canonical(file), canonical(input)) {
        (Some(file), Some(input)) if file == input => Err(Failure::usage(format!(
            "{argument} `{}` would overwrite what is read\nhelp: name another file",
            input.display()
        ))),
        _ => Ok(()),
    }
}

/// Endings that promise a format.
const FORMAT_ENDINGS: [&str; 6] = ["pdf", "png", "svg", "json", "jpg", "jpeg"];

/// Refuses a file name whose ending does not fit the format, or that is the name of another
/// existing file.
pub(crate) fn check_ending(
    argument: &str,
    file: &Path,
    endings: &[&str],
) -> Result<(), Failure> {
    let Some(ending) = file.extension() else { return Ok(()) };
    let is_of =
        |endings: &[&str]| endings.iter().any(|it| ending.eq_ignore_ascii_case(it));
    if is_of(endings) || !is_of(&FORMAT_ENDINGS) && !file.exists() {
        return Ok(());
    }
    let list = endings.join(" or .");
    Err(Failure::usage(format!(
        "`{}` does not end in .{list}, and would be written as that\nhelp: {argument} FILE.{}",
        file.display(),
        endings[0]
    )))
}

/// Writes a file, or to standard output if there is no path.
pub(crate) fn write(path: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    let Some(path) = path else {
        return io::stdout().lock().write_all(bytes).map_err(|error| {
            Failure::new(format!("failed to write to standard output ({error})"))
        });
    };
    Staged::of_bytes(path, bytes)?.persist()
}

/// Writes a file about many recipients, which its owner alone can read, and which `fill` produces piece by
/// piece. If `fill` fails there is no file.
pub(crate) fn write_private_with(
    path: &Path,
    fill: impl FnOnce(&mut fs::File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    Staged::new(path, 0o600, fill)?.persist()
}

/// A file that is written whole, under a temporary name in its folder.
struct Staged {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

impl Staged {
    fn new(
        path: &Path,
        mode: u32,
        fill: impl FnOnce(&mut fs::File) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let file = temporary_file(path, narrowed(mode, path));
        let mut file = file.map_err(|error| write_failure(path, &error))?;
        let name = path.display().to_string();
        fill(file.as_file_mut()).map_err(|failure| {
            if failure.message.starts_with(&name) {
                failure
            } else {
                Failure { message: format!("{name}: {}", failure.message), ..failure }
            }
        })?;
        Ok(Self { file, path: path.to_owned() })
    }

    fn of_bytes(path: &Path, bytes: &[u8]) -> Result<Self, Failure> {
        // The mode of any new file, before the umask.
        Self::new(path, 0o666, |file| {
            file.write_all(bytes).map_err(|error| write_failure(path, &error))
        })
    }

    fn persist(self) -> Result<(), Failure> {
        let Self { file, path } = self;
        file.persist(&path).map_err(|error| write_failure(&path, &error.error))?;
        Ok(())
    }
}

/// Writes a file, and a second one that says something of it, or removes the one that said it of the file
/// before. At no moment does the second stand beside another file than its own.
pub(crate) fn write_with_second(
    path: &Path,
    bytes: &[u8],
    second_path: &Path,
    second: Option<&[u8]>,
) -> Result<(), Failure> {
    let first = Staged::of_bytes(path, bytes)?;
    let second =
        second.map(|second| Staged::of_bytes(second_path, second)).transpose()?;
    match fs::remove_file(second_path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(write_failure(second_path, &error));
        }
        _ => {}
    }
    first.persist()?;
    second.map_or(Ok(()), Staged::persist)
}

/// Checks that `path` can be written, before the work begins.
pub(crate) fn check_writable(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::usage(format!(
            "`{}` is a folder\nhelp: name a file in it",
            path.display()
        )));
    }
    let made = temporary_file(path, 0o600).map(drop);
    made.map_err(|error| {
        let failure = write_failure(path, &error);
        let help = "help: name a file in a folder that can be written";
        Failure { message: format!("{}\n{help}", failure.message), ..failure }
    })
}

/// A mode without what the file that is replaced does not allow: who made it private keeps it so.
#[cfg(unix)]
fn narrowed(mode: u32, path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).map_or(mode, |replaced| mode & replaced.permissions().mode())
}

#[cfg(not(unix))]
fn narrowed(mode: u32, _: &Path) -> u32 {
    mode
}

fn write_failure(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: failed to write the file ({error})", path.display()))
}

/// Creates a temporary file in the folder of `path`, and the folder if it is missing.
#[cfg_attr(not(unix), allow(unused_variables, reason = "modes are Unix's"))]
fn temporary_file(path: &Path, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".testamur-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    builder.tempfile_in(folder)
}

/// Whether a path says that it is a folder.
pub(crate) fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn file_that_was_private_stays_so() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pdf");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        write(Some(&path), b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        write(Some(&path), b"two").unwrap();
        assert_eq!((mode(), fs::read(&path).unwrap()), (0o600, b"two".to_vec()));
        write_with_second(&path, b"three", &folder.path().join("b"), None).unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn second_file_is_never_beside_another_than_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (pdf, signature) = (path("a.pdf"), path("a.pdf.sig"));
        write_with_second(&pdf, b"one", &signature, Some(b"of one")).unwrap();
        assert_eq!(fs::read(&signature).unwrap(), b"of one");
        // Without a signature of its own it gets none.
        write_with_second(&pdf, b"two", &signature, None).unwrap();
        assert!(!signature.exists());
        // If the second cannot be written the first stays as it was.
        fs::create_dir(&signature).unwrap();
        write_with_second(&pdf, b"three", &signature, Some(b"of three")).unwrap_err();
        assert_eq!(fs::read(&pdf).unwrap(), b"two");
    }

    #[test]
    fn recipients_with_the_same_name_get_files_of_their_own() {
        let output = Output::new(Some(Path::new("out")), false);
        let Ok(mut output) = output else { panic!("a folder") };
        let first = output.path("c", "Ada", "pdf");
        let second = output.path("c", "ADA", "pdf");
        assert_eq!(first, Some(PathBuf::from("out/c-Ada.pdf")));
        assert_eq!(second, Some(PathBuf::from("out/c-ADA-2.pdf")));
    }
}
