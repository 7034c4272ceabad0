//! Starts a layout from a picture: its slots stand where the picture is empty.

use super::compose::{Composition, Style, compose};
use super::layout_file::{LayoutFile, number};
use super::layout_start::{LayoutStart, tried};
use super::quiet::Cells;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::image::background::Background;
use crate::press::layout::paper::{PAPERS, Paper};
use crate::press::layout::placed::placed_slot::Area;
use crate::site::course::Colour;
use crate::site::files::Site;

/// By how much the shape of a picture may differ from that of a paper, as a share, and by how much
/// the size and the shape of one that has a size.
const SAME_SHAPE: f64 = 0.012;
const SAME_SIZE: f64 = 0.004;
/// The longer side of a page whose picture has the ratio of no known paper, and the range
/// of sides for which a drawing's own size is used, in millimetres: drawing programs write pixels as
/// its unit. The size of a PDF is that of its paper.
const USUAL_SIDE: f64 = 297.0;
const SIZES: std::ops::RangeInclusive<f64> = 50.0..=450.0;
const PDF_SIZES: std::ops::RangeInclusive<f64> = 50.0..=2000.0;
/// The contrast that text needs (WCAG 2.2), and the least luminance of a ground for dark
/// ink.
const CONTRAST: f64 = 4.5;
const LIGHT: f64 = 0.2;
const DARK_INK: Colour = Colour { red: 0x1d, green: 0x1a, blue: 0x16 };
const WHITE: Colour = Colour { red: 0xff, green: 0xff, blue: 0xff };

impl LayoutStart {
    /// Starts a layout from a picture. `file` is the content of a PNG, JPEG, SVG or PDF,
    /// of which the first page is used. The layout's `sample.yaml` is that of the
    /// built-in layouts.
    ///
    /// # Errors
    /// [`ErrorKind::Image`](crate::ErrorKind::Image) for a file that is not a picture, or
    /// has no empty place; [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
    pub fn from_picture(
        site: &Site,
        name: &str,
        file: &str,
        bytes: &[u8],
    ) -> Result<Self> {
        let background = Background::read(bytes, &Place::file(file))?;
        let (written, landscape, paper) = paper_of(&background);
        let size_note = size_note(&background, paper);
        let cells = Cells::of(&background, paper)?;
        let mut first = None;
        for area in cells.boxes() {
            let Some(file_of_layout) =
                layout_file(&cells, &area, file, written.clone(), landscape, paper)
            else {
                continue;
            };
            let without = file_of_layout.without.clone();
            let mut start = tried(
                site,
                name,
                &file_of_layout,
                vec![(file.to_owned(), bytes.to_vec())],
            )?;
            start.notes.extend(size_note.clone());
            if !without.is_empty() {
                start.notes.push(format!(
                    "the empty place is as small as a card, so the page leaves out: {}; clear more of \
                     the picture, or give them slots in layout.yaml",
                    without.join(", ")
                ));
            }
            if start.fault.is_none() {
                return Ok(start);
            }
            first.get_or_insert(start);
        }
        first.ok_or_else(|| {
            Error::new(ErrorKind::Image, "the picture has no empty place that is large enough")
                .at(Place::file(file))
                .with_help(
                    "leave at least 58 × 30 mm without lines and pictures, or write the slots by \
                     hand",
                )
        })
    }
}

/// The paper for a picture, as it is written in `layout.yaml`: that of its size, or of
/// the ratio of its sides if it has no size.
fn paper_of(background: &Background) -> (String, bool, Paper) {
    let (width, height) = background.sides();
    let (long, short) = (width.max(height), width.min(height));
    let is_size = has_own_size(background);
    let known = |unit: f64| {
        let is_like = if is_size { SAME_SIZE } else { SAME_SHAPE };
        PAPERS.into_iter().find(|(_, sides)| {
            let (a, b) = (sides.0.max(sides.1), sides.0.min(sides.1));
            let has_shape = (long / short / (a / b) - 1.0).abs() < is_like;
            let has_size = !is_size || (long * unit / a - 1.0).abs() < is_like;
            has_shape && has_size
        })
    };
    // Drawing programs write an SVG of 842 × 595 units for A4. They mean points, but in
    // CSS these are pixels.
    let is_drawing = background.is_sized() && !background.picture.is_pdf();
    let in_points = || is_drawing.then(|| known(96.0 / 72.0)).flatten();
    if let Some((name, (a, b))) = known(1.0).or_else(in_points) {
        let landscape = width > height;
        let (long, short) = (a.max(b), a.min(b));
        let paper = if landscape {
            Paper { width: long, height: short }
        } else {
            Paper { width: short, height: long }
        };
        // `card` is in landscape format already.
        return (name.to_owned(), landscape && a < b, paper);
    }
    let scale = if is_size { 1.0 } else { USUAL_SIDE / long };
    let side = |length: f64| (length * scale * 10.0).round() / 10.0;
    let paper = Paper { width: side(width), height: side(height) };
    let written =
        format!("{{ width: {}, height: {} }}", number(paper.width), number(paper.height));
    (written, false, paper)
}

/// Whether the paper of a picture is that of its size.
fn has_own_size(background: &Background) -> bool {
    let (width, height) = background.sides();
    let sizes = if background.picture.is_pdf() { PDF_SIZES } else { SIZES };
    background.is_sized() && sizes.contains(&width.max(height))
}

/// Says that the paper is not of the size of a picture that has one.
fn size_note(background: &Background, paper: Paper) -> Option<String> {
    let (width, height) = background.sides();
    let differs = |unit: f64| (width * unit / paper.width - 1.0).abs() > SAME_SIZE;
    let is_other = differs(1.0) && (background.picture.is_pdf() || differs(96.0 / 72.0));
    (background.is_sized() && is_other).then(|| {
        format!(
            "the picture measures {} × {} mm, and the paper, which has its shape, {} × {} mm: \
             write another `paper` in layout.yaml if that is not meant",
            number(width),
            number(height),
            number(paper.width),
            number(paper.height)
        )
    })
}

/// The declaration of a layout with slots in a box; `None` if the box is too small.
fn layout_file(
    cells: &Cells,
    area: &Area,
    file: &str,
    written: String,
    landscape: bool,
    paper: Paper,
) -> Option<LayoutFile> {
    let (ground, darkest, lightest) = cells.ground(area);
    let is_dark = ground.luminance() < LIGHT;
    let ink = if is_dark { WHITE } else { DARK_INK };
    let reads = |colour: Colour| {
        let own = colour.luminance();
        let contrast = |other: f64| (own.max(other) + 0.05) / (own.min(other) + 0.05);
        contrast(darkest).min(contrast(lightest)) >= CONTRAST
    };
    let accent = cells.ornament(reads);
    // The colour of the ground is that on white paper.
    let paper_colour = if is_dark || cells.is_translucent { WHITE } else { ground };
    let middle = (area.x + area.right()) / 2.0;
    let is_aside = (middle / paper.width - 0.5).abs() > 0.05;
    let panel_ink = DARK_INK.to_string();
    let style = Style {
        align: if is_aside { "start" } else { "center" },
        is_dark,
        panel_ink: &panel_ink,
        has_accent: accent.is_some(),
    };
    let Composition { slots, without, signatories } = compose(area, &style)?;
    let is_card = signatories == 0;
    let (family, like) =
        if is_card { ("Source Sans 3", "sans") } else { ("EB Garamond", "serif") };
    Some(LayoutFile {
        comment: format!(
            "Started from the picture {file}. Its slots stand where the picture is empty: move them as \
             you\nlike. If the picture shows words of its own, such as the heading, take their slot \
             away and name\nit under `without`. docs/layout.md has all keys."
        ),
        paper: written,
        landscape,
        background: Some(file.to_owned()),
        faces: vec![("text".to_owned(), family.to_owned(), like)],
        signatories,
        theme: [accent.unwrap_or(ink), paper_colour, ink]
            .map(|colour| colour.to_string()),
        without,
        slots,
    })
}
