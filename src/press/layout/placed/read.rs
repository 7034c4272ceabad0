//! Reads `slots` and `without` of a `layout.yaml`.

use std::collections::{BTreeSet, HashMap};

use super::placed_slot::{
    Area, PlacedSlot, PlacedSlots, SlotColour, SlotContent, Vertical,
};
use crate::base::error::{ErrorKind, Result, finding, nearest};
use crate::base::yaml::{Document, Faults, Fields, Key, Node};
use crate::image::cache::ImageCache;
use crate::image::picture::Picture;
use crate::press::layout::fields::{number, texts};
use crate::press::layout::photo::{self, Photo};
use crate::press::layout::role::{Role, RoleContext};
use crate::press::layout::slot::SlotAlign;
use crate::press::layout::sources::own_file;
use crate::site::course::{Colour, read_text};
use crate::site::files::Site;

/// The keys of a slot's place, and the further keys of each kind of slot.
const PLACE_KEYS: [&str; 7] = ["x", "y", "width", "height", "vertical", "align", "fill"];
const LINE_KEYS: [&str; 1] = ["colour"];
const PICTURE_KEYS: [&str; 2] = ["picture", "alt"];
const PHOTO_KEYS: [&str; 2] = ["field", "alt"];
/// The keys that a slot with text has besides those of a role.
const TEXT_KEYS: [&str; 7] = ["x", "y", "height", "vertical", "fill", "colour", "text"];

/// The names of slots with one fixed content.
const PARTS: [&str; 11] = [
    "heading",
    "date",
    "authenticity",
    "specimen",
    "blocks",
    "signatories",
    "table",
    "code",
    "logo",
    "sponsors",
    "badges",
];
/// The roles of the blocks of the shared locales.
const BLOCK_ROLES: [&str; 6] =
    ["lead", "recipient", "statement", "course", "outcome", "details"];
/// What a page may leave out.
pub(crate) const MAY_BE_LEFT_OUT: [&str; 10] = [
    "heading",
    "lead",
    "statement",
    "course",
    "outcome",
    "details",
    "date",
    "signatories",
    "logo",
    "sponsors",
];
/// The most slots of a layout.
const MAX_SLOTS: usize = 100;

/// The names of slots whose content is the same in every layout.
pub(crate) fn slot_names() -> impl Iterator<Item = &'static str> + Clone {
    PARTS.into_iter().chain(BLOCK_ROLES)
}

/// The files that slots may name.
pub(crate) struct OwnFiles<'a> {
    pub(crate) site: &'a Site,
    /// The folder of the layout's pictures.
    pub(crate) folder: &'a str,
    /// The layout's name, for its locales.
    pub(crate) layout: &'a str,
    pub(crate) images: &'a ImageCache,
}

/// Reads the slots, and the roles of their sentences.
pub(crate) fn read(
    fields: Fields<'_>,
    files: &OwnFiles<'_>,
    context: &RoleContext<'_>,
    faults: &mut Faults,
) -> Option<(PlacedSlots, HashMap<String, Role>)> {
    let node = fields.get("slots")?;
    let own_roles = own_roles(files);
    let reader = SlotReader { files, context, own_roles: &own_roles };
    let (mut slots, mut roles) = (Vec::new(), HashMap::new());
    for (index, (key, node)) in faults.keep(node.entries())?.enumerate() {
        if index >= MAX_SLOTS {
            let message = format!("more than {MAX_SLOTS} slots");
            faults.push(key.fault(ErrorKind::TooLarge, message));
            break;
        }
        let Some((slot, role)) = reader.slot(key, node, faults) else { continue };
        roles.extend(role.map(|role| (slot.name.clone(), role)));
        slots.push(slot);
    }
    let mut without = texts(fields, "without", faults);
    without.retain(|name| {
        let known = MAY_BE_LEFT_OUT.contains(&name.as_str()) || own_roles.contains(name);
        let node = fields.get("without").unwrap_or(node);
        if !known {
            let message = format!("a certificate cannot be without `{name}`");
            faults.push(node.fault(ErrorKind::InvalidValue, message).with_help(format!(
                "it can be without {}, and roles of the layout's own",
                MAY_BE_LEFT_OUT.join(", ")
            )));
        } else if let Some(slot) = slots.iter().find(|slot| slot.name == *name) {
            let message = format!("`{name}` has a slot, and `without` leaves it out");
            let fault = node.fault(ErrorKind::Duplicate, message);
            faults.push(fault.with_help(format!(
                "remove one: its slot is on line {}",
                slot.place.line.unwrap_or(1)
            )));
        }
        known
    });
    let place = node.key_span().place().clone();
    Some((PlacedSlots { slots, without, place }, roles))
}

/// The roles of the blocks in the layout's own locales. Errors in these files are
/// reported when they are read.
fn own_roles(files: &OwnFiles<'_>) -> BTreeSet<String> {
    let mut roles = BTreeSet::new();
    for file in files.site.list(&format!("layouts/{}/locales", files.layout)) {
        let Ok(Some(bytes)) = files.site.read(file) else { continue };
        let Some(document) = Document::parse(file, &bytes, &mut Faults::default()) else {
            continue;
        };
        let entries = document.root().entries().into_iter().flatten();
        let blocks = entries.filter(|(key, _)| key.text() == "blocks");
        let items = blocks.filter_map(|(_, node)| node.items().ok()).flatten();
        let keys = items.filter_map(|node| node.entries().ok()).flatten();
        roles.extend(keys.map(|(key, _)| key.text().to_owned()));
    }
    roles
}

struct SlotReader<'a> {
    files: &'a OwnFiles<'a>,
    context: &'a RoleContext<'a>,
    own_roles: &'a BTreeSet<String>,
}

impl SlotReader<'_> {
    /// Reads one slot, and how its sentences are set if it has any.
    fn slot(
        &self,
        key: Key<'_>,
        node: Node<'_>,
        faults: &mut Faults,
    ) -> Option<(PlacedSlot, Option<Role>)> {
        let name = key.text();
        let has = |wanted: &str| {
            node.entries()
                .is_ok_and(|mut entries| entries.any(|(key, _)| key.text() == wanted))
        };
        let given: Vec<&str> =
            ["text", "picture", "field"].into_iter().filter(|key| has(key)).collect();
        let kind = self.kind(key, &given, faults)?;
        let (fields, role) = match kind {
            Kind::Text | Kind::Sentence(_) => {
                let (fields, role) = self.context.slot_role(node, &TEXT_KEYS, faults)?;
                if !matches!(kind, Kind::Text) && has("text") {
                    let message = format!("the words of `{name}` come from the locale");
                    let fault = fields.get("text").unwrap_or(node).key_span();
                    faults.push(fault.fault(ErrorKind::InvalidValue, message).with_help(
                        "give the slot another name, or write the words in `locales/` of the \
                         layout",
                    ));
                    return None;
                }
                (fields, Some(role))
            }
            Kind::Lines(_) => {
                let known = [&PLACE_KEYS[..], &LINE_KEYS].concat();
                (node.fields(&known, faults)?, None)
            }
            Kind::Image(_) => (node.fields(&PLACE_KEYS, faults)?, None),
            Kind::Picture => {
                let known = [&PLACE_KEYS[..], &PICTURE_KEYS].concat();
                (node.fields(&known, faults)?, None)
            }
            Kind::Photo => {
                let known = [&PLACE_KEYS[..], &PHOTO_KEYS].concat();
                (node.fields(&known, faults)?, None)
            }
        };
        let area = area(fields, faults);
        let vertical = match fields.get("vertical") {
            Some(node) => match faults.keep(node.one_of(&["top", "middle", "bottom"]))? {
                "top" => Vertical::Top,
                "bottom" => Vertical::Bottom,
                _ => Vertical::Middle,
            },
            None => Vertical::default(),
        };
        let align = match fields.get("align") {
            Some(node) => {
                faults.keep(node.one_of(&SlotAlign::NAMES)).map(SlotAlign::parse)?
            }
            None => SlotAlign::Center,
        };
        let own = colour(fields, "colour", faults);
        let fill = colour(fields, "fill", faults);
        let content = match kind {
            Kind::Sentence(content) | Kind::Lines(content) | Kind::Image(content) => {
                content
            }
            Kind::Text => {
                SlotContent::Text(read_text(fields.required("text", faults)?, faults)?)
            }
            Kind::Picture => self.picture(fields, faults)?,
            Kind::Photo => {
                let Area { width, height, .. } = area?;
                photo(name, fields, (width, height), faults)?
            }
        };
        let place = key.span().place().clone();
        let (name, area) = (name.to_owned(), area?);
        let colour = own.unwrap_or(SlotColour::Ink);
        Some((
            PlacedSlot { name, area, vertical, align, colour, fill, content, place },
            role,
        ))
    }

    /// The kind of a slot, by its name and its keys.
    fn kind(&self, key: Key<'_>, given: &[&str], faults: &mut Faults) -> Option<Kind> {
        let name = key.text();
        let content = match name {
            "heading" => SlotContent::Heading,
            "date" => SlotContent::Date,
            "authenticity" => SlotContent::Authenticity,
            "specimen" => SlotContent::Specimen,
            "blocks" => return Some(Kind::Lines(SlotContent::Blocks)),
            "signatories" => return Some(Kind::Lines(SlotContent::Signatories)),
            "table" => return Some(Kind::Lines(SlotContent::Table)),
            "code" => return Some(Kind::Image(SlotContent::Code)),
            "logo" => return Some(Kind::Image(SlotContent::Logo)),
            "sponsors" => return Some(Kind::Image(SlotContent::Sponsors)),
            "badges" => return Some(Kind::Image(SlotContent::Badges)),
            _ => {
                let (role, from) = numbered(name);
                let is_role =
                    BLOCK_ROLES.contains(&role) || self.own_roles.contains(role);
                match (is_role, given) {
                    (true, _) => SlotContent::Role { role: role.to_owned(), from },
                    (false, ["text"]) => return Some(Kind::Text),
                    (false, ["picture"]) => return Some(Kind::Picture),
                    (false, ["field"]) => return Some(Kind::Photo),
                    (false, [one, other, ..]) => {
                        let message =
                            format!("the slot `{name}` has a `{one}` and a `{other}`");
                        let fault = key.fault(ErrorKind::InvalidValue, message);
                        faults.push(fault.with_help("write two slots"));
                        return None;
                    }
                    (false, _) => {
                        let message = finding!("no_such_slot", name);
                        let known = slot_names();
                        let help = match nearest(name, known.clone()) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => format!(
                                "known are {}; a slot of another name has a `text`, a \
                                 `picture` or a `field`",
                                known.collect::<Vec<_>>().join(", ")
                            ),
                        };
                        let fault = key.fault(ErrorKind::UnknownKey, message);
                        faults.push(fault.with_help(help));
                        return None;
                    }
                }
            }
        };
        Some(Kind::Sentence(content))
    }

    fn picture(&self, fields: Fields<'_>, faults: &mut Faults) -> Option<SlotContent> {
        let node = fields.required("picture", faults)?;
        let file = faults.keep(node.text())?;
        let picture = self.read_picture(file);
        let picture = faults.keep(picture.map_err(|error| node.wrap(error)))?;
        let Some(picture) = picture else {
            let path = format!("{}/{file}", self.files.folder);
            let message = finding!("picture_missing", path);
            let fault = node.fault(ErrorKind::MissingFile, message);
            faults.push(fault.with_help("put a picture of that name into this folder"));
            return None;
        };
        let Some(alt) = fields.written("alt") else {
            faults.push(fields.missing("alt").with_help(
                "write what the picture shows, for those who cannot see it; `alt: \"\"` for an \
                 ornament",
            ));
            return None;
        };
        let is_ornament = alt.is_null() || alt.text().is_ok_and(str::is_empty);
        let alt = if is_ornament { None } else { Some(read_text(alt, faults)?) };
        Some(SlotContent::Picture { picture, alt })
    }

    fn read_picture(&self, file: &str) -> Result<Option<Picture>> {
        let bytes = own_file(self.files.site, self.files.folder, file)?;
        bytes.map(|bytes| self.files.images.whole(&bytes)).transpose()
    }
}

/// The kinds of slots.
enum Kind {
    /// A sentence of the locale.
    Sentence(SlotContent),
    Text,
    /// Several sentences, each with a role of its own.
    Lines(SlotContent),
    /// Pictures of the course, or the code.
    Image(SlotContent),
    Picture,
    Photo,
}

/// A picture that the request gives, for a slot of this name and size.
fn photo(
    name: &str,
    fields: Fields<'_>,
    sides: (f64, f64),
    faults: &mut Faults,
) -> Option<SlotContent> {
    let field = fields.required("field", faults)?;
    let field = faults.keep(field.text())?.to_owned();
    let alt = photo::alt(fields, faults)?;
    Some(SlotContent::Photo(Photo { name: name.to_owned(), field, alt, sides }))
}

/// The role in the name of a slot, and the number of the first block that it holds: 2 for
/// `statement-2`.
fn numbered(name: &str) -> (&str, usize) {
    let numbered = name.rsplit_once('-').and_then(|(role, number)| {
        let number: usize = number.parse().ok()?;
        (2..=50).contains(&number).then_some((role, number))
    });
    numbered.unwrap_or((name, 1))
}

/// The range of the sides of a slot, in millimetres.
const SIDES: std::ops::RangeInclusive<f64> = 1.0..=2000.0;

fn area(fields: Fields<'_>, faults: &mut Faults) -> Option<Area> {
    let mut side = |key, range| {
        let node = fields.required(key, faults)?;
        number(node, key, range, faults)
    };
    let x = side("x", -2000.0..=2000.0);
    let y = side("y", -2000.0..=2000.0);
    let width = side("width", SIDES);
    let height = side("height", SIDES);
    Some(Area { x: x?, y: y?, width: width?, height: height? })
}

/// A colour of the theme by its name, or `#rrggbb`.
fn colour(fields: Fields<'_>, key: &str, faults: &mut Faults) -> Option<SlotColour> {
    // A `#` that is not in quotes begins a comment, so that there is no value.
    let node = fields.written(key)?;
    let text = faults.keep(node.text())?;
    match text {
        "ink" => Some(SlotColour::Ink),
        "accent" => Some(SlotColour::Accent),
        "paper" => Some(SlotColour::Paper),
        text => {
            let colour = Colour::parse(text).map_err(|error| {
                node.wrap(error).with_help(
                    "write `ink`, `accent` or `paper`, or six hexadecimal digits in quotes, such \
                     as `\"#8c1414\"`",
                )
            });
            faults.keep(colour).map(SlotColour::Own)
        }
    }
}
