//! X.509 certificates (RFC 5280): the facts that sealing and verifying ask them for.
//!
//! They are called `X509` here, as the word certificate belongs to what this library makes.

mod crl;
mod issue;
mod path;

use std::collections::BTreeSet;
use std::fmt;

use const_oid::AssociatedOid;
use const_oid::db::{rfc4519, rfc5280, rfc5912};
use der::asn1::{Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use der::{Decode, Encode};
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage,
};

pub(crate) use self::crl::Crl;
pub(crate) use self::issue::Issue;
pub(crate) use self::path::Path;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::seal::key::{PublicKey, sha256};
use crate::seal::pem;

/// A certificate that binds a public key to a name.
#[derive(Clone, PartialEq, Eq)]
pub struct X509 {
    der: Vec<u8>,
    parsed: Certificate,
    /// What its issuer has signed.
    signed: Vec<u8>,
}

impl X509 {
    /// Reads DER, and nothing that is not DER.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: not a certificate.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let fault = || Error::new(ErrorKind::Syntax, "this is no X.509 certificate");
        let parsed = Certificate::from_der(der).map_err(|_| fault())?;
        let signed = parsed.tbs_certificate.to_der().map_err(|_| fault())?;
        let same = parsed.to_der().is_ok_and(|again| again == der);
        match same && parsed.signature_algorithm == parsed.tbs_certificate.signature {
            true => Ok(Self { der: der.to_vec(), parsed, signed }),
            false => Err(fault()),
        }
    }

    /// The certificates of a PEM file, in their order. Other blocks are passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: no certificate, or one that cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>> {
        let all: Vec<_> = pem::read(text)?
            .iter()
            .filter(|block| block.label == "CERTIFICATE")
            .map(|block| Self::from_der(&block.bytes))
            .collect::<Result<_>>()?;
        match all.is_empty() {
            true => {
                Err(Error::new(ErrorKind::Syntax, "there is no certificate in the file")
                    .with_help("a PEM file has a line `-----BEGIN CERTIFICATE-----`"))
            }
            false => Ok(all),
        }
    }

    /// The certificate as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM.
    pub fn pem(&self) -> String {
        pem::write("CERTIFICATE", &self.der).as_str().to_owned()
    }

    /// The whole SHA-256 of the certificate: 64 digits in lower case.
    pub fn fingerprint(&self) -> String {
        hex::lower(&sha256(&self.der))
    }

    /// Whom it names, as RFC 4514 writes it: `CN=Example University,O=…`.
    pub fn subject(&self) -> String {
        self.parsed.tbs_certificate.subject.to_string()
    }

    /// Who issued it, as RFC 4514 writes it.
    pub fn issuer(&self) -> String {
        self.parsed.tbs_certificate.issuer.to_string()
    }

    /// The common name of whom it names, else the whole name.
    pub fn name(&self) -> String {
        self.attribute(rfc4519::CN)
            .or_else(|| self.attribute(rfc4519::O))
            .unwrap_or_else(|| self.subject())
    }

    /// The first moment at which it is valid.
    pub fn not_before(&self) -> Timestamp {
        Timestamp::from_der(
            self.parsed.tbs_certificate.validity.not_before.to_date_time(),
        )
    }

    /// The last moment at which it is valid.
    pub fn not_after(&self) -> Timestamp {
        Timestamp::from_der(self.parsed.tbs_certificate.validity.not_after.to_date_time())
    }

    /// Whether that moment lies in the time for which it was issued.
    pub fn is_valid_at(&self, moment: Timestamp) -> bool {
        (self.not_before()..=self.not_after()).contains(&moment)
    }

    /// The key that it is about.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: a kind of key that is not supported.
    pub fn key(&self) -> Result<PublicKey> {
        let info = self.parsed.tbs_certificate.subject_public_key_info.to_der();
        PublicKey::from_spki(&info.unwrap_or_default())
    }

    /// What the certificate looks like inside.
    pub(crate) fn parsed(&self) -> &Certificate {
        &self.parsed
    }

    /// Whether it may issue others: a CA, with a fitting key usage.
    pub(crate) fn is_ca(&self) -> bool {
        self.extension::<BasicConstraints>().is_some_and(|basic| basic.ca)
            && self.extension::<KeyUsage>().is_none_or(|usage| usage.key_cert_sign())
    }

    /// How many authorities may stand below it, if it says so.
    pub(crate) fn path_length(&self) -> Option<u8> {
        self.extension::<BasicConstraints>().and_then(|basic| basic.path_len_constraint)
    }

    /// Why documents may not be signed with it, if so.
    pub(crate) fn unfit_for_documents(&self) -> Option<&'static str> {
        /// Document signing of RFC 9336, e-mail, any; Adobe's and Microsoft's own.
        const USES: [&str; 5] = [
            "1.3.6.1.5.5.7.3.36",
            "1.3.6.1.5.5.7.3.4",
            "2.5.29.37.0",
            "1.2.840.113583.1.1.5",
            "1.3.6.1.4.1.311.10.3.12",
        ];
        let usage = self.extension::<KeyUsage>();
        if usage
            .is_some_and(|usage| !usage.digital_signature() && !usage.non_repudiation())
        {
            return Some("its key usage has neither digitalSignature nor nonRepudiation");
        }
        let unknown =
            |uses: &[String]| !uses.iter().any(|oid| USES.contains(&oid.as_str()));
        if self.extended_uses().is_some_and(|uses| unknown(&uses)) {
            return Some("its extended key usage is not for documents");
        }
        self.critical_unknown().then_some("it has a critical extension that is not known")
    }

    /// Whether it is a time-stamp authority's (RFC 3161, 2.3): for that, and for nothing else.
    pub(crate) fn is_for_time_stamps(&self) -> bool {
        let critical =
            self.extensions().any(|e| e.extn_id == ExtendedKeyUsage::OID && e.critical);
        let only = [rfc5280::ID_KP_TIME_STAMPING.to_string()];
        critical
            && self.extended_uses().is_some_and(|uses| uses == only)
            && !self.critical_unknown()
    }

    /// Whether it has a critical extension whose meaning is not known here.
    pub(crate) fn critical_unknown(&self) -> bool {
        const KNOWN: [const_oid::ObjectIdentifier; 4] = [
            rfc5912::ID_CE_BASIC_CONSTRAINTS,
            rfc5912::ID_CE_KEY_USAGE,
            rfc5912::ID_CE_EXT_KEY_USAGE,
            rfc5912::ID_CE_CERTIFICATE_POLICIES,
        ];
        self.extensions()
            .any(|extension| extension.critical && !KNOWN.contains(&extension.extn_id))
    }

    /// Whether that certificate's key has signed this one, and the names agree.
    pub(crate) fn is_signed_by(&self, issuer: &X509) -> bool {
        let tbs = &self.parsed.tbs_certificate;
        tbs.issuer == issuer.parsed.tbs_certificate.subject
            && issuer.key().is_ok_and(|key| {
                let signature = self.parsed.signature.as_bytes().unwrap_or_default();
                key.verifies_as(
                    &self.parsed.signature_algorithm,
                    None,
                    &self.signed,
                    signature,
                )
            })
    }

    /// This certificate and its issuers, as far as they are among `others`, in order.
    pub(crate) fn chain_in<'a>(&'a self, others: &'a [X509]) -> Vec<&'a X509> {
        let mut chain = vec![self];
        // Each step adds one of `others` that was not there before, so it ends.
        while let Some(top) = chain.last()
            && let Some(issuer) = others
                .iter()
                .find(|other| !chain.contains(other) && top.is_signed_by(other))
        {
            chain.push(issuer);
        }
        chain
    }

    /// Whether it says that it is its own issuer's.
    pub(crate) fn is_self_issued(&self) -> bool {
        let tbs = &self.parsed.tbs_certificate;
        tbs.issuer == tbs.subject
    }

    /// Whether its own key has signed it.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.is_signed_by(self)
    }

    /// Where its issuer publishes what it has revoked (`http` addresses).
    pub(crate) fn revocation_lists(&self) -> BTreeSet<String> {
        let points = self.extension::<CrlDistributionPoints>();
        points
            .iter()
            .flat_map(|points| &points.0)
            .filter_map(|point| point.distribution_point.as_ref())
            .filter_map(|name| match name {
                DistributionPointName::FullName(names) => Some(names),
                DistributionPointName::NameRelativeToCRLIssuer(_) => None,
            })
            .flatten()
            .filter_map(|name| match name {
                GeneralName::UniformResourceIdentifier(url) => Some(url.to_string()),
                _ => None,
            })
            .filter(|url| url.starts_with("http://") || url.starts_with("https://"))
            .collect()
    }

    fn extended_uses(&self) -> Option<Vec<String>> {
        let uses = self.extension::<ExtendedKeyUsage>()?;
        Some(uses.0.iter().map(ToString::to_string).collect())
    }

    fn extensions(&self) -> impl Iterator<Item = &x509_cert::ext::Extension> {
        self.parsed.tbs_certificate.extensions.iter().flatten()
    }

    fn extension<'a, T: Decode<'a> + AssociatedOid>(&'a self) -> Option<T> {
        let extension =
            self.extensions().find(|extension| extension.extn_id == T::OID)?;
        T::from_der(extension.extn_value.as_bytes()).ok()
    }

    fn attribute(&self, oid: const_oid::ObjectIdentifier) -> Option<String> {
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
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}
