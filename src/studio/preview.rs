//! Previews: the request of the page for a certificate, and the answer.

use serde::Deserialize;
use serde_json::{Value, json};

use super::context::StudioContext;
use super::findings;
use super::pictures::Pictures;
use super::workspace::Overlay;
use crate::base::error::Result;
use crate::base::lang::Tag;
use crate::press::preview::Preview;
use crate::press::proof::outline::Outline;
use crate::press::{Draft, DraftOptions, Format, Press};
use crate::site::course::Course;
use crate::site::request::Request;
use crate::site::sample::{EXTREME_NAMES, SAMPLE_NAMES};

/// The certificate that a page shows. What is not set is the course's or the layout's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PreviewWish {
    /// The course's id; unless set, the sample of the layout.
    course: Option<String>,
    layout: Option<String>,
    language: Option<String>,
    paper: Option<String>,
    name: Option<String>,
    grade: Option<String>,
    /// How many signatories there are, instead of the course's own.
    signatories: Option<usize>,
    /// The resolution of a page that is drawn as a bitmap.
    pixels_per_inch: Option<f64>,
    /// Texts that are not saved.
    overlay: Overlay,
}

/// What is drawn.
struct Subject {
    course: Course,
    request: Request,
}

/// The most signatories that are tried.
const MAX_SIGNATORIES: usize = 12;
const DEFAULT_LAYOUT: &str = "classic";
const DEFAULT_RESOLUTION: f64 = 110.0;

impl PreviewWish {
    fn subject(&self, press: &Press) -> Result<Subject> {
        let own = match &self.course {
            Some(id) => Some(press.courses().get(id)?),
            None if self.layout.is_none() => press.courses().iter().next(),
            None => None,
        };
        let sample_layout = match (&self.layout, own) {
            (Some(layout), _) => layout.as_str(),
            (None, Some(course)) => course.layout.as_str(),
            (None, None) => DEFAULT_LAYOUT,
        };
        let sample = press.sample(sample_layout);
        let (mut course, mut request) = match own {
            Some(course) => {
                let name = self.name.as_deref().unwrap_or(SAMPLE_NAMES[0]);
                (course.clone(), Request::new(&course.id, name)?)
            }
            None => {
                let (course, request) = sample.clone()?;
                let request = match &self.name {
                    Some(name) => request.with_name(name)?,
                    None => request,
                };
                (course, request)
            }
        };
        if let Some(layout) = &self.layout {
            request = request.with_layout(layout);
            // Values that the layout needs and the course lacks are taken from the layout's sample.
            if let (Ok((sample, asked)), Some(_)) = (&sample, own) {
                for (key, value) in sample.extra.iter().chain(asked.extra()) {
                    if !course.extra.contains_key(key) {
                        course.extra.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        if let Some(language) = &self.language {
            request = request.with_language(Tag::parse(language)?);
        }
        if let Some(paper) = &self.paper {
            request = request.with_paper(paper);
        }
        if let Some(grade) = &self.grade {
            request = request.with_grade(grade);
        }
        if let Some(wanted) = self.signatories {
            let more = sample.map(|(sample, _)| sample.signatories).unwrap_or_default();
            course.signatories.extend(more);
            course.signatories.truncate(wanted.min(MAX_SIGNATORIES));
        }
        Ok(Subject { course, request })
    }

    /// Draws the page, and returns it with errors and warnings. An error of the site does not fail
    /// the request, because the page shows it.
    pub(super) fn answer(&self, context: &StudioContext) -> Value {
        let (generation, press) = context.workspace.numbered_press(&self.overlay);
        let mut answer = match press {
            Ok(press) => self.drawn(context, &press).unwrap_or_else(|error| {
                json!({
                    "pages": [],
                    "findings": findings::of_error(&error),
                    // A font that cannot be read may be why a family is missing.
                    "warnings": findings::of_warnings(press.warnings()),
                })
            }),
            Err(error) => json!({ "pages": [], "findings": findings::of_error(&error) }),
        };
        answer["generation"] = generation.into();
        answer
    }

    fn drawn(&self, context: &StudioContext, press: &Press) -> Result<Value> {
        let Subject { course, request } = self.subject(press)?;
        let (_, today) = context.clock(press)?;
        let resolution = self.pixels_per_inch.unwrap_or(DEFAULT_RESOLUTION);
        let preview = press.preview(&course, &request, today, resolution)?;
        Ok(shown(&context.pictures, press, &course, preview))
    }

    /// The certificate as a file, if the page passes its proof.
    ///
    /// # Errors
    /// All errors of the site or the page.
    pub(super) fn draft(&self, context: &StudioContext, format: Format) -> Result<Draft> {
        let press = context.workspace.press(&self.overlay)?;
        let Subject { course, request } = self.subject(&press)?;
        let (_, today) = context.clock(&press)?;
        let options = DraftOptions::default().with_format(format);
        press.draft_course(&course, &request, today, &options)
    }
}

pub(super) fn shown(
    pictures: &Pictures,
    press: &Press,
    course: &Course,
    preview: Preview,
) -> Value {
    let Preview { pages, outlines, faults, mut warnings, language, layout } = preview;
    warnings.extend(press.warnings().iter().cloned());
    let sizes: Vec<(f64, f64)> = pages.iter().map(|page| page.size).collect();
    let pages = pages.into_iter().map(|page| (page.media_type, page.bytes.into()));
    let number = pictures.keep(pages.collect());
    let pages: Vec<Value> = (0..)
        .zip(sizes)
        .map(|(index, (width, height)): (usize, _)| {
            json!({
                "url": format!("picture/{number}/{index}"),
                "width": width,
                "height": height,
            })
        })
        .collect();
    let languages = press.languages(&layout);
    json!({
        "pages": pages,
        "outlines": outlines.iter().map(outline).collect::<Value>(),
        "findings": findings::of_errors(&faults),
        "warnings": findings::of_warnings(&warnings),
        "language": language.as_str(),
        "layout": layout,
        "course": course.id,
        "languages": languages.iter().map(Tag::as_str).collect::<Vec<_>>(),
        "papers": press.papers(&layout).unwrap_or_default(),
        "signatories": course.signatories.len(),
        "maxSignatories": press.max_signatories(&layout).unwrap_or_default(),
    })
}

fn outline(outline: &Outline) -> Value {
    json!({
        "page": outline.page,
        "label": outline.label,
        "name": outline.name,
        "slot": outline.slot,
        "ink": outline.ink,
        "place": outline.place.as_ref().map(findings::place_json),
    })
}

/// The names that a page offers to try: one, the hardest, and those in other scripts.
pub(super) fn sample_names() -> Value {
    SAMPLE_NAMES[..1]
        .iter()
        .chain(&EXTREME_NAMES)
        .chain(&SAMPLE_NAMES[1..])
        .copied()
        .collect()
}
