//! Signatures on the page: of equal height and weight, on their lines, moved by `dx`, `dy` and
//! `scale`, and without overlaps.
//!
//! The tests measure the rendered page. Signatures are in a blue that nothing else on the page has.

use image::{Rgb, RgbImage};
use testamur::press::{Draft, DraftOptions, Format, Press};
use testamur::site::{Request, Site};
use testamur::{Date, Error, ErrorKind, Result};

use crate::scans::pen::Signature;
use crate::scans::photo::{BLUE, Photo};

const PIXELS_PER_INCH: f64 = 200.0;
/// The size of the page, `classic` on A4, in millimetres.
const WIDTH: f64 = 297.0;
const HEIGHT: f64 = 210.0;

#[test]
fn scans_of_any_size_get_equal_height_and_weight() {
    let photo = |signature: Signature, size| Photo::of(&signature, size).pen(BLUE);
    let scans = [
        ("tiny.jpg", photo(Signature::plain(), (400, 200)).jpeg(85).take()),
        ("small.png", photo(Signature::initials(), (700, 420)).take()),
        (
            "phone.jpg",
            photo(Signature::flourished(), (3600, 2400)).ruled().jpeg(80).take(),
        ),
    ];
    let signatories = "
    - { name: Tiny, signature: tiny.jpg }
    - { name: Drawn, signature: grace.svg }
    - { name: Small, signature: small.png }
    - { name: Phone, signature: phone.jpg }";
    let page = page(&press(signatories, &scans), "en").unwrap();
    let inks: Vec<Ink> = (0..4).map(|index| ink_in(&page, column(index, 4))).collect();
    let rule = signing_line(&page);
    let above = inks.iter().map(|ink| rule - ink.top);
    let strokes = inks.iter().map(|ink| ink.stroke);
    assert!(spread(above.clone()) < 1.7, "{:?}", above.collect::<Vec<_>>());
    assert!(spread(strokes.clone()) < 2.0, "{:?}", strokes.collect::<Vec<_>>());
    // A signature without a descender rests on its line; one with a descender crosses it.
    for (ink, deepest) in [(&inks[0], 0.8), (&inks[2], 1.0)] {
        assert!((ink.bottom - rule).abs() < deepest, "{ink:?} {rule}");
    }
    for ink in [&inks[1], &inks[3]] {
        assert!((1.5..5.5).contains(&(ink.bottom - rule)), "{ink:?} {rule}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn dx_dy_and_scale_change_the_signature() {
    let press = |nudge: &str| {
        let signatories = format!("[{{ name: Ada, signature: ada.svg{nudge} }}]");
        press(&signatories, &[])
    };
    let ink = |nudge: &str, language: &str| {
        ink_in(&page(&press(nudge), language).unwrap(), (0.0, WIDTH))
    };
    for language in ["en", "ar"] {
        let plain = ink("", language);
        let moved = ink(", dx: 5, dy: -3.5", language);
        for (is, was, by) in [
            (moved.left, plain.left, 5.0),
            (moved.right, plain.right, 5.0),
            (moved.top, plain.top, -3.5),
            (moved.bottom, plain.bottom, -3.5),
        ] {
            assert!((is - was - by).abs() < 0.3, "{plain:?} {moved:?}");
        }
        let scaled = ink(", scale: 0.7", language);
        let width = |ink: &Ink| ink.right - ink.left;
        assert!((width(&scaled) - 0.7 * width(&plain)).abs() < 0.5, "{scaled:?}");
        // On a centred page it grows from the middle of its line.
        let middle = |ink: &Ink| (ink.left + ink.right) / 2.0;
        assert!((middle(&scaled) - middle(&plain)).abs() < 0.5, "{plain:?} {scaled:?}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn signatories_stand_in_reading_direction() {
    let signatories = "
    - { name: First, signature: ada.svg }
    - { name: Second }
    - { name: Third }
    - { name: Fourth }
    - { name: Fifth, signature: emmy.svg }";
    let press = press(signatories, &[]);
    for (language, first) in [("en", 0.0..0.5), ("ar", 0.5..1.0), ("ur", 0.5..1.0)] {
        let page = page(&press, language).unwrap();
        let ink = ink_in(&page, (0.0, WIDTH));
        // Two rows: the first signatory in the upper one, the fifth in the middle of the lower one.
        let upper = part(&page, |_, y| y < (ink.top + ink.bottom) / 2.0);
        let lower = part(&page, |_, y| y >= (ink.top + ink.bottom) / 2.0);
        let middle = |ink: &Ink| (ink.left + ink.right) / 2.0 / WIDTH;
        assert!(first.contains(&middle(&upper)), "{language}: {upper:?}");
        assert!((0.35..0.65).contains(&middle(&lower)), "{language}: {lower:?}");
    }
}

#[test]
fn overlapping_signature_is_refused_at_its_line() {
    // Two signatories, of whom the second has no signature.
    let one = |nudge: &str| {
        format!(
            "\n    - {{ name: Ada, signature: ada.svg, {nudge} }}\n    - {{ name: Bob }}"
        )
    };
    let two = |nudge: &str| {
        one("scale: 1")
            + &format!(
                "\n    - {{ name: Cyd, signature: emmy.svg, {nudge} }}\n    - {{ name: Di }}"
            )
    };
    for (signatories, kind, message) in [
        // Over the sentence above.
        (one("dy: -40"), ErrorKind::Overlap, "lies over the signature of `Ada`"),
        // Over the signatory's own name.
        (one("dy: 7"), ErrorKind::Overlap, "the signatory `Ada` lies over"),
        (one("scale: 3"), ErrorKind::Overlap, "lies over the signature of `Ada`"),
        // Over the line of a signatory without a signature, and across the gap between two.
        (two("dx: -55"), ErrorKind::Overlap, "crosses a line that is not its own"),
        (
            two("dx: 40"),
            ErrorKind::Overlap,
            "the signature of `Cyd` crosses a line that is not its own",
        ),
    ] {
        let error = draft(&press(&signatories, &[]), "en").map(|_| ()).unwrap_err();
        let fault = error.faults().next().unwrap_or(&error);
        let report = format!("{error:#}");
        assert_eq!(fault.kind(), kind, "{report}");
        assert!(report.contains(message), "{report}");
        assert!(report.contains("courses.yaml:"), "{report}");
        assert!(report.contains("change its `scale`, `dx` or `dy`"), "{report}");
    }
}

#[test]
fn unusable_signature_is_refused_at_its_line() {
    let blank = RgbImage::from_pixel(300, 200, Rgb([240; 3]));
    let mut png = std::io::Cursor::new(Vec::new());
    blank.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let files = [("blank.png", png.into_inner()), ("broken.png", b"\x89PNG".to_vec())];
    let seven = "\n    - { name: A }".repeat(7);
    for (signatories, line, kind, message) in [
        (
            "\n    - { name: A, signature: adda.svg }",
            6,
            ErrorKind::MissingFile,
            "signatures/adda.svg",
        ),
        ("\n    - { name: A, signature: blank.png }", 6, ErrorKind::Image, "no ink"),
        (
            "\n    - { name: A, signature: broken.png }",
            6,
            ErrorKind::Image,
            "failed to read the scan",
        ),
        (seven.as_str(), 12, ErrorKind::TooLarge, "7 signatories"),
    ] {
        let error = draft(&press(signatories, &files), "en").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error:#}");
        assert!(error.message().contains(message), "{error:#}");
        let place = error.place().unwrap().to_string();
        assert!(place.starts_with(&format!("courses.yaml:{line}:")), "{error:#}");
    }
    for (nudge, message) in [
        ("scale: 0", "`scale: 0` is no number from 0.25 to 4"),
        ("dy: 3mm", "`dy: 3mm` is no length in mm from -60 to 60"),
        ("dx: 61", "`dx: 61` is no length in mm from -60 to 60"),
    ] {
        let signatories = format!("\n    - {{ name: A, {nudge} }}");
        let error = Press::new(site(&signatories, &[])).unwrap_err();
        assert_eq!(error.message(), message);
    }
}

#[test]
fn replaced_scan_is_read_again() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("testamur.yaml", b"");
    write("courses.yaml", course("[{ name: A, signature: a.svg }]").as_bytes());
    let scan = |d: &str| {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 100'><path d='{d}' \
             stroke='black' stroke-width='4' fill='none'/></svg>"
        )
    };
    write("signatures/a.svg", scan("M10 80q40-90 80 0t80 0t80 0t80 0").as_bytes());
    let press = Press::new(Site::open(folder.path()).unwrap()).unwrap();
    let before = draft(&press, "en").unwrap();
    assert_eq!(before.bytes, draft(&press, "en").unwrap().bytes);
    write(
        "signatures/a.svg",
        scan("M10 80l40-70l40 70l40-70l40 70l40-70l40 70").as_bytes(),
    );
    assert_ne!(before.bytes, draft(&press, "en").unwrap().bytes);
}

/// A site with one course, these signatories and one ink colour.
fn site(signatories: &str, files: &[(&str, Vec<u8>)]) -> Site {
    let site =
        Site::new().with_sample_pictures().with_file("courses.yaml", course(signatories));
    files.iter().fold(site, |site, (name, bytes)| {
        site.with_file(format!("signatures/{name}"), bytes.clone())
    })
}

fn course(signatories: &str) -> String {
    format!(
        "KNOTS:\n  title: Knots and Splices\n  organization: Example University\n  language: en\n  \
         signatories: {signatories}\n  theme: {{ signature_ink: \"#0000ff\" }}\n"
    )
}

fn press(signatories: &str, files: &[(&str, Vec<u8>)]) -> Press {
    Press::new(site(signatories, files)).unwrap()
}

fn draft(press: &Press, language: &str) -> Result<Draft> {
    let request = Request::new("KNOTS", "Ada Lovelace")?.with_language(language.parse()?);
    let options = DraftOptions::default()
        .with_format(Format::Png { pixels_per_inch: PIXELS_PER_INCH });
    press.draft_with(&request, Date::parse("2026-05-14")?, &options)
}

fn page(press: &Press, language: &str) -> std::result::Result<RgbImage, Error> {
    let draft = draft(press, language)?;
    Ok(image::load_from_memory(&draft.bytes).unwrap().into_rgb8())
}

/// The bounds of the ink on the page and the median width of its strokes, in millimetres.
#[derive(Debug)]
struct Ink {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    stroke: f64,
}

/// The ink between two distances from the left edge.
fn ink_in(page: &RgbImage, (from, to): (f64, f64)) -> Ink {
    part(page, |x, _| (from..to).contains(&x))
}

fn part(page: &RgbImage, within: impl Fn(f64, f64) -> bool) -> Ink {
    let mm = |pixels: u32| f64::from(pixels) * 25.4 / PIXELS_PER_INCH;
    let inked = |x: u32, y: u32| {
        let [red, green, blue] = page.get_pixel(x, y).0;
        within(mm(x), mm(y)) && blue > 200 && red < 140 && green < 140
    };
    let mut ink = Ink { left: WIDTH, top: HEIGHT, right: 0.0, bottom: 0.0, stroke: 0.0 };
    let mut runs = Vec::new();
    for y in 0..page.height() {
        let mut run = 0;
        for x in 0..page.width() {
            if inked(x, y) {
                run += 1;
                ink.left = ink.left.min(mm(x));
                ink.right = ink.right.max(mm(x + 1));
                ink.top = ink.top.min(mm(y));
                ink.bottom = ink.bottom.max(mm(y + 1));
            } else if run > 0 {
                runs.push(run);
                run = 0;
            }
        }
    }
    assert!(!runs.is_empty(), "no ink on the page");
    runs.sort_unstable();
    ink.stroke = mm(runs[runs.len() / 2]);
    ink
}

/// The distance from the top to the lines that signatories sign on, when there is one row of them:
/// the lowest row of pixels inside the border with a dark run as long as a line.
fn signing_line(page: &RgbImage) -> f64 {
    let mm = 25.4 / PIXELS_PER_INCH;
    let long = (35.0 / mm) as usize;
    let inside = |side: u32| (side * 12 / 100)..(side * 88 / 100);
    let row = inside(page.height()).rev().find(|&y| {
        let mut run = 0;
        inside(page.width()).any(|x| {
            let [red, green, blue] = page.get_pixel(x, y).0;
            // The line continues under ink that crosses it.
            let dark =
                (red < 150 && green < 150 && blue < 150) || blue > 200 && red < 150;
            run = if dark { run + 1 } else { 0 };
            run >= long
        })
    });
    f64::from(row.expect("a rule")) * mm
}

/// The part of the page in which `classic` places signatory `index` of `count` in a row.
fn column(index: usize, count: usize) -> (f64, f64) {
    let (rule, gap) = [(58.0, 0.0), (56.0, 48.0), (52.0, 14.0), (50.0, 9.0)][count - 1];
    let count = count as f64;
    let start = (WIDTH - count * rule - (count - 1.0) * gap) / 2.0;
    let from = start + index as f64 * (rule + gap);
    (from - 1.0, from + rule + 1.0)
}

/// The ratio of the largest value to the smallest.
fn spread(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().fold(0.0, f64::max) / values.fold(f64::MAX, f64::min)
}
