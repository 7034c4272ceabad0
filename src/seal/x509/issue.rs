//! New certificates: a self-signed root, the leaf that seals, and the root's empty CRL.
//!
//! `rcgen` writes them; what stands in them is decided here.

use std::time::Duration;

use der::asn1::{PrintableStringRef, Utf8StringRef};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams,
    DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyUsagePurpose, PublicKeyData, SerialNumber, SignatureAlgorithm,
    SigningKey, date_time_ymd,
};
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::certificate::X509;
use super::crl::Crl;
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
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the organization's name cannot stand in a certificate.
    /// [`ErrorKind::Key`]: the key is not the root's, or the root's name cannot be repeated.
    pub(crate) fn leaf(&self, root: &X509, key: &PrivateKey) -> Result<X509> {
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
        let leaf = params.signed_by(&SubjectKey(self.key), &issuer(root, key)?);
        let leaf = X509::from_der(leaf.map_err(unwritable)?.der())?;
        if leaf.is_signed_by(root) { Ok(leaf) } else { Err(not_the_root()) }
    }

    /// Issues an empty CRL of the root, for the same validity period. With it a seal reaches B-LT
    /// without a server that publishes CRLs.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the key is not the root's, or the root's name cannot be repeated.
    pub(crate) fn empty_crl(&self, root: &X509, key: &PrivateKey) -> Result<Vec<u8>> {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(1970, 1, 1) + since_epoch(self.not_before),
            next_update: date_time_ymd(1970, 1, 1)
                + since_epoch(self.not_before.plus_days(self.days)),
            crl_number: SerialNumber::from_slice(&[1]),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::PreSpecified(key_identifier(root)?),
        };
        let crl = params.signed_by(&issuer(root, key)?).map_err(unwritable)?;
        let crl = Crl::from_der(crl.der())?;
        if crl.is_signed_by(root) { Ok(crl.der().to_vec()) } else { Err(not_the_root()) }
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
                format!("`{}` is no name for a certificate", text.escape_debug());
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help(format!("give a name of 1 to {MAX_NAME_LEN} letters")));
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
    Error::new(ErrorKind::Key, format!("failed to write the certificate ({cause})"))
}
