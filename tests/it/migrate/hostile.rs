//! Installations that are broken, hostile or half there: a report each, and nothing outside of NEW.

use std::fs;

use super::installation::{Ended, Installation, tree};
use crate::workdir::Workdir;

/// Migrates `old`, and returns the report. The program ends by itself.
fn report(dir: &Workdir) -> String {
    let run = dir.run(["migrate", "old", "new"]);
    assert!([0, 1].contains(&run.code), "{}", run.stderr);
    assert!(dir.path("new/testamur.yaml").exists(), "{}", run.stderr);
    run.output()
}

#[test]
fn broken_files_are_named_and_the_rest_is_taken() {
    for (name, text, expected) in [
        ("env.json", "{", "it is no JSON"),
        ("env.json", "[1]", "it holds no object"),
        ("env.json", "", "it is no JSON"),
        ("auth.json", "\u{feff}{}", "QUEUE_PASS"),
        ("private/cert-data.yml", "a: [", "cert-data.yml"),
        ("private/cert-data.yml", "- a\n- b\n", "it holds no map of courses"),
        (
            "private/cert-data.yml",
            "a: !!python/object/apply:os.system ['touch pwned']\n",
            "was not followed",
        ),
        ("private/cert-data.yml", "", "a copy of it is legacy/cert-data.yml"),
        (
            "private/cert-data.yml",
            "defaults: { LONG_COURSE: x }\n",
            "cannot be the id of a course",
        ),
        ("private/template_data/valid.html", "{NAME} autoescape", "`autoescape`"),
        ("private/template_data/fonts/x.ttf", "no font", "it is no font"),
        (
            "private/template_data/v1-cert-templates/certificate-template-ExampleX-CS101.pdf",
            "no",
            "it is no PDF",
        ),
    ] {
        let old = Installation::whole("");
        old.dir.write(&format!("old/{name}"), text);
        let report = report(&old.dir);
        assert!(report.contains(expected), "{name}: {expected}\n{report}");
        assert!(!old.dir.path("pwned").exists());
    }
    let old = Installation::whole("");
    old.dir.write("old/private/cert-data.yml", b"a: \xff\n");
    assert!(report(&old.dir).contains("the file is no UTF-8"));
}

#[test]
fn half_an_installation_is_reported() {
    for missing in ["env.json", "auth.json", "private/cert-data.yml"] {
        let old = Installation::whole("");
        fs::remove_file(old.dir.path(&format!("old/{missing}"))).unwrap();
        let report = report(&old.dir);
        assert!(report.contains("needs a person"), "{missing}\n{report}");
    }
    let dir = Workdir::new();
    fs::create_dir_all(dir.path("old")).unwrap();
    assert!(report(&dir).contains("neither cert-data.yml nor template_data"));
}

#[test]
fn what_leads_out_of_the_old_installation_is_not_read() {
    let old = Installation::whole("");
    old.dir.write("secret.html", "{NAME} SECRET");
    old.dir.write("secret/certificate-template-ExampleX-CS101.pdf", b"%PDF-1.4 SECRET");
    let data = old.dir.path("old/private/template_data");
    fs::remove_file(data.join("valid.html")).unwrap();
    fs::remove_dir_all(data.join("v1-cert-templates")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(old.dir.path("secret.html"), data.join("valid.html"))
            .unwrap();
        std::os::unix::fs::symlink(
            old.dir.path("secret"),
            data.join("v1-cert-templates"),
        )
        .unwrap();
    }
    let courses = "ExampleX/UP/1: { TEMPLATEFILE: ../../../secret.html }\n";
    old.dir.write("old/private/cert-data.yml", courses);
    let report = report(&old.dir);
    assert!(report.contains("it is a link out of the folder"), "{report}");
    assert!(report.contains("leads out of the folder of templates"), "{report}");
    for (name, bytes) in tree(&old.dir.path("new")) {
        assert!(!bytes.windows(6).any(|it| it == b"SECRET"), "{name}");
    }
}

#[test]
fn new_site_has_a_place_of_its_own() {
    let old = Installation::whole("");
    old.dir.write("full/file", "x");
    fs::create_dir_all(old.dir.path("empty")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(old.dir.path("empty"), old.dir.path("link")).unwrap();
    let before = old.old_files();
    for (new, why) in [
        ("full", "is not empty"),
        ("old/new", "may not be inside of the old one"),
        (".", "is not empty"),
        ("link", "may not be a link"),
        ("full/file", "there is something else of that name"),
    ] {
        let run = old.dir.run(["migrate", "old", new]);
        run.ends(1);
        assert!(run.stderr.contains(why), "{new}: {}", run.stderr);
    }
    assert_eq!(old.old_files(), before);
    old.dir.run(["migrate", "old", "empty"]).ends(1);
    assert!(old.dir.path("empty/testamur.yaml").exists());
    old.dir.run(["migrate", "nowhere", "new"]).ends(1);
}

#[test]
fn huge_and_nested_courses_end() {
    let dir = Workdir::new();
    let mut courses = String::new();
    for number in 0..5_000 {
        courses
            .push_str(&format!("O/C{number}/R: {{ LONG_COURSE: \"Title {number}\" }}\n"));
    }
    courses.push_str("bomb: &a0 { x: [1, 2, 3, 4, 5, 6, 7, 8, 9] }\n");
    for level in 1..30 {
        let last = vec![format!("*a{}", level - 1); 9].join(", ");
        courses.push_str(&format!("b{level}: &a{level} {{ x: [{last}] }}\n"));
    }
    dir.write("old/cert-data.yml", courses);
    let report = report(&dir);
    assert!(report.contains("too large for `legacy`"), "{report}");
    assert!(report.contains("5030 times"), "{report}");
}
