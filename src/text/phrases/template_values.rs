//! The values that a template may name: the facts of one certificate, in its language.

use std::collections::BTreeMap;

use minijinja::Value;
use serde_json::{Map, Value as Json};

use super::certificate_facts::CertificateFacts;
use super::course_texts::Texts;
use super::date_value::DateValue;
use super::grade_value::GradeValue;
use crate::base::lang::Tag;
use crate::site::course::{Course, Text};
use crate::site::name;

/// The values by name, without `outcome`, which is a sentence made of the others.
pub(super) fn template_values(
    facts: &CertificateFacts<'_>,
    texts: &mut Texts<'_>,
) -> BTreeMap<&'static str, Value> {
    let course = facts.course;
    let none = || Value::from(());
    let given = |text: Option<&str>| {
        let text = text.map(name::tidy).filter(|text| !text.is_empty());
        text.map_or_else(none, Value::from)
    };
    let names: Vec<_> = course
        .signatories
        .iter()
        .map(|signatory| Value::from(texts.plain(&signatory.name, "a signatory's name")))
        .collect();
    let course_values = BTreeMap::from([
        ("id", Value::from(name::tidy(&course.id))),
        ("title", Value::from(texts.plain(&course.title, "the course title"))),
    ]);
    let organization = BTreeMap::from([
        ("name", Value::from(texts.plain(&course.organization.name, "the organization"))),
        (
            "short",
            Value::from(
                texts.plain(&course.organization.short, "the organization's short name"),
            ),
        ),
    ]);
    let place = match &course.place_of_issue {
        Some(text) => Value::from(texts.plain(text, "the place of issue")),
        None => none(),
    };
    let issued = match facts.issued_text {
        Some(text) => {
            // Only for its warning: the filter `date` looks the text up.
            texts.get(text, "the date of issue");
            DateValue::Text(Box::new((text.clone(), course.language.clone())))
        }
        None if facts.is_rolling => DateValue::Rolling(facts.issued),
        None => DateValue::Date(facts.issued),
    };
    let fields = facts.extra.iter();
    let extra: BTreeMap<_, _> = fields
        .map(|(key, field)| (key.clone(), extra_value(key, field, texts)))
        .collect();
    BTreeMap::from([
        ("name", Value::from(facts.name.as_str())),
        ("course", Value::from(course_values)),
        ("organization", Value::from(organization)),
        ("issued", Value::from_object(issued)),
        ("place", place),
        ("grade", GradeValue::of(facts.grade)),
        ("designation", given(facts.designation)),
        ("gender", facts.gender.map_or_else(none, |gender| Value::from(gender.as_str()))),
        ("verify_url", facts.verify_url.map_or(Value::UNDEFINED, Value::from)),
        ("signatories", Value::from(names)),
        ("extra", Value::from(extra)),
    ])
}

/// The value of a free field in the language of the certificate: a map by language is its text in
/// that language, on every level. `name` is the key. On lower levels there is no warning about a
/// text in another language: the table gives one for the rows that it prints.
fn extra_value(name: &str, json: &Json, texts: &mut Texts<'_>) -> Value {
    match text_by_language(json, texts.course) {
        Some(text) => Value::from(texts.plain(&text, &format!("`{name}`"))),
        None => inner_value(json, texts),
    }
}

fn inner_value(json: &Json, texts: &Texts<'_>) -> Value {
    let value = |json| match text_by_language(json, texts.course) {
        Some(text) => {
            let (text, _) = text.get(texts.tag, &texts.course.language);
            Value::from(name::tidy(text))
        }
        None => inner_value(json, texts),
    };
    match json {
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, field)| (key.clone(), value(field)));
            fields.collect::<BTreeMap<_, _>>().into()
        }
        Json::Array(items) => items.iter().map(value).collect::<Vec<_>>().into(),
        _ => field_value(json),
    }
}

/// The text that a map by language is.
fn text_by_language(json: &Json, course: &Course) -> Option<Text> {
    json.as_object().filter(|fields| is_text_by_language(fields))?;
    course.text_of(json)
}

/// Whether all keys of a map are language tags, written as they are, and all its values texts.
/// Longer words, which are grades more often than languages, are no tags here.
fn is_text_by_language(fields: &Map<String, Json>) -> bool {
    let is_version = |(key, text): (&String, &Json)| {
        let is_short = key.split('-').next().is_some_and(|word| word.len() <= 3);
        let is_tag = || Tag::parse(key).is_ok_and(|tag| tag.as_str() == key);
        text.is_string() && is_short && is_tag()
    };
    !fields.is_empty() && fields.iter().all(is_version)
}

/// The value of a free field, with its texts cleaned.
pub(super) fn field_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(truth) => Value::from(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64())
        {
            (Some(number), ..) => Value::from(number),
            (_, Some(number), _) => Value::from(number),
            (.., number) => number.map_or(Value::from(()), Value::from),
        },
        Json::String(text) => Value::from(name::tidy(text)),
        Json::Array(items) => items.iter().map(field_value).collect::<Vec<_>>().into(),
        Json::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(key, field)| (key.clone(), field_value(field)));
            fields.collect::<BTreeMap<_, _>>().into()
        }
    }
}

/// The number that a text is, if it is finite.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}
