//! Rules of the repository that no compiler checks. `.deny.toml` has those of the dependencies.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The entries at the top of the repository except dotfiles: the project, and what git ignores.
const TOP_LEVEL: [&str; 21] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    // In the package: the file as it is here.
    "Cargo.toml.orig",
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
    assert!(families >= 7, "{families} families");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
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
