//! The filters of a sentence, and how its values are printed.
//!
//! Everything a language decides comes from ICU4X (CLDR), made once per language in [`Formats`]. The
//! environment begins empty: a sentence can use what is added here and nothing else, and nothing here
//! turns a value into markup.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use fixed_decimal::{Decimal, SignedRoundingMode, UnsignedRoundingMode};
use icu_casemap::CaseMapper;
use icu_decimal::DecimalFormatter;
use icu_list::ListFormatter;
use icu_plurals::{PluralCategory, PluralRules};
use minijinja::value::{Kwargs, Object, ValueKind};
use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior, Value};
use writeable::{Part, PartsWrite, Writeable};

use super::dates::DateFormat;
use super::{markup, select};
use crate::course::Text;
use crate::date::Date;
use crate::error::nearest;
use crate::lang::Tag;
use crate::name;
use crate::runs::{FSI, PDI, Run, Runs};

/// All the filters there are.
pub(super) const FILTERS: [&str; 17] = [
    "date", "default", "first", "join", "last", "length", "link", "list", "lower",
    "number", "ordinal", "percent", "plural", "replace", "select", "trim", "upper",
];

/// All the tests there are.
pub(super) const TESTS: [&str; 7] =
    ["defined", "even", "none", "number", "odd", "string", "undefined"];

/// All the statements there are.
pub(super) const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// What a sentence may cost: minijinja counts steps and bytes.
const FUEL: u64 = 20_000;
/// How many date styles one language keeps ready.
const MOST_DATES: usize = 32;

/// Another language than the certificate's, if one is asked for, and the style.
type DateKey = (Option<String>, String);

/// What one language knows about numbers, lists, plurals and dates.
pub(super) struct Formats {
    tag: Tag,
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
        if known.len() < MOST_DATES {
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

    fn date(
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

    fn number(&self, value: &Value, digits: Option<i16>) -> Result<String, String> {
        let number = rounded(decimal(value)?, digits)?;
        Ok(self.decimal.format(&number).to_string())
    }

    fn percent(&self, value: &Value, digits: Option<i16>) -> Result<String, String> {
        let mut number = decimal(value)?;
        number.multiply_pow10(2);
        let number = rounded(number, Some(digits.unwrap_or(0)))?;
        Ok(percent(&self.tag, &self.decimal.format(&number).to_string()))
    }

    fn list(&self, value: &Value) -> Result<String, String> {
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

    fn counted(
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

/// An environment with the filters and tests above, for the sentences of one language.
pub(super) fn environment(formats: &Arc<Formats>) -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_debug(false);
    env.set_formatter(print);

    let own = Arc::clone(formats);
    env.add_filter("date", move |value: &Value, style: Option<&str>, more: Kwargs| {
        let language = more.get::<Option<&str>>("language")?;
        more.assert_all_used()?;
        own.date(defined(value)?, style, language).map_err(fault)
    });
    let own = Arc::clone(formats);
    env.add_filter("number", move |value: &Value, digits: Option<i16>| {
        own.number(defined(value)?, digits).map_err(fault)
    });
    let own = Arc::clone(formats);
    env.add_filter("percent", move |value: &Value, digits: Option<i16>| {
        own.percent(defined(value)?, digits).map_err(fault)
    });
    let own = Arc::clone(formats);
    env.add_filter("list", move |value: &Value| own.list(defined(value)?).map_err(fault));
    let own = Arc::clone(formats);
    env.add_filter("plural", move |value: &Value, forms: Kwargs| {
        own.counted(defined(value)?, &forms, false).map_err(fault)
    });
    let own = Arc::clone(formats);
    env.add_filter("ordinal", move |value: &Value, forms: Kwargs| {
        own.counted(defined(value)?, &forms, true).map_err(fault)
    });
    env.add_filter("select", |value: &Value, forms: Kwargs| {
        select::select(defined(value)?, &forms).map_err(fault)
    });
    let own = Arc::clone(formats);
    env.add_filter("upper", move |text: Cow<'_, str>| {
        CaseMapper::new().uppercase_to_string(&text, &own.tag.locale().id).into_owned()
    });
    let own = Arc::clone(formats);
    env.add_filter("lower", move |text: Cow<'_, str>| {
        CaseMapper::new().lowercase_to_string(&text, &own.tag.locale().id).into_owned()
    });
    env.add_filter("link", |address: &str, text: Option<&str>| {
        link(address, text).map_err(fault)
    });
    env.add_filter("default", |value: &Value, other: Value| {
        let missing =
            value.is_undefined() || value.is_none() || value.as_str() == Some("");
        if missing { other } else { value.clone() }
    });
    env.add_filter("first", minijinja::filters::first);
    env.add_filter("join", minijinja::filters::join);
    env.add_filter("last", minijinja::filters::last);
    env.add_filter("length", minijinja::filters::length);
    env.add_filter("replace", minijinja::filters::replace);
    env.add_filter("trim", minijinja::filters::trim);

    env.add_test("defined", minijinja::tests::is_defined);
    env.add_test("even", minijinja::tests::is_even);
    env.add_test("none", minijinja::tests::is_none);
    env.add_test("number", minijinja::tests::is_number);
    env.add_test("odd", minijinja::tests::is_odd);
    env.add_test("string", minijinja::tests::is_string);
    env.add_test("undefined", minijinja::tests::is_undefined);
    env
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

/// Finished text as a template's value: it keeps its runs where it is printed as it is, and is plain
/// text to every filter.
#[derive(Debug)]
pub(super) struct Piece(pub(super) Runs);

impl Object for Piece {
    fn is_true(self: &Arc<Self>) -> bool {
        !self.0.is_empty()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.bare())
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

/// Prints a value: texts and whole numbers as they are, the rest through a filter that says how.
fn print(
    out: &mut Output<'_>,
    _: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let through = |what: &str, filters: &str| {
        Err(fault(format!("{what} is printed through {filters}")))
    };
    if let Some(piece) = value.downcast_object_ref::<Piece>() {
        for run in &piece.0 {
            markup::encode_finished(run, out)?;
        }
        return Ok(());
    }
    if value.downcast_object_ref::<Day>().is_some() {
        return through("a date", "`date`: `{{ issued | date }}`");
    }
    match value.kind() {
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            Ok(markup::encode(&markup::value(text), out)?)
        }
        ValueKind::Number if value.is_integer() => {
            Ok(markup::encode(&markup::value(&value.to_string()), out)?)
        }
        ValueKind::Number => through("a number with a fraction", "`percent` or `number`"),
        ValueKind::Undefined => Err(minijinja::Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Err(fault(
            "there is no value here; ask first: `{% if … %}`, or give another: `default('…')`",
        )),
        ValueKind::Bool => {
            Err(fault("a truth value cannot be printed; use `{% if … %}`"))
        }
        ValueKind::Seq | ValueKind::Iterable => through("a list", "`list` or `join`"),
        _ => Err(fault("a group of values cannot be printed; name one of them")),
    }
}

fn defined(value: &Value) -> Result<&Value, minijinja::Error> {
    match value.is_undefined() {
        true => Err(minijinja::Error::from(ErrorKind::UndefinedError)),
        false => Ok(value),
    }
}

fn fault(message: impl Into<Cow<'static, str>>) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, message)
}

fn link(address: &str, text: Option<&str>) -> Result<Value, String> {
    let known = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| address.starts_with(scheme));
    if !known || address.contains(char::is_whitespace) {
        return Err(format!("`{address}` is no address; it begins with `https://`"));
    }
    let text = text.unwrap_or(address);
    Ok(Value::from_object(Piece(Runs(vec![Run {
        link: Some(name::inert(address).into_owned()),
        ..markup::value(text)
    }]))))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn render(
        tag: &str,
        template: &str,
        value: impl Into<Value>,
    ) -> Result<String, String> {
        let formats = Arc::new(Formats::new(&Tag::parse(tag).unwrap())?);
        let env = environment(&formats);
        let context = Value::from(BTreeMap::from([("v", value.into())]));
        let printed =
            env.render_str(template, context).map_err(|error| error.to_string())?;
        Ok(markup::parse(&printed).unwrap().bare())
    }

    #[test]
    fn numbers_by_language() {
        let twice = "{{ v | percent }} {{ v | percent(1) }}";
        assert_eq!(render("en", twice, 0.875).unwrap(), "88% 87.5%");
        assert_eq!(render("de", twice, 0.875).unwrap(), "88\u{a0}% 87,5\u{a0}%");
        assert_eq!(render("ar-EG", "{{ v | percent }}", "0.9").unwrap(), "٩٠٪\u{61c}");
        assert_eq!(render("es", "{{ v | number }}", 12345.5).unwrap(), "12.345,5");
        assert_eq!(render("en", "{{ v | number }}", 12.0).unwrap(), "12");
        assert_eq!(render("en", "{{ v }}", 12).unwrap(), "12");
        assert!(render("en", "{{ v }}", 0.9).unwrap_err().contains("through `percent`"));
        assert!(
            render("en", "{{ v | number }}", "x")
                .unwrap_err()
                .contains("`x` is not a number")
        );
        assert!(render("en", "{{ v | percent }}", f64::NAN).is_err());
    }

    #[test]
    fn plurals_are_the_translators_words() {
        let hours = "{{ v | plural(one='ساعة واحدة', two='ساعتان', few='# ساعات', many='# ساعة', \
            other='# ساعة') }}";
        let forms = [
            (1, "ساعة واحدة"),
            (2, "ساعتان"),
            (3, "3 ساعات"),
            (11, "11 ساعة"),
            (100, "100 ساعة"),
        ];
        for (number, expected) in forms {
            assert_eq!(render("ar", hours, number).unwrap(), expected);
        }
        let place = "{{ v | ordinal(one='#st', two='#nd', few='#rd', other='#th') }}";
        for (number, expected) in
            [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd")]
        {
            assert_eq!(render("en", place, number).unwrap(), expected);
        }
        assert!(
            render("en", "{{ v | plural(one='a') }}", 1)
                .unwrap_err()
                .contains("`other` is missing")
        );
        assert!(
            render("ja", "{{ v | plural(one='a', other='b') }}", 1)
                .unwrap_err()
                .contains("it has other")
        );
        assert!(
            render("en", "{{ v | plural(onee='a', other='b') }}", 1)
                .unwrap_err()
                .contains("`one`?")
        );
    }

    #[test]
    fn lists_by_language() {
        let names = || vec!["Padre", "Isabel"];
        assert_eq!(render("es", "{{ v | list }}", names()).unwrap(), "Padre e Isabel");
        assert_eq!(
            render("en", "{{ v | list }}", vec!["A", "B", "C"]).unwrap(),
            "A, B, and C"
        );
        assert_eq!(render("ja", "{{ v | list }}", names()).unwrap(), "Padre、Isabel");
        assert!(render("en", "{{ v }}", names()).unwrap_err().contains("through `list`"));
    }

    #[test]
    fn nothing_else_is_there() {
        for template in
            ["{{ v | safe }}", "{{ v | escape }}", "{{ range(9) }}", "{{ v.upper() }}"]
        {
            assert!(render("en", template, "x").is_err(), "{template}");
        }
        let endless = "{% for a in v %}{% for b in v %}{% for c in v %}{{ a }}{% endfor %}{% endfor %}{% endfor %}";
        assert!(render("en", endless, vec!["x"; 100]).unwrap_err().contains("fuel"));
        assert!(render("en", "{{ v | link }}", "javascript:alert(1)").is_err());
        assert_eq!(render("tr", "{{ v | upper }}", "istanbul").unwrap(), "İSTANBUL");
    }
}
