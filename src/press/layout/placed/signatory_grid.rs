//! How signatories stand in their slot: as many in a row as leave each one room for a
//! signature.

/// The longest rule of a signatory, and the shortest if several stand in a row, in
/// millimetres.
const MAX_RULE: f64 = 60.0;
const MIN_RULE: f64 = 36.0;
/// The gap between two rules, and the smallest gap if many stand in a row, in
/// millimetres.
const MAX_GAP: f64 = 12.0;
const MIN_GAP: f64 = 5.0;

/// The rows of signatories in a slot. Lengths are in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SignatoryGrid {
    /// How many stand in a row.
    pub(crate) columns: usize,
    /// The length of their rules.
    pub(crate) rule: f64,
    pub(crate) gap: f64,
}

impl SignatoryGrid {
    /// The rows for `count` signatories in a slot of this width: as few rows as leave
    /// each signatory a rule that is long enough for a signature.
    pub(crate) fn of(width: f64, count: usize) -> Self {
        let count = count.max(1);
        let of_rows = |rows: usize| {
            let columns = count.div_ceil(rows);
            let gaps = columns as f64 - 1.0;
            let gap = if columns > 3 { MIN_GAP } else { MAX_GAP.min(width / 16.0) };
            Self {
                columns,
                rule: ((width - gaps * gap) / columns as f64).min(MAX_RULE),
                gap,
            }
        };
        let mut rows = (1..=count).map(of_rows);
        let fits = rows.find(|grid| grid.rule >= MIN_RULE);
        fits.unwrap_or_else(|| of_rows(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatories_stand_beside_each_other_while_their_rules_are_long_enough() {
        let columns = |width, count| SignatoryGrid::of(width, count).columns;
        assert_eq!(
            [1, 2, 3, 4, 5, 6].map(|count| columns(200.0, count)),
            [1, 2, 3, 4, 5, 3]
        );
        assert_eq!([1, 2, 3].map(|count| columns(60.0, count)), [1, 1, 1]);
        assert!((SignatoryGrid::of(30.0, 2).rule - 30.0).abs() < 1e-9);
    }
}
