//! Checks that no glyph is missing or without ink, and that every family is declared.

use std::collections::HashSet;

use super::ink::MarkKind;
use super::reader::PageReader;
use crate::base::error::{Error, ErrorKind};

impl PageReader<'_> {
    pub(super) fn check_faces(&mut self) {
        let declared: HashSet<&str> =
            self.page.layout.families().chain(self.page.fonts.families()).collect();
        let mut errors = Vec::new();
        let mut undeclared = HashSet::new();
        for mark in &self.inked.marks {
            let MarkKind::Text(text) = &mark.kind else { continue };
            let font = text.font.font();
            let family = self.page.fonts.family_of(font).unwrap_or(&font.info().family);
            let missing = text.glyphs.iter().filter(|glyph| glyph.id == 0);
            if let Some(glyph) = missing.min_by_key(|glyph| glyph.range().start) {
                let cluster = text.text.get(glyph.range()).unwrap_or_default();
                let letter =
                    cluster.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                let what = match self.sentence_of(mark) {
                    Some(sentence) => sentence.describe(),
                    None => format!("`{}`, which the layout writes itself,", text.text),
                };
                let number = u32::from(letter);
                let error = Error::new(
                    ErrorKind::MissingGlyph,
                    format!("{what} is set in `{family}`, which lacks `{letter}` (U+{number:04X})"),
                )
                .with_help("set each run in its own face, `run.font`, and nothing else");
                errors.push(error.at(self.place_of(mark)));
            }
            if let Some(part) = self.page.fonts.blank_part(text) {
                let letters = text.text.get(part).unwrap_or_default();
                let what = match self.sentence_of(mark) {
                    Some(sentence) => sentence.describe(),
                    None => format!("`{}`, which the layout writes itself,", text.text),
                };
                let error = Error::new(
                    ErrorKind::MissingGlyph,
                    format!(
                        "{what} is set in `{family}`, which draws nothing for `{letters}`"
                    ),
                )
                .with_help("set it in another family, or mend the font");
                errors.push(error.at(self.place_of(mark)));
            }
            if !declared.contains(family) && undeclared.insert(family) {
                let error = Error::new(
                    ErrorKind::UndeclaredFamily,
                    format!(
                        "`{}` is set in the family `{family}`, which the layout does not \
                         declare",
                        text.text
                    ),
                )
                .with_help(
                    "name it under `faces` in `layout.yaml`, or use a face of those",
                );
                errors.push(error.at(self.place_of(mark)));
            }
        }
        self.errors.extend(errors);
    }
}

#[cfg(test)]
mod tests {
    use typst::introspection::{Location, Locator};
    use typst::layout::{Frame, FrameItem};
    use typst::text::{FontFamily, FontList, TextElem, TextItem};

    use crate::press::fit::layout_alone;
    use crate::press::fonts::Fonts;
    use crate::press::fonts::blank::with_empty_letter;
    use crate::site::files::Site;

    fn text_in(frame: &Frame) -> Option<&TextItem> {
        frame.items().find_map(|(_, item)| match item {
            FrameItem::Text(text) => Some(text),
            FrameItem::Group(group) => text_in(&group.frame),
            _ => None,
        })
    }

    #[test]
    fn letter_that_is_drawn_without_ink_is_found() {
        let bytes = Site::new().built_in("fonts/cinzel/Cinzel-Regular.ttf");
        let bytes = with_empty_letter(bytes.expect("the face"), 'ą');
        let site = Site::new().with_file("fonts/Own.ttf", bytes);
        let fonts = Fonts::load(&site).expect("the fonts load");
        for (text, blank) in [("Wasik", None), ("Wąsik", Some(1..3)), ("W s", None)] {
            for family in ["Wanzel", "Cinzel"] {
                let family_list = FontList(vec![FontFamily::new(family)]);
                let content = TextElem::packed(text).set(TextElem::font, family_list);
                let locator = Locator::synthesize(Location::new(1));
                let frame = layout_alone(&fonts, &content, 400.0, locator);
                let frame = frame.expect("it is laid out");
                let found = fonts.blank_part(text_in(&frame).expect("a text"));
                let expected = blank.clone().filter(|_| family == "Wanzel");
                assert_eq!(found, expected, "{text} in {family}");
            }
        }
    }
}
