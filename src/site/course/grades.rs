//! Grades: the scale that a course declares for them, and what a grade is on it.
//!
//! - **Takes**: `grades` of a course, and the text of a grade.
//! - **Gives**: the [`GradeMark`], or why there is none: it is outside of the scale, or does not
//!   pass.
//!
//! The decision made here is that a number means nothing without a scale: 0.93 may be nearly all or
//! nearly nothing. A course without `grades` takes words.

use std::fmt;

use super::grade_number::{
    GradeNumber, NumberReading, NumberUnit, is_numeric, read_number,
};
use super::grade_words::is_failing;
use crate::base::error::{Error, ErrorKind, Result, did_you_mean, nearest};
use crate::base::lang::Tag;

/// An example of what a course declares, for messages.
const EXAMPLE: &str = "`grades: { scale: percent, pass: 50 }`";

/// The scale of a course's grades: `grades`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeScale {
    kind: ScaleKind,
    /// The lowest grade that passes.
    pass: Option<GradeRank>,
}

/// What the grades of a scale are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScaleKind {
    /// Numbers up to this one: `18.5` of 20.
    Points(GradeNumber),
    /// Numbers up to 100.
    Percent,
    /// Numbers up to 1.
    Fraction,
    /// Letters or words, the best first.
    Letters(Vec<String>),
}

/// Where a grade stands on its scale: the larger the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GradeRank(pub(super) GradeNumber);

/// What a grade is on the scale of its course.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GradeMark {
    /// There is no grade.
    None,
    /// A word of a course that declares no scale.
    Text(String),
    /// A letter of the scale, as the scale writes it.
    Letter(LetterGrade),
    /// A number of the scale.
    Number(NumberGrade),
    /// A number of a course that declares no scale: it can be neither compared nor printed.
    Unscaled(String),
}

/// A grade that is a letter of its scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterGrade {
    pub(crate) text: String,
    pub(crate) rank: GradeRank,
}

/// A grade that is a number of its scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberGrade {
    /// The number as the scale counts.
    pub(crate) value: GradeNumber,
    /// The largest number of the scale.
    pub(crate) max: GradeNumber,
    /// Whether it is printed as a percentage, and not as points.
    pub(crate) is_percentage: bool,
}

impl GradeScale {
    pub(crate) fn new(kind: ScaleKind) -> Self {
        Self { kind, pass: None }
    }

    /// Sets the pass mark as a course writes it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: it is outside of the scale.
    pub(crate) fn with_pass(self, text: &str) -> Result<Self> {
        let pass = Some(self.bound(text)?);
        Ok(Self { pass, ..self })
    }

    /// The scale of a grade that is stated as a share of 1.
    fn fraction() -> Self {
        Self::new(ScaleKind::Fraction)
    }

    /// The largest number; `None` for letters.
    fn max(&self) -> Option<GradeNumber> {
        match &self.kind {
            ScaleKind::Points(max) => Some(*max),
            ScaleKind::Percent => Some(GradeNumber::whole(100)),
            ScaleKind::Fraction => Some(GradeNumber::whole(1)),
            ScaleKind::Letters(_) => None,
        }
    }

    /// Reads the pass mark, or the bound of an outcome, in the form of YAML.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: it is outside of the scale.
    pub(super) fn bound(&self, text: &str) -> Result<GradeRank> {
        let text = text.trim();
        let Some(max) = self.max() else {
            let letter = self.letter(text);
            return letter.map(|letter| letter.rank).ok_or_else(|| {
                let message = format!("`{text}` is not a letter of `grades`");
                Error::new(ErrorKind::InvalidValue, message)
                    .with_help(self.help_for_letter(text))
            });
        };
        let bare = match self.kind {
            ScaleKind::Percent => text.strip_suffix('%').unwrap_or(text).trim_end(),
            _ => text,
        };
        let number = GradeNumber::parse(bare);
        let help = match number {
            Some(_) => format!("write a number from 0 to {max}"),
            None => "write a number, with a point if it has decimals: `0.5`".to_owned(),
        };
        let number = number.filter(|number| *number <= max).ok_or_else(|| {
            let message = format!("`{text}` is outside of the scale, {self}");
            Error::new(ErrorKind::InvalidValue, message).with_help(help)
        })?;
        if self.is_likely_a_fraction(number) && bare == text {
            return Err(likely_a_fraction(text, number));
        }
        Ok(GradeRank(number))
    }

    /// Whether a number of the scale of 100 is above 0 and not above 1, as shares of 1 are.
    fn is_likely_a_fraction(&self, number: GradeNumber) -> bool {
        self.kind == ScaleKind::Percent
            && !number.is_zero()
            && number <= GradeNumber::whole(1)
    }

    /// Reads a grade. `is_fraction` says that a number is a share of 1, whatever the scale.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: it is outside of the scale. [`ErrorKind::NotPassed`].
    fn read(&self, text: &str, is_fraction: bool, language: &Tag) -> Result<GradeMark> {
        let mark = match (self.letter(text), self.max()) {
            (Some(letter), _) => GradeMark::Letter(letter),
            _ if is_failing(text) => return Err(not_passed(text)),
            (None, None) => return Err(self.no_letter(text, is_fraction)),
            (None, Some(max)) if is_fraction => {
                let one = Self::fraction();
                let share = one.read_value(text, GradeNumber::whole(1), language)?;
                let value = share.times(max).ok_or_else(|| self.outside(text))?;
                self.number(value, max)
            }
            (None, Some(max)) => self.number_mark(text, max, language)?,
        };
        match (&self.pass, mark.rank()) {
            (Some(pass), Some(rank)) if rank < *pass => {
                let pass = self.rank_text(*pass);
                let message = format!(
                    "not passed: the grade `{text}` is below the pass mark {pass}"
                );
                Err(Error::new(ErrorKind::NotPassed, message))
            }
            _ => Ok(mark),
        }
    }

    fn number_mark(
        &self,
        text: &str,
        max: GradeNumber,
        language: &Tag,
    ) -> Result<GradeMark> {
        Ok(self.number(self.read_value(text, max, language)?, max))
    }

    fn number(&self, value: GradeNumber, max: GradeNumber) -> GradeMark {
        let is_percentage = !matches!(self.kind, ScaleKind::Points(_));
        GradeMark::Number(NumberGrade { value, max, is_percentage })
    }

    /// Reads a number in the form that its language writes.
    fn read_value(
        &self,
        text: &str,
        max: GradeNumber,
        language: &Tag,
    ) -> Result<GradeNumber> {
        let unclear = |cause: &str| {
            Error::new(
                ErrorKind::InvalidValue,
                format!("cannot read the grade `{text}` ({cause})"),
            )
            .with_help(format!("the scale of the course is {self}"))
        };
        let (number, unit) = match read_number(text, language, max) {
            NumberReading::Text => return Err(self.outside(text)),
            NumberReading::Unclear(cause) => return Err(unclear(&cause)),
            NumberReading::Number(number, unit) => (number, unit),
        };
        let value = match (unit, &self.kind) {
            (NumberUnit::None, _) if self.is_likely_a_fraction(number) => {
                return Err(likely_a_fraction(text, number));
            }
            (NumberUnit::None, _) => number,
            (NumberUnit::Percent, ScaleKind::Percent) => number,
            (NumberUnit::Percent, ScaleKind::Fraction) => number.hundredth(),
            (NumberUnit::Percent, _) => {
                return Err(unclear("it is a percentage, and the scale is not"));
            }
            (NumberUnit::Of(of), _) if of == max => number,
            (NumberUnit::Of(of), _) => {
                return Err(unclear(&format!(
                    "it is out of {of}, and the scale is out of {max}"
                )));
            }
        };
        if value > max { Err(self.outside(text)) } else { Ok(value) }
    }

    /// The letter of that text: exactly, else regardless of case.
    fn letter(&self, text: &str) -> Option<LetterGrade> {
        let ScaleKind::Letters(letters) = &self.kind else { return None };
        let text = plain_letter(text);
        let lower = text.to_lowercase();
        let letters_as = letters.iter().map(|letter| plain_letter(letter));
        let index =
            letters_as.clone().position(|letter| letter == text).or_else(|| {
                letters_as.clone().position(|letter| letter.to_lowercase() == lower)
            })?;
        let rank = u32::try_from(letters.len() - index).unwrap_or(u32::MAX);
        let rank = GradeRank(GradeNumber::whole(rank));
        Some(LetterGrade { text: letters[index].clone(), rank })
    }

    fn no_letter(&self, text: &str, is_fraction: bool) -> Error {
        if is_fraction {
            let message = format!(
                "the grade `{text}` is a share of 1, and the scale of the course is {self}"
            );
            return Error::new(ErrorKind::InvalidValue, message).with_help(
                "declare `grades: { scale: fraction, pass: … }` in the course",
            );
        }
        self.outside(text)
    }

    fn outside(&self, text: &str) -> Error {
        let message = format!("the grade `{text}` is outside of the scale, {self}");
        let error = Error::new(ErrorKind::InvalidValue, message);
        match &self.kind {
            ScaleKind::Letters(_) => error.with_help(self.help_for_letter(text)),
            _ => error.with_help("correct the grade, or `grades` of the course"),
        }
    }

    fn help_for_letter(&self, text: &str) -> String {
        let ScaleKind::Letters(letters) = &self.kind else { return String::new() };
        let known = letters.iter().map(String::as_str);
        match nearest(text, known.clone()) {
            Some(_) => did_you_mean(text, known).into_owned(),
            None => format!("the letters are `{}`", letters.join("`, `")),
        }
    }

    /// A rank of the scale as the course writes it.
    fn rank_text(&self, rank: GradeRank) -> String {
        match &self.kind {
            ScaleKind::Letters(letters) => letters
                .iter()
                .find(|letter| self.letter(letter).is_some_and(|one| one.rank == rank))
                .cloned()
                .unwrap_or_default(),
            ScaleKind::Percent => format!("{} %", rank.0),
            _ => rank.0.to_string(),
        }
    }

    /// Whether a certificate needs a grade: there is a pass mark.
    pub(super) fn needs_grade(&self) -> bool {
        self.pass.is_some()
    }
}

/// A letter with a hyphen for its minus, by which letters are compared: `A–` is `A-`.
pub(super) fn plain_letter(text: &str) -> String {
    text.trim().replace(['\u{2212}', '–'], "-")
}

/// The scale in words: `0 to 20 points`.
impl fmt::Display for GradeScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ScaleKind::Points(max) => write!(f, "0 to {max} points"),
            ScaleKind::Percent => f.write_str("0 to 100 percent"),
            ScaleKind::Fraction => f.write_str("0 to 1"),
            ScaleKind::Letters(letters) => {
                write!(f, "the letters {}", letters.join(", "))
            }
        }
    }
}

impl GradeMark {
    /// What a grade is in a course with this scale, or without one. `is_named` says whether the
    /// course has an outcome of exactly that text; it is `None` if the course has no outcomes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: it is outside of the scale, or a number that would choose an
    /// outcome in a course without a scale. [`ErrorKind::NotPassed`].
    pub(super) fn read(
        text: &str,
        is_fraction: bool,
        scale: Option<&GradeScale>,
        language: &Tag,
        is_named: Option<bool>,
    ) -> Result<Self> {
        let text = text.trim();
        match scale {
            _ if text.is_empty() => Ok(Self::None),
            Some(scale) => scale.read(text, is_fraction, language),
            None if is_failing(text) => Err(not_passed(text)),
            None if !is_numeric(text) => Ok(Self::Text(text.to_owned())),
            None if is_fraction => GradeScale::fraction().read(text, true, language),
            None if is_named == Some(false) => Err(no_scale(text)),
            None => Ok(Self::Unscaled(text.to_owned())),
        }
    }

    /// What the grade of a part of a course is: a number on the scale, or any word.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: a number that is outside of the scale, or cannot be read.
    pub(super) fn read_part(
        text: &str,
        scale: Option<&GradeScale>,
        language: &Tag,
    ) -> Result<Self> {
        let text = text.trim();
        let max = scale.and_then(GradeScale::max);
        match (scale, max) {
            _ if text.is_empty() => Ok(Self::None),
            _ if !is_numeric(text) => Ok(Self::Text(text.to_owned())),
            (Some(scale), Some(max)) => scale.number_mark(text, max, language),
            (Some(scale), None) => match scale.letter(text) {
                Some(letter) => Ok(Self::Letter(letter)),
                None => Err(scale.outside(text)),
            },
            (None, _) => Ok(Self::Unscaled(text.to_owned())),
        }
    }

    /// Where it stands on its scale.
    pub(super) fn rank(&self) -> Option<GradeRank> {
        match self {
            Self::Letter(letter) => Some(letter.rank),
            Self::Number(number) => Some(GradeRank(number.value)),
            Self::None | Self::Text(_) | Self::Unscaled(_) => None,
        }
    }
}

/// The error of a number in a course that does not say what its numbers are.
pub(crate) fn no_scale(text: &str) -> Error {
    let message = format!(
        "the grade `{text}` is a number, and the course does not say on which scale"
    );
    Error::new(ErrorKind::InvalidValue, message)
        .with_help(format!("declare it in the course: {EXAMPLE}"))
}

fn not_passed(text: &str) -> Error {
    Error::new(ErrorKind::NotPassed, format!("not passed: the grade is `{text}`"))
}

fn likely_a_fraction(text: &str, number: GradeNumber) -> Error {
    let message = if number == GradeNumber::whole(1) {
        format!("`{text}` may mean one percent or 100 percent")
    } else {
        format!("`{text}` is less than one percent on the scale of the course")
    };
    let percent = number.percent_of(GradeNumber::whole(1), 9);
    Error::new(ErrorKind::InvalidValue, message).with_help(format!(
        "write `{percent}`, or declare `scale: fraction`; if the grade is so low, write \
         `{number}%`"
    ))
}
