//! What outlives a job, and the row of steps that makes a certificate.

mod job;

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;

pub(crate) use self::job::Job;
use self::job::Set;
use crate::base::cache::Cache;
use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::lang::Tag;
use crate::image::cache::ImageCache;
use crate::press::export::{Claim, Format};
use crate::press::fonts::Fonts;
use crate::press::inspect::{self, Inspection};
use crate::press::layout::Layout;
use crate::press::page::Page;
use crate::press::pool::Pool;
use crate::press::sheet::Sheet;
use crate::site::course::{Course, Courses};
use crate::site::files::Site;
use crate::site::request::Request;
use crate::site::sample::sample;
use crate::site::settings::Settings;
use crate::text::locale;
use crate::text::phrases::{Phrases, Pseudo};

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
    image_cache: ImageCache,
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
    /// The standards that it claims to meet: those of a PDF under which no PDF lies.
    pub claims: Vec<Claim>,
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
        let fonts =
            fonts.ok_or_else(|| Error::new(ErrorKind::Font, "there are no fonts"))?;

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
            image_cache: ImageCache::default(),
            warnings,
        })
    }

    /// Makes a draft as PDF: it looks like the real thing and carries a small «specimen».
    ///
    /// `today` dates courses whose certificates are dated by the day of issue.
    ///
    /// # Errors
    /// Whatever keeps it from being a certificate, with its place; see [`ErrorKind`]. A page that fails
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

    /// What a layout says in a language, and what a translator can mend of it.
    ///
    /// # Errors
    /// What is wrong with the layout itself.
    pub fn inspect(&self, layout: &str, language: &Tag) -> Result<Inspection> {
        let layout = self.layout(layout)?;
        Ok(Inspection::of(&self.site, &layout, language, &self.fonts))
    }

    /// Languages that are made from English to test a layout, and are in no list of languages:
    /// `en-XA` is accented and longer by two fifths, `ar-XB` runs from right to left.
    pub fn pseudo_languages(&self) -> Vec<Tag> {
        inspect::pseudo_languages().unwrap_or_default()
    }

    /// Makes a draft of a layout's own sample, the course and the request of its `sample.yaml`.
    ///
    /// # Errors
    /// As [`draft`](Self::draft); [`ErrorKind::MissingFile`] when the layout has no sample.
    pub fn draft_sample(
        &self,
        layout: &str,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        let (course, request) = self.sample(layout)?;
        self.make(&course, &request, today, options)
    }

    /// Makes a draft of a course that need not be the site's: the caller has its own, or has changed
    /// one. The request's course is not looked up.
    ///
    /// # Errors
    /// As [`draft`](Self::draft).
    pub fn draft_course(
        &self,
        course: &Course,
        request: &Request,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        self.make(course, request, today, options)
    }

    /// A layout's own sample: the course and the request of its `sample.yaml`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLayout`]; [`ErrorKind::MissingFile`] when the layout has no sample; what is wrong with
    /// either.
    pub fn sample(&self, layout: &str) -> Result<(Course, Request)> {
        // A name that is wrong altogether is said first.
        self.layout(layout)?;
        sample(&self.site, layout)
    }

    /// Makes the same draft for another name, in another language, and on another paper if one is
    /// named.
    ///
    /// # Errors
    /// As [`draft_sample`](Self::draft_sample); [`ErrorKind::Name`] for a name that is none.
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
        self.make(&course, &request, today, options)
    }

    fn make(
        &self,
        course: &Course,
        request: &Request,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        let job = self.prepare(course, request, today, options.specimen)?;
        let Job { warnings, language, verify_url, set, .. } = job;
        let (layout, issued) = (set.layout.name.clone(), set.issued);
        let tests_words = Pseudo::of(&language).is_some();
        let format = options.format;
        let (bytes, claims, found) = self.pool.run(&what(request), move || {
            let page = set.page()?;
            let mut found = page.warnings().to_vec();
            if tests_words {
                found.extend(page.own_words());
            }
            let proof = page.proof()?;
            let claims = match format {
                Format::Pdf => proof.claims().to_vec(),
                _ => Vec::new(),
            };
            Ok((proof.write(format)?, claims, found))
        })?;
        let warnings = [warnings, found].concat();
        Ok(Draft {
            bytes,
            format,
            claims,
            language,
            layout,
            issued,
            verify_url,
            warnings,
        })
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

    /// The names of the papers that a layout is drawn for; the first is its default.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLayout`]; what is wrong with the layout.
    pub fn papers(&self, layout: &str) -> Result<Vec<String>> {
        Ok(self.layout(layout)?.papers.keys().cloned().collect())
    }

    /// The most signatories that a layout has room for.
    ///
    /// # Errors
    /// As [`papers`](Self::papers).
    pub fn most_signatories(&self, layout: &str) -> Result<usize> {
        Ok(self.layout(layout)?.signatories)
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
    /// running; after four of them the press makes nothing more ([`ErrorKind::Unhealthy`]).
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

    /// The PDF of a job, and what was noticed while it was made.
    pub(crate) fn print(
        &self,
        request: &Request,
        set: Set,
    ) -> Result<(Vec<u8>, Vec<Warning>)> {
        self.pool.run(&what(request), move || {
            let page = set.page()?;
            let found = page.warnings().to_vec();
            Ok((page.proof()?.pdf()?, found))
        })
    }
}

impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Press").field("site", &self.site).finish_non_exhaustive()
    }
}

/// What a render is called in errors.
fn what(request: &Request) -> String {
    format!("`{}` for `{}`", request.course(), request.name())
}

fn read_settings(site: &Site) -> Result<Settings> {
    match site.read(crate::site::files::SETTINGS_FILE)? {
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
            ErrorKind::MissingFile,
            format!("there is no `courses.yaml` in {}", site.name()),
        )
        .with_help("write one: the demo site's, in `examples/demo/`, is a start"));
    }
    Courses::parse(&files)
}
