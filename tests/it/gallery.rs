//! The gallery: the sample of each layout, small, as the README shows it.
//!
//! `TESTAMUR_ACCEPT=1 cargo test --release --test it -- gallery` rewrites `docs/gallery/`. A
//! picture has sixteen colours: mixes of the sample's paper with its accent and with its ink.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, Rgb, RgbImage};
use testamur::Date;
use testamur::press::{DraftOptions, Format, Press};
use testamur::site::Site;

/// The number of pixels of a picture, whatever its aspect ratio.
const PIXELS: f64 = 600.0 * 424.0;
/// The maximal size of a picture's file in bytes.
const MAX_BYTES: usize = 30 * 1024;

type Palette = [[u8; 3]; 16];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn gallery_pictures_match_the_layout_samples() {
    let press = Press::new(Site::demo()).unwrap();
    let gallery = root().join("docs/gallery");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    if accepts() {
        let _ = fs::remove_dir_all(&gallery);
        fs::create_dir_all(&gallery).unwrap();
    }
    let mut known = Vec::new();
    for layout in press.site().layouts() {
        let name = format!("{layout}.png");
        let file = gallery.join(&name);
        let (picture, palette) = picture(&press, layout);
        if accepts() {
            fs::write(&file, indexed(&picture, &palette)).unwrap();
        }
        let bytes = fs::read(&file).unwrap_or_else(|error| {
            panic!("{}: {error}; set `TESTAMUR_ACCEPT=1` to write it", file.display())
        });
        assert!(bytes.len() <= MAX_BYTES, "{name} has {} bytes", bytes.len());
        let kept = image::load_from_memory(&bytes).unwrap().into_rgb8();
        assert_eq!(kept.dimensions(), picture.dimensions(), "{name}");
        let off = difference(&kept, &reduced(&picture, &palette));
        assert!(
            off < 1.0,
            "{name}: {off:.2} shades off; set `TESTAMUR_ACCEPT=1` to rewrite it"
        );
        assert!(
            readme.contains(&format!("docs/gallery/{name}")),
            "{name}: not in README.md"
        );
        known.push(name);
    }
    for entry in fs::read_dir(&gallery).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "docs/gallery/{name}: belongs to no layout");
    }
}

/// A layout's sample without the specimen mark, and its palette.
fn picture(press: &Press, layout: &str) -> (RgbImage, Palette) {
    let day = Date::parse("2026-05-14").unwrap();
    let draft = |format| {
        let options = DraftOptions::default().with_format(format).with_specimen(false);
        press.draft_sample(layout, day, &options).unwrap().bytes
    };
    let sheet: serde_json::Value = serde_json::from_slice(&draft(Format::Sheet)).unwrap();
    let side = |key| sheet["paper"][key].as_f64().unwrap() / 25.4;
    let pixels_per_inch = (PIXELS / (side("width") * side("height"))).sqrt();
    let png = draft(Format::Png { pixels_per_inch });
    let picture = image::load(Cursor::new(png), ImageFormat::Png).unwrap().into_rgb8();

    let colour = |key| {
        let number = sheet["theme"][key].as_str().unwrap().trim_start_matches('#');
        let number = u32::from_str_radix(number, 16).unwrap();
        [number >> 16, number >> 8, number].map(|part| part as u8)
    };
    (picture, palette(colour("paper"), colour("accent"), colour("ink")))
}

/// Eight mixes of paper and accent, and eight of paper and ink.
fn palette(paper: [u8; 3], accent: [u8; 3], ink: [u8; 3]) -> Palette {
    let mix = |to: [u8; 3], share: usize, whole: usize| {
        let part =
            |i| usize::from(paper[i]) * (whole - share) + usize::from(to[i]) * share;
        [0, 1, 2].map(|i| (part(i) / whole) as u8)
    };
    std::array::from_fn(|i| if i < 8 { mix(accent, i, 7) } else { mix(ink, i - 7, 8) })
}

/// The index of the nearest colour.
fn nearest(pixel: Rgb<u8>, palette: &Palette) -> usize {
    let off = |colour: &[u8; 3]| -> u32 {
        pixel.0.iter().zip(colour).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
    };
    (0..palette.len()).min_by_key(|&index| off(&palette[index])).unwrap()
}

fn reduced(picture: &RgbImage, palette: &Palette) -> RgbImage {
    let mut reduced = picture.clone();
    for pixel in reduced.pixels_mut() {
        pixel.0 = palette[nearest(*pixel, palette)];
    }
    reduced
}

/// Encodes a PNG of four bits a pixel.
fn indexed(picture: &RgbImage, palette: &Palette) -> Vec<u8> {
    let mut data = Vec::new();
    for row in picture.rows() {
        let indices: Vec<usize> = row.map(|pixel| nearest(*pixel, palette)).collect();
        data.extend(
            indices.chunks(2).map(|pair| {
                (pair[0] << 4 | pair.get(1).copied().unwrap_or_default()) as u8
            }),
        );
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&data).unwrap();
    writer.finish().unwrap();
    bytes
}

/// The mean difference of two pictures, in shades of 256.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / (3.0 * f64::from(a.width() * a.height()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn accepts() -> bool {
    std::env::var_os("TESTAMUR_ACCEPT").is_some()
}
