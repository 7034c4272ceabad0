//! What depends on the letters that a name begins and ends with: an elided word before it, a suffix
//! behind it, and the side on which a title stands.
//!
//! Takes a name and a language. The decision: nothing is guessed beyond what the letters show. The
//! sound of a name in another script, or of one that is read letter by letter, is unknown, and the
//! translator's neutral words are used.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::base::lang::Tag;

/// The languages whose words elide, or change, before a vowel that is written.
const ELIDING: [&str; 5] = ["ca", "fr", "hu", "it", "oc"];
/// The languages in which this file can choose a suffix by the end of a name.
const SUFFIXING: [&str; 4] = ["az", "hy", "ko", "tr"];
/// The languages in which a title stands after the name.
const TITLE_AFTER: [&str; 3] = ["ja", "ko", "zh"];

/// Checks that `elide` can be used in a language with forms of these names.
///
/// # Errors
/// The cause, as text.
pub(super) fn check_elide<'a>(
    tag: &Tag,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), String> {
    if !ELIDING.contains(&tag.language()) {
        return Err(unknown_language("words elide", &ELIDING));
    }
    let names: Vec<&str> = names.collect();
    match names.iter().find(|name| !["vowel", "other"].contains(name)) {
        Some(name) => {
            Err(format!("it takes no `{name}`, only the forms `vowel` and `other`"))
        }
        None if names.len() < 2 => Err(
            "it takes two forms, `vowel` and `other`: `elide(vowel='d’', other='de ')`"
                .to_owned(),
        ),
        None => Ok(()),
    }
}

/// Checks that `suffix` can be used in a language with this pattern.
///
/// # Errors
/// The cause, as text.
pub(super) fn check_suffix(
    tag: &Tag,
    pattern: Option<&str>,
    has_other: bool,
) -> Result<(), String> {
    let language = tag.language();
    if !SUFFIXING.contains(&language) {
        return Err(unknown_language("names end", &SUFFIXING));
    }
    if !has_other {
        return Err(
            "the form `other` is missing; it is for names whose sound is not known"
                .to_owned(),
        );
    }
    let is_turkic = matches!(language, "az" | "tr");
    let pair = pattern.map(|pattern| pattern.split('/').count() == 2);
    match pair {
        Some(false) if !is_turkic => Err(
            "write the form after a consonant, a slash, and the form after a vowel: `이/가`"
                .to_owned(),
        ),
        Some(true) if is_turkic => Err(
            "write sounds that change as capitals, and in brackets those that only one of two \
             forms has: `’(n)In`"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

fn unknown_language(what: &str, languages: &[&str]) -> String {
    format!(
        "how {what} is known for {} only; write the name after a label or beside a noun",
        languages.join(", ")
    )
}

/// Whether the word before a name is elided: the name begins with a vowel, as the language reads its
/// letters.
pub(super) fn begins_with_vowel(tag: &Tag, name: &str) -> bool {
    let mut letters = plain(name)
        .into_iter()
        .skip_while(|letter| !letter.is_alphanumeric())
        .take_while(|letter| letter.is_alphanumeric())
        .peekable();
    let language = tag.language();
    let Some(first) = letters.next() else { return false };
    if first.is_ascii_digit() {
        let digits = 1 + letters.clone().take_while(char::is_ascii_digit).count();
        // öt, ötven, ötszáz; egy, ezer, egymillió.
        return language == "hu" && (first == '5' || first == '1' && digits % 3 == 1);
    }
    match first {
        'a' | 'e' | 'i' | 'o' | 'u' | 'œ' | 'æ' => true,
        // A vowel in Yves, and none in Yale.
        'y' => letters.peek().is_some_and(|next| !is_vowel(*next)),
        // In French some are aspirated, which the letters do not show; before those names both
        // forms are usual.
        'h' => {
            matches!(language, "ca" | "it")
                && letters.peek().is_some_and(|c| is_vowel(*c))
        }
        _ => false,
    }
}

/// The suffix of a name by a pattern that was checked, or `None` if its letters do not tell its
/// sound.
pub(super) fn suffix(tag: &Tag, name: &str, pattern: &str) -> Option<String> {
    if let Some((consonant, vowel)) = pattern.split_once('/') {
        let last_letter = name.chars().rev().find(|letter| letter.is_alphanumeric())?;
        let ends_in_vowel = match tag.language() {
            // 으로 is not written after ㄹ.
            "ko" => match korean_final(last_letter)? {
                0 => true,
                last => last == KOREAN_L && consonant == "으로",
            },
            _ => armenian_vowel(name)?,
        };
        return Some(if ends_in_vowel { vowel } else { consonant }.to_owned());
    }
    turkic_suffix(tag, name, pattern)
}

/// ㄹ among the final consonants of a syllable.
const KOREAN_L: u32 = 8;

/// The final consonant of a Korean syllable or of a digit's name, 0 for none.
fn korean_final(letter: char) -> Option<u32> {
    match letter {
        '가'..='힣' => Some((u32::from(letter) - 0xac00) % 28),
        // 이, 사, 오, 구; 일, 칠, 팔; 영, 삼, 육.
        '2' | '4' | '5' | '9' => Some(0),
        '1' | '7' | '8' => Some(KOREAN_L),
        '0' | '3' | '6' => Some(1),
        _ => None,
    }
}

/// Whether an Armenian name ends in a vowel.
fn armenian_vowel(name: &str) -> Option<bool> {
    let mut letters = name.chars().rev().filter(|letter| letter.is_alphabetic());
    let last = letters.next()?;
    match last {
        'ա' | 'ե' | 'է' | 'ը' | 'ի' | 'ո' | 'օ' => Some(true),
        'ւ' => Some(letters.next() == Some('ո')),
        'ա'..='և' => Some(false),
        _ => None,
    }
}

/// The suffix of a Turkish or Azerbaijani name. In the pattern `A` is a or e and `I` one of ı, i, u,
/// ü by the last vowel, `D` is t after a voiceless consonant, and a consonant in brackets stands only
/// after a vowel, a vowel only after a consonant.
fn turkic_suffix(tag: &Tag, name: &str, pattern: &str) -> Option<String> {
    let word =
        name.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty())?;
    let spoken = if word.chars().last()?.is_ascii_digit() {
        turkish_number(word)?.to_owned()
    } else {
        turkic_lower(word)
    };
    let last = spoken.chars().last()?;
    let vowel = spoken.chars().rev().find_map(turkic_vowel)?;
    let is_latin =
        |c: char| turkic_vowel(c).is_some() || "bcçdfgğhjklmnpqrsştvwxyz".contains(c);
    if !is_latin(last) {
        return None;
    }
    let ends_in_vowel = turkic_vowel(last).is_some();
    let write = |sign: char| match (sign, vowel) {
        ('A', Vowel { front: false, .. }) => 'a',
        ('A', _) if tag.language() == "az" => 'ə',
        ('A', _) => 'e',
        ('I', Vowel { front: false, round: false }) => 'ı',
        ('I', Vowel { front: true, round: false }) => 'i',
        ('I', Vowel { front: false, round: true }) => 'u',
        ('I', Vowel { front: true, round: true }) => 'ü',
        ('D', _) if !ends_in_vowel && "çfhkpsşt".contains(last) => 't',
        ('D', _) => 'd',
        (other, _) => other,
    };
    let mut suffix = String::new();
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        if sign != '(' {
            suffix.push(write(sign));
            continue;
        }
        for inner in signs.by_ref().take_while(|inner| *inner != ')') {
            let is_vowel = matches!(inner, 'A' | 'I');
            if is_vowel != ends_in_vowel {
                suffix.push(write(inner));
            }
        }
    }
    Some(suffix)
}

#[derive(Clone, Copy)]
struct Vowel {
    front: bool,
    round: bool,
}

fn turkic_vowel(letter: char) -> Option<Vowel> {
    let (front, round) = match letter {
        'a' | 'â' | 'ı' => (false, false),
        'e' | 'ə' | 'i' | 'î' => (true, false),
        'o' | 'u' | 'û' => (false, true),
        'ö' | 'ü' => (true, true),
        _ => return None,
    };
    Some(Vowel { front, round })
}

/// A word in small letters by the Turkish rule, with the accents of other languages removed.
fn turkic_lower(word: &str) -> String {
    let lower = word.nfc().flat_map(|letter| match letter {
        'I' => 'ı'.to_lowercase(),
        'İ' => 'i'.to_lowercase(),
        other => other.to_lowercase(),
    });
    let own = |letter: char| turkic_vowel(letter).is_some() || "çğş".contains(letter);
    lower
        .map(|letter| match letter {
            letter if own(letter) => letter,
            letter => std::iter::once(letter).nfd().next().unwrap_or(letter),
        })
        .collect()
}

/// The last word of a number in Turkish.
fn turkish_number(word: &str) -> Option<&'static str> {
    const ONES: [&str; 10] =
        ["", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz"];
    const TENS: [&str; 10] = [
        "", "on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan",
    ];
    if !word.bytes().all(|byte| byte.is_ascii_digit()) || word.len() > 6 {
        return None;
    }
    let number: usize = word.parse().ok()?;
    Some(match (number % 10, number / 10 % 10, number / 100 % 10) {
        _ if number == 0 => "sıfır",
        (0, 0, 0) => "bin",
        (0, 0, _) => "yüz",
        (0, ten, _) => TENS[ten],
        (one, ..) => ONES[one],
    })
}

/// A name with its title on the side on which the language has it.
pub(super) fn titled(tag: &Tag, name: &str, title: &str) -> String {
    let language = tag.language();
    if title.is_empty() {
        return name.to_owned();
    }
    if !TITLE_AFTER.contains(&language) {
        let gap = if language == "th" { "" } else { " " };
        return format!("{title}{gap}{name}");
    }
    let gap = if language == "ko" { " " } else { "" };
    format!("{name}{gap}{title}")
}

/// The letters of a name in lower case, without accents.
fn plain(name: &str) -> Vec<char> {
    let letters = name.nfd().filter(|letter| !is_combining_mark(*letter));
    letters.flat_map(char::to_lowercase).collect()
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'œ' | 'æ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Tag {
        Tag::parse(text).unwrap()
    }

    #[test]
    fn words_elide_before_the_vowels_of_their_language() {
        for (language, name, elides) in [
            ("fr", "École normale supérieure", true),
            ("fr", "Œuvre", true),
            ("fr", "« Académie »", true),
            ("fr", "Yves", true),
            ("fr", "Yale", false),
            ("fr", "Haute école de Genève", false),
            ("fr", "11 novembre", false),
            ("fr", "北京大学", false),
            ("ca", "Hèrcules", true),
            ("ca", "Universitat", true),
            ("ca", "Generalitat", false),
            ("it", "Hotel", true),
            ("it", "Politecnico", false),
            ("hu", "Eötvös Loránd", true),
            ("hu", "Ürményi", true),
            ("hu", "Szegedi", false),
            ("hu", "5", true),
            ("hu", "1", true),
            ("hu", "10", false),
            ("hu", "1000", true),
            ("hu", "", false),
        ] {
            assert_eq!(
                begins_with_vowel(&tag(language), name),
                elides,
                "{language} {name}"
            );
        }
        assert!(check_elide(&tag("en"), ["vowel", "other"].into_iter()).is_err());
        assert!(check_elide(&tag("fr"), ["vowel"].into_iter()).is_err());
        assert!(check_elide(&tag("fr-CA"), ["other", "vowel"].into_iter()).is_ok());
    }

    #[test]
    fn turkish_suffixes_follow_the_last_vowel() {
        let genitive = |name: &str| suffix(&tag("tr"), name, "’(n)In");
        for (name, expected) in [
            ("Ada", "’nın"),
            ("Ayşe", "’nin"),
            ("Mehmet", "’in"),
            ("Işık", "’ın"),
            ("ODTÜ", "’nün"),
            ("Guido van Rossum", "’un"),
            ("Göksu", "’nun"),
            ("Yıldız Teknik", "’in"),
            ("Edirne 22", "’nin"),
            ("1903", "’ün"),
            ("2000", "’in"),
            ("100", "’ün"),
        ] {
            assert_eq!(genitive(name).as_deref(), Some(expected), "{name}");
        }
        let locative = |name: &str| suffix(&tag("tr"), name, "’DA");
        assert_eq!(locative("Zonguldak").as_deref(), Some("’ta"));
        assert_eq!(locative("İzmir").as_deref(), Some("’de"));
        assert_eq!(suffix(&tag("tr"), "Ada", "’(I)m").as_deref(), Some("’m"));
        assert_eq!(suffix(&tag("az"), "Gəncə", "DA").as_deref(), Some("də"));
        for unknown in ["TRT", "北京", "Афина", "", "12345678", "A4b3"] {
            assert_eq!(genitive(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn particles_follow_the_last_sound() {
        let subject = |name: &str| suffix(&tag("ko"), name, "이/가");
        assert_eq!(subject("서울대학교").as_deref(), Some("가"));
        assert_eq!(subject("한국방송").as_deref(), Some("이"));
        assert_eq!(subject("제3").as_deref(), Some("이"));
        assert_eq!(subject("Example University"), None);
        let direction = |name: &str| suffix(&tag("ko"), name, "으로/로");
        assert_eq!(direction("서울").as_deref(), Some("로"));
        assert_eq!(direction("부산").as_deref(), Some("으로"));
        let article = |name: &str| suffix(&tag("hy"), name, "ը/ն");
        assert_eq!(article("Արամ Խաչատրյան").as_deref(), Some("ը"));
        assert_eq!(article("Աննա").as_deref(), Some("ն"));
        assert_eq!(article("Սարու").as_deref(), Some("ն"));
        assert_eq!(article("Example"), None);
    }

    #[test]
    fn titles_stand_on_the_side_of_their_language() {
        for (language, expected) in [
            ("de", "Dr. Ada"),
            ("th", "Dr.Ada"),
            ("ja", "AdaDr."),
            ("zh-Hant", "AdaDr."),
            ("ko", "Ada Dr."),
        ] {
            assert_eq!(titled(&tag(language), "Ada", "Dr."), expected);
        }
        assert_eq!(titled(&tag("de"), "Ada", ""), "Ada");
    }

    #[test]
    fn suffixes_of_other_languages_and_forms_are_refused() {
        let check =
            |language: &str, pattern| check_suffix(&tag(language), Some(pattern), true);
        assert!(check("tr", "’(n)In").is_ok() && check("ko", "이/가").is_ok());
        for (language, pattern) in [("hu", "nak"), ("ko", "이"), ("tr", "in/nin")] {
            assert!(check(language, pattern).is_err(), "{language} {pattern}");
        }
        assert!(check_suffix(&tag("tr"), Some("’In"), false).is_err());
    }
}
