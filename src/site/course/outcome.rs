//! Outcomes: the sentence that a certificate shows for a grade.

use std::fmt;

use super::text::Text;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml::Span;

/// The sentence for a grade, or for a range of grades: an entry of `outcomes`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// The grade, or the bound of the range: the entry's key.
    pub grade: Grade,
    /// The sentence, a template; empty for none.
    pub text: Text,
    pub(super) span: Span,
}

impl Outcome {
    /// Returns where its key is in the course file.
    pub fn place(&self) -> &Place {
        self.span.place()
    }
}

/// A grade as text, or a bound of numeric grades: a key of `outcomes`.
#[derive(Debug, Clone, PartialEq)]
pub enum Grade {
    /// A grade, compared as text: `Distinction`.
    Text(String),
    /// Grades from this one up: `>= 0.9`.
    AtLeast(f64),
    /// Grades above this one: `> 0.9`.
    Above(f64),
    /// Grades up to this one: `<= 0.9`.
    AtMost(f64),
    /// Grades below this one: `< 0.9`.
    Below(f64),
}

type Bound = fn(f64) -> Grade;

/// `>=` comes before `>`, and `<=` before `<`, because the first prefix counts.
const SIGNS: [(&str, Bound); 4] = [
    (">=", Grade::AtLeast),
    (">", Grade::Above),
    ("<=", Grade::AtMost),
    ("<", Grade::Below),
];

impl Grade {
    /// Reads a key of `outcomes`: a bound if it begins with `<` or `>`, else a grade as text.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: a bound without a finite number.
    pub fn parse(text: &str) -> Result<Self> {
        let bound = SIGNS
            .iter()
            .find_map(|(sign, grade)| Some((text.strip_prefix(sign)?, grade)));
        match bound {
            None => Ok(Self::Text(text.to_owned())),
            Some((bound, grade)) => match number(bound) {
                Some(bound) => Ok(grade(bound)),
                None => Err(Error::new(
                    ErrorKind::InvalidValue,
                    format!("`{text}` is no bound of a grade"),
                )
                .with_help("write a number after the sign: `\">= 0.9\"`")),
            },
        }
    }

    /// Returns the distance of a numeric grade from a bound that it meets.
    fn distance(&self, grade: f64) -> Option<f64> {
        let (met, bound) = match *self {
            Self::Text(_) => return None,
            Self::AtLeast(bound) => (grade >= bound, bound),
            Self::Above(bound) => (grade > bound, bound),
            Self::AtMost(bound) => (grade <= bound, bound),
            Self::Below(bound) => (grade < bound, bound),
        };
        met.then(|| (grade - bound).abs())
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::AtLeast(bound) => write!(f, ">= {bound}"),
            Self::Above(bound) => write!(f, "> {bound}"),
            Self::AtMost(bound) => write!(f, "<= {bound}"),
            Self::Below(bound) => write!(f, "< {bound}"),
        }
    }
}

/// Chooses the outcome of a grade, by the rules of [`Course::outcome`](super::Course::outcome).
pub(super) fn choose<'a>(
    outcomes: &'a [Outcome],
    grade: Option<&str>,
) -> Option<&'a Outcome> {
    let by_text = |wanted: &str| {
        let named = |same: &dyn Fn(&str) -> bool| {
            outcomes
                .iter()
                .find(|outcome| matches!(&outcome.grade, Grade::Text(text) if same(text)))
        };
        let lower = wanted.to_lowercase();
        named(&|text| text == wanted)
            .or_else(|| named(&|text| text.to_lowercase() == lower))
    };
    let by_bound = |grade: f64| {
        let met = outcomes
            .iter()
            .filter_map(|outcome| Some((outcome, outcome.grade.distance(grade)?)));
        met.min_by(|(_, one), (_, other)| one.total_cmp(other))
            .map(|(outcome, _)| outcome)
    };
    let grade = grade.map(str::trim);
    grade
        .and_then(by_text)
        .or_else(|| by_bound(number(grade?)?))
        .or_else(|| by_text("Pass"))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}
