//! Which of the dark spots are the signature.
//!
//! Takes the darkness; gives [`Pieces`], a mask. Spots grow from what is surely ink into what may be;
//! then specks, blots, the rims of the picture and whatever lies far from the rest are dropped.

use super::paper::Darkness;
use super::plane::Plane;

/// The least darkness of ink, in 255ths, anywhere and in full strokes: a hard pencil.
const LEAST_INK: u8 = 60;
const LEAST_FULL: u8 = 100;
/// The least extent of a signature, as a share of the picture's shorter side and in strokes.
const LEAST_EXTENT: f32 = 0.04;
const LEAST_STROKES: f32 = 6.0;

/// The signature's pixels.
pub(super) struct Pieces {
    /// 255 where the signature is.
    pub(super) mask: Plane,
    /// The darkness of its full strokes.
    pub(super) ink: u8,
    /// Roughly how wide its strokes are, in pixels.
    pub(super) stroke: f32,
}

/// A connected spot.
#[derive(Debug, Clone, Copy)]
struct Spot {
    area: usize,
    /// Pixels that have a neighbour outside the spot.
    rim: usize,
    /// Pixels that are surely ink.
    sure: usize,
    /// Ink, by the light of its ground.
    mass: u64,
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

/// A run of pixels in a row, and the spot that it belongs to.
struct Run {
    y: usize,
    start: usize,
    end: usize,
    spot: usize,
}

impl Pieces {
    /// None if there is no ink.
    pub(super) fn find(darkness: &Darkness) -> Option<Self> {
        let (dark, doubt) = (&darkness.dark, &darkness.doubt);
        let ink = full_ink(darkness)?;
        let may_be = (u32::from(ink) * 15 / 100) as u8;
        let sure = (u32::from(ink) * 45 / 100) as u8;
        let (spots, runs) = spots(darkness, |index| {
            let (dark, doubt) = (dark.data[index], doubt.data[index]);
            (dark > may_be.max(doubt), dark > sure.max(doubt.saturating_add(doubt / 2)))
        });
        let size = (dark.width, dark.height);
        let kept = choose(&spots, size)?;
        let stroke = typical_width(&spots, &kept)?;
        let mut mask = Plane::new(dark.width, dark.height, 0);
        for run in runs.iter().filter(|run| kept[run.spot]) {
            mask.data[run.y * mask.width..][run.start..run.end].fill(255);
        }
        let area = mask.bounds(255)?;
        let extent = area.width.max(area.height) as f32;
        let least = LEAST_EXTENT * dark.width.min(dark.height) as f32;
        (extent >= least.max(LEAST_STROKES * stroke)).then_some(Self {
            mask,
            ink,
            stroke,
        })
    }
}

/// The darkness of full strokes: the upper end of everything that stands out.
fn full_ink(darkness: &Darkness) -> Option<u8> {
    let mut histogram = [0_usize; 256];
    for (&dark, &doubt) in darkness.dark.data.iter().zip(&darkness.doubt.data) {
        if dark > LEAST_INK.max(doubt.saturating_add(doubt / 2)) {
            histogram[usize::from(dark)] += 1;
        }
    }
    let count: usize = histogram.iter().sum();
    let mut seen = 0;
    let full = histogram.iter().position(|here| {
        seen += here;
        seen * 10 > count * 9
    });
    full.map(|value| value as u8).filter(|&full| full >= LEAST_FULL)
}

/// Finds connected spots, over corners too.
fn spots(
    darkness: &Darkness,
    test: impl Fn(usize) -> (bool, bool),
) -> (Vec<Spot>, Vec<Run>) {
    let (plane, paper) = (&darkness.dark, &darkness.paper);
    let mut runs: Vec<Run> = Vec::new();
    let mut parents: Vec<usize> = Vec::new();
    let mut found: Vec<Spot> = Vec::new();
    let mut above = 0..0;
    for y in 0..plane.height {
        let begin = runs.len();
        let mut x = 0;
        let mut look = above.start;
        while x < plane.width {
            if !test(y * plane.width + x).0 {
                x += 1;
                continue;
            }
            let start = x;
            let mut spot = Spot { top: y, bottom: y, left: start, ..Spot::nothing() };
            while x < plane.width {
                let index = y * plane.width + x;
                let (may_be, sure) = test(index);
                if !may_be {
                    break;
                }
                spot.area += 1;
                spot.sure += usize::from(sure);
                // Between a keyboard and a signature, the one on the lighter ground is meant.
                let ground = 32 + u64::from(paper.data[index]);
                spot.mass += u64::from(plane.data[index]) * ground;
                x += 1;
            }
            spot.right = x - 1;
            let own = parents.len();
            parents.push(own);
            // Rows above end where this one begins, corners included.
            while look < above.end && runs[look].end < start {
                look += 1;
            }
            let mut covered = 0;
            let mut over = look;
            while over < above.end && runs[over].start <= x {
                let run: &Run = &runs[over];
                covered += run.end.min(x).saturating_sub(run.start.max(start));
                let (a, b) = (root(&mut parents, run.spot), root(&mut parents, own));
                parents[a.max(b)] = a.min(b);
                over += 1;
            }
            // Two ends, and what the row above leaves open; the row below is counted from there.
            spot.rim = 2 + (spot.area - covered);
            found.push(spot);
            runs.push(Run { y, start, end: x, spot: own });
        }
        above = begin..runs.len();
    }
    let mut spots: Vec<Spot> = vec![Spot::nothing(); found.len()];
    for run in &mut runs {
        let own = run.spot;
        run.spot = root(&mut parents, own);
        spots[run.spot].add(&found[own]);
    }
    (spots, runs)
}

fn root(parents: &mut [usize], mut spot: usize) -> usize {
    while parents[spot] != spot {
        parents[spot] = parents[parents[spot]];
        spot = parents[spot];
    }
    spot
}

impl Spot {
    fn nothing() -> Self {
        Self {
            area: 0,
            rim: 0,
            sure: 0,
            mass: 0,
            left: usize::MAX,
            top: usize::MAX,
            right: 0,
            bottom: 0,
        }
    }

    fn add(&mut self, other: &Self) {
        self.area += other.area;
        self.rim += other.rim;
        self.sure += other.sure;
        self.mass += other.mass;
        self.left = self.left.min(other.left);
        self.top = self.top.min(other.top);
        self.right = self.right.max(other.right);
        self.bottom = self.bottom.max(other.bottom);
    }

    fn width(&self) -> usize {
        self.right + 1 - self.left
    }

    fn height(&self) -> usize {
        self.bottom + 1 - self.top
    }

    /// Twice the area over the outline, which for a long stroke is its width. The outline is counted
    /// in sides of pixels, without those below: π/4 of it on average is its length.
    fn thickness(&self) -> f32 {
        2.0 * self.area as f32 / (self.rim as f32 * 4.0 / 3.0 * 0.785)
    }

    /// Round and full, as no letter is.
    fn is_compact(&self) -> bool {
        let (width, height) = (self.width(), self.height());
        self.area * 100 > width * height * 55
            && width.max(height) < 2 * width.min(height) + 2
    }

    /// The distance between two boxes.
    fn gap(&self, other: &Self) -> f32 {
        let apart = |a: (usize, usize), b: (usize, usize)| {
            a.0.saturating_sub(b.1).max(b.0.saturating_sub(a.1)) as f32
        };
        let across = apart((self.left, self.right), (other.left, other.right));
        let down = apart((self.top, self.bottom), (other.top, other.bottom));
        across.hypot(down)
    }

    /// Runs along an edge of the picture, or from one edge to another: sheet, desk or a finger.
    fn is_rim(&self, (width, height): (usize, usize)) -> bool {
        let touches = [
            self.left == 0,
            self.top == 0,
            self.right + 1 == width,
            self.bottom + 1 == height,
        ];
        if !touches.contains(&true) {
            return false;
        }
        let (own_width, own_height) = (self.width(), self.height());
        let along = (touches[0] || touches[2])
            && own_width < width / 20
            && own_height > 2 * own_width
            || (touches[1] || touches[3])
                && own_height < height / 20
                && own_width > 2 * own_height;
        let through = touches[1] && touches[3] && own_width < own_height / 3
            || touches[0] && touches[2] && own_height < own_width / 12;
        along || through
    }
}

/// Marks the spots to keep.
fn choose(spots: &[Spot], size: (usize, usize)) -> Option<Vec<bool>> {
    let mut kept: Vec<bool> = spots
        .iter()
        .map(|spot| spot.sure >= 3 && spot.area >= 6 && !spot.is_rim(size))
        .collect();
    let stroke = typical_width(spots, &kept)?;
    let square = (stroke * stroke) as usize;
    for (spot, kept) in spots.iter().zip(&mut kept) {
        let speck = spot.area * 3 < square || spot.sure * 20 < spot.area;
        let blot = spot.is_compact() && spot.thickness() > 1.5 * stroke;
        *kept &= !speck && !blot;
    }
    let heaviest = |kept: &[bool]| {
        let candidates = (0..spots.len()).filter(|&index| kept[index]);
        candidates.max_by_key(|&index| spots[index].mass)
    };
    let main = spots[heaviest(&kept)?];
    // Whatever is cut off by the picture's edge is ink only if it is a good part of it.
    for (spot, kept) in spots.iter().zip(&mut kept) {
        let cut_off = spot.left == 0
            || spot.top == 0
            || spot.right + 1 == size.0
            || spot.bottom + 1 == size.1;
        *kept &= !cut_off || spot.mass * 4 > main.mass;
    }
    let groups = groups(spots, &kept, stroke);
    let mut masses = vec![0; spots.len()];
    for (spot, group) in spots.iter().zip(&groups) {
        if let Some(group) = *group {
            masses[group] += spot.mass;
        }
    }
    let best = (0..masses.len()).max_by_key(|&group| masses[group])?;
    for (kept, group) in kept.iter_mut().zip(&groups) {
        *kept &= *group == Some(best);
    }
    // A dot belongs to letters only when it is close to one.
    let is_letter = |spot: &Spot| spot.area > 6 * square && !spot.is_compact();
    let letters: Vec<Spot> = spots
        .iter()
        .zip(&kept)
        .filter(|(spot, kept)| **kept && is_letter(spot))
        .map(|(spot, _)| *spot)
        .collect();
    for (spot, kept) in spots.iter().zip(&mut kept) {
        let near = || letters.iter().any(|letter| letter.gap(spot) < 6.0 * stroke);
        *kept = *kept && (letters.is_empty() || is_letter(spot) || near());
    }
    kept.contains(&true).then_some(kept)
}

/// The width of strokes over which half of the kept ink is.
fn typical_width(spots: &[Spot], kept: &[bool]) -> Option<f32> {
    let mut widths: Vec<(f32, usize)> = spots
        .iter()
        .zip(kept)
        .filter(|(spot, kept)| **kept && spot.area > 0)
        .map(|(spot, _)| (spot.thickness(), spot.area))
        .collect();
    widths.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: usize = widths.iter().map(|(_, area)| area).sum();
    let mut seen = 0;
    let half = widths.iter().find(|(_, area)| {
        seen += area;
        seen * 2 >= all
    });
    half.map(|(width, _)| width.max(1.0))
}

/// Joins spots that are near each other; a group is named by one of its spots.
fn groups(spots: &[Spot], kept: &[bool], stroke: f32) -> Vec<Option<usize>> {
    /// More spots than these are no signature: the lightest are left alone.
    const MAX: usize = 1500;
    let mut order: Vec<usize> = (0..spots.len()).filter(|&index| kept[index]).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(spots[index].mass));
    order.truncate(MAX);
    let tallest = order.first().map_or(0, |&index| spots[index].height());
    let reach = (12.0 * stroke).max(0.6 * tallest as f32);
    let mut parents: Vec<usize> = (0..spots.len()).collect();
    for (position, &a) in order.iter().enumerate() {
        for &b in &order[..position] {
            if spots[a].gap(&spots[b]) <= reach {
                let (a, b) = (root(&mut parents, a), root(&mut parents, b));
                parents[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups = vec![None; spots.len()];
    for index in order {
        groups[index] = Some(root(&mut parents, index));
    }
    groups
}
