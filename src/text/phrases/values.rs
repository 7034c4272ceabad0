//! What a template may name: the facts of one certificate, in its language, as values.

use std::collections::BTreeMap;

use minijinja::Value;
use serde_json::Value as Json;

use super::Facts;
use super::formats::Day;
use crate::base::error::{ErrorKind, Warning};
use crate::base::lang::Tag;
use crate::site::course::{Course, Text};
use crate::site::name;

/// What a template may name; `outcome` is added when it is known.
pub(super) fn values(
    facts: &Facts<'_>,
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
        .map(|person| Value::from(texts.plain(&person.name, "a signatory's name")))
        .collect();
    let of_course = BTreeMap::from([
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
    let day = match facts.issued_text {
        Some(text) => {
            // Only for its warning: the filter chooses.
            texts.get(text, "the date of issue");
            Day::Said(Box::new((text.clone(), course.language.clone())))
        }
        None => Day::On(facts.issued),
    };
    let number = facts.grade.and_then(|grade| grade.trim().parse::<f64>().ok());
    let extra: BTreeMap<_, _> =
        facts.extra.iter().map(|(key, field)| (key.clone(), value(field))).collect();
    BTreeMap::from([
        ("name", Value::from(facts.name.as_str())),
        ("course", Value::from(of_course)),
        ("organization", Value::from(organization)),
        ("issued", Value::from_object(day)),
        ("place", place),
        (
            "grade",
            match number.filter(|number| number.is_finite()) {
                Some(number) => Value::from(number),
                None => given(facts.grade),
            },
        ),
        ("designation", given(facts.designation)),
        ("verify_url", Value::from(facts.verify_url)),
        ("signatories", Value::from(names)),
        ("extra", Value::from(extra)),
    ])
}

/// A free field, its texts cleaned.
pub(super) fn value(json: &Json) -> Value {
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
        Json::Array(items) => items.iter().map(value).collect::<Vec<_>>().into(),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, field)| (key.clone(), value(field)));
            fields.collect::<BTreeMap<_, _>>().into()
        }
    }
}

/// The texts of a course in the language of a certificate.
pub(crate) struct Texts<'a> {
    pub(crate) tag: &'a Tag,
    pub(crate) course: &'a Course,
    pub(crate) warnings: Vec<Warning>,
}

impl Texts<'_> {
    /// The text as it is written; a warning if it is not in the language.
    pub(crate) fn get<'t>(&mut self, text: &'t Text, what: &str) -> &'t str {
        let (found, fell_back) = text.get(self.tag, &self.course.language);
        if fell_back {
            let tag = self.tag;
            let warning = Warning::new(
                ErrorKind::UnknownLanguage,
                format!(
                    "{what} is not given in `{tag}`; its text in another language is used"
                ),
            );
            let warning = warning
                .at(text.place(tag, &self.course.language).clone())
                .with_help(format!("add a text under `{}`", tag.language()));
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        found
    }

    /// The text cleaned for print.
    pub(super) fn plain(&mut self, text: &Text, what: &str) -> String {
        name::tidy(self.get(text, what)).into_owned()
    }
}
