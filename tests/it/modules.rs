//! The import order of the modules and of the files inside them, read from `src/`.
//!
//! A module imports only modules that `lib.rs` declares above it. Imports form no circles of files:
//! no file that a file uses, directly or through others, uses that file. A re-exported name counts
//! as the file that defines it; unit tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module path from the crate root: `["seal", "x509", "path"]`.
type Segments = Vec<String>;

/// The module files of the library.
struct Library {
    files: BTreeMap<Segments, Module>,
}

/// One file.
struct Module {
    /// The code without comments, strings, unit tests and `use` declarations.
    code: String,
    /// The names of its `use` declarations.
    imports: Vec<Import>,
}

/// A name that a file brings into its scope, and the path that it stands for.
struct Import {
    name: String,
    target: Segments,
    /// Whether the declaration is a re-export.
    is_public: bool,
}

#[test]
fn modules_import_only_modules_declared_above() {
    let order = order();
    assert_eq!(order.first().map(String::as_str), Some("base"));
    let rank = |module: &Segments| {
        let found = order.iter().position(|name| *name == module[0]);
        found.unwrap_or_else(|| panic!("lib.rs does not declare `{}`", module[0]))
    };
    let wrong: Vec<String> = Library::read()
        .arrows()
        .into_iter()
        .filter(|(from, to)| rank(to) > rank(from))
        .map(|(from, to)| format!("{} imports {}", from.join("::"), to.join("::")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_import_each_other_without_circles() {
    let mut uses: BTreeMap<Segments, BTreeSet<Segments>> = BTreeMap::new();
    for (from, to) in Library::read().arrows() {
        uses.entry(from).or_default().insert(to);
    }
    // Files that use no remaining file are taken away until none of them is left.
    loop {
        let left: BTreeSet<Segments> = uses.keys().cloned().collect();
        for targets in uses.values_mut() {
            targets.retain(|target| left.contains(target));
        }
        uses.retain(|_, targets| !targets.is_empty());
        if uses.len() == left.len() {
            break;
        }
    }
    let circles: Vec<String> = uses
        .iter()
        .map(|(from, to)| {
            let to: Vec<String> = to.iter().map(|to| to.join("::")).collect();
            format!("{} imports {}", from.join("::"), to.join(", "))
        })
        .collect();
    assert!(circles.is_empty(), "in circles, or above one:\n{}", circles.join("\n"));
}

#[test]
fn imports_are_found_in_each_syntax() {
    let library = Library::of([
        ("a", "pub use self::b::{B, C as D};\npub fn f() {}"),
        ("a::b", "pub struct B;\npub struct C;\nuse super::f;"),
        ("c", "use crate::{a::{self, D}, d};\nfn g() { a::f() }\n// crate::nothing"),
        ("d", "fn h() { let _ = (\"crate::a::b\", super::a::b::B); }"),
        (
            "e",
            "#[cfg(test)]\nmod tests {\n    use crate::a;\n}\nfn f() { other_crate::a() }",
        ),
    ]);
    let arrows: Vec<String> = library
        .arrows()
        .into_iter()
        .map(|(from, to)| format!("{} {}", from.join("::"), to.join("::")))
        .collect();
    assert_eq!(arrows, ["a::b a", "c a", "c a::b", "c d", "d a::b"]);
}

/// The modules that `lib.rs` declares, in their order.
fn order() -> Vec<String> {
    let text = fs::read_to_string(sources().join("lib.rs")).unwrap();
    let declared = text.lines().filter_map(|line| {
        line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')
    });
    declared.map(str::to_owned).collect()
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

impl Library {
    /// All of `src/` except `lib.rs`, `main.rs`, the build script and files of unit tests.
    fn read() -> Self {
        let mut files = Vec::new();
        for module in order() {
            collect(&sources().join(&module), &[module], &mut files);
        }
        assert!(files.len() > 100, "{} files", files.len());
        Self::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    }

    fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let texts: BTreeMap<Segments, String> =
            files.into_iter().map(|(path, text)| (segments(path), plain(text))).collect();
        let names: BTreeSet<&Segments> = texts.keys().collect();
        let read = |(path, text): (&Segments, &String)| {
            let (code, declarations) = split_declarations(text);
            let mut imports = Vec::new();
            for (declaration, is_public) in declarations {
                for (mut target, name) in expanded(&declaration) {
                    if target.last().is_some_and(|last| last == "self") {
                        target.pop();
                    }
                    if let Some(target) = absolute(path, &target, &names) {
                        imports.push(Import { name, target, is_public });
                    }
                }
            }
            (path.clone(), Module { code, imports })
        };
        Self { files: texts.iter().map(read).collect() }
    }

    /// All pairs of a file and a file that it uses.
    fn arrows(&self) -> BTreeSet<(Segments, Segments)> {
        let names: BTreeSet<&Segments> = self.files.keys().collect();
        let mut arrows = BTreeSet::new();
        for (path, module) in &self.files {
            let mut to = |target: Segments| {
                if let Some(file) = self.file_of(&target).filter(|file| file != path) {
                    arrows.insert((path.clone(), file));
                }
            };
            for import in &module.imports {
                if !import.is_public || names_in(&module.code).contains(&*import.name) {
                    to(import.target.clone());
                }
            }
            for used in paths_in(&module.code) {
                let own = module.imports.iter().find(|import| import.name == used[0]);
                match own {
                    Some(import) => to([&import.target[..], &used[1..]].concat()),
                    None => {
                        if let Some(target) = absolute(path, &used, &names) {
                            to(target);
                        }
                    }
                }
            }
        }
        arrows
    }

    /// The file that defines what a path from the crate root names.
    fn file_of(&self, path: &[String]) -> Option<Segments> {
        let mut path = path.to_vec();
        // A chain of re-exports is short.
        for _ in 0..8 {
            let length =
                (1..=path.len()).rfind(|end| self.files.contains_key(&path[..*end]))?;
            let (file, rest) = path.split_at(length);
            let handed_on = rest.first().and_then(|name| {
                let mut imports = self.files[file].imports.iter();
                imports.find(|import| import.name == *name)
            });
            match handed_on {
                Some(import) => path = [&import.target[..], &rest[1..]].concat(),
                None => return Some(file.to_vec()),
            }
        }
        None
    }
}

/// The module files of a folder, recursively, with their paths from the crate root.
fn collect(folder: &Path, module: &[String], found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let below = [module, std::slice::from_ref(&name)].concat();
        if path.is_dir() {
            collect(&path, &below, found);
        } else if path.extension().is_some_and(|it| it == "rs") && name != "tests" {
            let own = if name == "mod" { module } else { &below[..] };
            found.push((own.join("::"), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn segments(path: &str) -> Segments {
    path.split("::").map(str::to_owned).collect()
}

/// The code of a file without comments and unit tests, and with empty strings.
fn plain(text: &str) -> String {
    let mut code = String::new();
    let mut in_tests = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        in_tests |= line == "#[cfg(test)]" && next.starts_with("mod tests {");
        if in_tests {
            in_tests = line != "}";
            continue;
        }
        let mut in_string = false;
        let mut before = ' ';
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            if !in_string && c == '/' && characters.peek() == Some(&'/') {
                break;
            }
            if c == '"' && before != '\\' && before != '\'' {
                in_string = !in_string;
            }
            if !in_string {
                code.push(c);
            }
            before = if before == '\\' { ' ' } else { c };
        }
        code.push('\n');
    }
    code
}

/// The code without its `use` declarations, and the declarations with whether each is public.
fn split_declarations(code: &str) -> (String, Vec<(String, bool)>) {
    let (mut rest, mut declarations) = (String::new(), Vec::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        let (is_public, declaration) = match trimmed.split_once("use ") {
            Some(("", declaration)) => (false, declaration),
            Some((before, declaration))
                if before.starts_with("pub") && !before.contains("fn") =>
            {
                (true, declaration)
            }
            _ => {
                rest.push_str(line);
                rest.push('\n');
                continue;
            }
        };
        let mut declaration = declaration.to_owned();
        while !declaration.contains(';') {
            let Some(line) = lines.next() else { break };
            declaration.push_str(line.trim());
        }
        declarations.push((declaration.trim_end_matches(';').to_owned(), is_public));
    }
    (rest, declarations)
}

/// Each path of a `use` declaration, and the name that it brings into scope.
fn expanded(declaration: &str) -> Vec<(Segments, String)> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut depth = 0;
    let mut parts = Vec::new();
    for (at, c) in declaration.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&declaration[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&declaration[start..]);
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once('{') {
            Some((before, group)) => {
                let before: Segments = before
                    .split("::")
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect();
                let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
                for (path, name) in expanded(group) {
                    let name = if name == "self" {
                        before.last().cloned().unwrap_or_default()
                    } else {
                        name
                    };
                    found.push(([&before[..], &path[..]].concat(), name));
                }
            }
            None => {
                let (path, alias) = part.split_once(" as ").unwrap_or((part, ""));
                let path = segments(path.trim());
                let name = if alias.is_empty() {
                    path.last().cloned().unwrap_or_default()
                } else {
                    alias.trim().to_owned()
                };
                found.push((path, name));
            }
        }
    }
    found
}

/// A path in a file as a path from the crate root, or `None` if it leads to another crate.
fn absolute(
    file: &[String],
    path: &[String],
    files: &BTreeSet<&Segments>,
) -> Option<Segments> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([file, rest].concat()),
        "super" => {
            let (_, parent) = file.split_last()?;
            match rest.first().map(String::as_str) {
                Some("super") => absolute(parent, rest, files),
                _ => Some([parent, rest].concat()),
            }
        }
        _ => {
            let child = [file, &path[..1]].concat();
            files.contains(&child).then(|| [file, path].concat())
        }
    }
}

/// The paths of at least two parts in code.
fn paths_in(code: &str) -> Vec<Segments> {
    let allowed = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(|c| !allowed(c))
        .map(|path| path.trim_end_matches(':'))
        .filter(|path| path.contains("::") && !path.starts_with(':'))
        .map(segments)
        .collect()
}

fn names_in(code: &str) -> BTreeSet<&str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}
