//! Courses: what a site certifies, from `courses.yaml` and `courses/*.yaml`.
//!
//! - **Takes**: course files.
//! - **Gives**: [`Courses`], in which every [`Course`] has its defaults filled in.
//!
//! The decision made here is which defaults apply. A file's `defaults` apply to the courses of that
//! file; if a file without courses is one of several course files, its `defaults` apply to all
//! courses of the site. `theme` and `extra` are filled in key by key, every other field as a whole,
//! as a YAML merge key does.

mod courses;
mod grade_number;
mod grade_words;
mod grades;
mod outcome;
mod pictures;
mod read;
mod signatory;
mod text;
mod theme;

use indexmap::IndexMap;
use serde_json::Value as Json;

pub use self::courses::Courses;
pub(crate) use self::grade_number::GradeNumber;
#[cfg(feature = "tables")]
pub(in crate::site) use self::grade_words::is_failing;
pub(crate) use self::grades::no_scale;
pub use self::grades::{GradeMark, GradeScale, LetterGrade, NumberGrade};
pub use self::outcome::{Grade, Outcome};
pub use self::pictures::{Badge, Sponsor};
pub(crate) use self::read::read_text;
pub use self::signatory::{Nudge, Signatory};
pub use self::text::Text;
pub use self::theme::{Colour, Theme};
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean};
use crate::base::lang::Tag;
use crate::base::yaml::Span;
use crate::site::recipients_format::RecipientsFormat;

/// A course, as its certificates show it. Each field is the key of the same name in a course file;
/// [`place_of_issue`](Self::place_of_issue) is `place` there.
///
/// A [`Text`] is plain, or a map by language.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Course {
    /// The course's key in its file: `Org/Course/Run`, `course-v1:Org+Course+Run`, or any other
    /// text of at most 255 bytes.
    pub id: String,
    /// The title.
    pub title: Text,
    /// The organization that offers it.
    pub organization: Organization,
    /// The name of its layout; `classic` unless set.
    pub layout: String,
    /// The name of the paper, in lower case: one of those that the layout has, and its first unless
    /// set.
    pub paper: Option<String>,
    /// The language of its certificates unless a request sets another, and the fallback of its
    /// texts.
    pub language: Tag,
    /// The second language, on layouts for two languages.
    pub second_language: Option<Tag>,
    /// The date of issue that its certificates show; rolling unless set.
    pub issued: IssueDate,
    /// The text that they show instead of that date: `issued: { text: … }`.
    pub issued_text: Option<Text>,
    /// The place of issue, which layouts show next to the date: `place`.
    pub place_of_issue: Option<Text>,
    /// The signatories, in order.
    pub signatories: Vec<Signatory>,
    /// The sponsors, in order.
    pub sponsors: Vec<Sponsor>,
    /// The badges, in order.
    pub badges: Vec<Badge>,
    /// The scale of its grades; without one a grade is a text.
    pub grades: Option<GradeScale>,
    /// A sentence for each grade, in the order of the file.
    pub outcomes: Vec<Outcome>,
    /// Its colours, logo and background, where they differ from the layout's.
    pub theme: Theme,
    /// Free fields, for sentences and layouts that use them.
    pub extra: IndexMap<String, Json>,
    /// The names of free fields that its requests may have, besides those that its layout declares
    /// and sentences name.
    pub fields: Vec<String>,
    /// How its recipients files are read.
    pub recipients: RecipientsFormat,
    /// The layouts that the names of template PDFs in old messages stand for. Requests of other
    /// templates are refused, unless it is empty: then a template is ignored.
    pub templates: IndexMap<String, String>,
    spans: CourseSpans,
}

/// The spans of values that later steps check.
#[derive(Debug, Clone)]
struct CourseSpans {
    course: Span,
    layout: Option<Span>,
    paper: Option<Span>,
    language: Span,
}

/// The organization that offers a course. One plain text sets both names.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Organization {
    /// The short name, as in course ids: `ExampleX`; the full name unless set.
    pub short: Text,
    /// The full name: `Example University`.
    pub name: Text,
}

/// The date of issue of a course's certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueDate {
    /// `rolling`: the day on which each certificate is issued.
    Rolling,
    /// `2026-05-14`: the same day for all.
    On(Date),
}

impl Course {
    /// The texts that sentences may print, each with its place.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Text> {
        [&self.title, &self.organization.name, &self.organization.short]
            .into_iter()
            .chain(&self.issued_text)
            .chain(&self.place_of_issue)
            .chain(self.signatories.iter().map(|signatory| &signatory.name))
            .chain(
                self.signatories.iter().filter_map(|signatory| signatory.title.as_ref()),
            )
    }

    /// Returns what the text of a grade is on the course's scale. `language` is the language of the
    /// text: it decides whether a comma is a decimal sign.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue): it is outside of the scale, or a number
    /// although the course declares no scale and has outcomes; without a scale a text that is neither
    /// one of the outcomes nor a word for passing.
    /// [`NotPassed`](crate::ErrorKind::NotPassed): it is below the pass mark, or a word that says
    /// so.
    pub fn mark(&self, grade: &str, language: &Tag) -> Result<GradeMark> {
        self.mark_of(grade, false, language)
    }

    /// As [`mark`](Self::mark), for a number that is a share of 1, whatever the scale.
    ///
    /// # Errors
    /// As [`mark`](Self::mark); [`InvalidValue`](crate::ErrorKind::InvalidValue) if the scale has
    /// letters.
    pub fn mark_of_fraction(&self, grade: &str, language: &Tag) -> Result<GradeMark> {
        self.mark_of(grade, true, language)
    }

    fn mark_of(
        &self,
        grade: &str,
        is_fraction: bool,
        language: &Tag,
    ) -> Result<GradeMark> {
        let is_named = (!self.outcomes.is_empty())
            .then(|| outcome::by_text(&self.outcomes, grade.trim()).is_some());
        let mark = GradeMark::read(
            grade,
            is_fraction,
            self.grades.as_ref(),
            language,
            is_named,
        )?;
        match &mark {
            GradeMark::Text(text) if self.grades.is_none() => {
                outcome::check_named(&self.outcomes, text)?;
                Ok(mark)
            }
            _ => Ok(mark),
        }
    }

    /// Returns what the grade of a part of the course is, a row of its table: it is printed, whether
    /// it passes or not. A word is a text on any scale.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue): a number that is outside of the scale, or cannot be read.
    pub(crate) fn mark_of_part(&self, grade: &str, language: &Tag) -> Result<GradeMark> {
        GradeMark::read_part(grade, self.grades.as_ref(), language)
    }

    /// Whether a certificate needs a grade, because the course has a pass mark.
    pub(crate) fn needs_grade(&self) -> bool {
        self.grades.as_ref().is_some_and(GradeScale::needs_grade)
    }

    /// Returns the outcome of a grade.
    ///
    /// It is the outcome of the grade's own text, compared exactly and then regardless of case; else
    /// that of the nearest bound that the grade meets; else that of `Pass`, which is also the
    /// outcome without a grade; else `None`.
    pub fn outcome(&self, mark: &GradeMark) -> Option<&Outcome> {
        outcome::choose(&self.outcomes, mark)
    }

    /// Returns a value within a free field as a text, if it is a map by language.
    pub(crate) fn text_of(&self, json: &Json) -> Option<Text> {
        Text::of_json(json, &self.spans.course)
    }

    /// Returns the name of the layout of a request that names a layout, a template, or neither.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue): the course lists templates, and not this
    /// one.
    pub(crate) fn layout_of<'a>(
        &'a self,
        layout: Option<&'a str>,
        template: Option<&str>,
    ) -> Result<&'a str> {
        let template =
            template.filter(|_| layout.is_none() && !self.templates.is_empty());
        let Some(template) = template else { return Ok(layout.unwrap_or(&self.layout)) };
        self.templates.get(template).map(String::as_str).ok_or_else(|| {
            let known = self.templates.keys().map(String::as_str);
            let template = template.escape_debug();
            Error::new(
                ErrorKind::InvalidValue,
                format!("the course `{}` has no template `{template}`", self.id),
            )
            .with_help(did_you_mean(&template.to_string(), known))
        })
    }

    /// Returns the layouts that its certificates may have unless a request names one: its own first,
    /// then those of its templates, each once.
    #[cfg(feature = "cli")]
    pub(crate) fn layouts(&self) -> Vec<&str> {
        let mut layouts = vec![self.layout.as_str()];
        for layout in self.templates.values().map(String::as_str) {
            if !layouts.contains(&layout) {
                layouts.push(layout);
            }
        }
        layouts
    }

    /// Returns where the course begins: its key in the file.
    pub fn place(&self) -> &Place {
        self.spans.course.place()
    }

    /// Returns where its layout is named, in the course or its defaults; else its key.
    pub fn layout_place(&self) -> &Place {
        self.spans.layout.as_ref().unwrap_or(&self.spans.course).place()
    }

    /// Returns where its paper is named, in the course or its defaults; else its key.
    pub fn paper_place(&self) -> &Place {
        self.spans.paper.as_ref().unwrap_or(&self.spans.course).place()
    }

    /// Returns where its language is named.
    pub fn language_place(&self) -> &Place {
        self.spans.language.place()
    }
}

#[cfg(test)]
mod grade_tests;
#[cfg(test)]
mod tests;
