//! The letters of the web pages' texts: those of the language's script, and no signs of code.

use icu_properties::CodePointMapData;
use icu_properties::props::Script;

use super::{TRANSCRIPT, words};
use crate::base::lang::Tag;
use crate::site::files::Site;
use crate::text::locale::{PAGE_TEXTS, PageTexts};

/// Words that all languages write in Latin letters.
const LATIN: [&str; 11] = [
    "SHA-256",
    "LinkedIn",
    "OpenPGP",
    "GnuPG",
    "PDF",
    "JSON",
    "JavaScript",
    "QR",
    "eシール",
    "testamur",
    "root.pem",
];

/// Texts that are the same in English and another language.
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
fn texts_of_pages_are_written_in_the_script_of_their_language() {
    let load =
        |layout: &str, tag: &Tag| PageTexts::load(&Site::new(), layout, tag).unwrap();
    let english = load("classic", &Tag::parse("en").unwrap());
    let mut wrong = Vec::new();
    let mut same = Vec::new();
    for (layout, tag) in ["classic", TRANSCRIPT]
        .into_iter()
        .flat_map(|layout| words().into_iter().map(move |words| (layout, words.tag)))
    {
        let page = load(layout, &tag);
        assert_eq!(page.missing, Vec::<&str>::new(), "{tag}");
        for key in PAGE_TEXTS {
            let text = &page.texts[key];
            if layout == "classic" && tag.as_str() != "en" && *text == english.texts[key]
            {
                same.push((tag.to_string(), key));
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
                wrong.push(format!("{tag}: `{foreign}` in `{key}`: {text}"));
            }
            if text.contains(['{', '}', '<', '>']) {
                wrong.push(format!("{tag}: signs of code in `{key}`: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let same: Vec<_> = same.iter().map(|(tag, key)| (tag.as_str(), *key)).collect();
    assert_eq!(same, SHARED);
}
