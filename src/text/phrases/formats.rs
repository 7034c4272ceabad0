//! What a language decides about values: how dates, numbers and lists are written, and which plural
//! there is for a number.
//!
//! All of it comes from ICU4X (CLDR), made once per language in [`Formats`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use fixed_decimal::{Decimal, SignedRoundingMode, UnsignedRoundingMode};
use icu_decimal::DecimalFormatter;
use icu_list::ListFormatter;
use icu_plurals::{PluralCategory, PluralRules};
use minijinja::Value;
use minijinja::value::{Kwargs, Object, ValueKind};
use writeable::{Part, PartsWrite, Writeable};

use super::dates::DateFormat;
use crate::base::date::Date;
use crate::base::error::nearest;
use crate::base::lang::Tag;
use crate::site::course::Text;
use crate::site::name;
use crate::text::runs::{FSI, PDI};

/// How many date styles one language keeps ready.
const MAX_DATES: usize = 32;

/// Another language than the certificate's, if one is asked for, and the style.
type DateKey = (Option<String>, String);

/// What one language knows about numbers, lists, plurals and dates.
pub(super) struct Formats {
    pub(super) tag: Tag,
    decimal: DecimalFormatter,
    cardinal: PluralRules,
    ordinal: PluralRules,
    and: ListFormatter,
    /// By language, where it is another, and style.
    dates: RwLock<BTreeMap<DateKey, Arc<DateFormat>>>,
}

impl Formats {
    pub(super) fn new(tag: &Tag) -> Result<Self, String> {
        let locale = tag.locale();
        let fault =
            |error: &dyn fmt::Display| format!("nothing is known of `{tag}` ({error})");
        Ok(Self {
            tag: tag.clone(),
            decimal: DecimalFormatter::try_new(locale.into(), Default::default())
                .map_err(|error| fault(&error))?,
            cardinal: PluralRules::try_new_cardinal(locale.into())
                .map_err(|error| fault(&error))?,
            ordinal: PluralRules::try_new_ordinal(locale.into())
                .map_err(|error| fault(&error))?,
            and: ListFormatter::try_new_and(locale.into(), Default::default())
                .map_err(|error| fault(&error))?,
            dates: RwLock::default(),
        })
    }

    /// The format of a style or pattern, in another language if one is given; made at its first use.
    pub(super) fn date_format(
        &self,
        style: &str,
        language: Option<&str>,
    ) -> Result<Arc<DateFormat>, String> {
        let key = (language.map(str::to_owned), style.to_owned());
        let known = self.dates.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(format) = known.get(&key) {
            return Ok(Arc::clone(format));
        }
        drop(known);
        let format = Arc::new(DateFormat::new(&self.other(language)?, style)?);
        let mut known = self.dates.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_DATES {
            known.insert(key, Arc::clone(&format));
        }
        Ok(format)
    }

    /// The language that an argument names; without one, the certificate's.
    fn other(&self, language: Option<&str>) -> Result<Tag, String> {
        match language {
            None => Ok(self.tag.clone()),
            Some(text) => Tag::parse(text).map_err(|error| error.message().to_owned()),
        }
    }

    /// Whether `names` are plural categories that the language has, `other` among them.
    pub(super) fn check_categories<'a>(
        &self,
        ordinal: bool,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        let rules = if ordinal { &self.ordinal } else { &self.cardinal };
        let has: Vec<_> = rules.categories().map(category_name).collect();
        let mut other = false;
        for name in names {
            other |= name == "other";
            if !has.contains(&name) {
                let hint = nearest(name, CATEGORIES)
                    .filter(|near| !CATEGORIES.contains(&name) && has.contains(near))
                    .map_or_else(
                        || format!("it has {}", has.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                return Err(format!("`{}` has no category `{name}`; {hint}", self.tag));
            }
        }
        match other {
            true => Ok(()),
            false => {
                Err("the category `other` is missing; every language needs it".to_owned())
            }
        }
    }

    pub(super) fn date(
        &self,
        value: &Value,
        style: Option<&str>,
        language: Option<&str>,
    ) -> Result<Value, String> {
        let date = match value.downcast_object_ref::<Day>() {
            Some(Day::On(date)) => *date,
            Some(Day::Said(said)) => {
                let (text, course) = &**said;
                // A date that is a text is printed as it was written.
                let (text, _) = text.get(&self.other(language)?, course);
                return Ok(Value::from(name::tidy(text)));
            }
            None => {
                let text = value.as_str().unwrap_or_default();
                let date = Date::parse(text).ok();
                date.ok_or_else(|| {
                    format!("{} is not a date (`2026-05-14`)", shown(value))
                })?
            }
        };
        let format = self.date_format(style.unwrap_or("long"), language)?;
        Ok(Value::from(format.format(date)))
    }

    pub(super) fn number(
        &self,
        value: &Value,
        digits: Option<i16>,
    ) -> Result<String, String> {
        let number = rounded(decimal(value)?, digits)?;
        Ok(self.decimal.format(&number).to_string())
    }

    pub(super) fn percent(
        &self,
        value: &Value,
        digits: Option<i16>,
    ) -> Result<String, String> {
        let mut number = decimal(value)?;
        number.multiply_pow10(2);
        let number = rounded(number, Some(digits.unwrap_or(0)))?;
        Ok(percent(&self.tag, &self.decimal.format(&number).to_string()))
    }

    pub(super) fn list(&self, value: &Value) -> Result<String, String> {
        let fault = || format!("{} is not a list", shown(value));
        if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Err(fault());
        }
        let items = value.try_iter().map_err(|_| fault())?;
        let items: Vec<_> =
            items.filter(|item| !item.is_none()).map(|item| item.to_string()).collect();
        if let [only] = &items[..] {
            return Ok(only.clone());
        }
        let mut list = Isolating(String::new());
        // A `String` takes everything.
        let _ = self.and.format(items.iter()).write_to_parts(&mut list);
        Ok(list.0)
    }

    pub(super) fn counted(
        &self,
        value: &Value,
        forms: &Kwargs,
        ordinal: bool,
    ) -> Result<String, String> {
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
        Ok(form.replace('#', &self.decimal.format(&number).to_string()))
    }
}

/// A date as a template's value, which only `date` prints.
#[derive(Debug)]
pub(super) enum Day {
    On(Date),
    /// What the course says instead of a date, and the language that its texts fall back to.
    Said(Box<(Text, Tag)>),
}

impl Object for Day {
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &**self {
            Day::On(date) => fmt::Display::fmt(date, f),
            Day::Said(said) => f.write_str(said.0.get(&said.1, &said.1).0),
        }
    }
}

/// A list's text in which each element is isolated. The elements themselves are not, because ICU4X
/// looks at how they begin (`Padre e Isabel`).
struct Isolating(String);

impl fmt::Write for Isolating {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        Ok(())
    }
}

impl PartsWrite for Isolating {
    type SubPartsWrite = Self;

    fn with_part(
        &mut self,
        part: Part,
        mut write: impl FnMut(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        let element = part == icu_list::parts::ELEMENT;
        self.0.extend(element.then_some(FSI));
        write(self)?;
        self.0.extend(element.then_some(PDI));
        Ok(())
    }
}

fn decimal(value: &Value) -> Result<Decimal, String> {
    let fault = || format!("{} is not a number", shown(value));
    let text = match value.kind() {
        ValueKind::Number => value.to_string(),
        ValueKind::String => value.as_str().unwrap_or_default().trim().to_owned(),
        _ => return Err(fault()),
    };
    if text.len() > 40 {
        return Err(fault());
    }
    let mut number = Decimal::try_from_str(&text).map_err(|_| fault())?;
    if value.kind() == ValueKind::Number {
        number.absolute.trim_end();
    }
    Ok(number)
}

/// At most `digits` after the point, halves away from zero.
fn rounded(mut number: Decimal, digits: Option<i16>) -> Result<Decimal, String> {
    let Some(digits) = digits else { return Ok(number) };
    if !(0..=9).contains(&digits) {
        return Err(format!(
            "{digits} digits after the point are not possible; use 0 to 9"
        ));
    }
    number.round_with_mode(
        -digits,
        SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand),
    );
    number.absolute.trim_start();
    number.absolute.trim_end();
    Ok(number)
}

/// The percent sign where CLDR 48 has it for the language (`percentFormat`); ICU4X 2.4 has no
/// formatter for it yet.
fn percent(tag: &Tag, number: &str) -> String {
    if number.chars().any(|c| matches!(c, '٠'..='٩' | '۰'..='۹')) {
        // The mark keeps the sign at the end of the number in a line from right to left.
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

fn shown(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => "nothing".to_owned(),
        ValueKind::String | ValueKind::Number => format!("`{value:.40}`"),
        kind => format!("a value of type {kind}"),
    }
}
