//! The result of a search for keys.

use serde_json::Value;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::timestamp::Timestamp;
use crate::register::store::s3::keys::S3Keys;

/// Keys, and the time at which they end, in seconds since 1970, if they do.
#[derive(Debug, Clone)]
pub(crate) struct FoundKeys {
    pub(crate) keys: S3Keys,
    pub(crate) expires_at: Option<u64>,
}

/// The result of looking in one place.
pub(super) enum Lookup {
    Found(FoundKeys),
    /// There are none here, for this reason. An empty reason is left out of messages.
    Absent(String),
}

impl Lookup {
    pub(super) fn none() -> Self {
        Self::Absent(String::new())
    }
}

impl FoundKeys {
    /// Reads the JSON of a program or of an endpoint, whose token has the key `token`.
    pub(super) fn from_json(from: &str, text: &str, token: &str) -> Result<Self> {
        // No cause is quoted, because it may hold a key.
        let unusable = |what: &str| refused(&format!("{from} gave no keys ({what})"));
        let json: Value =
            serde_json::from_str(text).map_err(|_| unusable("its answer is no JSON"))?;
        let field = |key: &str| json[key].as_str().filter(|text| !text.is_empty());
        let required = |key: &str| {
            field(key).ok_or_else(|| unusable(&format!("its answer has no `{key}`")))
        };
        let keys = S3Keys::new(required("AccessKeyId")?, required("SecretAccessKey")?);
        let keys = match field(token) {
            Some(token) => keys.with_session_token(token),
            None => keys,
        };
        let expires_at = field("Expiration").map(Timestamp::parse).transpose();
        let expires_at = expires_at.map_err(|_| unusable("`Expiration` is no time"))?;
        Ok(Self { keys, expires_at: expires_at.map(Timestamp::unix) })
    }
}

/// An error that the operator has to mend.
pub(super) fn refused(message: &str) -> Error {
    Error::new(ErrorKind::StoreRefused, message)
}

/// The error of an endpoint that cannot be reached, or fails for a while.
pub(super) fn unreachable(message: &str) -> Error {
    Error::new(ErrorKind::Store, message)
}
