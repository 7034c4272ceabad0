//! A template on its way to runs, and what goes wrong there in the terms of who wrote the sentence.

use std::ops::Range;

use indexmap::IndexMap;
use minijinja::{OutputSpanKind, Value};
use serde_json::Value as Json;

use super::{markup, scan};
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean};
use crate::text::runs::Runs;

/// A template on its way to runs.
pub(super) struct Job<'a> {
    pub(super) template: minijinja::Template<'a, 'a>,
    pub(super) what: &'a str,
    pub(super) values: Value,
    pub(super) extra: &'a IndexMap<String, Json>,
    pub(super) place: &'a dyn Fn(Range<usize>) -> Place,
}

impl Job<'_> {
    pub(super) fn run(self) -> Result<Runs> {
        let printed = self.template.render(self.values.clone());
        let printed = printed.map_err(|error| self.explain(&error))?;
        markup::parse(&printed).map_err(|fault| {
            let range = self.source_of(fault.offset);
            let message =
                format!("cannot write the sentence `{}` ({})", self.what, fault.message);
            Error::new(ErrorKind::Sentence, message)
                .with_help(fault.help)
                .at((self.place)(range))
        })
    }

    /// What minijinja complains about, in the terms of who wrote the sentence.
    fn explain(&self, error: &minijinja::Error) -> Error {
        let source = self.template.source();
        let range = error.range().unwrap_or(0..source.len());
        let at = |error: Error, range| error.at((self.place)(range));
        match error.kind() {
            minijinja::ErrorKind::UndefinedError => {
                let scan = scan::scan(source);
                // The range may be that of the filter after it.
                let missing = scan.variables.iter().rfind(|(path, at)| {
                    at.start < range.end
                        && path.strip_prefix("extra.").is_some_and(|key| self.lacks(key))
                });
                let Some((path, range)) = missing else {
                    let message = format!(
                        "cannot write the sentence `{}` (a value is not there)",
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
                    .extra
                    .keys()
                    .map(|key| format!("extra.{key}"))
                    .collect::<Vec<_>>();
                let hint = did_you_mean(path, known.iter().map(String::as_str));
                at(Error::new(ErrorKind::Sentence, message), range.clone()).with_help(format!(
                    "{hint} If it may be missing, ask first: `{{% if {path} is defined %}}`"
                ))
            }
            minijinja::ErrorKind::OutOfFuel => {
                let message =
                    format!("the sentence `{}` takes too long to write", self.what);
                at(Error::new(ErrorKind::TooLarge, message), range)
                    .with_help("write it with fewer `{% for %}`")
            }
            kind => {
                let cause = match error.detail() {
                    Some(detail) => detail.to_owned(),
                    None => kind.to_string(),
                };
                let message =
                    format!("cannot write the sentence `{}` ({cause})", self.what);
                at(Error::new(ErrorKind::Sentence, message), range)
            }
        }
    }

    fn lacks(&self, key: &str) -> bool {
        let mut keys = key.split('.');
        let first = keys.next().and_then(|key| self.extra.get(key));
        let found = keys.fold(first, |value, key| value?.get(key));
        found.is_none()
    }

    /// Where in the template the byte of the printed text was written.
    fn source_of(&self, offset: usize) -> Range<usize> {
        let whole = 0..self.template.source().len();
        let Ok((_, spans)) = self.template.render_with_spans(self.values.clone()) else {
            return whole;
        };
        let span = spans.iter().find(|span| {
            span.kind() == OutputSpanKind::Raw && span.output_range().contains(&offset)
        });
        span.map_or(whole, |span| {
            let at = span.source_range().start + offset - span.output_range().start;
            at..at + 1
        })
    }
}

/// A template that minijinja cannot read.
pub(super) fn syntax(
    error: &minijinja::Error,
    place: &dyn Fn(Range<usize>) -> Place,
) -> Error {
    let cause = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let range = error.range().unwrap_or(0..0);
    Error::new(ErrorKind::Syntax, format!("cannot read the sentence ({cause})"))
        .at(place(range))
        .with_help(
            "a value is written `{{ name }}`, a condition `{% if grade %}…{% endif %}`",
        )
}
