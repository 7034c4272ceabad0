//! The names of recipients, cleaned once for printing, comparing and recording.
//!
//! - **Takes**: a name as it is written.
//! - **Gives**: a [`Name`], and a warning for each change.
//!
//! The decision made here is that a name is not guessed at: case and letters stay, and no first or
//! family name is looked for. Only characters that harm a page are removed.

mod invisible;

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_segmentation::UnicodeSegmentation;

use crate::base::error::{Error, ErrorKind, Result, Warning, finding};

/// A name that can be printed.
///
/// It has more than punctuation, and at most [`MAX_LETTERS`](Self::MAX_LETTERS). It is in NFC, with single
/// spaces between words, without control characters, line breaks, noncharacters, unbalanced
/// bidirectional controls, and invisible characters that its script does not use.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// The most letters of a name: extended grapheme clusters (UAX #29).
    pub const MAX_LETTERS: usize = 300;

    /// Cleans `raw`. Returns the name, and a warning for each kind of change.
    ///
    /// # Errors
    /// [`ErrorKind::Name`]: nothing is left of the name, or punctuation alone; it is too long, or it
    /// has a U+FFFD: a letter that an earlier program decoded wrongly.
    pub fn clean(raw: &str) -> Result<(Self, Vec<Warning>)> {
        if raw.len() > Self::MAX_LETTERS * 64 {
            return Err(too_long());
        }
        let (text, done) = cleaned(raw, true);
        if !text.chars().any(|c| !is_invisible(c)) {
            return Err(Error::new(ErrorKind::Name, finding!("name_empty"))
                .with_help("give the name that is to be printed"));
        }
        if text.chars().all(|c| is_punctuation(c) || is_invisible(c)) {
            let shown: String = text.chars().take(40).collect();
            let message = format!("`{shown}` is no name: it has no letter");
            return Err(Error::new(ErrorKind::Name, message)
                .with_help("give the name that is to be printed"));
        }
        if text.contains('\u{fffd}') {
            let message = finding!("name_lost_letter", text);
            return Err(Error::new(ErrorKind::Name, message)
                .with_help("the name was read in a wrong encoding; send it as UTF-8"));
        }
        let letters = text.graphemes(true).count();
        if letters > Self::MAX_LETTERS || text.chars().count() > Self::MAX_LETTERS * 8 {
            return Err(too_long());
        }
        let warnings =
            done.into_iter().map(|done| Warning::new(ErrorKind::Name, done)).collect();
        Ok((Self(text.into_owned()), warnings))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

fn too_long() -> Error {
    Error::new(ErrorKind::Name, finding!("name_too_long", Name::MAX_LETTERS))
        .with_help("give the name alone, without titles of courses or other text")
}

/// Cleans a text that is printed as a value, by the rules for names.
pub(crate) fn tidy(raw: &str) -> Cow<'_, str> {
    cleaned(raw, false).0
}

/// Returns a text cleaned as a name is, without checking whether it is a valid name.
pub(crate) fn printed(raw: &str) -> Cow<'_, str> {
    cleaned(raw, true).0
}

/// Removes the characters that could act on the text around it. All visible characters and the
/// spaces stay.
pub(crate) fn inert(text: &str) -> Cow<'_, str> {
    let printable = |byte: u8| (b' '..=b'~').contains(&byte);
    if text.bytes().all(printable) {
        return Cow::Borrowed(text);
    }
    let unbalanced = unbalanced_controls(text);
    if unbalanced.is_empty() && !text.chars().any(|c| is_harmful(c) || is_break(c)) {
        return Cow::Borrowed(text);
    }
    let kept = text
        .char_indices()
        .filter(|&(index, c)| !is_harmful(c) && !unbalanced.contains(&index))
        .map(|(_, c)| if is_break(c) { ' ' } else { c });
    Cow::Owned(kept.collect())
}

/// Returns the cleaned text, and the messages of the warnings. Of a name also invisible characters are
/// removed, which in other texts may say where a line can break.
fn cleaned(raw: &str, is_name: bool) -> (Cow<'_, str>, Vec<String>) {
    let printable = |byte: u8| (b' '..=b'~').contains(&byte);
    let spaced = raw.contains("  ") || raw.starts_with(' ') || raw.ends_with(' ');
    if raw.bytes().all(printable) && !spaced {
        return (Cow::Borrowed(raw), Vec::new());
    }
    let mut done = Vec::new();
    let unbalanced = unbalanced_controls(raw);
    let mut removed: Vec<char> = Vec::new();
    let mut kept: String = raw
        .char_indices()
        .filter(|&(index, c)| {
            let remove = is_harmful(c) || unbalanced.contains(&index);
            if remove {
                removed.push(c);
            }
            !remove
        })
        .map(|(_, c)| c)
        .collect();
    let is_composed = is_nfc(&kept);
    if !is_composed {
        kept = composed(&kept);
    }
    if is_name {
        kept = invisible::without_stray(&kept, &mut removed);
    }
    if !removed.is_empty() {
        done.push(removal_message(removed));
    }
    if !is_composed {
        done.push("composed the letters of the name (NFC)".to_owned());
    }
    let folded = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded != kept {
        done.push("reduced the white space in the name to single spaces".to_owned());
    }
    (Cow::Owned(folded), done)
}

/// Returns a text in NFC, except that a CJK compatibility ideograph becomes its standardized
/// variation sequence (Unicode 16, 23.4): NFC alone would change the form in which the name is
/// written.
fn composed(text: &str) -> String {
    text.cjk_compat_variants().nfc().collect()
}

/// Returns the message about removed characters.
fn removal_message(mut removed: Vec<char>) -> String {
    let count = removed.len();
    removed.sort_unstable();
    removed.dedup();
    let shown: Vec<_> =
        removed.iter().take(5).map(|&c| format!("U+{:04X}", u32::from(c))).collect();
    let dots = if removed.len() > 5 { ", …" } else { "" };
    let kind = if removed.iter().all(|c| is_harmful(*c) || is_bidi_control(*c)) {
        "control"
    } else {
        "invisible"
    };
    let what = match (count, kind) {
        (1, "invisible") => "an invisible character".to_owned(),
        (1, _) => "a control character".to_owned(),
        _ => format!("{count} {kind} characters"),
    };
    format!("removed {what} ({}{dots}) from the name", shown.join(", "))
}

/// Whether a character is a tab, or ends a line or paragraph.
fn is_break(c: char) -> bool {
    c.is_whitespace() && (c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Whether a character is a control other than white space, a noncharacter, an interlinear
/// annotation or the byte order mark.
fn is_harmful(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || is_noncharacter(c)
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{feff}')
}

/// Whether a character is a noncharacter, which Unicode reserves for internal use (Unicode 16,
/// 23.7).
pub(crate) fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether a character is a control of the direction of text that needs a partner.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is punctuation, which no name consists of.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{a1}'..='\u{a9}' | '\u{ab}'..='\u{b1}' | '\u{b4}' | '\u{b6}'..='\u{b8}'
            | '\u{bb}' | '\u{bf}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}'
            | '\u{2e00}'..='\u{2e7f}' | '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}'
            | '\u{fe10}'..='\u{fe6f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}'
            | '\u{60c}' | '\u{61b}' | '\u{61f}' | '\u{30fb}' | '\u{ff65}')
}

fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Returns the bytes of bidirectional controls without their partner, since an open one would
/// reverse the rest of the line, and of overrides (UAX #9, BD9, X4, X5 and X7).
fn unbalanced_controls(text: &str) -> Vec<usize> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut unpaired = Vec::new();
    for (index, c) in text.char_indices() {
        match c {
            '\u{202a}'
            | '\u{202b}'
            | '\u{202d}'
            | '\u{202e}'
            | '\u{2066}'..='\u{2068}' => {
                open.push((index, c));
            }
            '\u{202c}' => match open.last() {
                // An override prints the letters in another order than they are read in.
                Some((start, '\u{202d}' | '\u{202e}')) => {
                    unpaired.extend([*start, index]);
                    open.pop();
                }
                Some((_, '\u{202a}'..='\u{202c}')) => drop(open.pop()),
                _ => unpaired.push(index),
            },
            '\u{2069}' => {
                match open.iter().rposition(|(_, c)| matches!(c, '\u{2066}'..='\u{2068}'))
                {
                    Some(isolate) => {
                        unpaired.extend(
                            open.drain(isolate..).skip(1).map(|(index, _)| index),
                        );
                    }
                    None => unpaired.push(index),
                }
            }
            _ => {}
        }
    }
    unpaired.extend(open.into_iter().map(|(index, _)| index));
    unpaired
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(raw: &str) -> (String, Vec<String>) {
        let (name, warnings) = Name::clean(raw).unwrap();
        (name.0, warnings.into_iter().map(|warning| warning.message).collect())
    }

    #[test]
    fn clean_names_stay_as_they_are() {
        for name in [
            "Ada Lovelace",
            "María-José Ñuñez",
            "محمد علی‌پور",
            "O'Brien",
            "司馬 遼太郎",
            "X",
            "ক্\u{200d}ষ",
            "ශ්\u{200d}රී",
            "Ada 👩\u{200d}🎓",
            "葛\u{e0100}城",
            "ᠨᠠᠷᠠ\u{180e}ᠠ",
            "محمد (\u{200f}علي) Ali",
        ] {
            assert_eq!(clean(name), (name.to_owned(), vec![]));
        }
    }

    #[test]
    fn each_change_has_a_warning() {
        let (name, done) = clean(" Zoe\u{308}\t\u{3000}Quinn\r\n");
        assert_eq!(name, "Zoë Quinn");
        assert_eq!(done.len(), 2, "{done:?}");
        let (name, done) = clean("A\0d\u{fdd0}a\u{1b}");
        assert_eq!(name, "Ada");
        assert_eq!(
            done,
            ["removed 3 control characters (U+0000, U+001B, U+FDD0) from the name"]
        );
    }

    #[test]
    fn invisible_characters_stay_where_a_script_uses_them() {
        for invisible in [
            '\u{200b}',
            '\u{ad}',
            '\u{2060}',
            '\u{180e}',
            '\u{200c}',
            '\u{200d}',
            '\u{34f}',
            '\u{200e}',
            '\u{200f}',
            '\u{61c}',
            '\u{2061}',
            '\u{2064}',
            '\u{206a}',
            '\u{fe0f}',
            '\u{e0061}',
            '\u{e0101}',
            '\u{115f}',
            '\u{17b4}',
        ] {
            for raw in [
                format!("Ada{invisible}Zero"),
                format!("{invisible}AdaZero"),
                format!("AdaZero{invisible}"),
            ] {
                let (name, done) = clean(&raw);
                assert_eq!(name, "AdaZero", "{raw:?}");
                let code = format!("U+{:04X}", u32::from(invisible));
                assert_eq!(done.len(), 1, "{done:?}");
                assert!(
                    done[0].contains("an invisible") && done[0].contains(&code),
                    "{done:?}"
                );
            }
        }
        // An invisible letter that looks like a space becomes a space.
        assert_eq!(clean("Ada\u{3164}Zero").0, "Ada Zero");
        assert_eq!(clean("Ada\u{2800} Zero").0, "Ada Zero");
        // Characters compose once the joiner between them is removed.
        assert_eq!(clean("Zoe\u{34f}\u{308}").0, "Zoë");
        // The mark has no effect without letters of the other direction, so it is removed.
        assert_eq!(clean("علي\u{200f}").0, "علي");
    }

    #[test]
    fn names_of_punctuation_are_refused() {
        for raw in ["…", "..", "-", "?", "—", " . ", "***", "、", "·\u{200b}·"] {
            let error = Name::clean(raw).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Name, "{raw}");
        }
        for raw in ["X", "7", "☿", "👩", "O", "王", "ـ", "A."] {
            Name::clean(raw).expect(raw);
        }
    }

    #[test]
    fn unbalanced_bidi_controls_are_removed() {
        assert_eq!(clean("Ada\u{202e}").0, "Ada");
        assert_eq!(
            clean("Ada\u{202e}").1,
            ["removed a control character (U+202E) from the name"]
        );
        assert_eq!(clean("\u{2069}A\u{202c}da\u{2067}").0, "Ada");
        assert_eq!(clean("A \u{2067}\u{202e}b\u{2069}").0, "A \u{2067}b\u{2069}");
        assert_eq!(clean("A \u{202e}gnp.exe\u{202c} b").0, "A gnp.exe b");
        let paired = "Ada \u{2067}علي\u{2069} \u{202b}ب\u{202c}\u{200f}";
        assert_eq!(clean(paired), (paired.to_owned(), vec![]));
    }

    #[test]
    fn compatibility_ideograph_keeps_its_form() {
        assert_eq!(clean("\u{fa19}田").0, "神\u{fe00}田");
    }

    #[test]
    fn empty_and_overlong_names_are_refused() {
        let long = "x".repeat(301);
        let stacked = format!("Z{}", "\u{335}".repeat(5000));
        for raw in
            ["", " \n", "\u{202e}\0", "\u{200b}\u{3164}", "Jos\u{fffd}", &long, &stacked]
        {
            assert_eq!(Name::clean(raw).unwrap_err().kind(), ErrorKind::Name, "{raw:.9}");
        }
        assert!(Name::clean(&"é".repeat(300)).is_ok());
    }

    proptest! {
        #[test]
        fn clean_name_is_clean(
            raw in proptest::collection::vec(prop_oneof![
                any::<char>(),
                proptest::char::range('\u{0}', '\u{ff}'),
                proptest::char::range('\u{300}', '\u{30f}'),
                proptest::char::range('\u{1100}', '\u{11ff}'),
                proptest::char::range('\u{2000}', '\u{206f}'),
                proptest::char::range('\u{f900}', '\u{faff}'),
            ], 0..40),
        ) {
            let raw: String = raw.into_iter().collect();
            if let Ok((name, _)) = Name::clean(&raw) {
                let (again, warnings) = Name::clean(name.as_str()).unwrap();
                prop_assert_eq!(again, name);
                prop_assert!(warnings.is_empty(), "{:?}", warnings);
            }
        }
    }
}
