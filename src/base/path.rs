//! The path of a file in a store.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::serde_text::serde_by_text;

/// The most bytes of a path. With a prefix it fits the 1,024 bytes of an S3 key.
const MAX_LEN: usize = 512;
/// The most bytes of one part: the limit of common file systems.
const MAX_PART_LEN: usize = 255;

/// A file's path in a store: one or more parts with `/` between them, at most 512 bytes.
///
/// A part has 1 to 255 ASCII letters, digits, `.`, `_` and `-`, and does not begin with `.`. So a
/// path never leads out of its store, needs no escapes in a URL, and names no hidden file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorePath(String);

impl StorePath {
    /// Reads a path such as `cert/0123456789abcdef/certificate.json`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: `text` is not a path.
    pub fn parse(text: &str) -> Result<Self> {
        if Self::is_valid(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(
            ErrorKind::InvalidValue,
            format!("`{}` is no path in a store", text.escape_debug()),
        )
        .with_help(
            "write parts of the letters a to z, digits, `.`, `_` and `-`, with `/` between \
             them, none of which begins with `.`",
        ))
    }

    /// Returns the path of `name` below this one.
    ///
    /// # Errors
    /// The errors of [`StorePath::parse`].
    pub fn join(&self, name: &str) -> Result<Self> {
        Self::parse(&format!("{self}/{name}"))
    }

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Whether the path is `folder` or below it.
    pub fn is_in(&self, folder: &StorePath) -> bool {
        let rest = self.0.strip_prefix(&folder.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn is_valid(text: &str) -> bool {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        text.len() <= MAX_LEN
            && text.split('/').all(|part| {
                (1..=MAX_PART_LEN).contains(&part.len())
                    && !part.starts_with('.')
                    && part.bytes().all(allowed)
            })
    }
}

impl Deref for StorePath {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromStr for StorePath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl AsRef<std::path::Path> for StorePath {
    fn as_ref(&self) -> &std::path::Path {
        self.0.as_ref()
    }
}

serde_by_text!(StorePath);

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn valid_paths_are_read() {
        for text in ["a", "a/b", "cert/0f/Certificate.pdf.sig", "a-b_c.d", "-", "a..b"] {
            assert_eq!(StorePath::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
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
    fn is_in_compares_whole_parts() {
        let path = |text| StorePath::parse(text).unwrap();
        assert!(path("a/b").is_in(&path("a")));
        assert!(path("a").is_in(&path("a")));
        assert!(!path("ab").is_in(&path("a")));
        assert!(!path("a").is_in(&path("a/b")));
        assert_eq!(path("a").join("b.c").unwrap().name(), "b.c");
        assert!(path("a").join("..").is_err());
    }

    proptest! {
        #[test]
        fn any_path_that_is_read_is_written_as_it_was(text in "[a-z0-9._/-]{0,40}|\\PC*") {
            if let Ok(path) = StorePath::parse(&text) {
                prop_assert_eq!(path.as_str(), &text);
                prop_assert!(text.split('/').all(|part| !part.is_empty() && part != ".."));
                let below = path.join("x").unwrap();
                prop_assert!(below.is_in(&path) && !path.is_in(&below));
            }
        }
    }
}
