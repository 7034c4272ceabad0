//! One render: the values of a request before it is laid out.
//!
//! Takes a course, a request and a day; gives a [`RenderJob`]: the content of its page,
//! and what the caller reports of it. The decision made here is which value is used: the
//! request's if it has one, else the course's, else the layout's.

mod refusals;

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use self::refusals::{refuse_test_language, shows_name};
use crate::base::date::Date;
use crate::base::digits::{CertificateId, KeyedDigest};
use crate::base::error::{Error, ErrorKind, Result, Warning, finding};
use crate::base::lang::Tag;
use crate::press::assets::Assets;
use crate::press::engine::page::PageInput;
use crate::press::layout::Layout;
use crate::press::photos::photos;
use crate::press::sheet::Sheet;
use crate::press::sheet::arrange::SheetContent;
use crate::press::translation::file_of;
use crate::press::unread_fields;
use crate::site::course::{Course, GradeMark, IssueDate, Text};
use crate::site::request::Request;
use crate::site::settings::CertificateUrl;
use crate::site::table_rows;
#[cfg(feature = "issue")]
use crate::text::phrases::PrintedFact;
use crate::text::phrases::{CertificateFacts, Phrases, Sentences, Texts};

/// A request, ready for Typst.
pub(crate) struct RenderJob {
    /// The content of its page.
    pub(crate) input: PageInput,
    /// The address that its QR code and its printed link lead to; `None` if it has neither.
    pub(crate) verify_url: Option<CertificateUrl>,
    /// The language of the page.
    pub(crate) language: Tag,
    /// The date of issue in words, as the page has it.
    #[cfg(feature = "issue")]
    pub(crate) issued_text: String,
    /// What was noticed on the way to the page.
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
        WrittenRequest::new(assets, course, request, issued, verify_id, specimen)?
            .arrange(assets)
    }

    /// The job of a certificate under the identifier that the register gives it. The page bears the
    /// specimen mark only if the request asks for a specimen.
    pub(crate) fn of_certificate(
        assets: &Assets,
        request: &Request,
        today: Date,
        verify_id: CertificateId,
    ) -> Result<Self> {
        let course = assets.courses.get(request.course())?;
        let issued = issue_date(course, request, today);
        let specimen = request.is_specimen();
        WrittenRequest::new(assets, course, request, issued, verify_id, specimen)?
            .arrange(assets)
    }
}

/// The day of certificates that are only compared.
#[cfg(feature = "issue")]
const DAY: Date = Date::MIN;

/// A request whose sentences are written.
pub(crate) struct WrittenRequest<'a> {
    course: &'a Course,
    request: &'a Request,
    issued: Date,
    verify_id: CertificateId,
    verify_url: Option<CertificateUrl>,
    specimen: bool,
    mark: GradeMark,
    wording: Wording<'a>,
    sentences: Sentences,
    second: Option<Sentences>,
}

impl<'a> WrittenRequest<'a> {
    /// Writes a request's certificate before it has an identifier, with a day of issue
    /// that is the same for all. So certificates of other days and identifiers can be
    /// compared.
    #[cfg(feature = "issue")]
    pub(crate) fn for_comparison(
        assets: &'a Assets,
        request: &'a Request,
    ) -> Result<Self> {
        let course = assets.courses.get(request.course())?;
        let issued = issue_date(course, request, DAY);
        let specimen = request.is_specimen();
        Self::new(assets, course, request, issued, CertificateId::nil(), specimen)
    }

    /// # Errors
    /// [`ErrorKind::MissingField`]: the page would not name the recipient, or would not be marked as
    /// the specimen that it is. [`ErrorKind::InvalidValue`]: a language that is made for tests, on a
    /// certificate.
    fn new(
        assets: &Assets,
        course: &'a Course,
        request: &'a Request,
        issued: Date,
        verify_id: CertificateId,
        specimen: bool,
    ) -> Result<Self> {
        // A draft shows what a certificate would look like, and needs no grade.
        let mark = request.mark(course, specimen)?;
        let wording = Wording::of(assets, course, request)?;
        let publish = &assets.settings.publish;
        let verify_url = publish.has_pages().then(|| publish.verify_url(&verify_id));
        let given =
            Given { language: wording.language, mark: &mark, extra: &wording.extra };
        let facts =
            certificate_facts(course, request, issued, given, verify_url.as_deref());
        let mut sentences = wording.phrases.write(&facts)?;
        if let Some(placed) = &wording.layout.placed {
            let (texts, warnings) =
                wording.phrases.write_texts(placed.texts(), &facts)?;
            placed.leave_out(&mut sentences);
            let (empty, texts): (Vec<_>, Vec<_>) =
                texts.into_iter().partition(|text| text.runs.is_empty());
            sentences.empty.extend(empty);
            sentences.blocks.extend(texts);
            sentences.warnings.extend(warnings);
        }
        let second = wording.second.as_ref();
        let second = second.map(|phrases| phrases.write(&facts)).transpose()?;
        let place = || {
            let phrases = &wording.phrases;
            file_of(&wording.layout.name, phrases.locale(), phrases.language())
        };
        if specimen && sentences.specimen.is_none() {
            let message = format!("there is no `specimen` in `{}`", wording.language);
            return Err(Error::new(ErrorKind::MissingField, message)
                .at(place())
                .with_help("write the word that marks a page which certifies nothing"));
        }
        let languages = [Some(&sentences), second.as_ref()];
        if !specimen {
            languages.into_iter().flatten().try_for_each(refuse_test_language)?;
        }
        let name = request.name().as_str();
        let names_recipient =
            languages.into_iter().flatten().any(Sentences::name_recipient);
        if !shows_name(languages, name)? || !names_recipient {
            let message = "no sentence of the certificate prints the recipient's name";
            return Err(Error::new(ErrorKind::MissingField, message)
                .at(place())
                .with_help("write `{{ name }}` where it belongs"));
        }
        Ok(Self {
            course,
            request,
            issued,
            verify_id,
            verify_url,
            specimen,
            mark,
            wording,
            sentences,
            second,
        })
    }

    /// The course of the request.
    #[cfg(feature = "issue")]
    pub(crate) fn course(&self) -> &'a Course {
        self.course
    }

    /// What the certificate prints, in the order of reading: the facts that decide
    /// whether two editions say the same. The day of issue of a rolling course and the
    /// verify link are not among them.
    #[cfg(feature = "issue")]
    pub(crate) fn facts(&self) -> Vec<PrintedFact> {
        let mut printed = self.sentences.facts();
        printed.extend(self.second.iter().flat_map(Sentences::facts));
        printed.retain(|printed| Some(printed.fact.text()) != self.verify_url.as_deref());
        let drawn = &self.wording.layout.sources.drawn_fields;
        let drawn = self.wording.extra.iter().filter(|(key, _)| drawn.has(key));
        let mut drawn: Vec<PrintedFact> = drawn
            .map(|(key, value)| {
                PrintedFact::value(&format!("extra.{key}"), &canonical_json(value))
            })
            .collect();
        drawn.sort_by(|one, other| one.role.cmp(&other.role));
        printed.extend(drawn);
        printed
    }

    /// Arranges the sentences and the pictures of the course on a sheet.
    ///
    /// # Errors
    /// Every error in the pictures, the paper, or the letters of the sentences.
    pub(crate) fn arrange(self, assets: &Assets) -> Result<RenderJob> {
        let Self { course, request, sentences, second, verify_url, specimen, .. } = self;
        let Wording {
            layout,
            phrases,
            language,
            extra,
            left_out,
            second: second_phrases,
        } = self.wording;
        let folios = match *layout.pages.end() {
            1 => Vec::new(),
            max_pages => {
                let given = Given { language, mark: &self.mark, extra: &extra };
                let verify_url = verify_url.as_deref();
                let facts =
                    certificate_facts(course, request, self.issued, given, verify_url);
                phrases.folios(&facts, max_pages)?
            }
        };
        let background = assets.image_cache.background(&assets.site, course)?;
        let background = background.or_else(|| layout.background.clone());
        let paper = match request.paper() {
            Some(name) => layout.paper(Some(name), background.as_ref())?,
            None => layout
                .paper(course.paper.as_deref(), background.as_ref())
                .map_err(|error| error.at(course.paper_place().clone()))?,
        };
        let author = sentences.organization.clone();
        let mut pictures = assets.image_cache.pictures(&assets.site, course)?;
        let mut texts = Texts { tag: language, course, warnings: Vec::new() };
        let sponsors = course.sponsors.iter();
        let sponsors = sponsors
            .map(|sponsor| texts.get(&sponsor.name, "a sponsor's name").to_owned());
        let sponsors = sponsors.collect();
        let badges = course.badges.iter();
        let badges =
            badges.map(|badge| texts.get(&badge.alt, "what a badge shows").to_owned());
        let badges = badges.collect();
        let signatures = course.signatories.iter().zip(&pictures.signatures);
        let doubts: Vec<Warning> = signatures
            .filter_map(|(signatory, picture)| {
                Some((signatory.place(), picture.as_ref()?))
            })
            .flat_map(|(place, picture)| {
                picture.doubts().map(|warning| warning.at(place.clone()))
            })
            .collect();
        let mut own_pictures = Vec::new();
        if let Some(placed) = &layout.placed {
            for (picture, alt) in placed.pictures() {
                let alt =
                    alt.map(|alt| texts.get(alt, "what a picture shows").to_owned());
                own_pictures.push((picture.clone(), alt));
            }
            if placed.leaves_out("logo") {
                pictures.logo = None;
            }
            if placed.leaves_out("sponsors") {
                pictures.sponsors.clear();
            }
        }
        let (photos, too_small) = photos(assets, &layout, &extra, &mut texts)?;
        let untranslated = texts.warnings;
        let second_tag = second.as_ref().map(|second| second.language.clone());
        // If the language has no sentence about authenticity, the page has no QR code
        // either.
        let coded = verify_url.as_deref().filter(|_| sentences.authenticity.is_some());
        let paper_colour = layout.theme.with(&course.theme).paper;
        let verify =
            coded.map(|url| assets.code(url, paper_colour).map(|code| (url, code)));
        let content = SheetContent {
            locale: phrases.locale(),
            sentences,
            second,
            folios,
            author,
            pictures,
            sponsors,
            badges,
            own_pictures,
            photos,
            course,
            background: background.as_ref().map(|background| background.picture.clone()),
            paper,
            verify: verify.transpose()?,
            extra,
            specimen,
        };
        let (sheet, found) = Sheet::arrange(content, &layout, &assets.fonts)?;
        let mut warnings = request.warnings().to_vec();
        let languages = [&phrases].into_iter().chain(&second_phrases);
        let languages = languages.map(Arc::as_ref);
        warnings.extend(unread_fields::warning(request, course, &layout, languages));
        warnings.extend(phrases.fallback_warning());
        for phrases in [Some(&phrases), second_phrases.as_ref()].into_iter().flatten() {
            warnings.extend_from_slice(phrases.doubts());
        }
        warnings.extend(left_out);
        warnings.extend(doubts);
        warnings.extend(too_small);
        if let Some(background) = &background {
            warnings.extend(background.warnings((paper.width, paper.height)));
        }
        warnings.extend(found);
        warnings.extend(untranslated);
        #[cfg(feature = "issue")]
        let issued_text = match issued_words(course, request) {
            Some(words) => words.get(language, &course.language).0.to_owned(),
            None => phrases.issue_date(self.issued),
        };
        let input = PageInput {
            sheet,
            language: language.clone(),
            second: second_tag,
            fitter: assets.fitter.clone(),
            kept: assets.kept_pages.clone(),
            layout,
            fonts: assets.fonts.clone(),
            attachments: request.attachments().to_vec(),
            identifier: self.verify_id.into(),
            issued: self.issued,
        };
        Ok(RenderJob {
            input,
            verify_url,
            language: language.clone(),
            #[cfg(feature = "issue")]
            issued_text,
            warnings,
        })
    }
}

/// The sentences of a certificate and their values, before there is a date and an
/// identifier.
struct Wording<'a> {
    layout: Arc<Layout>,
    language: &'a Tag,
    phrases: Arc<Phrases>,
    /// The sentences in the second language, on a layout for two.
    second: Option<Arc<Phrases>>,
    extra: IndexMap<String, Value>,
    /// The warning that the layout does not print the second language.
    left_out: Option<Warning>,
}

impl<'a> Wording<'a> {
    fn of(assets: &Assets, course: &'a Course, request: &'a Request) -> Result<Self> {
        request.check_limits()?;
        let name = course.layout_of(request.layout(), request.template())?;
        let layout = assets.layout(name).map_err(|error| match request.layout() {
            None if error.kind() == ErrorKind::UnknownLayout => {
                error.at(course.layout_place().clone())
            }
            _ => error,
        })?;
        let language = request.language().unwrap_or(&course.language);
        let phrases = assets.phrases(name, language)?;
        let extra = extra_fields(&layout, course, request)?;
        let (second, left_out) = match second_language(course, request, language) {
            Some(tag) if layout.bilingual => (Some(assets.phrases(name, tag)?), None),
            Some(tag) => {
                let warning = one_language_only(name, tag);
                (None, Some(warning.at(course.place().clone())))
            }
            None => (None, None),
        };
        Ok(Self { layout, language, phrases, second, extra, left_out })
    }
}

/// What a request gives its sentences besides its own values, read for its course.
#[derive(Clone, Copy)]
struct Given<'a> {
    language: &'a Tag,
    mark: &'a GradeMark,
    extra: &'a IndexMap<String, Value>,
}

fn certificate_facts<'a>(
    course: &'a Course,
    request: &'a Request,
    issued: Date,
    given: Given<'a>,
    verify_url: Option<&'a str>,
) -> CertificateFacts<'a> {
    CertificateFacts {
        name: request.name(),
        course,
        issued,
        is_rolling: request.issued().is_none() && course.issued == IssueDate::Rolling,
        issued_text: issued_words(course, request),
        language: given.language,
        grade: given.mark,
        designation: request.designation(),
        gender: request.gender(),
        extra: given.extra,
        verify_url,
    }
}

/// The words of a course for its date of issue; `None` if the request has a date, which
/// counts more.
fn issued_words<'a>(course: &'a Course, request: &Request) -> Option<&'a Text> {
    course.issued_text.as_ref().filter(|_| request.issued().is_none())
}

/// A value as text. The order of its keys does not change the text.
#[cfg(feature = "issue")]
fn canonical_json(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => {
            let mut sorted = other.clone();
            sorted.sort_all_objects();
            sorted.to_string()
        }
    }
}

/// The date that a certificate bears.
fn issue_date(course: &Course, request: &Request, today: Date) -> Date {
    request.issued().unwrap_or(match course.issued {
        IssueDate::Rolling => today,
        IssueDate::On(date) => date,
    })
}

/// The free fields of the course, replaced by those of the request.
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
            finding!("layout_needs_field", layout.name, key),
        )
        .at(course.place().clone())
        .with_help("add it to the course or to the request")
    }))?;
    Ok(extra)
}

/// The second language: the one that the request names, or else the other one of the
/// course's two languages.
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

/// A draft's identifier, 32 hexadecimal digits in lower case, computed from what the
/// draft says.
fn draft_id(
    request: &Request,
    course: &Course,
    language: &Tag,
    issued: Date,
) -> CertificateId {
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
    if let (Some(template), Some(facts)) = (request.template(), facts.as_array_mut()) {
        facts.push(template.into());
    }
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
    let half = tag.as_ref().first_chunk().expect("a SHA-256 has 32 bytes");
    KeyedDigest::of_bytes(half).into_certificate_id()
}
