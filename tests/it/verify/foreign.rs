//! PDFs that other programs sealed: all those in the test data of pyHanko and of EU DSS, many of which are
//! broken on purpose. None is ours, and none is called bad.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::corpus::judge;
use crate::judges::{self, output};
use crate::workdir::Workdir;

/// The longest that an answer may take.
const MAX_TIME: Duration = Duration::from_secs(10);
/// How many files the two repositories have at least, and how many of them are sealed.
const MIN_FILES: usize = 392;
const MIN_SEALED: usize = 236;
/// Of these no signer can be told: two have a signature of no bytes, one of zeros, one no certificate, and
/// two a certificate that is not DER.
const NAMELESS: [&str; 6] = [
    "pdf-eof.pdf",
    "BadEncodedCMS.pdf",
    "coverage-anomalies/base.pdf",
    "pdf-with-empty-sig.pdf",
    "pdf-with-two-empty-sigs.pdf",
    "pades-bes-no-certificates.pdf",
];

/// Of these pyHanko lists fewer signatures than they have.
const LISTED_IN_PART: [&str; 3] =
    ["PAdES_with_er.pdf", "pkcs7_sha1.pdf", "wrong-digest-algo.pdf"];

#[test]
#[ignore = "reads the test data of pyHanko and EU DSS, which tests/run --slow brings"]
fn files_of_other_programs_are_not_ours() {
    // A folder with both repositories, or with their PDFs alone.
    let folder = std::env::var_os("CORPORA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| judges::brought("corpora"));
    let mut files = Vec::new();
    find_pdfs(&folder, &mut files);
    files.sort();
    assert!(files.len() >= MIN_FILES, "{} files in {}", files.len(), folder.display());
    let names = names_by_pyhanko(&files);
    let workdir = Workdir::new();
    let mut sealed = 0;
    for (file, names) in files.iter().zip(names) {
        let bytes = fs::read(file).unwrap();
        let name = file.to_str().unwrap();
        let begun = Instant::now();
        let run = workdir.run(["verify", "--json", name]);
        assert!(begun.elapsed() < MAX_TIME, "{name}: {:?}", begun.elapsed());
        assert_eq!(run.code, 3, "{name}: {run:?}");
        let found: Value = run.objects().remove(0);
        assert_eq!(found["seal"], Value::Null, "{name}");
        if super::forge::find(&bytes, b"/ByteRange", 0).is_none() {
            assert_eq!(found["verdict"], "not_sealed", "{name}");
            continue;
        }
        sealed += 1;
        assert_eq!(found["verdict"], "not_ours", "{name}");
        let said = run_in_words(&workdir, name);
        assert!(said.contains("ask a general verifier"), "{name}: {said}");
        let signer = found["foreign"]["signer"].as_str();
        let is_of =
            |list: &[&str]| list.iter().any(|end| name.replace("__", "/").ends_with(end));
        assert_eq!(signer.is_none(), is_of(&NAMELESS), "{name}: {signer:?}");
        let is_listed = !names.is_empty() && !is_of(&LISTED_IN_PART);
        if let Some(signer) = signer.filter(|_| is_listed) {
            assert!(names.iter().any(|one| one == signer), "{name}: {signer}: {names:?}");
        }
    }
    assert!(sealed >= MIN_SEALED, "{sealed} sealed files");
}

fn run_in_words(workdir: &Workdir, name: &str) -> String {
    let run = workdir.run(["verify", name]);
    assert_eq!(run.code, 3, "{name}: {run:?}");
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(text.starts_with("not ours: "), "{name}: {text}");
    text
}

/// The names of the signers of each file, by pyHanko; none of a file that it cannot read.
fn names_by_pyhanko(files: &[PathBuf]) -> Vec<Vec<String>> {
    let script = judge("signers_by_pyhanko.py");
    let printed = output(judges::judge("python").arg(script).args(files));
    let names: Vec<Vec<String>> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(names.len(), files.len());
    let read = names.iter().filter(|names| !names.is_empty()).count();
    assert!(read >= 200, "pyHanko names the signers of {read} files");
    names
}

fn find_pdfs(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_pdf = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("pdf"));
        if path.is_dir() {
            find_pdfs(&path, files);
        } else if is_pdf {
            files.push(path);
        }
    }
}
