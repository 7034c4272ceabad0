//! What a layout promises: its `layout.yaml`, read and checked.
//!
//! A [`Layout`] knows its paper, its faces, how each role may be fitted, and what it cannot do
//! without. The drawing itself is Typst's and stays in `layout.typ`; its files are the layout's
//! [`Sources`].

mod paper;

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::Serialize;

use crate::base::error::{Error, ErrorKind, Place, Result, did_you_mean, nearest};
use crate::base::yaml::{Document, Faults, Fields, Node};
use crate::image::background::Background;
use crate::press::fonts::{Fonts, Like, family_help};
use crate::press::sources::Sources;
use crate::site::course::{Colour, Theme};
use crate::site::files::Site;
use crate::text::locale::Table;

/// A layout, ready to set sheets.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) name: String,
    /// The papers that it is drawn for, by name; the first is the default.
    pub(crate) papers: IndexMap<String, Paper>,
    /// What lies under its pages.
    pub(crate) background: Option<Background>,
    /// How many pages it fills.
    pub(crate) pages: RangeInclusive<usize>,
    /// The rows that it sets.
    pub(crate) table: Option<Table>,
    /// The most signatories that it has room for.
    pub(crate) signatories: usize,
    /// The most logos of sponsors, and the most badges, that it has room for.
    pub(crate) sponsors: usize,
    pub(crate) badges: usize,
    faces: HashMap<String, FaceChoice>,
    roles: HashMap<String, Role>,
    /// Whether it has room for a second language.
    pub(crate) bilingual: bool,
    /// Roles without which it is no certificate.
    pub(crate) requires: Vec<String>,
    pub(crate) theme: ThemeDefaults,
    /// Fields under `extra` that it reads.
    pub(crate) extra: Vec<String>,
    pub(crate) sources: Arc<Sources>,
    /// Where its `certificate` is defined.
    pub(crate) place: Place,
}

/// A family that a layout has chosen, and what may stand in for it.
#[derive(Debug, Clone)]
pub(crate) struct FaceChoice {
    pub(crate) family: String,
    pub(crate) like: Like,
}

/// How a role is set.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) face: String,
    pub(crate) weight: u16,
    pub(crate) italic: bool,
    pub(crate) case: Case,
    pub(crate) fit: Fit,
    /// How far ink may leave the slot, in millimetres.
    pub(crate) swash: f64,
}

/// The size of a page in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Paper {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// How a sentence may be fitted into its slot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fit {
    /// The largest size, in points.
    pub max: f64,
    /// The smallest size, in points.
    pub min: f64,
    /// The most lines.
    pub lines: u32,
}

/// Whether a role changes its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    AsWritten,
    /// Capitals, by the rules of the certificate's language.
    Upper,
}

/// The colours of a layout, where a course has none of its own.
#[derive(Debug)]
pub(crate) struct ThemeDefaults {
    pub(crate) accent: Colour,
    pub(crate) paper: Colour,
    pub(crate) ink: Colour,
}

impl ThemeDefaults {
    /// The same with a course's own colours.
    pub(crate) fn with(&self, theme: &Theme) -> Self {
        Self {
            accent: theme.accent.unwrap_or(self.accent),
            paper: theme.paper.unwrap_or(self.paper),
            ink: theme.ink.unwrap_or(self.ink),
        }
    }
}

const KEYS: [&str; 15] = [
    "paper",
    "orientation",
    "background",
    "pages",
    "bilingual",
    "table",
    "signatories",
    "sponsors",
    "badges",
    "faces",
    "roles",
    "swash",
    "requires",
    "theme",
    "extra",
];
const ROLE_KEYS: [&str; 8] =
    ["face", "weight", "italic", "case", "max", "min", "lines", "swash"];

/// The roles that are known by name: others are set like `statement`.
const ROLES: [&str; 15] = [
    "heading",
    "lead",
    "recipient",
    "statement",
    "course",
    "outcome",
    "column",
    "cell",
    "total",
    "date",
    "authenticity",
    "specimen",
    "folio",
    "signatory",
    "signatory-title",
];

impl Layout {
    /// The layout of that name, its own file over the built-in one.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLayout`]; whatever `layout.yaml` or the Typst files have wrong.
    pub(crate) fn load(site: &Site, name: &str, fonts: &Fonts) -> Result<Self> {
        let file = format!("layouts/{name}/layout.yaml");
        let Some(bytes) = site.read(&file)? else {
            return Err(Error::new(
                ErrorKind::UnknownLayout,
                format!("there is no layout `{name}`"),
            )
            .with_help(did_you_mean(name, site.layouts())));
        };
        let sources = Sources::load(site, name)?;
        let mut faults = Faults::default();
        let layout = Document::parse(&file, &bytes, &mut faults).and_then(|document| {
            let root = document.root();
            let background = paper::background(site, root, name, &mut faults);
            let mut layout = read(root, name, fonts, sources, background, &mut faults)?;
            layout.table = Table::find(root, &file, &bytes, &mut faults);
            Some(layout)
        });
        faults.finish()?;
        if site.read(&format!("layouts/{name}/layout.typ"))?.is_none() {
            return Err(Error::new(
                ErrorKind::MissingFile,
                format!("the layout `{name}` has no `layout.typ`"),
            )
            .at(Place::file(file)));
        }
        layout.ok_or_else(|| Error::new(ErrorKind::Layout, "the file is empty"))
    }

    /// How a role is set; one that the layout does not name is set like a statement.
    pub(crate) fn role(&self, name: &str) -> &Role {
        self.roles.get(name).unwrap_or_else(|| &self.roles["statement"])
    }

    /// The roles that the layout names.
    pub(crate) fn role_names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.roles.keys().map(String::as_str).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// A face by the name that a role has for it.
    pub(crate) fn face(&self, name: &str) -> &FaceChoice {
        &self.faces[name]
    }

    /// The families that the layout's roles ask for.
    pub(crate) fn families(&self) -> impl Iterator<Item = &str> {
        self.faces.values().map(|face| face.family.as_str())
    }
}

fn read(
    root: Node<'_>,
    name: &str,
    fonts: &Fonts,
    sources: Sources,
    background: Option<Background>,
    faults: &mut Faults,
) -> Option<Layout> {
    let fields = root.fields(&KEYS, faults)?;
    let papers = paper::papers(fields, background.as_ref(), faults);
    let faces = faces(fields, fonts, faults);
    let swash = millimetres(fields, "swash", faults).unwrap_or(0.0);
    let roles = roles(fields, &faces, swash, faults);
    let requires = texts(fields, "requires", faults);
    let extra = texts(fields, "extra", faults);
    let theme = theme(fields, faults);
    let pages = pages(fields, faults).unwrap_or(1..=1);
    let signatories = whole(fields, "signatories", 0..=12, faults).unwrap_or(6);
    let sponsors = whole(fields, "sponsors", 0..=12, faults).unwrap_or(0);
    let badges = whole(fields, "badges", 0..=6, faults).unwrap_or(0);
    let bilingual = fields.get("bilingual").and_then(|node| {
        faults.keep(node.one_of(&["true", "false"])).map(|choice| choice == "true")
    });
    Some(Layout {
        name: name.to_owned(),
        papers: papers?,
        background,
        pages,
        table: None,
        signatories,
        sponsors,
        badges,
        bilingual: bilingual.unwrap_or(false),
        faces,
        roles: roles?,
        requires,
        theme,
        extra,
        place: sources.door(),
        sources: Arc::new(sources),
    })
}

/// A number of pages, or how many it may fill: `{ max: 6 }`.
fn pages(fields: Fields<'_>, faults: &mut Faults) -> Option<RangeInclusive<usize>> {
    const MAX: RangeInclusive<usize> = 1..=50;
    let node = fields.get("pages")?;
    if node.is_scalar() {
        let pages = whole(fields, "pages", MAX, faults)?;
        return Some(pages..=pages);
    }
    let range = node.fields(&["min", "max"], faults)?;
    range.required("max", faults)?;
    let max = whole(range, "max", MAX, faults)?;
    let min = whole(range, "min", 1..=max, faults).unwrap_or(1);
    Some(min..=max)
}

fn faces(
    fields: Fields<'_>,
    fonts: &Fonts,
    faults: &mut Faults,
) -> HashMap<String, FaceChoice> {
    let mut faces = HashMap::new();
    let Some(node) = fields.required("faces", faults) else { return faces };
    for (key, node) in faults.keep(node.entries()).into_iter().flatten() {
        let Some(fields) = node.fields(&["family", "like"], faults) else { continue };
        let family = fields.required("family", faults);
        let Some(family) = family.and_then(|node| {
            let name = faults.keep(node.text())?;
            if !fonts.has_family(name) {
                faults.push(
                    node.fault(
                        ErrorKind::UndeclaredFamily,
                        format!("there is no family `{name}`"),
                    )
                    .with_help(family_help(name, fonts)),
                );
            }
            Some(name.to_owned())
        }) else {
            continue;
        };
        let like = match fields.get("like") {
            Some(node) => faults.keep(node.one_of(&Like::NAMES)).and_then(Like::parse),
            None => None,
        };
        let like = like.unwrap_or(Like::Serif);
        faces.insert(key.text().to_owned(), FaceChoice { family, like });
    }
    if !faces.contains_key("text") && faults.is_empty() {
        faults.push(node.key_span().fault(
            ErrorKind::MissingField,
            "`faces` has no `text`, the face that sentences are set in",
        ));
    }
    faces
}

fn roles(
    fields: Fields<'_>,
    faces: &HashMap<String, FaceChoice>,
    swash: f64,
    faults: &mut Faults,
) -> Option<HashMap<String, Role>> {
    let mut roles = HashMap::new();
    let node = fields.required("roles", faults)?;
    for (key, node) in faults.keep(node.entries())? {
        if let Some(role) = role(node, faces, swash, faults) {
            roles.insert(key.text().to_owned(), role);
        }
    }
    for name in ["statement", "signatory", "signatory-title"] {
        if !roles.contains_key(name) && faults.is_empty() {
            faults.push(
                node.key_span()
                    .fault(ErrorKind::MissingField, format!("`roles` has no `{name}`"))
                    .with_help(format!("the roles by name are {}", ROLES.join(", "))),
            );
        }
    }
    roles.contains_key("statement").then_some(roles)
}

fn role(
    node: Node<'_>,
    faces: &HashMap<String, FaceChoice>,
    swash: f64,
    faults: &mut Faults,
) -> Option<Role> {
    let fields = node.fields(&ROLE_KEYS, faults)?;
    let names: Vec<&str> = faces.keys().map(String::as_str).collect();
    let face = match fields.get("face") {
        Some(node) => faults.keep(node.one_of(&names))?,
        None => "text",
    };
    let weight = whole(fields, "weight", 100..=900, faults).unwrap_or(400);
    let italic = match fields.get("italic") {
        Some(node) => faults.keep(node.one_of(&["true", "false"]))? == "true",
        None => false,
    };
    let case = match fields.get("case") {
        Some(node) => match faults.keep(node.one_of(&["upper", "as-written"]))? {
            "upper" => Case::Upper,
            _ => Case::AsWritten,
        },
        None => Case::AsWritten,
    };
    // A key that was misspelt is reported as that, not as missing too.
    let misspelt = faults.keep(node.entries())?.any(|(key, _)| {
        !ROLE_KEYS.contains(&key.text()) && nearest(key.text(), ["max"]).is_some()
    });
    let most = match misspelt {
        true => fields.get("max"),
        false => fields.required("max", faults),
    };
    let max = most.and_then(|node| faults.keep(node.positive()));
    let least = fields.get("min").and_then(|node| faults.keep(node.positive()));
    let lines = whole(fields, "lines", 1..=50, faults).unwrap_or(1);
    let max = max?;
    let min = least.unwrap_or(max);
    if min > max {
        let node = fields.get("min").unwrap_or(node);
        faults.push(node.fault(
            ErrorKind::InvalidValue,
            format!("`min: {min}` is larger than `max: {max}`"),
        ));
    }
    let swash = millimetres(fields, "swash", faults).unwrap_or(swash);
    let fit = Fit { max, min, lines: lines as u32 };
    Some(Role { face: face.to_owned(), weight: weight as u16, italic, case, fit, swash })
}

fn theme(fields: Fields<'_>, faults: &mut Faults) -> ThemeDefaults {
    let node = fields.get("theme");
    let fields = node.and_then(|node| node.fields(&["accent", "paper", "ink"], faults));
    let mut colour = |key: &str, [red, green, blue]: [u8; 3]| {
        let node = fields.and_then(|fields| fields.get(key));
        let own = node.and_then(|node| {
            let text = faults.keep(node.text())?;
            faults.keep(Colour::parse(text).map_err(|error| node.wrap(error)))
        });
        own.unwrap_or(Colour { red, green, blue })
    };
    ThemeDefaults {
        accent: colour("accent", [0x1f, 0x3d, 0x5c]),
        paper: colour("paper", [0xff; 3]),
        ink: colour("ink", [0x1d, 0x1a, 0x16]),
    }
}

fn texts(fields: Fields<'_>, key: &str, faults: &mut Faults) -> Vec<String> {
    let items = fields.get(key).and_then(|node| faults.keep(node.items()));
    items
        .into_iter()
        .flatten()
        .filter_map(|node| faults.keep(node.text()).map(str::to_owned))
        .collect()
}

fn whole(
    fields: Fields<'_>,
    key: &str,
    range: RangeInclusive<usize>,
    faults: &mut Faults,
) -> Option<usize> {
    let node = fields.get(key)?;
    let text = faults.keep(node.text())?;
    match text.parse().ok().filter(|number| range.contains(number)) {
        Some(number) => Some(number),
        None => {
            let (least, most) = (range.start(), range.end());
            faults.push(node.fault(
                ErrorKind::InvalidValue,
                format!("`{key}: {text}` is no whole number from {least} to {most}"),
            ));
            None
        }
    }
}

fn millimetres(fields: Fields<'_>, key: &str, faults: &mut Faults) -> Option<f64> {
    let node = fields.get(key)?;
    let text = faults.keep(node.text())?;
    match text.parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number)) {
        Some(number) => Some(number),
        None => {
            faults.push(node.fault(
                ErrorKind::InvalidValue,
                format!("`{key}: {text}` is no length from 0 to 100 mm"),
            ));
            None
        }
    }
}
