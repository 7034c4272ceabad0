//! The token that HTTP requests bring.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use ring::hmac;
use ring::rand::SystemRandom;

use crate::base::error::{Error, ErrorKind, Result};
use crate::site::settings::Secret;

/// A bearer token (RFC 6750), kept as a keyed digest so that comparing takes constant time.
pub(super) struct Token {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Token {
    pub(super) fn new(token: &Secret) -> Result<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(
            |_| Error::new(ErrorKind::Key, "the machine gives no random numbers"),
        )?;
        let tag = hmac::sign(&key, token.reveal().as_bytes());
        Ok(Self { key, tag })
    }

    /// Whether the header `Authorization` holds this token. Two such headers are refused,
    /// because it is not known which one was meant.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut all = headers.get_all(AUTHORIZATION).iter();
        let (Some(given), None) = (all.next(), all.next()) else { return false };
        let given = given.to_str().ok().and_then(|given| {
            let (scheme, token) = given.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        given.is_some_and(|given| {
            hmac::verify(&self.key, given.as_bytes(), self.tag.as_ref()).is_ok()
        })
    }
}
