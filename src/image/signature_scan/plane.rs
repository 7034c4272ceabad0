//! One byte a pixel, and the few operations on it that the steps share.

/// Rows of bytes, top to bottom.
#[derive(Clone)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<u8>,
}

/// A rectangle of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Area {
    /// The first column.
    pub x: u32,
    /// The first row.
    pub y: u32,
    /// How many columns.
    pub width: u32,
    /// How many rows.
    pub height: u32,
}

/// A direction that a line of pixels runs in: columns and rows a step. Rows never run backwards, and
/// within a row columns never do: what lies ahead is what a pass over the plane has not reached yet.
type Step = (isize, usize);

impl Plane {
    pub(super) fn new(width: usize, height: usize, value: u8) -> Self {
        Self { width, height, data: vec![value; width * height] }
    }

    /// Values of `f` by column and row.
    #[cfg(test)]
    pub(super) fn from_fn(
        width: usize,
        height: usize,
        mut f: impl FnMut(usize, usize) -> u8,
    ) -> Self {
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            data.extend((0..width).map(|x| f(x, y)));
        }
        Self { width, height, data }
    }

    /// Replaces each value by the greatest of those in an octagon of this diameter around it.
    pub(super) fn widen(&mut self, diameter: usize) {
        for (step, length) in octagon(diameter) {
            self.forward(step, length, u8::max);
        }
        self.shift_back(diameter);
    }

    /// Fills what is dark and narrower than `diameter` with the brightness around it. What is wider
    /// keeps its brightness and its edges.
    pub(super) fn close(&self, diameter: usize) -> Self {
        let mut plane = self.padded(diameter);
        for (step, length) in octagon(diameter) {
            plane.forward(step, length, u8::max);
        }
        for (step, length) in octagon(diameter) {
            plane.backward(step, length, u8::min);
        }
        plane.cut(diameter, diameter, self.width, self.height)
    }

    /// The greatest less the least value in an octagon of this diameter around each pixel.
    pub(super) fn range(&self, diameter: usize) -> Self {
        let (mut most, mut least) = (self.clone(), self.clone());
        for (step, length) in octagon(diameter) {
            most.forward(step, length, u8::max);
            least.forward(step, length, u8::min);
        }
        for (most, least) in most.data.iter_mut().zip(&least.data) {
            *most -= least;
        }
        most.shift_back(diameter);
        most
    }

    /// The median of each pixel and its eight neighbours; edges of areas stay where they are.
    pub(super) fn median(&self) -> Self {
        let (width, height) = (self.width, self.height);
        let mut out = self.clone();
        if width < 3 || height < 3 {
            return out;
        }
        let mut sorted = [vec![0; width], vec![0; width], vec![0; width]];
        for y in 1..height - 1 {
            let above = self.row(y - 1);
            let here = self.row(y);
            let below = self.row(y + 1);
            let [low, middle, high] = &mut sorted;
            for x in 0..width {
                let (a, b, c) = (above[x], here[x], below[x]);
                let (least, most) = (a.min(b), a.max(b));
                low[x] = least.min(c);
                high[x] = most.max(c);
                middle[x] = least.max(most.min(c));
            }
            let row = &mut out.data[y * width..][..width];
            for x in 1..width - 1 {
                let a = low[x - 1].max(low[x]).max(low[x + 1]);
                let c = high[x - 1].min(high[x]).min(high[x + 1]);
                let b = median(middle[x - 1], middle[x], middle[x + 1]);
                row[x] = median(a, b, c);
            }
        }
        out
    }

    pub(super) fn cut(&self, x: usize, y: usize, width: usize, height: usize) -> Self {
        let mut data = Vec::with_capacity(width * height);
        for row in y..y + height {
            data.extend_from_slice(&self.row(row)[x..x + width]);
        }
        Self { width, height, data }
    }

    pub(super) fn turned(&self) -> Self {
        let mut turned = Self::new(self.height, self.width, 0);
        // In blocks, so that neither plane is walked across its rows for long.
        const BLOCK: usize = 32;
        for top in (0..self.height).step_by(BLOCK) {
            for left in (0..self.width).step_by(BLOCK) {
                for y in top..(top + BLOCK).min(self.height) {
                    for x in left..(left + BLOCK).min(self.width) {
                        turned.data[x * self.height + y] = self.data[y * self.width + x];
                    }
                }
            }
        }
        turned
    }

    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.width..][..self.width]
    }

    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        self.data[y * self.width + x]
    }

    /// The value at a place that may lie outside, where everything is nought.
    pub(super) fn near(&self, x: isize, y: isize) -> u8 {
        match (usize::try_from(x), usize::try_from(y)) {
            (Ok(x), Ok(y)) if x < self.width && y < self.height => self.at(x, y),
            _ => 0,
        }
    }

    /// The smallest area that holds every value of at least `least`.
    pub(super) fn bounds(&self, least: u8) -> Option<Area> {
        let filled = |y: &usize| self.row(*y).iter().any(|&value| value >= least);
        let top = (0..self.height).find(filled)?;
        let bottom = (0..self.height).rfind(filled)?;
        let (mut left, mut right) = (self.width, 0);
        for y in top..=bottom {
            let row = self.row(y);
            if let Some(x) = row.iter().position(|&value| value >= least) {
                left = left.min(x);
            }
            if let Some(x) = row.iter().rposition(|&value| value >= least) {
                right = right.max(x);
            }
        }
        Some(Area {
            x: left as u32,
            y: top as u32,
            width: (right + 1 - left) as u32,
            height: (bottom + 1 - top) as u32,
        })
    }

    /// Combines each value with the `length - 1` values ahead of it, in log₂ `length` passes.
    fn forward(&mut self, step: Step, length: usize, op: impl Fn(u8, u8) -> u8) {
        let (dx, dy) = step;
        let mut line = vec![0; self.width];
        for reach in reaches(length) {
            let (dx, dy) = (dx * reach as isize, dy * reach);
            for y in 0..self.height.saturating_sub(dy) {
                line.copy_from_slice(self.row(y + dy));
                let row = &mut self.data[y * self.width..][..self.width];
                combine(row, &line, dx, &op);
            }
        }
    }

    /// The same with the values behind it.
    fn backward(&mut self, step: Step, length: usize, op: impl Fn(u8, u8) -> u8) {
        let (dx, dy) = step;
        let mut line = vec![0; self.width];
        for reach in reaches(length) {
            let (dx, dy) = (dx * reach as isize, dy * reach);
            for y in (dy..self.height).rev() {
                line.copy_from_slice(self.row(y - dy));
                let row = &mut self.data[y * self.width..][..self.width];
                combine(row, &line, -dx, &op);
            }
        }
    }

    /// Moves everything by half a diameter, down and right: passes look ahead only.
    fn shift_back(&mut self, diameter: usize) {
        let side = side(diameter);
        let slant = slant(side);
        // The octagon begins `slant - 1` left of its pixel and is as wide as it is high.
        let down = (side + 2 * slant).saturating_sub(3) / 2;
        let right = side.saturating_sub(1) / 2;
        let (width, height) = (self.width, self.height);
        for y in (0..height).rev() {
            let from = y.saturating_sub(down) * width;
            self.data.copy_within(from..from + width, y * width);
            let row = &mut self.data[y * width..][..width];
            let right = right.min(width - 1);
            row.copy_within(..width - right, right);
            let first = row[right];
            row[..right].fill(first);
        }
    }

    /// With a margin that repeats the outermost pixels.
    fn padded(&self, by: usize) -> Self {
        let mut data = Vec::with_capacity((self.width + 2 * by) * (self.height + 2 * by));
        for y in 0..self.height + 2 * by {
            let row = self.row(y.saturating_sub(by).min(self.height - 1));
            data.resize(data.len() + by, row[0]);
            data.extend_from_slice(row);
            data.resize(data.len() + by, row[self.width - 1]);
        }
        Self { width: self.width + 2 * by, height: self.height + 2 * by, data }
    }
}

fn combine(row: &mut [u8], line: &[u8], dx: isize, op: impl Fn(u8, u8) -> u8) {
    let skip = dx.unsigned_abs().min(row.len());
    let length = row.len() - skip;
    let (row, line) = match dx >= 0 {
        true => (&mut row[..length], &line[skip..]),
        false => (&mut row[skip..], &line[..length]),
    };
    for (value, &other) in row.iter_mut().zip(line) {
        *value = op(*value, other);
    }
}

/// Steps of passes that together reach over `length` values: each doubles what is covered.
fn reaches(length: usize) -> impl Iterator<Item = usize> {
    let mut covered = 1;
    std::iter::from_fn(move || {
        let reach = covered.min(length.saturating_sub(covered));
        covered += reach;
        (reach > 0).then_some(reach)
    })
}

/// Four lines whose sum is a regular octagon.
fn octagon(diameter: usize) -> [(Step, usize); 4] {
    let side = side(diameter);
    let slant = slant(side);
    [((1, 0), side), ((0, 1), side), ((1, 1), slant), ((-1, 1), slant)]
}

fn side(diameter: usize) -> usize {
    ((diameter as f32 / 2.414).round() as usize).max(2)
}

fn slant(side: usize) -> usize {
    (side as f32 / std::f32::consts::SQRT_2).round() as usize + 1
}

fn median(a: u8, b: u8, c: u8) -> u8 {
    let (least, most) = (a.min(b), a.max(b));
    least.max(most.min(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_fills_what_is_narrow_and_keeps_what_is_wide() {
        // A stroke four wide and a shadow of half the plane.
        let plane = Plane::from_fn(120, 90, |x, _| match x {
            20..24 => 30,
            60.. => 50,
            _ => 200,
        });
        let closed = plane.close(24);
        let expected = Plane::from_fn(120, 90, |x, _| if x < 60 { 200 } else { 50 });
        assert!(closed.data == expected.data);
    }

    #[test]
    fn widening_is_centred() {
        let mut plane = Plane::new(61, 61, 0);
        plane.data[30 * 61 + 30] = 255;
        plane.widen(13);
        let area = plane.bounds(255).expect("something");
        let centre = (2 * area.x + area.width, 2 * area.y + area.height);
        assert!(centre.0.abs_diff(61) <= 1 && centre.1.abs_diff(61) <= 1, "{area:?}");
        assert!((12..=15).contains(&area.width) && area.width == area.height);
    }

    #[test]
    fn the_median_keeps_edges_and_drops_specks() {
        let mut plane = Plane::from_fn(20, 20, |x, _| if x < 10 { 200 } else { 50 });
        let clean = plane.clone();
        plane.data[5 * 20 + 5] = 0;
        assert!(plane.median().data == clean.data);
    }
}
