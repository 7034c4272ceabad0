//! What a press reads from its site and keeps for all renders.
//!
//! Takes a [`Site`], gives its settings, courses, fonts, layouts, compiled sentences and pictures.
//! The decision made here: settings, courses and fonts are read at once, so that their errors are
//! reported together; a layout, its sentences and pictures are read when a request first needs
//! them.

#[cfg(feature = "studio")]
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::cache::Cache;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::lang::Tag;
use crate::base::recent::Recent;
use crate::image::cache::ImageCache;
use crate::image::qr::QrCode;
use crate::press::engine::kept_pages::KeptPages;
use crate::press::fit::Fitter;
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::press::translation::unused_values;
use crate::site::course::{Colour, Courses};
#[cfg(feature = "studio")]
use crate::site::files::FileMark;
use crate::site::files::{SETTINGS_FILE, Site};
use crate::site::settings::Settings;
use crate::site::unread_files::unread_files;
use crate::text::phrases::Phrases;

/// A site's parts as renders use them.
pub(crate) struct Assets {
    pub(crate) site: Site,
    /// What was noticed while its fonts and the names of its files were read.
    pub(crate) warnings: Vec<Warning>,
    pub(crate) settings: Settings,
    pub(crate) courses: Courses,
    pub(crate) fonts: Arc<Fonts>,
    pub(crate) fitter: Arc<Fitter>,
    pub(crate) kept_pages: Arc<KeptPages>,
    /// The states of the font files when they were read.
    #[cfg(feature = "studio")]
    font_marks: BTreeMap<String, FileMark>,
    pub(crate) image_cache: Arc<ImageCache>,
    /// The QR codes of verify addresses, by address and colour of the paper.
    codes: Recent<(String, Colour), Arc<QrCode>>,
    layouts: Cache<String, Layout>,
    /// The sentences by layout and [effective](Tag::effective) tag.
    phrases: Cache<(String, Tag), Phrases>,
}

impl Assets {
    /// The most QR codes that are remembered, in each of two generations. Certificates
    /// that are compared all have the same address, so a few are enough.
    const MAX_CODES: usize = 8;
    /// The most languages whose sentences are kept, each counted once for each layout,
    /// and the most bytes of their templates together. A language takes about 0.3 MB, and
    /// requests choose the language: each region of the world makes another one.
    const MAX_PHRASES: (usize, usize) = (128, 8 << 20);

    /// Reads a site's settings, courses and fonts.
    ///
    /// # Errors
    /// All errors of the settings, the course files and the declared fonts together.
    pub(crate) fn read(site: Site) -> Result<Self> {
        let courses = read_courses(&site);
        Self::read_with(site, courses, Arc::default(), None)
    }

    /// As [`read`](Self::read), without the courses of the site, which need not exist.
    pub(crate) fn read_without_courses(site: Site) -> Result<Self> {
        Self::read_with(site, Ok(Courses::default()), Arc::default(), None)
    }

    /// Reads another state of the site. Keeps the pictures of this one, and its fonts if
    /// their files are the same.
    #[cfg(feature = "studio")]
    pub(crate) fn reread(&self, site: Site) -> Result<Self> {
        let font_marks = site.marks("fonts");
        let is_same = font_marks == self.font_marks;
        let fonts = is_same.then(|| (self.fonts.clone(), self.fitter.clone()));
        let courses = read_courses(&site);
        let assets = Self::read_with(site, courses, self.image_cache.clone(), fonts)?;
        // Those that were compared: a file that changed since then is read the next time.
        Ok(Self { font_marks, ..assets })
    }

    fn read_with(
        site: Site,
        courses: Result<Courses>,
        image_cache: Arc<ImageCache>,
        fonts: Option<(Arc<Fonts>, Arc<Fitter>)>,
    ) -> Result<Self> {
        #[cfg(feature = "studio")]
        let font_marks = site.marks("fonts");
        let mut errors = Vec::new();
        let mut keep = |error: Error| errors.push(error);
        let settings = read_settings(&site).map_err(&mut keep).ok();
        let courses = courses.map_err(&mut keep).ok();
        let fonts = match fonts {
            Some(fonts) => Some(fonts),
            None => Fonts::load(&site).map_err(&mut keep).ok().map(|fonts| {
                let fonts = Arc::new(fonts);
                (fonts.clone(), Arc::new(Fitter::new(fonts)))
            }),
        };
        Error::join(errors)?;
        let (fonts, fitter) =
            fonts.ok_or_else(|| Error::new(ErrorKind::Font, "there are no fonts"))?;
        let warnings = [fonts.warnings(), &unread_files(&site)].concat();
        Ok(Self {
            site,
            warnings,
            settings: settings.unwrap_or_default(),
            courses: courses.unwrap_or_default(),
            fitter,
            kept_pages: Arc::new(KeptPages::new()),
            fonts,
            #[cfg(feature = "studio")]
            font_marks,
            image_cache,
            codes: Recent::new(Self::MAX_CODES),
            layouts: Cache::default(),
            phrases: Cache::with_weights(
                Self::MAX_PHRASES.0,
                Self::MAX_PHRASES.1,
                Phrases::weight,
            ),
        })
    }

    /// Returns the layout of that name, which is read once.
    pub(crate) fn layout(&self, name: &str) -> Result<Arc<Layout>> {
        self.layouts.get(name.to_owned(), || {
            Layout::load(&self.site, name, &self.fonts, &self.image_cache)
        })
    }

    /// Returns the QR code of a verify address on paper of this colour.
    ///
    /// # Errors
    /// As [`QrCode::new`].
    pub(crate) fn code(&self, url: &str, paper: Colour) -> Result<Arc<QrCode>> {
        let key = (url.to_owned(), paper);
        if let Some(code) = self.codes.get(&key) {
            return Ok(code);
        }
        let code = Arc::new(QrCode::new(url, paper)?);
        self.codes.insert(key, code.clone());
        Ok(code)
    }

    /// Returns the compiled sentences of a layout in a language, which are read once.
    pub(crate) fn phrases(&self, layout: &str, tag: &Tag) -> Result<Arc<Phrases>> {
        let effective = tag.effective();
        let phrases = self.phrases.get((layout.to_owned(), effective.clone()), || {
            if let Some(languages) = &self.layout(layout)?.languages {
                languages.check(&self.site, layout, &effective)?;
            }
            let phrases = Phrases::load(&self.site, layout, &effective)?;
            let unused = unused_values(&self.site, layout, &phrases);
            Ok(phrases.with_doubts(unused))
        })?;
        let is_own = effective == *tag;
        Ok(if is_own { phrases } else { Arc::new(phrases.for_tag(tag)) })
    }
}

fn read_settings(site: &Site) -> Result<Settings> {
    match site.read(SETTINGS_FILE)? {
        Some(bytes) => Settings::parse(&bytes),
        None => Ok(Settings::default()),
    }
}

/// Reads the courses of a site.
pub(crate) fn read_courses(site: &Site) -> Result<Courses> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_differ_in_no_sentence_share_their_sentences() {
        let assets = Assets::read(Site::demo()).unwrap();
        let phrases = |tag: &str| {
            let tag = Tag::parse(tag).unwrap();
            let phrases = assets.phrases("classic", &tag).unwrap();
            assert_eq!(*phrases.language(), tag);
            phrases
        };
        let plain = phrases("de");
        for tag in ["de-x-a1", "de-x-a2", "de-u-kn-true"] {
            assert!(phrases(tag).shares_with(&plain), "{tag}");
        }
        for tag in ["de-AT", "de-u-nu-arab"] {
            assert!(!phrases(tag).shares_with(&plain), "{tag}");
        }
    }
}
