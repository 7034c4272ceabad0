//! The jobs of a designer and of a translator, each from an empty folder.

use serde_json::{Value, json};

use super::page::{Desk, GALA, choose_slot, show_layout};
use crate::scans::pen::Signature;
use crate::scans::photo::{BLUE, Photo};

/// A finished picture as a school has it: a frame, and a field of colour.
const FRAME: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='297mm' height='210mm' viewBox='0 0 297 210'>\
    <path fill='#fffdf5' d='M0 0h297v210H0z'/><path fill='#1f5f5b' d='M0 0h297v9H0zM0 201h297v9H0z'/>\
    <path fill='none' stroke='#b08d3c' stroke-width='1.2' d='M14 17h269v176H14z'/></svg>";

fn comments(text: &str) -> usize {
    text.lines().filter(|line| line.contains('#')).count()
}

#[test]
fn designer_drops_a_picture_and_drags_the_name_into_place() {
    let mut desk = Desk::new();
    desk.make_a_school("Riverside School");
    desk.drop_a_background("Our frame.svg", FRAME.into());
    let file = "layouts/our-frame/layout.yaml";
    desk.until(&format!("document.querySelector('#file').value === '{file}'"));
    let before = desk.file(file);
    let place = |desk: &mut Desk, key: &str| {
        let text = desk.text("document.querySelector('#text').value");
        let line = text.lines().find(|line| line.starts_with("  recipient:")).unwrap();
        let (_, rest) = line.split_once(&format!(" {key}: ")).unwrap();
        rest.split([',', ' ']).next().unwrap().parse::<f64>().unwrap()
    };
    let (x, y) = (place(&mut desk, "x"), place(&mut desk, "y"));

    // Smaller first, so that it has room to be moved.
    choose_slot(&mut desk.browser, "recipient");
    desk.enter("#layout-form [data-key=height]", "18");
    desk.until(
        "/recipient:.* height: 18[, ]/.test(document.querySelector('#text').value)",
    );
    desk.until("document.querySelector('.found').hidden");
    desk.drag_a_slot("recipient", (0.0, 2.5));
    desk.until(&format!(
        "!document.querySelector('#text').value.includes('x: {x}, y: {y}, width')"
    ));
    desk.browser.js("new Promise(done => setTimeout(done, 500))");
    let moved = place(&mut desk, "y");
    assert!((moved - y - 2.5).abs() < 1.5 && moved > y, "from {y} to {moved}");
    assert!((place(&mut desk, "x") - x).abs() < 1.0, "it stays in the middle");
    desk.until("document.querySelector('.found').hidden");
    desk.shoot("slots");

    // By keys: 1 mm, a tenth with Alt; with Ctrl its size.
    desk.browser.js("document.querySelector('[data-slot=recipient]').focus()");
    desk.browser.press_with("ArrowUp", 1);
    let wanted = ((moved - 0.1) * 10.0).round() / 10.0;
    desk.until(&format!(
        "document.querySelector('#text').value.includes('y: {wanted}, width')"
    ));
    desk.browser.press_with("ArrowDown", 2);
    desk.until(
        "/recipient:.* height: 19[, ]/.test(document.querySelector('#text').value)",
    );

    // Undone and done again, by keys and by buttons.
    desk.browser.press_with("z", 2);
    desk.until(
        "/recipient:.* height: 18[, ]/.test(document.querySelector('#text').value)",
    );
    desk.click("#redo");
    desk.until(
        "/recipient:.* height: 19[, ]/.test(document.querySelector('#text').value)",
    );

    // The file is changed by hand at the same time: both changes stay.
    let by_hand = before.replace("accent:", "accent :").replacen(
        "signatories: 6",
        "signatories: 5",
        1,
    );
    let by_hand = format!("# by hand\n{by_hand}").replace("accent :", "accent:");
    desk.workdir.write(&format!("fresh/{file}"), &by_hand);
    desk.until("document.querySelector('#text').value.startsWith('# by hand')");
    desk.until(
        "/recipient:.* height: 19[, ]/.test(document.querySelector('#text').value)",
    );
    assert_eq!(desk.file(file), by_hand, "and nothing is written over");
    desk.save();
    let saved = desk.file(file);
    assert!(
        saved.starts_with("# by hand\n") && saved.contains("signatories: 5"),
        "{saved}"
    );
    assert_eq!(comments(&saved), comments(&by_hand), "comments are kept");

    desk.use_the_layout();
    assert!(desk.file("courses.yaml").contains("layout: our-frame"));
    let check = desk.workdir.run(["--site", "fresh", "check", "--language", "en"]);
    assert_eq!(check.code, 0, "{check:?}");
    assert_eq!(desk.faults(), [Value::Null; 0]);
}

#[test]
fn slots_are_aligned_styled_added_and_removed() {
    let mut desk = Desk::new();
    desk.make_a_school("Riverside School");
    desk.workdir.write("fresh/layouts/ours/layout.yaml", GALA);
    show_layout(&mut desk.browser, "ours");
    let says =
        |text: &str| format!("document.querySelector('#text').value.includes('{text}')");

    // Two are aligned to the one that was chosen first.
    choose_slot(&mut desk.browser, "heading");
    desk.browser.js("document.querySelector('[data-slot=lead]').dispatchEvent(new MouseEvent('click', { shiftKey: true, detail: 0 }))");
    desk.until("document.querySelectorAll('.slotbox[aria-pressed=true]').length === 2");
    desk.click("[data-align=left]");
    desk.until(&says("lead: { x: 40, y: 48"));

    choose_slot(&mut desk.browser, "recipient");
    desk.enter("#layout-form select[data-key=colour]", "accent");
    desk.until(&says("lines: 2, colour: accent }"));
    desk.enter("#layout-form [data-theme=accent]", "#005f73");
    desk.until(&says("accent: \"#005f73\""));
    desk.click("#remove-slot");
    desk.until("document.querySelector('.found .finding')");
    desk.click("#undo");
    desk.until("document.querySelector('.found').hidden");

    desk.enter("#add-slot", "text");
    desk.until("document.querySelector('[data-slot=text][aria-pressed=true]')");
    desk.until(&says("text: Text of its own"));
    desk.enter("#layout-form [data-key=y]", "6");
    desk.until(&says("text: { x: 99, y: 6,"));
    desk.until("document.querySelector('.found').hidden");
    assert_eq!(desk.faults(), [Value::Null; 0]);
}

#[test]
fn photo_of_a_signature_stands_on_the_certificate() {
    let mut desk = Desk::new();
    desk.make_a_school("Riverside School");
    desk.add_a_signatory("Ada Example");
    let before = desk.text("document.querySelector('#text').value");
    let photo = Photo::of(&Signature::flourished(), (1600, 1200));
    let photo =
        photo.pen(BLUE).gradient(0.3).shadow(0.3).noise(0.01).desk().jpeg(85).take();
    desk.drop_a_signature("IMG 2034.jpg", photo);
    desk.until_shown("the signature of `Ada Example`");
    desk.shoot("signature");
    desk.save();
    let saved = desk.file("courses.yaml");
    assert!(saved.contains("signature: img-2034.jpg"), "{saved}");
    assert_eq!(comments(&saved), comments(&before), "comments are kept");

    // It is nudged, and the page follows.
    desk.enter("#course-form .nudges input", "0.8");
    desk.until("document.querySelector('#text').value.includes('scale: 0.8')");
    assert_eq!(desk.faults(), [Value::Null; 0]);
}

#[test]
fn translator_adds_a_language() {
    let mut desk = Desk::new();
    desk.make_a_school("Riverside School");
    desk.add_a_language("nb");
    desk.type_over("This is to certify that", "Herved bekreftes at");
    desk.until_shown("Herved bekreftes at");
    desk.save();
    let saved = desk.file("layouts/shared/locales/nb.yaml");
    assert!(saved.contains("Herved bekreftes at"));
    assert_eq!(desk.faults(), [Value::Null; 0]);
}

/// Whatever is broken is named with its file, while the last good page stays, and is good again as soon as it is mended.
#[test]
fn each_kind_of_file_is_broken_and_mended() {
    let mut desk = Desk::new();
    desk.make_a_school("Riverside School");
    desk.workdir.write("fresh/layouts/ours/layout.yaml", GALA);
    let scan = include_str!("../../../signatures/ada.svg");
    desk.workdir.write("fresh/signatures/ada.svg", scan);
    let built_in = |name: &str| {
        let read = desk.studio.ok("read", json!({ "name": name }));
        read["text"].as_str().unwrap().to_owned()
    };
    let (drawing, locale) = (
        built_in("layouts/classic/layout.typ"),
        built_in("layouts/shared/locales/en.yaml"),
    );
    let courses = desk.file("courses.yaml").replace(
        "  # signatories:\n  #   - name: …\n  #     title: { en: …, es: … }\n  #     signature: FILE.png\n",
        "  signatories:\n    - name: Ada\n      signature: ada.svg\n",
    );
    desk.workdir.write("fresh/courses.yaml", &courses);
    desk.until_shown("the signature of `Ada`");
    let settings = desk.file("testamur.yaml");
    let font = house_font();
    desk.workdir.write("fresh/fonts/House.ttf", &font);
    let listed =
        "families:\n  - { family: House Vibes, like: script, scripts: [Latn] }\n";
    desk.workdir.write("fresh/fonts/fonts.yaml", listed);
    let house = GALA.replace("EB Garamond, like: serif", "House Vibes, like: script");
    desk.workdir.write("fresh/layouts/house/layout.yaml", &house);
    for (layout, file, good, bad, shown) in [
        (
            "",
            "testamur.yaml",
            settings.clone(),
            format!("{settings}\nunknown: 1\n"),
            "testamur.yaml",
        ),
        (
            "",
            "courses.yaml",
            courses.clone(),
            courses.replace("layout: classic", "layuot: classic"),
            "courses.yaml",
        ),
        (
            "",
            "layouts/classic/layout.typ",
            drawing.clone(),
            format!("{drawing}\n#let x = (\n"),
            "layouts/classic/layout.typ",
        ),
        (
            "",
            "layouts/shared/locales/en.yaml",
            locale.clone(),
            locale.replacen("{{ name }}", "{{ nmae }}", 1),
            "layouts/shared/locales/en.yaml",
        ),
        (
            "",
            "signatures/ada.svg",
            scan.to_owned(),
            "no picture".to_owned(),
            "courses.yaml",
        ),
        (
            "ours",
            "layouts/ours/layout.yaml",
            GALA.to_owned(),
            GALA.replace("y: 60", "y: 50"),
            "layouts/ours/layout.yaml",
        ),
    ] {
        let (good, bad) = (good.as_bytes(), bad.as_bytes());
        desk.break_and_mend(layout, file, (good, bad), shown);
    }
    // A font is named itself, not only the layout that lacks it.
    let bad = &font[..font.len() / 3];
    desk.break_and_mend("house", "fonts/House.ttf", (&font, bad), "fonts/House.ttf");
    assert_eq!(desk.faults(), [Value::Null; 0]);
}

/// A font whose family no other font has: Great Vibes by another name.
fn house_font() -> Vec<u8> {
    let mut font =
        include_bytes!("../../../fonts/great-vibes/GreatVibes-Regular.ttf").to_vec();
    let wide =
        |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    for (old, new) in
        [(b"Great".to_vec(), b"House".to_vec()), (wide("Great"), wide("House"))]
    {
        for at in 0..font.len() - old.len() {
            if font[at..].starts_with(&old) {
                font[at..at + old.len()].copy_from_slice(&new);
            }
        }
    }
    font
}

impl Desk {
    /// Breaks a file and mends it, on this layout: `shown` is told, while the last good page stays.
    fn break_and_mend(
        &mut self,
        layout: &str,
        file: &str,
        (good, bad): (&[u8], &[u8]),
        shown: &str,
    ) {
        let sound = "document.querySelector('.found').hidden \
                     && !document.querySelector('.stage.stale')";
        self.enter("#layout", layout);
        self.until(sound);
        self.workdir.write(&format!("fresh/{file}"), bad);
        self.until(
            "!document.querySelector('.found').hidden && document.querySelector('.stage.stale')",
        );
        // A file that is seen while it is written may be told of first.
        self.until(&format!(
            "document.querySelector('.found').innerText.includes('{shown}')"
        ));
        let kept = "document.querySelectorAll('.stage.stale .sheet img').length";
        assert_eq!(self.browser.js(kept), 1, "{file}");
        if file == "courses.yaml" {
            self.shoot("broken");
        }
        self.workdir.write(&format!("fresh/{file}"), good);
        self.until(sound);
    }
}

/// In a language of the page that is read from right to left, findings speak it.
#[test]
fn findings_speak_the_language_of_the_page() {
    let mut desk = Desk::new();
    desk.make_a_school("Riverside School");
    let courses = desk.file("courses.yaml");
    desk.workdir.write(
        "fresh/courses.yaml",
        courses.replace("layout: classic", "layuot: classic"),
    );
    for (tag, direction) in [("de", "ltr"), ("ar", "rtl"), ("ja", "ltr")] {
        let texts: Value = serde_json::from_str(
            &std::fs::read_to_string(format!("src/studio/page/texts/{tag}.json"))
                .unwrap(),
        )
        .unwrap();
        let wanted =
            texts["finding_unknown_key"].as_str().unwrap().replace("{key}", "layuot");
        desk.enter("#page-language", tag);
        desk.until(&format!("document.documentElement.lang === '{tag}'"));
        desk.until(&format!(
            "document.querySelector('.finding .message')?.textContent.includes({})",
            json!(wanted)
        ));
        assert_eq!(desk.browser.js("document.documentElement.dir"), direction, "{tag}");
        if tag == "ar" {
            desk.shoot("arabic");
        }
    }
}
