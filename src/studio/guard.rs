//! Access control: only the page that the studio served itself, in a browser that was given its
//! address, may send requests.
//!
//! Every address begins with a random token, which no other page knows. Even with the token a page
//! of another site is refused: the `Host` of each request must be a name that the studio gave out,
//! which prevents DNS rebinding, and the headers `Origin` and `Sec-Fetch-Site` must name the
//! studio's own page.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::header::{CONTENT_TYPE, HOST, ORIGIN};
use hyper::{HeaderMap, Method, StatusCode, Uri};
use ring::hmac;
use ring::rand::SystemRandom;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::{hex, random};

/// What decides whether a request is answered.
pub(super) struct Guard {
    key: hmac::Key,
    tag: hmac::Tag,
    /// `127.0.0.1:8123`, `localhost:8123` and `[::1]:8123`.
    hosts: Vec<String>,
    token: String,
    start: Mutex<Option<StartPath>>,
}

/// A path that is exchanged for the token once: other users of the machine see the command lines by which
/// a browser is opened.
struct StartPath {
    tag: hmac::Tag,
    until: Instant,
}

/// How long a start path holds: a browser may take a while to start.
const START_LIFETIME: Duration = Duration::from_secs(120);

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Host,
    Origin,
    Token,
    MediaType,
}

impl Guard {
    /// A guard for a port, and the token that it lets in.
    pub(super) fn new(port: u16) -> Result<(Self, String)> {
        let mut bytes = [0; 24];
        random::fill(&mut bytes)?;
        let token = hex::lower(&bytes);
        // Compared as digests, so that the time does not depend on the token.
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        let key = key.map_err(|_| {
            Error::new(ErrorKind::Key, "the machine gives no random numbers")
        })?;
        let tag = hmac::sign(&key, token.as_bytes());
        let hosts = ["127.0.0.1", "localhost", "[::1]"];
        let hosts = hosts.map(|host| format!("{host}:{port}")).to_vec();
        let start = Mutex::default();
        Ok((Self { key, tag, hosts, token: token.clone(), start }, token))
    }

    /// A new start path, such as `/start-0f…`, in the place of the last one.
    ///
    /// # Errors
    /// [`ErrorKind::Key`]: the machine gives no random numbers.
    pub(super) fn new_start_path(&self) -> Result<String> {
        let mut bytes = [0; 24];
        random::fill(&mut bytes)?;
        let path = format!("/start-{}", hex::lower(&bytes));
        let tag = hmac::sign(&self.key, path.as_bytes());
        let until = Instant::now() + START_LIFETIME;
        *self.start() = Some(StartPath { tag, until });
        Ok(path)
    }

    /// Exchanges the start path for the path of the page, if it is used for the first time and in time.
    /// The request is one that [`admit`](Self::admit) refused for its token alone.
    pub(super) fn exchange(&self, path: &str) -> Option<String> {
        let mut start = self.start();
        let is_it = |it: &mut StartPath| {
            hmac::verify(&self.key, path.as_bytes(), it.tag.as_ref()).is_ok()
        };
        let used = start.take_if(is_it)?;
        (Instant::now() < used.until).then(|| format!("/{}/", self.token))
    }

    fn start(&self) -> MutexGuard<'_, Option<StartPath>> {
        self.start.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the path of a request below the token.
    ///
    /// # Errors
    /// The request does not come from the studio's own page.
    pub(super) fn admit<'a>(
        &self,
        method: &Method,
        uri: &'a Uri,
        headers: &HeaderMap,
    ) -> Result<&'a str, Refusal> {
        let is_own = |host: &str| self.hosts.iter().any(|own| own == host);
        let mut named = headers.get_all(HOST).iter();
        let host = named.next().and_then(|host| host.to_str().ok());
        let absolute = uri.authority().map(|authority| authority.as_str());
        if !host.is_some_and(is_own)
            || named.next().is_some()
            || !absolute.is_none_or(is_own)
        {
            return Err(Refusal::Host);
        }
        let origin = headers.get(ORIGIN).map(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            origin.strip_prefix("http://").is_some_and(is_own)
        });
        let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
        let is_foreign =
            site.is_some_and(|site| site != b"same-origin" && site != b"none");
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        // Browsers always send `Origin` with requests that write.
        if is_foreign || !origin.unwrap_or(is_read) {
            return Err(Refusal::Origin);
        }
        let path = uri.path().strip_prefix('/').unwrap_or_default();
        let (token, path) = path.split_once('/').ok_or(Refusal::Token)?;
        if hmac::verify(&self.key, token.as_bytes(), self.tag.as_ref()).is_err() {
            return Err(Refusal::Token);
        }
        // A form of another page cannot send these media types without a preflight request.
        let media_type = headers.get(CONTENT_TYPE).map(|it| it.as_bytes());
        if !is_read
            && !matches!(
                media_type,
                Some(b"application/json" | b"application/octet-stream")
            )
        {
            return Err(Refusal::MediaType);
        }
        Ok(path)
    }
}

impl fmt::Debug for Guard {
    /// Writes no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl Refusal {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin | Self::Token => StatusCode::FORBIDDEN,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    /// The text of the refusal, which reveals nothing about the site.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Host => "this address is not that of the studio\n",
            Self::Origin => "another page may not use the studio\n",
            Self::Token => {
                "open the address that `testamur studio` printed, with all that follows the slash\n"
            }
            Self::MediaType => "send application/json or application/octet-stream\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(guard: &Guard, method: &str, uri: &str, headers: &[(&str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: hyper::header::HeaderName = name.parse().unwrap();
            map.append(name, value.parse().unwrap());
        }
        let uri: Uri = uri.parse().unwrap();
        match guard.admit(&method.parse().unwrap(), &uri, &map) {
            Ok(path) => path.to_owned(),
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    #[test]
    fn only_the_page_itself_is_answered() {
        let (guard, token) = Guard::new(8123).unwrap();
        let page = format!("/{token}/page/main.js");
        let page = page.as_str();
        let own = ("host", "127.0.0.1:8123");
        let json = ("content-type", "application/json");
        let origin = ("origin", "http://127.0.0.1:8123");
        for host in ["127.0.0.1:8123", "localhost:8123", "[::1]:8123"] {
            assert_eq!(ask(&guard, "GET", page, &[("host", host)]), "page/main.js");
        }
        assert_eq!(ask(&guard, "POST", page, &[own, json, origin]), "page/main.js");
        let none = ("sec-fetch-site", "none");
        assert_eq!(ask(&guard, "GET", page, &[own, none]), "page/main.js");

        // Names that lead to this machine, and other ports of it.
        for host in ["evil.example:8123", "127.0.0.1", "127.0.0.1:81", "0.0.0.0:8123", ""]
        {
            assert_eq!(ask(&guard, "GET", page, &[("host", host)]), "Host", "{host}");
        }
        assert_eq!(ask(&guard, "GET", page, &[]), "Host");
        assert_eq!(ask(&guard, "GET", page, &[own, own]), "Host");
        let absolute = format!("http://evil.example:8123{page}");
        assert_eq!(ask(&guard, "GET", &absolute, &[own]), "Host");

        // Other pages, also those of other ports of this machine.
        for other in [
            "null",
            "http://127.0.0.1:9000",
            "https://127.0.0.1:8123",
            "http://evil.example",
        ] {
            let origin = ("origin", other);
            for method in ["GET", "POST", "PUT"] {
                assert_eq!(
                    ask(&guard, method, page, &[own, json, origin]),
                    "Origin",
                    "{method} {other}"
                );
            }
        }
        for site in ["cross-site", "same-site"] {
            let found = ask(&guard, "GET", page, &[own, ("sec-fetch-site", site)]);
            assert_eq!(found, "Origin", "{site}");
        }
        assert_eq!(ask(&guard, "POST", page, &[own, json]), "Origin");

        for wrong in ["/", "/page/main.js", &format!("/{}/", &token[1..]), &page[1..]] {
            let wrong = format!("/{}", wrong.trim_start_matches('/'));
            let found = ask(&guard, "GET", &wrong, &[own]);
            let is_page = wrong == page;
            assert_eq!(found == "Token", !is_page, "{wrong}: {found}");
        }
        let form = ("content-type", "text/plain");
        assert_eq!(ask(&guard, "POST", page, &[own, origin, form]), "MediaType");
    }

    #[test]
    fn start_path_is_exchanged_once_and_for_a_short_time() {
        let (guard, token) = Guard::new(8123).unwrap();
        let first = guard.new_start_path().unwrap();
        assert!(!first.contains(&token) && !format!("{guard:?}").contains(&token));
        assert_eq!(ask(&guard, "GET", &first, &[("host", "evil.example")]), "Host");
        assert_eq!(ask(&guard, "GET", &first, &[("host", "127.0.0.1:8123")]), "Token");
        assert_eq!(guard.exchange("/start-0"), None);
        assert_eq!(guard.exchange(&first), Some(format!("/{token}/")));
        assert_eq!(guard.exchange(&first), None);
        let (second, third) =
            (guard.new_start_path().unwrap(), guard.new_start_path().unwrap());
        assert_eq!(guard.exchange(&second), None);
        guard.start().as_mut().unwrap().until = Instant::now();
        assert_eq!(guard.exchange(&third), None);
        assert_eq!(guard.exchange(&third), None);
    }
}
