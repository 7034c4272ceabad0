//! Finished sentences: everything that one certificate says, in one language.

use super::fact::{Fact, PrintedFact};
use super::finished_text::FinishedText;
use crate::base::error::{Place, Warning};
use crate::base::lang::Tag;
use crate::text::locale::Align;
use crate::text::runs::Runs;

/// Everything that one certificate says, in one language.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sentences {
    /// The language, with its extensions.
    pub language: Tag,
    /// The title of the document's metadata, plain text.
    pub title: String,
    /// The organization's name, plain text.
    pub organization: String,
    /// The printed title, such as `Certificate`.
    pub heading: Option<Phrase>,
    /// The sentences in the language's own order; none is empty.
    pub blocks: Vec<Phrase>,
    /// The sentence that says when the certificate was issued.
    pub date: Option<Phrase>,
    /// The sentence that says how the certificate can be verified.
    pub authenticity: Option<Phrase>,
    /// The sentences of which nothing is seen, and which have facts: what shows that they are
    /// empty may be the only difference between two certificates.
    pub(crate) empty: Vec<Phrase>,
    /// The word that marks a draft.
    pub specimen: Option<Phrase>,
    /// The layout's table, if it has one and the course or request gives rows.
    pub(crate) table: Option<TablePhrases>,
    /// Name and title of each signatory.
    pub signatories: Vec<(Runs, Option<Runs>)>,
    /// The alternative texts of pictures.
    pub alt: AltTexts,
    /// Name the texts that are in another language because there is none in this one.
    pub warnings: Vec<Warning>,
}

impl Sentences {
    /// The facts of the certificate in this language, in the order of reading: the language, what
    /// the sentences and the table print, and the signatories. The specimen mark and the page
    /// numbers have none.
    pub(crate) fn facts(&self) -> Vec<PrintedFact> {
        let mut facts = vec![PrintedFact::value("language", self.language.as_str())];
        let before = self.heading.iter().chain(&self.blocks);
        facts.extend(before.flat_map(Phrase::printed_facts));
        facts.extend(self.table.iter().flat_map(TablePhrases::facts));
        let after = self.date.iter().chain(&self.authenticity).chain(&self.empty);
        facts.extend(after.flat_map(Phrase::printed_facts));
        for (name, title) in &self.signatories {
            facts.push(PrintedFact::value("signatory", &name.bare()));
            let title = title.as_ref();
            facts.extend(
                title.map(|title| PrintedFact::value("signatory-title", &title.bare())),
            );
        }
        facts
    }

    /// The sentences that say something of the certificate, and the cells of its table.
    pub(super) fn phrases(&self) -> impl Iterator<Item = &Phrase> {
        let phrases = self.heading.iter().chain(&self.blocks).chain(&self.date);
        phrases.chain(self.table.iter().flat_map(TablePhrases::phrases))
    }

    /// Whether a value that the sentences or the table print is the recipient's name. It may be
    /// joined with a title.
    pub(crate) fn name_recipient(&self) -> bool {
        let mut phrases = self.heading.iter().chain(&self.blocks).chain(&self.date);
        phrases.any(|phrase| phrase.names_recipient)
            || self.table.iter().any(TablePhrases::name_recipient)
    }
}

/// Alternative texts of pictures, plain.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AltTexts {
    /// One for each signatory's signature.
    pub signature: Vec<String>,
    /// For the QR code.
    pub code: String,
    /// For the logo.
    pub logo: String,
}

/// A finished sentence.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Phrase {
    /// The role that a layout styles.
    pub role: String,
    /// The text.
    pub runs: Runs,
    /// The facts that it prints.
    pub(crate) facts: Vec<Fact>,
    /// Whether one of them is the recipient's name.
    pub(crate) names_recipient: bool,
    /// Where the sentence is written: in a locale file, or for a cell in the course.
    pub place: Place,
}

impl Phrase {
    /// A sentence, or `None` if nothing of it is visible.
    pub(super) fn visible(
        role: &str,
        written: FinishedText,
        place: &Place,
    ) -> Option<Self> {
        let FinishedText { runs, facts, names_recipient } = written;
        let (role, place) = (role.to_owned(), place.clone());
        (!runs.is_empty()).then_some(Self { role, runs, facts, names_recipient, place })
    }

    /// A sentence of which nothing is visible, if it has facts. `key` names it in them.
    pub(super) fn empty(
        role: &str,
        key: &str,
        written: &FinishedText,
        place: &Place,
    ) -> Option<Self> {
        let is_empty = Fact::Choice(format!("empty {key}"));
        let facts = [is_empty].into_iter().chain(written.facts.iter().cloned());
        let has_facts = written.runs.is_empty() && !written.facts.is_empty();
        has_facts.then(|| Self {
            role: role.to_owned(),
            runs: Runs::default(),
            facts: facts.collect(),
            names_recipient: false,
            place: place.clone(),
        })
    }

    fn printed_facts(&self) -> impl Iterator<Item = PrintedFact> {
        let fact =
            |fact: &Fact| PrintedFact { role: self.role.clone(), fact: fact.clone() };
        self.facts.iter().map(fact)
    }
}

/// The finished sentences of a table.
#[derive(Debug, Clone)]
pub(crate) struct TablePhrases {
    /// Heading and alignment of each column.
    pub(crate) columns: Vec<(Phrase, Align)>,
    /// The cells of each row; `None` for an empty cell.
    pub(crate) rows: Vec<Vec<Option<Phrase>>>,
    /// The row of totals, if any column has one.
    pub(crate) total: Option<Vec<Option<Phrase>>>,
}

impl TablePhrases {
    fn phrases(&self) -> impl Iterator<Item = &Phrase> {
        let cells = self.rows.iter().chain(&self.total).flatten().flatten();
        self.columns.iter().map(|(heading, _)| heading).chain(cells)
    }

    fn name_recipient(&self) -> bool {
        let cells = self.rows.iter().chain(&self.total).flatten().flatten();
        let mut phrases = self.columns.iter().map(|(heading, _)| heading).chain(cells);
        phrases.any(|phrase| phrase.names_recipient)
    }

    fn facts(&self) -> Vec<PrintedFact> {
        let columns =
            self.columns.iter().flat_map(|(heading, _)| heading.printed_facts());
        let mut facts: Vec<_> = columns.collect();
        for row in self.rows.iter().chain(&self.total) {
            let choice = |name: &str| PrintedFact {
                role: "table".to_owned(),
                fact: Fact::Choice(name.to_owned()),
            };
            // The same value in another row or column is another statement.
            facts.push(choice("row"));
            for cell in row {
                match cell {
                    Some(cell) => facts.extend(cell.printed_facts()),
                    None => facts.push(choice("empty")),
                }
            }
        }
        facts
    }
}
