//! How a language writes dates, numbers and lists, and which plural category a number has.
//!
//! Takes a language tag; gives [`LanguageFormats`], which is made once per language. The decision:
//! all rules come from the Unicode CLDR through ICU4X.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use fixed_decimal::{Decimal, SignedRoundingMode, UnsignedRoundingMode};
use icu_decimal::DecimalFormatter;
use icu_list::ListFormatter;
use icu_plurals::{PluralCategory, PluralRules};
use minijinja::Value;
use minijinja::value::{Kwargs, ValueKind};
use writeable::{Part, PartsWrite, Writeable};

use super::date_format::DateFormat;
use super::date_style::DateStyle;
use super::date_value::DateValue;
use super::fact::Fact;
use super::finished_text::FinishedText;
use super::grade_value::GradeValue;
use crate::base::date::Date;
use crate::base::error::nearest;
use crate::base::lang::Tag;
use crate::site::course::{GradeNumber, NumberGrade};
use crate::site::name;
use crate::text::runs::{FSI, PDI};

/// The most date formats that one language keeps.
const MAX_DATES: usize = 32;

/// The most digits after the decimal point of a grade in percent, unless the filter gives their
/// number.
const MAX_GRADE_DIGITS: i16 = 2;

/// The most bytes of a number that is written.
const MAX_NUMBER_LENGTH: usize = 40;

/// The formats of one language for numbers, lists, plurals and dates.
pub(super) struct LanguageFormats {
    pub(super) tag: Tag,
    decimal: DecimalFormatter,
    cardinal: PluralRules,
    ordinal: PluralRules,
    and: ListFormatter,
    /// The date formats used so far.
    dates: RwLock<BTreeMap<DateStyle, Arc<DateFormat>>>,
}

impl LanguageFormats {
    pub(super) fn new(tag: &Tag) -> Result<Self, String> {
        let locale = tag.locale();
        let no_data =
            |error: &dyn fmt::Display| format!("nothing is known of `{tag}` ({error})");
        Ok(Self {
            tag: tag.clone(),
            decimal: DecimalFormatter::try_new(locale.into(), Default::default())
                .map_err(|error| no_data(&error))?,
            cardinal: PluralRules::try_new_cardinal(locale.into())
                .map_err(|error| no_data(&error))?,
            ordinal: PluralRules::try_new_ordinal(locale.into())
                .map_err(|error| no_data(&error))?,
            and: ListFormatter::try_new_and(locale.into(), Default::default())
                .map_err(|error| no_data(&error))?,
            dates: RwLock::default(),
        })
    }

    /// The date format of a style.
    ///
    /// # Errors
    /// The cause: no such style, pattern or language.
    pub(super) fn date_format(
        &self,
        style: &DateStyle,
    ) -> Result<Arc<DateFormat>, String> {
        let known = self.dates.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(format) = known.get(style) {
            return Ok(Arc::clone(format));
        }
        drop(known);
        let tag = self.language_or_own(style.language.as_deref())?;
        let format = Arc::new(DateFormat::new(&tag, style)?);
        let mut known = self.dates.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_DATES {
            known.insert(style.clone(), Arc::clone(&format));
        }
        Ok(format)
    }

    /// The language that an argument names, or the certificate's.
    fn language_or_own(&self, language: Option<&str>) -> Result<Tag, String> {
        match language {
            None => Ok(self.tag.clone()),
            Some(text) => Tag::parse(text).map_err(|error| error.message().to_owned()),
        }
    }

    /// Checks that `names` are plural categories of the language, and `other` is among them.
    ///
    /// # Errors
    /// The cause, as text.
    pub(super) fn check_categories<'a>(
        &self,
        ordinal: bool,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        let rules = if ordinal { &self.ordinal } else { &self.cardinal };
        let known: Vec<_> = rules.categories().map(category_name).collect();
        let mut has_other = false;
        for name in names {
            has_other |= name == "other";
            if !known.contains(&name) {
                let hint = nearest(name, CATEGORIES)
                    .filter(|near| !CATEGORIES.contains(&name) && known.contains(near))
                    .map_or_else(
                        || format!("it has {}", known.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                return Err(format!("`{}` has no category `{name}`; {hint}", self.tag));
            }
        }
        if has_other {
            Ok(())
        } else {
            Err("the category `other` is missing; every language needs it".to_owned())
        }
    }

    /// Writes a date. A date of issue that is a text stays as it is. Also gives the facts of the
    /// date.
    pub(super) fn date(
        &self,
        value: &Value,
        style: &DateStyle,
    ) -> Result<(String, Vec<Fact>), String> {
        let date = match value.downcast_object_ref::<DateValue>() {
            Some(DateValue::Rolling(date) | DateValue::Date(date)) => *date,
            Some(DateValue::Text(value)) => {
                let (text, course_language) = &**value;
                let tag = self.language_or_own(style.language.as_deref())?;
                let (text, _) = text.get(&tag, course_language);
                let text = name::tidy(text).into_owned();
                return Ok((text.clone(), vec![Fact::Value(text)]));
            }
            None => {
                let text = value.as_str().unwrap_or_default();
                let date = Date::parse(text).ok();
                date.ok_or_else(|| {
                    format!("{} is not a date (`2026-05-14`)", describe(value))
                })?
            }
        };
        let format = self.date_format(style)?;
        let fact = match value.downcast_object_ref::<DateValue>() {
            Some(DateValue::Rolling(_)) => None,
            _ => Some(Fact::Value(date.to_string())),
        };
        Ok((format.format(date), fact.into_iter().collect()))
    }

    /// Writes a number with at most `digits` after the decimal point.
    pub(super) fn number(
        &self,
        value: &Value,
        digits: Option<i16>,
    ) -> Result<String, String> {
        let number = rounded(decimal(value)?, digits)?;
        Ok(self.decimal.format(&number).to_string())
    }

    /// Writes a share of 1 as a percentage, with at most `digits` after the decimal point, 0 by
    /// default.
    pub(super) fn percent(
        &self,
        value: &Value,
        digits: Option<i16>,
    ) -> Result<String, String> {
        if let Some(GradeValue::Scaled(grade)) = GradeValue::in_value(value) {
            return self.grade_percent(grade, digits.unwrap_or(0));
        }
        let mut number = decimal(value)?;
        number.multiply_pow10(2);
        let number = rounded(number, Some(digits.unwrap_or(0)))?;
        Ok(percent(&self.tag, &self.decimal.format(&number).to_string()))
    }

    /// Writes a grade as its scale does: `93 %`, `18,5/20`.
    pub(super) fn grade(&self, grade: &GradeValue) -> Result<String, String> {
        let grade = match grade {
            GradeValue::Scaled(grade) if grade.is_percentage => {
                return self.grade_percent(grade, MAX_GRADE_DIGITS);
            }
            GradeValue::Scaled(grade) => grade,
            GradeValue::Unscaled(text) => return Err(without_scale(text)),
        };
        let text = |number: GradeNumber| {
            let number = Decimal::try_from_str(&number.to_string());
            number.map(|number| self.decimal.format(&number).to_string())
        };
        let texts = text(grade.value).and_then(|value| Ok((value, text(grade.max)?)));
        let (value, max) = texts.map_err(|error| error.to_string())?;
        Ok(format!("{value}/{max}"))
    }

    /// Writes a grade as a percentage of the largest of its scale.
    fn grade_percent(&self, grade: &NumberGrade, digits: i16) -> Result<String, String> {
        let places = u32::try_from(digits).ok().filter(|places| *places <= 9);
        let places = places.ok_or_else(|| impossible_digits(digits))?;
        let number = grade.value.percent_of(grade.max, places).to_string();
        let number = Decimal::try_from_str(&number).map_err(|error| error.to_string())?;
        Ok(percent(&self.tag, &self.decimal.format(&number).to_string()))
    }

    /// A value as it is printed: a text, a whole number, or a grade as its scale writes it.
    ///
    /// # Errors
    /// Which filter the value is printed through, as text.
    pub(super) fn plain(&self, value: &Value) -> Result<String, String> {
        let through = |what: &str, filters: &str| {
            Err(format!("{what} is printed through {filters}"))
        };
        if value.downcast_object_ref::<DateValue>().is_some() {
            return through("a date", "`date`: `{{ issued | date }}`");
        }
        if let Some(grade) = GradeValue::in_value(value) {
            return self.grade(grade);
        }
        match value.kind() {
            ValueKind::String => Ok(value.as_str().unwrap_or_default().to_owned()),
            ValueKind::Number if value.is_integer() => Ok(value.to_string()),
            ValueKind::Number => {
                through("a number with a fraction", "`percent` or `number`")
            }
            ValueKind::Undefined | ValueKind::None => Err("there is no value here; ask \
                first: `{% if … %}`, or give another: `default('…')`"
                .to_owned()),
            ValueKind::Bool => {
                Err("a truth value cannot be printed; use `{% if … %}`".to_owned())
            }
            ValueKind::Seq | ValueKind::Iterable => through("a list", "`list` or `join`"),
            _ => Err("a group of values cannot be printed; name one of them".to_owned()),
        }
    }

    /// The items of a list, each as it is printed by itself.
    ///
    /// # Errors
    /// The number of the item that cannot be printed, and why.
    pub(super) fn items(&self, list: &Value) -> Result<Vec<String>, String> {
        let items =
            list.try_iter().map_err(|_| format!("{} is not a list", describe(list)))?;
        let text = |(index, item): (usize, Value)| {
            if item.downcast_object_ref::<FinishedText>().is_some() {
                return Ok(item.to_string());
            }
            let text = self.plain(&item);
            text.map_err(|cause| format!("item {}: {cause}", index + 1))
        };
        items.enumerate().map(text).collect()
    }

    /// Joins a list with commas and «and», each item isolated.
    pub(super) fn list(&self, value: &Value) -> Result<String, String> {
        if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Err(format!("{} is not a list", describe(value)));
        }
        let items = self.items(value)?;
        if let [only] = &items[..] {
            return Ok(only.clone());
        }
        let mut list = IsolatedList(String::new());
        // Writing to a `String` does not fail.
        let _ = self.and.format(items.iter()).write_to_parts(&mut list);
        Ok(list.0)
    }

    /// The form for the plural category of a number, with `#` replaced by the number, and its
    /// facts: the number if the form has it, else the category.
    pub(super) fn counted(
        &self,
        value: &Value,
        forms: &Kwargs,
        ordinal: bool,
    ) -> Result<(String, Vec<Fact>), String> {
        let number = decimal(value)?;
        self.check_categories(ordinal, forms.args())?;
        let rules = if ordinal { &self.ordinal } else { &self.cardinal };
        let category = category_name(rules.category_for(&number));
        let form =
            |name| forms.get::<Option<String>>(name).map_err(|error| error.to_string());
        let form = match form(category)? {
            Some(form) => form,
            None => form("other")?.unwrap_or_default(),
        };
        let facts = if form.contains('#') {
            Fact::Value(canonical_number(value))
        } else {
            Fact::Choice(category.to_owned())
        };
        let written = form.replace('#', &self.decimal.format(&number).to_string());
        Ok((written, vec![facts]))
    }
}

/// The text of a list whose items are isolated while it is written. They cannot be isolated before,
/// because ICU4X chooses the conjunction by their first letters (`Padre e Isabel`).
struct IsolatedList(String);

impl fmt::Write for IsolatedList {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        Ok(())
    }
}

impl PartsWrite for IsolatedList {
    type SubPartsWrite = Self;

    fn with_part(
        &mut self,
        part: Part,
        mut write: impl FnMut(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        let is_element = part == icu_list::parts::ELEMENT;
        self.0.extend(is_element.then_some(FSI));
        write(self)?;
        self.0.extend(is_element.then_some(PDI));
        Ok(())
    }
}

/// The number that a value is: a number or a text of digits.
fn decimal(value: &Value) -> Result<Decimal, String> {
    let no_number = || format!("{} is not a number", describe(value));
    let text = match value.kind() {
        _ if let Some(grade) = GradeValue::in_value(value) => match grade {
            GradeValue::Scaled(grade) => grade.value.to_string(),
            GradeValue::Unscaled(text) => return Err(without_scale(text)),
        },
        ValueKind::Number => value.to_string(),
        ValueKind::String => value.as_str().unwrap_or_default().trim().to_owned(),
        _ => return Err(no_number()),
    };
    if text.len() > MAX_NUMBER_LENGTH {
        return Err(no_number());
    }
    let mut number = Decimal::try_from_str(&text).map_err(|_| no_number())?;
    if value.kind() == ValueKind::Number {
        number.absolute.trim_end();
    }
    Ok(number)
}

/// A number in ASCII digits, without needless zeros; any other value unchanged. For a grade, what
/// its scale prints: the percentage, or the points and their maximum.
pub(super) fn canonical_number(value: &Value) -> String {
    if let Some(grade) = GradeValue::in_value(value) {
        return grade.canonical();
    }
    let Ok(mut number) = decimal(value) else { return value.to_string() };
    number.absolute.trim_start();
    number.absolute.trim_end();
    number.to_string()
}

/// Rounds to at most `digits` after the decimal point, halves away from zero.
fn rounded(mut number: Decimal, digits: Option<i16>) -> Result<Decimal, String> {
    let Some(digits) = digits else { return Ok(number) };
    if !(0..=9).contains(&digits) {
        return Err(impossible_digits(digits));
    }
    number.round_with_mode(
        -digits,
        SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand),
    );
    number.absolute.trim_start();
    number.absolute.trim_end();
    Ok(number)
}

fn impossible_digits(digits: i16) -> String {
    format!("{digits} digits after the point are not possible; use 0 to 9")
}

fn without_scale(grade: &str) -> String {
    format!("`{grade}` is a number without a scale; declare `grades` in the course")
}

/// Adds the percent sign where `percentFormat` of CLDR 48 has it in the language. ICU4X 2.4 has no
/// formatter for percentages.
fn percent(tag: &Tag, number: &str) -> String {
    if number.chars().any(|c| matches!(c, '٠'..='٩' | '۰'..='۹')) {
        // The Arabic letter mark keeps the sign at the end of the number in a line from right to
        // left.
        return format!("{number}٪\u{61c}");
    }
    match (tag.language(), tag.region()) {
        ("tr" | "ku", _) => format!("%{number}"),
        ("eu", _) => format!("%\u{a0}{number}"),
        ("fr", Some("CH")) | ("de", Some("CH" | "LI")) => format!("{number}%"),
        ("es", Some("MX" | "US" | "419" | "GT" | "HN" | "NI" | "PA" | "PR" | "SV")) => {
            format!("{number}%")
        }
        ("fr", None | Some("FR" | "BE" | "LU")) => format!("{number}\u{202f}%"),
        (
            "be" | "bs" | "ca" | "cs" | "da" | "de" | "es" | "fi" | "fo" | "fr" | "gl"
            | "hr" | "lb" | "lt" | "mk" | "nb" | "nn" | "no" | "ro" | "ru" | "sk" | "sl"
            | "sv",
            _,
        ) => format!("{number}\u{a0}%"),
        _ => format!("{number}%"),
    }
}

const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

fn category_name(category: PluralCategory) -> &'static str {
    CATEGORIES[match category {
        PluralCategory::Zero => 0,
        PluralCategory::One => 1,
        PluralCategory::Two => 2,
        PluralCategory::Few => 3,
        PluralCategory::Many => 4,
        PluralCategory::Other => 5,
    }]
}

/// A value in an error message.
fn describe(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => "nothing".to_owned(),
        ValueKind::String | ValueKind::Number => format!("`{value:.40}`"),
        kind => format!("a value of type {kind}"),
    }
}
