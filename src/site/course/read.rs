//! Course files, read as a whole: an error in one course does not hide those in the next.
//!
//! - **Takes**: the files' names and contents.
//! - **Gives**: the courses by id, each with the defaults of its file and of the site filled in; or
//!   all errors of all files at once.

mod draft;
mod grades;
mod pictures;
mod reader;
mod recipients;
mod signatory;

use indexmap::IndexMap;

use self::draft::{CourseDraft, Written};
use self::reader::CourseReader;
use super::grades::GradeScale;
use super::outcome::Outcome;
use super::text::Text;
use super::{Course, CourseSpans, IssueDate};
use crate::base::error::{ErrorKind, Result, did_you_mean, nearest};
use crate::base::yaml::{Document, Faults, Key, Node, YamlFault};

const DEFAULTS: &str = "defaults";
const DEFAULT_LAYOUT: &str = "classic";
/// The most bytes of an id: the size of the column in which an LMS stores it.
const MAX_ID_LEN: usize = 255;

/// Reads the courses of some files. The top-level keys in `ignored` are not courses.
pub(super) fn courses(
    files: &[(String, Vec<u8>)],
    ignored: &[&str],
) -> Result<IndexMap<String, Course>> {
    let mut reader = CourseReader::default();
    let courses = reader.courses(files, ignored);
    reader.faults.finish().map(|()| courses)
}

/// Reads a text, plain or by language, of a file other than a course file.
pub(crate) fn read_text(node: Node<'_>, faults: &mut Faults) -> Option<Text> {
    let mut reader = CourseReader::default();
    std::mem::swap(&mut reader.faults, faults);
    let text = reader.read_text(node);
    std::mem::swap(&mut reader.faults, faults);
    text
}

impl CourseReader {
    fn courses(
        &mut self,
        files: &[(String, Vec<u8>)],
        ignored: &[&str],
    ) -> IndexMap<String, Course> {
        let documents: Vec<Document> = files
            .iter()
            .filter_map(|(file, bytes)| Document::parse(file, bytes, &mut self.faults))
            .collect();
        let mut shared: Option<(Key<'_>, CourseDraft)> = None;
        let mut parts = Vec::new();
        for document in &documents {
            let (own, courses) = self.split(document.root(), ignored);
            match own {
                Some((key, node)) if courses.is_empty() && documents.len() > 1 => {
                    match &shared {
                        Some((first, _)) => self.faults.push(key.twice(&first.span())),
                        None => shared = Some((key, self.read_draft(node))),
                    }
                }
                own => parts.push((own.map(|(_, node)| self.read_draft(node)), courses)),
            }
        }
        let shared = shared.map(|(_, draft)| draft).unwrap_or_default();
        let mut all: IndexMap<String, Course> = IndexMap::new();
        for (own, courses) in parts {
            let defaults = own.unwrap_or_default().or(&shared);
            for (key, node) in courses {
                if self.spend(defaults.bytes, || key.span()).is_none() {
                    return all;
                }
                if let Some(first) = all.get(key.text()) {
                    self.faults.push(key.twice(&first.spans.course));
                } else if let Some(course) = self.read_course(key, node, &defaults) {
                    all.insert(course.id.clone(), course);
                }
            }
        }
        all
    }

    /// Returns a file's defaults and its courses.
    #[expect(clippy::type_complexity, reason = "a pair of what one map holds")]
    fn split<'a>(
        &mut self,
        root: Node<'a>,
        ignored: &[&str],
    ) -> (Option<(Key<'a>, Node<'a>)>, Vec<(Key<'a>, Node<'a>)>) {
        if root.is_null() {
            return (None, Vec::new());
        }
        let entries = self.faults.keep(root.entries()).into_iter().flatten();
        let entries = entries.filter(|(key, _)| !ignored.contains(&key.text()));
        let (defaults, courses): (Vec<_>, Vec<_>) =
            entries.partition(|(key, _)| key.text() == DEFAULTS);
        let defaults = defaults.into_iter().next().filter(|(_, node)| !node.is_null());
        (defaults, courses)
    }

    fn read_course(
        &mut self,
        key: Key<'_>,
        node: Node<'_>,
        defaults: &CourseDraft,
    ) -> Option<Course> {
        let id = key.text();
        if let Some(fault) = unfit_id(key) {
            self.faults.push(fault);
            return None;
        }
        let draft =
            if node.is_null() { CourseDraft::default() } else { self.read_draft(node) };
        let draft = draft.or(defaults);
        let mut required = |field: &str, example: &str, missing: bool| {
            if missing {
                self.faults.push(
                    key.fault(
                        ErrorKind::MissingField,
                        format!("`{id}` has no `{field}`"),
                    )
                    .with_help(format!("add `{example}` to it, or to `{DEFAULTS}`")),
                );
            }
        };
        required("title", "title: …", matches!(draft.title, Written::Missing));
        required(
            "organization",
            "organization: …",
            matches!(draft.organization, Written::Missing),
        );
        required("language", "language: en", matches!(draft.language, Written::Missing));
        let (
            Written::Valid(title),
            Written::Valid(organization),
            Written::Valid(language),
        ) = (draft.title, draft.organization, draft.language)
        else {
            return None;
        };
        let (layout, layout_span) = draft.layout.unzip();
        let (paper, paper_span) = draft.paper.unzip();
        let outcomes =
            self.scaled(draft.outcomes.unwrap_or_default(), draft.grades.as_ref());
        let (issued, issued_text) = draft.issued.unwrap_or((IssueDate::Rolling, None));
        Some(Course {
            id: id.to_owned(),
            title,
            organization,
            layout: layout.unwrap_or_else(|| DEFAULT_LAYOUT.to_owned()),
            paper,
            language: language.0,
            second_language: draft.second_language,
            issued,
            issued_text,
            place_of_issue: draft.place,
            signatories: draft.signatories.unwrap_or_default(),
            sponsors: draft.sponsors.unwrap_or_default(),
            badges: draft.badges.unwrap_or_default(),
            grades: draft.grades,
            outcomes,
            theme: draft.theme,
            extra: draft.extra,
            fields: draft.fields.unwrap_or_default(),
            recipients: draft.recipients.unwrap_or_default(),
            templates: draft.templates.unwrap_or_default(),
            spans: CourseSpans {
                course: key.span(),
                layout: layout_span,
                paper: paper_span,
                language: language.1,
            },
        })
    }
}

impl CourseReader {
    /// Finds the grades of outcomes on the scale of their course. Outcomes and scale may both come
    /// from `defaults`.
    fn scaled(
        &mut self,
        outcomes: Vec<Outcome>,
        scale: Option<&GradeScale>,
    ) -> Vec<Outcome> {
        let mut scaled: Vec<Outcome> = Vec::new();
        for mut outcome in outcomes {
            let span = outcome.span.clone();
            let found = outcome.set_scale(scale);
            let found = found.map_err(|error| outcome.span.clone().wrap(error));
            if self.faults.keep(found).is_none() {
                continue;
            }
            if let Some(first) = scaled.iter().find(|other| other.is_same(&outcome)) {
                let message = format!("`{}` has an outcome already", outcome.grade);
                let line = first.place().line.unwrap_or(1);
                self.faults.push(span.fault(ErrorKind::Duplicate, message).with_help(
                    format!(
                        "the first, `{}`, is on line {line}: remove one of them",
                        first.grade
                    ),
                ));
            }
            scaled.push(outcome);
        }
        scaled
    }
}

/// Returns the fault of a key that is most likely not meant as a course id.
fn unfit_id(key: Key<'_>) -> Option<YamlFault> {
    let id = key.text();
    if id.trim().is_empty() || id.len() > MAX_ID_LEN || id.chars().any(char::is_control) {
        let fault = key.fault(
            ErrorKind::InvalidValue,
            format!("`{}` is no course id", id.escape_debug()),
        );
        return Some(fault.with_help("write an id such as `course-v1:Org+Course+Run`"));
    }
    if id == "courses" {
        let fault = key.fault(ErrorKind::UnknownKey, "unknown key `courses`");
        return Some(fault.with_help("write course ids at the top level of the file"));
    }
    let is_word = id.chars().all(char::is_alphanumeric);
    let is_misspelt = is_word && nearest(&id.to_lowercase(), [DEFAULTS]).is_some();
    is_misspelt.then(|| {
        key.fault(ErrorKind::UnknownKey, format!("unknown key `{id}`"))
            .with_help(did_you_mean(&id.to_lowercase(), [DEFAULTS]))
    })
}
