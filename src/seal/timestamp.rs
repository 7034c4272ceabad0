//! Timestamp tokens (RFC 3161), and the client that asks a TSA for them.
//!
//! - **Takes**: bytes to timestamp, the URL of a TSA, and an [`HttpClient`]; or a token as DER.
//! - **Gives**: a [`TimestampToken`].
//!
//! A token is stored without the parts that no signature covers, so that a change of any byte of it
//! is found.

mod client;
#[cfg(feature = "tsa")]
mod http;
mod request;
mod token;
mod tsa;

pub use self::client::HttpClient;
#[cfg(feature = "tsa")]
pub use self::http::BlockingHttpClient;
pub(crate) use self::token::TimestampToken;
pub(crate) use self::tsa::Tsa;
