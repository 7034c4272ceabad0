//! A course's colours.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml::Span;

/// What a course changes about its layout's looks.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Theme {
    /// The colour of ornaments and emphasis.
    pub accent: Option<Colour>,
    /// The colour of the ground.
    pub paper: Option<Colour>,
    /// The colour of the text.
    pub ink: Option<Colour>,
    /// The one colour in which all signatures are inked; each in its pen's own if none.
    pub signature_ink: Option<Colour>,
    /// The file below `images/` with the organization's logo.
    pub logo: Option<String>,
    pub(super) logo_span: Option<Span>,
    /// The file below `images/` whose first page lies under the certificate: a PDF.
    pub background: Option<String>,
    pub(super) background_span: Option<Span>,
}

impl Theme {
    /// Where the logo is named.
    pub fn logo_place(&self) -> Option<&Place> {
        self.logo_span.as_ref().map(Span::place)
    }

    /// Where the background is named.
    pub fn background_place(&self) -> Option<&Place> {
        self.background_span.as_ref().map(Span::place)
    }

    /// What this theme leaves open, taken from `other`.
    pub(super) fn or(self, other: &Self) -> Self {
        let (logo, logo_span) = match self.logo {
            Some(logo) => (Some(logo), self.logo_span),
            None => (other.logo.clone(), other.logo_span.clone()),
        };
        let (background, background_span) = match self.background {
            Some(background) => (Some(background), self.background_span),
            None => (other.background.clone(), other.background_span.clone()),
        };
        Self {
            accent: self.accent.or(other.accent),
            paper: self.paper.or(other.paper),
            ink: self.ink.or(other.ink),
            signature_ink: self.signature_ink.or(other.signature_ink),
            logo,
            logo_span,
            background,
            background_span,
        }
    }
}

/// An opaque colour in sRGB, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour {
    /// The share of red, of 255.
    pub red: u8,
    /// The share of green, of 255.
    pub green: u8,
    /// The share of blue, of 255.
    pub blue: u8,
}

impl Colour {
    /// Reads `#rrggbb`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`].
    pub fn parse(text: &str) -> Result<Self> {
        let digits = text.strip_prefix('#').filter(|digits| {
            digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(number) => {
                let [_, red, green, blue] = number.to_be_bytes();
                Ok(Self { red, green, blue })
            }
            None => {
                Err(Error::new(ErrorKind::InvalidValue, format!("`{text}` is no colour"))
                    .with_help(
                        "write six hexadecimal digits in quotes, such as `\"#8c1414\"`",
                    ))
            }
        }
    }
}

impl Colour {
    /// The relative luminance of WCAG 2: nought for black, one for white.
    pub fn luminance(self) -> f64 {
        let linear = |share: u8| {
            let share = f64::from(share) / 255.0;
            match share <= 0.04045 {
                true => share / 12.92,
                false => ((share + 0.055) / 1.055).powf(2.4),
            }
        };
        0.2126 * linear(self.red)
            + 0.7152 * linear(self.green)
            + 0.0722 * linear(self.blue)
    }
}

impl FromStr for Colour {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}
