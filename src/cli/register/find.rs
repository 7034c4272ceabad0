//! `testamur find`.

use unicode_normalization::UnicodeNormalization;

use super::list::print_records;
use crate::cli::args::{Find, SiteArguments};
use crate::cli::exit::{CommandOutcome, Failure};
use crate::register::Record;

pub(crate) fn find(site: &SiteArguments, find: &Find) -> Result<CommandOutcome, Failure> {
    let wanted = fold_name(&find.name);
    let is_found = |record: &Record| {
        let certificate = record.certificate.as_ref();
        certificate
            .is_some_and(|certificate| fold_name(&certificate.name).contains(&wanted))
    };
    print_records(site, &find.list, &is_found)
}

/// The name in lower case, without accents (Unicode NFKD) and with single spaces.
fn fold_name(name: &str) -> String {
    name.nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
