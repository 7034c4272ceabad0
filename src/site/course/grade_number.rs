//! Numbers of grades: exact decimals, and how they are read from a text.
//!
//! - **Takes**: the text of a grade, the language that it is written in, and the largest number of
//!   the scale.
//! - **Gives**: the number, or why it is none.
//!
//! The decision made here is that a number is never guessed at. A comma is the decimal sign where
//! the language has it as one; `1,234` is refused where it may also be 1234.

use std::cmp::Ordering;
use std::fmt;

use icu_decimal::DecimalFormatter;
use writeable::Writeable;

use crate::base::lang::Tag;

/// The most digits of a number. Products of two such numbers fit into 128 bits.
const MAX_DIGITS: usize = 18;

/// A number that is not negative, exact as it is written: 0.93 is no binary fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GradeNumber {
    units: u128,
    /// The digits after the decimal point, without zeros at the end.
    decimals: u32,
}

impl GradeNumber {
    /// A whole number.
    pub(crate) fn whole(number: u32) -> Self {
        Self { units: number.into(), decimals: 0 }
    }

    /// Reads digits with at most one point, the form in YAML and JSON.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if text.ends_with('.') {
            return None;
        }
        Self::of_digits(whole, fraction)
    }

    /// The number with these digits before and after its decimal sign.
    fn of_digits(whole: &str, fraction: &str) -> Option<Self> {
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}");
        let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits || whole.is_empty() || digits.len() > MAX_DIGITS {
            return None;
        }
        let decimals = u32::try_from(fraction.len()).ok()?;
        Some(Self { units: digits.parse().ok()?, decimals })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.units == 0
    }

    /// The units of both with the same number of decimals.
    fn aligned(self, other: Self) -> (u128, u128) {
        let decimals = self.decimals.max(other.decimals);
        let scaled =
            |number: Self| number.units * 10_u128.pow(decimals - number.decimals);
        (scaled(self), scaled(other))
    }

    /// The difference of two numbers, by which distances are compared.
    pub(crate) fn distance(self, other: Self) -> Self {
        let (one, two) = self.aligned(other);
        let decimals = self.decimals.max(other.decimals);
        Self { units: one.abs_diff(two), decimals }
    }

    /// The product, exact; `None` if it has too many digits.
    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let mut units = self.units.checked_mul(other.units)?;
        let mut decimals = self.decimals + other.decimals;
        while decimals > 0 && units.is_multiple_of(10) {
            units /= 10;
            decimals -= 1;
        }
        let fits = units < 10_u128.pow(MAX_DIGITS as u32);
        (fits && decimals as usize <= MAX_DIGITS).then_some(Self { units, decimals })
    }

    /// The hundredth part.
    pub(crate) fn hundredth(self) -> Self {
        let (mut units, mut decimals) = (self.units, self.decimals + 2);
        while decimals > 0 && units.is_multiple_of(10) {
            units /= 10;
            decimals -= 1;
        }
        Self { units, decimals }
    }

    /// The share of `max`, from 0 to 1, for comparisons in templates.
    pub(crate) fn share(self, max: Self) -> f64 {
        let (one, two) = self.aligned(max);
        // The quotient of two integers that are exact is the nearest number to the share.
        one as f64 / two as f64
    }

    /// The share of `max` in percent, rounded to `digits` decimals, halves up.
    pub(crate) fn percent_of(self, max: Self, digits: u32) -> Self {
        let (one, two) = self.aligned(max);
        let numerator = one.saturating_mul(100).saturating_mul(10_u128.pow(digits));
        let (mut units, mut decimals) = ((2 * numerator + two) / (2 * two), digits);
        while decimals > 0 && units.is_multiple_of(10) {
            units /= 10;
            decimals -= 1;
        }
        Self { units, decimals }
    }

    pub(crate) fn as_f64(self) -> f64 {
        self.share(Self::whole(1))
    }
}

impl Ord for GradeNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, two) = self.aligned(*other);
        one.cmp(&two)
    }
}

impl PartialOrd for GradeNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// With a point and without zeros at the end: `18.5`.
impl fmt::Display for GradeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.decimals == 0 {
            return write!(f, "{}", self.units);
        }
        let power = 10_u128.pow(self.decimals);
        let width = self.decimals as usize;
        write!(f, "{}.{:0width$}", self.units / power, self.units % power)
    }
}

/// What a text is as a number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NumberReading {
    /// No number: it has characters that numbers do not have.
    Text,
    Number(GradeNumber, NumberUnit),
    /// It has the form of a number and cannot be understood; with the cause, as text.
    Unclear(String),
}

/// The scale that a number itself states.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum NumberUnit {
    None,
    /// `93 %`
    Percent,
    /// `18/20`
    Of(GradeNumber),
}

/// Whether a text is meant as a number, understood or not.
pub(crate) fn is_numeric(text: &str) -> bool {
    let text = normalized(text);
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let is_sign = |c: char| ".,\u{66b}\u{66c} '%/+-\u{fffd}".contains(c);
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || is_sign(c));
    // Exponents such as `9e1`, which programs write.
    has_digit && (is_plain || text.parse::<f64>().is_ok())
}

/// Reads the number that a text is in a language. `max` is the largest number of the scale.
pub(crate) fn read_number(text: &str, language: &Tag, max: GradeNumber) -> NumberReading {
    if !is_numeric(text) {
        return NumberReading::Text;
    }
    let text = normalized(text);
    let unclear = |cause: &str| NumberReading::Unclear(cause.to_owned());
    if text.contains('\u{fffd}') {
        return unclear("it mixes the digits of two scripts");
    }
    if text.starts_with('-') {
        return unclear("it is below 0");
    }
    let (bare, is_percent) = match (text.strip_suffix('%'), text.strip_prefix('%')) {
        (Some(bare), _) | (None, Some(bare)) => (bare.trim(), true),
        (None, None) => (text.as_str(), false),
    };
    let (bare, denominator) = match bare.split_once('/') {
        Some(_) if is_percent => return unclear("it is both a percentage and a share"),
        Some((bare, denominator)) => (bare.trim(), Some(denominator.trim())),
        None => (bare, None),
    };
    let largest = if is_percent { GradeNumber::whole(100) } else { max };
    let number = match read_decimal(bare, language, largest) {
        Ok(number) => number,
        Err(cause) => return NumberReading::Unclear(cause),
    };
    let unit = match denominator.map(|text| read_decimal(text, language, max)) {
        Some(Err(cause)) => return NumberReading::Unclear(cause),
        Some(Ok(of)) => NumberUnit::Of(of),
        None if is_percent => NumberUnit::Percent,
        None => NumberUnit::None,
    };
    NumberReading::Number(number, unit)
}

/// Reads digits and separators.
///
/// # Errors
/// The cause, as text.
fn read_decimal(
    text: &str,
    language: &Tag,
    max: GradeNumber,
) -> Result<GradeNumber, String> {
    let no_number = || format!("`{text}` is no number");
    let decimal = |sign: char| {
        let (whole, fraction) = text.split_once(sign)?;
        let is_whole = !fraction.is_empty();
        let whole = ungrouped(whole, &[' ', '\'', '\u{66c}'])?;
        is_whole.then(|| GradeNumber::of_digits(&whole, fraction)).flatten()
    };
    let count = |sign: char| text.matches(sign).count();
    match (count('.'), count(','), count('\u{66b}')) {
        (0, 0, 0) => {
            let digits =
                ungrouped(text, &[' ', '\'', '\u{66c}']).ok_or_else(no_number)?;
            GradeNumber::of_digits(&digits, "").ok_or_else(no_number)
        }
        (0, 0, 1) => decimal('\u{66b}').ok_or_else(no_number),
        (1, 0, 0) => {
            let number = decimal('.').ok_or_else(no_number)?;
            match grouped(text, '.').filter(|grouped| *grouped <= max) {
                // A point may be a decimal point, which programs write in every language, or
                // separate thousands, where people of this language write it.
                Some(grouped) if decimal_sign(language) != '.' => {
                    Err(ambiguous(text, number, grouped))
                }
                _ => Ok(number),
            }
        }
        (0, 1, 0) => {
            let number = decimal(',').ok_or_else(no_number)?;
            let has_comma = decimal_sign(language) != '.';
            match grouped(text, ',') {
                Some(grouped) if !has_comma || grouped <= max => {
                    Err(ambiguous(text, number, grouped))
                }
                None if !has_comma => Err(format!(
                    "a comma is no decimal sign in the language `{language}`; write `{number}`"
                )),
                _ => Ok(number),
            }
        }
        (_, _, 0) => {
            let sign = decimal_sign(language);
            let (sign, group) = if sign == '.' { ('.', ',') } else { (',', '.') };
            let (whole, fraction) = text.split_once(sign).unwrap_or((text, ""));
            let whole = ungrouped(whole, &[group]).ok_or_else(no_number)?;
            GradeNumber::of_digits(&whole, fraction).ok_or_else(no_number)
        }
        _ => Err(no_number()),
    }
}

fn ambiguous(text: &str, one: GradeNumber, other: GradeNumber) -> String {
    format!("`{text}` may be {one} or {other}; write it with a point, and no other sign")
}

/// The number that the text is if `sign` separates its thousands.
fn grouped(text: &str, sign: char) -> Option<GradeNumber> {
    let may_be = !text.starts_with('0') && text.contains(sign);
    let digits = may_be.then(|| ungrouped(text, &[sign])).flatten()?;
    GradeNumber::of_digits(&digits, "")
}

/// The digits without the signs between groups of three.
fn ungrouped(text: &str, signs: &[char]) -> Option<String> {
    let mut groups = text.split(|c| signs.contains(&c));
    let mut digits = groups.next()?.to_owned();
    let is_first_long = digits.len() > 3;
    for group in groups {
        if group.len() != 3 || is_first_long || digits.is_empty() {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

/// The decimal sign of a language, by the Unicode CLDR: a point, a comma or U+066B.
fn decimal_sign(language: &Tag) -> char {
    let formatter =
        DecimalFormatter::try_new(language.locale().into(), Default::default());
    let Ok(formatter) = formatter else { return '.' };
    let mut half = fixed_decimal::Decimal::from(5);
    half.multiply_pow10(-1);
    let text = formatter.format(&half).write_to_string().into_owned();
    text.chars().find(|c| matches!(c, '.' | ',' | '\u{66b}')).unwrap_or('.')
}

/// The text with the digits 0 to 9, and one character for each sign: full-width forms, the signs of
/// Arabic, kinds of spaces, of apostrophes and of minus become one. Digits of two scripts give a
/// U+FFFD.
fn normalized(text: &str) -> String {
    let mut script = None;
    let sign = |c: char| match c {
        '٪' | '％' | '﹪' => '%',
        '．' => '.',
        '，' => ',',
        '／' | '\u{2044}' | '\u{2215}' => '/',
        '’' | '＇' => '\'',
        '\u{2212}' | '－' | '\u{2010}' | '\u{2011}' => '-',
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{3000}' => ' ',
        c => c,
    };
    let mut digit = |c: char| {
        let code = u32::from(c);
        let zero = ZEROS.into_iter().find(|zero| (*zero..*zero + 10).contains(&code))?;
        if *script.get_or_insert(zero) != zero {
            return Some(char::REPLACEMENT_CHARACTER);
        }
        char::from_digit(code - zero, 10)
    };
    // Texts from right to left have direction marks around numbers.
    let is_mark = |c: &char| {
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2066}'..='\u{2069}')
    };
    let text: String = text
        .chars()
        .filter(|c| !is_mark(c))
        .map(|c| digit(c).unwrap_or_else(|| sign(c)))
        .collect();
    text.trim().to_owned()
}

/// The zero of each script whose digits are understood; the other nine follow it.
const ZEROS: [u32; 19] = [
    0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, language: &str, max: u32) -> Result<String, String> {
        let tag = Tag::parse(language).unwrap();
        match read_number(text, &tag, GradeNumber::whole(max)) {
            NumberReading::Number(number, NumberUnit::None) => Ok(number.to_string()),
            NumberReading::Number(number, NumberUnit::Percent) => {
                Ok(format!("{number} %"))
            }
            NumberReading::Number(number, NumberUnit::Of(max)) => {
                Ok(format!("{number} of {max}"))
            }
            NumberReading::Text => Err("text".to_owned()),
            NumberReading::Unclear(cause) => Err(cause),
        }
    }

    #[test]
    fn numbers_are_read_as_their_language_writes_them() {
        for (text, language, max, expected) in [
            ("93", "en", 100, "93"),
            (" 0.93 ", "de", 1, "0.93"),
            ("0,93", "de", 1, "0.93"),
            ("18,50", "fr", 20, "18.5"),
            ("85,333", "es", 100, "85.333"),
            ("85.333", "de", 100, "85.333"),
            ("1.234", "en", 2000, "1.234"),
            ("1.234,5", "de", 2000, "1234.5"),
            ("1,234.5", "en", 2000, "1234.5"),
            ("1 234,5", "fr", 2000, "1234.5"),
            ("1\u{202f}234,5", "fr", 2000, "1234.5"),
            ("1’234.5", "de-CH", 2000, "1234.5"),
            ("٩٣", "ar", 100, "93"),
            ("٠٫٩٣", "fa", 1, "0.93"),
            ("۱۸٫۵", "en", 20, "18.5"),
            ("१८.५", "hi", 20, "18.5"),
            ("９３", "ja", 100, "93"),
            ("93%", "en", 100, "93 %"),
            ("93 %", "de", 100, "93 %"),
            ("92,5\u{a0}%", "de", 100, "92.5 %"),
            ("٩٣٪\u{61c}", "ar-EG", 100, "93 %"),
            ("%93", "tr", 100, "93 %"),
            ("18,5/20", "fr", 20, "18.5 of 20"),
            ("18 / 20", "en", 20, "18 of 20"),
        ] {
            assert_eq!(read(text, language, max).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn unclear_numbers_are_refused() {
        for (text, language, max, cause) in [
            ("0,93", "en", 1, "write `0.93`"),
            ("1,234", "en", 100, "may be 1.234 or 1234"),
            ("1,234", "de", 2000, "may be 1.234 or 1234"),
            ("1.234", "de", 2000, "may be 1.234 or 1234"),
            ("1.234.567", "en", 100, "no number"),
            ("9.3.2026", "de", 100, "no number"),
            ("80-90", "en", 100, "no number"),
            ("-5", "en", 100, "below 0"),
            ("\u{2212}5", "en", 100, "below 0"),
            ("9٣", "en", 100, "two scripts"),
            ("9e1", "en", 100, "no number"),
            ("93%%", "en", 100, "no number"),
            ("5/", "en", 100, "no number"),
            (".", "en", 100, "text"),
            ("93.", "en", 100, "no number"),
            ("Pass", "en", 100, "text"),
            ("B2", "en", 100, "text"),
            ("99999999999999999999", "en", 100, "no number"),
        ] {
            let read = read(text, language, max);
            assert!(read.as_ref().is_err_and(|e| e.contains(cause)), "{text}: {read:?}");
        }
    }

    #[test]
    fn shares_are_exact() {
        let number = |text| GradeNumber::parse(text).unwrap();
        assert_eq!(number("0.57").times(number("100")), Some(number("57")));
        assert_eq!(number("0.93").times(number("20")), Some(number("18.6")));
        assert_eq!(number("18.6").share(number("20")).to_string(), "0.93");
        assert_eq!(number("0.935").percent_of(number("1"), 0), number("94"));
        assert_eq!(number("0.935").percent_of(number("1"), 2), number("93.5"));
        assert_eq!(number("2").percent_of(number("3"), 2), number("66.67"));
        assert_eq!(number("57").hundredth().to_string(), "0.57");
        assert_eq!(number("100").hundredth().to_string(), "1");
    }

    proptest! {
        #[test]
        fn order_and_text_are_those_of_the_number(
            one in 0_u32..2_000_000, two in 0_u32..2_000_000, decimals in 0_usize..6,
        ) {
            let number = |units: u32| {
                let digits = format!("{units:07}");
                let (whole, fraction) = digits.split_at(7 - decimals);
                let text = if decimals == 0 { digits.clone() } else { format!("{whole}.{fraction}") };
                (GradeNumber::parse(&text).unwrap(), text)
            };
            let ((a, text), (b, _)) = (number(one), number(two));
            prop_assert_eq!(a.cmp(&b), one.cmp(&two));
            prop_assert_eq!(GradeNumber::parse(&a.to_string()), Some(a));
            let german = read(&text.replace('.', ","), "de", 1);
            prop_assert_eq!(german, Ok(a.to_string()));
        }

        #[test]
        fn no_text_panics(text in "\\PC*", signs in "[0-9.,/%' ٫٬٣-]{0,12}") {
            for language in ["en", "de", "fa"] {
                let _ = read(&text, language, 100);
                let _ = read(&signs, language, 2000);
            }
        }
    }
}
