//! The colours of a page, derived from the three of a certificate's theme.
//!
//! The decision made here: contrast takes precedence over the theme. Text gets a contrast of at
//! least 4.5 to 1 (WCAG 2.2, 1.4.3) and the edges of controls at least 3 to 1 (1.4.11), whatever
//! the theme.

use std::fmt::Write as _;

use super::facts::PageTheme;
use crate::site::course::Colour;

/// The contrast of text: above the 4.5 of WCAG, because colours are rounded to whole numbers.
const MIN_TEXT_CONTRAST: f64 = 4.6;
/// The contrast of the main text, for comfort.
const MIN_INK_CONTRAST: f64 = 9.0;
/// The contrast of the edges of controls: above the 3 of WCAG.
const MIN_EDGE_CONTRAST: f64 = 3.1;
/// A paper whose relative luminance is below this is dark.
const MAX_DARK_LUMINANCE: f64 = 0.18;

/// The colours, by their names in `style.css`.
pub(super) struct Palette {
    ground: Colour,
    card: Colour,
    ink: Colour,
    quiet: Colour,
    accent: Colour,
    on_accent: Colour,
    line: Colour,
    edge: Colour,
    good: Colour,
    warn: Colour,
    bad: Colour,
    /// Behind the QR code, which is black.
    code: Colour,
}

impl Palette {
    /// The variables of `style.css`: for a light screen, a dark screen and print.
    pub(super) fn css(theme: &PageTheme) -> String {
        let day = Self::new(theme.paper, theme.ink, theme.accent);
        let print = Self::new(Colour::WHITE, Colour::BLACK, theme.accent);
        let mut css = String::new();
        if is_dark(theme.paper) {
            // A dark theme is dark on a light screen as well.
            day.write("", "dark", &mut css);
        } else {
            day.write("", "light", &mut css);
            let (paper, ink) = night(theme);
            let night = Self::new(paper, ink, theme.accent);
            let screen = "screen and (prefers-color-scheme: dark)";
            night.write(screen, "dark", &mut css);
        }
        print.write("print", "light", &mut css);
        css
    }

    fn new(paper: Colour, ink: Colour, accent: Colour) -> Self {
        let card = paper;
        let ground = if is_dark(paper) {
            mix(paper, Colour::BLACK, 0.35)
        } else {
            mix(paper, ink, 0.025)
        };
        // On a middle grey only black or white has enough contrast, and perhaps not on both shades.
        let is_readable = [Colour::BLACK, Colour::WHITE].iter().any(|text| {
            text.contrast(ground).min(text.contrast(card)) >= MIN_TEXT_CONTRAST
        });
        let ground = if is_readable { ground } else { paper };
        let on = [card, ground];
        let status = |red, green, blue| {
            readable(Colour { red, green, blue }, on, MIN_TEXT_CONTRAST)
        };
        let accent = readable(accent, on, MIN_TEXT_CONTRAST);
        Self {
            ground,
            card,
            ink: readable(ink, on, MIN_INK_CONTRAST),
            quiet: readable(mix(ink, paper, 0.38), on, MIN_TEXT_CONTRAST),
            accent,
            on_accent: if accent.contrast(Colour::WHITE) >= accent.contrast(Colour::BLACK)
            {
                Colour::WHITE
            } else {
                Colour::BLACK
            },
            line: mix(paper, ink, 0.16),
            edge: readable(mix(ink, paper, 0.5), on, MIN_EDGE_CONTRAST),
            good: status(0x1d, 0x6b, 0x3c),
            warn: status(0x8a, 0x5a, 0x00),
            bad: status(0xa8, 0x1c, 0x1c),
            code: if ground.luminance() < 0.75 { Colour::WHITE } else { ground },
        }
    }

    fn colours(&self) -> [(&'static str, Colour); 12] {
        [
            ("ground", self.ground),
            ("card", self.card),
            ("ink", self.ink),
            ("quiet", self.quiet),
            ("accent", self.accent),
            ("on-accent", self.on_accent),
            ("line", self.line),
            ("edge", self.edge),
            ("good", self.good),
            ("warn", self.warn),
            ("bad", self.bad),
            ("code", self.code),
        ]
    }

    fn write(&self, media: &str, scheme: &str, css: &mut String) {
        let mut rule = format!(":root {{ color-scheme: {scheme};");
        for (name, colour) in self.colours() {
            write!(rule, " --{name}: {colour};").expect("a string grows");
        }
        // A QR code with its own background must not extend into the margin.
        let hang = if self.code == self.ground { "-0.8rem" } else { "0rem" };
        write!(rule, " --hang: {hang}; }}").expect("a string grows");
        if !media.is_empty() {
            rule = format!("@media {media} {{ {rule} }}");
        }
        writeln!(css, "{rule}").expect("a string grows");
    }
}

/// Paper and ink for a dark screen: the theme's ink, darkened, as paper, and its paper, dimmed, as
/// ink.
fn night(theme: &PageTheme) -> (Colour, Colour) {
    let step = |towards: Colour, enough: fn(f64) -> bool, from: Colour| {
        (0..=32)
            .map(|step| mix(from, towards, f64::from(step) / 32.0))
            .find(|colour| enough(colour.luminance()))
            .unwrap_or(towards)
    };
    let paper = step(Colour::BLACK, |luminance| luminance <= 0.013, theme.ink);
    let paper = step(Colour::WHITE, |luminance| luminance >= 0.009, paper);
    (paper, mix(theme.paper, paper, 0.12))
}

/// Whether text on this colour is light.
fn is_dark(colour: Colour) -> bool {
    colour.luminance() < MAX_DARK_LUMINANCE
}

/// The colour, moved towards black or white until its contrast with each background is enough.
fn readable(colour: Colour, grounds: [Colour; 2], least: f64) -> Colour {
    let least_of = |colour: Colour| {
        grounds.map(|ground| colour.contrast(ground)).into_iter().fold(21.0, f64::min)
    };
    let goal = if least_of(Colour::BLACK) >= least_of(Colour::WHITE) {
        Colour::BLACK
    } else {
        Colour::WHITE
    };
    (0..=64)
        .map(|step| mix(colour, goal, f64::from(step) / 64.0))
        .find(|colour| least_of(*colour) >= least)
        .unwrap_or(goal)
}

/// The mixture that has this share of the other colour, from 0 to 1.
fn mix(one: Colour, other: Colour, share: f64) -> Colour {
    let mix = |one: u8, other: u8| {
        let (one, other) = (f64::from(one), f64::from(other));
        (one + (other - one) * share).round() as u8
    };
    Colour {
        red: mix(one.red, other.red),
        green: mix(one.green, other.green),
        blue: mix(one.blue, other.blue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_gets_enough_contrast() {
        let shares = [0x00, 0x44, 0x77, 0xbb, 0xff];
        let colours: Vec<Colour> = shares
            .iter()
            .flat_map(|red| shares.map(|green| (*red, green)))
            .flat_map(|(red, green)| shares.map(|blue| Colour { red, green, blue }))
            .collect();
        for paper in &colours {
            for accent in colours.iter().step_by(7) {
                let theme = PageTheme { paper: *paper, accent: *accent, ink: *accent };
                let (dark, light) = night(&theme);
                for palette in [
                    Palette::new(*paper, *accent, *accent),
                    Palette::new(dark, light, *accent),
                ] {
                    let Palette { ground, card, .. } = palette;
                    for (name, colour) in palette.colours() {
                        let least = match name {
                            "ground" | "card" | "line" | "on-accent" | "code" => continue,
                            "edge" => 3.0,
                            _ => 4.5,
                        };
                        for ground in [ground, card] {
                            let contrast = colour.contrast(ground);
                            assert!(
                                contrast >= least,
                                "{name} {colour} on {ground}: {contrast}"
                            );
                        }
                    }
                    assert!(palette.on_accent.contrast(palette.accent) >= 4.5);
                }
            }
        }
    }

    #[test]
    fn theme_with_enough_contrast_is_kept() {
        let theme = ["#8c1414", "#fffdf8", "#1d1a16"].map(|text| text.parse().unwrap());
        let [accent, paper, ink] = theme;
        let css = Palette::css(&PageTheme { accent, paper, ink });
        assert!(css.contains("--card: #fffdf8"), "{css}");
        assert!(css.contains("--accent: #8c1414"), "{css}");
        assert!(css.contains("--ink: #1d1a16"), "{css}");
    }
}
