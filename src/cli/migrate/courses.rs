//! `courses.yaml` from `cert-data.yml`: each course by itself, so that an error in one does not
//! hide the next.

use std::collections::BTreeSet;

use super::course_date::issued;
use super::course_key::{course_number, organization_and_number};
use super::course_layout::{CourseForm, Version};
use super::course_reader::{CourseReader, CourseSink, SiteValues};
use super::legacy::legacy_of;
use super::python::{Node, Value};
use super::report::At;
use super::signatories;
use super::templates::CourseName;
use super::yaml::Yaml;

/// The file of the old courses.
pub(super) const FILE: &str = "cert-data.yml";
/// The most bytes of a course's id.
const MAX_ID: usize = 255;

/// The courses as they are written, and the layouts that succeed their renderers.
#[derive(Debug, Default)]
pub(super) struct OldCourses {
    /// The entries of `courses.yaml`.
    pub(super) entries: Vec<(String, Yaml)>,
    /// Whether a course has a word of its own for its certificates.
    pub(super) has_own_word: bool,
    /// The languages that courses name.
    pub(super) languages: BTreeSet<String>,
    /// The layout of each entry.
    pub(super) forms: Vec<CourseForm>,
}

impl OldCourses {
    /// Translates every course of the file.
    pub(super) fn translate(
        root: &Node,
        values: &SiteValues,
        sink: &mut CourseSink<'_>,
    ) -> Self {
        let mut courses = Self::default();
        let entries = match &root.value {
            Value::Map(entries) => entries.as_slice(),
            Value::None => &[],
            _ => {
                sink.report.unread(At::file(FILE), FILE, "it holds no map of courses");
                &[]
            }
        };
        for (key, node) in entries {
            let id = key.printed();
            let at = At { file: FILE, line: Some(key.line), course: Some(&id) };
            let is_id = !id.trim().is_empty()
                && id.len() <= MAX_ID
                && !id.chars().any(char::is_control)
                && !["defaults", "courses"].contains(&id.to_lowercase().as_str());
            if !is_id {
                let why = "this cannot be the id of a course here; it stays in \
                           legacy/cert-data.yml";
                sink.report.unread(at, "the course", why);
                continue;
            }
            if !matches!(key.value, Value::Text(_)) {
                let how = format!(
                    "the id was no text, so the old program never found it: `{id}`"
                );
                sink.report.person(at, "the id", how);
            }
            match &node.value {
                Value::Map(_) => {
                    let entry = courses.course(&id, key.line, node, values, sink);
                    courses.entries.push((id.clone(), entry));
                }
                _ => sink.report.unread(at, "the course", "it holds no map of keys"),
            }
        }
        courses
    }

    /// The full name of the first course's organization.
    pub(super) fn first_organization(&self) -> Option<String> {
        let (_, Yaml::Map(entry)) = self.entries.first()? else { return None };
        let (_, Yaml::Map(organization)) =
            entry.iter().find(|(key, _)| key == "organization")?
        else {
            return None;
        };
        match &organization.last()?.1 {
            Yaml::Text(name) => Some(name.clone()),
            _ => None,
        }
    }

    fn course(
        &mut self,
        id: &str,
        line: usize,
        node: &Node,
        values: &SiteValues,
        sink: &mut CourseSink<'_>,
    ) -> Yaml {
        let at = At { file: FILE, line: Some(line), course: Some(id) };
        let mut reader = CourseReader { node, at, used: Vec::new() };
        let (version_name, version) = reader.version(sink.report);
        let (key_org, key_number) = organization_and_number(id);
        if course_number(id).is_none() {
            sink.report.person(
                at,
                "the id",
                "no course key, at which the old agent failed: the id itself stands for \
                 organization and number where COURSE and ORG are missing",
            );
        }
        let by_key = CourseName { org: key_org, number: key_number };
        let own = CourseName {
            number: reader
                .text("COURSE", sink.report)
                .unwrap_or_else(|| by_key.number.clone()),
            org: reader.text("ORG", sink.report).unwrap_or_else(|| by_key.org.clone()),
        };
        let (short, number) = (&own.org, &own.number);
        let mut entry: Vec<(String, Yaml)> = Vec::new();
        let title = reader.text("LONG_COURSE", sink.report).unwrap_or_else(|| {
            sink.report.person(
                at,
                "LONG_COURSE",
                "none: the message gave the title, which a site does not take from it; the course's \
                 number stands for it",
            );
            number.clone()
        });
        entry.push(("title".to_owned(), Yaml::text(&title)));
        entry.push((
            "organization".to_owned(),
            reader.organization(short, values, sink.report),
        ));
        let language = reader.language(sink.report);
        self.languages.extend(language.clone());
        if let Some(language) = language.filter(|it| *it != values.language) {
            entry.push(("language".to_owned(), Yaml::text(language)));
        }

        let is_programmatic = version == Version::Programmatic;
        let base: &'static str = match &version {
            Version::Known { layout } => layout,
            Version::Programmatic => "dynamic",
            Version::Other => "classic",
        };
        let mut extra = Vec::new();
        let form = reader.layout(base, &version_name, (&own, &by_key), &mut entry, sink);
        self.forms.push(form);
        if let Some(issued) = issued(&mut reader, sink.report) {
            entry.push(("issued".to_owned(), issued));
        }
        if is_programmatic {
            signatories::translate(&mut reader, &mut entry, sink);
        }
        reader.interstitial(base, &version, &mut entry, &mut extra, sink.report);
        reader.extra(base, number, values, &mut extra, sink.report);
        self.has_own_word |= extra.iter().any(|(key, _)| key == "called");
        if !extra.is_empty() {
            entry.push(("extra".to_owned(), Yaml::Map(extra)));
        }
        if let Some(legacy) = legacy_of(&mut reader, is_programmatic, sink.report) {
            entry.push(("legacy".to_owned(), legacy));
        }
        Yaml::Map(entry)
    }
}
