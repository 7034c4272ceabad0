//! All courses of a site.

use indexmap::IndexMap;

use super::{Course, read};
use crate::base::error::{Error, ErrorKind, Result, did_you_mean, finding, nearest};

/// The courses of a site by id, in the order of their files.
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
    /// Reads course files: for each its name, which errors show, and its content.
    ///
    /// # Errors
    /// All errors of all files at once ([`Error::faults`]), each with its place:
    /// [`ErrorKind::Syntax`], [`ErrorKind::UnknownKey`], [`ErrorKind::MissingField`],
    /// [`ErrorKind::Duplicate`], [`ErrorKind::InvalidValue`], [`ErrorKind::TooLarge`].
    pub fn parse(files: &[(String, Vec<u8>)]) -> Result<Self> {
        read::courses(files, &[]).map(Self)
    }

    /// Reads a course file whose top-level keys in `ignored` are not courses.
    pub(crate) fn parse_ignoring(
        file: &str,
        bytes: &[u8],
        ignored: &[&str],
    ) -> Result<Self> {
        read::courses(&[(file.to_owned(), bytes.to_vec())], ignored).map(Self)
    }

    /// Returns the course of this id, which is compared exactly.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCourse`]: the help has the nearest id.
    pub fn get(&self, id: &str) -> Result<&Course> {
        self.0.get(id).ok_or_else(|| {
            let known = self.0.keys().map(String::as_str);
            let near = Some(id).filter(|id| id.len() < 1000);
            let help = match near.and_then(|id| nearest(id, known.clone())) {
                None if self.len() > 10 => {
                    format!("there are {} courses with other ids", self.len())
                }
                _ => did_you_mean(id, known).into_owned(),
            };
            Error::new(ErrorKind::UnknownCourse, finding!("course_unknown", id))
                .with_help(help)
        })
    }

    /// Returns the courses in the order of their files.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Course> {
        self.0.values()
    }

    /// Returns the number of courses.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no courses.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
