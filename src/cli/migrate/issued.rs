//! `testamur migrate issued`: a register of what the old program issued, whose files stay where they
//! are.
//!
//! It takes the store of the site with its old files, the pages' templates that the migration kept, and
//! perhaps the table of the learning management system; gives a record for each certificate of which
//! all is known, and names the others. The decision: nothing is guessed. A run that was stopped is
//! continued by the same command.

mod importer;
mod page;
mod table;
mod tree;

use std::collections::BTreeSet;

use serde_json::json;

use super::super::args::{KeyFolder, MigrateIssued, SiteArguments};
use super::super::exit::{CommandOutcome, Failure};
use super::super::{console, context, output};
use crate::press::Press;
use crate::register::ImportedCertificate;

use self::importer::{Importer, Work, language, site_keys, templates};
use self::table::Table;
use self::tree::OldTree;

/// How many certificates are written together.
const BATCH: usize = 256;
/// The most problems that are printed.
const MAX_PRINTED: usize = 20;

pub(super) fn run(
    site: &SiteArguments,
    issued: &MigrateIssued,
) -> Result<CommandOutcome, Failure> {
    let files = context::open_site(site)?;
    let settings = context::read_settings(&files)?;
    let keys = KeyFolder { folder: None };
    let register = context::open_register(site, &files, &settings, None, Some(&keys))?;
    let secret = context::open_id_secret(site, &keys)?;
    let press = Press::new(files)?;
    if !issued.dry_run {
        register.mark(&secret)?;
    }
    let table = Table::read(&issued.table)?;
    let tree = OldTree::list(&register)?;
    let importer = Importer {
        register: &register,
        press: &press,
        templates: templates(context::folder(site)),
        keys: site_keys(&settings, context::folder(site))?,
        table: &table,
        tree: &tree,
        language: language(&press),
    };
    let mut outcomes: Vec<ImportOutcome> = Vec::new();
    // First the PDFs, whose text may tell which certificates they are; then what is left.
    let mut seen = SeenIds::default();
    let pdfs = importer.pdfs()?;
    run_all(&importer, issued, &pdfs, &mut seen, &mut outcomes)?;
    let others = importer.others(&seen.all);
    run_all(&importer, issued, &others, &mut seen, &mut outcomes)?;
    tell(issued, &importer, &outcomes)
}

/// The ids of PDFs that were read.
#[derive(Default)]
struct SeenIds {
    all: BTreeSet<String>,
    /// Those that are imported: one that fails does not take the place of another.
    imported: BTreeSet<String>,
}

/// Reads and imports certificates, many at a time.
fn run_all(
    importer: &Importer<'_>,
    issued: &MigrateIssued,
    work: &[Work],
    seen: &mut SeenIds,
    outcomes: &mut Vec<ImportOutcome>,
) -> Result<(), Failure> {
    let bar = console::progress_bar(work.len());
    for chunk in work.chunks(BATCH) {
        let mut certificates = Vec::new();
        let mut notes = Vec::new();
        for (id, read) in importer.read_all(chunk) {
            seen.all.insert(id.clone());
            match read {
                Ok((certificate, _)) if !seen.imported.insert(id.clone()) => {
                    let why = "another PDF bears the same number".to_owned();
                    outcomes.push(ImportOutcome::failed(certificate.id.into(), why));
                }
                Ok((certificate, note)) => {
                    certificates.push(certificate);
                    notes.push(note);
                }
                Err(why) => outcomes.push(ImportOutcome::failed(id, why)),
            }
        }
        if !issued.dry_run {
            importer.register.import(&certificates)?;
        }
        for (certificate, note) in certificates.into_iter().zip(notes) {
            let ImportedCertificate { id, name, course, .. } = certificate;
            outcomes.push(ImportOutcome {
                id: id.into(),
                name,
                course: course.id,
                result: Ok(note),
            });
        }
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

/// The result for one certificate: imported, perhaps with a note, or the reason why not.
struct ImportOutcome {
    id: String,
    name: String,
    course: String,
    result: Result<Option<String>, String>,
}

impl ImportOutcome {
    fn failed(id: String, why: String) -> Self {
        Self { id, name: String::new(), course: String::new(), result: Err(why) }
    }
}

/// Reports what was done.
fn tell(
    issued: &MigrateIssued,
    importer: &Importer<'_>,
    outcomes: &[ImportOutcome],
) -> Result<CommandOutcome, Failure> {
    let word = if issued.dry_run { "would be imported" } else { "imported" };
    let object = |it: &ImportOutcome| {
        json!({
            "verify_id": it.id,
            "outcome": if it.result.is_ok() { word } else { "not imported" },
            "name": it.name,
            "course": it.course,
            "note": it.result.clone().unwrap_or_else(Some),
        })
    };
    if issued.json {
        outcomes.iter().for_each(|it| console::print_json(&object(it)));
    }
    if let Some(path) = &issued.report {
        output::write_private_with(path, |file| {
            let mut writer = csv::Writer::from_writer(file);
            let mut write = |row: [&str; 5]| {
                writer.write_record(row).map_err(|error| Failure::new(error.to_string()))
            };
            write(["verify_id", "outcome", "name", "course", "note"])?;
            for it in outcomes {
                let (outcome, note) = match &it.result {
                    Ok(note) => (word, note.as_deref().unwrap_or_default()),
                    Err(why) => ("not imported", why.as_str()),
                };
                write([&it.id, outcome, &it.name, &it.course, note])?;
            }
            writer.flush().map_err(|error| Failure::new(error.to_string()))
        })?;
    }
    let failed: Vec<&ImportOutcome> =
        outcomes.iter().filter(|it| it.result.is_err()).collect();
    let done = outcomes.len() - failed.len();
    for it in failed.iter().take(MAX_PRINTED) {
        let why = it.result.as_ref().err().map(String::as_str).unwrap_or_default();
        console::print_message(&format!(
            "{}: not imported: {}",
            it.id,
            console::escaped(why)
        ));
    }
    if failed.len() > MAX_PRINTED {
        console::print_message(&format!(
            "and {} more, all of them with --report FILE.csv",
            failed.len() - MAX_PRINTED
        ));
    }
    let noted = outcomes.iter().filter(|it| matches!(it.result, Ok(Some(_)))).count();
    let known = importer.tree.folders.values().filter(|it| it.has_record).count();
    console::print_message(&format!(
        "{done} {word}, {noted} of them with a note (--report, --json); {} not imported; {known} \
         were in the register before",
        failed.len()
    ));
    Ok(CommandOutcome::of(failed.is_empty()))
}
