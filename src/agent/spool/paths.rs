//! The files of the spool in the private store, named after the ids of requests.
//!
//! An id begins with the Unix second in which its request was accepted, so that sorted
//! names are in the order of arrival.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;

/// The folder of the spool in the private store.
pub(in crate::agent) const FOLDER: &str = "spool";

/// The Unix second in which a request was accepted, from its id.
pub(super) fn second_of(id: &str) -> Option<u64> {
    id.split('-').next()?.parse().ok()
}

/// The path of the file with a request.
pub(in crate::agent) fn request_path(id: &str) -> Result<StorePath> {
    entry_path(id, "json")
}

/// The path of the file that counts how often a request is handed out.
pub(in crate::agent) fn tries_path(id: &str) -> Result<StorePath> {
    entry_path(id, "tries")
}

fn entry_path(id: &str, extension: &str) -> Result<StorePath> {
    StorePath::parse(&format!("{FOLDER}/{id}.{extension}")).map_err(|error| {
        Error::new(
            ErrorKind::InvalidValue,
            format!("`{id}` is no request ({})", error.message()),
        )
    })
}
