//! The archive of an exported template, read within bounds.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::Value as Json;
use zip::ZipArchive;

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::hex;

/// The most parts of an archive, the most bytes of one, and of those that are read: what Moodle's
/// import takes, in a machine of usual size.
const MAX_PARTS: usize = 500;
const MAX_PART: u64 = 50 << 20;
const MAX_BYTES: u64 = 200 << 20;
/// The most elements of a page.
const MAX_ELEMENTS: usize = 200;

/// The first page of a template.
pub(super) struct Template {
    pub(super) name: String,
    /// Its sides in millimetres.
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) right_margin: f64,
    /// Its elements, in the order in which they are drawn.
    pub(super) elements: Vec<Json>,
    /// How many pages follow, and how many elements they have.
    pub(super) other_pages: (usize, usize),
    /// The pictures by their SHA-1: the name of the file, and its content.
    pub(super) pictures: BTreeMap<String, (String, Vec<u8>)>,
}

impl Template {
    /// Reads an archive.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`]: no such archive, or a damaged one. [`ErrorKind::TooLarge`].
    pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Self> {
        let no_export = |cause: &str| {
            Error::new(
                ErrorKind::Syntax,
                format!("the file is no template of customcert ({cause})"),
            )
            .at(Place::file(file))
            .with_help("export it in Moodle: the template's page, «Export template»")
        };
        let mut archive =
            Archive::open(bytes).map_err(|cause| cause.at(Place::file(file)))?;
        let mut json = |name: &str| -> Result<Option<Json>> {
            let bytes =
                archive.part(name).map_err(|error| error.at(Place::file(file)))?;
            let json = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose();
            json.map_err(|error| no_export(&format!("{name}: {error}")))
        };
        let template = json("template.json")?;
        let template = template.ok_or_else(|| no_export("it has no `template.json`"))?;
        let manifest = json("files.json")?.unwrap_or_default();
        let pages = template["pages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut pages: Vec<&Json> = pages.iter().collect();
        pages.sort_by_key(|page| whole(&page["sequence"]));
        let (page, others) =
            pages.split_first().ok_or_else(|| no_export("it has no page"))?;
        let count = |page: &Json| page["elements"].as_array().map_or(0, Vec::len);
        let mut elements = page["elements"].as_array().cloned().unwrap_or_default();
        if elements.len() > MAX_ELEMENTS {
            let message = format!("the page has more than {MAX_ELEMENTS} elements");
            return Err(Error::new(ErrorKind::TooLarge, message).at(Place::file(file)));
        }
        elements.sort_by_key(|element| whole(&element["sequence"]));
        let sides = (number(&page["width"]), number(&page["height"]));
        let (Some(width), Some(height)) = sides else {
            return Err(no_export("its page has no size"));
        };
        let mut pictures = BTreeMap::new();
        for (hash, about) in manifest["files"].as_object().into_iter().flatten() {
            let is_hash =
                hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            let name = about["filename"].as_str().unwrap_or_default();
            if !is_hash || name.is_empty() {
                return Err(no_export("files.json names a file that it cannot have"));
            }
            let bytes = archive.part(&format!("files/{hash}"));
            let bytes = bytes.map_err(|error| error.at(Place::file(file)))?;
            let bytes =
                bytes.ok_or_else(|| no_export(&format!("`{name}` is not in it")))?;
            let own = hex::lower(digest(&SHA1_FOR_LEGACY_USE_ONLY, &bytes).as_ref());
            if own != hash.to_ascii_lowercase() {
                return Err(no_export(&format!("`{name}` is damaged")));
            }
            pictures.insert(hash.clone(), (name.to_owned(), bytes));
        }
        Ok(Self {
            name: template["name"].as_str().unwrap_or_default().to_owned(),
            width,
            height,
            right_margin: number(&page["rightmargin"]).unwrap_or_default(),
            elements,
            other_pages: (others.len(), others.iter().map(|page| count(page)).sum()),
            pictures,
        })
    }
}

/// A number, which a database may have written as a text.
pub(super) fn number(json: &Json) -> Option<f64> {
    let number = json.as_f64().or_else(|| json.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

fn whole(json: &Json) -> i64 {
    number(json).unwrap_or_default() as i64
}

/// A bounded archive.
struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// How many bytes may still be unpacked.
    left: u64,
}

impl<'a> Archive<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
        if zip.len() > MAX_PARTS {
            let message = format!("the archive has more than {MAX_PARTS} parts");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(Self { zip, left: MAX_BYTES })
    }

    /// The content of a part, or `None` if there is none of that name.
    fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let part = match self.zip.by_name(name) {
            Ok(part) => part,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(broken(&error)),
        };
        // The sizes that the archive declares are not trusted.
        let limit = MAX_PART.min(self.left);
        let mut bytes = Vec::new();
        part.take(limit + 1).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        if bytes.len() as u64 > limit {
            let message = format!("`{name}` in the archive is too large");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        self.left -= bytes.len() as u64;
        Ok(Some(bytes))
    }
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    let message = format!("failed to read the archive ({error})");
    Error::new(ErrorKind::Syntax, message).with_help("export the template again")
}
