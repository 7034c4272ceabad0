//! The texts of a course in the language of a certificate.

use crate::base::error::{ErrorKind, Warning};
use crate::base::lang::Tag;
use crate::site::course::{Course, Text};
use crate::site::name;

/// Looks up the texts of a course, and collects a warning for each that does not exist in the
/// language.
pub(crate) struct Texts<'a> {
    pub(crate) tag: &'a Tag,
    pub(crate) course: &'a Course,
    pub(crate) warnings: Vec<Warning>,
}

impl Texts<'_> {
    /// The text as it is written. `what` names it in the warning: `the course title`.
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
            // Chinese is written under its script: `zh` would be read for both.
            let under = match tag.language() {
                "zh" => tag.fallbacks().find(|step| step.as_str().starts_with("zh-Han")),
                _ => None,
            };
            let under = under.map_or(tag.language().to_owned(), |step| step.to_string());
            let warning = warning
                .at(text.place(tag, &self.course.language).clone())
                .with_help(format!("add a text under `{under}`"));
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
