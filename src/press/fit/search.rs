//! Searches for the size of a sentence in its slot.
//!
//! Takes a [`Ruler`], the declared fit and the slot, gives a [`Fitted`]. The decisions
//! made here: a text has the largest size at which it takes no more lines than allowed;
//! one line is preferred to several if its size is nearly the same; a text that does not
//! fit at its smallest size is set at that size, so that the proof reports it.

use super::fitted::Fitted;
use super::measure::Ruler;
use super::script::{is_nastaliq, overhang, reach};
use super::step::Step;
use crate::press::layout::role::Fit;
use crate::press::layout::slot::Slot;

/// One sentence and its slot.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) ruler: &'a Ruler<'a>,
    pub(super) fit: Fit,
    pub(super) slot: &'a Slot,
}

/// Widths are proportional to the size, since faces have no optical sizes; this factor
/// allows for rounding.
const ROUNDING: f64 = 0.999;
/// The steps of sizes, and those of column widths, in points.
const SIZE_STEP: f64 = 0.25;
const COLUMN_STEP: f64 = 1.0;
/// A text that takes this many times the room of its lines certainly does not fit. It is
/// more than 1 because lines may leave out some of the space at their punctuation.
const HOPELESS: f64 = 2.0;
/// How many times a size is reduced by [`ROUNDING`] to find one at which a sentence takes
/// one line.
const MAX_STEPS: u32 = 4;
/// One line is preferred if its size is at least this share of that of several lines.
const NEARLY: f64 = 0.97;
/// A script whose letters reach at least this far below the base line is deep, in em.
const DEEP: f64 = 0.35;

impl Search<'_> {
    /// Returns the fit at a step.
    pub(super) fn fit(&self, step: Step) -> Fitted {
        let tight = self.fit.tightened();
        if step.tight
            && let Some(fit) = tight
        {
            return Search { fit, ..*self }.fit_at(step.scale, self.fit.min).0;
        }
        let (fitted, fits) = self.fit_at(step.scale, self.fit.min);
        match tight {
            Some(fit) if !fits => {
                Search { fit, ..*self }.fit_at(step.scale, self.fit.min).0
            }
            _ => fitted,
        }
    }

    /// The fit at a scale of the largest size, and whether the sentence has room in it.
    /// `usual` is the smallest size of the fit that is not tight; at smaller sizes lines
    /// of a fixed height become lower.
    fn fit_at(&self, scale: f64, usual: f64) -> (Fitted, bool) {
        let style = &self.slot.style;
        if let Some(narrow) = self.slot.narrow.map(round) {
            let (size, lines, column) = self.in_column(narrow, scale, 0.0);
            if lines == 1 && self.has_room(size, lines, narrow) {
                let fitted = self.finish(size, lines, column, narrow, scale, usual);
                // It stands in the wide slot, from the side where lines begin.
                return (Fitted { width: round(self.slot.width), ..fitted }, true);
            }
        }
        let width = round(self.slot.width);
        let (size, lines, column) = self.in_column(width, scale, style.single);
        let has_room = self.has_room(size, lines, column);
        (self.finish(size, lines, column, width, scale, usual), has_room)
    }

    /// Whether the sentence takes no more lines in a column than it may, and no word is wider.
    fn has_room(&self, size: f64, lines: u32, column: f64) -> bool {
        let word = self.ruler.widest_word() * size;
        let counted = self.ruler.lines(size, column);
        lines.max(counted) <= self.fit.lines && word <= column * (2.0 - ROUNDING)
    }

    /// The largest size at a scale.
    fn most(&self, scale: f64) -> f64 {
        let style = &self.slot.style;
        let own = match style.spaced {
            Some(spaced) if self.ruler.is_spaced() => spaced,
            _ => style.scale,
        };
        f64::max(self.fit.max * own * scale, self.fit.min)
    }

    /// The size, the number of lines, and the column for a slot of a width. The sentence
    /// is kept on one line if it has at least the share `single` of its largest size
    /// there.
    fn in_column(&self, width: f64, scale: f64, single: f64) -> (f64, u32, f64) {
        let (most, least) = (self.most(scale), self.fit.min);
        let natural = self.ruler.natural() * most;
        let fitting = |wide: f64| {
            if wide <= width { most } else { most * (width / wide) * ROUNDING }
        };
        let one_line = self.on_one_line(fitting(natural), width);
        if one_line >= f64::max(most * single, least) {
            return (one_line, 1, width);
        }
        if self.fit.lines == 1 {
            return (least, 1, width);
        }
        // No size is searched for a text that is far too long: the proof reports it at
        // its smallest size.
        let room = width * f64::from(self.fit.lines) * HOPELESS;
        if self.ruler.ink() * least > room {
            return (least, self.fit.lines, width);
        }
        let word = self.ruler.widest_word();
        let (size, lines) = self.largest(width, fitting(word * most).max(least));
        if one_line >= f64::max(size * NEARLY, least) {
            return (one_line, 1, width);
        }
        if !self.slot.style.balance {
            return (size, lines, width);
        }
        let average = natural * (size / most) / f64::from(lines);
        let narrowest = f64::max(average * 0.9, word * size);
        (size, lines, width.min(self.balanced(size, lines, narrowest, width)))
    }

    /// The largest size up to `size` at which the sentence takes one line, which is `size` or
    /// slightly smaller; 0 if there is none, as for a text with a line break.
    fn on_one_line(&self, mut size: f64, width: f64) -> f64 {
        for _ in 0..MAX_STEPS {
            if size < self.fit.min {
                return size;
            }
            if self.ruler.lines(size, width) <= 1 {
                return size;
            }
            size *= ROUNDING;
        }
        0.0
    }

    /// The largest size up to `high` at which the sentence fits in its lines, and their number.
    fn largest(&self, width: f64, mut high: f64) -> (f64, u32) {
        let allowed = self.fit.lines;
        let lines = self.ruler.lines(high, width);
        if lines <= allowed {
            return (high, lines);
        }
        let mut low = self.fit.min;
        let mut found = None;
        while high - low > SIZE_STEP {
            let middle = f64::midpoint(low, high);
            let lines = self.ruler.lines(middle, width);
            if lines <= allowed {
                (low, found) = (middle, Some(lines));
            } else {
                high = middle;
            }
        }
        (low, found.unwrap_or_else(|| self.ruler.lines(low, width)))
    }

    /// The narrowest column in which the sentence has this number of lines, so that they are of
    /// similar length.
    fn balanced(&self, size: f64, lines: u32, mut low: f64, mut high: f64) -> f64 {
        while high - low > COLUMN_STEP {
            let middle = f64::midpoint(low, high);
            if self.ruler.lines(size, middle) <= lines {
                high = middle;
            } else {
                low = middle;
            }
        }
        high + 0.2
    }

    fn finish(
        &self,
        size: f64,
        lines: u32,
        column: f64,
        width: f64,
        scale: f64,
        usual: f64,
    ) -> Fitted {
        let style = &self.slot.style;
        let runs = self.ruler.runs;
        let reach = reach(runs);
        // Words in Nastaliq slope downwards, so that lines of a fixed height are too low
        // for them.
        let line = match style.deep_line {
            _ if runs.iter().any(is_nastaliq) => None,
            Some(line) if reach.below > DEEP => Some(line),
            _ => style.line,
        };
        let (above, below, leading) = match line {
            Some(line) => {
                let [above, below, gap] = line.map(|part| part * (size / usual).min(1.0));
                (above, below, gap)
            }
            None => {
                let gap = style.line.map_or(0.0, |[_, _, gap]| gap);
                let leading = (style.leading + reach.leading) * size + gap;
                (reach.above * size, reach.below * size, leading)
            }
        };
        // A slot has the height of the lines that the fit allows; more lines overflow, so that the
        // proof reports them.
        let lines = lines.clamp(1, self.fit.lines);
        let count = f64::from(lines);
        let (start, end) = overhang(runs);
        let (start, end) = (start * size, end * size);
        let (left, right) = if self.ruler.rtl() { (end, start) } else { (start, end) };
        Fitted {
            size,
            lines,
            width,
            column: round(column),
            above: round(above),
            below: round(below),
            leading: round(leading),
            height: round(count * (above + below) + (count - 1.0) * leading),
            left: round(left),
            right: round(right),
            most: self.most(scale),
            scale,
            natural: round(self.ruler.natural() * size),
            align: style.align,
        }
    }
}

/// A length as the sheet has it. Lines are counted in a column of such a width, so that the page has
/// the same.
fn round(length: f64) -> f64 {
    (length * 1e4).round() / 1e4
}
