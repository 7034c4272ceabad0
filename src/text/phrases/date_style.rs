//! How a sentence writes a date: the arguments of its filter `date`.
//!
//! The decision: the pages of a certificate write their dates as its sentence `date` does, so that
//! paper and page agree.

use minijinja::value::Kwargs;

use super::template_analysis::{Filter, TemplateAnalysis};
use crate::base::error::did_you_mean;

/// The calendars that a style can have a pattern for, by the names that a language tag gives them
/// (`th-u-ca-gregory`).
const CALENDARS: [&str; 10] = [
    "buddhist", "coptic", "ethiopic", "gregory", "hebrew", "indian", "islamic",
    "japanese", "persian", "roc",
];

/// The arguments of a filter `date`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DateStyle {
    /// `full`, `long`, `medium` or `short`, or a pattern such as `d MMMM y`.
    pub(super) style: String,
    /// The language, if it is not the certificate's.
    pub(super) language: Option<String>,
    /// The patterns of calendars. That of the language's calendar takes precedence over the style.
    pub(super) calendars: Vec<(String, String)>,
}

impl DateStyle {
    /// A style without further arguments.
    pub(super) fn of_style(style: &str) -> Self {
        Self { style: style.to_owned(), language: None, calendars: Vec::new() }
    }

    /// The style of the date of issue in the template of a sentence: that of its first filter
    /// `date`, else `long`.
    pub(super) fn of_template(template: &str) -> Self {
        let analysis = TemplateAnalysis::of(template);
        let filter = analysis.filters.iter().find(|filter| filter.name == "date");
        let style = filter.and_then(|filter| Self::of_filter(filter).ok());
        style.unwrap_or_else(|| Self::of_style("long"))
    }

    /// The style that a filter names. Arguments that are no strings are left out.
    ///
    /// # Errors
    /// The cause: an argument that the filter does not take.
    pub(super) fn of_filter(filter: &Filter<'_>) -> Result<Self, String> {
        let style = filter.text.as_ref().map_or("long", |(style, _)| style);
        let texts = filter.keywords.iter().map(|keyword| {
            (keyword.name, keyword.text.as_ref().map(|(text, _)| (*text).to_owned()))
        });
        Self::new(style, texts)
    }

    /// The style of the arguments with which minijinja calls the filter.
    pub(super) fn of_arguments(
        style: Option<&str>,
        arguments: &Kwargs,
    ) -> Result<Self, minijinja::Error> {
        let mut texts = Vec::new();
        for name in arguments.args() {
            texts.push((name, arguments.get::<Option<String>>(name)?));
        }
        let style = Self::new(style.unwrap_or("long"), texts.into_iter());
        style.map_err(|message| {
            minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message)
        })
    }

    fn new<'a>(
        style: &str,
        arguments: impl Iterator<Item = (&'a str, Option<String>)>,
    ) -> Result<Self, String> {
        let mut read = Self::of_style(style);
        for (name, text) in arguments {
            if name == "language" {
                read.language = text;
            } else if CALENDARS.contains(&name) {
                read.calendars.extend(text.map(|text| (name.to_owned(), text)));
            } else {
                return Err(format!(
                    "it takes no `{name}`, only `language` and the calendars; {}",
                    did_you_mean(name, CALENDARS)
                ));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_of_a_sentence_is_that_of_its_filter() {
        let style = DateStyle::of_template(
            r#"{{ place }}, {{ issued | date("d MMMM y", buddhist="d MMMM 'พ.ศ.' y") }}"#,
        );
        assert_eq!(style.style, "d MMMM y");
        assert_eq!(style.calendars, [("buddhist".into(), "d MMMM 'พ.ศ.' y".into())]);
        let plain = DateStyle::of_template("{{ issued | date }}");
        assert_eq!(plain, DateStyle::of_style("long"));
        assert_eq!(DateStyle::of_template("no date"), plain);
    }

    #[test]
    fn unknown_argument_is_refused() {
        let analysis = TemplateAnalysis::of("{{ issued | date('long', budhist='y') }}");
        let error = DateStyle::of_filter(&analysis.filters[0]).unwrap_err();
        assert!(
            error.contains("no `budhist`") && error.contains("`buddhist`"),
            "{error}"
        );
    }
}
