//! Visible colours, and the contrast between two of them (WCAG 2.2).

use typst::visualize::Paint;

/// A colour of sRGB; each part from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rgb(pub(super) [f64; 3]);

impl Rgb {
    pub(super) const WHITE: Self = Self([1.0; 3]);
    pub(super) const BLACK: Self = Self([0.0; 3]);

    /// The colour of an opaque paint; `None` for a paint without one colour, or one that
    /// is not opaque.
    pub(super) fn opaque(paint: &Paint) -> Option<Self> {
        let Paint::Solid(color) = paint else { return None };
        let color = color.to_rgb();
        let parts = [color.red, color.green, color.blue].map(f64::from);
        (color.alpha > 0.999).then_some(Self(parts))
    }

    /// A colour of 8 bits a part.
    pub(super) fn of_bytes(bytes: [u8; 3]) -> Self {
        Self(bytes.map(|byte| f64::from(byte) / 255.0))
    }

    /// This colour over another, with an opacity from 0 to 1.
    pub(super) fn over(self, ground: Self, opacity: f64) -> Self {
        let mix =
            |index: usize| self.0[index] * opacity + ground.0[index] * (1.0 - opacity);
        Self([mix(0), mix(1), mix(2)])
    }

    /// The relative luminance, from 0 to 1.
    fn luminance(self) -> f64 {
        let linear = self.0.map(|part| {
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
}

/// The darkest and the lightest of some colours, by their relative luminance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tones {
    darkest: f64,
    lightest: f64,
}

impl Tones {
    pub(super) fn of(colour: Rgb) -> Self {
        let luminance = colour.luminance();
        Self { darkest: luminance, lightest: luminance }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            darkest: self.darkest.min(other.darkest),
            lightest: self.lightest.max(other.lightest),
        }
    }

    /// The highest contrast of one of these tones with any tone between the darkest and
    /// the lightest of `ground`.
    pub(super) fn highest_contrast(self, ground: Self) -> f64 {
        let contrast = |tone: f64| {
            let nearest = tone.clamp(ground.darkest, ground.lightest);
            (tone.max(nearest) + 0.05) / (tone.min(nearest) + 0.05)
        };
        contrast(self.darkest).max(contrast(self.lightest))
    }

    /// The lowest contrast of a colour with one between the darkest and the lightest.
    pub(super) fn contrast(self, colour: Rgb) -> f64 {
        let luminance = colour.luminance();
        let nearest = luminance.clamp(self.darkest, self.lightest);
        (luminance.max(nearest) + 0.05) / (luminance.min(nearest) + 0.05)
    }
}

/// The contrast of two colours: 1 for the same, 21 for black and white.
pub(super) fn ratio(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (a.luminance(), b.luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrasts_are_those_of_the_standard() {
        let grey = |byte| Rgb::of_bytes([byte; 3]);
        assert!((ratio(grey(0), Rgb::WHITE) - 21.0).abs() < 1e-9);
        // On white, the lightest grey with a contrast of 4.5, and the next lighter one.
        assert!(ratio(grey(0x76), Rgb::WHITE) >= 4.5);
        assert!(ratio(grey(0x77), Rgb::WHITE) < 4.5);
        assert!((ratio(grey(80), grey(80)) - 1.0).abs() < 1e-9);
        assert_eq!(grey(0).over(Rgb::WHITE, 0.0), Rgb::WHITE);
    }
}
