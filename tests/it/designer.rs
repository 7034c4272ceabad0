//! A custom layout made from a copy, without Rust, as `layouts/README.md` describes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::workdir::Workdir;

const README: &str = include_str!("../../layouts/README.md");
/// The lines that the README tells a designer to write.
const FACE: &str = "text: { family: My Garamond, like: serif }";
const FIELD: &str = "fields: [motto]";
const MOTTO: &str = "extra: { motto: Per aspera }";
const PRINT: &str =
    "place(top + center, dy: 20mm, text(font: sheet.face, size: 9pt, sheet.extra.motto))";

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn copied_layout_becomes_a_custom_layout() {
    for words in [FACE, FIELD, MOTTO, PRINT, "layout new mine --from classic"] {
        assert!(README.contains(words), "{words}");
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let site = folder.path().join("my-site");
    let mine = site.join("layouts/mine");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(&site).unwrap();
    fs::write(site.join("testamur.yaml"), "").unwrap();
    let course = format!(
        "KNOTS:\n  title: Knots and Splices\n  organization: Example University\n  \
         language: en\n  layout: mine\n  {MOTTO}\n"
    );
    fs::write(site.join("courses.yaml"), course).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_testamur"));
        command
            .current_dir(folder.path())
            .env_remove("TESTAMUR_SITE")
            .env_remove("TESTAMUR_FONTS");
        succeed(command.args(["--site", "my-site"]).args(arguments))
    };
    run(&["layout", "new", "mine", "--from", "classic"]);

    change(
        &mine.join("layout.yaml"),
        &[
            ("accent: \"#1f3d5c\"", "accent: \"#007a2a\""),
            ("paper: [a4, letter]", "paper: letter"),
            ("text: { family: EB Garamond, like: serif }", FACE),
            ("fields: []", FIELD),
        ],
    );
    let first = "  at(top, above, align(center, opening.body))\n";
    change(&mine.join("layout.typ"), &[(first, &format!("  {PRINT}\n{first}"))]);
    let theme = "  theme: { accent: \"#8c1414\" }\n";
    change(&mine.join("sample.yaml"), &[(theme, &format!("  {MOTTO}\n"))]);
    fs::create_dir_all(site.join("fonts")).unwrap();
    for face in ["Regular", "Medium", "Italic", "Bold"] {
        let file = root.join(format!("fonts/eb-garamond/EBGaramond-{face}.ttf"));
        let file = renamed(fs::read(file).unwrap());
        fs::write(site.join(format!("fonts/my-{face}.ttf")), file).unwrap();
    }
    run(&["render", "--sample", "mine", "-o", "mine.png"]);
    run(&["render", "--sample", "mine", "-o", "my-site/layouts/mine/sheet.json"]);
    run(&["check", "-l", "ar"]);
    run(&["render", "--sample", "mine", "-o", "mine.pdf"]);

    let page = image::open(folder.path().join("mine.png")).unwrap().into_rgb8();
    let green = page.pixels().filter(|pixel| {
        let [red, green, blue] = pixel.0;
        green > red.saturating_add(80) && green > blue.saturating_add(60)
    });
    assert!(green.count() > 1000, "the border is not green");
    let sheet = fs::read_to_string(mine.join("sheet.json")).unwrap();
    assert!(sheet.contains("\"font\": \"My Garamond\""));
    let poppler = |tool: &str, end: &[&str]| {
        let mut command = Command::new(tool);
        let output =
            succeed(command.current_dir(folder.path()).arg("mine.pdf").args(end));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(poppler("pdftotext", &["-"]).contains("Per aspera"));
    assert!(poppler("pdfinfo", &[]).contains("792 x 612 pts (letter)"));
    // pdffonts prints the PostScript name, which `renamed` changed too.
    assert!(poppler("pdffonts", &[]).contains("MyGaramond"));
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
/// A fault of a layout that only requests with a certain template get is found before one comes.
#[test]
fn layout_that_a_template_chooses_is_checked_with_its_course() {
    let site = Workdir::new();
    site.write("testamur.yaml", "publish: none\n");
    site.write(
        "courses.yaml",
        "KNOTS:\n  title: Knots and Splices\n  organization: Example University\n  \
         language: en\n  templates: { plain.pdf: classic, merit.pdf: mine }\n",
    );
    let run = site.run(["layout", "new", "mine", "--from", "modern"]);
    assert_eq!(run.code, 0, "{run:?}");
    let run = site.run(["check", "-l", "en"]);
    assert_eq!(run.code, 0, "{run:?}");
    site.write("layouts/mine/locales/en.yaml", "heading: \"{{ extra.award }}\"\n");
    let run = site.run(["check", "-c", "KNOTS", "-l", "en"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("layouts/mine/locales/en.yaml:1:"), "{}", run.stderr);
    assert!(run.stderr.contains("course `KNOTS`, layout `mine`"), "{}", run.stderr);
}

fn change(file: &Path, changes: &[(&str, &str)]) {
    let mut text = fs::read_to_string(file).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{}: no `{from}`", file.display());
        text = text.replacen(from, to, 1);
    }
    fs::write(file, text).unwrap();
}

/// The font with its family renamed to one of the same length.
fn renamed(mut font: Vec<u8>) -> Vec<u8> {
    let wide =
        |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    for (from, to) in [("EB Garamond", "My Garamond"), ("EBGaramond", "MyGaramond")] {
        for (from, to) in
            [(wide(from), wide(to)), (from.as_bytes().to_vec(), to.as_bytes().to_vec())]
        {
            let mut at = 0;
            while let Some(found) =
                font[at..].windows(from.len()).position(|part| part == from)
            {
                font[at + found..][..from.len()].copy_from_slice(&to);
                at += found + from.len();
            }
        }
    }
    font
}

fn succeed(command: &mut Command) -> Output {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!("`{name}` cannot be run ({error}): run tests/run")
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stderr}", output.status);
    output
}
