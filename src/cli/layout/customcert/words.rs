//! The words of a text element: HTML with Moodle's marks of languages.

use std::fmt::Write as _;

use crate::cli::html_entity;

/// The most characters that are read of one text.
const MAX_LETTERS: usize = 4_000;

/// The words of an element as the value of a slot's `text`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TextValue {
    /// A scalar, or a map by language.
    pub(super) value: String,
    /// The number of lines that its markup makes.
    pub(super) lines: u32,
    /// What of it is not said, or is said otherwise.
    pub(super) notes: Vec<String>,
}

/// The words of an element's HTML; `None` if there are none.
pub(super) fn text_value(html: &str) -> Option<TextValue> {
    let mut notes = Vec::new();
    let cut: String = html.chars().take(MAX_LETTERS).collect();
    if cut.len() < html.len() {
        notes.push(format!("is longer than {MAX_LETTERS} letters: the rest is left out"));
    }
    let (mut lost, mut lines) = (false, 1);
    let mut values = Vec::new();
    for (language, html) in by_language(&cut, &mut notes) {
        let (text, count, has_other) = plain(&html);
        lost |= has_other;
        lines = lines.max(count);
        if !text.is_empty() {
            values.push((language, serde_json::to_string(&text).unwrap_or_default()));
        }
    }
    if lost {
        notes.push("has marks of HTML that are left out".to_owned());
    }
    let value = match &values[..] {
        [] => return None,
        [(None, only)] => only.clone(),
        values => {
            let mut map = String::from("{ ");
            for (index, (language, text)) in values.iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                let language = language.as_deref().unwrap_or(OTHER_LANGUAGE);
                let _ = write!(map, "{comma}{language}: {text}");
            }
            map + " }"
        }
    };
    Some(TextValue { value, lines, notes })
}

/// The language under which words stand that Moodle shows in all languages without words of their own: a
/// slot has no such key.
const OTHER_LANGUAGE: &str = "en";

/// A part of a text: the languages that it is shown in, none for all.
type Part<'a> = (Vec<&'a str>, &'a str);

/// The text in each language: what Moodle shows in all of them with the parts of this one, which are
/// `<span lang="de" class="multilang">…</span>` or `{mlang de}…{mlang}`; the whole text if it has no such
/// parts.
fn by_language(html: &str, notes: &mut Vec<String>) -> Vec<(Option<String>, String)> {
    let parts = parts(html);
    let is_tag = |tag: &str| {
        !tag.is_empty()
            && tag.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let mut known: Vec<&str> = Vec::new();
    let mut odd: Vec<&str> = Vec::new();
    for language in parts.iter().flat_map(|(languages, _)| languages) {
        let list = if is_tag(language) { &mut known } else { &mut odd };
        if !list.contains(language) {
            list.push(language);
        }
    }
    if !odd.is_empty() {
        notes.push(format!(
            "has words in `{}`, which is no language, and they are left out",
            odd.join("`, `")
        ));
    }
    if known.is_empty() {
        let common = parts.iter().filter(|(languages, _)| languages.is_empty());
        return vec![(None, common.map(|(_, text)| *text).collect())];
    }
    let text_in = |language: &str| -> String {
        let is_shown = |(languages, _): &&Part<'_>| {
            languages.is_empty() || languages.contains(&language)
        };
        parts.iter().filter(is_shown).map(|(_, text)| *text).collect()
    };
    let mut texts: Vec<(Option<String>, String)> = known
        .iter()
        .filter(|language| **language != "other")
        // Moodle writes `de_ch`.
        .map(|language| (Some(language.replace('_', "-")), text_in(language)))
        .collect();
    // All other languages see the parts of `other`, or what all languages see.
    let other = text_in("other");
    if !plain(&other).0.is_empty() {
        if known.contains(&OTHER_LANGUAGE) {
            notes.push(format!(
                "shows `{}` in all languages without words of their own: write it for each that you use",
                plain(&other).0
            ));
        } else {
            texts.push((Some(OTHER_LANGUAGE.to_owned()), other));
            notes.push(format!(
                "shows the same words in all languages without their own: they stand under \
                 `{OTHER_LANGUAGE}`; write them for each other language that you use"
            ));
        }
    }
    texts
}

/// The parts of a text in their order.
fn parts(html: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut rest = html;
    let mut begin = 0;
    while let Some(at) = rest[begin..].find(['{', '<']).map(|at| begin + at) {
        let Some((languages, text, after)) = part(&rest[at..]) else {
            begin = at + 1;
            continue;
        };
        parts.push((Vec::new(), &rest[..at]));
        parts.push((languages, text));
        rest = after;
        begin = 0;
    }
    parts.push((Vec::new(), rest));
    // A space or a line between two languages is none of the text.
    let is_between =
        |(languages, text): &Part<'_>| languages.is_empty() && text.trim().is_empty();
    parts.retain(|part| !is_between(part));
    parts
}

/// The part that a text begins with, if it begins with one: its languages, its words, and what follows.
fn part(html: &str) -> Option<(Vec<&str>, &str, &str)> {
    if let Some(after) = html.strip_prefix("{mlang ") {
        let (languages, after) = after.split_once('}')?;
        let (text, after) = after.split_once("{mlang}").unwrap_or((after, ""));
        let languages = languages.split(',').map(str::trim).collect();
        return Some((languages, text, after));
    }
    let (attributes, after) = html.strip_prefix("<span")?.split_once('>')?;
    let language = attribute(attributes, "lang")?;
    if !attributes.contains("multilang") {
        return None;
    }
    let (text, after) = after.split_once("</span>").unwrap_or((after, ""));
    Some((vec![language], text, after))
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = attributes.split_once(&format!("{name}=\""))?;
    value.split('"').next()
}

/// The words of HTML in the markup of sentences, the number of their lines, and whether other marks
/// were left out.
fn plain(html: &str) -> (String, u32, bool) {
    let mut text = String::new();
    let (mut lines, mut lost) = (1, false);
    // A mark that begins is written before the next word, and one that ends after the last.
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        if c == '<' {
            let Some((tag, after)) = rest[1..].split_once('>') else {
                text.push('<');
                rest = &rest[1..];
                continue;
            };
            rest = after;
            let name: String = tag.chars().take_while(|c| *c != ' ').collect();
            match name.trim_end_matches('/').to_ascii_lowercase().as_str() {
                "b" | "strong" | "/b" | "/strong" => text.push('*'),
                "i" | "em" | "/i" | "/em" => text.push('_'),
                "br" | "/p" | "/div" | "/h1" | "/h2" | "/h3" | "/li" => {
                    lines += 1;
                    text.push(' ');
                }
                "/tr" | "/td" | "/th" => {
                    text.push(' ');
                    lost = true;
                }
                "p" | "div" | "span" | "/span" => lost |= tag.contains("style="),
                _ => lost = true,
            }
            continue;
        }
        if c == '&'
            && let Some((entity, after)) = rest[1..].split_once(';')
            && let Some(letter) = html_entity::letter(entity)
        {
            push(&mut text, letter);
            rest = after;
            continue;
        }
        push(&mut text, c);
        rest = &rest[c.len_utf8()..];
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    // The end of the last paragraph begins no line.
    let ends = html.trim_end().to_ascii_lowercase();
    let lines = if ends.ends_with("</p>") || ends.ends_with("</div>") {
        lines - 1
    } else {
        lines
    };
    let joined = words.join(" ").replace("**", "").replace("__", "");
    // Unpaired marks are printed unchanged.
    let is_paired = |mark: char| {
        let plain = joined.replace(&format!("\\{mark}"), "");
        plain.matches(mark).count() % 2 == 0
    };
    let text = match (is_paired('*'), is_paired('_')) {
        (true, true) => joined,
        _ => joined.replace(['*', '_'], ""),
    };
    (text, lines.max(1), lost)
}

/// Adds a letter, escaped if it is a sign of markup or of a template.
fn push(text: &mut String, letter: char) {
    match letter {
        '*' | '_' | '\\' => text.extend(['\\', letter]),
        // Braces begin values of a sentence.
        '{' | '}' => text.push(if letter == '{' { '(' } else { ')' }),
        '\u{a0}' => text.push('\u{a0}'),
        letter => text.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_markup_and_signs_are_escaped() {
        let value = |html| text_value(html).map(|it| it.value);
        assert_eq!(
            value("<p>has <b>passed</b></p>").as_deref(),
            Some("\"has *passed*\"")
        );
        assert_eq!(value("5 * 3 &amp; {x}").as_deref(), Some("\"5 \\\\* 3 & (x)\""));
        assert_eq!(value(" <p></p> "), None);
        let languages = "<span lang=\"en\" class=\"multilang\">Hello</span><span lang=\"de\" \
                         class=\"multilang\">Guten Tag</span>";
        assert_eq!(
            value(languages).as_deref(),
            Some("{ en: \"Hello\", de: \"Guten Tag\" }")
        );
        let languages =
            "{mlang en}Hello{mlang}{mlang fr}Bonjour{mlang}{mlang other}?{mlang}";
        assert_eq!(
            value(languages).as_deref(),
            Some("{ en: \"Hello\", fr: \"Bonjour\" }")
        );
        let text = text_value("<p>a</p><p>b<br>c</p>").unwrap();
        assert_eq!((text.lines, text.notes.len()), (3, 0));
        let text = text_value("<table><tr><td>a</td><td>b</td></tr></table>").unwrap();
        assert_eq!((text.value.as_str(), text.notes.len()), ("\"a b\"", 1));
    }

    #[test]
    fn words_outside_of_languages_are_in_each_and_those_of_other_languages_stay() {
        let read = |html: &str| {
            let text = text_value(html).unwrap();
            (text.value, text.notes.join("\n"))
        };
        let (value, notes) = read(
            "{mlang de}bescheinigt{mlang}{mlang tr}belgeler{mlang}<br>zweite Zeile <i>kursiv</i>",
        );
        assert_eq!(
            value,
            "{ de: \"bescheinigt zweite Zeile _kursiv_\", tr: \"belgeler zweite Zeile _kursiv_\", \
             en: \"zweite Zeile _kursiv_\" }"
        );
        assert!(notes.contains("all languages"), "{notes}");
        let (value, notes) =
            read("{mlang other}Certificate{mlang}{mlang de}Urkunde{mlang}");
        assert_eq!(value, "{ de: \"Urkunde\", en: \"Certificate\" }");
        assert!(notes.contains("`en`"), "{notes}");
        // English has its own words: what others see is told.
        let (value, notes) = read("{mlang en}A{mlang}{mlang other}B{mlang}");
        assert_eq!(value, "{ en: \"A\" }");
        assert!(notes.contains("`B`"), "{notes}");
        // The filter takes several languages at once.
        let (value, _) = read("<p>{mlang de,de_ch}Urkunde{mlang} {mlang en}X{mlang}</p>");
        assert_eq!(value, "{ de: \"Urkunde\", de-ch: \"Urkunde\", en: \"X\" }");
        let (value, notes) = read(
            "Nr. 1: <span lang=\"en\" class=\"multilang\">A</span><span class=\"multilang\" lang=\"fr\">B</span>",
        );
        assert_eq!(value, "{ en: \"Nr. 1: A\", fr: \"Nr. 1: B\" }");
        assert!(notes.contains("Nr. 1:"), "{notes}");
        let (value, notes) = read("{mlang de at}A{mlang} B <span lang=\"de\">c</span>");
        assert_eq!(value, "\"B c\"");
        assert!(notes.contains("`de at`"), "{notes}");
    }
}
