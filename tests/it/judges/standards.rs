//! veraPDF judges PDF/A-3a and PDF/UA-1: every layout in every language, odd pictures, and all
//! levels of a seal (`indications`). A print claims neither, and qpdf reads it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use testamur::press::{DraftOptions, Format, Press};
use testamur::register::PdfMerger;
use testamur::site::{Request, Site};
use testamur::{Error, ErrorKind};

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
    let mut merger = PdfMerger::new(&mut printed).unwrap();
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
    let metadata = output(tool("pdfinfo").arg("-meta").arg(&file));
    assert!(!metadata.contains("pdfaid") && !metadata.contains("pdfuaid"), "{metadata}");
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
