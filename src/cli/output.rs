//! Where the files of a command go, and how they are written.
//!
//! A file is written under a temporary name in its folder and then renamed, so that no reader ever
//! finds half of it.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

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
fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut fs::File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // The mode of any new file, before the umask.
    write_in_mode(path, 0o666, fill)
}

/// As [`write_with`], for a file about many recipients, which its owner alone can read.
pub(crate) fn write_private_with(
    path: &Path,
    fill: impl FnOnce(&mut fs::File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    write_in_mode(path, 0o600, fill)
}

fn write_in_mode(
    path: &Path,
    mode: u32,
    fill: impl FnOnce(&mut fs::File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let file = temporary_file(path, mode);
    let mut file = file.map_err(|error| write_failure(path, &error))?;
    fill(file.as_file_mut())?;
    file.persist(path).map_err(|error| write_failure(path, &error.error))?;
    Ok(())
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

/// A text as part of a file name of at most `max_bytes` bytes, in NFC: letters, marks and digits of
/// any script, `_` and `.` stay, and each run of other characters becomes a hyphen. Characters
/// without a form of their own, such as joiners, are left out. A name that Windows has for a device
/// gets a `_`.
pub(crate) fn file_stem(text: &str, max_bytes: usize) -> String {
    let text: String = text.nfc().collect();
    let mut stem = String::new();
    for letter in text.graphemes(true) {
        // A letter keeps all its marks, or goes with them.
        let kept: String = letter.chars().filter(|c| is_of_name(*c)).collect();
        let is_begun = !stem.is_empty();
        let begins = kept
            .starts_with(|c: char| c.is_alphanumeric() || is_begun && "_.".contains(c));
        let part = if begins {
            kept.as_str()
        } else if letter.chars().all(is_joiner) || !is_begun || stem.ends_with('-') {
            ""
        } else {
            "-"
        };
        if stem.len() + part.len() > max_bytes {
            break;
        }
        stem.push_str(part);
    }
    let stem = stem.trim_end_matches(['-', '.']);
    let base = stem.split('.').next().unwrap_or_default().to_ascii_uppercase();
    match stem {
        "" => "certificate".to_owned(),
        _ if is_device(&base) => format!("_{stem}"),
        _ => stem.to_owned(),
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || "_.".contains(c)
}

/// Zero-width joiners, non-joiners and the like.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Whether Windows has the name for a device, whatever its extension.
fn is_device(base: &str) -> bool {
    let numbered = |prefix| {
        let number = base.strip_prefix(prefix).unwrap_or_default();
        matches!(
            number,
            "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
        )
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&base)
        || numbered("COM")
        || numbered("LPT")
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
        assert_eq!(file_stem("Ada ... ", 80), "Ada");
    }

    #[test]
    fn file_stem_keeps_the_marks_of_every_script() {
        for (name, expected) in [
            ("हिन्दी प्रमाणपत्र", "हिन्दी-प्रमाणपत्र"),
            ("สมชาย น้ำใจ", "สมชาย-น้ำใจ"),
            ("தமிழ்ச்செல்வி", "தமிழ்ச்செல்வி"),
            ("Adam Palay (חיים פּלי)", "Adam-Palay-חיים-פּלי"),
            ("مُحَمَّد", "مُحَمَّد"),
            ("Jose\u{301} Nu\u{308}\u{304}n\u{303}ez", "José-Nǖñez"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("O'Neill-D’Arcy", "O-Neill-D-Arcy"),
        ] {
            let expected: String = expected.nfc().collect();
            assert_eq!(file_stem(name, 120), expected);
        }
        // The length is in bytes, and no letter loses a mark.
        let name = "नि".repeat(30);
        assert_eq!(file_stem(&name, 50), "नि".repeat(8));
    }

    #[test]
    fn file_stem_is_no_device_of_windows() {
        for name in ["CON", "con", "Nul", "COM1", "lpt9", "aux.b", "PRN.", "COM¹"] {
            assert!(file_stem(name, 80).starts_with('_'), "{name}");
        }
        for name in ["Conrad", "COM10", "Comet", "Null"] {
            assert_eq!(file_stem(name, 80), name);
        }
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
