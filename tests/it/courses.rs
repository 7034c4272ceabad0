//! Course files that are refused, with the whole message, and some that are accepted.
//!
//! Each folder of `tests/courses/` is a case: `courses.yaml`, optional `courses/*.yaml`, and
//! `expected.txt` with the message if the files are refused. `TESTAMUR_ACCEPT=1` rewrites
//! `expected.txt`.

use std::fs;
use std::path::{Path, PathBuf};

use testamur::site::Courses;

#[test]
fn each_case_gives_its_expected_message() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/courses");
    let accept = std::env::var_os("TESTAMUR_ACCEPT").is_some();
    let mut wrong = Vec::new();
    let cases = sorted(&root);
    assert!(cases.len() > 20, "the cases are in {}", root.display());
    for case in cases {
        let expected = case.join("expected.txt");
        let message = message(&case);
        let before = fs::read_to_string(&expected).ok();
        if message == before {
            continue;
        }
        if accept {
            match message {
                Some(text) => fs::write(&expected, text).unwrap(),
                None => fs::remove_file(&expected).unwrap(),
            }
        } else {
            wrong.push(format!(
                "{}\n--- expected ---\n{}\n--- actual ---\n{}",
                case.display(),
                before.as_deref().unwrap_or("(that the files load)"),
                message.as_deref().unwrap_or("(the files load)"),
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The message of the error that the files of a case give.
fn message(case: &Path) -> Option<String> {
    let first = case.join("courses.yaml");
    assert!(first.is_file(), "{} has no courses.yaml", case.display());
    let mut files = vec![("courses.yaml".to_owned(), fs::read(first).unwrap())];
    for path in sorted(&case.join("courses")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        files.push((format!("courses/{name}"), fs::read(&path).unwrap()));
    }
    let error = Courses::parse(&files).err()?;
    Some(format!("{error:#}\n"))
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
