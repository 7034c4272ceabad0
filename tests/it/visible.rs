//! Planted faults of paint, clip, cover, shape and contrast: each is refused as what it is, and the same
//! page without it passes.

use testamur::press::{DraftOptions, Format, Press};
use testamur::site::{Request, Site};
use testamur::{Date, ErrorKind};

const SLOT: &str = include_str!("../../layouts/shared/slot.typ");
const PICTURE: &str = include_str!("../../layouts/shared/picture.typ");

const LAYOUTS: [&str; 3] = ["classic", "diploma", "modern"];
const ROLES: [&str; 5] = ["recipient", "course", "statement", "date", "signatory"];

/// What is done to `it`, a sentence in its slot of the width `w` and the height `h`.
const FAULTS: [(&str, ErrorKind); 30] = [
    // Cut.
    (
        "block(width: w, height: h, clip: true, move(dx: -0.75 * w, it))",
        ErrorKind::Hidden,
    ),
    ("block(width: w, height: 0.5 * h, clip: true, it)", ErrorKind::Hidden),
    (
        "box(width: w, height: h, clip: true, radius: 0.5 * h, inset: 0pt, rotate(0deg, move(dx: -0.7 * w, it)))",
        ErrorKind::Hidden,
    ),
    // Covered.
    (
        "block(it + place(top + left, rect(width: w, height: h, fill: white)))",
        ErrorKind::Hidden,
    ),
    (
        "block(it + place(top + left, ellipse(width: w, height: h, fill: white)))",
        ErrorKind::Hidden,
    ),
    (
        "block(it + place(top + left, rotate(2deg, origin: left + horizon, rect(width: w, height: h, fill: red))))",
        ErrorKind::Hidden,
    ),
    (
        "block(it + place(top + left, rect(width: w, height: h, fill: rgb(255, 255, 255, 190))))",
        ErrorKind::Hidden,
    ),
    (
        "block(it + place(horizon + left, line(length: w, stroke: 0.6 * h)))",
        ErrorKind::Hidden,
    ),
    (
        "block(it + place(top + left, polygon((0pt, 0pt), (w, 0pt), (0.9 * w, h), (0pt, h), fill: white)))",
        ErrorKind::Hidden,
    ),
    // Too pale.
    ("{ set text(fill: white); it }", ErrorKind::Contrast),
    ("{ set text(fill: black.transparentize(93%)); it }", ErrorKind::Contrast),
    ("{ set text(fill: luma(205)); it }", ErrorKind::Contrast),
    ("{ set text(fill: gradient.linear(white, luma(230))); it }", ErrorKind::Contrast),
    ("block(fill: rgb(\"#332f2c\"), it)", ErrorKind::Contrast),
    ("block(fill: gradient.linear(black, luma(60)), it)", ErrorKind::Contrast),
    ("{ set text(fill: rgb(\"#ffe680\")); it }", ErrorKind::Contrast),
    ("highlight(fill: rgb(\"#222222\"), it)", ErrorKind::Hidden),
    // Covered by what only looks like paper.
    (
        "block(it + place(top + left, image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9' fill='#fff' fill-opacity='0.9'/></svg>\"), width: w, height: h, fit: \"stretch\")))",
        ErrorKind::Hidden,
    ),
    (
        "block(it + place(top + left, rect(width: w, height: h, fill: tiling(size: (4pt, 4pt), rect(width: 4pt, height: 4pt, fill: white)))))",
        ErrorKind::Hidden,
    ),
    (
        "block(it + for k in range(60) { place(top + left, dy: k * h / 60, line(length: w, stroke: h / 70 + white)) })",
        ErrorKind::Hidden,
    ),
    (
        "block(it + place(top + left, text(size: h, fill: white, \"■■■■■■■■■■\")))",
        ErrorKind::Hidden,
    ),
    ("{ show text: set text(stroke: 0.1em + white); it }", ErrorKind::Hidden),
    // Out of shape.
    ("scale(x: 0.1%, y: 0.1%, it)", ErrorKind::Hidden),
    ("scale(y: 3%, it)", ErrorKind::Hidden),
    ("scale(x: -100%, it)", ErrorKind::Hidden),
    ("skew(ax: 80deg, it)", ErrorKind::Hidden),
    ("rotate(180deg, scale(x: -100%, it))", ErrorKind::Hidden),
    ("{ show text: set text(tracking: -0.45em); it }", ErrorKind::Hidden),
    ("{ show text: set text(tracking: -1em); it }", ErrorKind::Hidden),
    ("{ show text: set text(size: 0.3pt); it }", ErrorKind::Hidden),
];

/// What may be done to a sentence.
const SOUND: [&str; 5] = [
    "it",
    "scale(x: 92%, it)",
    "highlight(fill: rgb(\"#fff3b0\"), it)",
    "underline(it)",
    "{ show text: set text(tracking: -0.02em); it }",
];

/// What is done to `it`, a picture of the width `width` and the height `height`.
const PICTURE_FAULTS: [(&str, ErrorKind); 7] = [
    ("block(width: width, height: 0.4 * height, clip: true, it)", ErrorKind::Hidden),
    (
        "block(it + place(top + left, rect(width: width, height: height, fill: rgb(255, 255, 255, 200))))",
        ErrorKind::Hidden,
    ),
    ("block(fill: rgb(\"#14171f\"), it)", ErrorKind::Contrast),
    ("scale(x: -100%, it)", ErrorKind::Hidden),
    ("scale(y: 5%, it)", ErrorKind::Hidden),
    ("skew(ax: 70deg, it)", ErrorKind::Hidden),
    (
        "block(it + place(top + left, image(source-of(source), width: width, height: height, alt: \"\")) + place(top + left, rect(width: width, height: height, fill: white)))",
        ErrorKind::Hidden,
    ),
];

#[test]
fn sentence_that_is_cut_covered_pale_or_out_of_shape_is_refused_by_turns() {
    // Each fault on one of the layouts and with one of the roles.
    let turns = LAYOUTS.len() * ROLES.len();
    let planted = plant(&|fault, turn| (fault + turn) % turns % 7 == 3);
    assert!(planted >= 60, "{planted}");
}

#[ignore = "450 pages: run with tests/run --slow"]
#[test]
fn sentence_that_is_cut_covered_pale_or_out_of_shape_is_refused() {
    let planted = plant(&|_, _| true);
    assert!(planted >= 240, "{planted}");
}

#[test]
fn sentence_that_is_marked_or_set_closer_passes() {
    for change in SOUND {
        let found = kinds(&changed("classic", "date", change));
        assert_eq!(found, [], "{change}");
    }
}

/// Plants the faults that are chosen for a layout and a role, and returns how many.
fn plant(chosen: &dyn Fn(usize, usize) -> bool) -> usize {
    let places = LAYOUTS.into_iter().flat_map(|layout| ROLES.map(|role| (layout, role)));
    let mut planted = 0;
    let mut missed = Vec::new();
    for (turn, (layout, role)) in places.enumerate() {
        for (index, (fault, kind)) in FAULTS.into_iter().enumerate() {
            if !chosen(index, turn) {
                continue;
            }
            let found = kinds(&changed(layout, role, fault));
            planted += 1;
            if !is_caught(&found, kind) {
                missed.push(format!("{layout}, {role}: {fault}: {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} of {planted}:\n{}", missed.len(), missed.join("\n"));
    planted
}

/// A site whose layout does something to the sentences of a role.
fn changed(layout: &str, role: &str, change: &str) -> Site {
    let wrapped = format!(
        "#let slot(sentence, fitted: auto, bare: false) = {{\n  let it = \
         plain-slot(sentence, fitted: fitted, bare: bare)\n  let (w, h) = \
         (sentence.fitted.width * 1pt, sentence.fitted.height * 1pt)\n  if \
         sentence.role == \"{role}\" {{ {change} }} else {{ it }}\n}}\n\n\
         /// A sentence as the document's heading"
    );
    let slot = SLOT.replacen("#let slot(", "#let plain-slot(", 1).replacen(
        "/// A sentence as the document's heading",
        &wrapped,
        1,
    );
    site(layout).with_file("layouts/shared/slot.typ", slot)
}

#[test]
fn signature_and_code_that_are_cut_covered_pale_or_out_of_shape_are_refused() {
    let mut missed = Vec::new();
    for layout in LAYOUTS {
        for id in ["signatory-1-image", "code"] {
            for (fault, kind) in PICTURE_FAULTS {
                // A code brings its own white ground.
                if id == "code" && kind == ErrorKind::Contrast {
                    continue;
                }
                let wrapped = format!(
                    "#let picture(source, width, height) = {{\n  let it = \
                     plain-picture(source, width, height)\n  if source.id == \"{id}\" \
                     {{ {fault} }} else {{ it }}\n}}\n\n/// Logos side by side"
                );
                let picture = PICTURE
                    .replacen("#let picture(", "#let plain-picture(", 1)
                    .replacen("/// Logos side by side", &wrapped, 1);
                let site = site(layout).with_file("layouts/shared/picture.typ", picture);
                let found = kinds(&site);
                if !is_caught(&found, kind) {
                    missed.push(format!("{layout}, {id}: {fault}: {found:?}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn theme_without_contrast_is_refused_by_both_names() {
    for (theme, what) in [
        ("{ paper: \"#1d1a16\" }", "with the paper"),
        ("{ ink: \"#fffdf7\", paper: \"#fffdf7\" }", "1.0 to 1 with the paper"),
        ("{ ink: \"#c8b48c\" }", "and needs 3 to 1"),
    ] {
        let site = site_with("classic", &format!("  theme: {theme}\n"));
        let request = Request::new("c", "Guido van Rossum").unwrap();
        let error = Press::new(site).unwrap().draft(&request, day()).unwrap_err();
        let message = error.to_string();
        assert!(
            error.faults().all(|fault| fault.kind() == ErrorKind::Contrast),
            "{message}"
        );
        assert!(message.contains("the recipient `Guido van Rossum`"), "{message}");
        assert!(message.contains(what), "{message}");
    }
    // Light on dark is as good as dark on light.
    let dark = "  theme: { paper: \"#1d1a16\", ink: \"#f4ead7\", accent: \"#e8c56a\" }\n";
    let found = kinds(&site_with("classic", dark));
    assert!(!found.contains(&ErrorKind::Hidden), "{found:?}");
}

/// Whether a fault was refused. What covers one sentence may reach another, and black on black is as
/// much a cover as a lack of contrast.
fn is_caught(found: &[ErrorKind], expected: ErrorKind) -> bool {
    let covers =
        [ErrorKind::Hidden, ErrorKind::Contrast, ErrorKind::Overlap, ErrorKind::Overflow];
    match expected {
        ErrorKind::Hidden => {
            !found.is_empty() && found.iter().all(|kind| covers.contains(kind))
        }
        kind => found == [kind],
    }
}

#[test]
fn logo_as_pale_as_the_paper_is_refused() {
    let drawn = |colour: &str| {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'>\
             <circle cx='45' cy='45' r='40' fill='{colour}'/></svg>"
        )
    };
    for (colour, faults) in [
        ("#fefdfb", vec![ErrorKind::Contrast]),
        ("#ffffff", vec![ErrorKind::Contrast]),
        ("#f0e9d2", vec![ErrorKind::Contrast]),
        ("#c8a860", vec![]),
    ] {
        let site = site_with("classic", "  theme: { logo: logo.svg }\n")
            .with_file("images/logo.svg", drawn(colour));
        assert_eq!(kinds(&site), faults, "{colour}");
    }
    let tinted = site_with("classic", "  theme: { signature_ink: \"#ffe9a0\" }\n");
    assert_eq!(kinds(&tinted), [ErrorKind::Contrast]);
}

/// The pixels agree with the rules on every sound page.
#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn close_look_at_a_sound_page_finds_nothing() {
    let press = Press::new(Site::demo()).unwrap();
    let options = DraftOptions::default().with_format(Format::Sheet).with_closely(true);
    for layout in press.site().layouts() {
        for (language, name) in
            [("en", "Guido van Rossum"), ("ur", "نُزہت النّساء"), ("ja", "渡邉一郎")]
        {
            let language = language.parse().unwrap();
            let draft =
                press.draft_sample_for(layout, name, &language, None, day(), &options);
            if let Err(error) = draft {
                panic!("{layout}, {language}: {error:#}");
            }
        }
    }
}

#[test]
fn cropped_photo_below_the_text_is_no_fault() {
    let layout = include_str!("../../layouts/classic/layout.typ");
    let photo = "<svg xmlns='http://www.w3.org/2000/svg' width='400' height='900'>\
                 <rect width='400' height='900' fill='#fbf3e4'/></svg>";
    let placed = "pdf.artifact(place(top + left, block(width: 60mm, height: 100%, clip: true, \
                  image(\"photo.svg\", width: 60mm, height: 100%, fit: \"cover\"))))";
    let first = "  at(top, above, align(center, opening.body))\n";
    let site = site("house")
        .with_file(
            "layouts/house/layout.typ",
            layout.replace(first, &format!("  {placed}\n{first}")),
        )
        .with_file(
            "layouts/house/border.typ",
            include_str!("../../layouts/classic/border.typ"),
        )
        .with_file(
            "layouts/house/layout.yaml",
            include_str!("../../layouts/classic/layout.yaml"),
        )
        .with_file("layouts/house/photo.svg", photo);
    assert_eq!(kinds(&site), []);
}

fn kinds(site: &Site) -> Vec<ErrorKind> {
    let request = Request::new("c", "Guido van Rossum").unwrap();
    let drafted = Press::new(site.clone()).unwrap().draft(&request, day());
    let mut kinds: Vec<ErrorKind> = match drafted {
        Ok(_) => Vec::new(),
        Err(error) => error.faults().map(|fault| fault.kind()).collect(),
    };
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn day() -> Date {
    Date::parse("2026-05-14").unwrap()
}

fn site(layout: &str) -> Site {
    site_with(layout, "")
}

fn site_with(layout: &str, more: &str) -> Site {
    let courses = format!(
        "c:\n  title: Introduction to Curling\n  organization: Example University\n  \
         language: en\n  layout: {layout}\n{more}  signatories:\n    - {{ name: Dr. Ada \
         Example, title: Professor of Mechanics, signature: ada.svg }}\n"
    );
    Site::new().with_sample_pictures().with_file("courses.yaml", courses)
}
