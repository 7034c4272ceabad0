//! Where the files of a certificate are in the public store and in the private one.
//!
//! The decision made here: the public path of a page has the verify id, that of a PDF the download
//! id, so that neither leads to the other.

use crate::base::digits::{CertificateId, DownloadId, Sha256};

/// The folder of pages and records in the public store.
pub(super) const CERTIFICATES: &str = "cert";

/// The mark in each store that says to which id secret it belongs.
pub(super) const STORE_MARK: &str = "store.json";

/// The folder of PDFs in the public store.
pub(super) const DOWNLOADS: &str = "downloads";

/// The file name of a private record.
const PRIVATE_RECORD: &str = "record.json";

/// The file name of a record.
pub(super) const RECORD: &str = "certificate.json";

/// How the names of notes about messages end.
const MESSAGE_SUFFIX: &str = ".done";
/// How the names of notes about corrected names end.
const CORRECTION_SUFFIX: &str = ".corrects";

/// The record of a certificate, by its verify id.
pub(super) fn record(id: &str) -> String {
    page(id, RECORD)
}

/// The verify id of the record at this path, or `None` if the path is that of another file.
pub(super) fn record_id(path: &str) -> Option<CertificateId> {
    let id = path.strip_prefix(CERTIFICATES)?.strip_prefix('/')?;
    let id = id.strip_suffix(RECORD)?.strip_suffix('/')?;
    CertificateId::parse(id).ok()
}

/// A file beside the record of a certificate.
pub(super) fn page(id: &str, name: &str) -> String {
    format!("{}/{name}", folder(id))
}

/// The folder of the record of a certificate.
pub(super) fn folder(id: &str) -> String {
    format!("{CERTIFICATES}/{id}")
}

/// The verify id of a file in the folder of a record.
pub(super) fn folder_id(path: &str) -> Option<CertificateId> {
    let path = path.strip_prefix(CERTIFICATES)?.strip_prefix('/')?;
    path.split('/').next().and_then(|id| CertificateId::parse(id).ok())
}

/// The detached OpenPGP signature of a PDF, by the verify id.
pub(super) fn signature(id: &str, filename: &str) -> String {
    page(id, &format!("{filename}.sig"))
}

/// The PDF of a certificate, by its download id.
pub(super) fn pdf(download_id: &str, filename: &str) -> String {
    format!("{}/{filename}", downloads(download_id))
}

/// The folder of the PDF of a certificate, by its download id.
pub(super) fn downloads(download_id: &str) -> String {
    format!("{DOWNLOADS}/{download_id}")
}

/// A public OpenPGP key, by its fingerprint.
pub(super) fn key(fingerprint: &str) -> String {
    format!("keys/{fingerprint}.asc")
}

/// The private record of a certificate, in the private store.
pub(super) fn private_record(id: &str) -> String {
    format!("{id}/{PRIVATE_RECORD}")
}

/// Whether a file in the private folder of a certificate is its private record.
pub(super) fn is_private_record(name: &str) -> bool {
    name == PRIVATE_RECORD
}

/// The note in the private store that an edition answers a message, by the verify id and the
/// fingerprint of the message's id.
pub(super) fn message(id: &str, message: &str) -> String {
    format!("{id}/{message}{MESSAGE_SUFFIX}")
}

/// The note in the private store that a certificate is corrected by another one, by their verify
/// ids.
pub(super) fn correction(id: &str, by: &str) -> String {
    format!("{id}/{by}{CORRECTION_SUFFIX}")
}

/// The verify id of the certificate that corrects another one, by the path of the note.
pub(super) fn corrected_by(path: &str) -> Option<CertificateId> {
    let (_, name) = path.split_once('/')?;
    name.strip_suffix(CORRECTION_SUFFIX).and_then(|by| CertificateId::parse(by).ok())
}

/// The verify id of a file in the private store that belongs to a certificate.
pub(super) fn private_id(path: &str) -> Option<CertificateId> {
    let (id, _) = path.split_once('/')?;
    CertificateId::parse(id).ok()
}

/// The download id in the path of a PDF.
pub(super) fn download_id(pdf: &str) -> Option<DownloadId> {
    let id = pdf.strip_prefix(DOWNLOADS)?.strip_prefix('/')?.split('/').next()?;
    DownloadId::parse(id).ok()
}

/// A snapshot in the private store, by the verify id and the SHA-256 of its PDF.
pub(super) fn snapshot(id: &str, sha256: &str) -> String {
    format!("{id}/{sha256}.json")
}

/// Whether a path in the private store is that of a snapshot.
pub(super) fn is_snapshot(path: &str) -> bool {
    snapshot_digest(path).is_some()
}

/// The SHA-256 of the PDF in the path of a snapshot.
pub(super) fn snapshot_digest(path: &str) -> Option<Sha256> {
    let (id, name) = path.split_once('/')?;
    let digest = name.strip_suffix(".json").filter(|_| CertificateId::is_valid(id))?;
    Sha256::parse(digest).ok()
}
