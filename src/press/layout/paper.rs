//! The paper of a layout, and the background under its pages.
//!
//! Takes `paper`, `orientation` and `background` of a `layout.yaml`, gives [`Paper`]s by name and a
//! [`Background`]. The decision made here: a background is a file of the layout's own folder.

use indexmap::IndexMap;
use serde::Serialize;

use crate::base::error::{ErrorKind, finding};
use crate::base::yaml::{Faults, Fields, Node};
use crate::image::background::Background;
use crate::image::cache::ImageCache;
use crate::press::layout::sources::own_file;
use crate::site::files::Site;

/// The name of the paper that is as large as the background.
pub(super) const BACKGROUND: &str = "background";
/// The papers by name, in portrait format, in millimetres: ISO 216, ANSI, and a card for
/// a wallet, which is in landscape format.
pub(crate) const PAPERS: [(&str, (f64, f64)); 6] = [
    ("a4", (210.0, 297.0)),
    ("letter", (215.9, 279.4)),
    ("a5", (148.0, 210.0)),
    ("a6", (105.0, 148.0)),
    ("legal", (215.9, 355.6)),
    ("card", (85.0, 54.0)),
];
/// The longest side of a paper, in millimetres.
const MAX_SIDE: f64 = 2000.0;

/// The size of a page in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Paper {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Paper {
    pub(super) fn of(background: &Background) -> Self {
        let (width, height) = background.sides();
        Self { width, height }
    }
}

/// The background of a layout: a file in its own folder.
pub(crate) fn background(
    site: &Site,
    root: Node<'_>,
    folder: &str,
    images: &ImageCache,
    faults: &mut Faults,
) -> Option<Background> {
    let mut entries = root.entries().ok()?;
    let (_, node) = entries.find(|(key, _)| key.text() == "background")?;
    let name = faults.keep(node.text())?;
    let spot = node.span();
    let bytes = own_file(site, folder, name).map_err(|error| node.wrap(error));
    let Some(bytes) = faults.keep(bytes)? else {
        let message = finding!("picture_missing", format!("{folder}/{name}"));
        let fault = node.fault(ErrorKind::MissingFile, message);
        faults.push(fault.with_help("put a picture of that name into this folder"));
        return None;
    };
    let background = images.background_of(&bytes, spot.place());
    faults.keep(background.map_err(|error| node.wrap(error)))
}

/// The papers that a layout is drawn for, by name, in the orientation that it declares.
pub(crate) fn papers(
    fields: Fields<'_>,
    background: Option<&Background>,
    faults: &mut Faults,
) -> Option<IndexMap<String, Paper>> {
    let node = fields.required("paper", faults)?;
    let landscape = match fields.get("orientation") {
        Some(node) => {
            faults.keep(node.one_of(&["portrait", "landscape"]))? == "landscape"
        }
        None => false,
    };
    let nodes: Vec<Node<'_>> =
        if node.is_list() { faults.keep(node.items())?.collect() } else { vec![node] };
    let mut papers = IndexMap::new();
    for node in nodes {
        if node.text().is_ok_and(|name| name == BACKGROUND) {
            let Some(background) = background else {
                let fault = node.fault(
                    ErrorKind::MissingField,
                    "the paper is that of the background, and there is none",
                );
                faults
                    .push(fault.with_help("name a file of this folder: `background: …`"));
                return None;
            };
            if !background.is_sized() {
                let message = "a bitmap has no size on paper";
                let fault = node.fault(ErrorKind::InvalidValue, message);
                faults.push(fault.with_help(
                    "write the paper that it is for: `paper: a4`, or `{ width: …, height: … }`",
                ));
                return None;
            }
            papers.insert(BACKGROUND.to_owned(), Paper::of(background));
            continue;
        }
        let (name, (width, height)) = paper(node, faults)?;
        let paper = if landscape {
            Paper { width: height.max(width), height: height.min(width) }
        } else {
            Paper { width, height }
        };
        if papers.insert(name.clone(), paper).is_some() {
            faults.push(
                node.fault(ErrorKind::Duplicate, format!("the paper `{name}` twice")),
            );
        }
    }
    if papers.is_empty() {
        let fault = node.key_span().fault(ErrorKind::InvalidValue, "`paper` names none");
        faults.push(fault.with_help("write one, such as `a4`"));
    }
    (!papers.is_empty()).then_some(papers)
}

/// The name of a paper, and its sides in millimetres. A paper that is declared by its
/// sides is named after them, such as `200x260`.
fn paper(node: Node<'_>, faults: &mut Faults) -> Option<(String, (f64, f64))> {
    if node.is_scalar() {
        let names = PAPERS.map(|(name, _)| name);
        let name = faults.keep(node.one_of(&names))?;
        let found = PAPERS.into_iter().find(|(known, _)| *known == name);
        return found.map(|(name, sides)| (name.to_owned(), sides));
    }
    let sides = node.fields(&["width", "height"], faults)?;
    let mut side = |key| {
        let node = sides.required(key, faults)?;
        let length = faults.keep(node.positive())?;
        if length > MAX_SIDE {
            faults.push(node.fault(
                ErrorKind::InvalidValue,
                format!("`{key}: {length}` is more than {MAX_SIDE} mm"),
            ));
        }
        Some(length)
    };
    let (width, height) = (side("width")?, side("height")?);
    Some((format!("{width}x{height}"), (width, height)))
}
