//! Files in the folder of a site that name a recipient, besides its stores: recipients files,
//! reports, archives and prints of the operator.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::register::CertificateId;
use crate::register::batch::file_stem;

/// Folders that hold no files of the operator's about recipients, or that the erasure reaches.
const OTHER_FOLDERS: [&str; 6] =
    ["fonts", "keys", "layouts", "private", "public", "signatures"];
/// Files whose text can be searched.
const TEXTS: [&str; 5] = ["csv", "json", "tsv", "txt", "md"];
/// Files that are compressed inside.
const BINARIES: [&str; 4] = ["ods", "pdf", "xlsx", "zip"];
/// The endings of the files in an archive whose text can be searched.
const TEXTS_IN_ARCHIVES: [&str; 7] = ["csv", "html", "json", "md", "tsv", "txt", "xml"];
/// The most bytes that are unpacked of an archive.
const MAX_UNPACKED: u64 = 512 << 20;
/// How deep folders are searched.
const MAX_DEPTH: usize = 3;
/// How many files are looked at.
const MAX_FILES: usize = 10_000;
/// The longest file that is read.
const MAX_BYTES: u64 = 512 << 20;

/// How a file relates to a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trace {
    /// It has the name, or the id of an edition.
    Holds,
    /// It is compressed, and its content cannot be searched.
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
    if !is_binary {
        return None;
    }
    if bytes.starts_with(b"PK") {
        return match Unpacked::read(&bytes) {
            Some(unpacked) => unpacked.trace(words, pages),
            None => Some(Trace::MayHold),
        };
    }
    // The page address in an issued PDF shows to whom it belongs.
    let is_of_others = contains(&bytes, pages.as_bytes());
    (!is_of_others).then_some(Trace::MayHold)
}

/// The content of an archive or a spreadsheet.
#[derive(Default)]
struct Unpacked {
    /// Its texts, without the escapes of XML.
    text: String,
    pdfs: Vec<Vec<u8>>,
    /// Whether it has files whose content cannot be searched.
    has_others: bool,
}

impl Unpacked {
    /// Unpacks an archive; `None` if it cannot be read.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
        let mut found = Self::default();
        let mut left = MAX_UNPACKED;
        for index in 0..archive.len() {
            let file = archive.by_index(index).ok()?;
            if file.is_dir() {
                continue;
            }
            let name = file.name().ok()?.into_owned();
            let ending = Path::new(&name).extension().and_then(|it| it.to_str());
            let ending = ending.unwrap_or_default().to_ascii_lowercase();
            let is_text = TEXTS_IN_ARCHIVES.contains(&ending.as_str());
            // An archive names its files after the recipients.
            found.text.push_str(&format!("{name}\n"));
            if !is_text && ending != "pdf" {
                found.has_others |= BINARIES.contains(&ending.as_str());
                continue;
            }
            let mut bytes = Vec::new();
            let read = file.take(left + 1).read_to_end(&mut bytes).ok()?;
            left = left.checked_sub(read as u64)?;
            if is_text {
                found.text.push_str(&without_escapes(&String::from_utf8_lossy(&bytes)));
            } else {
                found.pdfs.push(bytes);
            }
        }
        Some(found)
    }

    fn trace(&self, words: &[String], pages: &str) -> Option<Trace> {
        let holds = |word: &String| {
            let in_pdf = |pdf: &Vec<u8>| contains(pdf, word.as_bytes());
            !word.is_empty() && (self.text.contains(word) || self.pdfs.iter().any(in_pdf))
        };
        if words.iter().any(holds) {
            return Some(Trace::Holds);
        }
        // A spreadsheet may have the parts of a name in cells of their own.
        let has_parts = words.iter().any(|word| {
            let mut parts = word.split_whitespace().peekable();
            parts.peek().is_some() && parts.all(|part| self.text.contains(part))
        });
        let is_of_others = |pdf: &Vec<u8>| contains(pdf, pages.as_bytes());
        let may_hold =
            has_parts || self.has_others || !self.pdfs.iter().all(is_of_others);
        may_hold.then_some(Trace::MayHold)
    }
}

/// Text of XML as it is read.
fn without_escapes(text: &str) -> String {
    [("&apos;", "'"), ("&#39;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escape, letter)| text.replace(escape, letter))
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
        for (name, inside, text) in [
            ("sheet.xlsx", "xl/sharedStrings.xml", "<t>Lovelace</t><t>Ada</t>"),
            ("whole.xlsx", "xl/sharedStrings.xml", "<t>Ada Lovelace</t>"),
            ("other.xlsx", "xl/sharedStrings.xml", "<t>Grace Hopper</t>"),
            ("others.zip", "Grace.pdf", "%PDF-1.7 (https://a.example/cert/1/)"),
            ("prints.zip", "print.pdf", "%PDF-1.7 compressed"),
        ] {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Deflated);
            zip.start_file(inside, options).unwrap();
            std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
            let bytes = zip.finish().unwrap().into_inner();
            fs::write(site.path().join(name), bytes).unwrap();
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
            ("prints.zip", Trace::MayHold),
            ("report.csv", Trace::Holds),
            ("sheet.xlsx", Trace::MayHold),
            ("sub/people.txt", Trace::Holds),
            ("whole.xlsx", Trace::Holds),
        ];
        assert_eq!(found, expected.map(|(name, trace)| (name.to_owned(), trace)));
    }
}
