//! What the index knows about an edition: its record, and from the private side its recipient.

use crate::base::date::Date;
use crate::base::digits::{CertificateId, Sha256};
use crate::base::error::{Place, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::paths;
use crate::register::record::{Record, Status, StatusChange};
use crate::register::snapshot::Snapshot;
use crate::register::store::Store;
use crate::site::award::{Award, Recipient};
use crate::site::settings::CertificateUrl;

/// One edition of an award, as the register has it.
///
/// A superseded edition keeps its name; an erased one has nothing personal.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IndexedEdition {
    /// The verify id.
    pub id: CertificateId,
    /// The status.
    pub status: Status,
    /// The number of the edition in its award, counted from 1.
    pub edition: u32,
    /// When the edition was issued.
    pub issued_at: Timestamp,
    /// The course's id.
    pub course: Option<String>,
    /// The recipient's name, as it is or was printed.
    pub name: Option<String>,
    /// The recipient's username or other id of the caller's, if the request had one.
    pub username: Option<String>,
    /// The date on the certificate.
    pub issued: Option<Date>,
    /// The address of the PDF, if it is published.
    pub pdf_url: Option<CertificateUrl>,
    /// The SHA-256 of the PDF: 64 hexadecimal digits in lower case.
    pub pdf_sha256: Option<Sha256>,
    /// The address of the verify page of the edition that superseded this one.
    pub successor: Option<CertificateUrl>,
    /// The changes of the status, oldest first.
    pub history: Vec<StatusChange>,
}

/// What an edition's row is made from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Described {
    pub(super) edition: IndexedEdition,
    /// What identifies the recipient: the username, else the name.
    pub(super) recipient: Option<String>,
}

/// Reads a file of the private store.
pub(super) type ReadPrivate<'a> = dyn Fn(&StorePath) -> Result<Option<Vec<u8>>> + 'a;

impl Described {
    /// Describes the edition of a record, with the snapshot that names its recipient, or else the
    /// award that the private record names: a tombstone has no snapshot, nor has an imported
    /// certificate whose PDF is lost.
    pub(super) fn new(
        record: Record,
        snapshot: Option<&Snapshot>,
        award: Option<&Award>,
    ) -> Self {
        let is_erased = record.status == Status::Erased;
        let snapshot = snapshot.filter(|_| !is_erased);
        let award = snapshot.map(|snapshot| &snapshot.award).or(award);
        let award = award.filter(|_| !is_erased);
        let recipient = award.map(|award| &award.recipient);
        let text =
            recipient.map(|recipient| {
                let (Recipient::Id(text)
                | Recipient::Name(text)
                | Recipient::Specimen(text)) = recipient;
                text.clone()
            });
        let kept = snapshot.and_then(|snapshot| snapshot.record.certificate.as_ref());
        let said = record.certificate.as_ref().or(kept);
        let (mut username, mut name) = (None, None);
        match recipient {
            Some(Recipient::Id(id)) => username = Some(id.clone()),
            Some(Recipient::Name(own)) => name = Some(own.clone()),
            _ => {}
        }
        let username = snapshot.map_or(username, |it| it.username().map(str::to_owned));
        let edition = IndexedEdition {
            id: record.id,
            status: record.status,
            edition: record.edition,
            issued_at: record.issued_at,
            course: said
                .map(|said| said.course.id.clone())
                .or_else(|| award.map(|award| award.course.clone())),
            name: said.map(|said| said.name.clone()).or(name),
            username,
            issued: said.map(|said| said.issued),
            pdf_url: record
                .certificate
                .as_ref()
                .and_then(|said| said.pdf.as_ref())
                .map(|pdf| pdf.url.clone()),
            pdf_sha256: said.and_then(|said| said.pdf_sha256()).cloned(),
            successor: record.successor,
            history: record.history,
        };
        Self { edition, recipient: text }
    }
}

/// The snapshot of an edition. A record without its certificate does not say which snapshot is its
/// own. Any will do, because all name the same recipient.
///
/// # Errors
/// [`ErrorKind::Syntax`](crate::ErrorKind::Syntax): the snapshot cannot be read. Else what the
/// private store fails with.
pub(super) fn snapshot(
    record: &Record,
    private: &dyn Store,
    read: &ReadPrivate<'_>,
) -> Result<Option<Snapshot>> {
    let sha256 = record.certificate.as_ref().and_then(|it| it.pdf_sha256());
    let path = match (record.status, sha256) {
        (Status::Erased, _) => None,
        (_, Some(sha256)) => {
            Some(StorePath::parse(&paths::snapshot(&record.id, sha256))?)
        }
        (_, None) => {
            let mut first = None;
            private.list(Some(&StorePath::parse(&record.id)?), &mut |path| {
                if paths::is_snapshot(path.as_str()) {
                    first.get_or_insert(path);
                }
                Ok(())
            })?;
            first
        }
    };
    let Some(path) = path else { return Ok(None) };
    let snapshot = read(&path)?.map(|bytes| Snapshot::parse(&bytes)).transpose();
    snapshot.map_err(|error| error.at(Place::file(path.as_str())))
}
