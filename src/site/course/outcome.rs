//! Which sentence a grade earns.

use std::fmt;

use super::Text;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::yaml::Span;

/// A sentence for those who reached a grade. It is a template.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// Whom it is for.
    pub grade: Grade,
    /// What it says; empty for nothing.
    pub text: Text,
    pub(super) span: Span,
}

impl Outcome {
    /// Its key in the course file.
    pub fn place(&self) -> &Place {
        self.span.place()
    }
}

/// A grade by its text, or a bound of numeric grades.
#[derive(Debug, Clone, PartialEq)]
pub enum Grade {
    /// `Distinction`
    Text(String),
    /// `>= 0.9`
    AtLeast(f64),
    /// `> 0.9`
    Above(f64),
    /// `<= 0.9`
    AtMost(f64),
    /// `< 0.9`
    Below(f64),
}

type Bound = fn(f64) -> Grade;

/// The longer ones first.
const SIGNS: [(&str, Bound); 4] = [
    (">=", Grade::AtLeast),
    (">", Grade::Above),
    ("<=", Grade::AtMost),
    ("<", Grade::Below),
];

impl Grade {
    /// Reads a key of `outcomes`: a bound if it begins with `<` or `>`, else a grade's text.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] for a bound without a number.
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

    /// How far a numeric grade is from a bound that it meets.
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

/// The outcome for a grade, as [`Course::outcome`](super::Course::outcome) says. Of the bounds that
/// a grade meets the nearest counts, in whatever order they are written.
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
