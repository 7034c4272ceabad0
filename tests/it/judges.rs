//! Outside programs read our files: they share no code with the program.
//!
//! `tests/run` installs them. A test fails if its program is missing, because a skipped check shows
//! nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use serde_json::Value;
use tempfile::TempDir;
use testamur::press::{Draft, DraftOptions, Format, Press};
use testamur::site::{Attachment, Request, Site};
use testamur::{Date, Tag};

const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";
const LANGUAGES: [&str; 4] = ["en", "es", "ar", "ja"];

/// The predecessor's sample names, except the last one, which has Hebrew points.
const SAMPLES: [&str; 9] = [
    "Guido van Rossum",
    "김헌영",
    "Dimitrios I. Toufekoulas (Δημήτριος Ι. Τουφεκούλας)",
    "NGUYỄN QUANG KHẢI",
    "Võ Văn Hồng Ngọc",
    "Ya-Shen Chuang (莊雅善)",
    "سيف رمضان ريان",
    "Αλέξανδρος Χαλικιόπουλος",
    "Илья Александрович Лахин",
];

/// Names with markup, code or template syntax, and a very long name.
const HOSTILE: [&str; 6] = [
    r#"#panic("x") $x$ *b* _e_ @ref <l> \ {{ 7*7 }} {% raw %}"#,
    "O'Brien-Smith //not a comment",
    "<script>alert(1)</script>",
    "Ada /* `raw` */ #sym.arrow -- --- ... \"q\" [c] ~ & &amp; %20",
    r"C:\temp\new\u{41} \n = + - 1. / term: x",
    "Wolfeschlegelsteinhausenbergerdorff Maximiliana Konstantinopolitanska von Hohenzollern-Sig",
];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn qpdf_check_passes_in_each_language() {
    let certificates = Certificates::new();
    for file in certificates.files() {
        let printed = output(tool("qpdf").arg("--check").arg(file));
        assert!(printed.contains("No syntax or stream encoding errors"), "{printed}");
        assert!(!printed.contains("WARNING"), "{printed}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn fonts_are_embedded_as_subsets() {
    let certificates = Certificates::new();
    for file in certificates.files() {
        let table = output(tool("pdffonts").arg(file));
        let fonts: Vec<&str> = table.lines().skip(2).collect();
        assert!(!fonts.is_empty(), "{table}");
        for font in fonts {
            let columns: Vec<&str> = font.split_whitespace().rev().collect();
            let [_, _, unicode, subset, embedded, ..] = columns[..] else {
                panic!("{font}")
            };
            assert_eq!([embedded, subset, unicode], ["yes"; 3], "{table}");
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn document_has_its_metadata_and_pdf_a_claims() {
    let certificates = Certificates::new();
    for (language, draft) in &certificates.drafts {
        let file = certificates.file(language);
        let printed = output(tool("pdfinfo").env("TZ", "UTC").arg(&file));
        let fields: BTreeMap<&str, &str> = printed
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key, value.trim()))
            .collect();
        let sheet = press().sheet(&request("Ada Lovelace", language), day()).unwrap();
        assert_eq!(squeezed(fields["Title"]), squeezed(&sheet.title));
        assert!(fields["Title"].contains("Ada Lovelace"), "{printed}");
        assert_eq!(fields["Author"], sheet.author);
        assert_eq!(fields["Creator"], "testamur");
        assert_eq!(fields["CreationDate"], "Thu May 14 00:00:00 2026 UTC");
        assert_eq!(fields["ModDate"], fields["CreationDate"]);
        assert_eq!(fields["Tagged"], "yes");
        assert_eq!(fields["Pages"], "1");
        assert_eq!(fields["JavaScript"], "no");
        assert_eq!(fields["Encrypted"], "no");
        assert_eq!(draft.issued, day());

        let metadata = output(tool("pdfinfo").arg("-meta").arg(&file));
        for claim in [
            "<pdfaid:part>3</pdfaid:part>",
            "<pdfaid:conformance>A</pdfaid:conformance>",
            "<pdfuaid:part>1</pdfuaid:part>",
            &format!("<rdf:li>{language}</rdf:li>"),
        ] {
            assert!(metadata.contains(claim), "no {claim} in {metadata}");
        }
        let catalog = catalog(&file);
        assert_eq!(catalog["/Lang"], format!("u:{language}"));
        assert_eq!(catalog["/MarkInfo"]["/Marked"], true);
        assert_eq!(catalog["/ViewerPreferences"]["/DisplayDocTitle"], true);
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn outloud_finds_no_accessibility_errors() {
    let certificates = Certificates::new();
    let files: Vec<PathBuf> = certificates.files().collect();
    assert_accessible(&files);
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn qr_code_decodes_to_the_verify_url() {
    let certificates = Certificates::new();
    for (language, draft) in &certificates.drafts {
        let picture = raster(&certificates.file(language), 150, "-png");
        let decoded = output(tool("zbarimg").args(["-q", "--raw"]).arg(picture));
        assert_eq!(decoded.trim_end(), draft.verify_url.as_deref().unwrap());
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn qr_code_has_large_modules_and_a_quiet_zone() {
    const PIXELS_PER_INCH: u32 = 600;
    let certificates = Certificates::new();
    for language in ["en", "ar"] {
        let sheet = press().sheet(&request("Ada Lovelace", language), day()).unwrap();
        let modules = sheet.verify.unwrap().modules;
        let file = raster(&certificates.file(language), PIXELS_PER_INCH, "-gray");
        let picture = Raster::read(&file);
        let code = picture.code(modules).expect("there is a code");
        let millimetres = code.module * 25.4 / f64::from(PIXELS_PER_INCH);
        assert!(millimetres >= 0.5, "a module of {millimetres:.2} mm, {language}");

        // ISO/IEC 18004 requires four clear modules around the code; a pixel at each edge may be
        // half ink.
        let quiet = 4.0 * code.module - 1.0;
        let side = modules as f64 * code.module;
        let inside = |at: f64, start: f64| at >= start - 1.0 && at <= start + side + 1.0;
        let around =
            |start: f64| (start - quiet) as usize..(start + side + quiet) as usize;
        for y in around(code.top) {
            for x in around(code.left) {
                if !(inside(x as f64, code.left) && inside(y as f64, code.top)) {
                    assert!(!picture.is_dark(x, y), "ink at {x}, {y}, {language}");
                }
            }
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn printed_verify_url_is_a_link() {
    let certificates = Certificates::new();
    for (language, draft) in &certificates.drafts {
        let file = certificates.file(language);
        let printed =
            output(tool("qpdf").args(["--json=2", "--json-key=qpdf"]).arg(file));
        let link = format!("\"/URI\": \"u:{}\"", draft.verify_url.as_deref().unwrap());
        assert!(printed.contains(&link), "no {link}, {language}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn sample_names_are_extracted_in_each_language() {
    for name in SAMPLES {
        for language in LANGUAGES {
            assert_reads_back(name, language);
        }
    }
}

/// Programs disagree about Hebrew points and about brackets next to Hebrew: compare the letters of
/// each word, without points and brackets.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn letters_of_a_pointed_name_are_extracted() {
    let letters = |text: &str| -> String {
        let kept = |c: &char| !('\u{591}'..='\u{5c7}').contains(c) && !"()".contains(*c);
        squeezed(text).chars().filter(kept).collect()
    };
    for language in LANGUAGES {
        let text = texts("Adam Palay (חיים פּלי)", language).map(|text| letters(&text));
        for word in ["Adam", "Palay", "חיים", "פלי"] {
            assert!(
                text.iter().any(|text| text.contains(word)),
                "{word}, {language}: {text:?}"
            );
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn markup_in_a_name_is_extracted_literally() {
    for name in HOSTILE {
        for language in ["en", "ar"] {
            assert_reads_back(name, language);
        }
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn one_letter_name_is_a_line_of_its_own() {
    for language in ["en", "ar"] {
        let [text, _] = texts("Ó", language);
        assert!(text.lines().any(|line| squeezed(line) == "Ó"), "{language}: {text}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn combining_marks_are_extracted() {
    for name in ["อภิสิทธิ์ เวชชาชีวะ", "श्रीमती कृष्णा द्विवेदी", "Ọlọ́runfẹ́mi Adébáyọ̀"]
    {
        for language in LANGUAGES {
            assert_reads_back(name, language);
        }
    }
}

/// Letters of Nastaliq do not stand on one base line, so pdftotext does not read them in order. The
/// machine's own proof checks the text; this test checks the font.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn urdu_is_set_in_nastaliq() {
    let site = Site::demo();
    let arabic =
        site.read("layouts/shared/locales/ar.yaml").unwrap().unwrap().into_owned();
    let press =
        Press::new(site.with_file("layouts/shared/locales/ur.yaml", arabic)).unwrap();
    let draft = press.draft(&request("محمد علی جناح", "ur"), day()).unwrap();
    let (folder, file) = saved(&draft, "ur.pdf");
    let fonts = output(tool("pdffonts").arg(&file));
    assert!(fonts.contains("NotoNastaliqUrdu"), "{fonts}");
    assert_accessible(&[file]);
    drop(folder);
}

#[test]
fn attachment_is_extracted_unchanged() {
    let bytes = "{ \"achievement\": \"Curling\", \"emoji\": \"🥌\" }\n".repeat(40);
    let attached = Attachment::new(
        "credential.json",
        "application/json",
        "The same facts for machines",
        bytes.as_bytes(),
    );
    let request = request("Ada Lovelace", "en").with_attachment(attached.unwrap());
    let (folder, file) = saved(&press().draft(&request, day()).unwrap(), "attached.pdf");

    let listed =
        output(tool("qpdf").arg("--list-attachments").arg("--verbose").arg(&file));
    for part in ["credential.json", "The same facts for machines"] {
        assert!(listed.contains(part), "{listed}");
    }
    let saved = folder.path().join("saved");
    output(tool("pdfdetach").args(["-save", "1", "-o"]).arg(&saved).arg(&file));
    assert_eq!(fs::read_to_string(saved).unwrap(), bytes);
    assert!(
        catalog(&file).get("/AF").is_some(),
        "the catalog lists associated files, as PDF/A-3 requires"
    );

    let printed = output(tool("qpdf").arg("--check").arg(&file));
    assert!(printed.contains("No syntax or stream encoding errors"), "{printed}");
    let metadata = output(tool("pdfinfo").arg("-meta").arg(&file));
    assert!(metadata.contains("<pdfaid:part>3</pdfaid:part>"), "{metadata}");
    assert_accessible(&[file]);
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn same_request_gives_the_same_bytes_on_any_thread() {
    let people: Vec<(&str, &str)> = LANGUAGES
        .into_iter()
        .flat_map(|language| SAMPLES.into_iter().map(move |name| (name, language)))
        .collect();
    let make = |press: &Press, &(name, language): &(&str, &str)| {
        press.draft(&request(name, language), day()).unwrap().bytes
    };
    let first: Vec<Vec<u8>> = people.iter().map(|person| make(press(), person)).collect();

    let other = Press::new(Site::demo()).unwrap();
    thread::scope(|scope| {
        for worker in 0..4 {
            let (people, first, make) = (&people, &first, &make);
            let press = if worker % 2 == 0 { press() } else { &other };
            scope.spawn(move || {
                // Each worker has another start, and half of them go backwards.
                for step in 0..people.len() {
                    let step = if worker < 2 { step } else { people.len() - 1 - step };
                    let index = (step + worker * 7) % people.len();
                    let again = make(press, &people[index]);
                    assert!(again == first[index], "other bytes for {:?}", people[index]);
                }
            });
        }
    });
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn svg_is_well_formed_with_any_url_and_name() {
    let settings = "publish: { url: \"https://example.org/a&b'c/d;e=f\" }";
    let site = Site::demo().with_file("testamur.yaml", settings);
    let press = Press::new(site).unwrap();
    let options = DraftOptions::default().with_format(Format::Svg);
    for name in ["Ada & Bob <i>\"x\"</i>", "O'Brien ]]> &amp;"] {
        for language in LANGUAGES {
            let request = request(name, language);
            let draft = press.draft_with(&request, day(), &options).unwrap();
            let (_folder, file) = saved(&draft, "drawing.svg");
            let read = "import sys, xml.etree.ElementTree as tree\n\
                        root = tree.parse(sys.argv[1]).getroot()\n\
                        links = [value for part in root.iter() for key, value in \
                        part.attrib.items() if key.endswith('href') and '://' in value]\n\
                        print(root.tag, *links)";
            let printed = output(judge("python").args(["-c", read]).arg(file));
            let mut words = printed.split_whitespace();
            assert_eq!(words.next(), Some("{http://www.w3.org/2000/svg}svg"));
            let links: Vec<&str> = words.collect();
            assert!(!links.is_empty(), "{language}: no links");
            assert!(
                links.iter().all(|link| Some(*link) == draft.verify_url.as_deref()),
                "{links:?}"
            );
        }
    }
}

#[test]
fn png_has_the_size_of_the_paper() {
    for (pixels_per_inch, size) in [(72.0, (842, 595)), (144.0, (1684, 1191))] {
        let options =
            DraftOptions::default().with_format(Format::Png { pixels_per_inch });
        let request = request("Ada Lovelace", "en");
        let draft = press().draft_with(&request, day(), &options).unwrap();
        assert_eq!(&draft.bytes[..8], b"\x89PNG\r\n\x1a\n");
        let number =
            |at: usize| u32::from_be_bytes(draft.bytes[at..at + 4].try_into().unwrap());
        let (width, height): (u32, u32) = size;
        assert!(number(16).abs_diff(width) <= 1 && number(20).abs_diff(height) <= 1);
    }
}

fn press() -> &'static Press {
    static PRESS: OnceLock<Press> = OnceLock::new();
    PRESS.get_or_init(|| Press::new(Site::demo()).unwrap())
}

fn day() -> Date {
    Date::parse("2026-05-14").unwrap()
}

fn request(name: &str, language: &str) -> Request {
    Request::new(COURSE, name).unwrap().with_language(Tag::parse(language).unwrap())
}

/// One certificate in each language, as files.
struct Certificates {
    folder: TempDir,
    drafts: Vec<(&'static str, Draft)>,
}

impl Certificates {
    fn new() -> Self {
        let folder = new_folder();
        let draft =
            |language| press().draft(&request("Ada Lovelace", language), day()).unwrap();
        let drafts = LANGUAGES.map(|language| (language, draft(language))).into();
        let certificates = Self { folder, drafts };
        for (language, draft) in &certificates.drafts {
            fs::write(certificates.file(language), &draft.bytes).unwrap();
        }
        certificates
    }

    fn file(&self, language: &str) -> PathBuf {
        self.folder.path().join(format!("{language}.pdf"))
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.drafts.iter().map(|(language, _)| self.file(language))
    }
}

fn new_folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn saved(draft: &Draft, name: &str) -> (TempDir, PathBuf) {
    let folder = new_folder();
    let file = folder.path().join(name);
    fs::write(&file, &draft.bytes).unwrap();
    (folder, file)
}

/// A program of the system.
fn tool(name: &str) -> Command {
    Command::new(name)
}

/// A Python program that `tests/run` installed in the target folder.
pub(crate) fn judge(name: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_testamur"))
        .ancestors()
        .map(|folder| folder.join("judges/bin").join(name))
        .find(|program| program.is_file());
    Command::new(program.unwrap_or_else(|| {
        panic!("no `judges/bin/{name}` in the target folder: run tests/run")
    }))
}

/// The standard output of a program, which must succeed.
pub(crate) fn output(command: &mut Command) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!("`{name}` cannot be run ({error}): run tests/run")
    });
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{printed}{complaint}",
        output.status
    );
    printed
}

pub(crate) fn assert_accessible(files: &[PathBuf]) {
    let printed =
        output(judge("outloud").args(["--json", "-", "--fail-on", "never"]).args(files));
    let report: Value = serde_json::from_str(&printed).unwrap();
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), files.len());
    for result in results {
        assert_eq!(result["counts"]["error"], 0, "{:#}", result["findings"]);
        assert_eq!(result["stats"]["tagged"], true);
    }
}

/// The catalog of a PDF, from qpdf's JSON.
fn catalog(file: &Path) -> Value {
    let printed = output(tool("qpdf").args(["--json=2", "--json-key=qpdf"]).arg(file));
    let document: Value = serde_json::from_str(&printed).unwrap();
    let objects = &document["qpdf"][1];
    let root = objects["trailer"]["value"]["/Root"].as_str().unwrap();
    objects[format!("obj:{root}")]["value"].clone()
}

/// The text of a certificate as pdftotext gives it: by position on the page, and in the order of
/// the content stream.
fn texts(name: &str, language: &str) -> [String; 2] {
    let draft = press()
        .draft(&request(name, language), day())
        .unwrap_or_else(|error| panic!("{name}, {language}: {error:?}"));
    let (_folder, file) = saved(&draft, "text.pdf");
    [None, Some("-raw")]
        .map(|order| output(tool("pdftotext").args(order).arg(&file).arg("-")))
}

/// pdftotext guesses the direction of a line. By position it moves a bracket at the end of a Latin
/// name on an Arabic page, and in stream order it reverses Arabic words. At least one of the two
/// texts has the name.
fn assert_reads_back(name: &str, language: &str) {
    let texts = texts(name, language).map(|text| squeezed(&text));
    let wanted = squeezed(name);
    assert!(
        texts.iter().any(|text| text.contains(&wanted)),
        "{name}, {language}: {texts:#?}"
    );
}

/// Text without white space and bidirectional controls.
fn squeezed(text: &str) -> String {
    let control = |c: char| {
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    text.chars().filter(|&c| !c.is_whitespace() && !control(c)).collect()
}

fn raster(file: &Path, pixels_per_inch: u32, kind: &str) -> PathBuf {
    let stem = file.with_extension("raster");
    let resolution = pixels_per_inch.to_string();
    output(
        tool("pdftoppm")
            .args(["-singlefile", "-r", &resolution, kind])
            .arg(file)
            .arg(&stem),
    );
    stem.with_extension(if kind == "-png" { "raster.png" } else { "raster.pgm" })
}

/// A greyscale bitmap (PGM, `P5`).
struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// The position of a QR code in pixels, without its quiet zone.
struct CodePosition {
    left: f64,
    top: f64,
    module: f64,
}

impl Raster {
    fn read(file: &Path) -> Self {
        let bytes = fs::read(file).unwrap();
        let mut header = Vec::new();
        let mut at = 0;
        while header.len() < 4 {
            let length = bytes[at..].iter().position(u8::is_ascii_whitespace).unwrap();
            header.push(str::from_utf8(&bytes[at..at + length]).unwrap());
            at += length + 1;
        }
        let [kind, width, height, most] = header[..] else { panic!("no header") };
        assert_eq!((kind, most), ("P5", "255"));
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        let pixels = bytes[at..].to_vec();
        assert_eq!(pixels.len(), width * height);
        Self { width, height, pixels }
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.pixels[y * self.width + x] < 128
    }

    /// Finds the code by its two upper finder patterns: each is dark and light as 1:1:3:1:1, and
    /// they stand on the same rows at the distance that a code of `modules` has.
    fn code(&self, modules: usize) -> Option<CodePosition> {
        (0..self.height).find_map(|y| {
            let finders = self.finders(y);
            finders.iter().find_map(|&(left, rough)| {
                let (right, _) = finders.iter().find(|(right, other)| {
                    let apart = (modules - 7) as f64 * rough;
                    (right - left - apart).abs() < 2.0 * rough
                        && (other - rough).abs() < 1.0
                })?;
                let module = (right - left) / (modules - 7) as f64;
                // This is the first row through their cores, which begin two modules down.
                Some(CodePosition { left, top: y as f64 - 2.0 * module, module })
            })
        })
    }

    /// The finder patterns whose middle a row crosses: left edge and width of a module.
    fn finders(&self, y: usize) -> Vec<(f64, f64)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let mut start = 0;
        for x in 1..=self.width {
            if x == self.width || self.is_dark(x, y) != self.is_dark(start, y) {
                runs.push((start, x - start));
                start = x;
            }
        }
        let dark_first = runs.windows(5).filter(|run| self.is_dark(run[0].0, y));
        dark_first
            .filter_map(|run| {
                let module =
                    run.iter().map(|(_, length)| *length).sum::<usize>() as f64 / 7.0;
                let fits =
                    run.iter().zip([1.0, 1.0, 3.0, 1.0, 1.0]).all(|(run, modules)| {
                        (run.1 as f64 - modules * module).abs() <= module * 0.3
                    });
                (fits && module >= 3.0).then_some((run[0].0 as f64, module))
            })
            .collect()
    }
}
