//! Background subtraction: how dark each pixel is compared with the paper around it.
//!
//! Takes a photo's brightness; gives [`Darkness`]. The decision: the paper is a morphological
//! closing of the photo. The closing fills dark shapes that are narrower than a twelfth of the
//! picture; a shadow or a desk is wider and stays, with its edges. So no threshold compares ink in
//! the light with paper in a shadow.

use image::RgbImage;

use super::colour::to_linear;
use super::gray::Gray;

/// The light that is missing, compared with the paper around.
pub(super) struct Darkness {
    /// The share of the paper's light that a pixel absorbs, in 255ths: 0 on paper, near 255 in
    /// black ink. Measured in linear light, where a pixel that is half covered is half as dark.
    pub(super) dark: Gray,
    /// The darkness that noise and compression artefacts can cause here; only more is ink.
    pub(super) noise_limit: Gray,
    /// The brightness of the paper.
    pub(super) paper: Gray,
}

/// The luma of ITU-R BT.601, which is the channel that JPEG compresses least.
pub(super) fn luma(image: &RgbImage) -> Gray {
    let data = image
        .as_raw()
        .chunks_exact(3)
        .map(|rgb| {
            let [red, green, blue] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
            ((77 * red + 150 * green + 29 * blue + 128) >> 8) as u8
        })
        .collect();
    Gray { width: image.width() as usize, height: image.height() as usize, data }
}

impl Darkness {
    /// Subtracts the background.
    pub(super) fn of(luma: &Gray) -> Self {
        let shorter = luma.width.min(luma.height);
        let max_stroke = (shorter / 12).clamp(24, 200);
        let closed = luma.median().close(max_stroke);
        // Blocks of JPEG have ringing up to eight pixels away from an edge.
        let edges = closed.gradient(17);
        let levels = Levels::measure(luma, &closed);
        let mut dark = Gray::new(luma.width, luma.height, 0);
        let mut noise_limit = dark.clone();
        for index in 0..luma.data.len() {
            let level = usize::from(closed.data[index]) << 8;
            dark.data[index] = levels.dark[level | usize::from(luma.data[index])];
            noise_limit.data[index] =
                levels.noise_limit[level | usize::from(edges.data[index])];
        }
        Self { dark, noise_limit, paper: closed }
    }
}

/// Lookup tables by the level, which is the value of the closing.
struct Levels {
    /// Darkness by level and brightness.
    dark: Vec<u8>,
    /// Noise limit by level and by the height of the nearest edge.
    noise_limit: Vec<u8>,
}

impl Levels {
    /// The amplitude of ringing along an edge, as a share of the edge's height.
    const RINGING: f32 = 0.08;
    /// How many standard deviations from the paper count as noise.
    const DEVIATIONS: f32 = 4.0;

    /// Measures the paper at each level. A closing lies above the paper by some deviations of the
    /// noise, which differs between light and shadow; so the paper at a level is the median of the
    /// pixels there.
    fn measure(luma: &Gray, closed: &Gray) -> Self {
        let mut below = vec![[0_u32; 256]; 256];
        for (&level, &value) in closed.data.iter().zip(&luma.data) {
            below[usize::from(level)][usize::from(level.saturating_sub(value))] += 1;
        }
        let min_count = (luma.data.len() / 2000) as u32;
        let mut tables = Self {
            dark: Vec::with_capacity(1 << 16),
            noise_limit: Vec::with_capacity(1 << 16),
        };
        for level in 0..256 {
            let (offset, noise) = offset_and_noise(&below, level, min_count);
            let paper = (level as f32 - offset).max(1.0);
            let absorbed = |value: f32| {
                let share = 1.0 - to_linear(value.max(0.0)) / to_linear(paper);
                (share * 255.0).round().clamp(0.0, 255.0) as u8
            };
            for value in 0..256 {
                tables.dark.push(absorbed(value as f32));
                let deviation =
                    1.5 + Self::DEVIATIONS * noise + Self::RINGING * value as f32;
                tables.noise_limit.push(absorbed(paper - deviation).max(1));
            }
        }
        tables
    }
}

/// How far the paper lies below the closing's level, and the standard deviation of its noise. The
/// histogram of a rare level is completed by those of its neighbours.
fn offset_and_noise(below: &[[u32; 256]], level: usize, min_count: u32) -> (f32, f32) {
    let mut histogram = below[level];
    let mut count: u32 = histogram.iter().sum();
    for distance in 1..12 {
        if count >= min_count {
            break;
        }
        let neighbours = [level.checked_sub(distance), Some(level + distance)];
        let neighbours = neighbours.into_iter().flatten();
        for neighbour in neighbours.filter_map(|level| below.get(level)) {
            for (sum, &more) in histogram.iter_mut().zip(neighbour) {
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
        for (value, &bin) in histogram.iter().enumerate() {
            let bin = bin as f32;
            if bin > 0.0 && seen + bin >= wanted {
                return value as f32 - 0.5 + (wanted - seen) / bin;
            }
            seen += bin;
        }
        255.0
    };
    // Only the brighter half is measured, since ink distorts the darker one. The 16th percentile of
    // a normal distribution lies one deviation from the median, the 31st half a deviation.
    let (bright, half) = (quantile(0.16), quantile(0.31));
    let noise = (2.0 * (half - bright)).max(0.3);
    let offset = quantile(0.5).min(half + noise);
    (offset.max(0.0), noise)
}
