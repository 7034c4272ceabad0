//! Finished sentences: a language's templates filled with the facts of one certificate.
//!
//! Takes a [`Locale`] and [`CertificateFacts`]; gives [`Sentences`] made of runs. The decision: an
//! interpolated value never becomes markup or a template. Templates are minijinja's, strict, with
//! bounded fuel and without a loader. `docs/locale.md` lists the variables and filters for
//! translators.

mod branches;
mod certificate_facts;
mod choices;
mod course_texts;
mod date_format;
mod date_style;
mod date_value;
mod doubts;
mod fact;
mod filter_values;
mod filters;
mod finished_text;
#[cfg(feature = "tables")]
pub(crate) mod free_fields;
mod grade_value;
mod language_formats;
mod markup;
mod name_filters;
mod name_sounds;
mod named_fields;
mod origins;
mod own_texts;
mod pseudolocale;
mod rendering;
mod select;
mod sentences;
mod shown_name;
mod table;
mod template_analysis;
mod template_check;
mod template_values;
mod written_template;
mod wrong_value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, RwLock};

use minijinja::{Environment, Value};

pub use self::certificate_facts::CertificateFacts;
pub(crate) use self::course_texts::Texts;
#[cfg(feature = "issue")]
pub(crate) use self::date_format::issue_date;
pub(crate) use self::fact::Fact;
#[cfg(feature = "issue")]
pub(crate) use self::fact::PrintedFact;
pub(crate) use self::named_fields::NamedFields;
pub(crate) use self::pseudolocale::Pseudolocale;
pub(crate) use self::sentences::TablePhrases;
pub use self::sentences::{AltTexts, Phrase, Sentences};
pub(crate) use self::shown_name::ShownName;

#[cfg(feature = "issue")]
use self::date_style::DateStyle;
use self::finished_text::FinishedText;
use self::language_formats::LanguageFormats;
use self::rendering::{syntax_error, write_sentence};
use self::table::write_table;
use self::template_analysis::TemplateAnalysis;
use self::template_check::{TemplateChecker, TemplateScope};
use self::template_values::template_values;
#[cfg(any(feature = "issue", test))]
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::site::course::{GradeMark, no_scale};
use crate::site::files::Site;
use crate::text::locale::{Locale, SentenceTemplate};
use crate::text::runs::Runs;

/// The compiled sentences of one layout in one language, shared by all certificates.
#[derive(Clone)]
pub struct Phrases {
    tag: Tag,
    compiled: Arc<CompiledPhrases>,
}

/// What the sentences of all tags share that have the same [effective](Tag::effective) one.
struct CompiledPhrases {
    fallback_warning: Option<Warning>,
    /// Likely mistakes in the sentences.
    doubts: Vec<Warning>,
    locale: Locale,
    formats: Arc<LanguageFormats>,
    env: Environment<'static>,
    /// The compiled texts of outcomes and of a layout's own, by text.
    outcomes: RwLock<BTreeMap<String, Arc<Environment<'static>>>>,
}

#[cfg(feature = "studio")]
impl Phrases {
    /// The variables that all sentences may name.
    pub(crate) const VARIABLES: &[&str] = &template_check::VARIABLES;
    /// The filters that a value can pass through.
    pub(crate) const FILTERS: &[&str] = &filters::FILTERS;
}

impl Phrases {
    /// Reads, checks and compiles the sentences of `layout` in `tag`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLanguage`]: the layout has no sentences in it. Else all errors in the
    /// files, each at its place, among them [`ErrorKind::Syntax`], [`ErrorKind::UnknownKey`], and
    /// [`ErrorKind::Sentence`] for an unknown variable or filter.
    pub(crate) fn load(site: &Site, layout: &str, tag: &Tag) -> Result<Self> {
        let mut errors = Vec::new();
        let (locale, fallback_warning) = match Pseudolocale::of(tag) {
            None => {
                let (locale, warning) = Locale::load(site, layout, tag, &mut errors)?;
                // Faults of the files come first: a sentence may be missing because of one.
                if errors.is_empty() {
                    errors.extend(locale.missing_own_roles(site, layout, tag)?);
                }
                (locale, warning)
            }
            Some(pseudo) => {
                let english = Tag::parse("en")?;
                let (mut locale, _) = Locale::load(site, layout, &english, &mut errors)?;
                locale.rewrite(|template| pseudo.rewrite(template));
                (locale, None)
            }
        };
        let formats = LanguageFormats::new(tag)
            .map_err(|message| Error::new(ErrorKind::UnknownLanguage, message))?;
        let formats = Arc::new(formats);
        let mut env = filters::environment(&formats);
        for sentence in locale.sentences() {
            let place = |range| sentence.place_of(range);
            let scope = match sentence.role.as_str() {
                "title" => TemplateScope::Title,
                "alt.signature" => TemplateScope::Signature,
                "cell" => TemplateScope::Cell,
                "total" => TemplateScope::Total,
                "folio" => TemplateScope::Folio,
                _ => TemplateScope::Sentence,
            };
            let found =
                TemplateChecker { formats: &formats, env: &env, scope, place: &place }
                    .check(&sentence.template);
            if found.is_empty() {
                let source = sentence.template.clone();
                let added = env.add_template_owned(sentence.id.clone(), source);
                errors.extend(added.err().map(|error| syntax_error(error, &place)));
            }
            errors.extend(found);
        }
        Error::join(errors)?;
        let (tag, outcomes) = (tag.clone(), RwLock::default());
        let doubts = locale.sentences().flat_map(doubts::of_sentence).collect();
        let compiled =
            CompiledPhrases { fallback_warning, doubts, locale, formats, env, outcomes };
        Ok(Self { tag, compiled: Arc::new(compiled) })
    }

    /// The same sentences for a tag whose [effective](Tag::effective) one is that of these.
    pub(crate) fn for_tag(&self, tag: &Tag) -> Self {
        Self { tag: tag.clone(), compiled: self.compiled.clone() }
    }

    #[cfg(test)]
    pub(crate) fn shares_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.compiled, &other.compiled)
    }

    /// How many bytes of templates they have. What is compiled of them takes a multiple of that.
    pub(crate) fn weight(&self) -> usize {
        self.compiled.locale.sentences().map(|it| it.template.len()).sum()
    }

    /// The language that the caller asked for, with its extensions.
    pub fn language(&self) -> &Tag {
        &self.tag
    }

    /// A warning, if the sentences are those of a shorter tag.
    pub fn fallback_warning(&self) -> Option<Warning> {
        self.compiled.fallback_warning.clone()
    }

    /// The templates of the sentences.
    pub(crate) fn locale(&self) -> &Locale {
        &self.compiled.locale
    }

    /// A date as the sentence `date` writes the date of issue.
    #[cfg(feature = "issue")]
    pub(crate) fn issue_date(&self, date: Date) -> String {
        let template =
            self.compiled.locale.date.as_ref().map(|sentence| &sentence.template);
        let style = DateStyle::of_template(template.map_or("", String::as_str));
        let format = self.compiled.formats.date_format(&style);
        format.map_or_else(|_| date.to_string(), |format| format.format(date))
    }

    /// The variables that the sentences of the page name, without free fields.
    pub(crate) fn named_values(&self) -> BTreeSet<String> {
        let is_on_page = |sentence: &&SentenceTemplate| {
            sentence.role != "title" && !sentence.role.starts_with("alt.")
        };
        let sentences = self.compiled.locale.sentences().filter(is_on_page);
        let named = sentences
            .flat_map(|sentence| TemplateAnalysis::of(&sentence.template).variables);
        named.map(|(name, _)| name).filter(|name| !name.starts_with("extra.")).collect()
    }

    /// Likely mistakes in the sentences, which may also be intended.
    pub(crate) fn doubts(&self) -> &[Warning] {
        &self.compiled.doubts
    }

    /// The same sentences, with further doubts about them, before they are shared.
    pub(crate) fn with_doubts(mut self, more: Vec<Warning>) -> Self {
        if let Some(compiled) = Arc::get_mut(&mut self.compiled) {
            compiled.doubts.extend(more);
        }
        self
    }

    /// Adds the free fields that the sentences name.
    pub(crate) fn add_named_fields(&self, named: &mut NamedFields) {
        for sentence in self.compiled.locale.sentences() {
            named.add(&sentence.template);
        }
    }

    /// The ranges of a template that are the translator's own words.
    pub(crate) fn literal_ranges(template: &str) -> Vec<Range<usize>> {
        TemplateAnalysis::of(template).texts
    }

    /// Checks an outcome of a course, which is a template in the language of its text. `write`
    /// checks it too.
    ///
    /// # Errors
    /// [`ErrorKind::Sentence`], [`ErrorKind::Syntax`]: as for a sentence of the locale, at `place`.
    pub(crate) fn check_outcome(&self, text: &str, place: &Place) -> Result<()> {
        let at = |_| place.clone();
        let checker = TemplateChecker {
            formats: &self.compiled.formats,
            env: &self.compiled.env,
            scope: TemplateScope::Outcome,
            place: &at,
        };
        Error::join(checker.check(text))
    }

    /// Writes the sentences with the facts of one certificate.
    ///
    /// # Errors
    /// All errors together. [`ErrorKind::Sentence`]: a value is missing, or a filter cannot take
    /// it. [`ErrorKind::TooLarge`]: a sentence takes too long.
    pub fn write(&self, facts: &CertificateFacts<'_>) -> Result<Sentences> {
        let mut texts =
            Texts { tag: &self.tag, course: facts.course, warnings: Vec::new() };
        self.check_grade(facts, &texts)?;
        let mut values = template_values(facts, &mut texts);
        let mut errors = Vec::new();

        let table = self.compiled.locale.table.as_ref().map(|table| {
            write_table(table, &self.compiled.env, facts, &values, &mut texts)
        });
        let table = table.transpose().map_err(|error| errors.push(error));
        let table = table.ok().flatten().flatten();
        let outcome = self.write_outcome(facts, &values, &mut texts);
        let outcome = outcome.map_err(|error| errors.push(error)).unwrap_or_default();
        values.insert("outcome", Value::from_object(outcome));

        let common = Value::from(values.clone());
        let mut write = |sentence: &SentenceTemplate, values: Value| {
            let written = self.write_template(sentence, values, facts);
            written.map_err(|error| errors.push(error)).ok()
        };
        let mut empty = Vec::new();
        let mut phrase = |sentence: &SentenceTemplate| {
            let written = write(sentence, common.clone())?;
            let SentenceTemplate { role, key, place, .. } = sentence;
            let is_fact = role != "specimen";
            empty.extend(Phrase::empty(role, key, &written, place).filter(|_| is_fact));
            Phrase::visible(&sentence.role, written, &sentence.place)
        };
        let Locale { heading, blocks, date, authenticity, specimen, .. } =
            &self.compiled.locale;
        let heading = heading.as_ref().and_then(&mut phrase);
        let blocks = blocks.iter().flatten().filter_map(&mut phrase).collect();
        let date = date.as_ref().and_then(&mut phrase);
        // A certificate that is not published has no address for the sentence.
        let authenticity = authenticity.as_ref().filter(|_| facts.verify_url.is_some());
        let authenticity = authenticity.and_then(&mut phrase);
        let specimen = specimen.as_ref().and_then(&mut phrase);

        let mut signatories = Vec::new();
        let mut signatures = Vec::new();
        for signatory in &facts.course.signatories {
            let name = texts.plain(&signatory.name, "a signatory's name");
            let title = signatory
                .title
                .as_ref()
                .map(|title| texts.plain(title, "a signatory's title"));
            signatures.push(match &self.compiled.locale.alt_signature {
                None => name.clone(),
                Some(sentence) => {
                    let mut values = values.clone();
                    let signatory = BTreeMap::from([
                        ("name", Value::from(name.as_str())),
                        ("title", title.as_deref().map_or(Value::from(()), Value::from)),
                    ]);
                    values.insert("signatory", Value::from(signatory));
                    let written = write(sentence, Value::from(values));
                    written.unwrap_or_default().runs.bare()
                }
            });
            let title = title.filter(|title| !title.is_empty());
            signatories
                .push((Runs::value(&name), title.map(|title| Runs::value(&title))));
        }
        let mut plain = |sentence: &Option<SentenceTemplate>, values: &Value| {
            let text = sentence.as_ref().map(|sentence| write(sentence, values.clone()));
            text.flatten().map(|text| text.runs.bare()).filter(|text| !text.is_empty())
        };
        let organization =
            texts.plain(&facts.course.organization.name, "the organization");
        let alt = AltTexts {
            signature: signatures,
            code: match facts.verify_url {
                None => String::new(),
                Some(url) => plain(&self.compiled.locale.alt_code, &common)
                    .unwrap_or_else(|| url.to_owned()),
            },
            logo: plain(&self.compiled.locale.alt_logo, &common)
                .unwrap_or_else(|| organization.clone()),
        };
        let heading_text =
            heading.as_ref().map(|phrase| phrase.runs.bare()).unwrap_or_default();
        values.insert("heading", Value::from(heading_text));
        let title = plain(&self.compiled.locale.title, &Value::from(values))
            .unwrap_or_else(|| texts.plain(&facts.course.title, "the course title"));
        Error::join(errors)?;
        Ok(Sentences {
            language: self.tag.clone(),
            title,
            organization,
            heading,
            blocks,
            date,
            authenticity,
            empty,
            specimen,
            table,
            signatories,
            alt,
            warnings: texts.warnings,
        })
    }

    /// Writes the page numbers of all documents of up to `max_pages` pages: `folios[n - 1][k - 1]`
    /// is that of page k of n, `None` if the sentence is empty there. Without a sentence there are
    /// no numbers.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(crate) fn folios(
        &self,
        facts: &CertificateFacts<'_>,
        max_pages: usize,
    ) -> Result<Vec<Vec<Option<Phrase>>>> {
        let Some(sentence) = &self.compiled.locale.folio else { return Ok(Vec::new()) };
        let mut texts =
            Texts { tag: &self.tag, course: facts.course, warnings: Vec::new() };
        let mut values = template_values(facts, &mut texts);
        let mut folio = |page: usize, pages: usize| {
            values.insert("page", Value::from(page));
            values.insert("pages", Value::from(pages));
            let written =
                self.write_template(sentence, Value::from(values.clone()), facts)?;
            Ok(Phrase::visible(&sentence.role, written, &sentence.place))
        };
        (1..=max_pages).map(|n| (1..=n).map(|page| folio(page, n)).collect()).collect()
    }

    /// Refuses a grade that is a number without a scale if a sentence would print it.
    fn check_grade(&self, facts: &CertificateFacts<'_>, texts: &Texts<'_>) -> Result<()> {
        let GradeMark::Unscaled(grade) = facts.grade else { return Ok(()) };
        let outcome = facts.course.outcome(facts.grade);
        let outcome = outcome.map(|outcome| {
            outcome.text.get(texts.tag, &facts.course.language).0.to_owned()
        });
        let sentences =
            self.compiled.locale.sentences().map(|sentence| &sentence.template);
        let is_named = |template: &String| {
            let variables = TemplateAnalysis::of(template).variables;
            variables
                .iter()
                .any(|(path, _)| path == "grade" || path.starts_with("grade."))
        };
        if sentences.chain(&outcome).any(is_named) {
            return Err(no_scale(grade).at(facts.course.place().clone()));
        }
        Ok(())
    }

    fn write_template(
        &self,
        sentence: &SentenceTemplate,
        values: Value,
        facts: &CertificateFacts<'_>,
    ) -> Result<FinishedText> {
        write_sentence(&self.compiled.env, sentence, &sentence.role, values, facts)
    }
}

impl fmt::Debug for Phrases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phrases").field("tag", &self.tag).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
