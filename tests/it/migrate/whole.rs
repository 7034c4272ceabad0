//! The installation that has everything.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::installation::{Ended, Installation, gpg, stop};
use crate::judges::output;

/// Compares a text with the file of the case, or writes it there.
fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/migrate/whole/expected")
        .join(name);
    if std::env::var_os("TESTAMUR_ACCEPT").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{}", path.display());
}

#[test]
fn every_key_is_reported_and_has_its_place() {
    let old = Installation::whole("");
    let before = old.old_files();
    let run = old.dir.run(["migrate", "old", "new"]);
    run.ends(1); // A course that is no map is not read.
    let here = old.dir.path("").display().to_string();
    let report = run.output().replace(here.trim_end_matches('/'), "HERE");
    compare("report.txt", &report);
    let read =
        |name: &str| String::from_utf8(old.dir.read(format!("new/{name}"))).unwrap();
    compare("courses.yaml", &read("courses.yaml"));
    compare(
        "testamur.yaml",
        &read("testamur.yaml").replace(here.trim_end_matches('/'), "HERE"),
    );
    assert_eq!(read("keys/xqueue"), "secret of the queue\n");
    assert_eq!(old.old_files(), before);
    assert!(old.dir.names("").iter().all(|name| !name.starts_with(".testamur")));
}

#[test]
fn dry_run_writes_nothing() {
    let old = Installation::whole("");
    let wet = Installation::whole("");
    let run = old.dir.run(["migrate", "old", "new", "--dry-run"]);
    run.ends(1);
    assert!(!old.dir.path("new").exists());
    let here = |it: &Installation| it.dir.path("").display().to_string();
    let said = run.output().replace(&here(&old), "");
    let written =
        wet.dir.run(["migrate", "old", "new"]).output().replace(&here(&wet), "");
    assert_eq!(said, written);
}

#[test]
fn every_course_is_drawn_with_what_the_old_program_drew() {
    let old = Installation::whole("");
    old.dir.run(["migrate", "old", "new"]).ends(1);
    let text = |course: &str, more: &[&str]| {
        let file = old.dir.path("page.pdf");
        let mut arguments =
            vec!["--site", "new", "render", "--no-specimen", "-c", course];
        arguments.extend(["-n", "Guido van Rossum", "-o", "page.pdf"]);
        arguments.extend(more);
        old.dir.run(&arguments).ends(0);
        let text = output(Command::new("pdftotext").arg(&file).arg("-"));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (course, more, expected) in [
        ("ExampleX/CS101/2014", &[][..], "CS101: Sample course with an è"),
        ("ExampleX/CS101/2014", &[], "Issued Jan. 1st, 1970"),
        (
            "ExampleX/CS101/2014",
            &[],
            "an online learning initiative of Sample Organization through edX.",
        ),
        ("course-v1:ExampleX+CS101+2015", &[], "Issued March 2, 2014"),
        ("ExampleX/CS201/2014", &[], "CS-201: Data & Structures"),
        ("ExampleX/CS201/2014", &[], "a module offered by ExampleX"),
        (
            "ExampleX/STAN/2014",
            &["-g", "Distinction"],
            "has successfully completed with distinction",
        ),
        ("ExampleX/CME/2014", &["-d", "MD"], "Guido van Rossum, MD"),
        (
            "ExampleX/CME/2014",
            &["-d", "MD"],
            "and is awarded 1.5 AMA PRA Category 1 Credits",
        ),
        ("ExampleX/CME/2014", &["-d", "RN"], "The activity was designated for 1.5"),
        ("ExampleX/DYN/2014", &["-i", "2026-11-24"], "November 24th, 2026"),
        ("ExampleX/DYN/2014", &[], "ATTENTION: online courses & campus courses differ."),
        ("ExampleX/DYN/2014", &[], "Authenticity of this statement can be verified at"),
        ("ExampleX/010/2014", &[], "8: 2014"),
        ("PROMX/FORK/2014", &[], "Наука"),
    ] {
        let page = text(course, more);
        assert!(page.contains(expected), "{course}: {expected}\n{page}");
    }
    let quiet = text("ExampleX/QUIET/2014", &[]);
    assert!(!quiet.contains("Authenticity") && !quiet.contains("ATTENTION"), "{quiet}");
    // The template has everything but the name.
    let name_alone = text("ExampleX/MIT/2014", &[]);
    assert!(!name_alone.contains("Professional Things"), "{name_alone}");
}

#[test]
fn old_key_goes_on_signing() {
    let old = Installation::whole("KEY");
    let key = Installation::make_key(&old.dir);
    let env = String::from_utf8(old.dir.read("old/env.json")).unwrap();
    old.dir
        .write("old/env.json", env.replace("\"KEY\"", &format!("\"0x{}\"", &key[32..])));
    let before = old.old_files();
    let run = old.dir.run(["migrate", "old", "new"]);
    run.ends(1);
    assert!(
        run.output().contains(&format!("the key {key} (Old <old@example.org>) goes on"))
    );
    assert_eq!(old.old_files(), before);
    let receipt = old.issue();
    let (page, file) = (
        receipt["verify_id"].as_str().unwrap(),
        receipt["download_url"].as_str().unwrap(),
    );
    assert!(file.starts_with("https://downloads.example.org/downloads/"), "{file}");
    assert!(file.ends_with("/Attestation.pdf"), "{file}");
    let address = receipt["verify_url"].as_str().unwrap();
    assert_eq!(address, format!("https://verify.example.org/cert/{page}/valid.html"));
    let path = file.strip_prefix("https://downloads.example.org/").unwrap();
    let signature = old.dir.path(&format!("web/cert/{page}/Attestation.pdf.sig"));
    let home = old.dir.path("old/gnupg");
    let pdf = old.dir.path(&format!("web/{path}"));
    let arguments = ["--verify", signature.to_str().unwrap(), pdf.to_str().unwrap()];
    let said = gpg(&home, &arguments);
    stop(&home);
    stop(&old.dir.path("new/keys/gnupg"));
    assert!(said.contains("Good signature"), "{said}");
    let valid =
        String::from_utf8(old.dir.read(format!("web/cert/{page}/valid.html"))).unwrap();
    for expected in [
        "<b>Ada Example</b>",
        "<style>b { color: green }</style>",
        "CS101, ExampleX: Sample course with an è, Sample Organization",
        "-----BEGIN PGP SIGNATURE-----",
        "{TEACHER}",
        "Valid Statement of",
    ] {
        assert!(valid.contains(expected), "{expected}\n{valid}");
    }
    let revoke = ["--site", "new", "revoke", page, "--reason", "a test", "--yes"];
    old.dir.run(revoke).ends(0);
    let valid =
        String::from_utf8(old.dir.read(format!("web/cert/{page}/valid.html"))).unwrap();
    assert!(
        valid.contains("This number is not valid") && !valid.contains("Ada"),
        "{valid}"
    );
}

#[test]
fn key_that_is_not_the_named_one_is_refused() {
    let old = Installation::whole("0123ABCD");
    let key = Installation::make_key(&old.dir);
    let run = old.dir.run(["migrate", "old", "new"]);
    run.ends(1);
    let expected = format!("has no secret key 0123ABCD; it has {key}");
    assert!(run.output().contains(&expected), "{}", run.output());
    assert!(!old.dir.path("new/keys/gnupg").exists());
}

#[test]
fn template_of_a_message_is_the_layout_of_its_course() {
    let old = Installation::whole("");
    old.dir.run(["migrate", "old", "new"]).ends(1);
    let create = |template: &str| {
        let arguments =
            ["--site", "new", "compat", "create_pdfs", "-c", "ExampleX/CS101/2014"];
        old.dir.run(arguments.into_iter().chain(["-n", "A/da B", "-U", "-t", template]))
    };
    create("certificate-template-ExampleX-CS101-verified.pdf").ends(0);
    assert!(old.dir.path("drafts/ExampleX-CS101-2014-A-da-B.pdf").exists());
    let run = create("../../secret.pdf");
    run.ends(1);
    assert!(run.stderr.contains("has no template `../../secret.pdf`"), "{}", run.stderr);
}

#[test]
fn old_command_line_publishes_and_reports() {
    let old = Installation::whole("");
    old.dir.run(["migrate", "old", "new"]).ends(1);
    old.dir.write("names.txt", "Ada Example  \n\nGrace \"G\" Sample\n");
    let create = ["--site", "new", "compat", "create_pdfs", "-c", "ExampleX/CS101/2014"];
    let create =
        create.into_iter().chain(["-f", "names.txt", "-o", "Sample Organization"]);
    let run = old.dir.run(create.clone());
    run.ends(0);
    let lines: Vec<String> = run.output().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let fields: Vec<&str> = lines[0].split('\t').collect();
    assert_eq!(
        fields[..4],
        ["Ada Example", "ExampleX/CS101/2014", "Sample Organization", ""]
    );
    assert!(
        old.dir
            .path(&format!("web{}", &fields[4]["https://downloads.example.org".len()..]))
            .exists()
    );
    let run = old.dir.run(create.chain(["-r", "report.csv"]));
    run.ends(0);
    assert_eq!(run.output(), "");
    let report = String::from_utf8(old.dir.read("report.csv")).unwrap();
    let row = format!("\"{}\"", lines[0].split('\t').collect::<Vec<_>>().join("\",\""));
    assert!(report.lines().any(|line| line == row), "{report}\n{row}");
    assert!(report.contains("\"Grace \"\"G\"\" Sample\""), "{report}");
}
