//! The keys `holds` and `pages` of a layout: the lengths of texts that it has room for,
//! and the number of its pages.

use std::ops::RangeInclusive;

use super::fields::whole;
use crate::base::yaml::{Faults, Fields};

/// The most letters that a layout accepts in a course's title, a recipient's name, and a
/// signatory's name and office.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holds {
    pub(crate) title: usize,
    pub(crate) name: usize,
    pub(crate) signatory: usize,
    pub(crate) office: usize,
}

/// Reads `holds`.
pub(super) fn holds(fields: Fields<'_>, faults: &mut Faults) -> Holds {
    let mut holds = Holds { title: 150, name: 90, signatory: 40, office: 80 };
    let node = fields.get("holds");
    let keys = ["title", "name", "signatory", "office"];
    let Some(own) = node.and_then(|node| node.fields(&keys, faults)) else {
        return holds;
    };
    let Holds { title, name, signatory, office } = &mut holds;
    for (key, letters) in keys.into_iter().zip([title, name, signatory, office]) {
        *letters = whole(own, key, 1..=150, faults).unwrap_or(*letters);
    }
    holds
}

/// Reads a number of pages, or a range: `{ min: 1, max: 6 }`.
pub(super) fn pages(
    fields: Fields<'_>,
    faults: &mut Faults,
) -> Option<RangeInclusive<usize>> {
    const ALLOWED: RangeInclusive<usize> = 1..=50;
    let node = fields.get("pages")?;
    if node.is_scalar() {
        let pages = whole(fields, "pages", ALLOWED, faults)?;
        return Some(pages..=pages);
    }
    let range = node.fields(&["min", "max"], faults)?;
    range.required("max", faults)?;
    let max = whole(range, "max", ALLOWED, faults)?;
    let min = whole(range, "min", 1..=max, faults).unwrap_or(1);
    Some(min..=max)
}
