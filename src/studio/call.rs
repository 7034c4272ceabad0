//! A request to the interface of the page.

use serde::de::DeserializeOwned;

use crate::base::error::{Error, ErrorKind, Result};

/// A request to the API.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The path below `api/`.
    pub(super) path: &'a str,
    /// The value of `name` in the query.
    pub(super) name: Option<String>,
    pub(super) body: &'a [u8],
}

/// Reads the JSON of a body.
pub(super) fn body<T: DeserializeOwned>(call: &Call<'_>) -> Result<T> {
    serde_json::from_slice(call.body).map_err(|error| {
        Error::new(ErrorKind::Syntax, format!("the request cannot be read ({error})"))
    })
}
