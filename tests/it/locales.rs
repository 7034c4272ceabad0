//! Mistakes of translators: one message each, at the line that holds them, and no file.
//!
//! Each folder of `tests/locales/` is a case: an `en.yaml` with one mistake (those called `several…` have
//! more), over the plain sentences of `tests/proof/common/`, and `expected.txt` with what a translator
//! reads.

use testamur::Date;
use testamur::press::Press;
use testamur::site::Request;

use crate::cases::{Verdict, fails_without_a_file, folder, name, site, sorted};

const PERSON: &str = "María-José Ñuñez";

#[test]
fn every_mistake_is_one_message_at_its_line() {
    let mut verdict = Verdict::default();
    for case in sorted(&folder("locales")) {
        let press = Press::new(site(&case)).unwrap();
        let request = Request::new("KNOTS-2026", PERSON).unwrap();
        match press.draft(&request, Date::parse("2026-05-14").unwrap()) {
            Ok(_) => verdict.fault(format!("{}: nobody noticed", case.display())),
            Err(error) => {
                let several = name(&case).starts_with("several");
                let mut places = error.faults().map(|fault| fault.place());
                let at_home = places.all(|place| {
                    place.is_some_and(|at| {
                        at.file.ends_with("/en.yaml") && at.line.is_some()
                    })
                });
                if (error.faults().count() == 1) == several || !at_home {
                    verdict.fault(format!("{}: {error:?}", case.display()));
                }
                verdict.compare(&case.join("expected.txt"), Some(&format!("{error:#}")));
            }
        }
    }
    verdict.pass();
}

#[test]
fn no_mistake_leaves_a_file() {
    let mut verdict = Verdict::default();
    for case in sorted(&folder("locales")) {
        fails_without_a_file(&case, "locales", PERSON, &mut verdict);
    }
    verdict.pass();
}
