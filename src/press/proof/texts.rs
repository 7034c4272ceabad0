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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::date::Date;
    use crate::base::lang::Tag;
    use crate::press::draft::{DraftOptions, Press};
    use crate::site::files::Site;
    use crate::site::request::Request;

    const NAMES: [&str; 5] = [
        "Ada Example",
        "Ana-María Sánchez-Ostiz y Fernández de Córdoba-Villavicencio de la Torre",
        "นายแพทย์อภิสิทธิ์ วัฒนพงศ์ไพบูลย์กิจเจริญรุ่งเรือง",
        "محمد بن عبد الرحمن بن علي الهاشمي القرشي التونسي",
        "Ya-Shen Chuang (莊雅善)",
    ];

    #[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
    #[test]
    fn page_breaks_each_sentence_into_the_lines_that_it_was_fitted_with() {
        let press = Press::new(Site::demo()).expect("the demo site is sound");
        let today = Date::parse("2026-05-14").expect("a date");
        let mut several = 0;
        for layout in ["classic", "modern", "honor", "statement"] {
            for (language, name) in ["en", "ar", "th", "ja"]
                .into_iter()
                .flat_map(|l| NAMES.map(|name| (l, name)))
            {
                let course = "course-v1:ExampleX+CURL101+2026_T1";
                let request = Request::new(course, name)
                    .expect("a name")
                    .with_layout(layout)
                    .with_grade("Distinction")
                    .with_language(Tag::parse(language).expect("a tag"));
                let page = press.page(&request, today, &DraftOptions::default());
                let page = page.expect("the page can be set");
                let reader = PageReader::new(&page);
                for sentence in page.sheet.sentences() {
                    let slots = reader.inked.slots_of(&sentence.id);
                    let texts: Vec<_> =
                        slots.flat_map(|slot| reader.text_in(slot)).collect();
                    let lines = reading::line_count(&texts);
                    let scales =
                        std::iter::once(&sentence.fitted).chain(&sentence.smaller);
                    let size = texts.first().map_or(0.0, |text| text.item.size.to_pt());
                    let mut fitted = scales.filter(|fitted| {
                        let sizes =
                            sentence.runs.iter().map(|run| run.size * fitted.size);
                        sizes.into_iter().any(|own| (own - size).abs() < 0.01)
                    });
                    let fitted = fitted.next().expect("it is set at one of its sizes");
                    several += usize::from(lines > 1);
                    let what = format!("{layout} {language} {name}: {}", sentence.text());
                    assert_eq!(lines, fitted.lines as usize, "{what}");
                }
            }
        }
        assert!(several > 20, "{several}");
    }
}
