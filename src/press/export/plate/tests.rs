//! Compares the two ways of writing a document: by its plate, and by typst-pdf alone.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::skeleton::Skeleton;
use super::template::Template;
use crate::base::date::Date;
use crate::base::lang::Tag;
use crate::press::draft::{DraftOptions, Press};
use crate::press::export::drawings::Drawings;
use crate::press::proof::Proof;
use crate::seal::pdf::Rewrite;
use crate::seal::pdf::syntax::{self, Dict};
use crate::site::files::Site;
use crate::site::request::Request;

/// Layouts with a table, whose documents typst-pdf writes.
const WITH_TABLE: [&str; 2] = ["degree", "statement-of-results"];
/// Keys that refer back, or whose values are numbers or names that each file chooses itself.
const SKIPPED: [&str; 8] =
    ["P", "Pg", "Parent", "Metadata", "Resources", "ID", "Obj", "MarkInfo"];

fn proof(press: &Press, layout: &str, language: &str, name: &str) -> Proof {
    let request = Request::new("course-v1:ExampleX+CURL101+2026_T1", name)
        .expect("a name")
        .with_layout(layout)
        .with_language(Tag::parse(language).expect("a tag"));
    let today = Date::parse("2026-05-14").expect("a date");
    let page = press.page(&request, today, &DraftOptions::default());
    page.and_then(|page| page.proof())
        .unwrap_or_else(|error| panic!("{layout}, {language}: {error}"))
}

/// The file as typst-pdf writes it.
fn whole(proof: &Proof) -> Vec<u8> {
    let options = proof.options().expect("they are known");
    proof.export_whole(&options("id")).expect("it meets its claims")
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn plate_has_the_tags_and_the_order_that_typst_writes() {
    let press = Press::new(Site::demo()).expect("the demo site is sound");
    let names =
        [("en", "Zoë Lovelace"), ("ar", "سيف رمضان"), ("hi", "कृष्णा"), ("ja", "莊雅善")];
    let layouts = press.site().layouts();
    let layouts = layouts.into_iter().filter(|layout| {
        // The card has no room for the signatories of the demo.
        !WITH_TABLE.contains(layout) && *layout != "card"
    });
    let mut count = 0;
    for layout in layouts {
        for (language, name) in names {
            let proof = proof(&press, layout, language, name);
            let pdf = proof.pdf().expect("it meets its claims");
            assert!(contains(&pdf, b"BaseFont/"), "{layout}, {language}");
            let is_plate = Rewrite::read(&pdf)
                .and_then(|file| Some(file.object(1)?.to_vec()))
                .is_some()
                && contains(&pdf, b"/F0 ");
            assert!(is_plate, "{layout}, {language} is written by typst-pdf");
            let (ours, theirs) = (described(&pdf), described(&whole(&proof)));
            assert_eq!(ours, theirs, "{layout}, {language}");
            count += 1;
        }
    }
    assert!(count >= 40, "{count}");
}

#[test]
fn plate_of_each_certificate_of_a_course_is_the_same() {
    let press = Press::new(Site::demo()).expect("the demo site is sound");
    let template = |name| {
        let proof = proof(&press, "classic", "en", name);
        let options = proof.options().expect("they are known");
        let verify = proof.page.sheet.verify.as_ref().expect("it has a code");
        let own = Some(verify.code.picture.bytes());
        let code = proof.page.document.shown_code().or(own);
        let taken = Drawings::take(&proof.page.document, code).expect("a border");
        let skeleton = Skeleton::of(&taken.document, code).expect("it has one");
        let pdf = typst_pdf::pdf(&skeleton.document.to_document(), &options("id"));
        let pdf = taken.put_back(&pdf.expect("it is written")).expect("it is ours");
        format!("{:?}", Template::read(&pdf, &skeleton).expect("it is read"))
    };
    let first = template("Ada Lovelace");
    assert_eq!(first, template("Grace Hopper"));
    assert!(!first.contains("Lovelace"), "{first}");
}

#[test]
fn same_page_is_the_same_file_whatever_was_written_before() {
    let written = |names: &[&str]| {
        let press = Press::new(Site::demo()).expect("the demo site is sound");
        let files = names.iter().map(|name| {
            proof(&press, "classic", "en", name).pdf().expect("it meets its claims")
        });
        let mut files: Vec<Vec<u8>> = files.collect();
        files.sort();
        files
    };
    let one = written(&["Ada Lovelace", "Grace Hopper", "Ada Byron"]);
    assert_eq!(one, written(&["Ada Byron", "Ada Lovelace", "Grace Hopper"]));
}

/// Describes a file's pages, structure and outline, without object numbers.
fn described(pdf: &[u8]) -> String {
    let file = Rewrite::read(pdf).expect("it is ours");
    let root = syntax::reference(file.trailer().get("Root").expect("a catalog"));
    let mut out = String::new();
    describe(
        &file,
        "",
        &format!("{} 0 R", root.expect("a number")).into_bytes(),
        &mut out,
    );
    out
}

fn describe(file: &Rewrite<'_>, key: &str, value: &[u8], out: &mut String) {
    if let Some(number) = syntax::reference(value) {
        let object = file.object(number).expect("it is there");
        let is_page = contains(object, b"<</Type/Page/");
        match Dict::read(object, 0) {
            Some((_, end)) if key == "Contents" => {
                out.push_str(&marks(&object[end..]));
            }
            Some((_, end)) if end < object.len() => out.push_str("stream"),
            _ if is_page && key != "Kids" => out.push_str("page"),
            _ => describe(file, key, object, out),
        }
    } else if let Some(dict) = Dict::parse(value) {
        let mut entries: Vec<(&str, &[u8])> = dict.entries().collect();
        entries.sort_unstable();
        for (key, value) in entries {
            if !SKIPPED.contains(&key) {
                out.push_str(&format!("/{key} "));
                describe(file, key, value, out);
                out.push('\n');
            }
        }
    } else if let Some(items) = syntax::items(value) {
        out.push('[');
        for item in items {
            describe(file, key, item, out);
            out.push(' ');
        }
        out.push(']');
    } else if let Some(number) =
        str::from_utf8(value).ok().and_then(|text| text.parse::<f64>().ok())
    {
        out.push_str(&format!("{number:.1}"));
    } else {
        out.push_str(&String::from_utf8_lossy(value));
    }
}

/// The marked-content operators of a content stream in order, without those inside of
/// texts.
fn marks(stream: &[u8]) -> String {
    let data = stream.strip_prefix(b"\nstream\n").expect("a stream");
    let mut content = Vec::new();
    ZlibDecoder::new(data).read_to_end(&mut content).expect("it is compressed");
    let content: String = content.iter().map(|byte| char::from(*byte)).collect();
    let mut kept = String::new();
    let mut rest = &content[..];
    while let Some((before, after)) = rest.split_once("\nBT") {
        kept.push_str(before);
        kept.push_str(" text ");
        rest = after.split_once("\nET\nQ").expect("it ends").1;
    }
    kept.push_str(rest);
    let mut found = String::new();
    for (at, operator) in kept.match_indices("BDC").chain(kept.match_indices("BMC")) {
        let start = kept[..at].rfind("/Span").max(kept[..at].rfind("/Artifact"));
        found.push_str(&format!("{} {operator}\n", &kept[start.expect("a tag")..at]));
    }
    found.push_str(&format!("{} texts", kept.matches(" text ").count()));
    found
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
