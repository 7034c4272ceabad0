//! The old files in the public store: which certificates have a folder of pages, and which PDFs there
//! are.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::base::path::StorePath;
use crate::cli::exit::Failure;
use crate::register::Register;
use crate::site::{CertificateId, DownloadId};

/// The files of a verify id in the store.
#[derive(Debug, Default)]
pub(super) struct OldFolderFiles {
    pub(super) has_record: bool,
    pub(super) has_page: bool,
}

/// The old files.
#[derive(Debug, Default)]
pub(super) struct OldTree {
    pub(super) folders: BTreeMap<CertificateId, OldFolderFiles>,
    /// The paths of PDFs by download id.
    pub(super) pdfs: BTreeMap<DownloadId, StorePath>,
}

impl OldTree {
    /// Lists the store.
    pub(super) fn list(register: &Register) -> Result<Self, Failure> {
        let (pages, downloads, record) = Register::PUBLIC_PATHS;
        let mut tree = Self::default();
        let store = register.public_store();
        store.list(Some(&StorePath::parse(pages)?), &mut |path| {
            if let Some((id, name)) = inside(path.as_str(), pages) {
                let files = tree.folders.entry(id).or_default();
                files.has_record |= name == record;
                files.has_page |= name == "valid.html";
            }
            Ok(())
        })?;
        store.list(Some(&StorePath::parse(downloads)?), &mut |path| {
            if let Some((id, name)) = inside(path.as_str(), downloads)
                && name.to_ascii_lowercase().ends_with(".pdf")
            {
                tree.pdfs.insert(id, path.clone());
            }
            Ok(())
        })?;
        Ok(tree)
    }
}

/// The id of a folder, and the name of a file in it.
fn inside<'a, T: FromStr>(path: &'a str, folder: &str) -> Option<(T, &'a str)> {
    let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
    let (id, name) = rest.split_once('/')?;
    let id = id.parse().ok()?;
    (!name.contains('/')).then_some((id, name))
}

/// The verify ids that a PDF of the old program bears: in a link, or in the text that it draws.
pub(super) fn verify_id(pdf: &[u8], verify_path: &str) -> Option<CertificateId> {
    let mut ids = BTreeSet::new();
    collect_ids(pdf, verify_path, &mut ids);
    if ids.is_empty() {
        for stream in streams(pdf) {
            if let Some(bytes) = inflate(stream) {
                collect_ids(&bytes, verify_path, &mut ids);
            }
        }
    }
    // If there are several, none is taken.
    let mut ids = ids.into_iter();
    ids.next().filter(|_| ids.next().is_none())
}

fn collect_ids(bytes: &[u8], verify_path: &str, ids: &mut BTreeSet<CertificateId>) {
    let before = format!("/{verify_path}/");
    for (at, window) in bytes.windows(before.len()).enumerate() {
        if window == before.as_bytes()
            && let Some(id) = bytes.get(at + before.len()..at + before.len() + 32)
            && let Ok(id) = std::str::from_utf8(id)
            && let Ok(id) = CertificateId::parse(id)
        {
            ids.insert(id);
        }
    }
}

/// The most streams of a PDF that are looked into, and the most bytes that one may have.
const MAX_STREAMS: usize = 200;
const MAX_STREAM: u64 = 4 * 1024 * 1024;

/// What stands between `stream` and `endstream`.
fn streams(pdf: &[u8]) -> Vec<&[u8]> {
    let find = |what: &[u8], from: usize| {
        let rest = pdf.get(from..)?;
        rest.windows(what.len()).position(|window| window == what).map(|at| from + at)
    };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = find(b"stream", at).filter(|_| found.len() < MAX_STREAMS) {
        let begin = start + b"stream".len();
        let Some(end) = find(b"endstream", begin) else { break };
        let mut bytes = &pdf[begin..end];
        while let [b'\r' | b'\n', rest @ ..] = bytes {
            bytes = rest;
        }
        found.push(bytes);
        at = end + b"endstream".len();
    }
    found
}

fn inflate(stream: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let mut decoder = flate2::read::ZlibDecoder::new(stream).take(MAX_STREAM);
    // Of a stream that ends early, the bytes so far are used.
    let _ = decoder.read_to_end(&mut bytes);
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_found_in_links_and_in_streams() {
        let id = "82371b7cc3424c319e3381fa28ce9568";
        let plain = format!("%PDF-1.3 /URI (https://a.example/cert/{id}) ");
        assert_eq!(verify_id(plain.as_bytes(), "cert").as_deref(), Some(id));
        assert_eq!(verify_id(plain.as_bytes(), "other"), None);
        let mut encoder =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, plain.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let pdf = [b"%PDF-1.3\nstream\n", &packed[..], b"\nendstream\n"].concat();
        assert_eq!(verify_id(&pdf, "cert").as_deref(), Some(id));
        let two = format!("{plain} /cert/{}", "0".repeat(32));
        assert_eq!(verify_id(two.as_bytes(), "cert"), None);
    }
}
