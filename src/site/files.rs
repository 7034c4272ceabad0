//! The files that an operator owns, over the built-in ones.
//!
//! A [`Site`] answers one question: what is in the file of this name? Its own file wins over the
//! built-in one of the same name; nothing else is looked at. Names use `/` and are relative to the
//! site: `courses.yaml`, `layouts/classic/layout.typ`, `signatures/ada.png`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
#[cfg(feature = "agent")]
use std::time::SystemTime;
use std::{fmt, fs, io};

use crate::base::error::{Error, ErrorKind, Place, Result};

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// The folders and files of a site that the library reads. `keys/` and what is published are not
/// among them.
const PARTS: [&str; 7] = [
    "testamur.yaml",
    "courses.yaml",
    "courses",
    "layouts",
    "fonts",
    "signatures",
    "images",
];

/// Where the built-in demo site's own files are kept among the built-in ones.
const DEMO: &str = "demo/";

/// The files of one site, laid over the built-in layouts, fonts and signatures.
///
/// Cheap to clone when it came from a folder: files are read when they are asked for.
#[derive(Clone)]
pub struct Site {
    name: Cow<'static, str>,
    own: BTreeMap<String, File>,
}

#[derive(Clone)]
enum File {
    BuiltIn(&'static [u8]),
    Memory(Vec<u8>),
    Disk(PathBuf),
}

impl Site {
    const DEMO_NAME: &str = "the built-in demo site";

    /// A site without files of its own, to be filled with [`with_file`](Self::with_file).
    pub fn new() -> Self {
        Self { name: "the site in memory".into(), own: BTreeMap::new() }
    }

    /// The built-in demo site: one course, two signatories, four languages.
    pub fn demo() -> Self {
        let own = FILES
            .iter()
            .filter_map(|(name, bytes)| {
                Some((name.strip_prefix(DEMO)?.to_owned(), File::BuiltIn(bytes)))
            })
            .collect();
        Self { name: Self::DEMO_NAME.into(), own }
    }

    /// The site in a folder. Symbolic links are followed; hidden files are passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the folder or one of its parts cannot be listed.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut own = BTreeMap::new();
        if !folder.is_dir() {
            return Err(Error::new(
                ErrorKind::Io,
                format!("failed to open the site (no folder `{}`)", folder.display()),
            ));
        }
        for part in PARTS {
            list(&folder.join(part), part, 0, &mut own)?;
        }
        Ok(Self { name: folder.display().to_string().into(), own })
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

    /// What the site is called in messages: its folder, or what it is instead of one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the built-in demo site.
    pub fn is_demo(&self) -> bool {
        matches!(self.name, Cow::Borrowed(Self::DEMO_NAME))
    }

    /// The content of a file, if there is one of that name.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>> {
        match self.own.get(name) {
            Some(File::BuiltIn(bytes)) => Ok(Some(Cow::Borrowed(*bytes))),
            Some(File::Memory(bytes)) => Ok(Some(Cow::Borrowed(bytes))),
            Some(File::Disk(path)) => match fs::read(path) {
                Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
                Err(error) => Err(Error::new(
                    ErrorKind::Io,
                    format!("failed to read the file ({error})"),
                )
                .at(Place::file(name))),
            },
            None => Ok(self.built_in(name).map(Cow::Borrowed)),
        }
    }

    /// When its files on the disk were last written, and how long they are: by this it is seen that
    /// somebody changed one.
    #[cfg(feature = "agent")]
    pub(crate) fn stamps(&self) -> BTreeMap<String, (Option<SystemTime>, u64)> {
        let stamp = |(name, file): (&String, &File)| {
            let File::Disk(path) = file else { return None };
            let known = fs::metadata(path).ok()?;
            Some((name.clone(), (known.modified().ok(), known.len())))
        };
        self.own.iter().filter_map(stamp).collect()
    }

    /// The names of all files below a folder, own and built-in, sorted.
    pub fn list(&self, folder: &str) -> BTreeSet<&str> {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        let built_in =
            FILES.iter().map(|(name, _)| *name).filter(|name| !name.starts_with(DEMO));
        self.own
            .keys()
            .map(String::as_str)
            .chain(built_in)
            .filter(|name| name.starts_with(&prefix))
            .collect()
    }

    /// The built-in bytes of a name that the site does not replace, without a copy.
    pub(crate) fn built_in(&self, name: &str) -> Option<&'static [u8]> {
        let index = FILES.binary_search_by_key(&name, |(name, _)| name).ok()?;
        Some(FILES[index].1).filter(|_| !self.own.contains_key(name))
    }

    /// The course files in order: `courses.yaml`, then `courses/*.yaml`.
    pub(crate) fn course_files(&self) -> Vec<&str> {
        let own = |name: &&str| self.own.contains_key(*name);
        let folder = self.list("courses").into_iter().filter(own).filter(|name| {
            (name.ends_with(".yaml") || name.ends_with(".yml"))
                && name.matches('/').count() == 1
        });
        std::iter::once("courses.yaml").filter(own).chain(folder).collect()
    }

    /// Whether any file of a layout is the site's own rather than a built-in one.
    pub fn has_own(&self, layout: &str) -> bool {
        let folder = format!("layouts/{layout}/");
        self.own.keys().any(|name| name.starts_with(&folder))
    }

    /// The names of the layouts: folders below `layouts/` with a `layout.yaml`.
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
            .finish()
    }
}

/// Deep enough for any layout folder, and an end for a link that leads to itself.
const MAX_DEPTH: usize = 8;

fn list(
    path: &Path,
    name: &str,
    depth: usize,
    files: &mut BTreeMap<String, File>,
) -> Result<()> {
    let failed = |error: io::Error| {
        Error::new(ErrorKind::Io, format!("failed to list the folder ({error})"))
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
                list(&entry.path(), &format!("{name}/{part}"), depth + 1, files)?;
            }
        }
    }
    Ok(())
}
