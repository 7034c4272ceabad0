//! For which certificates a CRL counts (RFC 5280, 5.2 and 6.3.3).
//!
//! The decision made here: a CRL whose scope this library cannot evaluate, or that has an unknown
//! critical extension, counts for no certificate.

use const_oid::AssociatedOid;
use const_oid::db::rfc5912;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, IssuingDistributionPoint};

use super::certificate::X509;
use super::crl::Crl;
use crate::seal::asn1;

impl Crl {
    /// Whether it is a complete CRL of that issuer, which would list the certificate if it were
    /// revoked: signed by the issuer, who may sign CRLs, and without unknown critical extensions.
    pub(crate) fn counts_for(&self, certificate: &X509, issuer: &X509) -> bool {
        self.is_for(certificate)
            && issuer.may_sign_crls()
            && self.names_key_of(issuer)
            && self.has_known_extensions()
            && self.includes(certificate)
            && self.next_update().is_some()
            && self.is_signed_by(issuer)
    }

    /// Whether the key identifier that it states, if any, is the issuer's.
    fn names_key_of(&self, issuer: &X509) -> bool {
        let stated = self
            .extension(AuthorityKeyIdentifier::OID)
            .and_then(|value| asn1::decode::<AuthorityKeyIdentifier>(value).ok())
            .and_then(|identifier| identifier.key_identifier);
        match (stated, issuer.key_identifier()) {
            (Some(stated), Some(own)) => stated.as_bytes() == own,
            _ => true,
        }
    }

    /// Whether neither it nor an entry has a critical extension that is not evaluated. A delta CRL
    /// has such an extension.
    fn has_known_extensions(&self) -> bool {
        let list = &self.parsed().tbs_cert_list;
        let is_known = |extension: &x509_cert::ext::Extension| {
            !extension.critical
                || extension.extn_id == rfc5912::ID_CE_ISSUING_DISTRIBUTION_POINT
        };
        let entries = list.revoked_certificates.iter().flatten();
        list.crl_extensions.iter().flatten().all(is_known)
            && self.extension(rfc5912::ID_CE_DELTA_CRL_INDICATOR).is_none()
            && entries
                .flat_map(|entry| entry.crl_entry_extensions.iter().flatten())
                .all(|extension| !extension.critical)
    }

    /// Whether the certificate is in the scope of the CRL.
    fn includes(&self, certificate: &X509) -> bool {
        let Some(value) = self.extension(rfc5912::ID_CE_ISSUING_DISTRIBUTION_POINT)
        else {
            return true;
        };
        let Ok(point) = asn1::decode::<IssuingDistributionPoint>(value) else {
            return false;
        };
        let is_of_kind = if certificate.is_ca() {
            !point.only_contains_user_certs
        } else {
            !point.only_contains_ca_certs
        };
        let is_complete = point.only_some_reasons.is_none()
            && !point.indirect_crl
            && !point.only_contains_attribute_certs;
        let urls = certificate.crl_urls();
        let is_its_point = match &point.distribution_point {
            None => true,
            Some(DistributionPointName::FullName(names)) => names.iter().any(|name| {
                matches!(name, GeneralName::UniformResourceIdentifier(url)
                    if urls.contains(url.as_str()))
            }),
            Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => false,
        };
        is_of_kind && is_complete && is_its_point
    }

    fn extension(&self, oid: const_oid::ObjectIdentifier) -> Option<&[u8]> {
        let extensions = self.parsed().tbs_cert_list.crl_extensions.iter().flatten();
        let mut found = extensions.filter(|extension| extension.extn_id == oid);
        found.next().map(|extension| extension.extn_value.as_bytes())
    }
}
