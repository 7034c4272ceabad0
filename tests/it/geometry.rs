//! The predecessor's six layouts: lines of text keep their positions.
//!
//! Each folder of `tests/geometry/` is a page that the predecessor made: `sample.yaml` has its
//! course and request, `lines.txt` what was measured on the page. PyMuPDF reads our page.

use std::fs;
use std::path::Path;

use serde_json::Value;
use testamur::Date;
use testamur::press::{DraftOptions, Press};
use testamur::site::Site;

use crate::cases::{Differences, folder, name, sorted};
use crate::judges::{judge, output};

/// The largest difference of positions (one millimetre) and of font sizes, in points.
const MAX_OFFSET: f64 = 72.0 / 25.4;
const MAX_SIZE_DIFFERENCE: f64 = 0.5;

#[test]
fn lines_of_the_predecessor_keep_their_positions() {
    let mut differences = Differences::default();
    let cases: Vec<_> =
        sorted(&folder("geometry")).into_iter().filter(|path| path.is_dir()).collect();
    assert!(cases.len() >= 6);
    for case in &cases {
        let lines = lines(case);
        let expected = fs::read_to_string(case.join("lines.txt")).unwrap();
        let mut found = 0;
        for wanted in expected.lines().filter(|line| !line.starts_with('#')) {
            found += 1;
            if let Some(difference) = ExpectedLine::parse(wanted).difference(&lines) {
                differences.add(format!("{}: {difference}", name(case)));
            }
        }
        assert!(found > 0, "{}", case.display());
    }
    differences.pass();
}

/// A line that was measured on the predecessor's page.
struct ExpectedLine<'a> {
    base: f64,
    edge: &'a str,
    at: f64,
    width: Option<f64>,
    size: f64,
    colour: &'a str,
    text: String,
}

impl<'a> ExpectedLine<'a> {
    fn parse(line: &'a str) -> Self {
        let mut words = line.split_whitespace();
        let mut next = || words.next().unwrap_or_else(|| panic!("too few words: {line}"));
        let [base, edge, at, width, size, colour] = [(); 6].map(|()| next());
        let number =
            |word: &str| word.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
        Self {
            base: number(base),
            edge,
            at: number(at),
            width: (width != "-").then(|| number(width)),
            size: number(size),
            colour,
            text: words.collect::<Vec<_>>().join(" "),
        }
    }

    /// Describes how the line of this text differs, or that there is none.
    fn difference(&self, lines: &[Line]) -> Option<String> {
        let Some(line) = lines.iter().find(|line| line.text == self.text) else {
            return Some(format!("no line `{}` among {lines:#?}", self.text));
        };
        let at = match self.edge {
            "left" => line.left,
            "right" => line.right,
            "centre" => (line.left + line.right) / 2.0,
            other => panic!("`{other}` is not an edge"),
        };
        let width = line.right - line.left;
        let near = |a: f64, b: f64, most: f64| (a - b).abs() <= most;
        let right = near(line.base, self.base, MAX_OFFSET)
            && near(at, self.at, MAX_OFFSET)
            && self.width.is_none_or(|wanted| near(width, wanted, MAX_OFFSET))
            && near(line.size, self.size, MAX_SIZE_DIFFERENCE)
            && (self.colour == "-" || self.colour == line.colour);
        (!right).then(|| {
            format!(
                "`{}` has its base line at {:.1}, not {:.1}; its {} at {at:.1}, not {:.1}; \
                 is {width:.1} wide, not {:?}; {:.1} pt large, not {:.1}; {}, not {}",
                self.text,
                line.base,
                self.base,
                self.edge,
                self.at,
                self.width,
                line.size,
                self.size,
                line.colour,
                self.colour,
            )
        })
    }
}

/// A line on our page.
#[derive(Debug)]
struct Line {
    base: f64,
    left: f64,
    right: f64,
    size: f64,
    colour: String,
    /// With the id of a verify link replaced by an ellipsis.
    text: String,
}

/// The lines of the page that a case makes.
fn lines(case: &Path) -> Vec<Line> {
    let layout = name(case).split('-').next().unwrap();
    let sample = fs::read(case.join("sample.yaml")).unwrap();
    let site = Site::demo()
        .with_file("testamur.yaml", "publish: { url: https://verify.example.org }")
        .with_file(format!("layouts/{layout}/sample.yaml"), sample);
    let press = Press::new(site).unwrap();
    let day = Date::parse("2026-11-24").unwrap();
    let draft = press
        .draft_sample(layout, day, &DraftOptions::default())
        .unwrap_or_else(|error| panic!("{}: {error:#}", case.display()));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &draft.bytes).unwrap();
    let reader = folder("geometry").join("read.py");
    let printed = output(judge("python").arg(reader).arg(file.path()));
    let id = draft
        .verify_url
        .as_deref()
        .unwrap()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap();
    printed
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let number = |index: usize| line[index].as_f64().unwrap();
            Line {
                base: number(0),
                left: number(1),
                right: number(2),
                size: number(3),
                colour: line[4].as_str().unwrap().to_owned(),
                text: line[5].as_str().unwrap().replace(id, "…"),
            }
        })
        .collect()
}
