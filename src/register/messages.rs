//! The messages that asked for a certificate and were done.
//!
//! Takes the fingerprint of a message's id; tells whether the message was done before. The
//! decision: an edition's snapshot names the message that it was made for, and a message that
//! changed nothing leaves a file beside it, so that a message that a queue delivers twice never
//! counts as a new request.

use crate::base::digits::{CertificateId, KeyedDigest};
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::register::certificates::Register;
use crate::register::editions::Editions;
use crate::register::paths;
use crate::register::store::StoreFile;

impl Register {
    /// Notes that an edition answers a message.
    pub(crate) fn note_message(
        &self,
        id: &CertificateId,
        message: &KeyedDigest,
    ) -> Result<()> {
        let path = StorePath::parse(&paths::message(id, message))?;
        self.private.create(&StoreFile::new(&path, b"done\n")).map(|_| ())
    }

    /// The number of the edition that answers a message, counted from 1; `None` if the message was
    /// not done.
    pub(crate) fn answered(
        &self,
        editions: &Editions,
        message: &KeyedDigest,
    ) -> Result<Option<u32>> {
        for edition in editions.current.iter().chain(editions.past.iter().rev()) {
            let id = &edition.ids.verify;
            let path = StorePath::parse(&paths::message(id, message))?;
            let is_noted = || -> Result<bool> { Ok(self.private.read(&path)?.is_some()) };
            let is_made_for = || -> Result<bool> {
                let snapshots = self.snapshots(id)?;
                Ok(snapshots.iter().any(|s| s.message.as_deref() == Some(message)))
            };
            if is_noted()? || is_made_for()? {
                return Ok(Some(edition.record.edition));
            }
        }
        Ok(None)
    }
}
