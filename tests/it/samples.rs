//! The files in each built-in layout's folder: its `sheet.json` is current, and its pages look like
//! the golden files.
//!
//! `TESTAMUR_ACCEPT=1` rewrites both. A golden file is a page in eight shades of grey at 44 pixels
//! per inch: small enough to keep, and large enough to show what moved. `golden/ar-6.png` is the
//! layout's own sample in Arabic with six of the signatories of `tests/recipients/`, on the
//! layout's first paper; `golden/en-3-letter.png` is on another paper.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{GrayImage, ImageFormat};
use testamur::press::{Draft, DraftOptions, Format, Press};
use testamur::site::{Course, Courses, Request, Site};
use testamur::{Date, ErrorKind, Result};

const NAME: &str = "Ya-Shen Chuang (莊雅善)";
const LANGUAGES: [&str; 3] = ["en", "ar", "ja"];
/// The maximal size of a golden file in bytes.
const MAX_BYTES: usize = 30 * 1024;

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn sheet_json_matches_the_sample() {
    let press = Press::new(Site::demo()).unwrap();
    let options = DraftOptions::default().with_format(Format::Sheet);
    for layout in press.site().layouts() {
        let draft = press.draft_sample(layout, day(), &options).unwrap();
        let file = folder(layout).join("sheet.json");
        if accepts() {
            fs::write(&file, &draft.bytes).unwrap();
        }
        let kept = fs::read(&file).unwrap();
        assert!(
            kept == draft.bytes,
            "{}: set `TESTAMUR_ACCEPT=1` to rewrite it",
            file.display()
        );
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn pages_match_the_golden_files() {
    let press = Press::new(Site::demo()).unwrap();
    for layout in press.site().layouts() {
        let golden = folder(layout).join("golden");
        if accepts() {
            let _ = fs::remove_dir_all(&golden);
            fs::create_dir_all(&golden).unwrap();
        }
        let most = press.max_signatories(layout).unwrap();
        let mut counts = vec![1.min(most), 3.min(most), 6.min(most)];
        counts.dedup();
        let mut wanted = Vec::new();
        for language in LANGUAGES {
            for &count in &counts {
                wanted.push((format!("{language}-{count}.png"), language, count, None));
            }
        }
        let middle = counts[counts.len() / 2];
        for paper in press.papers(layout).unwrap().into_iter().skip(1) {
            let name = format!("en-{middle}-{paper}.png");
            wanted.push((name, "en", middle, Some(paper)));
        }
        for (name, language, count, paper) in &wanted {
            let golden = Golden { layout, language, count: *count, paper: paper.clone() };
            compare(&press, &golden, &folder(layout).join("golden").join(name));
        }
        for entry in fs::read_dir(&golden).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let known = wanted.iter().any(|(known, ..)| *known == name);
            assert!(known, "{layout}/golden/{name}: belongs to no test");
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn layouts_hold_as_many_signatories_as_declared() {
    let press = Press::new(Site::demo()).unwrap();
    for layout in press.site().layouts() {
        let most = press.max_signatories(layout).unwrap();
        for paper in press.papers(layout).unwrap() {
            for language in ["en", "ar", "ja", "de", "th", "ur"] {
                for count in 0..=most {
                    let paper = Some(paper.clone());
                    let golden = Golden { layout, language, count, paper };
                    if let Err(error) = golden.draft(&press, Format::Pdf) {
                        panic!("{golden:?}: {error:#}");
                    }
                }
            }
        }
        let golden = Golden { layout, language: "en", count: most + 1, paper: None };
        let error = golden.draft(&press, Format::Pdf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:#}");
        assert!(error.place().is_some() && error.is_user_fault(), "{error:#}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn hard_texts_pass_or_overflow_with_help() {
    let press = Press::new(Site::demo()).unwrap();
    for layout in press.site().layouts() {
        let most = press.max_signatories(layout).unwrap();
        for paper in press.papers(layout).unwrap() {
            for (language, count) in
                LANGUAGES.iter().flat_map(|tag| [0, 3.min(most), most].map(|n| (*tag, n)))
            {
                let paper = Some(paper.clone());
                let golden = Golden { layout, language, count, paper };
                let (mut course, request) = golden.course(&press);
                let hard = shared_course("hard");
                course.title = hard.title;
                course.organization = hard.organization;
                course.outcomes.clear();
                course.signatories = hard.signatories.into_iter().take(count).collect();
                let options = DraftOptions::default();
                let Err(error) = press.draft_course(&course, &request, day(), &options)
                else {
                    continue;
                };
                let too_much = error.faults().all(|fault| {
                    // Six long signatories of `verified` reach its ribbon.
                    [ErrorKind::Overflow, ErrorKind::Overlap, ErrorKind::Contrast]
                        .contains(&fault.kind())
                        && fault.help().is_some()
                });
                assert!(too_much, "{golden:?}: {error:#}");
            }
        }
    }
}

#[test]
fn course_sets_its_paper() {
    let course = |paper: &str| {
        format!(
            "KNOTS:\n  title: Knots\n  organization: Example University\n  language: en\n  \
             paper: {paper}\n"
        )
    };
    let request = Request::new("KNOTS", "Ada").unwrap();
    let press = |paper: &str| {
        Press::new(
            Site::new().with_sample_pictures().with_file("courses.yaml", course(paper)),
        )
    };
    let press_of = |paper: &str| press(paper).unwrap();
    let width = |press: &Press, request: &Request| {
        press.sheet(request, day()).unwrap().paper.width
    };
    assert_eq!(width(&press_of("a4"), &request), 297.0);
    assert_eq!(width(&press_of("Letter"), &request), 279.4);
    // The request's paper overrides the course's.
    assert_eq!(width(&press_of("letter"), &request.clone().with_paper("a4")), 297.0);
    let error = press_of("a5").sheet(&request, day()).unwrap_err();
    assert_eq!(error.message(), "the layout `classic` has no paper `a5`");
    assert_eq!(error.help(), Some("it has `a4` and `letter`"));
    assert_eq!(error.place().unwrap().to_string(), "courses.yaml:5:10");
}

#[derive(Debug)]
struct Golden<'a> {
    layout: &'a str,
    language: &'a str,
    count: usize,
    paper: Option<String>,
}

impl Golden<'_> {
    /// The layout's sample with `count` signatories and with texts in all three languages.
    fn course(&self, press: &Press) -> (Course, Request) {
        let (mut course, sample) = press.sample(self.layout).unwrap();
        let people = shared_course("golden");
        course.title = people.title;
        course.organization = people.organization;
        course.outcomes = people.outcomes;
        course.signatories =
            people.signatories.iter().cycle().take(self.count).cloned().collect();

        let mut request = Request::new(&course.id, NAME)
            .unwrap()
            .with_language(self.language.parse().unwrap());
        if let Some(grade) = sample.grade() {
            request = request.with_grade(grade);
        }
        if let Some(designation) = sample.designation() {
            request = request.with_designation(designation);
        }
        for (key, value) in sample.extra() {
            request = request.with_extra(key, value.clone());
        }
        if let Some(paper) = &self.paper {
            request = request.with_paper(paper);
        }
        if self.layout == "bilingual" {
            let second = if self.language == "en" { "fr" } else { "en" };
            request = request.with_second_language(second.parse().unwrap());
        }
        (course, request)
    }

    fn draft(&self, press: &Press, format: Format) -> Result<Draft> {
        let (course, request) = self.course(press);
        let options = DraftOptions::default().with_format(format);
        press.draft_course(&course, &request, day(), &options)
    }
}

fn compare(press: &Press, golden: &Golden<'_>, file: &Path) {
    let draft = golden.draft(press, Format::Png { pixels_per_inch: 44.0 });
    let draft = draft.unwrap_or_else(|error| panic!("{}: {error:#}", file.display()));
    let read = image::load(Cursor::new(draft.bytes), ImageFormat::Png).unwrap();
    let mut page = read.into_luma8();
    for pixel in page.pixels_mut() {
        pixel.0[0] = pixel.0[0] / 36 * 36;
    }
    if accepts() {
        fs::write(file, small(&page)).unwrap();
    }
    let bytes = fs::read(file).unwrap_or_else(|error| {
        panic!("{}: {error}; set `TESTAMUR_ACCEPT=1` to write it", file.display())
    });
    assert!(bytes.len() <= MAX_BYTES, "{}: {} bytes", file.display(), bytes.len());
    let kept = image::load_from_memory(&bytes).unwrap().into_luma8();
    assert_eq!(kept.dimensions(), page.dimensions(), "{}", file.display());
    let off = difference(&kept, &page);
    assert!(off < 0.5, "{}: {off:.2} shades off", file.display());
}

/// The page as the smallest PNG.
fn small(page: &GrayImage) -> Vec<u8> {
    let filters = [FilterType::NoFilter, FilterType::Adaptive];
    let written = filters.map(|filter| {
        let mut bytes = Vec::new();
        let encoder =
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, filter);
        page.write_with_encoder(encoder).unwrap();
        bytes
    });
    written.into_iter().min_by_key(Vec::len).unwrap()
}

/// The mean difference of two pages, in shades of 256.
fn difference(a: &GrayImage, b: &GrayImage) -> f64 {
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / f64::from(a.width() * a.height())
}

/// A course of `tests/recipients/`.
fn shared_course(course: &str) -> Course {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recipients/courses.yaml");
    let files = [("courses.yaml".to_owned(), fs::read(file).unwrap())];
    Courses::parse(&files).unwrap().get(course).unwrap().clone()
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
