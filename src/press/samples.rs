//! Drafts of a layout's own sample.
//!
//! Takes the name of a layout whose folder has a `sample.yaml`; gives [`Draft`]s of the
//! course and the request in that file: as they are, with another name or language, or
//! with the longest texts of a language.

use super::hard_sample::hardened;
use crate::base::date::Date;
use crate::base::error::Result;
use crate::base::lang::Tag;
use crate::press::draft::{Draft, DraftOptions, Press};
use crate::site::course::Course;
use crate::site::request::Request;
use crate::site::sample::sample;

impl Press {
    /// Makes a draft of a layout's own sample: the course and the request of its `sample.yaml`.
    ///
    /// # Errors
    /// As [`draft`](Self::draft) and [`sample`](Self::sample).
    pub fn draft_sample(
        &self,
        layout: &str,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        let (course, request) = self.sample(layout)?;
        self.draft_course(&course, &request, today, options)
    }

    /// Makes a draft of a layout's own sample for another name, in another language, and on another
    /// paper if one is named.
    ///
    /// # Errors
    /// As [`draft_sample`](Self::draft_sample);
    /// [`ErrorKind::Name`](crate::ErrorKind::Name) for a text that cannot be a name.
    pub fn draft_sample_for(
        &self,
        layout: &str,
        name: &str,
        language: &Tag,
        paper: Option<&str>,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        let (course, request) = self.sample(layout)?;
        let request = request.with_name(name)?.with_language(language.clone());
        let request = match paper {
            Some(paper) => request.with_paper(paper),
            None => request,
        };
        self.draft_course(&course, &request, today, options)
    }

    /// Makes a draft of a layout's own sample with the longest texts that the layout
    /// accepts: the title, the name, and as many signatories as it has room for. `None`
    /// for a language without such texts.
    ///
    /// # Errors
    /// As [`draft_sample`](Self::draft_sample).
    pub fn draft_hard_sample(
        &self,
        layout: &str,
        language: &Tag,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Option<Draft>> {
        let (course, request) = self.sample(layout)?;
        let layout = self.layout(layout)?;
        let hard = hardened(course, request, language, &layout)?;
        hard.map(|(course, request)| self.draft_course(&course, &request, today, options))
            .transpose()
    }

    /// A layout's own sample: the course and the request of its `sample.yaml`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLayout`](crate::ErrorKind::UnknownLayout);
    /// [`ErrorKind::MissingFile`](crate::ErrorKind::MissingFile) if the layout has no
    /// sample; every error in the layout or the sample.
    pub fn sample(&self, layout: &str) -> Result<(Course, Request)> {
        // An unknown layout is reported before its missing sample.
        self.layout(layout)?;
        sample(self.site(), layout)
    }
}
