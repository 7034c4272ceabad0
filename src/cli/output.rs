//! Where the files of a command go, and how they are written.
//!
//! A file is written under a temporary name in its folder and then renamed, so that no reader ever
//! finds half of it.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::exit::Failure;

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

/// Writes a file, or to standard output if there is no path.
pub(crate) fn write(path: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    let Some(path) = path else {
        return io::stdout().lock().write_all(bytes).map_err(|error| {
            Failure::new(format!("failed to write to standard output ({error})"))
        });
    };
    write_with(path, |file| {
        file.write_all(bytes).map_err(|error| write_failure(path, &error))
    })
}

/// Writes a file that `fill` produces piece by piece. If `fill` fails there is no file.
pub(crate) fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut fs::File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut file = temporary_file(path).map_err(|error| write_failure(path, &error))?;
    fill(file.as_file_mut())?;
    file.persist(path).map_err(|error| write_failure(path, &error.error))?;
    Ok(())
}

fn write_failure(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: failed to write the file ({error})", path.display()))
}

/// Creates a temporary file in the folder of `path`, and the folder if it is missing.
fn temporary_file(path: &Path) -> io::Result<tempfile::NamedTempFile> {
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
        // The mode of any new file, before the umask.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// A file name that no earlier call returned, with a number if need be. `taken` holds the names in
/// lower case, because some file systems do not tell `ada.pdf` from `Ada.pdf`.
pub(crate) fn unused_name(
    taken: &mut HashSet<String>,
    stem: &str,
    ending: &str,
) -> String {
    let mut name = format!("{stem}.{ending}");
    let mut number = 2;
    while !taken.insert(name.to_lowercase()) {
        name = format!("{stem}-{number}.{ending}");
        number += 1;
    }
    name
}

/// A text as part of a file name of at most `max_bytes` bytes: letters and digits of any script,
/// `_` and `.` stay, and each run of other characters becomes a hyphen.
pub(crate) fn file_stem(text: &str, max_bytes: usize) -> String {
    let mut stem = String::new();
    for c in text.chars() {
        if stem.len() + c.len_utf8() > max_bytes {
            break;
        }
        if c.is_alphanumeric() || "_.".contains(c) && !stem.is_empty() {
            stem.push(c);
        } else if !stem.ends_with('-') && !stem.is_empty() {
            stem.push('-');
        }
    }
    let stem = stem.trim_end_matches(['-', '.']);
    if stem.is_empty() { "certificate".to_owned() } else { stem.to_owned() }
}

fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_stem_keeps_letters_and_digits_only() {
        assert_eq!(
            file_stem("course-v1:ExampleX+CURL101+2026_T1", 80),
            "course-v1-ExampleX-CURL101-2026_T1"
        );
        assert_eq!(file_stem("../../etc/passwd", 80), "etc-passwd");
        assert_eq!(file_stem("سيف رمضان", 80), "سيف-رمضان");
        assert_eq!(file_stem("\"><script>", 80), "script");
        assert_eq!(file_stem("…", 80), "certificate");
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
