//! Texts that are templates too: the outcomes of a course, and the texts of a layout's own.
//!
//! Takes the texts with their places; gives finished texts. The decision: each is compiled once per
//! language, up to a bound.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use minijinja::{Environment, Value};

use super::certificate_facts::CertificateFacts;
use super::course_texts::Texts;
use super::fact::Fact;
use super::finished_text::FinishedText;
use super::rendering::{Rendering, syntax_error};
use super::sentences::Phrase;
use super::template_values::template_values;
use super::{Phrases, doubts, filters};
use crate::base::error::{Error, Place, Result, Warning};
use crate::site::course::Text;

/// The most compiled texts that one language keeps.
const MAX_OUTCOMES: usize = 256;

impl Phrases {
    /// Writes the course's outcome for the grade, whose text is a template too.
    pub(super) fn write_outcome(
        &self,
        facts: &CertificateFacts<'_>,
        values: &BTreeMap<&'static str, Value>,
        texts: &mut Texts<'_>,
    ) -> Result<FinishedText> {
        let Some(outcome) = facts.course.outcome(facts.grade) else {
            return Ok(FinishedText::default());
        };
        let text = texts.get(&outcome.text, "the outcome").to_owned();
        let mut written =
            self.write_text(&outcome.text, &text, "outcome", facts, values)?;
        // Unlike the words of a locale, the texts of a course are facts.
        written.facts.insert(0, Fact::Value(text));
        Ok(written)
    }

    /// Writes the texts of a layout's own, which are templates too, each in the role of its name.
    /// Returns them with a warning for each that is not given in this language. Those of which
    /// nothing is seen have only facts.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(crate) fn write_texts<'t>(
        &self,
        own: impl Iterator<Item = (&'t str, &'t Text)>,
        facts: &CertificateFacts<'_>,
    ) -> Result<(Vec<Phrase>, Vec<Warning>)> {
        let mut texts =
            Texts { tag: &self.tag, course: facts.course, warnings: Vec::new() };
        let values = template_values(facts, &mut texts);
        texts.warnings.clear();
        let (mut phrases, mut errors) = (Vec::new(), Vec::new());
        for (role, own) in own {
            let text =
                texts.get(own, &format!("the text of the slot `{role}`")).to_owned();
            match self.write_text(own, &text, role, facts, &values) {
                Ok(written) => {
                    let place = own.place(&self.tag, &facts.course.language);
                    texts.warnings.extend(doubts::of_slot(role, &text, place));
                    phrases.extend(Phrase::empty(role, role, &written, place));
                    phrases.extend(Phrase::visible(role, written, place));
                }
                Err(error) => errors.push(error),
            }
        }
        Error::join(errors)?;
        Ok((phrases, texts.warnings))
    }

    /// Writes `text`, the version of `own` in the language of the certificate. `what` names it in
    /// errors.
    fn write_text(
        &self,
        own: &Text,
        text: &str,
        what: &str,
        facts: &CertificateFacts<'_>,
        values: &BTreeMap<&'static str, Value>,
    ) -> Result<FinishedText> {
        let at = own.place(&self.tag, &facts.course.language);
        let place = |_| at.clone();
        let env = self.compile_outcome(text, at)?;
        let template = env.get_template("outcome");
        let template = template.map_err(|error| syntax_error(error, &place))?;
        let values = Value::from(values.clone());
        let rendering =
            Rendering { template, what, key: what, values, facts, place: &place };
        let written = rendering.run()?;
        // The text may be in the course's language and have another direction, so it is isolated.
        Ok(FinishedText { runs: written.runs.isolated(), ..written })
    }

    /// Checks and compiles the text of an outcome, once. Returns an environment with the template
    /// `outcome`.
    fn compile_outcome(
        &self,
        text: &str,
        place: &Place,
    ) -> Result<Arc<Environment<'static>>> {
        let known = self.compiled.outcomes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(env) = known.get(text) {
            return Ok(Arc::clone(env));
        }
        drop(known);
        self.check_outcome(text, place)?;
        let mut env = filters::environment(&self.compiled.formats);
        let added = env.add_template_owned("outcome", text.to_owned());
        added.map_err(|error| syntax_error(error, &|_| place.clone()))?;
        let env = Arc::new(env);
        let mut known =
            self.compiled.outcomes.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_OUTCOMES {
            known.insert(text.to_owned(), Arc::clone(&env));
        }
        Ok(env)
    }
}
