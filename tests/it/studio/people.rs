//! Recipients files, runs and the register: by the studio and the program alike.

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::running::{RunningStudio, school};

const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";

/// An Excel file with one sheet of texts.
pub(super) fn workbook(rows: &[Vec<String>]) -> Vec<u8> {
    let cell = |text: &String| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let rows: String = rows
        .iter()
        .map(|row| format!("<row>{}</row>", row.iter().map(cell).collect::<String>()))
        .collect();
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str =
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"r1\" Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><sheets><sheet name=\"Teilnehmer\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"r1\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                "<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"
            ),
        ),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A class of so many people with German headers, of which two rows are faulty: a name that is the error
/// of a formula, and one without a name.
pub(super) fn class(people: usize) -> Vec<Vec<String>> {
    let mut rows =
        vec![["Vorname", "Nachname", "E-Mail", "Bemerkung"].map(str::to_owned).to_vec()];
    for number in 1..=people {
        let given = ["Änne", "Jürgen", "Zoë", "Paul"][number % 4];
        let name = format!("Müller-{}", letters(number));
        rows.push(vec![
            given.to_owned(),
            name,
            "x@example.org".to_owned(),
            String::new(),
        ]);
    }
    rows[2][0] = String::new();
    rows[2][1] = String::new();
    rows[4][0] = "\u{1F600}".to_owned();
    rows[4][1] = "\u{1F600}".to_owned();
    rows
}

/// A number in letters, because names have no digits.
fn letters(mut number: usize) -> String {
    let mut text = String::new();
    while number > 0 {
        text.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    text
}

/// Drops a file, and reads it for the course.
fn dropped(
    studio: &RunningStudio,
    name: &str,
    bytes: &[u8],
    more: Value,
) -> (u64, Value) {
    let answer =
        studio.send(&format!("people?name={name}"), "application/octet-stream", bytes);
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    let people = told["people"].as_u64().unwrap_or_else(|| panic!("{told}"));
    let mut wish = json!({ "people": people, "course": COURSE });
    wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (people, studio.ok("people/read", wish))
}

/// What names the rows that a reading gave.
fn rows_of(people: u64, read: &Value) -> Value {
    json!({ "people": people, "reading": read["reading"] })
}

/// What names a row of them.
fn row_of(people: u64, read: &Value, row: usize) -> Value {
    json!({ "people": people, "reading": read["reading"], "row": row })
}

#[test]
fn columns_are_guessed_shown_and_changeable() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let (people, read) =
        dropped(&studio, "Klasse%207b.xlsx", &workbook(&class(6)), json!({}));
    assert_eq!(read["file"], "Klasse 7b.xlsx");
    let uses: Vec<&str> = read["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["use"].as_str().unwrap())
        .collect();
    assert_eq!(uses, ["given_name", "family_name", "", ""], "{read}");
    assert_eq!(read["columns"][2]["why"], "not_printed");
    assert_eq!(read["columns"][3]["why"], "unknown");
    assert_eq!(read["rows"][0]["name"], "Jürgen Müller-b");
    assert_eq!(read["total"], 6);

    let wish = json!({ "people": people, "course": COURSE, "uses": ["", "name"] });
    let read = studio.ok("people/read", wish);
    assert_eq!(read["rows"][0]["name"], "Müller-b");
    let wish = json!({ "people": people, "course": COURSE, "uses": ["", "", "", ""] });
    let read = studio.ok("people/read", wish);
    assert_eq!(read["findings"][0]["kind"], "missing_field", "{read}");
    assert_eq!(read["columns"].as_array().unwrap().len(), 4, "they can be changed back");
    let (status, told) = studio.call("try", rows_of(people, &read));
    assert_eq!(status, 422, "nothing can be made of it: {told}");
}

#[test]
fn rows_of_an_earlier_reading_cannot_be_issued() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let (people, first) = dropped(&studio, "x.csv", b"name\nAda Lovelace\n", json!({}));
    let wish = json!({ "people": people, "course": COURSE, "is_specimen": true });
    let second = studio.ok("people/read", wish);
    for what in ["try", "issue"] {
        let (status, told) = studio.call(what, rows_of(people, &first));
        assert_eq!(status, 422, "{told}");
        assert!(told.to_string().contains("in another way"), "{told}");
    }
    let (status, told) = studio.call("issue", json!({ "people": people }));
    assert_ne!(status, 200, "{told}");
    let refused = json!({ "people": people, "course": "no-such-course" });
    assert_ne!(studio.call("people/read", refused).0, 200);
    let (status, told) = studio.call("issue", rows_of(people, &second));
    assert_ne!(status, 200, "the last choice could not be read: {told}");
    assert!(!workdir.path("school/public").exists(), "nothing is stored");
    let read = studio.ok("people/read", json!({ "people": people, "course": COURSE }));
    studio.ok("issue", rows_of(people, &read));
    assert_eq!(studio.run_ends()["counts"], json!({ "issued": 1 }));
}

/// The refusals of a header stay until what they are about is decided.
#[test]
fn choice_for_one_column_is_none_for_the_others() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let refused = |read: &Value| read["findings"].to_string();
    let list = b"Name,ID,Remarks\nAda Lovelace,1,x\nGrace Hopper,2,y\n";
    let numbered =
        |uses: Value| dropped(&studio, "a.csv", list, json!({ "uses": uses })).1;
    for uses in [json!([]), json!([null, null, ""]), json!(["name", null, "designation"])]
    {
        let read = numbered(uses);
        assert!(refused(&read).contains("numbers the rows"), "{read}");
    }
    assert_eq!(numbered(json!([null, ""]))["total"], 2);
    assert_eq!(numbered(json!([null, "username"]))["total"], 2);
    // The same numbers in another file are another question.
    let next = b"Name,ID,Remarks\nEmmy Noether,1,x\nMary Jackson,2,y\n";
    let (_, read) = dropped(&studio, "b.csv", next, json!({}));
    assert!(refused(&read).contains("numbers the rows"), "{read}");

    // What is remembered of one column says nothing of the others.
    let earlier = b"Vorname,Nachname,Punkte\nAnna,Berg,7\n";
    let uses = json!([null, null, "designation"]);
    let (_, read) = dropped(&studio, "c.csv", earlier, json!({ "uses": uses }));
    assert_eq!(read["total"], 1, "{read}");
    let particle = b"Vorname,Nachname,Namenszusatz,Punkte\nAnna,Berg,von,7\n";
    let (_, read) = dropped(&studio, "d.csv", particle, json!({}));
    assert_eq!(read["columns"][3]["why"], "before", "{read}");
    assert!(refused(&read).contains("where they stand"), "{read}");

    // The warning of a column that nothing reads stays too.
    let failed = b"Name,Status,Remarks\nAda Lovelace,failed,x\nGrace Hopper,,y\n";
    let (_, read) =
        dropped(&studio, "e.csv", failed, json!({ "uses": [null, null, ""] }));
    assert!(read["warnings"].to_string().contains("failed"), "{read}");

    let (_, read) = dropped(&studio, "f.csv", failed, json!({ "uses": ["nonsense"] }));
    assert!(refused(&read).contains("nonsense"), "{read}");
}

#[test]
fn columns_that_were_chosen_are_read_alike_by_the_next_studio() {
    let workdir = school();
    let file = workbook(&class(6));
    let uses = json!(["given_name", "family_name", "", "designation"]);
    let wish = json!({ "is_specimen": true, "uses": uses });
    {
        let studio = RunningStudio::start(&workdir, "school", &[]);
        let (people, read) = dropped(&studio, "class.xlsx", &file, wish);
        assert_eq!(read["columns"][3]["use"], "designation", "{read}");
        studio.ok("issue", rows_of(people, &read));
        studio.run_ends();
        // The corrected file in the same studio.
        let corrected = workbook(&class(7));
        let (_, read) = dropped(&studio, "class.xlsx", &corrected, json!({}));
        assert_eq!(read["columns"][3]["use"], "designation", "{read}");
        assert_eq!(read["columns"][3]["why"], "before", "and it is told");
    }
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let answer = studio.send("people?name=x.xlsx", "application/octet-stream", &file);
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(told["before"]["is_specimen"], true, "{told}");
    assert_eq!(told["before"]["course"], COURSE, "{told}");
    let (_, read) = dropped(&studio, "class.xlsx", &file, json!({}));
    assert_eq!(read["columns"][3]["use"], "designation", "{read}");
    let other = workbook(&[
        vec!["Name".to_owned(), "Bemerkung".to_owned()],
        vec!["Ada Lovelace".to_owned(), "Dr.".to_owned()],
    ]);
    let (_, read) = dropped(&studio, "other.xlsx", &other, json!({}));
    assert_eq!(read["columns"][1]["use"], "designation", "{read}");
    // It can be said otherwise.
    let (_, read) =
        dropped(&studio, "other.xlsx", &other, json!({ "uses": ["name", ""] }));
    assert_eq!(read["columns"][1]["use"], "", "{read}");
    let (_, read) = dropped(&studio, "other.xlsx", &other, json!({}));
    assert_eq!(read["columns"][1]["use"], "", "{read}");
}

#[test]
fn file_that_allows_two_readings_asks_for_one() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let bytes = b"Name;Ort\nJ\xfcrgen;K\xf6ln\n";
    let (_, read) = dropped(&studio, "x.csv", bytes, json!({}));
    assert!(!read["findings"].as_array().unwrap().is_empty(), "{read}");
    let (_, read) =
        dropped(&studio, "x.csv", bytes, json!({ "encoding": "windows-1252" }));
    assert_eq!(read["rows"][0]["name"], "Jürgen", "{read}");
}

#[test]
fn rows_are_seen_before_anything_exists() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let (people, read) = dropped(&studio, "class.xlsx", &workbook(&class(5)), json!({}));
    assert!(!read["rows"][1]["findings"].is_null(), "a row without a name: {read}");
    let good = studio.ok("people/preview", row_of(people, &read, 0));
    assert_eq!(good["findings"], json!([]));
    assert!(studio.picture(&good).starts_with(b"<svg"));
    let bad = studio.ok("people/preview", row_of(people, &read, 3));
    assert!(!bad["findings"].as_array().unwrap().is_empty(), "{bad}");

    studio.ok("try", rows_of(people, &read));
    let ended = studio.run_ends();
    assert_eq!(
        (&ended["counts"]["sound"], &ended["counts"]["failed"]),
        (&json!(3), &json!(2)),
        "{ended}"
    );
    assert!(!workdir.path("school/public").exists(), "nothing is stored");
}

#[test]
fn run_stops_and_goes_on_in_the_program() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let bytes = workbook(&class(40));
    let (people, read) = dropped(&studio, "class.xlsx", &bytes, json!({}));
    studio.ok("issue", rows_of(people, &read));
    while studio.ok("run", json!({}))["done"] == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    studio.ok("stop", json!({}));
    let ended = studio.run_ends();
    let done = ended["counts"]["issued"].as_u64().unwrap();
    assert!(done > 0, "{ended}");

    // The program finishes what the studio began.
    workdir.write("class.xlsx", &bytes);
    let run = workdir.run([
        "--site",
        "school",
        "issue",
        "-c",
        COURSE,
        "-f",
        "class.xlsx",
        "--json",
    ]);
    let outcomes: Vec<Value> =
        run.objects().iter().map(|it| it["outcome"].clone()).collect();
    let count = |word: &str| outcomes.iter().filter(|it| *it == word).count() as u64;
    assert_eq!((count("unchanged"), count("failed")), (done, 2), "{run:?}");
    assert_eq!(count("issued") + done, 38, "{run:?}");

    // And the studio finds all of it done.
    studio.ok("issue", rows_of(people, &read));
    let ended = studio.run_ends();
    assert_eq!(ended["counts"], json!({ "unchanged": 38, "failed": 2 }), "{ended}");
    let zip = studio.send("run/zip", "application/json", b"{}");
    assert!(zip.head.contains("certificates.zip"), "{}", zip.head);
    let mut zip = ZipArchive::new(Cursor::new(unchunked(&zip.body))).unwrap();
    assert_eq!(zip.len(), 38);
    assert!(zip.by_name("Jürgen-Müller-b.pdf").is_ok());
    let report = studio.send("run/report.csv", "application/json", b"{}");
    let report = String::from_utf8(report.body).unwrap();
    assert_eq!(
        report.lines().filter(|line| line.contains(",unchanged,")).count(),
        38,
        "{report}"
    );
}

/// The content of a body in chunks (RFC 9112, 7.1).
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let end = body.windows(2).position(|it| it == b"\r\n").unwrap();
        let size =
            usize::from_str_radix(str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return content;
        }
        content.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
}

#[test]
fn certificates_are_found_revoked_and_corrected() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let rows = b"name\nAda Lovelace\nGrace Hoper\n";
    let (people, read) = dropped(&studio, "two.csv", rows, json!({}));
    studio.ok("issue", rows_of(people, &read));
    assert_eq!(studio.run_ends()["counts"], json!({ "issued": 2 }));

    let find = |text: &str| studio.ok("find", json!({ "text": text }))["found"].clone();
    let all = find("");
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    let ada = find("lovelace");
    assert_eq!(
        (&ada[0]["name"], &ada[0]["status"]),
        (&json!("Ada Lovelace"), &json!("valid"))
    );
    let (status, told) =
        studio.call("revoke", json!({ "id": ada[0]["id"], "reason": "  " }));
    assert_eq!(status, 422, "{told}");
    studio.ok("revoke", json!({ "id": ada[0]["id"], "reason": "issued by mistake" }));
    let ada = find("lovelace");
    assert_eq!(
        (&ada[0]["status"], &ada[0]["reason"]),
        (&json!("revoked"), &json!("issued by mistake"))
    );

    let grace = find("hoper");
    studio.ok("correct", json!({ "id": grace[0]["id"], "name": "Grace Hopper" }));
    assert_eq!(find("hopper")[0]["status"], "valid");
    assert_eq!(find("hoper")[0]["status"], "superseded");
    let (status, told) =
        studio.call("correct", json!({ "id": ada[0]["id"], "name": "Ada King" }));
    assert_eq!(status, 409, "a revoked one is not corrected: {told}");
    let run = workdir.run(["--site", "school", "find", "Hopper"]);
    assert_eq!(run.code, 0, "the program knows it: {run:?}");
}

#[test]
fn register_of_a_site_that_has_issued_nothing_is_empty() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    assert_eq!(studio.ok("find", json!({}))["count"], 0);
    assert!(!workdir.path("school/private").exists(), "nothing is written");
}

/// What is told of the register is read anew, and nothing is written for it.
#[test]
fn studio_that_reads_only_finds_and_writes_no_index() {
    let workdir = school();
    let run =
        workdir.run(["--site", "school", "issue", "-c", COURSE, "-n", "Ada Lovelace"]);
    assert_eq!(run.code, 0, "{run:?}");
    let index = workdir.path("school/private/.testamur");
    std::fs::remove_dir_all(&index).unwrap();
    let studio = RunningStudio::start(&workdir, "school", &["--read-only"]);
    for status in ["", "valid"] {
        let found = studio.ok("find", json!({ "text": "lovelace", "status": status }));
        assert_eq!(found["count"], 1, "{found}");
    }
    assert_eq!(studio.ok("find", json!({ "status": "expired" }))["count"], 0);
    let run =
        workdir.run(["--site", "school", "issue", "-c", COURSE, "-n", "Grace Hopper"]);
    assert_eq!(run.code, 0, "{run:?}");
    let _ = std::fs::remove_dir_all(&index);
    assert_eq!(studio.ok("find", json!({}))["count"], 2, "what came since is seen");
    assert!(!index.exists());
}
