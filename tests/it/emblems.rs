//! Emblems: every built-in layout takes as many sponsors and badges as it declares, of every
//! proportion, on a specimen too, which bears its mark near them.

use testamur::press::{DraftOptions, Format, Press};
use testamur::site::Site;
use testamur::{Date, Tag};

/// The proportions of the pictures: as a wide logo, a seal and a coat of arms.
const SHAPES: [(&str, u32, u32); 3] =
    [("wide", 600, 100), ("square", 250, 250), ("tall", 100, 300)];

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn layouts_take_the_emblems_that_they_declare() {
    let built_in = Site::demo();
    let options =
        DraftOptions::default().with_format(Format::Png { pixels_per_inch: 10.0 });
    let mut faults = Vec::new();
    for all in [false, true] {
        let press = Press::new(site(&built_in, all)).unwrap();
        for layout in built_in.layouts() {
            for language in ["en", "ar"] {
                // The letters of the organization stand one by one on the seal.
                let draft = press.draft_sample_for(
                    layout,
                    "Ó",
                    &Tag::parse(language).unwrap(),
                    None,
                    Date::parse("2026-05-14").unwrap(),
                    &options,
                );
                if let Err(error) = draft {
                    faults.push(format!("{layout} {language} {all}: {error}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A site whose samples have a badge, or a logo and all sponsors and badges that their layout
/// declares.
fn site(built_in: &Site, all: bool) -> Site {
    let mut site = Site::demo();
    for (shape, width, height) in SHAPES {
        let picture = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'>\
             <rect width='{width}' height='{height}' fill='#14406a'/></svg>"
        );
        site = site.with_file(format!("images/{shape}.svg"), picture);
    }
    for layout in built_in.layouts() {
        let sample = sample(built_in, layout, all);
        site = site.with_file(format!("layouts/{layout}/sample.yaml"), sample);
    }
    site
}

fn sample(built_in: &Site, layout: &str, all: bool) -> String {
    let read = |name: &str| {
        let path = format!("layouts/{layout}/{name}");
        String::from_utf8(built_in.read(&path).unwrap().unwrap().into_owned()).unwrap()
    };
    let declared = read("layout.yaml");
    let limit = |key: &str| {
        let line = declared.lines().find_map(|line| line.strip_prefix(key));
        line.map_or(0, |count| count.trim().parse::<usize>().unwrap())
    };
    let list = |count: usize, entry: fn(&str) -> String| {
        let shapes = SHAPES.iter().cycle().skip(1).take(count);
        shapes.map(|(shape, ..)| entry(shape)).collect::<Vec<_>>().join(", ")
    };
    let (sponsors, badges) = if all {
        (limit("sponsors:"), limit("badges:"))
    } else {
        (0, limit("badges:").min(1))
    };
    let sponsors = list(sponsors, |shape| format!("{{ name: A, logo: {shape}.svg }}"));
    let badges = list(badges, |shape| format!("{{ image: {shape}.svg, alt: badge }}"));
    let mut sample = read("sample.yaml");
    let at = sample.find("  language: ").unwrap();
    sample.insert_str(at, &format!("  sponsors: [{sponsors}]\n  badges: [{badges}]\n"));
    if all && !sponsors.is_empty() {
        let theme = "  theme: { ";
        match sample.find(theme) {
            Some(at) => sample.insert_str(at + theme.len(), "logo: tall.svg, "),
            None => sample.insert_str(at, "  theme: { logo: tall.svg }\n"),
        }
    }
    sample.replace("Example University", "Centro de Educación")
}
