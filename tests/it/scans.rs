//! Scans of signatures: the extracted ink against the ink that was drawn.
//!
//! With the environment variable `SCANS` set to a folder, each photo, its extracted ink and the
//! measures are written there for inspection.

pub(crate) mod pen;
pub(crate) mod photo;

use std::path::PathBuf;

use image::metadata::Orientation;
use image::{Rgba, RgbaImage};
use testamur::ErrorKind;
use testamur::image::{Ink, InkOptions};

use pen::{Grid, Signature};
use photo::{BLACK, BLUE, PENCIL, Photo};

/// How well the extracted ink matches the drawn ink.
#[derive(Debug)]
struct Measured {
    /// Intersection over union of the pixels that are more than half covered.
    overlap: f32,
    /// The share of bare paper in the picture that is not transparent.
    left: f32,
    /// The largest error of the box's sides, as a share of its longer side.
    off: f32,
    /// The error of the baseline, as a share of the ink's height.
    baseline: f32,
    /// The median stroke width, as a share of the width at full pressure.
    stroke: f32,
}

fn measure(photo: &Photo, ink: &Ink) -> Measured {
    let picture = image::load_from_memory(ink.png()).expect("a PNG").into_rgba8();
    let [left, top, width, _] = ink.scan_area().map(|value| value as f32);
    let scale = picture.width() as f32 / width;
    let truth = &photo.ink;
    // The drawn ink on the pixels of the result.
    let mut known = Grid::new(picture.width() as usize, picture.height() as usize);
    let (mut both, mut either) = (0, 0);
    let (mut bare, mut stained) = (0, 0);
    for (x, y, pixel) in picture.enumerate_pixels() {
        let (u, v) = ((x as f32 + 0.5) / scale + left, (y as f32 + 0.5) / scale + top);
        let (u, v) = (u.floor() as isize, v.floor() as isize);
        let share = truth.at(u, v);
        known.data[y as usize * known.width + x as usize] = share;
        let (is, should) = (pixel[3] > 127, share > 0.5);
        both += u32::from(is && should);
        either += u32::from(is || should);
        // Bare paper is at least two pixels from ink, beyond the blur of lens and JPEG.
        let near = (-2..=2).any(|dy| (-2..=2).any(|dx| truth.at(u + dx, v + dy) > 0.0));
        bare += u32::from(!near);
        stained += u32::from(!near && pixel[3] > 12);
    }
    let inside = known.data.iter().filter(|share| **share > 0.5).count();
    let all = truth.data.iter().filter(|share| **share > 0.5).count();
    let outside = (all as f32 - inside as f32 / (scale * scale)).max(0.0);
    let should = bounds(truth);
    let area = ink.area();
    let is = [
        left + area.x as f32 / scale,
        top + area.y as f32 / scale,
        left + (area.x + area.width) as f32 / scale,
        top + (area.y + area.height) as f32 / scale,
    ];
    let longer = (should[2] - should[0]).max(should[3] - should[1]);
    let off =
        is.iter().zip(should).map(|(is, should)| (is - should).abs()).fold(0.0, f32::max);
    let line = top + ink.baseline() as f32 / scale;
    Measured {
        overlap: both as f32 / (either as f32 + outside * scale * scale),
        left: stained as f32 / bare.max(1) as f32,
        off: off / longer,
        baseline: (line - photo.baseline) / (should[3] - should[1]),
        stroke: ink.stroke_width() as f32 / scale / photo.stroke,
    }
}

/// Left, top, right and bottom of the pixels that are more than half covered.
fn bounds(grid: &Grid) -> [f32; 4] {
    let mut bounds = [f32::MAX, f32::MAX, 0.0, 0.0];
    for (index, _) in grid.data.iter().enumerate().filter(|(_, share)| **share > 0.5) {
        let (x, y) = ((index % grid.width) as f32, (index / grid.width) as f32);
        bounds = [
            bounds[0].min(x),
            bounds[1].min(y),
            bounds[2].max(x + 1.0),
            bounds[3].max(y + 1.0),
        ];
    }
    bounds
}

fn cases() -> Vec<(&'static str, Photo)> {
    let flourished = |size| Photo::of(&Signature::flourished(), size);
    let plain = |size| Photo::of(&Signature::plain(), size);
    let initials = |size| Photo::of(&Signature::initials(), size);
    const SCAN: (usize, usize) = (1200, 700);
    const PHONE: (usize, usize) = (2000, 1400);
    vec![
        ("clean", flourished(SCAN)),
        ("small", plain((600, 300)).pen(BLUE).jpeg(80)),
        ("blue", plain(SCAN).pen(BLUE).noise(3.0)),
        ("pencil", initials(SCAN).pen(PENCIL).noise(2.0)),
        ("grey_paper", initials(SCAN).grey().pen(BLUE).noise(3.0)),
        ("gradient", flourished(SCAN).gradient(0.25).noise(3.0)),
        ("shadow", flourished(SCAN).shadow(0.12)),
        ("shadow_darker_than_ink", plain(SCAN).pen(BLUE).shadow(0.04)),
        ("shadow_darker_than_pencil", plain(SCAN).pen(PENCIL).shadow(0.15).noise(1.5)),
        ("noise", plain(SCAN).pen(BLUE).noise(9.0)),
        ("ruled", flourished(SCAN).pen(BLUE).ruled().noise(2.0)),
        ("squared", initials(SCAN).squared().noise(2.0)),
        ("line_to_sign", flourished(SCAN).pen(BLUE).line_to_sign().noise(3.0).jpeg(85)),
        ("desk", flourished(SCAN).desk().noise(3.0)),
        ("blots", plain(SCAN).blots()),
        ("jpeg", flourished(SCAN).pen(BLUE).jpeg(50)),
        ("turned_jpeg", plain(SCAN).jpeg(85).turned(Orientation::Rotate90)),
        ("turned_webp", plain(SCAN).turned(Orientation::Rotate270)),
        ("upside_down", plain(SCAN).jpeg(85).turned(Orientation::Rotate180)),
        ("mirrored", plain(SCAN).jpeg(85).turned(Orientation::FlipHorizontal)),
        ("shadow_jpeg", flourished(SCAN).pen(BLUE).shadow(0.08).noise(3.0).jpeg(70)),
        (
            "shadow_on_ruled",
            plain(SCAN).pen(BLUE).ruled().shadow(0.12).noise(3.0).jpeg(85),
        ),
        (
            "phone",
            flourished(PHONE)
                .pen(BLUE)
                .gradient(0.5)
                .shadow(0.1)
                .ruled()
                .blots()
                .desk()
                .noise(4.0)
                .jpeg(80)
                .turned(Orientation::Rotate90),
        ),
        (
            "phone_grey",
            initials(PHONE)
                .pen(BLACK)
                .grey()
                .gradient(0.6)
                .shadow(0.12)
                .squared()
                .desk()
                .noise(4.0)
                .jpeg(75),
        ),
    ]
}

#[test]
fn ink_is_extracted_from_paper_with_defects() {
    let (mut failed, mut measures) = (Vec::new(), Vec::new());
    for (name, photo) in cases() {
        let bytes = photo.take();
        let ink = match Ink::extract(&bytes, &InkOptions::default()) {
            Ok(ink) => ink,
            Err(error) => {
                show(name, &photo, None);
                failed.push(format!("{name}: {error}"));
                continue;
            }
        };
        show(name, &photo, Some(&ink));
        let measured = measure(&photo, &ink);
        measures.push(format!("{name:26} {measured:.4?} {:?}", ink.colour()));
        let doubts = ink.doubts();
        if !doubts.is_empty() {
            failed.push(format!("{name}: {doubts:?}"));
        }
        let good = measured.overlap >= 0.9
            && measured.left < 0.01
            && measured.off <= 0.02
            && measured.baseline.abs() <= 0.1
            // Few strokes have full pressure.
            && (0.6..=1.1).contains(&measured.stroke);
        if !good {
            failed.push(format!("{name}: {measured:.4?}"));
        }
    }
    if let Some(folder) = folder() {
        std::fs::write(folder.join("measures.txt"), measures.join("\n"))
            .expect("written");
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn paper_without_ink_is_refused() {
    let blank = |size| Photo::of(&Signature::plain(), size).blank();
    for (name, photo) in [
        ("blank", blank((800, 500))),
        ("blank_noise", blank((800, 500)).noise(8.0)),
        ("blank_shadow", blank((800, 500)).shadow(0.06).noise(3.0).jpeg(70)),
        ("blank_ruled", blank((800, 500)).ruled().gradient(0.4).noise(3.0)),
        ("blank_squared", blank((1200, 800)).squared().noise(3.0).jpeg(80)),
        ("blank_desk", blank((800, 500)).desk().noise(3.0).jpeg(80)),
    ] {
        show(name, &photo, None);
        match Ink::extract(&photo.take(), &InkOptions::default()) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Image, "{name}");
                assert_eq!(error.message(), "the scan has no ink", "{name}");
            }
            Ok(ink) => {
                show(name, &photo, Some(&ink));
                panic!("{name}: {ink:?}");
            }
        }
    }
}

#[test]
fn transparent_cutout_keeps_its_coverage_and_colours() {
    let cutout = RgbaImage::from_fn(300, 120, |x, y| {
        let wave = 60.0 + 30.0 * (x as f32 / 20.0).sin();
        let inside = (20..280).contains(&x) && (y as f32 - wave).abs() < 4.0;
        let [red, blue] = if x < 150 { [200, 0] } else { [0, 200] };
        Rgba([red, 0, blue, if inside { 180 } else { 0 }])
    });
    let ink = Ink::extract(&png(&cutout), &InkOptions::default()).expect("ink");
    let [left, top, width, height] = ink.scan_area().map(|value| value as u32);
    let expected =
        image::imageops::crop_imm(&cutout, left, top, width, height).to_image();
    let lifted = image::load_from_memory(ink.png()).expect("a PNG").into_rgba8();
    for (expected, lifted) in expected.pixels().zip(lifted.pixels()) {
        assert_eq!(expected[3], lifted[3]);
        assert!(expected[3] == 0 || expected == lifted);
    }
    assert_eq!((ink.area().width, left + ink.area().x), (260, 20));
}

#[test]
fn tint_is_the_only_colour() {
    let options = InkOptions::default().with_tint([20, 30, 90]);
    let bytes = Photo::of(&Signature::plain(), (600, 400)).noise(3.0).jpeg(80).take();
    let ink = Ink::extract(&bytes, &options).expect("ink");
    let lifted = image::load_from_memory(ink.png()).expect("a PNG").into_rgba8();
    assert!(lifted.pixels().all(|pixel| pixel.0[..3] == [20, 30, 90]));
    let again = Ink::extract(&bytes, &options).expect("ink");
    assert_eq!(ink.png(), again.png(), "the same scan gives the same bytes");
}

#[test]
fn svg_is_ink_with_and_without_a_background() {
    let svg = |paper: &str| {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 200'>{paper}\
             <path d='M100 120c20-90 40-90 40 0s30-60 40 0 30-60 40 0 30-60 80-10' \
             fill='none' stroke='#1a2238' stroke-width='5'/></svg>"
        )
    };
    let [bare, on_paper] =
        ["", "<rect width='400' height='200' fill='#eee'/>"].map(|paper| {
            Ink::extract(svg(paper).as_bytes(), &InkOptions::default()).expect("ink")
        });
    for ink in [&bare, &on_paper] {
        let [left, _, width, _] = ink.scan_area();
        assert!((left - 97.5).abs() < 2.0 && (width - 204.0).abs() < 4.0, "{ink:?}");
        let scale = f64::from(ink.size().0) / width;
        assert!((ink.stroke_width() / scale - 5.0).abs() < 0.7, "{ink:?}");
        for (channel, expected) in ink.colour().into_iter().zip([0x1a, 0x22, 0x38]) {
            assert!(u8::abs_diff(channel, expected) < 20, "{ink:?}");
        }
    }
}

#[test]
fn unusable_scan_is_refused_with_its_reason() {
    let filled = |colour: [u8; 4]| png(&RgbaImage::from_pixel(300, 200, Rgba(colour)));
    let block = RgbaImage::from_fn(300, 200, |x, y| {
        let inside = (50..250).contains(&x) && (40..160).contains(&y);
        Rgba([0, 0, 0, if inside { 255 } else { 0 }])
    });
    // The frame header gives the size that a decoder would allocate.
    let mut huge = Photo::of(&Signature::plain(), (64, 64)).jpeg(80).take();
    let frame = huge.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    huge[frame + 5..frame + 9].copy_from_slice(&[0xff, 0x00, 0xff, 0x00]);
    let mut broken = filled([255; 4]);
    broken.truncate(60);
    let text = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><text>A</text></svg>";
    for (bytes, kind, message) in [
        (filled([255, 255, 255, 255]), ErrorKind::Image, "the scan has no ink"),
        (filled([0, 0, 0, 0]), ErrorKind::Image, "the scan has no ink"),
        (filled([10, 10, 10, 255]), ErrorKind::Image, "the scan is all ink"),
        (png(&block), ErrorKind::Image, "the scan is all ink"),
        (huge, ErrorKind::TooLarge, "the scan has 65280 × 65280 pixels"),
        (vec![0; (48 << 20) + 1], ErrorKind::TooLarge, "the scan is 48 MB long"),
        (broken, ErrorKind::Image, "failed to read the scan"),
        (b"GIF89a".to_vec(), ErrorKind::Image, "failed to read the scan"),
        (b"<svg".to_vec(), ErrorKind::Image, "failed to read the SVG"),
        (text.to_vec(), ErrorKind::Image, "the SVG has text"),
    ] {
        let error = Ink::extract(&bytes, &InkOptions::default()).expect_err(message);
        assert_eq!(error.kind(), kind, "{message}");
        assert!(error.message().starts_with(message), "{error} for {message}");
    }
}

/// White or pale strokes on black, and strokes of few pixels, look like ink and are no good for print.
#[test]
fn scan_that_is_no_good_for_print_is_refused_with_what_to_do() {
    let photo = Photo::of(&Signature::plain(), (1200, 700)).expose();
    let changed = |change: &dyn Fn(u8) -> u8| {
        let image = image::RgbImage::from_fn(photo.width(), photo.height(), |x, y| {
            image::Rgb(photo.get_pixel(x, y).0.map(change))
        });
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Png).expect("written");
        bytes.into_inner()
    };
    let small = image::imageops::thumbnail(&photo, 100, 58);
    let mut few = std::io::Cursor::new(Vec::new());
    small.write_to(&mut few, image::ImageFormat::Png).expect("written");
    for (bytes, message, help) in [
        (changed(&|value| 255 - value), "the scan is dark", "invert the picture"),
        (changed(&|value| (255 - value) / 2), "the scan is dark", "white paper"),
        (changed(&|value| value / 6), "the scan is dark", "white paper"),
        (few.into_inner(), "the signature has ", "300 dots per inch"),
    ] {
        let error = Ink::extract(&bytes, &InkOptions::default()).expect_err(message);
        assert_eq!(error.kind(), ErrorKind::Image);
        assert!(error.message().starts_with(message), "{error} for {message}");
        assert!(error.help().is_some_and(|told| told.contains(help)), "{error:#}");
    }
}

/// More in the scan than one signature, or one that stands on end, is doubted with what to do.
#[test]
fn scan_with_more_than_a_signature_is_doubted() {
    let drawn = Photo::of(&Signature::flourished(), (1200, 700)).pen(BLUE);
    let (photo, [_, _, _, bottom]) = (drawn.expose(), bounds(&drawn.ink));
    let [ink, brown, red] = [[24, 24, 30], [150, 100, 60], [190, 30, 40]].map(image::Rgb);
    let ring = |colour| {
        let mut scan = photo.clone();
        for (x, y, pixel) in scan.enumerate_pixels_mut() {
            let radius = (x as f32 - 640.0).hypot(y as f32 - 340.0);
            if (radius - 250.0).abs() < 4.0 {
                *pixel = colour;
            }
        }
        scan
    };
    let mut two = image::RgbImage::new(1200, 1400);
    image::imageops::replace(&mut two, &photo, 0, 0);
    image::imageops::replace(&mut two, &photo, 0, 700);
    // Words that stand apart are left out with what else lies on the paper.
    let top = bottom as u32 + 14;
    let mut words = photo.clone();
    for (x, y, pixel) in words.enumerate_pixels_mut() {
        let (at, column) = (x.saturating_sub(400) % 40, x.saturating_sub(400) / 40);
        let is_inside = x >= 400 && column < 10 && at < 24 && y >= top && y < top + 32;
        let is_edge = !(4..20).contains(&at) || !(top + 4..top + 28).contains(&y);
        if is_inside && is_edge {
            *pixel = ink;
        }
    }
    let turned = image::imageops::rotate90(&photo);
    let mut yellow = photo.clone();
    for pixel in yellow.pixels_mut() {
        pixel.0[2] = (f32::from(pixel.0[2]) * 0.3) as u8;
    }
    for (scan, message, help) in [
        (ring(brown), "a ring on it", "clean paper"),
        (ring(red), "two colours", "the signature alone"),
        (two, "a second signature", "one signature"),
        (words, "printed words", "cut them off"),
        (turned, "stood on end", "turn the picture"),
        (yellow, "paper of the scan is coloured", "white paper"),
    ] {
        let mut bytes = std::io::Cursor::new(Vec::new());
        scan.write_to(&mut bytes, image::ImageFormat::Png).expect("written");
        let lifted = Ink::extract(bytes.get_ref(), &InkOptions::default()).expect("ink");
        let doubts = lifted.doubts();
        let found = doubts.iter().find(|doubt| doubt.message.contains(message));
        let found = found.unwrap_or_else(|| panic!("{message}: {doubts:?}"));
        assert!(found.help.as_ref().is_some_and(|told| told.contains(help)), "{found:?}");
        // Blue ink stays dark, whatever the paper's colour is.
        assert!(lifted.colour().iter().all(|&value| value < 170), "{lifted:?}");
    }
}

fn png(image: &RgbaImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).expect("a PNG");
    bytes.into_inner()
}

fn folder() -> Option<PathBuf> {
    std::env::var_os("SCANS").map(PathBuf::from)
}

/// Writes the photo, and the extracted ink on white and on a colour.
fn show(name: &str, photo: &Photo, ink: Option<&Ink>) {
    let Some(folder) = folder() else { return };
    photo.expose().save(folder.join(format!("{name}-0.png"))).expect("written");
    let Some(ink) = ink else { return };
    let picture = image::load_from_memory(ink.png()).expect("a PNG").into_rgba8();
    let mut ground = RgbaImage::from_pixel(
        picture.width() + 40,
        picture.height() * 2 + 60,
        Rgba([255, 255, 255, 255]),
    );
    for (_, y, pixel) in ground.enumerate_pixels_mut() {
        if y > picture.height() + 30 {
            *pixel = Rgba([255, 220, 160, 255]);
        } else if y == 20 + ink.baseline() as u32 {
            *pixel = Rgba([255, 120, 120, 255]);
        }
    }
    image::imageops::overlay(&mut ground, &picture, 20, 20);
    image::imageops::overlay(&mut ground, &picture, 20, i64::from(picture.height()) + 40);
    ground.save(folder.join(format!("{name}-1.png"))).expect("written");
}
