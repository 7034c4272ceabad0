//! The lines that the beginning of a sentence takes before an address on a line of its own.
//!
//! Takes the number of lines that was counted in some columns, gives that in others. The decision made
//! here: only what is certain is given. Each certificate has another address, so that each has a
//! sentence that was never fitted before; what stands before the address is the same for all.

use std::sync::{Arc, Mutex, PoisonError};

use crate::base::recent::Recent;

/// The most beginnings that are remembered, in each of two generations.
const MAX_BEGINNINGS: usize = 1_000;
/// The most columns that are remembered of one beginning.
const MAX_COLUMNS: usize = 64;

/// The beginnings of sentences, by all that their lines depend on but the column.
#[derive(Debug)]
pub(super) struct Beginnings(Recent<u128, Arc<Mutex<Counted>>>);

/// The columns that were counted, in order, with their numbers of lines.
type Counted = Vec<(f64, u32)>;

impl Beginnings {
    pub(super) fn new() -> Self {
        Self(Recent::new(MAX_BEGINNINGS))
    }

    /// The number of lines of a beginning in a column, which `count` counts unless it is known. A
    /// wider column never takes more lines, so it is known between two columns that take the same.
    pub(super) fn lines(
        &self,
        key: u128,
        column: f64,
        count: impl FnOnce() -> u32,
    ) -> u32 {
        let known = self.0.get(&key).unwrap_or_else(|| {
            let new = Arc::<Mutex<Counted>>::default();
            self.0.insert(key, new.clone());
            new
        });
        let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = between(&lock(), column) {
            return lines;
        }
        let lines = count();
        let mut known = lock();
        if known.len() < MAX_COLUMNS {
            let at = known.partition_point(|(other, _)| *other < column);
            known.insert(at, (column, lines));
        }
        lines
    }
}

/// The number of lines in a column, if the next narrower and the next wider column, in order, take the
/// same.
fn between(known: &[(f64, u32)], column: f64) -> Option<u32> {
    let at = known.partition_point(|(other, _)| *other < column);
    let (wider, lines) = *known.get(at)?;
    if wider == column {
        return Some(lines);
    }
    let (_, narrower) = *known.get(at.checked_sub(1)?)?;
    (narrower == lines).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_between_two_columns_that_take_the_same_are_not_counted() {
        let beginnings = Beginnings::new();
        // Two lines from a column of 100 on.
        let ask = |column: f64| {
            let mut counted = false;
            let lines = beginnings.lines(1, column, || {
                counted = true;
                if column < 100.0 { 3 } else { 2 }
            });
            (lines, counted)
        };
        assert_eq!(ask(90.0), (3, true));
        assert_eq!(ask(120.0), (2, true));
        assert_eq!(ask(105.0), (2, true), "it is next to a column of three lines");
        assert_eq!(ask(110.0), (2, false));
        assert_eq!(ask(105.0), (2, false));
        assert_eq!(ask(130.0), (2, true), "nothing wider is known");
        assert_eq!(ask(80.0), (3, true));
        assert_eq!(ask(85.0), (3, false));
        assert_eq!(beginnings.lines(2, 110.0, || 7), 7, "another beginning");
    }

    #[test]
    fn the_number_of_columns_is_bounded() {
        let beginnings = Beginnings::new();
        for column in 0..1_000 {
            beginnings.lines(1, f64::from(column), || column);
        }
        let known = beginnings.0.get(&1).unwrap();
        assert_eq!(known.lock().unwrap().len(), MAX_COLUMNS);
    }
}
