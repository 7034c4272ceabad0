//! Layouts that are `layout.yaml` alone: what stands in a slot stands where the slot is, in every
//! direction of reading, over every kind of background.

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use testamur::press::{Claim, Draft, DraftOptions, Format, Press};
use testamur::site::{Request, Site};
use testamur::{Date, Error, ErrorKind, Tag};

use crate::judges::output;

pub(crate) mod photos;
mod starts;

/// A layout on a landscape A4, with a line for `background`.
pub(crate) const LAYOUT: &str = r##"sheet: 2
paper: a4
orientation: landscape
faces:
  text: { family: Noto Serif, like: serif }
theme: { accent: "#7a5c1a", paper: "#ffffff", ink: "#2a2418" }
slots:
  heading: { x: 40, y: 24, width: 217, height: 20, max: 28, min: 14, colour: accent }
  lead: { x: 60, y: 46, width: 177, height: 11, max: 13, min: 8 }
  recipient: { x: 40, y: 60, width: 217, height: 24, max: 40, min: 14, lines: 2 }
  statement: { x: 60, y: 87, width: 177, height: 9, max: 13, min: 8, lines: 2 }
  course: { x: 40, y: 97, width: 217, height: 14, max: 22, min: 11, lines: 2 }
  statement-2: { x: 60, y: 112, width: 177, height: 9, max: 13, min: 8 }
  outcome: { x: 60, y: 122, width: 177, height: 9, max: 13, min: 8 }
  signatories: { x: 60, y: 134, width: 177, height: 36 }
  date: { x: 28, y: 176, width: 90, height: 14, align: start, max: 10.5, min: 7 }
  authenticity: { x: 122, y: 174, width: 116, height: 16, align: end, max: 8, min: 6, lines: 3 }
  code: { x: 244, y: 166, width: 24, height: 24 }
"##;

const COURSES: &str = "c:\n  title: Knots and Splices\n  organization: Guild\n  language: en\n  \
                       layout: own\n  signatories:\n    - { name: Ada, title: Dean, signature: \
                       ada.svg }\n";

/// A drawing as large as the paper, in millimetres.
const DRAWING: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='297mm' height='210mm' \
                       viewBox='0 0 297 210'><path fill='#fffdf5' d='M0 0h297v210h-297z'/><path \
                       fill='none' stroke='#9a7b2f' stroke-width='3' d='M8 8h281v194h-281z'/></svg>";

fn day() -> Date {
    Date::parse("2026-05-14").unwrap()
}

pub(crate) fn site(layout: &str) -> Site {
    Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", COURSES)
        .with_file("layouts/own/layout.yaml", layout)
}

fn draft_in(site: Site, language: &str, format: Format) -> Result<Draft, Error> {
    let request = Request::new("c", "Ada Lovelace").unwrap();
    let request = request.with_language(Tag::parse(language).unwrap());
    let options = DraftOptions::default().with_format(format);
    Press::new(site)?.draft_with(&request, day(), &options)
}

fn draft(site: Site) -> Result<Draft, Error> {
    draft_in(site, "en", Format::Pdf)
}

/// The boxes of words on the page in millimetres (left, top, right, bottom), by poppler.
fn words(pdf: &[u8]) -> Vec<(String, [f64; 4])> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.pdf");
    fs::write(&file, pdf).unwrap();
    let text = output(Command::new("pdftotext").arg("-bbox").arg(&file).arg("-"));
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("<word "));
    let word = |line: &str| {
        let number = |key: &str| -> f64 {
            let rest = line.split_once(&format!("{key}=\"")).unwrap().1;
            rest.split('"').next().unwrap().parse::<f64>().unwrap() / 72.0 * 25.4
        };
        let word = line.split_once('>').unwrap().1.trim_end_matches("</word>");
        (
            word.to_owned(),
            [number("xMin"), number("yMin"), number("xMax"), number("yMax")],
        )
    };
    lines.map(word).collect()
}

fn box_of(words: &[(String, [f64; 4])], word: &str) -> [f64; 4] {
    let found = words.iter().find(|(text, _)| text == word);
    found.unwrap_or_else(|| panic!("no {word} in {words:?}")).1
}

#[test]
fn sentence_stands_in_the_middle_of_its_slot() {
    let words = words(&draft(site(LAYOUT)).unwrap().bytes);
    let (first, last) = (box_of(&words, "Ada"), box_of(&words, "Lovelace"));
    let middle = f64::midpoint(first[0], last[2]);
    assert!((middle - 148.5).abs() < 1.0, "{middle}");
    assert!(first[1] > 58.0 && first[3] < 86.0, "{first:?}");
    let title = box_of(&words, "Knots");
    assert!(title[1] > 95.0 && title[3] < 113.0, "{title:?}");
    let date = box_of(&words, "Issued");
    assert!((date[0] - 28.0).abs() < 1.0, "{date:?}");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn start_of_a_slot_is_on_the_right_in_arabic_and_left_stays_left() {
    let right = draft_in(site(LAYOUT), "ar", Format::Pdf).unwrap();
    let words_at = words(&right.bytes);
    let of_date: Vec<[f64; 4]> = words_at
        .iter()
        .map(|(_, at)| *at)
        .filter(|at| at[1] > 174.0 && at[3] < 195.0 && at[0] < 121.0)
        .collect();
    let end = of_date.iter().map(|at| at[2]).fold(0.0, f64::max);
    assert!((end - 118.0).abs() < 1.5, "{end}: {of_date:?}");

    let layout = LAYOUT.replace("height: 14, align: start", "height: 14, align: left");
    let left = draft_in(site(&layout), "ar", Format::Pdf).unwrap();
    let words_at = words(&left.bytes);
    let of_date = words_at
        .iter()
        .map(|(_, at)| *at)
        .filter(|at| at[1] > 174.0 && at[3] < 195.0 && at[0] < 121.0);
    let start = of_date.map(|at| at[0]).fold(300.0, f64::min);
    assert!((start - 28.0).abs() < 1.5, "{start}");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn sentences_keep_the_order_of_their_language() {
    // In Russian the course comes before the name.
    for language in ["ru", "en"] {
        let draft = draft_in(site(LAYOUT), language, Format::Sheet).unwrap();
        let sheet: serde_json::Value = serde_json::from_slice(&draft.bytes).unwrap();
        let slots = sheet["slots"].as_array().unwrap();
        let texts: Vec<_> = slots.iter().filter(|slot| slot["kind"] == "text").collect();
        let is_column = texts.len() == 1;
        assert_eq!(is_column, language == "ru", "{language}: {texts:?}");
        let warned = draft.warnings.iter().any(|it| it.message.contains("another order"));
        assert_eq!(warned, is_column, "{language}: {:?}", draft.warnings);
        if is_column {
            let blocks = texts[0]["blocks"].as_array().unwrap();
            assert_eq!(blocks.len(), sheet["blocks"].as_array().unwrap().len());
        }
        draft_in(site(LAYOUT), language, Format::Pdf)
            .unwrap_or_else(|error| panic!("{language}: {error:#}"));
    }
}

#[test]
fn second_sentence_of_a_role_without_a_slot_makes_a_column() {
    let layout: Vec<&str> =
        LAYOUT.lines().filter(|line| !line.contains("statement-2")).collect();
    let draft = draft(site(&layout.join("\n"))).unwrap();
    assert!(draft.warnings.iter().any(|it| it.message.contains("another order")));
    // A slot between those of blocks leaves no box for a column.
    let layout = layout.join("\n").replace(
        "  code:",
        "  motto: { x: 60, y: 112, width: 177, height: 9, max: 9, text: Per aspera }\n  code:",
    );
    let error = self::draft(site(&layout)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Layout, "{error:#}");
    assert!(error.place().unwrap().line.is_some(), "{error:#}");
}

#[test]
fn bitmap_and_drawing_keep_the_claims_and_a_pdf_drops_them() {
    let pdf = framed_page(841.89, 595.276);
    for (file, bytes) in backgrounds().into_iter().chain([("a.pdf", pdf)]) {
        let layout = format!("{LAYOUT}background: {file}\n");
        let site = site(&layout).with_file(format!("layouts/own/{file}"), bytes);
        let made =
            draft(site.clone()).unwrap_or_else(|error| panic!("{file}: {error:#}"));
        let all = [Claim::PdfA3a, Claim::PdfUa1];
        let claims = if file == "a.pdf" { &[][..] } else { &all[..] };
        assert_eq!(made.claims, claims, "{file}");
        let said = made.warnings.iter().any(|it| it.message.contains("PDF/A-3a"));
        assert_eq!(said, file == "a.pdf", "{file}: {:?}", made.warnings);
        assert_eq!(draft(site).unwrap().bytes, made.bytes, "{file}");
    }
}

/// A bitmap, a photo and a drawing with a frame.
pub(crate) fn backgrounds() -> [(&'static str, Vec<u8>); 3] {
    let png = png(1188, 840);
    let image = image::load_from_memory(&png).unwrap().into_rgb8();
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    [("a.png", png), ("a.jpg", jpeg.into_inner()), ("a.svg", DRAWING.as_bytes().to_vec())]
}

/// A PDF of one page with a frame, its sides in points.
fn framed_page(width: f64, height: f64) -> Vec<u8> {
    let frame = format!("3 w 20 20 {} {} re S", width - 40.0, height - 40.0);
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("xref\n0 5\n0000000000 65535 f \n");
    for object in [
        "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n".to_owned(),
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n".to_owned(),
        format!(
            "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Resources<<>>\
             /Contents 4 0 R>>endobj\n"
        ),
        format!("4 0 obj<</Length {}>>stream\n{frame}\nendstream endobj\n", frame.len()),
    ] {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &object;
    }
    let start = file.len();
    file += &table;
    file += &format!("trailer<</Root 1 0 R/Size 5>>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

/// A pale picture with a darker frame.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let image = image::RgbImage::from_fn(width, height, |x, y| {
        let edge = x.min(y).min(width - 1 - x).min(height - 1 - y);
        image::Rgb(if (20..30).contains(&edge) { [120, 90, 20] } else { [255, 252, 240] })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn text_that_is_pale_on_its_background_is_refused() {
    let dark = DRAWING.replace("#fffdf5", "#12233f");
    let layout = format!("{LAYOUT}background: a.svg\n");
    let site = |layout: &str| site(layout).with_file("layouts/own/a.svg", dark.clone());
    let error = draft(site(&layout)).unwrap_err();
    assert!(error.faults().all(|it| it.kind() == ErrorKind::Contrast), "{error:#}");
    // White text, and panels under what is made for paper.
    let layout = layout
        .replace("ink: \"#2a2418\"", "ink: \"#ffffff\"")
        .replace("accent: \"#7a5c1a\"", "accent: \"#f2d58a\"")
        .replace("height: 36 }", "height: 36, fill: paper, colour: \"#2a2418\" }")
        .replace("width: 24, height: 24 }", "width: 24, height: 24, fill: paper }");
    draft(site(&layout)).unwrap_or_else(|error| panic!("{error:#}"));
}

#[test]
fn layout_has_texts_and_pictures_of_its_own() {
    let layout = format!(
        "{LAYOUT}  motto: {{ x: 28, y: 12, width: 60, height: 8, align: start, max: 9, text: {{ en: \
         '*{{{{ organization.name }}}}*, est. 1910', de: Gegründet 1910 }} }}\n  crest: {{ x: 262, y: \
         20, width: 16, height: 16, picture: crest.svg, alt: The crest of the guild }}\n  rose: {{ x: \
         40, y: 60, width: 217, height: 24, picture: rose.svg, alt: '' }}\n"
    );
    let drawing = |colour: &str| {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><path fill='{colour}' \
             d='M0 0h9v9h-9z'/></svg>"
        )
    };
    let site = site(&layout)
        .with_file("layouts/own/crest.svg", drawing("#803020"))
        .with_file("layouts/own/rose.svg", drawing("#f4efe4"));
    let english = draft(site.clone()).unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(english.claims.len(), 2);
    let words = words(&english.bytes);
    assert!(box_of(&words, "est.")[0] < 60.0);
    let german = draft_in(site.clone(), "de", Format::Pdf).unwrap();
    assert!(self::words(&german.bytes).iter().any(|(word, _)| word == "Gegründet"));
    // The picture that is ornament lies under the name, and is no picture to readers.
    let sheet = draft_in(site, "fr", Format::Sheet).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&sheet.bytes).unwrap();
    assert_eq!(json["pictures"][0]["alt"], "The crest of the guild");
    assert_eq!(json["ornaments"].as_array().unwrap().len(), 1);
    let fallback = sheet.warnings.iter().any(|it| it.message.contains("slot `motto`"));
    assert!(fallback, "{:?}", sheet.warnings);
}

#[test]
fn page_leaves_out_what_its_background_shows() {
    let layout: Vec<&str> = LAYOUT
        .lines()
        .filter(|line| !["heading:", "lead:"].iter().any(|key| line.contains(key)))
        .collect();
    let layout = layout.join("\n");
    let error = draft(site(&layout)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sentence, "{error:#}");
    let layout = format!("{layout}\nwithout: [heading, lead]\n");
    let made = draft(site(&layout)).unwrap_or_else(|error| panic!("{error:#}"));
    assert!(!words(&made.bytes).iter().any(|(word, _)| word == "certify"));
}

#[test]
fn table_stands_in_its_slot() {
    let layout = LAYOUT
        .replace(
            "  outcome:",
            "  table: { x: 60, y: 134, width: 177, height: 36 }\n  outcome:",
        )
        .replace("  signatories: { x: 60, y: 134, width: 177, height: 36 }\n", "")
        + "without: [signatories]\nroles:\n  cell: { max: 9, min: 7 }\ntable:\n  rows: modules\n  \
           columns:\n    module: { cell: '{{ row.title }}' }\n    hours: { align: end, cell: '{{ \
           row.hours | number }}', total: '{{ total.hours | number }}' }\n";
    let courses = COURSES.to_owned()
        + "  extra:\n    modules: [{ title: Bowlines, hours: 12 }, { title: Hitches, hours: 30 }]\n";
    let locale = "table: { module: Module, hours: Hours, total: Total }\n";
    let site = |layout: &str, courses: &str| {
        site(layout)
            .with_file("courses.yaml", courses)
            .with_file("layouts/own/locales/en.yaml", locale)
    };
    let made = draft(site(&layout, &courses)).unwrap_or_else(|error| panic!("{error:#}"));
    let words = words(&made.bytes);
    let (first, total) = (box_of(&words, "Bowlines"), box_of(&words, "42"));
    assert!((first[0] - 60.0).abs() < 1.0 && first[1] > 134.0, "{first:?}");
    assert!((total[2] - 237.0).abs() < 1.0 && total[3] < 170.0, "{total:?}");
    // More rows than the slot has room for reach beyond it.
    let rows: Vec<String> =
        (0..30).map(|row| format!("{{ title: Knot {row}, hours: {row} }}")).collect();
    let courses =
        COURSES.to_owned() + &format!("  extra:\n    modules: [{}]\n", rows.join(", "));
    let error = draft(site(&layout, &courses)).unwrap_err();
    assert!(error.faults().all(|it| it.kind() == ErrorKind::Overflow), "{error:#}");
    assert!(format!("{error:#}").contains("slot `table`"), "{error:#}");
}

#[test]
fn course_keeps_its_slots_beside_its_background() {
    let courses = COURSES.replace("layout: own", "layout: guild.yaml");
    let site = Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", courses)
        .with_file("images/guild.yaml", format!("{LAYOUT}background: guild.svg\n"))
        .with_file("images/guild.svg", DRAWING);
    let made = draft(site.clone()).unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!((made.layout.as_str(), made.claims.len()), ("guild.yaml", 2));
    let without = site.with_file("images/guild.yaml", "sheet: 2\npaper: a4\n");
    let error = draft(without).unwrap_err();
    assert_eq!(error.place().unwrap().file, "images/guild.yaml", "{error:#}");
    let error =
        draft(Site::new().with_sample_pictures().with_file(
            "courses.yaml",
            COURSES.replace("layout: own", "layout: gild.yaml"),
        ));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::UnknownLayout);
}

#[test]
fn card_has_room_for_a_name_and_its_code() {
    let layout = r##"sheet: 2
paper: card
faces:
  text: { family: Source Sans 3, like: sans }
without: [lead, statement, outcome, signatories]
slots:
  heading: { x: 4, y: 4, width: 58, height: 6, align: start, max: 10, min: 6.5 }
  recipient: { x: 4, y: 12, width: 56, height: 10, align: start, max: 16, min: 8, lines: 2 }
  course: { x: 4, y: 24, width: 56, height: 9, align: start, max: 10, min: 6.5, lines: 2 }
  date: { x: 4, y: 34, width: 56, height: 5, align: start, max: 7, min: 5.5 }
  authenticity: { x: 4, y: 42, width: 77, height: 8, align: start, max: 6, min: 5, lines: 2 }
  code: { x: 63, y: 13, width: 18, height: 18 }
"##;
    let made = draft(site(layout)).unwrap_or_else(|error| panic!("{error:#}"));
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("card.pdf");
    fs::write(&file, &made.bytes).unwrap();
    let info = output(Command::new("pdfinfo").arg(&file));
    assert!(info.contains("Page size:       240.945 x 153.071 pts"), "{info}");
    let png = folder.path().join("card");
    output(Command::new("pdftoppm").args(["-r", "300", "-png"]).arg(&file).arg(&png));
    let read =
        output(Command::new("zbarimg").arg("-q").arg(folder.path().join("card-1.png")));
    assert!(read.contains(made.verify_url.as_deref().unwrap()), "{read}");
}
