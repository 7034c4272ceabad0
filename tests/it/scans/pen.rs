//! A pen: cursive letters, drawn with pressure, as exact coverage.

/// A grid of coverage values from 0 to 1.
#[derive(Clone)]
pub(crate) struct Grid {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<f32>,
}

/// A signature as strokes of points: x, y (0 is the baseline) in heights of a small letter, and the
/// pressure.
#[derive(Clone)]
pub(crate) struct Signature(Vec<Vec<[f32; 3]>>);

impl Grid {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![0.0; width * height] }
    }

    pub(crate) fn at(&self, x: isize, y: isize) -> f32 {
        match (usize::try_from(x), usize::try_from(y)) {
            (Ok(x), Ok(y)) if x < self.width && y < self.height => {
                self.data[y * self.width + x]
            }
            _ => 0.0,
        }
    }
}

impl Signature {
    /// A full name with ascenders, a descender, a dot and a flourish under it.
    pub(crate) fn flourished() -> Self {
        let mut pen = Pen::at(0.0);
        pen.letters("Aleigy").space().letters("Bellen");
        pen.dot(4.45, -1.75);
        let end = pen.x;
        pen.strokes.push(vec![
            [end + 0.4, 0.9, 0.5],
            [end * 0.7, 1.25, 1.0],
            [end * 0.35, 1.1, 0.9],
            [end * 0.2, 1.5, 0.7],
            [end * 0.6, 1.75, 0.5],
            [end * 0.95, 1.55, 0.25],
        ]);
        Self(pen.strokes)
    }

    /// A short name with nothing below the baseline.
    pub(crate) fn plain() -> Self {
        let mut pen = Pen::at(0.0);
        pen.letters("Anneleen");
        Self(pen.strokes)
    }

    /// Two initials and a tail that fades.
    pub(crate) fn initials() -> Self {
        let mut pen = Pen::at(0.0);
        pen.letters("B").dot(2.1, -0.05);
        pen.x = 2.6;
        pen.letters("An");
        let x = pen.x;
        pen.strokes.push(vec![
            [x, -0.2, 0.9],
            [x + 1.0, -0.5, 0.8],
            [x + 2.0, 0.0, 0.6],
            [x + 3.2, -0.45, 0.45],
            [x + 4.4, -0.2, 0.3],
        ]);
        Self(pen.strokes)
    }

    /// The coverage on a grid, with small letters `size` pixels high and strokes of full pressure
    /// `wide` pixels wide, from `left` along the line at `baseline`, which rises by `lean` rows a
    /// column.
    pub(crate) fn draw(
        &self,
        (width, height): (usize, usize),
        (left, baseline): (f32, f32),
        size: f32,
        wide: f32,
        lean: f32,
    ) -> Grid {
        let mut grid = Grid::new(width, height);
        for stroke in &self.0 {
            let mut last: Option<[f32; 3]> = None;
            for [x, y, pressure] in smooth(stroke) {
                // Letters slant to the right.
                let x = left + size * (x - 0.25 * y);
                let y = baseline + size * y + lean * (x - left);
                let radius = wide / 2.0 * (0.45 + 0.55 * pressure);
                let here = [x, y, radius];
                segment(&mut grid, last.unwrap_or(here), here, 0.8 + 0.2 * pressure);
                last = Some(here);
            }
        }
        grid
    }
}

struct Pen {
    x: f32,
    strokes: Vec<Vec<[f32; 3]>>,
}

impl Pen {
    fn at(x: f32) -> Self {
        Self { x, strokes: vec![Vec::new()] }
    }

    fn letters(&mut self, word: &str) -> &mut Self {
        for letter in word.chars() {
            let (points, advance): (&[[f32; 2]], f32) = match letter {
                'A' => (
                    &[
                        [0.0, 0.0],
                        [0.5, -1.0],
                        [1.1, -2.6],
                        [1.25, -2.5],
                        [1.3, -1.0],
                        [1.5, 0.0],
                        [1.2, -0.8],
                        [0.5, -0.75],
                        [1.2, -0.95],
                        [1.9, -0.4],
                    ],
                    1.9,
                ),
                'B' => (
                    &[
                        [0.3, -2.4],
                        [0.3, -1.0],
                        [0.3, 0.0],
                        [0.2, -1.5],
                        [0.5, -2.5],
                        [1.3, -2.3],
                        [1.2, -1.6],
                        [0.6, -1.3],
                        [1.4, -1.0],
                        [1.4, -0.2],
                        [0.6, 0.0],
                        [1.8, -0.3],
                    ],
                    1.9,
                ),
                'e' => (
                    &[
                        [0.0, -0.3],
                        [0.5, -0.6],
                        [0.5, -1.0],
                        [0.2, -0.9],
                        [0.2, -0.2],
                        [0.5, 0.0],
                        [0.8, -0.3],
                    ],
                    0.85,
                ),
                'l' => (
                    &[
                        [0.0, -0.3],
                        [0.5, -1.5],
                        [0.5, -2.4],
                        [0.25, -2.2],
                        [0.2, -0.6],
                        [0.4, 0.0],
                        [0.7, -0.3],
                    ],
                    0.75,
                ),
                'i' => (
                    &[[0.0, -0.3], [0.3, -1.0], [0.3, -0.3], [0.5, 0.0], [0.7, -0.3]],
                    0.75,
                ),
                'n' => (
                    &[
                        [0.0, -0.3],
                        [0.2, -0.95],
                        [0.3, 0.0],
                        [0.4, -0.7],
                        [0.7, -1.0],
                        [0.8, -0.5],
                        [0.85, 0.0],
                        [1.15, -0.3],
                    ],
                    1.2,
                ),
                'g' | 'y' => (
                    &[
                        [0.0, -0.3],
                        [0.7, -0.95],
                        [0.3, -0.9],
                        [0.2, -0.2],
                        [0.6, -0.1],
                        [0.8, -0.9],
                        [0.7, 0.8],
                        [0.4, 1.5],
                        [0.2, 1.2],
                        [0.7, 0.2],
                        [1.1, -0.3],
                    ],
                    1.15,
                ),
                _ => (&[], 0.5),
            };
            let x = self.x;
            if let Some(stroke) = self.strokes.last_mut() {
                // Strokes down have more pressure than strokes up.
                let mut before = points.first().map_or(0.0, |point| point[1]);
                for &[dx, y] in points {
                    let pressure = (0.55 + 0.5 * (y - before)).clamp(0.3, 1.0);
                    stroke.push([x + dx, y, pressure]);
                    before = y;
                }
            }
            self.x += advance;
        }
        self
    }

    fn space(&mut self) -> &mut Self {
        self.x += 0.6;
        self.strokes.push(Vec::new());
        self
    }

    fn dot(&mut self, x: f32, y: f32) {
        self.strokes.push(vec![[x, y, 1.0], [x + 0.06, y + 0.03, 1.0]]);
        self.strokes.push(Vec::new());
    }
}

/// Closely spaced points along a Catmull-Rom curve.
fn smooth(points: &[[f32; 3]]) -> Vec<[f32; 3]> {
    const STEPS: usize = 24;
    let mut line = Vec::new();
    for index in 0..points.len().saturating_sub(1) {
        let near = |offset: isize| {
            let at = (index as isize + offset).clamp(0, points.len() as isize - 1);
            points[at as usize]
        };
        let [a, b, c, d] = [near(-1), near(0), near(1), near(2)];
        for step in 0..STEPS {
            let t = step as f32 / STEPS as f32;
            line.push(std::array::from_fn(|axis| {
                let (a, b, c, d) = (a[axis], b[axis], c[axis], d[axis]);
                0.5 * (2.0 * b
                    + (c - a) * t
                    + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t
                    + (3.0 * b - a - 3.0 * c + d) * t * t * t)
            }));
        }
    }
    line.extend(points.last());
    line
}

/// Draws a piece of a stroke whose radius changes along it; where pieces overlap, the greater
/// coverage counts.
fn segment(grid: &mut Grid, from: [f32; 3], to: [f32; 3], strength: f32) {
    let reach = from[2].max(to[2]) + 1.0;
    let low = |a: f32, b: f32| (a.min(b) - reach).floor().max(0.0) as usize;
    let high = |a: f32, b: f32, most: usize| {
        ((a.max(b) + reach).ceil().max(0.0) as usize).min(most)
    };
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = dx * dx + dy * dy;
    for y in low(from[1], to[1])..high(from[1], to[1], grid.height) {
        for x in low(from[0], to[0])..high(from[0], to[0], grid.width) {
            let (px, py) = (x as f32 + 0.5 - from[0], y as f32 + 0.5 - from[1]);
            let t = if length > 0.0 {
                ((px * dx + py * dy) / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let distance = (px - t * dx).hypot(py - t * dy);
            let radius = from[2] + (to[2] - from[2]) * t;
            let covered = (radius - distance + 0.5).clamp(0.0, 1.0) * strength;
            let value = &mut grid.data[y * grid.width + x];
            *value = value.max(covered);
        }
    }
}
