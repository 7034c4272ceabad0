//! Rules of the repository that no compiler checks: the files of the package, and its dependencies.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Packages of which the program has one version. Two would mean two caches, two font databases or
/// two data sets of hundreds of kilobytes, or types that do not match.
const SINGLE_VERSION: [&str; 6] =
    ["comemo", "fontdb", "icu_locale_core", "ring", "typst", "usvg"];

/// Packages that would add a C library: ring does the cryptography and the TLS.
const FORBIDDEN: [&str; 4] = ["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl-sys"];

/// Licences that allow distribution of the program.
const LICENCES: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    // Of a package that makes random numbers during the build of the S3 client.
    "CC0-1.0",
    // Of the list of web roots, which is data.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    // Of the client that gets a machine's S3 credentials; its own files stay under it.
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
];

/// The entries at the top of the repository except dotfiles: the project, and what git ignores.
const TOP_LEVEL: [&str; 20] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "docs",
    "drafts",
    "examples",
    "fonts",
    "fuzz",
    "keys",
    "layouts",
    "private",
    "public",
    "signatures",
    "src",
    "target",
    "tests",
];

#[test]
fn lock_file_has_single_versions_and_no_forbidden_packages() {
    let lock = read(&root().join("Cargo.lock"));
    let count = |name: &str| lock.matches(&format!("\nname = \"{name}\"\n")).count();
    for name in SINGLE_VERSION {
        assert_eq!(count(name), 1, "versions of {name}");
    }
    for name in FORBIDDEN {
        assert_eq!(count(name), 0, "versions of {name}");
    }
}

#[test]
fn dependencies_have_allowed_licences() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    let mut wrong = Vec::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("no licence");
        if !is_allowed(licence) {
            wrong.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The metadata of all packages for all systems or, if only this system's packages were downloaded,
/// of those.
fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = |more: &[&str]| {
        let mut command = Command::new(&cargo);
        command.current_dir(root()).args(["metadata", "--format-version=1", "--locked"]);
        command.arg("--offline").args(more).output().unwrap()
    };
    let mut output = metadata(&[]);
    if !output.status.success() {
        let system = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        output = metadata(&["--filter-platform", &system]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether an SPDX expression can be met by the licences above. An older form writes `/` for `OR`.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    let every = |part: &str| split(part, " AND ").into_iter().all(is_known);
    split(&expression, " OR ").into_iter().any(every)
}

fn is_known(part: &str) -> bool {
    match part.strip_prefix('(').and_then(|part| part.strip_suffix(')')) {
        Some(inner) => is_allowed(inner),
        None => LICENCES.contains(&part),
    }
}

/// The parts between separators outside brackets.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(separator) {
        let before = &text[..at];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(&text[start..at]);
            start = at + separator.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

#[test]
fn licence_expressions_are_evaluated() {
    for fine in [
        "MIT",
        "MIT/Apache-2.0",
        "MIT OR GPL-3.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
    ] {
        assert!(is_allowed(fine), "{fine}");
    }
    for not in
        ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND GPL-2.0", "no licence", ""]
    {
        assert!(!is_allowed(not), "{not}");
    }
}

#[test]
fn each_font_family_has_its_licence() {
    let mut families = 0;
    for folder in entries(&root().join("fonts")).into_iter().filter(|path| path.is_dir())
    {
        let names = entries(&folder);
        let licence = |path: &PathBuf| {
            let name = name(path).to_uppercase();
            name.starts_with("OFL") || name.starts_with("LICEN")
        };
        let licence = names.iter().find(|path| licence(path));
        let licence =
            licence.unwrap_or_else(|| panic!("no licence in {}", shown(&folder)));
        let text = read(licence);
        assert!(
            text.contains("Copyright"),
            "{} names no copyright holder",
            shown(licence)
        );
        let ending =
            |path: &PathBuf| path.extension().and_then(OsStr::to_str).map(str::to_owned);
        for file in names.iter().filter(|path| *path != licence) {
            let ending = ending(file).unwrap_or_default();
            assert!(["otf", "ttc", "ttf"].contains(&ending.as_str()), "{}", shown(file));
        }
        families += 1;
    }
    assert!(families > 10, "{families} families");
}

#[test]
fn declared_font_families_exist() {
    let mut fonts = fontdb::Database::new();
    fonts.load_fonts_dir(root().join("fonts"));
    let there: BTreeSet<&str> = fonts
        .faces()
        .flat_map(|face| face.families.iter().map(|(name, _)| name.as_str()))
        .collect();
    let list = read(&root().join("fonts/fonts.yaml"));
    let declared: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split_once("family: ")?.1.split([',', '}']).next())
        .map(str::trim)
        .collect();
    assert!(declared.len() > 10, "{declared:?}");
    for family in declared {
        assert!(
            there.contains(family),
            "fonts.yaml names {family}, which no font file has"
        );
    }
}

#[test]
fn golden_files_are_small() {
    const MAX: u64 = 30 * 1024;
    for layout in entries(&root().join("layouts")) {
        for golden in files(&layout.join("golden")) {
            let size = fs::metadata(&golden).unwrap().len();
            assert!(size <= MAX, "{} has {size} bytes", shown(&golden));
        }
    }
}

#[test]
fn top_level_has_only_known_entries() {
    let entries = entries(&root());
    let names =
        entries.iter().map(|path| name(path)).filter(|name| !name.starts_with('.'));
    let strangers: Vec<&str> = names.filter(|name| !TOP_LEVEL.contains(name)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(OsStr::to_str).unwrap()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The entries of a folder, sorted; none if there is no such folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The files of a folder, recursively.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut found): (Vec<_>, Vec<_>) =
        entries(folder).into_iter().partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}
