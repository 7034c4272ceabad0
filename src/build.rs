//! Embeds the files of the built-in site into the library: layouts, signatures, the demo site, the
//! list of families, and with the feature `fonts` the faces of `fonts/`.
//!
//! It takes the folders of the package, and gives `built_in.rs`, a table of file names and contents.
//! The repository's `fonts/` has all families, and the package's a core of them: the tests that need
//! the others are ignored there, by `cfg(core_fonts)`.
#![expect(
    clippy::disallowed_methods,
    reason = "cargo passes its settings to a build script in the environment"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets this variable"));
    let mut folders = vec![
        ("layouts", "layouts"),
        ("signatures", "signatures"),
        ("examples/demo", "demo"),
    ];
    let mut files = Vec::new();
    if env::var_os("CARGO_FEATURE_FONTS").is_some() {
        folders.push(("fonts", "fonts"));
    } else {
        // It says where to get a family that the site lacks.
        files.push(("fonts/fonts.yaml".to_owned(), root.join("fonts/fonts.yaml")));
    }
    println!("cargo::rustc-check-cfg=cfg(core_fonts)");
    if !root.join("fonts/noto-sans-cjk").exists() {
        println!("cargo::rustc-cfg=core_fonts");
    }

    for (folder, mount) in folders {
        println!("cargo::rerun-if-changed={folder}");
        list(&root.join(folder), mount, &mut files)?;
    }
    files.sort();

    let mut code = String::from("static FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in files {
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(code, "({name:?}, include_bytes!({path:?})),")
            .expect("writing into a string does not fail");
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets this variable"));
    fs::write(out.join("built_in.rs"), code)
}

/// Adds the files below a folder, with their names in the built-in site. A folder that does not exist
/// has none.
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
        if path.is_dir() {
            // Golden images are for the tests.
            if part != "golden" {
                list(&path, &name, files)?;
            }
        } else if !part.ends_with(".md") {
            files.push((name, path));
        }
    }
    Ok(())
}
