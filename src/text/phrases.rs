//! Finished sentences: a language's templates filled with the facts of one certificate.
//!
//! Takes a [`Locale`] and [`Facts`], gives [`Sentences`] made of runs. The decision made here is that
//! a value stays a value: templates are minijinja's, strict, with fuel and no loader, and what they
//! interpolate can become neither markup nor a template again. `layouts/README.md` lists for
//! translators what is known here.

mod check;
mod dates;
mod filters;
mod formats;
mod job;
mod markup;
mod pseudo;
mod scan;
mod select;
mod table;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use indexmap::IndexMap;
use minijinja::{Environment, Value};
use serde_json::Value as Json;

use self::check::{Checker, Scope};
use self::filters::Piece;
use self::formats::Formats;
use self::job::{Job, syntax};
pub(crate) use self::pseudo::Pseudo;
pub(crate) use self::table::TablePhrases;
pub(crate) use self::values::Texts;
use self::values::values;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::site::course::{Course, Text};
use crate::site::files::Site;
use crate::site::name::Name;
use crate::text::locale::{Locale, Sentence};
use crate::text::runs::Runs;

/// The compiled sentences of one layout in one language: made once, used for every certificate.
pub struct Phrases {
    tag: Tag,
    fell_back: Option<Warning>,
    locale: Locale,
    formats: Arc<Formats>,
    env: Environment<'static>,
    outcomes: RwLock<BTreeMap<String, Arc<Environment<'static>>>>,
}

/// How many texts of outcomes one language keeps compiled.
const MAX_OUTCOMES: usize = 256;

impl Phrases {
    /// Reads, checks and compiles the sentences of `layout` in `tag`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLanguage`]: there are none. Else all that is wrong in the files, at its place:
    /// [`ErrorKind::Syntax`] and [`ErrorKind::UnknownKey`] of the files, [`ErrorKind::Sentence`] for what a sentence
    /// names and nothing here knows.
    pub(crate) fn load(site: &Site, layout: &str, tag: &Tag) -> Result<Self> {
        let mut faults = Vec::new();
        let (locale, fell_back) = match Pseudo::of(tag) {
            None => Locale::load(site, layout, tag, &mut faults)?,
            Some(pseudo) => {
                let english = Tag::parse("en")?;
                let (mut locale, _) = Locale::load(site, layout, &english, &mut faults)?;
                locale.rewrite(|template| pseudo.rewrite(template));
                (locale, None)
            }
        };
        let formats = Formats::new(tag)
            .map_err(|message| Error::new(ErrorKind::UnknownLanguage, message))?;
        let formats = Arc::new(formats);
        let mut env = filters::environment(&formats);
        for sentence in locale.sentences() {
            let place = |range| sentence.place_of(range);
            let scope = match sentence.role.as_str() {
                "title" => Scope::Title,
                "alt.signature" => Scope::Signature,
                "cell" => Scope::Cell,
                "total" => Scope::Total,
                "folio" => Scope::Folio,
                _ => Scope::Sentence,
            };
            let found = Checker { formats: &formats, env: &env, scope, place: &place }
                .check(&sentence.template);
            if found.is_empty() {
                let source = sentence.template.clone();
                let added = env.add_template_owned(sentence.id.clone(), source);
                faults.extend(added.err().map(|error| syntax(&error, &place)));
            }
            faults.extend(found);
        }
        Error::join(faults)?;
        let outcomes = RwLock::default();
        Ok(Self { tag: tag.clone(), fell_back, locale, formats, env, outcomes })
    }

    /// The language that was asked for, with its extensions.
    pub fn language(&self) -> &Tag {
        &self.tag
    }

    /// That the sentences are those of a shorter tag, if they are.
    pub fn fell_back(&self) -> Option<Warning> {
        self.fell_back.clone()
    }

    /// The sentences as they are written.
    pub(crate) fn locale(&self) -> &Locale {
        &self.locale
    }

    /// The values that the sentences of the page name.
    pub(crate) fn printed(&self) -> BTreeSet<String> {
        let of_page = |sentence: &&Sentence| {
            sentence.role != "title" && !sentence.role.starts_with("alt.")
        };
        let sentences = self.locale.sentences().filter(of_page);
        let named =
            sentences.flat_map(|sentence| scan::scan(&sentence.template).variables);
        named.map(|(name, _)| name).filter(|name| !name.starts_with("extra.")).collect()
    }

    /// Where a template's own words stand.
    pub(crate) fn words(template: &str) -> Vec<Range<usize>> {
        scan::scan(template).texts
    }

    /// Whether an outcome of a course can be written in this language; `write` says the same when it
    /// comes to it.
    ///
    /// # Errors
    /// [`ErrorKind::Sentence`], [`ErrorKind::Syntax`]: as for a sentence of the locale, at the outcome's text.
    pub(crate) fn check_outcome(&self, text: &str, place: &Place) -> Result<()> {
        let at = |_| place.clone();
        let checker = Checker {
            formats: &self.formats,
            env: &self.env,
            scope: Scope::Outcome,
            place: &at,
        };
        Error::join(checker.check(text))
    }

    /// Fills the sentences with the facts of one certificate.
    ///
    /// # Errors
    /// [`ErrorKind::Sentence`]: a sentence asks for what is not there, or a filter cannot take a value;
    /// [`ErrorKind::TooLarge`]: a sentence takes too long. All of them together.
    pub fn write(&self, facts: &Facts<'_>) -> Result<Sentences> {
        let mut texts =
            Texts { tag: &self.tag, course: facts.course, warnings: Vec::new() };
        let mut values = values(facts, &mut texts);
        let mut faults = Vec::new();

        let table = self.table(facts, &values, &mut texts);
        let table = table.map_err(|error| faults.push(error)).ok().flatten();
        let outcome = self.outcome(facts, &values, &mut texts);
        let outcome = outcome.map_err(|error| faults.push(error)).unwrap_or_default();
        values.insert("outcome", Value::from_object(Piece(outcome)));

        let extra = facts.extra;
        let common = Value::from(values.clone());
        let mut write = |sentence: &Sentence, values: Value| {
            let written = self.write_one(sentence, values, extra);
            written.map_err(|error| faults.push(error)).ok()
        };
        let mut phrase = |sentence: &Sentence| {
            let runs = write(sentence, common.clone())?;
            (!runs.is_empty()).then(|| Phrase {
                role: sentence.role.clone(),
                runs,
                place: sentence.place.clone(),
            })
        };
        let Locale { heading, blocks, date, authenticity, specimen, .. } = &self.locale;
        let heading = heading.as_ref().and_then(&mut phrase);
        let blocks = blocks.iter().flatten().filter_map(&mut phrase).collect();
        let date = date.as_ref().and_then(&mut phrase);
        let authenticity = authenticity.as_ref().and_then(&mut phrase);
        let specimen = specimen.as_ref().and_then(&mut phrase);

        let mut signatories = Vec::new();
        let mut signatures = Vec::new();
        for person in &facts.course.signatories {
            let name = texts.plain(&person.name, "a signatory's name");
            let title = person
                .title
                .as_ref()
                .map(|title| texts.plain(title, "a signatory's title"));
            signatures.push(match &self.locale.alt_signature {
                None => name.clone(),
                Some(sentence) => {
                    let mut values = values.clone();
                    let person = BTreeMap::from([
                        ("name", Value::from(name.as_str())),
                        ("title", title.as_deref().map_or(Value::from(()), Value::from)),
                    ]);
                    values.insert("signatory", Value::from(person));
                    let runs = write(sentence, Value::from(values));
                    runs.unwrap_or_default().bare()
                }
            });
            let title = title.filter(|title| !title.is_empty());
            signatories
                .push((Runs::value(&name), title.map(|title| Runs::value(&title))));
        }
        let mut plain = |sentence: &Option<Sentence>, values: &Value| {
            let runs = sentence.as_ref().map(|sentence| write(sentence, values.clone()));
            runs.flatten().map(|runs| runs.bare()).filter(|text| !text.is_empty())
        };
        let organization =
            texts.plain(&facts.course.organization.name, "the organization");
        let alt = AltTexts {
            signature: signatures,
            code: plain(&self.locale.alt_code, &common)
                .unwrap_or_else(|| facts.verify_url.to_owned()),
            logo: plain(&self.locale.alt_logo, &common)
                .unwrap_or_else(|| organization.clone()),
        };
        let called =
            heading.as_ref().map(|phrase| phrase.runs.bare()).unwrap_or_default();
        values.insert("heading", Value::from(called));
        let title = plain(&self.locale.title, &Value::from(values))
            .unwrap_or_else(|| texts.plain(&facts.course.title, "the course title"));
        Error::join(faults)?;
        Ok(Sentences {
            language: self.tag.clone(),
            title,
            organization,
            heading,
            blocks,
            date,
            authenticity,
            specimen,
            table,
            signatories,
            alt,
            warnings: texts.warnings,
        })
    }

    /// The course's sentence for the grade, which is a template as those of the locale are.
    fn outcome(
        &self,
        facts: &Facts<'_>,
        values: &BTreeMap<&'static str, Value>,
        texts: &mut Texts<'_>,
    ) -> Result<Runs> {
        let Some(outcome) = facts.course.outcome(facts.grade) else {
            return Ok(Runs::default());
        };
        let text = texts.get(&outcome.text, "the outcome").to_owned();
        let at = outcome.text.place(&self.tag, &facts.course.language);
        let place = |_| at.clone();
        let env = self.compiled(&text, at)?;
        let template = env.get_template("outcome");
        let template = template.map_err(|error| syntax(&error, &place))?;
        let values = Value::from(values.clone());
        let job =
            Job { template, what: "outcome", values, extra: facts.extra, place: &place };
        // It may be in the course's language, whose direction is another.
        Ok(job.run()?.isolated())
    }

    /// An environment with the text as the template `outcome`, checked and kept.
    fn compiled(&self, text: &str, place: &Place) -> Result<Arc<Environment<'static>>> {
        let known = self.outcomes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(env) = known.get(text) {
            return Ok(Arc::clone(env));
        }
        drop(known);
        self.check_outcome(text, place)?;
        let mut env = filters::environment(&self.formats);
        let added = env.add_template_owned("outcome", text.to_owned());
        added.map_err(|error| syntax(&error, &|_| place.clone()))?;
        let env = Arc::new(env);
        let mut known = self.outcomes.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_OUTCOMES {
            known.insert(text.to_owned(), Arc::clone(&env));
        }
        Ok(env)
    }

    fn write_one(
        &self,
        sentence: &Sentence,
        values: Value,
        extra: &IndexMap<String, Json>,
    ) -> Result<Runs> {
        let place = |range| sentence.place_of(range);
        if !sentence.template.contains('{') {
            // The check has read its markup already.
            return Ok(markup::parse(&sentence.template).unwrap_or_default());
        }
        let template = self.env.get_template(&sentence.id);
        let template = template.map_err(|error| syntax(&error, &place))?;
        Job { template, what: &sentence.role, values, extra, place: &place }.run()
    }
}

impl fmt::Debug for Phrases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phrases").field("tag", &self.tag).finish_non_exhaustive()
    }
}

/// What a certificate says, before any language.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Who gets it.
    pub name: &'a Name,
    /// For what.
    pub course: &'a Course,
    /// The date that it bears.
    pub issued: Date,
    /// What is printed in its place.
    pub issued_text: Option<&'a Text>,
    /// The grade: a text, or a number that only `percent` and `number` print.
    pub grade: Option<&'a str>,
    /// What follows the name: a degree, a rank.
    pub designation: Option<&'a str>,
    /// The free fields of the course, overlaid by those of the request.
    pub extra: &'a IndexMap<String, Json>,
    /// Where it can be checked.
    pub verify_url: &'a str,
}

/// Everything that one certificate says, in one language.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sentences {
    /// The language, with its extensions.
    pub language: Tag,
    /// The document's title, plain text.
    pub title: String,
    /// The organization's name, plain text.
    pub organization: String,
    /// What the document calls itself.
    pub heading: Option<Phrase>,
    /// The sentences in the language's own order; none is empty.
    pub blocks: Vec<Phrase>,
    /// When it was issued.
    pub date: Option<Phrase>,
    /// How it can be checked.
    pub authenticity: Option<Phrase>,
    /// The word that marks a draft.
    pub specimen: Option<Phrase>,
    /// The layout's table, if it has one and there are rows.
    pub(crate) table: Option<TablePhrases>,
    /// Name and title of each signatory.
    pub signatories: Vec<(Runs, Option<Runs>)>,
    /// What the pictures say to those who do not see them.
    pub alt: AltTexts,
    /// Texts that stand in another language for want of one.
    pub warnings: Vec<Warning>,
}

/// Alternative texts, plain.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AltTexts {
    /// Of each signatory's signature.
    pub signature: Vec<String>,
    /// Of the code that is scanned.
    pub code: String,
    /// Of the logo.
    pub logo: String,
}

/// A finished sentence.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Phrase {
    /// The role that a layout styles.
    pub role: String,
    /// The text.
    pub runs: Runs,
    /// The sentence in its locale file.
    pub place: Place,
}

/// A date in the words of a language, as `date('long')` writes it.
pub(crate) fn long_date(tag: &Tag, date: Date) -> String {
    let format = dates::DateFormat::new(tag, "long");
    format.map_or_else(|_| date.to_string(), |format| format.format(date))
}

#[cfg(test)]
mod tests;
