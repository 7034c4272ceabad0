//! Makes sentences for the sheet.
//!
//! Takes the phrases of a language, gives [`Sentence`]s with the faces of their runs. The
//! decision made here: a letter that no font has is an error at the line of the sentence,
//! and all such letters are reported.

use std::sync::Arc;

use icu_casemap::CaseMapper;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use super::sentence::{Sentence, SheetRun};
use crate::base::error::{Error, ErrorKind, Place};
use crate::base::lang::Tag;
use crate::press::fit::fitted::Fitted;
use crate::press::fonts::{FaceRequest, FontRun, Fonts};
use crate::press::layout::Layout;
use crate::press::layout::role::{Case, PlainFace, Role};
use crate::site::course::Course;
use crate::text::phrases::Phrase;
use crate::text::runs::Runs;

/// The most characters of a sentence, far more than there is room for on a page: a longer
/// text is refused before it is shaped.
const MAX_LETTERS: usize = 10_000;

/// Makes a sheet's sentences in one language.
pub(super) struct SentenceBuilder<'a> {
    layout: &'a Layout,
    fonts: &'a Fonts,
    tag: &'a Tag,
    course: &'a Course,
    /// The errors of all sentences so far.
    pub(super) errors: Vec<Error>,
}

impl<'a> SentenceBuilder<'a> {
    /// A builder for one language and the texts of a course.
    pub(super) fn new(
        layout: &'a Layout,
        fonts: &'a Fonts,
        tag: &'a Tag,
        course: &'a Course,
    ) -> Self {
        Self { layout, fonts, tag, course, errors: Vec::new() }
    }

    /// The sentence of a phrase, in the slot labelled `id`.
    pub(super) fn phrase(&mut self, id: &str, phrase: Phrase) -> Sentence {
        let place = match phrase.role.as_str() {
            "recipient" => None,
            "course" => {
                let Course { title, language, .. } = self.course;
                Some(title.place(self.tag, language).clone())
            }
            _ => Some(phrase.place),
        };
        let before = self.errors.len();
        let mut sentence = self.runs(id, &phrase.role, phrase.runs);
        if let Some(place) = &place {
            for error in self.errors.split_off(before) {
                self.errors.push(error.at(place.clone()));
            }
        }
        sentence.place = place;
        sentence
    }

    /// The sentence of some runs in a role, in the slot labelled `id`.
    pub(super) fn runs(&mut self, id: &str, role_name: &str, runs: Runs) -> Sentence {
        let role = self.layout.role(role_name);
        let letters: usize = runs.iter().map(|run| run.text.chars().count()).sum();
        let runs = if letters > MAX_LETTERS {
            let message = format!(
                "the {role_name} has {letters} letters, and a sentence at most {MAX_LETTERS}"
            );
            let help = "shorten the text, or the values in it";
            self.errors.push(Error::new(ErrorKind::TooLarge, message).with_help(help));
            Runs::default()
        } else {
            runs
        };
        let mut text = String::new();
        let mut requests = Vec::new();
        for run in &runs {
            let start = text.len();
            match role.case {
                Case::AsWritten => text.push_str(&run.text),
                Case::Upper => text.push_str(
                    &CaseMapper::new()
                        .uppercase_to_string(&run.text, &self.tag.locale().id),
                ),
            }
            let request = self.layout.face_request(role, run.strong, run.emphasis);
            requests.push((start..text.len(), request));
        }
        let found = self.fonts.itemize(&text, &requests, self.tag);
        let found = found.unwrap_or_else(|letter| {
            let text = runs.bare();
            let error = self.fonts.missing_glyph(&letter, self.tag, role_name, &text);
            self.errors.push(match self.source(&letter, &runs.bare()) {
                Some(place) => error.at(place.clone()),
                None => error,
            });
            Arc::default()
        });
        let runs = found.iter().map(|FontRun { range, request, face }| SheetRun {
            text: text[range.clone()].to_owned(),
            font: face.family.clone(),
            weight: face.weight,
            italic: face.italic,
            size: face.scale,
            script: face.script.clone(),
            tracking: 0.0,
            parts: Vec::new(),
            link: runs.0[*request].link.clone(),
        });
        let mut runs: Vec<SheetRun> = runs.collect();
        let asked = found.iter().map(|run| requests[run.request].1);
        self.stand_upright(&mut runs, &asked.collect::<Vec<_>>());
        if let Some(plain) = &role.plain {
            self.suit(&mut runs, role, plain);
        }
        Sentence {
            id: id.to_owned(),
            role: role_name.to_owned(),
            fit: role.fit,
            fitted: Fitted::NONE,
            smaller: Vec::new(),
            runs,
            place: None,
        }
    }

    /// The place in the course of the text that contains a letter of a sentence, if there
    /// is one.
    fn source(&self, letter: &str, sentence: &str) -> Option<&'a Place> {
        let (course, tag) = (self.course, self.tag);
        let source = course.texts().find(|text| {
            let (text, _) = text.get(tag, &course.language);
            let has_letter =
                text.contains(letter) || text.to_uppercase().contains(letter);
            has_letter && sentence.contains(text)
        });
        source.map(|text| text.place(tag, &course.language))
    }

    /// Sets figures and signs of an italic upright if the word before them is, or else
    /// the word after them: that is so in scripts without italics. If the language of the
    /// sentence is written in such a script, all words are set upright, also those in
    /// other scripts.
    fn stand_upright(&self, runs: &mut [SheetRun], asked: &[FaceRequest<'_>]) {
        if !asked.iter().all(|face| face.italic) {
            return;
        }
        let is_word = |run: &SheetRun| run.text.chars().any(char::is_alphabetic);
        let upright = |run: &SheetRun| is_word(run).then_some(!run.italic);
        let all = !self.tag.has_italics() && runs.iter().filter_map(upright).any(|is| is);
        for index in 0..runs.len() {
            if !runs[index].italic || !all && is_word(&runs[index]) {
                continue;
            }
            let before = runs[..index].iter().rev().find_map(upright);
            let beside = before.or_else(|| runs[index + 1..].iter().find_map(upright));
            if !all && beside != Some(true) {
                continue;
            }
            let run = &mut runs[index];
            let request = FaceRequest { italic: false, ..asked[index] };
            let whole = 0..run.text.len();
            let found = self.fonts.itemize(&run.text, &[(whole, request)], self.tag);
            if let [only] = &*found.unwrap_or_default() {
                run.font.clone_from(&only.face.family);
                run.weight = only.face.weight;
                run.italic = only.face.italic;
            }
        }
    }

    /// Sets words that are not suited to the role's face in the plain one: those of a
    /// text with words in capitals, because such a face has capitals for the beginning of
    /// words, and Greek. Words in other faces get the size of the plain one too.
    fn suit(&self, runs: &mut [SheetRun], role: &Role, plain: &PlainFace) {
        let own = &self.layout.face(&role.face).family;
        let capitals = runs.iter().any(|run| run.font == *own && has_capitals(&run.text));
        let face = self.layout.face(&plain.face);
        for run in runs {
            if run.font == *own && !capitals {
                continue;
            }
            let request = FaceRequest {
                family: &face.family,
                fallback: &face.fallback,
                generic: face.generic,
                weight: plain.weight,
                italic: false,
            };
            let whole = 0..run.text.len();
            if run.font == *own || run.script == "grek" {
                let found = self.fonts.itemize(&run.text, &[(whole, request)], self.tag);
                let found = found.unwrap_or_default();
                let has_all = |run: &FontRun| run.face.family == face.family;
                if let Some(first) = found.first().filter(|_| found.iter().all(has_all)) {
                    run.font.clone_from(&first.face.family);
                    run.weight = first.face.weight;
                    run.italic = false;
                }
            }
            run.size *= plain.size;
        }
    }
}

/// Whether a text has two capitals next to each other.
fn has_capitals(text: &str) -> bool {
    let mut before = false;
    for c in text.chars().filter(|&c| !is_mark(c)) {
        let capital = c.is_uppercase();
        if before && capital {
            return true;
        }
        before = capital;
    }
    false
}

fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::cache::ImageCache;
    use crate::press::fit::{Fitter, Setting, Step};
    use crate::press::layout::slot::{Slot, SlotStyle};
    use crate::site::files::Site;

    /// Text in both directions, with hyphens, in words of three letters.
    fn mixed(words: usize) -> Runs {
        Runs::plain(&"aא- ".repeat(words))
    }

    #[test]
    fn text_that_fits_nowhere_is_refused_or_is_not_searched_for() {
        let site = Site::demo();
        let fonts = std::sync::Arc::new(Fonts::load(&site).expect("the fonts"));
        let layout = Layout::load(&site, "classic", &fonts, &ImageCache::default())
            .expect("a layout");
        let tag = Tag::parse("he").expect("a tag");
        let courses = crate::site::course::Courses::parse(&[(
            "a.yaml".to_owned(),
            b"c: { title: A, organization: B, language: he }".to_vec(),
        )]);
        let courses = courses.expect("a course");
        let course = courses.get("c").expect("a course");
        let mut builder = SentenceBuilder::new(&layout, &fonts, &tag, course);
        builder.runs("a", "statement", mixed(15_000));
        let error = builder.errors.pop().expect("60,000 letters are too many");
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:#}");
        assert!(error.message().contains("60000"), "{error:#}");

        let mut sentence = builder.runs("a", "statement", mixed(2_000));
        assert!(builder.errors.is_empty());
        let slot = Slot { width: 500.0, narrow: None, style: SlotStyle::default() };
        let setting = Setting { tag: &tag, tabular: false };
        Fitter::new(fonts.clone()).fit(
            &mut sentence,
            &slot,
            &[Step::usual(1.0), Step::usual(0.9)],
            setting,
        );
        let fit = sentence.fit.at_most();
        assert!((sentence.fitted.size - fit.min).abs() < f64::EPSILON);
        assert_eq!(sentence.fitted.lines, fit.lines);
    }
}
