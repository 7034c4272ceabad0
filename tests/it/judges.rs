//! Outside programs read our files: they share no code with the program.
//!
//! `tests/run` installs them. A test fails if its program is missing, because a skipped check shows
//! nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;
use testamur::press::{Draft, DraftOptions, Format, Press};
use testamur::site::{Attachment, Request, Site};
use testamur::{Date, Tag};

mod drawings; // Drawings that are copied into each certificate, before poppler
pub(crate) mod dss; // EU DSS: what it says of seals
mod indications; // Seals of each level, by whom it may be, today and in years, before DSS
mod ink; // Borders and rules, no darker on screens than drawn
mod qr; // The QR code, read by zbar and measured
mod standards; // PDF/A-3a and PDF/UA-1, before veraPDF
mod text; // Names that viewers read back

const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";
const LANGUAGES: [&str; 4] = ["en", "es", "ar", "ja"];

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
        let info = run(tool("pdfinfo").env("TZ", "UTC").arg(&file));
        assert_eq!(String::from_utf8_lossy(&info.stderr), "", "{language}");
        let printed = String::from_utf8(info.stdout).unwrap();
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
        .flat_map(|language| text::SAMPLES.into_iter().map(move |name| (name, language)))
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

/// A folder that `tests/run` made in the target folder.
pub(crate) fn brought(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_testamur"))
        .ancestors()
        .map(|folder| folder.join(name))
        .find(|folder| folder.is_dir());
    folder.unwrap_or_else(|| panic!("no `{name}` in the target folder: run tests/run"))
}

/// A Java program, whose jars `tests/run` brought into the target folder.
fn java(judge: &str) -> Command {
    let jars = brought("jars").join(judge);
    assert!(
        jars.is_dir(),
        "no `jars/{judge}` in the target folder: run tests/run, which brings it"
    );
    let mut command = tool("java");
    command.args(["-XX:+UseSerialGC", "-Djava.awt.headless=true", "-cp"]);
    command.arg(jars.join("*"));
    command
}

/// The standard output of a program, which must succeed.
pub(crate) fn output(command: &mut Command) -> String {
    let output = run(command);
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{printed}{complaint}",
        output.status
    );
    printed
}

/// Runs a program to its end, and notes for `tests/run` how long that took.
pub(crate) fn run(command: &mut Command) -> Output {
    let began = Instant::now();
    let output = command.output().unwrap_or_else(|error| {
        let name = command.get_program().display();
        panic!("`{name}` cannot be run ({error}): run tests/run")
    });
    // Of a Python program its script, of a Java program its folder of jars.
    let said = command.get_args().map(Path::new).find_map(|argument| {
        if argument.extension() == Some(OsStr::new("py")) {
            argument.file_name()
        } else if argument.ends_with("*") {
            argument.parent()?.file_name()
        } else {
            None
        }
    });
    let name = said.or_else(|| Path::new(command.get_program()).file_name());
    let name = name.unwrap_or_default().display();
    let line = format!("{name}\t{}\n", began.elapsed().as_millis());
    let mut costs = File::options()
        .append(true)
        .create(true)
        .open(Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges.tsv"))
        .unwrap();
    costs.write_all(line.as_bytes()).unwrap();
    output
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

/// Text without white space and bidirectional controls.
fn squeezed(text: &str) -> String {
    let control = |c: char| {
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    text.chars().filter(|&c| !c.is_whitespace() && !control(c)).collect()
}
