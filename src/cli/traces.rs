//! Files in the folder of a site that name a recipient, besides its stores: recipients files,
//! reports, archives and prints of the operator.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::register::CertificateId;
use crate::register::batch::file_stem;
use crate::site::tables::spellings;

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
const MAX_DEPTH: usize = 8;
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
    /// It has all parts of a name, apart from each other.
    MayName,
    /// It has a username, which may be that of another or a word of its own.
    HasUsername,
    /// It is a file or a folder that was not read.
    Unread,
}

/// A name or an id, as it may be written in files.
struct Word {
    text: String,
    spellings: BTreeSet<Vec<u8>>,
    /// Those of the parts of a name, which may stand in columns of their own.
    parts: Vec<BTreeSet<Vec<u8>>>,
}

impl Word {
    fn new(text: String) -> Self {
        let parts: Vec<_> = text.split_whitespace().map(spellings).collect();
        let parts = if parts.len() > 1 { parts } else { Vec::new() };
        Self { spellings: spellings(&text), text, parts }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.spellings.iter().any(|word| contains(bytes, word))
    }

    fn is_in_parts(&self, bytes: &[u8]) -> bool {
        let is_in = |part: &BTreeSet<Vec<u8>>| {
            part.iter().any(|part| contains_apart(bytes, part))
        };
        !self.parts.is_empty() && self.parts.iter().all(is_in)
    }
}

/// What is looked for in files.
struct Words {
    /// Names and ids.
    names: Vec<Word>,
    usernames: Vec<BTreeSet<Vec<u8>>>,
}

impl Words {
    fn are_in(&self, bytes: &[u8]) -> bool {
        self.names.iter().any(|word| word.is_in(bytes))
    }

    fn are_in_parts(&self, bytes: &[u8]) -> bool {
        self.names.iter().any(|word| word.is_in_parts(bytes))
    }

    fn has_username(&self, bytes: &[u8]) -> bool {
        let mut all = self.usernames.iter().flatten();
        all.any(|username| contains_apart(bytes, username))
    }
}

/// The files below a folder that have one of these names or usernames, or one of these ids.
/// `verify_path` is the folder of pages in addresses.
pub(crate) fn find(
    folder: &Path,
    names: &BTreeSet<String>,
    usernames: &BTreeSet<String>,
    ids: &[CertificateId],
    verify_path: &str,
) -> Vec<(PathBuf, Trace)> {
    let mut words: Vec<String> =
        names.iter().filter(|it| !it.is_empty()).cloned().collect();
    // An archive names its files after the recipients.
    words.extend(names.iter().map(|name| file_stem(name, 120)));
    words.extend(ids.iter().map(ToString::to_string));
    let usernames = usernames.iter().filter(|it| !it.trim().is_empty());
    let words = Words {
        names: words.into_iter().map(Word::new).collect(),
        usernames: usernames.map(|it| spellings(it)).collect(),
    };
    let pages = format!("/{verify_path}/");
    let mut found = Vec::new();
    let mut search = Search { left: MAX_FILES, unread: Vec::new() };
    search.walk(folder, 0, &mut |path| {
        found.extend(trace(path, &words, &pages).map(|trace| (path.to_owned(), trace)));
    });
    found.extend(search.unread.into_iter().map(|path| (path, Trace::Unread)));
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn trace(path: &Path, words: &Words, pages: &str) -> Option<Trace> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let is_binary = BINARIES.contains(&ending.as_str());
    if !is_binary && !TEXTS.contains(&ending.as_str()) {
        return None;
    }
    let is_short = fs::metadata(path).is_ok_and(|meta| meta.len() <= MAX_BYTES);
    let Some(bytes) = Some(path).filter(|_| is_short).and_then(|it| fs::read(it).ok())
    else {
        return Some(Trace::Unread);
    };
    if words.are_in(&bytes) {
        return Some(Trace::Holds);
    }
    if !is_binary {
        if words.are_in_parts(&bytes) {
            return Some(Trace::MayName);
        }
        return words.has_username(&bytes).then_some(Trace::HasUsername);
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

    fn trace(&self, words: &Words, pages: &str) -> Option<Trace> {
        let holds = |word: &Word| {
            let in_pdf = |pdf: &Vec<u8>| contains(pdf, word.text.as_bytes());
            word.is_in(self.text.as_bytes()) || self.pdfs.iter().any(in_pdf)
        };
        if words.names.iter().any(holds) {
            return Some(Trace::Holds);
        }
        // A spreadsheet may have the parts of a name in cells of their own.
        let has_parts = words.are_in_parts(self.text.as_bytes());
        let is_of_others = |pdf: &Vec<u8>| contains(pdf, pages.as_bytes());
        let may_hold =
            has_parts || self.has_others || !self.pdfs.iter().all(is_of_others);
        if may_hold {
            return Some(Trace::MayHold);
        }
        words.has_username(self.text.as_bytes()).then_some(Trace::HasUsername)
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

/// As [`contains`], where the word is no part of a longer one.
fn contains_apart(text: &[u8], word: &[u8]) -> bool {
    let is_apart =
        |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    !word.is_empty()
        && text.windows(word.len()).enumerate().any(|(at, window)| {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            window == word && is_apart(before) && is_apart(text.get(at + word.len()))
        })
}

/// A search through folders.
struct Search {
    /// How many files may still be looked at.
    left: usize,
    /// The folders that were not searched.
    unread: Vec<PathBuf>,
}

impl Search {
    fn walk(&mut self, folder: &Path, depth: usize, each: &mut dyn FnMut(&Path)) {
        let Ok(entries) = fs::read_dir(folder) else {
            self.unread.push(folder.to_owned());
            return;
        };
        for entry in entries {
            let rest = self.left.checked_sub(1);
            let (Some(rest), Ok(entry)) = (rest, entry) else {
                self.unread.push(folder.to_owned());
                return;
            };
            self.left = rest;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = entry.path();
            // A link to nothing names nothing.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if metadata.is_file() {
                each(&path);
            } else if metadata.is_dir()
                && !name.starts_with('.')
                && (depth > 0 || !OTHER_FOLDERS.contains(&&*name))
            {
                // A link may lead to a folder around it.
                if depth < MAX_DEPTH && !path.is_symlink() {
                    self.walk(&path, depth + 1, each);
                } else {
                    self.unread.push(path);
                }
            }
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
            ("columns.csv", "first,last\nAda,Lovelace\n"),
            ("words.csv", "name\nAdam Lovelaces\n"),
            ("marks.csv", "username,mark\nada,1\n"),
            ("others.csv", "username,mark\nadam,1\n"),
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
        let usernames = BTreeSet::from(["ada".to_owned()]);
        let ids = [id.parse().unwrap()];
        let found: Vec<_> = find(site.path(), &names, &usernames, &ids, "cert")
            .into_iter()
            .map(|(path, trace)| {
                let name = path.strip_prefix(site.path()).unwrap();
                (name.to_str().unwrap().to_owned(), trace)
            })
            .collect();
        let expected = [
            ("all.zip", Trace::Holds),
            ("columns.csv", Trace::MayName),
            ("marks.csv", Trace::HasUsername),
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

    #[test]
    fn name_is_found_in_whatever_encoding() {
        let site = tempfile::tempdir().unwrap();
        let name = "Zo\u{eb} M\u{fc}ller";
        let utf16 = |text: &str| -> Vec<u8> {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        };
        let latin = |text: &str| -> Vec<u8> {
            text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
        };
        for (file, bytes) in [
            ("ansi.csv", latin(&format!("name\n{name}\n"))),
            ("apart.csv", latin("first;last\nZo\u{eb};M\u{fc}ller\n")),
            ("excel.txt", utf16(&format!("\u{feff}name\r\n{name}\r\n"))),
            ("mac.csv", "name\nZoe\u{308} Mu\u{308}ller\n".into()),
            ("other.csv", latin("name\nZo\u{ea} M\u{fc}ller\n")),
        ] {
            fs::write(site.path().join(file), bytes).unwrap();
        }
        let deep = site.path().join("a/b/c/d/e/f/g/h/i");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("people.csv"), name).unwrap();
        let names = BTreeSet::from([name.to_owned()]);
        let found = find(site.path(), &names, &BTreeSet::new(), &[], "cert");
        let found: Vec<_> = found
            .iter()
            .map(|(path, trace)| {
                (path.strip_prefix(site.path()).unwrap().to_str().unwrap(), *trace)
            })
            .collect();
        let expected = [
            ("a/b/c/d/e/f/g/h/i", Trace::Unread),
            ("ansi.csv", Trace::Holds),
            ("apart.csv", Trace::MayName),
            ("excel.txt", Trace::Holds),
            ("mac.csv", Trace::Holds),
        ];
        assert_eq!(found, expected);
    }
}
