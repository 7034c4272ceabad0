//! What makes a lifted ink doubtful: more in it than one signature, or a signature that stands on end.
//!
//! Takes the mask of the ink, and of a photo its colours; gives [`ScanDoubt`]s. The decision: these
//! are warnings and not errors, because handwriting may look like print. Each says what was found
//! and how to mend it.

use image::RgbImage;

use super::colour::{median_colour, to_linear};
use super::components::{Component, SignatureMask, has_second, pieces};
use super::coverage::MIN_PAPER_SHARE;
use super::gray::{Area, Gray};
use super::paper::Darkness;
use crate::base::error::{ErrorKind, Warning};

/// What is doubtful about the ink of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanDoubt {
    Second,
    Words,
    Ring,
    Colours,
    OnEnd,
    Frame,
    Paper,
}

impl ScanDoubt {
    /// The doubt as a warning.
    pub(crate) fn warning(self) -> Warning {
        let (message, help) = match self {
            Self::Second => (
                "the scan has a second signature",
                "cut the picture to one signature, with paper around it",
            ),
            Self::Words => (
                "the scan has printed words beside the signature",
                "cut them off: the page prints the name and the title itself",
            ),
            Self::Ring => (
                "the signature has a ring on it, as of a cup or a round stamp",
                "sign on clean paper, without a stamp, and scan that",
            ),
            Self::Colours => (
                "the scan has ink of two colours, as of a stamp or print over the signature",
                "scan the signature alone, or erase the other colour",
            ),
            Self::OnEnd => (
                "the signature is much higher than wide, as if it stood on end",
                "turn the picture by a quarter, unless it is written so",
            ),
            Self::Frame => (
                "the signature has the lines of a frame around it",
                "cut the picture inside of the frame",
            ),
            Self::Paper => (
                "the paper of the scan is coloured, and so is what is seen of the ink",
                "sign on white paper, or give the ink a colour: `theme: { signature_ink: \"#1f3d5c\" }`",
            ),
        };
        Warning::new(ErrorKind::Image, message).with_help(help)
    }
}

/// The least height of a signature that stands on end, as a share of its width.
const MIN_ON_END: f32 = 1.5;

/// The doubts about a mask whose ink has these bounds.
pub(super) fn of_mask(mask: &Gray, ink: Area) -> Vec<ScanDoubt> {
    let [x, y, width, height] =
        [ink.x, ink.y, ink.width, ink.height].map(|value| value as usize);
    let mask = mask.crop(x, y, width, height);
    let pieces = pieces(&mask);
    let mut doubts = Vec::new();
    doubts.extend((has_second(&pieces) || has_bands(&mask)).then_some(ScanDoubt::Second));
    doubts.extend(has_words(&pieces).then_some(ScanDoubt::Words));
    doubts.extend(has_ring(&mask).then_some(ScanDoubt::Ring));
    doubts.extend(has_frame(&mask).then_some(ScanDoubt::Frame));
    let on_end = height as f32 >= MIN_ON_END * width as f32;
    doubts.extend(on_end.then_some(ScanDoubt::OnEnd));
    doubts
}

/// The doubts about the ink of a photo.
pub(super) fn of_photo(
    image: &RgbImage,
    darkness: &Darkness,
    signature: &SignatureMask,
    ink: Area,
) -> Vec<ScanDoubt> {
    let mut doubts = of_mask(&signature.mask, ink);
    if signature.has_second && !doubts.contains(&ScanDoubt::Second) {
        doubts.insert(0, ScanDoubt::Second);
    }
    let paper = paper_colour(image, darkness, signature);
    let light = paper.map(|value| to_linear(f32::from(value)));
    let (most, least) = (
        light.iter().copied().fold(0.0, f32::max),
        light.iter().copied().fold(1.0, f32::min),
    );
    if least < MIN_PAPER_SHARE * most {
        doubts.push(ScanDoubt::Paper);
    } else if has_two_colours(image, darkness, signature, paper) {
        doubts.push(ScanDoubt::Colours);
    }
    doubts
}

/// Whether the ink is two lines of writing with a band of paper between: two signatures, or one and
/// printed words.
fn has_bands(mask: &Gray) -> bool {
    let inked: Vec<bool> = (0..mask.height).map(|y| mask.row(y).contains(&255)).collect();
    let least = (mask.height / 25).max(4);
    let mut from = 0;
    let mut parts = Vec::new();
    let mut y = 0;
    while y < mask.height {
        let blank = inked[y..].iter().take_while(|inked| !**inked).count();
        if blank >= least {
            parts.push(from..y);
            from = y + blank;
        }
        y += blank.max(1);
    }
    parts.push(from..mask.height);
    let is_writing = |rows: &std::ops::Range<usize>| {
        let of_row = |y: usize| {
            let row = mask.row(y);
            row.windows(2).filter(|pair| pair[0] < pair[1]).count()
        };
        let crossed = rows.clone().filter(|&y| of_row(y) >= 5).count();
        rows.len() * 5 > mask.height && crossed * 4 > rows.len()
    };
    parts.iter().filter(|rows| is_writing(rows)).count() >= 2
}

/// The fewest letters of a printed word that are apart, of one height, on one line.
const MIN_PRINTED: usize = 7;

/// Whether many pieces are letters of one height on one line.
fn has_words(pieces: &[Component]) -> bool {
    let is_letter = |piece: &&Component| {
        let (width, height) = (piece.width(), piece.height());
        height >= 8 && width * 4 >= height && width <= 2 * height
    };
    let letters: Vec<&Component> = pieces.iter().filter(is_letter).collect();
    letters.iter().any(|first| {
        let height = first.height();
        let near =
            |a: usize, b: usize, share: usize| a.abs_diff(b) * 100 <= height * share;
        let alike = letters.iter().filter(|other| {
            near(other.height(), height, 10) && near(other.bottom, first.bottom, 6)
        });
        alike.count() >= MIN_PRINTED
    })
}

/// Whether a circle that is at least half as high as the ink lies in it.
fn has_ring(mask: &Gray) -> bool {
    const TRIES: usize = 4_000;
    const SAMPLES: usize = 120;
    let inked: Vec<(f32, f32)> = (0..mask.height)
        .flat_map(|y| (0..mask.width).map(move |x| (x, y)))
        .filter(|&(x, y)| mask.get_or_zero(x as isize, y as isize) > 0)
        .map(|(x, y)| (x as f32, y as f32))
        .collect();
    if inked.len() < 100 {
        return false;
    }
    let radii = 0.25 * mask.height as f32..0.8 * mask.height.max(mask.width) as f32;
    // A fixed seed, so that the same picture gives the same tries.
    let mut seed = 1_u64;
    let mut any = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        inked[(seed >> 33) as usize % inked.len()]
    };
    (0..TRIES).any(|_| {
        let [a, b, c] = [any(), any(), any()];
        let Some((x, y, radius)) = circle(a, b, c) else { return false };
        if !radii.contains(&radius) {
            return false;
        }
        let share = |radius: f32| {
            let hits = (0..SAMPLES).filter(|&index| {
                let angle = index as f32 / SAMPLES as f32 * std::f32::consts::TAU;
                let at = (x + radius * angle.cos(), y + radius * angle.sin());
                mask.get_or_zero(at.0.round() as isize, at.1.round() as isize) > 0
            });
            hits.count() * 100 / SAMPLES
        };
        share(radius) >= 70 && share(0.9 * radius) <= 40 && share(1.1 * radius) <= 40
    })
}

/// The centre and the radius of the circle through three points.
fn circle(a: (f32, f32), b: (f32, f32), c: (f32, f32)) -> Option<(f32, f32, f32)> {
    let (bx, by) = (b.0 - a.0, b.1 - a.1);
    let (cx, cy) = (c.0 - a.0, c.1 - a.1);
    let twice = 2.0 * (bx * cy - by * cx);
    if twice.abs() < 1.0 {
        return None;
    }
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    let (x, y) = ((cy * b2 - by * c2) / twice, (bx * c2 - cx * b2) / twice);
    Some((a.0 + x, a.1 + y, x.hypot(y)))
}

/// Whether straight lines run along two neighbouring edges of the ink's bounds, or opposite ones.
fn has_frame(mask: &Gray) -> bool {
    let along = |mask: &Gray, first: bool| {
        let depth = (mask.height / 25).max(3).min(mask.height);
        let rows = if first { 0..depth } else { mask.height - depth..mask.height };
        let filled = (0..mask.width).filter(|&x| {
            rows.clone().any(|y| mask.get_or_zero(x as isize, y as isize) > 0)
        });
        filled.count() * 10 > mask.width * 7
    };
    let turned = mask.transposed();
    let across = usize::from(along(mask, true)) + usize::from(along(mask, false));
    let down = usize::from(along(&turned, true)) + usize::from(along(&turned, false));
    across == 2 || down == 2 || across + down >= 2
}

/// The chroma of ink without a colour, at most, and of ink with one, at least: the difference of its
/// largest and its smallest share of the paper's light.
const MAX_GREY: f32 = 0.08;
const MIN_COLOURED: f32 = 0.22;
/// The least share of the second colour among the full strokes, in percent.
const MIN_SECOND_COLOUR: usize = 20;

/// Whether the full strokes have two colours, or black and a colour.
fn has_two_colours(
    image: &RgbImage,
    darkness: &Darkness,
    signature: &SignatureMask,
    [red, green, blue]: [u8; 3],
) -> bool {
    let full = signature.full_darkness - signature.full_darkness / 4;
    let (mut grey, mut hues, mut all) = (0, [0_usize; 12], 0);
    let pixels = image.as_raw().chunks_exact(3).zip(&darkness.dark.data);
    for ((rgb, &dark), &mask) in pixels.zip(&signature.mask.data) {
        if mask == 0 || dark < full {
            continue;
        }
        let share =
            |index: usize, paper: u8| f32::from(rgb[index]) / f32::from(paper.max(1));
        let [red, green, blue] = [share(0, red), share(1, green), share(2, blue)];
        let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
        let chroma = most - least;
        all += 1;
        if chroma <= MAX_GREY {
            grey += 1;
        } else if chroma >= MIN_COLOURED {
            let hue = if most == red {
                (green - blue) / chroma
            } else if most == green {
                2.0 + (blue - red) / chroma
            } else {
                4.0 + (red - green) / chroma
            };
            hues[(hue.rem_euclid(6.0) * 2.0) as usize % 12] += 1;
        }
    }
    let is_much = |count: usize| count * 100 >= all * MIN_SECOND_COLOUR && count > 0;
    // A sixth of the circle of hues is one colour.
    let of = |from: usize| hues[from] + hues[(from + 1) % 12];
    let main = (0..12).max_by_key(|&from| of(from)).unwrap_or_default();
    let others: usize = (3..=10).map(|apart| hues[(main + apart) % 12]).sum();
    is_much(of(main)) && (is_much(others) || is_much(grey))
}

/// The median colour of the paper near the ink.
fn paper_colour(
    image: &RgbImage,
    darkness: &Darkness,
    signature: &SignatureMask,
) -> [u8; 3] {
    let mut around = signature.mask.clone();
    around.dilate((8.0 * signature.stroke_width) as usize | 1);
    let pixels = image.as_raw().chunks_exact(3).zip(&darkness.dark.data);
    let near = pixels.zip(signature.mask.data.iter().zip(&around.data));
    let near = near
        .filter(|((_, dark), (mask, around))| **mask == 0 && **around > 0 && **dark < 20);
    let colours = near.map(|((rgb, _), _)| [rgb[0], rgb[1], rgb[2]]);
    median_colour(colours).unwrap_or([255; 3])
}
