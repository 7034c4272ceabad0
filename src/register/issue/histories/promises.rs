//! The promises made during a history, and whether they hold.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::step::Step;
use super::world::World;
use crate::base::digits::CertificateId;
use crate::register::record::{Record, Status};

/// The promises to one recipient.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// The ids that were revoked, and the sides that are known to say so.
    pub(super) revoked: BTreeMap<CertificateId, Sides>,
    /// The ids that were erased, likewise.
    pub(super) erased: BTreeMap<CertificateId, Sides>,
    /// Whether a step since the erasure may bring the name back.
    pub(super) is_back: bool,
    /// The id of the certificate that was issued last, while nothing else is begun.
    pub(super) valid: Option<(CertificateId, Sides)>,
    /// Whether a step was interrupted that nothing has finished yet.
    pub(super) is_unfinished: bool,
    /// Whether files were ever lost.
    pub(super) has_lost: bool,
    /// Whether an edition was lost on both sides.
    pub(super) is_forgotten: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sides {
    public: bool,
    private: bool,
}

pub(super) const BOTH: Sides = Sides { public: true, private: true };

impl Sides {
    fn is_known(self) -> bool {
        self.public || self.private
    }
}

impl Promises {
    pub(super) fn each_side(&mut self, change: &dyn Fn(&mut Sides)) {
        self.revoked.values_mut().for_each(change);
        self.erased.values_mut().for_each(change);
        self.valid.iter_mut().for_each(|(_, sides)| change(sides));
        // A promise that no side knows any more is dropped.
        self.revoked.retain(|_, sides| sides.is_known());
        self.erased.retain(|_, sides| sides.is_known());
        self.valid.take_if(|(_, sides)| !sides.is_known());
    }

    /// Notes a step that was done, or was begun and interrupted.
    pub(super) fn note(&mut self, who: usize, step: Step, is_done: bool, world: &World) {
        self.has_lost |= matches!(
            step,
            Step::LosePublic | Step::LosePrivate | Step::LosePartOfPublic(_)
        );
        match step {
            Step::Restore if is_done => {
                self.each_side(&|sides| *sides = BOTH);
                self.is_unfinished = false;
            }
            Step::LosePublic => self.each_side(&|sides| sides.public = false),
            Step::LosePrivate => self.each_side(&|sides| sides.private = false),
            Step::LosePartOfPublic(_) => {
                let lost: BTreeSet<CertificateId> = (1..9)
                    .map(|edition| world.ids(who, edition).verify)
                    .filter(|id| world.record(id).0.is_none())
                    .collect();
                for known in [&mut self.revoked, &mut self.erased] {
                    let gone = known.iter_mut().filter(|(id, _)| lost.contains(*id));
                    gone.for_each(|(_, sides)| sides.public = false);
                    known.retain(|_, sides| sides.is_known());
                }
                if let Some((id, sides)) = &mut self.valid
                    && lost.contains(id)
                {
                    sides.public = false;
                }
                self.valid.take_if(|(_, sides)| !sides.is_known());
            }
            Step::Issue { who: of, reissue, .. } if of == who => {
                self.is_back |= reissue;
                self.valid = None;
                self.is_unfinished |= !is_done;
            }
            Step::Revoke(of) | Step::Erase(of) | Step::RevokeEdition { who: of, .. }
                if of == who =>
            {
                self.valid = None;
                self.is_unfinished |= !is_done;
            }
            _ => {}
        }
    }
}

impl Promises {
    pub(super) fn check(
        &self,
        who: usize,
        number: usize,
        step: Step,
        is_done: bool,
        world: &World,
    ) -> std::result::Result<(), TestCaseError> {
        for id in self.revoked.keys().chain(self.erased.keys()) {
            let (public, private) = world.record(id);
            for record in [public, private].into_iter().flatten() {
                prop_assert!(
                    !record.status.stands() || self.is_unfinished,
                    "{number}: {id} is valid again: {record:?}"
                );
            }
            let page = world.page(id).unwrap_or_default();
            prop_assert!(
                !page.contains("data-status=\"valid\""),
                "{number}: the page of {id} is valid"
            );
        }
        if !self.erased.is_empty() && !self.is_back {
            let traces = world.traces(who);
            prop_assert!(
                traces.is_empty(),
                "{number}: names after erasure in {traces:?}"
            );
        }
        if !self.is_unfinished {
            let valid =
                (1..9).map(|edition| world.ids(who, edition).verify).filter(|id| {
                    let is_valid =
                        |it: Option<Record>| it.is_some_and(|it| it.status.stands());
                    let page = world.page(id).unwrap_or_default();
                    is_valid(world.record(id).0) || page.contains("data-status=\"valid\"")
                });
            let valid: Vec<CertificateId> = valid.collect();
            prop_assert!(valid.len() < 2, "{number}: two valid editions: {valid:?}");
        }
        if let Step::Restore = step
            && is_done
        {
            for edition in 1..9 {
                let id = world.ids(who, edition).verify;
                let (public, private) = world.record(&id);
                prop_assert_eq!(&public, &private, "{}: {} differs", number, id);
                let page = world.page(&id);
                let is_valid =
                    page.is_some_and(|page| page.contains("data-status=\"valid\""));
                let stands = public.as_ref().is_some_and(|it| it.status.stands());
                prop_assert_eq!(stands, is_valid, "{}: {} {:?}", number, id, public);
            }
            if let Some((id, _)) = &self.valid {
                let status = world.record(id).0.map(|record| record.status);
                prop_assert_eq!(
                    status,
                    Some(Status::Valid),
                    "{}: {} was valid",
                    number,
                    id
                );
            }
        }
        Ok(())
    }
}
