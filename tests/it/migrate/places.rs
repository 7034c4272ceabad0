//! Where the migrated site prints, against the boxes of lines that were measured on pages which the old
//! program made: points, from the left and from the top.
//!
//! Fonts that it never shipped had stand-ins on those pages, so what is compared is the edge at which a
//! line is aligned, and its middle. What differs on purpose is listed with its reason.

use std::process::Command;

use super::installation::{Ended, Installation, pdf};
use crate::judges::output;

/// How far a line may be from where it was, in points.
const TOLERANCE: f64 = 4.0;
/// The same as a share of its height: fonts differ in what they say of their own box.
const OF_HEIGHT: f64 = 0.15;

/// The edge of a line that its alignment fixes.
#[derive(Clone, Copy)]
enum Edge {
    Left(f64),
    Right(f64),
    Middle(f64),
}
use Edge::{Left, Middle, Right};

/// A line: how it begins, its edge, its top and bottom, and by how much it may differ downwards.
type Line = (&'static str, Edge, (f64, f64), f64);

/// The page has the QR code of the verify link at its foot, which the old one had not: the lines there
/// make room for it.
const FOOT: f64 = 30.0;

/// A page: the course, more arguments, and the lines.
type Page = (&'static str, &'static [&'static str], &'static [Line]);

const DAY: [&str; 2] = ["-i", "2026-11-24"];

const PAGES: [Page; 8] = [
    (
        "edX/V1/R",
        &[],
        &[
            ("CERTIFICATE", Right(703.0), (127.4, 146.5), 0.0),
            ("Issued Jan. 1st, 1970", Right(703.0), (148.4, 160.5), 0.0),
            ("This is to certify that", Left(138.9), (212.2, 224.3), 0.0),
            ("Guido van Rossum", Left(138.9), (240.1, 274.3), 0.0),
            ("successfully completed", Left(138.9), (281.7, 293.7), 0.0),
            ("V1: Sample course è", Left(138.9), (310.0, 334.1), 0.0),
            ("a course of study offered by edX", Left(138.9), (346.7, 358.8), 0.0),
            ("initiative of Sample Org", Left(138.9), (366.7, 378.8), 0.0),
            ("HONOR CODE CERTIFICATE", Middle(420.9), (497.3, 504.3), FOOT),
            ("Authenticity of this certificate", Middle(420.9), (507.3, 514.3), FOOT),
        ],
    ),
    (
        "edX/V2/R",
        &[],
        &[
            ("Guido van Rossum", Left(65.2), (301.0, 337.2), 0.0),
            ("successfully completed and received", Left(65.2), (355.6, 368.7), 0.0),
            ("V2: Plain course", Left(65.2), (396.9, 421.0), 0.0),
            ("a course of study offered by edX", Left(65.2), (443.3, 456.4), 0.0),
            ("Issued Jan. 1st, 1970", Left(65.2), (545.2, 553.2), FOOT),
            ("https://verify.example.org/cert/", Left(235.3), (545.2, 553.2), FOOT),
        ],
    ),
    ("edX/PE/R", &[], &[("Guido van Rossum", Middle(396.8), (179.3, 215.3), 0.0)]),
    (
        "edX/ST/R",
        &[],
        &[
            ("This is to certify that,", Left(155.9), (202.0, 221.9), 0.0),
            ("Guido van Rossum", Left(155.9), (240.1, 274.3), 0.0),
            ("has successfully completed a free", Left(155.9), (288.4, 308.4), 0.0),
            ("Authenticity of this certificate", Middle(413.7), (496.9, 509.7), FOOT),
        ],
    ),
    (
        "edX/ST/R",
        &["-g", "Distinction"],
        &[(
            "has successfully completed with distinction",
            Left(155.9),
            (288.4, 308.4),
            0.0,
        )],
    ),
    (
        "edX/CME/R",
        &["-d", "MD", "-i", "2026-11-24"],
        &[
            ("Guido van Rossum, MD", Middle(396.0), (196.8, 232.8), 0.0),
            ("CME activity", Middle(396.0), (271.4, 299.4), 0.0),
            ("November 24th, 2026", Middle(396.0), (339.0, 365.0), 0.0),
            ("and is awarded 1.5 AMA PRA", Middle(396.0), (379.6, 397.6), 0.0),
            ("MD/DO", Left(720.0), (561.7, 569.7), 0.0),
        ],
    ),
    (
        "edX/V3/R",
        &DAY,
        &[
            ("November 24th, 2026", Right(721.9), (97.4, 114.5), 0.0),
            ("Guido van Rossum", Left(117.0), (139.5, 181.7), 0.0),
            ("has successfully completed", Left(120.0), (186.7, 206.6), 0.0),
            ("Computer Science 101", Left(120.0), (233.9, 270.0), 0.0),
            ("This person passed.", Left(120.0), (297.7, 317.6), 0.0),
            ("Disclaimer text here.", Left(120.0), (495.8, 506.5), FOOT),
            ("Authenticity of this certificate", Left(120.0), (514.8, 525.5), FOOT),
        ],
    ),
    (
        "edX/V3/R",
        &["-i", "2026-11-24", "-g", "Distinction"],
        &[
            ("with Distinction.", Left(120.0), (297.7, 317.6), 0.0),
            ("This person is a complete", Left(120.0), (333.7, 353.6), 0.0),
        ],
    ),
];

/// An installation with a course of each renderer, with their templates or without.
fn installation(has_templates: bool) -> Installation {
    let old = Installation::whole("");
    std::fs::remove_dir_all(old.dir.path("old/private")).unwrap();
    old.dir.write(
        "old/private/cert-data.yml",
        "edX/V1/R: &v1 { LONG_COURSE: Sample course è, LONG_ORG: Sample Org, ISSUED_DATE: 'Jan. 1st, 1970' }\n\
         edX/V2/R: { <<: *v1, VERSION: 2, LONG_COURSE: Plain course }\n\
         edX/PE/R: { VERSION: MIT_PE, LONG_COURSE: Not printed }\n\
         edX/ST/R: { VERSION: stanford, LONG_COURSE: On the template, interstitial: { Distinction: with \
         distinction } }\n\
         edX/CME/R: { VERSION: stanford_cme, LONG_COURSE: CME activity, CREDITS: 1.5 AMA PRA Category 1 \
         Credits, MD_CERTS: [MD] }\n\
         edX/V3/R: { VERSION: 3_dynamic, LONG_COURSE: Computer Science 101, interstitial: { Pass: This \
         person passed., Distinction: 'This person is a complete overachiever!' } }\n",
    );
    let data = "old/private/template_data";
    std::fs::create_dir_all(old.dir.path(data)).unwrap();
    let templates = [
        ("1", "V1", (842, 595)),
        ("2", "V2", (792, 612)),
        ("MIT_PE", "PE", (792, 612)),
        ("stanford", "ST", (842, 595)),
        ("stanford_cme", "CME", (792, 612)),
        ("3_dynamic", "V3", (842, 595)),
    ];
    for (version, course, size) in templates.into_iter().filter(|_| has_templates) {
        let name =
            format!("v{version}-cert-templates/certificate-template-edX-{course}.pdf");
        old.dir.write(&format!("{data}/{name}"), pdf(size));
    }
    let env = String::from_utf8(old.dir.read("old/env.json")).unwrap();
    let env = env.replace(
        "<b>ATTENTION:</b> online courses &amp; campus courses differ.",
        "Disclaimer text here.",
    );
    let env = env.replace("\"CERTS_ARE_CALLED\": \"statement\",", "");
    old.dir.write("old/env.json", env);
    let run = old.dir.run(["migrate", "old", "new"]);
    run.ends(0);
    old
}

/// The lines of a page with their boxes: text, left, top, right, bottom.
fn lines(old: &Installation, course: &str, more: &[&str]) -> Vec<(String, [f64; 4])> {
    let arguments = ["--site", "new", "render", "--no-specimen", "-c", course, "-n"];
    let arguments = arguments.into_iter().chain(["Guido van Rossum", "-o", "page.pdf"]);
    old.dir.run(arguments.chain(more.iter().copied())).ends(0);
    let file = old.dir.path("page.pdf");
    let html = output(Command::new("pdftotext").arg("-bbox-layout").arg(file).arg("-"));
    let number = |text: &str, key: &str| -> f64 {
        let value = text.split(&format!("{key}=\"")).nth(1).unwrap();
        value.split('"').next().unwrap().parse().unwrap()
    };
    html.split("<line ")
        .skip(1)
        .map(|line| {
            let words: Vec<&str> = line
                .split("<word ")
                .skip(1)
                .map(|it| it.split('>').nth(1).unwrap().split('<').next().unwrap())
                .collect();
            let area = ["xMin", "yMin", "xMax", "yMax"].map(|key| number(line, key));
            (words.join(" "), area)
        })
        .collect()
}

fn check(has_templates: bool) {
    let old = installation(has_templates);
    let mut wrong = Vec::new();
    for (course, more, expected) in PAGES {
        let found = lines(&old, course, more);
        for (text, edge, (top, bottom), room) in expected {
            let line = found.iter().find(|(it, _)| it.starts_with(text));
            let Some((_, [left, y, right, end])) = line else {
                wrong.push(format!("{course}: «{text}» is not on the page: {found:?}"));
                continue;
            };
            let across = match edge {
                Left(at) => left - at,
                Right(at) => right - at,
                Middle(at) => f64::midpoint(*left, *right) - at,
            };
            let down = f64::midpoint(*y, *end) - f64::midpoint(*top, *bottom);
            let may_move = *room > 0.0;
            if (!may_move && across.abs() > TOLERANCE)
                || down.abs() > TOLERANCE.max(*room).max(OF_HEIGHT * (bottom - top))
            {
                wrong.push(format!(
                    "{course}: «{text}» is {across:.1} across, {down:.1} down"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_over_templates_stand_where_they_stood() {
    check(true);
}

#[test]
fn lines_of_layouts_that_stand_alone_are_where_they_were() {
    check(false);
}

#[test]
fn migrated_site_passes_its_check() {
    for has_templates in [true, false] {
        let old = installation(has_templates);
        let run = old.dir.run(["--site", "new", "check", "-l", "en"]);
        run.ends(0);
        assert!(
            run.stderr.contains("pages passed their proof, 0 failed"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn site_of_every_key_passes_its_check_or_says_what_to_do() {
    let old = Installation::whole("");
    old.dir.run(["migrate", "old", "new"]).ends(1);
    // Layouts of the site's own speak the languages of its courses, and not thirty-six.
    let layout =
        String::from_utf8(old.dir.read("new/layouts/ExampleX-CS101/layout.yaml"));
    let layout = layout.unwrap();
    assert!(layout.contains("languages: [en, uk]\npaper: a4\n"), "{layout}");
    let slots =
        String::from_utf8(old.dir.read("new/layouts/professional-template/layout.yaml"));
    assert!(slots.unwrap().contains("\nslots:\n"));
    assert!(!old.dir.path("new/layouts/professional-template/layout.typ").exists());
    for course in ["ExampleX/CS101/2014", "ExampleX/MIT/2014", "ExampleX/DYN/2014"] {
        let run = old.dir.run(["--site", "new", "check", "-c", course, "-l", "en"]);
        run.ends(0);
        assert!(run.stderr.contains(" 0 failed"), "{course}: {}", run.stderr);
    }
}
