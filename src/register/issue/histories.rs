//! Random histories of certificates, checked against what must hold.
//!
//! Everything but the page is real: issue service, register, seal and stores. The page of each
//! recipient is made and sealed once, so that thousands of histories run.

mod overtaken;
mod promises;
mod race;
mod step;
mod world;

use std::sync::atomic::Ordering;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use self::promises::{BOTH, Promises};
use self::step::{Step, steps};
use self::world::World;
use crate::base::error::{Error, ErrorKind};
use crate::register::record::Status;

/// Takes the steps of a history, and checks after each what must hold.
fn check(steps: &[Step]) -> std::result::Result<(), TestCaseError> {
    let world = World::new();
    let mut promises = [Promises::default(), Promises::default()];
    for (number, step) in steps.iter().enumerate() {
        if let Step::Kill { after, is_done } = *step {
            world.life.calls.store(after + 1, Ordering::SeqCst);
            world.life.is_last_done.store(usize::from(is_done), Ordering::SeqCst);
            continue;
        }
        let before: Vec<_> = (0..2).map(|who| world.statuses(who)).collect();
        let result = world.take(*step);
        let is_killed = world.life.calls.swap(usize::MAX, Ordering::SeqCst) == 0;
        let error = result.as_ref().err().map(Error::kind);
        let is_done = result.is_ok();
        // Without a kill every step succeeds, or is refused because of the certificate's status.
        let refusals = [ErrorKind::Revoked, ErrorKind::UnknownCertificate];
        // The origin of a PDF is unknown if its record and snapshot are lost.
        let is_foreign = error == Some(ErrorKind::Tampered)
            && promises.iter().any(|promises| promises.has_lost);
        // A page without any record does not tell whether its certificate was revoked.
        let is_foreign = is_foreign
            || (error == Some(ErrorKind::Exists)
                && promises.iter().any(|promises| promises.has_lost));
        // Without a snapshot and a mark it is not known to which secret a store belongs.
        let is_foreign =
            is_foreign || (error == Some(ErrorKind::Key) && !world.is_marked());
        prop_assert!(
            is_killed || is_foreign || error.is_none_or(|kind| refusals.contains(&kind)),
            "step {number}: {result:?}"
        );
        for (who, promises) in promises.iter_mut().enumerate() {
            let is_refused = error.is_some_and(|kind| refusals.contains(&kind));
            promises.note(who, *step, is_done || is_refused, &world);
            let after = world.statuses(who);
            // If an edition was lost on both sides, the numbers of the award's editions start
            // again. Then nothing is promised but that an erasure reaches what is left.
            let is_page_alone = |edition: usize| {
                let page = world.page(&world.ids(who, edition as u32 + 1).verify);
                promises.has_lost && after[edition].is_none() && page.is_some()
            };
            let has_gap = after.windows(2).any(|it| it[0].is_none() && it[1].is_some());
            if promises.is_forgotten || has_gap || (0..after.len()).any(is_page_alone) {
                *promises = Promises {
                    is_unfinished: true,
                    has_lost: true,
                    is_forgotten: true,
                    ..Promises::default()
                };
                if let Step::Erase(of) = *step
                    && of == who
                    && is_done
                {
                    let traces = world.traces(who);
                    prop_assert!(
                        traces.is_empty(),
                        "{number}: names are left in {traces:?}"
                    );
                }
                continue;
            }
            let ids = || (1..9).map(|edition| world.ids(who, edition).verify);
            match *step {
                Step::Issue { who: of, .. } if of == who && is_done => {
                    let valid = after.iter().rposition(|it| *it == Some(Status::Valid));
                    let last = after.iter().rposition(Option::is_some);
                    prop_assert!(valid.is_some() && valid == last, "{number}: {after:?}");
                    let edition = valid.unwrap() as u32 + 1;
                    let id = world.ids(who, edition).verify;
                    let page = world.page(&id).unwrap_or_default();
                    prop_assert!(
                        page.contains("data-status=\"valid\""),
                        "{number}: {id} was issued, and its page does not say so"
                    );
                    promises.valid =
                        (!world.is_begun(who, edition + 1)).then_some((id, BOTH));
                    promises.each_side(&|sides| *sides = BOTH);
                    promises.is_unfinished = false;
                }
                Step::Revoke(of) if of == who && is_done => {
                    let was_valid = ids()
                        .zip(&before[who])
                        .filter(|(_, it)| **it == Some(Status::Valid));
                    promises.revoked.extend(was_valid.map(|(id, _)| (id, BOTH)));
                    promises.is_unfinished = false;
                    prop_assert!(
                        !after.contains(&Some(Status::Valid)),
                        "{number}: {after:?}"
                    );
                }
                Step::RevokeEdition { who: of, edition } if of == who && is_done => {
                    promises.revoked.insert(world.ids(who, edition).verify, BOTH);
                }
                Step::Erase(of) if of == who && is_done => {
                    let all = ids().zip(&after).filter(|(_, it)| it.is_some());
                    promises.erased = all.map(|(id, _)| (id, BOTH)).collect();
                    promises.is_back = promises.erased.is_empty();
                    promises.is_unfinished = false;
                }
                _ => {}
            }
            promises.check(who, number, *step, is_done, &world)?;
        }
    }
    Ok(())
}

fn run(cases: u32) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&steps(), |steps| check(&steps));
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn no_history_brings_back_what_was_revoked_or_erased() {
    run(250);
}

#[test]
#[ignore = "takes minutes"]
fn none_of_ten_thousand_histories_brings_back_what_was_revoked_or_erased() {
    run(10_000);
}
