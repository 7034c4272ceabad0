//! The texts of a certificate's web pages: the map `page` of the locale files.
//!
//! Takes the same files as the sentences; gives [`PageTexts`]. The decision: unlike a certificate,
//! a web page may fall back to another language. A text that the site's own file lacks comes from
//! the built-in file that it replaces, else from English, with a warning that names it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use super::files::{LOCALE_KEYS, fallback_chain, file_tag, unknown_language};
use super::foreign_code::{foreign_code, foreign_code_warning};
use crate::base::error::{ErrorKind, Place, Result, Warning};
use crate::base::lang::{Direction, Tag};
use crate::base::yaml::{Document, Faults, Node, YamlFault};
use crate::site::files::Site;
use crate::site::name;

/// The keys of the texts, in the order in which the built-in files have them.
pub(crate) const PAGE_TEXTS: [&str; 54] = [
    "valid",
    "specimen",
    "superseded",
    "revoked",
    "erased",
    "unknown",
    "confirmed",
    "unreachable",
    "copy",
    "gone",
    "current",
    "reason",
    "revoked_on",
    "name",
    "designation",
    "course",
    "organization",
    "outcome",
    "grade",
    "issued",
    "signatories",
    "full_text",
    "number",
    "edition",
    "issuer",
    "download",
    "not_kept",
    "signature",
    "key",
    "record",
    "linkedin",
    "code",
    "check",
    "check_hint",
    "choose",
    "checking",
    "intact",
    "broken",
    "signed",
    "unsigned",
    "unable",
    "unreadable",
    "script",
    "details",
    "digest",
    "seal",
    "seal_key",
    "openpgp_key",
    "how",
    "how_reader",
    "how_gpg",
    "how_root",
    "how_digest",
    "how_fingerprint",
];

/// The texts of a certificate's web pages in one language, none of them missing.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PageTexts {
    /// The language of the first file that has any.
    pub(crate) language: Tag,
    pub(crate) direction: Direction,
    /// Plain texts, neither markup nor templates.
    pub(crate) texts: IndexMap<&'static str, String>,
    /// The template of the sentence `date`, by which the pages write dates; empty if there is none.
    #[serde(skip)]
    pub(crate) date: String,
    /// The texts that are in another language, or from a file that the site's own replaces.
    #[serde(skip)]
    pub(crate) missing: Vec<&'static str>,
    /// Warnings that name those texts, and signs that look like code.
    #[serde(skip)]
    pub(crate) warnings: Vec<Warning>,
}

impl PageTexts {
    /// Reads the texts of the web pages of `layout` in `tag`, each from the first file that has it.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLanguage`]: there is no file at all. Else all errors in the files,
    /// together.
    pub(crate) fn load(site: &Site, layout: &str, tag: &Tag) -> Result<Self> {
        let mut faults = Faults::default();
        let mut files = read_files(site, layout, tag, &mut faults)?;
        let Some(first) = files.first() else {
            return Err(unknown_language(site, layout, tag));
        };
        let place = Place::file(&first.path);
        let lacks = |key| !files.iter().any(|file| file.texts.contains_key(key));
        if PAGE_TEXTS.into_iter().any(lacks) {
            let english = read_files(site, layout, &Tag::parse("en")?, &mut faults)?;
            let fallback = |file| LocaleFile { is_fallback: true, ..file };
            files.extend(english.into_iter().map(fallback));
        }
        faults.finish()?;

        let mut texts = IndexMap::new();
        let mut fell_back: IndexMap<&Tag, Vec<&'static str>> = IndexMap::new();
        let mut doubts = Vec::new();
        for key in PAGE_TEXTS {
            let mut found =
                files.iter().filter_map(|file| Some((file, file.texts.get(key)?)));
            let Some((file, text)) = found.next() else { continue };
            texts.insert(key, text.clone());
            if let Some(code) = foreign_code(text) {
                let (code, place) = (&text[code], Place::file(&file.path));
                doubts.push(foreign_code_warning(code, &format!("`page.{key}`"), place));
            }
            if file.is_fallback {
                fell_back.entry(&file.language).or_default().push(key);
            }
        }
        let missing = fell_back.values().flatten().copied().collect();
        let warnings = fell_back.into_iter().map(|(language, keys)| {
            let missing = if keys.len() == PAGE_TEXTS.len() {
                String::new()
            } else {
                format!(" `{}`", keys.join("`, `"))
            };
            let used = if tag.fallbacks().any(|step| step == *language) {
                "the built-in ones".to_owned()
            } else {
                format!("those in `{language}`")
            };
            let message =
                format!("there are no page texts{missing} in `{tag}`; {used} are used");
            Warning::new(ErrorKind::MissingField, message)
                .at(place.clone())
                .with_help("write them under `page`, as the built-in locales do")
        });
        let warnings = warnings.chain(doubts).collect();
        let first = files.iter().find(|file| !file.texts.is_empty());
        let language = first.map_or_else(|| file_tag(tag), |file| file.language.clone());
        let date = files.iter().find_map(|file| file.date.clone()).unwrap_or_default();
        let direction = language.direction();
        Ok(Self { language, direction, texts, date, missing, warnings })
    }
}

/// The `page` of one file, and its sentence `date`.
struct LocaleFile {
    language: Tag,
    path: String,
    /// Whether a warning names the texts that are taken from it.
    is_fallback: bool,
    texts: BTreeMap<&'static str, String>,
    date: Option<String>,
}

/// Reads the files of `tag`, and after each of the site's own the built-in one that it replaces.
fn read_files(
    site: &Site,
    layout: &str,
    tag: &Tag,
    faults: &mut Faults,
) -> Result<Vec<LocaleFile>> {
    let built_in = Site::new();
    let mut files = Vec::new();
    for (language, path) in fallback_chain(layout, tag) {
        let own = site.read(&path)?;
        let replaced = match site.built_in(&path) {
            None => built_in.built_in(&path),
            Some(_) => None,
        };
        for (bytes, is_fallback) in [(own.as_deref(), false), (replaced, true)] {
            let Some(bytes) = bytes else { continue };
            let (texts, date) = parse(&path, bytes, faults);
            let (language, path) = (language.clone(), path.clone());
            files.push(LocaleFile { language, path, is_fallback, texts, date });
        }
    }
    Ok(files)
}

/// Parses a locale file and reads its `page` and its `date`.
fn parse(
    path: &str,
    bytes: &[u8],
    faults: &mut Faults,
) -> (BTreeMap<&'static str, String>, Option<String>) {
    let document = Document::parse(path, bytes, faults);
    let fields = document.as_ref().and_then(|it| it.root().fields(&LOCALE_KEYS, faults));
    let Some(fields) = fields else { return Default::default() };
    let texts = fields.written("page").map(|node| read(node, faults));
    let date = fields.get("date").and_then(|node| node.text().ok());
    (texts.unwrap_or_default(), date.map(str::to_owned))
}

/// Reads the map `page`.
pub(super) fn read(
    node: Node<'_>,
    faults: &mut Faults,
) -> BTreeMap<&'static str, String> {
    let mut texts = BTreeMap::new();
    let Some(fields) = node.fields(&PAGE_TEXTS, faults) else { return texts };
    for key in PAGE_TEXTS {
        let text = fields.written(key).and_then(|node| faults.keep(read_plain(node)));
        texts.extend(text.map(|text| (key, text)));
    }
    texts
}

/// Reads a text that is neither empty nor a template.
fn read_plain(node: Node<'_>) -> Result<String, YamlFault> {
    let text = node.text()?;
    if ["{{", "{%", "{#"].iter().any(|sign| text.contains(sign)) {
        return Err(node
            .fault(ErrorKind::InvalidValue, "a text of the page can have no values in it")
            .with_help("write it without `{{ … }}` and `{% … %}`"));
    }
    match name::tidy(text) {
        text if text.is_empty() => Err(node.no_value()),
        text => Ok(text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(files: &[(&str, &str)], tag: &str) -> Result<PageTexts> {
        let site = files.iter().fold(Site::new(), |site, (name, text)| {
            site.with_file(format!("layouts/{name}.yaml"), *text)
        });
        PageTexts::load(&site, "classic", &Tag::parse(tag).unwrap())
    }

    #[test]
    fn each_text_is_looked_up_by_itself() {
        let files = [
            ("classic/locales/fr", "page: { valid: B }\n"),
            ("shared/locales/fr-CA", "page: { valid: A, reason: A }\n"),
            ("classic/locales/fr-CA", "page: { reason: B }\n"),
        ];
        let page = texts(&files, "fr-CA").unwrap();
        assert_eq!((page.texts["valid"].as_str(), &*page.texts["reason"]), ("A", "B"));
        assert_eq!(page.texts["name"], "Nom complet");
        assert_eq!((page.language.as_str(), page.direction), ("fr-CA", Direction::Ltr));
        assert_eq!(page.warnings, []);

        let page = texts(&files, "fr-BE-u-nu-latn").unwrap();
        assert_eq!(page.texts["valid"], "B");
        assert_eq!(page.language.as_str(), "fr");
        assert_eq!(page.warnings, []);
    }

    #[test]
    fn incomplete_file_falls_back_with_a_warning() {
        let files = [("shared/locales/he", "page: { name: שמה }\n")];
        let page = texts(&files, "he").unwrap();
        assert_eq!(page.texts["name"], "שמה");
        assert_eq!((page.language.as_str(), page.direction), ("he", Direction::Rtl));
        let [warning] = &page.warnings[..] else { panic!("{:?}", page.warnings) };
        let message = warning.to_string();
        assert!(message.starts_with(
            "layouts/shared/locales/he.yaml: there are no page texts `valid`, `specimen`, "
        ));
        assert!(message.ends_with(" in `he`; the built-in ones are used"), "{message}");
        assert!(!message.contains("`name`"), "{message}");
    }

    #[test]
    fn text_that_no_file_has_is_english() {
        let files = [
            ("shared/locales/tlh", "page: { name: pong }\n"),
            ("shared/locales/en", "heading: Diploma\npage: { valid: Good }\n"),
        ];
        let page = texts(&files, "tlh").unwrap();
        assert_eq!((&*page.texts["name"], &*page.texts["valid"]), ("pong", "Good"));
        assert_eq!(page.texts["reason"], "Reason");
        assert_eq!(page.texts.len(), PAGE_TEXTS.len());
        assert_eq!(page.missing.len(), PAGE_TEXTS.len() - 1);
        assert_eq!(page.language.as_str(), "tlh");
        let message = page.warnings[0].to_string();
        assert!(message.contains("`valid`, `specimen`"), "{message}");
        assert!(message.ends_with(" in `tlh`; those in `en` are used"), "{message}");

        let page = texts(&[("shared/locales/tlh", "heading: x\n")], "tlh").unwrap();
        assert_eq!(page.language.as_str(), "en");
        assert_eq!(
            page.warnings[0].to_string(),
            "layouts/shared/locales/tlh.yaml: there are no page texts in `tlh`; those in `en` are used"
        );
        let error = texts(&[], "tlh").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownLanguage);
    }

    #[test]
    fn code_in_a_text_is_doubted() {
        let files =
            [("shared/locales/fr", "page: { valid: Attestation <b>valide</b> }\n")];
        let page = texts(&files, "fr").unwrap();
        let message = page.warnings.last().unwrap().to_string();
        assert_eq!(
            message,
            "layouts/shared/locales/fr.yaml: `page.valid` prints `<b>` as it stands"
        );
    }

    #[test]
    fn errors_name_their_place() {
        let text =
            "page:\n  valid: \"{{ name }}\"\n  reasn: x\n  name:\n  course: \"\"\n";
        let files = [("shared/locales/fr", text)];
        let error = texts(&files, "fr").unwrap_err();
        let message = error
            .faults()
            .map(|fault| format!("{}: {}", fault.place().unwrap(), fault.message()));
        let message: Vec<_> = message.collect();
        let file = "layouts/shared/locales/fr.yaml";
        assert_eq!(
            message,
            [
                format!("{file}:2:10: a text of the page can have no values in it"),
                format!("{file}:3:3: unknown key `reasn`"),
                format!("{file}:4:3: `name` has no value"),
                format!("{file}:5:3: `course` has no value"),
            ]
        );
        let unknown = error.faults().nth(1).unwrap();
        assert_eq!(unknown.help(), Some("did you mean `reason`?"));
    }

    #[test]
    fn templates_see_the_texts_in_order() {
        let page = texts(&[], "ar").unwrap();
        let seen = serde_json::to_value(&page).unwrap();
        assert_eq!(
            (&seen["language"], &seen["direction"]),
            (&"ar".into(), &"rtl".into())
        );
        assert_eq!(seen["texts"]["name"], *page.texts["name"]);
        assert!(page.texts.keys().eq(&PAGE_TEXTS));
        assert_eq!(seen.as_object().unwrap().len(), 3, "{seen}");
    }
}
