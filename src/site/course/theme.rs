//! The theme of a course: colours, logo and background.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml::Span;

/// The colours and pictures that a course sets instead of its layout's: `theme`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Theme {
    /// The colour of ornaments and of emphasis.
    pub accent: Option<Colour>,
    /// The colour of the page.
    pub paper: Option<Colour>,
    /// The colour of the text.
    pub ink: Option<Colour>,
    /// The colour of all signatures; unless set, each has the colour of its own ink.
    pub signature_ink: Option<Colour>,
    /// The path of the organization's logo below `images/`.
    pub logo: Option<String>,
    pub(super) logo_span: Option<Span>,
    /// The path of a PDF below `images/`, whose first page lies under the certificate.
    pub background: Option<String>,
    pub(super) background_span: Option<Span>,
}

impl Theme {
    /// Returns where the logo is named.
    pub fn logo_place(&self) -> Option<&Place> {
        self.logo_span.as_ref().map(Span::place)
    }

    /// Returns where the background is named.
    pub fn background_place(&self) -> Option<&Place> {
        self.background_span.as_ref().map(Span::place)
    }

    /// Fills in what is not set from `other`.
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

/// An opaque colour in sRGB. Its text is `#rrggbb`, six hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour {
    /// The share of red, from 0 to 255.
    pub red: u8,
    /// The share of green, from 0 to 255.
    pub green: u8,
    /// The share of blue, from 0 to 255.
    pub blue: u8,
}

impl Colour {
    /// Black.
    pub const BLACK: Self = Self { red: 0, green: 0, blue: 0 };
    /// White.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255 };

    /// Reads `#rrggbb`, with digits in either case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: another form.
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

    /// Returns the contrast ratio of WCAG 2, from 1 (equal colours) to 21 (black on white).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(other) / one.min(other)
    }

    /// Returns the relative luminance (WCAG 2): 0 for black, 1 for white.
    pub fn luminance(self) -> f64 {
        let linear = |share: u8| {
            let share = f64::from(share) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
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
