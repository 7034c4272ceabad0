//! Recipients files as the program reads them: the forms of CSV and text, and rows that are refused.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::workdir::Workdir;

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
