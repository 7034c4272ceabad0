//! A document without the parts that differ between certificates.
//!
//! Takes a document, gives it with each text as one glyph at the origin, with marks in the place of
//! alternative texts and addresses, and without the fields of elements that typst-pdf does not
//! read; and, separately, what was replaced. The decision made here: a part stays unless it is
//! known to have no effect on the rest of the file, so that documents that differ in it have
//! different skeletons.

use std::collections::HashMap;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};
use ttf_parser::GlyphId;
use typst::foundations::{Bytes, Content, Derived, NativeElement};
use typst::introspection::{Location, Tag};
use typst::layout::resolve::{Cell, CellGrid};
use typst::layout::{
    Abs, Axes, Em, Frame, FrameItem, FrameKind, FrameParent, GridCell, GridElem,
    GroupItem, PlaceElem, Point, Size, Sizing, Transform,
};
use typst::loading::{DataSource, LoadSource, Loaded};
use typst::math::EquationElem;
use typst::model::{
    Destination, EmphElem, FigureCaption, FigureElem, HeadingElem, LinkMarker, ParElem,
    StrongElem, TableElem, Url,
};
use typst::pdf::{ArtifactElem, AttachElem};
use typst::syntax::{Span, Spanned};
use typst::text::{
    FontInstance, Glyph, HighlightElem, OverlineElem, StrikeElem, SubElem, SuperElem,
    TextItem, UnderlineElem,
};
use typst::visualize::{Color, Image, ImageElem, ImageKind, Paint, ProcessColorSpace};
use typst_layout::Page;

use crate::press::engine::laid_out::LaidOut;
use crate::press::export::drawings::code_placeholder;

/// The largest number of texts on all pages. More is a long table, which typst-pdf writes.
const MAX_WORDS: usize = 2000;

/// A document, and what was taken from it.
pub(super) struct Skeleton<'a> {
    pub(super) document: LaidOut,
    /// The texts of each page, in the order of its content.
    pub(super) pages: Vec<Vec<Words<'a>>>,
    pub(super) links: Vec<LinkBox<'a>>,
    /// The texts that were replaced by marks, by their numbers.
    pub(super) strings: Vec<EcoString>,
}

/// A text and where it stands.
pub(super) struct Words<'a> {
    pub(super) text: &'a TextItem,
    /// From the start of its base line to the page, with the y axis downwards.
    pub(super) transform: Transform,
    /// Its colour in sRGB.
    pub(super) colour: [u8; 3],
}

/// The box of a link on its page.
pub(super) struct LinkBox<'a> {
    pub(super) url: &'a Url,
    /// Left, top, right and bottom: distances from the top left corner of the page.
    pub(super) sides: [f64; 4],
    /// The height of the page.
    pub(super) page_height: Abs,
    /// The page and the element of the link: all boxes of one element on a page are one
    /// annotation.
    pub(super) element: (usize, Location),
}

/// The mark of a string. It begins with a tag that no other text of the file contains.
pub(super) fn string_mark(index: usize) -> String {
    format!("{TAG}s{index}e")
}

/// The mark of the address of a link.
pub(super) fn link_mark(index: usize) -> String {
    format!("{TAG}l{index}e")
}

/// The beginning of each mark.
pub(super) const TAG: &str = "plate:9f51c3e07ab24d68:";

impl<'a> Skeleton<'a> {
    /// The boxes of one annotation, of which the one at `first` is the first.
    pub(super) fn boxes(&self, first: usize) -> impl Iterator<Item = &LinkBox<'a>> {
        let element = self.links.get(first).map(|link| link.element);
        self.links.iter().filter(move |link| Some(link.element) == element)
    }

    /// The skeleton of a document. `code` is the QR code, which differs on each
    /// certificate. Returns `None` if the document has a part whose effect on the rest of
    /// the file is not known.
    pub(super) fn of(document: &'a LaidOut, code: Option<&[u8]>) -> Option<Self> {
        let mut walk = Walk {
            code,
            face: placeholder_face(document)?,
            pages: Vec::new(),
            links: Vec::new(),
            strings: Vec::new(),
            locations: HashMap::new(),
            page_height: Abs::zero(),
            boxed: Vec::new(),
            linked: Vec::new(),
            count: 0,
        };
        let info = document.info();
        if info.description.iter().chain(&info.keywords).any(|text| text.contains(TAG)) {
            return None;
        }
        walk.string(info.title.as_deref().filter(|title| !title.is_empty())?);
        let [author] = &info.author[..] else { return None };
        walk.string(author);
        let mut pages = EcoVec::with_capacity(document.pages().len());
        for page in document.pages() {
            if !page.bleed.is_zero() || page.numbering.is_some() {
                return None;
            }
            walk.pages.push(Vec::new());
            walk.page_height = page.frame.height();
            let (items, _) = walk.items(&page.frame, Transform::identity())?;
            let mut frame = Frame::new(page.frame.size(), page.frame.kind());
            frame.push_multiple(items);
            pages.push(Page {
                frame,
                bleed: page.bleed,
                fill: page.fill.clone(),
                numbering: None,
                supplement: Content::empty(),
                number: page.number,
            });
        }
        let mut info = info.clone();
        info.title = Some(string_mark(0).into());
        info.author = vec![string_mark(1).into()];
        let document = LaidOut::new(pages, info);
        let Walk { pages, links, strings, .. } = walk;
        // An empty author has no entry in the file, and equal strings share a mark, so
        // that title and author could not be told apart.
        let is_told_apart = strings.len() >= 2 && !strings[1].is_empty();
        is_told_apart.then_some(Self { document, pages, links, strings })
    }
}

struct Walk<'a, 'b> {
    code: Option<&'b [u8]>,
    face: (FontInstance, u16),
    pages: Vec<Vec<Words<'a>>>,
    links: Vec<LinkBox<'a>>,
    strings: Vec<EcoString>,
    /// New locations, numbered in the order in which the document has them.
    locations: HashMap<Location, Location>,
    page_height: Abs,
    /// The open elements to whose box the texts in them belong.
    boxed: Vec<Location>,
    /// The open elements that are links.
    linked: Vec<Location>,
    count: usize,
}

impl<'a> Walk<'a, '_> {
    fn items(
        &mut self,
        frame: &'a Frame,
        transform: Transform,
    ) -> Option<(Vec<(Point, FrameItem)>, bool)> {
        let mut items = Vec::with_capacity(frame.items().len());
        let mut is_free = true;
        for (at, item) in frame.items() {
            let here = transform.pre_concat(Transform::translate(at.x, at.y));
            match item {
                FrameItem::Group(group) => {
                    let (item, is_group_free) = self.group(*at, group, here)?;
                    items.push(item);
                    is_free &= is_group_free;
                }
                FrameItem::Text(text) => {
                    items.push((Point::zero(), self.text(text, here)?));
                }
                FrameItem::Image(image, size, _) => {
                    let image = self.image(image)?;
                    let item = FrameItem::Image(image, *size, Span::detached());
                    items.push((*at, item));
                    is_free = false;
                }
                FrameItem::Link(Destination::Url(url), size) => {
                    items.push((Point::zero(), self.link(url, *size, here)?));
                }
                FrameItem::Link(..) => return None,
                FrameItem::Tag(tag) => {
                    if let Some(tag) = self.tag(tag)? {
                        // The outline refers to the position of a heading.
                        let is_target = matches!(
                            &tag, Tag::Start(element, _) if element.is::<HeadingElem>()
                        );
                        is_free &= !is_target;
                        let at = if is_target { *at } else { Point::zero() };
                        items.push((at, FrameItem::Tag(tag)));
                    }
                }
                FrameItem::Shape(shape, _) => {
                    items.push((*at, FrameItem::Shape(shape.clone(), Span::detached())));
                    is_free = false;
                }
            }
        }
        Some((items, is_free))
    }

    /// A group. The boolean tells whether its position does not matter, because it
    /// contains texts alone: it then stands at the origin too.
    fn group(
        &mut self,
        at: Point,
        group: &'a GroupItem,
        here: Transform,
    ) -> Option<((Point, FrameItem), bool)> {
        let inside = here.pre_concat(group.transform);
        let (items, is_free) = self.items(&group.frame, inside)?;
        let is_free = is_free && group.clip.is_none();
        let (at, size, kind, transform) = if is_free {
            (Point::zero(), Size::zero(), FrameKind::Soft, Transform::identity())
        } else {
            (at, group.frame.size(), group.frame.kind(), group.transform)
        };
        let mut frame = Frame::new(size, kind);
        frame.push_multiple(items);
        let parent = group.parent.map(|parent| FrameParent {
            location: self.location(parent.location),
            inherit: parent.inherit,
        });
        let clip = group.clip.clone();
        let group = GroupItem { frame, transform, clip, label: None, parent };
        Some(((at, FrameItem::Group(group)), is_free))
    }

    fn text(&mut self, text: &'a TextItem, transform: Transform) -> Option<FrameItem> {
        let Paint::Solid(Color::Process(colour)) = &text.fill else { return None };
        if text.stroke.is_some()
            || colour.space() == ProcessColorSpace::Cmyk
            || !self.boxed.is_empty()
            || self.count == MAX_WORDS
            || text.glyphs.iter().any(|glyph| glyph.id == 0)
            || text.text.chars().any(is_unmapped)
            || text.glyphs.iter().any(|glyph| is_picture(&text.font, glyph.id))
        {
            return None;
        }
        let [red, green, blue, alpha] =
            colour.to_space(ProcessColorSpace::Srgb).to_vec4_u8();
        if alpha != u8::MAX {
            return None;
        }
        self.count += 1;
        let words = Words { text, transform, colour: [red, green, blue] };
        self.pages.last_mut()?.push(words);
        let (font, glyph) = self.face.clone();
        let em = Em::one();
        let glyph = Glyph {
            id: glyph,
            x_advance: em,
            x_offset: Em::zero(),
            y_advance: Em::zero(),
            y_offset: Em::zero(),
            range: 0..1,
            span: (Span::detached(), 0),
        };
        Some(FrameItem::Text(TextItem {
            font,
            size: Abs::pt(1.0),
            fill: Color::from_u8(1, 2, 3, u8::MAX).into(),
            stroke: None,
            lang: text.lang,
            region: text.region,
            text: PLACEHOLDER.into(),
            glyphs: vec![glyph],
        }))
    }

    fn image(&mut self, image: &Image) -> Option<Image> {
        let alt = image.alt().map(|alt| self.string(alt));
        let is_code = match image.kind() {
            ImageKind::Svg(svg) => self.code == Some(svg.data().as_slice()),
            ImageKind::Raster(_) => false,
            // Such a picture has colours and tags of its own.
            ImageKind::Pdf(_) => return None,
        };
        if is_code {
            return code_placeholder(alt.as_deref());
        }
        Some(Image::new(image.kind().clone(), alt.map(Into::into), image.scaling()))
    }

    fn link(
        &mut self,
        url: &'a Url,
        size: Size,
        transform: Transform,
    ) -> Option<FrameItem> {
        let corners =
            [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(x, y): (f64, f64)| {
                let corner = Point::new(size.x * x, size.y * y).transform(transform);
                (corner.x.to_pt(), corner.y.to_pt())
            });
        let pick = |start, of: fn(f64, f64) -> f64, side: fn(&(f64, f64)) -> f64| {
            corners.iter().map(side).fold(start, of)
        };
        let sides = [
            pick(f64::INFINITY, f64::min, |corner| corner.0),
            pick(f64::INFINITY, f64::min, |corner| corner.1),
            pick(f64::NEG_INFINITY, f64::max, |corner| corner.0),
            pick(f64::NEG_INFINITY, f64::max, |corner| corner.1),
        ];
        if !url.as_str().is_ascii() {
            return None;
        }
        let mark = Url::new(link_mark(self.links.len())).ok()?;
        let element = (self.pages.len(), *self.linked.last()?);
        self.links.push(LinkBox { url, sides, page_height: self.page_height, element });
        Some(FrameItem::Link(Destination::Url(mark), Size::splat(Abs::pt(1.0))))
    }

    /// A tag with those fields that typst-pdf reads; `Some(None)` for a tag that it does
    /// not read.
    fn tag(&mut self, tag: &Tag) -> Option<Option<Tag>> {
        match tag {
            Tag::Start(element, flags) => {
                if element.is::<AttachElem>() || is_dependent_on_texts(element) {
                    return None;
                }
                // The outline has the words of a heading.
                if element.is::<HeadingElem>() && element.plain_text().contains(TAG) {
                    return None;
                }
                if !flags.tagged {
                    return Some(None);
                }
                let location = element.location()?;
                if has_box(element) {
                    self.boxed.push(location);
                }
                if element.is::<LinkMarker>() {
                    self.linked.push(location);
                }
                let mut kept = self.element(element)?;
                kept.set_location(self.location(location));
                if let Some(label) = element.label() {
                    kept.set_label(label);
                }
                Some(Some(Tag::Start(kept, *flags)))
            }
            Tag::End(location, _, flags) => {
                if !flags.tagged {
                    return Some(None);
                }
                self.boxed.retain(|open| open != location);
                self.linked.retain(|open| open != location);
                Some(Some(Tag::End(self.location(*location), 0, *flags)))
            }
        }
    }

    /// An element with those fields that typst-pdf reads.
    fn element(&mut self, element: &Content) -> Option<Content> {
        Some(if element.is::<ParElem>() {
            ParElem::new(Content::empty()).pack()
        } else if let Some(link) = element.to_packed::<LinkMarker>() {
            let alt = link.alt.as_deref().map(|alt| self.string(alt).into());
            LinkMarker::new(Content::empty(), alt).pack()
        } else if let Some(image) = element.to_packed::<ImageElem>() {
            let none = Bytes::new([]);
            let source = Spanned::new(LoadSource::Bytes, Span::detached());
            let source =
                Derived::new(DataSource::Bytes(none.clone()), Loaded::new(source, none));
            let mut kept = ImageElem::new(source);
            if let Some(alt) = image.alt.as_option().clone().flatten() {
                kept.alt.set(Some(self.string(&alt).into()));
            }
            kept.locale = image.locale;
            kept.pack()
        } else if let Some(grid) = element.to_packed::<GridElem>() {
            let cells = grid.grid.as_ref()?;
            let columns = vec![Sizing::default(); cells.non_gutter_column_count()];
            let rows = vec![Sizing::default(); cells.non_gutter_row_count()];
            let empty = std::iter::repeat_with(|| Cell::new(Content::empty()));
            let empty = empty.take(columns.len() * rows.len());
            let mut kept = GridElem::new(Vec::new());
            let tracks = Axes::new(&columns[..], &rows[..]);
            kept.grid = Some(Arc::new(CellGrid::new(tracks, Axes::splat(&[]), empty)));
            kept.pack()
        } else if let Some(cell) = element.to_packed::<GridCell>() {
            let mut kept = GridCell::new(Content::empty());
            kept.x = cell.x.clone();
            kept.y = cell.y.clone();
            kept.colspan = cell.colspan.clone();
            kept.rowspan = cell.rowspan.clone();
            kept.is_repeated = cell.is_repeated.clone();
            kept.pack()
        } else if let Some(place) = element.to_packed::<PlaceElem>() {
            let mut kept = PlaceElem::new(Content::empty());
            kept.float = place.float.clone();
            kept.pack()
        } else if element.is::<StrongElem>() {
            StrongElem::new(Content::empty()).pack()
        } else if element.is::<EmphElem>() {
            EmphElem::new(Content::empty()).pack()
        } else if let Some(artifact) = element.to_packed::<ArtifactElem>() {
            let mut kept = ArtifactElem::new(Content::empty());
            kept.kind = artifact.kind.clone();
            kept.pack()
        } else {
            element.clone()
        })
    }

    /// The mark of a string. Equal strings have the same mark.
    fn string(&mut self, string: &str) -> String {
        // The first two strings, title and author, share their marks with no other.
        let known = self.strings.iter().skip(2).position(|known| known == string);
        let index = match known {
            Some(index) => index + 2,
            None => {
                self.strings.push(string.into());
                self.strings.len() - 1
            }
        };
        string_mark(index)
    }

    fn location(&mut self, location: Location) -> Location {
        let next = Location::new(self.locations.len() as u128 + 1);
        *self.locations.entry(location).or_insert(next)
    }
}

/// The text of each placeholder.
const PLACEHOLDER: &str = "x";

/// A face with the letter of the placeholders, in which they are all set.
fn placeholder_face(document: &LaidOut) -> Option<(FontInstance, u16)> {
    let mut texts = Vec::new();
    for page in document.pages() {
        collect_fonts(&page.frame, &mut texts);
    }
    texts.into_iter().find_map(|font| {
        let glyph = font.ttf().glyph_index(PLACEHOLDER.chars().next()?)?;
        Some((font.clone(), glyph.0))
    })
}

fn collect_fonts<'a>(frame: &'a Frame, fonts: &mut Vec<&'a FontInstance>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Text(text) if !fonts.contains(&&text.font) => {
                fonts.push(&text.font);
            }
            FrameItem::Group(group) => collect_fonts(&group.frame, fonts),
            _ => {}
        }
    }
}

/// Whether a glyph is a coloured picture, which typst-pdf draws.
fn is_picture(font: &FontInstance, glyph: u16) -> bool {
    let (ttf, glyph) = (font.ttf(), GlyphId(glyph));
    let tables = ttf.tables();
    let has_pictures = tables.colr.is_some()
        || tables.svg.is_some()
        || tables.sbix.is_some()
        || tables.cbdt.is_some()
        || tables.ebdt.is_some();
    has_pictures
        && (ttf.is_color_glyph(glyph)
            || ttf.glyph_svg_image(glyph).is_some()
            || ttf.glyph_raster_image(glyph, u16::MAX).is_some())
}

/// Whether PDF/UA wants another text in the place of the character.
fn is_unmapped(character: char) -> bool {
    matches!(character,
        '\0' | '\u{FEFF}' | '\u{FFFE}' | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Whether the size of texts in an element changes what typst-pdf writes for it.
fn is_dependent_on_texts(element: &Content) -> bool {
    element.is::<SubElem>()
        || element.is::<SuperElem>()
        || element.is::<HighlightElem>()
        || element.is::<UnderlineElem>()
        || element.is::<OverlineElem>()
        || element.is::<StrikeElem>()
}

/// Whether typst-pdf writes the box of an element's content.
fn has_box(element: &Content) -> bool {
    element.is::<TableElem>()
        || element.is::<FigureElem>()
        || element.is::<FigureCaption>()
        || element.is::<ImageElem>()
        || element.is::<EquationElem>()
}
