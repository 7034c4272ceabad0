//! Where a file stands in a store.

use std::fmt;

use crate::base::error::{Error, ErrorKind, Result};

/// The most bytes of a path: with a prefix it must fit S3's 1,024.
const LONGEST: usize = 512;
/// The most bytes of one part, as file systems have it.
const LONGEST_PART: usize = 255;

/// A file's path in a store: parts with `/` between them.
///
/// A part consists of ASCII letters, digits, `.`, `_` and `-`, and does not begin with `.`: so a
/// path never leads out of its store, is its own URL, and differs from what a store hides.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorePath(String);

impl StorePath {
    /// Reads a path such as `cert/0123456789abcdef/certificate.json`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if it is none.
    pub fn parse(text: &str) -> Result<Self> {
        match Self::is_valid(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::new(
                ErrorKind::InvalidValue,
                format!("`{}` is no path in a store", text.escape_debug()),
            )
            .with_help(
                "write parts of the letters a to z, digits, `.`, `_` and `-`, with `/` between \
                 them, none of which begins with `.`",
            )),
        }
    }

    /// The path of `name` below this one.
    ///
    /// # Errors
    /// As [`StorePath::parse`].
    pub fn join(&self, name: &str) -> Result<Self> {
        Self::parse(&format!("{self}/{name}"))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Whether this is `folder` or below it.
    pub fn is_in(&self, folder: &StorePath) -> bool {
        let rest = self.0.strip_prefix(&folder.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn is_valid(text: &str) -> bool {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        text.len() <= LONGEST
            && text.split('/').all(|part| {
                (1..=LONGEST_PART).contains(&part.len())
                    && !part.starts_with('.')
                    && part.bytes().all(allowed)
            })
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_path() {
        for text in ["a", "a/b", "cert/0f/Certificate.pdf.sig", "a-b_c.d", "-", "a..b"] {
            assert_eq!(StorePath::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_none() {
        let long = "a/".repeat(256) + "a";
        let part = "a".repeat(256);
        for text in [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".a", "a/.b", "a b", "ä",
            "a\\b", "a\0", "C:", "a%2fb", "a\n", &long, &part,
        ] {
            let fault = StorePath::parse(text).unwrap_err();
            assert_eq!(fault.kind(), ErrorKind::InvalidValue, "{text:?}");
        }
    }

    #[test]
    fn below_is_by_parts() {
        let path = |text| StorePath::parse(text).unwrap();
        assert!(path("a/b").is_in(&path("a")));
        assert!(path("a").is_in(&path("a")));
        assert!(!path("ab").is_in(&path("a")));
        assert!(!path("a").is_in(&path("a/b")));
        assert_eq!(path("a").join("b.c").unwrap().name(), "b.c");
        assert!(path("a").join("..").is_err());
    }
}
