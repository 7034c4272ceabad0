//! The grammatical gender of a recipient, for languages whose sentences need one.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::base::error::{Error, ErrorKind, Result};

/// The grammatical gender in which a certificate speaks about its recipient. It is never printed: a
/// sentence chooses its words by it, as in `{{ gender | select(f='inscrite', m='inscrit',
/// other='inscrit·e') }}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gender {
    /// Female: `f`.
    Female,
    /// Male: `m`.
    Male,
    /// Neither: `x`. A sentence then has the words that it has for every recipient.
    Other,
}

impl Gender {
    /// Reads `f`, `m` or `x`, or `female`, `male` or `other`, in any case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self> {
        match text.trim().to_lowercase().as_str() {
            "f" | "female" => Ok(Self::Female),
            "m" | "male" => Ok(Self::Male),
            "x" | "other" => Ok(Self::Other),
            _ => {
                let message = format!("`{}` is no gender", text.escape_debug());
                Err(Error::new(ErrorKind::InvalidValue, message)
                    .with_help("write `f`, `m` or `x`"))
            }
        }
    }

    /// Returns `f`, `m` or `x`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Female => "f",
            Self::Male => "m",
            Self::Other => "x",
        }
    }
}

impl fmt::Display for Gender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Gender {
    fn serialize<S: Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_words_are_read_and_others_refused() {
        for (text, letter) in
            [("f", "f"), (" Female", "f"), ("M", "m"), ("X", "x"), ("other", "x")]
        {
            assert_eq!(Gender::parse(text).unwrap().as_str(), letter);
        }
        for text in ["", "w", "h", "fm", "1"] {
            assert!(Gender::parse(text).is_err(), "{text}");
        }
    }
}
