//! `testamur list`, `find`, `revoke` and `erase`: the register of what was issued.

use std::path::Path;

use crate::register::{Record, Register, Status};
use crate::site::{Keys, Settings};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::args::{Erase, Find, List, Revoke, SiteArguments};
use super::issue::inert;
use super::{Failure, Outcome, place, report};

pub(crate) fn list(site: &SiteArguments, list: &List) -> Result<Outcome, Failure> {
    print(site, list, &|_| true)
}

pub(crate) fn find(site: &SiteArguments, find: &Find) -> Result<Outcome, Failure> {
    let wanted = folded(&find.name);
    let names = |record: &Record| {
        let certificate = record.certificate.as_ref();
        certificate.is_some_and(|certificate| folded(&certificate.name).contains(&wanted))
    };
    print(site, &find.list, &names)
}

pub(crate) fn revoke(site: &SiteArguments, revoke: &Revoke) -> Result<Outcome, Failure> {
    if revoke.reason.trim().is_empty() {
        return Err(Failure::usage("the reason is empty\nhelp: say why, in a few words"));
    }
    let (register, _) = register(site, revoke.public.output.as_deref())?;
    let record = register.revoke(id(&revoke.id), revoke.reason.trim(), place::now()?)?;
    report::line(&format!(
        "revoked: {}\n  page  {}",
        record.certificate.map(|certificate| certificate.name).unwrap_or_default(),
        register.publish().verify_url(&record.id)
    ));
    Ok(Outcome::Done)
}

pub(crate) fn erase(site: &SiteArguments, erase: &Erase) -> Result<Outcome, Failure> {
    let (register, _) = register(site, erase.public.output.as_deref())?;
    let secret = Keys::id_secret(&place::key_folder(site, &erase.keys))?;
    let erased = register.erase(id(&erase.id), &secret, place::now()?)?;
    let editions = if erased.len() == 1 { "edition" } else { "editions" };
    report::line(&format!("erased: {} {editions}", erased.len()));
    erased.iter().for_each(|id| report::line(&format!("  {id}")));
    report::note(
        "what others copied is theirs: PDFs that were sent on, backups, the caches of search engines",
    );
    Ok(Outcome::Done)
}

fn register(
    site: &SiteArguments,
    output: Option<&Path>,
) -> Result<(Register, Settings), Failure> {
    let files = place::site(site)?;
    let settings = place::settings_of(&files)?;
    let register = place::register(site, &files, &settings, output)?;
    Ok((register, settings))
}

fn print(
    site: &SiteArguments,
    list: &List,
    wanted: &dyn Fn(&Record) -> bool,
) -> Result<Outcome, Failure> {
    let (register, _) = register(site, list.public.output.as_deref())?;
    let of_course = |record: &Record| match (&list.course, &record.certificate) {
        (None, _) => true,
        (Some(course), Some(certificate)) => certificate.course.id == *course,
        (Some(_), None) => false,
    };
    let mut unread = 0;
    if list.csv {
        report::text(HEADER);
    }
    register.records(&mut |record| {
        match record {
            Ok(record) if of_course(&record) && wanted(&record) => {
                let url = register.publish().verify_url(&record.id);
                match (list.csv, list.json) {
                    (true, _) => report::text(&csv_line(&record, &url)),
                    (_, true) => report::object(&object(&record, &url)),
                    _ => report::text(&line(&record, &url)),
                }
            }
            Ok(_) => {}
            Err(error) => {
                unread += 1;
                report::line(&format!("{error:#}"));
            }
        }
        Ok(())
    })?;
    Ok(if unread == 0 { Outcome::Done } else { Outcome::SomeFailed })
}

const HEADER: &str = "id,status,edition,course,name,issued,issued_at,verify_url";

fn csv_line(record: &Record, url: &str) -> String {
    let certificate = record.certificate.as_ref();
    let fields = [
        record.id.clone(),
        record.status.as_str().to_owned(),
        record.edition.to_string(),
        certificate.map(|c| inert(&c.course.id)).unwrap_or_default(),
        certificate.map(|c| inert(&c.name)).unwrap_or_default(),
        certificate.map(|c| c.issued.to_string()).unwrap_or_default(),
        record.issued_at.to_string(),
        url.to_owned(),
    ];
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Memory takes whatever is written.
    let _ = writer.write_record(fields);
    let line = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

fn object(record: &Record, url: &str) -> serde_json::Value {
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

fn line(record: &Record, url: &str) -> String {
    let what = match (&record.certificate, record.status) {
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
    format!("{}  {what}\n  {url}", record.id)
}

/// The id in an address, or the text itself.
fn id(text: &str) -> &str {
    let is_id =
        |part: &&str| part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
    text.split('/').find(is_id).unwrap_or(text)
}

/// A name without capitals and accents.
fn folded(name: &str) -> String {
    name.nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
