//! The scalars of a `layout.yaml`: texts, booleans, whole numbers and lengths.
//!
//! Each function takes a map and a key, and gives the value, or `None` if the key is absent or its
//! value was reported as an error.

use std::ops::RangeInclusive;

use crate::base::error::ErrorKind;
use crate::base::yaml::{Faults, Fields, Node};

/// A list of texts; empty if the key is absent.
pub(super) fn texts(fields: Fields<'_>, key: &str, faults: &mut Faults) -> Vec<String> {
    let items = fields.get(key).and_then(|node| faults.keep(node.items()));
    items
        .into_iter()
        .flatten()
        .filter_map(|node| faults.keep(node.text()).map(str::to_owned))
        .collect()
}

/// `true` or `false`.
pub(super) fn boolean(
    fields: Fields<'_>,
    key: &str,
    faults: &mut Faults,
) -> Option<bool> {
    let node = fields.get(key)?;
    faults.keep(node.one_of(&["true", "false"])).map(|choice| choice == "true")
}

/// A whole number inside a range.
pub(super) fn whole(
    fields: Fields<'_>,
    key: &str,
    range: RangeInclusive<usize>,
    faults: &mut Faults,
) -> Option<usize> {
    let node = fields.get(key)?;
    let text = faults.keep(node.text())?;
    let number = text.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let (min, max) = (range.start(), range.end());
        faults.push(node.fault(
            ErrorKind::InvalidValue,
            format!("`{key}: {text}` is no whole number from {min} to {max}"),
        ));
    }
    number
}

/// A length from 0 to 100 millimetres.
pub(super) fn millimetres(
    fields: Fields<'_>,
    key: &str,
    faults: &mut Faults,
) -> Option<f64> {
    let node = fields.get(key)?;
    let text = faults.keep(node.text())?;
    let number = text.parse().ok().filter(|number| (0.0..=100.0).contains(number));
    if number.is_none() {
        faults.push(node.fault(
            ErrorKind::InvalidValue,
            format!("`{key}: {text}` is no length from 0 to 100 mm"),
        ));
    }
    number
}

/// A list of numbers inside a range.
pub(super) fn numbers(
    fields: Fields<'_>,
    key: &str,
    range: RangeInclusive<f64>,
    faults: &mut Faults,
) -> Option<Vec<f64>> {
    let items = faults.keep(fields.get(key)?.items())?;
    let numbers = items.filter_map(|node| number(node, key, range.clone(), faults));
    Some(numbers.collect())
}

/// A number inside a range.
pub(super) fn number(
    node: Node<'_>,
    key: &str,
    range: RangeInclusive<f64>,
    faults: &mut Faults,
) -> Option<f64> {
    let text = faults.keep(node.text())?;
    let number = text.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let (min, max) = (range.start(), range.end());
        let message = format!("`{key}: {text}` is no number from {min} to {max}");
        faults.push(node.fault(ErrorKind::InvalidValue, message));
    }
    number
}
