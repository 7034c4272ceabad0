//! The files of the spool in the private store, named after the ids of requests.
//!
//! An id begins with the Unix second in which its request was accepted, so that sorted
//! names are in the order of arrival.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;

/// The folder of the spool in the private store.
pub(in crate::agent) const FOLDER: &str = "spool";

/// The Unix second in which a request was accepted, from its id.
pub(super) fn second_of(id: &str) -> Option<u64> {
    id.split('-').next()?.parse().ok()
}

/// When a request was accepted, from its id: the second, and in it the place among the requests of
/// the same agent, so that a revocation and the request after it are told apart.
pub(super) fn accepted_at(id: &str) -> Option<Timestamp> {
    let number = id.rsplit('-').next()?.parse().unwrap_or_default();
    Some(Timestamp::from_unix(second_of(id)?)?.plus_order(number))
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
