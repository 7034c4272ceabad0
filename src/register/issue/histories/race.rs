//! Many processes that change the same certificate at the same time.

use std::sync::Arc;
use std::thread;

use super::step::Step;
use super::world::World;
use crate::base::error::ErrorKind;
use crate::register::record::Status;
use crate::register::store::Directory;

/// Many threads issue, revoke, erase and restore the same certificate at once, each like a process
/// of its own. In the end both sides, the pages and the files agree.
fn race(world: &World, rounds: usize) {
    for round in 0..rounds {
        let first = Step::Issue { who: 0, name: 0, replace: false, reissue: true };
        world.take(first).unwrap();
        let last =
            world.statuses(0).iter().rposition(Option::is_some).unwrap() as u32 + 1;
        if last > 6 {
            break;
        }
        let change = Step::Issue { who: 0, name: 1, replace: true, reissue: false };
        let same = Step::Issue { who: 0, name: 0, replace: false, reissue: false };
        let revoke = Step::RevokeEdition { who: 0, edition: last };
        let steps =
            [revoke, Step::Erase(0), same, Step::Restore, change, Step::Revoke(0)];
        thread::scope(|scope| {
            for number in 0..steps.len() {
                let step = steps[(number + round) % steps.len()];
                scope.spawn(move || {
                    if let Err(error) = world.take(step) {
                        assert_eq!(
                            error.kind(),
                            ErrorKind::Revoked,
                            "{step:?}: {error:#}"
                        );
                    }
                });
            }
        });
        // The recipient was erased during other steps: no trace of the name is left or comes back.
        let statuses = world.statuses(0);
        let is_over = |it: &Option<Status>| it.is_none_or(|it| it == Status::Erased);
        assert!(statuses.iter().all(is_over), "round {round}: {statuses:?}");
        let traces = world.traces(0);
        assert!(traces.is_empty(), "round {round}: {traces:?}");
        for edition in 1..9 {
            let id = world.ids(0, edition).verify;
            let (public, private) = world.record(&id);
            assert_eq!(public, private, "round {round}");
            assert_eq!(public.is_some(), world.page(&id).is_some(), "round {round}");
        }
    }
}

#[test]
fn concurrent_changes_end_in_agreement_in_memory() {
    for _ in 0..20 {
        race(&World::new(), 3);
    }
}

#[test]
fn concurrent_changes_end_in_agreement_in_folders() {
    for _ in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let public = Directory::new(folder.path().join("public"));
        let private = Directory::new(folder.path().join("private"));
        race(&World::over(Arc::new(public), Arc::new(private)), 3);
    }
}
