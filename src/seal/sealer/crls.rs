//! The CRLs that sealers share.

use std::sync::{Arc, PoisonError, RwLock};

use crate::base::error::{Error, ErrorKind};
use crate::base::timestamp::Timestamp;
use crate::seal::x509::{Crl, X509};

/// CRLs that all clones of a sealer share, so that one can be renewed while they seal.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedCrls(Arc<RwLock<Arc<[Crl]>>>);

impl SharedCrls {
    /// Sets the CRLs.
    pub(crate) fn set(&self, crls: Vec<Crl>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = crls.into();
    }

    /// The CRLs.
    pub(crate) fn get(&self) -> Arc<[Crl]> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The error for a certificate that is revoked.
pub(crate) fn revoked(certificate: &X509, date: Timestamp) -> Error {
    let message =
        format!("the certificate of `{}` is revoked since {date}", certificate.name());
    Error::new(ErrorKind::Key, message)
        .with_help("make the next key, and issue again: testamur key rotate")
}
