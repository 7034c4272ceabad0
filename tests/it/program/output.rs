//! What `render` writes: formats, names of files, and files that were there before.

use std::fs;

use serde_json::Value;

use super::KNOTS;
use crate::workdir::{COURSE, Workdir};

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn render_writes_one_pdf_with_reproducible_bytes() {
    let workdir = Workdir::new();
    let run = workdir.run([
        "render",
        "-c",
        COURSE,
        "-n",
        "Ada Lovelace",
        "-l",
        "ja",
        "-i",
        "2026-05-14",
        "-o",
        "ada.pdf",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.is_empty(), "{run:?}");
    assert!(run.stderr.contains("made ada.pdf"), "{run:?}");
    assert!(workdir.read("ada.pdf").starts_with(b"%PDF-"));
    assert_eq!(workdir.names("."), ["ada.pdf"]);

    let again =
        ["render", "--course", COURSE, "--name", "Ada Lovelace", "--language", "ja"];
    let run = workdir.run(again.into_iter().chain([
        "--issued",
        "2026-05-14",
        "--output",
        "2.pdf",
    ]));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        workdir.read("ada.pdf") == workdir.read("2.pdf"),
        "two processes wrote different bytes"
    );
}

#[test]
fn file_extension_selects_the_format() {
    let workdir = Workdir::new();
    let beginnings: [(&str, &[u8]); 4] = [
        ("a.pdf", b"%PDF-"),
        ("a.PNG", b"\x89PNG"),
        ("a.svg", b"<svg"),
        ("a.json", b"{"),
    ];
    for (file, beginning) in beginnings {
        let run = workdir.render(["-n", "Ada", "-o", file]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(workdir.read(file).starts_with(beginning), "{file}");
    }
    let run = workdir.render(["-n", "Ada", "-o", "a.out", "--format", "svg"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(workdir.read("a.out").starts_with(b"<svg"));
}

#[test]
fn json_output_is_one_object_per_certificate() {
    let workdir = Workdir::new();
    let run = workdir.render([
        "-n",
        "Ada",
        "-i",
        "2026-05-14",
        "-l",
        "es",
        "-o",
        "a.pdf",
        "--json",
    ]);
    let [object] = &run.objects()[..] else { panic!("{run:?}") };
    for (key, value) in [
        ("outcome", "drawn"),
        ("course", COURSE),
        ("name", "Ada"),
        ("language", "es"),
        ("layout", "classic"),
        ("issued", "2026-05-14"),
        ("format", "pdf"),
        ("file", "a.pdf"),
    ] {
        assert_eq!(object[key], value, "{object:#}");
    }
    let link = object["verify_url"].as_str().unwrap();
    assert!(
        link.starts_with("https://example.org/cert/") && link.ends_with('/'),
        "{link}"
    );
    assert_eq!(object["warnings"], Value::Array(Vec::new()));

    let run = workdir.render(["-n", "Ada  L\u{202e}", "-o", "a.pdf", "--json"]);
    let [object] = &run.objects()[..] else { panic!("{run:?}") };
    let warnings = object["warnings"].as_array().unwrap();
    assert!(warnings.iter().all(|warning| warning["kind"] == "name"), "{object:#}");
    assert_eq!(warnings.len(), 2, "{object:#}");

    let run = workdir.render(["-n", "Ada 𓀀", "-o", "b.pdf", "--json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let [object] = &run.objects()[..] else { panic!("{run:?}") };
    assert_eq!(object["outcome"], "failed");
    assert_eq!(object["error"], "missing_glyph");
    assert!(object["message"].as_str().unwrap().contains("U+13000"), "{object:#}");
    assert!(object["help"].is_string(), "{object:#}");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn render_without_name_makes_samples_of_each_course() {
    let workdir = Workdir::new();
    let run = workdir.run(["render"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("the built-in demo site"), "{run:?}");
    assert!(run.stderr.contains("10 made, 0 failed"), "{run:?}");
    assert_eq!(workdir.names("drafts").len(), 10);

    workdir
        .write("two/courses.yaml", format!("{KNOTS}{}", KNOTS.replace("Knots", "Sails")));
    workdir.write("two/testamur.yaml", "");
    let run = workdir.run(["--site", "two", "render", "-o", "all"]);
    assert_eq!((run.code, workdir.names("all").len()), (0, 20), "{run:?}");
    let run = workdir.run(["--site", "two", "render", "-n", "Ada", "-o", "ada"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        workdir.names("ada"),
        ["Org-Knots-2026-Ada.pdf", "Org-Sails-2026-Ada.pdf"]
    );
}

#[test]
fn unknown_file_extension_is_refused() {
    let workdir = Workdir::new();
    let run = workdir.render(["-n", "Ada", "-o", "ada.bmp"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.stderr.contains("the ending `.bmp`") && run.stderr.contains(".png"),
        "{}",
        run.stderr
    );
    assert!(workdir.names(".").is_empty());
}

#[test]
fn several_certificates_in_one_file_are_refused() {
    let workdir = Workdir::new();
    workdir.write("names.txt", "Ada\nBob\n");
    let cases: [&[&str]; 3] = [
        &["-o", "x.pdf"],
        &["-f", "names.txt", "--names", "-o", "x.pdf"],
        &["-f", "names.txt", "--names", "-o", "-"],
    ];
    for arguments in cases {
        let run = workdir.render(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
        assert!(run.stderr.contains("folder"), "{arguments:?}: {run:?}");
        assert_eq!(workdir.names("."), ["names.txt"], "{arguments:?}");
    }
}

#[test]
fn failed_render_leaves_no_file_and_keeps_existing_ones() {
    let workdir = Workdir::new();
    workdir.write("kept.pdf", "an earlier certificate");
    for file in ["kept.pdf", "new.pdf"] {
        let run = workdir.render(["-n", "Ada 𓀀", "-o", file]);
        assert_eq!(run.code, 1, "{run:?}");
    }
    assert_eq!(workdir.names("."), ["kept.pdf"]);
    assert_eq!(workdir.read("kept.pdf"), b"an earlier certificate");

    let run = workdir.render(["-n", "Ada", "-o", "kept.pdf"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(workdir.read("kept.pdf").starts_with(b"%PDF-"));
    // A file where a folder is needed.
    let run = workdir.render(["-n", "Ada", "-o", "kept.pdf/ada.pdf"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr.contains("kept.pdf/ada.pdf: failed to write the file"),
        "{}",
        run.stderr
    );
    assert_eq!(workdir.names("."), ["kept.pdf"]);
}

#[cfg(unix)]
#[test]
fn output_file_has_the_default_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let workdir = Workdir::new();
    workdir.write("any", "other");
    assert_eq!(workdir.render(["-n", "Ada", "-o", "ada.pdf"]).code, 0);
    let rights = |file| fs::metadata(workdir.path(file)).unwrap().permissions().mode();
    assert_eq!(rights("ada.pdf"), rights("any"));
}

#[test]
fn hyphen_writes_to_standard_output() {
    let workdir = Workdir::new();
    let run = workdir.render(["-n", "Ada", "-i", "2026-05-14", "-o", "-"]);
    assert_eq!(run.code, 0, "{run:?}");
    workdir.render(["-n", "Ada", "-i", "2026-05-14", "-o", "ada.pdf"]);
    assert!(run.stdout == workdir.read("ada.pdf"));
    assert_eq!(workdir.names("."), ["ada.pdf"]);

    let run = workdir.render(["-n", "Ada", "-o", "-", "--json"]);
    assert_eq!(run.code, 2, "both would go to standard output: {}", run.stderr);
    assert!(run.stdout.is_empty());
}

#[test]
fn missing_output_folders_are_created() {
    let workdir = Workdir::new();
    assert_eq!(workdir.render(["-n", "Ada", "-o", "one/two/ada.pdf"]).code, 0);
    assert_eq!(workdir.names("one/two"), ["ada.pdf"]);
    assert_eq!(workdir.render(["-n", "Ada", "-o", "three/four/"]).code, 0);
    assert_eq!(
        workdir.names("three/four"),
        ["course-v1-ExampleX-CURL101-2026_T1-Ada.pdf"]
    );
    fs::create_dir(workdir.path("five.pdf")).unwrap();
    assert_eq!(workdir.render(["-n", "Ada", "-o", "five.pdf"]).code, 0);
    assert_eq!(workdir.names("five.pdf").len(), 1);
}

#[test]
fn names_make_safe_file_names() {
    let workdir = Workdir::new();
    let names = [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        "...",
        ".hidden",
        "-rf",
        r"..\..\windows",
        "C:evil",
        "a/b/c",
        "x.pdf/../../y",
        "~root",
        "$(id)",
        "`id`",
        "a|b>c<d&e;f",
        "\"quoted\"'",
        "*?",
        "NUL",
        "\u{202e}fdp.exe",
    ];
    workdir.write("names.txt", names.join("\n"));
    let run = workdir.render(["-f", "names.txt", "--names", "-o", "in/out"]);
    // Those of signs alone are no names.
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(run.stderr.matches("has no letter").count(), 3, "{}", run.stderr);
    assert_eq!(workdir.names("."), ["in", "names.txt"]);
    assert_eq!(workdir.names("in"), ["out"]);
    let made = workdir.names("in/out");
    assert_eq!(made.len(), names.len() - 3);
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    for file in made {
        assert!(workdir.path("in/out").join(&file).is_file(), "{file}");
        assert!(file.starts_with("course-v1-") && file.ends_with(".pdf"), "{file}");
        assert!(file.chars().all(plain), "{file}");
    }

    // Equal names make separate files.
    workdir.write("twice.txt", "Ada\nAda\nADA\n");
    assert_eq!(workdir.render(["-f", "twice.txt", "--names", "-o", "twice"]).code, 0);
    assert_eq!(workdir.names("twice").len(), 3);
}
