//! What large forks had that the old program had not: templates by the key of the course, renderers of
//! their own, places of their own, and settings that a site refuses.

use std::fs;

use super::installation::{Ended, pdf};
use crate::workdir::Workdir;

const A4: (u32, u32) = (842, 595);

fn report(dir: &Workdir) -> String {
    let run = dir.run(["migrate", "old", "new"]);
    run.ends(0).output()
}

/// A PDF with a black field where names stand, from there on.
fn dark_pdf(from: u32) -> Vec<u8> {
    field_pdf(&format!("0 g {from} 300 {} 90 re f", 842 - from))
}

fn field_pdf(field: &str) -> Vec<u8> {
    let text = String::from_utf8(pdf(A4)).unwrap();
    let frame = "0.5 0.2 0.2 RG 4 w 20 20 802 555 re S";
    assert!(text.contains(frame));
    let text = text.replace(frame, &format!("{field:<width$}", width = frame.len()));
    text.into_bytes()
}

#[test]
fn template_that_messages_name_by_the_key_of_the_course_is_taken() {
    let dir = Workdir::new();
    let course = |number: &str| {
        format!(
            "KEY/{number}/2014:\n  ORG: own\n  LONG_ORG: Own\n  LONG_COURSE: Course {number}\n"
        )
    };
    dir.write("old/cert-data.yml", course("101") + &course("102") + &course("103"));
    let folder = "old/template_data/v1-cert-templates/certificate-template";
    // Of the first course both, of the second that of the key, of the third one of the key alone.
    dir.write(&format!("{folder}-own-101.pdf"), pdf(A4));
    dir.write(&format!("{folder}-KEY-101.pdf"), pdf((842, 596)));
    dir.write(&format!("{folder}-KEY-102.pdf"), pdf((842, 597)));
    dir.write(&format!("{folder}-KEY-103-verified.pdf"), pdf((842, 598)));
    let report = report(&dir);
    for line in [
        "certificate-template-own-102.pdf: missing: the template that messages name",
        "certificate-template-own-103.pdf: a template that is missing, unlike others",
    ] {
        assert!(report.contains(line), "{line}\n{report}");
    }
    let layout = String::from_utf8(dir.read("new/layouts/own-101/layout.typ")).unwrap();
    assert!(!layout.contains("hairline("), "a rule would cross the template: {layout}");
    let courses = String::from_utf8(dir.read("new/courses.yaml")).unwrap();
    for line in [
        "certificate-template-own-101.pdf: own-101",
        "certificate-template-KEY-101.pdf: KEY-101",
        "background: certificate-template-KEY-102.pdf",
        "certificate-template-KEY-103-verified.pdf: KEY-103-verified",
    ] {
        assert!(courses.contains(line), "{line}\n{courses}");
    }
}

#[test]
fn renderer_of_a_fork_has_slots_over_its_template() {
    let dir = Workdir::new();
    dir.write(
        "old/cert-data.yml",
        "a/B/C:\n  LONG_COURSE: Course of a fork\n  LONG_ORG: Own\n  VERSION: Fork\n",
    );
    let template = "old/template_data/vFork-cert-templates/certificate-template-a-B.pdf";
    dir.write(template, pdf(A4));
    let report = report(&dir);
    assert!(report.contains("over a template slots, which the studio moves"), "{report}");
    assert!(!report.contains("cannot be read"), "{report}");
    let layout = String::from_utf8(dir.read("new/layouts/classic-template/layout.yaml"));
    assert!(layout.unwrap().contains("slots:"));
    let run = dir.run(["--site", "new", "check"]);
    assert!(run.stderr.contains("pages passed their proof, 0 failed"), "{}", run.stderr);
}

#[test]
fn template_that_long_names_meet_stays_and_is_told() {
    let dir = Workdir::new();
    dir.write(
        "old/cert-data.yml",
        "a/B/C:\n  LONG_COURSE: Course\n  LONG_ORG: Own\na/D/C:\n  LONG_COURSE: Course\n  LONG_ORG: Own\n",
    );
    let folder = "old/template_data/v1-cert-templates/certificate-template";
    dir.write(&format!("{folder}-a-B.pdf"), dark_pdf(600));
    dir.write(&format!("{folder}-a-D.pdf"), dark_pdf(100));
    let report = report(&dir);
    let long = "the template: long names meet what the template draws";
    assert!(report.contains(long) && report.contains("(a/B/C)"), "{report}");
    assert!(report.contains("its page cannot be read"), "{report}");
    let courses = String::from_utf8(dir.read("new/courses.yaml")).unwrap();
    assert!(courses.contains("background: certificate-template-a-B.pdf"), "{courses}");
    assert!(!courses.contains("background: certificate-template-a-D.pdf"), "{courses}");
    assert!(!courses.contains("#000000"), "black letters helped nowhere: {courses}");
}

#[test]
fn dark_band_under_a_part_of_the_code_is_told() {
    let dir = Workdir::new();
    dir.write("old/cert-data.yml", "a/B/C:\n  LONG_COURSE: Course\n  LONG_ORG: Own\n");
    let template = "old/template_data/v1-cert-templates/certificate-template-a-B.pdf";
    dir.write(template, field_pdf("0 g 640 130 90 20 re f"));
    let report = report(&dir);
    let told = "its page cannot be read (the code of the verify link has a contrast of";
    assert!(report.contains(told), "{report}");
}

#[test]
fn places_that_the_own_program_moved_are_told() {
    let dir = Workdir::new();
    fs::create_dir_all(dir.path("old/template_data")).unwrap();
    let code = |first: &str| {
        let places = [first, "155", "132.5", "108", "99", "78", "28"];
        let lines =
            places.map(|it| format!("        paragraph.drawOn(c, 49 * mm, {it} * mm)\n"));
        format!("class A:\n    def _generate_v1_certificate(self):\n{}", lines.concat())
    };
    let told = "the installation's program draws in other places than the old one (no line at 163 mm)";
    for (first, is_told) in [("163", false), ("150", true)] {
        dir.write("old/gen_cert.py", code(first));
        let run = dir.run(["migrate", "old", &format!("new{first}")]);
        assert_eq!(run.ends(0).output().contains(told), is_told, "{}", run.output());
    }
}

#[test]
fn settings_that_a_site_refuses_are_left_out_and_told() {
    for (settings, told) in [
        (r#""QUEUE_URL": "gopher://x""#, "QUEUE_URL: `gopher://x` is no address"),
        (r#""QUEUE_URL": {}"#, "QUEUE_URL: `{}` is no address"),
        (
            r#""CERT_VERIFY_URL": "https://a:geheim@x""#,
            "CERT_VERIFY_URL: it is no address",
        ),
        (r#""CERT_VERIFY_URL": "https://:80""#, "CERT_VERIFY_URL: `https://:80` is no"),
    ] {
        let dir = Workdir::new();
        dir.write("old/env.json", format!("{{{settings}}}"));
        let report = report(&dir);
        assert!(report.contains(told), "{report}");
        assert!(!report.contains("geheim"), "{report}");
        dir.run(["--site", "new", "list"]).ends(0);
    }
}
