//! Writes a `layout.yaml` with slots.

use std::fmt::Write as _;

use crate::base::yaml::scalar;

/// The content of a `layout.yaml` with slots.
#[derive(Debug, Default)]
pub(crate) struct LayoutFile {
    /// A comment at its beginning, of several lines.
    pub(crate) comment: String,
    /// The value of `paper`, as it is written.
    pub(crate) paper: String,
    pub(crate) landscape: bool,
    pub(crate) background: Option<String>,
    /// The lines of `faces`: a name, a family and its kind (`like`).
    pub(crate) faces: Vec<(String, String, &'static str)>,
    /// The most signatories.
    pub(crate) signatories: usize,
    /// The colours `accent`, `paper` and `ink`.
    pub(crate) theme: [String; 3],
    /// The roles that the page leaves out.
    pub(crate) without: Vec<&'static str>,
    pub(crate) slots: Vec<SlotLine>,
}

/// One slot.
#[derive(Debug, Clone)]
pub(crate) struct SlotLine {
    pub(crate) name: String,
    /// Left, top, width and height in millimetres.
    pub(crate) area: [f64; 4],
    /// The other keys, as they are written, without a comma before them.
    pub(crate) keys: String,
}

impl LayoutFile {
    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for line in self.comment.lines() {
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(text, "sheet: 2\npaper: {}", self.paper);
        if self.landscape {
            text.push_str("orientation: landscape\n");
        }
        if let Some(background) = &self.background {
            let _ = writeln!(text, "background: {}", scalar(background));
        }
        text.push_str("\nfaces:\n");
        for (name, family, like) in &self.faces {
            let _ = writeln!(text, "  {name}: {{ family: {family}, like: {like} }}");
        }
        let [accent, paper, ink] = &self.theme;
        let _ = writeln!(
            text,
            "\ntheme: {{ accent: \"{accent}\", paper: \"{paper}\", ink: \"{ink}\" }}"
        );
        if self.signatories > 0 {
            let _ = writeln!(text, "signatories: {}", self.signatories);
        }
        if !self.without.is_empty() {
            let _ = writeln!(
                text,
                "# What the page leaves out. A role that gets a slot is taken from this list.\n\
                 without: [{}]",
                self.without.join(", ")
            );
        }
        text.push_str(
            "\n# Millimetres from the upper left corner of the paper; sizes of letters in points.\n\
             slots:\n",
        );
        for SlotLine { name, area, keys } in &self.slots {
            // The far edges are rounded down, so that slots that touch do not overlap.
            let [x, y, width, height] = *area;
            let end = |from: f64, length: f64| {
                number(
                    ((from + length) * 10.0 + 1e-6).floor() / 10.0
                        - (from * 10.0).round() / 10.0,
                )
            };
            let (width, height) = (end(x, width), end(y, height));
            let (x, y) = (number(x), number(y));
            let comma = if keys.is_empty() { "" } else { ", " };
            let _ = writeln!(
                text,
                "  {name}: {{ x: {x}, y: {y}, width: {width}, height: {height}{comma}{keys} }}"
            );
        }
        text
    }
}

/// A number with at most one decimal.
pub(crate) fn number(value: f64) -> String {
    format!("{}", (value * 10.0).round() / 10.0)
}
