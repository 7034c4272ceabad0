//! What can be wrong with a sentence, said before it is ever written.

use std::ops::Range;

use minijinja::Environment;

use super::filters::{FILTERS, Formats, STATEMENTS, TESTS};
use super::{markup, scan, syntax};
use crate::error::{Error, Kind, Place, did_you_mean};
use crate::name;

const VARIABLES: [&str; 14] = [
    "name",
    "course",
    "course.id",
    "course.title",
    "organization",
    "organization.name",
    "organization.short",
    "outcome",
    "issued",
    "grade",
    "designation",
    "verify_url",
    "signatories",
    "extra",
];

/// Where a template stands, which decides what it may name.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scope {
    Sentence,
    Outcome,
    Title,
    Signature,
}

impl Scope {
    fn variables(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            Scope::Title => &["heading"],
            Scope::Signature => &["signatory", "signatory.name", "signatory.title"],
            Scope::Sentence | Scope::Outcome => &[],
        };
        let common = VARIABLES
            .into_iter()
            .filter(|name| self != Scope::Outcome || *name != "outcome");
        common.chain(own.iter().copied()).collect()
    }
}

/// Holds a template against what is known.
pub(super) struct Checker<'a> {
    pub(super) formats: &'a Formats,
    pub(super) env: &'a Environment<'static>,
    pub(super) scope: Scope,
    pub(super) place: &'a dyn Fn(Range<usize>) -> Place,
}

impl Checker<'_> {
    /// Every fault of the template.
    pub(super) fn check(&self, template: &str) -> Vec<Error> {
        if let Some(fault) = self.letters(template) {
            return vec![fault];
        }
        let parsed = match self.env.template_from_str(template) {
            Ok(parsed) => parsed,
            Err(error) => return vec![syntax(&error, self.place)],
        };
        let mut faults = Vec::new();
        let scan = scan::scan(template);
        let fault = |range: &Range<usize>, message: String| {
            Error::new(Kind::Sentence, message).at((self.place)(range.clone()))
        };
        let unknown = |what: &str, name: &str, range: &Range<usize>, known: &[&str]| {
            let hint = did_you_mean(name, known.iter().copied());
            fault(range, format!("unknown {what} `{name}`")).with_help(hint)
        };

        for (word, range) in &scan.statements {
            if !STATEMENTS.contains(word) {
                faults.push(unknown("statement", word, range, &STATEMENTS));
            }
        }
        for (word, range) in &scan.calls {
            let help = "a sentence has filters and no functions: `{{ name | upper }}`";
            faults
                .push(fault(range, format!("unknown function `{word}`")).with_help(help));
        }
        for (test, range) in scan.tests.iter().filter(|(test, _)| !TESTS.contains(test)) {
            faults.push(unknown("test", test, range, &TESTS));
        }
        for filter in &scan.filters {
            if !FILTERS.contains(&filter.name) {
                faults.push(unknown("filter", filter.name, &filter.range, &FILTERS));
                continue;
            }
            let message = match (filter.name, &filter.text) {
                ("plural" | "ordinal", _) => {
                    let names = filter.keywords.iter().map(|(name, _)| *name);
                    self.formats.check_categories(filter.name == "ordinal", names).err()
                }
                ("date", Some((style, _))) => self.formats.date_format(style).err(),
                _ => None,
            };
            if let Some(message) = message {
                faults.push(fault(
                    &filter.range,
                    format!("cannot use `{}` here ({message})", filter.name),
                ));
            }
        }

        let known = self.scope.variables();
        let mut undeclared: Vec<_> =
            parsed.undeclared_variables(true).into_iter().collect();
        undeclared.sort_unstable();
        for path in undeclared {
            let called = scan.calls.iter().any(|(name, _)| *name == path);
            if known.contains(&path.as_str()) || path.starts_with("extra.") || called {
                continue;
            }
            let first = scan.variables.iter().find(|(used, _)| *used == path);
            let range = first.map_or(0..0, |(_, range)| range.clone());
            faults.push(unknown("variable", &path, &range, &known));
        }
        if faults.is_empty() && scan.statements.is_empty() {
            faults.extend(self.markup(template, &scan.tags));
        }
        faults.sort_by_key(|fault| fault.place().map(|place| (place.line, place.column)));
        faults
    }

    /// A character that would act on the text around it, or pass for something else.
    fn letters(&self, template: &str) -> Option<Error> {
        let inert = name::inert(template);
        let same = template.char_indices().zip(inert.chars());
        let (at, c) =
            match same.clone().find(|((_, c), kept)| c != kept && !c.is_whitespace()) {
                Some(((at, c), _)) => (at, c),
                None => template.char_indices().nth(inert.chars().count())?,
            };
        let message =
            format!("a control character (U+{:04X}) in a sentence", u32::from(c));
        let error =
            Error::new(Kind::Sentence, message).at((self.place)(at..at + c.len_utf8()));
        Some(error.with_help(
            "remove it; an embedding or isolate must be closed in its sentence",
        ))
    }

    /// Faults of the markup in a template that always prints the same words: each tag prints a value.
    fn markup(&self, template: &str, tags: &[Range<usize>]) -> Option<Error> {
        let mut printed = String::new();
        let mut starts = Vec::new();
        let mut from = 0;
        for tag in tags {
            starts.push((printed.len(), from));
            printed.push_str(&template[from..tag.start]);
            // A `String` takes everything.
            let _ = markup::encode(&markup::value("x"), &mut printed);
            from = tag.end;
        }
        starts.push((printed.len(), from));
        printed.push_str(&template[from..]);
        let fault = markup::parse(&printed).err()?;
        let (start, source) =
            starts.into_iter().rfind(|(start, _)| *start <= fault.offset)?;
        let at = source + fault.offset - start;
        let error = Error::new(Kind::Sentence, fault.message).with_help(fault.help);
        Some(error.at((self.place)(at..at + 1)))
    }
}
