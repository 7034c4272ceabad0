//! Messages that can be translated: each has a code and values.
//!
//! The decision made here: the words of a message with a code stand in one table, [`FINDINGS`], and
//! the studio has the same in the languages of its page. A message without a code exists only in
//! English.

use std::borrow::Cow;
#[cfg(feature = "press")]
use std::fmt::Display;

/// The message of an error: one sentence and, if it is one of `FINDINGS`, its code and the values
/// in it.
///
/// Any text becomes one without a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorMessage {
    pub(super) text: String,
    pub(super) code: Option<&'static str>,
    /// The values by their names, in the order of the English words.
    pub(super) values: Vec<(&'static str, String)>,
}

/// The codes, each with its English words.
#[cfg(feature = "press")]
pub(crate) const FINDINGS: &[(&str, &str)] = &[
    ("unknown_key", "unknown key `{key}`"),
    ("no_value", "`{key}` has no value"),
    ("key_missing", "`{owner}` has no `{key}`"),
    ("defined_twice", "`{key}` is defined twice"),
    ("text_not_list", "`{key}` is a text where a list is expected"),
    ("text_not_map", "`{key}` is a text where a map is expected"),
    ("list_not_text", "`{key}` is a list where a text is expected"),
    ("map_not_text", "`{key}` is a map where a text is expected"),
    ("unknown_value", "unknown value `{value}`"),
    ("tab_indented", "a tab in the indentation"),
    ("quote_open", "this quote is never closed: {text}"),
    ("bad_start", "an unquoted text cannot begin with `{letter}`"),
    ("second_colon", "a second `: ` in an unquoted text"),
    ("wrong_indentation", "the indentation of this line matches none above it"),
    (
        "deeper_line",
        "this line is indented deeper than the one above, which has a value already",
    ),
    ("no_pair", "this line is no `key: value`"),
    ("bracket_open", "this `{bracket}` is never closed"),
    ("comma_missing", "a `,` is missing before this, inside `{bracket}`"),
    ("name_empty", "the name is empty"),
    ("name_lost_letter", "a letter of the name `{name}` is lost (U+FFFD)"),
    ("name_too_long", "the name has more than {count} letters"),
    ("grade_missing", "there is no grade, and the course `{course}` has a pass mark"),
    ("columns_same", "the columns `{first}` and `{second}` mean the same"),
    ("no_name_column", "no column has the names: the header is {header}"),
    ("encoding_unknown", "the file is not UTF-8, and does not say its encoding"),
    (
        "date_ambiguous",
        "`{text}` in the column `{column}` is {day_first} if the day comes first, and {month_first} if the month does",
    ),
    ("no_course_chosen", "no course is chosen"),
    ("course_unknown", "there is no course `{course}`"),
    ("layout_unknown", "there is no layout `{layout}`"),
    ("no_sentences", "there are no sentences in `{language}`"),
    ("layout_needs_field", "the layout `{layout}` needs `{key}` under `extra`"),
    (
        "layout_needs_role",
        "the layout `{layout}` needs the role `{role}`, and the locale has none",
    ),
    (
        "too_many_signatories",
        "the course has {count} signatories, and the layout `{layout}` has room for {max}",
    ),
    ("no_letter", "no font has the letter `{letter}` ({codes}) of the {role} `{text}`"),
    (
        "text_too_long",
        "the {role} `{text}` has {count} letters, and its slot has no room for more than {most}",
    ),
    ("beyond_slot", "the {role} `{text}` reaches {by} mm beyond its slot"),
    ("beyond_page", "the {role} `{text}` reaches {by} mm beyond the page"),
    ("runs_into", "the {role} `{text}` runs into the {other_role} `{other}`"),
    (
        "pale",
        "the {role} `{text}` has a contrast of {contrast} to 1 with the paper, and needs {needed} to 1",
    ),
    ("not_on_page", "the {role} `{text}` is not on the page"),
    ("slot_wanted", "the certificate has `{name}`, and the layout has no slot for it"),
    (
        "code_too_small",
        "the code of the verify link needs {needed} mm on each side to be read, and its slot has {side}",
    ),
    (
        "slot_off_left",
        "the slot `{slot}` reaches {by} mm left of the paper, which has {width} × {height} mm",
    ),
    (
        "slot_off_top",
        "the slot `{slot}` reaches {by} mm above the paper, which has {width} × {height} mm",
    ),
    (
        "slot_off_right",
        "the slot `{slot}` reaches {by} mm right of the paper, which has {width} × {height} mm",
    ),
    (
        "slot_off_bottom",
        "the slot `{slot}` reaches {by} mm below the paper, which has {width} × {height} mm",
    ),
    ("slots_overlap", "the slot `{slot}` lies {by} mm over the slot `{other}`"),
    ("slot_missing", "there is no slot `{slot}`, which every certificate needs"),
    ("no_such_slot", "there is no role `{name}`"),
    ("not_a_language", "`{text}` is not a language tag"),
    ("not_a_date", "`{text}` is not a date"),
    ("picture_missing", "there is no file `{file}`"),
    ("no_site", "this folder is no site yet"),
    ("run_going_on", "a run is going on"),
];

/// The words of a code.
#[cfg(feature = "press")]
pub(crate) struct Finding {
    code: &'static str,
    words: &'static str,
}

#[cfg(feature = "press")]
impl Finding {
    /// The words of a code, looked for when the crate is compiled.
    ///
    /// # Panics
    /// There is no such code: the crate does not compile.
    pub(crate) const fn of(code: &str) -> Self {
        let mut index = 0;
        while index < FINDINGS.len() {
            let (known, words) = FINDINGS[index];
            if is_same(known.as_bytes(), code.as_bytes()) {
                return Self { code: known, words };
            }
            index += 1;
        }
        panic!("no finding has this code")
    }

    /// The message with values in the places of their names, in their order.
    pub(crate) fn with(&self, values: &[&dyn Display]) -> ErrorMessage {
        let (mut text, mut named) = (String::new(), Vec::new());
        let mut given = values.iter();
        let mut rest = self.words;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = given.next().map_or_else(String::new, ToString::to_string);
            text.push_str(before);
            text.push_str(&value);
            named.push((name, value));
            rest = after;
        }
        text.push_str(rest);
        debug_assert!(given.next().is_none(), "too many values for `{}`", self.code);
        ErrorMessage { text, code: Some(self.code), values: named }
    }
}

#[cfg(feature = "press")]
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

impl From<String> for ErrorMessage {
    fn from(text: String) -> Self {
        Self { text, code: None, values: Vec::new() }
    }
}

impl From<&str> for ErrorMessage {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for ErrorMessage {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<Cow<'_, str>> for ErrorMessage {
    fn from(text: Cow<'_, str>) -> Self {
        text.into_owned().into()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "press")]
    use super::*;

    #[cfg(feature = "press")]
    #[test]
    fn message_has_its_values_by_their_names() {
        let message = Finding::of("columns_same").with(&[&"Name", &"Nom"]);
        assert_eq!(message.text, "the columns `Name` and `Nom` mean the same");
        assert_eq!(message.code, Some("columns_same"));
        assert_eq!(message.values, [("first", "Name".into()), ("second", "Nom".into())]);
        assert_eq!(ErrorMessage::from("x y").code, None);
    }

    #[cfg(feature = "press")]
    #[test]
    fn codes_are_different() {
        for (index, (code, _)) in FINDINGS.iter().enumerate() {
            assert!(FINDINGS[..index].iter().all(|(other, _)| other != code), "{code}");
        }
    }
}
