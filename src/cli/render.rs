//! `testamur render`: drafts as files.

use std::path::{Path, PathBuf};

use crate::Date;
use crate::press::{Claim, Draft, DraftOptions, Format, Press};
use crate::seal::Sealer;
use crate::site::KeyPublication;
use crate::site::tables::RecipientRow;
use serde_json::json;

use super::args::{FormatName, Render, SiteArguments};
use super::batch::{self, StopSignal};
use super::exit::{CommandOutcome, Failure};
use super::job_failure::JobFailure;
use super::output::{self, Output};
use super::recipients::{self, ReadingContext, RecipientSource};
use super::{clock, console, context, sample_request, sealed_file};

pub(crate) fn run(
    site: &SiteArguments,
    render: &Render,
) -> Result<CommandOutcome, Failure> {
    let format = choose_format(render)?;
    let is_standard = render.output.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if is_standard && render.json {
        return Err(Failure::usage(
            "the certificate and `--json` would both go to standard output\nhelp: name a \
             file with --output",
        ));
    }
    let source = RecipientSource::open(render.name.as_deref(), &render.table)?;
    let opened = context::open_site(site)?;
    let press = match render.sample {
        Some(_) => Press::for_layouts(opened)?,
        None => Press::new(opened)?,
    };
    press.warnings().iter().for_each(console::print_warning);
    let today = context::today(&press)?;
    // Opened before the first page, so that a wrong key is found before any work.
    let sealer = open_sealer(site, render, format, &press)?;
    if let Some(layout) = &render.sample {
        render_sample(render, layout, format, &press, today, sealer.as_ref())?;
        return Ok(CommandOutcome::Done);
    }

    let reading = ReadingContext {
        press: &press,
        course: render.course.as_deref(),
        table: &render.table,
        keep: &[],
        request: &render.request,
        today,
    };
    let rows = reading.read(source)?.rows;
    let courses = recipients::select_courses(&press, render.course.as_deref(), &rows)?;
    let single = courses.len() * rows.len() == 1;
    let mut output = Output::new(render.output.as_deref(), single)?;
    let jobs: Vec<RenderJob<'_>> = courses
        .iter()
        .flat_map(|course| rows.iter().map(move |row| (course, row)))
        .map(|(course, row)| {
            let course = row.course.as_ref().unwrap_or(course);
            let path = output.path(course, &row.name, format.extension());
            RenderJob { course, row, path }
        })
        .collect();

    let renderer = Renderer { press: &press, render, today, format, sealer };
    let (mut failed, mut not_passed) = (0_usize, 0_usize);
    let mut warnings = console::RunWarnings::default();
    batch::run(
        &jobs,
        batch::COMPUTING_PER_CORE,
        &StopSignal::default(),
        |job| renderer.render(job),
        |index, result| {
            match &result {
                Err(failure) if failure.is_not_passed() => not_passed += 1,
                Err(_) => failed += 1,
                Ok(draft) => warnings.add(
                    &draft.warnings,
                    draft.language.as_str(),
                    jobs[index].row.place.as_ref(),
                ),
            }
            renderer.report_result(&jobs[index], &result);
        },
    );
    warnings.print();
    if jobs.len() > 1 {
        let made = jobs.len() - failed - not_passed;
        let not_passed = match not_passed {
            0 => String::new(),
            number => format!(", {number} not passed"),
        };
        console::print_message(&format!("{made} made{not_passed}, {failed} failed"));
    }
    Ok(CommandOutcome::of(failed == 0))
}

/// The sealer that `--seal` asks for. The demo site gets its first keys.
fn open_sealer(
    site: &SiteArguments,
    render: &Render,
    format: Format,
    press: &Press,
) -> Result<Option<Sealer>, Failure> {
    if !render.seal {
        return Ok(None);
    }
    if format != Format::Pdf {
        return Err(Failure::usage(
            "only a PDF can be sealed\nhelp: name a .pdf with --output, or leave out --seal",
        ));
    }
    let now = clock::now()?;
    context::create_demo_keys(site, &render.sealing.keys, press, now)?;
    let settings = press.settings();
    let publication = KeyPublication::of(settings);
    let sealing = &render.sealing;
    let public = &*context::public_store(site, settings, &sealing.keys)?;
    let keys = context::open_keys(site, settings, &publication, sealing, public, now)?;
    Ok(Some(keys.sealer()))
}

/// Renders the sample data of a layout.
fn render_sample(
    render: &Render,
    layout: &str,
    format: Format,
    press: &Press,
    today: Date,
    sealer: Option<&Sealer>,
) -> Result<(), Failure> {
    let (course, request) = press.sample(layout)?;
    let request =
        sample_request::with_arguments(request, render.name.as_deref(), &render.request)?;
    let options = draft_options(render, format);
    let mut draft = press.draft_course(&course, &request, today, &options)?;
    let mut output = Output::new(render.output.as_deref(), true)?;
    let path = output.path(layout, "sample", format.extension());
    save(path.as_deref(), &mut draft, sealer)?;
    draft.warnings.iter().for_each(console::print_warning);
    if let Some(path) = path {
        console::print_message(&format!("made {}", path.display()));
    }
    Ok(())
}

/// One draft to make.
struct RenderJob<'a> {
    course: &'a str,
    row: &'a RecipientRow,
    /// Where the draft goes; `None` is standard output.
    path: Option<PathBuf>,
}

/// The data that all jobs share.
struct Renderer<'a> {
    press: &'a Press,
    render: &'a Render,
    today: Date,
    format: Format,
    sealer: Option<Sealer>,
}

impl Renderer<'_> {
    fn render(&self, job: &RenderJob<'_>) -> Result<Draft, JobFailure> {
        let request = job
            .row
            .request(&recipients::defaults(job.course, &self.render.request))
            .map_err(JobFailure::Library)?;
        let options = draft_options(self.render, self.format);
        let mut draft = self
            .press
            .draft_with(&request, self.today, &options)
            .map_err(JobFailure::Library)?;
        save(job.path.as_deref(), &mut draft, self.sealer.as_ref())
            .map_err(JobFailure::Program)?;
        Ok(draft)
    }

    fn report_result(&self, job: &RenderJob<'_>, result: &Result<Draft, JobFailure>) {
        let file = job.path.as_ref().map(|path| path.display().to_string());
        match result {
            Ok(draft) if self.render.json => console::print_json(&json!({
                "outcome": "drawn",
                "course": job.course,
                "name": job.row.name,
                "row": job.row.place,
                "language": draft.language.as_str(),
                "layout": draft.layout,
                "issued": draft.issued.to_string(),
                "format": draft.format.extension(),
                "claims": draft.claims.iter().map(Claim::to_string).collect::<Vec<_>>(),
                "file": file,
                "verify_url": draft.verify_url,
                "warnings":
                    draft.warnings,
            })),
            Ok(_) => {
                if let Some(file) = file {
                    console::print_message(&format!("made {file}"));
                }
            }
            Err(failure) => {
                if self.render.json {
                    console::print_json(&failure.json(job.course, job.row));
                }
                console::print_message(&failure.message(job.row));
            }
        }
    }
}

/// Writes a draft, sealed if there is a sealer. Adds the warnings of the seal to those of the draft.
fn save(
    path: Option<&Path>,
    draft: &mut Draft,
    sealer: Option<&Sealer>,
) -> Result<(), Failure> {
    let Some(sealer) = sealer else { return output::write(path, &draft.bytes) };
    let sealed = sealer.seal(&draft.bytes, clock::now()?)?;
    sealed_file::write(path, &sealed)?;
    draft.warnings.extend(sealed.warnings);
    Ok(())
}

fn draft_options(render: &Render, format: Format) -> DraftOptions {
    DraftOptions::default().with_format(format).with_specimen(!render.no_specimen)
}

/// The format that `--format` names, else that of the output's extension, else PDF.
fn choose_format(render: &Render) -> Result<Format, Failure> {
    let output = render.output.as_deref();
    let ending = output.and_then(Path::extension);
    let format = match render.format {
        Some(FormatName::Pdf) => Format::Pdf,
        Some(FormatName::Png) => Format::Png { pixels_per_inch: render.ppi },
        Some(FormatName::Svg) => Format::Svg,
        Some(FormatName::Sheet) => Format::Sheet,
        None => match ending {
            None => Format::Pdf,
            Some(ending) => Format::from_extension(&ending.to_string_lossy()).ok_or_else(|| {
                Failure::usage(format!(
                    "there is no format for the ending `.{}`\nhelp: use .pdf, .png, .svg or \
                     .json, or name the format with --format",
                    ending.to_string_lossy()
                ))
            })?,
        },
    };
    let is_file =
        !output.is_some_and(|path| path.is_dir() || output::ends_in_slash(path));
    if let Some(file) = output.filter(|_| render.format.is_some() && is_file) {
        output::check_ending("--output", file, &[format.extension()])?;
    }
    if let (Some(file), Some(input)) = (output, &render.table.file) {
        output::keep_input("--output", file, input)?;
    }
    Ok(match format {
        Format::Png { .. } => Format::Png { pixels_per_inch: render.ppi },
        other => other,
    })
}
