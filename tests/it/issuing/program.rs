//! The commands, from a new site to an erased recipient.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::setup::files;
use crate::seal::site::run as judge;
use crate::workdir::{Run, Workdir};

/// A site that `testamur new` made.
pub(super) fn site() -> Workdir {
    let workdir = Workdir::new();
    let made = workdir.run(["new", "school", "--url", URL]);
    assert_eq!(made.code, 0, "{made:?}");
    workdir
}

/// The address of the site's verify pages.
const URL: &str = "https://certificates.example.org";

pub(super) fn issue(workdir: &Workdir, arguments: &[&str]) -> Run {
    workdir.run(["--site", "school", "issue"].iter().chain(arguments))
}

fn ids(workdir: &Workdir) -> Vec<String> {
    let mut ids: Vec<String> = workdir
        .run(["--site", "school", "list", "--json"])
        .objects()
        .iter()
        .map(|object| object["verify_id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

#[test]
fn new_site_issues_a_verifiable_certificate() {
    let workdir = site();
    assert_eq!(
        workdir.names("school"),
        [".gitignore", "courses.yaml", "keys", "signatures", "testamur.yaml"]
    );
    let ignored = String::from_utf8(workdir.read("school/.gitignore")).unwrap();
    assert!(ignored.contains("keys/") && ignored.contains("private/"));
    let run = issue(&workdir, &["-n", "Ada Lovelace", "-i", "2026-05-14"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("issued: Ada Lovelace"), "{}", run.stderr);
    let public = files(&workdir.path("school/public"));
    let pdf = public.keys().find(|path| path.ends_with("Certificate.pdf")).unwrap();
    let signature = public.keys().find(|path| path.ends_with(".sig")).unwrap();
    let (pdf, signature) = (format!("public/{pdf}"), format!("public/{signature}"));
    let run = workdir.run([
        "--site",
        "school",
        "verify",
        &format!("school/{pdf}"),
        "--signature",
        &format!("school/{signature}"),
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    // A verifier who has only the public files, and gpg.
    let key = public.keys().find(|path| path.ends_with(".asc")).unwrap();
    let folder = workdir.path("school");
    fs::create_dir(workdir.path("school/gnupg")).unwrap();
    let homedir = ["--homedir", "gnupg", "--batch"];
    let gpg =
        |arguments: &[&str]| judge(&folder, "gpg", &[&homedir[..], arguments].concat());
    assert!(gpg(&["--import", &format!("public/{key}")]).status.success());
    assert!(gpg(&["--verify", &signature, &pdf]).status.success());

    let again = workdir.run(["new", "school"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("is not empty"), "{}", again.stderr);
}

#[test]
fn issue_without_a_site_makes_keys_and_publishes() {
    let workdir = Workdir::new();
    let run = workdir.run(["issue", "-n", "Ada Lovelace", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(workdir.names("."), ["keys", "private", "public"]);
    assert!(run.stderr.contains("made keys for Example University"), "{}", run.stderr);
    let object = &run.objects()[0];
    assert_eq!(object["outcome"], "issued");
    let again = workdir.run(["issue", "-n", "Ada Lovelace", "--json"]);
    assert_eq!(again.objects()[0]["outcome"], "unchanged");
    assert_eq!(again.objects()[0]["verify_id"], object["verify_id"]);
    assert!(!again.stderr.contains("made keys"), "{}", again.stderr);
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn recipients_file_reports_each_row_and_can_be_run_again() {
    let workdir = site();
    let people = "\u{feff}name,username,language,grade\r\n\
                  Ada Lovelace,ada,en,Pass\r\n\
                  سيف رمضان ريان,saif,ar,Distinction\r\n\
                  ,unnamed,en,Pass\r\n\
                  \"Ya-Shen Chuang (莊雅善)\",yashen,ja,Pass\r\n\
                  Grace Hopper,grace,xx-nowhere,Pass\r\n";
    workdir.write("people.csv", people);
    let all = [
        "-f",
        "people.csv",
        "--report",
        "report.csv",
        "--zip",
        "all.zip",
        "--print",
        "all.pdf",
    ];
    let run = issue(&workdir, &all);
    assert_eq!(run.code, 1, "{run:?}");
    for words in ["people.csv:4: the name is empty", "people.csv:6", "3 issued, 2 failed"]
    {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let report = workdir.read("report.csv");
    let mut rows = csv::Reader::from_reader(&report[..]);
    let status: Vec<String> =
        rows.records().map(|row| row.unwrap()[3].to_owned()).collect();
    assert_eq!(status, ["issued", "issued", "failed", "issued", "failed"]);

    // One PDF for printing, in the file's order, and an archive of all.
    let check = judge(workdir.path(".").as_path(), "qpdf", &["--check", "all.pdf"]);
    assert!(check.status.success(), "{check:?}");
    let text = judge(workdir.path(".").as_path(), "pdftotext", &["-raw", "all.pdf", "-"]);
    let text = String::from_utf8(text.stdout).unwrap();
    let pages: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert_eq!(pages.len(), 3);
    assert!(pages[0].contains("Ada Lovelace") && pages[2].contains("莊雅善"), "{text}");
    let names = judge(
        workdir.path(".").as_path(),
        "python3",
        &["-m", "zipfile", "-l", "all.zip"],
    );
    let names = String::from_utf8(names.stdout).unwrap();
    for name in ["Ada-Lovelace.pdf", "سيف-رمضان-ريان.pdf", "Ya-Shen-Chuang-莊雅善.pdf"]
    {
        assert!(names.contains(name), "{names}");
    }
    let test = judge(
        workdir.path(".").as_path(),
        "python3",
        &["-m", "zipfile", "-t", "all.zip"],
    );
    assert!(test.status.success());

    // Corrected and run again: issued certificates stay as they are.
    let before = files(&workdir.path("school/public"));
    workdir.write(
        "people.csv",
        people.replace(",unnamed", "Mary Jackson,unnamed").replace("xx-nowhere", "es"),
    );
    let run = issue(&workdir, &["-f", "people.csv", "--report", "report.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("2 issued, 3 unchanged, 0 failed"), "{}", run.stderr);
    let after = files(&workdir.path("school/public"));
    assert!(before.iter().all(|(path, bytes)| after[path] == *bytes));
    let rows: Vec<Value> = serde_json::from_slice(&workdir.read("report.json")).unwrap();
    assert_eq!(rows[2]["name"], "Mary Jackson");
    assert_eq!(ids(&workdir).len(), 5);
}

/// A warning that many certificates have is told once, with their number and languages.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn warnings_of_a_run_are_told_once_with_a_count() {
    let workdir = site();
    workdir.write(
        "people.csv",
        "name,language\nAda Lovelace,cs\nGrace Hopper,cs\nEmmy Noether,de\n\
         Mary Jackson,en\n",
    );
    for more in [&["--dry-run"][..], &[]] {
        let run = issue(&workdir, &[&["-f", "people.csv"][..], more].concat());
        assert_eq!(run.code, 0, "{run:?}");
        let lines = run.stderr.lines().filter(|line| line.contains("is not given in `"));
        let kinds: Vec<&str> =
            lines.map(|line| line.split_once(" is not given in ").unwrap().0).collect();
        let distinct: std::collections::BTreeSet<&&str> = kinds.iter().collect();
        assert!(!kinds.is_empty() && distinct.len() == kinds.len(), "{}", run.stderr);
        let counted = run.stderr.matches("; 3 times)").count();
        assert_eq!(counted, kinds.len(), "{}", run.stderr);
    }
}

/// What an archive lacks is named, and nothing else of the run is lost.
#[test]
fn lost_pdfs_are_named_by_archives_and_prints() {
    let workdir = site();
    workdir.write("people.csv", "name,username\nAda Lovelace,ada\nGrace Hopper,grace\n");
    assert_eq!(issue(&workdir, &["-f", "people.csv"]).code, 0);
    let pdf = |folder: &str| {
        let public = files(&workdir.path(folder));
        public.into_keys().find(|path| path.ends_with(".pdf")).unwrap()
    };
    fs::remove_file(workdir.path("school/public").join(pdf("school/public"))).unwrap();
    let options = ["-f", "people.csv", "--zip", "all.zip", "--print", "all.pdf"];
    for report in ["report.csv", "report.json"] {
        let run = issue(&workdir, &[&options[..], &["--report", report]].concat());
        assert_eq!(run.code, 1, "{run:?}");
        assert_eq!(run.stderr.matches("is lost, and is left out").count(), 1, "{run:?}");
        assert!(run.stderr.contains("2 unchanged"), "{run:?}");
    }
    let rows: Vec<Value> = serde_json::from_slice(&workdir.read("report.json")).unwrap();
    let messages = rows.iter().map(|row| row["message"].as_str());
    let lost: Vec<usize> =
        messages.enumerate().filter_map(|(at, it)| it.map(|_| at)).collect();
    let [lost] = lost[..] else { panic!("{rows:?}") };
    assert!(rows[lost]["verify_id"].is_string() && rows[lost]["verify_url"].is_string());
    let zip = fs::File::open(workdir.path("all.zip")).unwrap();
    let zip = zip::ZipArchive::new(zip).unwrap();
    let kept = if lost == 0 { "Grace-Hopper.pdf" } else { "Ada-Lovelace.pdf" };
    let names: Vec<_> = zip.file_names().map(Result::unwrap).collect();
    assert_eq!(names, [kept]);

    // With all of them lost there is nothing to print, and the report says so all the same.
    fs::remove_file(workdir.path("school/public").join(pdf("school/public"))).unwrap();
    fs::remove_file(workdir.path("report.csv")).unwrap();
    let run = issue(&workdir, &[&options[..], &["--report", "report.csv"]].concat());
    assert_eq!(run.code, 1, "{run:?}");
    let report = String::from_utf8(workdir.read("report.csv")).unwrap();
    assert_eq!(report.matches("is lost, and is left out").count(), 2, "{report}");
}

/// Reports, archives and prints are about many recipients: only their owner can read them. No cell
/// of a report is a formula, whatever row failed.
#[cfg(unix)]
#[test]
fn files_of_a_run_are_closed_and_hold_no_formulas() {
    use std::os::unix::fs::PermissionsExt;

    let workdir = site();
    workdir.write(
        "people.csv",
        "name,username,language,grade\n\
         Ada Lovelace,=ada,en,Pass\n\
         \"=HYPERLINK(\"\"x\"\")\",+eve,xx-nowhere,Pass\n\
         @Mallory,-mal,en,Pass\n\
         \"\t=1+1\",tab,xx-nowhere,Pass\n",
    );
    // A file that others can read before is closed too.
    workdir.write("report.csv", "");
    let mut files = vec!["report.csv", "report.json", "all.zip", "all.pdf"];
    for report in ["report.csv", "report.json"] {
        let options = ["-f", "people.csv", "--zip", "all.zip", "--print", "all.pdf"];
        let keep = ["--keep", "grade", "--report", report];
        let run = issue(&workdir, &[&options[..], &keep].concat());
        assert_eq!(run.code, 1, "{run:?}");
    }
    files.retain(|file| {
        let mode = fs::metadata(workdir.path(file)).unwrap().permissions().mode();
        mode & 0o777 != 0o600
    });
    assert!(files.is_empty(), "{files:?} can be read by others");

    let report = workdir.read("report.csv");
    let mut rows = csv::Reader::from_reader(&report[..]);
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().filter(|row| &row[3] == "failed").count(), 2, "{rows:?}");
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{rows:?}");
    }
}

/// An input that is a link out of the site is refused by its name.
#[cfg(unix)]
#[test]
fn inputs_that_are_links_out_of_the_site_are_refused() {
    use std::os::unix::fs::symlink;

    let workdir = site();
    workdir.write("outside/secret.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    workdir.write("outside/course.yaml", "");
    let outside = |name: &str| workdir.path("outside").join(name);
    for (folder, name, target) in [
        ("signatures", "secret.svg", outside("secret.svg")),
        ("courses", "other.yaml", outside("course.yaml")),
        ("layouts/mine", "layout.typ", outside("course.yaml")),
        ("images", "logos", workdir.path("outside")),
        ("fonts", "x.ttf", "../../outside/secret.svg".into()),
    ] {
        let folder_path = workdir.path("school").join(folder);
        fs::create_dir_all(&folder_path).unwrap();
        let link = folder_path.join(name);
        symlink(target, &link).unwrap();
        let run = issue(&workdir, &["-n", "Ada Lovelace"]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("is a link out of the site"), "{run:?}");
        assert!(run.stderr.contains(&format!("{folder}/{name}")), "{run:?}");
        fs::remove_file(link).unwrap();
    }
    // One inside of it is followed.
    let folder = workdir.path("school/signatures");
    let signature = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().file_name();
    symlink(&signature, folder.join("same.svg")).unwrap();
    fs::remove_dir_all(workdir.path("school/layouts")).unwrap();
    let run = issue(&workdir, &["-n", "Ada Lovelace"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn folders_that_would_publish_keys_are_refused() {
    let workdir = site();
    for (output, keys) in [
        ("school", "school/keys"),
        ("school/keys", "school/keys"),
        ("school/private", "school/keys"),
        (".", "school/keys"),
    ] {
        let run = issue(&workdir, &["-n", "Ada", "--output", output, "--keys", keys]);
        assert_eq!(run.code, 1, "{output} {keys}: {run:?}");
        assert!(run.stderr.contains("would be published"), "{run:?}");
        assert!(run.stderr.contains("--output"), "{run:?}");
    }
    fs::rename(workdir.path("school/keys"), workdir.path("own-keys")).unwrap();
    let keys = ["--keys", "own-keys"];
    let run =
        issue(&workdir, &[&["-n", "Ada", "--output", "own-keys"][..], &keys].concat());
    assert!(run.stderr.contains("the keys would be published"), "{run:?}");
    let run = issue(&workdir, &[&["-n", "Ada"][..], &keys].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let moved = workdir.path("school/public/keys2");
    fs::rename(workdir.path("own-keys"), moved).unwrap();
    for command in [
        &["issue", "-n", "Ada"][..],
        &["restore"],
        &["erase", "--recipient", "Ada", "--yes"],
        &["revoke", "--recipient", "Ada", "--yes", "--reason", "x"],
    ] {
        let site = ["--site", "school"];
        let keys = ["--keys", "school/public/keys2"];
        let run = workdir.run([&site[..], command, &keys].concat());
        assert_eq!(run.code, 1, "{run:?}");
        assert!(
            run.stderr.contains("the keys would be published"),
            "{command:?}: {run:?}"
        );
    }
}

#[test]
fn invalid_recipients_files_and_options_are_refused() {
    let workdir = site();
    workdir.write("latin1.csv", b"name\nJos\xe9\n");
    let run = issue(&workdir, &["-f", "latin1.csv"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("latin1.csv:2: the file is not UTF-8"), "{}", run.stderr);
    workdir.write("twice.txt", "Ada Lovelace\nGrace Hopper\n Ada  Lovelace\n");
    let run = issue(&workdir, &["-f", "twice.txt", "--names"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("the same recipient at twice.txt:1 and twice.txt:3"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("1 issued, 2 failed"), "{}", run.stderr);
    let run = issue(&workdir, &["-f", "twice.txt", "--names", "--zip", "all.tar"]);
    assert_eq!(run.code, 2, "{run:?}");
    let run = issue(&workdir, &["-f", "twice.txt", "--names", "--report", "all.xls"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(issue(&workdir, &[]).code, 2);
}

#[test]
fn recipients_file_makes_bilingual_specimens_on_letter_paper() {
    let workdir = site();
    let header = "name,username,layout,language,second_language,paper";
    workdir.write(
        "people.csv",
        format!("{header}\nAda Lovelace,ada,bilingual,en,es,letter\n"),
    );
    let run = issue(&workdir, &["-f", "people.csv", "--specimen"]);
    assert_eq!(run.code, 0, "{run:?}");
    let list = workdir.run(["--site", "school", "list", "--json"]).objects();
    assert_eq!((list.len(), &list[0]["status"]), (1, &Value::from("specimen")));
    let public = files(&workdir.path("school/public"));
    let pdf = public.keys().find(|path| path.ends_with("Certificate.pdf")).unwrap();
    let pdf = format!("school/public/{pdf}");
    let print = |program, line: &[&str]| {
        let output = judge(&workdir.path("."), program, line);
        String::from_utf8(output.stdout).unwrap()
    };
    let info = print("pdfinfo", &[&pdf]);
    assert!(info.contains("792 x 612 pts (letter)"), "{info}");
    let text = print("pdftotext", &[&pdf, "-"]);
    assert!(text.contains("certify that") && text.contains("certifica"), "{text}");
    let run = workdir.run(["--site", "school", "verify", &pdf]);
    assert_eq!(run.code, 1, "a specimen certifies nothing: {run:?}");
    let report = String::from_utf8(run.stdout).unwrap();
    assert!(report.starts_with("specimen: "), "{report}");
}

#[test]
fn dry_run_publishes_nothing() {
    let workdir = site();
    workdir.write("people.txt", "Ada Lovelace\nAda 𓀀\n");
    let run = issue(&workdir, &["-f", "people.txt", "--names", "--dry-run"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr.contains("1 would be issued, 0 not passed, 1 failed"),
        "{}",
        run.stderr
    );
    assert!(
        !workdir.path("school/public").exists()
            && !workdir.path("school/private").exists()
    );
}

#[test]
fn list_find_revoke_and_erase_use_the_register() {
    let workdir = site();
    workdir.write(
        "people.csv",
        "name,username\nAda Lovelace,ada\nÉmilie du Châtelet,emilie\n",
    );
    assert_eq!(issue(&workdir, &["-f", "people.csv"]).code, 0);
    let ask = |line: &[&str]| workdir.run(["--site", "school"].iter().chain(line));
    let found = ask(&["find", "emilie DU chat", "--json"]);
    let found = found.objects();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["name"], "Émilie du Châtelet");
    let csv = ask(&["list", "--csv"]);
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(ask(&["list", "-c", "other", "--json"]).objects().is_empty());

    let page = found[0]["verify_url"].as_str().unwrap();
    let run = ask(&["revoke", page, "--reason", "a mistake"]);
    assert_eq!(run.code, 2, "without a terminal nothing is done: {run:?}");
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
    assert_eq!(ask(&["find", "emilie", "--json"]).objects()[0]["status"], "valid");
    let run = ask(&["revoke", page, "--reason", "a mistake", "--yes"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("revoked: Émilie du Châtelet"), "{}", run.stderr);
    assert_eq!(ask(&["find", "emilie", "--json"]).objects()[0]["status"], "revoked");
    let refused = issue(&workdir, &["-n", "Émilie du Châtelet", "-u", "emilie"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("--reissue"), "{}", refused.stderr);
    let back =
        issue(&workdir, &["-n", "Émilie du Châtelet", "-u", "emilie", "--reissue"]);
    assert_eq!(back.code, 0, "{back:?}");

    let ada = ask(&["find", "Lovelace", "--json"]).objects()[0]["verify_id"].clone();
    let run = ask(&["erase", ada.as_str().unwrap(), "--yes"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(ask(&["find", "Lovelace", "--json"]).objects().is_empty());
    assert_eq!(ids(&workdir).len(), 3);
    assert_eq!(ask(&["revoke", "nonsense", "--reason", "x"]).code, 1);
    assert_eq!(ask(&["revoke", &"0".repeat(32), "--reason", "x"]).code, 3);
}

/// Kills a run over a recipients file `times` times, at varying moments, and lets the last run
/// finish.
fn kill_repeatedly(times: u64, people: usize) {
    let workdir = site();
    let list: String =
        (0..people).map(|n| format!("Person Number{n},person{n}\n")).collect();
    workdir.write("people.csv", format!("name,username\n{list}"));
    let mut seed = 7_u64;
    for round in 0..times {
        // Every third time two runs work on the same file.
        let mut runs: Vec<_> = (0..1 + usize::from(round % 3 == 0))
            .map(|_| {
                Command::new(env!("CARGO_BIN_EXE_testamur"))
                    .args(["--site", "school", "issue", "-f", "people.csv"])
                    .current_dir(workdir.path("."))
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(120 + (seed >> 33) % 700));
        for run in &mut runs {
            run.kill().unwrap();
            run.wait().unwrap();
        }
        assert_consistent(&workdir);
    }
    let run = issue(&workdir, &["-f", "people.csv"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(assert_consistent(&workdir), people);
    let public = files(&workdir.path("school/public"));
    let pdfs = public.keys().filter(|path| path.ends_with(".pdf")).count();
    assert_eq!(pdfs, people, "one PDF for each recipient");
}

/// Asserts that each record has its PDF and page, and that they agree. Returns the number of
/// records.
fn assert_consistent(workdir: &Workdir) -> usize {
    let public = files(&workdir.path("school/public"));
    let mut records = 0;
    for (path, bytes) in &public {
        let Some(folder) = path.strip_suffix("certificate.json") else { continue };
        let record: Value = serde_json::from_slice(bytes).unwrap();
        let certificate = &record["certificate"];
        let pdf = &public[certificate["pdf"]["path"].as_str().unwrap()];
        assert_eq!(certificate["pdf"]["bytes"], pdf.len());
        let page = String::from_utf8_lossy(&public[&format!("{folder}index.html")]);
        assert!(page.contains(certificate["pdf"]["sha256"].as_str().unwrap()));
        assert!(public.contains_key(certificate["signature"]["path"].as_str().unwrap()));
        records += 1;
    }
    // No page is published before its PDF.
    let pages = public.keys().filter(|path| path.ends_with("index.html"));
    let pdfs = public.keys().filter(|path| path.ends_with("Certificate.pdf")).count();
    assert!(pages.count() <= pdfs);
    records
}

#[test]
fn killed_issue_run_resumes() {
    kill_repeatedly(6, 30);
}

/// Kills runs while they give the files of a batch their paths.
#[test]
fn issue_run_killed_while_a_batch_is_published_resumes() {
    let people = 80;
    let workdir = site();
    let list: String = (0..people).map(|n| format!("Person Number{n}\n")).collect();
    workdir.write("people.txt", list);
    let count = |end: &str| {
        let public = files(&workdir.path("school/public"));
        public.keys().filter(|path| path.ends_with(end)).count()
    };
    // The folders of PDFs, which are quicker to count than their files.
    let folders = || {
        let folder = workdir.path("school/public/downloads");
        std::fs::read_dir(folder).map_or(0, |entries| entries.count())
    };
    for round in 0..8 {
        let before = folders();
        let mut run = Command::new(env!("CARGO_BIN_EXE_testamur"))
            .args(["--site", "school", "issue", "-f", "people.txt", "--names"])
            .current_dir(workdir.path("."))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while folders() == before && run.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_millis(round));
        run.kill().unwrap();
        run.wait().unwrap();
        assert_consistent(&workdir);
    }
    let run = issue(&workdir, &["-f", "people.txt", "--names"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(assert_consistent(&workdir), people);
    assert_eq!(count(".pdf"), people, "one PDF for each recipient");
    for store in ["public", "private"] {
        let left = workdir.names(&format!("school/{store}/.testamur"));
        assert!(!left.iter().any(|name| name.contains("batch")), "{store}: {left:?}");
    }
}

#[test]
#[ignore = "takes minutes"]
fn issue_run_killed_two_hundred_times_resumes() {
    kill_repeatedly(200, 600);
}

#[cfg(unix)]
#[test]
fn interrupted_issue_run_finishes_begun_certificates() {
    let workdir = site();
    let list: String = (0..400).map(|n| format!("Person Number{n}\n")).collect();
    workdir.write("people.txt", list);
    let mut run = Command::new(env!("CARGO_BIN_EXE_testamur"))
        .args(["--site", "school", "issue", "-f", "people.txt", "--names"])
        .current_dir(workdir.path("."))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while files(&workdir.path("school/public")).len() < 20 {
        std::thread::sleep(Duration::from_millis(20));
        assert!(run.try_wait().unwrap().is_none(), "the run ended too early");
    }
    let stop = Command::new("kill").args(["-INT", &run.id().to_string()]).status();
    assert!(stop.unwrap().success());
    let status = run.wait().unwrap();
    let mut stderr = String::new();
    run.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("run the same command again"), "{stderr}");
    let public = files(&workdir.path("school/public"));
    let pdfs = public.keys().filter(|path| path.ends_with(".pdf")).count();
    assert_eq!(assert_consistent(&workdir), pdfs, "begun certificates are complete");
    assert!(!public.keys().any(|path| path.contains("/.")), "no temporary file is left");
}
