//! Colours: the median of many, and the transfer function of sRGB (IEC 61966-2-1).

/// The median of each channel; `None` without colours.
pub(super) fn median_colour(colours: impl Iterator<Item = [u8; 3]>) -> Option<[u8; 3]> {
    let mut histograms = [[0_u32; 256]; 3];
    let mut count = 0;
    for colour in colours {
        count += 1;
        for (histogram, value) in histograms.iter_mut().zip(colour) {
            histogram[usize::from(value)] += 1;
        }
    }
    (count > 0).then(|| {
        histograms.map(|histogram| {
            let mut seen = 0;
            let middle = histogram.iter().position(|bin| {
                seen += bin;
                2 * seen >= count
            });
            middle.unwrap_or(255) as u8
        })
    })
}

/// The linear light, from 0 to 1, of an sRGB value from 0 to 255.
pub(super) fn to_linear(value: f32) -> f32 {
    let value = value / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The sRGB value, from 0 to 255, of linear light from 0 to 1.
pub(super) fn to_srgb(light: f32) -> u8 {
    let value = if light <= 0.0031308 {
        light * 12.92
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    };
    (value * 255.0).round().clamp(0.0, 255.0) as u8
}
