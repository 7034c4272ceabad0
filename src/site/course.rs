//! What is certified: the courses of `courses.yaml`, with everything that has a default filled in.
//!
//! A file's `defaults` apply to every course of the file, and those of a file without courses to
//! every course there is. `theme` and `extra` are filled in key by key, all else as a whole, which
//! is also what a YAML merge key does.

mod beside;
mod outcome;
mod read;
mod text;
mod theme;

use indexmap::IndexMap;
use serde_json::Value as Json;

pub use self::beside::{Badge, Nudge, Signatory, Sponsor};
pub use self::outcome::{Grade, Outcome};
pub use self::text::Text;
pub use self::theme::{Colour, Theme};
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean, nearest};
use crate::base::lang::Tag;
use crate::base::yaml::Spot;

/// The facts about one course that its certificates show.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Course {
    /// `Org/Course/Run`, `course-v1:Org+Course+Run` or any other text: the key in the file.
    pub id: String,
    /// Its title, plain text.
    pub title: Text,
    /// Who offers it.
    pub organization: Organization,
    /// The name of its layout, `classic` unless set.
    pub layout: String,
    /// The paper, one of those that the layout is drawn for; its first unless set.
    pub paper: Option<String>,
    /// Its language: that of its certificates unless another is asked for, and the one that its
    /// texts fall back to.
    pub language: Tag,
    /// The language beside it, on layouts that have room for two.
    pub second_language: Option<Tag>,
    /// The date that its certificates bear, rolling unless set.
    pub issued: IssueDate,
    /// What they say instead of that date.
    pub issued_text: Option<Text>,
    /// Where they are issued, as it stands beside the date.
    pub place_of_issue: Option<Text>,
    /// Who signs, in order.
    pub signatories: Vec<Signatory>,
    /// Who supports it.
    pub sponsors: Vec<Sponsor>,
    /// Seals and badges.
    pub badges: Vec<Badge>,
    /// A sentence by grade.
    pub outcomes: Vec<Outcome>,
    /// Its colours and logo, where they differ from the layout's.
    pub theme: Theme,
    /// What else its sentences and layout use.
    pub extra: IndexMap<String, Json>,
    spots: Spots,
}

/// Where a course says what only later steps can find wrong.
#[derive(Debug, Clone)]
struct Spots {
    course: Spot,
    layout: Option<Spot>,
    paper: Option<Spot>,
    language: Spot,
}

/// Who offers a course.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Organization {
    /// As in course ids: `ExampleX`.
    pub short: Text,
    /// In full: `Example University`.
    pub name: Text,
}

/// The date that certificates bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueDate {
    /// The day on which each is issued.
    Rolling,
    /// The same day for all.
    On(Date),
}

impl Course {
    /// The sentence for a grade: that of the grade's own text, else of the bound that a numeric
    /// grade meets most closely, else of `Pass`, else none.
    ///
    /// A grade's text is compared exactly, then without regard to case. Without a grade it is the
    /// sentence of `Pass`.
    pub fn outcome(&self, grade: Option<&str>) -> Option<&Outcome> {
        outcome::choose(&self.outcomes, grade)
    }

    /// A map by language within a free field as the text that it is, if it is one.
    pub(crate) fn text_of(&self, json: &Json) -> Option<Text> {
        Text::of_json(json, &self.spots.course)
    }

    /// The course's key in its file.
    pub fn place(&self) -> &Place {
        self.spots.course.place()
    }

    /// Where its layout is named, in the course or its defaults; else its key.
    pub fn layout_place(&self) -> &Place {
        self.spots.layout.as_ref().unwrap_or(&self.spots.course).place()
    }

    /// Where its paper is named, in the course or its defaults; else its key.
    pub fn paper_place(&self) -> &Place {
        self.spots.paper.as_ref().unwrap_or(&self.spots.course).place()
    }

    /// Where its language is named.
    pub fn language_place(&self) -> &Place {
        self.spots.language.place()
    }
}

/// All courses of a site, by id.
///
/// ```
/// let file = "\
/// Org/Curling/2026:
///   title: Introduction to Curling
///   organization: Example University
///   language: en
/// ";
/// let courses = testamur::site::Courses::parse(&[("courses.yaml".into(), file.into())])?;
/// assert_eq!(courses.get("Org/Curling/2026")?.layout, "classic");
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Courses(IndexMap<String, Course>);

impl Courses {
    /// Reads course files, each a name that its errors show and a content.
    ///
    /// # Errors
    /// Everything that is wrong in all the files at once, each fault with its place:
    /// [`ErrorKind::Syntax`], [`ErrorKind::UnknownKey`], [`ErrorKind::MissingField`], [`ErrorKind::Duplicate`],
    /// [`ErrorKind::InvalidValue`], [`ErrorKind::TooLarge`].
    pub fn parse(files: &[(String, Vec<u8>)]) -> Result<Self> {
        read::courses(files, &[]).map(Self)
    }

    /// Reads a file that holds something else beside its courses, under keys of that name.
    pub(crate) fn parse_beside(
        file: &str,
        bytes: &[u8],
        keys: &'static [&'static str],
    ) -> Result<Self> {
        read::courses(&[(file.to_owned(), bytes.to_vec())], keys).map(Self)
    }

    /// The course of this id, compared exactly.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCourse`], with the nearest id as help.
    pub fn get(&self, id: &str) -> Result<&Course> {
        self.0.get(id).ok_or_else(|| {
            let known = self.0.keys().map(String::as_str);
            let near = Some(id).filter(|id| id.len() < 1000);
            let help = match near.and_then(|id| nearest(id, known.clone())) {
                None if self.len() > 10 => {
                    format!("there are {} courses of other ids", self.len())
                }
                _ => did_you_mean(id, known).into_owned(),
            };
            Error::new(ErrorKind::UnknownCourse, format!("there is no course `{id}`"))
                .with_help(help)
        })
    }

    /// The courses in the order of their files.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Course> {
        self.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests;
