//! What stands beside each built-in layout: its sheet is current, and its pages look as they did.
//!
//! `TESTAMUR_ACCEPT=1` writes both anew. A golden is a page in eight shades of grey at 44 pixels per
//! inch: small enough to keep, large enough to see what moved.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{GrayImage, ImageFormat};
use testamur::{Date, DraftOptions, Format, Press, Request, Site};

const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";
const LANGUAGES: [&str; 4] = ["en", "es", "ar", "ja"];

#[test]
fn every_sheet_is_what_its_sample_makes() {
    let press = Press::new(Site::demo()).unwrap();
    let options = DraftOptions::default().with_format(Format::Sheet);
    for layout in press.site().layouts() {
        let draft = press.draft_sample(layout, day(), &options).unwrap();
        let file = folder(layout).join("sheet.json");
        if accepts() {
            fs::write(&file, &draft.bytes).unwrap();
        }
        let kept = fs::read(&file).unwrap();
        assert!(kept == draft.bytes, "{}: `TESTAMUR_ACCEPT=1` renews it", file.display());
    }
}

#[test]
fn every_page_looks_as_it_did() {
    let press = Press::new(Site::demo()).unwrap();
    for layout in press.site().layouts() {
        let golden = folder(layout).join("golden");
        for language in LANGUAGES {
            let file = golden.join(format!("{language}.png"));
            let page = page(&press, layout, language);
            if accepts() {
                fs::create_dir_all(&golden).unwrap();
                page.save(&file).unwrap();
            }
            let kept = image::open(&file).unwrap_or_else(|error| {
                panic!("{}: {error}; `TESTAMUR_ACCEPT=1` makes it", file.display())
            });
            let kept = kept.into_luma8();
            assert_eq!(kept.dimensions(), page.dimensions(), "{}", file.display());
            let off = difference(&kept, &page);
            assert!(off < 0.5, "{}: {off:.2} shades off", file.display());
        }
        let known = LANGUAGES.map(|language| format!("{language}.png"));
        for entry in fs::read_dir(&golden).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(known.contains(&name), "{layout}/golden/{name}: of no test");
        }
    }
}

/// A page of the demo's course in eight shades.
fn page(press: &Press, layout: &str, language: &str) -> GrayImage {
    let request = Request::new(COURSE, "Ya-Shen Chuang (莊雅善)")
        .unwrap()
        .with_language(language.parse().unwrap())
        .with_layout(layout)
        .with_grade("Distinction");
    let format = Format::Png { pixels_per_inch: 44.0 };
    let options = DraftOptions::default().with_format(format);
    let draft = press.draft_with(&request, day(), &options).unwrap();
    let read = image::load(Cursor::new(draft.bytes), ImageFormat::Png).unwrap();
    let mut page = read.into_luma8();
    for pixel in page.pixels_mut() {
        pixel.0[0] = pixel.0[0] / 36 * 36;
    }
    page
}

/// By how many shades of 256 two pages differ, on average.
fn difference(a: &GrayImage, b: &GrayImage) -> f64 {
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / f64::from(a.width() * a.height())
}

fn folder(layout: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("layouts").join(layout)
}

fn day() -> Date {
    Date::parse("2026-05-14").unwrap()
}

fn accepts() -> bool {
    std::env::var_os("TESTAMUR_ACCEPT").is_some()
}
