//! The job of a secretary: from an empty folder to a certificate in the hand of each of a class.

use serde_json::{Value, json};

use super::page::Desk;
use super::people::{class, workbook};

#[test]
fn secretary_makes_a_school_and_issues_a_class() {
    let mut desk = Desk::new();
    desk.make_a_school("Riverside School");
    desk.type_over("Title of your course", "Sailing for All");
    desk.until_shown("Sailing for All");
    assert!(!desk.file("courses.yaml").contains("Sailing"), "it is not saved yet");
    desk.open_tab("people");
    desk.until("document.querySelector('.unsaved')?.hidden === false");
    desk.click(".unsaved .save-first");
    desk.until("document.querySelector('.unsaved').hidden");
    assert!(desk.file("courses.yaml").contains("Sailing for All"));

    // An Excel file with German headers and two faulty rows.
    desk.drop_people("Klasse.xlsx", workbook(&class(200)));
    let columns = desk
        .browser
        .js("[...document.querySelectorAll('.columns select')].map(it => it.value)");
    assert_eq!(columns, json!(["given_name", "family_name", "", ""]));
    assert_eq!(desk.browser.js("document.querySelectorAll('#rows tr').length"), 200);
    desk.shoot("people");

    desk.issue_with_a_stop(50, 200);
    let mut count = |of: &str| {
        let rows = format!("document.querySelectorAll('#rows tr.{of}').length");
        desk.browser.js(&rows).as_u64().unwrap()
    };
    assert_eq!(count("failed"), 2);
    assert_eq!(count("issued") + count("unchanged"), 198);
    assert!(count("unchanged") >= 48, "those before the stop are recognised");
    desk.shoot("issued");
    // What is typed and not saved is not issued otherwise than it is shown.
    let run = desk.studio.ok("run", json!({}))["run"].clone();
    desk.open_tab("design");
    desk.until("document.querySelector('#text')");
    desk.type_over("Sailing for All", "Rowing for All");
    desk.open_tab("people");
    desk.until("document.querySelector('.unsaved')?.hidden === false");
    desk.click("#issue");
    desk.browser.js("new Promise(done => setTimeout(done, 500))");
    assert_eq!(desk.studio.ok("run", json!({}))["run"], run);
    desk.open_tab("design");
    desk.until("document.querySelector('#text')");
    desk.type_over("Rowing for All", "Sailing for All");
    desk.open_tab("people");

    let archive = desk.download("zip", "certificates.zip");
    let archive = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    assert_eq!(archive.len(), 198);

    desk.open_tab("register");
    desk.until("document.querySelectorAll('#found tr').length === 198");
    desk.revoke_one("issued by mistake");
    desk.shoot("register");
    let revoked = desk.studio.ok("find", json!({ "status": "revoked" }));
    assert_eq!(revoked["count"], 1);
    assert_eq!(desk.faults(), [Value::Null; 0]);
}
