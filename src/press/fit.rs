//! Fits sentences to their slots, before there is a page.
//!
//! Takes a sentence's runs, its declared [`Fit`] and its [`Slot`]; gives a [`Fitted`]: the size, the
//! number of lines, the column in which Typst breaks it into these lines, and the heights that
//! follow. The decisions made here: Typst's own layout of the sentence alone is what is measured, so
//! that there is one truth about where a line breaks; and a sentence that was fitted once is not
//! fitted again, because only a few sentences of a course differ from person to person.

mod advances;
mod beginnings;
pub(crate) mod fitted;
mod keep;
mod length;
mod measure;
mod script;
mod search;
mod step;
mod world;

use std::sync::Arc;

use self::beginnings::Beginnings;
use self::fitted::Fitted;
pub(crate) use self::length::check_length;
use self::measure::Ruler;
pub(crate) use self::measure::Setting;
use self::search::Search;
pub(crate) use self::step::Step;
use crate::base::recent::Recent;
use crate::press::fonts::Fonts;
use crate::press::layout::role::Fit;
use crate::press::layout::slot::Slot;
use crate::press::sheet::sentence::{Sentence, SheetRun};

/// Fits the sentences of a site, and remembers what it found.
#[derive(Debug)]
pub(crate) struct Fitter {
    fonts: Arc<Fonts>,
    /// What was found, by all that it depends on.
    found: Recent<u128, Arc<Found>>,
    beginnings: Beginnings,
}

/// What was found for one sentence.
#[derive(Debug)]
struct Found {
    /// One for each step, the largest first.
    fitted: Vec<Fitted>,
    /// The parts of each run.
    parts: Vec<Vec<(String, bool)>>,
}

impl Fitter {
    /// The most sentences that are remembered, in each of two generations.
    const MAX_FOUND: usize = 4_000;

    pub(crate) fn new(fonts: Arc<Fonts>) -> Self {
        let found = Recent::new(Self::MAX_FOUND);
        Self { fonts, found, beginnings: Beginnings::new() }
    }

    /// Fits a sentence to its slot at each step, the first of which is the largest.
    pub(crate) fn fit(
        &self,
        sentence: &mut Sentence,
        slot: &Slot,
        steps: &[Step],
        setting: Setting<'_>,
    ) {
        let key = key(sentence, slot, steps, setting);
        let found = self.found.get(&key).unwrap_or_else(|| {
            let tracking = script::tracking(&sentence.runs, &slot.style);
            let name = sentence.role == "recipient";
            let mut ruler =
                Ruler::new(&self.fonts, &sentence.runs, name, tracking, setting)
                    .with_beginnings(&self.beginnings);
            if let [first, .., last] = steps {
                ruler = ruler.with_least(last.scale / first.scale);
            }
            let mut fitted = Vec::new();
            for &step in steps {
                let fit = |ruler: &Ruler<'_>| {
                    Search { ruler, fit: sentence.fit, slot }.fit(step)
                };
                let mut one = fit(&ruler);
                if fitted.is_empty() && ruler.decide(one.size, one.column) != one.lines {
                    one = fit(&ruler);
                }
                fitted.push(one);
            }
            let found = Arc::new(Found { fitted, parts: ruler.into_parts() });
            self.found.insert(key, found.clone());
            found
        });
        let mut fitted = found.fitted.iter().copied();
        sentence.fitted = fitted.next().unwrap_or(Fitted::NONE);
        sentence.smaller = fitted.collect();
        for (run, parts) in sentence.runs.iter_mut().zip(&found.parts) {
            run.parts.clone_from(parts);
        }
        space(&mut sentence.runs, slot);
    }
}

/// All that a fit depends on, as one number.
fn key(sentence: &Sentence, slot: &Slot, steps: &[Step], setting: Setting<'_>) -> u128 {
    let Sentence { fit: Fit { max, min, lines, tight }, role, runs, .. } = sentence;
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

/// Gives the runs the space between their letters.
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
    fn lines_before_an_address_are_those_of_the_whole_sentence() {
        let fonts = Fonts::load(&Site::demo()).expect("the fonts");
        let beginnings = Beginnings::new();
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
            for id in
                ["0f3c5a7b9d1e2f4068a0b1c2d3e4f567", "11111111", "ffffffffffffffffff"]
            {
                let address = format!("https://example.org/certificates/{id}/");
                let link = Some(address.clone());
                let address = SheetRun { link, ..SheetRun::latin(&address) };
                let runs = [SheetRun::latin(text), address, SheetRun::latin(end)];
                let whole = || Ruler::new(&fonts, &runs, false, 0.0, setting);
                let (mut decided, mut apart) = (whole(), whole());
                apart = apart.with_beginnings(&beginnings);
                assert_eq!(decided.decide(8.0, 200.0), apart.decide(8.0, 200.0));
                for step in 0..60 {
                    // To and fro, so that columns between known ones are asked for.
                    let column = 60.0 + f64::from(step * 37 % 60) * 5.5;
                    let lines = whole().lines(8.0, column);
                    let own = whole().with_beginnings(&beginnings);
                    assert_eq!(own.lines(8.0, column), lines, "{text}{id} in {column}");
                    let lines = decided.lines(8.0, column);
                    assert_eq!(apart.lines(8.0, column), lines, "{text}{id} in {column}");
                }
            }
        }
    }
}
