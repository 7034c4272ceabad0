//! The files that arguments name: nothing is written over what is read, output that is lost is told,
//! and what is no PDF is named.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use crate::workdir::Workdir;
use crate::workdir::school::{self, run};

/// A site of its own and a recipients file beside it.
fn site() -> Workdir {
    let workdir = school::site();
    workdir.write(
        "people.csv",
        "Name,E-mail\nAda  Example,a@example.org\nBob,b@example.org\n",
    );
    workdir
}

/// The program with the site, for a standard output of one's own.
fn program(workdir: &Workdir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_testamur"));
    command.current_dir(workdir.path("")).args(["--site", "school"]);
    command
}

#[test]
fn outputs_never_overwrite_what_is_read() {
    let workdir = site();
    let people = workdir.read("people.csv");
    for arguments in [
        &["issue", "-f", "people.csv", "--report", "people.csv"][..],
        &["issue", "-f", "people.csv", "--report", "./school/../people.csv"],
        &["render", "-f", "people.csv", "--format", "sheet", "-o", "people.csv"],
        &["render", "-n", "Ada", "--format", "pdf", "-o", "school/testamur.yaml"],
        &["render", "-n", "Ada", "--format", "svg", "-o", "ada.pdf"],
    ] {
        let run = run(&workdir, arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
        assert!(run.stderr.contains("\nhelp: "), "{}", run.stderr);
    }
    assert_eq!(workdir.read("people.csv"), people);
    assert!(!workdir.path("school/public").exists());
    assert!(workdir.path("school/testamur.yaml").metadata().unwrap().len() > 100);

    workdir.write("scan.png", "the only scan");
    let run = run(&workdir, &["signature", "scan.png", "-o", "scan.png"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(workdir.read("scan.png"), b"the only scan");
    // What cannot be written is told before anything is issued.
    let run =
        self::run(&workdir, &["issue", "-n", "Ada", "--report", "people.csv/r.csv"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(!workdir.path("school/public").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_is_lost_is_told() {
    let workdir = site();
    assert_eq!(run(&workdir, &["issue", "-n", "Ada Example"]).code, 0);
    for arguments in [
        &["list"][..],
        &["list", "--csv"],
        &["list", "--json"],
        &["find", "ada"],
        &["key", "show", "--pem", "root"],
        &["locales"],
        &["issue", "-n", "Ada Example", "--json"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = program(&workdir);
        let output = command.args(arguments).stdout(Stdio::from(full)).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("failed to write to standard output"), "{stderr}");
    }
    // A reader that has seen enough ends no command.
    let mut command = program(&workdir);
    let command = command.args(["list", "--json"]).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn recipients_come_from_standard_input() {
    let workdir = site();
    let mut command = workdir.command();
    command.args(["--site", "school", "issue", "-f", "-", "--dry-run"]);
    let output = command.write_stdin(workdir.read("people.csv")).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("2 would be issued"), "{stderr}");
    // A warning about a row says which.
    assert!(stderr.contains("standard input:2"), "{stderr}");
}

#[test]
fn ids_are_read_from_a_column_of_that_name() {
    let workdir = site();
    let issued = run(&workdir, &["issue", "-n", "Ada Example", "--json"]);
    let id = issued.objects()[0]["verify_id"].as_str().unwrap().to_owned();
    workdir.write("ids.csv", format!("name;id\nAda;{id}\n"));
    let revoke = ["revoke", "-f", "ids.csv", "--reason", "a test", "--yes"];
    let revoked = run(&workdir, &revoke);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    workdir.write("none.csv", "\n");
    let erased = run(&workdir, &["erase", "-f", "none.csv", "--yes"]);
    assert_eq!(erased.code, 1, "{erased:?}");
    assert!(erased.stderr.contains("names no id"), "{}", erased.stderr);
}

#[test]
fn site_whose_name_no_key_can_have_is_not_begun() {
    let workdir = Workdir::new();
    let name = "Landesakademie für Fortbildung und Personalentwicklung an Schulen";
    for name in [name, "", "two\nlines"] {
        let made = workdir.run(["new", "school", "--name", name, "--url", "none"]);
        assert_eq!(made.code, 1, "{made:?}");
        assert!(made.stderr.contains("cannot be the owner of a key"), "{}", made.stderr);
        assert!(!workdir.path("school/courses.yaml").exists());
    }
    let made = workdir.run(["new", "school", "--name", "Akademie", "--url", "none"]);
    assert_eq!(made.code, 0, "{made:?}");
}

#[test]
fn file_that_is_no_whole_pdf_is_named() {
    let workdir = site();
    assert_eq!(run(&workdir, &["issue", "-n", "Ada Example", "--zip", "a.zip"]).code, 0);
    let folder = workdir.names("school/public/downloads").remove(0);
    let pdf = format!("school/public/downloads/{folder}/Certificate.pdf");
    let bytes = workdir.read(&pdf);
    workdir.write("cut.pdf", &bytes[..bytes.len() / 2]);
    let verify = |file: &str| run(&workdir, &["verify", file]);
    for (file, word) in [
        ("a.zip", "unpack it"),
        ("people.csv", "this is no PDF"),
        ("cut.pdf", "the end of the PDF is missing"),
    ] {
        let run = verify(file);
        assert_ne!(run.code, 0, "{run:?}");
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(text.contains("advice  ") && text.contains(word), "{text}");
    }
    let whole = verify(&pdf);
    assert!(!String::from_utf8_lossy(&whole.stdout).contains("advice"), "{whole:?}");
    assert_eq!(verify("-").code, 2);

    // A file that cannot be read has a line and an object like the others.
    let run = run(&workdir, &["verify", "--json", &pdf, "missing.pdf"]);
    assert_eq!((run.code, run.objects().len()), (3, 2), "{run:?}");
    assert!(run.objects()[1]["verdict"].is_null());

    // A certificate is no list.
    let root = self::run(&workdir, &["key", "show", "--pem", "root"]);
    workdir.write("root.pem", &root.stdout);
    let run = self::run(&workdir, &["verify", "--crl", "root.pem", "--offline", &pdf]);
    assert_eq!(run.code, 3, "nothing is known of the file: {run:?}");
    assert!(run.stderr.contains("this is no CRL"), "{}", run.stderr);
}

#[test]
fn layouts_start_as_help_shows() {
    let workdir = site();
    let layout = run(&workdir, &["layout", "new", "house", "--from", "classic"]);
    assert_eq!(layout.code, 0, "{layout:?}");
}
