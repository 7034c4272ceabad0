//! Texts that are well formed and doubtful by themselves.

use super::finding::FindingKind;

/// Returns what is doubtful about a text.
pub(super) fn doubt(text: &str, is_name: bool) -> Option<FindingKind> {
    const NONE: [&str; 10] = [
        "null",
        "none",
        "nil",
        "nan",
        "n/a",
        "na",
        "undefined",
        "(null)",
        "(blank)",
        "\\n",
    ];
    let is_one_of =
        |list: &[&str]| list.iter().any(|word| text.eq_ignore_ascii_case(word));
    // Most texts have no such sign, so the checks below are skipped.
    let has_signs = text.bytes().any(|byte| {
        !byte.is_ascii_alphabetic() && !matches!(byte, b' ' | b'-' | b'\'' | b'.')
    });
    // `Na` and `Nan` are names too; they are doubtful only in small letters or in capitals.
    if text.len() <= 10 && is_one_of(&NONE) && (!is_name || text != capitalized(text)) {
        return Some(FindingKind::NoValue);
    }
    if !has_signs {
        return None;
    }
    if is_formula_error(text) {
        return Some(FindingKind::FormulaError);
    }
    if text.contains("{mlang")
        || text.contains("{{")
        || text.contains("{%")
        || text.contains("[[")
        || text.contains("${")
    {
        return Some(FindingKind::Template);
    }
    if has_markup(text) {
        return Some(FindingKind::Markup);
    }
    if text.starts_with("=\"")
        || (text.starts_with('\'') && text[1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        return Some(FindingKind::SpreadsheetQuote);
    }
    if has_broken_letters(text, is_name) {
        return Some(FindingKind::BrokenLetters);
    }
    if !is_name {
        return None;
    }
    if text.contains('@') && text.contains('.') || text.contains("://") {
        return Some(FindingKind::AddressForName);
    }
    if text.contains(['\n', '\r']) {
        return Some(FindingKind::LineBreakInName);
    }
    if text.contains([';', '|'])
        || has_ampersand_between_names(text)
        || has_slash_between_names(text)
    {
        return Some(FindingKind::SeveralNames);
    }
    if text.chars().any(char::is_numeric) {
        return Some(FindingKind::DigitInName);
    }
    None
}

/// Whether a text is what a spreadsheet shows for the error of a formula, in any of its languages: `#NAME?`,
/// `#BEZUG!`, `#N/A`, `Err:502`.
pub(super) fn is_formula_error(text: &str) -> bool {
    const WITHOUT_END: [&str; 11] =
        ["N/A", "N/D", "N/B", "NV", "NB", "I/T", "Н/Д", "YOK", "HIÁNYZIK", "E/T", "N/V"];
    if text.len() > 48 {
        return false;
    }
    if let Some(rest) = text.strip_prefix('#') {
        let is_whole = rest.ends_with(['!', '?']) && !rest.contains(char::is_whitespace);
        let has_letter = rest.chars().any(char::is_alphabetic);
        return is_whole && has_letter || WITHOUT_END.contains(&&*rest.to_uppercase());
    }
    // LibreOffice gives its own errors numbers from 501 on.
    text.split_once(':').is_some_and(|(word, number)| {
        let (word, number) = (word.trim(), number.trim());
        let is_word = matches!(
            &*word.to_lowercase(),
            "err"
                | "error"
                | "fehler"
                | "erreur"
                | "errore"
                | "erro"
                | "chyba"
                | "błąd"
                | "fout"
        );
        is_word
            && number.len() == 3
            && number.starts_with('5')
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether `&` stands between two names of two words: that of `M. & Mme Curie` and of a firm is of one.
fn has_ampersand_between_names(text: &str) -> bool {
    let is_name = |part: &str| part.split_whitespace().count() > 1;
    text.split_once(" & ")
        .is_some_and(|(before, after)| is_name(before) && is_name(after))
}

/// Whether a slash stands between two words. In `a/l` and `s/o` it is part of one name.
fn has_slash_between_names(text: &str) -> bool {
    let is_word = |part: &str| part.chars().filter(|c| c.is_alphabetic()).count() > 2;
    text.split_once('/').is_some_and(|(before, after)| {
        let before = before.split_whitespace().next_back().unwrap_or_default();
        let after = after.split_whitespace().next().unwrap_or_default();
        is_word(before) && is_word(after)
    })
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect()
}

/// Whether a text has a character reference or a tag.
fn has_markup(text: &str) -> bool {
    let reference = |rest: &str| {
        let Some(end) = rest.find(';').filter(|end| (2..=10).contains(end)) else {
            return false;
        };
        let name = rest[..end].trim_start_matches('#');
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let tag = |rest: &str| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
            && rest.contains('>')
    };
    text.split('&').skip(1).any(reference) || text.split('<').skip(1).any(tag)
}

/// Whether a text looks as if UTF-8 was decoded in another encoding, or lost a letter.
fn has_broken_letters(text: &str, is_name: bool) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        let follows =
            matches!(before, 'Ã' | 'Â' | 'Ä' | 'Å' | 'Ð' | 'Ñ' | 'Î' | 'Ï' | 'Ø' | 'Ù');
        let is_rest = matches!(u32::from(c), 0x80..=0xbf)
            || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(c);
        if follows && is_rest && c != '’' || c == '\u{fffd}' {
            return true;
        }
        if is_name && before == '?' && c.is_alphabetic() {
            return true;
        }
        before = c;
    }
    text.contains("â€")
}

/// Whether a name is written as `Family, Given`.
pub(super) fn is_reversed(name: &str) -> bool {
    const SUFFIXES: [&str; 12] =
        ["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "esq", "csc", "mph", "rn"];
    let Some((before, after)) = name.split_once(',') else { return false };
    let suffix: String = after
        .chars()
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect();
    !before.trim().is_empty()
        && !suffix.is_empty()
        && !SUFFIXES.contains(&suffix.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubtful_values_are_found() {
        use FindingKind::{
            AddressForName, BrokenLetters, DigitInName, FormulaError, LineBreakInName,
            Markup, NoValue, SeveralNames, SpreadsheetQuote, Template,
        };
        for (text, kind) in [
            ("#N/A", FormulaError),
            ("#ref!", FormulaError),
            ("null", NoValue),
            ("NULL", NoValue),
            ("N/A", NoValue),
            ("Tom &amp; Ada", Markup),
            ("Zo&#235;", Markup),
            ("<b>Ada</b>", Markup),
            ("{mlang en}Ada{mlang}", Template),
            ("{{ name }}", Template),
            ("ada@example.org", AddressForName),
            ("Ada 2", DigitInName),
            ("Ada\nBob", LineBreakInName),
            ("Ada; Bob", SeveralNames),
            ("Ada Lovelace/Grace Hopper", SeveralNames),
            ("Ada Lovelace & Grace Hopper", SeveralNames),
            ("JÃ¼rgen MÃ¼ller", BrokenLetters),
            ("J?rgen", BrokenLetters),
            ("='00123'", SpreadsheetQuote),
        ] {
            let found = doubt(text, true);
            if kind == SpreadsheetQuote {
                assert_eq!(doubt("=\"00123\"", true), Some(kind));
            } else {
                assert_eq!(found, Some(kind), "{text}");
            }
        }
        for name in [
            "Ada Lovelace",
            "Na Li",
            "Nan",
            "D'Arcy O'Brien",
            "José Ñuñez",
            "Ángel Äkäslompolo",
            "Ä. Ö.",
            "Jean-Luc",
            "莊雅善",
            "M. & Mme Curie",
            "Procter & Gamble",
            "Ada (Countess)",
            "Kumar a/l Raju",
            "Rajesh s/o Kumar",
            "None Smith",
        ] {
            assert_eq!(doubt(name, true), None, "{name}");
        }
        assert!(is_reversed("Lovelace, Ada") && !is_reversed("Ada Lovelace, PhD"));
    }
}
