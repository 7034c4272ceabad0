//! From a file's bytes to an upright bitmap of bounded size.
//!
//! Takes PNG, JPEG, WebP, GIF or SVG, told apart by content. The decision: sizes are checked before
//! anything is decoded.

use std::borrow::Cow;
use std::io::{Cursor, Read as _};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::base::error::{Error, ErrorKind, Result};
use crate::image::jpeg;

/// The most bytes of a file, and the most pixels of a bitmap; the photos of phones are below both.
const MAX_BYTES: usize = 48 << 20;
const MAX_PIXELS: u64 = 64_000_000;
/// The longest side in pixels. Processing adds margins of fixed width, which would be most of the
/// memory for a long and narrow picture.
const MAX_SIDE: u32 = 32_767;
/// A bitmap of more pixels is scaled down before it is processed.
const MAX_WORKING_PIXELS: f64 = 8_000_000.0;

/// A picture file, told apart by content.
pub(super) enum PictureFile<'a> {
    Bitmap(ImageFormat),
    Svg(Cow<'a, str>),
}

impl<'a> PictureFile<'a> {
    /// Finds the format. `what` is the name of the picture in errors.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: another format. [`ErrorKind::TooLarge`]: longer than 48 MB.
    pub(super) fn of(bytes: &'a [u8], what: &str) -> Result<Self> {
        Self::find(bytes, what)?.ok_or_else(|| {
            let message = format!("the {what} is neither PNG, JPEG, WebP, GIF nor SVG");
            Error::new(ErrorKind::Image, message)
                .with_help("save it in one of these formats")
        })
    }

    /// Finds the format, as [`of`](Self::of); `None` for a file of no known format.
    ///
    /// # Errors
    /// [`ErrorKind::Image`]: a known format that is not read, with the way to convert it.
    /// [`ErrorKind::TooLarge`].
    pub(super) fn find(bytes: &'a [u8], what: &str) -> Result<Option<Self>> {
        if bytes.len() > MAX_BYTES {
            return Err(too_large(what, format!("is {} MB long", bytes.len() >> 20)));
        }
        Ok(Some(Self::Bitmap(match bytes {
            [0x89, b'P', b'N', b'G', ..] => ImageFormat::Png,
            [0xff, 0xd8, 0xff, ..] => ImageFormat::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
                ImageFormat::WebP
            }
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => ImageFormat::Gif,
            _ => match svg_text(bytes)? {
                Some(text) => return Ok(Some(Self::Svg(text))),
                None => return unread(bytes, what).map_or(Ok(None), Err),
            },
        })))
    }
}

/// The error for a file of a known format that is not read.
fn unread(bytes: &[u8], what: &str) -> Option<Error> {
    let brand = bytes.get(8..12).filter(|_| bytes.get(4..8) == Some(b"ftyp"));
    let (format, help) = match (bytes, brand) {
        (_, Some(b"avif" | b"avis")) => ("an AVIF picture", CONVERT),
        (_, Some(b"heic" | b"heix" | b"heim" | b"hevc" | b"mif1" | b"msf1")) => (
            "a HEIC picture",
            "save it as PNG or JPEG: iPhones make JPEGs with Settings › Camera › Formats › Most \
             Compatible, and `heif-convert in.heic out.png` converts one",
        ),
        ([b'I', b'I', 0x2a | 0x2b, 0, ..] | [b'M', b'M', 0, 0x2a | 0x2b, ..], _) => {
            ("a TIFF picture", CONVERT)
        }
        ([b'B', b'M', ..], _) if bytes.len() > 26 => ("a BMP picture", CONVERT),
        ([b'%', b'P', b'D', b'F', ..], _) => (
            "a PDF",
            "save the page as PNG: `pdftoppm -r 300 -png in.pdf out`, or export it as SVG",
        ),
        ([b'%', b'!', b'P', b'S', ..] | [0xc5, 0xd0, 0xd3, 0xc6, ..], _) => {
            ("a PostScript drawing", "export it as SVG")
        }
        ([b'8', b'B', b'P', b'S', ..], _) => ("a Photoshop file", "export it as PNG"),
        ([0xff, 0x0a, ..] | [0, 0, 0, 0xc, b'J', b'X', b'L', ..], _) => {
            ("a JPEG XL picture", CONVERT)
        }
        ([0, 0, 0, 0xc, b'j', b'P', ..] | [0xff, 0x4f, 0xff, 0x51, ..], _) => {
            ("a JPEG 2000 picture", CONVERT)
        }
        _ => return None,
    };
    let message = format!("the {what} is {format}, which is not read");
    Some(Error::new(ErrorKind::Image, message).with_help(help))
}

/// How a picture of another format is converted.
const CONVERT: &str =
    "save it as PNG: `magick in out.png` converts it, and so do most viewers";

/// The text of an SVG, whatever its encoding, and compressed or not; `None` for another file.
///
/// # Errors
/// [`ErrorKind::Image`]: compressed and damaged, or in an encoding that is not read.
/// [`ErrorKind::TooLarge`].
fn svg_text(bytes: &[u8]) -> Result<Option<Cow<'_, str>>> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut inside = Vec::new();
        let reader = flate2::read::MultiGzDecoder::new(bytes);
        let read = reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut inside);
        if inside.len() > MAX_BYTES {
            return Err(too_large(
                "SVG",
                format!("has over {} MB inside", MAX_BYTES >> 20),
            ));
        }
        read.map_err(|error| {
            let message = format!("failed to decompress the picture ({error})");
            Error::new(ErrorKind::Image, message).with_help("export it again")
        })?;
        return Ok(plain_svg(&inside)?.map(|text| Cow::Owned(text.into_owned())));
    }
    plain_svg(bytes)
}

/// The text of an SVG that is not compressed (XML 1.0, appendix F).
fn plain_svg(bytes: &[u8]) -> Result<Option<Cow<'_, str>>> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let text: Vec<u16> = units.collect();
        Some(Cow::Owned(String::from_utf16(&text).ok()?))
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [b'<', 0, _, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, b'<', 0, _, ..] => utf16(bytes, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match str::from_utf8(bytes) {
                Ok(text) => Some(Cow::Borrowed(text)),
                Err(_) => legacy_svg(bytes)?,
            }
        }
    };
    Ok(text.filter(|text| is_svg(text)))
}

/// The text of an XML file in an encoding other than Unicode, by its declaration.
fn legacy_svg(bytes: &[u8]) -> Result<Option<Cow<'_, str>>> {
    let head: String = bytes.iter().take(200).map(|&byte| char::from(byte)).collect();
    let declared = head.split_once("encoding=").filter(|_| head.starts_with("<?xml"));
    let Some((_, value)) = declared else { return Ok(None) };
    let name = value.split(['"', '\'']).nth(1).unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        // The first 256 letters of Unicode are those of ISO 8859-1.
        "iso-8859-1" | "latin1" | "us-ascii" | "windows-1252" => {
            Ok(Some(Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect())))
        }
        _ => {
            let message = format!("the SVG is written in `{}`", name.escape_debug());
            Err(Error::new(ErrorKind::Image, message).with_help("save it as UTF-8"))
        }
    }
}

/// Whether a text is an SVG: its elements may have a prefix.
fn is_svg(text: &str) -> bool {
    text.contains("<svg") || (text.trim_start().starts_with('<') && text.contains(":svg"))
}

/// Decodes a bitmap upright, by the orientation that its Exif data gives. Also gives how many of
/// the file's pixels one pixel of the result stands for, in each direction.
///
/// # Errors
/// [`ErrorKind::Image`]: the file is broken. [`ErrorKind::TooLarge`].
pub(super) fn decode_bitmap(
    bytes: &[u8],
    format: ImageFormat,
    what: &str,
) -> Result<(DynamicImage, f64)> {
    if format == ImageFormat::Jpeg && !jpeg::is_whole(bytes) {
        return Err(cut_off(what));
    }
    let broken = |error: ImageError| broken(what, error);
    let mut decoder = reader(bytes, format).into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check_sides(width, height, what)?;
    // Broken Exif data is ignored: viewers show such a picture too.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let shrink = (f64::from(width) * f64::from(height) / MAX_WORKING_PIXELS).sqrt();
    if shrink > 1.0 {
        let width = (f64::from(width) / shrink).round().max(1.0) as u32;
        let height = (f64::from(height) / shrink).round().max(1.0) as u32;
        image = image.thumbnail_exact(width, height);
    }
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok((image, shrink.max(1.0)))
}

/// A bitmap as a PDF can have it.
pub(super) enum PlainBitmap {
    /// Its file unchanged, with its sides in pixels.
    AsItIs((u32, u32)),
    /// Encoded anew, because Exif data turns it, or its colours are CMYK, which PDF/A allows only
    /// with a profile.
    Redrawn(DynamicImage),
}

/// Decides whether a PDF can contain the file of a bitmap unchanged. The bitmap is decoded in
/// either case, so that a broken one is refused here.
///
/// # Errors
/// As [`decode_bitmap`].
pub(super) fn plain_bitmap(
    bytes: &[u8],
    format: ImageFormat,
    what: &str,
) -> Result<PlainBitmap> {
    let decoder = reader(bytes, format).into_decoder();
    let mut decoder = decoder.map_err(|error| broken(what, error))?;
    let sides = decoder.dimensions();
    let is_turned = decoder
        .orientation()
        .is_ok_and(|orientation| orientation != Orientation::NoTransforms);
    let (image, _) = decode_bitmap(bytes, format, what)?;
    let is_kept = match format {
        ImageFormat::Png => true,
        ImageFormat::Jpeg => jpeg::components(bytes).is_some_and(|count| count < 4),
        _ => false,
    };
    if is_kept && !is_turned {
        return Ok(PlainBitmap::AsItIs(sides));
    }
    let image = if image.color().has_alpha() {
        DynamicImage::ImageRgba8(image.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(image.into_rgb8())
    };
    Ok(PlainBitmap::Redrawn(image))
}

/// Checks that a picture is within the limits, without decoding it.
///
/// # Errors
/// [`ErrorKind::Image`]: another format, or broken. [`ErrorKind::TooLarge`].
pub(super) fn check_limits(bytes: &[u8], what: &str) -> Result<()> {
    let PictureFile::Bitmap(format) = PictureFile::of(bytes, what)? else {
        return Ok(());
    };
    let size = reader(bytes, format).into_dimensions();
    let (width, height) = size.map_err(|error| broken(what, error))?;
    check_sides(width, height, what)?;
    if format == ImageFormat::Jpeg && !jpeg::is_whole(bytes) {
        return Err(cut_off(what));
    }
    Ok(())
}

fn cut_off(what: &str) -> Error {
    Error::new(ErrorKind::Image, format!("the {what} is cut off: its end is missing"))
        .with_help("copy or send the file again")
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 4);
    reader.limits(limits);
    reader
}

fn broken(what: &str, error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => too_large(what, "needs too much memory".into()),
        error => {
            Error::caused(ErrorKind::Image, format!("failed to read the {what}"), error)
                .with_help("open it in a viewer; if it shows there, save it again")
        }
    }
}

/// The bounding box of what an SVG draws inside its extent; `None` if it draws nothing.
pub(super) fn drawn_box(tree: &usvg::Tree) -> Option<usvg::Rect> {
    // usvg gives a box that is not empty for a tree without nodes.
    if !tree.root().has_children() {
        return None;
    }
    let drawn = tree.root().abs_layer_bounding_box().to_rect();
    usvg::Rect::from_ltrb(
        drawn.left().max(0.0),
        drawn.top().max(0.0),
        drawn.right().min(tree.size().width()),
        drawn.bottom().min(tree.size().height()),
    )
}

/// Refuses a bitmap of more pixels than are read.
///
/// # Errors
/// [`ErrorKind::TooLarge`].
pub(super) fn check_sides(width: u32, height: u32, what: &str) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(too_large(what, format!("has {width} × {height} pixels")));
    }
    Ok(())
}

/// The error for a picture over a limit. `how` says what is too large: `has 9 × 9 pixels`.
pub(super) fn too_large(what: &str, how: String) -> Error {
    Error::new(ErrorKind::TooLarge, format!("the {what} {how}, more than is read"))
        .with_help("save it smaller: 3000 pixels across are plenty")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn text_of(bytes: &[u8]) -> Result<String> {
        match PictureFile::of(bytes, "picture")? {
            PictureFile::Svg(text) => Ok(text.into_owned()),
            PictureFile::Bitmap(format) => panic!("{format:?}"),
        }
    }

    #[test]
    fn svg_is_read_in_the_encodings_that_programs_write() {
        let named = |encoding: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<!-- Übungsblatt é -->\
                 <svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
            )
        };
        let latin: Vec<u8> = named("ISO-8859-1").chars().map(|c| c as u8).collect();
        let wide = |order: fn(u16) -> [u8; 2], mark: bool| {
            let text = named("UTF-16");
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(order).collect::<Vec<u8>>()
        };
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        packed.write_all(named("UTF-8").as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        for bytes in [
            named("UTF-8").into_bytes(),
            [b"\xef\xbb\xbf", named("utf-8").as_bytes()].concat(),
            latin,
            wide(u16::to_le_bytes, true),
            wide(u16::to_be_bytes, true),
            wide(u16::to_le_bytes, false),
            packed.clone(),
        ] {
            let text = text_of(&bytes).unwrap();
            assert!(text.contains("<!-- Übungsblatt é -->"), "{text}");
            crate::image::svg::parse(&text).unwrap();
        }
        let prefixed =
            "<s:svg xmlns:s='http://www.w3.org/2000/svg' width='9' height='9'/>";
        assert!(text_of(prefixed.as_bytes()).is_ok());
        for (bytes, words) in [
            (packed[..packed.len() / 2].to_vec(), "decompress"),
            (
                b"<?xml version='1.0' encoding='KOI8-R'?><svg a='\xe1'/>".to_vec(),
                "written in `koi8-r`",
            ),
            (b"<svg a='\xff'/>".to_vec(), "neither PNG"),
        ] {
            let error = text_of(&bytes).unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
    }

    #[test]
    fn picture_of_another_format_is_named_with_the_way_to_convert_it() {
        let bmp = [&b"BM"[..], &[0; 60]].concat();
        for (bytes, name) in [
            (&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], "HEIC"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
            (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1", "AVIF"),
            (b"II*\0\x08\0\0\0", "TIFF"),
            (b"MM\0*\0\0\0\x08", "TIFF"),
            (&bmp, "BMP"),
            (b"%PDF-1.7\n", "PDF"),
            (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
            (b"8BPS\0\x01", "Photoshop"),
            (b"\xff\x0a\0\0", "JPEG XL"),
            (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        ] {
            let error = PictureFile::of(bytes, "scan").err().expect(name);
            assert!(error.message().contains(name), "{error}");
            let help = error.help().unwrap_or_default();
            assert!(help.contains("PNG") || help.contains("SVG"), "{help}");
        }
    }

    #[test]
    fn bitmap_that_was_cut_off_is_refused() {
        let image = image::RgbImage::from_fn(640, 480, |x, y| {
            image::Rgb([(x % 256) as u8, (y % 256) as u8, ((x * y) % 251) as u8])
        });
        for format in
            [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif]
        {
            let mut bytes = Cursor::new(Vec::new());
            image::DynamicImage::from(image.clone())
                .write_to(&mut bytes, format)
                .unwrap();
            let bytes = bytes.into_inner();
            decode_bitmap(&bytes, format, "scan").unwrap();
            for share in [2, 3, 5] {
                let cut = &bytes[..bytes.len() - bytes.len() / share];
                let told = decode_bitmap(cut, format, "scan");
                assert!(told.is_err(), "{format:?} without 1/{share}");
            }
            let trailing = [&bytes[..], &[0; 16]].concat();
            decode_bitmap(&trailing, format, "scan").unwrap();
        }
    }
}
