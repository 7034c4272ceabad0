//! What a site publishes about its keys: fingerprints, dates and public parts.

use serde::Serialize;

use crate::base::digits::{PgpFingerprint, Sha256};
use crate::base::timestamp::Timestamp;
use crate::seal::keys::Algorithm;
use crate::seal::x509::X509;

/// The public parts of a site's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PublicKeys {
    /// The path of the current set, unless the keys are in memory only.
    pub folder: Option<String>,
    /// The certificate that seals, then its issuers.
    pub certificate: Vec<X509Facts>,
    /// The algorithm of the key that seals.
    pub algorithm: Algorithm,
    /// The site's root CA, if it has one, to be published.
    pub root: Option<X509Facts>,
    /// When the certificate that seals expires.
    pub expires: Timestamp,
    /// The fingerprint of the OpenPGP key.
    pub openpgp_fingerprint: PgpFingerprint,
    /// The user ID of the OpenPGP key.
    pub openpgp_user_id: Option<String>,
    /// When the OpenPGP key was made.
    pub openpgp_created: Timestamp,
    /// The OpenPGP key in ASCII armor, to be published.
    pub openpgp_armor: String,
}

/// The facts by which a person recognises an X.509 certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct X509Facts {
    /// The distinguished name of its subject.
    pub subject: String,
    /// The SHA-256 of the certificate (DER).
    pub fingerprint: Sha256,
    /// The beginning of its validity.
    pub not_before: Timestamp,
    /// The end of its validity.
    pub not_after: Timestamp,
    /// The certificate as PEM.
    pub pem: String,
}

impl X509Facts {
    pub(super) fn new(certificate: &X509) -> Self {
        Self {
            subject: certificate.subject(),
            fingerprint: certificate.fingerprint(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            pem: certificate.pem(),
        }
    }
}
