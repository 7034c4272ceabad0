//! The families that a site has.
//!
//! Takes the site's `fonts/`, gives a font book for Typst, the families that may set a word, and
//! through [`Fonts::set`] an answer to one question: in which face does this word stand? The decision
//! made here: what may stand in for what is declared, in `fonts/fonts.yaml`, and the site's own list
//! goes before the library's.

mod choice;
mod words;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock, RwLock};

use typst::foundations::Bytes;
use typst::text::{
    Coverage, Font, FontBook, FontFlags, FontInfo, FontStretch, FontStyle, FontVariant,
    FontWeight,
};
use typst::utils::LazyHash;

pub(crate) use self::choice::{Piece, Wanted, missing_glyph};
use crate::base::error::{ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::base::yaml::{Document, Faults, Node};
use crate::site::files::Site;

/// The file in a `fonts/` folder that declares its families.
const DECLARATION: &str = "fonts/fonts.yaml";

/// Every face of a site, opened when it is first used, and the declared families.
#[derive(Debug)]
pub(crate) struct Fonts {
    book: LazyHash<FontBook>,
    faces: Vec<Face>,
    families: Vec<Family>,
    orders: RwLock<HashMap<OrderKey, Arc<[usize]>>>,
    warnings: Vec<Warning>,
}

/// What the order of families depends on: kind, weight, slope, script and language.
type OrderKey = (Like, u16, bool, &'static str, Tag);

#[derive(Debug)]
struct Face {
    data: Bytes,
    index: u32,
    font: OnceLock<Option<Font>>,
}

/// A family that may set a word, as `fonts.yaml` declares it.
#[derive(Debug, Clone)]
struct Family {
    name: String,
    like: Like,
    scripts: Vec<String>,
    languages: Vec<Tag>,
    scale: f64,
}

/// The kind of face that another one may stand in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Like {
    Serif,
    Sans,
    /// Handwriting: never stands in for another.
    Script,
    /// Titling faces: never stand in for another.
    Display,
}

impl Like {
    pub(crate) const NAMES: [&str; 4] = ["serif", "sans", "script", "display"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "serif" => Some(Like::Serif),
            "sans" => Some(Like::Sans),
            "script" => Some(Like::Script),
            "display" => Some(Like::Display),
            _ => None,
        }
    }
}

impl Fonts {
    /// The faces and families of a site, in the order of their file names.
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
            let source = fontdb::Source::Binary(Arc::new(Shared(bytes.clone())));
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
                // Typst reads the coverage only to choose a fallback of its own. It shall not.
                coverage: Coverage::from_vec(Vec::new()),
            });
            faces.push(Face { data, index: face.index, font: OnceLock::new() });
        }
        let book = FontBook::from_infos(infos);
        let families = declared(site, &book, &mut warnings)?;
        let orders = RwLock::default();
        Ok(Self { book: LazyHash::new(book), faces, families, orders, warnings })
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    /// The face of that index in the book, opened at first use.
    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        let face = self.faces.get(index)?;
        face.font.get_or_init(|| Font::new(face.data.clone(), face.index)).clone()
    }

    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The names of all families with a face, for help and for the proof.
    pub(crate) fn families(&self) -> impl Iterator<Item = &str> + Clone {
        self.families.iter().map(|family| family.name.as_str())
    }

    pub(crate) fn has_family(&self, name: &str) -> bool {
        self.book.contains_family(&name.to_lowercase())
    }
}

/// The help for a family that is not there.
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

/// The families that the site declares, then those that the library does.
fn declared(
    site: &Site,
    book: &FontBook,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Family>> {
    let mut families: Vec<Family> = Vec::new();
    let own = site.read(DECLARATION)?.map(|bytes| bytes.into_owned());
    let built_in = crate::site::files::Site::new();
    let built_in = built_in.read(DECLARATION)?.map(|bytes| bytes.into_owned());
    let replaced = own != built_in;
    for bytes in own.into_iter().chain(built_in.filter(|_| replaced)) {
        for family in parse_declaration(&bytes)? {
            let known = families.iter().any(|other| other.name == family.name);
            if !known && book.contains_family(&family.name.to_lowercase()) {
                families.push(family);
            }
        }
    }
    let names: HashSet<&str> = families.iter().map(|f| f.name.as_str()).collect();
    for (name, _) in book.families() {
        if !names.contains(name) && !name.contains("Mono CJK") {
            warnings.push(
                Warning::new(
                    ErrorKind::Font,
                    format!(
                        "the family `{name}` is not listed, so it stands in for none"
                    ),
                )
                .at(Place::file(DECLARATION)),
            );
        }
    }
    Ok(families)
}

fn parse_declaration(bytes: &[u8]) -> Result<Vec<Family>> {
    let mut faults = Faults::default();
    let mut families = Vec::new();
    if let Some(document) = Document::parse(DECLARATION, bytes, &mut faults)
        && let Some(root) = document.root().fields(&["families"], &mut faults)
        && let Some(list) = root.required("families", &mut faults)
    {
        for node in faults.keep(list.items()).into_iter().flatten() {
            families.extend(family(node, &mut faults));
        }
    }
    faults.finish()?;
    Ok(families)
}

fn family(node: Node<'_>, faults: &mut Faults) -> Option<Family> {
    let known = ["family", "like", "scripts", "languages", "scale"];
    let fields = node.fields(&known, faults)?;
    let name = fields.required("family", faults);
    let name = name.and_then(|node| faults.keep(node.text()));
    let like = fields.required("like", faults);
    let like = like.and_then(|node| faults.keep(node.one_of(&Like::NAMES)));
    let mut texts = |key: &str| {
        let items = fields.get(key).and_then(|node| faults.keep(node.items()));
        items
            .into_iter()
            .flatten()
            .filter_map(|node| faults.keep(node.text().map(|text| (node, text))))
            .collect::<Vec<_>>()
    };
    let scripts = texts("scripts");
    let languages = texts("languages");
    let scale = fields.get("scale").and_then(|node| faults.keep(node.positive()));
    let languages = languages
        .into_iter()
        .filter_map(|(node, text)| {
            faults.keep(Tag::parse(text).map_err(|error| node.wrap(error)))
        })
        .collect();
    Some(Family {
        name: name?.to_owned(),
        like: like.and_then(Like::parse)?,
        scripts: scripts.into_iter().map(|(_, text)| text.to_owned()).collect(),
        languages,
        scale: scale.unwrap_or(1.0),
    })
}

/// Bytes that are shared with Typst, in the shape that the font database takes.
struct Shared(Bytes);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_names_families_as_typst_does() {
        let fonts = Fonts::load(&Site::new()).expect("the built-in fonts load");
        for index in 0..fonts.faces.len() {
            let book = fonts.book.info(index).expect("one info a face");
            let font = fonts.font(index).expect("a built-in face opens");
            assert_eq!(font.info().family, book.family);
            assert_eq!(font.info().variant, book.variant, "{}", book.family);
        }
        assert_eq!(fonts.warnings(), []);
    }
}
