//! How the public parts of keys are published: at which addresses, and for how long a CRL is valid.
//!
//! The decision made here: a certificate names the file of its issuer, whose name is made of the
//! issuer's fingerprint. So a rotation never changes what an address means.

use crate::base::error::Result;
use crate::seal::x509::{IssuerAddresses, X509};
use crate::site::settings::Settings;

/// The number of hexadecimal digits of a root's fingerprint in the names of its files.
const ROOT_ID_LEN: usize = 40;
/// How long a CRL is valid unless set, in days: at a school that issues once a year it must not
/// expire in between.
const DEFAULT_CRL_DAYS: u64 = 396;
/// How long it is valid where an agent runs, which renews it.
const DEFAULT_AGENT_CRL_DAYS: u64 = 31;

/// Reads what is published of the keys: the file at a path in the public store, or `None` if there
/// is none.
pub type PublishedFiles<'a> = dyn Fn(&str) -> Result<Option<Vec<u8>>> + 'a;

/// How the public parts of a site's keys are published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyPublication {
    /// The address of the public folder, without a `/` at its end. The certificate that seals names
    /// the CRL of its issuer below it.
    pub url: Option<String>,
    /// How long a new CRL is valid, in days.
    pub crl_days: u64,
}

impl Default for KeyPublication {
    fn default() -> Self {
        Self { url: None, crl_days: DEFAULT_CRL_DAYS }
    }
}

impl KeyPublication {
    /// Takes it from the settings of a site: `publish.url` and `seal.crl_days`. Unless that is set,
    /// a CRL is valid for 396 days, or for 31 where an agent runs, which renews it.
    pub fn of(settings: &Settings) -> Self {
        let publication = Self {
            url: settings.publish.url().map(str::to_owned),
            crl_days: settings.seal.crl_days.unwrap_or(DEFAULT_CRL_DAYS),
        };
        let agent = &settings.agent;
        if agent.queue.is_some() || agent.http.listen.is_some() {
            publication.with_agent(settings)
        } else {
            publication
        }
    }

    /// The same for a process that is an agent, even if the settings do not mention one: a CRL is
    /// valid for 31 days unless `seal.crl_days` is set.
    pub fn with_agent(self, settings: &Settings) -> Self {
        let crl_days = settings.seal.crl_days.unwrap_or(DEFAULT_AGENT_CRL_DAYS);
        Self { crl_days, ..self }
    }

    /// The addresses of a root's files, if a certificate can contain them.
    pub(super) fn addresses(&self, root: &X509) -> Option<IssuerAddresses> {
        let url = self.url.as_ref().filter(|url| url.is_ascii())?;
        Some(IssuerAddresses {
            crl: format!("{url}/{}", crl_path(root)),
            certificate: format!("{url}/{}", certificate_path(root)),
        })
    }
}

/// The path of a root's CRL in the public store.
pub(super) fn crl_path(root: &X509) -> String {
    format!("keys/{}.crl", root_id(root))
}

/// The path of a root's certificate in the public store.
pub(super) fn certificate_path(root: &X509) -> String {
    format!("keys/{}.cer", root_id(root))
}

fn root_id(root: &X509) -> String {
    root.fingerprint()[..ROOT_ID_LEN].to_owned()
}
