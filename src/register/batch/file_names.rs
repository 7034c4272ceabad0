//! Names of files, made of the names of courses and recipients.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

/// A file name that no earlier call returned, with a number if need be. `taken` holds the names in
/// lower case, because some file systems do not tell `ada.pdf` from `Ada.pdf`.
pub(crate) fn unused_name(
    taken: &mut HashSet<String>,
    stem: &str,
    ending: &str,
) -> String {
    let mut name = format!("{stem}.{ending}");
    let mut number = 2;
    while !taken.insert(name.to_lowercase()) {
        name = format!("{stem}-{number}.{ending}");
        number += 1;
    }
    name
}

/// A text as part of a file name of at most `max_bytes` bytes, in NFC: letters, marks and digits of
/// any script, `_` and `.` stay, and each run of other characters becomes a hyphen. Invisible
/// characters, such as joiners, are left out. A name that Windows reserves for a device gets a `_`.
pub(crate) fn file_stem(text: &str, max_bytes: usize) -> String {
    let text: String = text.nfc().collect();
    let mut stem = String::new();
    for letter in text.graphemes(true) {
        // A letter is kept or dropped together with its marks.
        let kept: String = letter.chars().filter(|c| is_of_name(*c)).collect();
        let is_begun = !stem.is_empty();
        let begins = kept
            .starts_with(|c: char| c.is_alphanumeric() || is_begun && "_.".contains(c));
        let part = if begins {
            kept.as_str()
        } else if letter.chars().all(is_joiner) || !is_begun || stem.ends_with('-') {
            ""
        } else {
            "-"
        };
        if stem.len() + part.len() > max_bytes {
            break;
        }
        stem.push_str(part);
    }
    let stem = stem.trim_end_matches(['-', '.']);
    let base = stem.split('.').next().unwrap_or_default().to_ascii_uppercase();
    match stem {
        "" => "certificate".to_owned(),
        _ if is_device(&base) => format!("_{stem}"),
        _ => stem.to_owned(),
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || "_.".contains(c)
}

/// Zero-width joiners, non-joiners and the like.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Whether Windows has the name for a device, whatever its extension.
fn is_device(base: &str) -> bool {
    let numbered = |prefix| {
        let number = base.strip_prefix(prefix).unwrap_or_default();
        matches!(
            number,
            "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
        )
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&base)
        || numbered("COM")
        || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_stem_keeps_letters_and_digits_only() {
        assert_eq!(
            file_stem("course-v1:ExampleX+CURL101+2026_T1", 80),
            "course-v1-ExampleX-CURL101-2026_T1"
        );
        assert_eq!(file_stem("../../etc/passwd", 80), "etc-passwd");
        assert_eq!(file_stem("سيف رمضان", 80), "سيف-رمضان");
        assert_eq!(file_stem("\"><script>", 80), "script");
        assert_eq!(file_stem("…", 80), "certificate");
        assert_eq!(file_stem("Ada ... ", 80), "Ada");
    }

    #[test]
    fn file_stem_keeps_the_marks_of_every_script() {
        for (name, expected) in [
            ("हिन्दी प्रमाणपत्र", "हिन्दी-प्रमाणपत्र"),
            ("สมชาย น้ำใจ", "สมชาย-น้ำใจ"),
            ("தமிழ்ச்செல்வி", "தமிழ்ச்செல்வி"),
            ("Adam Palay (חיים פּלי)", "Adam-Palay-חיים-פּלי"),
            ("مُحَمَّد", "مُحَمَّد"),
            ("Jose\u{301} Nu\u{308}\u{304}n\u{303}ez", "José-Nǖñez"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("O'Neill-D’Arcy", "O-Neill-D-Arcy"),
        ] {
            let expected: String = expected.nfc().collect();
            assert_eq!(file_stem(name, 120), expected);
        }
        // The limit is in bytes, and no letter loses a mark.
        let name = "नि".repeat(30);
        assert_eq!(file_stem(&name, 50), "नि".repeat(8));
    }

    #[test]
    fn file_stem_is_no_device_of_windows() {
        for name in ["CON", "con", "Nul", "COM1", "lpt9", "aux.b", "PRN.", "COM¹"] {
            assert!(file_stem(name, 80).starts_with('_'), "{name}");
        }
        for name in ["Conrad", "COM10", "Comet", "Null"] {
            assert_eq!(file_stem(name, 80), name);
        }
    }
}
