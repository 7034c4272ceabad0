//! Renders a template to runs, and explains its errors to the translator who wrote the sentence.

use std::ops::Range;

use minijinja::{Environment, OutputSpan, OutputSpanKind, Template, Value};

use super::certificate_facts::CertificateFacts;
use super::choices::with_choices;
use super::finished_text::FinishedText;
use super::markup;
use super::template_analysis::TemplateAnalysis;
use super::written_template::WrittenTemplate;
use super::wrong_value::WrongValue;
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean};
use crate::text::locale::SentenceTemplate;

/// Writes a sentence of a locale or layout, whose template is in `env`. `what` names it in errors.
pub(super) fn write_sentence(
    env: &Environment<'static>,
    sentence: &SentenceTemplate,
    what: &str,
    values: Value,
    facts: &CertificateFacts<'_>,
) -> Result<FinishedText> {
    if !sentence.template.contains('{') {
        // Its markup was parsed when the locale was loaded, so there is no error.
        let runs = markup::parse(&sentence.template).unwrap_or_default().runs;
        return Ok(FinishedText { runs, ..FinishedText::default() });
    }
    let place = |range| sentence.place_of(range);
    let template = env.get_template(&sentence.id);
    let template = template.map_err(|error| syntax_error(error, &place))?;
    let key = &sentence.key;
    Rendering { template, what, key, values, facts, place: &place }.run()
}

/// A template with the values that it is rendered with.
pub(super) struct Rendering<'a> {
    pub(super) template: Template<'a, 'a>,
    /// The name of the sentence in errors.
    pub(super) what: &'a str,
    /// Its name among the sentences of the language, in its facts.
    pub(super) key: &'a str,
    pub(super) values: Value,
    /// What the certificate is made of, for hints.
    pub(super) facts: &'a CertificateFacts<'a>,
    /// The place in a file of a range of the template.
    pub(super) place: &'a dyn Fn(Range<usize>) -> Place,
}

impl Rendering<'_> {
    /// Renders the template, and reads its markup and its facts.
    ///
    /// # Errors
    /// [`ErrorKind::Sentence`], [`ErrorKind::TooLarge`].
    pub(super) fn run(self) -> Result<FinishedText> {
        let printed = self.template.render_with_spans(self.values.clone());
        let (printed, spans) =
            printed.map_err(|error| self.explain(&error).with_source(error))?;
        let parsed = markup::parse(&printed).map_err(|error| {
            let range = self.source_of(&spans, error.offset);
            let message =
                format!("cannot write the sentence `{}` ({})", self.what, error.message);
            Error::new(ErrorKind::Sentence, message)
                .with_help(error.help)
                .at((self.place)(range))
        })?;
        let written = WrittenTemplate {
            source: self.template.source(),
            spans: &spans,
            values: &self.values,
        };
        let names_recipient = written.names(self.facts.name.as_str(), &parsed.facts);
        let facts = with_choices(self.key, &written, parsed.facts);
        Ok(FinishedText { runs: parsed.runs, facts, names_recipient })
    }

    /// An error of minijinja's, in the terms of the translator.
    fn explain(&self, error: &minijinja::Error) -> Error {
        let source = self.template.source();
        let range = error.range().unwrap_or(0..source.len());
        let at = |error: Error, range| error.at((self.place)(range));
        match error.kind() {
            minijinja::ErrorKind::UndefinedError => {
                let analysis = TemplateAnalysis::of(source);
                // The range of the error may be that of a filter after the variable.
                let missing = analysis.variables.iter().rfind(|(path, at)| {
                    at.start < range.end
                        && path
                            .strip_prefix("extra.")
                            .is_some_and(|key| self.is_missing(key))
                });
                let Some((path, range)) = missing else {
                    let message = format!(
                        "cannot write the sentence `{}` (a value is missing)",
                        self.what
                    );
                    return at(Error::new(ErrorKind::Sentence, message), range)
                        .with_help("ask first: `{% if … is defined %}`");
                };
                let message = format!(
                    "the sentence `{}` needs `{path}`, which is not given",
                    self.what
                );
                let known = self
                    .facts
                    .extra
                    .keys()
                    .map(|key| format!("extra.{key}"))
                    .collect::<Vec<_>>();
                let hint = match known.as_slice() {
                    [] => format!(
                        "give `{}` in the request, or in the course",
                        &path["extra.".len()..]
                    ),
                    known => {
                        did_you_mean(path, known.iter().map(String::as_str)).into_owned()
                    }
                };
                let next = if hint.ends_with('?') { " If" } else { "; if" };
                at(Error::new(ErrorKind::Sentence, message), range.clone()).with_help(format!(
                    "{hint}{next} it may be missing, ask first: `{{% if {path} is defined %}}`"
                ))
            }
            minijinja::ErrorKind::OutOfFuel => {
                let message =
                    format!("the sentence `{}` takes too long to write", self.what);
                let help = if TemplateAnalysis::of(source).has_statement("for") {
                    "write it with fewer `{% for %}`"
                } else {
                    "make it shorter: it repeats too much"
                };
                at(Error::new(ErrorKind::TooLarge, message), range).with_help(help)
            }
            kind => {
                let cause = match error.detail() {
                    Some(detail) => detail.to_owned(),
                    None => kind.to_string(),
                };
                if let Some(given) = WrongValue::find(&cause, source, &self.values) {
                    return given.explain(self.facts, self.what, &(self.place)(range));
                }
                let message =
                    format!("cannot write the sentence `{}` ({cause})", self.what);
                at(Error::new(ErrorKind::Sentence, message), range)
            }
        }
    }

    /// Whether the free fields lack a dotted path.
    fn is_missing(&self, path: &str) -> bool {
        let mut keys = path.split('.');
        let first = keys.next().and_then(|key| self.facts.extra.get(key));
        let found = keys.fold(first, |value, key| value?.get(key));
        found.is_none()
    }

    /// The byte of the template that printed a byte of the output; the whole template if that is
    /// unknown.
    fn source_of(&self, spans: &[OutputSpan], offset: usize) -> Range<usize> {
        let whole = 0..self.template.source().len();
        let span = spans.iter().find(|span| {
            span.kind() == OutputSpanKind::Raw && span.output_range().contains(&offset)
        });
        span.map_or(whole, |span| {
            let at = span.source_range().start + offset - span.output_range().start;
            at..at + 1
        })
    }
}

/// The error for a template that minijinja cannot parse.
pub(super) fn syntax_error(
    error: minijinja::Error,
    place: &dyn Fn(Range<usize>) -> Place,
) -> Error {
    let cause = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let range = error.range().unwrap_or(0..0);
    Error::new(ErrorKind::Syntax, format!("cannot read the sentence ({cause})"))
        .with_source(error)
        .at(place(range))
        .with_help(
            "a value is written `{{ name }}`, a condition `{% if grade %}…{% endif %}`",
        )
}
