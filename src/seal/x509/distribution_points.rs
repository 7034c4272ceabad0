//! Where a certificate's issuer publishes its CRLs (RFC 5280, 4.2.1.13).

use std::collections::BTreeSet;

use x509_cert::ext::pkix::CrlDistributionPoints;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};

use super::certificate::X509;

impl X509 {
    /// The `http` and `https` URLs of its issuer's CRLs.
    pub(crate) fn crl_urls(&self) -> BTreeSet<String> {
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
}
