//! The pages of a document without what Typst finds in them.
//!
//! A [`PagedDocument`] searches its pages for all elements when it is made, and an [`Image`] of an
//! SVG reads it. Only Typst's exporters and renderers ask for either, and a certificate that is
//! written from its plate needs none of them. The decision made here: the pages may have another
//! code in the place of their own, with the same extent, until they are drawn.

use std::borrow::Cow;
use std::sync::OnceLock;

use ecow::EcoVec;
use typst::foundations::Bytes;
use typst::layout::{Frame, FrameItem, GroupItem, Point};
use typst::model::DocumentInfo;
use typst::visualize::{Image, ImageKind, SvgImage};
use typst_layout::{Page, PagedDocument};

/// Pages as Typst laid them out, or as they were changed since.
#[derive(Debug, Clone)]
pub(crate) struct LaidOut {
    pages: EcoVec<Page>,
    info: DocumentInfo,
    code: Option<UndrawnCode>,
}

/// A code that the pages have another one in the place of.
#[derive(Debug, Clone)]
struct UndrawnCode {
    /// The SVG that the pages have.
    shown: Bytes,
    /// The SVG of the code.
    own: Bytes,
    drawn: OnceLock<Image>,
}

impl LaidOut {
    pub(crate) fn new(pages: EcoVec<Page>, info: DocumentInfo) -> Self {
        Self { pages, info, code: None }
    }

    /// The pages, with the SVG `own` in the place of `shown` as soon as they are drawn.
    pub(super) fn with_code(mut self, shown: Bytes, own: Bytes) -> Self {
        self.code = Some(UndrawnCode { shown, own, drawn: OnceLock::new() });
        self
    }

    pub(crate) fn info_mut(&mut self) -> &mut DocumentInfo {
        &mut self.info
    }

    pub(crate) fn pages(&self) -> &[Page] {
        &self.pages
    }

    pub(crate) fn info(&self) -> &DocumentInfo {
        &self.info
    }

    /// The SVG that the pages have in the place of the code, if it is another one.
    pub(crate) fn shown_code(&self) -> Option<&[u8]> {
        self.code.as_ref().map(|code| &code.shown[..])
    }

    /// A picture of the pages as it is drawn.
    pub(crate) fn drawn_picture<'a>(&'a self, image: &'a Image) -> &'a Image {
        match &self.code {
            Some(code) if code.stands_for(image) => code.image(image),
            _ => image,
        }
    }

    /// The pages as they are drawn.
    pub(crate) fn drawn(&self) -> Cow<'_, Self> {
        let Some(code) = &self.code else { return Cow::Borrowed(self) };
        let draw = |page: &Page| Page { frame: code.draw(&page.frame), ..page.clone() };
        let pages = self.pages.iter().map(draw).collect();
        Cow::Owned(Self::new(pages, self.info.clone()))
    }

    /// The document for Typst's exporters.
    pub(crate) fn to_document(&self) -> PagedDocument {
        let drawn = self.drawn().into_owned();
        PagedDocument::new(drawn.pages, drawn.info)
    }
}

impl UndrawnCode {
    fn stands_for(&self, image: &Image) -> bool {
        matches!(image.kind(), ImageKind::Svg(svg) if *svg.data() == self.shown)
    }

    fn image(&self, shown: &Image) -> &Image {
        self.drawn.get_or_init(|| {
            let svg = SvgImage::new(self.own.clone());
            let svg = svg.expect("a code is an SVG of this library's own");
            Image::new(ImageKind::Svg(svg), shown.alt().map(Into::into), shown.scaling())
        })
    }

    fn draw(&self, frame: &Frame) -> Frame {
        let items = frame.items().map(|(at, item)| {
            let item = match item {
                FrameItem::Group(group) => FrameItem::Group(GroupItem {
                    frame: self.draw(&group.frame),
                    ..group.clone()
                }),
                FrameItem::Image(image, size, span) if self.stands_for(image) => {
                    FrameItem::Image(self.image(image).clone(), *size, *span)
                }
                other => other.clone(),
            };
            (*at, item)
        });
        let items: Vec<(Point, FrameItem)> = items.collect();
        let mut drawn = frame.clone();
        drawn.clear();
        drawn.push_multiple(items);
        drawn
    }
}
