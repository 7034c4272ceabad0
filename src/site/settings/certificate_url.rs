//! The addresses of a certificate's page and of its PDF.

use std::fmt;
use std::ops::Deref;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::serde_text::serde_by_text;

/// The address of a verify page or of a PDF: an `http` or `https` URL. Where certificates are
/// [not published](super::PublishAddress::Nowhere) it is a path in the public store instead.
///
/// It is printable ASCII without white space, double quotes, angle brackets and backslashes, so that
/// it can stand in a page, in a PDF and in a message.
///
/// ```
/// use testamur::site::{CertificateId, Settings};
///
/// let settings = Settings::parse(b"publish: { url: https://certs.example.org }")?;
/// let id = CertificateId::parse("0123456789abcdef0123456789abcdef")?;
/// let page = settings.publish.verify_url(&id);
/// assert_eq!(page, "https://certs.example.org/cert/0123456789abcdef0123456789abcdef/");
/// assert!(page.is_published());
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificateUrl(String);

impl CertificateUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: it is neither such a URL nor a relative path.
    pub fn parse(text: &str) -> Result<Self> {
        let is_valid = match text.split_once("://") {
            Some(("http" | "https", rest)) => !rest.is_empty() && !rest.starts_with('/'),
            Some(_) => false,
            None => !text.is_empty() && !text.starts_with('/') && !text.contains(':'),
        };
        if Self::is_clean(text) && is_valid {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("`{}` is no address of a certificate", text.escape_debug());
        Err(Error::new(ErrorKind::InvalidValue, message).with_help(
            "an address begins with `https://`, or is a path in the public store",
        ))
    }

    /// Whether a text has only characters that an address may have.
    pub(super) fn is_clean(text: &str) -> bool {
        text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\".contains(&byte))
    }

    /// An address made from settings, which are checked when they are read.
    pub(super) fn of_settings(text: String) -> Self {
        Self(text)
    }

    /// Returns the address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a URL, and no path.
    pub fn is_published(&self) -> bool {
        self.0.contains("://")
    }
}

impl Deref for CertificateUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CertificateUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<CertificateUrl> for String {
    fn from(url: CertificateUrl) -> Self {
        url.0
    }
}

impl PartialEq<str> for CertificateUrl {
    fn eq(&self, other: &str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<&str> for CertificateUrl {
    fn eq(&self, other: &&str) -> bool {
        self.0 == **other
    }
}

serde_by_text!(CertificateUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_urls_of_the_web_or_relative_paths() {
        for text in [
            "https://x.example/cert/0/",
            "http://localhost:8000/c",
            "https://x.example/~o'neill/",
            "cert/0/",
            "a/b.pdf",
        ] {
            assert_eq!(CertificateUrl::parse(text).unwrap(), text);
        }
        for text in [
            "",
            "/etc/passwd",
            "//evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "https:///x",
            "ftp://x.example/",
            "https://x.example/a b",
            "https://x.example/\"><script>",
            "https://x.example/\u{202e}fdp",
        ] {
            let error = CertificateUrl::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{text}");
        }
    }
}
