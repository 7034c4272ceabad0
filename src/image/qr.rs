//! The verify address as a QR code (ISO/IEC 18004).
//!
//! Takes an address; gives an SVG of one path. The decision: a layout does not draw the modules,
//! because seven hundred squares take longer to compile than all the rest of a certificate.

use std::sync::{Arc, LazyLock};

use fast_qr::{ECL, QRBuilder};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::recent::Recent;
use crate::site::course::Colour;

/// A QR code of error correction level M, with its quiet zone.
#[derive(Debug, Clone)]
pub(crate) struct QrCode {
    /// The SVG's text: black modules of one user unit each, with the quiet zone.
    pub(crate) svg: String,
    /// Modules per side, without the quiet zone.
    pub(crate) modules: usize,
}

/// The modules of the codes that were made last: the page and the web page of a certificate have the
/// same.
static MADE: LazyLock<Recent<String, Arc<Modules>>> =
    LazyLock::new(|| Recent::new(MAX_MADE));
/// The most codes that are remembered, in each of two generations.
const MAX_MADE: usize = 64;

/// The dark modules of a code, as the path of an SVG.
#[derive(Debug)]
struct Modules {
    path: String,
    /// How many there are on a side.
    side: usize,
}

impl QrCode {
    /// The modules of the quiet zone on each side; the standard asks for four.
    pub(crate) const QUIET_ZONE: usize = 4;
    /// The shortest side of a module, in millimetres: what the camera of a phone reads from print at
    /// arm's length.
    const MIN_MODULE: f64 = 0.33;
    /// The luminance of paper from which a scanner reads black on it.
    const MIN_LUMINANCE: f64 = 0.75;

    /// The shortest side, in millimetres, of a code of so many modules with its quiet zone.
    pub(crate) fn min_side(modules: usize) -> f64 {
        (modules + 2 * Self::QUIET_ZONE) as f64 * Self::MIN_MODULE
    }

    /// Encodes an address. On dark paper the code has a white background of its own.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]: the address has more than the 2,331 bytes that a code holds at
    /// level M.
    pub(crate) fn new(link: &str, paper: Colour) -> Result<Self> {
        let modules = match MADE.get(&link.to_owned()) {
            Some(modules) => modules,
            None => {
                let modules = Arc::new(Modules::new(link)?);
                MADE.insert(link.to_owned(), modules.clone());
                modules
            }
        };
        let Modules { path, side } = &*modules;
        let modules = *side;
        let side = modules + 2 * Self::QUIET_ZONE;
        let ground = if paper.luminance() < Self::MIN_LUMINANCE {
            format!("<path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>")
        } else {
            String::new()
        };
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{side}\" \
             viewBox=\"0 0 {side} {side}\">{ground}<path d=\"{path}\"/></svg>"
        );
        Ok(Self { svg, modules })
    }
}

impl Modules {
    fn new(link: &str) -> Result<Self> {
        let code = QRBuilder::new(link).ecl(ECL::M).build().map_err(|cause| {
            Error::new(
                ErrorKind::TooLarge,
                format!("the verify link has {} bytes, too many for a code", link.len()),
            )
            .with_help("shorten `publish.url`")
            .with_source(cause)
        })?;
        // Formatting a thousand numbers takes longer than all else here.
        let numbers =
            (0..=code.size + QrCode::QUIET_ZONE).map(|number| number.to_string());
        let numbers: Vec<String> = numbers.collect();
        let mut path = String::new();
        for (y, row) in (0..code.size).map(|y| (y, &code[y])) {
            let mut x = 0;
            while x < code.size {
                let start = x;
                while x < code.size && row[x].value() {
                    x += 1;
                }
                if x > start {
                    let (left, top) =
                        (start + QrCode::QUIET_ZONE, y + QrCode::QUIET_ZONE);
                    let [left, top, width] =
                        [left, top, x - start].map(|number| &*numbers[number]);
                    for part in ["M", left, " ", top, "h", width, "v1h-", width, "z"] {
                        path.push_str(part);
                    }
                }
                x += 1;
            }
        }
        Ok(Self { path, side: code.size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_of_sixty_letters_needs_33_modules() {
        let link = format!("https://certs.example.org/cert/{}/", "0".repeat(28));
        assert_eq!(QrCode::new(&link, Colour::WHITE).expect("short enough").modules, 33);
    }

    #[test]
    fn address_beyond_the_standard_is_refused() {
        let error = QrCode::new(&"x".repeat(2332), Colour::WHITE).expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(QrCode::new(&"x".repeat(2331), Colour::WHITE).is_ok());
    }
}
