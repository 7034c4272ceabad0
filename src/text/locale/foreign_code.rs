//! Code of other programs in a text of a translator: HTML, and the placeholders of printf and
//! gettext.
//!
//! The decision: such signs may be intended, so they are printed unchanged, with a warning.

use std::ops::Range;

use crate::base::error::{ErrorKind, Place, Warning};

/// The most bytes between `<` and `>` of a text that counts as a tag.
const MAX_TAG: usize = 60;

/// The first code of another program in a text: `<b>`, `&nbsp;`, `%s`, `%(name)s`, `{name}`.
pub(crate) fn foreign_code(text: &str) -> Option<Range<usize>> {
    let signs = text.char_indices().filter(|(_, c)| matches!(c, '<' | '&' | '%' | '{'));
    signs.into_iter().find_map(|(at, sign)| {
        let rest = &text[at + 1..];
        let length = match sign {
            '<' => html_tag(rest),
            '&' => html_entity(rest),
            '%' if text[..at].ends_with(|c: char| c.is_numeric()) => None,
            '%' => printf(rest),
            // The second one of a value: `{{ name }}`.
            '{' if text[..at].ends_with('{') => None,
            _ => brace(rest),
        }?;
        Some(at..at + 1 + length)
    })
}

/// The warning about code of another program, at its place. `what` names the text that has it.
pub(crate) fn foreign_code_warning(code: &str, what: &str, place: Place) -> Warning {
    let help = if code.starts_with(['<', '&']) {
        "there is no HTML: write `*…*` for strong text, and a letter as itself"
    } else {
        "write a value of a sentence as `{{ name }}`"
    };
    Warning::new(ErrorKind::Sentence, format!("{what} prints `{code}` as it stands"))
        .at(place)
        .with_help(help)
}

/// The length of `b>`, `/b>` or `br />` at the start.
fn html_tag(rest: &str) -> Option<usize> {
    let end = rest.find('>').filter(|end| *end <= MAX_TAG)?;
    let name = rest[..end].trim_start_matches('/');
    name.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(end + 1)
}

/// The length of `nbsp;` or `#160;` at the start.
fn html_entity(rest: &str) -> Option<usize> {
    let name = rest.trim_start_matches('#');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric())?;
    let is_entity = end > 1 && name[end..].starts_with(';');
    is_entity.then_some(rest.len() - name.len() + end + 1)
}

/// The length of `s`, `d`, `1$s` or `(name)s` at the start.
fn printf(rest: &str) -> Option<usize> {
    let named = rest.strip_prefix('(').and_then(|name| name.find(')')).map(|end| end + 2);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or_default();
    let numbered = (digits > 0 && rest[digits..].starts_with('$')).then_some(digits + 1);
    let start = named.or(numbered).unwrap_or_default();
    let mut letters = rest.get(start..)?.chars();
    let is_type =
        letters.next().is_some_and(|c| matches!(c, 's' | 'd' | 'i' | 'f' | '@'));
    let ends = letters.next().is_none_or(|c| !c.is_alphanumeric());
    (is_type && ends).then_some(start + 1)
}

/// The length of `name}`, ` name }` or `0}` at the start.
fn brace(rest: &str) -> Option<usize> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let word = rest.trim_start_matches(' ');
    let after = word.trim_start_matches(is_name);
    let end = after.trim_start_matches(' ');
    let is_value = after.len() < word.len() && end.starts_with('}');
    is_value.then_some(rest.len() - end.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_other_programs_is_found() {
        for (text, code) in [
            ("has <b>passed</b>", "<b>"),
            ("one<br/>two", "<br/>"),
            ("passed</strong>", "</strong>"),
            ("<span class='x'>a", "<span class='x'>"),
            ("a&nbsp;b", "&nbsp;"),
            ("a&#160;b", "&#160;"),
            ("hereby certifies %s.", "%s"),
            ("%1$s completed", "%1$s"),
            ("by %(org)s", "%(org)s"),
            ("%@ a", "%@"),
            ("for {name}, {0}", "{name}"),
            ("${course}", "{course}"),
            ("pri { course.title }.", "{ course.title }"),
            ("for <<Name>>", "<Name>"),
        ] {
            let found = foreign_code(text).map(|range| &text[range]);
            assert_eq!(found, Some(code), "{text}");
        }
    }

    #[test]
    fn signs_of_a_language_are_no_code() {
        for text in [
            "93 % des points",
            "%93 başarı",
            "100%ig",
            "100 % de réussite",
            "5 < 6 und 7 > 6",
            "Q&A; R & D",
            "a {{ name }}",
            "{}",
            "{ }",
            "{ one two }",
            "50%s",
        ] {
            assert_eq!(foreign_code(text), None, "{text}");
        }
    }
}
