//! The background of a page: a bitmap, an SVG, or the first page of a PDF, such as an operator's
//! existing template.
//!
//! Takes the bytes of a file; gives its picture and size. The decision: the file is checked when it
//! is read, and the place of an error is the line that names the file. The proof does not read the
//! text of the background, because no sentence of the certificate wrote it.

mod structure;

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_syntax::{LoadPdfError, Pdf, PdfVersion};

use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::image::decode::PictureFile;
use crate::image::pdf_page::{self, PdfPage, TrimmedPart};
use crate::image::picture::Picture;

/// A picture that is drawn under a certificate.
#[derive(Debug, Clone)]
pub(crate) struct Background {
    pub(crate) picture: Picture,
    /// The line that names the file.
    pub(crate) place: Place,
}

impl Background {
    /// The most bytes of a file.
    const MAX_BYTES: usize = 16 << 20;
    /// The dots per inch below which the dots of a printed bitmap can be seen one by one.
    const MIN_PRINTED: f64 = 72.0;
    /// The share by which a picture is stretched that can be seen, and is more than the rounding of
    /// its pixels.
    const SEEN_STRETCH: f64 = 0.004;
    /// The sides that are printed, in millimetres.
    const SIDES: std::ops::RangeInclusive<f64> = 20.0..=2000.0;

    /// Reads a bitmap, an SVG, or a PDF, whose first page is measured.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: another format, damaged, encrypted, without a page, or with one of a
    /// size that is not printed. [`ErrorKind::TooLarge`]: more than 16 MB.
    pub(crate) fn read(bytes: &[u8], place: &Place) -> Result<Self> {
        let picture = picture_of(bytes).map_err(|error| error.at(place.clone()))?;
        Ok(Self { picture, place: place.clone() })
    }

    /// Width and height in millimetres, after the bleed is cut off; or of a bitmap, which has no
    /// size on paper, in pixels.
    pub(crate) fn sides(&self) -> (f64, f64) {
        let (width, height) = self.picture.size();
        let trim = self.trim();
        let unit = self.picture.unit_mm().unwrap_or(1.0);
        let sides = |length: f64| (length * unit * 1e4).round() / 1e4;
        (sides(width * trim.width), sides(height * trim.height))
    }

    /// The part to which the paper is cut.
    pub(crate) fn trim(&self) -> TrimmedPart {
        let page = self.picture.pdf_page();
        page.and_then(|page| page.trim).unwrap_or(TrimmedPart::WHOLE)
    }

    /// Whether it has a size on paper; a bitmap has none.
    pub(crate) fn is_sized(&self) -> bool {
        self.picture.unit_mm().is_some()
    }

    /// The warnings for a page on a paper of these sides, in millimetres.
    pub(crate) fn warnings(&self, (width, height): (f64, f64)) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.picture.is_pdf() {
            let message = "a PDF lies under the page, which therefore claims to be neither \
                           PDF/A-3a nor PDF/UA-1";
            warnings.push(Warning::new(ErrorKind::Export, message).with_help(
                "where archives or law ask for them, export it as an SVG, or as a PNG with 300 \
                 dots per inch",
            ));
        }
        let own = self.sides();
        if !self.is_sized() {
            let printed = (own.0 / width).max(own.1 / height) * 25.4;
            if printed < Self::MIN_PRINTED {
                let message = format!(
                    "the background has {:.0} × {:.0} pixels, which is {printed:.0} dots per inch \
                     on the paper",
                    own.0, own.1
                );
                warnings.push(Warning::new(ErrorKind::Image, message).with_help(
                    "export it with 300 dots per inch, or as an SVG or a PDF",
                ));
            }
        }
        let pages = self.picture.pdf_page().map_or(1, |page| page.pages);
        if pages > 1 {
            let message =
                format!("the background is the first of the {pages} pages of its PDF");
            warnings.push(
                Warning::new(ErrorKind::Image, message)
                    .with_help("the others are not printed: save that page alone"),
            );
        }
        let stretch = (own.0 / own.1 * height / width - 1.0).abs();
        if stretch > Self::SEEN_STRETCH && stretch <= 0.01 {
            let message = format!(
                "the background has not quite the shape of the paper, and is stretched by {:.1} %",
                stretch * 100.0
            );
            warnings.push(Warning::new(ErrorKind::Image, message).with_help(
                "if it has bleed around what is to be seen, export it without, or as a PDF with a \
                 trim box",
            ));
        }
        if stretch > 0.01 {
            let unit = if self.is_sized() { "mm" } else { "pixels" };
            let message = format!(
                "the background has {:.0} × {:.0} {unit} and the paper {width:.0} × \
                 {height:.0} mm: it does not fill it",
                own.0, own.1
            );
            let paper = if self.is_sized() {
                "`paper: background`"
            } else {
                "a `paper` of its shape"
            };
            let help = format!(
                "export it as {width:.0} × {height:.0} mm, or write {paper} in the `layout.yaml` of a \
                 layout of your own"
            );
            warnings.push(Warning::new(ErrorKind::Image, message).with_help(help));
        }
        warnings.into_iter().map(|warning| warning.at(self.place.clone())).collect()
    }
}

/// The picture of a file.
pub(super) fn picture_of(bytes: &[u8]) -> Result<Picture> {
    if bytes.len() > Background::MAX_BYTES {
        let (is, max) = (bytes.len() >> 20, Background::MAX_BYTES >> 20);
        let message =
            format!("the background has {is} MB, more than the {max} that are read");
        return Err(Error::new(ErrorKind::TooLarge, message).with_help(
            "every certificate carries it: export it for print with smaller pictures",
        ));
    }
    let head = bytes.get(..1024).unwrap_or(bytes);
    if !head.windows(5).any(|five| five == b"%PDF-") {
        if PictureFile::find(bytes, "background")?.is_none() {
            let fault = broken("it is neither PNG, JPEG, SVG nor PDF");
            return Err(fault.with_help("save it in one of these formats"));
        }
        return Picture::read_whole(bytes, "background");
    }
    Ok(Picture::from_pdf_page(bytes, page_of(bytes)?))
}

fn broken(cause: &str) -> Error {
    Error::new(ErrorKind::Image, format!("failed to read the background ({cause})"))
}

/// The first page: its width and height in points after its rotation, and what lies around it.
fn page_of(bytes: &[u8]) -> Result<PdfPage> {
    let encrypted = || {
        broken("it is encrypted")
            .with_help("export it again without a password, or run `qpdf --decrypt`")
    };
    // The trailer and the dictionary of a cross-reference stream are never compressed (ISO 32000-1,
    // 7.5).
    if has_name(bytes, b"/Encrypt") {
        return Err(encrypted());
    }
    let damaged = || {
        broken("the file is damaged")
            .with_help("open it and export it again; `qpdf --check` says more")
    };
    // Readers repair a truncated file silently, and the page would lack a part.
    if !is_whole(bytes) {
        return Err(damaged());
    }
    // hayro would overflow the stack or exhaust the memory on a file that this check refuses.
    check(bytes)?;
    // hayro may panic on a broken file, which must not end the process.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let pdf = Pdf::new(bytes.to_vec())?;
        let Some(page) = pdf.pages().first() else { return Ok(None) };
        let is_blank = !page.raw().contains_key(b"Contents");
        if page.page_stream().is_some() || is_blank {
            // ISO 32000-1, table 30: how many points a unit of the page has.
            let unit = page.raw().get::<f32>(b"UserUnit".as_slice()).unwrap_or(1.0);
            let (width, height) = page.render_dimensions();
            let found = PdfPage {
                size: (f64::from(width * unit), f64::from(height * unit)),
                trim: TrimmedPart::of(page),
                pages: pdf.pages().len(),
                is_pdf_2: pdf.version() == PdfVersion::Pdf20,
            };
            Ok(Some((found, pdf_page::laid_over(page))))
        } else {
            Err(LoadPdfError::Invalid)
        }
    }));
    let (page, laid_over) = match read {
        Ok(Ok(Some(found))) => found,
        Ok(Ok(None)) => {
            return Err(broken("it has no page").with_help("export it again"));
        }
        Ok(Err(LoadPdfError::Decryption(_))) => return Err(encrypted()),
        Ok(Err(LoadPdfError::Invalid)) | Err(_) => return Err(damaged()),
    };
    if let Some(what) = laid_over {
        return Err(broken(&what).with_help(
            "print it into a new PDF, which makes that a part of the page, or remove it",
        ));
    }
    let trim = page.trim.unwrap_or(TrimmedPart::WHOLE);
    let (width, height) = (page.size.0 * trim.width, page.size.1 * trim.height);
    let side = |points: f64| Background::SIDES.contains(&(points / 72.0 * 25.4));
    if !(side(width) && side(height)) {
        let message = format!(
            "its page of {width} × {height} points is not of 20 to 2000 mm a side"
        );
        return Err(broken(&message).with_help("export it in the size of its paper"));
    }
    Ok(page)
}

/// Refuses a PDF whose structure would exhaust the stack or the memory of those who read it.
///
/// # Errors
/// [`ErrorKind::Image`].
pub(crate) fn check(bytes: &[u8]) -> Result<()> {
    // A stranger's file must not end the process, whatever it is.
    let checked = catch_unwind(AssertUnwindSafe(|| structure::check(bytes)));
    checked.unwrap_or_else(|_| Err("it is damaged".to_owned())).map_err(|why| {
        Error::new(ErrorKind::Image, format!("failed to read the PDF ({why})")).with_help(
            "print it into a new PDF, or export it again with its pictures at 300 dots per inch",
        )
    })
}

/// Whether the file ends with `startxref`, the offset of a cross-reference table or stream, and
/// `%%EOF`.
fn is_whole(bytes: &[u8]) -> bool {
    const END: &[u8] = b"startxref";
    let tail = bytes.len().saturating_sub(2048);
    let last = |what: &[u8]| bytes[tail..].windows(what.len()).rposition(|w| w == what);
    let (Some(start), Some(_)) = (last(END), last(b"%%EOF")) else { return false };
    let rest = bytes[tail + start + END.len()..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let offset = std::str::from_utf8(&rest[..digits]).ok();
    let offset: Option<usize> = offset.and_then(|text| text.parse().ok());
    let Some(offset) = offset else { return false };
    // In some files there are other bytes before the header, and offsets count from the header.
    let header = bytes.windows(5).position(|five| five == b"%PDF-").unwrap_or(0);
    [offset, offset.saturating_add(header)].into_iter().any(|offset| {
        let at = bytes.get(offset..).unwrap_or_default().trim_ascii_start();
        at.starts_with(b"xref") || at.first().is_some_and(u8::is_ascii_digit)
    })
}

/// Whether the file has `name` as a whole name.
fn has_name(bytes: &[u8], name: &[u8]) -> bool {
    let ends = |at: usize| {
        bytes.get(at + name.len()).is_none_or(|next| !next.is_ascii_alphanumeric())
    };
    let starts = bytes.windows(name.len()).enumerate();
    starts.filter(|(_, window)| *window == name).any(|(at, _)| ends(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PDF of one blank page, rotated by 90 degrees.
    fn page(media_box: &str) -> Vec<u8> {
        let mut file = String::from("%PDF-1.4\n");
        let mut table = String::from("xref\n0 4\n0000000000 65535 f \n");
        for object in [
            "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n".to_owned(),
            "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n".to_owned(),
            format!(
                "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[{media_box}]/Rotate 90/Resources<<>>\
                 >>endobj\n"
            ),
        ] {
            table += &format!("{:010} 00000 n \n", file.len());
            file += &object;
        }
        let start = file.len();
        file += &table;
        file += &format!("trailer<</Root 1 0 R/Size 4>>\nstartxref\n{start}\n%%EOF\n");
        file.into_bytes()
    }

    #[test]
    fn size_of_a_rotated_page_is_that_shown() {
        let place = Place::file("x");
        let background = Background::read(&page("0 0 595.276 841.89"), &place).unwrap();
        let (width, height) = background.sides();
        assert!((width - 297.0).abs() < 0.001 && (height - 210.0).abs() < 0.001);
        assert_eq!(background.warnings(background.sides()).len(), 1);
        assert_eq!(background.warnings((279.4, 215.9)).len(), 2);
    }

    #[test]
    fn unit_of_a_page_may_be_longer_than_a_point() {
        let a5 = page("0 0 297.6378 420.9449]/UserUnit 2/X[0");
        let background = Background::read(&a5, &Place::file("x")).unwrap();
        let (width, height) = background.sides();
        assert!((width - 297.0).abs() < 0.01 && (height - 210.0).abs() < 0.01);
    }

    #[test]
    fn page_is_cut_to_its_trim_box_and_what_is_around_it_is_bleed() {
        // Rotated by 90 degrees: what is on the left stands at the top.
        let file = page("0 0 600 900]/TrimBox[30 20 580 860]/X[0");
        let background = Background::read(&file, &Place::file("x")).unwrap();
        let TrimmedPart { x, y, width, height } = background.trim();
        let near = |is: f64, points: f64, of: f64| (is - points / of).abs() < 1e-6;
        assert!(near(x, 20.0, 900.0) && near(width, 840.0, 900.0), "{x} {width}");
        assert!(near(y, 30.0, 600.0) && near(height, 550.0, 600.0), "{y} {height}");
        let (width, height) = background.sides();
        let mm = 25.4 / 72.0;
        assert!((width - 840.0 * mm).abs() < 1e-3 && (height - 550.0 * mm).abs() < 1e-3);
        for whole in ["0 0 600 900]/TrimBox[0 0 600 900]/X[0", "0 0 600 900"] {
            let background = Background::read(&page(whole), &Place::file("x")).unwrap();
            assert_eq!(background.trim(), TrimmedPart::WHOLE);
        }
    }

    #[test]
    fn what_lies_over_the_page_is_refused_unless_it_shows_nothing() {
        let with = |annotation: &str| {
            let boxes = format!("0 0 600 900]/Annots[<<{annotation}>>]/X[0");
            Background::read(&page(&boxes), &Place::file("x"))
                .map_err(|it| it.to_string())
        };
        for (kind, part) in
            [("Stamp", "`Stamp`"), ("Widget", "a form field"), ("FreeText", "`FreeText`")]
        {
            let seen = format!("/Subtype/{kind}/Rect[10 10 90 50]");
            assert!(with(&seen).unwrap_err().contains(part));
            with(&format!("{seen}/F 2")).unwrap();
            with(&format!("{seen}/F 36")).unwrap();
            with(&format!("/Subtype/{kind}/Rect[0 0 0 0]")).unwrap();
        }
        with("/Subtype/Link/Rect[10 10 90 50]").unwrap();
    }

    #[test]
    fn pages_that_are_left_out_and_a_slight_stretch_are_told() {
        let place = Place::file("x");
        let one = String::from_utf8(page("0 0 595.276 841.89")).unwrap();
        let two = one.replace("Kids[3 0 R]/Count 1", "Kids[3 0 R 3 0 R]/Count 2");
        let (head, _) = two.split_once("startxref").unwrap();
        let table = two.find("xref\n0 4").unwrap();
        let two = format!("{head}startxref\n{table}\n%%EOF\n");
        let background = Background::read(two.as_bytes(), &place).unwrap();
        let warnings = background.warnings(background.sides());
        assert!(warnings.iter().any(|it| it.message.contains("first of the 2 pages")));
        let background = Background::read(&page("0 0 595.276 841.89"), &place).unwrap();
        let warnings = background.warnings((297.0, 208.0));
        assert!(warnings.iter().any(|it| it.message.contains("stretched by 1.0 %")));
    }

    #[test]
    fn file_that_is_no_background_is_refused() {
        let encrypted =
            [page("0 0 500 500"), b"trailer<</Encrypt 5 0 R>>".to_vec()].concat();
        for (bytes, part) in [
            (vec![0; Background::MAX_BYTES + 1], "16"),
            (b"\x89PNG".to_vec(), "failed to read"),
            (b"Letterhead".to_vec(), "neither PNG, JPEG, SVG nor PDF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0".to_vec(), "is a HEIC picture"),
            (b"II\x2a\0\x08\0\0\0".to_vec(), "is a TIFF picture"),
            (b"\x1f\x8b\x08\0 cut off".to_vec(), "failed to decompress"),
            (b"%PDF-1.7 and nothing else".to_vec(), "damaged"),
            (page("0 0 500 500")[..150].to_vec(), "damaged"),
            (encrypted, "encrypted"),
            (page("0 0 7 7"), "not of 20 to 2000 mm"),
            (page("0 0 500 90000"), "not of 20 to 2000 mm"),
        ] {
            let error = Background::read(&bytes, &Place::file("x")).unwrap_err();
            assert!(error.message().contains(part), "{error:#}");
            assert!(error.place().is_some() && error.help().is_some(), "{error:#}");
        }
    }
}
