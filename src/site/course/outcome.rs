//! Outcomes: the sentence that a certificate shows for a grade.

use std::cmp::Reverse;
use std::fmt;

use super::grade_number::GradeNumber;
use super::grade_words::is_passing;
use super::grades::{GradeMark, GradeRank, GradeScale};
use super::text::Text;
use crate::base::error::{Error, ErrorKind, Place, Result, nearest};
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
    /// Where the grade, or the bound, stands on the course's scale.
    pub(super) rank: Option<GradeRank>,
}

impl Outcome {
    /// Returns where its key is in the course file.
    pub fn place(&self) -> &Place {
        self.span.place()
    }

    /// Finds its grade on the scale of its course.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: a bound outside of the scale, or without a scale one that is no
    /// number.
    pub(super) fn set_scale(&mut self, scale: Option<&GradeScale>) -> Result<()> {
        let text = self.grade.text();
        if let Some(sign) = reversed_sign(text) {
            let message = format!("`{}` is no bound of a grade", self.grade);
            return Err(Error::new(ErrorKind::InvalidValue, message).with_help(format!(
                "write the sign as `{sign}`, or put the text in other words"
            )));
        }
        self.rank = match (&self.grade, scale) {
            (Grade::Text(_), None) => None,
            // `Pass` need not be on the scale: it is used for every grade without an outcome of its own.
            (Grade::Text(_), Some(scale)) if text.trim().eq_ignore_ascii_case("pass") => {
                scale.bound(text).ok()
            }
            (_, Some(scale)) => Some(scale.bound(text)?),
            (_, None) => match GradeNumber::parse(text) {
                Some(number) => Some(GradeRank(number)),
                None => {
                    let message = format!("`{}` is no bound of a grade", self.grade);
                    return Err(Error::new(ErrorKind::InvalidValue, message)
                        .with_help("write a number after the sign: `\">= 0.9\"`"));
                }
            },
        };
        Ok(())
    }

    /// Whether another outcome is for exactly the same grades.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_text = matches!(self.grade, Grade::Text(_));
        self.grade.precedence() == other.grade.precedence()
            && !is_text
            && self.rank == other.rank
    }

    /// Returns `None` if the grade does not meet the bound. Else its distance, then the precedence that
    /// breaks ties: the smallest is chosen.
    fn distance(&self, rank: GradeRank) -> Option<(GradeNumber, Reverse<u8>)> {
        let bound = self.rank?;
        let met = match self.grade {
            Grade::Text(_) => rank == bound,
            Grade::AtLeast(_) => rank >= bound,
            Grade::Above(_) => rank > bound,
            Grade::AtMost(_) => rank <= bound,
            Grade::Below(_) => rank < bound,
        };
        let nearness = (rank.0.distance(bound.0), Reverse(self.grade.precedence()));
        met.then_some(nearness)
    }
}

/// A grade as text, or a bound of grades: a key of `outcomes`. A bound is as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grade {
    /// A grade, compared as text: `Distinction`.
    Text(String),
    /// Grades from this one up: `>= 0.9`.
    AtLeast(String),
    /// Grades above this one: `> 0.9`.
    Above(String),
    /// Grades up to this one: `<= 0.9`.
    AtMost(String),
    /// Grades below this one: `< 0.9`.
    Below(String),
}

type Bound = fn(String) -> Grade;

/// `>=` comes before `>`, and `<=` before `<`, because the first prefix counts.
const SIGNS: [(&str, Bound); 6] = [
    (">=", Grade::AtLeast),
    ("≥", Grade::AtLeast),
    (">", Grade::Above),
    ("<=", Grade::AtMost),
    ("≤", Grade::AtMost),
    ("<", Grade::Below),
];

impl Grade {
    /// Reads a key of `outcomes`: a bound if it begins with `<` or `>`, else a grade as text.
    /// Whether a bound is on the scale of the course is decided with that scale.
    pub fn parse(text: &str) -> Self {
        let bound = SIGNS
            .iter()
            .find_map(|(sign, grade)| Some((text.strip_prefix(sign)?, grade)));
        match bound {
            None => Self::Text(text.to_owned()),
            Some((bound, grade)) => grade(bound.trim().to_owned()),
        }
    }

    /// The text, or the bound without its sign.
    fn text(&self) -> &str {
        match self {
            Self::Text(text)
            | Self::AtLeast(text)
            | Self::Above(text)
            | Self::AtMost(text)
            | Self::Below(text) => text,
        }
    }

    /// Which of two that are equally near counts: the larger. The grade itself is closer than its
    /// bounds, a bound that excludes it closer than one that includes it.
    fn precedence(&self) -> u8 {
        match self {
            Self::Text(_) => 4,
            Self::Above(_) => 3,
            Self::AtLeast(_) => 2,
            Self::Below(_) => 1,
            Self::AtMost(_) => 0,
        }
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

/// The sign that was meant by one that is written the wrong way round, or twice.
fn reversed_sign(text: &str) -> Option<&'static str> {
    [("=>", ">="), ("=<", "<="), ("=", ">="), (">", ">="), ("<", "<=")]
        .into_iter()
        .find_map(|(wrong, right)| text.trim_start().starts_with(wrong).then_some(right))
}

/// Chooses the outcome of a grade, by the rules of [`Course::outcome`](super::Course::outcome).
pub(super) fn choose<'a>(
    outcomes: &'a [Outcome],
    mark: &GradeMark,
) -> Option<&'a Outcome> {
    let text = match mark {
        GradeMark::Text(text) | GradeMark::Unscaled(text) => Some(text.as_str()),
        GradeMark::Letter(letter) => Some(letter.text.as_str()),
        GradeMark::None | GradeMark::Number(_) => None,
    };
    let by_rank = |rank: GradeRank| {
        let met = outcomes
            .iter()
            .filter_map(|outcome| Some((outcome, outcome.distance(rank)?)));
        met.min_by_key(|(_, nearness)| *nearness).map(|(outcome, _)| outcome)
    };
    text.and_then(|text| by_text(outcomes, text))
        .or_else(|| by_rank(mark.rank()?))
        .or_else(|| by_text(outcomes, "Pass"))
}

/// Checks that a grade without a scale is the text of an outcome, or a word for passing. Where the course has
/// no texts among its outcomes, any text is a grade.
///
/// # Errors
/// [`ErrorKind::InvalidValue`].
pub(super) fn check_named(outcomes: &[Outcome], text: &str) -> Result<()> {
    let named: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| matches!(outcome.grade, Grade::Text(_)))
        .map(|outcome| outcome.grade.text())
        .collect();
    if named.is_empty() || by_text(outcomes, text).is_some() || is_passing(text) {
        return Ok(());
    }
    let message = format!(
        "the grade `{}` is neither an outcome of the course, which has `{}`, nor a known word \
         for passing",
        text.escape_debug(),
        named.join("`, `")
    );
    let near = nearest(text, named.iter().copied());
    let near =
        near.map(|near| format!("did you mean `{near}`? Else ")).unwrap_or_default();
    Err(Error::new(ErrorKind::InvalidValue, message).with_help(format!(
        "{near}write one of them into the row, or add the grade to `outcomes` in the course"
    )))
}

/// The outcome of exactly that text, else the first by the alphabet that differs in case.
pub(super) fn by_text<'a>(outcomes: &'a [Outcome], wanted: &str) -> Option<&'a Outcome> {
    let lower = wanted.to_lowercase();
    let named = outcomes.iter().filter_map(|outcome| match &outcome.grade {
        Grade::Text(text) if text.to_lowercase() == lower => Some((outcome, text)),
        _ => None,
    });
    named.min_by_key(|(_, text)| (*text != wanted, *text)).map(|(outcome, _)| outcome)
}
