//! Limits for the picture files of layouts, which Typst reads itself.

use std::io::Cursor;

use image::ImageReader;

use crate::base::error::Result;
use crate::image::decode::{PictureFile, check_sides};
use crate::image::{background, svg};

/// Refuses a file of a layout that takes too much memory or time to draw: Typst draws it as it is.
/// Files that are no pictures are not looked at.
///
/// # Errors
/// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge); [`ErrorKind::Image`](crate::ErrorKind::Image)
/// for a PDF that cannot be read.
pub(crate) fn check_file(bytes: &[u8]) -> Result<()> {
    if bytes.get(..1024).unwrap_or(bytes).windows(5).any(|five| five == b"%PDF-") {
        return background::check(bytes);
    }
    match PictureFile::of(bytes, "picture") {
        Ok(PictureFile::Svg(text)) if text.trim_start().starts_with('<') => {
            svg::check(&text)
        }
        Ok(PictureFile::Bitmap(format)) => {
            let reader = ImageReader::with_format(Cursor::new(bytes), format);
            // Typst reports a broken file, with the line that uses it.
            let Ok((width, height)) = reader.into_dimensions() else { return Ok(()) };
            check_sides(width, height, "picture")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::ErrorKind;

    #[test]
    fn file_that_is_drawn_as_it_is_has_bounds() {
        let svg = |inside: &str| {
            format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{inside}</svg>"
            )
        };
        let noise = svg("<filter id='f'><feTurbulence numOctaves='90000000'/></filter>\
            <path filter='url(#f)' d='M0 0h9v9z'/>");
        let pages = "%PDF-1.4\n2 0 obj<</Type/Pages/Kids[2 0 R]>>endobj";
        let mut wide = Vec::new();
        let small = image::RgbImage::new(8, 8);
        small.write_to(&mut Cursor::new(&mut wide), image::ImageFormat::Jpeg).unwrap();
        // The frame header gives the size that a decoder would allocate.
        let frame = wide.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        wide[frame + 5..frame + 9].copy_from_slice(&[0xff, 0, 0xff, 0]);
        for (bytes, kind) in [
            (noise.as_bytes(), ErrorKind::TooLarge),
            (pages.as_bytes(), ErrorKind::Image),
            (&wide, ErrorKind::TooLarge),
        ] {
            assert_eq!(check_file(bytes).expect_err("it has no bounds").kind(), kind);
        }
        // Typst reports all other faults of a file.
        let text = svg("<text>a</text><image href='a.png' width='9' height='9'/>");
        for bytes in [text.as_bytes(), b"#let a = 1", b"<svg", b"\x89PNG broken"] {
            check_file(bytes).unwrap();
        }
    }
}
