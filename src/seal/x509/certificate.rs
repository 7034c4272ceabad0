//! One X.509 certificate: parsed, and asked for the facts that sealing and verifying need.

use std::fmt;
use std::sync::LazyLock;

use const_oid::db::{rfc4519, rfc5280, rfc5912};
use const_oid::{AssociatedOid, ObjectIdentifier as Oid};
use der::asn1::{Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use der::{Decode, Encode};
use x509_cert::Certificate;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};

use crate::base::digits::Sha256;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::recent::Recent;
use crate::base::timestamp::Timestamp;
use crate::seal::asn1;
use crate::seal::keys::PublicKey;
use crate::seal::pem;

/// The largest certificate that is read, in bytes: ten times those of public CAs.
const MAX_LEN: usize = 64 << 10;
/// The largest number of signatures that are checked to find one chain: a stranger's file may have
/// many certificates of one name.
const MAX_CHAIN_CHECKS: usize = 32;
/// The extended key usages that allow signing documents.
const DOCUMENT_SIGNING_USAGES: [Oid; 5] = [
    // Document signing (RFC 9336).
    Oid::new_unwrap("1.3.6.1.5.5.7.3.36"),
    // E-mail protection (RFC 5280).
    Oid::new_unwrap("1.3.6.1.5.5.7.3.4"),
    // Any extended key usage (RFC 5280).
    Oid::new_unwrap("2.5.29.37.0"),
    // Adobe's authentic documents trust.
    Oid::new_unwrap("1.2.840.113583.1.1.5"),
    // Microsoft's document signing.
    Oid::new_unwrap("1.3.6.1.4.1.311.10.3.12"),
];
/// The extensions that this library understands, and that may therefore be critical.
const KNOWN_EXTENSIONS: [Oid; 7] = [
    rfc5912::ID_CE_BASIC_CONSTRAINTS,
    rfc5912::ID_CE_KEY_USAGE,
    rfc5912::ID_CE_EXT_KEY_USAGE,
    rfc5912::ID_CE_CERTIFICATE_POLICIES,
    rfc5912::ID_CE_NAME_CONSTRAINTS,
    rfc5912::ID_CE_POLICY_CONSTRAINTS,
    rfc5912::ID_CE_INHIBIT_ANY_POLICY,
];

/// The largest number of pairs that are remembered, in each of two generations.
const MAX_SIGNED: usize = 64;

/// Certificates and CRLs that are known to be signed by an issuer: the digests of both.
static SIGNED: LazyLock<Recent<[Sha256; 2], ()>> =
    LazyLock::new(|| Recent::new(MAX_SIGNED));

/// An X.509 certificate, which binds a public key to a name.
#[derive(Clone, PartialEq, Eq)]
pub struct X509 {
    der: Vec<u8>,
    parsed: Certificate,
    /// The `TBSCertificate` as DER, which the issuer has signed.
    tbs: Vec<u8>,
    /// The SHA-256 of the DER.
    fingerprint: Sha256,
}

impl X509 {
    /// Reads DER. Other encodings of the same certificate (BER) are rejected.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: the bytes are not a certificate.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let invalid = || Error::new(ErrorKind::Syntax, "this is no X.509 certificate");
        if der.len() > MAX_LEN {
            return Err(invalid());
        }
        let parsed: Certificate =
            asn1::decode(der).map_err(|cause| invalid().with_source(cause))?;
        let tbs = parsed.tbs_certificate.to_der().map_err(|_| invalid())?;
        let is_der = parsed.to_der().is_ok_and(|again| again == der);
        if is_der && parsed.signature_algorithm == parsed.tbs_certificate.signature {
            let fingerprint = Sha256::of(der);
            Ok(Self { der: der.to_vec(), parsed, tbs, fingerprint })
        } else {
            Err(invalid())
        }
    }

    /// Reads the certificates of a PEM file in order. Other blocks are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: the file has no certificate, or one that cannot be read.
    /// [`ErrorKind::TooLarge`]: the file is larger than a megabyte.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>> {
        let all: Vec<_> = pem::read(text)?
            .iter()
            .filter(|block| block.label == "CERTIFICATE")
            .map(|block| {
                Self::from_der(block.bytes.as_deref().map_or(&[], Vec::as_slice))
            })
            .collect::<Result<_>>()?;
        if all.is_empty() {
            return Err(Error::new(
                ErrorKind::Syntax,
                "there is no certificate in the file",
            )
            .with_help("a PEM file has a line `-----BEGIN CERTIFICATE-----`"));
        }
        Ok(all)
    }

    /// The certificate as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM.
    pub fn pem(&self) -> String {
        pem::write("CERTIFICATE", &self.der).as_str().to_owned()
    }

    /// The SHA-256 of the DER: 64 hexadecimal digits in lower case.
    pub fn fingerprint(&self) -> Sha256 {
        self.fingerprint.clone()
    }

    /// The subject's distinguished name in the form of RFC 4514: `CN=Example University,O=…`.
    pub fn subject(&self) -> String {
        self.parsed.tbs_certificate.subject.to_string()
    }

    /// The issuer's distinguished name in the form of RFC 4514.
    pub fn issuer(&self) -> String {
        self.parsed.tbs_certificate.issuer.to_string()
    }

    /// The subject's common name, else its organization, else its whole distinguished name.
    pub fn name(&self) -> String {
        self.attribute(rfc4519::CN)
            .or_else(|| self.attribute(rfc4519::O))
            .unwrap_or_else(|| self.subject())
    }

    /// The first time at which it is valid.
    pub fn not_before(&self) -> Timestamp {
        Timestamp::from_der(
            self.parsed.tbs_certificate.validity.not_before.to_date_time(),
        )
    }

    /// The last time at which it is valid.
    pub fn not_after(&self) -> Timestamp {
        Timestamp::from_der(self.parsed.tbs_certificate.validity.not_after.to_date_time())
    }

    /// Whether that time lies in its validity period.
    pub fn is_valid_at(&self, time: Timestamp) -> bool {
        (self.not_before()..=self.not_after()).contains(&time)
    }

    /// The subject's public key.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the key's kind or size is not supported.
    pub fn key(&self) -> Result<PublicKey> {
        let info = self.parsed.tbs_certificate.subject_public_key_info.to_der();
        PublicKey::from_spki(&info.unwrap_or_default())
    }

    /// The parsed ASN.1.
    pub(crate) fn parsed(&self) -> &Certificate {
        &self.parsed
    }

    /// Whether it is a CA's, whose key usage, if stated, allows signing certificates.
    pub(crate) fn is_ca(&self) -> bool {
        self.extension::<BasicConstraints>().is_some_and(|basic| basic.ca)
            && self.extension::<KeyUsage>().is_none_or(|usage| usage.key_cert_sign())
            && !self.has_malformed_extension()
    }

    /// Whether its key usage, if stated, allows signing CRLs.
    pub(crate) fn may_sign_crls(&self) -> bool {
        self.extension::<KeyUsage>().is_none_or(|usage| usage.crl_sign())
            && !self.has_malformed_extension()
    }

    /// The identifier of its key, if it states one.
    pub(crate) fn key_identifier(&self) -> Option<Vec<u8>> {
        let identifier = self.extension::<SubjectKeyIdentifier>()?;
        Some(identifier.0.as_bytes().to_vec())
    }

    /// The largest number of CAs that may follow it in a path, if it states one.
    pub(crate) fn path_len_constraint(&self) -> Option<u8> {
        self.extension::<BasicConstraints>().and_then(|basic| basic.path_len_constraint)
    }

    /// Checks that documents may be signed with it; the error says why not.
    pub(crate) fn check_document_signing(&self) -> Result<(), &'static str> {
        if self.has_malformed_extension() {
            return Err("it has an extension that cannot be read");
        }
        let usage = self.extension::<KeyUsage>();
        if usage
            .is_some_and(|usage| !usage.digital_signature() && !usage.non_repudiation())
        {
            return Err("its key usage has neither digitalSignature nor nonRepudiation");
        }
        let extended = self.extended_key_usages();
        let is_allowed = |usage: &Oid| DOCUMENT_SIGNING_USAGES.contains(usage);
        if extended.is_some_and(|usages| !usages.iter().any(is_allowed)) {
            return Err("its extended key usage is not for documents");
        }
        if self.has_unknown_critical_extension() {
            return Err("it has a critical extension that is not known");
        }
        Ok(())
    }

    /// Whether it is a TSA's (RFC 3161, 2.3): for timestamping only, by a critical extension.
    pub(crate) fn is_for_timestamping(&self) -> bool {
        let is_critical =
            self.extensions().any(|e| e.extn_id == ExtendedKeyUsage::OID && e.critical);
        is_critical
            && self
                .extended_key_usages()
                .is_some_and(|usages| usages == [rfc5280::ID_KP_TIME_STAMPING])
            && !self.has_unknown_critical_extension()
            && !self.has_malformed_extension()
    }

    /// Whether its key is for timestamp tokens, OCSP responses or Adobe's usage rights of forms,
    /// and not for documents.
    pub(crate) fn is_of_a_service(&self) -> bool {
        const USAGE_RIGHTS: Oid = Oid::new_unwrap("1.2.840.113583.1.1.7");
        let services =
            [rfc5280::ID_KP_TIME_STAMPING, rfc5280::ID_KP_OCSP_SIGNING, USAGE_RIGHTS];
        let usages = self.extended_key_usages();
        usages.is_some_and(|usages| usages.iter().any(|usage| services.contains(usage)))
    }

    /// Its issuer and serial number as DER, one after the other: how CMS names a signer's certificate.
    pub(crate) fn issuer_and_serial(&self) -> Vec<u8> {
        let tbs = &self.parsed.tbs_certificate;
        let parts = [tbs.issuer.to_der(), tbs.serial_number.to_der()];
        parts.into_iter().flatten().flatten().collect()
    }

    /// Whether it has a critical extension that this library does not understand.
    pub(crate) fn has_unknown_critical_extension(&self) -> bool {
        self.extensions().any(|extension| {
            extension.critical && !KNOWN_EXTENSIONS.contains(&extension.extn_id)
        })
    }

    /// Whether an extension that decides what it may be used for cannot be read, occurs twice, or
    /// states nothing: then it is not known what its issuer allowed.
    fn has_malformed_extension(&self) -> bool {
        let usage = self.extension::<KeyUsage>();
        let is_unreadable = |oid: Oid, can_be_read: bool| {
            self.extensions().any(|extension| extension.extn_id == oid) && !can_be_read
        };
        let mut oids: Vec<Oid> = self.extensions().map(|e| e.extn_id).collect();
        oids.sort_unstable();
        oids.windows(2).any(|pair| pair[0] == pair[1])
            || is_unreadable(
                KeyUsage::OID,
                usage.is_some_and(|usage| !usage.0.is_empty()),
            )
            || is_unreadable(
                BasicConstraints::OID,
                self.extension::<BasicConstraints>().is_some(),
            )
            || is_unreadable(
                ExtendedKeyUsage::OID,
                self.extended_key_usages().is_some_and(|usages| !usages.is_empty()),
            )
    }

    /// Whether it names that certificate as its issuer.
    pub(crate) fn names(&self, issuer: &X509) -> bool {
        self.parsed.tbs_certificate.issuer == issuer.parsed.tbs_certificate.subject
    }

    /// Whether that issuer's key has signed this certificate, and the names agree.
    pub(crate) fn is_signed_by(&self, issuer: &X509) -> bool {
        let tbs = &self.parsed.tbs_certificate;
        if tbs.issuer != issuer.parsed.tbs_certificate.subject {
            return false;
        }
        issuer.has_signed(&self.fingerprint, || {
            issuer.key().is_ok_and(|key| {
                let signature = self.parsed.signature.as_bytes().unwrap_or_default();
                let algorithm = &self.parsed.signature_algorithm;
                key.verifies_as(algorithm, None, &self.tbs, signature)
            })
        })
    }

    /// Whether its key has signed the certificate or the CRL with that digest. The answer of
    /// `verify` is cached, because all seals of an issuer contain the same few.
    pub(super) fn has_signed(
        &self,
        sha256: &Sha256,
        verify: impl FnOnce() -> bool,
    ) -> bool {
        let pair = [sha256.clone(), self.fingerprint.clone()];
        if SIGNED.get(&pair).is_some() {
            return true;
        }
        let is_signed = verify();
        if is_signed {
            SIGNED.insert(pair, ());
        }
        is_signed
    }

    /// This certificate, then its issuers in order, as far as `others` has them.
    pub(crate) fn chain_in<'a>(&'a self, others: &'a [X509]) -> Vec<&'a X509> {
        let mut chain = vec![self];
        let mut checks = 0;
        let mut is_issuer = |chain: &[&X509], last: &X509, other: &X509| {
            let is_new = !chain.contains(&other) && last.names(other);
            checks += usize::from(is_new);
            is_new && checks <= MAX_CHAIN_CHECKS && last.is_signed_by(other)
        };
        // The loop ends, because each step adds a further member of `others`.
        while let Some(last) = chain.last()
            && let Some(issuer) =
                others.iter().find(|other| is_issuer(&chain, last, other))
        {
            chain.push(issuer);
        }
        chain
    }

    /// Whether issuer and subject are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        let tbs = &self.parsed.tbs_certificate;
        tbs.issuer == tbs.subject
    }

    /// Whether both state the same, so that at most their signatures differ.
    pub(crate) fn has_tbs_of(&self, other: &X509) -> bool {
        self.tbs == other.tbs
    }

    /// Whether it is signed with its own key.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.is_signed_by(self)
    }

    /// The extension of that type, if there is one that can be read.
    pub(super) fn extension<'a, T: Decode<'a> + AssociatedOid>(&'a self) -> Option<T> {
        let extension =
            self.extensions().find(|extension| extension.extn_id == T::OID)?;
        asn1::decode(extension.extn_value.as_bytes()).ok()
    }

    /// The content of an extension as DER, if there is one.
    pub(super) fn extension_value(&self, oid: Oid) -> Option<&[u8]> {
        let extension = self.extensions().find(|extension| extension.extn_id == oid)?;
        Some(extension.extn_value.as_bytes())
    }

    fn extended_key_usages(&self) -> Option<Vec<Oid>> {
        Some(self.extension::<ExtendedKeyUsage>()?.0)
    }

    fn extensions(&self) -> impl Iterator<Item = &Extension> {
        self.parsed.tbs_certificate.extensions.iter().flatten()
    }

    /// The subject's attribute of that type, in any of the string types of X.520.
    fn attribute(&self, oid: Oid) -> Option<String> {
        let name = &self.parsed.tbs_certificate.subject;
        let value =
            &name.0.iter().flat_map(|rdn| rdn.0.iter()).find(|a| a.oid == oid)?.value;
        let text = Utf8StringRef::try_from(value).map(|text| text.as_str().to_owned());
        let text = text.or_else(|_| {
            PrintableStringRef::try_from(value).map(|text| text.as_str().to_owned())
        });
        let text = text.or_else(|_| {
            Ia5StringRef::try_from(value).map(|text| text.as_str().to_owned())
        });
        text.or_else(|_| {
            TeletexStringRef::try_from(value).map(|text| text.as_str().to_owned())
        })
        .ok()
    }
}

impl fmt::Debug for X509 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509")
            .field("subject", &self.subject())
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}
