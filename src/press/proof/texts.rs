//! Checks that every sentence stands on the page once: in its slot, and nowhere else.

use super::reader::{PageReader, describe, folios};
use super::reading::{self, PlacedText, Reading};
use crate::base::error::ErrorKind;

impl PageReader<'_> {
    pub(super) fn check_texts(&mut self) {
        const ONCE: &str = "set each sentence of the sheet once, with `slot`";
        let mut errors = Vec::new();
        let pages = self.page.document.pages().len();
        for sentence in self.sheet.sentences().chain(folios(self.sheet, pages)) {
            let expected = sentence.text();
            let texts: Vec<PlacedText<'_>> = self
                .inked
                .slots_of(&sentence.id)
                .flat_map(|slot| self.text_in(slot))
                .collect();
            let what = describe(sentence);
            let direction = self.sheet.direction_of(sentence);
            let stands_outside = || {
                self.strays().any(|stray| {
                    reading::read(&stray, &expected, direction) == Reading::Right
                })
            };
            match reading::read(&texts, &expected, direction) {
                Reading::Right => {
                    if reading::visible(&expected) && stands_outside() {
                        errors.push((
                            ErrorKind::TextDoubled,
                            format!("{what} stands on the page a second time, outside its slot"),
                            ONCE,
                        ));
                    }
                }
                Reading::Doubled => errors.push((
                    ErrorKind::TextDoubled,
                    format!("{what} stands on the page more than once"),
                    ONCE,
                )),
                Reading::Blank => {
                    let message = if stands_outside() {
                        format!("{what} stands on the page, but not in its slot")
                    } else {
                        format!("{what} is not on the page")
                    };
                    let help = "let the layout set it with `slot(sentence, …)`";
                    errors.push((ErrorKind::TextMissing, message, help));
                }
                Reading::Other(text) => errors.push((
                    ErrorKind::TextMissing,
                    format!("{what} reads `{text}` on the page"),
                    "set a sentence's runs as they are, in their order, in one paragraph",
                )),
            }
        }
        for (kind, message, help) in errors {
            self.report(kind, message, help);
        }
    }
}
