//! Where fonts come from: the site, a folder that sites share, and the program.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

use crate::workdir::{COURSE, Run, Workdir};

/// The name of a recipient that is set in Noto Naskh Arabic, unless a declaration says otherwise.
const NAME: &str = "سيف رمضان ريان";

const AMIRI_FIRST: &str = "families: [{ family: Amiri, like: serif, scripts: [Arab] }]\n";

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn fonts_argument_overrides_environment_and_installed_folders() {
    let desk = Workdir::new();
    // The program in a place of its own, as an archive or a package has it.
    let program = desk.path("prefix/bin/testamur");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    let built = env!("CARGO_BIN_EXE_testamur");
    if fs::hard_link(built, &program).is_err() {
        fs::copy(built, &program).unwrap();
    }
    let render = |program: &Path, fonts: &[&str]| {
        let mut command = Command::new(program);
        command.current_dir(desk.path("."));
        command.env_remove("TESTAMUR_SITE").env_remove("TESTAMUR_FONTS");
        command
            .args(["render", "-c", COURSE, "-n", NAME, "-o", "-", "--format", "sheet"]);
        match fonts {
            [] => {}
            [variable] => drop(command.env("TESTAMUR_FONTS", variable)),
            [variable, argument, ..] => {
                command.env("TESTAMUR_FONTS", variable).args(["--fonts", argument]);
            }
        }
        let run = Run::of(command);
        assert!(!run.stderr.contains("warning"), "{run:?}");
        run
    };
    let is_amiri = |program: &Path, fonts: &[&str]| {
        let run = render(program, fonts);
        assert_eq!(run.code, 0, "{run:?}");
        String::from_utf8(run.stdout).unwrap().contains("\"Amiri\"")
    };
    desk.write("list/fonts.yaml", AMIRI_FIRST);
    desk.write("empty/OFL.txt", "");

    assert!(!is_amiri(&program, &[]));
    assert!(is_amiri(&program, &["list"]));
    assert!(!is_amiri(&program, &["list", "empty"]));
    assert!(is_amiri(&program, &["nowhere", "list"]));
    desk.write("prefix/share/testamur/fonts/fonts.yaml", AMIRI_FIRST);
    assert!(is_amiri(&program, &[]));
    assert!(!is_amiri(&program, &["empty"]));
    assert!(!is_amiri(Path::new(built), &[]));

    let run = render(&program, &["list", "nowhere"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("no folder `nowhere`"), "{run:?}");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn fonts_of_the_site_go_before_those_of_a_folder() {
    let desk = Workdir::new();
    let naskh = AMIRI_FIRST.replace("Amiri", "Noto Naskh Arabic");
    desk.write("site/testamur.yaml", "");
    desk.write("site/courses.yaml", crate::program::KNOTS);
    desk.write("list/fonts.yaml", AMIRI_FIRST);
    let family = || {
        let run = desk.run([
            "--site", "site", "--fonts", "list", "render", "-n", NAME, "-o", "-",
            "--format", "sheet",
        ]);
        assert_eq!(run.code, 0, "{run:?}");
        let sheet = String::from_utf8(run.stdout).unwrap();
        ["\"Amiri\"", "\"Noto Naskh Arabic\""].map(|family| sheet.contains(family))
    };
    assert_eq!(family(), [true, false]);
    desk.write("site/fonts/fonts.yaml", &naskh);
    assert_eq!(family(), [false, true]);
}

#[test]
fn family_of_a_folder_is_used_by_its_name_and_need_not_be_listed() {
    let desk = Workdir::new();
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fonts/cinzel");
    for entry in fs::read_dir(repository).unwrap() {
        let path = entry.unwrap().path();
        if path.extension() != Some(OsStr::new("ttf")) {
            continue;
        }
        // Another family of the same length, so that the tables of the font stay where they are.
        let mut bytes = fs::read(&path).unwrap();
        for (old, new) in [("Cinzel", "Zincel")] {
            let wide = |text: &str| -> Vec<u8> {
                text.encode_utf16().flat_map(u16::to_be_bytes).collect()
            };
            for (old, new) in [
                (old.as_bytes().to_vec(), new.as_bytes().to_vec()),
                (wide(old), wide(new)),
            ] {
                for at in 0..bytes.len() - old.len() {
                    if bytes[at..].starts_with(&old) {
                        bytes[at..at + new.len()].copy_from_slice(&new);
                    }
                }
            }
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        desk.write(&format!("shared/{}", name.replace("Cinzel", "Zincel")), bytes);
    }
    desk.write("site/testamur.yaml", "");
    desk.write("site/courses.yaml", crate::program::KNOTS);
    let layout =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("layouts/classic/layout.yaml");
    let layout = fs::read_to_string(layout)
        .unwrap()
        .replace("text: { family: EB Garamond,", "text: { family: Zincel,");
    desk.write("site/layouts/classic/layout.yaml", layout);
    let render = |fonts: &[&str]| {
        let mut command = desk.command();
        command.args(["--site", "site"]).args(fonts);
        command.args(["render", "-n", "Ada", "-o", "-", "--format", "sheet"]);
        Run::of(command)
    };
    let run = render(&[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("there is no family `Zincel`"), "{run:?}");
    let run = render(&["--fonts", "shared"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    assert!(String::from_utf8(run.stdout).unwrap().contains("\"Zincel\""));
}
