use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::decode::MAX_BYTES;
use super::fault::MAX_FAULTS;
use super::*;
use crate::base::error::{Error, ErrorKind, Result};

fn read<T>(text: &str, read: impl FnOnce(Node<'_>, &mut Faults) -> T) -> Result<T> {
    let mut faults = Faults::default();
    let document = Document::parse("a.yaml", text.as_bytes(), &mut faults);
    let value = document.map(|document| read(document.root(), &mut faults));
    faults.finish()?;
    Ok(value.expect("a document without faults exists"))
}

fn json(text: &str) -> Json {
    read(text, |root, faults| faults.keep(root.json())).unwrap().unwrap()
}

fn faults(text: &str) -> Vec<String> {
    let error = read(text, |_, _| ()).unwrap_err();
    error.faults().map(said).collect()
}

fn said(fault: &Error) -> String {
    match fault.place() {
        Some(place) => format!("{place}: {}", fault.message()),
        None => fault.message().to_owned(),
    }
}

#[test]
fn doubtful_scalars_stay_texts() {
    let text = "[no, yes, 012, +49, 12e4, 0x1F, 1_000, 2026-05-14, \
                99999999999999999999, .inf, '7', !!str 7]";
    let strings = json(text);
    assert!(strings.as_array().unwrap().iter().all(Json::is_string), "{strings}");
    assert_eq!(strings[8], "99999999999999999999");
    let text = "[7, -7, 0, 0.5, -1.5e3, true, FALSE, ~, null, ]";
    assert_eq!(json(text), json!([7, -7, 0, 0.5, -1500.0, true, false, null, null]));
}

#[test]
fn text_is_returned_as_written() {
    let written = |root: Node<'_>, faults: &mut Faults| {
        let items = faults.keep(root.items()).into_iter().flatten();
        items.map(|node| faults.keep(node.text()).map(str::to_owned)).collect::<Vec<_>>()
    };
    let texts = read("[1.10, no, 'it''s', \"a\\tb\", ü]", written).unwrap();
    let texts: Vec<_> = texts.into_iter().flatten().collect();
    assert_eq!(texts, ["1.10", "no", "it's", "a\tb", "ü"]);
}

/// Common mistakes in YAML files: the place of each error is the line that has to be changed, and
/// the message says what to do there.
#[test]
fn faults_are_at_the_line_to_change() {
    let cases = include_str!("fault_cases.txt").split("\n=====\n").skip(1);
    let mut count = 0;
    for case in cases {
        let (head, text) = case.split_once('\n').unwrap();
        let text = text.replace('→', "\t").replace('␍', "\r");
        let error = read(&text, |_, _| ()).expect_err(head);
        let line = error.place().and_then(|place| place.line).unwrap();
        let (expected, _) = head.split_once(' ').unwrap();
        assert_eq!(line.to_string(), expected, "{head}: {error:#}");
        assert!(error.help().is_some(), "{head}: {error:#}");
        count += 1;
    }
    assert!(count >= 50, "{count}");
}

#[test]
fn merge_keys_add_only_absent_keys() {
    let text = "
        a: &a { x: 1, y: 1 }
        b: &b { y: 2, z: 2 }
        c: { <<: [*a, *b], x: 3 }
        d: { x: 4, <<: { x: 5, w: 5 } }
        '<<': no merge";
    let value = json(text);
    assert_eq!(value["c"], json!({ "x": 3, "y": 1, "z": 2 }));
    assert_eq!(value["d"], json!({ "x": 4, "w": 5 }));
    assert_eq!(value["<<"], "no merge");
}

#[test]
fn places_name_the_value_to_change() {
    let text = "date: &d soon\ncopy: *d\nlist: *d\nmap: {a: 1}\n";
    let found = read(text, |root, faults| {
        let fields = root.fields(&["date", "copy", "list", "map"], faults).unwrap();
        let copy = fields.get("copy").unwrap();
        faults.push(copy.fault(ErrorKind::InvalidValue, "no date"));
        faults
            .push(fields.get("date").unwrap().fault(ErrorKind::InvalidValue, "no date"));
        faults.keep(fields.get("list").unwrap().items().map(drop));
        faults.push(fields.missing("time"));
        let map = fields.get("map").unwrap().fields(&["b"], faults).unwrap();
        map.required("b", faults);
    });
    let error = found.unwrap_err();
    let found: Vec<_> = error.faults().map(said).collect();
    let expected = [
        "a.yaml:1:1: `time` is missing here",
        "a.yaml:1:10: no date",
        "a.yaml:3:7: `list` is a text where a list is expected",
        "a.yaml:4:1: `map` has no `b`",
        "a.yaml:4:7: unknown key `a`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn duplicate_keys_are_reported_at_the_second_one() {
    let text = "a: 1\nb: { c: 1, c: 2 }\na: 2\n";
    assert_eq!(
        faults(text),
        ["a.yaml:2:12: `c` is defined twice", "a.yaml:3:1: `a` is defined twice"]
    );
}

#[test]
fn hostile_files_are_refused() {
    let nest = |open: &str| open.repeat(100_000);
    let merges = (0..40).fold("a0: &a0 { x: 1, y: 2 }\n".to_owned(), |text, i| {
        let many = format!("*a{i}, ").repeat(2_000);
        text + &format!("a{0}: &a{0} {{ <<: [{many}], n{i}: 1 }}\n", i + 1)
    });
    for text in [nest("["), nest("{a: "), nest("- "), nest("? "), merges] {
        let mut faults = Faults::default();
        let document = Document::parse("a.yaml", text.as_bytes(), &mut faults);
        assert!(document.is_none());
        let error = faults.finish().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(error.place().unwrap().line.is_some());
    }
    let mut faults = Faults::default();
    assert!(Document::parse("a.yaml", &vec![b'#'; MAX_BYTES + 1], &mut faults).is_none());
    assert_eq!(faults.finish().unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn nested_aliases_are_refused_only_when_written_out() {
    let text =
        ('b'..='z').zip('a'..).fold("a: &a [ha, ha]\n".to_owned(), |text, (b, a)| {
            text + &format!("{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n")
        });
    let error = read(&text, |root, faults| faults.keep(root.json())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(
        faults("a: &a [*a]\n"),
        ["a.yaml:1:8: an alias stands inside its own anchor"]
    );
}

#[test]
fn faults_beyond_the_maximum_are_counted() {
    let text = "a: 1\n".repeat(1000);
    let faults = faults(&text);
    assert_eq!(faults.len(), MAX_FAULTS + 1);
    assert_eq!(faults[MAX_FAULTS], "949 more faults are not shown");
}

#[test]
fn key_that_is_an_alias_is_a_duplicate_like_any_other() {
    let alias = "&k title: First\n*k : Second\nother: x\n";
    assert_eq!(faults(alias), ["a.yaml:2:1: `title` is defined twice"]);
    let error = read(alias, |_, _| ()).unwrap_err();
    assert_eq!(
        error.help(),
        Some("its first definition is on line 1: remove one of them")
    );
    let elsewhere = "a: &k title\ntitle: First\n*k : Second\n";
    assert_eq!(faults(elsewhere), ["a.yaml:3:1: `title` is defined twice"]);
    let twice = "{&k a: 1, *k : 2, *k : 3}";
    assert_eq!(faults(twice).len(), 2);
    // The same key in another map is no duplicate.
    assert_eq!(
        json("a: {&k b: 1}\nc: {*k : 2}"),
        json!({ "a": { "b": 1 }, "c": { "b": 2 } })
    );
}

#[test]
fn long_keys_take_no_more_memory_than_what_is_written() {
    let key = "k".repeat(1_000);
    let aliases = "*b, ".repeat(100);
    let text = format!("b: &b {{ ? {key} : 1 }}\nl: [{aliases}]\n");
    let error = read(&text, |root, faults| faults.keep(root.json())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let long = format!("? {}\n: 1\n", "é".repeat(1_025));
    assert_eq!(faults(&long), ["a.yaml:1:3: a key of more than 1024 characters"]);
    assert!(read(&format!("? {}\n: 1\n", "é".repeat(1_024)), |_, _| ()).is_ok());
}

#[test]
fn explanation_of_a_large_file_takes_one_pass() {
    // Each of these signs begins a comment, and hides none of the bracket's end.
    let text = format!("a: [ {}", "# ".repeat(MAX_BYTES / 2 - 10));
    assert_eq!(faults(&text), ["a.yaml:1:4: this `[` is never closed"]);
    let quotes = format!("a: [ {}\n", "'#' ".repeat(MAX_BYTES / 4 - 10));
    assert_eq!(faults(&quotes).len(), 1);
}

#[test]
fn encodings_other_than_utf_8_are_named() {
    let said = |bytes: &[u8]| {
        let mut faults = Faults::default();
        Document::parse("a.yaml", bytes, &mut faults);
        faults.finish().err().map(|error| error.to_string())
    };
    let latin = b"a: caf\xe9\n";
    let utf_16: Vec<u8> = "a: é\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(said(latin).unwrap(), "a.yaml:1:7: byte 0xe9 is not UTF-8");
    assert_eq!(said(&utf_16).unwrap(), "a.yaml:1:1: the file is UTF-16, not UTF-8");
    assert_eq!(said("\u{feff}a: é\r\nb: 1\r\n".as_bytes()), None);
    assert_eq!(said(b"\xff").unwrap(), "a.yaml:1:1: byte 0xff is not UTF-8");
}

#[test]
fn any_bytes_give_a_document_or_a_fault() {
    let text =
        "a: &x {b: [1, 'c', \"d\\n\"], <<: *x}\n- é: |\n  t\n? k\n: *y # c\n---\n\t%";
    for start in 0..text.len() {
        for end in start..=text.len() {
            let mut faults = Faults::default();
            let bytes = &text.as_bytes()[start..end];
            if let Some(document) = Document::parse("a.yaml", bytes, &mut faults) {
                faults.keep(document.root().json());
            }
            if let Err(error) = faults.finish() {
                assert!(format!("{error:#}").starts_with("a.yaml"), "{error:#}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_quoted_text_is_read_as_it_is(texts in proptest::collection::vec("\\PC{0,9}[\n\t]?\\PC{0,9}", 0..5)) {
        let list = Json::from(texts.clone());
        prop_assert_eq!(json(&list.to_string()), list);
        let map: serde_json::Map<String, Json> =
            texts.into_iter().map(|text| (text.clone(), Json::from(text))).collect();
        let map = Json::Object(map);
        prop_assert_eq!(json(&format!("a: {map}")), json!({ "a": map }));
    }
}
