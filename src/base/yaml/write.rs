//! Texts as scalars of a YAML file that a program writes.

/// A text as a scalar: plain if it can only be read as that text.
pub(crate) fn scalar(text: &str) -> String {
    let first = text.chars().next();
    let last = text.chars().next_back();
    let is_safe = |c: char| {
        c.is_alphanumeric()
            || matches!(c, ' ' | '-' | '_' | '.' | '/' | '+' | '(' | ')' | '’')
    };
    let is_id = text.starts_with("course-v1:") && text[10..].chars().all(is_safe);
    let words =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let is_plain = first.is_some_and(char::is_alphabetic)
        && last.is_some_and(|c| c.is_alphanumeric() || matches!(c, ')' | '.'))
        && (text.chars().all(is_safe) || is_id)
        && !words.contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes. JSON's escapes are YAML's.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Faults};
    use super::*;

    #[test]
    fn text_is_read_as_it_was_written() {
        for text in [
            "Knots and Splices",
            "yes",
            "No",
            "null",
            "~",
            "1e3",
            "2026-05-14",
            "-1.5",
            "012",
            "",
            " a",
            "a ",
            "a: b",
            "- a",
            "# a",
            "{a}",
            "a, b",
            "'a",
            "@a",
            "a\nb",
            "\"q\"",
            "x:",
            "Ж",
            "course-v1:a+b+c",
            "C:\\x",
        ] {
            for written in [scalar(text), quoted(text)] {
                let file = format!("k: {written}\n");
                let mut faults = Faults::default();
                let document =
                    Document::parse("f", file.as_bytes(), &mut faults).unwrap();
                let fields = document.root().fields(&["k"], &mut faults).unwrap();
                assert_eq!(fields.get("k").unwrap().text().unwrap(), text, "{written}");
            }
        }
        assert_eq!(scalar("Knots and Splices"), "Knots and Splices");
        assert_eq!(scalar("no"), "\"no\"", "YAML 1.1 reads it as false");
    }
}
