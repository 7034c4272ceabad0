//! The HTTP requests that sealing makes, as a trait.

use std::fmt;

use crate::base::error::Result;

/// Makes the HTTP requests of sealing: timestamp tokens from a TSA, CRLs from a CA.
pub trait HttpClient: fmt::Debug + Send + Sync {
    /// Posts a body of that media type, and returns the body of the response.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`](crate::ErrorKind::Timestamp): there is no response, or its status
    /// is not a success.
    fn post(&self, url: &str, media_type: &str, body: &[u8]) -> Result<Vec<u8>>;

    /// Gets the body at that URL.
    ///
    /// # Errors
    /// [`ErrorKind::Timestamp`](crate::ErrorKind::Timestamp): there is no response, or its status
    /// is not a success.
    fn get(&self, url: &str) -> Result<Vec<u8>>;
}
