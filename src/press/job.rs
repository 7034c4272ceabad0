//! One render: what a request becomes before there is a page.
//!
//! Takes a course, a request and a day, gives a [`RenderJob`]: what its page is made of, and what
//! the caller reports of it. The decision made here is which value wins: the request's before the
//! course's, the course's before the layout's.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::hex;
use crate::base::lang::Tag;
use crate::press::assets::Assets;
use crate::press::engine::page::PageInput;
use crate::press::layout::Layout;
use crate::press::sheet::Sheet;
use crate::press::sheet::arrange::SheetContent;
use crate::site::course::{Course, IssueDate};
use crate::site::request::Request;
use crate::site::table_rows;
use crate::text::phrases::{CertificateFacts, Texts};

/// A request, ready for Typst.
pub(crate) struct RenderJob {
    /// What its page is made of.
    pub(crate) input: PageInput,
    /// The address that its QR code and its printed link lead to; `None` if it has neither.
    pub(crate) verify_url: Option<String>,
    /// The language of the page.
    pub(crate) language: Tag,
    /// What was noticed on the way.
    pub(crate) warnings: Vec<Warning>,
}

impl RenderJob {
    /// The job of a draft. Its verify link has an identifier that no register knows.
    pub(crate) fn of_draft(
        assets: &Assets,
        course: &Course,
        request: &Request,
        today: Date,
        specimen: bool,
    ) -> Result<Self> {
        let language = request.language().unwrap_or(&course.language);
        let issued = issue_date(course, request, today);
        let verify_id = draft_id(request, course, language, issued);
        Self::compose(assets, course, request, issued, verify_id, specimen)
    }

    /// The job of a certificate under the identifier that the register gives it. The page bears the
    /// specimen mark only if the request asks for a specimen.
    pub(crate) fn of_certificate(
        assets: &Assets,
        request: &Request,
        today: Date,
        verify_id: String,
    ) -> Result<Self> {
        let course = assets.courses.get(request.course())?;
        let issued = issue_date(course, request, today);
        let specimen = request.is_specimen();
        Self::compose(assets, course, request, issued, verify_id, specimen)
    }

    fn compose(
        assets: &Assets,
        course: &Course,
        request: &Request,
        issued: Date,
        verify_id: String,
        specimen: bool,
    ) -> Result<Self> {
        // A draft shows what a certificate would look like, and needs no grade.
        let mark = request.mark(course, specimen)?;
        let name = request.layout().unwrap_or(&course.layout);
        let layout = assets.layout(name).map_err(|error| match request.layout() {
            None if error.kind() == ErrorKind::UnknownLayout => {
                error.at(course.layout_place().clone())
            }
            _ => error,
        })?;
        let background = assets.image_cache.background(&assets.site, course)?;
        let background = background.or_else(|| layout.background.clone());
        let paper = match request.paper() {
            Some(name) => layout.paper(Some(name), background.as_ref())?,
            None => layout
                .paper(course.paper.as_deref(), background.as_ref())
                .map_err(|error| error.at(course.paper_place().clone()))?,
        };
        let language = request.language().unwrap_or(&course.language);
        let phrases = assets.phrases(name, language)?;
        let extra = extra_fields(&layout, course, request)?;

        let publish = &assets.settings.publish;
        let verify_url = publish.has_pages().then(|| publish.verify_url(&verify_id));
        let facts = CertificateFacts {
            name: request.name(),
            course,
            issued,
            // The request's date goes before the course's words for one.
            issued_text: course
                .issued_text
                .as_ref()
                .filter(|_| request.issued().is_none()),
            language,
            grade: &mark,
            designation: request.designation(),
            extra: &extra,
            verify_url: verify_url.as_deref(),
        };
        let sentences = phrases.write(&facts)?;
        let mut left_out = None;
        let second = match second_language(course, request, language) {
            Some(tag) if layout.bilingual => {
                Some(assets.phrases(name, tag)?.write(&facts)?)
            }
            Some(tag) => {
                left_out = Some(one_language_only(name, tag).at(course.place().clone()));
                None
            }
            None => None,
        };
        let folios = match *layout.pages.end() {
            1 => Vec::new(),
            max_pages => phrases.folios(&facts, max_pages)?,
        };
        let author = sentences.organization.clone();
        let pictures = assets.image_cache.pictures(&assets.site, course)?;
        let mut texts = Texts { tag: language, course, warnings: Vec::new() };
        let sponsors = course.sponsors.iter();
        let sponsors = sponsors
            .map(|sponsor| texts.get(&sponsor.name, "a sponsor's name").to_owned());
        let sponsors = sponsors.collect();
        let badges = course.badges.iter();
        let badges =
            badges.map(|badge| texts.get(&badge.alt, "what a badge shows").to_owned());
        let badges = badges.collect();
        let untranslated = texts.warnings;
        let content = SheetContent {
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
            verify_url: verify_url.as_deref(),
            extra,
            specimen,
        };
        let (sheet, found) = Sheet::arrange(content, &layout, &assets.fitter)?;
        let mut warnings = request.warnings().to_vec();
        warnings.extend(phrases.fallback_warning());
        warnings.extend(left_out);
        if let Some(background) = &background {
            warnings.extend(background.warnings((paper.width, paper.height)));
        }
        warnings.extend(found);
        warnings.extend(untranslated);
        let input = PageInput {
            sheet: Arc::new(sheet),
            layout,
            fonts: assets.fonts.clone(),
            attachments: request.attachments().to_vec(),
            identifier: verify_id,
            issued,
        };
        Ok(Self { input, verify_url, language: language.clone(), warnings })
    }
}

/// The date that a certificate bears.
fn issue_date(course: &Course, request: &Request, today: Date) -> Date {
    request.issued().unwrap_or(match course.issued {
        IssueDate::Rolling => today,
        IssueDate::On(date) => date,
    })
}

/// The free fields of the course, with the request's over them.
///
/// # Errors
/// [`ErrorKind::MissingField`] for those that the layout needs and neither has; an error in the
/// rows of the layout's table.
fn extra_fields(
    layout: &Layout,
    course: &Course,
    request: &Request,
) -> Result<IndexMap<String, Value>> {
    let mut extra = course.extra.clone();
    extra.extend(request.extra().clone());
    if let Some(table) = &layout.table
        && let Some(rows) = request.extra().get(&table.rows)
    {
        let below = course.extra.get(&table.rows);
        let rows = table_rows::overlay(&table.rows, below, rows)?;
        extra.insert(table.rows.clone(), rows);
    }
    let missing = layout.fields.iter().filter(|key| !extra.contains_key(*key));
    Error::join(missing.map(|key| {
        Error::new(
            ErrorKind::MissingField,
            format!("the layout `{}` needs `{key}` under `extra`", layout.name),
        )
        .at(course.place().clone())
        .with_help("add it to the course or to the request")
    }))?;
    Ok(extra)
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

/// A draft's identifier, 32 lower-case hexadecimal digits, computed from what the draft says.
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
    // The key is public: it only keeps the identifiers of drafts apart from those of certificates.
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"testamur draft");
    let tag = ring::hmac::sign(&key, facts.to_string().as_bytes());
    hex::lower(&tag.as_ref()[..16])
}
