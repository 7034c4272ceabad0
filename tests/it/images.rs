//! Pictures on the page: logos of the organization and of sponsors, and badges.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use testamur::press::{Draft, DraftOptions, Format, Press};
use testamur::site::{Request, Site};
use testamur::{Date, Error, ErrorKind};

const SEAL: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 120'>\
    <circle cx='60' cy='60' r='40' fill='none' stroke='#8c1414' stroke-width='6'/></svg>";

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn pictures_of_every_format_are_placed() {
    let opaque = RgbImage::from_pixel(400, 150, Rgb([200, 60, 0]));
    let rimmed = RgbaImage::from_fn(600, 400, |x, y| {
        let inside = (150..450).contains(&x) && (150..250).contains(&y);
        if inside { Rgba([0, 120, 60, 255]) } else { Rgba([0; 4]) }
    });
    let files = [
        ("images/seal.svg", SEAL.as_bytes().to_vec()),
        ("images/logo.jpg", encoded(opaque.clone().into(), ImageFormat::Jpeg)),
        ("images/a.webp", encoded(opaque.into(), ImageFormat::WebP)),
        ("images/b.png", encoded(rimmed.into(), ImageFormat::Png)),
        // A picture may also be a file of `signatures/`.
        ("signatures/c.svg", SEAL.as_bytes().to_vec()),
    ];
    let press = press(
        "  theme: { logo: logo.jpg }
  sponsors:
    - { name: { en: Alpha, ar: ألفا }, logo: a.webp }
    - { name: Beta, logo: b.png }
    - { name: Gamma, logo: c.svg }
  badges: [{ image: seal.svg, alt: { en: A ring, ar: حلقة } }]",
        &files,
    );
    for language in ["en", "ar", "ja"] {
        for paper in ["a4", "letter"] {
            let draft = draft(&press, language, paper).unwrap();
            assert!(draft.bytes.starts_with(b"%PDF-"));
        }
    }
    let request = Request::new("KNOTS", "Ada").unwrap();
    let request = request.with_language("ar".parse().unwrap());
    let sheet = press.sheet(&request, day()).unwrap();
    let alts: Vec<&str> = sheet.sponsors.iter().map(|image| image.alt.as_str()).collect();
    assert_eq!(alts, ["ألفا", "Beta", "Gamma"]);
    assert_eq!(sheet.badges[0].alt, "حلقة");
    // Empty margins around a picture are cropped.
    let ratio = |index: usize| sheet.sponsors[index].width / sheet.sponsors[index].height;
    assert!((ratio(1) - 3.0).abs() < 0.01 && (ratio(2) - 1.0).abs() < 0.01);
}

/// A JPEG that claims to have 65280 × 65280 pixels.
fn huge_jpeg() -> Vec<u8> {
    let small = RgbImage::from_pixel(64, 64, Rgb([9; 3]));
    let mut jpeg = encoded(small.into(), ImageFormat::Jpeg);
    // The frame header gives the size that a decoder would allocate.
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0x00, 0xff, 0x00]);
    jpeg
}

/// The pictures of a layout's own folder have the limits of a course's, whether or not its page
/// shows them.
#[test]
fn unusable_picture_of_a_layout_is_refused_by_its_name() {
    let mut long =
        b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>".to_vec();
    long.resize((48 << 20) + 1, b' ');
    for (name, bytes, kind, message) in [
        ("crest.jpg", huge_jpeg(), ErrorKind::TooLarge, "65280 × 65280 pixels"),
        ("Crest.JPEG", huge_jpeg(), ErrorKind::TooLarge, "65280 × 65280 pixels"),
        ("crest.svg", long, ErrorKind::TooLarge, "is 48 MB long"),
        (
            "crest.png",
            b"\x89PNG\r\n\x1a\nbroken".to_vec(),
            ErrorKind::Image,
            "failed to read",
        ),
        ("crest.gif", b"GIF89a".to_vec(), ErrorKind::Image, "failed to read"),
    ] {
        for folder in ["classic", "shared"] {
            let name = format!("layouts/{folder}/{name}");
            let press = press("", &[(&name, bytes.clone())]);
            let error = draft(&press, "en", "a4").map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), kind, "{error:#}");
            assert!(error.message().contains(message), "{error:#}");
            assert_eq!(error.place().unwrap().to_string(), name, "{error:#}");
        }
    }
    let files: Vec<(String, Vec<u8>)> = (0..257)
        .map(|number| (format!("layouts/classic/{number}.svg"), SEAL.as_bytes().to_vec()))
        .collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let error = draft(&press("", &files), "en", "a4").map(|_| ()).unwrap_err();
    assert!(error.message().contains("more than 256 pictures"), "{error:#}");
    assert!(draft(&press("", &files[..200]), "en", "a4").is_ok());
}

#[test]
fn signature_is_not_advised_as_a_logo() {
    let mine = ("signatures/mine.svg", SEAL.as_bytes().to_vec());
    let logo = "  theme:\n    logo: logo.svg";
    let said = |files: &[(&str, Vec<u8>)]| {
        let error = draft(&press(logo, files), "en", "a4").map(|_| ()).unwrap_err();
        format!("{error:#}")
    };
    let alone = said(std::slice::from_ref(&mine));
    assert!(!alone.contains("mine.svg") && !alone.contains("ada.svg"), "{alone}");
    assert!(alone.contains("folder `images/`"), "{alone}");
    let with_image = said(&[mine, ("images/crest.svg", SEAL.as_bytes().to_vec())]);
    assert!(with_image.contains("known here: `crest.svg`"), "{with_image}");
}

#[test]
fn unusable_picture_is_refused_at_its_line() {
    let blank = encoded(RgbaImage::new(40, 40).into(), ImageFormat::Png);
    let files = [
        ("images/seal.svg", SEAL.as_bytes().to_vec()),
        ("images/huge.jpg", huge_jpeg()),
        ("images/blank.png", blank),
        ("images/note.txt", b"a note".to_vec()),
    ];
    let badge = |file: &str| format!("  badges:\n    - {{ image: {file}, alt: A ring }}");
    let seven = "\n    - { name: A, logo: seal.svg }".repeat(7);
    for (more, line, kind, message) in [
        (
            badge("sael.svg"),
            6,
            ErrorKind::MissingFile,
            "there is no file `images/sael.svg`",
        ),
        (badge("huge.jpg"), 6, ErrorKind::TooLarge, "65280 × 65280 pixels"),
        (badge("blank.png"), 6, ErrorKind::Image, "the picture is empty"),
        (badge("note.txt"), 6, ErrorKind::Image, "neither PNG, JPEG, WebP, GIF nor SVG"),
        (format!("  sponsors:{seven}"), 12, ErrorKind::TooLarge, "7 sponsors"),
        (
            badge("seal.svg") + "\n    - { image: seal.svg, alt: B }",
            7,
            ErrorKind::TooLarge,
            "2 badges",
        ),
        (
            "  theme:\n    logo: none.png".into(),
            6,
            ErrorKind::MissingFile,
            "images/none.png",
        ),
    ] {
        let error = draft(&press(&more, &files), "en", "a4").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error:#}");
        assert!(error.message().contains(message), "{error:#}");
        let place = error.place().unwrap().to_string();
        assert!(place.starts_with(&format!("courses.yaml:{line}:")), "{error:#}");
    }
    let unsaid = Press::new(site("  badges: [{ image: seal.svg }]", &files)).unwrap_err();
    assert!(unsaid.message().contains("`alt` is missing"), "{unsaid:#}");
}

#[test]
fn sponsors_are_refused_by_a_layout_without_them() {
    let files = [
        ("images/seal.svg", SEAL.as_bytes().to_vec()),
        ("layouts/classic/layout.yaml", without("sponsors: 6\n")),
    ];
    let press = press("  sponsors: [{ name: A, logo: seal.svg }]", &files);
    let error = draft(&press, "en", "a4").map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(
        error.place().unwrap().to_string().starts_with("courses.yaml:5:"),
        "{error:#}"
    );
}

#[test]
fn missing_overflowing_or_overlapping_picture_is_refused() {
    let files = |row: &str| {
        let layout = include_str!("../../layouts/classic/layout.typ");
        let place = "at(bottom, -below - sponsors-rise, align(center, sponsors.body))";
        assert!(layout.contains(place));
        let layout = layout.replace(place, row).into_bytes();
        [
            ("images/seal.svg", SEAL.as_bytes().to_vec()),
            ("layouts/classic/layout.typ", layout),
        ]
    };
    for (row, kind, message) in [
        (
            "none",
            ErrorKind::TextMissing,
            "the logo of the sponsor `Alpha` is not on the page",
        ),
        (
            "at(bottom, 0mm, move(dx: -50mm, dy: 3mm, sponsors.body))",
            ErrorKind::Overflow,
            "the logo of the sponsor `Alpha` reaches",
        ),
        (
            "at(bottom, -below, align(end, move(dx: -4mm, sponsors.body)))",
            ErrorKind::Overlap,
            "lies over the",
        ),
    ] {
        let press = press("  sponsors: [{ name: Alpha, logo: seal.svg }]", &files(row));
        let error = draft(&press, "en", "a4").map(|_| ()).unwrap_err();
        let report = format!("{error:#}");
        assert!(error.faults().any(|fault| fault.kind() == kind), "{report}");
        assert!(report.contains(message) && report.contains("layout.typ"), "{report}");
    }
}

/// The `layout.yaml` of `classic` without a line.
fn without(line: &str) -> Vec<u8> {
    let yaml = include_str!("../../layouts/classic/layout.yaml");
    assert!(yaml.contains(line));
    yaml.replace(line, "").into_bytes()
}

fn site(more: &str, files: &[(&str, Vec<u8>)]) -> Site {
    let course = format!(
        "KNOTS:\n  title: Knots and Splices\n  organization: Example University\n  \
         language: en\n{more}\n"
    );
    let site = Site::new().with_sample_pictures().with_file("courses.yaml", course);
    files.iter().fold(site, |site, (name, bytes)| site.with_file(*name, bytes.clone()))
}

fn press(more: &str, files: &[(&str, Vec<u8>)]) -> Press {
    Press::new(site(more, files)).unwrap()
}

fn draft(press: &Press, language: &str, paper: &str) -> Result<Draft, Error> {
    let request = Request::new("KNOTS", "Ada Lovelace")?
        .with_language(language.parse()?)
        .with_paper(paper);
    press.draft_with(&request, day(), &DraftOptions::default().with_format(Format::Pdf))
}

fn encoded(image: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn day() -> Date {
    Date::parse("2026-05-14").unwrap()
}
