//! Mistakes of layouts' authors: one message each, at the line that holds them, and no file.
//!
//! Each folder of `tests/layouts/` is a case: a `layout.typ` or a `layout.yaml` with one mistake, over
//! the plain ones of `tests/proof/common/`, and `expected.txt` with what its author reads.

use testamur::press::Press;
use testamur::site::Request;
use testamur::{Date, ErrorKind};

use crate::cases::{Verdict, fails_without_a_file, folder, name, site, sorted};

const PERSON: &str = "María-José Ñuñez";

#[test]
fn every_mistake_is_one_message_at_its_line() {
    let mut verdict = Verdict::default();
    for case in sorted(&folder("layouts")) {
        let press = Press::new(site(&case)).unwrap();
        let request = Request::new("KNOTS-2026", PERSON).unwrap();
        let drafted = press.draft(&request, Date::parse("2026-05-14").unwrap());
        let said = match drafted {
            Ok(_) => {
                verdict.fault(format!("{}: nobody noticed", case.display()));
                continue;
            }
            Err(error) => {
                if error.faults().count() != 1 || error.place().is_none() {
                    verdict.fault(format!("{}: {error:?}", case.display()));
                }
                format!("{error:#}")
            }
        };
        verdict.compare(&case.join("expected.txt"), Some(&said));
        for path in sorted(&case) {
            if !["layout.typ", "layout.yaml", "expected.txt"].contains(&name(&path)) {
                verdict.fault(format!("an orphan: {}", path.display()));
            }
        }
    }
    verdict.pass();
}

#[test]
fn no_mistake_leaves_a_file() {
    let mut verdict = Verdict::default();
    for case in sorted(&folder("layouts")) {
        fails_without_a_file(&case, "layouts", PERSON, &mut verdict);
    }
    verdict.pass();
}

#[test]
fn a_render_past_its_deadline_is_given_up_and_four_are_the_end() {
    // Loops of a known length: Typst counts the rounds of `while` alone.
    let slow = r#"
#let certificate(sheet) = {
  let rounds = 0
  for _ in range(30000) { for _ in range(1000) { rounds += 1 } }
  [#rounds]
}
"#;
    let site = site(&folder("layouts"))
        .with_file("testamur.yaml", "render: { deadline: 0.2, threads: 1 }")
        .with_file("layouts/faulty/layout.typ", slow);
    let press = Press::new(site).unwrap();
    let draft = |person: &str| {
        let request = Request::new("KNOTS-2026", person).unwrap();
        press.draft(&request, Date::parse("2026-05-14").unwrap()).unwrap_err()
    };
    for person in ["Ada", "Emmy", "Grace", "Mary"] {
        let error = draft(person);
        assert_eq!(error.kind(), ErrorKind::Deadline, "{error:#}");
        assert!(error.is_retryable() && !error.is_user_fault());
        assert!(error.message().contains(person), "{error:#}");
    }
    assert_eq!(press.abandoned(), 4);
    assert_eq!(draft("Rosa").kind(), ErrorKind::Unhealthy);
}
