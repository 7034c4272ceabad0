//! Words and letters for itemization: where the face of a text may change, and which
//! characters decide the face.

use std::ops::Range;

use icu_properties::props::{
    EastAsianWidth, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData, PropertyNamesShort};
use typst::text::is_default_ignorable;

/// The letters that are set together in one face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    /// Latin, Greek and Cyrillic: most text faces have all three.
    European,
    /// Han, kana, Hangul and Bopomofo, and characters of the same width.
    EastAsian,
    /// Any other script.
    Of(Script),
    /// Letters and figures that belong to no script. They have the face of the letters
    /// beside them, unless these are East Asian.
    Figures,
}

/// The words of a text as byte ranges. A word ends after white space, and where letters of another
/// script begin (UAX #24): «Somchai(สมชาย)» is two words. Brackets, quotes and marks belong to the
/// letters that they enclose or follow.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    if text.is_ascii() {
        return cut(text, 0..text.len(), |_| None);
    }
    cut(text, 0..text.len(), letters_of)
}

/// The parts of a word, each with letters of one script only.
pub(super) fn one_script_parts(text: &str, word: Range<usize>) -> Vec<Range<usize>> {
    let letters_of = |c| match letters_of(c) {
        Some(Letters::European) => Some(Letters::Of(CodePointMapData::new().get(c))),
        other => other,
    };
    cut(text, word, letters_of)
}

/// Cuts a part of a text after white space, and where the letters change.
fn cut(
    text: &str,
    part: Range<usize>,
    letters_of: impl Fn(char) -> Option<Letters>,
) -> Vec<Range<usize>> {
    let characters: Vec<(usize, char)> = text[part.clone()].char_indices().collect();
    let mut letters: Vec<Option<Letters>> =
        characters.iter().map(|&(_, c)| letters_of(c)).collect();
    join_figures(&characters, &mut letters);
    // An opening character belongs to the letters after it, all others to those before
    // it.
    for index in (0..letters.len()).rev() {
        if letters[index].is_none() && opens(characters[index].1) {
            letters[index] = letters.get(index + 1).copied().flatten();
        }
    }
    for index in 1..letters.len() {
        if letters[index].is_none() {
            letters[index] = letters[index - 1];
        }
    }
    let mut words = Vec::new();
    let mut start = part.start;
    for index in 1..characters.len() {
        let (at, c) = characters[index];
        let before = characters[index - 1].1;
        let after_space = before.is_whitespace() && !c.is_whitespace();
        let changes =
            matches!((letters[index - 1], letters[index]), (Some(a), Some(b)) if a != b);
        if after_space || changes && !c.is_whitespace() {
            words.push(start..part.start + at);
            start = part.start + at;
        }
    }
    if start < part.end {
        words.push(start..part.end);
    }
    words
}

/// Gives figures to the letters before them, else to those after them, up to the next white space.
fn join_figures(characters: &[(usize, char)], letters: &mut [Option<Letters>]) {
    let mut join = |indices: &mut dyn Iterator<Item = usize>| {
        let mut beside = None;
        for index in indices {
            match letters[index] {
                _ if characters[index].1.is_whitespace() => beside = None,
                Some(Letters::Figures) if beside.is_some() => letters[index] = beside,
                Some(Letters::Figures) | None => {}
                Some(Letters::EastAsian) => beside = None,
                other => beside = other,
            }
        }
    };
    join(&mut (0..characters.len()));
    join(&mut (0..characters.len()).rev());
}

/// The kind of a letter; `None` for a character that follows its neighbours.
fn letters_of(c: char) -> Option<Letters> {
    let script = CodePointMapData::<Script>::new().get(c);
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    if [Script::Han, Script::Hiragana, Script::Katakana, Script::Hangul, Script::Bopomofo]
        .contains(&script)
    {
        return Some(Letters::EastAsian);
    }
    let width = CodePointMapData::<EastAsianWidth>::new().get(c);
    if [EastAsianWidth::Wide, EastAsianWidth::Fullwidth].contains(&width) {
        return Some(Letters::EastAsian);
    }
    if GeneralCategoryGroup::Mark.contains(category) {
        return None;
    }
    if [Script::Latin, Script::Greek, Script::Cyrillic].contains(&script) {
        return Some(Letters::European);
    }
    if decides(c) {
        return Some(Letters::Of(script));
    }
    c.is_alphanumeric().then_some(Letters::Figures)
}

/// Whether a character belongs to the one after it.
fn opens(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    [GeneralCategory::OpenPunctuation, GeneralCategory::InitialPunctuation]
        .contains(&category)
        // Control characters that begin an embedding, an override or an isolate.
        || matches!(c, '\u{202A}' | '\u{202B}' | '\u{202D}' | '\u{202E}' | '\u{2066}'..='\u{2068}')
}

/// Whether a character is a raised or lowered figure or sign, as in `SO₄²⁻`.
pub(super) fn is_raised_or_lowered(c: char) -> bool {
    matches!(c, '\u{B2}' | '\u{B3}' | '\u{B9}' | '\u{2070}'..='\u{209F}')
}

/// Whether a grapheme cluster is one sign made of several characters: a flag, a keycap,
/// or an emoji that is joined or coloured. No text face has such signs; a face that has
/// only the parts would show these.
pub(super) fn is_emoji_sequence(cluster: &str) -> bool {
    let has = |is: fn(char) -> bool| cluster.chars().any(is);
    let pictures = CodePointSetData::new::<ExtendedPictographic>();
    has(
        |c| matches!(c, '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{20E3}'),
    ) || has(|c| matches!(c, '\u{200D}' | '\u{E0020}'..='\u{E007F}'))
        && cluster.chars().any(|c| pictures.contains(c))
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

    #[test]
    fn words_of_several_scripts_are_cut_where_the_script_changes() {
        let table = include_str!("words.txt").lines();
        let table: Vec<&str> =
            table.filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
        assert!(table.len() >= 200);
        let mut wrong = Vec::new();
        for expected in table {
            let text = expected.replace('|', "");
            let found = split(&text).join("|");
            if found != expected {
                wrong.push(format!("{found}, and not {expected}"));
            }
            // The control characters around a value belong to the letters that they
            // enclose.
            let isolated = format!("\u{2068}{text}\u{2069}");
            let found = split(&isolated).join("|");
            if found != format!("\u{2068}{expected}\u{2069}") {
                wrong.push(format!("isolated: {found}, and not {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn flags_and_joined_emoji_are_one_sign() {
        for sign in ["🇫🇷", "👩\u{200D}🎓", "👍🏽", "1\u{FE0F}\u{20E3}"] {
            assert!(is_emoji_sequence(sign), "{sign}");
        }
        for sign in ["★", "क्\u{200D}ष", "می\u{200C}", "é", "🎓"] {
            assert!(!is_emoji_sequence(sign), "{sign}");
        }
    }
}
