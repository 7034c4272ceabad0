//! The fonts of Moodle's PDF library, by the families of this one that stand for them.

/// A family, what it is like, and how its text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MoodleFont {
    /// `serif` or `sans`: the name of the face.
    pub(super) face: &'static str,
    pub(super) is_bold: bool,
    pub(super) is_italic: bool,
    /// Whether a family of fixed width stood there, which has no counterpart.
    pub(super) is_fixed: bool,
}

/// The families of the faces.
pub(super) const FAMILIES: [(&str, &str); 2] =
    [("serif", "EB Garamond"), ("sans", "Source Sans 3")];

/// What stands for a font by its name in TCPDF: a family in small letters and its style, such as
/// `freeserifbi`.
pub(super) fn font(name: &str) -> MoodleFont {
    let name = name.to_ascii_lowercase();
    let family = ["bi", "b", "i"].into_iter().find_map(|style| {
        let family = name.strip_suffix(style)?;
        // `symbol` and the like do not end with a style.
        KNOWN.iter().any(|(known, _)| *known == family).then_some((family, style))
    });
    let (family, style) = family.unwrap_or((&name, ""));
    let known =
        KNOWN.iter().find(|(known, _)| *known == family).map_or("sans", |it| it.1);
    MoodleFont {
        face: if known == "serif" { "serif" } else { "sans" },
        is_bold: style.contains('b'),
        is_italic: style.contains('i'),
        is_fixed: known == "fixed",
    }
}

/// The families that Moodle brings along.
const KNOWN: [(&str, &str); 15] = [
    ("times", "serif"),
    ("freeserif", "serif"),
    ("dejavuserif", "serif"),
    ("georgia", "serif"),
    ("cid0jp", "serif"),
    ("kozminproregular", "serif"),
    ("msungstdlight", "serif"),
    ("helvetica", "sans"),
    ("arial", "sans"),
    ("freesans", "sans"),
    ("dejavusans", "sans"),
    ("dejavusanscondensed", "sans"),
    ("courier", "fixed"),
    ("freemono", "fixed"),
    ("dejavusansmono", "fixed"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_is_told_from_the_family() {
        let style = |name| {
            let font = font(name);
            (font.face, font.is_bold, font.is_italic)
        };
        assert_eq!(style("freeserifbi"), ("serif", true, true));
        assert_eq!(style("times"), ("serif", false, false));
        assert_eq!(style("helveticab"), ("sans", true, false));
        assert_eq!(style("somethingi"), ("sans", false, false));
        assert!(font("courier").is_fixed);
    }
}
