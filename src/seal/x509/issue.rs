//! New certificates and CRLs: a self-signed root, the leaf that seals, and the root's CRLs.
//!
//! `rcgen` writes them; this file decides their content.

use std::time::Duration;

use const_oid::db::rfc5280::{ID_AD_CA_ISSUERS, ID_PE_AUTHORITY_INFO_ACCESS};
use der::Encode;
use der::asn1::Ia5String;
use der::asn1::{PrintableStringRef, Utf8StringRef};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams,
    CrlDistributionPoint, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, PublicKeyData,
    RevocationReason, RevokedCertParams, SerialNumber, SignatureAlgorithm, SigningKey,
    date_time_ymd,
};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, SubjectKeyIdentifier,
};

use super::certificate::X509;
use super::crl::{Crl, RevokedSerial};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::random;
use crate::base::timestamp::Timestamp;
use crate::seal::keys::{Algorithm, PrivateKey, PublicKey, sha256};

/// The extended key usage document signing (RFC 9336).
const DOCUMENT_SIGNING: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 36];
/// The upper bound of a common name in characters (RFC 5280, appendix A).
const MAX_NAME_LEN: usize = 64;

/// The content of a new certificate.
#[derive(Debug)]
pub(crate) struct X509Params<'a> {
    /// The organization's name, which is also the common name.
    pub(crate) organization: &'a str,
    /// The organizational unit, by which a root's name differs from that of its leaves; may be
    /// empty.
    pub(crate) unit: &'static str,
    /// The subject's key.
    pub(crate) key: &'a PublicKey,
    /// The first time at which it is valid.
    pub(crate) not_before: Timestamp,
    /// The length of the validity period in days.
    pub(crate) days: u64,
}

/// Where an issuer publishes its CRL and its own certificate, both as DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuerAddresses {
    pub(crate) crl: String,
    pub(crate) certificate: String,
}

/// A new CRL of a root.
#[derive(Debug)]
pub(crate) struct CrlParams<'a> {
    pub(crate) root: &'a X509,
    /// All known CRLs of the root. What one of them revokes stays revoked, and the number of the
    /// new one is higher than theirs.
    pub(crate) before: &'a [&'a Crl],
    /// The certificates that are revoked now, each with the time from which on it does not count.
    pub(crate) revoked: &'a [(&'a X509, Timestamp)],
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Timestamp,
}

impl X509Params<'_> {
    /// Issues a root: a self-signed CA certificate, with a path length of zero.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the organization's name cannot stand in a certificate.
    pub(crate) fn root(&self, key: &PrivateKey) -> Result<X509> {
        let mut params = self.certificate()?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = Issuer::from_params(&params, IssuerKey(key));
        let root = params.signed_by(&SubjectKey(self.key), &issuer);
        X509::from_der(root.map_err(unwritable)?.der())
    }

    /// Issues a leaf that may sign documents, signed with the root's key.
    #[cfg(test)]
    pub(crate) fn leaf(&self, root: &X509, key: &PrivateKey) -> Result<X509> {
        self.leaf_at(root, key, None)
    }

    /// Issues an empty CRL of the root, for the same validity period.
    #[cfg(test)]
    pub(crate) fn empty_crl(&self, root: &X509, key: &PrivateKey) -> Result<Vec<u8>> {
        let (this_update, next_update) =
            (self.not_before, self.not_before.plus_days(self.days));
        let (before, revoked) = (&[][..], &[][..]);
        let crl = CrlParams { root, before, revoked, this_update, next_update };
        crl.sign(key).map(|crl| crl.der().to_vec())
    }

    /// Issues a leaf that may sign documents, signed with the root's key. It names where the root
    /// publishes, if that is known.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the organization's name or an address cannot stand in a
    /// certificate. [`ErrorKind::Key`]: the key is not the root's, or the root's name cannot be
    /// repeated.
    pub(crate) fn leaf_at(
        &self,
        root: &X509,
        key: &PrivateKey,
        addresses: Option<&IssuerAddresses>,
    ) -> Result<X509> {
        let mut params = self.certificate()?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::Other(DOCUMENT_SIGNING.to_vec()),
            // For PDF readers older than RFC 9336.
            ExtendedKeyUsagePurpose::EmailProtection,
        ];
        params.use_authority_key_identifier_extension = true;
        if let Some(addresses) = addresses {
            params.crl_distribution_points =
                vec![CrlDistributionPoint { uris: vec![addresses.crl.clone()] }];
            params.custom_extensions = vec![issuer_access(addresses)?];
        }
        let leaf = params.signed_by(&SubjectKey(self.key), &issuer(root, key)?);
        let leaf = X509::from_der(leaf.map_err(unwritable)?.der())?;
        if leaf.is_signed_by(root) { Ok(leaf) } else { Err(not_the_root()) }
    }

    /// What all certificates have: a random serial number, the validity period, the name, the key.
    fn certificate(&self) -> Result<CertificateParams> {
        let mut serial = [0; 16];
        random::fill(&mut serial)?;
        // Positive, and without a leading zero byte.
        serial[0] = serial[0] & 0x3f | 0x40;
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = date_time_ymd(1970, 1, 1) + since_epoch(self.not_before);
        params.not_after =
            date_time_ymd(1970, 1, 1) + since_epoch(self.not_before.plus_days(self.days));
        params.distinguished_name = self.name()?;
        params.key_identifier_method = KeyIdMethod::PreSpecified(key_hash(self.key));
        Ok(params)
    }

    /// The checked name of the subject.
    fn name(&self) -> Result<DistinguishedName> {
        let text = self.organization;
        let has_length = (1..=MAX_NAME_LEN).contains(&text.chars().count());
        if !has_length || text.trim() != text || text.chars().any(char::is_control) {
            let message =
                format!("`{}` cannot be the owner of a key", text.escape_debug());
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(format!(
                    "the keys name their owner in 1 to {MAX_NAME_LEN} letters, without line ends (RFC \
                     5280): give a shorter name for them; courses.yaml can have the whole one"
                )));
        }
        let mut name = DistinguishedName::new();
        name.push(DnType::OrganizationName, text);
        if !self.unit.is_empty() {
            name.push(DnType::OrganizationalUnitName, self.unit);
        }
        name.push(DnType::CommonName, text);
        Ok(name)
    }
}

impl CrlParams<'_> {
    /// Signs the CRL with the root's key.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the key is not the root's, or the root's name cannot be repeated.
    pub(crate) fn sign(&self, key: &PrivateKey) -> Result<Crl> {
        let time = |time| date_time_ymd(1970, 1, 1) + since_epoch(time);
        let serial =
            |cert: &X509| cert.parsed().tbs_certificate.serial_number.as_bytes().to_vec();
        let added = self.revoked.iter().map(|(certificate, since)| RevokedSerial {
            serial: serial(certificate),
            date: *since,
        });
        let mut revoked: Vec<RevokedSerial> = Vec::new();
        for entry in self.before.iter().flat_map(|crl| crl.revoked()).chain(added) {
            // The earlier time counts, so that no seal that was distrusted before is trusted again.
            match revoked.iter_mut().find(|known| known.serial == entry.serial) {
                Some(known) => known.date = known.date.min(entry.date),
                None => revoked.push(entry),
            }
        }
        let last = self.before.iter().map(|crl| crl.number()).max().unwrap_or(0);
        let params = CertificateRevocationListParams {
            this_update: time(self.this_update),
            next_update: time(self.next_update),
            crl_number: SerialNumber::from(last.saturating_add(1)),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .into_iter()
                .map(|entry| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&entry.serial),
                    revocation_time: time(entry.date),
                    reason_code: Some(RevocationReason::KeyCompromise),
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::PreSpecified(key_identifier(self.root)?),
        };
        let crl = params.signed_by(&issuer(self.root, key)?).map_err(unwritable)?;
        let crl = Crl::from_der(crl.der())?;
        if crl.is_signed_by(self.root) { Ok(crl) } else { Err(not_the_root()) }
    }
}

/// The extension that says where the issuer's certificate is (RFC 5280, 4.2.2.1).
fn issuer_access(addresses: &IssuerAddresses) -> Result<CustomExtension> {
    let content = || -> der::Result<Vec<u8>> {
        let url = Ia5String::new(&addresses.certificate)?;
        AuthorityInfoAccessSyntax(vec![AccessDescription {
            access_method: ID_AD_CA_ISSUERS,
            access_location: GeneralName::UniformResourceIdentifier(url),
        }])
        .to_der()
    };
    let arcs: Vec<u64> = ID_PE_AUTHORITY_INFO_ACCESS.arcs().map(u64::from).collect();
    let content = content().map_err(|cause| {
        let message = format!(
            "`{}` is no address for a certificate",
            addresses.certificate.escape_debug()
        );
        Error::new(ErrorKind::InvalidValue, message)
            .with_help("write the host of `publish.url` in its ASCII form (`xn--…`)")
            .with_source(cause)
    })?;
    Ok(CustomExtension::from_oid_content(&arcs, content))
}

/// A subject's key, as `rcgen` asks for one.
struct SubjectKey<'a>(&'a PublicKey);

impl PublicKeyData for SubjectKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.raw()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.0.algorithm() {
            Algorithm::Rsa => &rcgen::PKCS_RSA_SHA256,
            Algorithm::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Algorithm::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Algorithm::Ed25519 => &rcgen::PKCS_ED25519,
        }
    }
}

/// An issuer's key, as `rcgen` asks for one.
struct IssuerKey<'a>(&'a PrivateKey);

impl PublicKeyData for IssuerKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public().raw()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        SubjectKey(self.0.public()).algorithm()
    }
}

impl SigningKey for IssuerKey<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// The root as an issuer: its name, its key identifier and its key.
fn issuer<'a>(root: &X509, key: &'a PrivateKey) -> Result<Issuer<'a, IssuerKey<'a>>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(root).ok_or_else(not_the_root)?;
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier(root)?);
    Ok(Issuer::new(params, IssuerKey(key)))
}

/// A certificate's subject for `rcgen`, which writes one value of each type. Callers check that the
/// name is the whole one.
fn subject(certificate: &X509) -> Option<DistinguishedName> {
    let mut name = DistinguishedName::new();
    let parts = &certificate.parsed().tbs_certificate.subject.0;
    for part in parts.iter().flat_map(|part| part.0.iter()) {
        let arcs: Vec<u64> = part.oid.arcs().map(u64::from).collect();
        let value = match Utf8StringRef::try_from(&part.value) {
            Ok(text) => DnValue::from(text.as_str()),
            Err(_) => {
                let text = PrintableStringRef::try_from(&part.value).ok()?;
                DnValue::PrintableString(text.as_str().try_into().ok()?)
            }
        };
        name.push(DnType::from_oid(&arcs), value);
    }
    Some(name)
}

/// The key identifier that a root states, else the one that it would have here.
fn key_identifier(root: &X509) -> Result<Vec<u8>> {
    match root.extension::<SubjectKeyIdentifier>() {
        Some(identifier) => Ok(identifier.0.as_bytes().to_vec()),
        None => Ok(key_hash(&root.key()?)),
    }
}

/// The leftmost 160 bits of the SHA-256 of a key (RFC 7093, 2).
fn key_hash(key: &PublicKey) -> Vec<u8> {
    sha256(key.raw())[..20].to_vec()
}

fn since_epoch(time: Timestamp) -> Duration {
    Duration::from_secs(time.unix())
}

fn not_the_root() -> Error {
    Error::new(ErrorKind::Key, "the root cannot issue with this key and this name")
        .with_help("make a new root: testamur key rotate --root")
}

fn unwritable(cause: rcgen::Error) -> Error {
    Error::caused(ErrorKind::Key, "failed to write the certificate", cause)
}
