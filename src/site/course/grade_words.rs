//! The words by which a grade says that the course was passed, or was not, in every language.
//!
//! - **Takes**: the text of a grade.
//! - **Gives**: whether it is such a word, by the data files `failing_words.txt` and
//!   `passing_words.txt`.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// All words for failing, folded.
static FAILING: LazyLock<HashSet<String>> =
    LazyLock::new(|| all(include_str!("failing_words.txt")));

/// All words for passing, folded.
static PASSING: LazyLock<HashSet<String>> =
    LazyLock::new(|| all(include_str!("passing_words.txt")));

/// Whether a grade's text says that the course was not passed.
pub(in crate::site) fn is_failing(text: &str) -> bool {
    FAILING.contains(&folded(text))
}

/// Whether a grade's text says that the course was passed, and no more.
pub(super) fn is_passing(text: &str) -> bool {
    PASSING.contains(&folded(text))
}

fn all(file: &'static str) -> HashSet<String> {
    lines(file).flat_map(|(_, words)| words.split(',').map(folded)).collect()
}

/// The lines of a data file: a language, and its words.
fn lines(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(": "))
}

/// The text without what does not matter: capitals, forms of letters, spaces, a full stop at the
/// end.
fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").trim_end_matches('.').to_owned();
    let text = text.nfkc().collect::<String>().to_lowercase();
    // A capital of Turkish has another small letter there than elsewhere.
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
        for words in
            [include_str!("failing_words.txt"), include_str!("passing_words.txt")]
        {
            let known: BTreeSet<&str> =
                lines(words).map(|(language, _)| language).collect();
            for file in fs::read_dir(&folder).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                let language = name.split(['.', '-']).next().unwrap();
                assert!(known.contains(language), "no words for {language}");
            }
            for (language, words) in lines(words) {
                assert!(words.split(", ").all(|word| word == word.trim()), "{language}");
            }
        }
        let both: Vec<_> = FAILING.intersection(&PASSING).collect();
        assert!(both.is_empty(), "{both:?}");
    }

    #[test]
    fn words_for_passing_say_no_more() {
        for word in ["Pass", "PASSED", "p", "Bestanden.", "合格", "Réussi", "KALDI"] {
            assert_eq!(is_passing(word), word != "KALDI", "{word}");
        }
        for word in ["Distinction", "Merit", "A", "in progress", "N/A", "sehr gut", ""] {
            assert!(!is_passing(word), "{word}");
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
            "н/а",
            "غائب",
            "FF",
            "ndst",
            "Nein",
            "n.a.",
            "AJ.",
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
