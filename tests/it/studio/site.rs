//! Preview, files, new sites, and a studio that only reads.

use serde_json::{Value, json};

use super::running::{RunningStudio, school};
use crate::workdir::Workdir;

fn texts(preview: &Value) -> String {
    let outlines = preview["outlines"].as_array().unwrap_or_else(|| panic!("{preview}"));
    let names = outlines.iter().map(|it| it["name"].as_str().unwrap());
    names.collect::<Vec<_>>().join("\n")
}

#[test]
fn preview_shows_what_was_saved_by_any_program() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let first = studio.ok("preview", json!({}));
    assert!(texts(&first).contains("Introduction to Curling"), "{first}");
    assert_eq!(first["findings"], json!([]));
    let picture = studio.picture(&first);
    assert!(
        picture.starts_with(b"<svg"),
        "{:?}",
        String::from_utf8_lossy(&picture[..40])
    );
    assert_eq!(
        picture,
        studio.picture(&studio.ok("preview", json!({}))),
        "the same bytes"
    );

    let courses = String::from_utf8(workdir.read("school/courses.yaml")).unwrap();
    workdir.write(
        "school/courses.yaml",
        courses.replace("Introduction to Curling", "Sailing for All"),
    );
    let second = studio.ok("preview", json!({}));
    assert!(texts(&second).contains("Sailing for All"), "{second}");
    assert_ne!(studio.picture(&second), picture);
    assert!(second["generation"].as_u64() > first["generation"].as_u64());
}

#[test]
fn unsaved_text_is_previewed_and_not_written() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let read = studio.ok("read", json!({ "name": "courses.yaml" }));
    let text = read["text"].as_str().unwrap().replace("Introduction to Curling", "Knots");
    let shown = studio.ok("preview", json!({ "overlay": { "courses.yaml": text } }));
    assert!(texts(&shown).contains("Knots"), "{shown}");
    let sentence = "heading: A Proof of Work\nstatement: x\n";
    let name = "layouts/classic/locales/en.yaml";
    let shown = studio.ok("preview", json!({ "overlay": { name: sentence } }));
    assert!(!shown["findings"].as_array().unwrap().is_empty(), "an unknown key: {shown}");
    assert_eq!(
        workdir.read("school/courses.yaml"),
        read["text"].as_str().unwrap().as_bytes()
    );
    assert!(!workdir.path("school/layouts").exists());
}

#[test]
fn every_fault_is_told_with_its_place_and_line() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let courses = String::from_utf8(workdir.read("school/courses.yaml")).unwrap();
    let broken = courses.replace("  layout: classic", "  layuot: classic");
    let broken = broken.replace("language: en", "language: englisch");
    workdir.write("school/courses.yaml", &broken);
    let told = studio.ok("preview", json!({}));
    assert_eq!(told["pages"], json!([]), "the page keeps the last good one");
    let findings = told["findings"].as_array().unwrap();
    assert!(findings.len() >= 2, "{told}");
    let misspelt = findings.iter().find(|it| it["kind"] == "unknown_key").unwrap();
    assert_eq!(misspelt["place"]["file"], "courses.yaml");
    let line = misspelt["place"]["line"].as_u64().unwrap() as usize;
    assert!(broken.lines().nth(line - 1).unwrap().contains("layuot"), "{misspelt}");
    assert!(misspelt["place"]["excerpt"]["text"].as_str().unwrap().contains("layuot"));
    assert!(misspelt["help"].as_str().unwrap().contains("layout"), "{misspelt}");

    workdir.write("school/courses.yaml", &courses);
    let mended = studio.ok("preview", json!({}));
    assert_eq!(mended["findings"], json!([]));
    assert_eq!(mended["pages"].as_array().unwrap().len(), 1);
}

#[test]
fn page_that_fails_its_proof_is_seen_and_becomes_no_file() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let name = "layouts/shared/locales/en.yaml";
    let read = studio.ok("read", json!({ "name": name }));
    assert_eq!((&read["own"], &read["version"]), (&json!(false), &Value::Null));
    let long = "This is to certify, at very great length indeed, that ".repeat(12);
    let text =
        read["text"].as_str().unwrap().replace("This is to certify that", long.trim());
    let wish = json!({ "overlay": { name: text } });
    let shown = studio.ok("preview", wish.clone());
    let finding = &shown["findings"][0];
    assert_eq!(finding["kind"], "overflow", "{shown}");
    assert_eq!(finding["place"]["file"], name);
    assert_eq!(shown["pages"].as_array().unwrap().len(), 1, "its fault can be seen");
    let (status, told) = studio.call("draft.pdf", wish);
    assert_eq!(status, 422, "{told}");
    let answer = studio.send("draft.pdf", "application/json", b"{}");
    assert!(answer.status == 200 && answer.body.starts_with(b"%PDF-"), "{}", answer.head);
    let answer = studio.send("draft.png", "application/json", b"{}");
    assert!(
        answer.status == 200 && answer.body.starts_with(b"\x89PNG"),
        "{}",
        answer.head
    );
}

#[test]
fn texts_on_the_page_lead_to_their_lines() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let shown = studio.ok("preview", json!({}));
    let outlines = shown["outlines"].as_array().unwrap();
    let of = |label: &str| outlines.iter().find(|it| it["label"] == label).unwrap();
    assert_eq!(of("heading")["place"]["file"], "layouts/shared/locales/en.yaml");
    let places: Vec<&Value> = outlines.iter().map(|it| &it["place"]["file"]).collect();
    assert!(places.contains(&&json!("courses.yaml")), "{places:?}");
    for outline in outlines {
        let slot: Vec<f64> = serde_json::from_value(outline["slot"].clone()).unwrap();
        assert!(slot[2] > 0.0 && slot[3] > 0.0, "{outline}");
    }
}

#[test]
fn preview_takes_every_switch() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let shown = studio.ok("preview", json!({ "language": "de", "signatories": 4, "name": "Ada Lovelace", "paper": "letter" }));
    assert_eq!((&shown["language"], &shown["signatories"]), (&json!("de"), &json!(4)));
    assert!(texts(&shown).contains("Ada Lovelace"), "{shown}");
    assert!(
        (shown["pages"][0]["width"].as_f64().unwrap() - 792.0).abs() < 0.1,
        "{shown}"
    );
    let state = studio.ok("state", json!({}));
    for layout in state["layouts"].as_array().unwrap() {
        let shown = studio.ok("preview", json!({ "layout": layout }));
        assert_eq!(shown["layout"], *layout, "{shown}");
        assert_eq!(shown["findings"], json!([]), "{layout}");
    }
    let told = studio.ok("preview", json!({ "course": "none" }));
    assert_eq!(told["findings"][0]["kind"], "unknown_course");
}

#[test]
fn file_that_changed_on_the_disk_is_not_written_over() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let read = studio.ok("read", json!({ "name": "courses.yaml" }));
    let text = read["text"].as_str().unwrap();
    let mine = format!("# mine\n{text}");
    let theirs = format!("# theirs\n{text}");
    workdir.write("school/courses.yaml", &theirs);
    let wish = |version: &Value| json!({ "name": "courses.yaml", "text": mine, "version": version });
    let (status, told) = studio.call("save", wish(&read["version"]));
    assert_eq!((status, &told["error"]), (409, &json!("conflict")), "{told}");
    assert_eq!(told["text"], theirs, "it is shown");
    assert_eq!(workdir.read("school/courses.yaml"), theirs.as_bytes(), "and kept");
    studio.ok("save", wish(&told["version"]));
    assert_eq!(workdir.read("school/courses.yaml"), mine.as_bytes());
    let temporary =
        workdir.names("school").into_iter().filter(|name| name.starts_with(".testamur"));
    assert_eq!(temporary.count(), 0);
}

#[test]
fn studio_that_reads_only_changes_nothing() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &["--read-only"]);
    assert_eq!(studio.ok("state", json!({}))["readOnly"], true);
    assert_eq!(studio.ok("preview", json!({}))["findings"], json!([]));
    let before = workdir.names("school");
    for (path, body) in [
        ("save", json!({ "name": "courses.yaml", "text": "", "version": null })),
        ("new", json!({ "name": "x", "url": "none" })),
        ("layout/copy", json!({ "from": "classic", "name": "x" })),
        ("issue", json!({ "people": 1, "reading": 1 })),
        ("revoke", json!({ "id": "x", "reason": "x" })),
        ("correct", json!({ "id": "x", "name": "x" })),
    ] {
        let (status, told) = studio.call(path, body);
        assert_eq!(status, 403, "{path}: {told}");
    }
    let answer =
        studio.send("picture?name=signatures%2Fx.png", "application/octet-stream", b"x");
    assert_eq!(answer.status, 403);
    let answer = studio.send("layout/new?name=x.svg", "application/octet-stream", b"x");
    assert_eq!(answer.status, 403);
    assert_eq!(workdir.names("school"), before);
}

#[test]
fn empty_folder_becomes_a_school() {
    let workdir = Workdir::new();
    let studio = RunningStudio::start(&workdir, "fresh", &[]);
    assert_eq!(studio.ok("state", json!({}))["isSite"], false);
    let wish = json!({ "name": "Lakeside College", "url": "none", "language": "de" });
    let made = studio.ok("new", wish);
    assert_eq!(made["isSite"], true, "{made}");
    let shown = studio.ok("preview", json!({}));
    assert!(texts(&shown).contains("Lakeside College"), "{shown}");
    assert_eq!(shown["language"], "de", "certificates speak the language of the page");
    // What the program makes is the same site.
    let run = workdir.run(["--site", "fresh", "check", "--language", "en"]);
    assert_eq!(run.code, 0, "{run:?}");
    let (status, told) = studio.call("new", json!({ "name": "x", "url": "none" }));
    assert_eq!(status, 422, "a site is never made over another: {told}");
}

#[test]
fn form_changes_a_course_in_place() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let course = studio.ok("state", json!({}))["courses"][0]["id"].clone();
    let form = studio.ok("course/form", json!({ "course": course }));
    assert_eq!(form["file"], "courses.yaml");
    let values = form["values"].as_array().unwrap();
    let value = |path: &str| {
        values
            .iter()
            .find(|it| it["path"] == json!(path.split('.').collect::<Vec<_>>()))
            .unwrap_or_else(|| panic!("{path}: {form}"))
    };
    let (title, name) = (value("title.en"), value("organization.name.en"));
    assert_eq!(
        (&title["value"], &title["owner"]),
        (&json!("Introduction to Curling"), &course)
    );
    assert_eq!(
        (&name["value"], &name["owner"]),
        (&json!("Riverside School"), &json!("defaults"))
    );

    let text = String::from_utf8(workdir.read("school/courses.yaml")).unwrap();
    let wish = json!({ "file": "courses.yaml", "text": text, "course": course, "path": ["title", "en"], "value": "Knots: a start" });
    let changed = studio.ok("course/edit", wish)["text"].as_str().unwrap().to_owned();
    let comments = |text: &str| text.lines().filter(|line| line.contains('#')).count();
    assert_eq!(comments(&changed), comments(&text));
    assert_eq!(changed.lines().count(), text.lines().count());
    let shown = studio.ok("preview", json!({ "overlay": { "courses.yaml": changed } }));
    assert!(texts(&shown).contains("Knots: a start"), "{shown}");
    assert_eq!(
        workdir.read("school/courses.yaml"),
        text.as_bytes(),
        "saving is the editor's"
    );
}

#[test]
fn photo_of_a_signature_is_kept_and_its_ink_lifted() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let scan = workdir.read("school/signatures/ada.svg");
    let send = |name: &str, bytes: &[u8]| {
        let path = format!("picture?name=signatures%2F{name}");
        let answer = studio.send(&path, "application/octet-stream", bytes);
        (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap())
    };
    let (status, told) = send("new.svg", &scan);
    assert_eq!((status, &told["name"]), (200, &json!("signatures/new.svg")), "{told}");
    let (_, told) = send("grace.svg", &scan);
    assert_eq!(
        told["name"], "signatures/grace-2.svg",
        "another file of the name is kept"
    );
    let (status, told) = send("x.svg", b"no picture");
    assert_eq!(status, 422, "{told}");
    let (status, told) = send("..%2F..%2Fx.svg", &scan);
    assert_eq!(status, 422, "{told}");
    let ink = studio.send("ink", "application/json", br#"{"name":"new.svg"}"#);
    assert_eq!(ink.status, 200, "{}", ink.head);
    assert!(ink.head.contains("image/"), "{}", ink.head);
}

#[test]
fn language_is_inspected_and_begun() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let told = studio.ok("language", json!({ "layout": "classic", "language": "de" }));
    let found = told["found"].as_array().unwrap();
    assert!(
        found
            .iter()
            .any(|it| it["key"] == "heading"
                && it["file"] == "layouts/shared/locales/de.yaml"),
        "{told}"
    );
    assert!(
        told["variables"].as_array().unwrap().contains(&json!("course.title")),
        "{told}"
    );

    let (status, _) =
        studio.call("language/new", json!({ "language": "de", "from": "en" }));
    assert_eq!(status, 409, "it exists");
    let begun = studio.ok("language/new", json!({ "language": "nb", "from": "en" }));
    let (name, text) = (begun["name"].as_str().unwrap(), begun["text"].as_str().unwrap());
    assert_eq!(name, "layouts/shared/locales/nb.yaml");
    let text = text.replace("This is to certify that", "Herved bekreftes at");
    let text = format!("# review: is this what a school writes?\n{text}");
    let overlay = json!({ name: text });
    let shown = studio.ok("preview", json!({ "language": "nb", "overlay": overlay }));
    assert_eq!(shown["language"], "nb");
    assert!(texts(&shown).contains("Herved bekreftes at"), "{shown}");
    let told = studio.ok(
        "language",
        json!({ "layout": "classic", "language": "nb", "overlay": overlay }),
    );
    assert_eq!(told["doubts"][0]["text"], "is this what a school writes?", "{told}");
    assert!(!workdir.path("school/layouts").exists(), "nothing is written");
}
