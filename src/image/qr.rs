//! The code on the page that a phone reads: the verify link as a QR code (ISO/IEC 18004).
//!
//! Takes a link, gives an SVG of one path. It is made here rather than drawn by a layout, since a
//! page of seven hundred squares costs more than all the rest of a certificate.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder};

use crate::base::error::{Error, ErrorKind, Result};
use crate::site::course::Colour;

/// A QR code of error correction level M, with its quiet zone.
#[derive(Debug, Clone)]
pub(crate) struct QrCode {
    /// The SVG's text: black on `ground`, one user unit a module, quiet zone included.
    pub(crate) svg: String,
    /// Modules a side, without the quiet zone.
    pub(crate) modules: usize,
}

impl QrCode {
    /// Clear modules on each side; the standard asks for four.
    pub(crate) const QUIET: usize = 4;
    /// The luminance from which paper is light enough for a scanner.
    const LIGHT: f64 = 0.75;

    /// The code of a link. On paper that is nearly white the modules need no ground of their own.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] when the link is longer than a code can hold at this level (2,331 bytes).
    pub(crate) fn new(link: &str, paper: Colour) -> Result<Self> {
        let code = QRBuilder::new(link).ecl(ECL::M).build().map_err(|_| {
            Error::new(
                ErrorKind::TooLarge,
                format!("the verify link has {} bytes, too many for a code", link.len()),
            )
            .with_help("shorten `publish.url`")
        })?;
        let side = code.size + 2 * Self::QUIET;
        let mut path = String::new();
        for (y, row) in (0..code.size).map(|y| (y, &code[y])) {
            let mut x = 0;
            while x < code.size {
                let start = x;
                while x < code.size && row[x].value() {
                    x += 1;
                }
                if x > start {
                    let (left, top) = (start + Self::QUIET, y + Self::QUIET);
                    let width = x - start;
                    write!(path, "M{left} {top}h{width}v1h-{width}z")
                        .expect("a string grows");
                }
                x += 1;
            }
        }
        let ground = match paper.luminance() < Self::LIGHT {
            true => format!("<path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>"),
            false => String::new(),
        };
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{side}\" \
             viewBox=\"0 0 {side} {side}\">{ground}<path d=\"{path}\"/></svg>"
        );
        Ok(Self { svg, modules: code.size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Colour = Colour { red: 255, green: 255, blue: 255 };

    #[test]
    fn a_link_of_sixty_letters_needs_33_modules() {
        let link = format!("https://certs.example.org/cert/{}/", "0".repeat(28));
        assert_eq!(QrCode::new(&link, WHITE).expect("short enough").modules, 33);
    }

    #[test]
    fn a_link_beyond_the_standard_is_refused() {
        let error = QrCode::new(&"x".repeat(2332), WHITE).expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(QrCode::new(&"x".repeat(2331), WHITE).is_ok());
    }
}
