//! Reads the values of an old verify page by matching it with its template.
//!
//! The decision: a page is read by the template that it was made from, which the migration kept in
//! `legacy/`. A page that does not match any template is not guessed at.

use std::collections::BTreeMap;

use crate::cli::migrate::old_page::{PagePart, page_parts};

/// A template, cut at its names: a text, then a name, and so on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageTemplate {
    parts: Vec<Part>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// The values of a page by the names of the template.
pub(super) type PageValues = BTreeMap<String, String>;

impl PageTemplate {
    /// Reads a template; `None` if it does not name the recipient.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_of_name = |b: u8| b.is_ascii_uppercase() || b == b'_';
        let mut parts = Vec::new();
        let mut plain = String::new();
        for part in page_parts(text, is_of_name) {
            match part {
                PagePart::Text(text) => plain.push_str(text),
                PagePart::Name(name) => {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Name(name.to_owned()));
                }
            }
        }
        parts.push(Part::Text(plain));
        let names_recipient = parts.contains(&Part::Name("NAME".to_owned()));
        names_recipient.then_some(Self { parts })
    }

    /// The values of a page; `None` if it was not made from this template.
    pub(super) fn read(&self, page: &str) -> Option<PageValues> {
        let mut values = PageValues::new();
        let mut rest = page;
        let mut name: Option<&str> = None;
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Name(next) => name = Some(next),
                Part::Text(text) => {
                    let is_last = index + 1 == self.parts.len();
                    let at = match name {
                        None => rest.starts_with(text.as_str()).then_some(0)?,
                        Some(_) if is_last => {
                            rest.len().checked_sub(text.len()).filter(|at| {
                                rest.is_char_boundary(*at) && rest[*at..] == *text
                            })?
                        }
                        // Two names side by side cannot be told apart.
                        Some(_) if text.is_empty() => return None,
                        Some(_) => rest.find(text.as_str())?,
                    };
                    if let Some(name) = name.take() {
                        let value = rest[..at].to_owned();
                        let first = values
                            .entry(name.to_owned())
                            .or_insert_with(|| value.clone());
                        if *first != value {
                            return None;
                        }
                    }
                    rest = &rest[at + text.len()..];
                }
            }
        }
        rest.is_empty().then_some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_read_by_its_template() {
        let template = PageTemplate::parse(
            "<style>a {{ b: c }}</style><h1>{NAME}</h1><p>{COURSE}: {NAME}</p>{SIGNATURE}\n",
        );
        let template = template.unwrap();
        let page = "<style>a { b: c }</style><h1>Ada L</h1><p>CS101: Ada L</p>-----\nx\n";
        let values = template.read(page).unwrap();
        assert_eq!(values["NAME"], "Ada L");
        assert_eq!(values["COURSE"], "CS101");
        assert_eq!(values["SIGNATURE"], "-----\nx");
        for other in ["", "<h1>Ada</h1>", &page.replace("CS101: Ada", "CS101: Eve")] {
            assert_eq!(template.read(other), None, "{other}");
        }
        assert_eq!(PageTemplate::parse("<p>no name</p>"), None);
    }
}
