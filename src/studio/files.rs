//! The text files of the site: listed, read, and saved.
//!
//! The decisions made here: only files that a person writes are read and saved, by names that cannot lead
//! out of the folder and through no link; a file that another program changed meanwhile is not written.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::hex;
use crate::site::Site;
use crate::site::files::{PHOTO_FOLDER, SETTINGS_FILE};

/// The endings of files that are edited as texts.
const TEXTS: [&str; 3] = ["yaml", "yml", "typ"];
/// The endings of pictures that are put into the site.
const PICTURES: [&str; 7] = ["png", "jpg", "jpeg", "webp", "gif", "svg", "pdf"];
/// The folders of texts, and those of pictures.
const TEXT_FOLDERS: [&str; 4] = ["courses", "layouts", "fonts", "images"];
const PICTURE_FOLDERS: [&str; 4] = ["signatures", "images", "layouts", PHOTO_FOLDER];
/// The longest text file, in bytes.
const MAX_TEXT: u64 = 4 << 20;

/// The result of saving a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SaveOutcome {
    /// It is on the disk, under this version.
    Saved(String),
    /// The file was changed since the page read it: its current text and version, or `None` if it
    /// is gone.
    Conflict(Option<(String, String)>),
}

/// Whether a name is one of a text file of a site.
fn is_text(name: &str) -> bool {
    let is_at_top = [SETTINGS_FILE, "courses.yaml"].contains(&name);
    is_plain(name)
        && has_ending(name, &TEXTS)
        && (is_at_top || is_in(name, &TEXT_FOLDERS))
}

/// Checks that names are those of text files.
///
/// # Errors
/// [`ErrorKind::InvalidValue`]: one is not.
pub(super) fn check_texts<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<()> {
    Error::join(names.into_iter().filter(|name| !is_text(name)).map(|name| no_file(name)))
}

fn is_picture(name: &str) -> bool {
    is_plain(name) && has_ending(name, &PICTURES) && is_in(name, &PICTURE_FOLDERS)
}

/// Whether a name has no part that leads elsewhere, on any system, or is hidden.
fn is_plain(name: &str) -> bool {
    let is_odd = |c: char| {
        c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    name.len() <= 200
        && !name.contains(is_odd)
        && name.split('/').all(|part| {
            !part.is_empty() && !part.starts_with('.') && !part.ends_with(['.', ' '])
        })
}

fn has_ending(name: &str, endings: &[&str]) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.iter().any(|it| ending.eq_ignore_ascii_case(it)))
}

fn is_in(name: &str, folders: &[&str]) -> bool {
    name.split_once('/').is_some_and(|(folder, _)| folders.contains(&folder))
}

/// The text files of a site, and the built-in ones that it may replace.
pub(super) fn list(site: &Site) -> Value {
    let own = site.own_files().filter(|name| is_text(name));
    let own: Vec<Value> = own.map(|name| json!({ "name": name, "own": true })).collect();
    let built_in = site.list("layouts").into_iter();
    let built_in = built_in.filter(|name| is_text(name) && !site.has_own(name));
    let built_in = built_in.map(|name| json!({ "name": name, "own": false }));
    own.into_iter().chain(built_in).collect()
}

/// Reads a text file, or the built-in one of that name. `site` is opened for a built-in one alone.
///
/// # Errors
/// [`ErrorKind::InvalidValue`]: no text file has such a name, or the name is a link.
/// [`ErrorKind::MissingFile`], [`ErrorKind::Syntax`], [`ErrorKind::Io`].
pub(super) fn read(
    folder: &Path,
    site: impl FnOnce() -> Option<Site>,
    name: &str,
) -> Result<Value> {
    let path = path_of(folder, name, is_text)?;
    if let Some((text, version)) = on_disk(&path, name)? {
        return Ok(
            json!({ "name": name, "text": text, "version": version, "own": true }),
        );
    }
    let built_in = site().and_then(|site| site.built_in(name));
    match built_in.map(|bytes| String::from_utf8_lossy(bytes)) {
        Some(text) => {
            Ok(json!({ "name": name, "text": text, "version": null, "own": false }))
        }
        None => Err(Error::new(ErrorKind::MissingFile, format!("there is no `{name}`"))),
    }
}

/// Saves a text file whose version was `version`; `None` if it is new.
///
/// # Errors
/// As [`read`].
pub(super) fn save(
    folder: &Path,
    name: &str,
    text: &str,
    version: Option<&str>,
) -> Result<SaveOutcome> {
    let path = path_of(folder, name, is_text)?;
    if text.len() as u64 > MAX_TEXT {
        return Err(too_large(name));
    }
    let now = on_disk(&path, name)?;
    if now.as_ref().map(|(_, version)| version.as_str()) != version {
        return Ok(SaveOutcome::Conflict(now));
    }
    write(&path, name, text.as_bytes())?;
    Ok(SaveOutcome::Saved(version_of(text.as_bytes())))
}

/// Puts a picture into the site, under a name that no file has yet: with a number, if need be. Returns
/// the name.
///
/// # Errors
/// As [`read`].
pub(super) fn add_picture(folder: &Path, name: &str, bytes: &[u8]) -> Result<String> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    for number in 1..1000 {
        let name = match number {
            1 => name.to_owned(),
            _ => format!("{stem}-{number}.{ending}"),
        };
        let path = path_of(folder, &name, is_picture)?;
        match fs::read(&path) {
            Ok(same) if same == bytes => return Ok(name),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write(&path, &name, bytes)?;
                return Ok(name);
            }
            Err(error) => return Err(io_error(&name, "read", &error)),
        }
    }
    Err(Error::new(ErrorKind::Exists, format!("there are too many files `{name}`")))
}

/// Writes a file of a layout that is made.
///
/// # Errors
/// As [`read`].
pub(super) fn write_new(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let is_allowed = |name: &str| is_plain(name) && name.starts_with("layouts/");
    write(&path_of(folder, name, is_allowed)?, name, bytes)
}

/// The path of a file of a name that is allowed, if no part of it is a link.
fn path_of(
    folder: &Path,
    name: &str,
    is_allowed: impl Fn(&str) -> bool,
) -> Result<PathBuf> {
    if !is_allowed(name) {
        return Err(no_file(name));
    }
    let mut path = folder.to_owned();
    for part in name.split('/') {
        path.push(part);
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) {
            let message = format!("`{name}` is a link, or is in a folder that is a link");
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help("open the file to which the link leads in another editor"));
        }
    }
    Ok(path)
}

/// The text and the version of a file, or `None` if there is none.
fn on_disk(path: &Path, name: &str) -> Result<Option<(String, String)>> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_TEXT => return Err(too_large(name)),
        Ok(metadata) if !metadata.is_file() => {
            let message = format!("`{name}` is no file");
            return Err(Error::new(ErrorKind::InvalidValue, message));
        }
        _ => {}
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(name, "read", &error)),
    };
    let version = version_of(&bytes);
    let text = String::from_utf8(bytes).map_err(|cause| {
        Error::new(ErrorKind::Syntax, "the file is not UTF-8")
            .at(Place::file(name))
            .with_help("save it as UTF-8 in the editor that it was written with")
            .with_source(cause.utf8_error())
    })?;
    Ok(Some((text, version)))
}

pub(super) fn version_of(bytes: &[u8]) -> String {
    hex::lower(digest(&SHA256, bytes).as_ref())
}

/// Writes a file under a temporary name in its folder and renames it: no reader finds half of it.
pub(super) fn write(path: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let failed = |error: io::Error| io_error(name, "write", &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".testamur-");
    let mode = fs::metadata(path).ok().map(|metadata| metadata.permissions());
    let mode = mode.or_else(new_file_mode);
    if let Some(mode) = mode {
        builder.permissions(mode);
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The mode of any new file, before the umask.
fn new_file_mode() -> Option<fs::Permissions> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        Some(fs::Permissions::from_mode(0o666))
    }
    #[cfg(not(unix))]
    None
}

fn no_file(name: &str) -> Error {
    let shown: String = name.chars().take(80).collect();
    let message =
        format!("`{}` is not a file that the studio edits", shown.escape_debug());
    Error::new(ErrorKind::InvalidValue, message)
}

fn io_error(name: &str, act: &str, error: &io::Error) -> Error {
    let message = format!("failed to {act} the file ({error})");
    Error::new(ErrorKind::Io, message).at(Place::file(name))
}

fn too_large(name: &str) -> Error {
    let message = format!("the file is longer than {} MB", MAX_TEXT >> 20);
    Error::new(ErrorKind::TooLarge, message).at(Place::file(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_no_other_file() {
        for name in [
            "testamur.yaml",
            "courses.yaml",
            "courses/2026/knots.yml",
            "layouts/our-own/layout.typ",
            "layouts/shared/locales/zh-Hant.yaml",
            "fonts/fonts.yaml",
        ] {
            assert!(is_text(name), "{name}");
        }
        for name in [
            "",
            "/etc/passwd.yaml",
            "../courses.yaml",
            "courses/../../x.yaml",
            "layouts//x.yaml",
            "layouts/./x.yaml",
            "layouts/.git/x.yaml",
            "layouts\\..\\x.yaml",
            "c:/x.yaml",
            "layouts/x.yaml:stream",
            "layouts/x.yaml\0",
            "layouts/x.yaml.",
            "layouts/x.sh",
            "keys/root.yaml",
            "private/x.yaml",
            "public/x.yaml",
            "other.yaml",
        ] {
            assert!(!is_text(name), "{name}");
        }
        assert!(is_picture("signatures/ada.PNG") && !is_picture("keys/ada.png"));
    }

    #[test]
    fn file_that_changed_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let save =
            |text: &str, version: Option<&str>| save(at, "courses.yaml", text, version);
        let SaveOutcome::Saved(first) = save("a: 1\n", None).unwrap() else {
            panic!("it is new")
        };
        let SaveOutcome::Conflict(Some((text, _))) = save("a: 2\n", None).unwrap() else {
            panic!("there is one by now")
        };
        assert_eq!(text, "a: 1\n");
        fs::write(at.join("courses.yaml"), "a: 3\n").unwrap();
        let conflict = save("a: 2\n", Some(&first)).unwrap();
        let SaveOutcome::Conflict(Some((text, version))) = conflict else {
            panic!("it was changed")
        };
        assert_eq!(text, "a: 3\n");
        assert!(matches!(save("a: 2\n", Some(&version)), Ok(SaveOutcome::Saved(_))));
        assert_eq!(fs::read_to_string(at.join("courses.yaml")).unwrap(), "a: 2\n");
        fs::remove_file(at.join("courses.yaml")).unwrap();
        assert_eq!(save("a: 4\n", Some(&version)).unwrap(), SaveOutcome::Conflict(None));
        assert_eq!(fs::read_dir(at).unwrap().count(), 0, "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_neither_read_nor_written() {
        let (folder, other) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("x.yaml"), "secret: 1\n").unwrap();
        let at = folder.path();
        std::os::unix::fs::symlink(other.path(), at.join("layouts")).unwrap();
        std::os::unix::fs::symlink(other.path().join("x.yaml"), at.join("courses.yaml"))
            .unwrap();
        for name in ["layouts/x.yaml", "courses.yaml"] {
            assert!(read(at, || None, name).is_err(), "{name}");
            assert!(save(at, name, "a: 1\n", None).is_err(), "{name}");
        }
        assert!(add_picture(at, "layouts/x.png", b"x").is_err());
        assert_eq!(
            fs::read_to_string(other.path().join("x.yaml")).unwrap(),
            "secret: 1\n"
        );
    }
}
