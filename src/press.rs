//! What outlives a job, and the row of steps that makes a certificate.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use indexmap::IndexMap;
use serde_json::Value;

use crate::course::{Course, Courses, Issued};
use crate::date::Date;
use crate::error::{Error, Kind, Place, Result, Warning, did_you_mean};
use crate::export::Format;
use crate::font::Fonts;
use crate::lang::Tag;
use crate::layout::Layout;
use crate::locale;
use crate::page::Page;
use crate::phrases::{Facts, Phrases};
use crate::picture::Picture;
use crate::pool::Pool;
use crate::request::{Attachment, Request};
use crate::sample::sample;
use crate::settings::Settings;
use crate::sheet::{Content, Sheet};
use crate::site::Site;

/// Makes certificates from one [`Site`].
///
/// A press owns what outlives a job: the fonts, the parsed layouts, the compiled sentences, the
/// render threads. It is `Send + Sync` and works through `&self`, so one is enough for a program.
/// Its methods block; they may be called inside an asynchronous runtime's blocking section. Typst's
/// caches are the process's own: all presses share them, and each drops what its last fifteen renders
/// did not use.
pub struct Press {
    site: Site,
    settings: Settings,
    courses: Courses,
    fonts: Arc<Fonts>,
    pool: Pool,
    layouts: Cache<String, Layout>,
    phrases: Cache<(String, Tag), Phrases>,
    signatures: Cache<String, Picture>,
    logos: Cache<String, Picture>,
    warnings: Vec<Warning>,
}

/// How a draft is made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DraftOptions {
    /// What it is written as: PDF unless set.
    pub format: Format,
    /// Whether it carries the word that marks a draft: it does unless this is unset.
    pub specimen: bool,
}

impl Default for DraftOptions {
    fn default() -> Self {
        Self { format: Format::Pdf, specimen: true }
    }
}

impl DraftOptions {
    /// Another format than PDF.
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Whether the draft is marked as one.
    pub fn with_specimen(mut self, specimen: bool) -> Self {
        self.specimen = specimen;
        self
    }
}

/// A certificate that passed its proof and was published nowhere.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Draft {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// What it is.
    pub format: Format,
    /// The language that it is in.
    pub language: Tag,
    /// The layout that set it.
    pub layout: String,
    /// The date that it bears.
    pub issued: Date,
    /// The link that its code leads to.
    pub verify_url: String,
    /// What was done on the way that somebody may want to know.
    pub warnings: Vec<Warning>,
}

impl Press {
    /// Reads a site's settings, courses and fonts, and starts its render threads.
    ///
    /// # Errors
    /// What is wrong with the settings, the course files and the declared fonts, all faults
    /// together.
    pub fn new(site: Site) -> Result<Self> {
        let mut faults = Vec::new();
        let mut keep = |error: Error| faults.push(error);
        let settings = read_settings(&site).map_err(&mut keep).ok();
        let courses = read_courses(&site).map_err(&mut keep).ok();
        let fonts = Fonts::load(&site).map_err(&mut keep).ok();
        Error::join(faults)?;
        let settings = settings.unwrap_or_default();
        let courses = courses.unwrap_or_default();
        let fonts = fonts.ok_or_else(|| Error::new(Kind::Font, "there are no fonts"))?;

        let cores = available_parallelism().map_or(1, |cores| cores.get());
        let workers = settings.render.threads.unwrap_or(cores);
        let pool = Pool::start(workers, settings.render.deadline)?;
        let warnings = fonts.warnings().to_vec();
        Ok(Self {
            site,
            settings,
            courses,
            fonts: Arc::new(fonts),
            pool,
            layouts: Cache::default(),
            phrases: Cache::default(),
            signatures: Cache::default(),
            logos: Cache::default(),
            warnings,
        })
    }

    /// Makes a draft as PDF: it looks like the real thing and carries a small «specimen».
    ///
    /// `today` dates courses whose certificates are dated by the day of issue.
    ///
    /// # Errors
    /// Whatever keeps it from being a certificate, with its place; see [`Kind`]. A page that fails
    /// its proof gives no bytes.
    pub fn draft(&self, request: &Request, today: Date) -> Result<Draft> {
        self.draft_with(request, today, &DraftOptions::default())
    }

    /// Makes a draft in another format, or without its mark.
    ///
    /// # Errors
    /// As [`draft`](Self::draft).
    pub fn draft_with(
        &self,
        request: &Request,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        let course = self.courses.get(request.course())?;
        self.make(course, request, today, options)
    }

    /// Makes a draft of a layout's own sample, the course and the request of its `sample.yaml`.
    ///
    /// # Errors
    /// As [`draft`](Self::draft); [`Kind::MissingFile`] when the layout has no sample.
    pub fn draft_sample(
        &self,
        layout: &str,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        // A name that is wrong altogether is said first.
        self.layout(layout)?;
        let (course, request) = sample(&self.site, layout)?;
        self.make(&course, &request, today, options)
    }

    fn make(
        &self,
        course: &Course,
        request: &Request,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        let Job { warnings, language, verify_url, set } =
            self.prepare(course, request, today, options.specimen)?;
        let (layout, issued) = (set.layout.name.clone(), set.issued);
        let format = options.format;
        let (bytes, found) = self.pool.run(&what(request), move || {
            let page = set.page()?;
            let found = page.warnings().to_vec();
            Ok((page.proof()?.write(format)?, found))
        })?;
        let warnings = [warnings, found].concat();
        Ok(Draft { bytes, format, language, layout, issued, verify_url, warnings })
    }

    /// The page of a request, laid out and not yet proof-read: the step before
    /// [`Page::proof`], for those who take them one by one.
    ///
    /// # Errors
    /// As [`draft`](Self::draft), short of what the proof finds.
    pub fn page(
        &self,
        request: &Request,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Page> {
        let course = self.courses.get(request.course())?;
        let Job { set, .. } = self.prepare(course, request, today, options.specimen)?;
        self.pool.run(&what(request), move || set.page())
    }

    /// The sheet that a layout would get for a request.
    ///
    /// # Errors
    /// As [`draft`](Self::draft), short of what only the page can show.
    pub fn sheet(&self, request: &Request, today: Date) -> Result<Sheet> {
        let course = self.courses.get(request.course())?;
        Ok(Arc::unwrap_or_clone(self.prepare(course, request, today, true)?.set.sheet))
    }

    /// The courses of the site.
    pub fn courses(&self) -> &Courses {
        &self.courses
    }

    /// The languages that a layout has sentences in, its own and the shared ones.
    pub fn languages(&self, layout: &str) -> Vec<Tag> {
        let names = locale::languages(&self.site, layout);
        names.iter().filter_map(|name| Tag::parse(name).ok()).collect()
    }

    /// The settings of the site.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The files of the site.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// What was noticed while reading the site.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Renders that were given up because they outlived their deadline. Their threads may still be
    /// running; after four of them the press makes nothing more ([`Kind::Unwell`]).
    pub fn abandoned(&self) -> usize {
        self.pool.abandoned()
    }

    /// The layout of that name, read once.
    pub(crate) fn layout(&self, name: &str) -> Result<Arc<Layout>> {
        self.layouts.get(name.to_owned(), || Layout::load(&self.site, name, &self.fonts))
    }

    /// The compiled sentences of a layout in a language, read once.
    pub(crate) fn phrases(&self, layout: &str, tag: &Tag) -> Result<Arc<Phrases>> {
        self.phrases.get((layout.to_owned(), tag.clone()), || {
            Phrases::load(&self.site, layout, tag)
        })
    }

    fn prepare(
        &self,
        course: &Course,
        request: &Request,
        today: Date,
        specimen: bool,
    ) -> Result<Job> {
        let name = request.layout().unwrap_or(&course.layout);
        let layout = self.layout(name).map_err(|error| match request.layout() {
            None if error.kind() == Kind::UnknownLayout => {
                error.at(course.layout_place().clone())
            }
            _ => error,
        })?;
        let language = request.language().unwrap_or(&course.language);
        let phrases = self.phrases(name, language)?;
        let issued = request.issued().unwrap_or(match course.issued {
            Issued::Rolling => today,
            Issued::On(date) => date,
        });
        let mut extra = course.extra.clone();
        extra.extend(request.extra().clone());
        let missing = layout.extra.iter().filter(|key| !extra.contains_key(*key));
        Error::join(missing.map(|key| {
            Error::new(
                Kind::MissingField,
                format!("the layout `{name}` needs `{key}` under `extra`"),
            )
            .at(course.place().clone())
            .with_help("add it to the course or to the request")
        }))?;

        let verify_id = draft_id(request, course, language, issued);
        let verify_url = self.verify_url(&verify_id);
        let facts = Facts {
            name: request.name(),
            course,
            issued,
            grade: request.grade(),
            designation: request.designation(),
            extra: &extra,
            verify_url: &verify_url,
        };
        let sentences = phrases.write(&facts)?;
        let author = sentences.organization.clone();
        let (signatures, logo) = self.course_pictures(course)?;
        let content = Content {
            sentences,
            author,
            signatures,
            logo,
            theme: &course.theme,
            title_place: course.title.place(language, &course.language),
            verify_url: &verify_url,
            extra,
            specimen,
        };
        let (sheet, found) =
            Sheet::arrange(content, &layout, &self.fonts, course.place())?;
        let mut warnings = request.warnings().to_vec();
        warnings.extend(phrases.fell_back());
        warnings.extend(found);
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

    /// The pictures of a course: each signatory's signature, and the logo.
    fn course_pictures(
        &self,
        course: &Course,
    ) -> Result<(Vec<Option<Picture>>, Option<Picture>)> {
        let mut faults = Vec::new();
        let mut keep = |place: &Place, picture: Result<Arc<Picture>>| {
            let picture = picture.map_err(|error| faults.push(error.at(place.clone())));
            picture.ok().map(|picture| (*picture).clone())
        };
        let mut signatures = Vec::new();
        for person in &course.signatories {
            signatures.push(person.signature.as_deref().and_then(|name| {
                let picture = self
                    .signatures
                    .get(name.to_owned(), || Picture::signature(&self.scan(name)?));
                keep(person.place(), picture)
            }));
        }
        let logo = course.theme.logo.as_deref().and_then(|name| {
            let place = course.theme.logo_place().unwrap_or(course.place());
            let picture =
                self.logos.get(name.to_owned(), || Picture::read(&self.scan(name)?));
            keep(place, picture)
        });
        Error::join(faults)?;
        Ok((signatures, logo))
    }

    /// The content of a file in `signatures/`.
    fn scan(&self, name: &str) -> Result<Cow<'_, [u8]>> {
        let file = format!("signatures/{name}");
        self.site.read(&file)?.ok_or_else(|| {
            let names = self.site.list("signatures");
            let names: Vec<&str> = names
                .iter()
                .filter_map(|name| name.strip_prefix("signatures/"))
                .collect();
            Error::new(Kind::MissingFile, format!("there is no file `{file}`"))
                .with_help(did_you_mean(name, names))
        })
    }

    fn verify_url(&self, verify_id: &str) -> String {
        // Reserved for examples (RFC 2606): a draft of a site that publishes nothing leads nowhere.
        let url = self.settings.publish.url.as_deref().unwrap_or("https://example.org");
        format!("{url}/cert/{verify_id}/{}", self.settings.publish.link)
    }
}

impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Press").field("site", &self.site).finish_non_exhaustive()
    }
}

/// A request, ready to be set, and what its receipt says.
struct Job {
    set: Set,
    verify_url: String,
    language: Tag,
    warnings: Vec<Warning>,
}

/// What a page is made of.
struct Set {
    sheet: Arc<Sheet>,
    layout: Arc<Layout>,
    fonts: Arc<Fonts>,
    attachments: Vec<Attachment>,
    identifier: String,
    issued: Date,
}

impl Set {
    fn page(self) -> Result<Page> {
        let Set { sheet, layout, fonts, attachments, identifier, issued } = self;
        Page::set(sheet, layout, fonts, &attachments, identifier, issued)
    }
}

/// What a render is called in errors.
fn what(request: &Request) -> String {
    format!("`{}` for `{}`", request.course(), request.name())
}

fn read_settings(site: &Site) -> Result<Settings> {
    match site.read(crate::settings::FILE)? {
        Some(bytes) => Settings::parse(&bytes),
        None => Ok(Settings::default()),
    }
}

fn read_courses(site: &Site) -> Result<Courses> {
    let mut files = Vec::new();
    for name in site.course_files() {
        if let Some(bytes) = site.read(name)? {
            files.push((name.to_owned(), bytes.into_owned()));
        }
    }
    if files.is_empty() {
        return Err(Error::new(
            Kind::MissingFile,
            format!("there is no `courses.yaml` in {}", site.name()),
        )
        .with_help("write one: the demo site's, in `examples/demo/`, is a start"));
    }
    Courses::parse(&files)
}

/// 32 lower-case hexadecimal digits that follow from what a draft says.
fn draft_id(request: &Request, course: &Course, language: &Tag, issued: Date) -> String {
    let extra: &IndexMap<String, Value> = request.extra();
    let facts = serde_json::json!([
        course.id,
        request.name().as_str(),
        language.as_str(),
        issued.to_string(),
        request.grade(),
        request.designation(),
        request.layout(),
        extra,
    ]);
    // A draft guards no secret: the key only keeps its ids apart from those of issued certificates.
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"testamur draft");
    let tag = ring::hmac::sign(&key, facts.to_string().as_bytes());
    tag.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Things that are made once and shared. A failure is not kept: the next job may find it mended.
struct Cache<K, V>(Mutex<HashMap<K, Arc<V>>>);

impl<K: Eq + Hash, V> Cache<K, V> {
    fn get(&self, key: K, make: impl FnOnce() -> Result<V>) -> Result<Arc<V>> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = lock().get(&key) {
            return Ok(value.clone());
        }
        let value = Arc::new(make()?);
        Ok(lock().entry(key).or_insert(value).clone())
    }
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
