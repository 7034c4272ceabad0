//! The slot of a role: how wide its column is, and how its lines are set.
//!
//! Takes the keys of a role in `layout.yaml` that describe its slot, gives a
//! [`SlotRule`], and for a page a [`Slot`]. The decision made here: a slot's width is
//! declared, so that a sentence can be fitted before there is a page.

use serde::Serialize;

use super::fields::number;
use super::lengths::{Length, PageLengths};
use crate::base::error::{ErrorKind, Result};
use crate::base::yaml::{Faults, Fields, Node};

/// The keys of a role that describe its slot.
pub(super) const SLOT_KEYS: [&str; 12] = [
    "width",
    "narrow",
    "single",
    "leading",
    "line",
    "deep-line",
    "tracking",
    "spaced",
    "scale",
    "align",
    "balance",
    "after",
];

/// How a role's slot is declared.
#[derive(Debug, Default)]
pub(crate) struct SlotRule {
    width: Option<Length>,
    narrow: Option<Length>,
    style: SlotStyle,
    after: Vec<(String, SlotRule)>,
    /// The keys that are declared: only these replace the values of another rule.
    given: Vec<&'static str>,
}

/// The properties of a slot that do not depend on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SlotStyle {
    /// The sentence is kept on one line if that has at least this share of the largest
    /// size.
    pub(crate) single: f64,
    /// The additional space between lines, in em of the size.
    pub(crate) leading: f64,
    /// The heights of a line above and below its base line, and the gap between lines, in points.
    pub(crate) line: Option<[f64; 3]>,
    /// The same for scripts that extend far below the base line.
    pub(crate) deep_line: Option<[f64; 3]>,
    /// The space between letters in scripts that allow it, in em.
    pub(crate) tracking: f64,
    /// The factor for the size of a sentence all of whose letters may be spaced; if it is
    /// set, no other sentence is spaced.
    pub(crate) spaced: Option<f64>,
    /// The factor for the largest size.
    pub(crate) scale: f64,
    pub(crate) align: SlotAlign,
    /// Whether all lines have a similar length.
    pub(crate) balance: bool,
}

/// The side on which the lines of a slot are aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SlotAlign {
    /// Where lines begin, by the direction of the language.
    Start,
    /// In the middle.
    #[default]
    Center,
    /// Where lines end, by the direction of the language.
    End,
    /// On the left, in every language.
    Left,
    /// On the right, in every language.
    Right,
}

impl SlotAlign {
    /// The names of the sides in `layout.yaml`.
    pub(crate) const NAMES: [&str; 5] = ["start", "center", "end", "left", "right"];

    /// The side with a name; the middle for any other text.
    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "start" => Self::Start,
            "end" => Self::End,
            "left" => Self::Left,
            "right" => Self::Right,
            _ => Self::Center,
        }
    }
}

/// A slot on a page: the width of its column in points, and how its lines are set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slot {
    pub(crate) width: f64,
    /// A narrower column: a sentence of one line becomes smaller to stay in it.
    pub(crate) narrow: Option<f64>,
    pub(crate) style: SlotStyle,
}

impl Default for SlotStyle {
    fn default() -> Self {
        Self {
            single: 1.0,
            leading: 0.0,
            line: None,
            deep_line: None,
            tracking: 0.0,
            spaced: None,
            scale: 1.0,
            align: SlotAlign::Center,
            balance: true,
        }
    }
}

impl SlotRule {
    /// Reads the slot of a role.
    pub(super) fn read(fields: Fields<'_>, faults: &mut Faults) -> Self {
        let mut rule = Self::default();
        rule.given.extend(SLOT_KEYS.iter().filter(|key| fields.get(key).is_some()));
        let length = |key: &str, faults: &mut Faults| {
            fields.get(key).and_then(|node| Length::read(node, faults))
        };
        rule.width = length("width", faults);
        rule.narrow = length("narrow", faults);
        let style = &mut rule.style;
        let mut set = |key: &str, range, value: &mut f64| {
            let Some(node) = fields.get(key) else { return };
            *value = number(node, key, range, faults).unwrap_or(*value);
        };
        set("single", 0.0..=1.0, &mut style.single);
        set("leading", -1.0..=4.0, &mut style.leading);
        set("tracking", -0.2..=1.0, &mut style.tracking);
        set("scale", 0.1..=2.0, &mut style.scale);
        let mut spaced = 1.0;
        set("spaced", 0.1..=2.0, &mut spaced);
        style.spaced = fields.get("spaced").map(|_| spaced);
        style.line = fields.get("line").and_then(|node| line(node, faults));
        style.deep_line = fields.get("deep-line").and_then(|node| line(node, faults));
        if let Some(node) = fields.get("align") {
            let name = faults.keep(node.one_of(&SlotAlign::NAMES));
            style.align = name.map_or(SlotAlign::Center, SlotAlign::parse);
        }
        style.balance = match fields.get("balance") {
            Some(node) => faults.keep(node.boolean()).unwrap_or_default(),
            None => style.align == SlotAlign::Center,
        };
        for (key, node) in fields
            .get("after")
            .and_then(|node| faults.keep(node.entries()))
            .into_iter()
            .flatten()
        {
            let known = &SLOT_KEYS[..SLOT_KEYS.len() - 1];
            if let Some(fields) = node.fields(known, faults) {
                rule.after.push((key.text().to_owned(), Self::read(fields, faults)));
            }
        }
        rule
    }

    /// Fills in the width and the side of a rule that declares none.
    pub(super) fn or(&mut self, width: Option<Length>, align: SlotAlign) {
        if self.width.is_none() {
            self.width = width;
        }
        if !self.given.contains(&"align") {
            self.style.align = align;
            if !self.given.contains(&"balance") {
                self.style.balance = align == SlotAlign::Center;
            }
        }
    }

    /// The roles after which this role has another slot.
    pub(super) fn after(&self) -> impl Iterator<Item = &str> {
        self.after.iter().map(|(role, _)| role.as_str())
    }

    /// The slot on a page, for a sentence after one of the role `previous`. One without a width is
    /// as wide as the length named `text`, else as the paper.
    ///
    /// # Errors
    /// As [`PageLengths::of`].
    pub(crate) fn on(&self, page: &PageLengths, previous: Option<&str>) -> Result<Slot> {
        let mut slot = Slot {
            width: match &self.width {
                Some(width) => page.of(width)?,
                None => page.text_width(),
            },
            narrow: self.narrow.as_ref().map(|narrow| page.of(narrow)).transpose()?,
            style: self.style,
        };
        let changed = self.after.iter().find(|(role, _)| Some(role.as_str()) == previous);
        let Some((_, rule)) = changed else { return Ok(slot) };
        for key in &rule.given {
            let (own, style) = (&rule.style, &mut slot.style);
            match *key {
                "width" => {
                    if let Some(width) = &rule.width {
                        slot.width = page.of(width)?;
                    }
                }
                "narrow" => {
                    slot.narrow =
                        rule.narrow.as_ref().map(|narrow| page.of(narrow)).transpose()?;
                }
                "single" => style.single = own.single,
                "leading" => style.leading = own.leading,
                "line" => style.line = own.line,
                "deep-line" => style.deep_line = own.deep_line,
                "tracking" => style.tracking = own.tracking,
                "spaced" => style.spaced = own.spaced,
                "scale" => style.scale = own.scale,
                "align" => style.align = own.align,
                "balance" => style.balance = own.balance,
                _ => {}
            }
        }
        Ok(slot)
    }
}

/// Reads the heights of a line in points: above and below its base line, and the gap
/// between two lines.
fn line(node: Node<'_>, faults: &mut Faults) -> Option<[f64; 3]> {
    let mut line = [0.0; 3];
    let items: Vec<Node<'_>> = faults.keep(node.items())?.collect();
    if !(2..=3).contains(&items.len()) {
        let message =
            "a line has two heights, above and below its base line, and perhaps a gap";
        faults.push(
            node.fault(ErrorKind::InvalidValue, message)
                .with_help("write points: `[10, 5]`"),
        );
        return None;
    }
    for (height, node) in line.iter_mut().zip(items) {
        *height = number(node, "line", -20.0..=200.0, faults)?;
    }
    Some(line)
}
