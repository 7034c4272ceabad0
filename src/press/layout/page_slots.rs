//! The slots of all roles on one page.
//!
//! Takes a layout's declared lengths and roles, and the [`PageFacts`]; gives the
//! [`PageSlots`]. Nearly all certificates of a course have the same slots, so the last
//! few are kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;

use super::lengths::{Lengths, PageFacts};
use super::role::Role;
use super::slot::Slot;
use crate::base::error::Result;

/// The slots on a page.
#[derive(Debug)]
pub(crate) struct PageSlots {
    /// The named lengths, in millimetres.
    pub(crate) lengths: IndexMap<String, f64>,
    /// The width of a slot that declares none, in points.
    text_width: f64,
    /// The slot of each role, and its slots after certain other roles.
    slots: HashMap<String, (Slot, Vec<(String, Slot)>)>,
}

impl PageSlots {
    /// The slots of roles on a page.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) for an expression that has no value there.
    pub(super) fn new(
        lengths: &Lengths,
        roles: &HashMap<String, Role>,
        facts: &PageFacts,
    ) -> Result<Self> {
        let page = lengths.on(facts)?;
        let mut slots = HashMap::new();
        // Sorted, so that the same one of several errors is always reported.
        for (name, role) in roles.iter().collect::<BTreeMap<_, _>>() {
            let after = role.slot.after().map(|previous| {
                Ok((previous.to_owned(), role.slot.on(&page, Some(previous))?))
            });
            let after = after.collect::<Result<_>>()?;
            slots.insert(name.clone(), (role.slot.on(&page, None)?, after));
        }
        let text_width = page.text_width();
        Ok(Self { lengths: page.named, text_width, slots })
    }

    /// The width of a table, in points: that of a slot that declares none.
    pub(crate) fn text_width(&self) -> f64 {
        self.text_width
    }

    /// The gap between two columns of a table, in points: the length named `gutter`, else 6 mm.
    pub(crate) fn gutter(&self) -> f64 {
        self.lengths.get("gutter").unwrap_or(&6.0) * 72.0 / 25.4
    }

    /// The slot of a role after another role; that of `statement` for a role that is not
    /// declared.
    pub(crate) fn slot(&self, role: &str, previous: Option<&str>) -> &Slot {
        let found = self.slots.get(role);
        let (slot, after) = found.unwrap_or_else(|| &self.slots["statement"]);
        let changed = after.iter().find(|(role, _)| Some(role.as_str()) == previous);
        changed.map_or(slot, |(_, slot)| slot)
    }
}

/// The slots of the pages that were made last.
#[derive(Debug, Default)]
pub(super) struct KnownSlots(Mutex<Vec<(PageFacts, Arc<PageSlots>)>>);

impl KnownSlots {
    /// The most sets of slots that are remembered.
    const MAX_PAGES: usize = 32;

    /// Returns the slots for some facts; computes them if they are not remembered.
    pub(super) fn get(
        &self,
        facts: &PageFacts,
        make: impl FnOnce() -> Result<PageSlots>,
    ) -> Result<Arc<PageSlots>> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, slots)) = lock().iter().find(|(known, _)| known == facts) {
            return Ok(slots.clone());
        }
        let slots = Arc::new(make()?);
        let mut known = lock();
        if known.len() >= Self::MAX_PAGES {
            known.remove(0);
        }
        known.push((facts.clone(), slots.clone()));
        Ok(slots)
    }
}
