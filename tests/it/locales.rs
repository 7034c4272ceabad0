//! Errors of translators: one message each, at the line of the error, and no file.
//!
//! Each folder of `tests/locales/` is a case: an `en.yaml` with one error (those named `several…`
//! have more), over the sentences of `tests/proof/common/`, and `expected.txt` with the message.

use testamur::Date;
use testamur::press::Press;
use testamur::site::Request;

use crate::cases::{Differences, fails_without_a_file, folder, name, site, sorted};

const RECIPIENT: &str = "María-José Ñuñez";

#[test]
fn each_locale_error_is_one_message_at_its_line() {
    let mut differences = Differences::default();
    for case in sorted(&folder("locales")) {
        let press = Press::new(site(&case)).unwrap();
        let request = Request::new("KNOTS-2026", RECIPIENT).unwrap();
        match press.draft(&request, Date::parse("2026-05-14").unwrap()) {
            Ok(_) => differences.add(format!("{}: no error is reported", case.display())),
            Err(error) => {
                let several = name(&case).starts_with("several");
                let mut places = error.faults().map(|fault| fault.place());
                let at_home = places.all(|place| {
                    place.is_some_and(|at| {
                        at.file.ends_with("/en.yaml") && at.line.is_some()
                    })
                });
                if (error.faults().count() == 1) == several || !at_home {
                    differences.add(format!("{}: {error:?}", case.display()));
                }
                differences
                    .compare(&case.join("expected.txt"), Some(&format!("{error:#}")));
            }
        }
    }
    differences.pass();
}

#[test]
fn locale_error_leaves_no_file() {
    let mut differences = Differences::default();
    for case in sorted(&folder("locales")) {
        fails_without_a_file(&case, "locales", RECIPIENT, &mut differences);
    }
    differences.pass();
}
