//! Fits sentences to their slots, before there is a page.
//!
//! Takes a sentence's runs, its declared [`Fit`] and its [`Slot`]; gives a [`Fitted`]:
//! the size, the number of lines, the column in which Typst breaks the sentence into
//! these lines, and the heights that follow. The decisions made here: a sentence is
//! measured by Typst's own layout of it, so that its lines break at the same places on
//! the page; and a sentence that was fitted once is not fitted again, because only a few
//! sentences of a course differ between recipients.

mod advances;
pub(crate) mod fitted;
mod ids;
mod keep;
mod length;
mod measure;
mod script;
mod search;
mod step;
mod world;

use std::sync::Arc;

use self::fitted::Fitted;
pub(crate) use self::length::check_length;
use self::measure::Ruler;
pub(crate) use self::measure::Setting;
use self::search::Search;
pub(crate) use self::step::Step;
pub(super) use self::world::layout_alone;
use crate::base::recent::Recent;
use crate::press::fonts::Fonts;
use crate::press::layout::role::Fit;
use crate::press::layout::slot::Slot;
use crate::press::sheet::sentence::{Sentence, SheetRun};

/// Fits the sentences of a site, and remembers the results.
#[derive(Debug)]
pub(crate) struct Fitter {
    fonts: Arc<Fonts>,
    /// The results, by the digest of all that they depend on.
    found: Recent<u128, Arc<Found>>,
}

/// The result for one sentence.
#[derive(Debug)]
struct Found {
    /// One for each step, the largest first.
    fitted: Vec<Fitted>,
    /// The parts of each run.
    parts: Vec<Vec<(String, bool)>>,
}

impl Found {
    /// Whether the sentence has its full size and its addresses are not broken. Then the
    /// same holds for a sentence that differs only in a narrower address.
    fn is_easy(&self, runs: &[SheetRun]) -> bool {
        let is_whole = |parts: &Vec<(String, bool)>| {
            let mut texts = parts.iter().filter(|part| **part != keep::line_end());
            texts.next().is_some_and(|(_, whole)| *whole) && texts.next().is_none()
        };
        let addresses =
            runs.iter().zip(&self.parts).filter(|(run, _)| run.link.is_some());
        self.fitted.iter().all(|it| it.size >= it.most)
            && addresses.into_iter().all(|(_, parts)| is_whole(parts))
    }
}

impl Fitter {
    /// The most sentences that are remembered, in each of two generations.
    const MAX_FOUND: usize = 4_000;

    pub(crate) fn new(fonts: Arc<Fonts>) -> Self {
        let found = Recent::new(Self::MAX_FOUND);
        Self { fonts, found }
    }

    /// Fits a sentence to its slot at each step. The first step has the largest size.
    pub(crate) fn fit(
        &self,
        sentence: &mut Sentence,
        slot: &Slot,
        steps: &[Step],
        setting: Setting<'_>,
    ) {
        let own = || {
            let key = key(sentence, &sentence.runs, slot, steps, setting);
            let runs = sentence.runs.clone();
            self.remembered(key, || self.find(sentence, &[runs], slot, steps, setting))
        };
        let found = match ids::with_digit(&sentence.runs, ids::WIDE[0]) {
            None => own(),
            Some(masked) => {
                let key = key(sentence, &masked, slot, steps, setting);
                let widest = self.remembered(key, || {
                    let wide = ids::WIDE.iter();
                    let wide: Vec<_> = wide
                        .filter_map(|digit| ids::with_digit(&sentence.runs, *digit))
                        .collect();
                    self.find(sentence, &wide, slot, steps, setting)
                });
                if widest.is_easy(&sentence.runs) { widest } else { own() }
            }
        };
        let mut fitted = found.fitted.iter().copied();
        sentence.fitted = fitted.next().unwrap_or(Fitted::NONE);
        sentence.smaller = fitted.collect();
        for (run, parts) in sentence.runs.iter_mut().zip(&found.parts) {
            run.parts = match run.link {
                Some(_) => ids::own_parts(&run.text, parts),
                None => parts.clone(),
            };
        }
        space(&mut sentence.runs, slot);
    }

    /// Returns the result for a key; if it is not remembered, that of `find`.
    fn remembered(&self, key: u128, find: impl FnOnce() -> Found) -> Arc<Found> {
        self.found.get(&key).unwrap_or_else(|| {
            let found = Arc::new(find());
            self.found.insert(key, found.clone());
            found
        })
    }

    /// Fits a sentence with the widest one of `choices` in place of its own runs.
    fn find(
        &self,
        sentence: &Sentence,
        choices: &[Vec<SheetRun>],
        slot: &Slot,
        steps: &[Step],
        setting: Setting<'_>,
    ) -> Found {
        let tracking = script::tracking(&sentence.runs, &slot.style);
        let name = sentence.role == "recipient";
        let rulers = choices
            .iter()
            .map(|runs| Ruler::new(&self.fonts, runs, name, tracking, setting));
        let widest =
            rulers.max_by(|one, other| one.natural().total_cmp(&other.natural()));
        let mut ruler = widest.expect("there is one choice at least");
        if let [first, .., last] = steps {
            ruler = ruler.with_least(last.scale / first.scale);
        }
        let mut fitted = Vec::new();
        for &step in steps {
            let fit =
                |ruler: &Ruler<'_>| Search { ruler, fit: sentence.fit, slot }.fit(step);
            let mut one = fit(&ruler);
            if fitted.is_empty() && ruler.decide(one.size, one.column) != one.lines {
                one = fit(&ruler);
            }
            fitted.push(one);
        }
        Found { fitted, parts: ruler.into_parts() }
    }
}

/// A digest of all that a fit depends on. `runs` are taken in place of the sentence's
/// own.
fn key(
    sentence: &Sentence,
    runs: &[SheetRun],
    slot: &Slot,
    steps: &[Step],
    setting: Setting<'_>,
) -> u128 {
    let Sentence { fit: Fit { max, min, lines, tight }, role, .. } = sentence;
    let tight = tight.map(|tight| (tight.min.to_bits(), tight.lines));
    let runs: Vec<_> = runs
        .iter()
        .map(|run| {
            let SheetRun { text, font, weight, italic, size, script, link, .. } = run;
            (text, font, weight, italic, size.to_bits(), script, link)
        })
        .collect();
    let style = &slot.style;
    let line = |line: Option<[f64; 3]>| line.map(|line| line.map(f64::to_bits));
    let steps = steps.iter().map(|step| (step.scale.to_bits(), step.tight));
    let steps: Vec<_> = steps.collect();
    typst::utils::hash128(&(
        (runs, role == "recipient", max.to_bits(), min.to_bits(), lines, tight),
        (slot.width.to_bits(), slot.narrow.map(f64::to_bits), steps),
        [style.single, style.leading, style.tracking, style.scale].map(f64::to_bits),
        (line(style.line), line(style.deep_line), style.spaced.map(f64::to_bits)),
        (style.align as u8, style.balance),
        (setting.tag.as_str(), setting.tabular),
    ))
}

/// Sets the space between the letters of runs.
fn space(runs: &mut [SheetRun], slot: &Slot) {
    let tracking = script::tracking(runs, &slot.style);
    for run in runs.iter_mut().filter(|run| script::is_spaceable(run)) {
        run.tracking = tracking;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::lang::Tag;
    use crate::site::files::Site;

    #[test]
    fn each_identifier_has_room_in_the_lines_of_the_widest() {
        let fonts = Fonts::load(&Site::demo()).expect("the fonts");
        for (tag, text, end) in [
            ("en", "The authenticity of this certificate can be verified at ", ""),
            ("en", "\u{2068}Example University\u{2069} – verify: ", "."),
            (
                "de",
                "Die Echtheit bestätigt die \u{2068}Hochschule Ahrensburg\u{2069}: ",
                "",
            ),
            ("fr", "L’authenticité de ce certificat est vérifiable\u{a0}: ", " ."),
            ("en", " ", ""),
        ] {
            let tag = Tag::parse(tag).expect("a tag");
            let setting = Setting { tag: &tag, tabular: false };
            let runs = |id: &str| {
                let address = format!("https://example.org/certificates/{id}/");
                let link = Some(address.clone());
                let address = SheetRun { link, ..SheetRun::latin(&address) };
                [SheetRun::latin(text), address, SheetRun::latin(end)]
            };
            let ids = [
                "0f3c5a7b9d1e2f4068a0b1c2d3e4f567",
                "1111111111111111",
                "ffffffffffffffff",
            ];
            for id in ids {
                let wide = ids::WIDE.map(|digit| {
                    let runs = ids::with_digit(&runs(id), digit).expect("it has one");
                    (Ruler::new(&fonts, &runs, false, 0.0, setting).natural(), runs)
                });
                let wide =
                    wide.into_iter().max_by(|one, other| one.0.total_cmp(&other.0));
                let (natural, wide) = wide.expect("there are three");
                let own = runs(id);
                let ruler = |runs| Ruler::new(&fonts, runs, false, 0.0, setting);
                assert!(ruler(&own).natural() <= natural, "{text}{id}");
                for step in 0..40 {
                    let column = 60.0 + f64::from(step) * 8.5;
                    let most = ruler(&wide).lines(8.0, column);
                    assert!(
                        ruler(&own).lines(8.0, column) <= most,
                        "{text}{id}, {column}"
                    );
                }
            }
        }
    }
}
