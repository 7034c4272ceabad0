//! A drawing as a form XObject (ISO 32000-1, 8.10), made once and copied into each certificate.
//!
//! The decision made here: a form is what typst-pdf writes for a page with the drawing alone. A
//! drawing whose page needs more than colour spaces and graphics states, such as fonts or patterns,
//! has no form.

use std::sync::{Arc, LazyLock};

use ecow::EcoVec;
use typst::foundations::{Content, Datetime, Smart};
use typst::layout::{Abs, Frame, FrameItem, Point, Sides, Size};
use typst::model::DocumentInfo;
use typst_layout::{Page, PagedDocument};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::base::cache::Cache;
use crate::base::error::Result;
use crate::seal::pdf::Rewrite;
use crate::seal::pdf::syntax::{self, Dict};

/// The largest number of forms that are kept, and their bytes together.
const MAX_KEPT: (usize, usize) = (512, 64 << 20);
/// The shortest side of a page, in points.
const MIN_SIDE: Abs = Abs::raw(3.0 * 127.0);

/// Forms by the digests of their drawings. Like Typst's caches they belong to the
/// process.
static FORMS: LazyLock<Cache<u128, Option<Arc<Form>>>> = LazyLock::new(|| {
    let weigh =
        |form: &Option<Arc<Form>>| form.as_ref().map_or(0, |form| form.content.len());
    Cache::with_weights(MAX_KEPT.0, MAX_KEPT.1, weigh)
});

/// A form XObject.
#[derive(Debug)]
pub(super) struct Form {
    /// The dictionary without its colour spaces.
    dict: Dict,
    /// The colour spaces by the names that the content uses, each with its ICC profile's stream.
    colour_spaces: Vec<(String, Vec<u8>)>,
    /// The graphics states by name, as they are written.
    states: Option<Vec<u8>>,
    /// The content stream, compressed.
    content: Vec<u8>,
}

impl Form {
    /// The form of a drawing on a page of that size, or `None` if it has none. It fills the unit
    /// square as an image of that size does. `key` is a digest of the drawing and the size.
    pub(super) fn of(
        key: u128,
        size: Size,
        drawing: impl FnOnce() -> FrameItem,
    ) -> Option<Arc<Self>> {
        let made = FORMS
            .get(key, || -> Result<_> { Ok(Self::make(size, drawing()).map(Arc::new)) });
        made.ok()?.as_ref().clone()
    }

    /// Writes the objects that the form refers to into a file, and returns the form's own
    /// object.
    pub(super) fn write(&self, file: &mut Rewrite<'_>) -> Vec<u8> {
        let mut spaces = Dict::default();
        for (name, profile) in &self.colour_spaces {
            let profile = file.add(profile);
            let space = file.add(format!("[/ICCBased {profile} 0 R]").as_bytes());
            spaces.set(name, format!("{space} 0 R"));
        }
        let mut resources = Dict::default();
        resources.set("ColorSpace", spaces.write());
        if let Some(states) = &self.states {
            resources.set("ExtGState", &states[..]);
        }
        let mut dict = self.dict.clone();
        dict.set("Resources", resources.write());
        let mut body = dict.write();
        body.extend(b"\nstream\n");
        body.extend(&self.content);
        body.extend(b"\nendstream");
        body
    }

    fn make(size: Size, item: FrameItem) -> Option<Self> {
        if size.x < MIN_SIDE || size.y < MIN_SIDE {
            return None;
        }
        let pdf = page_of(item, size)?;
        let file = Rewrite::read(&pdf)?;
        let dicts = || file.objects().filter_map(|(_, body)| Dict::parse(body));
        let page = dicts().find(|dict| dict.get("Type") == Some(b"/Page"))?;
        let referred = |value: &[u8]| file.object(syntax::reference(value)?);
        let resources = Dict::parse(referred(page.get("Resources")?)?)?;
        if resources
            .entries()
            .any(|(key, _)| !matches!(key, "ColorSpace" | "ExtGState" | "ProcSet"))
        {
            return None;
        }
        let mut colour_spaces = Vec::new();
        let spaces = resources.get("ColorSpace").map(Dict::parse);
        for (name, value) in spaces.unwrap_or_default()?.entries() {
            let space = syntax::items(referred(value)?)?;
            let [b"/ICCBased", profile] = space[..] else { return None };
            colour_spaces.push((name.to_owned(), referred(profile)?.to_vec()));
        }
        let states = match resources.get("ExtGState").map(Dict::parse) {
            Some(states) => {
                let mut inline = Dict::default();
                for (name, value) in states?.entries() {
                    let state = referred(value)?;
                    // A reference in a graphics state leads to a mask, which is a form of
                    // its own.
                    if state.windows(4).any(|bytes| bytes == b" 0 R") {
                        return None;
                    }
                    inline.set(name, state);
                }
                Some(inline.write())
            }
            None => None,
        };
        let (stream, end) = Dict::read(referred(page.get("Contents")?)?, 0)?;
        let length: usize = syntax::number(stream.get("Length")?)?;
        let content =
            referred(page.get("Contents")?)?.get(end..)?.strip_prefix(b"\nstream\n")?;
        let mut dict = Dict::default();
        dict.set("Type", "/XObject");
        dict.set("Subtype", "/Form");
        let (width, height) = (size.x.to_pt(), size.y.to_pt());
        // Parts outside of the page are drawn too, so the box is larger than the page.
        dict.set(
            "BBox",
            format!("[{} {} {} {}]", -width, -height, 2.0 * width, 2.0 * height),
        );
        dict.set("Matrix", format!("[{:.12} 0 0 {:.12} 0 0]", 1.0 / width, 1.0 / height));
        if let Some(filter) = stream.get("Filter") {
            dict.set("Filter", filter);
        }
        dict.set("Length", length.to_string());
        let content = content.get(..length)?.to_vec();
        Some(Self { dict, colour_spaces, states, content })
    }
}

/// The PDF of a page with the drawing alone.
fn page_of(item: FrameItem, size: Size) -> Option<Vec<u8>> {
    let mut frame = Frame::hard(size);
    frame.push(Point::zero(), item);
    let page = Page {
        frame,
        bleed: Sides::default(),
        fill: Smart::Custom(None),
        numbering: None,
        supplement: Content::default(),
        number: 1,
    };
    let document = PagedDocument::new(EcoVec::from([page]), DocumentInfo::default());
    let options = PdfOptions {
        ident: Smart::Custom("form".to_owned()),
        timestamp: Datetime::from_ymd_hms(2000, 1, 1, 0, 0, 0).map(Timestamp::new_utc),
        standards: PdfStandards::new(&[PdfStandard::A_3b]).ok()?,
        tagged: false,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&document, &options).ok()
}
