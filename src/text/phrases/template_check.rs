//! Checks the template of a sentence when it is loaded.
//!
//! Takes a template; gives all errors in it, at their places. The decision: an unknown name is an
//! error even inside of a condition that is rarely true.

use std::ops::Range;

use minijinja::Environment;

use super::date_style::DateStyle;
use super::filters::{FILTERS, STATEMENTS, TESTS};
use super::language_formats::LanguageFormats;
use super::rendering::syntax_error;
use super::template_analysis::{Filter, TemplateAnalysis};
use super::{markup, name_sounds, select};
use crate::base::error::{Error, ErrorKind, Place, did_you_mean};
use crate::site::name;

/// The variables that all sentences may name.
pub(super) const VARIABLES: [&str; 18] = [
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
    "grade.share",
    "grade.value",
    "designation",
    "gender",
    "verify_url",
    "signatories",
    "extra",
];

/// The use of a template, which decides the variables that it may name.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum TemplateScope {
    Sentence,
    Outcome,
    Title,
    Signature,
    Cell,
    Total,
    Folio,
}

impl TemplateScope {
    /// The variables that are known.
    fn variables(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            TemplateScope::Title => &["heading"],
            TemplateScope::Signature => {
                &["signatory", "signatory.name", "signatory.title"]
            }
            TemplateScope::Cell => &["row"],
            TemplateScope::Total => &["rows", "total"],
            TemplateScope::Folio => &["page", "pages"],
            TemplateScope::Sentence | TemplateScope::Outcome => &[],
        };
        // These sentences are written before the outcome, or are the outcome.
        let has_no_outcome = matches!(
            self,
            TemplateScope::Outcome
                | TemplateScope::Cell
                | TemplateScope::Total
                | TemplateScope::Folio
        );
        let common =
            VARIABLES.into_iter().filter(|name| !(has_no_outcome && *name == "outcome"));
        common.chain(own.iter().copied()).collect()
    }

    /// The beginnings of paths that may go on with any name.
    fn open_paths(self) -> &'static [&'static str] {
        match self {
            TemplateScope::Cell => &["extra.", "row."],
            TemplateScope::Total => &["extra.", "total."],
            _ => &["extra."],
        }
    }
}

/// Checks a template against the known names.
pub(super) struct TemplateChecker<'a> {
    pub(super) formats: &'a LanguageFormats,
    pub(super) env: &'a Environment<'static>,
    pub(super) scope: TemplateScope,
    pub(super) place: &'a dyn Fn(Range<usize>) -> Place,
}

impl TemplateChecker<'_> {
    /// All errors in the template, in their order.
    pub(super) fn check(&self, template: &str) -> Vec<Error> {
        if let Some(error) = self.check_characters(template) {
            return vec![error];
        }
        let parsed = match self.env.template_from_str(template) {
            Ok(parsed) => parsed,
            Err(error) => return vec![syntax_error(error, self.place)],
        };
        let mut errors = Vec::new();
        let analysis = TemplateAnalysis::of(template);
        errors.extend(self.check_for_code(template, &analysis.texts));
        let invalid = |range: &Range<usize>, message: String| {
            Error::new(ErrorKind::Sentence, message).at((self.place)(range.clone()))
        };
        let unknown = |what: &str, name: &str, range: &Range<usize>, known: &[&str]| {
            let hint = did_you_mean(name, known.iter().copied());
            invalid(range, format!("unknown {what} `{name}`")).with_help(hint)
        };

        for (word, range) in &analysis.statements {
            if !STATEMENTS.contains(word) {
                errors.push(unknown("statement", word, range, &STATEMENTS));
            }
        }
        for (word, range) in &analysis.calls {
            let help = "a sentence has filters and no functions: `{{ name | upper }}`";
            let message = format!("unknown function `{word}`");
            errors.push(invalid(range, message).with_help(help));
        }
        for (test, range) in
            analysis.tests.iter().filter(|(test, _)| !TESTS.contains(test))
        {
            errors.push(unknown("test", test, range, &TESTS));
        }
        for (name, range) in &analysis.comparisons {
            if matches!(name.as_str(), "grade" | "row.grade") {
                let message = format!("`{name}` is not compared with a number");
                errors.push(invalid(range, message).with_help(format!(
                    "compare `{name}.share`, from 0 to 1, or `{name}.value`, on the scale of the \
                     course: `{{% if {name}.share is defined and {name}.share >= 0.9 %}}`"
                )));
            }
        }
        for filter in &analysis.filters {
            if !FILTERS.contains(&filter.name) {
                errors.push(unknown("filter", filter.name, &filter.range, &FILTERS));
                continue;
            }
            if let Err(message) = self.check_arguments(filter) {
                errors.push(invalid(
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
            let is_called = analysis.calls.iter().any(|(name, _)| *name == path);
            let is_open =
                self.scope.open_paths().iter().any(|start| path.starts_with(start));
            if known.contains(&path.as_str()) || is_open || is_called {
                continue;
            }
            let first = analysis.variables.iter().find(|(used, _)| *used == path);
            let range = first.map_or(0..0, |(_, range)| range.clone());
            errors.push(unknown("variable", &path, &range, &known));
        }
        if errors.is_empty() && analysis.statements.is_empty() {
            errors.extend(self.check_markup(template, &analysis.tags));
        }
        errors.sort_by_key(|error| error.place().map(|place| (place.line, place.column)));
        errors
    }

    /// Checks the arguments of a filter that do not depend on values.
    fn check_arguments(&self, filter: &Filter<'_>) -> Result<(), String> {
        let names = filter.keywords.iter().map(|keyword| keyword.name);
        match filter.name {
            "plural" | "ordinal" => {
                self.formats.check_categories(filter.name == "ordinal", names)
            }
            "select" => select::check(names),
            "elide" => name_sounds::check_elide(&self.formats.tag, names),
            "suffix" => {
                let has_other = names.into_iter().any(|name| name == "other");
                let pattern = filter.text.as_ref().map(|(pattern, _)| *pattern);
                name_sounds::check_suffix(&self.formats.tag, pattern, has_other)
            }
            "date" => {
                let style = DateStyle::of_filter(filter)?;
                self.formats.date_format(&style).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// The error for the first text that looks like code of Typst's.
    fn check_for_code(&self, template: &str, texts: &[Range<usize>]) -> Option<Error> {
        let is_letter = |c: char| c.is_ascii_alphabetic();
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let (start, length) = texts.iter().find_map(|range| {
            let text = &template[range.clone()];
            let mut signs = text.match_indices('#').filter(|(at, _)| {
                text[at + 1..].starts_with(is_letter) && !text[..*at].ends_with('\\')
            });
            let (at, _) = signs.next()?;
            let rest = &text[at + 1..];
            Some((range.start + at, 1 + rest.find(|c| !is_word(c)).unwrap_or(rest.len())))
        })?;
        let code = &template[start..start + length];
        let message = format!("`{code}` looks like code, and a sentence has none");
        let error = Error::new(ErrorKind::Sentence, message);
        Some(error.at((self.place)(start..start + length)).with_help(
            "remove it; for the sign itself write `\\#`, inside double quotes `\\\\#`",
        ))
    }

    /// The error for the first control character, which would act on the text around it.
    fn check_characters(&self, template: &str) -> Option<Error> {
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

    /// The error in the markup of a template without statements, which prints a value for each tag.
    fn check_markup(&self, template: &str, tags: &[Range<usize>]) -> Option<Error> {
        let mut printed = String::new();
        let mut starts = Vec::new();
        let mut from = 0;
        for tag in tags {
            starts.push((printed.len(), from));
            printed.push_str(&template[from..tag.start]);
            // Writing to a `String` does not fail.
            let _ = markup::encode(&markup::value("x"), &[], &mut printed);
            from = tag.end;
        }
        starts.push((printed.len(), from));
        printed.push_str(&template[from..]);
        let found = markup::parse(&printed).err()?;
        let (start, source) =
            starts.into_iter().rfind(|(start, _)| *start <= found.offset)?;
        let at = source + found.offset - start;
        let error = Error::new(ErrorKind::Sentence, found.message).with_help(found.help);
        Some(error.at((self.place)(at..at + 1)))
    }
}
