//! Arranges the slots of a certificate in an empty box.
//!
//! Takes a box in millimetres, gives slots for all parts of a certificate; in a small
//! box, as on a card, only for those that it must have. The proportions are those of the
//! built-in layouts.

use super::layout_file::{SlotLine, number};
use crate::press::layout::placed::placed_slot::Area;

/// The smallest box for a whole certificate, and the smallest for a card, in millimetres.
const WHOLE: (f64, f64) = (118.0, 92.0);
const CARD: (f64, f64) = (58.0, 30.0);
/// The box for which the sizes below are made, in millimetres.
const USUAL: (f64, f64) = (210.0, 152.0);
/// The side of the QR code: the usual one, the smallest and the largest, in millimetres.
const CODE: (f64, f64, f64) = (24.0, 17.0, 30.0);

/// The slots of a certificate, and the parts that are left out.
pub(super) struct Composition {
    pub(super) slots: Vec<SlotLine>,
    pub(super) without: Vec<&'static str>,
    pub(super) signatories: usize,
}

/// How slots are drawn on a ground.
pub(super) struct Style<'a> {
    /// `center` or `start`.
    pub(super) align: &'a str,
    /// Whether the ground is dark, so that pictures made for paper need a panel.
    pub(super) is_dark: bool,
    /// The colour of text on such a panel.
    pub(super) panel_ink: &'a str,
    /// Whether the accent can be read on the ground.
    pub(super) has_accent: bool,
}

/// A row of the composition.
struct Row {
    name: &'static str,
    height: f64,
    /// The gap above it, in millimetres.
    gap: f64,
    /// The keys before those of its sizes, with a comma after each.
    style: &'static str,
    /// The largest and the smallest size of its letters, in points, and the number of its
    /// lines.
    sizes: (f64, f64, u32),
}

impl Row {
    const fn of(
        name: &'static str,
        (height, gap): (f64, f64),
        style: &'static str,
        sizes: (f64, f64, u32),
    ) -> Self {
        Self { name, height, gap, style, sizes }
    }
}

/// The rows of a certificate above its signatories.
const ROWS: [Row; 7] = [
    Row::of("heading", (15.0, 0.0), "case: upper, tracking: 0.14, ", (30.0, 13.0, 1)),
    Row::of("lead", (8.0, 3.0), "italic: true, ", (14.0, 8.0, 2)),
    Row::of("recipient", (22.0, 1.0), "weight: 500, ", (44.0, 14.0, 2)),
    Row::of("statement", (8.0, 1.0), "", (14.0, 8.0, 2)),
    Row::of("course", (15.0, 0.0), "italic: true, ", (25.0, 11.0, 3)),
    Row::of("statement-2", (8.0, 0.0), "", (14.0, 8.0, 2)),
    Row::of("outcome", (8.0, 0.0), "", (14.0, 8.0, 2)),
];
/// The height of the signatories, and the gaps above them and above the last row, in
/// millimetres.
const SIGNATORIES: f64 = 34.0;
const GAPS: (f64, f64) = (4.0, 4.0);

/// The keys of a slot's sizes, in points.
fn sizes(max: f64, min: f64, lines: u32, scale: f64) -> String {
    let max = (max * scale).max(min);
    let lines = if lines > 1 { format!(", lines: {lines}") } else { String::new() };
    format!("max: {}, min: {}{lines}", number(max), number(min))
}

/// The slots in a box; `None` if it is too small for any certificate.
pub(super) fn compose(area: &Area, style: &Style<'_>) -> Option<Composition> {
    let fits = |(width, height): (f64, f64)| area.width >= width && area.height >= height;
    if fits(WHOLE) {
        Some(whole(area, style))
    } else if fits(CARD) {
        Some(card(area, style))
    } else {
        None
    }
}

fn whole(area: &Area, style: &Style<'_>) -> Composition {
    let across = (area.width / USUAL.0).min(1.3);
    let code = (CODE.0 * across.min(area.height / USUAL.1)).clamp(CODE.1, CODE.2);
    let rows: f64 = ROWS.iter().map(|row| row.height + row.gap).sum();
    let fixed = rows + SIGNATORIES + GAPS.0 + GAPS.1;
    let down = ((area.height - code) / fixed).min(1.25);
    let scale = across.min(down);
    // The free height is divided among four places: above the heading, before and after
    // the signatories, and below the last row.
    let free = (area.height - code - fixed * down).max(0.0) / 4.0;
    let mut slots = Vec::new();
    let mut y = area.y + free;
    let align = align_key(style.align);
    for row in &ROWS {
        y += row.gap * down;
        let (max, min, lines) = row.sizes;
        let keys = format!("{}{}", row.style, sizes(max, min, lines, scale));
        let colour = colour_key(row.name, style);
        slots.push(SlotLine {
            name: row.name.to_owned(),
            area: [area.x, y, area.width, row.height * down],
            keys: format!("{keys}{align}{colour}"),
        });
        y += row.height * down;
    }
    y += GAPS.0 * down + 2.0 * free;
    let height = SIGNATORIES * down;
    slots.push(SlotLine {
        name: "signatories".to_owned(),
        area: [area.x, y, area.width, height],
        keys: {
            let vertical = if style.is_dark { "middle" } else { "bottom" };
            on_panel(format!("vertical: {vertical}{align}"), style, true)
        },
    });
    // The last row: date, verify line and code.
    let top = area.bottom() - code;
    let gap = 3.0;
    let date = (area.width - code) * 0.3;
    slots.push(SlotLine {
        name: "date".to_owned(),
        area: [area.x, top, date, code],
        keys: format!("vertical: bottom, align: start, {}", sizes(10.5, 7.5, 3, across)),
    });
    slots.push(SlotLine {
        name: "authenticity".to_owned(),
        area: [area.x + date + gap, top, area.width - code - date - 2.0 * gap, code],
        keys: format!("vertical: bottom, align: end, {}", sizes(8.0, 6.0, 5, across)),
    });
    slots.push(SlotLine {
        name: "code".to_owned(),
        area: [area.right() - code, top, code, code],
        keys: on_panel(String::new(), style, false),
    });
    let signatories = if area.width < 150.0 { 4 } else { 6 };
    Composition { slots, without: Vec::new(), signatories }
}

/// A card: the name and the course beside the code.
fn card(area: &Area, style: &Style<'_>) -> Composition {
    let code = (area.height * 0.5).clamp(15.0, 20.0);
    let foot = 7.0;
    let down = (area.height - foot - 1.0) / 27.0;
    let width = area.width - code - 2.0;
    let align = align_key("start");
    let rows: [(&str, f64, String); 4] = [
        ("heading", 5.0, format!("weight: 600, {}", sizes(10.0, 6.5, 1, 1.0))),
        ("recipient", 9.5, format!("weight: 600, {}", sizes(17.0, 8.0, 2, down))),
        ("course", 8.0, sizes(10.0, 6.5, 2, 1.0)),
        ("date", 4.5, sizes(7.0, 5.5, 1, 1.0)),
    ];
    let mut y = area.y;
    let mut slots = Vec::new();
    for (name, height, keys) in rows {
        let colour = colour_key(name, style);
        slots.push(SlotLine {
            name: name.to_owned(),
            area: [area.x, y, width, height * down],
            keys: format!("{keys}{align}{colour}"),
        });
        y += height * down;
    }
    slots.push(SlotLine {
        name: "code".to_owned(),
        area: [area.right() - code, area.y, code, code],
        keys: on_panel(String::new(), style, false),
    });
    // The usual place of the specimen's mark, in the corner, would be that of the code.
    let free = area.y + code + 0.5;
    slots.push(SlotLine {
        name: "specimen".to_owned(),
        area: [area.right() - code - 1.0, free, code + 1.0, area.bottom() - foot - free],
        keys: format!("vertical: middle, align: end, {}", sizes(7.0, 5.0, 1, 1.0)),
    });
    slots.push(SlotLine {
        name: "authenticity".to_owned(),
        area: [area.x, area.bottom() - foot, area.width, foot],
        keys: format!("vertical: bottom, align: start, {}", sizes(6.0, 5.0, 2, 1.0)),
    });
    let without = vec!["lead", "statement", "outcome", "signatories"];
    Composition { slots, without, signatories: 0 }
}

fn align_key(align: &str) -> String {
    if align == "center" { String::new() } else { format!(", align: {align}") }
}

/// The colour key of the heading: the accent, if that can be read.
fn colour_key(name: &str, style: &Style<'_>) -> &'static str {
    if name == "heading" && style.has_accent { ", colour: accent" } else { "" }
}

/// If the ground is dark, adds a panel in the colour of paper below content for light
/// paper: scans and the QR code.
fn on_panel(keys: String, style: &Style<'_>, has_text: bool) -> String {
    if !style.is_dark {
        return keys;
    }
    let ink = if has_text {
        format!(", colour: \"{}\"", style.panel_ink)
    } else {
        String::new()
    };
    let comma = if keys.is_empty() { "" } else { ", " };
    format!("{keys}{comma}fill: paper{ink}")
}
