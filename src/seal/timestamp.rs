//! Timestamp tokens (RFC 3161), and the client that asks a TSA for them.
//!
//! - **Takes**: bytes to timestamp, the URL of a TSA, and an [`HttpClient`]; or a token as DER.
//! - **Gives**: a [`TimestampToken`].
//!
//! A token is stored without the parts that no signature covers, so that a change of any byte of it
//! is found.

#[cfg(feature = "seal")]
mod client;
#[cfg(feature = "tsa")]
mod http;
#[cfg(feature = "seal")]
mod request;
mod token;
#[cfg(feature = "seal")]
mod tsa;

#[cfg(feature = "seal")]
pub use self::client::HttpClient;
#[cfg(feature = "tsa")]
pub use self::http::BlockingHttpClient;
pub(crate) use self::token::TimestampToken;
#[cfg(feature = "seal")]
pub(crate) use self::tsa::Tsa;
