//! A grayscale image of one byte a pixel, and the operations of image processing that the steps
//! share.
//!
//! Dilation, closing and gradient are the morphological ones, with a regular octagon as structuring
//! element. The decision: an octagon is the sum of four lines, so each operation costs a few linear
//! passes, whatever its diameter.

/// A grayscale image: rows of bytes, from top to bottom.
#[derive(Clone)]
pub(super) struct Gray {
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

/// The direction of a line of pixels: columns and rows per step. Rows never decrease, and within
/// one row columns never do, so that the pixels ahead are those that a pass has not reached yet.
type Step = (isize, usize);

impl Gray {
    pub(super) fn new(width: usize, height: usize, value: u8) -> Self {
        Self { width, height, data: vec![value; width * height] }
    }

    /// The image whose values are those of `f` by column and row.
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

    /// Replaces each value by the maximum in an octagon of this diameter around it.
    pub(super) fn dilate(&mut self, diameter: usize) {
        for (step, length) in octagon(diameter) {
            self.forward(step, length, u8::max);
        }
        self.recentre(diameter);
    }

    /// The morphological closing: dark shapes narrower than `diameter` take the brightness around
    /// them; wider ones keep their brightness and their edges.
    pub(super) fn close(&self, diameter: usize) -> Self {
        let mut image = self.padded(diameter);
        for (step, length) in octagon(diameter) {
            image.forward(step, length, u8::max);
        }
        for (step, length) in octagon(diameter) {
            image.backward(step, length, u8::min);
        }
        image.crop(diameter, diameter, self.width, self.height)
    }

    /// The morphological gradient: the maximum minus the minimum in an octagon of this diameter
    /// around each pixel.
    pub(super) fn gradient(&self, diameter: usize) -> Self {
        let (mut max, mut min) = (self.clone(), self.clone());
        for (step, length) in octagon(diameter) {
            max.forward(step, length, u8::max);
            min.forward(step, length, u8::min);
        }
        for (max, min) in max.data.iter_mut().zip(&min.data) {
            *max -= min;
        }
        max.recentre(diameter);
        max
    }

    /// The median of each pixel and its eight neighbours, which removes specks and keeps edges.
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
                let (min, max) = (a.min(b), a.max(b));
                low[x] = min.min(c);
                high[x] = max.max(c);
                middle[x] = min.max(max.min(c));
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

    /// The part of this size whose top left corner is at column `x`, row `y`.
    pub(super) fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Self {
        let mut data = Vec::with_capacity(width * height);
        for row in y..y + height {
            data.extend_from_slice(&self.row(row)[x..x + width]);
        }
        Self { width, height, data }
    }

    /// The image with rows and columns exchanged.
    pub(super) fn transposed(&self) -> Self {
        let mut transposed = Self::new(self.height, self.width, 0);
        // In blocks, which keeps the strided accesses inside the processor's cache.
        const BLOCK: usize = 32;
        for top in (0..self.height).step_by(BLOCK) {
            for left in (0..self.width).step_by(BLOCK) {
                for y in top..(top + BLOCK).min(self.height) {
                    for x in left..(left + BLOCK).min(self.width) {
                        transposed.data[x * self.height + y] =
                            self.data[y * self.width + x];
                    }
                }
            }
        }
        transposed
    }

    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.width..][..self.width]
    }

    pub(super) fn get(&self, x: usize, y: usize) -> u8 {
        self.data[y * self.width + x]
    }

    /// The value at column `x` and row `y`; 0 outside the image.
    pub(super) fn get_or_zero(&self, x: isize, y: isize) -> u8 {
        match (usize::try_from(x), usize::try_from(y)) {
            (Ok(x), Ok(y)) if x < self.width && y < self.height => self.get(x, y),
            _ => 0,
        }
    }

    /// The smallest area that contains every value of at least `threshold`.
    pub(super) fn bounds(&self, threshold: u8) -> Option<Area> {
        let filled = |y: &usize| self.row(*y).iter().any(|&value| value >= threshold);
        let top = (0..self.height).find(filled)?;
        let bottom = (0..self.height).rfind(filled)?;
        let (mut left, mut right) = (self.width, 0);
        for y in top..=bottom {
            let row = self.row(y);
            if let Some(x) = row.iter().position(|&value| value >= threshold) {
                left = left.min(x);
            }
            if let Some(x) = row.iter().rposition(|&value| value >= threshold) {
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

    /// Combines each value with the `length - 1` values behind it, in log₂ `length` passes.
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

    /// Moves the image down and right by half a diameter. Passes look ahead only, so each result
    /// lies up and left of the centre of its octagon.
    fn recentre(&mut self, diameter: usize) {
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

    /// The image with a margin that repeats its outermost pixels.
    fn padded(&self, margin: usize) -> Self {
        let (width, height) = (self.width + 2 * margin, self.height + 2 * margin);
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = self.row(y.saturating_sub(margin).min(self.height - 1));
            data.resize(data.len() + margin, row[0]);
            data.extend_from_slice(row);
            data.resize(data.len() + margin, row[self.width - 1]);
        }
        Self { width, height, data }
    }
}

fn combine(row: &mut [u8], line: &[u8], dx: isize, op: impl Fn(u8, u8) -> u8) {
    let skip = dx.unsigned_abs().min(row.len());
    let length = row.len() - skip;
    let (row, line) = if dx >= 0 {
        (&mut row[..length], &line[skip..])
    } else {
        (&mut row[skip..], &line[..length])
    };
    for (value, &other) in row.iter_mut().zip(line) {
        *value = op(*value, other);
    }
}

/// The offsets of the passes that together combine `length` values: each at most doubles the length
/// that is combined so far.
fn reaches(length: usize) -> impl Iterator<Item = usize> {
    let mut covered = 1;
    std::iter::from_fn(move || {
        let reach = covered.min(length.saturating_sub(covered));
        covered += reach;
        (reach > 0).then_some(reach)
    })
}

/// The four lines, each a direction and a length, whose Minkowski sum is a regular octagon.
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
    let (min, max) = (a.min(b), a.max(b));
    min.max(max.min(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_removes_narrow_strokes_and_keeps_wide_shadows() {
        // A stroke of four pixels, and a shadow over half the image.
        let image = Gray::from_fn(120, 90, |x, _| match x {
            20..24 => 30,
            60.. => 50,
            _ => 200,
        });
        let closed = image.close(24);
        let expected = Gray::from_fn(120, 90, |x, _| if x < 60 { 200 } else { 50 });
        assert!(closed.data == expected.data);
    }

    #[test]
    fn dilation_is_centred() {
        let mut image = Gray::new(61, 61, 0);
        image.data[30 * 61 + 30] = 255;
        image.dilate(13);
        let area = image.bounds(255).expect("something");
        let centre = (2 * area.x + area.width, 2 * area.y + area.height);
        assert!(centre.0.abs_diff(61) <= 1 && centre.1.abs_diff(61) <= 1, "{area:?}");
        assert!((12..=15).contains(&area.width) && area.width == area.height);
    }

    #[test]
    fn median_keeps_edges_and_removes_specks() {
        let mut image = Gray::from_fn(20, 20, |x, _| if x < 10 { 200 } else { 50 });
        let clean = image.clone();
        image.data[5 * 20 + 5] = 0;
        assert!(image.median().data == clean.data);
    }
}
