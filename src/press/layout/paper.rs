//! What a layout is drawn on: its papers, and the page of an operator's own that may lie under it.

use indexmap::IndexMap;

use super::{Layout, Paper};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::yaml::{Faults, Fields, Node};
use crate::image::background::Background;
use crate::site::files::Site;

/// The name of the paper that is as large as what lies under it.
const BACKGROUND: &str = "background";

impl Paper {
    fn of(background: &Background) -> Self {
        let (width, height) = background.sides();
        Self { width, height }
    }
}

impl Layout {
    /// The paper of that name, or the first; for one that is as large as its background, that of
    /// `background`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] when the layout is not drawn for it.
    pub(crate) fn paper(
        &self,
        name: Option<&str>,
        background: Option<&Background>,
    ) -> Result<Paper> {
        let paper = match name {
            Some(name) => self.papers.get_key_value(name),
            None => self.papers.first(),
        };
        let paper = paper.map(|(name, paper)| match background {
            Some(background) if name == BACKGROUND => Paper::of(background),
            _ => *paper,
        });
        paper.ok_or_else(|| {
            let known: Vec<&str> = self.papers.keys().map(String::as_str).collect();
            Error::new(
                ErrorKind::InvalidValue,
                format!(
                    "the layout `{}` has no paper `{}`",
                    self.name,
                    name.unwrap_or_default()
                ),
            )
            .with_help(format!("it has `{}`", known.join("` and `")))
        })
    }
}

/// The file of the layout's folder that lies under its pages.
pub(super) fn background(
    site: &Site,
    root: Node<'_>,
    layout: &str,
    faults: &mut Faults,
) -> Option<Background> {
    let mut entries = root.entries().ok()?;
    let (_, node) = entries.find(|(key, _)| key.text() == "background")?;
    let name = faults.keep(node.text())?;
    let spot = node.span();
    let inside =
        !name.contains('\\') && name.split('/').all(|part| !part.starts_with('.'));
    let file = format!("layouts/{layout}/{name}");
    let bytes = match inside {
        true => faults.keep(site.read(&file).map_err(|error| node.wrap(error)))?,
        false => None,
    };
    let Some(bytes) = bytes else {
        let fault =
            node.fault(ErrorKind::MissingFile, format!("there is no file `{file}`"));
        faults.push(fault.with_help("put a PDF of that name beside `layout.yaml`"));
        return None;
    };
    faults.keep(Background::read(&bytes, spot.place()).map_err(|error| node.wrap(error)))
}

pub(super) fn papers(
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
    let nodes: Vec<Node<'_>> = match node.is_list() {
        true => faults.keep(node.items())?.collect(),
        false => vec![node],
    };
    let mut papers = IndexMap::new();
    for node in nodes {
        if node.text().is_ok_and(|name| name == BACKGROUND) {
            let Some(background) = background else {
                let fault = node.fault(
                    ErrorKind::MissingField,
                    "the paper is that of the background, and there is none",
                );
                faults
                    .push(fault.with_help("name a PDF of this folder: `background: …`"));
                return None;
            };
            papers.insert(BACKGROUND.to_owned(), Paper::of(background));
            continue;
        }
        let (name, (width, height)) = paper(node, faults)?;
        let paper = match landscape {
            true => Paper { width: height.max(width), height: height.min(width) },
            false => Paper { width, height },
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

/// A paper's name and its sides; one of own measures is called by them, such as `200x260`.
fn paper(node: Node<'_>, faults: &mut Faults) -> Option<(String, (f64, f64))> {
    if node.is_scalar() {
        let name = faults.keep(node.one_of(&["a4", "letter"]))?;
        let sides = match name {
            "a4" => (210.0, 297.0),
            _ => (215.9, 279.4),
        };
        return Some((name.to_owned(), sides));
    }
    let sides = node.fields(&["width", "height"], faults)?;
    let mut side = |key| {
        let node = sides.required(key, faults)?;
        let length = faults.keep(node.positive())?;
        if length > 2000.0 {
            faults.push(node.fault(
                ErrorKind::InvalidValue,
                format!("`{key}: {length}` is more than 2000 mm"),
            ));
        }
        Some(length)
    };
    let (width, height) = (side("width")?, side("height")?);
    Some((format!("{width}x{height}"), (width, height)))
}
