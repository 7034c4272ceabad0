//! The pictures of courses and layouts (signatures, logos, badges, backgrounds), each prepared once.
//!
//! Takes a site and a course, or a file; gives pictures. The decision: the key is the digest of the file's
//! content, not its name. A scan that the operator replaces shows in the next certificate, and one
//! scan under two names is prepared once.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use crate::base::cache::Cache;
use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean, finding};
use crate::base::recent::Recent;
use crate::image::background::{self, Background};
use crate::image::picture::Picture;
use crate::site::course::Course;
use crate::site::file_version::FileVersion;
use crate::site::files::{PHOTO_FOLDER, Site};
use crate::site::sample::is_sample_file;

/// The folder of signature scans, and that of all other pictures.
const SIGNATURE_FOLDER: &str = "signatures";
const IMAGE_FOLDER: &str = "images";
/// The most bytes of a photo; those of phones are below it.
const MAX_PHOTO_BYTES: u64 = 24 << 20;

/// The pictures that are prepared. An agent runs for months while operators replace scans, so the
/// cache has a bound.
pub(crate) struct ImageCache {
    pictures: Cache<ImageKey, Picture>,
    /// The SHA-256 of files that were read, so that a file that is as it was is not read again.
    digests: Recent<FileVersion, [u8; 32]>,
}

/// Everything that a prepared picture depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ImageKey {
    /// SHA-256 of the file.
    digest: [u8; 32],
    usage: Usage,
}

/// What a file is read for: one picture may be a logo here and a background there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Usage {
    Signature {
        tint: Option<[u8; 3]>,
    },
    /// A logo or a badge, without its margins.
    Mark,
    /// A picture in a slot, with its margins.
    Whole,
    Background,
    /// The photo of a recipient, of at most so many pixels across and down.
    Photo {
        max: (u32, u32),
    },
}

/// The pictures of one course, in the order of the course's lists.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    /// One for each signatory; `None` for one without a scan.
    pub(crate) signatures: Vec<Option<Picture>>,
    pub(crate) logo: Option<Picture>,
    pub(crate) sponsors: Vec<Picture>,
    pub(crate) badges: Vec<Picture>,
}

impl ImageCache {
    /// The most pictures that are kept.
    const MAX_PICTURES: usize = 1_000;
    /// The most bytes that they have together.
    const MAX_BYTES: usize = 256 << 20;
    /// The most files whose digests are kept, in each of two generations.
    const MAX_DIGESTS: usize = 1_000;

    /// The signatures, logo, sponsors' logos and badges of a course.
    ///
    /// # Errors
    /// All errors together, each at the line that names the file: [`ErrorKind::MissingFile`],
    /// [`ErrorKind::Image`], [`ErrorKind::TooLarge`], [`ErrorKind::Io`].
    pub(crate) fn pictures(&self, site: &Site, course: &Course) -> Result<Pictures> {
        let mut errors = Vec::new();
        let mut keep = |place: &Place, picture: Result<Picture>| {
            picture.map_err(|error| errors.push(error.at(place.clone()))).ok()
        };
        let tint = course.theme.signature_ink;
        let tint = tint.map(|ink| [ink.red, ink.green, ink.blue]);
        let mut pictures = Pictures::default();
        for signatory in &course.signatories {
            let signature = signatory.signature.as_deref().and_then(|name| {
                let read = |scan: &[u8]| Picture::read_signature(scan, tint);
                let usage = Usage::Signature { tint };
                let folders = &[SIGNATURE_FOLDER];
                let place = signatory.place();
                let picture = self.picture(site, place, folders, name, usage, read);
                keep(place, picture)
            });
            pictures.signatures.push(signature);
        }
        let image = |place: &Place, name: &str| {
            let folders = &[IMAGE_FOLDER, SIGNATURE_FOLDER];
            self.picture(site, place, folders, name, Usage::Mark, Picture::read)
        };
        if let Some(name) = &course.theme.logo {
            let place = course.theme.logo_place().unwrap_or(course.place());
            pictures.logo = keep(place, image(place, name));
        }
        for sponsor in &course.sponsors {
            let place = sponsor.place();
            pictures.sponsors.extend(keep(place, image(place, &sponsor.logo)));
        }
        for badge in &course.badges {
            let place = badge.place();
            pictures.badges.extend(keep(place, image(place, &badge.image)));
        }
        Error::join(errors)?;
        Ok(pictures)
    }

    /// The background that a course gives its certificates, if it has one.
    ///
    /// # Errors
    /// As [`pictures`](Self::pictures).
    pub(crate) fn background(
        &self,
        site: &Site,
        course: &Course,
    ) -> Result<Option<Background>> {
        let Some(name) = &course.theme.background else { return Ok(None) };
        let place = course.theme.background_place().unwrap_or(course.place());
        let folders = &[IMAGE_FOLDER, SIGNATURE_FOLDER];
        let make = background::picture_of;
        let picture = self.picture(site, place, folders, name, Usage::Background, make);
        let picture = picture.map_err(|error| error.at(place.clone()))?;
        Ok(Some(Background { picture, place: place.clone() }))
    }

    /// The background in the bytes of a file, which `place` names.
    ///
    /// # Errors
    /// As [`Background::read`].
    pub(crate) fn background_of(
        &self,
        bytes: &[u8],
        place: &Place,
    ) -> Result<Background> {
        // The place is set outside of the cache: another file may have the same bytes.
        let picture = self.read(bytes, Usage::Background, background::picture_of);
        let picture = picture.map_err(|error| error.at(place.clone()))?;
        Ok(Background { picture, place: place.clone() })
    }

    /// The photo that a request names, of at most `max` pixels across and down.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: the name is none of a file in the folder of photos.
    /// [`ErrorKind::MissingFile`], [`ErrorKind::Image`], [`ErrorKind::TooLarge`], [`ErrorKind::Io`].
    pub(crate) fn photo(
        &self,
        site: &Site,
        name: &str,
        max: (u32, u32),
    ) -> Result<Picture> {
        if !is_photo_name(name) {
            let message = format!(
                "`{}` is no file of the folder `{PHOTO_FOLDER}/`",
                name.escape_debug()
            );
            return Err(Error::new(ErrorKind::InvalidValue, message).with_help(
                "put the picture into this folder of the site, and write its name, such as \
                 `ada.jpg`",
            ));
        }
        let file = format!("{PHOTO_FOLDER}/{name}");
        let Some(bytes) = site.read_at_most(&file, MAX_PHOTO_BYTES)? else {
            // The message names no other file, because those are photos of other recipients.
            return Err(Error::new(
                ErrorKind::MissingFile,
                finding!("picture_missing", file),
            )
            .with_help("put the picture into this folder, or correct its name"));
        };
        let read = |bytes: &[u8]| Picture::read_photo(bytes, max);
        let picture = self.read(&bytes, Usage::Photo { max }, read);
        picture.map_err(|error| error.at(Place::file(file)))
    }

    /// The picture in the bytes of a file, which is shown whole.
    ///
    /// # Errors
    /// As [`Picture::read_whole`].
    pub(crate) fn whole(&self, bytes: &[u8]) -> Result<Picture> {
        self.read(bytes, Usage::Whole, |bytes| Picture::read_whole(bytes, "picture"))
    }

    /// The picture of a file in the first of `folders` that has it.
    fn picture(
        &self,
        site: &Site,
        place: &Place,
        folders: &[&str],
        name: &str,
        usage: Usage,
        make: impl FnOnce(&[u8]) -> Result<Picture>,
    ) -> Result<Picture> {
        let file = file_of(site, place, folders, name)?;
        // It is asked for before the file is read: one that is written meanwhile has another.
        let version = site.version_of(&file);
        if let Some(digest) = version.as_ref().and_then(|it| self.digests.get(it))
            && let Some(picture) = self.pictures.made(&ImageKey { digest, usage })
        {
            return Ok(Picture::clone(&picture));
        }
        let bytes = site.read(&file)?.ok_or_else(|| missing(site, place, &file))?;
        let digest = sha256(&bytes);
        if let Some(version) = version {
            self.digests.insert(version, digest);
        }
        let key = ImageKey { digest, usage };
        let picture = self.pictures.get(key, || make(&bytes));
        picture.map(|picture| Picture::clone(&picture))
    }

    fn read(
        &self,
        bytes: &[u8],
        usage: Usage,
        make: impl FnOnce(&[u8]) -> Result<Picture>,
    ) -> Result<Picture> {
        let key = ImageKey { digest: sha256(bytes), usage };
        let picture = self.pictures.get(key, || make(bytes));
        picture.map(|picture| Picture::clone(&picture))
    }
}

impl Default for ImageCache {
    fn default() -> Self {
        let weigh = |picture: &Picture| picture.bytes().len();
        let pictures = Cache::with_weights(Self::MAX_PICTURES, Self::MAX_BYTES, weigh);
        Self { pictures, digests: Recent::new(Self::MAX_DIGESTS) }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sha256
}

/// The file in the first of `folders` that has it. The built-in pictures are of invented people: only
/// the demo site and the samples of layouts have them, so that no certificate bears one in place of a
/// scan that is missing.
fn file_of(site: &Site, place: &Place, folders: &[&str], name: &str) -> Result<String> {
    let files = folders.iter().map(|folder| format!("{folder}/{name}"));
    let mut files = files.filter(|file| counts(site, place, file) && site.has(file));
    // The others are no place for such a picture: a signature is not advised as a logo.
    files.next().ok_or_else(|| missing(site, place, &format!("{}/{name}", folders[0])))
}

/// Whether a file counts for the course or the sample at a place.
fn counts(site: &Site, place: &Place, file: &str) -> bool {
    is_sample_file(&place.file) || site.has_picture(file)
}

fn missing(site: &Site, place: &Place, file: &str) -> Error {
    let (folder, name) = file.split_once('/').unwrap_or(("", file));
    let names = site.list(folder).into_iter().filter(|name| counts(site, place, name));
    let names: Vec<&str> =
        names.filter_map(|name| Some(name.split_once('/')?.1)).collect();
    let help = match names[..] {
        [] => Cow::Owned(format!("put the picture into the folder `{folder}/`")),
        _ => did_you_mean(name, names),
    };
    Error::new(ErrorKind::MissingFile, finding!("picture_missing", file)).with_help(help)
}

/// Whether a text is the name of a file, and not a path or an address. It comes from a request and
/// is not trusted.
pub(crate) fn is_photo_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.starts_with('.')
        && !name.contains(['/', '\\', ':'])
        && !name.chars().any(char::is_control)
}
