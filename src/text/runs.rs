//! Finished text: runs of one style each, with values kept apart from the translator's words.
//!
//! The decision: a run that is a value has its own bidirectional isolation (FSI … PDI, UAX #9), so
//! that a name in another direction does not reorder the sentence around it.

use serde::Serialize;

/// First strong isolate: the first strong character decides the direction of the text up to
/// [`PDI`].
pub(crate) const FSI: char = '\u{2068}';
/// Pop directional isolate.
pub(crate) const PDI: char = '\u{2069}';

/// A stretch of text in one style.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The text, isolated if it is a value.
    pub text: String,
    /// Whether it was between `*` and `*`.
    pub strong: bool,
    /// Whether it was between `_` and `_`.
    pub emphasis: bool,
    /// The address that the text links to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whether it is a value, and not the translator's own words.
    pub value: bool,
}

/// A sentence as a sequence of [`Run`]s.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Runs(pub(crate) Vec<Run>);

impl Runs {
    /// One plain run; none for an empty text.
    pub fn plain(text: &str) -> Self {
        let run = Run {
            text: text.to_owned(),
            strong: false,
            emphasis: false,
            link: None,
            value: false,
        };
        Self(if text.is_empty() { Vec::new() } else { vec![run] })
    }

    /// One run that is a value, isolated; none for an empty text.
    pub fn value(text: &str) -> Self {
        let mut runs = Self::plain(text);
        for run in &mut runs.0 {
            run.text = isolated(text);
            run.value = true;
        }
        runs
    }

    /// The runs between FSI and PDI, so that they have a direction of their own inside a sentence.
    pub(crate) fn isolated(mut self) -> Self {
        if !self.is_empty() {
            let control = |c: char| Self::plain(c.encode_utf8(&mut [0; 4])).0;
            self.0.splice(0..0, control(FSI));
            self.0.extend(control(PDI));
        }
        self
    }

    /// The whole text, isolates included.
    pub fn text(&self) -> String {
        self.0.iter().map(|run| run.text.as_str()).collect()
    }

    /// The whole text without isolates, for plain text: titles, alternative texts, records.
    pub fn bare(&self) -> String {
        self.iter().flat_map(|run| run.text.chars()).filter(|c| !is_isolate(*c)).collect()
    }

    /// Whether it has white space and isolates only.
    pub fn is_empty(&self) -> bool {
        self.iter()
            .flat_map(|run| run.text.chars())
            .all(|c| c.is_whitespace() || is_isolate(c))
    }

    /// The runs in reading order.
    pub fn iter(&self) -> std::slice::Iter<'_, Run> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Runs {
    type Item = &'a Run;
    type IntoIter = std::slice::Iter<'a, Run>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// `text` between FSI and PDI. Digits alone stay as they are: isolates would change nothing.
pub(crate) fn isolated(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    format!("{FSI}{text}{PDI}")
}

fn is_isolate(c: char) -> bool {
    matches!(c, '\u{2066}'..=PDI)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_isolated_and_words_are_not() {
        assert_eq!(Runs::plain("نص").text(), "نص");
        assert_eq!(Runs::value("Ada").text(), "\u{2068}Ada\u{2069}");
        assert_eq!(Runs::value("Ada").bare(), "Ada");
        assert_eq!(Runs::value("2026").text(), "2026");
        assert!(Runs::value("").is_empty() && Runs::value(" ").is_empty());
    }
}
