//! The sentences of one language, as translators wrote them.
//!
//! Takes locale files; gives one merged [`Locale`]. The decision: `blocks` is taken as a whole from
//! the first file that has it, every other key by itself. The texts of web pages, [`PageTexts`],
//! are read separately.

mod files;

mod foreign_code;

mod sentence;

mod table;

mod page_texts;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use self::files::{languages, locale_file, own_languages};
pub(crate) use self::foreign_code::{foreign_code, foreign_code_warning};
#[cfg(feature = "issue")]
pub(crate) use self::page_texts::PAGE_TEXTS;
pub(crate) use self::page_texts::PageTexts;
pub(crate) use self::sentence::SentenceTemplate;
pub use self::table::Align;
pub(crate) use self::table::Table;

use self::files::{LOCALE_KEYS, fallback_chain, file_tag, unknown_language};
use self::sentence::SourceText;
use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::base::yaml::{Document, Faults, Fields, Node};
use crate::site::files::Site;

/// The most blocks of a locale, and the most columns of its table. Finding the place of each takes
/// time in the length of the file.
const MAX_SENTENCES: usize = 200;
const ALT_KEYS: [&str; 3] = ["signature", "code", "logo"];

/// The merged sentences of a language.
#[derive(Debug, Default)]
pub(crate) struct Locale {
    pub(crate) heading: Option<SentenceTemplate>,
    pub(crate) blocks: Option<Vec<SentenceTemplate>>,
    pub(crate) date: Option<SentenceTemplate>,
    pub(crate) authenticity: Option<SentenceTemplate>,
    pub(crate) specimen: Option<SentenceTemplate>,
    pub(crate) title: Option<SentenceTemplate>,
    pub(crate) alt_signature: Option<SentenceTemplate>,
    pub(crate) alt_code: Option<SentenceTemplate>,
    pub(crate) alt_logo: Option<SentenceTemplate>,
    /// The page number.
    pub(crate) folio: Option<SentenceTemplate>,
    /// The layout's table, with the headings of its columns.
    pub(crate) table: Option<Table>,
    /// The entries under `table`, by column, until the table takes them.
    table_words: BTreeMap<String, SentenceTemplate>,
}

impl Locale {
    /// Reads and merges the files of `tag`. The warning says that the first file found is that of a
    /// shorter tag. Errors in the files are added to `errors`, so that the caller can report them
    /// together with those of the sentences.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLanguage`]: there is no file at all.
    pub(crate) fn load(
        site: &Site,
        layout: &str,
        tag: &Tag,
        errors: &mut Vec<Error>,
    ) -> Result<(Self, Option<Warning>)> {
        let mut locale = Self::default();
        let mut found: Option<Tag> = None;
        let mut faults = Faults::default();
        for (language, path) in fallback_chain(layout, tag) {
            if let Some(bytes) = site.read(&path)? {
                locale.merge(&path, &bytes, &mut faults);
                found.get_or_insert(language);
            }
        }
        errors.extend(faults.finish().err());
        let Some(found) = found else { return Err(unknown_language(site, layout, tag)) };
        if let Some(mut table) = Table::load(site, layout)? {
            let file = locale_file(layout, &found);
            table.take_headings(std::mem::take(&mut locale.table_words), &file)?;
            locale.table = Some(table);
        }
        let warning = (file_tag(tag) != found).then(|| {
            let message =
                format!("there are no sentences in `{tag}`; those in `{found}` are used");
            Warning::new(ErrorKind::UnknownLanguage, message)
                .with_help(format!("write `{}`", locale_file("shared", file_tag(tag))))
        });
        Ok((locale, warning))
    }

    /// An error for each role that the layout's own sentences have in another language and lack in
    /// `tag`: the certificate would leave something out. Roles of words between values are not
    /// compared, because their number depends on the word order of a language.
    pub(crate) fn missing_own_roles(
        &self,
        site: &Site,
        layout: &str,
        tag: &Tag,
    ) -> Result<Vec<Error>> {
        const MODEL: &str = "en";
        const CONNECTING: [&str; 2] = ["lead", "statement"];
        let own = own_languages(site, layout);
        let is_model = |tag: &&String| *tag == MODEL;
        let Some(model) = own.iter().find(is_model).or(own.first()) else {
            return Ok(Vec::new());
        };
        let path = locale_file(layout, model);
        let mut in_model = Self::default();
        if let Some(bytes) = site.read(&path)? {
            // The faults of that file are reported when it is loaded for its own language.
            in_model.merge(&path, &bytes, &mut Faults::default());
        }
        let has = |role: &str| self.sentences().any(|sentence| sentence.role == role);
        let mut missing: Vec<&SentenceTemplate> = Vec::new();
        for sentence in in_model.sentences() {
            let role = sentence.role.as_str();
            let is_known = missing.iter().any(|known| known.role == role);
            if !CONNECTING.contains(&role) && !is_known && !has(role) {
                missing.push(sentence);
            }
        }
        let file = locale_file(layout, file_tag(tag));
        let error = |sentence: &SentenceTemplate| {
            let message = format!(
                "the layout `{layout}` has a sentence `{}` in `{model}`, and none in `{tag}`",
                sentence.role
            );
            Error::new(ErrorKind::Sentence, message)
                .at(Place::file(file.clone()))
                .with_help(format!("write it in this file, as `{path}` has it"))
        };
        Ok(missing.into_iter().map(error).collect())
    }

    /// All sentences.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = &SentenceTemplate> {
        let single = [
            &self.heading,
            &self.date,
            &self.authenticity,
            &self.specimen,
            &self.title,
            &self.alt_signature,
            &self.alt_code,
            &self.alt_logo,
            &self.folio,
        ];
        let table = self.table.iter().flat_map(Table::sentences);
        single.into_iter().flatten().chain(self.blocks.iter().flatten()).chain(table)
    }

    /// Each key that a page needs, and the place of its sentence if it has one.
    pub(crate) fn keys(&self) -> Vec<(&'static str, Option<&Place>)> {
        fn place(sentence: &Option<SentenceTemplate>) -> Option<&Place> {
            sentence.as_ref().map(|sentence| &sentence.place)
        }
        let blocks = self.blocks.as_ref().and_then(|blocks| blocks.first());
        vec![
            ("heading", place(&self.heading)),
            ("blocks", blocks.map(|sentence| &sentence.place)),
            ("date", place(&self.date)),
            ("authenticity", place(&self.authenticity)),
            ("specimen", place(&self.specimen)),
            ("title", place(&self.title)),
            ("alt.signature", place(&self.alt_signature)),
            ("alt.code", place(&self.alt_code)),
            ("alt.logo", place(&self.alt_logo)),
        ]
    }

    /// Rewrites each template of the locale files, not those of the layout's cells and totals.
    pub(crate) fn rewrite(&mut self, rewrite: impl Fn(&str) -> String) {
        let single = [
            &mut self.heading,
            &mut self.date,
            &mut self.authenticity,
            &mut self.specimen,
            &mut self.title,
            &mut self.alt_signature,
            &mut self.alt_code,
            &mut self.alt_logo,
            &mut self.folio,
        ];
        let single = single.into_iter().flatten();
        let table = self.table.iter_mut().flat_map(Table::headings_mut);
        for sentence in single.chain(self.blocks.iter_mut().flatten()).chain(table) {
            sentence.template = rewrite(&sentence.template);
        }
    }

    /// Takes each sentence of a file that no earlier file has.
    fn merge(&mut self, path: &str, bytes: &[u8], faults: &mut Faults) {
        let Some(document) = Document::parse(path, bytes, faults) else { return };
        let source = Arc::new(SourceText::new(path, bytes));
        let Some(fields) = document.root().fields(&LOCALE_KEYS, faults) else { return };
        let mut take = |slot: &mut Option<SentenceTemplate>,
                        fields: Fields<'_>,
                        key: &str,
                        role: &str| {
            if let Some(node) = fields.written(key) {
                let read = SentenceTemplate::read(node, role, &source, faults);
                *slot = slot.take().or(read);
            }
        };
        take(&mut self.heading, fields, "heading", "heading");
        take(&mut self.date, fields, "date", "date");
        take(&mut self.authenticity, fields, "authenticity", "authenticity");
        take(&mut self.specimen, fields, "specimen", "specimen");
        take(&mut self.title, fields, "title", "title");
        take(&mut self.folio, fields, "folio", "folio");
        if let Some(node) = fields.get("table") {
            let entries = faults.keep(node.entries()).into_iter().flatten();
            for (number, (key, node)) in entries.enumerate() {
                if number == MAX_SENTENCES {
                    let message = format!("more than {MAX_SENTENCES} headings");
                    faults.push(key.fault(ErrorKind::TooLarge, message));
                    break;
                }
                let name = key.text();
                let role = if name == table::TOTAL { name } else { "column" };
                let read = SentenceTemplate::read(node, role, &source, faults);
                if let Some(read) = read.filter(|_| !self.table_words.contains_key(name))
                {
                    self.table_words.insert(name.to_owned(), read);
                }
            }
        }
        if let Some(node) = fields.written("blocks") {
            let read = blocks(node, &source, faults);
            self.blocks = self.blocks.take().or(read);
        }
        if let Some(fields) =
            fields.written("alt").and_then(|node| node.fields(&ALT_KEYS, faults))
        {
            let mut take =
                |slot: &mut Option<SentenceTemplate>, key: &str, role: &str| {
                    if let Some(node) = fields.written(key) {
                        let read = SentenceTemplate::read(node, role, &source, faults);
                        *slot = slot.take().or(read);
                    }
                };
            take(&mut self.alt_signature, "signature", "alt.signature");
            take(&mut self.alt_code, "code", "alt.code");
            take(&mut self.alt_logo, "logo", "alt.logo");
        }
        if let Some(node) = fields.written("page") {
            // Certificates do not use these texts; they are read so that their errors are reported
            // with the others.
            page_texts::read(node, faults);
        }
    }
}

/// Reads `blocks`: a list of maps with one entry each, a role and its sentence.
fn blocks(
    node: Node<'_>,
    source: &Arc<SourceText>,
    faults: &mut Faults,
) -> Option<Vec<SentenceTemplate>> {
    let mut sentences: Vec<SentenceTemplate> = Vec::new();
    for (number, item) in faults.keep(node.items())?.enumerate() {
        if number == MAX_SENTENCES {
            let message = format!("more than {MAX_SENTENCES} blocks");
            faults.push(item.fault(ErrorKind::TooLarge, message));
            break;
        }
        let Some(mut entries) = faults.keep(item.entries()) else { continue };
        let (Some((role, text)), None) = (entries.next(), entries.next()) else {
            faults.push(
                item.fault(
                    ErrorKind::InvalidValue,
                    "a block is one role with its sentence",
                )
                .with_help("write each as `- role: sentence`"),
            );
            continue;
        };
        let is_plain = |c: char| c.is_ascii_lowercase() || c == '-';
        if role.text().is_empty() || !role.text().chars().all(is_plain) {
            let message = format!("`{}` is no role", role.text());
            faults.push(role.fault(ErrorKind::InvalidValue, message).with_help(
                "a role is a lower-case word such as `lead`, `recipient`, `statement`, `course`, `outcome`",
            ));
            continue;
        }
        let read = SentenceTemplate::read(text, role.text(), source, faults);
        let Some(mut read) = read else { continue };
        let is_same = |it: &&SentenceTemplate| it.role == read.role;
        match sentences.iter().filter(is_same).count() {
            0 => {}
            before => read.key = format!("{} {}", read.role, before + 1),
        }
        sentences.push(read);
    }
    Some(sentences)
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    fn load(files: &[(&str, &str)], tag: &str) -> Result<(Locale, Option<Warning>)> {
        let site = files.iter().fold(Site::new(), |site, (name, text)| {
            site.with_file(format!("layouts/{name}.yaml"), *text)
        });
        let mut errors = Vec::new();
        let loaded =
            Locale::load(&site, "classic", &Tag::parse(tag).unwrap(), &mut errors);
        Error::join(errors).and(loaded)
    }

    const SHARED: &str =
        "heading: Certificat\nblocks:\n  - lead: a\n  - name: b\ndate: le\n";

    #[test]
    fn longer_tag_comes_before_own_file_of_the_layout() {
        let files = [
            ("shared/locales/fr", SHARED),
            ("classic/locales/fr", "heading: Diplôme\n"),
            (
                "shared/locales/fr-CA",
                "date: au\nheading: Certificat (CA)\nblocks:\n  - lead: c\n",
            ),
        ];
        let (locale, warning) = load(&files, "fr-CA").unwrap();
        let text = |sentence: &Option<SentenceTemplate>| {
            sentence.as_ref().unwrap().template.clone()
        };
        assert_eq!(
            (text(&locale.heading), text(&locale.date)),
            ("Certificat (CA)".into(), "au".into())
        );
        assert_eq!(locale.blocks.unwrap().len(), 1);
        assert_eq!(warning, None);

        let (locale, warning) = load(&files, "fr-BE-u-nu-latn").unwrap();
        assert_eq!(
            (text(&locale.heading), text(&locale.date)),
            ("Diplôme".into(), "le".into())
        );
        assert!(warning.unwrap().to_string().contains("those in `fr` are used"));
    }

    #[test]
    fn language_without_a_file_is_refused() {
        let error = load(&[("shared/locales/fr", SHARED)], "tlh").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownLanguage);
        assert!(error.help().unwrap().contains("`fr`"), "{error:#}");
    }

    #[test]
    fn errors_name_their_place() {
        let text = "headng: x\nblocks:\n  - Lead: a\n  - a: b\n    c: d\n";
        let error = load(&[("shared/locales/fr", text)], "fr").unwrap_err();
        let faults: Vec<_> = error.faults().map(|fault| format!("{fault:.60}")).collect();
        assert_eq!(faults.len(), 3, "{error:#}");
        assert!(
            faults[0].starts_with("layouts/shared/locales/fr.yaml:1:1: unknown key"),
            "{error:#}"
        );
        assert!(
            faults[1]
                .starts_with("layouts/shared/locales/fr.yaml:3:5: `Lead` is no role")
        );
    }

    #[test]
    fn locale_with_too_many_sentences_is_refused() {
        let blocks = |count| format!("blocks:\n{}", "  - lead: a\n".repeat(count));
        assert!(load(&[("shared/locales/fr", &blocks(200))], "fr").is_ok());
        let headings: String = (0..201).map(|n| format!("  c{n}: a\n")).collect();
        for (text, line) in [(blocks(201), 202), (format!("table:\n{headings}"), 202)] {
            let error = load(&[("shared/locales/fr", &text)], "fr").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:#}");
            assert_eq!(error.place().unwrap().line, Some(line), "{error:#}");
        }
    }

    #[test]
    fn place_inside_a_sentence_is_found() {
        let text =
            "heading: \"é {{ x }}\"\ndate: |\n  le {{ x }}\nspecimen: le {{ x }}\n";
        let (locale, _) = load(&[("shared/locales/fr", text)], "fr").unwrap();
        let column = |sentence: Option<SentenceTemplate>, range: Range<usize>| {
            let place = sentence.unwrap().place_of(range);
            (place.line.unwrap(), place.column.unwrap())
        };
        assert_eq!(column(locale.heading, 6..7), (1, 16));
        assert_eq!(column(locale.date, 6..7), (3, 9));
        assert_eq!(column(locale.specimen, 6..7), (4, 17));
    }
}
