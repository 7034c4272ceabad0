//! The families a site has, and which of them sets a word.
//!
//! Takes the site's `fonts/`, gives a font book for Typst and an answer to one question: in which
//! face does this word stand? The decision made here: **one face a word**. A letter that the wanted
//! face lacks moves its whole word to the family that `fonts/fonts.yaml` declares for the script,
//! and Typst's own letter-by-letter fallback never comes into play.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use icu_properties::props::{EastAsianWidth, GeneralCategory, Script};
use icu_properties::{CodePointMapData, PropertyNamesShort};
use typst::foundations::Bytes;
use typst::text::{
    Coverage, Font, FontBook, FontFlags, FontInfo, FontStretch, FontStyle, FontVariant,
    FontWeight, is_default_ignorable,
};
use typst::utils::LazyHash;
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Kind, Place, Result, Warning};
use crate::lang::Tag;
use crate::site::Site;
use crate::yaml::{Document, Faults, Node};

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

/// What a role asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) family: &'a str,
    pub(crate) like: Like,
    /// 100 to 900; 400 is regular, 700 is bold.
    pub(crate) weight: u16,
    pub(crate) italic: bool,
}

/// A stretch of a text in one face.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) range: Range<usize>,
    /// The index of its style.
    pub(crate) style: usize,
    pub(crate) setting: Setting,
}

/// What a word is set in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    pub(crate) family: String,
    pub(crate) weight: u16,
    pub(crate) italic: bool,
    /// The size beside the wanted face's, 1 for the same.
    pub(crate) scale: f64,
    /// ISO 15924, lower case.
    pub(crate) script: String,
}

impl Fonts {
    const MOST_ORDERS: usize = 10_000;

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
                    Warning::new(Kind::Font, "the file is no font that can be read")
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

    /// Cuts a text into pieces of one face each. `styles` are its stretches and what each wants; a
    /// word may reach over several. White space stays with the word before it.
    ///
    /// # Errors
    /// The first character that no declared family has.
    pub(crate) fn set(
        &self,
        text: &str,
        styles: &[(Range<usize>, Wanted<'_>)],
        tag: &Tag,
    ) -> Result<Vec<Piece>, char> {
        let mut pieces: Vec<Piece> = Vec::new();
        for word in words(text) {
            for (style, (range, wanted)) in styles.iter().enumerate() {
                let part = word.start.max(range.start)..word.end.min(range.end);
                if part.is_empty() {
                    continue;
                }
                for (range, setting) in self.set_part(text, &word, part, *wanted, tag)? {
                    match pieces.last_mut() {
                        Some(last) if last.style == style && last.setting == setting => {
                            last.range.end = range.end;
                        }
                        _ => pieces.push(Piece { range, style, setting }),
                    }
                }
            }
        }
        Ok(pieces)
    }

    /// The word's letters decide on its face, and the marks beside them follow; punctuation that
    /// this face lacks, as the faces of most scripts lack Latin brackets, is set in the wanted one.
    fn set_part(
        &self,
        text: &str,
        word: &Range<usize>,
        part: Range<usize>,
        wanted: Wanted<'_>,
        tag: &Tag,
    ) -> Result<Vec<(Range<usize>, Setting)>, char> {
        let those = |which: fn(char) -> bool| -> String {
            text[word.clone()].chars().filter(|&c| which(c)).collect()
        };
        let own = Some(those(decides)).filter(|own| !own.is_empty());
        let own = own.unwrap_or_else(|| those(has_script));
        let key = if own.is_empty() { &text[part.clone()] } else { &own };
        let (font, setting) =
            self.face(key, wanted, tag).ok_or_else(|| self.missing(key))?;
        // Marks stand as upright as the letters that they belong to.
        let mark_wanted = Wanted { italic: setting.italic, ..wanted };

        let mut pieces: Vec<(Range<usize>, Setting)> = Vec::new();
        for (index, c) in text[part.clone()].char_indices() {
            let at = part.start + index;
            let end = at + c.len_utf8();
            let needed = needs_glyph(c);
            let piece = match needed && !decides(c) && !has_letter(&font, c) {
                true => {
                    let mark = &text[at..end];
                    let (_, mark) = self.face(mark, mark_wanted, tag).ok_or(c)?;
                    Setting { script: setting.script.clone(), ..mark }
                }
                false => setting.clone(),
            };
            match pieces.last_mut() {
                Some((range, last)) if *last == piece => range.end = end,
                // White space and controls never begin a piece inside a part.
                Some((range, _)) if !needed => range.end = end,
                _ => pieces.push((at..end, piece)),
            }
        }
        Ok(pieces)
    }

    /// The face for some letters: the wanted one, else the nearest that has them all.
    fn face(&self, key: &str, wanted: Wanted<'_>, tag: &Tag) -> Option<(Font, Setting)> {
        let script = script(key).unwrap_or("Zyyy");
        let scale = |name: &str| {
            let family = self.families.iter().find(|family| family.name == name);
            family.map_or(1.0, |family| family.scale)
        };
        let face = |family: &str| {
            let (font, setting) = self.covers(family, key, wanted)?;
            let script = script.to_lowercase();
            Some((font, Setting { scale: scale(family), script, ..setting }))
        };
        face(wanted.family).or_else(|| {
            let order = self.order(wanted, script, tag);
            order.iter().find_map(|&index| face(&self.families[index].name))
        })
    }

    /// The families that may stand in for a wanted face, nearest first: indices into `families`.
    fn order(&self, wanted: Wanted<'_>, script: &'static str, tag: &Tag) -> Arc<[usize]> {
        let key = (wanted.like, wanted.weight, wanted.italic, script, tag.clone());
        let known = self.orders.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(order) = known.get(&key) {
            return order.clone();
        }
        drop(known);
        let languages: Vec<Tag> = tag.fallbacks().collect();
        let mut order: Vec<usize> = (0..self.families.len())
            .filter(|&index| {
                matches!(self.families[index].like, Like::Serif | Like::Sans)
            })
            .collect();
        order.sort_by_cached_key(|&index| {
            self.distance(&self.families[index], wanted, script, &languages)
        });
        let order: Arc<[usize]> = order.into();
        let mut known = self.orders.write().unwrap_or_else(PoisonError::into_inner);
        // Languages come with requests: what they may fill is bounded.
        if known.len() < Self::MOST_ORDERS {
            known.insert(key, order.clone());
        }
        order
    }

    /// How far a family is from what is wanted: script first, then language, weight, kind.
    fn distance(
        &self,
        family: &Family,
        wanted: Wanted<'_>,
        script: &str,
        languages: &[Tag],
    ) -> impl Ord + use<> {
        let neutral = matches!(script, "Zyyy" | "Zinh");
        let other_script = !neutral && !family.scripts.iter().any(|s| s == script);
        let language = languages
            .iter()
            .position(|tag| family.languages.contains(tag))
            .unwrap_or(usize::MAX);
        // A family made for one other language waits behind those made for any.
        let foreign = !family.languages.is_empty() && language == usize::MAX;
        let lighter = self.variant(&family.name, wanted).is_some_and(|(_, info)| {
            info.variant.weight.to_number() + 150 < wanted.weight
        });
        let serif = matches!(wanted.like, Like::Serif | Like::Script | Like::Display);
        let other_kind = serif != (family.like == Like::Serif);
        (other_script, language, lighter, other_kind, foreign)
    }

    /// The setting in a family's nearest face, if that face has every letter of the word.
    fn covers(
        &self,
        family: &str,
        key: &str,
        wanted: Wanted<'_>,
    ) -> Option<(Font, Setting)> {
        let (index, info) = self.variant(family, wanted)?;
        let font = self.font(index)?;
        if !letters(key).all(|c| has_letter(&font, c)) {
            return None;
        }
        let setting = Setting {
            family: info.family.clone(),
            weight: info.variant.weight.to_number(),
            italic: info.variant.style != FontStyle::Normal,
            scale: 1.0,
            script: String::new(),
        };
        Some((font, setting))
    }

    fn variant(&self, family: &str, wanted: Wanted<'_>) -> Option<(usize, &FontInfo)> {
        let style = if wanted.italic { FontStyle::Italic } else { FontStyle::Normal };
        let variant = FontVariant::new(
            style,
            FontWeight::from_number(wanted.weight),
            FontStretch::NORMAL,
        );
        let index = self.book.select(&family.to_lowercase(), variant)?;
        Some((index, self.book.info(index)?))
    }

    /// The letter to name when no family has the whole word: one that no family has at all, else
    /// the first that the word's neighbours cannot share a face with.
    fn missing(&self, word: &str) -> char {
        let anywhere = |c: char| {
            (0..self.faces.len())
                .filter_map(|index| self.font(index))
                .any(|font| has_letter(&font, c))
        };
        letters(word)
            .find(|&c| !anywhere(c))
            .or_else(|| letters(word).next())
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// The error for a letter that no family has.
pub(crate) fn missing_glyph(letter: char, what: &str) -> Error {
    Error::new(
        Kind::MissingGlyph,
        format!(
            "no font has the letter `{letter}` (U+{:04X}) of {what}",
            u32::from(letter)
        ),
    )
    .with_help(
        "add a font that has it to the site's `fonts/` folder and list its family in \
         `fonts/fonts.yaml`",
    )
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
    let built_in = crate::site::Site::new();
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
                    Kind::Font,
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

/// The letters that need a glyph.
fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars().filter(|&c| needs_glyph(c))
}

fn needs_glyph(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_default_ignorable(c)
}

/// A face has a letter as it is or in parts, which the shaper puts together.
fn has_letter(font: &Font, letter: char) -> bool {
    let has = |c: char| font.info().coverage.contains(c as u32);
    has(letter) || {
        let mut parts = std::iter::once(letter).nfd().peekable();
        parts.peek() != Some(&letter) && parts.all(has)
    }
}

/// Whether a letter belongs to a script, or to the letter that it is a mark on.
fn has_script(c: char) -> bool {
    let script = CodePointMapData::<Script>::new().get(c);
    ![Script::Common, Script::Unknown].contains(&script) && !is_default_ignorable(c)
}

/// Whether a letter has a say in the face of its word: punctuation has not, though that of some
/// scripts belongs to no other, as the Ethiopic comma behind a Latin name.
fn decides(c: char) -> bool {
    use GeneralCategory as Is;
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    has_script(c)
        && ![
            Is::ConnectorPunctuation,
            Is::DashPunctuation,
            Is::OpenPunctuation,
            Is::ClosePunctuation,
            Is::InitialPunctuation,
            Is::FinalPunctuation,
            Is::OtherPunctuation,
        ]
        .contains(&category)
}

/// The script of a word's first letter that has one, as ISO 15924 writes it.
pub(crate) fn script(word: &str) -> Option<&'static str> {
    let scripts = CodePointMapData::<Script>::new();
    let names = PropertyNamesShort::<Script>::new();
    word.chars()
        .map(|c| scripts.get(c))
        .find(|script| {
            ![Script::Common, Script::Inherited, Script::Unknown].contains(script)
        })
        .and_then(|script| names.get(script))
}

/// Where a text may change its face: after white space, and between East Asian and other letters.
fn words(text: &str) -> Vec<Range<usize>> {
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let mut wide: Vec<Option<bool>> =
        characters.iter().map(|&(_, c)| is_east_asian(c)).collect();
    // Punctuation goes with what it opens or closes.
    for index in (0..wide.len()).rev() {
        if wide[index].is_none() && opens(characters[index].1) {
            wide[index] = wide.get(index + 1).copied().flatten();
        }
    }
    for index in 1..wide.len() {
        if wide[index].is_none() {
            wide[index] = wide[index - 1];
        }
    }
    let mut words = Vec::new();
    let mut start = 0;
    for index in 1..characters.len() {
        let (at, c) = characters[index];
        let before = characters[index - 1].1;
        let after_space = before.is_whitespace() && !c.is_whitespace();
        let turns =
            matches!((wide[index - 1], wide[index]), (Some(a), Some(b)) if a != b);
        if after_space || turns && !c.is_whitespace() {
            words.push(start..at);
            start = at;
        }
    }
    if start < text.len() {
        words.push(start..text.len());
    }
    words
}

fn is_east_asian(c: char) -> Option<bool> {
    let script = CodePointMapData::<Script>::new().get(c);
    let east_asian = [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Hangul,
        Script::Bopomofo,
    ];
    if east_asian.contains(&script) {
        return Some(true);
    }
    let width = CodePointMapData::<EastAsianWidth>::new().get(c);
    match [EastAsianWidth::Wide, EastAsianWidth::Fullwidth].contains(&width) {
        true => Some(true),
        false => c.is_alphanumeric().then_some(false),
    }
}

fn opens(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    [GeneralCategory::OpenPunctuation, GeneralCategory::InitialPunctuation]
        .contains(&category)
        || is_default_ignorable(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_text_is_cut_at_spaces_and_where_east_asia_begins() {
        assert_eq!(cut("Ya-Shen Chuang (莊雅善)"), ["Ya-Shen ", "Chuang ", "(莊雅善)"]);
        assert_eq!(
            cut("「Introduction to Curling」を"),
            ["「", "Introduction ", "to ", "Curling", "」を"]
        );
        assert_eq!(cut("\u{2068}김헌영\u{2069} 님"), ["\u{2068}김헌영\u{2069} ", "님"]);
    }

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

    #[test]
    fn a_word_moves_as_a_whole_to_the_face_of_its_script() {
        let fonts = Fonts::load(&Site::new()).expect("the built-in fonts load");
        let wanted = Wanted {
            family: "EB Garamond",
            like: Like::Serif,
            weight: 400,
            italic: false,
        };
        let families = |text: &str, tag: &str, wanted| -> Vec<(String, String)> {
            let tag = Tag::parse(tag).expect("a tag");
            let styles = [(0..text.len(), wanted)];
            let pieces = fonts.set(text, &styles, &tag).expect("every letter has a face");
            pieces
                .into_iter()
                .map(|piece| (text[piece.range].to_owned(), piece.setting.family))
                .collect()
        };
        let pair = |text: &str, family: &str| (text.to_owned(), family.to_owned());
        assert_eq!(
            families("김헌영", "es", wanted),
            [pair("김헌영", "Noto Serif CJK KR")]
        );
        assert_eq!(
            families("Ya-Shen (莊雅善)", "ja", wanted),
            [pair("Ya-Shen ", "EB Garamond"), pair("(莊雅善)", "Noto Serif CJK JP")]
        );
        let strong = Wanted { weight: 700, ..wanted };
        assert_eq!(families("修了", "ja", strong), [pair("修了", "Noto Sans CJK JP")]);
        let tag = Tag::parse("en").expect("a tag");
        let hieroglyph = "a\u{13000}";
        let styles = [(0..hieroglyph.len(), wanted)];
        assert_eq!(fonts.set(hieroglyph, &styles, &tag), Err('\u{13000}'));
    }
}
