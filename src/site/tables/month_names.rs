//! Dates with the month in words: `14 May 2026`, `14. května 2026`, `14 de mayo de 2026`.
//!
//! - **Takes**: the text of a date.
//! - **Gives**: day, month and year, if the names of the months in 36 languages, of `months.yaml`,
//!   leave no doubt.
//!
//! The decision made here: besides the numbers and the name of one month a text may have only words
//! that dates are known to have, such as the ending of an ordinal number. Anything else is no date.

use std::collections::HashMap;
use std::sync::LazyLock;

use indexmap::IndexMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::decimals::{decimal, is_direction_mark};

/// Words in dates that do not tell the month: articles and prepositions, the endings of ordinal
/// numbers, and words for day and year.
const FILLERS: [&str; 29] = [
    "a", "año", "d", "dag", "de", "del", "di", "e", "er", "er.", "g", "ng", "nd", "ngay",
    "nam", "o", "of", "r", "rd", "re", "roku", "rok", "st", "th", "the", "г", "года",
    "р", "року",
];

/// The word before the number of the month in a Vietnamese date.
const MONTH_IN_NUMBERS: &str = "thang";

/// The most characters of a name of a month with what stands beside it.
const MAX_LEN: usize = 80;

/// The number of a month, by its name.
static MONTHS: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let lists: IndexMap<&str, Vec<Vec<&str>>> =
        serde_yaml::from_str(include_str!("months.yaml"))
            .expect("the file is part of the library and its test reads it");
    let mut months = HashMap::new();
    for names in lists.into_values() {
        for (month, names) in (1..).zip(names) {
            months.extend(names.into_iter().map(|name| (folded(name), month)));
        }
    }
    months
});

/// A date whose month is certain. The year has the digits that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NamedMonth {
    pub(super) day: u32,
    pub(super) month: u32,
    pub(super) year: u32,
    pub(super) year_digits: usize,
}

enum Part {
    Number(u32, usize),
    Word(String),
}

/// Reads a date, without a time of day.
pub(super) fn read(text: &str) -> Option<NamedMonth> {
    if text.chars().count() > MAX_LEN {
        return None;
    }
    let mut numbers: Vec<(u32, usize)> = Vec::new();
    // The words before each number, and after the last one.
    let mut words: Vec<String> = vec![String::new()];
    for part in parts(text)? {
        match part {
            Part::Number(number, digits) => {
                numbers.push((number, digits));
                words.push(String::new());
            }
            Part::Word(word) if FILLERS.contains(&word.as_str()) => {}
            Part::Word(word) => words.last_mut()?.push_str(&word),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (first, month, last) = match (&numbers[..], &words[..]) {
        ([first, last], ["", name, ""] | [name, "", ""]) => {
            (*first, *MONTHS.get(*name)?, *last)
        }
        ([first, (month, 1 | 2), last], ["", MONTH_IN_NUMBERS, "", ""]) => {
            (*first, *month, *last)
        }
        _ => return None,
    };
    // `2026. május 14.` begins with the year.
    let ((day, day_digits), (year, year_digits)) =
        if first.1 == 4 && words[0].is_empty() { (last, first) } else { (first, last) };
    let is_date = day_digits <= 2 && matches!(year_digits, 2 | 4);
    is_date.then_some(NamedMonth { day, month, year, year_digits })
}

/// The numbers and words of a text; `None` if it has signs that dates do not have.
fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut word = String::new();
    let mut number: Option<(u32, usize)> = None;
    for c in text.chars().filter(|c| !is_direction_mark(*c)).chain([' ']) {
        let digit = decimal(c);
        let is_letter = digit.is_none() && (c.is_alphabetic() || is_combining_mark(c));
        if !is_letter && !word.is_empty() {
            parts.push(Part::Word(folded(&std::mem::take(&mut word))));
        }
        if let Some(digit) = digit {
            let (value, digits) = number.unwrap_or((0, 0));
            let value = value.checked_mul(10)?.checked_add(digit)?;
            number = Some((value, digits + 1));
            continue;
        }
        if let Some((value, digits)) = number.take() {
            parts.push(Part::Number(value, digits));
        }
        if is_letter {
            word.push(c);
        } else if !c.is_whitespace() && !".,-/'’׳״־،॰ºª–".contains(c) {
            return None;
        }
    }
    Some(parts)
}

/// A word as it is compared: without case, and without the accents of European scripts, which many
/// leave out. In other scripts such signs tell one month from another.
fn folded(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for c in word.nfkd().flat_map(char::to_lowercase) {
        match c {
            '\u{300}'..='\u{36f}' => {}
            'ı' => plain.push('i'),
            'ł' => plain.push('l'),
            'đ' => plain.push('d'),
            c if c.is_alphabetic() || is_combining_mark(c) => plain.push(c),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_that_of_two_months() {
        let lists: IndexMap<&str, Vec<Vec<&str>>> =
            serde_yaml::from_str(include_str!("months.yaml")).unwrap();
        assert_eq!(lists.len(), 30);
        for (language, names) in lists {
            assert_eq!(names.len(), 12, "{language}");
            for (month, names) in (1..).zip(names) {
                for name in names {
                    assert_eq!(MONTHS[&folded(name)], month, "{name} in {language}");
                    assert!(!FILLERS.contains(&folded(name).as_str()), "{name}");
                }
            }
        }
    }
}
