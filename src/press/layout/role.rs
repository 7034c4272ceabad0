//! How a layout sets its sentences: the faces, and the roles that use them.
//!
//! Takes `faces`, `roles` and `swash` of a `layout.yaml`, gives a [`FaceChoice`] by name and a
//! [`Role`] by name. The decision made here: a face must be of a family that the site has, and a
//! role must use one of the faces.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::fields::{boolean, millimetres, number, whole};
use super::lengths::Length;
use super::placed::placed_slot::{PlacedSlots, SlotContent};
use super::placed::signatory_grid::SignatoryGrid;
use super::slot::{SLOT_KEYS, SlotAlign, SlotRule};
use crate::base::error::{ErrorKind, nearest};
use crate::base::yaml::{Faults, Fields, Node, YamlFault};
use crate::press::fonts::{Fonts, GenericFamily, family_help};

/// A family that a layout has chosen, and which kind of family may replace it.
#[derive(Debug, Clone)]
pub(crate) struct FaceChoice {
    pub(crate) family: String,
    /// The families for letters that it lacks; they come before those of `fonts.yaml`.
    pub(crate) fallback: Vec<String>,
    pub(crate) generic: GenericFamily,
}

/// How a role is set.
#[derive(Debug)]
pub(crate) struct Role {
    /// The name of its face under `faces`.
    pub(crate) face: String,
    /// 100 to 900.
    pub(crate) weight: u16,
    pub(crate) italic: bool,
    pub(crate) case: Case,
    pub(crate) fit: Fit,
    /// How far ink may extend beyond the slot, in millimetres.
    pub(crate) swash: f64,
    pub(crate) slot: SlotRule,
    /// Whether it is also fitted at the layout's smaller scales; unless declared, only blocks are.
    pub(crate) shrinks: Option<bool>,
    /// The face of words that are not suited to the role's own face.
    pub(crate) plain: Option<PlainFace>,
}

/// The face for texts that are not suited to a script face, such as words in capitals.
#[derive(Debug, Clone)]
pub(crate) struct PlainFace {
    /// The name of the face under `faces`.
    pub(crate) face: String,
    /// 100 to 900.
    pub(crate) weight: u16,
    /// Its size, and that of every face that replaces it, in em.
    pub(crate) size: f64,
    /// The additional space between lines in it, in em; that of the role unless declared.
    pub(crate) leading: Option<f64>,
}

/// The range within which a sentence is fitted into its slot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fit {
    /// The largest font size, in points.
    pub max: f64,
    /// The smallest font size, in points.
    pub min: f64,
    /// The most lines.
    pub lines: u32,
    /// The range for a sentence that would not fit otherwise.
    pub tight: Option<TightFit>,
}

/// The range for a sentence that is too long: smaller, and on more lines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TightFit {
    /// The smallest font size, in points.
    pub min: f64,
    /// The most lines.
    pub lines: u32,
}

impl Fit {
    /// The tight fit, if there is one.
    pub(crate) fn tightened(self) -> Option<Self> {
        self.tight.map(|TightFit { min, lines }| Self { min, lines, ..self })
    }

    /// The tight fit, or else this one.
    pub(crate) fn at_most(self) -> Self {
        self.tightened().unwrap_or(self)
    }
}

/// Whether the letters of a role are changed to capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    AsWritten,
    /// Capitals, by the rules of the certificate's language.
    Upper,
}

/// The keys of a role that describe its text; [`SLOT_KEYS`] are the others.
const TEXT_KEYS: [&str; 10] = [
    "face", "weight", "italic", "case", "max", "min", "lines", "swash", "plain",
    "shrinks",
];

/// The roles that sentences and the sheet use; a locale may use others.
const ROLES: [&str; 16] = [
    "heading",
    "lead",
    "recipient",
    "statement",
    "course",
    "outcome",
    "details",
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

fn no_family(node: Node<'_>, name: &str, fonts: &Fonts) -> YamlFault {
    let message = format!("there is no family `{name}`");
    node.fault(ErrorKind::UndeclaredFamily, message).with_help(family_help(name, fonts))
}

pub(super) fn faces(
    fields: Fields<'_>,
    fonts: &Fonts,
    faults: &mut Faults,
) -> HashMap<String, FaceChoice> {
    let mut faces = HashMap::new();
    if fields.written("faces").is_none() {
        faults.push(fields.missing("faces").with_help(
            "name the family that sentences are set in: `faces: { text: { family: EB Garamond, like: serif \
             } }`",
        ));
        return faces;
    }
    let Some(node) = fields.required("faces", faults) else { return faces };
    for (key, node) in faults.keep(node.entries()).into_iter().flatten() {
        let Some(fields) = node.fields(&["family", "fallback", "like"], faults) else {
            continue;
        };
        let family = fields.required("family", faults);
        let Some(family) = family.and_then(|node| {
            let name = faults.keep(node.text())?;
            if !fonts.has_family(name) {
                faults.push(no_family(node, name, fonts));
            }
            Some(name.to_owned())
        }) else {
            continue;
        };
        let items = fields.get("fallback").and_then(|node| faults.keep(node.items()));
        let mut fallback = Vec::new();
        for node in items.into_iter().flatten() {
            let Some(name) = faults.keep(node.text()) else { continue };
            // A declared family without fonts is skipped, and the next one is used.
            if !fonts.has_family(name) && !fonts.is_absent(name) {
                faults.push(no_family(node, name, fonts));
            }
            fallback.push(name.to_owned());
        }
        let generic = fields.get("like").and_then(|node| {
            faults.keep(node.one_of(&GenericFamily::NAMES)).and_then(GenericFamily::parse)
        });
        let generic = generic.unwrap_or(GenericFamily::Serif);
        faces.insert(key.text().to_owned(), FaceChoice { family, fallback, generic });
    }
    if !faces.contains_key("text") && faults.is_empty() {
        faults.push(node.key_span().fault(
            ErrorKind::MissingField,
            "`faces` has no `text`, the face that sentences are set in",
        ));
    }
    faces
}

/// What all roles of a layout share.
pub(crate) struct RoleContext<'a> {
    faces: &'a HashMap<String, FaceChoice>,
    /// How far ink may extend beyond a slot that has no `swash` of its own, in
    /// millimetres.
    swash: f64,
}

/// How far ink may extend beyond a slot with a place, unless the layout declares it, in
/// millimetres.
const SLOT_SWASH: f64 = 2.0;

impl<'a> RoleContext<'a> {
    pub(super) fn of(
        fields: Fields<'_>,
        faces: &'a HashMap<String, FaceChoice>,
        faults: &mut Faults,
    ) -> Self {
        let usual = if fields.get("slots").is_some() { SLOT_SWASH } else { 0.0 };
        let swash = millimetres(fields, "swash", faults).unwrap_or(usual);
        Self { faces, swash }
    }

    /// Reads the role of a slot with a place. `own` are the keys of its map that do not
    /// belong to the role.
    pub(super) fn slot_role<'n>(
        &self,
        node: Node<'n>,
        own: &[&str],
        faults: &mut Faults,
    ) -> Option<(Fields<'n>, Role)> {
        let known = [&TEXT_KEYS[..], &SLOT_KEYS, own].concat();
        let fields = node.fields(&known, faults)?;
        let mut role = role(node, fields, &known, self, faults)?;
        role.shrinks.get_or_insert(true);
        Some((fields, role))
    }

    fn role(&self, node: Node<'_>, faults: &mut Faults) -> Option<Role> {
        let known = [&TEXT_KEYS[..], &SLOT_KEYS].concat();
        role(node, node.fields(&known, faults)?, &known, self, faults)
    }
}

/// The roles of a layout with slots. `slots` are those of its slots; other roles may be
/// declared, or have their defaults. Roles of blocks and signatories have the width and
/// the side of the slot in which they stand.
pub(super) fn roles_beside_slots(
    fields: Fields<'_>,
    context: &RoleContext<'_>,
    placed: &PlacedSlots,
    slots: HashMap<String, Role>,
    faults: &mut Faults,
) -> HashMap<String, Role> {
    let mut roles = slots;
    let own: HashSet<String> = roles.keys().cloned().collect();
    let declared = fields.get("roles").and_then(|node| faults.keep(node.entries()));
    for (key, node) in declared.into_iter().flatten() {
        if own.contains(key.text()) {
            let message =
                format!("`{}` has a slot, which says how it is set", key.text());
            let fault = key.fault(ErrorKind::Duplicate, message);
            faults.push(fault.with_help("write its keys in the slot"));
        } else if let Some(role) = context.role(node, faults) {
            roles.insert(key.text().to_owned(), role);
        }
    }
    for (name, max, min, lines, weight) in USUAL {
        let usual = || Role {
            weight,
            case: if name == "specimen" { Case::Upper } else { Case::AsWritten },
            italic: name == "lead",
            ..Role::plain(Fit { max, min, lines, tight: None }, context.swash)
        };
        roles.entry(name.to_owned()).or_insert_with(usual);
    }
    let area = |holds: fn(&SlotContent) -> bool| {
        placed.find(holds).map(|slot| (slot.area.width, slot.align))
    };
    let blocks = area(|content| matches!(content, SlotContent::Blocks));
    let signatories = area(|content| matches!(content, SlotContent::Signatories));
    for (name, role) in roles.iter_mut().filter(|(name, _)| !own.contains(*name)) {
        match name.as_str() {
            "signatory" | "signatory-title" => {
                if let Some((width, align)) = signatories {
                    let rules: Vec<f64> = (0..=12)
                        .map(|count| SignatoryGrid::of(width, count).rule)
                        .collect();
                    role.slot.or(Length::by_signatories(&rules), align);
                }
            }
            "specimen" => role.slot.or(Length::constant(40.0), SlotAlign::Center),
            "column" | "cell" | "total" | "folio" => {}
            _ => {
                if let Some((width, align)) = blocks {
                    role.slot.or(Length::constant(width), align);
                }
            }
        }
    }
    roles
}

/// The default roles of a layout with slots: the largest and the smallest size in points,
/// the number of lines, and the weight.
const USUAL: [(&str, f64, f64, u32, u16); 12] = [
    ("lead", 13.0, 8.0, 2, 400),
    ("recipient", 30.0, 12.0, 2, 500),
    ("statement", 13.0, 8.0, 3, 400),
    ("course", 20.0, 10.0, 3, 500),
    ("outcome", 13.0, 8.0, 3, 400),
    ("details", 9.0, 7.0, 2, 400),
    ("signatory", 10.0, 7.0, 2, 500),
    ("signatory-title", 8.5, 6.5, 3, 400),
    ("column", 8.5, 6.5, 2, 600),
    ("cell", 9.5, 7.0, 3, 400),
    ("total", 9.5, 7.0, 2, 600),
    ("specimen", 8.0, 6.0, 1, 400),
];

pub(super) fn roles(
    fields: Fields<'_>,
    context: &RoleContext<'_>,
    faults: &mut Faults,
) -> Option<HashMap<String, Role>> {
    let mut roles = HashMap::new();
    let node = fields.required("roles", faults)?;
    for (key, node) in faults.keep(node.entries())? {
        if let Some(role) = context.role(node, faults) {
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
    tight(fields, &mut roles, faults);
    roles.contains_key("statement").then_some(roles)
}

/// Reads `tight`: by role, the range for a text that does not fit otherwise.
fn tight(fields: Fields<'_>, roles: &mut HashMap<String, Role>, faults: &mut Faults) {
    let Some(node) = fields.get("tight") else { return };
    for (key, node) in faults.keep(node.entries()).into_iter().flatten() {
        let Some(role) = roles.get_mut(key.text()) else {
            let name = key.text();
            let message = format!("`tight` names `{name}`, which is not in `roles`");
            faults.push(key.fault(ErrorKind::InvalidValue, message));
            continue;
        };
        let Some(fields) = node.fields(&["min", "lines"], faults) else { continue };
        let Fit { min: least, lines: most, .. } = role.fit;
        let min = fields.get("min").and_then(|node| faults.keep(node.positive()));
        let min = min.unwrap_or(least);
        let lines = whole(fields, "lines", 1..=50, faults);
        let lines = lines.map_or(most, |lines| lines as u32);
        if min > least || lines < most {
            let message = format!(
                "`tight` gives `{}` less room than `min: {least}` and `lines: {most}` do",
                key.text()
            );
            faults.push(node.fault(ErrorKind::InvalidValue, message));
        }
        role.fit.tight = Some(TightFit { min, lines });
    }
}

/// Reads one role, whose map may have the keys `known`.
fn role(
    node: Node<'_>,
    fields: Fields<'_>,
    known: &[&str],
    context: &RoleContext<'_>,
    faults: &mut Faults,
) -> Option<Role> {
    let names: Vec<&str> = context.faces.keys().map(String::as_str).collect();
    let face = match fields.get("face") {
        Some(node) => faults.keep(node.one_of(&names))?,
        None => "text",
    };
    let weight = whole(fields, "weight", 100..=900, faults).unwrap_or(400);
    let italic = match fields.get("italic") {
        Some(_) => boolean(fields, "italic", faults)?,
        None => false,
    };
    let case = match fields.get("case") {
        Some(node) => match faults.keep(node.one_of(&["upper", "as-written"]))? {
            "upper" => Case::Upper,
            _ => Case::AsWritten,
        },
        None => Case::AsWritten,
    };
    // A misspelt `max` is reported as an unknown key, and not as a missing one too.
    let max_misspelt = faults.keep(node.entries())?.any(|(key, _)| {
        !known.contains(&key.text()) && nearest(key.text(), ["max"]).is_some()
    });
    let max =
        if max_misspelt { fields.get("max") } else { fields.required("max", faults) };
    let max = max.and_then(|node| faults.keep(node.positive()));
    let min = fields.get("min").and_then(|node| faults.keep(node.positive()));
    let lines = whole(fields, "lines", 1..=50, faults).unwrap_or(1);
    let max = max?;
    let min = min.unwrap_or(max);
    if min > max {
        let node = fields.get("min").unwrap_or(node);
        faults.push(node.fault(
            ErrorKind::InvalidValue,
            format!("`min: {min}` is larger than `max: {max}`"),
        ));
    }
    let swash = millimetres(fields, "swash", faults).unwrap_or(context.swash);
    let fit = Fit { max, min, lines: lines as u32, tight: None };
    let slot = SlotRule::read(fields, faults);
    let plain = fields.get("plain").and_then(|node| plain_face(node, &names, faults));
    let shrinks = boolean(fields, "shrinks", faults);
    let (face, weight) = (face.to_owned(), weight as u16);
    Some(Role { face, weight, italic, case, fit, swash, slot, shrinks, plain })
}

impl Role {
    /// The default role: in the face `text`, with its letters as written.
    fn plain(fit: Fit, swash: f64) -> Self {
        Self {
            face: "text".to_owned(),
            weight: 400,
            italic: false,
            case: Case::AsWritten,
            fit,
            swash,
            slot: SlotRule::default(),
            shrinks: None,
            plain: None,
        }
    }
}

/// Reads `plain` of a role: `{ face: text, weight: 500, size: 0.78 }`.
fn plain_face(node: Node<'_>, faces: &[&str], faults: &mut Faults) -> Option<PlainFace> {
    let fields = node.fields(&["face", "weight", "size", "leading"], faults)?;
    let face = fields.required("face", faults)?;
    let face = faults.keep(face.one_of(faces))?.to_owned();
    let weight = whole(fields, "weight", 100..=900, faults).unwrap_or(400) as u16;
    let size = fields.get("size").and_then(|node| faults.keep(node.positive()));
    let leading = fields.get("leading");
    let leading = leading.and_then(|node| number(node, "leading", -1.0..=4.0, faults));
    Some(PlainFace { face, weight, size: size.unwrap_or(1.0), leading })
}
