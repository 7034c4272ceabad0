//! `testamur list`, `find`, `revoke` and `erase`: the register of issued certificates.

use std::path::Path;

use crate::register::{Record, Register, Status};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::args::{Erase, Find, List, Revoke, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::spreadsheet::escape_formula;
use super::{clock, console, context};

pub(crate) fn list(site: &SiteArguments, list: &List) -> Result<CommandOutcome, Failure> {
    print_records(site, list, &|_| true)
}

pub(crate) fn find(site: &SiteArguments, find: &Find) -> Result<CommandOutcome, Failure> {
    let wanted = fold_name(&find.name);
    let is_found = |record: &Record| {
        let certificate = record.certificate.as_ref();
        certificate
            .is_some_and(|certificate| fold_name(&certificate.name).contains(&wanted))
    };
    print_records(site, &find.list, &is_found)
}

pub(crate) fn revoke(
    site: &SiteArguments,
    revoke: &Revoke,
) -> Result<CommandOutcome, Failure> {
    if revoke.reason.trim().is_empty() {
        return Err(Failure::usage(
            "the reason is empty\nhelp: write a few words, which the verify page shows",
        ));
    }
    let register = register_of_site(site, revoke.public.output.as_deref())?;
    let record =
        register.revoke(id_of(&revoke.id), revoke.reason.trim(), clock::now()?)?;
    console::print_message(&format!(
        "revoked: {}\n  page  {}",
        record.certificate.map(|certificate| certificate.name).unwrap_or_default(),
        register.publish().verify_url(&record.id)
    ));
    Ok(CommandOutcome::Done)
}

pub(crate) fn erase(
    site: &SiteArguments,
    erase: &Erase,
) -> Result<CommandOutcome, Failure> {
    let register = register_of_site(site, erase.public.output.as_deref())?;
    let secret = context::open_id_secret(site, &erase.keys)?;
    let erased = register.erase(id_of(&erase.id), &secret, clock::now()?)?;
    let editions = if erased.len() == 1 { "edition" } else { "editions" };
    console::print_message(&format!("erased: {} {editions}", erased.len()));
    erased.iter().for_each(|id| console::print_message(&format!("  {id}")));
    console::print_note(
        "copies elsewhere remain: PDFs that were sent on, backups, the caches of search \
         engines",
    );
    Ok(CommandOutcome::Done)
}

fn register_of_site(
    site: &SiteArguments,
    output: Option<&Path>,
) -> Result<Register, Failure> {
    let files = context::open_site(site)?;
    let settings = context::read_settings(&files)?;
    context::open_register(site, &files, &settings, output)
}

/// Prints the records of the course that `--course` names for which `is_wanted` holds. A record
/// that cannot be read is reported, and the others are printed.
fn print_records(
    site: &SiteArguments,
    list: &List,
    is_wanted: &dyn Fn(&Record) -> bool,
) -> Result<CommandOutcome, Failure> {
    let register = register_of_site(site, list.public.output.as_deref())?;
    let is_of_course = |record: &Record| match (&list.course, &record.certificate) {
        (None, _) => true,
        (Some(course), Some(certificate)) => certificate.course.id == *course,
        (Some(_), None) => false,
    };
    let mut unreadable = 0;
    if list.csv {
        console::print_result(CSV_HEADER);
    }
    register.records(&mut |record| {
        match record {
            Ok(record) if is_of_course(&record) && is_wanted(&record) => {
                let url = register.publish().verify_url(&record.id);
                if list.csv {
                    console::print_result(&csv_line(&record, &url));
                } else if list.json {
                    console::print_json(&json_object(&record, &url));
                } else {
                    console::print_result(&text_lines(&record, &url));
                }
            }
            Ok(_) => {}
            Err(error) => {
                unreadable += 1;
                console::print_message(&format!("{error:#}"));
            }
        }
        Ok(())
    })?;
    Ok(CommandOutcome::of(unreadable == 0))
}

const CSV_HEADER: &str = "id,status,edition,course,name,issued,issued_at,verify_url";

fn csv_line(record: &Record, url: &str) -> String {
    let certificate = record.certificate.as_ref();
    let fields = [
        record.id.clone(),
        record.status.as_str().to_owned(),
        record.edition.to_string(),
        certificate.map(|c| escape_formula(&c.course.id)).unwrap_or_default(),
        certificate.map(|c| escape_formula(&c.name)).unwrap_or_default(),
        certificate.map(|c| c.issued.to_string()).unwrap_or_default(),
        record.issued_at.to_string(),
        url.to_owned(),
    ];
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory does not fail.
    let _ = writer.write_record(fields);
    let line = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

fn json_object(record: &Record, url: &str) -> serde_json::Value {
    let certificate = record.certificate.as_ref();
    json!({
        "id": record.id,
        "status": record.status.as_str(),
        "edition": record.edition,
        "course": certificate.map(|c| c.course.id.as_str()),
        "name": certificate.map(|c| c.name.as_str()),
        "issued": certificate.map(|c| c.issued.to_string()),
        "issued_at": record.issued_at,
        "verify_url": url,
        "download_url": certificate.map(|c| c.pdf.url.as_str()),
        "history": record.history,
    })
}

fn text_lines(record: &Record, url: &str) -> String {
    let description = match (&record.certificate, record.status) {
        (Some(certificate), Status::Valid) => {
            format!(
                "{}  {}  {}",
                certificate.issued, certificate.name, certificate.course.id
            )
        }
        (Some(certificate), status) => format!(
            "{}  {}  {}  ({})",
            certificate.issued,
            certificate.name,
            certificate.course.id,
            status.as_str()
        ),
        (None, status) => format!("({})", status.as_str()),
    };
    format!("{}  {description}\n  {url}", record.id)
}

/// The id in the address of a verify page, or the text itself.
pub(crate) fn id_of(text: &str) -> &str {
    let is_id =
        |part: &&str| part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
    text.split('/').find(is_id).unwrap_or(text)
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
