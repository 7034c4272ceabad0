//! The sentences of one language, as translators wrote them.
//!
//! Takes locale files and gives one merged [`Locale`]. The decision made here is the chain: by
//! language from the tag to ever shorter ones, in each the layout's own file and then the shared one.
//! `blocks` is taken as a whole from the first file that has it, every other key singly. What the
//! files say for the web, [`PageTexts`], is read apart.

mod page;

mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

pub use self::table::Align;
pub(crate) use self::table::Table;

use crate::base::error::{Error, ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::base::yaml::{Document, Faults, Fields, Node};
use crate::site::files::Site;

pub(crate) use self::page::{KEYS as PAGE_TEXTS, PageTexts, page_texts};

const KEYS: [&str; 10] = [
    "heading",
    "blocks",
    "date",
    "authenticity",
    "specimen",
    "title",
    "alt",
    "table",
    "folio",
    "page",
];
const ALT: [&str; 3] = ["signature", "code", "logo"];

/// The merged sentences of a language.
#[derive(Debug, Default)]
pub(crate) struct Locale {
    pub(crate) heading: Option<Sentence>,
    pub(crate) blocks: Option<Vec<Sentence>>,
    pub(crate) date: Option<Sentence>,
    pub(crate) authenticity: Option<Sentence>,
    pub(crate) specimen: Option<Sentence>,
    pub(crate) title: Option<Sentence>,
    pub(crate) alt_signature: Option<Sentence>,
    pub(crate) alt_code: Option<Sentence>,
    pub(crate) alt_logo: Option<Sentence>,
    /// The number of a page.
    pub(crate) folio: Option<Sentence>,
    /// The layout's table, its columns named.
    pub(crate) table: Option<Table>,
    words: BTreeMap<String, Sentence>,
}

impl Locale {
    /// Reads and merges the chain of `tag`. The warning says that another language than the one
    /// asked for was found first. The faults of the files go to `found_faults`, so that whoever
    /// reads the sentences can report those of both together.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLanguage`]: there is no file at all.
    pub(crate) fn load(
        site: &Site,
        layout: &str,
        tag: &Tag,
        found_faults: &mut Vec<Error>,
    ) -> Result<(Self, Option<Warning>)> {
        let mut locale = Self::default();
        let mut found: Option<Tag> = None;
        let mut faults = Faults::default();
        for step in tag.fallbacks() {
            for folder in [layout, "shared"] {
                let path = format!("layouts/{folder}/locales/{step}.yaml");
                if let Some(bytes) = site.read(&path)? {
                    locale.merge(&path, &bytes, &mut faults);
                    found.get_or_insert_with(|| step.clone());
                }
            }
        }
        found_faults.extend(faults.finish().err());
        let Some(found) = found else { return Err(unknown(site, layout, tag)) };
        if let Some(mut table) = Table::load(site, layout)? {
            let file = format!("layouts/{layout}/locales/{found}.yaml");
            table.name(std::mem::take(&mut locale.words), &file)?;
            locale.table = Some(table);
        }
        let asked = tag.fallbacks().next();
        let warning = (asked.as_ref() != Some(&found)).then(|| {
            let message =
                format!("there are no sentences in `{tag}`; those in `{found}` are used");
            Warning::new(ErrorKind::UnknownLanguage, message).with_help(format!(
                "write `layouts/shared/locales/{}.yaml`",
                file_tag(tag)
            ))
        });
        Ok((locale, warning))
    }

    /// Every sentence there is.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = &Sentence> {
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

    /// Each key that a page needs, and where its sentence is written.
    pub(crate) fn keys(&self) -> Vec<(&'static str, Option<&Place>)> {
        fn place(sentence: &Option<Sentence>) -> Option<&Place> {
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

    /// Other words in the same places.
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
        let table = self.table.iter_mut().flat_map(Table::words_mut);
        for sentence in single.chain(self.blocks.iter_mut().flatten()).chain(table) {
            sentence.template = rewrite(&sentence.template);
        }
    }

    fn merge(&mut self, path: &str, bytes: &[u8], faults: &mut Faults) {
        let Some(document) = Document::parse(path, bytes, faults) else { return };
        let source = Arc::new(Source::new(path, bytes));
        let Some(fields) = document.root().fields(&KEYS, faults) else { return };
        let mut take =
            |slot: &mut Option<Sentence>, fields: Fields<'_>, key: &str, role: &str| {
                if let Some(node) = fields.written(key) {
                    let read = Sentence::read(node, role, &source, faults);
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
            for (key, node) in faults.keep(node.entries()).into_iter().flatten() {
                let name = key.text();
                let role = if name == table::TOTAL { name } else { "column" };
                let read = Sentence::read(node, role, &source, faults);
                if let Some(read) = read.filter(|_| !self.words.contains_key(name)) {
                    self.words.insert(name.to_owned(), read);
                }
            }
        }
        if let Some(node) = fields.written("blocks") {
            let read = blocks(node, &source, faults);
            self.blocks = self.blocks.take().or(read);
        }
        if let Some(fields) =
            fields.written("alt").and_then(|node| node.fields(&ALT, faults))
        {
            let mut take = |slot: &mut Option<Sentence>, key: &str, role: &str| {
                if let Some(node) = fields.written(key) {
                    let read = Sentence::read(node, role, &source, faults);
                    *slot = slot.take().or(read);
                }
            };
            take(&mut self.alt_signature, "signature", "alt.signature");
            take(&mut self.alt_code, "code", "alt.code");
            take(&mut self.alt_logo, "logo", "alt.logo");
        }
        if let Some(node) = fields.written("page") {
            // No certificate says it, but a fault in it is better found now.
            page::read(node, faults);
        }
    }
}

/// One sentence's template, with its place.
#[derive(Debug)]
pub(crate) struct Sentence {
    /// No other sentence of the locale has it.
    pub(crate) id: String,
    pub(crate) role: String,
    pub(crate) template: String,
    pub(crate) place: Place,
    source: Arc<Source>,
}

#[derive(Debug)]
struct Source {
    file: String,
    text: String,
}

impl Source {
    fn new(file: &str, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').to_owned();
        Self { file: file.to_owned(), text }
    }
}

impl Sentence {
    /// The bytes `range` of the template in its file, as long as the file has them as they are;
    /// else where the sentence begins.
    pub(crate) fn place_of(&self, range: Range<usize>) -> Place {
        self.offset()
            .filter(|&start| {
                let written = self.source.text.get(start..).unwrap_or_default();
                self.template
                    .get(..range.end)
                    .is_some_and(|head| written.starts_with(head))
            })
            .map(|start| start + range.start..start + range.end)
            .map(|range| Place::in_text(&self.source.file, &self.source.text, range))
            .unwrap_or_else(|| self.place.clone())
    }

    /// Where in the file the template's first letter stands.
    fn offset(&self) -> Option<usize> {
        let (line, column) = (self.place.line?, self.place.column?);
        let text = &self.source.text;
        let start = match line {
            1 => 0,
            _ => text.match_indices('\n').nth(line as usize - 2)?.0 + 1,
        };
        let (at, first) = text[start..].char_indices().nth(column as usize - 1)?;
        Some(start + at + usize::from(matches!(first, '"' | '\'')))
    }

    fn read(
        node: Node<'_>,
        role: &str,
        source: &Arc<Source>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let template = faults.keep(node.text())?;
        let place = node.span().place().clone();
        let sentence = Self {
            id: format!("{place}:{role}"),
            role: role.to_owned(),
            template: template.to_owned(),
            place,
            source: Arc::clone(source),
        };
        if let Some(comment) = sentence.comment() {
            let message = format!("`{comment}` is a comment to YAML, and no part of it");
            faults.push(node.fault(ErrorKind::Syntax, message).with_help(
                "put the sentence in quotes; a comment has a space after its `#`",
            ));
        }
        Some(sentence)
    }

    /// What stands behind the sentence on its line, and was hardly meant as the comment that it is.
    fn comment(&self) -> Option<&str> {
        let rest =
            self.source.text.get(self.offset()?..)?.strip_prefix(&self.template)?;
        let rest = rest.lines().next()?.trim();
        let meant = rest.get(1..).is_none_or(|text| text.starts_with(['#', ' ']));
        (rest.starts_with('#') && !meant).then_some(rest)
    }
}

/// The blocks: a list of maps with one entry each, a role and its sentence.
fn blocks(
    node: Node<'_>,
    source: &Arc<Source>,
    faults: &mut Faults,
) -> Option<Vec<Sentence>> {
    let mut sentences = Vec::new();
    for item in faults.keep(node.items())? {
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
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        if role.text().is_empty() || !role.text().chars().all(plain) {
            let message = format!("`{}` is no role", role.text());
            faults.push(role.fault(ErrorKind::InvalidValue, message).with_help(
                "a role is a lower-case word such as `lead`, `recipient`, `statement`, `course`, `outcome`",
            ));
            continue;
        }
        sentences.extend(Sentence::read(text, role.text(), source, faults));
    }
    Some(sentences)
}

fn unknown(site: &Site, layout: &str, tag: &Tag) -> Error {
    let known = languages(site, layout);
    let hint = match known.is_empty() {
        true => "there are no locales".to_owned(),
        false => {
            let known: Vec<_> = known.iter().map(|tag| format!("`{tag}`")).collect();
            format!("known here: {}", known.join(", "))
        }
    };
    Error::new(ErrorKind::UnknownLanguage, format!("there are no sentences in `{tag}`"))
        .with_help(format!(
            "{hint}; a new language is a file `layouts/shared/locales/{}.yaml`",
            file_tag(tag)
        ))
}

/// The languages that a layout has sentences in, its own files and the shared ones.
pub(crate) fn languages(site: &Site, layout: &str) -> BTreeSet<String> {
    let folder = |name: &str| format!("layouts/{name}/locales");
    let tags = |folder: String| {
        let files = site.list(&folder);
        let tags = files
            .iter()
            .filter_map(|path| path[folder.len() + 1..].strip_suffix(".yaml"));
        tags.map(str::to_owned).collect::<Vec<_>>()
    };
    tags(folder(layout)).into_iter().chain(tags(folder("shared"))).collect()
}

fn file_tag(tag: &Tag) -> Tag {
    tag.fallbacks().next().unwrap_or_else(|| tag.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &str)], tag: &str) -> Result<(Locale, Option<Warning>)> {
        let site = files.iter().fold(Site::new(), |site, (name, text)| {
            site.with_file(format!("layouts/{name}.yaml"), *text)
        });
        let mut faults = Vec::new();
        let loaded =
            Locale::load(&site, "classic", &Tag::parse(tag).unwrap(), &mut faults);
        Error::join(faults).and(loaded)
    }

    const SHARED: &str =
        "heading: Certificat\nblocks:\n  - lead: a\n  - name: b\ndate: le\n";

    #[test]
    fn the_chain_goes_by_language_first() {
        let files = [
            ("shared/locales/fr", SHARED),
            ("classic/locales/fr", "heading: Diplôme\n"),
            (
                "shared/locales/fr-CA",
                "date: au\nheading: Certificat (CA)\nblocks:\n  - lead: c\n",
            ),
        ];
        let (locale, warning) = load(&files, "fr-CA").unwrap();
        let text =
            |sentence: &Option<Sentence>| sentence.as_ref().unwrap().template.clone();
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
    fn an_empty_chain_is_an_error() {
        let error = load(&[("shared/locales/fr", SHARED)], "tlh").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownLanguage);
        assert!(error.help().unwrap().contains("`fr`"), "{error:#}");
    }

    #[test]
    fn faults_name_their_place() {
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
    fn a_place_inside_a_sentence() {
        let text =
            "heading: \"é {{ x }}\"\ndate: |\n  le {{ x }}\nspecimen: le {{ x }}\n";
        let (locale, _) = load(&[("shared/locales/fr", text)], "fr").unwrap();
        let column = |sentence: Option<Sentence>, range: Range<usize>| {
            let place = sentence.unwrap().place_of(range);
            (place.line.unwrap(), place.column.unwrap())
        };
        assert_eq!(column(locale.heading, 6..7), (1, 16));
        assert_eq!(column(locale.date, 6..7), (3, 9));
        assert_eq!(column(locale.specimen, 6..7), (4, 17));
    }
}
