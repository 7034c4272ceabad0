//! The words of a text element: HTML with Moodle's marks of languages.

use std::fmt::Write as _;

use crate::cli::html_entity;

/// The most characters that are read of one text.
const MAX_LETTERS: usize = 4_000;

/// The words of an element's HTML as the value of a slot's `text`: a scalar, or a map by language.
/// Gives also the number of lines that its markup makes, and whether something of it was lost.
pub(super) fn text_value(html: &str) -> Option<(String, u32, bool)> {
    let html: String = html.chars().take(MAX_LETTERS).collect();
    let versions = by_language(&html);
    let mut lost = false;
    let mut lines = 1;
    let mut values = Vec::new();
    for (language, html) in versions {
        let (text, count, has_other) = plain(html);
        lost |= has_other;
        lines = lines.max(count);
        if !text.is_empty() {
            values.push((language, serde_json::to_string(&text).unwrap_or_default()));
        }
    }
    let value = match &values[..] {
        [] => return None,
        [(None, only)] => only.clone(),
        values => {
            let mut map = String::from("{ ");
            for (index, (language, text)) in values.iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                let _ = write!(map, "{comma}{}: {text}", language.unwrap_or("en"));
            }
            map + " }"
        }
    };
    Some((value, lines, lost))
}

/// The parts of a text by language: `<span lang="de" class="multilang">…</span>` or `{mlang de}…{mlang}`;
/// the whole text if it has no such parts.
fn by_language(html: &str) -> Vec<(Option<&str>, &str)> {
    let mut parts: Vec<(Option<&str>, &str)> = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("{mlang ") {
        let Some((language, after)) = after.split_once('}') else { break };
        let (text, after) = after.split_once("{mlang}").unwrap_or((after, ""));
        parts.push((Some(language), text));
        rest = after;
    }
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<span") {
        let Some((attributes, after)) = after.split_once('>') else { break };
        let (text, after) = after.split_once("</span>").unwrap_or((after, ""));
        if attributes.contains("multilang")
            && let Some(language) = attribute(attributes, "lang")
        {
            parts.push((Some(language), text));
        }
        rest = after;
    }
    // Moodle writes `de_ch`, and `other` for all languages without words.
    let is_tag = |tag: &str| {
        !tag.is_empty() && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    parts.retain(|(language, _)| language.is_some_and(|it| is_tag(it) && it != "other"));
    let mut known: Vec<&str> = Vec::new();
    parts.retain(|(language, _)| {
        let language = language.unwrap_or_default();
        let is_new = !known.contains(&language);
        known.push(language);
        is_new
    });
    if parts.is_empty() { vec![(None, html)] } else { parts }
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
        let value = |html| text_value(html).map(|(value, ..)| value);
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
        let (_, lines, lost) = text_value("<p>a</p><p>b<br>c</p>").unwrap();
        assert_eq!((lines, lost), (3, false));
        assert!(text_value("<table><tr><td>a</td></tr></table>").unwrap().2);
    }
}
