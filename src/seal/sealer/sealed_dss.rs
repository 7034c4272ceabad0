//! The CRLs that a seal carries in its own revision.

use super::Sealer;
use super::crls::{SharedCrls, revoked};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::seal::pdf::Dss;
use crate::seal::x509::{Crl, X509};

impl Sealer {
    /// Sets CRLs as DER that the sealer has, such as that of the site's own root. A seal carries
    /// those of its certificates with it, so that it can be verified without a network. Those whose
    /// next update is past are left out.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`](crate::ErrorKind::Syntax): one cannot be read.
    pub fn with_crls(mut self, crls: &[Vec<u8>]) -> Result<Self> {
        self.crls = SharedCrls::default();
        self.crls.set(crls.iter().map(|der| Crl::from_der(der)).collect::<Result<_>>()?);
        Ok(self)
    }

    /// Sets CRLs that change while the sealer is used.
    #[cfg(feature = "press")]
    pub(crate) fn with_shared_crls(mut self, crls: SharedCrls) -> Self {
        self.crls = crls;
        self
    }

    /// What a seal carries in its own revision: its chain, and the newest CRL of each issuer in it.
    /// Nothing without a CRL for the certificate that seals.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: a CRL says that a certificate of the chain is revoked.
    pub(super) fn sealed_dss(&self, now: Timestamp) -> Result<Option<Dss>> {
        let crls = self.crls.get();
        let mut chain: Vec<&X509> = Vec::new();
        for certificate in self.identity.chain() {
            for member in certificate.chain_in(&self.issuers) {
                if !chain.contains(&member) {
                    chain.push(member);
                }
            }
        }
        let mut used: Vec<&Crl> = Vec::new();
        for issuer in &chain {
            let own: Vec<&Crl> =
                crls.iter().filter(|crl| crl.is_signed_by(issuer)).collect();
            // A certificate that one of these CRLs revokes is revoked, whatever a newer one says.
            for certificate in &chain {
                let dates = own.iter().filter(|crl| crl.is_for(certificate));
                if let Some(date) =
                    dates.filter_map(|crl| crl.revocation_date(certificate)).min()
                {
                    return Err(revoked(certificate, date));
                }
            }
            let newest = own.into_iter().max_by_key(|it| (it.number(), it.this_update()));
            let Some(newest) = newest else { continue };
            // Only the end is compared: with a clock that is a little slow, a CRL that was just
            // made lies in the future.
            let is_current = newest.next_update().is_none_or(|next| now <= next);
            if is_current && chain.iter().any(|cert| newest.is_for(cert)) {
                used.push(newest);
            }
        }
        let leaf = self.identity.certificate();
        Ok(used.iter().any(|crl| crl.is_for(leaf)).then(|| Dss {
            certificates: chain.iter().map(|cert| cert.der().to_vec()).collect(),
            crls: used.iter().map(|crl| crl.der().to_vec()).collect(),
        }))
    }
}
