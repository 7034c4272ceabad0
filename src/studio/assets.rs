//! The files of the page, which the program carries.

use super::answer::Answer;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const STYLE: &str = "text/css; charset=utf-8";

/// Each file of the page by its address.
macro_rules! files {
    ($($media_type:ident: $($name:literal)*;)*) => {
        const FILES: &[(&str, &str, &str)] = &[
            $($((concat!("page/", $name), $media_type, include_str!(concat!("page/", $name))),)*)*
        ];
    };
}

files! {
    STYLE: "base.css" "frame.css" "preview.css" "layout.css" "people.css";
    PICTURE: "icon.svg";
    SCRIPT: "main.js" "api.js" "dom.js" "texts.js" "preview.js" "findings.js" "overlay.js"
        "editor.js" "history.js" "merge.js" "layout.js" "slots.js" "snap.js" "style.js" "begin.js" "course.js" "language.js" "start.js" "people.js" "rows.js" "run.js" "unsaved.js" "register.js";
}

/// The texts of the page by language, each the JSON of one file.
macro_rules! texts {
    ($($tag:literal)*) => {
        const TEXTS: &[(&str, &str)] =
            &[$(($tag, include_str!(concat!("page/texts/", $tag, ".json"))),)*];
    };
}

texts! {
    "en" "am" "ar" "bg" "bn" "ca" "cs" "de" "el" "es" "fa" "fr" "he" "hi" "hu" "hy" "id" "it" "ja"
    "ka" "ko" "nl" "pl" "pt" "pt-BR" "ro" "ru" "sw" "ta" "th" "tr" "uk" "ur" "vi" "zh-Hans" "zh-Hant"
}

/// The page itself.
pub(super) fn index() -> Answer {
    Answer::new(HTML, include_str!("page/index.html"))
}

/// A file of the page.
pub(super) fn file(path: &str) -> Option<Answer> {
    if let Some(name) = path.strip_prefix("texts/") {
        let tag = name.strip_suffix(".json")?;
        let (_, text) = TEXTS.iter().find(|(own, _)| *own == tag)?;
        return Some(Answer::new("application/json", *text));
    }
    let (_, media_type, text) = FILES.iter().find(|(name, _, _)| *name == path)?;
    Some(Answer::new(media_type, *text))
}

/// The languages that the page speaks.
pub(super) fn languages() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(tag, _)| *tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::FINDINGS;
    use serde_json::{Map, Value};

    fn texts(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).expect("an object of texts")
    }

    /// The names in braces of a text, which are words.
    fn variables(text: &Value) -> Vec<&str> {
        let text = text.as_str().expect("a text");
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        };
        let inside = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        let mut names: Vec<&str> =
            inside.map(|(name, _)| name).filter(|name| is_name(name)).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn languages_have_the_texts_of_english() {
        let english = texts(TEXTS[0].1);
        assert_eq!(TEXTS[0].0, "en");
        assert_eq!(TEXTS.len(), 36);
        for (tag, text) in TEXTS {
            let own = texts(text);
            for (key, text) in &own {
                let model = english.get(key).unwrap_or_else(|| panic!("{tag}: {key}"));
                assert_eq!(variables(text), variables(model), "{tag}: {key}");
            }
            let missing: Vec<&String> =
                english.keys().filter(|key| !own.contains_key(*key)).collect();
            assert!(missing.is_empty(), "{tag}: {missing:?}");
        }
    }

    #[test]
    fn findings_have_the_words_of_the_errors() {
        let english = texts(TEXTS[0].1);
        for (code, words) in FINDINGS {
            assert_eq!(english.get(&format!("finding_{code}")), Some(&(*words).into()));
        }
        for key in english.keys() {
            let code = key.strip_prefix("finding_").or(key.strip_prefix("help_"));
            let is_known =
                code.is_none_or(|it| FINDINGS.iter().any(|(code, _)| *code == it));
            assert!(is_known, "{key}");
        }
        assert!(FINDINGS.len() >= 40);
    }

    #[test]
    fn page_files_are_short_and_load_nothing_from_elsewhere() {
        let index = include_str!("page/index.html");
        for (name, text) in
            FILES.iter().map(|(name, _, text)| (*name, *text)).chain([("", index)])
        {
            assert!(text.lines().count() < 300, "{name}");
            // The example of an address in an empty field.
            let text = text.replace("https://certificates.example.org", "");
            assert!(!text.contains("https:") && !text.contains("//cdn"), "{name}");
        }
    }
}
