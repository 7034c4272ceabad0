//! Drawings that are written once and copied into each certificate, as poppler shows them.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use image::imageops::{FilterType, resize};
use image::{DynamicImage, GrayImage};
use testamur::press::{DraftOptions, Format};

use super::qr::raster;
use super::{day, new_folder, output, press, request, saved};

/// The side of a square of which the mean grey is compared, in pixels of half a point.
const SQUARE: u32 = 16;
/// The largest difference of grey. Poppler draws thin lines darker than Typst does: by up to 28 on
/// the built-in layouts.
const MAX_DIFFERENCE: u8 = 44;

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn pdf_of_each_layout_shows_what_its_png_shows() {
    let folder = new_folder();
    for layout in press().site().layouts() {
        let drawn = |format| {
            let options = DraftOptions::default().with_format(format);
            press().draft_sample(layout, day(), &options).unwrap().bytes
        };
        let file = folder.path().join(format!("{layout}.pdf"));
        fs::write(&file, drawn(Format::Pdf)).unwrap();
        let shown = image::open(raster(&file, 144, "-png")).unwrap();
        let png = drawn(Format::Png { pixels_per_inch: 144.0 });
        let expected = image::load_from_memory(&png).unwrap();
        // The PNG has all pages, poppler's the first.
        let (width, height) = (shown.width(), shown.height().min(expected.height()));
        let squares = |picture: DynamicImage| {
            let page = picture.crop_imm(0, 0, width, height).into_luma8();
            resize(&page, width / SQUARE, height / SQUARE, FilterType::Triangle)
        };
        let furthest = furthest(&squares(shown), &squares(expected));
        assert!(furthest <= MAX_DIFFERENCE, "{layout}: {furthest}");
    }
}

fn furthest(one: &GrayImage, other: &GrayImage) -> u8 {
    one.iter().zip(other.iter()).map(|(one, other)| one.abs_diff(*other)).max().unwrap()
}

#[test]
fn drawings_of_a_course_are_the_same_objects_on_each_certificate() {
    let forms = |name: &str| {
        let draft = press().draft(&request(name, "en"), day()).unwrap();
        forms(&draft.bytes)
    };
    let (ada, grace) = (forms("Ada Lovelace"), forms("Grace Hopper"));
    // The border, the seal and two signatures.
    assert!(ada.len() >= 4, "{} forms", ada.len());
    assert_eq!(ada, grace);
}

#[test]
fn letters_of_a_seal_are_no_part_of_the_text() {
    let draft = press().draft(&request("Ada Lovelace", "en"), day()).unwrap();
    let (_folder, file) = saved(&draft, "seal.pdf");
    let text = output(Command::new("pdftotext").args(["-raw"]).arg(&file).arg("-"));
    assert!(text.contains("Ada Lovelace"), "{text}");
    let letters =
        text.lines().filter(|line| matches!(line.trim().chars().count(), 1 | 2));
    assert_eq!(letters.count(), 0, "{text}");
}

/// The form XObjects of a file, but for their colour spaces.
fn forms(pdf: &[u8]) -> BTreeSet<Vec<u8>> {
    const HEAD: &[u8] = b"<</Type/XObject/Subtype/Form";
    let starts = (0..pdf.len()).filter(|at| pdf[*at..].starts_with(HEAD));
    starts
        .map(|at| {
            let object = &pdf[at..];
            let content =
                object.windows(8).position(|bytes| bytes == b"\nstream\n").unwrap();
            let end =
                object.windows(10).position(|bytes| bytes == b"\nendstream").unwrap();
            object[content..end].to_vec()
        })
        .collect()
}
