//! What the web pages of a certificate say: the map `page` of the locales.
//!
//! Takes the same chain of files as the sentences and gives [`PageTexts`]. The decision made here: a
//! page may borrow where a certificate may not. A text that the site's own file lacks comes from the
//! built-in file which it replaces, else from English, with a warning that names it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use super::{KEYS as SENTENCES, file_tag, unknown};
use crate::base::error::{ErrorKind, Place, Result, Warning};
use crate::base::lang::{Direction, Tag};
use crate::base::yaml::{Document, Faults, Node, YamlFault};
use crate::site::files::Site;
use crate::site::name;

/// The texts there are, in the order of the files.
pub(crate) const KEYS: [&str; 48] = [
    "valid",
    "specimen",
    "superseded",
    "revoked",
    "erased",
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
    "how_digest",
    "how_fingerprint",
    "back",
];

/// The texts of a certificate's web pages in one language; every one is there.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PageTexts {
    /// Of the first file that has any.
    pub(crate) language: Tag,
    pub(crate) direction: Direction,
    /// Plain texts, neither markup nor templates.
    pub(crate) texts: IndexMap<&'static str, String>,
    /// Which texts are borrowed, and from where.
    #[serde(skip)]
    pub(crate) warnings: Vec<Warning>,
}

/// Reads the texts of the pages of `layout` in `tag`, each from the first file that has it.
///
/// # Errors
/// [`ErrorKind::UnknownLanguage`]: there is no file at all; else the faults of the files, all together.
pub(crate) fn page_texts(site: &Site, layout: &str, tag: &Tag) -> Result<PageTexts> {
    let mut faults = Faults::default();
    let mut layers = layers(site, layout, tag, &mut faults)?;
    let Some(first) = layers.first() else { return Err(unknown(site, layout, tag)) };
    let place = Place::file(&first.path);
    let lacks = |layers: &[Layer], key| !layers.iter().any(|layer| layer.has(key));
    if KEYS.iter().any(|key| lacks(&layers, key)) {
        let english = Tag::parse("en")?;
        let english = self::layers(site, layout, &english, &mut faults)?;
        layers.extend(english.into_iter().map(|layer| Layer { borrowed: true, ..layer }));
    }
    faults.finish()?;

    let mut texts = IndexMap::new();
    let mut borrowed: IndexMap<&Tag, Vec<&str>> = IndexMap::new();
    for key in KEYS {
        let found = layers.iter().find(|layer| layer.has(key));
        let Some((layer, text)) = found.and_then(|layer| layer.get(key)) else {
            continue;
        };
        texts.insert(key, text.to_owned());
        if layer.borrowed {
            borrowed.entry(&layer.language).or_default().push(key);
        }
    }
    let warnings = borrowed.into_iter().map(|(from, keys)| {
        let these = match keys.len() {
            all if all == KEYS.len() => String::new(),
            _ => format!(" `{}`", keys.join("`, `")),
        };
        let those = match tag.fallbacks().any(|step| step == *from) {
            true => "the built-in ones".to_owned(),
            false => format!("those in `{from}`"),
        };
        let message =
            format!("there are no page texts{these} in `{tag}`; {those} are used");
        Warning::new(ErrorKind::MissingField, message)
            .at(place.clone())
            .with_help("write them under `page`, as the built-in locales do")
    });
    let warnings = warnings.collect();
    let language = layers.iter().find(|layer| !layer.texts.is_empty());
    let language = language.map_or_else(|| file_tag(tag), |layer| layer.language.clone());
    Ok(PageTexts { direction: language.direction(), language, texts, warnings })
}

/// The `page` of one file.
struct Layer {
    language: Tag,
    path: String,
    /// Not what was asked for.
    borrowed: bool,
    texts: BTreeMap<&'static str, String>,
}

impl Layer {
    fn has(&self, key: &str) -> bool {
        self.texts.contains_key(key)
    }

    fn get(&self, key: &str) -> Option<(&Self, &str)> {
        Some((self, self.texts.get(key)?))
    }
}

/// The files of the chain, below the site's own the built-in ones of the same name.
fn layers(
    site: &Site,
    layout: &str,
    tag: &Tag,
    faults: &mut Faults,
) -> Result<Vec<Layer>> {
    let built_in = Site::new();
    let mut layers = Vec::new();
    for step in tag.fallbacks() {
        for folder in [layout, "shared"] {
            let path = format!("layouts/{folder}/locales/{step}.yaml");
            let own = site.read(&path)?;
            let hidden = match site.built_in(&path) {
                None => built_in.built_in(&path),
                Some(_) => None,
            };
            for (bytes, borrowed) in [(own.as_deref(), false), (hidden, true)] {
                let Some(bytes) = bytes else { continue };
                let (language, path) = (step.clone(), path.clone());
                let texts = file(&path, bytes, faults);
                layers.push(Layer { language, path, borrowed, texts });
            }
        }
    }
    Ok(layers)
}

fn file(path: &str, bytes: &[u8], faults: &mut Faults) -> BTreeMap<&'static str, String> {
    Document::parse(path, bytes, faults)
        .and_then(|document| {
            let fields = document.root().fields(&SENTENCES, faults)?;
            Some(read(fields.written("page")?, faults))
        })
        .unwrap_or_default()
}

/// The map `page`.
pub(super) fn read(
    node: Node<'_>,
    faults: &mut Faults,
) -> BTreeMap<&'static str, String> {
    let mut texts = BTreeMap::new();
    let Some(fields) = node.fields(&KEYS, faults) else { return texts };
    for key in KEYS {
        let text = fields.written(key).and_then(|node| faults.keep(plain(node)));
        texts.extend(text.map(|text| (key, text)));
    }
    texts
}

fn plain(node: Node<'_>) -> Result<String, YamlFault> {
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
    use icu_properties::CodePointMapData;
    use icu_properties::props::Script;

    use super::*;
    use crate::text::locale::languages;

    fn texts(files: &[(&str, &str)], tag: &str) -> Result<PageTexts> {
        let site = files.iter().fold(Site::new(), |site, (name, text)| {
            site.with_file(format!("layouts/{name}.yaml"), *text)
        });
        page_texts(&site, "classic", &Tag::parse(tag).unwrap())
    }

    #[test]
    fn each_text_is_looked_up_singly() {
        let files = [
            ("classic/locales/fr", "page: { valid: B }\n"),
            ("shared/locales/fr-CA", "page: { valid: A, reason: A }\n"),
            ("classic/locales/fr-CA", "page: { reason: B }\n"),
        ];
        let page = texts(&files, "fr-CA").unwrap();
        assert_eq!((page.texts["valid"].as_str(), &*page.texts["reason"]), ("A", "B"));
        assert_eq!(page.texts["name"], "Nom");
        assert_eq!((page.language.as_str(), page.direction), ("fr-CA", Direction::Ltr));
        assert_eq!(page.warnings, []);

        let page = texts(&files, "fr-BE-u-nu-latn").unwrap();
        assert_eq!(page.texts["valid"], "B");
        assert_eq!(page.language.as_str(), "fr");
        assert_eq!(page.warnings, []);
    }

    #[test]
    fn an_old_file_borrows_with_a_warning() {
        let files = [("shared/locales/he", "page: { name: שמה }\n")];
        let page = texts(&files, "he").unwrap();
        assert_eq!(page.texts["name"], "שמה");
        assert_eq!((page.language.as_str(), page.direction), ("he", Direction::Rtl));
        let [warning] = &page.warnings[..] else { panic!("{:?}", page.warnings) };
        let said = warning.to_string();
        assert!(said.starts_with(
            "layouts/shared/locales/he.yaml: there are no page texts `valid`, `specimen`, "
        ));
        assert!(said.ends_with(" in `he`; the built-in ones are used"), "{said}");
        assert!(!said.contains("`name`"), "{said}");
    }

    #[test]
    fn what_no_file_has_is_english() {
        let files = [
            ("shared/locales/tlh", "page: { name: pong }\n"),
            ("shared/locales/en", "heading: Diploma\npage: { valid: Good }\n"),
        ];
        let page = texts(&files, "tlh").unwrap();
        assert_eq!((&*page.texts["name"], &*page.texts["valid"]), ("pong", "Good"));
        assert_eq!(page.texts["reason"], "Reason");
        assert_eq!(page.texts.len(), KEYS.len());
        assert_eq!(page.language.as_str(), "tlh");
        let said = page.warnings[0].to_string();
        assert!(said.contains("`valid`, `specimen`"), "{said}");
        assert!(said.ends_with(" in `tlh`; those in `en` are used"), "{said}");

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
    fn faults_name_their_place() {
        let text =
            "page:\n  valid: \"{{ name }}\"\n  reasn: x\n  name:\n  course: \"\"\n";
        let files = [("shared/locales/fr", text)];
        let error = texts(&files, "fr").unwrap_err();
        let said = error
            .faults()
            .map(|fault| format!("{}: {}", fault.place().unwrap(), fault.message()));
        let said: Vec<_> = said.collect();
        let file = "layouts/shared/locales/fr.yaml";
        assert_eq!(
            said,
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
        assert!(page.texts.keys().eq(&KEYS));
        assert_eq!(seen.as_object().unwrap().len(), 3, "{seen}");
    }

    /// Words that every language writes in Latin letters.
    const LATIN: [&str; 9] = [
        "SHA-256",
        "LinkedIn",
        "OpenPGP",
        "GnuPG",
        "PDF",
        "JSON",
        "JavaScript",
        "QR",
        "eシール",
    ];

    /// Words that are the same in another language than English.
    const SHARED: [(&str, &str); 1] = [("de", "name")];

    fn scripts(tag: &Tag) -> &'static [Script] {
        match tag.language() {
            "am" => &[Script::Ethiopic],
            "ar" | "fa" | "ur" => &[Script::Arabic],
            "bg" | "ru" | "uk" => &[Script::Cyrillic],
            "bn" => &[Script::Bengali],
            "el" => &[Script::Greek],
            "he" => &[Script::Hebrew],
            "hi" => &[Script::Devanagari],
            "hy" => &[Script::Armenian],
            "ja" => &[Script::Han, Script::Hiragana, Script::Katakana],
            "ka" => &[Script::Georgian],
            "ko" => &[Script::Hangul],
            "ta" => &[Script::Tamil],
            "th" => &[Script::Thai],
            "zh" => &[Script::Han],
            _ => &[Script::Latin],
        }
    }

    #[test]
    fn every_built_in_language_has_every_text() {
        let site = Site::new();
        let english = texts(&[], "en").unwrap();
        assert!(english.texts.keys().eq(&KEYS));
        let mut wrong = Vec::new();
        let mut same = Vec::new();
        for language in languages(&site, "classic") {
            let tag = Tag::parse(&language).unwrap();
            let path = format!("layouts/shared/locales/{language}.yaml");
            let mut faults = Faults::default();
            let own = file(&path, site.built_in(&path).unwrap(), &mut faults);
            faults.finish().unwrap();
            for key in KEYS {
                let Some(text) = own.get(key) else {
                    wrong.push(format!("{language}: there is no `{key}`"));
                    continue;
                };
                if language != "en" && *text == english.texts[key] {
                    same.push((language.clone(), key));
                }
                let letters =
                    LATIN.iter().fold(text.clone(), |text, word| text.replace(word, ""));
                let foreign: String = letters
                    .chars()
                    .filter(|&c| {
                        let script = CodePointMapData::<Script>::new().get(c);
                        let none = [Script::Common, Script::Inherited];
                        !scripts(&tag).contains(&script) && !none.contains(&script)
                    })
                    .collect();
                if !foreign.is_empty() {
                    wrong.push(format!("{language}: `{foreign}` in `{key}`: {text}"));
                }
                if text.contains(['{', '}', '<', '>']) {
                    wrong.push(format!("{language}: signs of code in `{key}`: {text}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let same: Vec<_> = same.iter().map(|(tag, key)| (tag.as_str(), *key)).collect();
        assert_eq!(same, SHARED);
    }
}
