//! The slots of a layout, read from and changed in the text of its file; and layouts that are begun.

use serde_json::{Value, json};

use super::page::GALA;
use super::running::{RunningStudio, school};
use crate::workdir::Workdir;

const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";
const FILE: &str = "layouts/ours/layout.yaml";

fn designed() -> (Workdir, RunningStudio) {
    let workdir = school();
    workdir.write(&format!("school/{FILE}"), GALA);
    let studio = RunningStudio::start(&workdir, "school", &[]);
    (workdir, studio)
}

fn edited(studio: &RunningStudio, text: &str, changes: Value) -> String {
    let wish = json!({ "file": FILE, "text": text, "changes": changes });
    studio.ok("layout/edit", wish)["text"].as_str().unwrap().to_owned()
}

#[test]
fn slots_are_changed_in_their_file() {
    let (workdir, studio) = designed();
    let form = studio.ok("layout/form", json!({ "layout": "ours" }));
    assert_eq!((&form["file"], &form["own"]), (&json!(FILE), &json!(true)));
    assert_eq!(form["paper"], json!({ "width": 297.0, "height": 210.0 }));
    let slots = form["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 11);
    assert_eq!((&slots[2]["name"], &slots[2]["y"]), (&json!("recipient"), &json!(60.0)));
    assert_eq!(slots[2]["values"]["max"], "44");
    assert_eq!(form["theme"]["accent"], "#7a5c1a");

    let changes = json!([
        { "slot": { "slot": "recipient", "key": "y", "value": "61.5" } },
        { "slot": { "slot": "recipient", "key": "italic", "value": "true" } },
        { "slot": { "slot": "code", "key": "fill", "value": "paper" } },
        { "slot": { "slot": "heading", "key": "min", "value": null } },
        { "theme": { "key": "accent", "value": "#005f73" } },
    ]);
    let text = edited(&studio, GALA, changes);
    let wanted = GALA
        .replace("x: 40, y: 60, width: 217, height: 24, max: 44, min: 16, lines: 2", "x: 40, y: 61.5, width: 217, height: 24, max: 44, min: 16, lines: 2, italic: true")
        .replace("height: 24 } # to be scanned", "height: 24, fill: paper } # to be scanned")
        .replace("max: 30, min: 14", "max: 30")
        .replace("#7a5c1a", "#005f73");
    assert_eq!(text, wanted, "comments and all else stay");
    let shown = studio.ok(
        "preview",
        json!({ "course": COURSE, "layout": "ours", "overlay": { FILE: text } }),
    );
    assert_eq!(shown["findings"], json!([]), "{shown}");
    assert_eq!(workdir.read(format!("school/{FILE}")), GALA.as_bytes());
}

#[test]
fn slots_come_and_go() {
    let (_workdir, studio) = designed();
    let removed = edited(&studio, GALA, json!([{ "remove": { "slot": "lead" } }]));
    assert!(
        removed.contains("without: [lead]") && !removed.contains("  lead:"),
        "{removed}"
    );
    let area = [60.0, 48.0, 177.0, 11.0];
    let back = json!([{ "add": { "slot": "lead", "area": area } }]);
    let back = edited(&studio, &removed, back);
    assert!(
        !back.contains("without")
            && back.contains(
                "  lead: { x: 60, y: 48, width: 177, height: 11, max: 14, min: 8 }"
            ),
        "{back}"
    );
    let motto = json!([{ "add": { "slot": "motto", "area": [28.0, 16.0, 100.0, 8.0], "text": "Est. 1910" } }]);
    let motto = edited(&studio, GALA, motto);
    let shown = studio.ok(
        "preview",
        json!({ "course": COURSE, "layout": "ours", "overlay": { FILE: motto } }),
    );
    assert_eq!(shown["findings"], json!([]), "{shown}");
    assert!(shown.to_string().contains("Est. 1910"), "{shown}");
}

#[test]
fn faulty_layout_is_still_seen_and_mended() {
    let (_workdir, studio) = designed();
    let over = GALA.replace("recipient: { x: 40, y: 60", "recipient: { x: 40, y: 50");
    let overlay = json!({ FILE: over });
    let shown = studio.ok("preview", json!({ "layout": "ours", "overlay": overlay }));
    let finding = &shown["findings"][0];
    assert_eq!(finding["code"], "slots_overlap", "{shown}");
    assert_eq!(
        finding["values"],
        json!({ "slot": "recipient", "by": "9.0", "other": "lead" })
    );
    let form = studio.ok("layout/form", json!({ "layout": "ours", "overlay": overlay }));
    assert_eq!(form["slots"].as_array().unwrap().len(), 11, "{form}");
}

#[test]
fn what_is_no_key_of_a_slot_is_refused() {
    let (_workdir, studio) = designed();
    for change in [
        json!({ "slot": { "slot": "recipient", "key": "picture", "value": "../../keys/root.pem" } }),
        json!({ "theme": { "key": "logo", "value": "x" } }),
        json!({ "slot": { "slot": "recipient", "key": "x", "value": "1 }\nmore: {" } }),
    ] {
        let wish = json!({ "file": FILE, "text": GALA, "changes": [change] });
        let (status, told) = studio.call("layout/edit", wish);
        let text = told["text"].as_str().unwrap_or_default();
        assert!(status == 422 || !text.contains("\nmore:"), "{change}: {told}");
    }
}

#[test]
fn typst_layout_shows_its_colours_to_change() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let form = studio.ok("layout/form", json!({ "layout": "classic" }));
    assert_eq!((&form["hasSlots"], &form["own"]), (&json!(false), &json!(false)));
    assert_eq!(form["drawing"], "layouts/classic/layout.typ");
    let read = studio.ok("read", json!({ "name": form["file"] }));
    let change = json!([{ "theme": { "key": "accent", "value": "#005f73" } }]);
    let wish = json!({ "file": form["file"], "text": read["text"], "changes": change });
    let text = studio.ok("layout/edit", wish)["text"].clone();
    assert!(text.as_str().unwrap().contains("accent: \"#005f73\""), "{text}");
    let shown = studio
        .ok("preview", json!({ "overlay": { "layouts/classic/layout.yaml": text } }));
    assert_eq!(shown["findings"], json!([]), "{shown}");
}

#[test]
fn layout_begins_with_a_picture_or_a_copy() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let frame = "<svg xmlns='http://www.w3.org/2000/svg' width='297mm' height='210mm' viewBox='0 0 297 210'>\
        <path fill='#fffdf5' d='M0 0h297v210H0z'/><path fill='none' stroke='#9a7b2f' stroke-width='2.4' d='M8 8h281v194H8z'/></svg>";
    for name in ["frame", "frame-2"] {
        let answer = studio.send(
            "layout/new?name=Frame.svg",
            "application/octet-stream",
            frame.as_bytes(),
        );
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &told["layout"]), (200, &json!(name)), "{told}");
        assert_eq!(told["findings"], Value::Null);
        assert!(workdir.path(&format!("school/layouts/{name}/frame.svg")).exists());
        let shown = studio.ok("preview", json!({ "layout": name }));
        assert_eq!(shown["findings"], json!([]), "{shown}");
    }
    let answer =
        studio.send("layout/new?name=x.png", "application/octet-stream", b"no picture");
    assert_eq!(answer.status, 422);
    let copy = studio.ok("layout/copy", json!({ "from": "classic", "name": "Our Own!" }));
    assert_eq!(copy["layout"], "our-own", "{copy}");
    let shown = studio.ok("preview", json!({ "layout": "our-own" }));
    assert_eq!(shown["findings"], json!([]), "{shown}");
    let (status, told) =
        studio.call("layout/copy", json!({ "from": "none", "name": "x" }));
    assert_eq!(status, 422, "{told}");
}

/// A course may keep its slots beside its background, in `images/`.
#[test]
fn slots_of_a_course_are_changed_likewise() {
    let workdir = school();
    workdir.write("school/images/gala.yaml", GALA);
    let courses = String::from_utf8(workdir.read("school/courses.yaml")).unwrap();
    let courses = courses.replacen("layout: classic", "layout: gala.yaml", 1);
    workdir.write("school/courses.yaml", courses);
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let shown = studio.ok("preview", json!({}));
    assert_eq!(
        (&shown["layout"], &shown["findings"]),
        (&json!("gala.yaml"), &json!([])),
        "{shown}"
    );
    let form = studio.ok("layout/form", json!({ "layout": "gala.yaml" }));
    assert_eq!(form["file"], "images/gala.yaml");
    let read = studio.ok("read", json!({ "name": "images/gala.yaml" }));
    let save = json!({ "name": "images/gala.yaml", "version": read["version"],
        "text": GALA.replace("y: 60", "y: 61") });
    studio.ok("save", save);
    let form = studio.ok("layout/form", json!({ "layout": "gala.yaml" }));
    assert_eq!(form["slots"][2]["y"], 61.0);
}
