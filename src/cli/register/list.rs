//! `testamur list`.

use serde_json::json;

use super::site::register_of_site;
use crate::cli::args::{List, SiteArguments};
use crate::cli::console;
use crate::cli::exit::{CommandOutcome, Failure};
use crate::cli::spreadsheet::escape_formula;
use crate::register::{Record, Status};

pub(crate) fn list(site: &SiteArguments, list: &List) -> Result<CommandOutcome, Failure> {
    print_records(site, list, &|_| true)
}

/// Prints the records of the course that `--course` names for which `is_wanted` holds. A record
/// that cannot be read is reported, and the others are printed.
pub(super) fn print_records(
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
