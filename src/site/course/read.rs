//! Course files, read whole: what is wrong in one course does not hide what is in the next.

mod beside;

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::text::Version;
use super::{
    Badge, Course, CourseSpans, Grade, IssueDate, Organization, Outcome, Signatory,
    Sponsor, Text, Theme,
};
use crate::base::date::Date;
use crate::base::error::{ErrorKind, Result, did_you_mean, nearest};
use crate::base::lang::Tag;
use crate::base::yaml::{Document, Faults, Fields, Key, Node, Span, YamlFault};

const DEFAULTS: &str = "defaults";
const LAYOUT: &str = "classic";
/// The most bytes of an id: what the LMS keeps.
const MAX_ID: usize = 255;
/// The most languages of one text.
const MAX_LANGUAGES: usize = 1_000;
/// The most bytes that the courses of a site may take, defaults and aliases written out.
const MAX_BYTES: usize = 64 * 1024 * 1024;
const KNOWN: [&str; 14] = [
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
    "outcomes",
    "theme",
    "extra",
];

/// The courses of some files. The top-level keys in `beside` are no courses but somebody else's.
pub(super) fn courses(
    files: &[(String, Vec<u8>)],
    beside: &'static [&'static str],
) -> Result<IndexMap<String, Course>> {
    let mut reader =
        Reader { faults: Faults::default(), tags: HashMap::new(), bytes: 0, beside };
    let courses = reader.courses(files);
    reader.faults.finish().map(|()| courses)
}

struct Reader {
    faults: Faults,
    /// The same few tags stand in all texts of all courses.
    tags: HashMap<String, Tag>,
    /// What all that was read takes, about.
    bytes: usize,
    /// Top-level keys that are passed over.
    beside: &'static [&'static str],
}

/// A course, or the defaults of courses, as far as it is written.
#[derive(Default)]
struct Draft {
    title: Written<Text>,
    organization: Written<Organization>,
    layout: Option<(String, Span)>,
    paper: Option<(String, Span)>,
    language: Written<(Tag, Span)>,
    second_language: Option<Tag>,
    issued: Option<(IssueDate, Option<Text>)>,
    place: Option<Text>,
    signatories: Option<Vec<Signatory>>,
    sponsors: Option<Vec<Sponsor>>,
    badges: Option<Vec<Badge>>,
    outcomes: Option<Vec<Outcome>>,
    theme: Theme,
    extra: IndexMap<String, Json>,
    bytes: usize,
}

/// A field that must be there. What is written but wrong is not missing as well.
#[derive(Clone, Copy, Default)]
enum Written<T> {
    #[default]
    Nothing,
    Wrong,
    Well(T),
}

impl<T> Written<T> {
    fn or(self, other: &Self) -> Self
    where
        T: Clone,
    {
        match (self, other) {
            (Written::Nothing, Written::Well(value)) => Written::Well(value.clone()),
            (Written::Nothing, Written::Wrong) => Written::Wrong,
            (this, _) => this,
        }
    }
}

impl Reader {
    fn courses(&mut self, files: &[(String, Vec<u8>)]) -> IndexMap<String, Course> {
        let documents: Vec<Document> = files
            .iter()
            .filter_map(|(file, bytes)| Document::parse(file, bytes, &mut self.faults))
            .collect();
        let mut shared: Option<(Key<'_>, Draft)> = None;
        let mut parts = Vec::new();
        for document in &documents {
            let (own, courses) = self.split(document.root());
            match own {
                Some((key, node)) if courses.is_empty() && documents.len() > 1 => {
                    match &shared {
                        Some((first, _)) => self.faults.push(key.twice(&first.span())),
                        None => shared = Some((key, self.draft(node))),
                    }
                }
                own => parts.push((own.map(|(_, node)| self.draft(node)), courses)),
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
                } else if let Some(course) = self.course(key, node, &defaults) {
                    all.insert(course.id.clone(), course);
                }
            }
        }
        all
    }

    /// A file's defaults and its courses.
    #[expect(clippy::type_complexity, reason = "a pair of what one map holds")]
    fn split<'a>(
        &mut self,
        root: Node<'a>,
    ) -> (Option<(Key<'a>, Node<'a>)>, Vec<(Key<'a>, Node<'a>)>) {
        if root.is_null() {
            return (None, Vec::new());
        }
        let entries = self.faults.keep(root.entries()).into_iter().flatten();
        let entries = entries.filter(|(key, _)| !self.beside.contains(&key.text()));
        let (defaults, courses): (Vec<_>, Vec<_>) =
            entries.partition(|(key, _)| key.text() == DEFAULTS);
        let defaults = defaults.into_iter().next().filter(|(_, node)| !node.is_null());
        (defaults, courses)
    }

    fn course(
        &mut self,
        key: Key<'_>,
        node: Node<'_>,
        defaults: &Draft,
    ) -> Option<Course> {
        let id = key.text();
        if let Some(fault) = unfit_id(key) {
            self.faults.push(fault);
            return None;
        }
        let draft = if node.is_null() { Draft::default() } else { self.draft(node) };
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
        required("title", "title: …", matches!(draft.title, Written::Nothing));
        required(
            "organization",
            "organization: …",
            matches!(draft.organization, Written::Nothing),
        );
        required("language", "language: en", matches!(draft.language, Written::Nothing));
        let (Written::Well(title), Written::Well(organization), Written::Well(language)) =
            (draft.title, draft.organization, draft.language)
        else {
            return None;
        };
        let (layout, layout_span) = draft.layout.unzip();
        let (paper, paper_span) = draft.paper.unzip();
        let (issued, issued_text) = draft.issued.unwrap_or((IssueDate::Rolling, None));
        Some(Course {
            id: id.to_owned(),
            title,
            organization,
            layout: layout.unwrap_or_else(|| LAYOUT.to_owned()),
            paper,
            language: language.0,
            second_language: draft.second_language,
            issued,
            issued_text,
            place_of_issue: draft.place,
            signatories: draft.signatories.unwrap_or_default(),
            sponsors: draft.sponsors.unwrap_or_default(),
            badges: draft.badges.unwrap_or_default(),
            outcomes: draft.outcomes.unwrap_or_default(),
            theme: draft.theme,
            extra: draft.extra,
            spans: CourseSpans {
                course: key.span(),
                layout: layout_span,
                paper: paper_span,
                language: language.1,
            },
        })
    }

    fn draft(&mut self, node: Node<'_>) -> Draft {
        let fields = node.fields_or(&KNOWN, &mut self.faults, |key| {
            let fault = key.unknown(&KNOWN);
            match nearest(key.text(), KNOWN) {
                Some(_) => fault,
                None => fault.with_help(format!(
                    "known here: `{}`; what else a course has goes under `extra`",
                    KNOWN.join("`, `")
                )),
            }
        });
        let Some(fields) = fields else {
            return Draft {
                title: Written::Wrong,
                organization: Written::Wrong,
                language: Written::Wrong,
                ..Draft::default()
            };
        };
        let before = self.bytes;
        let draft = Draft {
            title: self.written(fields, "title", Self::text),
            organization: self.written(fields, "organization", Self::organization),
            layout: self.field(fields, "layout", |reader, node| {
                let name = reader.faults.keep(file_name(node, "layout"))?;
                Some((name, node.span()))
            }),
            paper: self.field(fields, "paper", |reader, node| {
                let name = reader.faults.keep(node.text())?;
                Some((name.to_lowercase(), node.span()))
            }),
            language: self.written(fields, "language", |reader, node| {
                Some((reader.language(node)?, node.span()))
            }),
            second_language: self.field(fields, "second_language", Self::language),
            issued: self.field(fields, "issued", Self::issued),
            place: self.field(fields, "place", Self::text),
            signatories: self.field(fields, "signatories", |reader, node| {
                let items = reader.faults.keep(node.items())?;
                Some(items.filter_map(|node| reader.signatory(node)).collect())
            }),
            sponsors: self.field(fields, "sponsors", Self::sponsors),
            badges: self.field(fields, "badges", Self::badges),
            outcomes: self.field(fields, "outcomes", Self::outcomes),
            theme: self.field(fields, "theme", Self::theme).unwrap_or_default(),
            extra: self.field(fields, "extra", Self::extra).unwrap_or_default(),
            bytes: 0,
        };
        Draft { bytes: self.bytes - before, ..draft }
    }

    fn field<'a, T>(
        &mut self,
        fields: Fields<'a>,
        key: &str,
        read: impl FnOnce(&mut Self, Node<'a>) -> Option<T>,
    ) -> Option<T> {
        fields.get(key).and_then(|node| read(self, node))
    }

    /// A field that must not be written without a value.
    fn written<'a, T>(
        &mut self,
        fields: Fields<'a>,
        key: &str,
        read: impl FnOnce(&mut Self, Node<'a>) -> Option<T>,
    ) -> Written<T> {
        match fields.written(key) {
            None => Written::Nothing,
            Some(node) if node.is_null() => {
                self.faults.push(node.no_value());
                Written::Wrong
            }
            Some(node) => read(self, node).map_or(Written::Wrong, Written::Well),
        }
    }

    /// Counts what something takes, and says once that it is too much.
    fn spend(&mut self, bytes: usize, at: impl FnOnce() -> Span) -> Option<()> {
        let within = self.bytes <= MAX_BYTES;
        self.bytes += bytes;
        if within && self.bytes > MAX_BYTES {
            let message =
                format!("the courses up to here take more than {} MiB", MAX_BYTES >> 20);
            self.faults.push(
                at().fault(ErrorKind::TooLarge, message)
                    .with_help("repeat less of it in every course"),
            );
        }
        (self.bytes <= MAX_BYTES).then_some(())
    }

    /// A text that must not be empty.
    fn text(&mut self, node: Node<'_>) -> Option<Text> {
        self.text_or_empty(node, false)
    }

    fn text_or_empty(&mut self, node: Node<'_>, may_be_empty: bool) -> Option<Text> {
        if node.is_scalar() {
            let (text, span) = self.one_text(node, may_be_empty)?;
            return Text::new(vec![Version { language: None, text, span }]);
        }
        let expected = "a text, or one by language,";
        let entries = self.faults.keep(node.entries_of(expected))?.collect::<Vec<_>>();
        if node.is_alias()
            && entries.iter().any(|(key, _)| Tag::parse(key.text()).is_err())
        {
            self.faults.push(node.misshapen(expected));
            return None;
        }
        let mut versions: Vec<Version> = Vec::new();
        let mut spans = HashMap::new();
        if let Some((key, _)) = entries.get(MAX_LANGUAGES) {
            let message = format!("more than {MAX_LANGUAGES} languages of one text");
            self.faults.push(key.fault(ErrorKind::TooLarge, message));
            return None;
        }
        if entries.is_empty() {
            let fault = node
                .key_span()
                .fault(ErrorKind::InvalidValue, "a map by language without any language");
            self.faults.push(fault.with_help("write one, such as `{ en: … }`"));
        }
        for (key, node) in entries {
            let text = self.one_text(node, may_be_empty);
            let Some(language) = self.tag(key) else { continue };
            if let Some(first) = spans.insert(language.clone(), key.span()) {
                self.faults.push(key.twice(&first));
            } else if let Some((text, span)) = text {
                versions.push(Version { language: Some(language), text, span });
            }
        }
        Text::new(versions)
    }

    fn one_text(&mut self, node: Node<'_>, may_be_empty: bool) -> Option<(String, Span)> {
        self.spend(size_of::<Version>(), || node.key_span())?;
        let text = match node.is_null() && may_be_empty {
            true => "",
            false => self.faults.keep(node.text())?,
        };
        // The lines of a block scalar are one paragraph.
        let text = match text.contains(['\n', '\t']) {
            true => text.split_whitespace().collect::<Vec<_>>().join(" "),
            false => text.trim().to_owned(),
        };
        self.spend(text.len(), || node.key_span())?;
        if text.is_empty() && !may_be_empty {
            self.faults.push(node.fault(ErrorKind::InvalidValue, "an empty text"));
            return None;
        }
        Some((text, node.span()))
    }

    fn tag(&mut self, key: Key<'_>) -> Option<Tag> {
        if let Some(tag) = self.tags.get(key.text()) {
            return Some(tag.clone());
        }
        let tag = Tag::parse(key.text()).map_err(|error| {
            key.wrap(error)
                .with_help("a text is plain, or a map by language: `{ en: … }`")
        });
        let tag = self.faults.keep(tag)?;
        self.tags.insert(key.text().to_owned(), tag.clone());
        Some(tag)
    }

    fn language(&mut self, node: Node<'_>) -> Option<Tag> {
        let tag = self.faults.keep(node.text())?;
        self.faults.keep(Tag::parse(tag).map_err(|error| node.wrap(error)))
    }

    /// A date, or what is printed in its place: `{ text: …, date: … }`.
    fn issued(&mut self, node: Node<'_>) -> Option<(IssueDate, Option<Text>)> {
        if node.is_scalar() {
            return Some((self.date(node)?, None));
        }
        let fields = node.fields(&["text", "date"], &mut self.faults)?;
        let text = fields.required("text", &mut self.faults);
        let text = text.and_then(|node| self.text(node));
        let date = self.field(fields, "date", Self::date);
        Some((date.unwrap_or(IssueDate::Rolling), Some(text?)))
    }

    fn date(&mut self, node: Node<'_>) -> Option<IssueDate> {
        let text = self.faults.keep(node.text())?;
        self.faults.keep(issued(text).map_err(|error| {
            node.wrap(error).with_help(
                "write `rolling`, a date such as `2026-05-14`, or `{ text: … }` for words",
            )
        }))
    }

    fn organization(&mut self, node: Node<'_>) -> Option<Organization> {
        if node.is_scalar() {
            let name = self.text(node)?;
            return Some(Organization { short: name.clone(), name });
        }
        let fields = node.fields(&["short", "name"], &mut self.faults)?;
        let short = self.field(fields, "short", Self::text);
        let name = fields.required("name", &mut self.faults);
        let name = name.and_then(|node| self.text(node))?;
        Some(Organization { short: short.unwrap_or_else(|| name.clone()), name })
    }

    fn outcomes(&mut self, node: Node<'_>) -> Option<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        for (key, node) in self.faults.keep(node.entries())? {
            let grade = Grade::parse(key.text()).map_err(|error| key.wrap(error));
            let grade = self.faults.keep(grade);
            let text = self.text_or_empty(node, true);
            if let (Some(grade), Some(text)) = (grade, text) {
                outcomes.push(Outcome { grade, text, span: key.span() });
            }
        }
        Some(outcomes)
    }

    fn extra(&mut self, node: Node<'_>) -> Option<IndexMap<String, Json>> {
        let entries = self.faults.keep(node.entries())?;
        let read = |(key, node): (Key<'_>, Node<'_>)| {
            let value = self.faults.keep(node.json())?;
            self.spend(key.text().len() + bytes(&value), || key.span())?;
            Some((key.text().to_owned(), value))
        };
        Some(entries.filter_map(read).collect())
    }
}

impl Draft {
    fn or(self, defaults: &Self) -> Self {
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
            outcomes: self.outcomes.or_else(|| defaults.outcomes.clone()),
            theme: self.theme.or(&defaults.theme),
            extra,
            bytes: self.bytes + defaults.bytes,
        }
    }
}

/// What a value takes, about.
fn bytes(value: &Json) -> usize {
    let inside = match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(bytes).sum(),
        Json::Object(entries) => entries.iter().map(|(k, v)| k.len() + bytes(v)).sum(),
        _ => 0,
    };
    inside + size_of::<Json>()
}

/// The fault of a key that can hardly be meant as a course.
fn unfit_id(key: Key<'_>) -> Option<YamlFault> {
    let id = key.text();
    if id.trim().is_empty() || id.len() > MAX_ID || id.chars().any(char::is_control) {
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
    let plain = id.chars().all(char::is_alphanumeric);
    match plain && nearest(&id.to_lowercase(), [DEFAULTS]).is_some() {
        true => Some(
            key.fault(ErrorKind::UnknownKey, format!("unknown key `{id}`"))
                .with_help(did_you_mean(&id.to_lowercase(), [DEFAULTS])),
        ),
        false => None,
    }
}

fn issued(text: &str) -> Result<IssueDate> {
    match text.eq_ignore_ascii_case("rolling") {
        true => Ok(IssueDate::Rolling),
        false => Date::parse(text).map(IssueDate::On),
    }
}

/// The name of a file or folder, without a path.
fn file_name(node: Node<'_>, what: &str) -> Result<String, YamlFault> {
    let name = node.text()?;
    let unfit = name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']);
    match unfit {
        false => Ok(name.to_owned()),
        true => Err(node
            .fault(ErrorKind::InvalidValue, format!("`{name}` is no name of a {what}"))
            .with_help("write the name without a path")),
    }
}

/// The path of a file below its folder, which it must not leave.
fn file_path(node: Node<'_>) -> Result<String, YamlFault> {
    let path = node.text()?;
    let unfit = |part: &str| part.is_empty() || part.starts_with('.');
    match path.contains('\\') || path.split('/').any(unfit) {
        false => Ok(path.to_owned()),
        true => Err(node
            .fault(ErrorKind::InvalidValue, format!("`{path}` is no name of a file here"))
            .with_help("write the file's name alone, such as `ada.png`")),
    }
}
