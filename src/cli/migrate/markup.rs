//! ReportLab's small markup, which the old program read in every text, as plain text or a sentence.

use crate::cli::html_entity;

/// A text of the old program, without its markup.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OldText {
    /// The words.
    pub(super) text: String,
    /// Tags whose effect is lost, each once.
    pub(super) lost: Vec<String>,
}

/// A piece of a text, with the tags around it.
struct Piece {
    text: String,
    bold: bool,
    italic: bool,
}

/// The words of a text, on one line.
pub(super) fn plain(text: &str) -> OldText {
    let (pieces, mut lost) = pieces(text);
    if pieces.iter().any(|piece| piece.bold) {
        lost.push("b".to_owned());
    }
    if pieces.iter().any(|piece| piece.italic) {
        lost.push("i".to_owned());
    }
    let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    OldText { text: one_line(&text), lost }
}

/// A text as a sentence of a locale or an outcome: `*bold*`, `_italic_`, everything else escaped.
pub(super) fn sentence(text: &str) -> OldText {
    let (pieces, lost) = pieces(text);
    let mut out = String::new();
    for Piece { text, bold, italic } in pieces {
        let inner = text.trim();
        if inner.is_empty() {
            out.push_str(&text);
            continue;
        }
        let start = &text[..text.len() - text.trim_start().len()];
        let end = &text[text.trim_end().len()..];
        let escaped = escape(inner);
        let written = match (bold, italic) {
            (true, true) => format!("*_{escaped}_*"),
            (true, false) => format!("*{escaped}*"),
            (false, true) => format!("_{escaped}_"),
            (false, false) => escaped,
        };
        out.push_str(start);
        out.push_str(&written);
        out.push_str(end);
    }
    OldText { text: one_line(&out), lost }
}

/// Escapes what is markup or an expression in a sentence.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let mut signs = text.chars().peekable();
    while let Some(c) = signs.next() {
        let next = signs.peek().copied();
        match c {
            '*' | '_' | '\\' => out.extend(['\\', c]),
            '#' if next.is_some_and(char::is_alphabetic) => out.push_str("\\#"),
            '{' if matches!(next, Some('{' | '%' | '#')) => out.push_str("{{ '{' }}"),
            c => out.push(c),
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn pieces(text: &str) -> (Vec<Piece>, Vec<String>) {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut lost: Vec<String> = Vec::new();
    let (mut bold, mut italic) = (0_usize, 0_usize);
    let mut push = |text: &str, bold: usize, italic: usize| {
        let (bold, italic) = (bold > 0, italic > 0);
        match pieces.last_mut() {
            Some(last) if last.bold == bold && last.italic == italic => {
                last.text.push_str(text)
            }
            _ => pieces.push(Piece { text: text.to_owned(), bold, italic }),
        }
    };
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&', '\\']) {
        push(&rest[..at], bold, italic);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("\\n") {
            // A fork divided titles there by hand.
            push(" ", bold, italic);
            rest = after;
        } else if let Some((name, closes, after)) = tag(rest) {
            match name.as_str() {
                "b" | "strong" if closes => bold = bold.saturating_sub(1),
                "b" | "strong" => bold += 1,
                "i" | "em" if closes => italic = italic.saturating_sub(1),
                "i" | "em" => italic += 1,
                "br" => push(" ", bold, italic),
                _ if !closes && !lost.contains(&name) => lost.push(name),
                _ => {}
            }
            rest = after;
        } else if let Some((sign, after)) = entity(rest) {
            push(&sign.to_string(), bold, italic);
            rest = after;
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            push(&rest[..next], bold, italic);
            rest = &rest[next..];
        }
    }
    push(rest, bold, italic);
    (pieces, lost)
}

/// The tags that ReportLab knows. Any other `<…>` is text.
const TAGS: [&str; 17] = [
    "b", "strong", "i", "em", "br", "u", "font", "super", "sup", "sub", "para", "a",
    "link", "greek", "strike", "img", "span",
];

/// A tag at the beginning of a text: its name, whether it closes, and what follows it.
fn tag(text: &str) -> Option<(String, bool, &str)> {
    let inside = text.strip_prefix('<')?;
    let end = inside.find('>')?;
    let (tag, after) = (&inside[..end], &inside[end + 1..]);
    let closes = tag.starts_with('/');
    let name = tag.trim_start_matches('/').trim_end_matches('/').trim();
    let name = name.split_whitespace().next()?.to_lowercase();
    TAGS.contains(&name.as_str()).then_some((name, closes, after))
}

/// An entity at the beginning of a text, and what follows it.
fn entity(text: &str) -> Option<(char, &str)> {
    let inside = text.strip_prefix('&')?;
    let end = inside.find(';').filter(|end| *end <= 10)?;
    let (name, after) = (&inside[..end], &inside[end + 1..]);
    let sign = match name {
        "trade" => '™',
        "hellip" => '…',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        _ => html_entity::letter(name).filter(|sign| !sign.is_control())?,
    };
    Some((sign, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_a_sentence() {
        for (old, new) in [
            ("This person passed.", "This person passed."),
            ("with <b>Distinction</b>.", "with *Distinction*."),
            ("<b>ATTENTION: </b>none", "*ATTENTION:* none"),
            ("<b><i>x</i></b> y", "*_x_* y"),
            ("a<br/>b &amp; c &#233;", "a b & c é"),
            ("5 * 4 snake_case {{ x }}", "5 \\* 4 snake\\_case {{ '{' }}{ x }}"),
            ("a <b c", "a <b c"),
            ("<x>kept</x>", "<x>kept</x>"),
            ("2 < 3 & 4", "2 < 3 & 4"),
            ("Part one \\nand two", "Part one and two"),
        ] {
            assert_eq!(sentence(old).text, new, "{old}");
        }
        assert_eq!(
            sentence("<super><font size=13>TM</font></super>").lost,
            ["super", "font"]
        );
        assert_eq!(plain("<b>A</b> &lt;i&gt;").text, "A <i>");
        assert_eq!(plain("<b>A</b>").lost, ["b"]);
    }
}
