//! A grade as a template's value: printed by its scale, compared by its share.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use crate::site::course::{GradeMark, NumberGrade};

/// The digits after the decimal point of a percentage as a fact: as many as `percent` can print.
const MAX_FACT_DIGITS: u32 = 9;

/// A grade that is a number.
#[derive(Debug, Clone)]
pub(super) enum GradeValue {
    Scaled(NumberGrade),
    /// Its course declares no scale, so that it can be neither printed nor compared.
    Unscaled(String),
}

impl GradeValue {
    /// The value of a grade in templates: a text, or one of these.
    pub(super) fn of(mark: &GradeMark) -> Value {
        match mark {
            GradeMark::Text(text) => Value::from(crate::site::name::tidy(text)),
            GradeMark::Letter(letter) => {
                Value::from(crate::site::name::tidy(&letter.text))
            }
            GradeMark::Number(number) => Value::from_object(Self::Scaled(*number)),
            GradeMark::Unscaled(text) => Value::from_object(Self::Unscaled(text.clone())),
            _ => Value::from(()),
        }
    }

    /// The grade as a fact: the percentage on scales that print it, else the points and the largest
    /// number of points.
    pub(super) fn canonical(&self) -> String {
        match self {
            Self::Scaled(grade) if grade.is_percentage => {
                format!("{}%", grade.value.percent_of(grade.max, MAX_FACT_DIGITS))
            }
            Self::Scaled(grade) => format!("{}/{}", grade.value, grade.max),
            Self::Unscaled(text) => text.clone(),
        }
    }

    /// The grade that a value is.
    pub(super) fn in_value(value: &Value) -> Option<&Self> {
        value.downcast_object_ref()
    }
}

impl Object for GradeValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    /// `share`, from 0 to 1, and `value`, as the scale counts.
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let Self::Scaled(grade) = &**self else { return None };
        match key.as_str()? {
            "share" => Some(Value::from(grade.value.share(grade.max))),
            "value" => Some(Value::from(grade.value.as_f64())),
            _ => None,
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &**self {
            Self::Scaled(grade) => write!(f, "{}", grade.value),
            Self::Unscaled(text) => f.write_str(text),
        }
    }
}
