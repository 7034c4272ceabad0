//! The root certificates that clients trust: those of the machine.
//!
//! An organization's own CA belongs into the machine's store, or into the file that `SSL_CERT_FILE`
//! names. On a machine without a store, such as a bare container, Mozilla's roots are trusted. If
//! there is a store that cannot be read, no root is trusted and every connection fails.

use rustls_native_certs::load_native_certs;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Returns the TLS settings of a client that trusts the machine's roots.
pub(crate) fn native_roots() -> TlsConfig {
    let found = load_native_certs();
    // If a configured file cannot be read, falling back to other roots would trust more than the
    // operator allowed.
    let roots = if found.certs.is_empty() && found.errors.is_empty() {
        RootCerts::WebPki
    } else {
        found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).into()
    };
    TlsConfig::builder().root_certs(roots).build()
}
