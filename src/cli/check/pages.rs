//! The pages that `testamur check` lays out, each for a course or a layout.

use crate::press::{Draft, DraftOptions, Format, Press};
use crate::site::{Course, Request};
use crate::{Date, Error, Tag, Warning};

use super::super::args::Check;
use super::super::sample_request;

/// What pages are laid out for.
pub(super) enum Subject<'a> {
    /// Long texts on a layout.
    Hard { layout: &'a str },
    /// A course on its own layout, or on one that a template chooses.
    Course { course: &'a Course, layout: &'a str },
    /// A layout with its sample data.
    Sample { layout: &'a str },
}

/// One page to lay out.
pub(super) struct SamplePage<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) name: &'static str,
    pub(super) language: Tag,
    /// Another paper than the course's, if any.
    pub(super) paper: Option<String>,
    /// Whether it is judged by its pixels too.
    pub(super) closely: bool,
    pub(super) is_pseudo: bool,
}

/// A page that passed its proof.
pub(super) struct Passed {
    pub(super) warnings: Vec<Warning>,
    /// Its picture, if there is a contact sheet.
    pub(super) picture: Vec<u8>,
}

impl<'a> Subject<'a> {
    pub(super) fn layout(&self) -> &'a str {
        match self {
            Self::Hard { layout }
            | Self::Course { layout, .. }
            | Self::Sample { layout } => layout,
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Hard { layout } => format!("hard sample of `{layout}`"),
            Self::Course { course, layout } if *layout == course.layout => {
                format!("course `{}`", course.id)
            }
            Self::Course { course, layout } => {
                format!("course `{}`, layout `{layout}`", course.id)
            }
            Self::Sample { layout } => format!("sample of `{layout}`"),
        }
    }
}

impl SamplePage<'_> {
    /// Lays the page out. `None` if the layout has no room for long texts to fill.
    pub(super) fn draw(
        &self,
        press: &Press,
        today: Date,
        check: &Check,
    ) -> Result<Option<Draft>, Error> {
        // Pages are written as pictures for the contact sheet.
        let format = match check.output {
            Some(_) => Format::Png { pixels_per_inch: 60.0 },
            None => Format::Pdf,
        };
        let options =
            DraftOptions::default().with_format(format).with_closely(self.closely);
        match self.subject {
            Subject::Hard { layout } => {
                press.draft_hard_sample(layout, &self.language, today, &options)
            }
            Subject::Course { course, layout } => {
                let request = Request::new(&course.id, self.name)?;
                let request = self.request(request, &check.set)?;
                let is_own = *layout == course.layout;
                let request = if is_own { request } else { request.with_layout(*layout) };
                press.draft_with(&request, today, &options).map(Some)
            }
            Subject::Sample { layout } => {
                let (course, request) = press.sample(layout)?;
                let request = request.with_name(self.name)?;
                let request = self.request(request, &check.set)?;
                press.draft_course(&course, &request, today, &options).map(Some)
            }
        }
    }

    /// A request in the page's language and on its paper, with these free fields over its own.
    fn request(
        &self,
        request: Request,
        fields: &[(String, String)],
    ) -> Result<Request, Error> {
        let request = sample_request::with_fields(request, fields)?;
        let request = request.with_language(self.language.clone());
        Ok(match &self.paper {
            Some(paper) => request.with_paper(paper),
            None => request,
        })
    }
}
