//! The filters and tests of sentences, and how values are printed.
//!
//! Takes the formats of a language; gives an environment of minijinja's. The decision: the
//! environment has only what is added here, and nothing of it turns a value into markup.

use std::borrow::Cow;
use std::sync::Arc;

use icu_casemap::CaseMapper;
use minijinja::value::{Kwargs, StringInput, ValueKind};
use minijinja::{Environment, Output, State, UndefinedBehavior, Value};

use super::date_style::DateStyle;
use super::date_value::DateValue;
use super::fact::Fact;
use super::filter_values::{defined, invalid, noted, noted_value, number, text_of};
use super::finished_text::FinishedText;
use super::grade_value::GradeValue;
use super::language_formats::LanguageFormats;
use super::origins::{facts_of, facts_of_text};
use super::{markup, name_filters, select};
use crate::site::name;
use crate::text::runs::{Run, Runs};

/// All filters.
pub(super) const FILTERS: [&str; 21] = [
    "date", "default", "elide", "emphasis", "first", "join", "last", "length", "link",
    "list", "lower", "number", "ordinal", "percent", "plural", "replace", "select",
    "suffix", "titled", "trim", "upper",
];

/// All tests.
pub(super) const TESTS: [&str; 8] =
    ["date", "defined", "even", "none", "number", "odd", "string", "undefined"];

/// All statements.
pub(super) const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// The most steps that minijinja takes for one sentence.
const MAX_FUEL: u64 = 20_000;

/// The environment for the sentences of one language.
pub(super) fn environment(formats: &Arc<LanguageFormats>) -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(MAX_FUEL));
    env.set_debug(false);
    let own = Arc::clone(formats);
    env.set_formatter(move |out, state, value| print(out, &own, state, value));

    let own = Arc::clone(formats);
    env.add_filter(
        "date",
        move |state: &mut State<'_, '_>,
              value: &Value,
              style: Option<&str>,
              more: Kwargs| {
            let style = DateStyle::of_arguments(style, &more)?;
            let (text, facts) = own.date(defined(value)?, &style).map_err(invalid)?;
            Ok(noted(state, text, facts))
        },
    );
    let own = Arc::clone(formats);
    env.add_filter(
        "number",
        move |state: &mut State<'_, '_>, value: &Value, digits: Option<i16>| {
            let text = own.number(defined(value)?, digits).map_err(invalid)?;
            Ok(noted(state, text, number(value)))
        },
    );
    let own = Arc::clone(formats);
    env.add_filter(
        "percent",
        move |state: &mut State<'_, '_>, value: &Value, digits: Option<i16>| {
            let text = own.percent(defined(value)?, digits).map_err(invalid)?;
            Ok(noted(state, text, number(value)))
        },
    );
    let own = Arc::clone(formats);
    env.add_filter("list", move |state: &mut State<'_, '_>, value: &Value| {
        let text = own.list(defined(value)?).map_err(invalid)?;
        let facts = facts_of(state, value);
        Ok(noted(state, text, facts))
    });
    for (name, is_ordinal) in [("plural", false), ("ordinal", true)] {
        let own = Arc::clone(formats);
        env.add_filter(
            name,
            move |state: &mut State<'_, '_>, value: &Value, forms: Kwargs| {
                let written = own.counted(defined(value)?, &forms, is_ordinal);
                let (text, facts) = written.map_err(invalid)?;
                Ok(noted(state, text, facts))
            },
        );
    }
    env.add_filter(
        "select",
        |state: &mut State<'_, '_>, value: &Value, forms: Kwargs| {
            let chosen = select::select(defined(value)?, &forms).map_err(invalid)?;
            let facts = vec![Fact::Choice(chosen.name)];
            Ok(noted(state, chosen.text, facts))
        },
    );
    name_filters::add(&mut env, formats);
    let own = Arc::clone(formats);
    env.add_filter("upper", move |state: &mut State<'_, '_>, value: &Value| {
        let text = text_of(defined(value)?);
        let upper = CaseMapper::new().uppercase_to_string(&text, &own.tag.locale().id);
        let facts = facts_of(state, value);
        Ok(noted(state, upper.into_owned(), facts))
    });
    let own = Arc::clone(formats);
    env.add_filter("lower", move |state: &mut State<'_, '_>, value: &Value| {
        let text = text_of(defined(value)?);
        let lower = CaseMapper::new().lowercase_to_string(&text, &own.tag.locale().id);
        let facts = facts_of(state, value);
        Ok(noted(state, lower.into_owned(), facts))
    });
    env.add_filter("link", link);
    env.add_filter("default", |value: &Value, other: Value| {
        let missing =
            value.is_undefined() || value.is_none() || value.as_str() == Some("");
        if missing { other } else { value.clone() }
    });
    env.add_filter("first", minijinja::filters::first);
    let own = Arc::clone(formats);
    env.add_filter(
        "join",
        move |state: &mut State<'_, '_>,
              value: &Value,
              joiner: Option<StringInput<'_>>| {
            let more = std::iter::empty::<(String, Value)>().collect();
            let facts = facts_of(state, value);
            let items = match value.kind() {
                ValueKind::Seq | ValueKind::Iterable => {
                    Value::from(own.items(value).map_err(invalid)?)
                }
                _ => value.clone(),
            };
            let joined = minijinja::filters::join(state, &items, joiner, None, more)?;
            Ok(noted_value(state, joined, facts))
        },
    );
    env.add_filter("last", minijinja::filters::last);
    env.add_filter("length", minijinja::filters::length);
    env.add_filter(
        "replace",
        |state: &mut State<'_, '_>,
         value: StringInput<'_>,
         from: StringInput<'_>,
         to: StringInput<'_>| {
            let facts = facts_of_text(state, value.as_str());
            let replaced = minijinja::filters::replace(state, value, from, to)?;
            Ok(noted_value(state, replaced, facts))
        },
    );
    env.add_filter(
        "trim",
        |state: &mut State<'_, '_>,
         value: StringInput<'_>,
         letters: Option<Cow<'_, str>>| {
            let facts = facts_of_text(state, value.as_str());
            let trimmed = minijinja::filters::trim(value, letters);
            noted_value(state, trimmed, facts)
        },
    );

    env.add_test("date", DateValue::is_date);
    env.add_test("defined", minijinja::tests::is_defined);
    env.add_test("even", minijinja::tests::is_even);
    env.add_test("none", minijinja::tests::is_none);
    env.add_test("number", |value: &Value| {
        value.is_number() || GradeValue::in_value(value).is_some()
    });
    env.add_test("odd", minijinja::tests::is_odd);
    env.add_test("string", minijinja::tests::is_string);
    env.add_test("undefined", minijinja::tests::is_undefined);
    env
}

/// Prints a text, a whole number, or a grade as its scale writes it. For other values the sentence
/// must name a filter.
fn print(
    out: &mut Output<'_>,
    formats: &LanguageFormats,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    if let Some(text) = value.downcast_object_ref::<FinishedText>() {
        let mut facts = text.facts.as_slice();
        if text.runs.is_empty() {
            // Nothing is seen of it, and that it is printed is still known.
            return Ok(markup::encode_finished(&markup::value(""), facts, out)?);
        }
        for run in &text.runs {
            markup::encode_finished(run, std::mem::take(&mut facts), out)?;
        }
        return Ok(());
    }
    if value.is_undefined() {
        return Err(minijinja::Error::from(minijinja::ErrorKind::UndefinedError));
    }
    let text = formats.plain(value).map_err(invalid)?;
    let facts = facts_of(state, value);
    Ok(markup::encode(&markup::value(&text), &facts, out)?)
}

/// A text that leads to an address; the address itself without a text.
fn link(
    state: &mut State<'_, '_>,
    value: &Value,
    text: Option<&str>,
) -> Result<Value, minijinja::Error> {
    let address = text_of(defined(value)?);
    let is_known = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| address.starts_with(scheme));
    if !is_known || address.contains(char::is_whitespace) {
        let message = format!("`{address}` is no address; it begins with `https://`");
        return Err(invalid(message));
    }
    let mut facts = facts_of(state, value);
    facts.extend(text.into_iter().flat_map(|text| facts_of_text(state, text)));
    let run = Run {
        link: Some(name::inert(&address).into_owned()),
        ..markup::value(text.unwrap_or(&address))
    };
    Ok(Value::from_object(FinishedText {
        runs: Runs(vec![run]),
        facts,
        ..FinishedText::default()
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::lang::Tag;

    fn render(
        tag: &str,
        template: &str,
        value: impl Into<Value>,
    ) -> Result<String, String> {
        let formats = Arc::new(LanguageFormats::new(&Tag::parse(tag).unwrap())?);
        let env = environment(&formats);
        let context = Value::from(BTreeMap::from([("v", value.into())]));
        let printed =
            env.render_str(template, context).map_err(|error| error.to_string())?;
        Ok(markup::parse(&printed).unwrap().runs.bare())
    }

    #[test]
    fn numbers_are_written_as_in_each_language() {
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
    fn plural_form_is_chosen_by_the_category() {
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
    fn lists_are_written_as_in_each_language() {
        let names = || vec!["Padre", "Isabel"];
        assert_eq!(render("es", "{{ v | list }}", names()).unwrap(), "Padre e Isabel");
        assert_eq!(
            render("en", "{{ v | list }}", vec!["A", "B", "C"]).unwrap(),
            "A, B, and C"
        );
        assert_eq!(render("ja", "{{ v | list }}", names()).unwrap(), "Padre、Isabel");
        assert!(render("en", "{{ v }}", names()).unwrap_err().contains("through `list`"));
        let mixed = |second: Value| vec![Value::from("A"), second];
        for template in ["{{ v | list }}", "{{ v | join(', ') }}"] {
            let refused = |second| render("de", template, mixed(second)).unwrap_err();
            assert!(refused(7.5.into()).contains("item 2: a number with a fraction"));
            assert!(refused(true.into()).contains("item 2: a truth value"));
            assert!(refused(Value::from(())).contains("item 2: there is no value"));
            assert!(refused(vec!["x"].into()).contains("item 2: a list is printed"));
        }
        assert_eq!(render("de", "{{ v | list }}", mixed(7.into())).unwrap(), "A und 7");
    }

    #[test]
    fn words_around_a_name_follow_its_letters() {
        let elide = "une initiative {{ v | elide(vowel='d’', other='de ') }}{{ v }}";
        let written = |name| render("fr", elide, name).unwrap();
        assert_eq!(written("Évry"), "une initiative d’Évry");
        assert_eq!(written("Nantes"), "une initiative de Nantes");
        let suffix = "{{ v }}{{ v | suffix('’(n)In', other=' kurumunun') }}";
        assert_eq!(render("tr", suffix, "Boğaziçi").unwrap(), "Boğaziçi’nin");
        assert_eq!(render("tr", suffix, "TRT").unwrap(), "TRT kurumunun");
        assert!(render("hu", suffix, "Ada").unwrap_err().contains("a label"));
        let titled = "{{ v | titled('Dr.') }}";
        assert_eq!(render("de", titled, "Ada").unwrap(), "Dr. Ada");
        assert_eq!(
            render("ko", "{{ v | titled('박사') }}", "김철수").unwrap(),
            "김철수 박사"
        );
        assert_eq!(render("de", "{{ v | titled(none) }}", "Ada").unwrap(), "Ada");
    }

    #[test]
    fn emphasised_words_stay_in_one_value() {
        let formats = LanguageFormats::new(&Tag::parse("ar").unwrap()).unwrap();
        let env = environment(&Arc::new(formats));
        let written = |text: &str| {
            let context = Value::from(BTreeMap::from([("v", Value::from(text))]));
            let template = "{{ v | emphasis('Category 1 Credit') }}";
            markup::parse(&env.render_str(template, context).unwrap()).unwrap().runs
        };
        let runs = written("1.5 Category 1 Credits™");
        let italic: String =
            runs.iter().filter(|run| run.emphasis).map(|run| run.text.as_str()).collect();
        assert_eq!(italic, "Category 1 Credits");
        assert_eq!(runs.text(), "\u{2068}1.5 Category 1 Credits™\u{2069}");
        assert!(runs.iter().all(|run| run.value));
        assert!(written("*x*").iter().all(|run| !run.emphasis && !run.strong));
    }

    #[test]
    fn other_filters_functions_and_long_loops_are_refused() {
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
