//! `testamur compat`: the command lines of edx-certificates.
//!
//! It takes the arguments of `create_pdfs.py`; gives certificates, copies of them, and the old
//! report. The decision: the title of a course and the organization's name come from the site; on
//! the command line they are refused if they differ. The folder of copies is never emptied, a name
//! that fails does not end the run, and a name that was done before keeps its address.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::args::{Compat, CreatePdfs, KeyFolder, SealingArguments, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{clock, console, context, issue, output};
use crate::Date;
use crate::press::{DraftOptions, Press};
use crate::register::batch::{file_stem, unused_name};
use crate::register::{IssueOptions, IssueService};
use crate::site::sample::SAMPLE_NAMES;
use crate::site::{Course, Request, Text};

/// The longest name of a file without its ending, in bytes: file systems allow 255.
const MAX_STEM: usize = 200;
/// The titles that `-T` gives in turn: those of the old program.
const TITLES: [&str; 14] = [
    "AuD", "DDS", "DO", "MD", "MD,PhD", "MBBS", "NP", "PA", "PharmD", "PhD", "RN",
    "Other", "None", "",
];

pub(crate) fn run(
    site: &SiteArguments,
    compat: &Compat,
) -> Result<CommandOutcome, Failure> {
    let Compat::CreatePdfs(arguments) = compat;
    let press = Arc::new(Press::new(context::open_site(site)?)?);
    press.warnings().iter().for_each(console::print_warning);
    let courses: Vec<&Course> = match &arguments.course_id {
        Some(id) => vec![press.courses().get(id)?],
        None => press.courses().iter().collect(),
    };
    let issued = issued_date(arguments.issued_date.as_deref())?;
    for course in &courses {
        check_text("-o", &arguments.long_org, &course.organization.name, course)?;
        check_text("-l", &arguments.long_course, &course.title, course)?;
    }
    let names = names(arguments)?;
    let maker = Maker {
        today: context::today(&press)?,
        issuer: if arguments.no_upload {
            None
        } else {
            Some(open_issuer(site, arguments, &press)?)
        },
        press: &press,
        arguments,
        issued,
    };
    let mut rows = Vec::new();
    let mut failed = 0;
    let mut taken = HashSet::new();
    let all =
        courses.iter().flat_map(|course| names.iter().map(move |name| (*course, name)));
    for (index, (course, name)) in all.enumerate() {
        match maker.make(course, name, index, &mut taken) {
            Ok(url) => rows.push([name.clone(), course.id.clone(), url]),
            Err(failure) => {
                failed += 1;
                let name = console::escaped(name);
                console::print_message(&format!(
                    "{}, {name}: {}",
                    course.id, failure.message
                ));
            }
        }
    }
    report(arguments, &rows)?;
    Ok(CommandOutcome::of(failed == 0))
}

/// The parts that making one certificate needs.
struct Maker<'a> {
    press: &'a Press,
    /// The issue service; `None` with `-U`.
    issuer: Option<IssueService>,
    arguments: &'a CreatePdfs,
    today: Date,
    issued: Option<Date>,
}

impl Maker<'_> {
    /// Makes a certificate and its copy. Returns the address of its PDF.
    fn make(
        &self,
        course: &Course,
        name: &str,
        index: usize,
        taken: &mut HashSet<String>,
    ) -> Result<String, Failure> {
        let mut request = Request::new(&course.id, name)?;
        if let Some(template) = &self.arguments.template_file {
            request = request.with_template(template);
        }
        if let Some(grade) = &self.arguments.grade_text {
            request = request.with_grade(grade);
        }
        if let Some(issued) = self.issued {
            request = request.with_issued(issued);
        }
        let title = TITLES[index % TITLES.len()];
        if self.arguments.assign_title && !title.is_empty() {
            request = request.with_designation(title);
        }
        let (url, pdf) = match &self.issuer {
            Some(issuer) => {
                let now = clock::now()?;
                let receipt =
                    issuer.issue(&request, self.today, now, &IssueOptions::default())?;
                let pdf =
                    receipt.record.certificate.as_ref().and_then(|it| it.pdf.as_ref());
                let path = pdf.map(|pdf| pdf.path.clone());
                let pdf = match path {
                    Some(path) => issuer.register().file(&path)?,
                    None => None,
                };
                let lost = || Failure::new("its PDF is not in the store");
                (receipt.urls.download_url.into(), pdf.ok_or_else(lost)?)
            }
            None => {
                let options = DraftOptions::default();
                let draft = self.press.draft_with(&request, self.today, &options)?;
                (String::new(), draft.bytes)
            }
        };
        let stem = |text: &str| text.replace('/', "-");
        let stem = format!("{}-{}", stem(&course.id), stem(name).replace(' ', "-"));
        // The old name, unless it would lead elsewhere, or is longer than a file's may be.
        let is_plain = !stem.starts_with('.') && !stem.contains(['\\', '\0']);
        let stem = if is_plain && stem.len() <= MAX_STEM {
            stem
        } else {
            file_stem(&stem, MAX_STEM)
        };
        let file = self.arguments.copies.join(unused_name(taken, &stem, "pdf"));
        output::write(Some(&file), &pdf)?;
        console::print_message(&format!("Created {}", file.display()));
        Ok(url)
    }
}

fn open_issuer(
    site: &SiteArguments,
    arguments: &CreatePdfs,
    press: &Arc<Press>,
) -> Result<IssueService, Failure> {
    context::check_address(press, false)?;
    let sealing = SealingArguments {
        keys: KeyFolder { folder: arguments.keys.clone() },
        tsa: None,
        tsa_roots: Vec::new(),
        archive: false,
    };
    let (issuer, _) = issue::open_issuer(site, None, &sealing, press)?;
    Ok(issuer)
}

/// The names of a run: one, those of a file, or the samples. A blank line is no name.
fn names(arguments: &CreatePdfs) -> Result<Vec<String>, Failure> {
    if let Some(name) = &arguments.name {
        return Ok(vec![name.clone()]);
    }
    let Some(file) = &arguments.input_file else {
        return Ok(SAMPLE_NAMES.iter().map(|name| (*name).to_owned()).collect());
    };
    let text = String::from_utf8(context::read_file(file)?).map_err(|error| {
        Failure::new(format!("{}: the file is not UTF-8 ({error})", file.display()))
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let names = text.lines().map(str::trim_end).filter(|name| !name.trim().is_empty());
    Ok(names.map(str::to_owned).collect())
}

fn issued_date(text: Option<&str>) -> Result<Option<Date>, Failure> {
    match text {
        None | Some("" | "ROLLING") => Ok(None),
        Some(text) => Date::parse(text).map(Some).map_err(|_| {
            Failure::usage(format!(
                "-i `{text}`: a date on a command line is written as 2026-05-14, or ROLLING\nhelp: \
                 words in place of a date are the course's: `issued: {{ text: … }}` in courses.yaml"
            ))
        }),
    }
}

/// Refuses a text that differs from what the course says.
fn check_text(
    option: &str,
    given: &str,
    own: &Text,
    course: &Course,
) -> Result<(), Failure> {
    let own = own.get(&course.language, &course.language).0;
    if given.is_empty() || given == own {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{option} `{given}`: the course `{}` says `{own}`\nhelp: change it in courses.yaml, or leave \
         the option out",
        course.id
    )))
}

/// The old report: name, course, the arguments -o and -l, and the address.
fn report(arguments: &CreatePdfs, rows: &[[String; 3]]) -> Result<(), Failure> {
    let (org, title) = (arguments.long_org.as_str(), arguments.long_course.as_str());
    if let Some(file) = &arguments.report_file {
        match write_csv(file, rows, org, title) {
            Ok(()) => return Ok(()),
            // As before, the report then goes to standard output.
            Err(failure) => console::print_message(&failure.message),
        }
    }
    if !arguments.no_report {
        for [name, course, url] in rows {
            console::print_result(&[name, course, org, title, url].join("\t"));
        }
    }
    Ok(())
}

fn write_csv(
    file: &Path,
    rows: &[[String; 3]],
    org: &str,
    title: &str,
) -> Result<(), Failure> {
    output::write_private_with(file, |out| {
        let mut writer = csv::WriterBuilder::new()
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(out);
        let failed =
            |error: csv::Error| Failure::new(format!("{}: {error}", file.display()));
        for [name, course, url] in rows {
            writer.write_record([name, course, org, title, url]).map_err(failed)?;
        }
        writer
            .flush()
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
    })
}
