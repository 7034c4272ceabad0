//! The API of the page: one function for each address.
//!
//! The decision made here: everything that changes a file, the keys or the register is a row of
//! [`is_write`], which a studio that only reads refuses.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::call::{Call, body};
use super::context::StudioContext;
use super::files::{self, SaveOutcome};
use super::host::NewSite;
use super::preview::{self, PreviewWish};
use super::state::State;
use super::workspace::Overlay;
use super::{assets, course, findings, language, layout, register};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::lang::Tag;
use crate::press::Format;
use crate::register::IssueOptions;

/// Whether an address changes something.
fn is_write(path: &str) -> bool {
    matches!(
        path,
        "save"
            | "new"
            | "picture"
            | "layout/new"
            | "layout/copy"
            | "issue"
            | "revoke"
            | "correct"
    )
}

/// The longest body of an address, in bytes.
pub(super) fn max_body(path: &str) -> usize {
    match path {
        "picture" | "layout/new" => 32 << 20,
        "people" => 64 << 20,
        _ => 8 << 20,
    }
}

/// Answers a request.
pub(super) fn answer(state: &State, call: &Call<'_>) -> Answer {
    if state.is_read_only && is_write(call.path) {
        let error = Error::new(
            ErrorKind::InvalidValue,
            "this studio only shows, and changes nothing",
        )
        .with_help("start it without --read-only");
        return Answer::failed(&error).with_status(StatusCode::FORBIDDEN);
    }
    let context = &state.context;
    let json = |told: Result<Value>| told.map(|told| Answer::json(&told));
    let answered = match call.path {
        "state" => Ok(site_state(state)),
        "preview" => {
            body::<PreviewWish>(call).map(|wish| Answer::json(&wish.answer(context)))
        }
        "draft.pdf" => draft(context, call, Format::Pdf),
        "draft.png" => draft(context, call, Format::Png { pixels_per_inch: 150.0 }),
        "course/form" => json(course::form(context, call)),
        "course/edit" => json(course::edit(call)),
        "ink" => course::ink(context, call),
        "layout/form" => json(layout::form(context, call)),
        "layout/edit" => json(layout::edit(call)),
        "layout/new" => json(locked(state, || layout::from_picture(context, call))),
        "layout/copy" => json(locked(state, || layout::copy(context, call))),
        "language" => json(language::inspect(context, call)),
        "language/new" => json(language::begin(context, call)),
        "files" => context.host.open_site().map(|site| Answer::json(&files::list(&site))),
        "read" => read(context, call),
        "save" => save(state, call),
        "picture" => add_picture(state, call),
        "new" => new_site(state, call),
        "people" => json(Ok(state.people.take(context, call))),
        "people/read" => json(state.people.read(context, call)),
        "people/preview" => json(state.people.preview(context, call)),
        "try" => json(begin(state, call, true)),
        "issue" => json(begin(state, call, false)),
        "run" => json(Ok(state.runs.status())),
        "stop" => json(Ok(state.runs.stop())),
        "run/zip" | "run/print.pdf" | "run/report.csv" | "run/report.json" => {
            state.runs.file(context, &call.path["run/".len()..])
        }
        "find" => json(register::find(context, call)),
        "revoke" => json(register::revoke(context, call)),
        "correct" => json(register::correct(context, call)),
        _ => return Answer::text(StatusCode::NOT_FOUND, "there is no such address\n"),
    };
    answered.unwrap_or_else(|error| Answer::failed(&error))
}

/// The state of the site that the page shows.
fn site_state(state: &State) -> Answer {
    let StudioContext { host, workspace, .. } = &state.context;
    let (generation, press) = workspace.numbered_press(&Overlay::new());
    let folder = host.folder();
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut told = json!({
        "folder": folder.display().to_string(),
        "isSite": workspace.is_site(),
        "readOnly": state.is_read_only,
        "languages": assets::languages().collect::<Vec<_>>(),
        "names": preview::sample_names(),
        "generation": generation,
        "courses": [],
        "layouts": [],
        "findings": [],
    });
    match press {
        Ok(press) => {
            let courses = press.courses().iter().map(|course| {
                let (title, _) = course.title.get(&course.language, &course.language);
                json!({
                    "id": course.id,
                    "title": title,
                    "layout": course.layout,
                    "language": course.language.as_str(),
                })
            });
            told["courses"] = courses.collect();
            told["layouts"] = press.site().layouts().into_iter().collect();
            told["findings"] = findings::of_warnings(press.warnings());
        }
        Err(error) => told["findings"] = findings::of_error(&error),
    }
    Answer::json(&told)
}

/// Calls `act` while no other file is written.
fn locked<T>(state: &State, act: impl FnOnce() -> T) -> T {
    let _saving = state.saving.lock();
    act()
}

fn draft(context: &StudioContext, call: &Call<'_>, format: Format) -> Result<Answer> {
    let draft = body::<PreviewWish>(call)?.draft(context, format)?;
    Ok(match format {
        Format::Pdf => Answer::new("application/pdf", draft.bytes).download("draft.pdf"),
        _ => Answer::new("image/png", draft.bytes).download("draft.png"),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileName {
    name: String,
}

fn read(context: &StudioContext, call: &Call<'_>) -> Result<Answer> {
    let FileName { name } = body(call)?;
    // Files can be listed even if the site cannot be opened.
    let site = || context.host.open_site().ok();
    Ok(Answer::json(&files::read(context.host.folder(), site, &name)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    name: String,
    text: String,
    version: Option<String>,
}

fn save(state: &State, call: &Call<'_>) -> Result<Answer> {
    let FileText { name, text, version } = body(call)?;
    let _saving = state.saving.lock();
    let saved =
        files::save(state.context.host.folder(), &name, &text, version.as_deref())?;
    Ok(match saved {
        SaveOutcome::Saved(version) => Answer::json(&json!({ "version": version })),
        SaveOutcome::Conflict(now) => {
            let (text, version) = now.unzip();
            let told: Value =
                json!({ "error": "conflict", "text": text, "version": version });
            Answer::json(&told).with_status(StatusCode::CONFLICT)
        }
    })
}

fn add_picture(state: &State, call: &Call<'_>) -> Result<Answer> {
    let name = call.name.as_deref().unwrap_or_default();
    crate::image::picture::Picture::check_limits(call.body)?;
    let _saving = state.saving.lock();
    let name = files::add_picture(state.context.host.folder(), name, call.body)?;
    Ok(Answer::json(&json!({ "name": name })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSiteForm {
    name: String,
    url: String,
    /// The language of the page, which becomes that of the new site's certificates.
    language: Option<String>,
}

fn new_site(state: &State, call: &Call<'_>) -> Result<Answer> {
    let NewSiteForm { name, url, language } = body(call)?;
    let _saving = state.saving.lock();
    let mut wish = NewSite::new(name.trim(), url.trim());
    if let Some(language) = language {
        wish.language = Tag::parse(&language)?;
    }
    state.context.host.create_site(&wish)?;
    Ok(site_state(state))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunWish {
    people: u64,
    /// The reading of the file whose rows the page shows.
    reading: u64,
    #[serde(default)]
    replace: bool,
    #[serde(default)]
    reissue: bool,
}

/// Begins a run over the people of the file that was dropped last.
fn begin(state: &State, call: &Call<'_>, is_trial: bool) -> Result<Value> {
    let RunWish { people, reading, replace, reissue } = body(call)?;
    let ready = state.people.ready(people, reading)?;
    if !is_trial {
        state.context.readings.save()?;
    }
    let options = IssueOptions::default()
        .with_cautious(true)
        .with_replace(replace)
        .with_reissue(reissue);
    state.runs.begin(&state.context.host, ready, is_trial, options)
}
