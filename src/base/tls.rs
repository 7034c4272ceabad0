//! Whom we believe over the network: those whom the machine believes.
//!
//! An organization's own authority is trusted by the machine's store, or by the file that
//! `SSL_CERT_FILE` names. A machine without a store, such as a bare container, trusts whom Mozilla does.

use rustls_native_certs::load_native_certs;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The settings of a client.
pub(crate) fn native_roots() -> TlsConfig {
    let found = load_native_certs().certs;
    let roots = match found.is_empty() {
        true => RootCerts::WebPki,
        false => found.iter().map(|der| Certificate::from_der(der).to_owned()).into(),
    };
    TlsConfig::builder().root_certs(roots).build()
}
