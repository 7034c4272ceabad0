//! The tables of `docs/verify.md`: in how many files the judges of the corpus agree, and why they do not.

use std::collections::BTreeMap;
use std::fs;

use super::corpus::judge;

/// A table of the docs: the comment before it, the columns of the corpus's table that it counts, and why
/// judges disagree on a row.
struct Table {
    begin: &'static str,
    columns: &'static [usize],
    reason: fn(&[String]) -> Option<&'static str>,
}

const TABLES: [Table; 3] = [
    Table {
        begin: "<!-- seals, counted by tests/it/verify/agreement.rs -->\n",
        columns: &[1, 4, 5, 6],
        reason: of_seals,
    },
    Table {
        begin: "<!-- signatures, counted by tests/it/verify/agreement.rs -->\n",
        columns: &[1, 7, 8],
        reason: of_signatures,
    },
    Table {
        begin: "<!-- pages, counted by tests/it/verify/agreement.rs -->\n",
        columns: &[1, 3],
        reason: of_pages,
    },
];

/// What stands for the verdicts on files whose certificates do not stand any more.
const ENDED: &str = "ended";

/// What the table beside the corpus says: the lines after its head, in cells.
pub(super) fn table() -> Vec<Vec<String>> {
    let text = fs::read_to_string(judge("expected.tsv")).unwrap();
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().skip(1).map(cells).collect()
}

/// Why pyHanko, pdfsig and EU DSS say something else of a file; `None` if they do not.
fn of_seals(row: &[String]) -> Option<&'static str> {
    let [name, verdict, _, _, pyhanko, pdfsig, dss, ..] = row else { panic!("{row:?}") };
    let takes = pyhanko == "valid" || pdfsig.starts_with("valid") || dss == "passed";
    match verdict.as_str() {
        "good" => {
            assert_eq!((&**pyhanko, &**pdfsig, &**dss), ("valid", "valid", "passed"));
            None
        }
        _ if !takes => None,
        ENDED => Some("status"),
        "signer_unknown" => Some("another root"),
        "not_ours" => Some("another program"),
        "bad" if name.starts_with("signature") => Some("detached signature"),
        "bad" if name.contains("the twin of the leaf") => Some("another leaf"),
        "bad" if name.starts_with("foreign: on top of") => Some("another signer"),
        "bad" => Some("other bytes"),
        verdict => panic!("{name} is {verdict}, and valid to others: say why"),
    }
}

/// Why gpg and sqv say something else of a detached signature.
fn of_signatures(row: &[String]) -> Option<&'static str> {
    let is_valid = row[7] == "valid";
    assert_eq!(row[7], row[8], "gpg and sqv disagree: {row:?}");
    match row[1].as_str() {
        "good" | "bad" if is_valid == (row[1] == "good") => None,
        ENDED if is_valid => Some("status"),
        "signer_unknown" if !is_valid => Some("another key"),
        "bad" if row[0] == "signature with other line ends" => Some("another form"),
        _ => panic!("{row:?}: say why"),
    }
}

/// Why the page says something else of a file.
fn of_pages(row: &[String]) -> Option<&'static str> {
    match (row[1].as_str(), row[3].as_str()) {
        ("good", page) => {
            assert_eq!(page, "good");
            None
        }
        ("bad", "good") => Some("detached signature"),
        (_, "good") => panic!("{row:?}: say why"),
        ("signer_unknown" | "not_ours" | "not_sealed", _) => Some("another file"),
        _ => None,
    }
}

/// The page in `docs/` counts what the table says, so that neither is out of date, and has a reason for
/// each disagreement.
#[test]
fn page_of_the_docs_counts_the_corpus() {
    let table = table();
    let path = judge("../../docs/verify.md");
    let mut page = fs::read_to_string(&path).unwrap();
    let is_accepted = std::env::var_os("TESTAMUR_ACCEPT").is_some();
    for one in TABLES {
        let at = page.find(one.begin).expect("the page has the table") + one.begin.len();
        let (head, rest) = page.split_at(at);
        let old = rest.lines().take_while(|line| line.starts_with('|'));
        let old: String = old.map(|line| format!("{line}\n")).collect();
        let heading: String =
            old.lines().take(2).map(|line| format!("{line}\n")).collect();
        let (counted, reasons) = counts(&table, &one);
        let new = heading + &counted;
        // The reasons follow the table, up to the next one.
        let below = rest[old.len()..].split("<!--").next().unwrap().to_owned();
        if is_accepted {
            page = [head, &new, &rest[old.len()..]].concat();
        } else {
            assert_eq!(old, new);
        }
        for reason in reasons {
            assert!(below.contains(&format!("- **{reason}**: ")), "{reason}");
        }
    }
    if is_accepted {
        fs::write(&path, &page).unwrap();
    }
    assert!(page.contains(&format!("{} files", table.len())), "{}", table.len());
}

/// The rows of a table, with how many files have the same words in its columns, and the reasons in it.
fn counts(rows: &[Vec<String>], table: &Table) -> (String, Vec<&'static str>) {
    let mut counts: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut reasons = Vec::new();
    for row in rows {
        // A file without a signature is not before the judges of signatures.
        if table.columns.iter().any(|column| row[*column] == "-") {
            continue;
        }
        let mut row = row.clone();
        if ["revoked", "superseded", "erased", "specimen"].contains(&&*row[1]) {
            row[1] = ENDED.to_owned();
        }
        let reason = (table.reason)(&row);
        reasons.extend(reason);
        row[1] = format!("`{}`", row[1]);
        let cells = table.columns.iter().map(|column| row[*column].clone());
        let cells = cells.chain([reason.unwrap_or("they agree").to_owned()]);
        *counts.entry(cells.collect()).or_default() += 1;
    }
    let line = |(words, count): (&Vec<String>, &usize)| {
        format!("| {count} | {} |\n", words.join(" | "))
    };
    reasons.sort_unstable();
    reasons.dedup();
    (counts.iter().map(line).collect(), reasons)
}
