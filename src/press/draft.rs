//! The press: makes drafts of certificates.
//!
//! Takes requests to one site, gives [`Draft`]s, or the [`Sheet`] and the [`Page`] on the way to
//! one. The decision made here: a file exists only after its page passed the proof.

mod options;

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "agent")]
use std::sync::atomic::AtomicUsize;
use std::thread::available_parallelism;

pub use self::options::DraftOptions;
use crate::base::date::Date;
use crate::base::digits::CertificateId;
use crate::base::error::{Result, Warning};
use crate::base::lang::Tag;
#[cfg(feature = "studio")]
use crate::image::cache::ImageCache;
#[cfg(feature = "issue")]
use crate::press::appearance;
use crate::press::assets::Assets;
use crate::press::engine::page::{Page, PageInput};
use crate::press::engine::pool::RenderPool;
use crate::press::export::{Claim, Format};
use crate::press::inspect::{self, Inspection};
use crate::press::job::RenderJob;
#[cfg(feature = "issue")]
use crate::press::job::WrittenRequest;
use crate::press::layout::Layout;
use crate::press::sheet::Sheet;
use crate::site::course::{Course, Courses};
use crate::site::files::Site;
use crate::site::request::Request;
use crate::site::settings::CertificateUrl;
use crate::site::settings::Settings;
use crate::text::locale;
use crate::text::phrases::Pseudolocale;
#[cfg(feature = "tables")]
use crate::{site::tables::FreeFields, text::phrases::free_fields::free_fields};

/// Makes certificates from one [`Site`].
///
/// A press owns what outlives a render: the fonts, the parsed layouts, the compiled sentences, the
/// render threads. It is `Send + Sync` and works through `&self`, so a program needs only one. Its
/// methods block; an asynchronous program calls them from its runtime's blocking section. Typst's
/// caches belong to the process: all presses share them, and results that twenty renders in a row
/// did not use are dropped.
///
/// ```
/// use testamur::{Date, Press, Request, Site};
///
/// let press = Press::new(Site::demo())?;
/// let course = press.courses().iter().next().expect("the demo has courses");
/// let request = Request::new(&course.id, "Ada Lovelace")?;
/// let draft = press.draft(&request, Date::parse("2026-05-14")?)?;
/// assert!(draft.bytes.starts_with(b"%PDF-"));
/// # Ok::<(), testamur::Error>(())
/// ```
pub struct Press {
    pub(super) assets: Assets,
    pub(super) pool: Arc<RenderPool>,
}

/// A certificate that passed its proof and is not published.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Draft {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// The file's format.
    pub format: Format,
    /// The standards that the PDF claims to meet; empty for other formats, and for a page with a
    /// PDF background.
    pub claims: Vec<Claim>,
    /// The language of the page.
    pub language: Tag,
    /// The name of its layout.
    pub layout: String,
    /// The issue date that it bears.
    pub issued: Date,
    /// The address that its QR code leads to, or `None` if the site is not published
    /// (`publish: none`).
    pub verify_url: Option<CertificateUrl>,
    /// What was noticed, such as a text that is printed in another language.
    pub warnings: Vec<Warning>,
}

impl Press {
    /// Reads a site's settings, courses and fonts, and starts its render threads.
    ///
    /// # Errors
    /// All errors of the settings, the course files and the declared fonts together;
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when no thread can be started.
    pub fn new(site: Site) -> Result<Self> {
        Self::of_assets(Assets::read(site)?, None)
    }

    /// Like [`new`](Self::new), with `threads` render threads instead of the number in
    /// the settings.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_threads(site: Site, threads: usize) -> Result<Self> {
        Self::of_assets(Assets::read(site)?, Some(threads))
    }

    /// Like [`new`](Self::new), for work with layouts and their samples: the site's courses are not
    /// read, and need not exist.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_layouts(site: Site) -> Result<Self> {
        Self::of_assets(Assets::read_without_courses(site)?, None)
    }

    fn of_assets(assets: Assets, threads: Option<usize>) -> Result<Self> {
        let cores = || available_parallelism().map_or(1, |cores| cores.get());
        let workers = threads.or(assets.settings.render.threads).unwrap_or_else(cores);
        let pool = RenderPool::start(workers, assets.settings.render.deadline)?;
        Ok(Self { assets, pool: Arc::new(pool) })
    }

    /// A press for another state of the same site, so that a change of a sentence needs
    /// no new start. It shares the threads and the pictures of this one, and its fonts
    /// unless their files have changed.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[cfg(feature = "studio")]
    pub(crate) fn reopened(&self, site: Site) -> Result<Self> {
        Ok(Self { assets: self.assets.reread(site)?, pool: self.pool.clone() })
    }

    /// The pictures of its site.
    #[cfg(feature = "studio")]
    pub(crate) fn image_cache(&self) -> &ImageCache {
        &self.assets.image_cache
    }

    /// Makes a draft as PDF, marked as a specimen. [`draft_with`](Self::draft_with) makes other
    /// formats and pages without the mark.
    ///
    /// `today` is the issue date of courses whose certificates bear the day of issue.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownCourse`](crate::ErrorKind::UnknownCourse); every error of the
    /// request, the course, the layout, its sentences or the page, each with its place. A
    /// page that fails its proof gives no bytes; [`Page::proof`] lists the kinds.
    pub fn draft(&self, request: &Request, today: Date) -> Result<Draft> {
        self.draft_with(request, today, &DraftOptions::default())
    }

    /// Makes a draft in another format, or without the mark of a specimen.
    ///
    /// # Errors
    /// As [`draft`](Self::draft).
    pub fn draft_with(
        &self,
        request: &Request,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Draft> {
        let course = self.courses().get(request.course())?;
        self.draft_course(course, request, today, options)
    }

    /// Makes a draft of a course of the caller's own, which need not be one of the site.
    /// The course that the request names is not looked up.
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
        let job =
            RenderJob::of_draft(&self.assets, course, request, today, options.specimen)?;
        let RenderJob { warnings, language, verify_url, input, .. } = job;
        let (layout, issued) = (input.layout.name.clone(), input.issued);
        let is_pseudo = Pseudolocale::of(&language).is_some();
        let (format, closely) = (options.format, options.closely);
        let (bytes, claims, found) = self.pool.run(&describe(request), move || {
            let page = Page::compile(input)?;
            let found = noticed(&page, is_pseudo);
            let proof = if closely { page.proof_closely()? } else { page.proof()? };
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

    /// Lays out the page of a request without proof-reading it: the step before [`Page::proof`].
    ///
    /// # Errors
    /// As [`draft`](Self::draft), except for those that the proof finds.
    pub fn page(
        &self,
        request: &Request,
        today: Date,
        options: &DraftOptions,
    ) -> Result<Page> {
        let input = self.draft_input(request, today, options.specimen)?;
        self.pool.run(&describe(request), move || Page::compile(input))
    }

    /// Makes the sheet that a layout is given for a request.
    ///
    /// # Errors
    /// As [`draft`](Self::draft), except for those that are found only on a page.
    pub fn sheet(&self, request: &Request, today: Date) -> Result<Sheet> {
        let input = self.draft_input(request, today, true)?;
        self.pool.run(&describe(request), move || Ok(input.fitted()?.sheet))
    }

    /// Inspects the sentences of a layout in a language: which there are, and what a
    /// translator can correct in them.
    ///
    /// # Errors
    /// Every error in the layout itself.
    pub fn inspect(&self, layout: &str, language: &Tag) -> Result<Inspection> {
        let layout = self.layout(layout)?;
        Ok(Inspection::of(self.site(), &layout, language, &self.assets.fonts))
    }

    /// The languages that are generated from English to test a layout, and that
    /// [`languages`](Self::languages) does not list: `en-XA` is accented and longer by two fifths,
    /// `ar-XB` is set from right to left.
    pub fn pseudo_languages(&self) -> Vec<Tag> {
        inspect::pseudo_languages().unwrap_or_default()
    }

    /// The courses of the site.
    pub fn courses(&self) -> &Courses {
        &self.assets.courses
    }

    /// The languages of a layout: those that it declares, and those of its own locale
    /// files. For a layout that declares none also those of the shared locales.
    pub fn languages(&self, layout: &str) -> Vec<Tag> {
        let declared = self.layout(layout).ok().and_then(|it| it.languages.clone());
        let names = match declared {
            Some(languages) => languages.all(self.site(), layout),
            None => locale::languages(self.site(), layout),
        };
        names.iter().filter_map(|name| Tag::parse(name).ok()).collect()
    }

    /// Returns the free fields that certificates of a course use with a layout: those
    /// that the course or the layout declares, those to which the course gives a value,
    /// and those that a sentence names. Without `layout`, the course's layout counts.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLayout`](crate::ErrorKind::UnknownLayout); every error in the
    /// layout.
    #[cfg(feature = "tables")]
    pub fn free_fields(
        &self,
        course: &Course,
        layout: Option<&str>,
    ) -> Result<FreeFields> {
        let name = layout.unwrap_or(&course.layout);
        let mut fields = free_fields(self.site(), name, course);
        let layout = self.layout(name)?;
        fields.names.extend(layout.fields.iter().cloned());
        fields.names.extend(layout.photos().map(|photo| photo.field.clone()));
        fields.names.extend(course.fields.iter().chain(course.extra.keys()).cloned());
        Ok(fields)
    }

    /// The names of the papers that a layout is drawn for; the first is its default.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLayout`](crate::ErrorKind::UnknownLayout); every error in the
    /// layout.
    pub fn papers(&self, layout: &str) -> Result<Vec<String>> {
        Ok(self.layout(layout)?.papers.keys().cloned().collect())
    }

    /// The most signatories that a layout has room for.
    ///
    /// # Errors
    /// As [`papers`](Self::papers).
    pub fn max_signatories(&self, layout: &str) -> Result<usize> {
        Ok(self.layout(layout)?.max_signatories)
    }

    /// The settings of the site.
    pub fn settings(&self) -> &Settings {
        &self.assets.settings
    }

    /// The files of the site.
    pub fn site(&self) -> &Site {
        &self.assets.site
    }

    /// What was noticed while the fonts and the names of the files of the site were read.
    pub fn warnings(&self) -> &[Warning] {
        &self.assets.warnings
    }

    /// How many renders exceeded their deadline, were abandoned, and still run. While there are
    /// sixteen the press makes nothing more
    /// ([`ErrorKind::Unhealthy`](crate::ErrorKind::Unhealthy)).
    pub fn abandoned(&self) -> usize {
        self.pool.abandoned()
    }

    /// The count of [`abandoned`](Self::abandoned), which outlives the press as its threads do.
    #[cfg(feature = "agent")]
    pub(crate) fn abandoned_count(&self) -> Arc<AtomicUsize> {
        self.pool.abandoned_count()
    }

    /// Returns the layout of that name, which is read once.
    pub(crate) fn layout(&self, name: &str) -> Result<Arc<Layout>> {
        self.assets.layout(name)
    }

    /// Prepares the certificate of a request under the identifier that the register gives it.
    pub(crate) fn prepare(
        &self,
        request: &Request,
        today: Date,
        verify_id: CertificateId,
    ) -> Result<RenderJob> {
        RenderJob::of_certificate(&self.assets, request, today, verify_id)
    }

    /// Writes the sentences of a request's certificate, without its identifier and its day
    /// of issue.
    ///
    /// # Errors
    /// Every error in the layout, its sentences, or the values that the request gives
    /// them.
    #[cfg(feature = "issue")]
    pub(crate) fn write<'a>(
        &'a self,
        request: &'a Request,
    ) -> Result<WrittenRequest<'a>> {
        WrittenRequest::for_comparison(&self.assets, request)
    }

    /// Returns a digest of all that can be seen of a written certificate, 64 hexadecimal
    /// digits.
    #[cfg(feature = "issue")]
    pub(crate) fn appearance(&self, written: WrittenRequest<'_>) -> Result<String> {
        let job = written.arrange(&self.assets)?;
        Ok(appearance::digest(&job.input, &self.settings().publish))
    }

    /// Makes the PDF of a prepared certificate. Returns it with the warnings of the page.
    pub(crate) fn print(
        &self,
        request: &Request,
        input: PageInput,
    ) -> Result<(Vec<u8>, Vec<Warning>)> {
        self.pool.run(&describe(request), move || {
            let page = Page::compile(input)?;
            let found = page.warnings().to_vec();
            Ok((page.proof()?.pdf()?, found))
        })
    }

    /// Lays out a page twice: see [`Page::both`].
    #[cfg(test)]
    pub(crate) fn both_pages(
        &self,
        request: &Request,
        today: Date,
    ) -> Result<([Page; 2], bool)> {
        let input = || self.draft_input(request, today, false);
        let (input, again) = (input()?, input()?);
        self.pool.run(&describe(request), move || Page::both(input, again))
    }

    /// What the page of a draft is made of.
    fn draft_input(
        &self,
        request: &Request,
        today: Date,
        specimen: bool,
    ) -> Result<PageInput> {
        let course = self.courses().get(request.course())?;
        let job = RenderJob::of_draft(&self.assets, course, request, today, specimen)?;
        Ok(job.input)
    }
}

impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Press").field("site", self.site()).finish_non_exhaustive()
    }
}

/// The warnings of a draft's page. If the language is a pseudo-language, they include the
/// page's texts that are not translated.
pub(super) fn noticed(page: &Page, is_pseudo: bool) -> Vec<Warning> {
    let mut found = page.warnings().to_vec();
    if is_pseudo {
        found.extend(page.untranslated_texts());
    }
    found
}

/// The name of a render in errors.
pub(super) fn describe(request: &Request) -> String {
    format!("`{}` for `{}`", request.course(), request.name())
}
