//! The fonts of a site.
//!
//! Takes the font files in the site's `fonts/`, gives Typst a font book, and through
//! [`Fonts::itemize`] the face of each word. The decision made here: no font is read from the
//! system; a family stands in for another only as `fonts/fonts.yaml` declares it.

mod family;
mod itemize;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

use typst::foundations::Bytes;
use typst::text::{
    Coverage, Font, FontBook, FontFlags, FontInfo, FontStretch, FontStyle, FontVariant,
    FontWeight,
};
use typst::utils::LazyHash;

use self::family::Family;
pub(crate) use self::family::GenericFamily;
pub(crate) use self::itemize::{FaceRequest, FontRun, missing_glyph};
use crate::base::error::{ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::site::files::Site;

/// Every face of a site, parsed when it is first used, and the declared families.
#[derive(Debug)]
pub(crate) struct Fonts {
    book: LazyHash<FontBook>,
    faces: Vec<Face>,
    families: Vec<Family>,
    fallback_orders: RwLock<HashMap<OrderKey, Arc<[usize]>>>,
    warnings: Vec<Warning>,
}

/// What the order of fallback families depends on: generic family, weight, slope, script and
/// language.
type OrderKey = (GenericFamily, u16, bool, &'static str, Tag);

#[derive(Debug)]
struct Face {
    data: Bytes,
    index: u32,
    font: OnceLock<Option<Font>>,
}

impl Fonts {
    /// Loads the faces of a site in the order of their file names, and its declared families.
    ///
    /// # Errors
    /// All errors of `fonts/fonts.yaml` together. A file that is no font is a warning.
    pub(crate) fn load(site: &Site) -> Result<Self> {
        let mut database = fontdb::Database::new();
        let mut data = Vec::new();
        let mut warnings = Vec::new();
        for name in site.list("fonts") {
            if !is_font(name) {
                continue;
            }
            let bytes = match site.built_in(name) {
                Some(bytes) => Bytes::new(bytes),
                None => match site.read(name)? {
                    Some(bytes) => Bytes::new(bytes.into_owned()),
                    None => continue,
                },
            };
            let source = fontdb::Source::Binary(Arc::new(SharedBytes(bytes.clone())));
            let ids = database.load_font_source(source);
            if ids.is_empty() {
                warnings.push(
                    Warning::new(ErrorKind::Font, "the file is no font that can be read")
                        .at(Place::file(name))
                        .with_help(
                            "put a TrueType or OpenType font here (.ttf, .otf, .ttc)",
                        ),
                );
            }
            data.extend(ids.into_iter().map(|id| (id, bytes.clone())));
        }

        let mut infos = Vec::new();
        let mut faces = Vec::new();
        for (id, data) in data {
            let Some(face) = database.face(id) else { continue };
            let Some((family, _)) = face.families.first() else { continue };
            infos.push(FontInfo {
                family: family.clone(),
                variant: variant(face),
                flags: FontFlags::empty(),
                axes: Vec::new(),
                // Typst reads the coverage only to choose a fallback of its own, and must find
                // none.
                coverage: Coverage::from_vec(Vec::new()),
            });
            faces.push(Face { data, index: face.index, font: OnceLock::new() });
        }
        let book = FontBook::from_infos(infos);
        let families = family::declared(site, &book, &mut warnings)?;
        let fallback_orders = RwLock::default();
        let book = LazyHash::new(book);
        Ok(Self { book, faces, families, fallback_orders, warnings })
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    /// The face of that index in the book, parsed at first use.
    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        let face = self.faces.get(index)?;
        face.font.get_or_init(|| Font::new(face.data.clone(), face.index)).clone()
    }

    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The names of all declared families.
    pub(crate) fn families(&self) -> impl Iterator<Item = &str> + Clone {
        self.families.iter().map(|family| family.name.as_str())
    }

    pub(crate) fn has_family(&self, name: &str) -> bool {
        self.book.contains_family(&name.to_lowercase())
    }
}

/// The help for a family that the site does not have.
pub(crate) fn family_help(name: &str, fonts: &Fonts) -> String {
    // Typst names families in lower case.
    let name = name.to_lowercase();
    let distance =
        |family: &&str| strsim::damerau_levenshtein(&name, &family.to_lowercase());
    match fonts.families().min_by_key(distance).filter(|near| distance(near) < 4) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "add its fonts to the site's `fonts/` folder".to_owned(),
    }
}

fn is_font(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    ["ttf", "otf", "ttc", "otc"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn variant(face: &fontdb::FaceInfo) -> FontVariant {
    let style = match face.style {
        fontdb::Style::Normal => FontStyle::Normal,
        fontdb::Style::Italic => FontStyle::Italic,
        fontdb::Style::Oblique => FontStyle::Oblique,
    };
    FontVariant::new(
        style,
        FontWeight::from_number(face.weight.0),
        FontStretch::from_number(face.stretch.to_number()),
    )
}

/// Font data that Typst and the font database share.
struct SharedBytes(Bytes);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn book_names_families_as_typst_does() {
        let fonts = Fonts::load(&Site::new()).expect("the built-in fonts load");
        for index in 0..fonts.faces.len() {
            let book = fonts.book.info(index).expect("one info for each face");
            let font = fonts.font(index).expect("a built-in face opens");
            assert_eq!(font.info().family, book.family);
            assert_eq!(font.info().variant, book.variant, "{}", book.family);
        }
        assert_eq!(fonts.warnings(), []);
    }
}
