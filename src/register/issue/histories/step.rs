//! The steps of a history.

use proptest::prelude::*;

/// A step of a history. Numbers choose a recipient and a name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Issue {
        who: usize,
        name: usize,
        replace: bool,
        reissue: bool,
    },
    Revoke(usize),
    /// Revokes one edition by its id.
    RevokeEdition {
        who: usize,
        edition: u32,
    },
    Erase(usize),
    Restore,
    LosePublic,
    LosePrivate,
    /// Loses every file of the public store whose number among all has a bit in the mask.
    LosePartOfPublic(u32),
    /// Ends the process during the next step, after this many calls of a store. The last call may
    /// be done or not.
    Kill {
        after: usize,
        is_done: bool,
    },
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..2_usize;
    let step = prop_oneof![
        5 => (who.clone(), 0..2_usize, any::<bool>(), any::<bool>()).prop_map(
            |(who, name, replace, reissue)| Step::Issue { who, name, replace, reissue }
        ),
        2 => who.clone().prop_map(Step::Revoke),
        1 => (who.clone(), 1..4_u32)
            .prop_map(|(who, edition)| Step::RevokeEdition { who, edition }),
        2 => who.prop_map(Step::Erase),
        2 => Just(Step::Restore),
        1 => Just(Step::LosePublic),
        1 => Just(Step::LosePrivate),
        1 => any::<u32>().prop_map(Step::LosePartOfPublic),
        4 => (0..60_usize, any::<bool>())
            .prop_map(|(after, is_done)| Step::Kill { after, is_done }),
    ];
    proptest::collection::vec(step, 1..16)
}
