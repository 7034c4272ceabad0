//! Checks that every sentence stands on the page once: in its slot, and nowhere else.

use unicode_segmentation::UnicodeSegmentation;

use super::reader::{PageReader, folios};
use super::reading::{self, PlacedText, Reading};
use crate::base::error::{ErrorKind, ErrorMessage, finding};

impl PageReader<'_> {
    pub(super) fn check_texts(&mut self) {
        const ONCE: &str = "set each sentence of the sheet once, with `slot`";
        let mut errors = Vec::new();
        let pages = self.page.document.pages().len();
        let strays: Vec<Vec<PlacedText<'_>>> = self.strays().collect();
        for sentence in self.sheet.sentences().chain(folios(self.sheet, pages)) {
            let expected = sentence.text();
            let texts: Vec<PlacedText<'_>> = self
                .inked
                .slots_of(&sentence.id)
                .flat_map(|slot| self.text_in(slot))
                .collect();
            let what = sentence.describe();
            let direction = self.sheet.direction_of(sentence);
            let stands_outside =
                || strays.iter().any(|stray| reading::says(stray, &expected, direction));
            match reading::read(&texts, &expected, direction) {
                Reading::Right => {
                    // The letters of a seal stand one by one: a single letter is not
                    // taken for a name of one letter.
                    let letters =
                        expected.graphemes(true).filter(|it| reading::visible(it));
                    if letters.take(2).count() == 2 && stands_outside() {
                        errors.push((
                            ErrorKind::TextDoubled,
                            format!("{what} stands on the page a second time, outside its slot")
                                .into(),
                            ONCE,
                        ));
                    }
                }
                Reading::Doubled => errors.push((
                    ErrorKind::TextDoubled,
                    format!("{what} stands on the page more than once").into(),
                    ONCE,
                )),
                Reading::Blank => {
                    let message: ErrorMessage = if stands_outside() {
                        format!("{what} stands on the page, but not in its slot").into()
                    } else {
                        finding!("not_on_page", sentence.role, sentence.short())
                    };
                    let help = "let the layout set it with `slot(sentence, …)`";
                    errors.push((ErrorKind::TextMissing, message, help));
                }
                Reading::Other(text) => errors.push((
                    ErrorKind::TextMissing,
                    format!("{what} reads `{text}` on the page").into(),
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

    /// Each built-in language with a name in its script, and names in which lines are
    /// hard to break: with hyphens of several kinds, long words, many words, or several
    /// scripts.
    const NAMES: [(&str, &str); 48] = [
        ("am", "ዶ/ር ወይዘሮ ፅጌረዳ ኃይለማርያም"),
        ("ar", "محمد بن عبد الرحمن بن علي الهاشمي القرشي التونسي"),
        ("bg", "Щърбан Ъглев-Йорданов"),
        ("bn", "শ্রীমতী ঋত্বিকা ক্ষেত্ৰপাল বন্দ্যোপাধ্যায়"),
        ("ca", "Gal·la Puig-l’Àngel i Güell"),
        ("cs", "Žaneta Příšerně-Žluťoučká"),
        ("de", "Dr. Jörg-Übel Größenwahn-Müßiggang"),
        ("el", "Ἀριστοτέλης Ὠκεανίδης-Ϊωάννου"),
        ("en", "Siobhán O’Brien-ffoulkes"),
        ("es", "María Ángeles Íñiguez de la Peña y Güemes"),
        ("fa", "سیّده پگاه گُل‌محمّدی نژاد"),
        ("fr", "Maëlle d’Œuvre-Ÿsaÿe"),
        ("he", "רַחֵל בְּרָכָה צְבִי־הִירְשׁ ז״ל"),
        ("hi", "डॉ॰ श्रीमती ज्ञानेश्वरी त्र्यम्बक कृष्णमूर्ति"),
        ("hu", "Őrült Űrhajós-Székesfehérvári Zsófia"),
        ("hy", "Սուրէն Յովհաննիսեան-Խաչատրյան"),
        ("id", "Raden Adjeng Kartini Djojo Adhiningrat"),
        ("it", "Nicolò Ciò-Perché degl’Innocenti"),
        ("ja", "Ya-Shen Chuang (莊雅善)"),
        ("ka", "ჯუმბერ ლეჟავა-მჭედლიშვილი"),
        ("ko", "남궁뷁 제갈공명-독고영재 황보선우 (南宮㻋)"),
        ("nl", "IJsbrand van ’t Hooft-de Ruijter"),
        ("pl", "Świętosława Brzęczyszczykiewicz-Łękołodzka"),
        ("pt", "Conceição D’Ávila e Guimarães"),
        ("pt-BR", "João Antônio Brandão Gonçalves Júnior"),
        ("ro", "Ștefăniță Țepeș-Înțeleptul"),
        ("ru", "Съёмщикова-Подъячева Ульяна Ёжиковна"),
        ("sw", "Ng’ang’a wa Mzee Mwinyi-Mkuu"),
        ("ta", "டாக்டர் க்ஷேத்ரஜ்ஞ ஸ்ரீநிவாசமூர்த்தி"),
        ("th", "นายแพทย์อภิสิทธิ์ วัฒนพงศ์ไพบูลย์กิจเจริญรุ่งเรือง"),
        ("tr", "İğdır Işıkçıoğlu-Şeyhülislâm"),
        ("uk", "Ґалаґан-Її Мар’яна З’єднанська"),
        ("ur", "ڈاکٹر سیّدہ نُزہت النّساء چودھری"),
        ("vi", "Nguyễn Phước Bửu Đại Kỳ Thuỷ"),
        ("zh-Hans", "龘䶮·阿卜杜热合曼·𠮷"),
        ("zh-Hant", "歐陽𡘙靐齉 Ya-Shen"),
        (
            "en",
            "Ana-María Sánchez-Ostiz y Fernández de Córdoba-Villavicencio de la Torre y Mendoza-Pimentel",
        ),
        (
            "de",
            "Karl-Theodor Maria Nikolaus Johann-Jacob Philipp Franz-Joseph Sylvester Freiherr von Guttenberg",
        ),
        (
            "fr",
            "Jean‐Baptiste Marie‐Joséphine de La Rochefoucauld‐Liancourt‐Estissac‐d’Enville‐Doudeauville",
        ),
        ("ja", "Jean-Luc Ōmori-Beauharnais (大森・ボアルネ 龍之介)"),
        ("ar", "Anna-Lena El-Masri (آنا-لينا المصري)"),
        ("he", "Bat-Sheva Ben-Gurion-Halevi (בת־שבע בן־גוריון)"),
        ("ko", "Min-jun Nam-gung (남궁민준) Park-Kim"),
        (
            "ru",
            "Нарышкина-Салтыкова-Щедрина Мария-Антуанетта Константиновна (Maria-Antoinette)",
        ),
        (
            "en",
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk-Unterbeamtengesellschaft",
        ),
        ("th", "Suda-rat Wong-Sawat (สุดารัตน์ วงศ์สวัสดิ์)"),
        ("el", "Μαρία-Ελένη Παπαδοπούλου-Οικονόμου-Χατζηγεωργίου"),
        ("zh-Hans", "Xiao-Ming Ouyang-Nabokov (欧阳·纳博科夫 小明)"),
    ];

    #[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
    #[test]
    fn page_breaks_each_sentence_into_the_lines_that_it_was_fitted_with() {
        let press = Press::new(Site::demo()).expect("the demo site is sound");
        let mut several = 0;
        // Layouts that need fields which the demo's course lacks have tests of their own; the card
        // has no room for its signatories.
        let layouts = press.site().layouts();
        let layouts = layouts.into_iter().filter(|layout| {
            !["statement-of-results", "degree", "card"].contains(layout)
        });
        for (step, layout) in layouts.enumerate() {
            let papers = press.papers(layout).expect("a layout");
            for (index, (language, name)) in NAMES.into_iter().enumerate() {
                // Every name is set in each layout, every second one on each paper.
                let paper = &papers[(index + step) % papers.len()];
                several += lines_agree(&press, layout, paper, language, name);
            }
        }
        assert!(several > 400, "{several}");
    }

    /// Checks one page. Returns how many of its sentences take several lines.
    fn lines_agree(
        press: &Press,
        layout: &str,
        paper: &str,
        language: &str,
        name: &str,
    ) -> usize {
        let course = "course-v1:ExampleX+CURL101+2026_T1";
        let request = Request::new(course, name)
            .expect("a name")
            .with_layout(layout)
            .with_paper(paper)
            .with_grade("Distinction")
            .with_language(Tag::parse(language).expect("a tag"));
        let today = Date::parse("2026-05-14").expect("a date");
        let page = press.page(&request, today, &DraftOptions::default());
        let page = page.expect("the page can be set");
        let reader = PageReader::new(&page);
        let (mut several, mut too_long) = (0, 0);
        for sentence in page.sheet.sentences() {
            let slots = reader.inked.slots_of(&sentence.id);
            let texts: Vec<_> = slots.flat_map(|slot| reader.text_in(slot)).collect();
            let lines = reading::line_count(&texts);
            let scales = std::iter::once(&sentence.fitted).chain(&sentence.smaller);
            let size = texts.first().map_or(0.0, |text| text.item.size.to_pt());
            let mut fitted = scales.filter(|fitted| {
                let mut sizes = sentence.runs.iter().map(|run| run.size * fitted.size);
                sizes.any(|own| (own - size).abs() < 0.01)
            });
            let what = format!("{layout} {paper} {language}: {}", sentence.text());
            let Some(fitted) = fitted.next() else {
                panic!("{what}: it is set at {size} points")
            };
            several += usize::from(lines > 1);
            // A text that does not fit at its smallest size takes more lines, which is an error.
            let fit = sentence.fit.at_most();
            let overflows = fitted.lines == fit.lines
                && fitted.size <= fit.min
                && lines > fitted.lines as usize;
            assert!(overflows || lines == fitted.lines as usize, "{what}: {lines}");
            too_long += usize::from(overflows);
        }
        drop(reader);
        assert!(too_long == 0 || page.proof().is_err(), "{layout} {paper} {name}");
        several
    }
}
