//! Shared by the suites of cases: folders of data, and comparing a message with the expected one.
//!
//! With `TESTAMUR_ACCEPT=1` in the environment the actual messages are written as the expected
//! ones.

use std::fs;
use std::path::{Path, PathBuf};

use testamur::Tag;
use testamur::site::Site;

/// The folder of that name in `tests/`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The entries of a folder, sorted.
pub(crate) fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

pub(crate) fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The differences from the expected messages, over all cases of a suite.
#[derive(Default)]
pub(crate) struct Differences(Vec<String>);

impl Differences {
    /// Compares a message with the file `expected`; without a message there must be no such file.
    pub(crate) fn compare(&mut self, expected: &Path, message: Option<&str>) {
        let message = message.map(|message| format!("{message}\n"));
        let before = fs::read_to_string(expected).ok();
        if message == before {
            return;
        }
        if std::env::var_os("TESTAMUR_ACCEPT").is_some() {
            match message {
                Some(text) => fs::write(expected, text).unwrap(),
                None => fs::remove_file(expected).unwrap(),
            }
        } else {
            self.add(format!(
                "{}\n--- expected ---\n{}\n--- actual ---\n{}",
                expected.display(),
                before.as_deref().unwrap_or("(nothing)"),
                message.as_deref().unwrap_or("(nothing)"),
            ));
        }
    }

    pub(crate) fn add(&mut self, difference: String) {
        self.0.push(difference);
    }

    pub(crate) fn pass(self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n\n"));
    }
}

/// The files of a site with one course, `KNOTS-2026`, and its layout `faulty`: those of
/// `tests/proof/common/`, overridden by the case's own.
pub(crate) fn files(case: &Path) -> Vec<(String, Vec<u8>)> {
    let common = folder("proof/common");
    let place = |file: &str| match file {
        "courses.yaml" | "testamur.yaml" => file.to_owned(),
        _ if is_locale(file) => format!("layouts/faulty/locales/{file}"),
        _ => format!("layouts/faulty/{file}"),
    };
    let mut files = vec![("testamur.yaml".to_owned(), Vec::new())];
    for folder in [common.clone(), common.join("locales"), case.to_owned()] {
        for path in sorted(&folder) {
            let file = name(&path);
            let known = [".typ", ".yaml", ".svg"].iter().any(|end| file.ends_with(end));
            if path.is_file() && known {
                let inner = path.strip_prefix(&common).unwrap_or(Path::new(file));
                files.push((place(inner.to_str().unwrap()), fs::read(&path).unwrap()));
            }
        }
    }
    // A case without a layout uses `plain.typ`, unless it says where its slots are.
    let has_slots = |text: &[u8]| text.windows(7).any(|part| part == b"\nslots:");
    let is_drawn = files.iter().any(|(name, bytes)| {
        name == "layouts/faulty/layout.typ"
            || name == "layouts/faulty/layout.yaml" && has_slots(bytes)
    });
    if !is_drawn {
        let plain = b"#import \"plain.typ\": plain as certificate\n".to_vec();
        files.push(("layouts/faulty/layout.typ".to_owned(), plain));
    }
    files
}

/// Whether a file is named after a language tag.
fn is_locale(file: &str) -> bool {
    file.strip_suffix(".yaml").is_some_and(|name| Tag::parse(name).is_ok())
}

/// The site of a case in memory.
pub(crate) fn site(case: &Path) -> Site {
    files(case)
        .into_iter()
        .fold(Site::new().with_sample_pictures(), |site, (name, bytes)| {
            site.with_file(name, bytes)
        })
}

/// The site of a case in a fresh folder.
pub(crate) fn site_on_disk(case: &Path, suite: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(suite).join(name(case));
    if root.exists() {
        fs::remove_dir_all(&root).unwrap();
    }
    for (name, bytes) in files(case) {
        let path = root.join("site").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    root
}

/// Runs `testamur render` on the site of a case, which must fail and leave no file.
pub(crate) fn fails_without_a_file(
    case: &Path,
    suite: &str,
    recipient: &str,
    differences: &mut Differences,
) {
    let root = site_on_disk(case, suite);
    let out = root.join("out");
    fs::create_dir(&out).unwrap();
    let ran = assert_cmd::Command::new(env!("CARGO_BIN_EXE_testamur"))
        .current_dir(&out)
        .env_remove("TESTAMUR_SITE")
        .env_remove("TESTAMUR_FONTS")
        .args(["--site", "../site", "render", "-c", "KNOTS-2026", "-n", recipient])
        .args(["-o", "made/certificate.pdf"])
        .output()
        .unwrap();
    let left = sorted(&out);
    if ran.status.code() != Some(1) || !left.is_empty() || !ran.stdout.is_empty() {
        differences.add(format!(
            "{}: the program ended with {} and left {left:?}; stderr:\n{}",
            case.display(),
            ran.status,
            String::from_utf8_lossy(&ran.stderr),
        ));
    }
}
