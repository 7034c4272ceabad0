//! The encoding of a text file.
//!
//! - **Takes**: the bytes, and the label of an encoding if the caller has one.
//! - **Gives**: the text, and the name of its encoding.
//!
//! The decision made here is that UTF-8 and UTF-16 are recognised, because no other text has their
//! form, and that the caller names any other encoding: two encodings of one script differ in a few
//! letters of some names, and no program can tell which is right. The refusal shows those letters.

use std::borrow::Cow;
#[cfg(feature = "cli")]
use std::collections::BTreeSet;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_8859_2, ISO_8859_7, KOI8_R,
    KOI8_U, MACINTOSH, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    WINDOWS_1257, WINDOWS_1258,
};
#[cfg(feature = "cli")]
use unicode_normalization::UnicodeNormalization as _;

use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean};

/// The encodings that spreadsheets save text in, besides Unicode.
const CANDIDATES: [&Encoding; 22] = [
    WINDOWS_1252,
    WINDOWS_1250,
    WINDOWS_1251,
    WINDOWS_1253,
    WINDOWS_1254,
    WINDOWS_1255,
    WINDOWS_1256,
    WINDOWS_1257,
    WINDOWS_1258,
    WINDOWS_874,
    ISO_8859_2,
    ISO_8859_7,
    SHIFT_JIS,
    EUC_JP,
    GBK,
    GB18030,
    BIG5,
    EUC_KR,
    KOI8_R,
    KOI8_U,
    IBM866,
    MACINTOSH,
];

/// The bytes that a text may be in a file: of each encoding that is known here, and of both forms in which
/// Unicode writes a letter with an accent. An encoding that lacks a letter of it is left out.
#[cfg(feature = "cli")]
pub(crate) fn spellings(text: &str) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    let composed: String = text.nfc().collect();
    let decomposed: String = text.nfd().collect();
    for text in [text, &composed, &decomposed] {
        found.insert(text.as_bytes().to_vec());
        found.insert(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        found.insert(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        for encoding in CANDIDATES {
            let (bytes, _, is_lossy) = encoding.encode(text);
            if !is_lossy {
                found.insert(bytes.into_owned());
            }
        }
    }
    found
}

/// How many cells a refusal shows.
const MAX_SHOWN: usize = 3;
/// The most bytes that the likeliest encodings are judged by.
const MAX_SAMPLE: usize = 1 << 20;

/// A text, the name of its encoding, and a warning about it.
pub(super) struct DecodedText {
    pub(super) text: String,
    pub(super) encoding: &'static str,
    pub(super) warning: Option<String>,
}

/// Decodes the bytes of `file`.
pub(super) fn decode(
    file: &str,
    bytes: Vec<u8>,
    label: Option<&str>,
) -> Result<DecodedText> {
    let told = label.map(|label| find(file, label)).transpose()?;
    if let Some(unicode) = recognise(&bytes, told) {
        let skip = Encoding::for_bom(&bytes).map_or(0, |(_, length)| length);
        let text = strict(unicode, &bytes[skip..]).ok_or_else(|| {
            Error::new(
                ErrorKind::Syntax,
                format!("the file is in {}, but is broken", unicode.name()),
            )
            .at(Place::file(file))
            .with_help("export it again")
        })?;
        let warning =
            told.filter(|told| *told != unicode && !bytes.is_ascii()).map(|told| {
                let (unicode, told) = (unicode.name(), told.name());
                format!(
                    "the file is in {unicode}, not in {told}; it is read as {unicode}"
                )
            });
        let text = text.into_owned();
        return Ok(DecodedText { text, encoding: unicode.name(), warning });
    }
    let Some(told) = told else { return Err(refusal(file, &bytes)) };
    match strict(told, &bytes) {
        Some(text) => {
            let text = text.into_owned();
            Ok(DecodedText { text, encoding: told.name(), warning: None })
        }
        None => {
            let place = Place::line(file, wrong_line(told, &bytes));
            let message = format!("the file is not {}", told.name());
            Err(Error::new(ErrorKind::Syntax, message).at(place).with_help(
                "leave out the encoding to see the likeliest readings, or save it as UTF-8 \
                 (in a spreadsheet: «CSV UTF-8»)",
            ))
        }
    }
}

fn find(file: &str, label: &str) -> Result<&'static Encoding> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        let known = CANDIDATES.iter().map(|encoding| encoding.name());
        let known: Vec<String> = known.map(str::to_lowercase).collect();
        Error::new(
            ErrorKind::InvalidValue,
            format!("`{}` is no encoding", label.escape_debug()),
        )
        .at(Place::file(file))
        .with_help(did_you_mean(&label.to_lowercase(), known.iter().map(String::as_str)))
    })
}

/// Returns the Unicode encoding that the bytes have the form of. One that is told needs no guess.
fn recognise(bytes: &[u8], told: Option<&'static Encoding>) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Some(encoding);
    }
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    let has_nul = bytes.contains(&0);
    if is_utf8 && (!has_nul || told == Some(UTF_8)) {
        return Some(UTF_8);
    }
    let is_unicode = |told: &&Encoding| [UTF_16LE, UTF_16BE].contains(told);
    if told.as_ref().is_some_and(is_unicode) || told == Some(UTF_8) {
        return None;
    }
    // UTF-16 without a byte order mark: a line end is a pair of which one byte is 0. A text with many
    // other bytes of line ends has a NUL by accident; a few are of letters such as U+540D.
    let ends = |c: &char| matches!(c, '\n' | '\r');
    let raw_ends = bytes.iter().filter(|&&byte| ends(&char::from(byte))).count();
    let is_utf16 = |encoding: &'static Encoding| {
        let text = strict(encoding, bytes)?;
        let lines = text.chars().filter(ends).count();
        let is_text = text.chars().all(|c| !c.is_control() || c.is_whitespace());
        let known = text.chars().filter(|c| u32::from(*c) < 0x3000).count();
        let is_known = known * 10 > text.chars().count();
        (lines > 0 && lines * 3 >= raw_ends && is_text && is_known).then_some(encoding)
    };
    // Of a letter of an alphabet one byte is below 0x20 there: NUL for Latin, 4 for Cyrillic.
    let is_low = |byte: u8| byte < 0x20 && !matches!(byte, b'\n' | b'\r');
    let low = bytes.iter().filter(|&&byte| is_low(byte)).count();
    let is_likely = !is_utf8 || low * 4 >= bytes.len();
    if bytes.len().is_multiple_of(2) && has_nul && is_likely {
        let found = [UTF_16LE, UTF_16BE].into_iter().find_map(is_utf16);
        if found.is_some() {
            return found;
        }
    }
    // A NUL in UTF-8 is refused later, with its place.
    is_utf8.then_some(UTF_8)
}

/// Decodes the bytes, or returns `None` if one of them is no part of a character.
fn strict<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// The line of the first byte that is wrong in an encoding.
fn wrong_line(encoding: &'static Encoding, bytes: &[u8]) -> u32 {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let before = text.split('\u{fffd}').next().unwrap_or_default();
    count_lines(before)
}

/// The line on which a text ends.
pub(super) fn count_lines(text: &str) -> u32 {
    let ends = text.bytes().filter(|&byte| byte == b'\n').count();
    let lone = text
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0] == b'\r' && pair[1] != b'\n')
        .count();
    u32::try_from(ends + lone + 1).unwrap_or(u32::MAX)
}

/// The refusal of a file in an unknown encoding, with its two likeliest readings.
fn refusal(file: &str, bytes: &[u8]) -> Error {
    let line = match std::str::from_utf8(bytes) {
        Ok(_) => 1,
        Err(error) => {
            let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]);
            count_lines(valid.unwrap_or_default())
        }
    };
    if let Some(utf8_line) = utf8_line(bytes)
        && let Some(mixed) = mixed(file, bytes, utf8_line, line)
    {
        return mixed;
    }
    let sample = sample(bytes);
    let (first, second) = likeliest(&sample);
    let readings = |encoding: &'static Encoding| strict(encoding, &sample);
    let mut message = "the file is not UTF-8, and does not say its encoding".to_owned();
    let mut help = String::new();
    if let (Some(one), Some(other)) = (readings(first), second.and_then(readings)) {
        let second = second.map_or("", |encoding| encoding.name());
        for (here, there) in differing_cells(&one, &other) {
            message.push_str(&format!(
                "\n  {:<14} {}\n  {:<14} {}",
                first.name(),
                here,
                second,
                there
            ));
        }
        help = format!(
            "read it with --encoding {} or --encoding {}, whichever shows the names \
             correctly, or ",
            first.name().to_lowercase(),
            second.to_lowercase()
        );
    } else if readings(first).is_some() {
        help = format!("read it with --encoding {}, or ", first.name().to_lowercase());
    }
    Error::new(ErrorKind::Syntax, message)
        .at(Place::line(file, line))
        .with_help(format!("{help}save it as UTF-8 (in a spreadsheet: «CSV UTF-8»)"))
}

/// The first line that is UTF-8 and has more than ASCII.
fn utf8_line(bytes: &[u8]) -> Option<u32> {
    let is_utf8 = |line: &[u8]| !line.is_ascii() && std::str::from_utf8(line).is_ok();
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    let found = lines.find(|line| is_utf8(line))?;
    let start = found.as_ptr().addr() - bytes.as_ptr().addr();
    Some(count_lines(&String::from_utf8_lossy(&bytes[..start])))
}

/// The refusal of a file of which one line is UTF-8 and another is not. In an encoding with several bytes to
/// a letter a line may look like UTF-8 by accident: then there is none.
fn mixed(file: &str, bytes: &[u8], utf8_line: u32, other_line: u32) -> Option<Error> {
    let lines = bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r'));
    let others: Vec<u8> = lines
        .filter(|line| std::str::from_utf8(line).is_err())
        .flatten()
        .copied()
        .take(MAX_SAMPLE)
        .collect();
    let (guess, _) = likeliest(&others);
    if !guess.is_single_byte() {
        return None;
    }
    let mut message = format!(
        "the file mixes two encodings: line {utf8_line} is UTF-8, and line {other_line} is not"
    );
    if let Some(text) = strict(guess, &others)
        && let Some(cell) = text
            .split(['\n', '\r', ',', ';', '\t', '|', '"'])
            .find(|cell| !cell.is_ascii())
    {
        message.push_str(&format!("\n  {:<14} {}", guess.name(), cell.trim()));
    }
    let help = format!(
        "write the names on line {other_line} and on similar lines again, and save the file as \
         UTF-8 (in a spreadsheet: «CSV UTF-8»)"
    );
    let place = Place::line(file, other_line);
    Some(Error::new(ErrorKind::Syntax, message).at(place).with_help(help))
}

/// The lines that tell encodings apart, those with a byte that is not ASCII, as far as they are needed.
fn sample(bytes: &[u8]) -> Vec<u8> {
    let mut sample = Vec::new();
    let lines = bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r'));
    for line in lines.filter(|line| !line.is_ascii()) {
        let left = MAX_SAMPLE - sample.len();
        if line.len() <= left {
            sample.extend_from_slice(line);
            continue;
        }
        if sample.is_empty() {
            // In all encodings here these bytes are never part of a longer character.
            let ends = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b' ');
            let end = line[..left].iter().rposition(ends).map_or(left, |end| end + 1);
            sample.extend_from_slice(&line[..end]);
        }
        break;
    }
    sample
}

/// The first cells of two readings that differ.
fn differing_cells<'a>(one: &'a str, other: &'a str) -> Vec<(&'a str, &'a str)> {
    let cells =
        |text: &'a str| text.split(['\n', '\r', ',', ';', '\t', '|', '"']).map(str::trim);
    let mut found: Vec<(&str, &str)> = Vec::new();
    for pair in cells(one).zip(cells(other)) {
        if pair.0 != pair.1 && !found.contains(&pair) {
            found.push(pair);
        }
        if found.len() == MAX_SHOWN {
            break;
        }
    }
    found
}

/// The two likeliest encodings, the likelier first; the second reads some cell differently.
fn likeliest(bytes: &[u8]) -> (&'static Encoding, Option<&'static Encoding>) {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let mut readings: Vec<_> = CANDIDATES
        .into_iter()
        .chain([guess])
        .filter_map(|encoding| {
            let text = strict(encoding, bytes)?;
            Some((strangeness(&text), encoding, text))
        })
        .collect();
    readings.sort_by_key(|(strangeness, encoding, _)| (*strangeness, *encoding != guess));
    let is_guess = |encoding: &'static Encoding| encoding == guess;
    let first = readings.iter().position(|(_, encoding, _)| is_guess(encoding));
    let Some((_, first, text)) = readings.get(first.unwrap_or(0)) else {
        return (guess, None);
    };
    let second = readings
        .iter()
        .find(|(_, encoding, other)| encoding != first && other != text)
        .map(|(_, encoding, _)| *encoding);
    (first, second)
}

/// How unlike words a text is: it counts characters that are no letters, words with letters of
/// several scripts, and capitals after small letters.
fn strangeness(text: &str) -> usize {
    let mut strange = 0;
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let next = letters.peek().copied();
        if !c.is_ascii() {
            let is_odd =
                !c.is_alphabetic() && !matches!(c, '\u{a0}' | '«' | '»' | '–' | '’');
            strange += usize::from(is_odd) * 3;
            strange += usize::from(before.is_lowercase() && c.is_uppercase()) * 3;
            // A capital between a letter and a small one: `JŸrgen`.
            let is_inside = before.is_alphabetic() && c.is_uppercase();
            strange += usize::from(is_inside && next.is_some_and(char::is_lowercase)) * 3;
            // A letter of another alphabet within a word.
            let is_latin = |c: char| u32::from(c) < 0x250;
            let is_mixed = before.is_alphabetic() && is_latin(before) != is_latin(c);
            strange += usize::from(is_mixed) * 3;
            // Letters that are far rarer in names than those that other encodings have at their
            // bytes.
            strange += usize::from(matches!(c, 'ƒ' | 'ª' | 'º' | 'Ð' | 'ð' | 'Þ' | 'þ'));
            strange += usize::from(u32::from(c) >= 0xe000 && u32::from(c) < 0xf900) * 5;
        } else if c.is_ascii_alphabetic() && before.is_alphabetic() && !before.is_ascii()
        {
            strange += usize::from(u32::from(before) >= 0x250) * 3;
        }
        before = c;
    }
    strange
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
        encoding.encode(text).0.into_owned()
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read(bytes: &[u8], label: Option<&str>) -> Result<(String, &'static str)> {
        decode("r.csv", bytes.to_vec(), label).map(|it| (it.text, it.encoding))
    }

    #[test]
    fn unicode_is_recognised_with_and_without_its_mark() {
        for text in
            ["name\nZoë\n", "имя\r\nАда Лавлейс\r\n", "name,姓名\n", "שם\tציון\nעדה\t9"]
        {
            for mark in ["", "\u{feff}"] {
                let marked = format!("{mark}{text}");
                assert_eq!(
                    read(marked.as_bytes(), None).unwrap(),
                    (text.into(), "UTF-8")
                );
                let little = read(&utf16(&marked, false), None).unwrap();
                assert_eq!(little, (text.into(), "UTF-16LE"));
                let big = read(&utf16(&marked, true), None).unwrap();
                assert_eq!(big, (text.into(), "UTF-16BE"));
            }
        }
    }

    #[test]
    fn other_encodings_are_refused_with_two_readings() {
        for (encoding, text, place, shown) in [
            (WINDOWS_1250, "jméno\nJiří Dvořák\n", "r.csv:1", "Jiří Dvořák"),
            (WINDOWS_1252, "name\nAda\nJürgen Müller\n", "r.csv:3", "Jürgen Müller"),
            (WINDOWS_1251, "name\nАда Лавлейс\n", "r.csv:2", "Ада Лавлейс"),
            (SHIFT_JIS, "氏名\n山田太郎\n鈴木花子\n", "r.csv:1", "山田太郎"),
            (EUC_KR, "이름\n김헌영\n", "r.csv:1", "김헌영"),
        ] {
            let error = read(&encoded(encoding, text), None).unwrap_err();
            let report = format!("{error:#}");
            assert!(
                report.starts_with(&format!("{place}: the file is not UTF-8")),
                "{report}"
            );
            assert!(report.contains(shown) && report.contains("--encoding"), "{report}");
        }
    }

    #[test]
    fn a_nul_makes_no_utf_16() {
        for text in ["Name,Grade\nAda,A\nBob\0,B\n", "Name\n\0Ada\n", "Name,N\0\nA,B\n"] {
            for label in [None, Some("utf-8")] {
                assert_eq!(read(text.as_bytes(), label).unwrap(), (text.into(), "UTF-8"));
            }
        }
        // With a letter of Latin-1 too.
        let bytes = b"Name,Grade\nJ\xfcrg,A\nBob\0,B\n\n";
        let found = read(bytes, Some("windows-1252")).unwrap();
        assert_eq!(found, ("Name,Grade\nJürg,A\nBob\0,B\n\n".into(), "windows-1252"));
        // What is told is used.
        let found = read(&utf16("Name", false), Some("utf-16le")).unwrap();
        assert_eq!(found, ("Name".into(), "UTF-16LE"));
        assert!(read(b"Name\nJ\xfcrg", Some("utf-8")).is_err());
    }

    #[test]
    fn file_of_two_encodings_is_named_as_such() {
        let mut bytes = "Name\nAda\nJürgen Müller\n".as_bytes().to_vec();
        bytes.extend(encoded(WINDOWS_1252, "Zoë Großmann\n"));
        let report = format!("{:#}", read(&bytes, None).unwrap_err());
        assert!(report.starts_with("r.csv:4: the file mixes two encodings"), "{report}");
        assert!(report.contains("line 3 is UTF-8, and line 4 is not"), "{report}");
        assert!(report.contains("Zoë Großmann") && !report.contains("Ã"), "{report}");
        assert!(!report.contains("--encoding"), "{report}");
    }

    #[test]
    fn large_file_is_judged_by_a_part_of_it() {
        let text = format!(
            "name\n{}{}",
            "Ada\n".repeat(500_000),
            "Jürgen Müller\n".repeat(200_000)
        );
        let bytes = encoded(WINDOWS_1252, &text);
        let part = sample(&bytes);
        assert!(part.len() <= MAX_SAMPLE && part.starts_with(b"J\xfcrgen"));
        let report = format!("{:#}", read(&bytes, None).unwrap_err());
        assert!(report.starts_with("r.csv:500002: the file is not UTF-8"), "{report}");
        assert!(report.contains("Jürgen Müller"), "{report}");
        // One line without an end, which is cut between two characters.
        let line = encoded(SHIFT_JIS, &"山田太郎,".repeat(200_000));
        assert!(strict(SHIFT_JIS, &sample(&line)).is_some());
        assert!(sample(&line).len() <= MAX_SAMPLE);
    }

    #[test]
    fn told_encoding_is_used_and_checked() {
        let bytes = encoded(WINDOWS_1250, "jméno\nJiří\n");
        let text = ("jméno\nJiří\n".to_owned(), "windows-1250");
        for label in ["windows-1250", "CP1250", " x-cp1250 "] {
            assert_eq!(read(&bytes, Some(label)).unwrap(), text);
        }
        let error = read(&bytes, Some("windows-125")).unwrap_err();
        assert_eq!(error.message(), "`windows-125` is no encoding");
        let error = read(b"a\n\x81\x20\n", Some("shift_jis")).unwrap_err();
        assert_eq!(error.to_string(), "r.csv:2: the file is not Shift_JIS");
        let utf8 = decode("r.csv", "é\n".into(), Some("windows-1250")).unwrap();
        assert_eq!((&*utf8.text, utf8.encoding), ("é\n", "UTF-8"));
        assert!(utf8.warning.is_some());
    }
}
