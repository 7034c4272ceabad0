//! Lists the built-in site's files, so that the library carries them: layouts, signatures, the demo
//! site, and the families of `fonts/` when the feature of that name asks for them.
#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by its environment"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut folders = vec![
        ("layouts", "layouts"),
        ("signatures", "signatures"),
        ("examples/demo", "demo"),
    ];
    if env::var_os("CARGO_FEATURE_FONTS").is_some() {
        folders.push(("fonts", "fonts"));
    }

    let mut files = Vec::new();
    for (folder, mount) in folders {
        println!("cargo::rerun-if-changed={folder}");
        list(&root.join(folder), mount, &mut files)?;
    }
    files.sort();

    let mut code = String::from("static FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in files {
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(code, "({name:?}, include_bytes!({path:?})),").expect("a string grows");
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("built_in.rs"), code)
}

fn list(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let (path, part) = (entry.path(), entry.file_name());
        let part = part.to_string_lossy();
        let name = format!("{name}/{part}");
        match path.is_dir() {
            // Goldens belong to the tests.
            true if part != "golden" => list(&path, &name, files)?,
            false if !part.ends_with(".md") => files.push((name, path)),
            _ => {}
        }
    }
    Ok(())
}
