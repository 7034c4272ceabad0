//! The elements of a page, as slots.
//!
//! The decision made here: an element of words becomes the slot of the sentence that says the same,
//! or a slot with a text of its own, so that the page reads as before; parts that Moodle does not
//! have, such as the lead of a sentence, are left out.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::apart::{Placed, free_corner, separate};
use super::archive::{Template, number};
use super::fonts::{FAMILIES, MoodleFont, font};
use super::words::text_value;
use crate::press::layout::placed::read::slot_names;
use crate::press::start::{LayoutFile, SlotLine, number as written};
use crate::site::Colour;

/// The height of a line, in sizes of its letters.
const LINE: f64 = 1.35;
const MM_PER_POINT: f64 = 25.4 / 72.0;
/// The side of a QR code without one, and the height of the sentence with the verify link.
const CODE: f64 = 20.0;
const LINK: f64 = 12.0;
/// What every certificate has: its name, its sides in millimetres, and its other keys.
const VERIFICATION: [(&str, (f64, f64), &str); 2] = [
    ("code", (CODE, CODE), ""),
    (
        "authenticity",
        (70.0, LINK),
        "vertical: bottom, align: left, max: 8, min: 5.5, lines: 4",
    ),
];

/// The note about a second element of a kind that a page has once.
const SECOND: &str = "is the second of its kind, and is left out";

/// A layout, its files, and what a person should know.
pub(super) struct Imported {
    pub(super) layout: LayoutFile,
    pub(super) files: Vec<(String, Vec<u8>)>,
    pub(super) notes: Vec<String>,
}

/// Reads the elements of a template.
pub(super) struct Importer<'a> {
    pub(super) template: &'a Template,
    slots: Vec<Placed>,
    /// The roles that have a slot.
    roles: BTreeSet<&'static str>,
    faces: BTreeSet<&'static str>,
    pub(super) background: Option<String>,
    pub(super) files: Vec<(String, Vec<u8>)>,
    notes: Vec<String>,
}

impl<'a> Importer<'a> {
    pub(super) fn new(template: &'a Template) -> Self {
        let mut notes = Vec::new();
        if let (pages @ 1.., elements) = template.other_pages {
            notes.push(format!(
                "slots stand on one page: {pages} more with {elements} elements are left out"
            ));
        }
        Self {
            template,
            slots: Vec::new(),
            roles: BTreeSet::new(),
            faces: BTreeSet::new(),
            background: None,
            files: Vec::new(),
            notes,
        }
    }

    pub(super) fn read_elements(&mut self) {
        for element in &self.template.elements {
            self.read(element);
        }
    }

    fn read(&mut self, element: &Json) {
        let kind = element["element"].as_str().unwrap_or_default();
        let data = &element["data"];
        match kind {
            "studentname" => self.sentence(element, "recipient", "weight: 500"),
            "coursename" => {
                self.sentence(element, "course", "");
                if value(data, "coursenamedisplay")
                    .is_some_and(|it| number(it) == Some(1.0))
                {
                    self.note(element, "shows the course's title, and not a short name");
                }
            }
            "date" => {
                let item = value(data, "dateitem").map(text_of).unwrap_or_default();
                if !["-1", "-5", ""].contains(&item.as_str()) {
                    self.note(
                        element,
                        "shows the day of issue, which is the only one here",
                    );
                }
                self.own_text(element, "\"{{ issued | date('long') }}\"".to_owned(), 1);
            }
            "grade" => {
                let text = "\"{% if grade %}{{ grade }}{% endif %}\"".to_owned();
                self.own_text(element, text, 1);
            }
            "teachername" => match data["teacher"]["fullname"].as_str() {
                Some(name) => {
                    let text = text_value(name).unwrap_or_default();
                    self.own_text(element, text.value, text.lines);
                }
                None => self.lost(element, kind),
            },
            "text" => {
                let html = value(data, "text").map(text_of).unwrap_or_default();
                match text_value(&html) {
                    Some(text) => {
                        self.own_text(element, text.value, text.lines);
                        for note in &text.notes {
                            self.note(element, note);
                        }
                    }
                    None => self.note(element, "has no words, and is left out"),
                }
            }
            "code" => self.verify_link(element),
            "qrcode" => {
                if !self.roles.insert("code") {
                    self.note(element, SECOND);
                    return;
                }
                let side = |key| value(data, key).and_then(number).unwrap_or_default();
                let side = side("width").max(side("height")).max(CODE * 0.7);
                let area = [place(element, "posx"), place(element, "posy"), side, side];
                self.picture_slot(element, "code", area, String::new(), false);
            }
            "bgimage" => self.background(element),
            "image" => self.image(element),
            "border" => self.border(element),
            kind => self.lost(element, kind),
        }
    }

    /// A sentence of the locale.
    fn sentence(&mut self, element: &Json, role: &'static str, keys: &str) {
        if !self.roles.insert(role) {
            self.note(element, SECOND);
            return;
        }
        self.words(element, role.to_owned(), keys, None, 1);
    }

    /// A text of the layout's own, whose value is written already.
    fn own_text(&mut self, element: &Json, value: String, lines: u32) {
        let name = self.free_name(element);
        self.words(element, name, "", Some(value), lines);
    }

    /// A slot with words, where the element stands.
    fn words(
        &mut self,
        element: &Json,
        name: String,
        keys: &str,
        text: Option<String>,
        lines: u32,
    ) {
        let data = &element["data"];
        let size =
            value(data, "fontsize").and_then(number).unwrap_or(12.0).clamp(4.0, 200.0);
        let font = self.font(element);
        let (area, align, is_wide) = self.area_of_words(element, size, lines);
        let mut all = vec![format!("vertical: top, align: {align}")];
        let smallest = (size * 0.6).max(5.0).min(size);
        all.push(format!("max: {}, min: {}", written(size), written(smallest)));
        all.push(format!("lines: {}", lines.max(2)));
        all.extend(
            (self.faces.len() > 1 || font.face != "text")
                .then(|| format!("face: {}", font.face)),
        );
        if font.is_bold {
            all.push("weight: 700".to_owned());
        } else if !keys.is_empty() {
            all.push(keys.to_owned());
        }
        all.extend(font.is_italic.then(|| "italic: true".to_owned()));
        match colour(data) {
            Ok(Some(colour)) => all.push(format!("colour: \"{colour}\"")),
            Ok(None) => {}
            Err(other) => self
                .note(element, &format!("has the colour `{other}`, which is none here")),
        }
        all.extend(text.map(|text| format!("text: {text}")));
        self.slots.push(Placed {
            line: SlotLine { name, area, keys: all.join(", ") },
            name: title(element),
            line_height: Some(size * MM_PER_POINT * LINE),
            is_wide,
            is_ornament: false,
        });
    }

    fn font(&mut self, element: &Json) -> MoodleFont {
        let name = value(&element["data"], "font").map(text_of).unwrap_or_default();
        let font = font(&name);
        self.faces.insert(font.face);
        if font.is_fixed {
            self.note(
                element,
                "had letters of one width, and is set in a family without serifs",
            );
        }
        font
    }

    /// The box of an element with words, its side, and whether it may be narrower. Moodle gives a
    /// reference point: the upper left or right corner, or the middle.
    fn area_of_words(
        &self,
        element: &Json,
        size: f64,
        lines: u32,
    ) -> ([f64; 4], &'static str, bool) {
        let (x, y) = (place(element, "posx"), place(element, "posy"));
        let own =
            value(&element["data"], "width").and_then(number).filter(|it| *it > 0.0);
        let page = self.template.width;
        let end = page - self.template.right_margin.max(2.0);
        let (left, width, align) =
            match number(&element["refpoint"]).unwrap_or(1.0) as i64 {
                0 => {
                    let width = own.unwrap_or((end - x).max(1.0));
                    let align = match element["alignment"].as_str() {
                        Some("C") => "center",
                        Some("R") => "right",
                        _ => "left",
                    };
                    (x, width, align)
                }
                2 => {
                    let width = own.unwrap_or(x - 2.0).min(x).max(1.0);
                    (x - width, width, "right")
                }
                _ => {
                    let widest = 2.0 * f64::min(x, page - x) - 4.0;
                    let width =
                        own.unwrap_or(widest).min(2.0 * f64::min(x, page - x)).max(1.0);
                    (x - width / 2.0, width, "center")
                }
            };
        let height = size * MM_PER_POINT * LINE * f64::from(lines.max(1));
        let left = left.max(0.0);
        let width = width.min(page - left);
        // Moodle makes the box of such an element as narrow as its words.
        let is_wide = own.is_none() || align != "left";
        ([left, y, width, height], align, is_wide)
    }

    fn verify_link(&mut self, element: &Json) {
        if !self.roles.insert("authenticity") {
            self.note(element, SECOND);
            return;
        }
        self.words(element, "authenticity".to_owned(), "", None, 3);
        if let Some(placed) = self.slots.last_mut() {
            placed.line.area[3] = placed.line.area[3].max(LINK);
        }
        self.note(
            element,
            "was a code to type, and is the sentence with the verify link now",
        );
    }

    pub(super) fn picture_slot(
        &mut self,
        element: &Json,
        name: &str,
        area: [f64; 4],
        keys: String,
        is_ornament: bool,
    ) {
        let placed = Placed::picture(name, area, keys, &title(element));
        self.slots.push(Placed { is_ornament, ..placed });
    }

    fn lost(&mut self, element: &Json, kind: &str) {
        let advice = match kind {
            "userfield" | "coursefield" | "groupname" | "categoryname" => {
                "has no counterpart: a field under `extra` of the request or the course, printed by a \
                 slot with `text: \"{{ extra.… }}\"`, says the same"
            }
            "digitalsignature" => {
                "has no counterpart: every certificate is sealed; a scanned signature belongs to a \
                 signatory of the course"
            }
            "teachername" => "has no name in the export: write it as a slot with `text`",
            _ => "has no counterpart, and is left out",
        };
        let what = format!("({kind}) {advice}");
        self.note(element, &what);
    }

    pub(super) fn note(&mut self, element: &Json, what: &str) {
        self.notes.push(format!("the element `{}` {what}", title(element)));
    }

    /// A name for a slot of the layout's own, from that of the element.
    pub(super) fn free_name(&self, element: &Json) -> String {
        let letters: String = title(element)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let words: Vec<&str> =
            letters.split('-').filter(|word| !word.is_empty()).collect();
        let words = words.join("-");
        // The names of roles and parts mean something else.
        let base = match words.as_str() {
            "" => "text".to_owned(),
            name if slot_names().any(|known| known == name) => format!("{name}-text"),
            name => name.chars().take(40).collect(),
        };
        let is_taken = |name: &str| self.slots.iter().any(|slot| slot.line.name == name);
        let ends_like_a_role =
            slot_names().any(|role| base.starts_with(&format!("{role}-")));
        let base = if ends_like_a_role { format!("own-{base}") } else { base };
        let mut name = base.clone();
        let mut count = 1;
        while is_taken(&name) {
            count += 1;
            name = format!("{base}-{}", (b'a' + (count % 26) as u8) as char);
            if count > 26 {
                name = format!("{base}-n{count}");
            }
        }
        name
    }

    pub(super) fn finish(mut self) -> Imported {
        let (width, height) = (self.template.width, self.template.height);
        self.notes.extend(separate(&mut self.slots, height));
        for (role, side, keys) in VERIFICATION {
            if self.roles.contains(role) {
                continue;
            }
            let area = free_corner(&self.slots, (width, height), side);
            self.notes.push(format!(
                "the template has no {}: its slot `{role}` is in a corner; move it to where it \
                 looks right",
                if role == "code" { "QR code" } else { "verify link" }
            ));
            self.slots.push(Placed::picture(role, area, keys.to_owned(), role));
        }
        let without: Vec<&'static str> =
            ["heading", "lead", "statement", "course", "outcome", "date", "signatories"]
                .into_iter()
                .filter(|role| !self.roles.contains(role))
                .collect();
        let main = if self.faces.contains("serif") { 0 } else { 1 };
        let (like, family) = FAMILIES[main];
        let mut faces = vec![("text".to_owned(), family.to_owned(), like)];
        for (name, family) in FAMILIES {
            if self.faces.contains(name) {
                faces.push((name.to_owned(), family.to_owned(), name));
            }
        }
        let Template { name, width, height, .. } = self.template;
        let layout = LayoutFile {
            comment: format!(
                "From the Moodle template «{}». docs/layout.md has all keys.",
                name.replace(['\n', '\r'], " ")
            ),
            paper: format!(
                "{{ width: {}, height: {} }}",
                written(*width),
                written(*height)
            ),
            landscape: false,
            background: self.background,
            faces,
            signatories: 0,
            theme: ["#1f3d5c", "#ffffff", "#000000"].map(str::to_owned),
            without,
            slots: self.slots.into_iter().map(|slot| slot.line).collect(),
        };
        Imported { layout, files: self.files, notes: self.notes }
    }
}

/// The value of a field of an element.
pub(super) fn value<'j>(data: &'j Json, key: &str) -> Option<&'j Json> {
    data[key].get("value").filter(|value| !value.is_null())
}

fn text_of(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

pub(super) fn place(element: &Json, key: &str) -> f64 {
    number(&element[key]).unwrap_or_default()
}

pub(super) fn title(element: &Json) -> String {
    let name = element["name"].as_str().unwrap_or_default().trim();
    let name = if name.is_empty() {
        element["element"].as_str().unwrap_or_default()
    } else {
        name
    };
    name.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// The colour of an element's words: `#rrggbb` or `#rgb`; none for black, which is the usual one.
fn colour(data: &Json) -> Result<Option<Colour>, String> {
    let Some(text) = value(data, "colour").map(text_of).filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let digits = text.trim().trim_start_matches('#');
    let long: String = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => digits.to_owned(),
    };
    let colour =
        Colour::parse(&format!("#{}", long.to_ascii_lowercase())).map_err(|_| text)?;
    Ok((colour.to_string() != "#000000").then_some(colour))
}
