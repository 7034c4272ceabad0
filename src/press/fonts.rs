//! The fonts of a site.
//!
//! Takes the font files in the site's `fonts/`, in a folder of fonts, and built-in ones; gives Typst a font book, and through
//! [`Fonts::itemize`] the face of each word. The decision made here: no font is read from the
//! system; a family stands in for another only as `fonts/fonts.yaml` declares it.

pub(crate) mod blank;
#[cfg(feature = "issue")]
mod digest;
mod family;
mod font_boxes;
mod font_run;
mod glyph_boxes;
mod itemize;
mod ligatures;
mod marks;
mod words;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock, RwLock};

use typst::foundations::Bytes;
use typst::text::{
    Coverage, Font, FontAxis, FontBook, FontFlags, FontInfo, FontStretch, FontStyle,
    FontVariant, FontWeight,
};
use typst::utils::LazyHash;

pub(crate) use self::family::GenericFamily;
use self::family::{DeclaredFamilies, Family};
use self::font_boxes::GlyphBoxes;
pub(crate) use self::font_run::FontRun;
pub(crate) use self::itemize::FaceRequest;
use self::ligatures::Ligatures;
use crate::base::error::{ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::base::recent::Recent;
use crate::site::files::Site;

/// Every face of a site, parsed when it is first used, and the declared families.
#[derive(Debug)]
pub(crate) struct Fonts {
    book: LazyHash<FontBook>,
    faces: Vec<Face>,
    /// The faces by the address of their data and their index in the file.
    by_address: HashMap<(usize, u32), usize>,
    families: Vec<Family>,
    /// The families of this library's repository of which the site has no face.
    absent: Vec<Family>,
    fallback_orders: RwLock<HashMap<OrderKey, Arc<[usize]>>>,
    /// The faces of texts, by all that they depend on.
    itemized: Recent<u128, Arc<[FontRun]>>,
    /// The boxes of the glyphs of fonts, by a hash of the font.
    glyph_boxes: Recent<u128, Arc<GlyphBoxes>>,
    warnings: Vec<Warning>,
    #[cfg(feature = "issue")]
    added_digest: OnceLock<String>,
}

/// What the order of fallback families depends on: generic family, weight, slope, script and
/// language.
type OrderKey = (GenericFamily, u16, bool, &'static str, Tag);

#[derive(Debug)]
struct Face {
    data: Bytes,
    index: u32,
    /// Whether its file is built in.
    is_built_in: bool,
    font: OnceLock<Option<Font>>,
    ligatures: OnceLock<Ligatures>,
}

impl Fonts {
    /// The most fonts whose glyphs' boxes are remembered, in each of two generations.
    const MAX_GLYPH_BOXES: usize = 64;

    /// Loads the faces of a site in the order of their file names, and its declared families.
    ///
    /// # Errors
    /// All errors of `fonts/fonts.yaml` together. A file that is no font is a warning.
    pub(crate) fn load(site: &Site) -> Result<Self> {
        Self::load_files(site, |_| true)
    }

    /// Like [`load`](Self::load), with only those files whose names `is_wanted` accepts.
    fn load_files(site: &Site, is_wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let mut database = fontdb::Database::new();
        let mut data = Vec::new();
        let mut warnings = Vec::new();
        for name in site.list("fonts") {
            if is_web_font(name) {
                warnings.push(
                    Warning::new(ErrorKind::Font, "WOFF fonts are made for web pages, and are not read")
                        .at(Place::file(name))
                        .with_help(
                            "put the family's TrueType or OpenType files here (.ttf, .otf): its \
                             maker has them, or `fonttools ttLib.woff2 decompress` makes one",
                        ),
                );
            }
            if !is_font(name) || !is_wanted(name) {
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
            // A font reader would take a truncated table for a missing one.
            let is_whole = site.built_in(name).is_some() || is_whole(&bytes);
            let ids = if is_whole {
                database.load_font_source(source)
            } else {
                Default::default()
            };
            if ids.is_empty() {
                warnings.push(
                    Warning::new(ErrorKind::Font, "the file is no font that can be read")
                        .at(Place::file(name))
                        .with_help(
                            "put a TrueType or OpenType font here (.ttf, .otf, .ttc)",
                        ),
                );
            }
            let is_shared = site.is_shared_font(name);
            let is_built_in = site.built_in(name).is_some();
            let is_own = !is_shared && !is_built_in;
            let ids = ids.into_iter();
            data.extend(ids.map(|id| (id, bytes.clone(), is_own, is_built_in)));
        }

        let mut infos = Vec::new();
        let mut faces = Vec::new();
        let mut to_list = BTreeSet::new();
        for (id, data, is_own, is_built_in) in data {
            let Some(face) = database.face(id) else { continue };
            let Some((family, _)) = face.families.first() else { continue };
            if is_own {
                to_list.insert(family.clone());
            }
            infos.push(FontInfo {
                family: family.clone(),
                variant: variant(face),
                flags: FontFlags::empty(),
                axes: axes(&data, face.index),
                // Typst reads the coverage only to choose a fallback of its own, and must find
                // none.
                coverage: Coverage::from_vec(Vec::new()),
            });
            faces.push(Face {
                data,
                index: face.index,
                is_built_in,
                font: OnceLock::new(),
                ligatures: OnceLock::new(),
            });
        }
        let book = FontBook::from_infos(infos);
        let DeclaredFamilies { present: families, absent } =
            family::declared(site, &book, &to_list, &mut warnings)?;
        let fallback_orders = RwLock::default();
        let by_address = faces.iter().enumerate();
        let by_address = by_address
            .map(|(at, face)| ((face.data.as_ptr() as usize, face.index), at))
            .collect();
        let book = LazyHash::new(book);
        Ok(Self {
            book,
            faces,
            by_address,
            families,
            absent,
            fallback_orders,
            itemized: Recent::new(Self::MAX_ITEMIZED),
            glyph_boxes: Recent::new(Self::MAX_GLYPH_BOXES),
            warnings,
            #[cfg(feature = "issue")]
            added_digest: OnceLock::new(),
        })
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    /// The face of that index in the book, parsed at first use.
    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        let face = self.faces.get(index)?;
        face.font.get_or_init(|| Font::new(face.data.clone(), face.index)).clone()
    }

    /// The family of a face of the site, as the book names it. Typst's own name for a face leaves
    /// out words such as `Thin`.
    pub(crate) fn family_of(&self, font: &Font) -> Option<&str> {
        let index =
            self.by_address.get(&(font.data().as_ptr() as usize, font.index()))?;
        Some(&self.book.info(*index)?.family)
    }

    /// The places in a text, in bytes, before which a run has to end, so that the face of that index
    /// draws no ligature that changes what is read.
    fn ligature_breaks(&self, index: usize, text: &str) -> Vec<usize> {
        let Some(face) = self.faces.get(index) else { return Vec::new() };
        let ligatures =
            face.ligatures.get_or_init(|| Ligatures::of(&face.data, face.index));
        ligatures.breaks(text)
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

    /// Whether a family is declared but has no face here.
    pub(crate) fn is_absent(&self, name: &str) -> bool {
        self.absent.iter().any(|family| family.name.eq_ignore_ascii_case(name))
    }
}

/// The help for a family that the site does not have.
pub(crate) fn family_help(name: &str, fonts: &Fonts) -> String {
    // Typst names families in lower case.
    let name = name.to_lowercase();
    if let Some(family) =
        fonts.absent.iter().find(|family| family.name.to_lowercase() == name)
    {
        return absent_family_help(family);
    }
    let distance =
        |family: &&str| strsim::damerau_levenshtein(&name, &family.to_lowercase());
    match fonts.families().min_by_key(distance).filter(|near| distance(near) < 4) {
        Some(near) => format!("did you mean `{near}`?"),
        None => match fonts.warnings.iter().find_map(|it| it.place.as_ref()) {
            Some(place) => format!(
                "add its fonts to the site's `fonts/` folder; something is wrong with `{}` there",
                place.file
            ),
            None => "add its fonts to the site's `fonts/` folder".to_owned(),
        },
    }
}

/// Where to get the faces of a declared family, and where to put them.
fn absent_family_help(family: &Family) -> String {
    let debian = family
        .debian
        .as_ref()
        .map(|package| format!(", or Debian's package `{package}`"))
        .unwrap_or_default();
    format!(
        "this program has no face of the family `{}`: testamur's repository has it in `fonts/`, and \
         so has its release{debian}; put its files into the site's `fonts/` folder, or name their \
         folder by `--fonts` or TESTAMUR_FONTS",
        family.name
    )
}

fn is_font(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    ["ttf", "otf", "ttc", "otc"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn is_web_font(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    ["woff", "woff2"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The axes of a variable font; none for others.
fn axes(data: &Bytes, index: u32) -> Vec<FontAxis> {
    let is_variable = ttf_parser::RawFace::parse(data, index)
        .is_ok_and(|face| face.table(ttf_parser::Tag::from_bytes(b"fvar")).is_some());
    let info = is_variable.then(|| FontInfo::new(data, index)).flatten();
    info.map_or_else(Vec::new, |info| info.axes)
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

/// Whether a font has all bytes of the tables that its directory lists (OpenType 1.9,
/// «otff»). True for a collection, whose fonts share tables.
fn is_whole(bytes: &[u8]) -> bool {
    let number = |at: usize, length: usize| {
        let part = bytes.get(at..at + length)?;
        Some(part.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    if bytes.starts_with(b"ttcf") {
        return true;
    }
    let Some(count) = number(4, 2) else { return false };
    (0..count).all(|table| {
        let entry = 12 + 16 * table;
        let end = number(entry + 8, 4).zip(number(entry + 12, 4));
        end.is_some_and(|(offset, length)| {
            offset.checked_add(length).is_some_and(|end| end <= bytes.len())
        })
    })
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
        for (name, _) in fonts.book.families() {
            let is_listed = fonts.families().any(|family| family == name);
            assert!(is_listed || name.contains("Mono CJK"), "{name}");
        }
    }

    #[test]
    fn font_file_that_cannot_be_used_is_named() {
        let site = Site::new()
            .with_file("fonts/House.woff2", *b"wOF2")
            .with_file("fonts/House.ttf", *b"\0\x01\0\0")
            .with_file(
                "fonts/fonts.yaml",
                "families: [{ family: House SemiBold, like: serif, scripts: [Latn] }]",
            );
        let fonts = Fonts::load(&site).expect("the built-in fonts load");
        let warnings: Vec<String> =
            fonts.warnings().iter().map(|it| format!("{it}")).collect();
        assert_eq!(
            warnings,
            [
                "fonts/House.ttf: the file is no font that can be read",
                "fonts/House.woff2: WOFF fonts are made for web pages, and are not read",
                "fonts/fonts.yaml: no font file is of the family `House SemiBold`",
            ]
        );
    }

    /// The families in the package of the crate; the repository has more.
    const CORE: [&str; 7] = [
        "cinzel",
        "eb-garamond",
        "great-vibes",
        "noto-sans",
        "noto-serif",
        "open-sans",
        "source-sans-3",
    ];

    /// The fonts of a program that is built from the package.
    fn core_fonts(site: &Site) -> Fonts {
        let is_core = |name: &str| {
            let folder = name.split('/').nth(1).unwrap_or_default();
            CORE.contains(&folder) || site.built_in(name).is_none()
        };
        Fonts::load_files(site, is_core).expect("the core fonts load")
    }

    #[test]
    fn letter_of_an_absent_family_is_refused_until_its_folder_is_given() {
        let request = FaceRequest {
            family: "EB Garamond",
            fallback: &[],
            generic: GenericFamily::Serif,
            weight: 400,
            italic: false,
        };
        let families = |fonts: &Fonts, text: &str, tag: &Tag| {
            let runs = fonts.itemize(text, &[(0..text.len(), request)], tag)?;
            Ok(runs.iter().map(|run| run.face.family.clone()).collect::<Vec<_>>())
        };
        let english = Tag::parse("en").expect("a tag");

        let core = core_fonts(&Site::new());
        for name in ["Zoë Ångström", "Nguyễn Quang Khải", "Εὐκλείδης", "Ольга"]
        {
            let families = families(&core, name, &english).expect("the core has it");
            assert!(families.iter().all(|family| family != "Amiri"), "{name}");
        }
        assert_eq!(families(&core, "سيف", &english), Err("س".to_owned()));
        assert_eq!(core.warnings(), []);
        let error = core.missing_glyph("س", &english, "recipient", "سيف");
        assert_eq!(error.kind(), ErrorKind::MissingGlyph);
        assert_eq!(
            format!("{error:#}"),
            "no font has the letter `س` (U+0633) of the recipient `سيف`\nhelp: this program has no \
             face of the family `Noto Naskh Arabic`: testamur's repository has it in `fonts/`, and so \
             has its release, or Debian's package `fonts-noto-core`; put its files into the site's \
             `fonts/` folder, or name their folder by `--fonts` or TESTAMUR_FONTS"
        );
        for (letter, tag, family) in [
            ('莊', "en", "Noto Serif CJK SC"),
            ('莊', "ja", "Noto Serif CJK JP"),
            ('س', "ur", "Noto Nastaliq Urdu"),
            ('김', "en", "Noto Serif CJK KR"),
            ('ነ', "am", "Noto Serif Ethiopic"),
        ] {
            let tag = Tag::parse(tag).expect("a tag");
            let help = core
                .missing_glyph(&letter.to_string(), &tag, "recipient", "x")
                .to_string();
            assert_eq!(
                core.absent_family(letter, &tag).map(|family| family.name.as_str()),
                Some(family),
                "{help}"
            );
        }
        // No declared family is made for this letter's script.
        assert!(core.absent_family('\u{13000}', &english).is_none());
    }

    #[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
    #[test]
    fn folder_of_fonts_sets_what_the_core_lacks() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fonts/noto-naskh-arabic");
        let site = Site::new().with_fonts(&folder).expect("the folder is there");
        let fonts = core_fonts(&site);
        let request = FaceRequest {
            family: "EB Garamond",
            fallback: &[],
            generic: GenericFamily::Serif,
            weight: 400,
            italic: false,
        };
        let tag = Tag::parse("ar").expect("a tag");
        let text = "سيف";
        let runs = fonts.itemize(text, &[(0..text.len(), request)], &tag);
        let runs = runs.expect("the folder has the letters");
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].face.family, "Noto Naskh Arabic");
        // The library declares the family with a scale, for its size beside a Latin face.
        assert_eq!(runs[0].face.scale, 1.1);
        assert_eq!(fonts.warnings(), []);
    }
}
