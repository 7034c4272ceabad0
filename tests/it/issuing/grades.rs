//! Grades on the scale of their course, from the recipients file to the report.

use std::fs;

use serde_json::{Value, json};
use testamur::register::IssueOutcome;

use crate::workdir::{Run, Workdir};

/// A site with one course of these lines, in a layout that prints the grade.
fn site(grades: &str) -> Workdir {
    let workdir = Workdir::new();
    let made =
        workdir.run(["new", "school", "--url", "https://certificates.example.org"]);
    assert_eq!(made.code, 0, "{made:?}");
    workdir.write(
        "school/courses.yaml",
        format!(
            "knots:\n  title: Knots\n  organization: Example University\n  language: en\n  \
             layout: dynamic\n{grades}"
        ),
    );
    workdir
}

fn run(workdir: &Workdir, command: &str, arguments: &[&str]) -> Run {
    workdir.run(["--site", "school", command, "-c", "knots"].iter().chain(arguments))
}

const POINTS: &str = "  grades: { scale: points, max: 20, pass: 10 }\n  outcomes:\n    \
                      Pass: \"\"\n    \">= 18\": \"passed with {{ grade }}\"\n";

const PEOPLE: &str = "name,language,grade\nAda Lovelace,en,18.5\nEmmy Noether,de,\"18,5\"\n\
                      Grace Hopper,en,9.5\nMary Sample,en,Fail\nRosa Wrong,en,93\n\
                      Sofia Wrong,en,\"18,5\"\nNo Grade,en,\n";

#[test]
fn each_row_has_the_outcome_of_its_grade() {
    let workdir = site(POINTS);
    workdir.write("people.csv", PEOPLE);
    let plan = run(&workdir, "issue", &["-f", "people.csv", "--dry-run"]);
    assert!(
        plan.stderr.contains("2 would be issued, 2 not passed, 3 failed"),
        "{plan:?}"
    );
    for report in ["report.csv", "report.json"] {
        let all = ["-f", "people.csv", "--report", report, "--json", "-i", "2026-05-14"];
        let issued = run(&workdir, "issue", &all);
        assert_eq!(issued.code, 1, "{issued:?}");
        for words in [
            "people.csv:4: not passed: the grade `9.5` is below the pass mark 10",
            "people.csv:5: not passed: the grade is `Fail`",
            "people.csv:6: the grade `93` is outside of the scale, 0 to 20 points",
            "people.csv:7: cannot read the grade `18,5`",
            "people.csv:8: there is no grade",
            ", 2 not passed, 3 failed",
        ] {
            assert!(issued.stderr.contains(words), "{words}: {}", issued.stderr);
        }
        let text = String::from_utf8(issued.stdout).unwrap();
        assert_eq!(text.matches("\"not-passed\"").count(), 2, "{text}");
    }
    let report = workdir.read("report.csv");
    let mut rows = csv::Reader::from_reader(&report[..]);
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    assert_eq!((&rows[2][3], &rows[2][1]), ("not-passed", "Grace Hopper"));
    assert!(rows[2][9].contains("below the pass mark 10"), "{:?}", rows[2]);
    let report: Value = serde_json::from_slice(&workdir.read("report.json")).unwrap();
    assert_eq!(report.as_array().unwrap().len(), 7);
    // What is printed follows the language.
    let drawn =
        run(&workdir, "render", &["-f", "people.csv", "--format", "sheet", "-o", "out/"]);
    assert!(drawn.stderr.contains("3 made, 2 not passed, 2 failed"), "{}", drawn.stderr);
    let sheet = |name: &str| fs::read_to_string(workdir.path(name)).unwrap();
    assert!(sheet("out/knots-Ada-Lovelace.json").contains("18.5/20"));
    assert!(sheet("out/knots-Emmy-Noether.json").contains("18,5/20"));
}

#[test]
fn only_not_passed_is_no_failure() {
    let workdir = site(POINTS);
    workdir.write("people.csv", "name,grade\nAda,9\nEmmy,F\n");
    let issued = run(&workdir, "issue", &["-f", "people.csv"]);
    assert_eq!(issued.code, 0, "{issued:?}");
    assert!(issued.stderr.contains("0 issued, 2 not passed, 0 failed"), "{issued:?}");
    let one = run(&workdir, "issue", &["-n", "Ada", "-g", "9"]);
    assert_eq!(one.code, 0, "{one:?}");
    assert!(one.stderr.contains("not passed: the grade `9`"), "{}", one.stderr);
    let drawn = run(&workdir, "render", &["-n", "Ada", "-g", "9"]);
    assert_eq!((drawn.code, workdir.path("drafts").exists()), (0, false), "{drawn:?}");
    assert!(workdir.run(["--site", "school", "list", "--json"]).objects().is_empty());
}

#[test]
fn number_without_scale_is_refused_with_an_example() {
    for outcomes in ["", "  outcomes: { Pass: '', '>= 0.9': with honours }\n"] {
        let workdir = site(outcomes);
        for grade in ["93", "0,93", "45"] {
            let issued = run(&workdir, "issue", &["-n", "Ada", "-g", grade]);
            assert_eq!(issued.code, 1, "{issued:?}");
            let help = "grades: { scale: percent, pass: 50 }";
            assert!(issued.stderr.contains(help), "{}", issued.stderr);
        }
        let issued = run(&workdir, "issue", &["-n", "Ada", "-g", "passed"]);
        assert_eq!(issued.code, 0, "{issued:?}");
    }
}

#[test]
fn text_that_is_no_outcome_of_the_course_fails_its_row() {
    let workdir = site("  outcomes: { Pass: '', Distinction: with distinction }\n");
    workdir.write(
        "people.csv",
        "Name,Result\nAda,Distincton\nBob,Bestanden\nEva,dropped out\n",
    );
    let issued = run(&workdir, "issue", &["-f", "people.csv"]);
    assert_eq!(issued.code, 1, "{issued:?}");
    for words in [
        "people.csv:2: the grade `Distincton` is neither an outcome of the course, which has \
         `Pass`, `Distinction`",
        "did you mean `Distinction`?",
        "people.csv:4: not passed",
        "1 issued, 1 not passed, 1 failed",
    ] {
        assert!(issued.stderr.contains(words), "no {words} in {}", issued.stderr);
    }
}

#[test]
fn grade_that_does_not_pass_leaves_the_certificate_as_it_is() {
    let workdir = site(POINTS);
    assert_eq!(run(&workdir, "issue", &["-n", "Ada", "-g", "18"]).code, 0);
    let list = || {
        let mut objects = workdir.run(["--site", "school", "list", "--json"]).objects();
        // When it was asked.
        objects.iter_mut().for_each(|object| object["as_of"] = json!(null));
        objects
    };
    let before = list();
    let low = run(&workdir, "issue", &["-n", "Ada", "-g", "5", "--replace", "--json"]);
    assert_eq!((low.code, &low.objects()[0]["outcome"]), (0, &json!("not-passed")));
    assert_eq!(list(), before);
    let again = run(&workdir, "issue", &["-n", "Ada", "-g", "18", "--json"]);
    let unchanged = IssueOutcome::Unchanged.as_str();
    assert_eq!(again.objects()[0]["outcome"], unchanged, "{again:?}");
    // The report names the certificate that stands.
    let id =
        before[0]["id"].as_str().or(before[0]["verify_id"].as_str()).unwrap().to_owned();
    workdir.write("low.csv", "name,grade\nAda,5\nBob,4\n");
    let low = run(
        &workdir,
        "issue",
        &["-f", "low.csv", "--replace", "--report", "low.report.csv"],
    );
    assert_eq!(low.code, 0, "{low:?}");
    let stands =
        format!("has the certificate {id}, which stays valid until it is revoked");
    assert_eq!(low.stderr.matches(&stands).count(), 1, "{}", low.stderr);
    assert!(low.stderr.contains(&format!("testamur revoke {id}")), "{}", low.stderr);
    let report = workdir.read("low.report.csv");
    let rows: Vec<_> =
        csv::Reader::from_reader(&report[..]).records().map(Result::unwrap).collect();
    assert_eq!([&rows[0][4], &rows[1][4]], [&id, ""]);
    let plan = run(&workdir, "issue", &["-f", "low.csv", "--dry-run"]);
    assert!(plan.stderr.contains(&stands), "{}", plan.stderr);
    // What differs is told without the template.
    workdir.write("low.csv", "name,grade\nAda,11\n");
    let differs = run(&workdir, "issue", &["-f", "low.csv"]);
    assert!(
        differs.stderr.contains("outcome `passed with …` is gone"),
        "{}",
        differs.stderr
    );
}
