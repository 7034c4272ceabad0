//! The ZIP archive of a spreadsheet: its kind, and the limits of its size.
//!
//! The decision made here is that each part is unpacked once and counted before anything reads it.
//! The sizes that an archive declares are not trusted.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::table::too_large;
use crate::base::error::{Error, ErrorKind, Place, Result};

/// The most bytes of all parts, unpacked.
const MAX_UNPACKED: u64 = 512 << 20;
/// The most parts.
const MAX_PARTS: usize = 10_000;

/// The kind of a file, by its first bytes and the parts of its archive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FileForm {
    Text,
    Xlsx,
    Ods,
}

/// A bounded archive.
pub(super) struct Archive<'a> {
    file: &'a str,
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

/// Returns the form of a file, or the refusal of one that is no table.
pub(super) fn form_of(file: &str, bytes: &[u8]) -> Result<FileForm> {
    let refuse = |what: &str, help: &str| {
        Err(Error::new(ErrorKind::Syntax, format!("the file is {what}"))
            .at(Place::file(file))
            .with_help(help))
    };
    const SAVE: &str = "save it as XLSX, ODS or CSV";
    let start = bytes.trim_ascii_start();
    let has_tag = |tag: &[u8]| {
        start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Archive::open(file, bytes)?.form();
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return refuse(
            "an old .xls, or has a password",
            "save it as XLSX without a password",
        );
    }
    if bytes.starts_with(b"%PDF-") {
        return refuse("a PDF", SAVE);
    }
    if bytes.starts_with(b"\x09\x08") && bytes.len() > 4 {
        return refuse("an old .xls", SAVE);
    }
    if has_tag(b"<?xml")
        || has_tag(b"<html")
        || has_tag(b"<!doctype")
        || has_tag(b"<table")
    {
        let what = "an HTML or XML page, whatever its name says";
        return refuse(what, "open it in a spreadsheet and save it as XLSX, ODS or CSV");
    }
    if has_tag(b"{\\rtf") {
        return refuse("a word processor document", SAVE);
    }
    Ok(FileForm::Text)
}

impl<'a> Archive<'a> {
    /// Opens an archive, and unpacks each of its parts once to count its bytes.
    pub(super) fn open(file: &'a str, bytes: &'a [u8]) -> Result<Self> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| broken(file, e))?;
        let mut archive = Self { file, zip };
        if archive.zip.len() > MAX_PARTS {
            return Err(too_large(file, format_args!("{MAX_PARTS} parts")));
        }
        let mut left = MAX_UNPACKED;
        let mut sink = [0_u8; 16 << 10];
        for index in 0..archive.zip.len() {
            let mut part = match archive.zip.by_index(index) {
                Ok(part) => part,
                Err(zip::result::ZipError::UnsupportedArchive(_)) => {
                    let message =
                        "the file has a password, or parts packed in an unusual way";
                    return Err(Error::new(ErrorKind::Syntax, message)
                        .at(Place::file(file))
                        .with_help("save it again without a password"));
                }
                Err(error) => return Err(broken(file, error)),
            };
            loop {
                let count = part.read(&mut sink).map_err(|error| broken(file, error))?;
                if count == 0 {
                    break;
                }
                left = left.checked_sub(count as u64).ok_or_else(|| {
                    too_large(file, format_args!("{} MB, unpacked", MAX_UNPACKED >> 20))
                })?;
            }
        }
        Ok(archive)
    }

    fn form(mut self) -> Result<FileForm> {
        let mimetype = self.text("mimetype")?;
        if mimetype.is_some_and(|it| {
            it.starts_with("application/vnd.oasis.opendocument.spreadsheet")
        }) {
            return Ok(FileForm::Ods);
        }
        if self.has("xl/workbook.xml") {
            return Ok(FileForm::Xlsx);
        }
        let what = if self.has("xl/workbook.bin") {
            "a binary workbook (.xlsb)"
        } else if self.zip.file_names().flatten().any(|name| name.ends_with(".iwa")) {
            "one of Apple's Numbers or Pages"
        } else if self.has("word/document.xml") {
            "a word processor document"
        } else {
            "an archive, and no spreadsheet"
        };
        Err(Error::new(ErrorKind::Syntax, format!("the file is {what}"))
            .at(Place::file(self.file))
            .with_help("export it as XLSX, ODS or CSV"))
    }

    /// The names of the parts.
    ///
    /// # Errors
    /// Two are alike: then programs differ in which of them they read.
    pub(super) fn part_names(&self) -> Result<PartNames> {
        let mut names = HashMap::new();
        for name in self.zip.file_names() {
            let name = name.map_err(|error| broken(self.file, error))?;
            if let Some(other) = names.insert(folded(&name), name.to_string()) {
                let cause = format!("it has both `{other}` and `{name}`");
                return Err(broken(self.file, std::io::Error::other(cause)));
            }
        }
        Ok(PartNames(names))
    }

    pub(super) fn has(&self, part: &str) -> bool {
        self.zip.index_for_name(part).is_some()
    }

    /// Returns a part as text, if there is one of that name.
    pub(super) fn text(&mut self, part: &str) -> Result<Option<String>> {
        if !self.has(part) {
            return Ok(None);
        }
        let mut text = String::new();
        let mut part =
            self.zip.by_name(part).map_err(|error| broken(self.file, error))?;
        part.read_to_string(&mut text).map_err(|error| broken(self.file, error))?;
        Ok(Some(text))
    }
}

/// The parts of an archive by their names as spreadsheet programs compare them: without case, and with
/// either slash.
pub(super) struct PartNames(HashMap<String, String>);

impl PartNames {
    /// The path of a part in the archive, if there is one of that name.
    pub(super) fn find(&self, part: &str) -> Option<&str> {
        self.0.get(&folded(part)).map(String::as_str)
    }
}

fn folded(part: &str) -> String {
    part.replace('\\', "/").to_ascii_lowercase()
}

/// The refusal of a spreadsheet that cannot be read.
pub(super) fn broken(
    file: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::caused(ErrorKind::Syntax, "the spreadsheet is broken", error)
        .at(Place::file(file))
        .with_help("open it in a spreadsheet and save it again")
}
