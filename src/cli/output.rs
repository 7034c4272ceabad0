//! Where a file goes, and how it appears there: whole, by rename.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Failure;

/// Where drafts go unless an output is named.
const FOLDER: &str = "drafts";

/// Where the files of a run go.
pub(crate) enum Output {
    /// Standard output, for one file.
    Standard,
    /// This very file, for one.
    File(PathBuf),
    /// A file each in this folder, named by course and person.
    Folder { folder: PathBuf, taken: HashSet<String> },
}

impl Output {
    /// What the arguments name: `single` says whether there will be one file only.
    pub(crate) fn new(named: Option<&Path>, single: bool) -> Result<Self, Failure> {
        let folder = |folder: &Path| Self::Folder {
            folder: folder.to_owned(),
            taken: HashSet::new(),
        };
        let Some(path) = named else { return Ok(folder(Path::new(FOLDER))) };
        let standard = path.as_os_str() == "-";
        let file = standard || (path.extension().is_some() && !path.is_dir());
        match single {
            true if standard => Ok(Self::Standard),
            true if file || !(path.is_dir() || ends_in_slash(path)) => {
                Ok(Self::File(path.to_owned()))
            }
            false if file && !ends_in_slash(path) => Err(Failure::usage(format!(
                "several certificates do not go into one file `{}`\nhelp: name a folder",
                path.display()
            ))),
            _ => Ok(folder(path)),
        }
    }

    /// The path for one more file; none for standard output.
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
                let stem = format!("{}-{}", plain(course, 80), plain(name, 120));
                let mut file = format!("{stem}.{ending}");
                let mut number = 2;
                while !taken.insert(file.to_lowercase()) {
                    file = format!("{stem}-{number}.{ending}");
                    number += 1;
                }
                Some(folder.join(file))
            }
        }
    }
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn write(path: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    let Some(path) = path else {
        return io::stdout()
            .lock()
            .write_all(bytes)
            .map_err(|error| Failure::new(format!("failed to write ({error})")));
    };
    replace(path, bytes).map_err(|error| {
        Failure::new(format!("{}: failed to write the file ({error})", path.display()))
    })
}

/// Writes a file piece by piece, so that it is there whole or not at all.
pub(crate) fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut fs::File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("{}: failed to write the file ({error})", path.display()))
    };
    let mut file = staged(path).map_err(|error| failed(&error))?;
    fill(file.as_file_mut())?;
    file.persist(path).map_err(|error| failed(&error))?;
    Ok(())
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = staged(path)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// A file beside the place where it will be.
fn staged(path: &Path) -> io::Result<tempfile::NamedTempFile> {
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
        // As any new file: the umask takes away what it does.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// A text as part of a file name: letters and digits of any script, the rest one hyphen each.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        if plain.len() + c.len_utf8() > most {
            break;
        }
        if c.is_alphanumeric() || "_.".contains(c) && !plain.is_empty() {
            plain.push(c);
        } else if !plain.ends_with('-') && !plain.is_empty() {
            plain.push('-');
        }
    }
    let plain = plain.trim_end_matches(['-', '.']);
    if plain.is_empty() { "certificate".to_owned() } else { plain.to_owned() }
}

fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_plain_file_names() {
        assert_eq!(
            plain("course-v1:ExampleX+CURL101+2026_T1", 80),
            "course-v1-ExampleX-CURL101-2026_T1"
        );
        assert_eq!(plain("../../etc/passwd", 80), "etc-passwd");
        assert_eq!(plain("سيف رمضان", 80), "سيف-رمضان");
        assert_eq!(plain("\"><script>", 80), "script");
        assert_eq!(plain("…", 80), "certificate");
    }

    #[test]
    fn two_people_of_one_name_get_two_files() {
        let output = Output::new(Some(Path::new("out")), false);
        let Ok(mut output) = output else { panic!("a folder") };
        let first = output.path("c", "Ada", "pdf");
        let second = output.path("c", "ADA", "pdf");
        assert_eq!(first, Some(PathBuf::from("out/c-Ada.pdf")));
        assert_eq!(second, Some(PathBuf::from("out/c-ADA-2.pdf")));
    }
}
