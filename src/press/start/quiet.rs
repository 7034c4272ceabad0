//! Where a picture is quiet: the places on which text can stand.
//!
//! Takes a picture and its paper, gives boxes in millimetres, the best first. The decision: a place
//! is quiet if its colour hardly changes there, as on paper, in a pale watermark or in a field of
//! one colour; the best is large and in the middle.

use indexmap::IndexMap;

use super::drawn::drawn;
use crate::base::error::Result;
use crate::image::background::Background;
use crate::press::layout::paper::Paper;
use crate::press::layout::placed::placed_slot::Area;
use crate::site::course::Colour;

/// The number of cells along the longer side of a picture, and of pixels along the side
/// of a cell.
const CELLS: f64 = 300.0;
const PIXELS: usize = 3;
/// How much a component of the colour, of 255, may change inside of a cell and to the
/// next cell.
const MAX_CHANGE: u8 = 20;
/// How much a component of an opaque pixel may change with the ground below it.
const MAX_SEEN_THROUGH: u8 = 4;
/// The share of the shorter side of the paper that stays free around text.
const MARGIN: f64 = 0.025;
/// The most boxes that are tried.
const MAX_BOXES: usize = 4;

/// A picture in cells.
pub(super) struct Cells {
    columns: usize,
    rows: usize,
    /// The side of a cell in millimetres.
    side: (f64, f64),
    paper: Paper,
    cells: Vec<Cell>,
    /// Whether the colour of the paper is seen through it.
    pub(super) is_translucent: bool,
}

#[derive(Clone, Copy)]
struct Cell {
    is_quiet: bool,
    mean: [u8; 3],
}

impl Cells {
    /// Draws a picture as large as the paper, and measures its cells.
    ///
    /// # Errors
    /// [`ErrorKind::Image`](crate::ErrorKind::Image) for a picture that cannot be drawn.
    pub(super) fn of(background: &Background, paper: Paper) -> Result<Self> {
        let cell = f64::max(paper.width, paper.height) / CELLS;
        let columns = ((paper.width / cell).round() as usize).max(1);
        let rows = ((paper.height / cell).round() as usize).max(1);
        let (picture, trim) = (&background.picture, background.trim());
        let size = (columns * PIXELS, rows * PIXELS);
        let pixels = drawn(picture, trim, size, "white")?;
        let on_black = drawn(picture, trim, size, "black")?;
        let is_translucent = shows_ground(&pixels, &on_black);
        let mut cells = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                cells.push(Cell::of(&pixels, columns * PIXELS, column, row));
            }
        }
        let side = (paper.width / columns as f64, paper.height / rows as f64);
        let mut all = Self { columns, rows, side, paper, cells, is_translucent };
        all.mark_edges();
        Ok(all)
    }

    /// Marks cells as not quiet if an edge runs between them and a neighbour.
    fn mark_edges(&mut self) {
        let mut edges = Vec::new();
        for row in 0..self.rows {
            for column in 0..self.columns {
                let here = row * self.columns + column;
                let next = [
                    (column + 1 < self.columns).then_some(here + 1),
                    (row + 1 < self.rows).then_some(here + self.columns),
                ];
                for next in next.into_iter().flatten() {
                    if change(self.cells[here].mean, self.cells[next].mean) > MAX_CHANGE {
                        edges.extend([here, next]);
                    }
                }
            }
        }
        for edge in edges {
            self.cells[edge].is_quiet = false;
        }
    }

    /// The boxes on which text can stand, the best first.
    pub(super) fn boxes(&self) -> Vec<Area> {
        let mut found: Vec<(f64, [usize; 4])> = Vec::new();
        let mut heights = vec![0_usize; self.columns];
        for row in 0..self.rows {
            for (column, height) in heights.iter_mut().enumerate() {
                let is_quiet = self.cells[row * self.columns + column].is_quiet;
                *height = if is_quiet { *height + 1 } else { 0 };
            }
            // The largest boxes that end in this row, by the algorithm for the largest
            // rectangle of a histogram.
            let mut open: Vec<(usize, usize)> = Vec::new();
            for (column, height) in heights.iter().copied().chain([0]).enumerate() {
                let mut start = column;
                while let Some(&(from, tall)) =
                    open.last().filter(|(_, tall)| *tall > height)
                {
                    open.pop();
                    start = from;
                    let cells = [from, row + 1 - tall, column, row + 1];
                    found.push((self.score(cells), cells));
                }
                if open.last().is_none_or(|(_, tall)| *tall < height) && height > 0 {
                    open.push((start, height));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut boxes: Vec<Area> = Vec::new();
        for (_, cells) in found {
            let area = self.area(cells);
            if boxes.iter().all(|known| !is_similar(known, &area)) {
                boxes.push(area);
            }
            if boxes.len() == MAX_BOXES {
                break;
            }
        }
        boxes
    }

    /// The score of a box of cells (left, top, right, bottom): its size, reduced if it is
    /// narrow or far from the middle.
    fn score(&self, [left, top, right, bottom]: [usize; 4]) -> f64 {
        let (width, height) = ((right - left) as f64, (bottom - top) as f64);
        let aside = (left + right) as f64 / (2.0 * self.columns as f64) - 0.5;
        let shape = (width / height).clamp(0.4, 2.4) / (width / height);
        width * height * (1.0 - 0.8 * aside.abs()) * shape.min(1.0 / shape)
    }

    /// A box of cells in millimetres, with its margin.
    fn area(&self, [left, top, right, bottom]: [usize; 4]) -> Area {
        let margin = MARGIN * self.paper.width.min(self.paper.height);
        // Text on a page without a frame stays farther away from the edges.
        let edge = 3.2 * margin;
        let inset = |is_edge: bool| if is_edge { edge } else { margin };
        let mut x = left as f64 * self.side.0 + inset(left == 0);
        let mut end = right as f64 * self.side.0 - inset(right == self.columns);
        let y = top as f64 * self.side.1 + inset(top == 0);
        let bottom = bottom as f64 * self.side.1 - inset(bottom == self.rows);
        // A box that is nearly in the middle is made symmetrical.
        let (before, after) = (x, self.paper.width - end);
        if (before - after).abs() < 0.12 * self.paper.width {
            x = before.max(after);
            end = self.paper.width - x;
        }
        Area { x, y, width: (end - x).max(0.0), height: (bottom - y).max(0.0) }
    }

    /// The mean colour of a box, and its darkest and lightest tone by luminance.
    pub(super) fn ground(&self, area: &Area) -> (Colour, f64, f64) {
        let (mut sum, mut count) = ([0_u64; 3], 0_u64);
        let (mut darkest, mut lightest) = (1.0_f64, 0.0_f64);
        for (index, cell) in self.cells.iter().enumerate() {
            let x = (index % self.columns) as f64 * self.side.0;
            let y = (index / self.columns) as f64 * self.side.1;
            if x < area.x || x > area.right() || y < area.y || y > area.bottom() {
                continue;
            }
            let [red, green, blue] = cell.mean;
            let luminance = Colour { red, green, blue }.luminance();
            (darkest, lightest) = (darkest.min(luminance), lightest.max(luminance));
            for (sum, part) in sum.iter_mut().zip(cell.mean) {
                *sum += u64::from(part);
            }
            count += 1;
        }
        let [red, green, blue] = sum.map(|sum| (sum / count.max(1)) as u8);
        (Colour { red, green, blue }, darkest, lightest)
    }

    /// The colour of the picture's ornaments: one that is neither grey nor rare.
    /// `is_seen` says whether it can be read on the ground.
    pub(super) fn ornament(&self, is_seen: impl Fn(Colour) -> bool) -> Option<Colour> {
        let mut counts: IndexMap<[u8; 3], (u32, [u64; 3])> = IndexMap::new();
        for cell in &self.cells {
            let [red, green, blue] = cell.mean;
            let range = cell.mean.iter().max()?.abs_diff(*cell.mean.iter().min()?);
            if range < 48 || !is_seen(Colour { red, green, blue }) {
                continue;
            }
            let bin = cell.mean.map(|part| part / 32);
            let (count, sum) = counts.entry(bin).or_default();
            *count += 1;
            for (sum, part) in sum.iter_mut().zip(cell.mean) {
                *sum += u64::from(part);
            }
        }
        let (count, sum) = counts.into_values().max_by_key(|(count, _)| *count)?;
        let [red, green, blue] = sum.map(|sum| (sum / u64::from(count)) as u8);
        let colour = Colour { red, green, blue };
        (count as usize > self.cells.len() / 1000 && is_seen(colour)).then_some(colour)
    }
}

impl Cell {
    fn of(pixels: &[u8], width: usize, column: usize, row: usize) -> Self {
        let (mut low, mut high, mut sum) = ([u8::MAX; 3], [0_u8; 3], [0_usize; 3]);
        for y in row * PIXELS..(row + 1) * PIXELS {
            for x in column * PIXELS..(column + 1) * PIXELS {
                let at = (y * width + x) * 4;
                for part in 0..3 {
                    let value = pixels[at + part];
                    low[part] = low[part].min(value);
                    high[part] = high[part].max(value);
                    sum[part] += usize::from(value);
                }
            }
        }
        let is_quiet = change(low, high) <= MAX_CHANGE;
        Self { is_quiet, mean: sum.map(|sum| (sum / (PIXELS * PIXELS)) as u8) }
    }
}

/// Whether more than the odd pixel at an edge differs between a picture on white and on black.
fn shows_ground(on_white: &[u8], on_black: &[u8]) -> bool {
    let (pixels, _) = on_white.as_chunks::<4>();
    let (others, _) = on_black.as_chunks::<4>();
    let differ = pixels.iter().zip(others);
    let differ = differ.filter(|(a, b)| {
        change([a[0], a[1], a[2]], [b[0], b[1], b[2]]) > MAX_SEEN_THROUGH
    });
    differ.count() * 200 > pixels.len()
}

/// The largest difference between components of two colours.
fn change(a: [u8; 3], b: [u8; 3]) -> u8 {
    (0..3).map(|part| a[part].abs_diff(b[part])).max().unwrap_or_default()
}

/// Whether two boxes are nearly the same place.
fn is_similar(a: &Area, b: &Area) -> bool {
    let width = (a.right().min(b.right()) - a.x.max(b.x)).max(0.0);
    let height = (a.bottom().min(b.bottom()) - a.y.max(b.y)).max(0.0);
    let shared = width * height;
    shared > 0.7 * f64::min(a.width * a.height, b.width * b.height)
}
