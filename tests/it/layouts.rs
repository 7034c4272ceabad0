//! Errors of layout authors: one message each, at the line of the error, and no file.
//!
//! Each folder of `tests/layouts/` is a case: a `layout.typ` or a `layout.yaml` with one error,
//! over the files of `tests/proof/common/`, and `expected.txt` with the message.

use testamur::press::Press;
use testamur::site::Request;
use testamur::{Date, ErrorKind};

use crate::cases::{Differences, fails_without_a_file, folder, name, site, sorted};

const RECIPIENT: &str = "María-José Ñuñez";

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn each_layout_error_is_one_message_at_its_line() {
    let mut differences = Differences::default();
    for case in sorted(&folder("layouts")) {
        let press = Press::new(site(&case)).unwrap();
        let request = Request::new("KNOTS-2026", RECIPIENT).unwrap();
        let drafted = press.draft(&request, Date::parse("2026-05-14").unwrap());
        let message = match drafted {
            Ok(_) => {
                differences.add(format!("{}: no error is reported", case.display()));
                continue;
            }
            Err(error) => {
                if error.faults().count() != 1 || error.place().is_none() {
                    differences.add(format!("{}: {error:?}", case.display()));
                }
                format!("{error:#}")
            }
        };
        differences.compare(&case.join("expected.txt"), Some(&message));
        for path in sorted(&case) {
            let known = ["layout.typ", "layout.yaml", "expected.txt", "crest.svg"];
            if !known.contains(&name(&path)) {
                differences.add(format!("a file of no case: {}", path.display()));
            }
        }
    }
    differences.pass();
}

#[test]
fn layout_error_leaves_no_file() {
    let mut differences = Differences::default();
    for case in sorted(&folder("layouts")) {
        fails_without_a_file(&case, "layouts", RECIPIENT, &mut differences);
    }
    differences.pass();
}

#[test]
fn renders_past_their_deadline_are_abandoned_until_too_many_still_run() {
    // Loops of a fixed length: Typst limits the rounds of `while` only.
    let slow = r#"
#let certificate(sheet) = {
  let rounds = 0
  for _ in range(30000) { for _ in range(1000) { rounds += 1 } }
  [#rounds]
}
"#;
    let site = site(&folder("layouts"))
        .with_file("testamur.yaml", "render: { deadline: 0.05, threads: 1 }")
        .with_file("layouts/faulty/layout.typ", slow);
    let press = Press::new(site).unwrap();
    let draft = |recipient: &str| {
        let request = Request::new("KNOTS-2026", recipient).unwrap();
        press.draft(&request, Date::parse("2026-05-14").unwrap()).unwrap_err()
    };
    for number in 1..=16 {
        let recipient = &format!("Ada {number}");
        let error = draft(recipient);
        assert_eq!(error.kind(), ErrorKind::Deadline, "{error:#}");
        assert!(error.is_retryable() && !error.is_user_fault());
        assert!(error.message().contains(recipient), "{error:#}");
        assert_eq!(press.abandoned(), number);
    }
    assert_eq!(draft("Rosa").kind(), ErrorKind::Unhealthy);
}
