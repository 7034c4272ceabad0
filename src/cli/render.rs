//! `testamur render`: drafts as files.

use std::path::{Path, PathBuf};

use crate::Date;
use crate::press::{Claim, Draft, DraftOptions, Format, Press};
use crate::seal::Sealer;
use serde_json::json;

use super::args::{FormatName, Render, SiteArguments};
use super::crew::{self, Stop};
use super::output::{self, Output};
use super::people::{Person, people};
use super::{Failure, Outcome, place, report, seal};

pub(crate) fn run(site: &SiteArguments, render: &Render) -> Result<Outcome, Failure> {
    let format = format(render)?;
    let standard = render.output.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if standard && render.json {
        return Err(Failure::usage(
            "the certificate and `--json` would both go to standard output\nhelp: name a \
             file",
        ));
    }
    let people = people(&render.people)?;
    let press = Press::new(place::site(site)?)?;
    for warning in press.warnings() {
        report::warning(warning);
    }
    let today = place::today(&press)?;
    // Bad keys are found before the first page is set.
    let sealer = match render.seal {
        false => None,
        true if format != Format::Pdf => {
            return Err(Failure::usage("only a PDF can be sealed\nhelp: name a .pdf"));
        }
        true => {
            let settings = seal::settings(press.settings().seal.clone(), &render.stamps);
            let now = place::now()?;
            place::demo_keys(site, &render.keys, &press, now)?;
            Some(place::keys(site, &render.keys, &settings, now)?.sealer())
        }
    };
    if let Some(layout) = &render.sample {
        let options = options(render, format);
        let draft = press.draft_sample(layout, today, &options)?;
        draft.warnings.iter().for_each(report::warning);
        let mut output = Output::new(render.output.as_deref(), true)?;
        let path = output.path(layout, "sample", format.extension());
        save(path.as_deref(), &draft, sealer.as_ref())?;
        if let Some(path) = path {
            report::line(&format!("made {}", path.display()));
        }
        return Ok(Outcome::Done);
    }
    let courses = courses(&press, render.course.as_deref(), &people)?;

    let single = courses.len() * people.len() == 1;
    let mut output = Output::new(render.output.as_deref(), single)?;
    let jobs: Vec<Job<'_>> = courses
        .iter()
        .flat_map(|course| people.iter().map(move |person| (course, person)))
        .map(|(course, person)| {
            let course = person.course().unwrap_or(course);
            let path = output.path(course, &person.name, format.extension());
            Job { course, person, path }
        })
        .collect();

    let run = Run { press: &press, render, today, format, sealer };
    let mut failed = 0_usize;
    crew::work(
        &jobs,
        1,
        &Stop::default(),
        |job| run.job(job),
        |index, outcome| {
            failed += usize::from(outcome.is_err());
            run.say(&jobs[index], &outcome);
        },
    );
    if jobs.len() > 1 {
        report::line(&format!("{} made, {failed} failed", jobs.len() - failed));
    }
    Ok(if failed == 0 { Outcome::Done } else { Outcome::SomeFailed })
}

struct Job<'a> {
    course: &'a str,
    person: &'a Person,
    path: Option<PathBuf>,
}

struct Run<'a> {
    press: &'a Press,
    render: &'a Render,
    today: Date,
    format: Format,
    sealer: Option<Sealer>,
}

/// Why a certificate was not made: the library's error, or the program's.
enum Fault {
    Press(crate::Error),
    Program(Failure),
}

impl Run<'_> {
    fn job(&self, job: &Job<'_>) -> Result<Draft, Fault> {
        if let Some(fault) = &job.person.fault {
            let place = job.person.place.as_deref().unwrap_or_default();
            return Err(Fault::Program(Failure::new(format!("{place}: {fault}"))));
        }
        let request =
            job.person.request(job.course, &self.render.facts).map_err(Fault::Press)?;
        let options = options(self.render, self.format);
        let draft = self
            .press
            .draft_with(&request, self.today, &options)
            .map_err(Fault::Press)?;
        save(job.path.as_deref(), &draft, self.sealer.as_ref())
            .map_err(Fault::Program)?;
        Ok(draft)
    }

    fn say(&self, job: &Job<'_>, outcome: &Result<Draft, Fault>) {
        let file = job.path.as_ref().map(|path| path.display().to_string());
        match outcome {
            Ok(draft) if self.render.json => report::object(&json!({
                "status": "done",
                "course": job.course,
                "name": job.person.name,
                "row": job.person.place,
                "language": draft.language.as_str(),
                "layout": draft.layout,
                "issued": draft.issued.to_string(),
                "format": draft.format.extension(),
                "claims": draft.claims.iter().map(Claim::to_string).collect::<Vec<_>>(),
                "file": file,
                "verify_url": draft.verify_url,
                "warnings":
                    draft.warnings.iter().map(report::warning_json).collect::<Vec<_>>(),
            })),
            Ok(draft) => {
                draft.warnings.iter().for_each(report::warning);
                if let Some(file) = file {
                    report::line(&format!("made {file}"));
                }
            }
            Err(fault) => {
                if self.render.json {
                    let error = match fault {
                        Fault::Press(error) => report::error_json(error),
                        Fault::Program(failure) => {
                            json!({ "kind": "io", "message": failure.message })
                        }
                    };
                    report::object(&json!({
                        "status": "failed",
                        "course": job.course,
                        "name": job.person.name,
                        "row": job.person.place,
                        "error": error,
                    }));
                }
                match fault {
                    Fault::Press(error) => report::line(&job.person.complaint(error)),
                    Fault::Program(failure) => report::line(&failure.message),
                }
            }
        }
    }
}

/// Writes a draft, sealed if somebody seals it.
fn save(
    path: Option<&Path>,
    draft: &Draft,
    sealer: Option<&Sealer>,
) -> Result<(), Failure> {
    match sealer {
        None => output::write(path, &draft.bytes),
        Some(sealer) => seal::write(path, &sealer.seal(&draft.bytes, place::now()?)?),
    }
}

fn options(render: &Render, format: Format) -> DraftOptions {
    DraftOptions::default().with_format(format).with_specimen(!render.no_specimen)
}

/// The courses to make certificates of: the one that is named, else those that the rows name, else
/// all.
pub(crate) fn courses(
    press: &Press,
    named: Option<&str>,
    people: &[Person],
) -> Result<Vec<String>, Failure> {
    if let Some(course) = named {
        return Ok(vec![press.courses().get(course)?.id.clone()]);
    }
    if people.iter().all(|person| person.course().is_some()) {
        return Ok(vec![String::new()]);
    }
    let all: Vec<String> =
        press.courses().iter().map(|course| course.id.clone()).collect();
    match all.is_empty() {
        true => Err(Failure::new("there is no course in the site".to_owned())),
        false => Ok(all),
    }
}

/// The format by its name, else by the output's ending, else PDF.
fn format(render: &Render) -> Result<Format, Failure> {
    let ending = render.output.as_ref().and_then(|path| path.extension());
    let format = match render.format {
        Some(FormatName::Pdf) => Format::Pdf,
        Some(FormatName::Png) => Format::Png { pixels_per_inch: render.ppi },
        Some(FormatName::Svg) => Format::Svg,
        Some(FormatName::Sheet) => Format::Sheet,
        None => match ending {
            None => Format::Pdf,
            Some(ending) => Format::from_extension(&ending.to_string_lossy()).ok_or_else(|| {
                Failure::usage(format!(
                    "nothing is known of the ending `.{}`\nhelp: use .pdf, .png, .svg or \
                     .json, or say --format",
                    ending.to_string_lossy()
                ))
            })?,
        },
    };
    Ok(match format {
        Format::Png { .. } => Format::Png { pixels_per_inch: render.ppi },
        other => other,
    })
}
