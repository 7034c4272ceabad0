//! veraPDF judges PDF/A-3a and PDF/UA-1: every layout in every language, odd pictures, and all
//! levels of a seal (`indications`). A print claims neither, and qpdf reads it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use testamur::press::{DraftOptions, Format, Press};
use testamur::register::PdfMerger;
use testamur::site::{Request, Site};
use testamur::{Error, ErrorKind};

use super::qr::raster;
use super::{day, java, judge, new_folder, output, press, request, run, tool};
use crate::languages::LANGUAGES;

/// The pictures of `tests/judges/pictures.py` that are refused, because no colour that is kept for
/// long can be written for them.
const REFUSED: [&str; 1] = ["cmyk-jpeg-inside.svg"];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn every_layout_in_every_language_meets_pdf_a_and_pdf_ua() {
    let folder = new_folder();
    let options = DraftOptions::default();
    let mut files = Vec::new();
    for layout in press().site().layouts() {
        let (course, sample) = press().sample(layout).unwrap();
        for language in LANGUAGES {
            let mut request = sample.clone().with_language(language.parse().unwrap());
            if layout == "bilingual" {
                let second = if language == "en" { "fr" } else { "en" };
                request = request.with_second_language(second.parse().unwrap());
            }
            let draft = press()
                .draft_course(&course, &request, day(), &options)
                .unwrap_or_else(|error| panic!("{layout}, {language}: {error:#}"));
            files.push(folder.path().join(format!("{layout}-{language}.pdf")));
            fs::write(files.last().unwrap(), draft.bytes).unwrap();
        }
    }
    assert!(files.len() >= 11 * LANGUAGES.len(), "{} files", files.len());
    assert_conforms(&files);
}

#[test]
fn slots_over_bitmaps_and_drawings_meet_pdf_a_and_pdf_ua() {
    let folder = new_folder();
    let mut files = Vec::new();
    for (name, background) in crate::slots::backgrounds() {
        let layout = format!("{}background: {name}\n", crate::slots::LAYOUT);
        let site = crate::slots::site(&layout)
            .with_file(format!("layouts/own/{name}"), background);
        let request = Request::new("c", "Ada Lovelace").unwrap();
        let draft = Press::new(site).unwrap().draft(&request, day()).unwrap();
        assert_eq!(draft.claims.len(), 2, "{name}");
        files.push(folder.path().join(format!("{name}.pdf")));
        fs::write(files.last().unwrap(), draft.bytes).unwrap();
    }
    assert_conforms(&files);
}

#[test]
fn odd_pictures_meet_pdf_a_and_pdf_ua_or_are_refused_at_their_line() {
    let folder = new_folder();
    let maker = script("pictures.py");
    output(judge("python").arg(maker).arg(folder.path()));
    let mut pictures: Vec<PathBuf> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    pictures.sort();
    assert!(pictures.len() >= 50, "{} pictures", pictures.len());

    let mut files = Vec::new();
    for picture in pictures {
        let name = picture.file_name().unwrap().to_str().unwrap().to_owned();
        match with_logo(&name, &fs::read(&picture).unwrap()) {
            Ok(bytes) => {
                assert!(!REFUSED.contains(&&*name), "{name} is placed");
                files.push(folder.path().join(format!("{name}.pdf")));
                fs::write(files.last().unwrap(), bytes).unwrap();
            }
            Err(error) => {
                assert!(REFUSED.contains(&&*name), "{name}: {error:#}");
                assert!(error.is_user_fault() && error.place().is_some(), "{error:#}");
                let kinds = [ErrorKind::Image, ErrorKind::Export];
                assert!(kinds.contains(&error.kind()), "{error:#}");
            }
        }
    }
    assert_conforms(&files);
}

#[test]
fn print_claims_no_standard_and_is_read_by_qpdf() {
    let folder = new_folder();
    let file = folder.path().join("print.pdf");
    let mut printed = Vec::new();
    let mut merger = PdfMerger::new(&mut printed).unwrap().with_crop_marks();
    let language = "en";
    for name in ["Ada Lovelace", "Guido van Rossum"] {
        merger
            .add(&press().draft(&request(name, language), day()).unwrap().bytes)
            .unwrap();
    }
    merger.finish().unwrap();
    fs::write(&file, printed).unwrap();
    let check = output(tool("qpdf").arg("--check").arg(&file));
    assert!(check.contains("No syntax or stream encoding errors"), "{check}");
    assert_boxes(&file);
    let metadata = output(tool("pdfinfo").arg("-meta").arg(&file));
    assert!(!metadata.contains("pdfaid") && !metadata.contains("pdfuaid"), "{metadata}");
}

/// Asserts that an A4 page in landscape format is trimmed to its size, with three millimetres of bleed
/// that ornament fills, and crop marks at its corners.
fn assert_boxes(file: &Path) {
    const MM: f64 = 72.0 / 25.4;
    let printed = output(tool("pdfinfo").args(["-box", "-l", "2"]).arg(file));
    for page in [1, 2] {
        let sides = |name: &str| -> [f64; 4] {
            let start = format!("Page {page:>4} {name}:");
            let line = printed.lines().find_map(|line| line.strip_prefix(&start[..]));
            let line = line.unwrap_or_else(|| panic!("no {start} in {printed}"));
            let numbers: Vec<f64> =
                line.split_whitespace().map(|word| word.parse().unwrap()).collect();
            numbers.try_into().unwrap()
        };
        let trim = sides("TrimBox");
        let near = |a: f64, b: f64| (a - b).abs() < 0.02;
        assert!(near(trim[2] - trim[0], 297.0 * MM), "{printed}");
        assert!(near(trim[3] - trim[1], 210.0 * MM), "{printed}");
        for (name, by) in [("BleedBox", 3.0), ("MediaBox", 9.0), ("CropBox", 9.0)] {
            for (index, (side, trimmed)) in sides(name).into_iter().zip(trim).enumerate()
            {
                let outward = if index < 2 { -by } else { by };
                assert!(near(side - trimmed, outward * MM), "{name}: {printed}");
            }
        }
    }
    let folder = new_folder();
    let stem = folder.path().join("page");
    let options = ["-r", "254", "-gray", "-singlefile", "-png"];
    output(tool("pdftoppm").args(options).arg(file).arg(&stem));
    let page = image::open(stem.with_extension("png")).unwrap().into_luma8();
    // Ten pixels are a millimetre. The marks, in the middle of their length, and nothing beside them.
    let (right, foot) = (90 + 2970, 90 + 2100);
    let darkest = |x: u32, y: u32| {
        let around = (x - 3..=x + 3).flat_map(|x| (y - 3..=y + 3).map(move |y| (x, y)));
        around.map(|(x, y)| page.get_pixel(x, y).0[0]).min().unwrap()
    };
    for x in [90, right] {
        for y in [35, foot + 55] {
            assert!(darkest(x, y) < 200, "no mark at {x}, {y}");
            assert!(darkest(x + 12, y) > 250 && darkest(x - 12, y) > 250, "{x}, {y}");
        }
    }
    for y in [90, foot] {
        for x in [35, right + 55] {
            assert!(darkest(x, y) < 200, "no mark at {x}, {y}");
        }
    }
}

/// Asserts that the colours that reach the edge of a page fill its bleed, to its outer corners.
fn assert_bleeds(layout: &str) {
    let folder = new_folder();
    let file = folder.path().join("print.pdf");
    let mut printed = Vec::new();
    let mut merger = PdfMerger::new(&mut printed).unwrap().with_crop_marks();
    let draft = press().draft_sample(layout, day(), &DraftOptions::default()).unwrap();
    merger.add(&draft.bytes).unwrap();
    merger.finish().unwrap();
    fs::write(&file, printed).unwrap();
    let page = image::open(raster(&file, 254, "-png")).unwrap().into_rgb8();
    let (width, height) = page.dimensions();
    let inked =
        |(x, y): (u32, u32)| page.get_pixel(x, y).0.iter().any(|part| *part < 250);
    let mut reached = 0;
    // Along each edge: half a millimetre inside of the trimmed edge, and half a millimetre inside of
    // the bleed's.
    let (inner, outer) = (95, 65);
    for (is_upright, length) in [(false, width), (true, height)] {
        let across = if is_upright { width } else { height };
        for (inner, outer) in [(inner, outer), (across - 1 - inner, across - 1 - outer)] {
            let at =
                |along, depth| if is_upright { (depth, along) } else { (along, depth) };
            for along in (100..length - 100).step_by(5) {
                if inked(at(along, inner)) {
                    reached += 1;
                    // A strand of a band crosses the edge at a slant.
                    let beyond =
                        (along - 35..=along + 35).any(|near| inked(at(near, outer)));
                    assert!(beyond, "{layout}: white beyond {:?}", at(along, inner));
                }
            }
        }
    }
    assert!(reached > 15, "{layout}: {reached} points of ornament at the edge");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn ornament_at_the_edge_fills_the_bleed() {
    for layout in ["classic", "credit", "diploma", "dynamic", "modern", "statement"] {
        assert_bleeds(layout);
    }
}

/// Asserts that each file claims PDF/A-3a and PDF/UA-1, and that veraPDF finds that it meets them.
/// One call for all files: it takes longer to start than to judge one.
pub(super) fn assert_conforms(files: &[PathBuf]) {
    let mut command = java("verapdf");
    command.arg("org.verapdf.apps.GreenfieldCliWrapper");
    // By the standards that the file itself claims.
    command.args(["--flavour", "0", "--format", "text", "--verbose"]).args(files);
    let output = run(&mut command);
    let printed = String::from_utf8(output.stdout).unwrap();
    let passed: BTreeSet<&str> =
        printed.lines().filter_map(|line| line.strip_prefix("PASS ")).collect();
    let mut missing = Vec::new();
    for file in files {
        for standard in ["3a", "ua1"] {
            let wanted = format!("{} {standard}", file.display());
            if !passed.contains(&*wanted) {
                missing.push(wanted);
            }
        }
    }
    let failed: Vec<&str> =
        printed.lines().filter(|line| !line.starts_with("PASS ")).collect();
    assert!(
        missing.is_empty() && failed.is_empty(),
        "veraPDF does not pass {missing:#?}:\n{}\n{}",
        failed.join("\n"),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(passed.len(), 2 * files.len());
}

/// A certificate with a picture as the organization's logo.
fn with_logo(name: &str, picture: &[u8]) -> Result<Vec<u8>, Error> {
    let courses = format!(
        "KNOTS:\n  title: Knots\n  organization: Example University\n  language: en\n  \
         theme:\n    logo: {name}\n"
    );
    let site = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", courses)
        .with_file(format!("images/{name}"), picture.to_vec());
    let request = Request::new("KNOTS", "Ada Lovelace")?;
    let options = DraftOptions::default().with_format(Format::Pdf);
    Ok(Press::new(site)?.draft_with(&request, day(), &options)?.bytes)
}

/// A script of `tests/judges/`.
pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges").join(name)
}
