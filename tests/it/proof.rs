//! Faulty layouts that the proof refuses, one fault each, in three languages.
//!
//! Each folder of `tests/proof/` except `common/` is a case: a `layout.typ` with the fault that the
//! folder's name states (it begins with the error's kind), optionally a `layout.yaml` and a
//! `name.txt`, and the expected messages in English, Arabic and Thai. `sound` has no fault.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use testamur::press::Press;
use testamur::site::{Request, Site};
use testamur::{Date, ErrorKind, Tag};

use crate::cases::{Differences, fails_without_a_file, folder, name, site, sorted};
use crate::workdir::COURSE;

const DIRECTIONS: [(&str, &str, &str); 3] = [
    ("ltr", "en", "María-José Ñuñez"),
    ("rtl", "ar", "محمد علي الخوارزمي"),
    ("thai", "th", "อภิสิทธิ์ กุลสตรี"),
];

/// The kinds of error that a proof finds; folder names begin with them.
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

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn each_fault_is_reported_with_its_kind_only() {
    let mut differences = Differences::default();
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
        for (direction, tag, recipient) in DIRECTIONS {
            let expected = case.join(format!("expected-{direction}.txt"));
            let recipient = recipient_of(&case).unwrap_or_else(|| recipient.to_owned());
            let request = Request::new("KNOTS-2026", &recipient)
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
                differences.add(format!("{} {direction}: {error:?}", case.display()));
            }
            let message = error.map(|error| format!("{error:#}"));
            differences.compare(&expected, message.as_deref());
            files.insert(expected);
        }
        for path in sorted(&case) {
            if name(&path).starts_with("expected") && !files.contains(&path) {
                differences.add(format!("a file of no case: {}", path.display()));
            }
        }
    }
    assert_eq!(seen, BTreeSet::from(KINDS));
    differences.pass();
}

#[test]
fn faulty_page_leaves_no_file() {
    let mut differences = Differences::default();
    for case in sorted(&folder("proof")) {
        if !["common", "sound"].contains(&name(&case)) {
            let recipient =
                recipient_of(&case).unwrap_or_else(|| DIRECTIONS[0].2.to_owned());
            fails_without_a_file(&case, "proof", &recipient, &mut differences);
        }
    }
    differences.pass();
}

fn recipient_of(case: &Path) -> Option<String> {
    Some(fs::read_to_string(case.join("name.txt")).ok()?.trim_end().to_owned())
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn swash_that_reaches_out_is_named_with_what_it_needs() {
    let yaml = include_str!("../../layouts/diploma/layout.yaml");
    assert!(yaml.contains("swash: 6"));
    let draft = |swash: &str| {
        let yaml = yaml.replacen("swash: 6", swash, 1);
        let site = Site::demo().with_file("layouts/diploma/layout.yaml", yaml);
        let press = Press::new(site).unwrap();
        let request = Request::new(COURSE, "Jjgyf Qfgjy").unwrap().with_layout("diploma");
        press.draft(&request, Date::parse("2026-05-14").unwrap())
    };
    let error = draft("swash: 0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overflow, "{error:#}");
    assert!(
        error.message().starts_with("the recipient `Jjgyf Qfgjy` reaches 3."),
        "{error:#}"
    );
    let help = error.help().unwrap();
    assert!(help.contains("`recipient: { swash: 4 }` under `roles`"), "{help}");
    draft("swash: 4").unwrap();
}
