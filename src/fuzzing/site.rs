//! The files that operators, designers and translators write.

use std::sync::LazyLock;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use crate::base::date::Date;
use crate::base::lang::Tag;
use crate::base::yaml::{Document, Faults, Node};
use crate::image::cache::ImageCache;
use crate::press::fonts::Fonts;
use crate::press::layout::Layout;
use crate::site::course::{Course, Courses};
use crate::site::name::Name;
use crate::site::{Settings, Site};
use crate::text::{CertificateFacts, Phrases};

/// How deep a document is walked: aliases can make it wider than what is written.
const MAX_WALKED: usize = 2_000;

/// Any YAML.
pub fn yaml(bytes: &[u8]) {
    let mut faults = Faults::default();
    if let Some(document) = Document::parse("fuzz.yaml", bytes, &mut faults) {
        walk(document.root(), &mut { MAX_WALKED }, &mut faults);
    }
    if let Err(error) = faults.finish() {
        let _ = format!("{error:#}");
    }
}

fn walk(node: Node<'_>, left: &mut usize, faults: &mut Faults) {
    let Some(fewer) = left.checked_sub(1) else { return };
    *left = fewer;
    let _ = node.span().place();
    let _ = (node.is_null(), node.boolean().is_ok(), node.positive().is_ok());
    faults.keep(node.text());
    faults.keep(node.json());
    if let Ok(items) = node.items() {
        items.for_each(|item| walk(item, left, faults));
    }
    if let Ok(entries) = node.entries() {
        for (key, value) in entries {
            let _ = (key.text(), key.span().place());
            walk(value, left, faults);
        }
    }
}

/// `courses.yaml`.
pub fn courses(bytes: &[u8]) {
    match Courses::parse(&[("courses.yaml".to_owned(), bytes.to_vec())]) {
        Ok(courses) => {
            let english = Tag::parse("en").expect("it is a language");
            for course in courses.iter() {
                let _ = course.title.get(&english, &course.language);
                let _ = (course.outcome(Some("0.93")), course.outcome(None));
            }
        }
        Err(error) => drop(format!("{error:#}")),
    }
}

/// `testamur.yaml`.
pub fn settings(bytes: &[u8]) {
    match Settings::parse(bytes) {
        Ok(settings) => drop(format!("{settings:?}")),
        Err(error) => drop(format!("{error:#}")),
    }
}

/// `layout.yaml`.
pub fn layout(bytes: &[u8]) {
    static FONTS: LazyLock<Fonts> =
        LazyLock::new(|| Fonts::load(&Site::new()).expect("it has no fonts of its own"));
    let site = Site::new()
        .with_file("layouts/fuzz/layout.yaml", bytes)
        .with_file("layouts/fuzz/layout.typ", "#let certificate(sheet) = []");
    match Layout::load(&site, "fuzz", &FONTS, &ImageCache::default()) {
        Ok(layout) => drop(layout.paper(None, layout.background.as_ref())),
        Err(error) => drop(format!("{error:#}")),
    }
}

/// The sentences of one language.
pub fn locale(bytes: &[u8]) {
    write(bytes);
}

/// One sentence, a template.
pub fn template(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        let text = Json::from(text);
        write(format!("heading: {text}\nblocks:\n  - name: {text}\n").as_bytes());
    }
}

/// Loads the sentences of a locale file, and fills them in.
fn write(locale: &[u8]) {
    static VALUES: LazyLock<(Name, Course, IndexMap<String, Json>)> =
        LazyLock::new(|| {
            let course = "C:\n  language: en\n  title: { en: '*Curling*', es: C }\n  \
                      organization: { short: X, name: Example University }\n  \
                      signatories: [{ name: Dr. Ada, title: Dean }]\n  \
                      grades: { scale: fraction }\n  \
                      outcomes: { '>= 0.5': 'passed {{ grade }}' }\n";
            let course = [("courses.yaml".to_owned(), course.into())];
            let course = Courses::parse(&course).expect("it is a course");
            let extra =
                json!({ "hours": 12, "parts": ["*a*", { "b": 1.5 }], "none": null });
            let extra = serde_json::from_value(extra).expect("it is an object");
            let name = "\u{202b}*سيف* {{ name }}\u{202c} _x_ \\";
            let (name, _) = Name::clean(name).expect("it can be printed");
            (name, course.get("C").expect("it is there").clone(), extra)
        });
    let (name, course, extra) = &*VALUES;
    let site = Site::new().with_file("layouts/shared/locales/en.yaml", locale);
    let english = Tag::parse("en").expect("it is a language");
    let phrases = match Phrases::load(&site, "classic", &english) {
        Ok(phrases) => phrases,
        Err(error) => return drop(format!("{error:#}")),
    };
    let facts = CertificateFacts {
        name,
        course,
        issued: Date::new(2026, 5, 14).expect("it is a day"),
        is_rolling: true,
        issued_text: None,
        language: &english,
        grade: &course.mark("0.93", &english).expect("it is on the scale"),
        designation: Some("MD"),
        gender: None,
        extra,
        verify_url: Some("https://example.org/c/0/"),
    };
    match (phrases.write(&facts), phrases.folios(&facts, 2)) {
        (Ok(written), _) => drop(format!("{written:?}")),
        (Err(error), _) => drop(format!("{error:#}")),
    }
}
