//! The words by which a grade says that the course was not passed, in every language.
//!
//! - **Takes**: the text of a grade.
//! - **Gives**: whether it is such a word, by the data file `failing_words.txt`.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// All words, folded.
static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    lines().flat_map(|(_, words)| words.split(',').map(folded)).collect()
});

/// Whether a grade's text says that the course was not passed.
pub(in crate::site) fn is_failing(text: &str) -> bool {
    WORDS.contains(&folded(text))
}

/// The lines of the data file: a language, and its words.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("failing_words.txt").lines();
    lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "))
}

/// The text without differences that do not matter: case, forms of letters, spaces, a full stop at
/// the end.
fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").trim_end_matches('.').to_owned();
    let text = text.nfkc().collect::<String>().to_lowercase();
    // The capital I has another small letter in Turkish than elsewhere.
    text.replace('ı', "i").replace("i\u{307}", "i").replace('\u{2212}', "-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_language_of_the_shelf_has_words() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("layouts/shared/locales");
        let known: BTreeSet<&str> = lines().map(|(language, _)| language).collect();
        for file in fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let language = name.split(['.', '-']).next().unwrap();
            assert!(known.contains(language), "no words for {language}");
        }
        for (language, words) in lines() {
            assert!(words.split(", ").all(|word| word == word.trim()), "{language}");
        }
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        for word in [
            "F",
            "f",
            "-",
            "–",
            "\u{2212}",
            "Fail",
            " FAILED ",
            "Not  Passed",
            "ＦＡＩＬ",
            "Nicht bestanden",
            "Suspenso",
            "ÉCHEC",
            "E\u{301}chec",
            "不合格",
            "راسب",
            "Не сдал",
            "KALDI",
            "n. b.",
            "불합격",
            "Fail.",
            "Absent",
            "No-show",
            "Ritirato",
            "FALSE",
            "FALSCH",
            "缺考",
        ] {
            assert!(is_failing(word), "{word}");
        }
        for word in
            ["Pass", "P", "E", "D", "", "Distinction", "Bestanden", "合格", "Apto", "A-"]
        {
            assert!(!is_failing(word), "{word}");
        }
    }
}
