//! Whether the sentences show the recipient's name as it was given.
//!
//! Takes finished sentences and the name. The decision: a sentence may write the name in capitals or
//! with words around it, and changes no letter of it, whichever filters it uses.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;

use super::fact::Fact;
use super::sentences::{Phrase, Sentences};
use crate::base::lang::Tag;

/// What the sentences make of a name.
#[derive(Debug)]
pub(crate) enum ShownName<'a> {
    /// A sentence shows it, and none shows it otherwise.
    Whole,
    /// No sentence shows it.
    Nowhere,
    /// This sentence shows something else in its place.
    Changed(&'a Phrase),
}

impl Sentences {
    /// What the sentences and the table make of the recipient's name.
    pub(crate) fn shown_name(&self, name: &str) -> ShownName<'_> {
        ShownName::of(self, name)
    }
}

impl<'a> ShownName<'a> {
    /// Reads the sentences of one language.
    pub(super) fn of(sentences: &'a Sentences, name: &str) -> Self {
        let folded = folded(name, &sentences.language);
        let mut found = Self::Nowhere;
        for phrase in sentences.phrases() {
            // A name may be joined with a title before it is printed, as one value.
            let has = |is_it: fn(&str, &str) -> bool| {
                phrase.facts.iter().any(|fact| match fact {
                    Fact::Value(text) => is_it(text, name),
                    Fact::Choice(_) => false,
                })
            };
            if values(phrase, &sentences.language).contains(&folded) {
                if has(|text, name| text.contains(name)) {
                    found = Self::Whole;
                }
            } else if has(|text, name| text == name) {
                return Self::Changed(phrase);
            }
        }
        found
    }
}

/// The values that a sentence prints, as they are compared. The translator's words between them
/// join no parts of a name.
fn values(phrase: &Phrase, language: &Tag) -> String {
    let mut text = String::new();
    for run in &phrase.runs {
        text.push_str(if run.value { &run.text } else { "\0" });
    }
    folded(&text, language)
}

/// A text without what a line or a style may change: case, isolates, and kinds of space.
fn folded(text: &str, language: &Tag) -> String {
    let is_kept =
        |c: &char| !matches!(c, '\u{2066}'..='\u{2069}' | '\u{ad}' | '\u{200b}');
    let plain: String = text.chars().filter(is_kept).collect();
    let upper = CaseMapper::new().uppercase_to_string(&plain, &language.locale().id);
    let words: Vec<&str> = upper.split_whitespace().collect();
    words.join(" ").cjk_compat_variants().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Place;
    use crate::text::phrases::AltTexts;
    use crate::text::runs::{Run, Runs};

    fn shown(tag: &str, printed: &[&str], name: &str) -> String {
        let place = Place::file("x");
        let phrase = |text: &&str| {
            let own = Runs::plain("Canada for ");
            let runs = own.0.into_iter().chain(Runs::value(text).0).collect::<Vec<Run>>();
            let facts = vec![Fact::Value(name.to_owned())];
            Phrase {
                names_recipient: true,
                role: "recipient".into(),
                runs: Runs(runs),
                facts,
                place: place.clone(),
            }
        };
        let sentences = Sentences {
            empty: Vec::new(),
            language: Tag::parse(tag).unwrap(),
            title: String::new(),
            organization: String::new(),
            heading: None,
            blocks: printed.iter().map(phrase).collect(),
            date: None,
            authenticity: None,
            specimen: None,
            table: None,
            signatories: Vec::new(),
            alt: AltTexts::default(),
            warnings: Vec::new(),
        };
        match sentences.shown_name(name) {
            ShownName::Whole => "whole".to_owned(),
            ShownName::Nowhere => "nowhere".to_owned(),
            ShownName::Changed(phrase) => phrase.runs.bare(),
        }
    }

    #[test]
    fn name_may_change_its_case_and_its_spaces_and_nothing_else() {
        for (tag, printed, name) in [
            ("eo", "ADA LOVELACE", "Ada Lovelace"),
            ("eo", "Ada\u{a0}Lovelace", "Ada Lovelace"),
            ("tr", "IŞIL İNCİ", "Işıl İnci"),
            ("tr", "ışıl inci", "Işıl İnci"),
            ("el", "ΝΙΚΟΣ ΆΓΓΕΛΟΣ", "Νίκος Άγγελος"),
            ("de", "MAX STRASSER", "Max Straßer"),
            ("cs", "ing. Ada Lovelace, Ph.D.", "Ada Lovelace"),
        ] {
            assert_eq!(shown(tag, &[printed], name), "whole", "{tag} {printed}");
        }
        for printed in ["Ado Loveloce", "Ada", "Ada B. Lovelace", "Lovelace Ada"] {
            let changed = shown("eo", &["Ada Lovelace", printed], "Ada Lovelace");
            assert!(changed.ends_with(printed), "{changed}");
        }
        // The words around it do not count.
        assert_eq!(shown("eo", &["Odo"], "Ada"), "Canada for Odo");
        assert_eq!(shown("eo", &[], "Ada"), "nowhere");
    }
}
