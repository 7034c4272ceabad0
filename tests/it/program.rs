//! The program as its users call it: arguments, files, messages and exit codes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;

use serde_json::Value;

use crate::workdir::{COURSE, Run, Workdir};

/// A course file of one course, `Org/Knots/2026`.
pub(crate) const KNOTS: &str = "\
Org/Knots/2026:
  title: Knots and Splices
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: 2026-05-14
";

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
fn semicolon_csv_with_byte_order_mark_is_read() {
    let workdir = Workdir::new();
    // As a spreadsheet saves it in a locale where the comma is the decimal sign.
    workdir.write(
        "people.csv",
        "\u{feff}Name;Language;GRADE;designation;Issued;Hours\r\n\
         \"Lovelace; Ada\";es;Distinction;MD;2026-01-02;\"Dr. \"\"Who\"\"; and others\"\r\n\
         Guido van Rossum;;;;;\r\n",
    );
    let run = workdir.render([
        "-f",
        "people.csv",
        "-o",
        "sheets",
        "--format",
        "sheet",
        "--json",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    let mut sheets = Vec::new();
    for object in run.objects() {
        let file = object["file"].as_str().unwrap();
        let sheet: Value = serde_json::from_slice(&workdir.read(file)).unwrap();
        sheets.push((object["name"].as_str().unwrap().to_owned(), object, sheet));
    }
    sheets.sort_by(|one, other| one.0.cmp(&other.0));
    let [(plain, guido, _), (quoted, ada, sheet)] = &sheets[..] else {
        panic!("{run:?}")
    };
    assert_eq!((plain.as_str(), quoted.as_str()), ("Guido van Rossum", "Lovelace; Ada"));
    assert_eq!((&guido["language"], &ada["language"]), (&"en".into(), &"es".into()));
    assert_eq!(ada["issued"], "2026-01-02");
    assert_eq!(sheet["extra"]["hours"], "Dr. \"Who\"; and others");
    let text = sheet.to_string();
    assert!(text.contains("Lovelace; Ada") && text.contains("MD"), "{text}");
    assert!(text.contains("aprobó con distinción"), "{text}");
}

#[test]
fn csv_with_commas_quotes_and_tabs_is_read() {
    let workdir = Workdir::new();
    workdir.write(
        "comma.csv",
        "grade,name\nPass,\"Lovelace, Ada\"\nPass,\"\"\"Ace\"\" Byron\"\n",
    );
    workdir.write(
        "tab.csv",
        "name\tgrade\nLovelace, Ada\tPass\n\"\"\"Ace\"\" Byron\"\tPass\n",
    );
    for file in ["comma.csv", "tab.csv"] {
        let run =
            workdir.render(["-f", file, "-o", file.trim_end_matches(".csv"), "--json"]);
        assert_eq!(run.code, 0, "{run:?}");
        let names: BTreeSet<String> = run
            .objects()
            .iter()
            .map(|object| object["name"].as_str().unwrap().replace('"', ""))
            .collect();
        assert_eq!(Vec::from_iter(names), ["Ace Byron", "Lovelace, Ada"], "{file}");
    }
}

#[test]
fn invalid_rows_are_named_by_line_and_the_others_rendered() {
    let workdir = Workdir::new();
    workdir.write(
        "people.csv",
        "name,language,issued,course\n\
         \"Ada\nLovelace\",en,,\n\
         Bad Tag,klingon!,,\n\
         Bad Date,en,2026-02-30,\n\
         ,en,,\n\
         No Course,en,,Nowhere\n\
         No Language,qq,,\n\
         No Letter 𓀀,en,,\n\
         Zoë,en,,\n",
    );
    let run = workdir.render(["-f", "people.csv", "-o", "out", "--json"]);
    assert_eq!(run.code, 1, "{run:?}");
    for (line, what) in [
        (4, "`klingon!` is not a language tag"),
        (5, "`2026-02-30` is not a date"),
        (6, "the name is empty"),
        (7, "there is no course `Nowhere`"),
        (8, "there are no sentences in `qq`"),
    ] {
        let wanted = format!("people.csv:{line}: {what}");
        assert!(run.stderr.contains(&wanted), "no {wanted} in\n{}", run.stderr);
    }
    // The error's place is the sentence; the message names the row too.
    assert!(
        run.stderr.contains("U+13000") && run.stderr.contains("people.csv:9"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("2 made, 6 failed"), "{}", run.stderr);
    assert_eq!(workdir.names("out").len(), 2);
    assert_eq!(
        run.objects().iter().filter(|object| object["outcome"] == "failed").count(),
        6
    );
}

#[test]
fn row_with_too_many_fields_is_named_by_line() {
    let workdir = Workdir::new();
    workdir.write("people.csv", "name,grade\nAda,Pass\nLovelace, Ada,Pass\n");
    let run = workdir.render(["-f", "people.csv", "-o", "out"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("people.csv:3: the row has 3 fields"), "{}", run.stderr);
    assert!(run.stderr.contains("help: put quotes around"), "{}", run.stderr);
}

#[test]
fn recipients_file_not_in_utf_8_is_refused_with_its_line() {
    let workdir = Workdir::new();
    for (file, bytes) in [
        ("people.csv", &b"name,grade\r\nAda,Pass\r\nJos\xe9,Pass\r\n"[..]),
        ("list.csv", b"name\nAda\nJos\xe9\n"),
    ] {
        workdir.write(file, bytes);
        let run = workdir.render(["-f", file, "-o", "out"]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(
            run.stderr.contains(&format!("{file}:3: the file is not UTF-8")),
            "{}",
            run.stderr
        );
        assert!(!workdir.path("out").exists());
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn text_file_has_one_name_per_line() {
    let workdir = Workdir::new();
    workdir
        .write("names.txt", "\u{feff}Guido van Rossum\r\n\r\n  Lovelace, Ada \r\n莊雅善");
    let run = workdir.render(["-f", "names.txt", "--names", "-o", "out"]);
    assert_eq!(run.code, 0, "{run:?}");
    let stem = "course-v1-ExampleX-CURL101-2026_T1";
    let names = ["Guido-van-Rossum", "Lovelace-Ada", "莊雅善"];
    assert_eq!(workdir.names("out"), names.map(|name| format!("{stem}-{name}.pdf")));

    workdir.write("empty.txt", "\n\n");
    let run = workdir.render(["-f", "empty.txt", "--names"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr.contains("empty.txt: the file names no recipient"),
        "{}",
        run.stderr
    );
    let run = workdir.render(["-f", "nowhere.txt"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr.starts_with("nowhere.txt: failed to read the file"),
        "{}",
        run.stderr
    );
}

#[test]
fn wrong_usage_exits_with_code_2() {
    let workdir = Workdir::new();
    workdir.write("names.txt", "Ada\n");
    let cases: [&[&str]; 11] = [
        &[],
        &["bake"],
        &["render", "--colour"],
        &["render", "-n", "Ada", "-n", "Bob"],
        &["render", "-n", "Ada", "-f", "names.txt"],
        &["render", "-n", "Ada", "-l", "en_XX!"],
        &["render", "-n", "Ada", "-i", "14.05.2026"],
        &["render", "-n", "Ada", "--ppi", "9"],
        &["render", "-n", "Ada", "--set", "hours"],
        &["render", "-n", "Ada", "--format", "docx"],
        &["render", "-n"],
    ];
    for arguments in cases {
        let run = workdir.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
        assert!(
            run.stdout.is_empty() && !run.stderr.is_empty(),
            "{arguments:?}: {run:?}"
        );
    }
    assert_eq!(workdir.names("."), ["names.txt"]);
    for arguments in ["--help", "--version"] {
        let run = workdir.run([arguments]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(String::from_utf8_lossy(&run.stdout).contains("testamur"), "{run:?}");
    }
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

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn output_does_not_depend_on_the_locale() {
    let workdir = Workdir::new();
    for locale in [None, Some("C"), Some("POSIX"), Some("tr_TR.ISO-8859-9")] {
        let mut command = workdir.command();
        command.env_clear().args([
            "render",
            "-c",
            COURSE,
            "-n",
            "Ya-Shen Chuang (莊雅善)",
        ]);
        command.args(["-i", "2026-05-14", "-o", "out", "--json"]);
        if let Some(locale) = locale {
            command.env("LC_ALL", locale).env("LANG", locale);
        }
        let run = Run::of(command);
        assert_eq!(run.code, 0, "{run:?}");
        let [object] = &run.objects()[..] else { panic!("{run:?}") };
        assert_eq!(object["name"], "Ya-Shen Chuang (莊雅善)");
    }
    // A folder that does not exist yet takes the name of the one file.
    assert_eq!(workdir.names("."), ["out"]);
}

#[test]
fn argument_values_may_begin_with_a_hyphen() {
    let workdir = Workdir::new();
    let run =
        workdir.render(["-n", "-Ada", "-g", "-x", "-d", "-x", "-o", "a.json", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.objects()[0]["name"], "-Ada");
    let sheet: Value = serde_json::from_slice(&workdir.read("a.json")).unwrap();
    let runs = sheet["blocks"][1]["runs"].as_array().unwrap();
    let text: String = runs.iter().map(|run| run["text"].as_str().unwrap()).collect();
    let isolate = |c: char| matches!(c, '\u{2068}' | '\u{2069}');
    assert_eq!(text.replace(isolate, ""), "-Ada, -x");
    let run = workdir.render([
        "--name=--help",
        "--set",
        "-key=-value",
        "-o",
        "b.pdf",
        "--json",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.objects()[0]["name"], "--help");
}

#[cfg(unix)]
#[test]
fn non_utf_8_argument_is_refused() {
    use std::os::unix::ffi::OsStrExt;

    let workdir = Workdir::new();
    for flag in ["-n", "-c", "-g", "-l"] {
        let mut command = workdir.command();
        command.arg("render").arg(flag).arg(OsStr::from_bytes(b"Jos\xe9"));
        let run = Run::of(command);
        assert_eq!(run.code, 2, "{flag}: {run:?}");
        assert!(run.stderr.contains("UTF-8"), "{flag}: {run:?}");
    }
    assert!(workdir.names(".").is_empty());
}

#[test]
fn site_argument_overrides_environment_and_current_folder() {
    let workdir = Workdir::new();
    for (site, title) in [("here", "Here"), ("env", "Env"), ("arg", "Arg")] {
        workdir.write(&format!("{site}/testamur.yaml"), "");
        let courses = KNOTS.replace("Knots and Splices", title);
        workdir.write(&format!("{site}/courses.yaml"), &courses);
    }
    let title = |folder: &str, environment: Option<&str>, argument: Option<&str>| {
        let mut command = workdir.command();
        command.current_dir(workdir.path(folder));
        command.envs(environment.map(|site| ("TESTAMUR_SITE", workdir.path(site))));
        if let Some(site) = argument {
            command.arg("--site").arg(workdir.path(site));
        }
        command.args(["render", "-n", "Ada", "-o", "-", "--format", "sheet"]);
        let run = Run::of(command);
        assert_eq!(run.code, 0, "{run:?}");
        let sheet: Value = serde_json::from_slice(&run.stdout).unwrap();
        (sheet["title"].as_str().unwrap().to_owned(), run.stderr)
    };
    assert_eq!(title("here", Some("env"), Some("arg")).0, "Certificate: Arg, Ada");
    assert_eq!(title("here", Some("env"), None).0, "Certificate: Env, Ada");
    let (here, stderr) = title("here", None, None);
    assert_eq!((here.as_str(), stderr.as_str()), ("Certificate: Here, Ada", ""));
    let (demo, stderr) = title(".", None, None);
    assert_eq!(demo, "Certificate: Introduction to Curling, Ada");
    assert!(stderr.contains("the built-in demo site"), "{stderr}");

    let run = workdir.run(["--site", "nowhere", "render"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("no folder `nowhere`"), "{run:?}");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn minimal_site_is_an_empty_settings_file_and_a_course() {
    let workdir = Workdir::new();
    workdir.write("testamur.yaml", "");
    let run = workdir.run(["render"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("there is no `courses.yaml`"), "{run:?}");
    assert_eq!(workdir.names("."), ["testamur.yaml"]);

    workdir.write("courses.yaml", KNOTS);
    let run = workdir.run(["render", "-n", "Ada", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.objects()[0]["issued"], "2026-05-14");
    assert_eq!(workdir.names("drafts"), ["Org-Knots-2026-Ada.pdf"]);
    let run = workdir.run(["check"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn unknown_names_are_refused_with_help() {
    let workdir = Workdir::new();
    let cases: [(&[&str], &str, &str); 5] = [
        (
            &["-c", "course-v1:ExampleX+CURL11+2026_T1"],
            "there is no course `course-v1:ExampleX+CURL11+2026_T1`",
            "did you mean `course-v1:ExampleX+CURL101+2026_T1`?",
        ),
        (&["-c", "Sails"], "there is no course `Sails`", COURSE),
        (
            &["--layout", "clasic"],
            "there is no layout `clasic`",
            "did you mean `classic`?",
        ),
        (&["-l", "tlh"], "there are no sentences in `tlh`", "`ja`"),
        (&["-l", "en-GB-x-y"], "", ""),
    ];
    for (arguments, message, help) in cases {
        let mut all = vec!["render", "-n", "Ada", "-o", "a.pdf"];
        all.extend(arguments);
        let run = workdir.run(all);
        if message.is_empty() {
            assert_eq!(
                run.code, 0,
                "a narrower tag uses the sentences of the wider one: {run:?}"
            );
            continue;
        }
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains(message), "{}", run.stderr);
        let line = run.stderr.lines().find(|line| line.starts_with("help: "));
        assert!(line.is_some_and(|line| line.contains(help)), "{}", run.stderr);
        assert!(workdir.names(".").is_empty());
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

#[test]
fn course_error_begins_with_its_place() {
    let workdir = Workdir::new();
    workdir.write("testamur.yaml", "");
    workdir.write("courses.yaml", KNOTS.replace("title:", "titel:"));
    for command in ["render", "check"] {
        let run = workdir.run([command]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("courses.yaml:2:3: "), "{}", run.stderr);
        assert!(run.stderr.contains("help: did you mean `title`?"), "{}", run.stderr);
    }
    workdir.write("courses.yaml", KNOTS.replace("layout: classic", "layout: clasic"));
    let run = workdir.run(["render", "-n", "Ada"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.starts_with("courses.yaml:5:"), "{}", run.stderr);
    assert_eq!(workdir.names("."), ["courses.yaml", "testamur.yaml"]);
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn check_passes_the_demo_site() {
    let workdir = Workdir::new();
    let run = workdir.run(["check", "-l", "ar", "-o", "sheet"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stderr.contains("15 pages passed their proof, 0 failed"),
        "{}",
        run.stderr
    );
    let page = String::from_utf8(workdir.read("sheet/index.html")).unwrap();
    let pictures: Vec<&str> =
        page.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(pictures.len(), 15);
    for picture in pictures {
        assert!(workdir.path("sheet").join(picture).is_file(), "{picture}");
    }
    let run = workdir.run(["check"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains(", 0 failed"), "{}", run.stderr);
}

#[test]
fn check_reports_broken_courses() {
    let workdir = Workdir::new();
    workdir.write("testamur.yaml", "");
    let signed = "  signatories:\n    - { name: Ada Example, signature: adda.svg }\n";
    let cases = [
        ("a layout", KNOTS.replace("classic", "clasic"), "there is no layout `clasic`"),
        ("a letter", KNOTS.replace("Splices", "𓀀"), "U+13000"),
        (
            "a signature",
            format!("{KNOTS}{signed}"),
            "there is no file `signatures/adda.svg`",
        ),
        (
            "an outcome",
            format!("{KNOTS}  outcomes:\n    Pass: \"{{{{ nam }}}}\"\n"),
            "`nam`",
        ),
    ];
    for (what, courses, complaint) in cases {
        workdir.write("courses.yaml", &courses);
        let run = workdir.run(["check"]);
        assert_eq!(run.code, 1, "{what}: {run:?}");
        assert!(run.stderr.contains(complaint), "{what}: {}", run.stderr);
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
/// The short form of the benchmark measures each goal, and leaves nothing behind.
#[test]
fn bench_measures_memory_and_folder() {
    let workdir = Workdir::new();
    let run = workdir.run(["bench", "--short", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let rows = run.objects();
    let until: Vec<_> = rows.iter().map(|row| row["until"].as_str().unwrap()).collect();
    assert_eq!(until, ["sealed in memory", "safe in a folder"]);
    for row in &rows {
        assert_eq!((&row["layout"], &row["count"]), (&"classic".into(), &10.into()));
        for key in ["per_second", "first_ms", "bytes"] {
            assert!(row[key].as_f64().unwrap() > 0.0, "{key} of {row}");
        }
    }
    let (memory, folder) = (&rows[0], &rows[1]);
    assert_eq!((&memory["files"], &memory["syncs"]), (&Value::Null, &Value::Null));
    assert!(folder["files"].as_f64().unwrap() >= 4.0, "{folder}");
    assert!(folder["syncs"].as_f64().unwrap() > 0.0, "{folder}");
    // The certificate itself, and its pages and record.
    assert!(folder["bytes"].as_f64().unwrap() > memory["bytes"].as_f64().unwrap());
    assert_eq!(workdir.names("."), [""; 0], "the folders are removed");

    let run = workdir.run(["bench", "--short", "--names", "mixed", "--layout", "honor"]);
    assert_eq!(run.code, 0, "{run:?}");
    let table = String::from_utf8(run.stdout).unwrap();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("| sealed in memory | honor  | mixed |"), "{table}");
    let run = workdir.run(["bench", "--short", "--layout", "none"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("`none`"), "{}", run.stderr);
}
