//! The families of a site, as `fonts/fonts.yaml` declares them.
//!
//! Takes the declarations of the site, of its folder of fonts, and of the library; gives
//! the families that have a face, in order of preference, and those of the library that
//! have none. The decision made here: the site's list comes before the folder's, and that
//! before the library's.

use std::collections::{BTreeSet, HashSet};

use typst::text::FontBook;

use crate::base::error::{ErrorKind, Place, Result, Warning};
use crate::base::lang::Tag;
use crate::base::yaml::{Document, Faults, Node};
use crate::site::files::Site;

/// The file in a `fonts/` folder that declares its families.
const DECLARATION: &str = "fonts/fonts.yaml";

/// A declared family.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) generic: GenericFamily,
    /// The scripts that it is made for, as ISO 15924 codes such as `Arab`.
    pub(super) scripts: Vec<String>,
    /// The languages that it is made for; empty for any.
    pub(super) languages: Vec<Tag>,
    /// The factor of the size at which it looks as large as the other families.
    pub(super) scale: f64,
    /// The Debian package that has its faces.
    pub(super) debian: Option<String>,
}

/// The declared families.
#[derive(Debug)]
pub(super) struct DeclaredFamilies {
    /// Those with a face, in order of preference.
    pub(super) present: Vec<Family>,
    /// Those of this library's repository of which the site has no face.
    pub(super) absent: Vec<Family>,
}

/// The kind of a family, which decides what may stand in for it: `like` in `fonts.yaml` and
/// `layout.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum GenericFamily {
    Serif,
    Sans,
    /// Handwriting, which never replaces another family.
    Script,
    /// Titling faces, which never replace another family.
    Display,
}

impl GenericFamily {
    pub(crate) const NAMES: [&str; 4] = ["serif", "sans", "script", "display"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "serif" => Some(GenericFamily::Serif),
            "sans" => Some(GenericFamily::Sans),
            "script" => Some(GenericFamily::Script),
            "display" => Some(GenericFamily::Display),
            _ => None,
        }
    }
}

/// The declared families: those of the site first, then those of its folder of fonts,
/// then those of the library. A name in `to_list` that none of them declares is a
/// warning.
pub(super) fn declared(
    site: &Site,
    book: &FontBook,
    to_list: &BTreeSet<String>,
    warnings: &mut Vec<Warning>,
) -> Result<DeclaredFamilies> {
    let is_present = |family: &Family| book.contains_family(&family.name.to_lowercase());
    let mut absent = Vec::new();
    if let Some(bytes) = Site::new().read(DECLARATION)? {
        absent = parse_declaration(&bytes)?;
        absent.retain(|family| !is_present(family));
    }
    let mut present: Vec<Family> = Vec::new();
    for bytes in site.read_all(DECLARATION)? {
        for family in parse_declaration(&bytes)? {
            let is_known =
                |all: &[Family]| all.iter().any(|other| other.name == family.name);
            if is_known(&present) {
                continue;
            }
            if is_present(&family) {
                present.push(family);
            } else if !is_known(&absent) {
                warnings.push(without_font(&family, to_list));
            }
        }
    }
    let names: HashSet<&str> = present.iter().map(|f| f.name.as_str()).collect();
    for name in to_list {
        if !names.contains(name.as_str()) {
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
    Ok(DeclaredFamilies { present, absent })
}

/// The warning for a family that is declared but has no font file.
fn without_font(family: &Family, to_list: &BTreeSet<String>) -> Warning {
    let message = format!("no font file is of the family `{}`", family.name);
    let names: Vec<_> = to_list.iter().map(|name| format!("`{name}`")).collect();
    let help = if names.is_empty() {
        "put its TrueType or OpenType files into `fonts/`".to_owned()
    } else {
        format!(
            "a family is listed by its typographic name (name ID 16, else 1); those of the files \
             here are {}",
            names.join(", ")
        )
    };
    Warning::new(ErrorKind::Font, message).at(Place::file(DECLARATION)).with_help(help)
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
    let known = ["family", "like", "scripts", "languages", "scale", "debian"];
    let fields = node.fields(&known, faults)?;
    let name = fields.required("family", faults);
    let name = name.and_then(|node| faults.keep(node.text()));
    let generic = fields.required("like", faults);
    let generic =
        generic.and_then(|node| faults.keep(node.one_of(&GenericFamily::NAMES)));
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
    let debian = fields.get("debian").and_then(|node| faults.keep(node.text()));
    let languages = languages
        .into_iter()
        .filter_map(|(node, text)| {
            faults.keep(Tag::parse(text).map_err(|error| node.wrap(error)))
        })
        .collect();
    Some(Family {
        name: name?.to_owned(),
        generic: generic.and_then(GenericFamily::parse)?,
        scripts: scripts.into_iter().map(|(_, text)| text.to_owned()).collect(),
        languages,
        scale: scale.unwrap_or(1.0),
        debian: debian.map(str::to_owned),
    })
}
