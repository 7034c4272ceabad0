//! What can be wrong with a sentence, said before it is ever written.

use std::ops::Range;

use minijinja::Environment;

use super::filters::{FILTERS, STATEMENTS, TESTS};
use super::formats::Formats;
use super::job::syntax;
use super::scan::Filter;
use super::{markup, scan, select};
use crate::base::error::{Error, ErrorKind, Place, did_you_mean};
use crate::site::name;

const VARIABLES: [&str; 15] = [
    "name",
    "course",
    "course.id",
    "course.title",
    "organization",
    "organization.name",
    "organization.short",
    "outcome",
    "issued",
    "place",
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
    Cell,
    Total,
    Folio,
}

impl Scope {
    fn variables(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            Scope::Title => &["heading"],
            Scope::Signature => &["signatory", "signatory.name", "signatory.title"],
            Scope::Cell => &["row"],
            Scope::Total => &["rows", "total"],
            Scope::Folio => &["page", "pages"],
            Scope::Sentence | Scope::Outcome => &[],
        };
        // What is written apart from the blocks, or before them, knows no outcome.
        let alone =
            matches!(self, Scope::Outcome | Scope::Cell | Scope::Total | Scope::Folio);
        let common = VARIABLES.into_iter().filter(|name| !(alone && *name == "outcome"));
        common.chain(own.iter().copied()).collect()
    }

    /// What begins a path whose rest is free.
    fn free(self) -> &'static [&'static str] {
        match self {
            Scope::Cell => &["extra.", "row."],
            Scope::Total => &["extra.", "total."],
            _ => &["extra."],
        }
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
        faults.extend(self.code(template, &scan.texts));
        let fault = |range: &Range<usize>, message: String| {
            Error::new(ErrorKind::Sentence, message).at((self.place)(range.clone()))
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
            if let Err(message) = self.arguments(filter) {
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
            let free = self.scope.free().iter().any(|start| path.starts_with(start));
            if known.contains(&path.as_str()) || free || called {
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

    /// What can be known of a filter's arguments.
    fn arguments(&self, filter: &Filter<'_>) -> Result<(), String> {
        let names = filter.keywords.iter().map(|keyword| keyword.name);
        match filter.name {
            "plural" | "ordinal" => {
                self.formats.check_categories(filter.name == "ordinal", names)
            }
            "select" => select::check(names),
            "date" => {
                let mut language = None;
                for keyword in &filter.keywords {
                    if keyword.name != "language" {
                        let name = keyword.name;
                        return Err(format!("it takes no `{name}`, only `language`"));
                    }
                    language = keyword.text.as_ref().map(|(tag, _)| *tag);
                }
                let style = filter.text.as_ref().map_or("long", |(style, _)| style);
                self.formats.date_format(style, language).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// What would be Typst's code, and is none here.
    fn code(&self, template: &str, texts: &[Range<usize>]) -> Option<Error> {
        let letter = |c: char| c.is_ascii_alphabetic();
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let (start, length) = texts.iter().find_map(|range| {
            let text = &template[range.clone()];
            let mut signs = text.match_indices('#').filter(|(at, _)| {
                text[at + 1..].starts_with(letter) && !text[..*at].ends_with('\\')
            });
            let (at, _) = signs.next()?;
            let rest = &text[at + 1..];
            Some((range.start + at, 1 + rest.find(|c| !word(c)).unwrap_or(rest.len())))
        })?;
        let code = &template[start..start + length];
        let message = format!("`{code}` looks like code, and a sentence has none");
        let error = Error::new(ErrorKind::Sentence, message);
        Some(error.at((self.place)(start..start + length)).with_help(
            "remove it; for the sign itself write `\\#`, inside double quotes `\\\\#`",
        ))
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
        let error = Error::new(ErrorKind::Sentence, message)
            .at((self.place)(at..at + c.len_utf8()));
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
        let error = Error::new(ErrorKind::Sentence, fault.message).with_help(fault.help);
        Some(error.at((self.place)(at..at + 1)))
    }
}
