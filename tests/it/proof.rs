//! Faults of a page, one in each layout, in three directions of reading.
//!
//! Each folder of `tests/proof/` but `common/` is a case: a `layout.typ` with just the fault that the
//! folder is named for (its name begins with the error's kind), perhaps a `layout.yaml` of its own
//! and a `name.txt`, and what is said in English, Arabic and Thai. `sound` has no fault.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use testamur::press::Press;
use testamur::site::Request;
use testamur::{Date, ErrorKind, Tag};

use crate::cases::{Verdict, fails_without_a_file, folder, name, site, sorted};

const DIRECTIONS: [(&str, &str, &str); 3] = [
    ("ltr", "en", "María-José Ñuñez"),
    ("rtl", "ar", "محمد علي الخوارزمي"),
    ("thai", "th", "อภิสิทธิ์ กุลสตรี"),
];

/// What a proof can find, as the folders' names begin.
const KINDS: [ErrorKind; 8] = [
    ErrorKind::MissingGlyph,
    ErrorKind::UndeclaredFamily,
    ErrorKind::TextMissing,
    ErrorKind::TextDoubled,
    ErrorKind::Overflow,
    ErrorKind::Overlap,
    ErrorKind::PageCount,
    ErrorKind::NoConvergence,
];

#[test]
fn every_fault_is_named_and_no_other() {
    let mut verdict = Verdict::default();
    let mut seen = BTreeSet::new();
    for case in sorted(&folder("proof")) {
        if name(&case) == "common" {
            continue;
        }
        let kind = KINDS.into_iter().find(|kind| name(&case).starts_with(kind.as_str()));
        assert!(kind.is_some() || name(&case) == "sound", "{}", case.display());
        seen.extend(kind);
        let press = Press::new(site(&case)).unwrap();
        let mut files = BTreeSet::new();
        for (direction, tag, person) in DIRECTIONS {
            let expected = case.join(format!("expected-{direction}.txt"));
            let person = person_of(&case).unwrap_or_else(|| person.to_owned());
            let request = Request::new("KNOTS-2026", &person)
                .unwrap()
                .with_language(Tag::parse(tag).unwrap());
            let drafted = press.draft(&request, Date::parse("2026-05-14").unwrap());
            let error = drafted.err();
            let kinds: BTreeSet<ErrorKind> = error
                .iter()
                .flat_map(|error| error.faults())
                .map(|fault| fault.kind())
                .collect();
            if kinds != BTreeSet::from_iter(kind) {
                verdict.fault(format!("{} {direction}: {error:?}", case.display()));
            }
            let said = error.map(|error| format!("{error:#}"));
            verdict.compare(&expected, said.as_deref());
            files.insert(expected);
        }
        for path in sorted(&case) {
            if name(&path).starts_with("expected") && !files.contains(&path) {
                verdict.fault(format!("an orphan: {}", path.display()));
            }
        }
    }
    assert_eq!(seen, BTreeSet::from(KINDS));
    verdict.pass();
}

#[test]
fn no_fault_leaves_a_file() {
    let mut verdict = Verdict::default();
    for case in sorted(&folder("proof")) {
        if !["common", "sound"].contains(&name(&case)) {
            let person = person_of(&case).unwrap_or_else(|| DIRECTIONS[0].2.to_owned());
            fails_without_a_file(&case, "proof", &person, &mut verdict);
        }
    }
    verdict.pass();
}

fn person_of(case: &Path) -> Option<String> {
    Some(fs::read_to_string(case.join("name.txt")).ok()?.trim_end().to_owned())
}
