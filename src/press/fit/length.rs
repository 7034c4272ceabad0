//! Refuses texts that fit nowhere, before they are shaped.
//!
//! The decision made here: shaping a text and breaking it into lines takes more than
//! linear time. So a text that would not fit in the narrowest letters of any face is
//! refused by the number of its letters. The time for all other texts is bounded by the
//! size of the slot.

use unicode_segmentation::UnicodeSegmentation;

use crate::base::error::{ErrorKind, Result, finding};
use crate::press::sheet::sentence::Sentence;

/// The least average advance of the letters of a text, in em. Letters of a condensed
/// face, joined letters and ligatures are narrow.
const MIN_ADVANCE: f64 = 0.1;

/// Refuses a sentence that has too many letters for the lines of its slot at the smallest
/// size. `width` is that of the slot, in points; `tracking` is the space between letters,
/// in em; `help` says what to do.
///
/// # Errors
/// [`ErrorKind::Overflow`].
pub(crate) fn check_length(
    sentence: &Sentence,
    width: f64,
    tracking: f64,
    help: &str,
) -> Result<()> {
    // A negative `tracking` sets letters closer, but each still takes some room.
    let advance = f64::max(MIN_ADVANCE + tracking.min(0.0), MIN_ADVANCE / 4.0);
    let fit = sentence.fit.at_most();
    let size = |run_size: f64| fit.min * run_size * advance;
    let room = width * f64::from(fit.lines);
    let mut count = 0;
    let mut taken = 0.0;
    for run in &sentence.runs {
        let letters =
            run.text.graphemes(true).filter(|letter| is_visible(letter)).count();
        count += letters;
        taken += letters as f64 * size(run.size);
    }
    if taken <= room {
        return Ok(());
    }
    let most = (count as f64 * room / taken).floor();
    let message = finding!("text_too_long", sentence.role, sentence.short(), count, most);
    Err(sentence.error(ErrorKind::Overflow, message, help))
}

/// Whether a letter takes room. Spaces may hang over the end of a line.
fn is_visible(letter: &str) -> bool {
    letter.chars().any(|c| !c.is_whitespace() && !c.is_control() && !is_format(c))
}

/// Whether a character is an invisible control: a mark of direction, a joiner or an
/// isolate.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Place;
    use crate::press::fit::fitted::Fitted;
    use crate::press::layout::role::Fit;
    use crate::press::sheet::sentence::SheetRun;

    fn sentence(text: &str) -> Sentence {
        let run = SheetRun::latin(text);
        Sentence {
            id: "block-1".to_owned(),
            role: "statement".to_owned(),
            fit: Fit { max: 14.0, min: 10.0, lines: 3, tight: None },
            fitted: Fitted::NONE,
            smaller: Vec::new(),
            runs: vec![run],
            place: Some(Place::file("courses.yaml")),
        }
    }

    #[test]
    fn only_a_text_that_no_face_could_fit_is_refused() {
        // Three lines of 400 points have room for 1,200 letters of 0.1 em at 10 points.
        let check = |text: &str| check_length(&sentence(text), 400.0, 0.0, "shorten it");
        assert!(check(&"i".repeat(1_200)).is_ok());
        assert!(check(&"e\u{301}".repeat(1_200)).is_ok(), "marks take no room");
        let spaced = "i \u{2068}\u{2069}".repeat(1_200);
        assert!(check(&spaced).is_ok(), "nor do spaces that hang, and isolates");
        assert!(check_length(&sentence(&"i".repeat(1_200)), 400.0, -0.05, "").is_ok());
        let error =
            check(&"aא- ".repeat(4_000)).expect_err("12,000 letters are too many");
        assert_eq!(error.kind(), ErrorKind::Overflow);
        assert!(error.message().ends_with(
            "…` has 12000 letters, and its slot has no room for more than 1200"
        ));
        assert_eq!(
            error.place().map(ToString::to_string).as_deref(),
            Some("courses.yaml")
        );
    }
}
