//! X.509 certificates and CRLs (RFC 5280), as far as sealing and verifying need them.
//!
//! - **Takes**: PEM and DER; for a new certificate, [`X509Params`].
//! - **Gives**: [`X509`], [`Crl`], and a [`CertificationPath`] from a certificate to a trust
//!   anchor.
//!
//! The type is called `X509` because the word certificate belongs to what this library makes.

mod certificate;
mod constraints;
mod crl;
mod crl_scope;
mod distribution_points;
#[cfg(feature = "seal")]
mod issue;
mod path;

pub use self::certificate::X509;
pub(crate) use self::crl::Crl;
#[cfg(all(feature = "seal", feature = "press"))]
pub(crate) use self::issue::{CrlParams, IssuerAddresses, X509Params};
pub(crate) use self::path::CertificationPath;
