//! Text that a layout writes itself, which no locale can translate.

use std::collections::HashSet;

use super::ink::{Inked, MarkKind};
use crate::base::error::{ErrorKind, Warning};
use crate::press::engine::page::Page;

impl Page {
    /// A warning for each text with letters that belongs to no sentence.
    pub(crate) fn untranslated_texts(&self) -> Vec<Warning> {
        let labels: HashSet<&str> =
            self.sheet.sentences().map(|sentence| sentence.id.as_str()).collect();
        let inked = Inked::of(self, |label| labels.contains(label));
        let known: Vec<String> = std::iter::once(&self.sheet.author)
            .chain(self.sheet.verify.iter().map(|verify| &verify.url))
            .flat_map(|text| [text.to_uppercase(), text.clone()])
            .collect();
        let mut warnings: Vec<Warning> = Vec::new();
        for mark in inked.marks.iter().filter(|mark| mark.slot.is_none()) {
            let MarkKind::Text(item) = &mark.kind else { continue };
            // The organization's name on a seal, and the number of the certificate, need
            // no translation.
            let own = known.iter().any(|known| known.contains(item.text.trim()));
            if own || !item.text.contains(char::is_alphabetic) {
                continue;
            }
            let glyph = item.glyphs.first();
            let place = glyph.and_then(|glyph| self.place_in_layout(glyph.span.0));
            let message = format!(
                "the layout writes `{}` itself, which stays the same in every language",
                item.text
            );
            let warning = Warning::new(ErrorKind::Layout, message)
                .at(place.unwrap_or_else(|| self.layout.place.clone()))
                .with_help("let a sentence of the locale say it");
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        warnings
    }
}
