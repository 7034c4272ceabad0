//! Names as they are compared: without case, accents and invisible characters.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// The separator between the texts of one row. No part of a query has it.
pub(super) const SEPARATOR: char = '\n';

/// A text as names are compared: case and accents do not matter, nor do the width of letters, marks
/// of vowels that are usually left out, and the kind of apostrophe or hyphen.
pub(super) fn fold(text: &str) -> String {
    let decomposed: String = text.nfkd().filter(|c| !is_left_out(*c)).collect();
    let folded = CaseMapper::new().fold_string(&decomposed).into_owned();
    let mut plain = String::with_capacity(folded.len());
    // Case folding replaces some letters by several, which may have accents.
    for c in folded.nfkd().filter(|c| !is_left_out(*c)) {
        match plain_letter(c) {
            Some(letters) => plain.push_str(letters),
            None => plain.push(c),
        }
    }
    let plain: String = plain.nfc().collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The parts of a query, each of which a name has to have.
pub(super) fn parts(query: &str) -> Vec<String> {
    fold(query).split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Whether a character of decomposed text is ignored: accents and the like, and invisible
/// characters.
///
/// A mark counts if it makes another letter of its base: the vowel signs of Indic scripts and Thai
/// (class 0), nukta (7), the voicing marks of kana (8) and virama (9).
fn is_left_out(c: char) -> bool {
    match c {
        // Tatweel only stretches a word.
        '\u{640}' => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => {
            true
        }
        '\u{fe00}'..='\u{fe0f}' => true,
        _ => canonical_combining_class(c) >= 10,
    }
}

/// The replacement for letters without a decomposition, as people write who do not have the letter
/// on their keyboard.
fn plain_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        '’' | '‘' | 'ʼ' | 'ʻ' | '`' | '´' | '′' => "'",
        '-' | '‐' | '‑' | '‒' | '–' | '—' | '−' | '_' => " ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(query: &str, name: &str) -> bool {
        let name = fold(name);
        parts(query).iter().all(|part| name.contains(part.as_str()))
    }

    #[test]
    fn case_accents_and_width_do_not_matter() {
        for (query, name) in [
            ("emilie DU chat", "Émilie du Châtelet"),
            ("chatelet emilie", "Émilie du Châtelet"),
            ("lukasz", "Łukasz Żółw"),
            ("soren", "Søren Kierkegaard"),
            ("strasse", "Jörg Straße"),
            ("isik", "IŞIK Yılmaz"),
            ("ada", "ＡＤＡ"),
            ("οδυσσευς", "ΟΔΥΣΣΕΎΣ"),
            ("ковалев", "Ковалёв"),
            ("محمد", "مُحَمَّد"),
            ("احمد", "أحمد"),
            ("שלום", "שָׁלוֹם"),
            ("nguyen khai", "Nguyễn Quang Khải"),
            ("o'brien", "O’Brien"),
            ("jean luc", "Jean-Luc Picard"),
            ("jean-luc", "Jean Luc Picard"),
            ("राम", "श्रीराम"),
            ("พัตรา", "สุพัตรา มิ่งขวัญ"),
            ("김", "김민수"),
            ("ﾀﾞ", "ダ"),
        ] {
            assert!(finds(query, name), "{query} finds {name}");
        }
    }

    #[test]
    fn other_letters_are_other_letters() {
        for (query, name) in [
            ("रम", "राम"),
            ("か", "が"),
            ("กา", "กี"),
            ("ada b", "Ada Lovelace"),
            ("и", "Ы"),
        ] {
            assert!(!finds(query, name), "{query} does not find {name}");
        }
    }

    proptest! {
        #[test]
        fn folded_text_folds_to_itself(text: String) {
            let folded = fold(&text);
            prop_assert!(!folded.contains(SEPARATOR));
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn name_is_found_by_itself(name: String) {
            prop_assert!(finds(&name, &name));
            prop_assert!(finds(&name.to_lowercase(), &name.nfd().collect::<String>()));
        }
    }
}
