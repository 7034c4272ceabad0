//! What the paper would look like without the ink.
//!
//! Takes a photo's brightness; gives [`Darkness`]: how much of the light each pixel swallows, and how
//! much of that may be chance. The decision: paper is a *closing*. Whatever is dark and narrower
//! than a twelfth of the picture is filled from its surroundings; a shadow or a desk is wider and
//! stays, with its edge where it was, however dark it is. So no threshold ever compares ink in the
//! light with paper in the shade.

use image::RgbImage;

use super::plane::Plane;

/// What was lifted off the paper, both in 255ths of the light that the paper around returns.
pub(super) struct Darkness {
    /// Nought on paper; near 255 in black ink. In linear light, where half covered is half dark.
    pub(super) dark: Plane,
    /// What noise, and the artefacts along hard edges, can feign here.
    pub(super) doubt: Plane,
    /// Brightness of the paper.
    pub(super) paper: Plane,
}

/// Brightness as JPEG has it: its sharpest channel (ITU-R BT.601).
pub(super) fn luma(image: &RgbImage) -> Plane {
    let data = image
        .as_raw()
        .chunks_exact(3)
        .map(|rgb| {
            let [red, green, blue] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
            ((77 * red + 150 * green + 29 * blue + 128) >> 8) as u8
        })
        .collect();
    Plane { width: image.width() as usize, height: image.height() as usize, data }
}

impl Darkness {
    pub(super) fn of(luma: &Plane) -> Self {
        let shorter = luma.width.min(luma.height);
        let widest = (shorter / 12).clamp(24, 200);
        let closed = luma.median().close(widest);
        // Blocks of JPEG ring up to eight pixels away from an edge.
        let edges = closed.range(17);
        let levels = Levels::measure(luma, &closed);
        let mut dark = Plane::new(luma.width, luma.height, 0);
        let mut doubt = dark.clone();
        for index in 0..luma.data.len() {
            let level = usize::from(closed.data[index]) << 8;
            dark.data[index] = levels.dark[level | usize::from(luma.data[index])];
            doubt.data[index] = levels.doubt[level | usize::from(edges.data[index])];
        }
        Self { dark, doubt, paper: closed }
    }
}

/// Tables by the closing's level.
struct Levels {
    /// Darkness by level and brightness.
    dark: Vec<u8>,
    /// Doubt by level and the height of the nearest edge.
    doubt: Vec<u8>,
}

impl Levels {
    /// Ringing along an edge, as a share of its height.
    const RINGING: f32 = 0.08;
    /// How many deviations of the noise count as chance.
    const DEVIATIONS: f32 = 4.0;

    /// A closing lies above the paper by some deviations of the noise, which differs between light
    /// and shade; so the paper at a level is the median of the pixels there.
    fn measure(luma: &Plane, closed: &Plane) -> Self {
        let mut below = vec![[0_u32; 256]; 256];
        for (&level, &value) in closed.data.iter().zip(&luma.data) {
            below[usize::from(level)][usize::from(level.saturating_sub(value))] += 1;
        }
        let enough = (luma.data.len() / 2000) as u32;
        let mut tables = Self {
            dark: Vec::with_capacity(1 << 16),
            doubt: Vec::with_capacity(1 << 16),
        };
        for level in 0..256 {
            let (offset, noise) = offset_and_noise(&below, level, enough);
            let paper = (level as f32 - offset).max(1.0);
            let swallowed = |value: f32| {
                let share = 1.0 - linear(value.max(0.0)) / linear(paper);
                (share * 255.0).round().clamp(0.0, 255.0) as u8
            };
            for value in 0..256 {
                tables.dark.push(swallowed(value as f32));
                let feigned =
                    1.5 + Self::DEVIATIONS * noise + Self::RINGING * value as f32;
                tables.doubt.push(swallowed(paper - feigned).max(1));
            }
        }
        tables
    }
}

/// How far the paper lies below the closing's level, and the deviation of its noise. Levels that are
/// rare borrow from their neighbours.
fn offset_and_noise(below: &[[u32; 256]], level: usize, enough: u32) -> (f32, f32) {
    let mut histogram = below[level];
    let mut count: u32 = histogram.iter().sum();
    for reach in 1..12 {
        if count >= enough {
            break;
        }
        let neighbours = [level.checked_sub(reach), Some(level + reach)];
        for near in neighbours.into_iter().flatten().filter_map(|level| below.get(level))
        {
            for (sum, &more) in histogram.iter_mut().zip(near) {
                *sum += more;
                count += more;
            }
        }
    }
    if count == 0 {
        return (0.0, 1.0);
    }
    let quantile = |share: f32| {
        let wanted = share * count as f32;
        let mut seen = 0.0;
        for (value, &here) in histogram.iter().enumerate() {
            let here = here as f32;
            if here > 0.0 && seen + here >= wanted {
                return value as f32 - 0.5 + (wanted - seen) / here;
            }
            seen += here;
        }
        255.0
    };
    // Only the brighter half is looked at: ink spoils the darker one. The 16th percentile of a normal
    // distribution lies one deviation from the median, the 31st half a deviation.
    let (bright, half) = (quantile(0.16), quantile(0.31));
    let noise = (2.0 * (half - bright)).max(0.3);
    let offset = quantile(0.5).min(half + noise);
    (offset.max(0.0), noise)
}

/// Light from an sRGB value of 0 to 255, as a share (IEC 61966-2-1).
pub(super) fn linear(value: f32) -> f32 {
    let value = value / 255.0;
    match value <= 0.04045 {
        true => value / 12.92,
        false => ((value + 0.055) / 1.055).powf(2.4),
    }
}

/// The sRGB value of a share of light.
pub(super) fn encoded(share: f32) -> u8 {
    let value = match share <= 0.0031308 {
        true => share * 12.92,
        false => 1.055 * share.powf(1.0 / 2.4) - 0.055,
    };
    (value * 255.0).round().clamp(0.0, 255.0) as u8
}
