//! A PDF as the background of a certificate, made and judged by outside programs.
//!
//! MuPDF makes the background (outloud installs PyMuPDF), qpdf its variants, and qpdf and poppler
//! read the certificate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use testamur::press::{Claim, Draft, DraftOptions, Press};
use testamur::site::{Request, Site};
use testamur::{Date, Error, ErrorKind};

use crate::judges::{judge, output};

const LETTERHEAD: &str = "Letterhead of the Guild";

/// Makes a PDF of two pages whose first has the given size in points, with text in an embedded
/// font, a frame and a circle.
const MAKE_BACKGROUND: &str = r#"
import sys, pymupdf
file, width, height, font = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
document = pymupdf.open()
page = document.new_page(width=width, height=height)
page.insert_font(fontname="F0", fontfile=font)
page.insert_text((40, 40), "Letterhead of the Guild", fontname="F0", fontsize=11)
page.draw_rect(pymupdf.Rect(24, 24, width - 24, height - 24), color=(0.2, 0.3, 0.6), width=3)
page.draw_circle((75, height / 2), 12, fill=(0.9, 0.8, 0.5))
document.new_page().insert_text((40, 40), "Second page")
document.save(file)
"#;

#[test]
fn background_pdf_keeps_its_text_and_lines() {
    let a4 = template(841.89, 595.276);
    let draft = drafted(&a4, "classic", "background: template.pdf").unwrap();
    assert_eq!(draft.claims, []);
    let file = saved(&draft.bytes);
    let printed = output(Command::new("qpdf").arg("--check").arg(&file.path));
    assert!(printed.contains("No syntax or stream encoding errors"), "{printed}");
    let text = output(Command::new("pdftotext").arg(&file.path).arg("-"));
    for words in [LETTERHEAD, "Ada Lovelace", "Introduction to Curling"] {
        assert_eq!(text.matches(words).count(), 1, "{text}");
    }
    assert!(!text.contains("Second page"));
    // The background's font stays a font: nothing became a raster image.
    let fonts = output(Command::new("pdffonts").arg(&file.path));
    assert!(fonts.contains("Cinzel"), "{fonts}");
    let images = output(Command::new("pdfimages").arg("-list").arg(&file.path));
    assert_eq!(images.lines().skip(2).filter(|line| line.contains("jpeg")).count(), 0);
    // The frame keeps its position and colour.
    let picture = raster(&draft.bytes);
    let at = |x: f64, y: f64| picture.get_pixel((x * 2.0) as u32, (y * 2.0) as u32).0;
    assert!(at(24.0, 300.0)[2] > at(24.0, 300.0)[0] + 60, "{:?}", at(24.0, 300.0));
    assert!(at(75.0, 595.0 / 2.0)[2] < 180);
}

#[test]
fn background_pdf_drops_the_pdf_a_and_pdf_ua_claims() {
    let draft =
        drafted(&template(841.89, 595.276), "classic", "background: template.pdf");
    let draft = draft.unwrap();
    let file = saved(&draft.bytes);
    let metadata = output(Command::new("pdfinfo").arg("-meta").arg(&file.path));
    assert!(!metadata.contains("pdfaid") && !metadata.contains("pdfuaid"), "{metadata}");
    let info = output(Command::new("pdfinfo").arg(&file.path));
    assert!(info.contains("Tagged:          yes"), "{info}");
    let warning = &draft.warnings[0];
    assert!(warning.message.contains("PDF/A-3a"), "{warning:#}");
    let place = warning.place.as_ref().unwrap();
    assert_eq!(place.file, "layouts/classic/layout.yaml", "{warning:#}");

    let plain = Press::new(Site::demo()).unwrap();
    let options = DraftOptions::default();
    let plain = plain.draft_sample("classic", day(), &options).unwrap();
    assert_eq!(plain.claims, [Claim::PdfA3a, Claim::PdfUa1]);
}

#[test]
fn paper_may_be_the_size_of_the_background() {
    let draft = drafted(&template(700.0, 500.0), "classic", "background: template.pdf");
    // The background has another aspect ratio than A4.
    let shape = |draft: &Draft| {
        draft.warnings.iter().any(|warning| warning.message.contains("does not fill"))
    };
    assert!(shape(&draft.unwrap()));
    let draft = drafted_on(&template(900.0, 620.0), "background");
    assert!(!shape(&draft));
    let file = saved(&draft.bytes);
    let info = output(Command::new("pdfinfo").arg(&file.path));
    assert!(info.contains("Page size:       900 x 620 pts"), "{info}");
    // A page with `/Rotate 90` is as wide as a viewer shows it.
    let folder = TempDir::new().unwrap();
    let turned = folder.path().join("turned.pdf");
    let upright = template(620.0, 900.0);
    qpdf(&upright, &["--rotate=+90:1"], &turned);
    let draft = drafted_on(&turned, "background");
    let picture = raster(&draft.bytes);
    assert_eq!(picture.dimensions(), (1800, 1240));
}

#[test]
fn background_pdf_repeats_on_every_page() {
    let site = with_template(
        &template(595.276, 841.89),
        "statement-of-results",
        "background: template.pdf",
        "a4",
    );
    let rows: Vec<String> =
        (1..40).map(|row| format!("{{ title: Knot {row}, hours: {row} }}")).collect();
    let courses = format!(
        "c:\n  title: Knots\n  organization: A\n  language: en\n  layout: statement-of-results\n  \
         extra:\n    modules: [{}]\n",
        rows.join(", ")
    );
    let press = Press::new(site.with_file("courses.yaml", courses)).unwrap();
    let draft = press.draft(&request("c"), day()).unwrap();
    let file = saved(&draft.bytes);
    let text = output(Command::new("pdftotext").arg(&file.path).arg("-"));
    let pages: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert!(
        pages.len() > 1 && pages.iter().all(|page| page.contains(LETTERHEAD)),
        "{text}"
    );
}

#[test]
fn course_theme_sets_its_own_background() {
    let bytes = fs::read(template(841.89, 595.276)).unwrap();
    let courses = "c:\n  title: Knots\n  organization: A\n  language: en\n  theme: { background: \
                   guild.pdf }\n";
    let site = |name: &str| {
        Site::new()
            .with_sample_pictures()
            .with_file("courses.yaml", courses)
            .with_file(name, bytes.clone())
    };
    let draft = Press::new(site("images/guild.pdf")).unwrap();
    let draft = draft.draft(&request("c"), day()).unwrap();
    assert_eq!(draft.claims, []);
    assert_eq!(draft.warnings[0].place.as_ref().unwrap().line, Some(5));
    let error = Press::new(site("images/gild.pdf")).unwrap();
    let error = error.draft(&request("c"), day()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingFile);
    assert_eq!(error.place().unwrap().line, Some(5), "{error:#}");
}

#[test]
fn background_pdf_may_be_any_qpdf_variant_and_must_not_spoil_sentences() {
    let plain = template(841.89, 595.276);
    let folder = TempDir::new().unwrap();
    for (name, options) in [
        ("streams", &["--object-streams=generate"][..]),
        ("linear", &["--linearize"]),
        ("old", &["--object-streams=disable", "--force-version=1.3"]),
        ("unpacked", &["--qdf", "--stream-data=uncompress"]),
    ] {
        let file = folder.path().join(name);
        qpdf(&plain, options, &file);
        let draft = drafted(&file, "classic", "background: template.pdf");
        let draft = draft.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let file = saved(&draft.bytes);
        let text = output(Command::new("pdftotext").arg(&file.path).arg("-"));
        assert!(text.contains(LETTERHEAD), "{name}: {text}");
    }
    // A certificate of our own, with its tags, as the background of another.
    let options = DraftOptions::default();
    let own = Press::new(Site::demo()).unwrap().draft_sample("classic", day(), &options);
    let own = saved(&own.unwrap().bytes);
    // Its own sentences lie under those of the other, which is refused for that alone.
    let error = drafted(&own.path, "classic", "background: template.pdf").unwrap_err();
    assert!(error.faults().all(|fault| fault.kind() == ErrorKind::Contrast), "{error:#}");
    assert!(error.to_string().contains("with the picture `background`"), "{error:#}");
}

#[test]
fn background_may_be_a_pdf_2_and_need_not_fill_the_paper() {
    let plain = template(841.89, 595.276);
    let folder = TempDir::new().unwrap();
    let newer = folder.path().join("newer");
    qpdf(&plain, &["--force-version=2.0"], &newer);
    let draft = drafted(&newer, "classic", "background: template.pdf").unwrap();
    assert!(draft.bytes.starts_with(b"%PDF-2.0"));
    let file = saved(&draft.bytes);
    let printed = output(Command::new("qpdf").arg("--check").arg(&file.path));
    assert!(printed.contains("No syntax or stream encoding errors"), "{printed}");
    // A page in portrait and a square under a page in landscape leave its sides free.
    for (width, height) in [(595.276, 841.89), (612.0, 792.0), (500.0, 500.0)] {
        let file = template(width, height);
        match drafted(&file, "classic", "background: template.pdf") {
            Ok(draft) => {
                let mut warnings = draft.warnings.iter();
                assert!(warnings.any(|it| it.message.contains("does not fill it")));
            }
            // Its frame may lie under a sentence.
            Err(error) => {
                let mut faults = error.faults();
                assert!(faults.all(|it| it.kind() == ErrorKind::Contrast), "{error:#}");
            }
        }
    }
}

#[test]
fn unusable_background_is_refused_at_the_line_of_the_layout() {
    let plain = template(841.89, 595.276);
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let bytes = fs::read(&plain).unwrap();
    for (name, password) in [("locked", "secret"), ("owned", "")] {
        qpdf(&plain, &["--encrypt", password, "owner", "256", "--"], &path(name));
    }
    fs::write(path("half"), &bytes[..bytes.len() / 3]).unwrap();
    fs::write(path("empty"), b"").unwrap();
    fs::write(path("text"), b"Letterhead").unwrap();
    fs::write(path("large"), [bytes, vec![b' '; 17 << 20]].concat()).unwrap();
    for (name, kind, part) in [
        ("locked", ErrorKind::Image, "encrypted"),
        ("owned", ErrorKind::Image, "encrypted"),
        ("half", ErrorKind::Image, "damaged"),
        ("empty", ErrorKind::Image, "nor PDF"),
        ("text", ErrorKind::Image, "nor PDF"),
        ("large", ErrorKind::TooLarge, "17 MB"),
    ] {
        let error =
            drafted(&path(name), "classic", "background: template.pdf").unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error:#}");
        assert!(error.message().contains(part), "{name}: {error:#}");
        let place = error.place().unwrap();
        assert_eq!(place.file, "layouts/classic/layout.yaml");
        assert_eq!(place.line, Some(1), "{error:#}");
        assert!(error.is_user_fault());
    }
    for line in ["background: tempalte.pdf", "background: ../classic/template.pdf"] {
        let error = drafted(&plain, "classic", line).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingFile, "{error:#}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn certificate_with_a_background_seals_and_verifies() {
    let root = TempDir::new().unwrap();
    let site = root.path();
    write(site, &template(841.89, 595.276));
    let run = |line: &[&str]| {
        let ran = assert_cmd::Command::new(env!("CARGO_BIN_EXE_testamur"))
            .current_dir(site)
            .env_remove("TESTAMUR_SITE")
            .env_remove("TESTAMUR_FONTS")
            .args(line)
            .output()
            .unwrap();
        let printed = format!(
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
        assert!(ran.status.success(), "{line:?}: {printed}");
        printed
    };
    run(&["key", "new", "-n", "Example University"]);
    let printed =
        run(&["render", "-c", "c", "-n", "Ada Lovelace", "--seal", "-o", "sealed.pdf"]);
    assert!(printed.contains("PDF/A-3a"), "{printed}");
    run(&["verify", "sealed.pdf", "--offline"]);
    let sealed = site.join("sealed.pdf");
    let checked = output(Command::new("qpdf").arg("--check").arg(&sealed));
    assert!(checked.contains("No syntax or stream encoding errors"), "{checked}");
    let signed = output(Command::new("pdfsig").arg("-nocert").arg(&sealed));
    assert!(signed.contains("Signature is Valid"), "{signed}");
    assert!(signed.contains("Total document signed"), "{signed}");

    let json = run(&["render", "-c", "c", "-n", "Ada", "--json", "-o", "out/"]);
    assert!(json.contains("\"claims\":[]"), "{json}");
    let printed = run(&["check", "-c", "c", "-l", "en"]);
    assert!(printed.contains("warning") && printed.contains("PDF/A-3a"), "{printed}");
}

struct SavedPdf {
    path: PathBuf,
    _folder: TempDir,
}

fn saved(bytes: &[u8]) -> SavedPdf {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("c.pdf");
    fs::write(&path, bytes).unwrap();
    SavedPdf { path, _folder: folder }
}

/// A background of that size in points, made once.
fn template(width: f64, height: f64) -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let folder = FOLDER.get_or_init(|| TempDir::new().unwrap());
    let _one = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let file = folder.path().join(format!("{width}x{height}.pdf"));
    if !file.exists() {
        let font = Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts/cinzel");
        let font = fs::read_dir(font).unwrap().map(|entry| entry.unwrap().path());
        let mut fonts =
            font.filter(|path| path.extension().is_some_and(|end| end == "ttf"));
        let mut python = judge("python");
        python.args(["-c", MAKE_BACKGROUND]).arg(&file);
        output(
            python
                .args([width, height].map(|side| side.to_string()))
                .arg(fonts.next().unwrap()),
        );
    }
    file
}

fn qpdf(from: &Path, options: &[&str], to: &Path) {
    let made = Command::new("qpdf").args(options).arg(from).arg(to).status().unwrap();
    assert!(made.success(), "{options:?}");
}

/// A site whose layout of that name has `line` before its YAML, and `file` as `template.pdf`.
fn with_template(file: &Path, layout: &str, line: &str, paper: &str) -> Site {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("layouts").join(layout);
    let yaml = fs::read_to_string(own.join("layout.yaml")).unwrap();
    let yaml = yaml.replace("paper: [a4, letter]", &format!("paper: {paper}"));
    Site::new().with_sample_pictures()
        .with_file(format!("layouts/{layout}/layout.yaml"), format!("{line}\n{yaml}"))
        .with_file(format!("layouts/{layout}/template.pdf"), fs::read(file).unwrap())
        .with_file(
            "courses.yaml",
            "c:\n  title: Introduction to Curling\n  organization: Example University\n  \
             language: en\n  signatories:\n    - { name: Dr. Ada Example, title: Professor, \
             signature: ada.svg }\n",
        )
}

/// Writes such a site, with the layout `classic`, to a folder.
fn write(site: &Path, template: &Path) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("layouts/classic/layout.yaml");
    let yaml = fs::read_to_string(own).unwrap();
    let layout = site.join("layouts/classic");
    fs::create_dir_all(&layout).unwrap();
    fs::write(layout.join("layout.yaml"), format!("background: template.pdf\n{yaml}"))
        .unwrap();
    fs::copy(template, layout.join("template.pdf")).unwrap();
    fs::write(site.join("testamur.yaml"), "").unwrap();
    let courses = "c:\n  title: Knots\n  organization: A\n  language: en\n";
    fs::write(site.join("courses.yaml"), courses).unwrap();
}

fn drafted(file: &Path, layout: &str, line: &str) -> Result<Draft, Error> {
    Press::new(with_template(file, layout, line, "a4"))
        .unwrap()
        .draft(&request("c"), day())
}

fn drafted_on(file: &Path, paper: &str) -> Draft {
    let site = with_template(file, "classic", "background: template.pdf", paper);
    Press::new(site).unwrap().draft(&request("c"), day()).unwrap()
}

/// The first page at two pixels a point, drawn by poppler.
fn raster(pdf: &[u8]) -> image::RgbImage {
    let file = saved(pdf);
    let stem = file.path.with_extension("");
    output(
        Command::new("pdftoppm")
            .args(["-r", "144", "-png", "-singlefile"])
            .arg(&file.path)
            .arg(&stem),
    );
    image::open(stem.with_extension("png")).unwrap().into_rgb8()
}

fn request(course: &str) -> Request {
    Request::new(course, "Ada Lovelace").unwrap()
}

fn day() -> Date {
    Date::parse("2026-05-14").unwrap()
}
