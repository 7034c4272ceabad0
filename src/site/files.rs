//! The files of a site, over the built-in ones.
//!
//! - **Takes**: a folder, or files in memory.
//! - **Gives**: a [`Site`], which returns the content of a file by its name.
//!
//! The decision made here is that a site's own file replaces the built-in one of the same name.
//! Names are relative to the site and have `/` between their parts: `courses.yaml`,
//! `layouts/classic/layout.typ`, `signatures/ada.png`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
#[cfg(feature = "agent")]
use std::sync::Arc;
#[cfg(any(feature = "agent", feature = "studio"))]
use std::time::SystemTime;
use std::{fmt, fs, io};

use crate::base::error::{Error, ErrorKind, Place, Result};
#[cfg(feature = "press")]
use crate::site::file_version::FileVersion;

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// The file of a site's settings.
pub(crate) const SETTINGS_FILE: &str = "testamur.yaml";

/// The folders and files of a site that the library reads. `keys/` and the stores are not among
/// them.
pub(crate) const PARTS: [&str; 8] = [
    SETTINGS_FILE,
    "courses.yaml",
    "courses",
    "layouts",
    "fonts",
    "signatures",
    "images",
    PHOTO_FOLDER,
];

/// The folder of the pictures that requests name, such as photos of recipients.
pub(crate) const PHOTO_FOLDER: &str = "photos";

/// The prefix of the demo site's own files among the built-in ones.
const DEMO: &str = "demo/";

/// The files of one site, over the built-in layouts, fonts and signatures.
///
/// A site that is opened from a folder knows the names of its files and reads a file only when it
/// is needed, so that it is cheap to clone.
///
/// ```
/// use testamur::Site;
///
/// let site = Site::new().with_file("courses.yaml", "Example/Knots/2026: { title: Knots }");
/// assert!(site.read("courses.yaml")?.is_some());
/// assert!(site.layouts().contains(&"classic"), "the built-in layouts lie below");
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Clone)]
pub struct Site {
    name: Cow<'static, str>,
    own: BTreeMap<String, File>,
    /// The files of a folder of fonts, by their names in the site.
    shared_fonts: BTreeMap<String, File>,
    /// The versions that the files of a folder had when it was opened, before any was read.
    #[cfg(feature = "agent")]
    versions_at_open: Option<Arc<FileVersions>>,
    /// Whether courses may name the built-in pictures.
    has_sample_pictures: bool,
}

/// When each file was last written, and its size in bytes.
#[cfg(feature = "agent")]
pub(crate) type FileVersions = BTreeMap<String, (Option<SystemTime>, u64)>;

#[derive(Clone)]
enum File {
    BuiltIn(&'static [u8]),
    Memory(Vec<u8>),
    Disk(PathBuf),
}

/// What shows that a file has changed.
#[cfg(feature = "studio")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileMark {
    Memory(Vec<u8>),
    /// When it was last written, and its size in bytes.
    Disk(Option<SystemTime>, u64),
}

impl Site {
    const DEMO_NAME: &str = "the built-in demo site";

    /// Creates a site without files of its own; [`with_file`](Self::with_file) adds them.
    pub fn new() -> Self {
        Self::over_built_in_files("the site in memory", BTreeMap::new())
    }

    /// Returns the built-in demo site: one course, two signatories, four languages.
    pub fn demo() -> Self {
        let own = FILES
            .iter()
            .filter_map(|(name, bytes)| {
                Some((name.strip_prefix(DEMO)?.to_owned(), File::BuiltIn(bytes)))
            })
            .collect();
        Self::over_built_in_files(Self::DEMO_NAME, own)
    }

    /// Opens the site in a folder. Symbolic links inside of it are followed, hidden files are
    /// ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the folder, or a folder inside of it, cannot be listed.
    /// [`ErrorKind::InvalidValue`]: links lead out of the folder; the error names each. Their
    /// targets would be published without being part of the site.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut own = BTreeMap::new();
        if !folder.is_dir() {
            return Err(Error::new(
                ErrorKind::Io,
                format!("failed to open the site (no folder `{}`)", folder.display()),
            ));
        }
        for part in PARTS {
            collect(&folder.join(part), part, 0, &mut own)?;
        }
        refuse_links_out(folder, &own)?;
        #[cfg_attr(
            not(feature = "agent"),
            expect(unused_mut, reason = "versions are the agent's")
        )]
        let mut site = Self::over_built_in_files(folder.display().to_string(), own);
        #[cfg(feature = "agent")]
        {
            site.versions_at_open = Some(Arc::new(site.file_versions()));
        }
        Ok(site)
    }

    fn over_built_in_files(
        name: impl Into<Cow<'static, str>>,
        own: BTreeMap<String, File>,
    ) -> Self {
        Self {
            name: name.into(),
            own,
            shared_fonts: BTreeMap::new(),
            #[cfg(feature = "agent")]
            versions_at_open: None,
            has_sample_pictures: false,
        }
    }

    /// Adds a file, or replaces one of the same name.
    pub fn with_file(
        mut self,
        name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        self.own.insert(name.into(), File::Memory(bytes.into()));
        self
    }

    /// Lets the courses of the site name the built-in signatures, which are of invented people: for samples and
    /// tests. In every other site but the demo a scan that is missing is an error, because no certificate may
    /// bear another's signature.
    pub fn with_sample_pictures(mut self) -> Self {
        self.has_sample_pictures = true;
        self
    }

    /// Whether a file may be a picture of a course of the site.
    pub(crate) fn has_picture(&self, name: &str) -> bool {
        self.has_sample_pictures || self.is_demo() || self.own.contains_key(name)
    }

    /// Adds a folder of fonts that sites share, such as the `fonts/` of this crate's repository or
    /// of a Debian package, with its `fonts.yaml` if it has one. Called again, it takes another
    /// folder.
    ///
    /// The site's own files in `fonts/` go before those of the folder, and these before the
    /// built-in ones. Unlike the families of a site, those of the folder need not be listed.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the folder, or a folder inside of it, cannot be listed.
    pub fn with_fonts(mut self, folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(Error::new(
                ErrorKind::Io,
                format!("failed to open the fonts (no folder `{}`)", folder.display()),
            ));
        }
        self.shared_fonts.clear();
        collect(folder, "fonts", 0, &mut self.shared_fonts)?;
        Ok(self)
    }

    /// Takes the folder of fonts that another site has.
    #[cfg(feature = "agent")]
    pub(crate) fn with_fonts_of(mut self, other: &Self) -> Self {
        self.shared_fonts.clone_from(&other.shared_fonts);
        self
    }

    /// Returns the name of the site in messages: the path of its folder, or a description.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the built-in demo site.
    pub fn is_demo(&self) -> bool {
        matches!(self.name, Cow::Borrowed(Self::DEMO_NAME))
    }

    /// Returns the content of a file, or `None` if there is no file of that name.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the file exists and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>> {
        match self.own.get(name).or_else(|| self.shared_fonts.get(name)) {
            Some(file) => file.read(name).map(Some),
            None => Ok(self.built_in(name).map(Cow::Borrowed)),
        }
    }

    /// Whether the site has a file of that name, of its own or built in.
    #[cfg(feature = "press")]
    pub(crate) fn has(&self, name: &str) -> bool {
        self.own.contains_key(name)
            || self.shared_fonts.contains_key(name)
            || built_in_file(name).is_some()
    }

    /// The version of a file on disk; `None` for other files.
    #[cfg(feature = "press")]
    pub(crate) fn version_of(&self, name: &str) -> Option<FileVersion> {
        match self.own.get(name)? {
            File::Disk(path) => FileVersion::of(path),
            File::BuiltIn(_) | File::Memory(_) => None,
        }
    }

    /// As [`read`](Self::read), of a file of at most `max` bytes: no more are read.
    ///
    /// # Errors
    /// As [`read`](Self::read). [`ErrorKind::TooLarge`].
    pub(crate) fn read_at_most(
        &self,
        name: &str,
        max: u64,
    ) -> Result<Option<Cow<'_, [u8]>>> {
        let Some(File::Disk(path)) = self.own.get(name) else { return self.read(name) };
        let failed = |error: io::Error| {
            Error::caused(ErrorKind::Io, "failed to read the file", error)
                .at(Place::file(name))
        };
        let mut bytes = Vec::new();
        let file = match fs::File::open(path) {
            // The file was removed after the folder was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(failed)?,
        };
        file.take(max + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > max {
            let message = format!("`{name}` has more than {} MB", max >> 20);
            return Err(Error::new(ErrorKind::TooLarge, message)
                .with_help("save it with fewer pixels"));
        }
        Ok(Some(Cow::Owned(bytes)))
    }

    /// Returns every content that a name has: the site's own, that of the folder of fonts, and the
    /// built-in one. Equal ones are returned once.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: one of the files cannot be read.
    pub(crate) fn read_all(&self, name: &str) -> Result<Vec<Cow<'_, [u8]>>> {
        let mut contents = Vec::new();
        for file in [self.own.get(name), self.shared_fonts.get(name)] {
            contents.extend(file.map(|file| file.read(name)).transpose()?);
        }
        contents.extend(built_in_file(name).map(Cow::Borrowed));
        contents.dedup();
        Ok(contents)
    }

    /// Whether a file comes from the folder of fonts.
    pub(crate) fn is_shared_font(&self, name: &str) -> bool {
        !self.own.contains_key(name) && self.shared_fonts.contains_key(name)
    }

    /// Returns when each file on the disk was last written, and its size in bytes: a file that
    /// another process changes differs in one of them.
    #[cfg(feature = "agent")]
    pub(crate) fn file_versions(&self) -> FileVersions {
        let version = |(name, file): (&String, &File)| {
            let File::Disk(path) = file else { return None };
            let metadata = fs::metadata(path).ok()?;
            Some((name.clone(), (metadata.modified().ok(), metadata.len())))
        };
        self.own.iter().filter_map(version).collect()
    }

    /// As [`file_versions`](Self::file_versions) were when the folder was opened: what was written since
    /// may have been read or not. `None` if the site is of no folder.
    #[cfg(feature = "agent")]
    pub(crate) fn versions_at_open(&self) -> Option<&FileVersions> {
        self.versions_at_open.as_deref()
    }

    /// Returns by what a change of each of the site's own files, and of its folder of fonts, is known.
    /// `folder` is one of its folders, or empty for all.
    #[cfg(feature = "studio")]
    pub(crate) fn marks(&self, folder: &str) -> BTreeMap<String, FileMark> {
        let mark = |(name, file): (&String, &File)| {
            if !name.starts_with(folder) {
                return None;
            }
            let mark = match file {
                File::BuiltIn(_) => return None,
                File::Memory(bytes) => FileMark::Memory(bytes.clone()),
                File::Disk(path) => {
                    let metadata = fs::metadata(path).ok()?;
                    FileMark::Disk(metadata.modified().ok(), metadata.len())
                }
            };
            Some((name.clone(), mark))
        };
        self.own.iter().chain(&self.shared_fonts).filter_map(mark).collect()
    }

    /// Whether the site has a file of that name of its own.
    #[cfg(feature = "studio")]
    pub(crate) fn has_own(&self, name: &str) -> bool {
        self.own.contains_key(name)
    }

    /// Returns the names of the site's own files, sorted.
    #[cfg(any(feature = "press", feature = "studio"))]
    pub(crate) fn own_files(&self) -> impl Iterator<Item = &str> {
        self.own.keys().map(String::as_str)
    }

    /// Returns the names of all files below a folder, own and built-in ones, sorted.
    pub fn list(&self, folder: &str) -> BTreeSet<&str> {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        let built_in =
            FILES.iter().map(|(name, _)| *name).filter(|name| !name.starts_with(DEMO));
        self.own
            .keys()
            .chain(self.shared_fonts.keys())
            .map(String::as_str)
            .chain(built_in)
            .filter(|name| name.starts_with(&prefix))
            .collect()
    }

    /// Returns the content of a built-in file, without a copy, unless the site replaces it.
    pub(crate) fn built_in(&self, name: &str) -> Option<&'static [u8]> {
        let is_replaced =
            self.own.contains_key(name) || self.shared_fonts.contains_key(name);
        built_in_file(name).filter(|_| !is_replaced)
    }

    /// Returns the names of the course files in order: `courses.yaml`, then `courses/*.yaml` and
    /// `courses/*.yml`.
    pub(crate) fn course_files(&self) -> Vec<&str> {
        let own = |name: &&str| self.own.contains_key(*name);
        let folder = self.list("courses").into_iter().filter(own).filter(|name| {
            (name.ends_with(".yaml") || name.ends_with(".yml"))
                && name.matches('/').count() == 1
        });
        std::iter::once("courses.yaml").filter(own).chain(folder).collect()
    }

    /// Whether the site has a file of its own for a layout, so that the layout is not the built-in
    /// one.
    pub fn has_own_layout(&self, layout: &str) -> bool {
        let folder = format!("layouts/{layout}/");
        self.own.keys().any(|name| name.starts_with(&folder))
    }

    /// Returns the names of the layouts: the folders in `layouts/` that have a `layout.yaml`.
    pub fn layouts(&self) -> Vec<&str> {
        self.list("layouts")
            .into_iter()
            .filter_map(|name| {
                name.strip_prefix("layouts/")?.strip_suffix("/layout.yaml")
            })
            .filter(|name| !name.contains('/'))
            .collect()
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("name", &self.name)
            .field("own", &self.own.keys())
            .field("shared_fonts", &self.shared_fonts.keys())
            .finish()
    }
}

impl File {
    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>> {
        match self {
            File::BuiltIn(bytes) => Ok(Cow::Borrowed(*bytes)),
            File::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            File::Disk(path) => fs::read(path).map(Cow::Owned).map_err(|error| {
                Error::caused(ErrorKind::Io, "failed to read the file", error)
                    .at(Place::file(name))
            }),
        }
    }
}

fn built_in_file(name: &str) -> Option<&'static [u8]> {
    let index = FILES.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(FILES[index].1)
}

/// Refuses files that are not in the folder of the site, but only linked from there.
fn refuse_links_out(folder: &Path, files: &BTreeMap<String, File>) -> Result<()> {
    let Ok(root) = folder.canonicalize() else { return Ok(()) };
    let leads_out = |(name, file): (&String, &File)| {
        let File::Disk(path) = file else { return None };
        let real = path.canonicalize().ok()?;
        (!real.starts_with(&root)).then(|| {
            let message =
                format!("`{name}` is a link out of the site, to {}", real.display());
            Error::new(ErrorKind::InvalidValue, message)
                .at(Place::file(name))
                .with_help("copy the file into the site, or link to one inside of it")
        })
    };
    Error::join(files.iter().filter_map(leads_out))
}

/// The most folders inside each other. A link that leads to its own folder ends here.
const MAX_DEPTH: usize = 8;

/// Adds the files at `path`, whose name in the site is `name`.
fn collect(
    path: &Path,
    name: &str,
    depth: usize,
    files: &mut BTreeMap<String, File>,
) -> Result<()> {
    let failed = |error: io::Error| {
        Error::caused(ErrorKind::Io, "failed to list the folder", error)
            .at(Place::file(name))
    };
    if path.is_file() {
        files.insert(name.to_owned(), File::Disk(path.to_owned()));
    } else if path.is_dir() && depth < MAX_DEPTH {
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let part = entry.file_name();
            let part = part.to_string_lossy();
            if !part.starts_with('.') {
                collect(&entry.path(), &format!("{name}/{part}"), depth + 1, files)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written while a process starts is not taken for what it has read.
    #[cfg(feature = "agent")]
    #[test]
    fn versions_are_those_of_before_anything_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("courses.yaml");
        fs::write(&file, "a: { title: A }").unwrap();
        let site = Site::open(folder.path()).unwrap();
        assert_eq!(site.versions_at_open(), Some(&site.file_versions()));
        fs::write(&file, "a: { title: Another }").unwrap();
        assert_ne!(site.versions_at_open(), Some(&site.file_versions()));
        assert_eq!(Site::demo().versions_at_open(), None);
    }
}
