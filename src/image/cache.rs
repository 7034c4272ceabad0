//! The pictures of courses, prepared once: signatures, logos and badges.
//!
//! A picture is known by what its file holds, not by the file's name: whoever replaces a scan sees
//! the new one in the next certificate, and one scan under two names is lifted once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ring::digest::{SHA256, digest};

use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean};
use crate::image::background::Background;
use crate::image::picture::Picture;
use crate::site::course::Course;
use crate::site::files::Site;

/// Where scans of signatures are, and where all other pictures are.
const SIGNATURES: &str = "signatures";
const IMAGES: &str = "images";

/// What was prepared so far. A failure is not kept: the next job may find it mended.
#[derive(Default)]
pub(crate) struct ImageCache(Mutex<HashMap<ImageKey, Picture>>);

/// What a picture is made of.
#[derive(PartialEq, Eq, Hash)]
struct ImageKey {
    content: [u8; 32],
    signature: bool,
    tint: Option<[u8; 3]>,
}

/// The pictures of one course, each in the order of its list.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    pub(crate) signatures: Vec<Option<Picture>>,
    pub(crate) logo: Option<Picture>,
    pub(crate) sponsors: Vec<Picture>,
    pub(crate) badges: Vec<Picture>,
}

impl ImageCache {
    /// The most pictures that are kept.
    const MAX: usize = 1_000;

    /// The pictures that a course names.
    ///
    /// # Errors
    /// All that is wrong with them, each at the line that names it: [`ErrorKind::MissingFile`],
    /// [`ErrorKind::Image`], [`ErrorKind::TooLarge`], [`ErrorKind::Io`].
    pub(crate) fn pictures(&self, site: &Site, course: &Course) -> Result<Pictures> {
        let mut faults = Vec::new();
        let mut keep = |place: &Place, picture: Result<Picture>| {
            picture.map_err(|error| faults.push(error.at(place.clone()))).ok()
        };
        let tint = course.theme.signature_ink;
        let tint = tint.map(|ink| [ink.red, ink.green, ink.blue]);
        let mut pictures = Pictures::default();
        for person in &course.signatories {
            let signature = person.signature.as_deref().and_then(|name| {
                let lift = |scan: &[u8]| Picture::signature(scan, tint);
                keep(person.place(), self.picture(site, &[SIGNATURES], name, tint, lift))
            });
            pictures.signatures.push(signature);
        }
        let image = |name: &str| {
            self.picture(site, &[IMAGES, SIGNATURES], name, None, Picture::read)
        };
        if let Some(name) = &course.theme.logo {
            let place = course.theme.logo_place().unwrap_or(course.place());
            pictures.logo = keep(place, image(name));
        }
        for sponsor in &course.sponsors {
            pictures.sponsors.extend(keep(sponsor.place(), image(&sponsor.logo)));
        }
        for badge in &course.badges {
            pictures.badges.extend(keep(badge.place(), image(&badge.image)));
        }
        Error::join(faults)?;
        Ok(pictures)
    }

    /// The page of its own that a course has under its certificates.
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
        let read = |bytes: &[u8]| Ok(Background::read(bytes, place)?.picture);
        let picture = self.picture(site, &[IMAGES, SIGNATURES], name, None, read);
        let picture = picture.map_err(|error| error.at(place.clone()))?;
        Ok(Some(Background { picture, place: place.clone() }))
    }

    fn picture(
        &self,
        site: &Site,
        folders: &[&str],
        name: &str,
        tint: Option<[u8; 3]>,
        make: impl FnOnce(&[u8]) -> Result<Picture>,
    ) -> Result<Picture> {
        let bytes = file(site, folders, name)?;
        let mut content = [0; 32];
        content.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        let key = ImageKey { content, signature: folders == [SIGNATURES], tint };
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(picture) = lock().get(&key) {
            return Ok(picture.clone());
        }
        let picture = make(&bytes)?;
        let mut kept = lock();
        // Scans that come and go for years must not be kept for ever.
        if kept.len() >= Self::MAX {
            kept.clear();
        }
        Ok(kept.entry(key).or_insert(picture).clone())
    }
}

/// The content of a file in the first of these folders that has it.
fn file<'a>(site: &'a Site, folders: &[&str], name: &str) -> Result<Cow<'a, [u8]>> {
    for folder in folders {
        if let Some(bytes) = site.read(&format!("{folder}/{name}"))? {
            return Ok(bytes);
        }
    }
    let names: Vec<&str> = folders
        .iter()
        .flat_map(|folder| site.list(folder).into_iter())
        .filter_map(|name| Some(name.split_once('/')?.1))
        .collect();
    let folder = folders[0];
    Err(Error::new(ErrorKind::MissingFile, format!("there is no file `{folder}/{name}`"))
        .with_help(did_you_mean(name, names)))
}
