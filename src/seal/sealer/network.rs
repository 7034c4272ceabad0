//! The network, as far as sealing needs one.

use std::fmt;

use crate::base::error::Result;

/// Fetches things over HTTP: stamps from an authority, revocation lists from an issuer.
pub trait Network: fmt::Debug + Send + Sync {
    /// Sends a body and gives the answer's.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`](crate::ErrorKind::Timestamp): no answer, or not a good one.
    fn post(&self, url: &str, media_type: &str, body: &[u8]) -> Result<Vec<u8>>;

    /// Fetches a body.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`](crate::ErrorKind::Timestamp): no answer, or not a good one.
    fn get(&self, url: &str) -> Result<Vec<u8>>;
}
