//! The fields that are written in a file, of a course or of the defaults of courses.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::reader::{CourseReader, file_name};
use crate::base::date::Date;
use crate::base::error::{Result, nearest};
use crate::base::lang::Tag;
use crate::base::yaml::{Fields, Key, Node, Span};
use crate::site::course::grades::GradeScale;
use crate::site::course::outcome::{Grade, Outcome};
use crate::site::course::pictures::{Badge, Sponsor};
use crate::site::course::signatory::Signatory;
use crate::site::course::text::Text;
use crate::site::course::theme::Theme;
use crate::site::course::{IssueDate, Organization};
use crate::site::date_of_issue;
use crate::site::recipients_format::RecipientsFormat;

/// The keys of a course, and of `defaults`.
const COURSE_KEYS: [&str; 19] = [
    "title",
    "organization",
    "layout",
    "paper",
    "language",
    "second_language",
    "issued",
    "place",
    "signatories",
    "sponsors",
    "badges",
    "grades",
    "outcomes",
    "theme",
    "extra",
    "fields",
    "recipients",
    "templates",
    "legacy",
];

/// The fields that are written for a course, or under `defaults`.
#[derive(Default)]
pub(super) struct CourseDraft {
    pub(super) title: Written<Text>,
    pub(super) organization: Written<Organization>,
    pub(super) layout: Option<(String, Span)>,
    pub(super) paper: Option<(String, Span)>,
    pub(super) language: Written<(Tag, Span)>,
    pub(super) second_language: Option<Tag>,
    pub(super) issued: Option<(IssueDate, Option<Text>)>,
    pub(super) place: Option<Text>,
    pub(super) signatories: Option<Vec<Signatory>>,
    pub(super) sponsors: Option<Vec<Sponsor>>,
    pub(super) badges: Option<Vec<Badge>>,
    pub(super) grades: Option<GradeScale>,
    pub(super) outcomes: Option<Vec<Outcome>>,
    pub(super) theme: Theme,
    pub(super) extra: IndexMap<String, Json>,
    pub(super) fields: Option<Vec<String>>,
    pub(super) recipients: Option<RecipientsFormat>,
    pub(super) templates: Option<IndexMap<String, String>>,
    /// About how much memory it takes.
    pub(super) bytes: usize,
}

/// A required field. A wrong value is reported once, and not as a missing one too.
#[derive(Clone, Copy, Default)]
pub(super) enum Written<T> {
    #[default]
    Missing,
    Wrong,
    Valid(T),
}

impl<T> Written<T> {
    fn or(self, other: &Self) -> Self
    where
        T: Clone,
    {
        match (self, other) {
            (Written::Missing, Written::Valid(value)) => Written::Valid(value.clone()),
            (Written::Missing, Written::Wrong) => Written::Wrong,
            (this, _) => this,
        }
    }
}

impl CourseDraft {
    /// Fills in the defaults of the fields that are not written; of `theme` and `extra` key by key.
    pub(super) fn or(self, defaults: &Self) -> Self {
        let mut extra = self.extra;
        for (key, value) in &defaults.extra {
            extra.entry(key.clone()).or_insert_with(|| value.clone());
        }
        Self {
            title: self.title.or(&defaults.title),
            organization: self.organization.or(&defaults.organization),
            layout: self.layout.or_else(|| defaults.layout.clone()),
            paper: self.paper.or_else(|| defaults.paper.clone()),
            language: self.language.or(&defaults.language),
            second_language: self
                .second_language
                .or_else(|| defaults.second_language.clone()),
            issued: self.issued.or_else(|| defaults.issued.clone()),
            place: self.place.or_else(|| defaults.place.clone()),
            signatories: self.signatories.or_else(|| defaults.signatories.clone()),
            sponsors: self.sponsors.or_else(|| defaults.sponsors.clone()),
            badges: self.badges.or_else(|| defaults.badges.clone()),
            grades: self.grades.or_else(|| defaults.grades.clone()),
            outcomes: self.outcomes.or_else(|| defaults.outcomes.clone()),
            theme: self.theme.or(&defaults.theme),
            extra,
            fields: self.fields.or_else(|| defaults.fields.clone()),
            recipients: self.recipients.or_else(|| defaults.recipients.clone()),
            templates: self.templates.or_else(|| defaults.templates.clone()),
            bytes: self.bytes + defaults.bytes,
        }
    }
}

impl CourseReader {
    pub(super) fn read_draft(&mut self, node: Node<'_>) -> CourseDraft {
        let fields = node.fields_or(&COURSE_KEYS, &mut self.faults, |key| {
            let fault = key.unknown(&COURSE_KEYS);
            match nearest(key.text(), COURSE_KEYS) {
                Some(_) => fault,
                None => fault.with_help(format!(
                    "known here: `{}`; other values of a course go under `extra`",
                    COURSE_KEYS.join("`, `")
                )),
            }
        });
        let Some(fields) = fields else {
            return CourseDraft {
                title: Written::Wrong,
                organization: Written::Wrong,
                language: Written::Wrong,
                ..CourseDraft::default()
            };
        };
        let before = self.bytes;
        let draft = CourseDraft {
            title: self.read_required(fields, "title", Self::read_text),
            organization: self.read_required(
                fields,
                "organization",
                Self::read_organization,
            ),
            layout: self.read_optional(fields, "layout", |reader, node| {
                let name = reader.faults.keep(file_name(node, "layout"))?;
                Some((name, node.span()))
            }),
            paper: self.read_optional(fields, "paper", |reader, node| {
                let name = reader.faults.keep(node.text())?;
                Some((name.to_lowercase(), node.span()))
            }),
            language: self.read_required(fields, "language", |reader, node| {
                Some((reader.read_language(node)?, node.span()))
            }),
            second_language: self.read_optional(
                fields,
                "second_language",
                Self::read_language,
            ),
            issued: self.read_optional(fields, "issued", Self::read_issue_date),
            place: self.read_optional(fields, "place", Self::read_text),
            signatories: self.read_optional(fields, "signatories", |reader, node| {
                let items = reader.faults.keep(node.items())?;
                Some(items.filter_map(|node| reader.read_signatory(node)).collect())
            }),
            sponsors: self.read_optional(fields, "sponsors", Self::read_sponsors),
            badges: self.read_optional(fields, "badges", Self::read_badges),
            grades: self.read_optional(fields, "grades", Self::read_grades),
            outcomes: self.read_optional(fields, "outcomes", Self::read_outcomes),
            theme: self
                .read_optional(fields, "theme", Self::read_theme)
                .unwrap_or_default(),
            extra: self
                .read_optional(fields, "extra", Self::read_extra)
                .unwrap_or_default(),
            fields: self.read_optional(fields, "fields", Self::read_field_names),
            recipients: self.read_optional(fields, "recipients", Self::read_recipients),
            templates: self.read_optional(fields, "templates", Self::read_templates),
            bytes: 0,
        };
        if let Some(node) = fields.get("legacy") {
            // The keys that a migrated site had before. Nothing reads them.
            self.faults.keep(node.entries().map(drop));
        }
        CourseDraft { bytes: self.bytes - before, ..draft }
    }

    /// Reads a required field. An empty value is a fault.
    fn read_required<'a, T>(
        &mut self,
        fields: Fields<'a>,
        key: &str,
        read: impl FnOnce(&mut Self, Node<'a>) -> Option<T>,
    ) -> Written<T> {
        match fields.written(key) {
            None => Written::Missing,
            Some(node) if node.is_null() => {
                self.faults.push(node.no_value());
                Written::Wrong
            }
            Some(node) => read(self, node).map_or(Written::Wrong, Written::Valid),
        }
    }

    /// Reads a date, or the text that is printed instead: `{ text: …, date: … }`.
    fn read_issue_date(&mut self, node: Node<'_>) -> Option<(IssueDate, Option<Text>)> {
        if node.is_scalar() {
            return Some((self.read_fixed_date(node)?, None));
        }
        let fields = node.fields(&["text", "date"], &mut self.faults)?;
        let text = fields.required("text", &mut self.faults);
        let text = text.and_then(|node| self.read_text(node));
        let date = self.read_optional(fields, "date", Self::read_fixed_date);
        Some((date.unwrap_or(IssueDate::Rolling), Some(text?)))
    }

    fn read_fixed_date(&mut self, node: Node<'_>) -> Option<IssueDate> {
        let text = self.faults.keep(node.text())?;
        self.faults.keep(parse_issue_date(text).map_err(|error| {
            node.wrap(error).with_help(
                "write `rolling`, a date such as `2026-05-14`, or `{ text: … }` for words",
            )
        }))
    }

    fn read_organization(&mut self, node: Node<'_>) -> Option<Organization> {
        if node.is_scalar() {
            let name = self.read_text(node)?;
            return Some(Organization { short: name.clone(), name });
        }
        let fields = node.fields(&["short", "name"], &mut self.faults)?;
        let short = self.read_optional(fields, "short", Self::read_text);
        let name = fields.required("name", &mut self.faults);
        let name = name.and_then(|node| self.read_text(node))?;
        Some(Organization { short: short.unwrap_or_else(|| name.clone()), name })
    }

    fn read_outcomes(&mut self, node: Node<'_>) -> Option<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        for (key, node) in self.faults.keep(node.entries())? {
            let grade = Grade::parse(key.text());
            if let Some(text) = self.read_text_or_empty(node, true) {
                outcomes.push(Outcome { grade, text, span: key.span(), rank: None });
            }
        }
        Some(outcomes)
    }

    /// Reads which layout each template of old messages stands for.
    fn read_templates(&mut self, node: Node<'_>) -> Option<IndexMap<String, String>> {
        let entries = self.faults.keep(node.entries())?;
        let read = |(key, node): (Key<'_>, Node<'_>)| {
            let layout = self.faults.keep(file_name(node, "layout"))?;
            self.spend(key.text().len() + layout.len(), || key.span())?;
            Some((key.text().to_owned(), layout))
        };
        Some(entries.filter_map(read).collect())
    }

    fn read_extra(&mut self, node: Node<'_>) -> Option<IndexMap<String, Json>> {
        let entries = self.faults.keep(node.entries())?;
        let read = |(key, node): (Key<'_>, Node<'_>)| {
            let value = self.faults.keep(node.json())?;
            self.spend(key.text().len() + count_bytes(&value), || key.span())?;
            Some((key.text().to_owned(), value))
        };
        Some(entries.filter_map(read).collect())
    }
}

fn parse_issue_date(text: &str) -> Result<IssueDate> {
    if text.eq_ignore_ascii_case("rolling") {
        Ok(IssueDate::Rolling)
    } else {
        let date = Date::parse(text)?;
        date_of_issue::check(date)?;
        Ok(IssueDate::On(date))
    }
}

/// Returns about how much memory a value takes.
fn count_bytes(value: &Json) -> usize {
    let inside = match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(count_bytes).sum(),
        Json::Object(entries) => {
            entries.iter().map(|(k, v)| k.len() + count_bytes(v)).sum()
        }
        _ => 0,
    };
    inside + size_of::<Json>()
}
