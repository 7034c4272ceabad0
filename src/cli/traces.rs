//! Files in the folder of a site that name a recipient, besides its stores: recipients files,
//! reports, archives and prints of the operator.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::register::CertificateId;
use crate::register::batch::file_stem;

/// Folders that hold no files of the operator's about recipients, or that the erasure reaches.
const OTHER_FOLDERS: [&str; 6] =
    ["fonts", "keys", "layouts", "private", "public", "signatures"];
/// Files whose text can be searched.
const TEXTS: [&str; 5] = ["csv", "json", "tsv", "txt", "md"];
/// Files that are compressed inside.
const BINARIES: [&str; 4] = ["ods", "pdf", "xlsx", "zip"];
/// How deep folders are searched.
const MAX_DEPTH: usize = 3;
/// How many files are looked at.
const MAX_FILES: usize = 10_000;
/// The longest file that is read.
const MAX_BYTES: u64 = 512 << 20;

/// What a file has of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trace {
    /// It has the name, or the id of an edition.
    Holds,
    /// It is compressed, and nothing tells what is in it.
    MayHold,
}

/// The files below a folder that have one of these names, or one of these ids. `verify_path` is the
/// folder of pages in addresses.
pub(crate) fn find(
    folder: &Path,
    names: &BTreeSet<String>,
    ids: &[CertificateId],
    verify_path: &str,
) -> Vec<(PathBuf, Trace)> {
    let mut words: Vec<String> =
        names.iter().filter(|it| !it.is_empty()).cloned().collect();
    // An archive names its files after the recipients.
    words.extend(names.iter().map(|name| file_stem(name, 120)));
    words.extend(ids.iter().map(ToString::to_string));
    let mut found = Vec::new();
    let mut left = MAX_FILES;
    let pages = format!("/{verify_path}/");
    walk(folder, 0, &mut left, &mut |path| {
        found.extend(trace(path, &words, &pages).map(|trace| (path.to_owned(), trace)));
    });
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn trace(path: &Path, words: &[String], pages: &str) -> Option<Trace> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let is_binary = BINARIES.contains(&ending.as_str());
    if !is_binary && !TEXTS.contains(&ending.as_str()) {
        return None;
    }
    let is_short = fs::metadata(path).is_ok_and(|meta| meta.len() <= MAX_BYTES);
    let bytes = if is_short { fs::read(path).ok()? } else { Vec::new() };
    if words.iter().any(|word| contains(&bytes, word.as_bytes())) {
        return Some(Trace::Holds);
    }
    // A PDF that was issued, and an archive of such, tells whose it is by the addresses of pages.
    let is_of_others = contains(&bytes, pages.as_bytes());
    (is_binary && !is_of_others).then_some(Trace::MayHold)
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    !word.is_empty() && text.windows(word.len()).any(|window| window == word)
}

fn walk(folder: &Path, depth: usize, left: &mut usize, each: &mut dyn FnMut(&Path)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Some(rest) = left.checked_sub(1) else { return };
        *left = rest;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_file() {
            each(&entry.path());
        } else if kind.is_dir()
            && depth < MAX_DEPTH
            && !name.starts_with('.')
            && (depth > 0 || !OTHER_FOLDERS.contains(&&*name))
        {
            walk(&entry.path(), depth + 1, left, each);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_name_a_recipient_are_found() {
        let site = tempfile::tempdir().unwrap();
        let id = "0".repeat(32);
        for (name, text) in [
            ("report.csv", "1,Ada Lovelace,issued\n"),
            ("sub/people.txt", "Ada Lovelace\n"),
            ("all.zip", "PK Ada-Lovelace.pdf"),
            ("one.pdf", &format!("%PDF-1.7 (https://a.example/cert/{id}/)")),
            ("other.pdf", "%PDF-1.7 (https://a.example/cert/1/)"),
            ("print.pdf", "%PDF-1.7 compressed"),
            ("other.csv", "Grace Hopper\n"),
            ("public/x.json", "Ada Lovelace"),
            (".git/x.txt", "Ada Lovelace"),
        ] {
            let path = site.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let names = BTreeSet::from(["Ada Lovelace".to_owned()]);
        let found: Vec<_> = find(site.path(), &names, &[id.parse().unwrap()], "cert")
            .into_iter()
            .map(|(path, trace)| {
                let name = path.strip_prefix(site.path()).unwrap();
                (name.to_str().unwrap().to_owned(), trace)
            })
            .collect();
        let expected = [
            ("all.zip", Trace::Holds),
            ("one.pdf", Trace::Holds),
            ("print.pdf", Trace::MayHold),
            ("report.csv", Trace::Holds),
            ("sub/people.txt", Trace::Holds),
        ];
        assert_eq!(found, expected.map(|(name, trace)| (name.to_owned(), trace)));
    }
}
