//! A layout that was started, and the trial of it.

#[cfg(any(feature = "cli", feature = "studio"))]
use std::path::Path;

#[cfg(feature = "studio")]
use unicode_normalization::UnicodeNormalization;
#[cfg(feature = "studio")]
use unicode_normalization::char::is_combining_mark;

use super::layout_file::LayoutFile;
use crate::base::date::Date;
use crate::base::error::{Error, Result};
use crate::press::draft::{DraftOptions, Press};
use crate::site::files::Site;

/// A layout that was started.
#[derive(Debug)]
#[non_exhaustive]
pub struct LayoutStart {
    /// The files of its folder, by their names in it.
    pub files: Vec<(String, Vec<u8>)>,
    /// The errors of the proof of its sample's page; `None` if it passes.
    pub fault: Option<Error>,
    /// Notes for the designer, a sentence each.
    pub notes: Vec<String>,
}

/// Lays out the page of the sample of a new layout, which has these files.
///
/// # Errors
/// Every error in the site itself.
pub(crate) fn tried(
    site: &Site,
    name: &str,
    layout: &LayoutFile,
    mut files: Vec<(String, Vec<u8>)>,
) -> Result<LayoutStart> {
    files.push(("layout.yaml".to_owned(), layout.text().into_bytes()));
    files.push(("sample.yaml".to_owned(), sample(site)?));
    let press = Press::with_threads(trial(site, name, &files), 1)?;
    let draft = press.draft_sample(name, Date::MIN, &DraftOptions::default());
    Ok(match draft {
        Ok(draft) => {
            let notes = draft.warnings.iter().map(ToString::to_string).collect();
            LayoutStart { files, fault: None, notes }
        }
        Err(error) => LayoutStart { files, fault: Some(error), notes: Vec::new() },
    })
}

/// A name for a picture in the layout's folder: that of its file, in characters that
/// every system allows.
#[cfg(any(feature = "cli", feature = "studio"))]
pub(crate) fn file_name(path: &Path) -> String {
    let letters = |text: &str| -> String {
        let kept = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        kept.collect::<String>().trim_matches('-').to_ascii_lowercase()
    };
    let part = |part: Option<&std::ffi::OsStr>| {
        letters(&part.map(|part| part.to_string_lossy()).unwrap_or_default())
    };
    let (stem, ending) = (part(path.file_stem()), part(path.extension()));
    let stem = if stem.is_empty() { "picture".to_owned() } else { stem };
    if ending.is_empty() { stem } else { format!("{stem}.{ending}") }
}

/// A name for a layout, as its folder: that of a file or what a user wrote, in the letters of its own
/// script.
#[cfg(feature = "studio")]
pub(crate) fn folder_name(path: &Path) -> String {
    const MAX_BYTES: usize = 80;
    let stem =
        path.file_stem().map(|stem| stem.to_string_lossy().nfc().collect::<String>());
    let mut name = String::new();
    for c in stem.unwrap_or_default().to_lowercase().chars() {
        let is_kept = c.is_alphanumeric() || c == '_' || is_combining_mark(c);
        if name.len() + c.len_utf8() > MAX_BYTES {
            break;
        }
        match is_kept {
            true if !name.is_empty() || c.is_alphanumeric() => name.push(c),
            false if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "picture".to_owned() } else { name.to_owned() }
}

/// The sample of the built-in layouts, without the colours of its course.
fn sample(site: &Site) -> Result<Vec<u8>> {
    let text = site.read("layouts/classic/sample.yaml")?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("theme:"));
    Ok((lines.collect::<Vec<_>>().join("\n") + "\n").into_bytes())
}

/// The site with the files of a new layout.
pub(super) fn trial(site: &Site, name: &str, files: &[(String, Vec<u8>)]) -> Site {
    let mut trial = site.clone();
    if trial.course_files().is_empty() {
        // There may be a layout before the first course.
        trial = trial.with_file("courses.yaml", "");
    }
    for (file, bytes) in files {
        trial = trial.with_file(format!("layouts/{name}/{file}"), bytes.clone());
    }
    trial
}

#[cfg(all(test, feature = "studio"))]
mod tests {
    use super::*;

    #[test]
    fn layout_keeps_the_letters_of_its_name() {
        for (file, name) in [
            ("Πιστοποιητικό τελικό (2).png", "πιστοποιητικό-τελικό-2"),
            ("Diploma_2026 final.PDF", "diploma_2026-final"),
            ("शाळा.svg", "शाळा"),
            ("--..--.png", "picture"),
            ("../../x", "x"),
        ] {
            assert_eq!(folder_name(Path::new(file)), name);
        }
        assert!(folder_name(Path::new(&"ж".repeat(200))).len() <= 80);
    }
}
