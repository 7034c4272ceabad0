//! Writes YAML for people: block maps and lists, and quotes where they are needed.

use crate::base::yaml;

/// A value that is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Yaml {
    /// A text, in quotes if it would else be something else.
    Text(String),
    /// A scalar as it is: a number, `true`, `rolling`.
    Plain(String),
    Map(Vec<(String, Yaml)>),
    List(Vec<Yaml>),
}

impl Yaml {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// Writes the entries of a map, each on lines of its own.
    pub(super) fn write_entries(
        entries: &[(String, Yaml)],
        indent: usize,
        out: &mut String,
    ) {
        for (key, value) in entries {
            out.push_str(&" ".repeat(indent));
            out.push_str(&yaml::scalar(key));
            out.push(':');
            value.write_after_key(indent, out);
        }
    }

    fn write_after_key(&self, indent: usize, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&format!(" {}\n", yaml::scalar(text))),
            Self::Plain(text) => out.push_str(&format!(" {text}\n")),
            Self::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
            Self::List(items) if items.is_empty() => out.push_str(" []\n"),
            Self::Map(entries) => {
                out.push('\n');
                Self::write_entries(entries, indent + 2, out);
            }
            Self::List(items) => {
                out.push('\n');
                for item in items {
                    item.write_item(indent + 2, out);
                }
            }
        }
    }

    fn write_item(&self, indent: usize, out: &mut String) {
        let dash = format!("{}-", " ".repeat(indent));
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                let mut inner = String::new();
                Self::write_entries(entries, indent + 2, &mut inner);
                out.push_str(&dash);
                out.push_str(&inner[dash.len()..]);
            }
            other => {
                out.push_str(&dash);
                other.write_after_key(indent, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let texts = [
            "Sample course",
            "yes",
            "010",
            "2014-03-02",
            "a: b",
            "# x",
            "",
            " x",
            "é",
            "1.0",
            "-",
            "course-v1:a+b+c",
            "a\nb",
            "\"q\"",
            "null",
            "~",
            "{x}",
            "a, b",
            "Ж",
            "x:",
            "\u{85}",
        ];
        for text in texts {
            let value = Yaml::Map(vec![
                ("k".into(), Yaml::text(text)),
                (
                    "l".into(),
                    Yaml::List(vec![Yaml::Map(vec![(text.into(), Yaml::plain("1"))])]),
                ),
            ]);
            let mut out = String::new();
            value.write_after_key(0, &mut out);
            let read =
                crate::cli::migrate::yaml11::read(format!("r:{out}").as_bytes()).unwrap();
            let root = read.root.get("r").unwrap();
            assert_eq!(root.get("k").unwrap().printed(), text, "{out}");
            assert!(
                matches!(
                    &root.get("k").unwrap().value,
                    crate::cli::migrate::python::Value::Text(it) if it == text
                ),
                "{out}"
            );
        }
    }
}
