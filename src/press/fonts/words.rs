//! Words and letters, as itemization needs them: where a text may change its face, and which of its
//! characters decide on it.

use std::ops::Range;

use icu_properties::props::{EastAsianWidth, GeneralCategory, Script};
use icu_properties::{CodePointMapData, PropertyNamesShort};
use typst::text::is_default_ignorable;

/// The words of a text as byte ranges. A word ends after white space, and where East Asian letters
/// and others meet.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let mut wide: Vec<Option<bool>> =
        characters.iter().map(|&(_, c)| is_east_asian(c)).collect();
    // Punctuation belongs to the letters that it opens or closes.
    for index in (0..wide.len()).rev() {
        if wide[index].is_none() && opens(characters[index].1) {
            wide[index] = wide.get(index + 1).copied().flatten();
        }
    }
    for index in 1..wide.len() {
        if wide[index].is_none() {
            wide[index] = wide[index - 1];
        }
    }
    let mut words = Vec::new();
    let mut start = 0;
    for index in 1..characters.len() {
        let (at, c) = characters[index];
        let before = characters[index - 1].1;
        let after_space = before.is_whitespace() && !c.is_whitespace();
        let changes =
            matches!((wide[index - 1], wide[index]), (Some(a), Some(b)) if a != b);
        if after_space || changes && !c.is_whitespace() {
            words.push(start..at);
            start = at;
        }
    }
    if start < text.len() {
        words.push(start..text.len());
    }
    words
}

/// Whether a character is East Asian; `None` for one that follows its neighbours.
fn is_east_asian(c: char) -> Option<bool> {
    let script = CodePointMapData::<Script>::new().get(c);
    let east_asian = [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Hangul,
        Script::Bopomofo,
    ];
    if east_asian.contains(&script) {
        return Some(true);
    }
    let width = CodePointMapData::<EastAsianWidth>::new().get(c);
    if [EastAsianWidth::Wide, EastAsianWidth::Fullwidth].contains(&width) {
        return Some(true);
    }
    c.is_alphanumeric().then_some(false)
}

/// Whether a character belongs to the one after it.
fn opens(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    [GeneralCategory::OpenPunctuation, GeneralCategory::InitialPunctuation]
        .contains(&category)
        || is_default_ignorable(c)
}

/// The characters that need a glyph.
pub(super) fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars().filter(|&c| needs_glyph(c))
}

/// Whether a character is drawn.
pub(super) fn needs_glyph(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_default_ignorable(c)
}

/// Whether a character belongs to a script, or is a mark, which inherits its script from its
/// letter.
pub(super) fn has_script(c: char) -> bool {
    let script = CodePointMapData::<Script>::new().get(c);
    ![Script::Common, Script::Unknown].contains(&script) && !is_default_ignorable(c)
}

/// Whether a character decides on the face of its word. Punctuation does not, even if it belongs to
/// one script: the Ethiopic comma may follow a Latin name.
pub(super) fn decides(c: char) -> bool {
    use GeneralCategory as Is;
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    has_script(c)
        && ![
            Is::ConnectorPunctuation,
            Is::DashPunctuation,
            Is::OpenPunctuation,
            Is::ClosePunctuation,
            Is::InitialPunctuation,
            Is::FinalPunctuation,
            Is::OtherPunctuation,
        ]
        .contains(&category)
}

/// The script of the first letter that has one, as an ISO 15924 code such as `Arab`.
pub(super) fn script(word: &str) -> Option<&'static str> {
    let scripts = CodePointMapData::<Script>::new();
    let names = PropertyNamesShort::<Script>::new();
    word.chars()
        .map(|c| scripts.get(c))
        .find(|script| {
            ![Script::Common, Script::Inherited, Script::Unknown].contains(script)
        })
        .and_then(|script| names.get(script))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn text_is_split_at_spaces_and_around_east_asian_letters() {
        assert_eq!(split("Ya-Shen Chuang (莊雅善)"), ["Ya-Shen ", "Chuang ", "(莊雅善)"]);
        assert_eq!(
            split("「Introduction to Curling」を"),
            ["「", "Introduction ", "to ", "Curling", "」を"]
        );
        assert_eq!(split("\u{2068}김헌영\u{2069} 님"), ["\u{2068}김헌영\u{2069} ", "님"]);
    }
}
