//! Layouts that `testamur layout new` starts: from pictures of many kinds, from another layout, and
//! from a template of Moodle.

use std::fs;
use std::path::{Path, PathBuf};

use testamur::press::LayoutStart;
use testamur::site::Site;

use super::png;
use crate::judges::{judge, output};
use crate::workdir::{Run, Workdir};

/// A drawing of these sides in millimetres.
fn drawing(width: u32, height: u32, inside: &str) -> Vec<u8> {
    let text = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}mm' height='{height}mm' viewBox='0 0 \
         {width} {height}'>{inside}</svg>"
    );
    text.into_bytes()
}

/// Pictures as institutions have them: frames, bands, a picture at the top, dark ones, upright ones,
/// a card; a name, its file, and the paper that it is for.
fn pictures() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let frame = "<path fill='#fffdf5' d='M0 0h297v210H0z'/><path fill='none' stroke='#9a7b2f' \
                 stroke-width='3' d='M8 8h281v194H8z'/>";
    let band = "<path fill='#fff' d='M0 0h297v210H0z'/><path fill='#0b4f6c' d='M0 0h52c14 60-14 130 6 \
                210H0z'/>";
    let top = "<path fill='#fff' d='M0 0h297v210H0z'/><path fill='#2a6f4f' d='M0 0h297v70q-70 -30 -150 \
               0t-147 -10z'/><path fill='#7fb39a' d='M20 8l60 40h-120z'/>";
    let dark = "<path fill='#12233f' d='M0 0h297v210H0z'/><path fill='none' stroke='#d8b45a' \
                stroke-width='1.2' d='M7 7h283v196H7z'/>";
    let upright = "<path fill='#fff' d='M0 0h210v297H0z'/><path fill='#2a6f4f' d='M0 250q60 -30 110 \
                   0t100 -10v57H0zM0 0h210v26q-60 20 -110 4t-100 6z'/>";
    let letter = "<path fill='#fff' d='M0 0h216v279H0z'/><path fill='none' stroke='#7a1f2b' \
                  stroke-width='2' d='M10 10h196v259H10z'/><circle cx='108' cy='42' r='18' \
                  fill='#7a1f2b'/>";
    let card =
        "<path fill='#f4f7fa' d='M0 0h85v54H0z'/><path fill='#0f5f8f' d='M0 0h85v9H0z'/>";
    let plain = "<path fill='#fbf8f0' d='M0 0h297v210H0z'/>";
    let right = "<path fill='#fff' d='M0 0h297v210H0z'/><path fill='#8c1414' d='M251 \
                 0h46v210h-46z'/><circle cx='274' cy='40' r='14' fill='#fff'/>";
    // As programs for drawing write it: A4 in points, without a unit.
    let points = String::from_utf8(drawing(842, 595, plain)).unwrap();
    let points = points.replace(" width='842mm' height='595mm'", "").into_bytes();
    vec![
        ("frame.svg", drawing(297, 210, frame), "a4"),
        ("frame.png", png(1188, 840), "a4"),
        ("band.svg", drawing(297, 210, band), "a4"),
        ("top.svg", drawing(297, 210, top), "a4"),
        ("dark.svg", drawing(297, 210, dark), "a4"),
        ("upright.svg", drawing(210, 297, upright), "a4"),
        ("letter.svg", drawing(216, 279, letter), "letter"),
        ("card.svg", drawing(85, 54, card), "card"),
        (
            "empty-card.svg",
            drawing(85, 54, "<path fill='#f4f7fa' d='M0 0h85v54H0z'/>"),
            "card",
        ),
        ("plain.svg", drawing(297, 210, plain), "a4"),
        ("large.pdf", pdf("0 0 1683.78 1190.55", ""), "{ width: 594, height: 420 }"),
        (
            "bleed.pdf",
            pdf(
                "0 0 887.24 640.63]/TrimBox[22.68 22.68 864.57 617.95",
                "1 0 0 rg 0 0 20 20 re f",
            ),
            "a4",
        ),
        ("right.svg", drawing(297, 210, right), "a4"),
        ("letter.png", png(1100, 850), "letter"),
        ("points.svg", points, "a4"),
        ("square.png", png(900, 800), "{ width: 297, height: 264 }"),
    ]
}

#[test]
fn ordinary_artwork_gives_a_layout_whose_page_passes_its_proof() {
    let site = Site::new().with_sample_pictures();
    for (file, bytes, paper) in pictures() {
        let start = LayoutStart::from_picture(&site, "started", file, &bytes)
            .unwrap_or_else(|error| panic!("{file}: {error:#}"));
        let text = start.files.iter().find(|(name, _)| name == "layout.yaml").unwrap();
        let text = String::from_utf8_lossy(&text.1).into_owned();
        assert!(start.fault.is_none(), "{file}: {:#}\n{text}", start.fault.unwrap());
        assert!(text.contains(&format!("paper: {paper}\n")), "{file}: {text}");
        let again = LayoutStart::from_picture(&site, "started", file, &bytes).unwrap();
        assert_eq!(again.files, start.files, "{file}");
    }
}

/// A PDF of one page with this content; `boxes` is its media box, and may go on with others.
fn pdf(boxes: &str, content: &str) -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!(
            "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R/MediaBox[{boxes}]>>"
        ),
        format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("xref\n0 5\n0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj{object}endobj\n", index + 1);
    }
    let start = file.len();
    file += &format!("{table}trailer<</Root 1 0 R/Size 5>>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

#[test]
fn paper_under_a_translucent_picture_is_white_and_what_is_left_out_is_told() {
    let site = Site::new().with_sample_pictures();
    let start = |inside: &str| {
        let picture = drawing(297, 210, inside);
        LayoutStart::from_picture(&site, "started", "a.svg", &picture).unwrap()
    };
    let paper = |start: &LayoutStart| {
        let text = start.files.iter().find(|(name, _)| name == "layout.yaml").unwrap();
        let text = String::from_utf8_lossy(&text.1).into_owned();
        text.split("paper: \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let tint = "<path fill='#c81e3c' fill-opacity='0.27' d='M0 0h297v210H0z'/>";
    let translucent = start(tint);
    assert!(translucent.fault.is_none(), "{:#}", translucent.fault.unwrap());
    assert_eq!(paper(&translucent), "#ffffff");
    assert_eq!(paper(&start("<path fill='#f0c1c9' d='M0 0h297v210H0z'/>")), "#f0c1c9");
    // A narrow place on a large page.
    let narrow: String = (0..60)
        .filter(|x| !(10..26).contains(x))
        .map(|x| format!("<path stroke='#000' d='M{} 0v210'/>", x * 5))
        .collect();
    let start = start(&narrow);
    assert!(
        start.notes.iter().any(|it| it.contains("leaves out: lead, statement")),
        "{start:?}"
    );
}

#[test]
fn picture_without_an_empty_place_is_refused() {
    let busy: String =
        (0..60).map(|x| format!("<path stroke='#000' d='M{} 0v210'/>", x * 5)).collect();
    let error = LayoutStart::from_picture(
        &Site::new().with_sample_pictures(),
        "a",
        "busy.svg",
        &drawing(297, 210, &busy),
    );
    let error = error.unwrap_err();
    assert!(error.message().contains("no empty place"), "{error:#}");
    assert_eq!(error.place().unwrap().file, "busy.svg");
}

/// A site in a fresh folder.
fn site() -> Workdir {
    let folder = Workdir::new();
    folder.write(
        "site/testamur.yaml",
        "publish: { url: https://certificates.example.org }\n",
    );
    folder.write(
        "site/courses.yaml",
        "c: { title: Knots, organization: Guild, language: en, layout: mine }\n",
    );
    folder
}

fn layout_new(folder: &Workdir, arguments: &[&str]) -> Run {
    folder.run([&["--site", "site", "layout", "new"], arguments].concat())
}

#[test]
fn layout_from_a_picture_renders_and_is_never_written_over() {
    let folder = site();
    folder.write("Our frame.svg", &pictures()[0].1);
    let made = layout_new(&folder, &["mine", "--from-picture", "Our frame.svg"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(folder.path("site/layouts/mine/our-frame.svg").is_file());
    let rendered =
        folder.run(["--site", "site", "render", "--sample", "mine", "-o", "a.pdf"]);
    assert_eq!(rendered.code, 0, "{}", rendered.stderr);
    let before = fs::read(folder.path("site/layouts/mine/layout.yaml")).unwrap();
    let again = layout_new(&folder, &["mine", "--from", "classic"]);
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert_eq!(fs::read(folder.path("site/layouts/mine/layout.yaml")).unwrap(), before);
    for (name, code) in [("../mine", 2), ("shared", 2), ("classic", 1), (".x", 2)] {
        let refused = layout_new(&folder, &[name, "--from", "modern"]);
        assert_eq!(refused.code, code, "{name}: {}", refused.stderr);
    }
}

#[test]
fn copy_of_a_layout_has_its_own_modules_and_leaves_the_shared_ones_alone() {
    let folder = site();
    let made = layout_new(&folder, &["mine", "--from", "classic"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let own = |file: &str| folder.path("site/layouts/mine").join(file);
    for file in
        ["layout.typ", "preview.typ", "sheet.json", "sample.yaml", "shared/page.typ"]
    {
        assert!(own(file).is_file(), "{file}");
    }
    assert!(!folder.path("site/layouts/shared").exists());
    // Every file that is imported is there, as any Typst editor would look for it.
    for path in fs::read_dir(own("shared")).unwrap().chain(fs::read_dir(own("")).unwrap())
    {
        let path = path.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "typ") {
            imports_are_there(&path);
        }
    }
    let page = |layout: &str| {
        let file = format!("{layout}.png");
        let run =
            folder.run(["--site", "site", "render", "--sample", layout, "-o", &file]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        fs::read(folder.path(&file)).unwrap()
    };
    assert!(page("mine") == page("classic"), "the copy looks otherwise");
    // A change in the copy's module changes the copy alone.
    let module = fs::read_to_string(own("shared/page.typ")).unwrap();
    let module = module.replace("rgb(sheet.theme.paper)", "rgb(\"#ffeedd\")");
    fs::write(own("shared/page.typ"), module).unwrap();
    assert!(page("mine") != page("classic"), "its own module is not used");
}

fn imports_are_there(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    for line in text.lines().filter(|line| line.starts_with("#import ")) {
        let name = line.split('"').nth(1).unwrap();
        let file: PathBuf = path.parent().unwrap().join(name);
        assert!(file.is_file(), "{}: {name}", path.display());
    }
}

#[test]
fn template_of_moodle_keeps_its_places_and_names_what_has_no_counterpart() {
    let folder = site();
    folder.write("frame.svg", &pictures()[0].1);
    fs::write(folder.path("crest.png"), png(200, 220)).unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    output(
        judge("python")
            .arg(tests.join("judges/customcert.py"))
            .arg(tests.join("customcert/template.json"))
            .args(
                ["diploma.zip", "frame.svg", "crest.png"].map(|file| folder.path(file)),
            ),
    );
    let made = layout_new(&folder, &["mine", "--from-customcert", "diploma.zip"]);
    let text = fs::read_to_string(folder.path("site/layouts/mine/layout.yaml")).unwrap();
    assert_eq!(made.code, 0, "{}\n{text}", made.stderr);
    for part in [
        "paper: { width: 297, height: 210 }",
        "background: frame.svg",
        "without: [heading, lead, statement, outcome, date, signatories]",
        // The middle of the title is at 148 mm, its upper edge at 30; it gives way to the crest.
        "  title: { x: 46.2, y: 30, width: 203.6,",
        "text: { en: \"Certificate of Completion\", de: \"Teilnahmebescheinigung\" }",
        "colour: \"#7a5c1a\"",
        // Lines that begin at 30 mm, and end at 267 mm.
        "  day: { x: 30, y: 160,",
        "align: right",
        "text: \"Grace Sample\"",
        "picture: crest.png, alt: \"Crest of the guild\"",
        "  code: { x: 250, y: 20, width: 24, height: 24 }",
        "picture: border.svg, alt: \"\"",
        // The second line along the edges is another one.
        "  border-c: {",
        "-border.svg, alt: \"\"",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(text.matches("\n  code: {").count(), 1, "{text}");
    for name in ["Department", "Signature", "Confetti", "1 more", "Second QR"] {
        assert!(made.stderr.contains(name), "{name}: {}", made.stderr);
    }
    let run =
        folder.run(["--site", "site", "render", "-c", "c", "-n", "Ada", "-o", "a.pdf"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let words = super::words(&fs::read(folder.path("a.pdf")).unwrap());
    let teacher = super::box_of(&words, "Sample");
    assert!((teacher[2] - 267.0).abs() < 1.0, "{teacher:?}");

    // What is damaged is refused.
    let bytes = fs::read(folder.path("diploma.zip")).unwrap();
    fs::write(folder.path("cut.zip"), &bytes[..bytes.len() / 2]).unwrap();
    folder.write("no.zip", "PK no archive");
    for file in ["cut.zip", "no.zip", "frame.svg"] {
        let refused = layout_new(&folder, &["other", "--from-customcert", file]);
        assert_eq!(refused.code, 1, "{}", refused.stderr);
        assert!(refused.stderr.contains(file), "{}", refused.stderr);
        assert!(!folder.path("site/layouts/other").exists());
    }
}
