//! The QR code of a certificate: zbar reads it, and its modules are large enough for a camera.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Certificates, day, output, press, request, tool};

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn qr_code_decodes_to_the_verify_url() {
    let certificates = Certificates::new();
    for (language, draft) in &certificates.drafts {
        let picture = raster(&certificates.file(language), 150, "-png");
        let decoded = output(tool("zbarimg").args(["-q", "--raw"]).arg(picture));
        assert_eq!(decoded.trim_end(), draft.verify_url.as_deref().unwrap());
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn qr_code_has_large_modules_and_a_quiet_zone() {
    const PIXELS_PER_INCH: u32 = 600;
    let certificates = Certificates::new();
    for language in ["en", "ar"] {
        let sheet = press().sheet(&request("Ada Lovelace", language), day()).unwrap();
        let modules = sheet.verify.unwrap().modules;
        let file = raster(&certificates.file(language), PIXELS_PER_INCH, "-gray");
        let picture = Raster::read(&file);
        let code = picture.code(modules).expect("there is a code");
        let millimetres = code.module * 25.4 / f64::from(PIXELS_PER_INCH);
        assert!(millimetres >= 0.5, "a module of {millimetres:.2} mm, {language}");

        // ISO/IEC 18004 requires four clear modules around the code; a pixel at each edge may be
        // half ink.
        let quiet = 4.0 * code.module - 1.0;
        let side = modules as f64 * code.module;
        let inside = |at: f64, start: f64| at >= start - 1.0 && at <= start + side + 1.0;
        let around =
            |start: f64| (start - quiet) as usize..(start + side + quiet) as usize;
        for y in around(code.top) {
            for x in around(code.left) {
                if !(inside(x as f64, code.left) && inside(y as f64, code.top)) {
                    assert!(!picture.is_dark(x, y), "ink at {x}, {y}, {language}");
                }
            }
        }
    }
}

/// The first page of a file as a bitmap beside it, by poppler; `kind` is `-png` or `-gray`.
pub(super) fn raster(file: &Path, pixels_per_inch: u32, kind: &str) -> PathBuf {
    let stem = file.with_extension("raster");
    let resolution = pixels_per_inch.to_string();
    output(
        tool("pdftoppm")
            .args(["-singlefile", "-r", &resolution, kind])
            .arg(file)
            .arg(&stem),
    );
    stem.with_extension(if kind == "-png" { "raster.png" } else { "raster.pgm" })
}

/// A greyscale bitmap (PGM, `P5`).
struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// The position of a QR code in pixels, without its quiet zone.
struct CodePosition {
    left: f64,
    top: f64,
    module: f64,
}

impl Raster {
    fn read(file: &Path) -> Self {
        let bytes = fs::read(file).unwrap();
        let mut header = Vec::new();
        let mut at = 0;
        while header.len() < 4 {
            let length = bytes[at..].iter().position(u8::is_ascii_whitespace).unwrap();
            header.push(str::from_utf8(&bytes[at..at + length]).unwrap());
            at += length + 1;
        }
        let [kind, width, height, most] = header[..] else { panic!("no header") };
        assert_eq!((kind, most), ("P5", "255"));
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        let pixels = bytes[at..].to_vec();
        assert_eq!(pixels.len(), width * height);
        Self { width, height, pixels }
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.pixels[y * self.width + x] < 128
    }

    /// Finds the code by its two upper finder patterns: each is dark and light as 1:1:3:1:1, and
    /// they stand on the same rows at the distance that a code of `modules` has.
    fn code(&self, modules: usize) -> Option<CodePosition> {
        (0..self.height).find_map(|y| {
            let finders = self.finders(y);
            finders.iter().find_map(|&(left, rough)| {
                let (right, _) = finders.iter().find(|(right, other)| {
                    let apart = (modules - 7) as f64 * rough;
                    (right - left - apart).abs() < 2.0 * rough
                        && (other - rough).abs() < 1.0
                })?;
                let module = (right - left) / (modules - 7) as f64;
                // This is the first row through their cores, which begin two modules down.
                Some(CodePosition { left, top: y as f64 - 2.0 * module, module })
            })
        })
    }

    /// The finder patterns whose middle a row crosses: left edge and width of a module.
    fn finders(&self, y: usize) -> Vec<(f64, f64)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let mut start = 0;
        for x in 1..=self.width {
            if x == self.width || self.is_dark(x, y) != self.is_dark(start, y) {
                runs.push((start, x - start));
                start = x;
            }
        }
        let dark_first = runs.windows(5).filter(|run| self.is_dark(run[0].0, y));
        dark_first
            .filter_map(|run| {
                let module =
                    run.iter().map(|(_, length)| *length).sum::<usize>() as f64 / 7.0;
                let fits =
                    run.iter().zip([1.0, 1.0, 3.0, 1.0, 1.0]).all(|(run, modules)| {
                        (run.1 as f64 - modules * module).abs() <= module * 0.3
                    });
                (fits && module >= 3.0).then_some((run[0].0 as f64, module))
            })
            .collect()
    }
}
