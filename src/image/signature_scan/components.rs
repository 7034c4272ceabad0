//! Which of the connected components are the signature.
//!
//! Takes the darkness; gives [`SignatureMask`]. Components are found by hysteresis thresholding,
//! with a weak and a strong threshold. The decision: what is kept is the heaviest group of
//! components, without specks, blots, and whatever the border of the picture cuts off.

use super::gray::Gray;
use super::paper::Darkness;

/// The least darkness of ink, in 255ths, anywhere and in full strokes; a hard pencil passes.
const MIN_INK_DARKNESS: u8 = 60;
const MIN_FULL_DARKNESS: u8 = 100;
/// The least extent of a signature, as a share of the picture's shorter side and in strokes.
const MIN_EXTENT: f32 = 0.04;
const MIN_EXTENT_IN_STROKES: f32 = 6.0;

/// The signature's pixels.
pub(super) struct SignatureMask {
    /// 255 where the signature is.
    pub(super) mask: Gray,
    /// The darkness of its full strokes, in 255ths.
    pub(super) full_darkness: u8,
    /// The typical width of its strokes, in pixels; an estimate.
    pub(super) stroke_width: f32,
    /// Whether the scan has another group of strokes that may be a signature.
    pub(super) has_second: bool,
}

/// A connected component. Sizes are in pixels; `right` and `bottom` belong to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component {
    area: usize,
    /// Sides of pixels on the outline, without those below.
    boundary: usize,
    /// Pixels over the strong threshold.
    strong: usize,
    /// The sum of darkness, weighted by the brightness of the paper.
    mass: u64,
    left: usize,
    top: usize,
    right: usize,
    pub(super) bottom: usize,
}

/// A run of pixels in a row (`end` is the first after it), and the component that it belongs to.
struct PixelRun {
    y: usize,
    start: usize,
    end: usize,
    component: usize,
}

impl SignatureMask {
    /// Finds the signature; `None` if there is no ink.
    pub(super) fn find(darkness: &Darkness) -> Option<Self> {
        let dark = &darkness.dark;
        let full_darkness = full_darkness(darkness)?;
        let weak = (u32::from(full_darkness) * 15 / 100) as u8;
        let strong = (u32::from(full_darkness) * 45 / 100) as u8;
        let (components, runs) = components(darkness, |index| {
            let (dark, noise) = (dark.data[index], darkness.noise_limit.data[index]);
            (dark > weak.max(noise), dark > strong.max(noise.saturating_add(noise / 2)))
        });
        let size = (dark.width, dark.height);
        let (kept, has_second) = select(&components, size)?;
        let stroke_width = typical_stroke_width(&components, &kept)?;
        let mut mask = Gray::new(dark.width, dark.height, 0);
        for run in runs.iter().filter(|run| kept[run.component]) {
            mask.data[run.y * mask.width..][run.start..run.end].fill(255);
        }
        let area = mask.bounds(255)?;
        let extent = area.width.max(area.height) as f32;
        let min_extent = (MIN_EXTENT * dark.width.min(dark.height) as f32)
            .max(MIN_EXTENT_IN_STROKES * stroke_width);
        (extent >= min_extent).then_some(Self {
            mask,
            full_darkness,
            stroke_width,
            has_second,
        })
    }
}

/// The darkness of full strokes: the 90th percentile of all pixels that are darker than noise.
fn full_darkness(darkness: &Darkness) -> Option<u8> {
    let mut histogram = [0_usize; 256];
    for (&dark, &noise) in darkness.dark.data.iter().zip(&darkness.noise_limit.data) {
        if dark > MIN_INK_DARKNESS.max(noise.saturating_add(noise / 2)) {
            histogram[usize::from(dark)] += 1;
        }
    }
    let count: usize = histogram.iter().sum();
    let mut seen = 0;
    let full = histogram.iter().position(|bin| {
        seen += bin;
        seen * 10 > count * 9
    });
    full.map(|value| value as u8).filter(|&full| full >= MIN_FULL_DARKNESS)
}

/// Finds connected components, with 8-connectivity, by runs of pixels and a union-find structure.
/// `threshold` says whether the pixel of an index is over the weak and over the strong threshold.
fn components(
    darkness: &Darkness,
    threshold: impl Fn(usize) -> (bool, bool),
) -> (Vec<Component>, Vec<PixelRun>) {
    let (dark, paper) = (&darkness.dark, &darkness.paper);
    let mut runs: Vec<PixelRun> = Vec::new();
    let mut parents: Vec<usize> = Vec::new();
    let mut found: Vec<Component> = Vec::new();
    let mut above = 0..0;
    for y in 0..dark.height {
        let begin = runs.len();
        let mut x = 0;
        let mut look = above.start;
        while x < dark.width {
            if !threshold(y * dark.width + x).0 {
                x += 1;
                continue;
            }
            let start = x;
            let mut component =
                Component { top: y, bottom: y, left: start, ..Component::EMPTY };
            while x < dark.width {
                let index = y * dark.width + x;
                let (weak, strong) = threshold(index);
                if !weak {
                    break;
                }
                component.area += 1;
                component.strong += usize::from(strong);
                // If a photo shows a signature and, say, a keyboard, the signature is on the
                // lighter ground.
                let weight = 32 + u64::from(paper.data[index]);
                component.mass += u64::from(dark.data[index]) * weight;
                x += 1;
            }
            component.right = x - 1;
            let own = parents.len();
            parents.push(own);
            // Skip the runs above that end before this one, without a common corner.
            while look < above.end && runs[look].end < start {
                look += 1;
            }
            let mut covered = 0;
            let mut over = look;
            while over < above.end && runs[over].start <= x {
                let run: &PixelRun = &runs[over];
                covered += run.end.min(x).saturating_sub(run.start.max(start));
                let (a, b) = (root(&mut parents, run.component), root(&mut parents, own));
                parents[a.max(b)] = a.min(b);
                over += 1;
            }
            // The two ends, and the pixels that no run above covers.
            component.boundary = 2 + (component.area - covered);
            found.push(component);
            runs.push(PixelRun { y, start, end: x, component: own });
        }
        above = begin..runs.len();
    }
    let mut components: Vec<Component> = vec![Component::EMPTY; found.len()];
    for run in &mut runs {
        let own = run.component;
        run.component = root(&mut parents, own);
        components[run.component].add(&found[own]);
    }
    (components, runs)
}

/// The representative of a set in a union-find structure, with path halving.
fn root(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}

impl Component {
    const EMPTY: Self = Self {
        area: 0,
        boundary: 0,
        strong: 0,
        mass: 0,
        left: usize::MAX,
        top: usize::MAX,
        right: 0,
        bottom: 0,
    };

    fn add(&mut self, other: &Self) {
        self.area += other.area;
        self.boundary += other.boundary;
        self.strong += other.strong;
        self.mass += other.mass;
        self.left = self.left.min(other.left);
        self.top = self.top.min(other.top);
        self.right = self.right.max(other.right);
        self.bottom = self.bottom.max(other.bottom);
    }

    /// The width of the bounding box; 0 of a component that became part of another one.
    pub(super) fn width(&self) -> usize {
        (self.right + 1).saturating_sub(self.left)
    }

    pub(super) fn height(&self) -> usize {
        (self.bottom + 1).saturating_sub(self.top)
    }

    /// Twice the area over the perimeter, which for a long stroke is its width. On average the
    /// length of an outline is π/4 of its sides of pixels, a quarter of which `boundary` leaves
    /// out.
    fn stroke_width(&self) -> f32 {
        2.0 * self.area as f32 / (self.boundary as f32 * 4.0 / 3.0 * 0.785)
    }

    /// Whether it is about as wide as high and mostly filled, which no letter is.
    fn is_compact(&self) -> bool {
        let (width, height) = (self.width(), self.height());
        self.area * 100 > width * height * 55
            && width.max(height) < 2 * width.min(height) + 2
    }

    /// The distance between the bounding boxes of two components, in pixels.
    fn distance(&self, other: &Self) -> f32 {
        let apart = |a: (usize, usize), b: (usize, usize)| {
            a.0.saturating_sub(b.1).max(b.0.saturating_sub(a.1)) as f32
        };
        let across = apart((self.left, self.right), (other.left, other.right));
        let down = apart((self.top, self.bottom), (other.top, other.bottom));
        across.hypot(down)
    }

    /// Whether it runs along a border of the picture, or from one border to the opposite: the edge
    /// of a sheet, a desk, a finger.
    fn is_border_artefact(&self, (width, height): (usize, usize)) -> bool {
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

/// The connected components of a mask.
pub(super) fn pieces(mask: &Gray) -> Vec<Component> {
    let darkness = Darkness {
        dark: mask.clone(),
        noise_limit: Gray::new(mask.width, mask.height, 0),
        paper: mask.clone(),
    };
    let (components, _) = components(&darkness, |index| (mask.data[index] > 0, true));
    components.into_iter().filter(|component| component.area > 0).collect()
}

/// Whether the pieces of a mask are two groups that may both be signatures.
pub(super) fn has_second(pieces: &[Component]) -> bool {
    let kept = vec![true; pieces.len()];
    let Some(stroke_width) = typical_stroke_width(pieces, &kept) else { return false };
    let groups = groups(pieces, &kept, stroke_width);
    second_group(pieces, &groups, stroke_width)
}

/// The least ink and width of a second signature, in percent of the heaviest group's.
const MIN_SECOND_MASS: u64 = 35;
const MIN_SECOND_WIDTH: usize = 40;

/// Whether a second group has as much ink, width and strokes as a signature has.
fn second_group(
    components: &[Component],
    groups: &[Option<usize>],
    stroke_width: f32,
) -> bool {
    let mut sums = vec![Component::EMPTY; components.len()];
    for (component, group) in components.iter().zip(groups) {
        if let Some(group) = *group {
            sums[group].add(component);
        }
    }
    let Some(main) = (0..sums.len()).max_by_key(|&group| sums[group].mass) else {
        return false;
    };
    (0..sums.len()).any(|group| {
        let other = &sums[group];
        let like_ink = other.stroke_width() / stroke_width;
        group != main
            && other.mass * 100 >= sums[main].mass * MIN_SECOND_MASS
            && other.width() * 100 >= sums[main].width() * MIN_SECOND_WIDTH
            && (0.5..2.0).contains(&like_ink)
            // A single line is a ruling line, or the edge of an object.
            && !other.is_compact()
            && other.height() as f32 > 4.0 * stroke_width
    })
}

/// Which components are the signature, and whether there is a second one; `None` if there is none.
fn select(components: &[Component], size: (usize, usize)) -> Option<(Vec<bool>, bool)> {
    let mut kept: Vec<bool> = components
        .iter()
        .map(|component| {
            component.strong >= 3
                && component.area >= 6
                && !component.is_border_artefact(size)
        })
        .collect();
    let stroke_width = typical_stroke_width(components, &kept)?;
    let square = (stroke_width * stroke_width) as usize;
    for (component, kept) in components.iter().zip(&mut kept) {
        let speck = component.area * 3 < square || component.strong * 20 < component.area;
        let blot =
            component.is_compact() && component.stroke_width() > 1.5 * stroke_width;
        *kept &= !speck && !blot;
    }
    let heaviest_of = |kept: &[bool]| {
        let candidates = (0..components.len()).filter(|&index| kept[index]);
        candidates.max_by_key(|&index| components[index].mass)
    };
    let main = components[heaviest_of(&kept)?];
    // A component at the border of the picture is ink only if it holds a good part of the ink.
    for (component, kept) in components.iter().zip(&mut kept) {
        let cut_off = component.left == 0
            || component.top == 0
            || component.right + 1 == size.0
            || component.bottom + 1 == size.1;
        *kept &= !cut_off || component.mass * 4 > main.mass;
    }
    let groups = groups(components, &kept, stroke_width);
    let mut masses = vec![0; components.len()];
    for (component, group) in components.iter().zip(&groups) {
        if let Some(group) = *group {
            masses[group] += component.mass;
        }
    }
    let has_second = second_group(components, &groups, stroke_width);
    let heaviest = (0..masses.len()).max_by_key(|&group| masses[group])?;
    for (kept, group) in kept.iter_mut().zip(&groups) {
        *kept &= *group == Some(heaviest);
    }
    // A dot is kept only if it is close to a letter.
    let is_letter =
        |component: &Component| component.area > 6 * square && !component.is_compact();
    let letters: Vec<Component> = components
        .iter()
        .zip(&kept)
        .filter(|(component, kept)| **kept && is_letter(component))
        .map(|(component, _)| *component)
        .collect();
    for (component, kept) in components.iter().zip(&mut kept) {
        let is_close =
            |letter: &Component| letter.distance(component) < 6.0 * stroke_width;
        let near = || letters.iter().any(is_close);
        *kept = *kept && (letters.is_empty() || is_letter(component) || near());
    }
    kept.contains(&true).then_some((kept, has_second))
}

/// The median width of strokes, weighted by the area of the components that are kept.
fn typical_stroke_width(components: &[Component], kept: &[bool]) -> Option<f32> {
    let mut widths: Vec<(f32, usize)> = components
        .iter()
        .zip(kept)
        .filter(|(component, kept)| **kept && component.area > 0)
        .map(|(component, _)| (component.stroke_width(), component.area))
        .collect();
    widths.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: usize = widths.iter().map(|(_, area)| area).sum();
    let mut seen = 0;
    let median = widths.iter().find(|(_, area)| {
        seen += area;
        seen * 2 >= total
    });
    median.map(|(width, _)| width.max(1.0))
}

/// Groups components that are near each other. Gives the group of each component, which is the
/// index of one of its members; `None` for those not kept.
fn groups(
    components: &[Component],
    kept: &[bool],
    stroke_width: f32,
) -> Vec<Option<usize>> {
    /// No signature has more components. The lightest of more are in no group.
    const MAX_COMPONENTS: usize = 1500;
    let mut order: Vec<usize> =
        (0..components.len()).filter(|&index| kept[index]).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(components[index].mass));
    order.truncate(MAX_COMPONENTS);
    let tallest = order.first().map_or(0, |&index| components[index].height());
    let max_distance = (12.0 * stroke_width).max(0.6 * tallest as f32);
    let mut parents: Vec<usize> = (0..components.len()).collect();
    for (position, &a) in order.iter().enumerate() {
        for &b in &order[..position] {
            if components[a].distance(&components[b]) <= max_distance {
                let (a, b) = (root(&mut parents, a), root(&mut parents, b));
                parents[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups = vec![None; components.len()];
    for index in order {
        groups[index] = Some(root(&mut parents, index));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn component_without_pixels_has_no_size() {
        assert_eq!((Component::EMPTY.width(), Component::EMPTY.height()), (0, 0));
    }
}
