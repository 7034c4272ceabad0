//! What became of each thing of the old installation, line by line.

use std::fmt::Write as _;

use indexmap::{IndexMap, IndexSet};
use serde_json::json;

use crate::cli::console::escaped;

/// The most places that one line of the report names.
const MAX_PLACES: usize = 3;
/// The most things that one line of the report names.
const MAX_THINGS: usize = 4;

/// What became of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Verdict {
    /// It is in the new site as it was.
    Taken,
    /// It is in the new site in another form.
    Translated,
    /// It is not in the new site, and nothing is lost.
    Dropped,
    /// A person has to decide or to do something.
    Person,
    /// It could not be read.
    Unread,
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Translated => "translated",
            Self::Dropped => "dropped",
            Self::Person => "needs a person",
            Self::Unread => "not read",
        }
    }
}

/// One line of the report.
#[derive(Debug)]
struct Finding {
    verdict: Verdict,
    /// The file, or the part of the installation.
    file: String,
    /// The line of a file.
    line: Option<usize>,
    /// The course, if the thing belongs to one.
    course: Option<String>,
    /// The key, or the file's name.
    what: String,
    /// What became of it, and why.
    how: String,
}

/// What several findings may say alike, of one thing or of several.
type Said<'a> = (Verdict, &'a str);

/// The findings of a migration, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

/// Where a thing of the old installation stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) file: &'a str,
    pub(super) line: Option<usize>,
    pub(super) course: Option<&'a str>,
}

impl<'a> At<'a> {
    pub(super) fn file(file: &'a str) -> Self {
        Self { file, line: None, course: None }
    }

    pub(super) fn line(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }
}

impl Report {
    pub(super) fn add(
        &mut self,
        verdict: Verdict,
        at: At<'_>,
        what: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.findings.push(Finding {
            verdict,
            file: at.file.to_owned(),
            line: at.line,
            course: at.course.map(str::to_owned),
            what: what.into(),
            how: how.into(),
        });
    }

    pub(super) fn taken(
        &mut self,
        at: At<'_>,
        what: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.add(Verdict::Taken, at, what, how);
    }

    pub(super) fn translated(
        &mut self,
        at: At<'_>,
        what: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.add(Verdict::Translated, at, what, how);
    }

    pub(super) fn dropped(
        &mut self,
        at: At<'_>,
        what: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.add(Verdict::Dropped, at, what, how);
    }

    pub(super) fn person(
        &mut self,
        at: At<'_>,
        what: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.add(Verdict::Person, at, what, how);
    }

    pub(super) fn unread(
        &mut self,
        at: At<'_>,
        what: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.add(Verdict::Unread, at, what, how);
    }

    /// How many findings have a verdict.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// The report for people: findings that say the same of several courses or things are
    /// one line.
    pub(super) fn to_text(&self) -> String {
        let mut files: IndexMap<&str, IndexMap<Said<'_>, Vec<&Finding>>> =
            IndexMap::new();
        for finding in &self.findings {
            let lines = files.entry(&finding.file).or_default();
            let key = (finding.verdict, finding.how.as_str());
            lines.entry(key).or_default().push(finding);
        }
        let mut text = String::new();
        for (file, lines) in files {
            let _ = writeln!(text, "{}", escaped(file));
            for ((verdict, how), findings) in lines {
                let (what, how) = (things(&findings), escaped(how));
                let places = places(&findings);
                let _ =
                    writeln!(text, "  {:<15} {what}: {how}{places}", verdict.as_str());
            }
        }
        let _ = writeln!(text, "{}", self.summary());
        text
    }

    /// One line of counts.
    pub(super) fn summary(&self) -> String {
        let count =
            |verdict: Verdict| format!("{} {}", self.count(verdict), verdict.as_str());
        let all = [
            Verdict::Taken,
            Verdict::Translated,
            Verdict::Dropped,
            Verdict::Person,
            Verdict::Unread,
        ];
        all.map(count).join(", ")
    }

    /// The report for programs: one object for each finding.
    pub(super) fn to_json(&self) -> Vec<serde_json::Value> {
        let finding = |it: &Finding| {
            json!({
                "verdict": it.verdict.as_str(),
                "file": it.file,
                "line": it.line,
                "course": it.course,
                "what": it.what,
                "how": it.how,
            })
        };
        self.findings.iter().map(finding).collect()
    }
}

/// The things of findings that say the same.
fn things(findings: &[&Finding]) -> String {
    let all: IndexSet<&str> = findings.iter().map(|it| it.what.as_str()).collect();
    let first: Vec<String> = all.iter().take(MAX_THINGS).map(|it| escaped(it)).collect();
    let first = first.join(", ");
    match all.len().checked_sub(MAX_THINGS) {
        None | Some(0) => first,
        Some(more) => format!("{first} and {more} more (--json names each)"),
    }
}

/// The courses and lines of findings that say the same.
fn places(findings: &[&Finding]) -> String {
    let place = |it: &&Finding| match (&it.course, it.line) {
        (Some(course), Some(line)) => Some(format!("{}, line {line}", escaped(course))),
        (Some(course), None) => Some(escaped(course)),
        (None, Some(line)) => Some(format!("line {line}")),
        (None, None) => None,
    };
    let named: Vec<String> = findings.iter().filter_map(place).take(MAX_PLACES).collect();
    match findings.len() {
        _ if named.is_empty() => String::new(),
        count if count > MAX_PLACES => format!(" ({count} times; first {})", named[0]),
        _ => format!(" ({})", named.join("; ")),
    }
}
