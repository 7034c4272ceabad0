//! The corpus before each judge: the program, the library, the page in a browser, pyHanko, pdfsig, EU DSS;
//! gpg and sqv where a file has a detached signature.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use testamur::register::{Directory, Register, Store};
use testamur::seal::{Verdict, Verification};
use testamur::site::{Keys, Settings};

use super::agreement::table;
use super::corpus::{Case, School, corpus, judge};
use super::outside::{OpenPgp, eu_dss, pdfsig, pyhanko};
use crate::browser::chromium::Chromium;
use crate::browser::driver::{Browser, OtherBrowser};
use crate::seal::site::now;

/// What each judge says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    verdict: String,
    exit: String,
    page: String,
    pyhanko: String,
    pdfsig: String,
    dss: String,
    gpg: String,
    sqv: String,
}

/// The files that are good: as they were issued, and valid.
const GOOD: [&str; 3] = ["valid", "valid-accents", "successor"];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn every_judge_says_what_is_expected_of_it() {
    let school = School::new();
    let cases = corpus(&school);
    assert!(cases.len() >= 200, "{}", cases.len());
    let (folder, files) = written(&school, &cases);
    let paths: Vec<String> = files.iter().map(|file| format!("corpus/{file}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();

    let told = school.run(&[&["verify", "--json"][..], &paths].concat());
    let objects = told.objects();
    assert_eq!(objects.len(), cases.len());
    let library = library(&school, &cases);
    let mut browser = Chromium::start();
    let pages = pages(&mut browser, &school, &cases, &folder, &files, &library);
    assert_eq!(browser.faults(), [""; 0]);
    let pyhanko = pyhanko(&school, &folder, &files);
    let dss = eu_dss(&school, &folder, &files);
    let openpgp = OpenPgp::new(&school);
    let mut rows = BTreeMap::new();
    for (at, case) in cases.iter().enumerate() {
        let verdict = objects[at]["verdict"].as_str().unwrap().to_owned();
        let of_library = serde_json::to_value(library[at].verdict).unwrap();
        assert_eq!(of_library, verdict.as_str(), "{}: the library", case.name);
        let exit = school.run(&["verify", paths[at]]).code.to_string();
        let row = Row {
            verdict,
            exit,
            page: pages[at].clone(),
            pyhanko: pyhanko[at].clone(),
            pdfsig: pdfsig(&folder, &files[at]),
            dss: dss[at].clone(),
            gpg: openpgp.gpg(case, &folder, &files[at]),
            sqv: openpgp.sqv(case, &folder, &files[at]),
        };
        check_row(&school, case, &row);
        assert!(rows.insert(case.name.clone(), row).is_none(), "{} twice", case.name);
    }
    compare(&rows);
}

/// Writes the files of the corpus. Returns their folder, and their names.
fn written(school: &School, cases: &[Case]) -> (PathBuf, Vec<String>) {
    let folder = school.workdir.path("corpus");
    fs::create_dir(&folder).unwrap();
    let files: Vec<String> = (0..cases.len()).map(|at| format!("{at:03}.pdf")).collect();
    for (case, file) in cases.iter().zip(&files) {
        fs::write(folder.join(file), &case.pdf).unwrap();
        if let Some(signature) = &case.signature {
            fs::write(folder.join(format!("{file}.sig")), signature).unwrap();
        }
    }
    (folder, files)
}

/// The page says of each file in Firefox and in WebKit what it says in Chromium.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
#[ignore = "takes minutes, and two browsers more"]
fn page_says_the_same_in_firefox_and_webkit() {
    let school = School::new();
    let cases = corpus(&school);
    let (folder, files) = written(&school, &cases);
    let library = library(&school, &cases);
    let in_chromium: BTreeMap<String, String> =
        table().into_iter().map(|row| (row[0].clone(), row[3].clone())).collect();
    for engine in ["firefox", "webkit"] {
        let mut browser = OtherBrowser::start(engine);
        let said = pages(&mut browser, &school, &cases, &folder, &files, &library);
        for (case, said) in cases.iter().zip(&said) {
            assert_eq!(*said, in_chromium[&case.name], "{engine}: {}", case.name);
        }
    }
}

/// No file that a key did not seal, and none that its register ended, is good to anyone here.
fn check_row(school: &School, case: &Case, row: &Row) {
    let issued = GOOD.iter().map(|key| school.get(key));
    let issued: Vec<_> = issued.filter(|one| one.pdf == case.pdf).collect();
    let has_signature = |one: &&&super::corpus::Issued| {
        case.signature.as_ref().is_none_or(|signature| *signature == one.signature)
    };
    let is_good = issued.iter().any(|one| has_signature(&one));
    assert_eq!(row.exit == "0", is_good, "{}: {row:?}", case.name);
    assert_eq!(row.verdict == "good", is_good, "{}: {row:?}", case.name);
    // The page brings its own signature, and looks at no other.
    assert_eq!(row.page == "good", !issued.is_empty(), "{}: {row:?}", case.name);
}

/// The library, by the school's own register.
fn library(school: &School, cases: &[Case]) -> Vec<Verification> {
    let folder = school.workdir.path("school");
    let settings = Settings::parse(&school.file("testamur.yaml")).unwrap();
    let store =
        |name: &str| -> Arc<dyn Store> { Arc::new(Directory::new(folder.join(name))) };
    let site = testamur::site::Site::open(&folder).unwrap();
    let register =
        Register::new(&site, settings.publish, store("public"), store("private"));
    let register = register.unwrap();
    let trust = Keys::trusted(&folder.join("keys")).unwrap();
    let verify = |case: &Case| {
        let signature = case.signature.as_deref();
        register.verify(&case.pdf, signature, &trust, now()).unwrap()
    };
    cases.iter().map(verify).collect()
}

/// A diploma outlives its key: the issuer's record answers for it, and no other's does.
#[test]
fn record_answers_for_a_file_whose_signer_has_ended() {
    let school = School::new();
    let folder = school.workdir.path("school");
    let settings = Settings::parse(&school.file("testamur.yaml")).unwrap();
    let store =
        |name: &str| -> Arc<dyn Store> { Arc::new(Directory::new(folder.join(name))) };
    let site = testamur::site::Site::open(&folder).unwrap();
    let register =
        Register::new(&site, settings.publish, store("public"), store("private"));
    let register = register.unwrap();
    let trust = Keys::trusted(&folder.join("keys")).unwrap();
    for years in [11, 21] {
        let later = now().plus_days(years * 366);
        let ask = |pdf: &[u8]| register.verify(pdf, None, &trust, later).unwrap();
        let valid = &school.get("valid").pdf;
        let alone = testamur::seal::verify(valid, None, &trust, later);
        assert_eq!(alone.verdict, Verdict::SignerEnded, "{years}");
        assert_eq!(alone.seal.unwrap().signer.unwrap().name, "Example University");
        let answered = ask(valid);
        assert_eq!(answered.verdict, Verdict::Good, "{years}");
        assert!(answered.answered_by_record);
        assert_eq!(ask(&school.get("revoked").pdf).verdict, Verdict::Revoked);
        assert_eq!(ask(&school.get("superseded").pdf).verdict, Verdict::Superseded);
        // A file with another digest is not answered for.
        let changed = super::forge::with_signature(valid, super::forge::twin);
        assert_eq!(ask(&changed).verdict, Verdict::Bad);
        let eve = crate::seal::site::Site::new("Example University");
        let sealed = eve.seal(&valid[..super::forge::document_end(valid)]);
        assert_eq!(ask(&sealed.bytes).verdict, Verdict::SignerUnknown);
    }
}

/// The page of the certificate that a file names, or of a valid one: `good`, or what it says.
fn pages(
    browser: &mut impl Browser,
    school: &School,
    cases: &[Case],
    folder: &Path,
    files: &[String],
    found: &[Verification],
) -> Vec<String> {
    let valid = &school.get("valid").id;
    let id = |at: usize| {
        let named =
            found[at].certificate.as_ref().map(|certificate| certificate.id.as_str());
        let is_issued = |id: &&str| school.issued.iter().any(|(_, one)| one.id == *id);
        named.filter(is_issued).unwrap_or(valid).to_owned()
    };
    let mut order: Vec<usize> = (0..cases.len()).collect();
    order.sort_by_key(|at| id(*at));
    let mut said = vec![String::new(); cases.len()];
    let mut open = String::new();
    let mut status = String::new();
    for at in order {
        let id = id(at);
        if open != id {
            browser.open(&format!("http://127.0.0.1:{}/cert/{id}/", school.server.port));
            browser.status();
            let class = browser.js("document.querySelector('#status').classList[1]");
            status = class.as_str().unwrap().to_owned();
            open = id;
        }
        let can_check = browser.js("document.querySelector('#check input') !== null");
        said[at] = if can_check == true {
            browser.choose(&folder.join(&files[at]));
            let lines = browser.verdict();
            let is_good = status == "valid" && lines == ["intact", "signed"];
            if is_good {
                "good".to_owned()
            } else {
                format!("{status}: {}", lines.join(" "))
            }
        } else {
            status.clone()
        };
    }
    said
}

/// Compares with the table beside the corpus; `TESTAMUR_ACCEPT=1` writes it.
fn compare(rows: &BTreeMap<String, Row>) {
    let mut text =
        "file\tverdict\texit\tpage\tpyHanko\tpdfsig\tEU DSS\tgpg\tsqv\n".to_owned();
    for (name, row) in rows {
        let Row { verdict, exit, page, pyhanko, pdfsig, dss, gpg, sqv } = row;
        // The keys are new in each run, so what a changed bit spoils differs.
        let is_bit = name.contains("bit of");
        let pyhanko = match pyhanko.as_str() {
            "unreadable" if is_bit => "invalid",
            other => other,
        };
        let dss = match dss.as_str() {
            "unreadable" | "unsigned" | "indeterminate" if is_bit => "failed",
            other => other,
        };
        let cells = [name, verdict, exit, page, pyhanko, pdfsig, dss, gpg, sqv];
        writeln!(text, "{}", cells.join("\t")).unwrap();
    }
    let path = judge("expected.tsv");
    if std::env::var_os("TESTAMUR_ACCEPT").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    // So does what pyHanko and EU DSS make of bytes at random: they refuse them in one way or the other.
    let alike = |line: &str| {
        let is_random = line.starts_with("random");
        let ways = ["unreadable", "unsigned", "failed", "indeterminate"].into_iter();
        ways.filter(|_| is_random).fold(line.to_owned(), |line, way| {
            line.replace(&format!("\t{way}\t"), "\tinvalid\t")
        })
    };
    for (line, other) in text.lines().zip(expected.lines()) {
        assert_eq!(alike(line), alike(other));
    }
    assert_eq!(text.lines().count(), expected.lines().count());
}

/// `--offline` leaves out one question, and says so before all else.
#[test]
fn offline_begins_with_what_was_not_asked() {
    let school = School::new();
    for (key, issued) in &school.issued {
        school.workdir.write("c.pdf", &issued.pdf);
        let run = school.run(&["verify", "--offline", "c.pdf"]);
        let text = String::from_utf8(run.stdout).unwrap();
        assert_eq!(run.code, 0, "{key}: {text}");
        assert!(text.starts_with("status not asked: "), "{key}: {text}");
        let run = school.run(&["verify", "--offline", "--json", "c.pdf"]);
        let found: Value = run.objects().remove(0);
        assert_eq!(found["verdict"], "status_not_asked", "{key}");
        assert_eq!(found["status"], "not_asked", "{key}");
    }
}
