//! One job: what a request comes to before there is a page.
//!
//! Takes a course, a request and a day, gives a [`Job`]: the sheet and all that its page is made of,
//! and what its receipt says. The decision made here is who has the last word: the request before the
//! course, the course before the layout.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::Press;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::lang::Tag;
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::press::page::Page;
use crate::press::sheet::{Content, Sheet};
use crate::site::course::{Course, IssueDate};
use crate::site::request::{Attachment, Request};
use crate::site::table_rows;
use crate::text::phrases::{CertificateFacts, Texts};

/// A request, ready to be set, and what its receipt says.
pub(crate) struct Job {
    pub(crate) set: Set,
    pub(crate) verify_url: String,
    pub(crate) language: Tag,
    pub(crate) warnings: Vec<Warning>,
}

/// What a page is made of.
pub(crate) struct Set {
    pub(crate) sheet: Arc<Sheet>,
    pub(crate) layout: Arc<Layout>,
    fonts: Arc<Fonts>,
    attachments: Vec<Attachment>,
    identifier: String,
    pub(crate) issued: Date,
}

impl Set {
    pub(super) fn page(self) -> Result<Page> {
        let Set { sheet, layout, fonts, attachments, identifier, issued } = self;
        Page::set(sheet, layout, fonts, &attachments, identifier, issued)
    }
}

impl Press {
    /// A draft's job: its link leads nowhere that is known yet.
    pub(super) fn prepare(
        &self,
        course: &Course,
        request: &Request,
        today: Date,
        specimen: bool,
    ) -> Result<Job> {
        let language = request.language().unwrap_or(&course.language);
        let issued = issued(course, request, today);
        let verify_id = draft_id(request, course, language, issued);
        self.compose(course, request, issued, verify_id, specimen)
    }

    /// A certificate's job: the same page under the id that it will have, and without the mark unless
    /// it is an example.
    pub(crate) fn job(
        &self,
        request: &Request,
        today: Date,
        verify_id: String,
    ) -> Result<Job> {
        let course = self.courses.get(request.course())?;
        let issued = issued(course, request, today);
        self.compose(course, request, issued, verify_id, request.is_specimen())
    }

    fn compose(
        &self,
        course: &Course,
        request: &Request,
        issued: Date,
        verify_id: String,
        specimen: bool,
    ) -> Result<Job> {
        let name = request.layout().unwrap_or(&course.layout);
        let layout = self.layout(name).map_err(|error| match request.layout() {
            None if error.kind() == ErrorKind::UnknownLayout => {
                error.at(course.layout_place().clone())
            }
            _ => error,
        })?;
        let background = self.image_cache.background(&self.site, course)?;
        let background = background.or_else(|| layout.background.clone());
        let paper = match request.paper() {
            Some(name) => layout.paper(Some(name), background.as_ref())?,
            None => layout
                .paper(course.paper.as_deref(), background.as_ref())
                .map_err(|error| error.at(course.paper_place().clone()))?,
        };
        let language = request.language().unwrap_or(&course.language);
        let phrases = self.phrases(name, language)?;
        let mut extra = course.extra.clone();
        extra.extend(request.extra().clone());
        if let Some(table) = &layout.table
            && let Some(asked) = request.extra().get(&table.rows)
        {
            let rows =
                table_rows::overlay(&table.rows, course.extra.get(&table.rows), asked)?;
            extra.insert(table.rows.clone(), rows);
        }
        let missing = layout.extra.iter().filter(|key| !extra.contains_key(*key));
        Error::join(missing.map(|key| {
            Error::new(
                ErrorKind::MissingField,
                format!("the layout `{name}` needs `{key}` under `extra`"),
            )
            .at(course.place().clone())
            .with_help("add it to the course or to the request")
        }))?;

        let verify_url = self.settings.publish.verify_url(&verify_id);
        let facts = CertificateFacts {
            name: request.name(),
            course,
            issued,
            // A date of its own that a request brings is one.
            issued_text: course
                .issued_text
                .as_ref()
                .filter(|_| request.issued().is_none()),
            grade: request.grade(),
            designation: request.designation(),
            extra: &extra,
            verify_url: &verify_url,
        };
        let sentences = phrases.write(&facts)?;
        let second = second_language(course, request, language);
        let mut unused = None;
        let second = match second {
            Some(tag) if layout.bilingual => {
                Some(self.phrases(name, tag)?.write(&facts)?)
            }
            Some(tag) => {
                unused = Some(one_language_only(name, tag).at(course.place().clone()));
                None
            }
            None => None,
        };
        let folios = match *layout.pages.end() {
            1 => Vec::new(),
            most => phrases.folios(&facts, most)?,
        };
        let author = sentences.organization.clone();
        let pictures = self.image_cache.pictures(&self.site, course)?;
        let mut texts = Texts { tag: language, course, warnings: Vec::new() };
        let sponsors = course.sponsors.iter();
        let sponsors = sponsors
            .map(|sponsor| texts.get(&sponsor.name, "a sponsor's name").to_owned());
        let sponsors = sponsors.collect();
        let badges = course.badges.iter();
        let badges =
            badges.map(|badge| texts.get(&badge.alt, "what a badge shows").to_owned());
        let badges = badges.collect();
        let unsaid = texts.warnings;
        let content = Content {
            sentences,
            second,
            folios,
            author,
            pictures,
            sponsors,
            badges,
            course,
            background: background.as_ref().map(|background| background.picture.clone()),
            paper,
            title_place: course.title.place(language, &course.language),
            verify_url: &verify_url,
            extra,
            specimen,
        };
        let (sheet, found) = Sheet::arrange(content, &layout, &self.fonts)?;
        let mut warnings = request.warnings().to_vec();
        warnings.extend(phrases.fallback_warning());
        warnings.extend(unused);
        if let Some(background) = &background {
            warnings.extend(background.warnings((paper.width, paper.height)));
        }
        warnings.extend(found);
        warnings.extend(unsaid);
        let set = Set {
            sheet: Arc::new(sheet),
            layout,
            fonts: self.fonts.clone(),
            attachments: request.attachments().to_vec(),
            identifier: verify_id,
            issued,
        };
        Ok(Job { set, verify_url, language: language.clone(), warnings })
    }
}

/// The date that a certificate bears.
fn issued(course: &Course, request: &Request, today: Date) -> Date {
    request.issued().unwrap_or(match course.issued {
        IssueDate::Rolling => today,
        IssueDate::On(date) => date,
    })
}

/// The language beside `language`: that of the request, or the other one of the course's two.
fn second_language<'a>(
    course: &'a Course,
    request: &'a Request,
    language: &Tag,
) -> Option<&'a Tag> {
    let second = request.second_language().or(course.second_language.as_ref())?;
    [second, &course.language].into_iter().find(|tag| *tag != language)
}

fn one_language_only(layout: &str, tag: &Tag) -> Warning {
    Warning::new(
        ErrorKind::Layout,
        format!("the layout `{layout}` has one language, and leaves out `{tag}`"),
    )
    .with_help("choose one with `bilingual: true` in its `layout.yaml`")
}

/// 32 lower-case hexadecimal digits that follow from what a draft says.
fn draft_id(request: &Request, course: &Course, language: &Tag, issued: Date) -> String {
    let extra: &IndexMap<String, Value> = request.extra();
    let mut facts = serde_json::json!([
        course.id,
        request.name().as_str(),
        language.as_str(),
        issued.to_string(),
        request.grade(),
        request.designation(),
        request.layout(),
        extra,
    ]);
    if let (Some(paper), Some(facts)) = (request.paper(), facts.as_array_mut()) {
        facts.push(paper.into());
    }
    if let (Some(second), Some(facts)) = (request.second_language(), facts.as_array_mut())
    {
        facts.push(second.as_str().into());
    }
    // A draft guards no secret: the key only keeps its ids apart from those of issued certificates.
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"testamur draft");
    let tag = ring::hmac::sign(&key, facts.to_string().as_bytes());
    tag.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
