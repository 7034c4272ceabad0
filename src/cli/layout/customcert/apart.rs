//! Tells slots over each other apart.

use crate::press::start::SlotLine;

/// The smallest gap between two slots, and the distances of a corner from the edges, in millimetres.
const GAP: f64 = 0.2;
const MARGINS: [f64; 3] = [10.0, 5.0, 3.0];
/// The width that stays free for a QR code in the same corner.
const BESIDE: f64 = 22.0;

/// A slot that is placed, before slots over each other are told apart.
pub(super) struct Placed {
    pub(super) line: SlotLine,
    /// The name of the element, for notes.
    pub(super) name: String,
    /// The height of one line in millimetres; none of a picture.
    pub(super) line_height: Option<f64>,
    /// Whether Moodle says nothing of its width.
    pub(super) is_wide: bool,
    pub(super) is_ornament: bool,
}

impl Placed {
    /// The point at which its words begin, end, or have their middle, from the left edge of the page.
    fn anchor(&self) -> f64 {
        let [x, _, width, _] = self.line.area;
        if self.line.keys.contains("align: left") {
            x
        } else if self.line.keys.contains("align: right") {
            x + width
        } else {
            x + width / 2.0
        }
    }

    /// A slot without words of a given size.
    pub(super) fn picture(slot: &str, area: [f64; 4], keys: String, name: &str) -> Self {
        Self {
            line: SlotLine { name: slot.to_owned(), area, keys },
            name: name.to_owned(),
            line_height: None,
            is_wide: false,
            is_ornament: false,
        }
    }
}

/// Makes slots over each other lower or narrower, where Moodle leaves it open how large they are.
pub(super) fn separate(slots: &mut [Placed], page_height: f64) -> Vec<String> {
    let mut notes = Vec::new();
    let mut order: Vec<usize> =
        (0..slots.len()).filter(|&index| !slots[index].is_ornament).collect();
    let y = |index: &usize| slots[*index].line.area[1];
    order.sort_by(|a, b| y(a).total_cmp(&y(b)));
    for (position, &upper) in order.iter().enumerate() {
        for &lower in &order[position + 1..] {
            notes.extend(separate_two(slots, upper, lower));
        }
    }
    // Words of one line may become two where there is room below them.
    for &index in &order {
        let Some(line) = slots[index].line_height else { continue };
        let area = slots[index].line.area;
        let wanted = 2.0 * line;
        if area[3] >= wanted || area[1] + wanted > page_height - 2.0 {
            continue;
        }
        let grown = [area[0], area[1], area[2], wanted];
        let others = order.iter().filter(|other| **other != index);
        if others.clone().all(|&other| !meets(&grown, &slots[other].line.area)) {
            slots[index].line.area = grown;
        }
    }
    notes
}

/// Makes one of two slots give way. Returns what a person should know if none of them can.
fn separate_two(slots: &mut [Placed], upper: usize, lower: usize) -> Option<String> {
    let (a, b) = (slots[upper].line.area, slots[lower].line.area);
    if !meets(&a, &b) {
        return None;
    }
    let line = slots[upper].line_height.unwrap_or(a[3]);
    if b[1] - a[1] >= line * 0.95 {
        slots[upper].line.area[3] = b[1] - a[1] - GAP;
        return None;
    }
    // They stand beside each other: the one that takes all of the width gives way.
    let (left, right) = if slots[upper].anchor() <= slots[lower].anchor() {
        (upper, lower)
    } else {
        (lower, upper)
    };
    let (l, r) = (slots[left].line.area, slots[right].line.area);
    let is_left = slots[left].line.keys.contains("align: left");
    let is_right = slots[right].line.keys.contains("align: right");
    let both = slots[left].is_wide && slots[right].is_wide && is_left && is_right;
    if both && r[0] + r[2] - l[0] > 2.0 * line {
        let middle = f64::midpoint(l[0], r[0] + r[2]);
        slots[left].line.area[2] = middle - l[0] - GAP;
        let area = &mut slots[right].line.area;
        area[2] = area[0] + area[2] - middle;
        area[0] = middle;
    } else if slots[left].is_wide && is_left && r[0] - l[0] > line {
        slots[left].line.area[2] = r[0] - l[0] - GAP;
    } else if slots[right].is_wide && is_right && r[0] + r[2] - l[0] - l[2] > line {
        let shift = l[0] + l[2] + GAP - r[0];
        let area = &mut slots[right].line.area;
        area[0] += shift;
        area[2] -= shift;
    } else if slots[left].is_wide || slots[right].is_wide {
        // A centred one becomes narrower on both sides.
        let wide = if slots[left].is_wide { left } else { right };
        let other = if wide == left { r } else { l };
        let area = &mut slots[wide].line.area;
        let middle = area[0] + area[2] / 2.0;
        let room = if other[0] > middle {
            other[0] - middle
        } else {
            middle - other[0] - other[2]
        };
        if room > line {
            area[0] = middle - room + GAP;
            area[2] = 2.0 * (room - GAP);
        }
    } else {
        return Some(format!(
            "the elements `{}` and `{}` lie over each other",
            slots[upper].name, slots[lower].name
        ));
    }
    None
}

/// A corner of a page of these sides with room for a slot, or the lower right one if none is free.
pub(super) fn free_corner(
    slots: &[Placed],
    page: (f64, f64),
    side: (f64, f64),
) -> [f64; 4] {
    let (w, h) = (side.0.min(page.0 / 3.0), side.1.min(page.1 / 3.0));
    let corners = MARGINS.iter().flat_map(|margin| {
        let (right, bottom) = (page.0 - w - margin, page.1 - h - margin);
        [
            (right, bottom),
            (right - BESIDE, bottom),
            (*margin, bottom),
            (right, *margin),
            (*margin, *margin),
        ]
    });
    let is_free = |area: &[f64; 4]| {
        let mut others = slots.iter().filter(|slot| !slot.is_ornament);
        others.all(|slot| !meets(area, &slot.line.area))
    };
    let found = corners.map(|(x, y)| [x, y, w, h]).find(is_free);
    found.unwrap_or([page.0 - w - MARGINS[2], page.1 - h - MARGINS[2], w, h])
}

/// Whether two boxes share more than what rounding makes.
fn meets(a: &[f64; 4], b: &[f64; 4]) -> bool {
    let across = (a[0] + a[2]).min(b[0] + b[2]) - a[0].max(b[0]);
    let down = (a[1] + a[3]).min(b[1] + b[3]) - a[1].max(b[1]);
    across.min(down) > 0.02
}
