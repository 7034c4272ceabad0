//! The programs of `examples/`, run as their first lines say, and judged by other programs or by
//! what they leave behind.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use serde_json::Value;
use testamur::register::{Record, Store};

use super::workdir::{COURSE, Workdir};

/// The store of the example, which has to do what each store does.
#[path = "../../examples/sqlite_store.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod sqlite_store;

/// An example, which `cargo test` has built beside this program's folder.
fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).unwrap();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = profile.join("examples").join(file);
    assert!(path.is_file(), "{} is missing: cargo build --examples", path.display());
    path
}

fn run(folder: &Workdir, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(example(name));
    command.current_dir(folder.path("")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A certificate of the demo site in a folder, and the names of its PDF and of the root.
fn issue_demo(folder: &Workdir) -> (String, String) {
    let run = folder.run(["issue", "-c", COURSE, "-n", "Ada Lovelace", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let pdf = folder.names("public/downloads").remove(0);
    (format!("public/downloads/{pdf}/Certificate.pdf"), "keys/1/root.pem".to_owned())
}

#[test]
fn verify_judges_the_certificate_of_the_demo() {
    let folder = Workdir::new();
    let (pdf, root) = issue_demo(&folder);
    let output = run(&folder, "verify", &[&pdf, &root]);
    assert_success(&output);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["verdict"], "status_not_asked");
    assert_eq!(found["seal"]["signer"]["name"], "Example University");

    let mut changed = folder.read(&pdf);
    let at = changed.len() / 2;
    changed[at] ^= 1;
    folder.write("changed.pdf", changed);
    let output = run(&folder, "verify", &["changed.pdf", &root]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["verdict"], "bad");

    // The same file by another site's root is not trusted.
    let other = Workdir::new();
    let (_, other_root) = issue_demo(&other);
    folder.write("other.pem", other.read(other_root));
    let output = run(&folder, "verify", &[&pdf, "other.pem"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["verdict"], "signer_unknown");

    assert_eq!(run(&folder, "verify", &[&pdf]).status.code(), Some(2));
    assert_eq!(run(&folder, "verify", &[&pdf, "no.pem"]).status.code(), Some(2));
}

#[test]
fn verify_only_package_has_few_dependencies() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/verify/Cargo.toml");
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--manifest-path", manifest])
        .args(["--edges", "normal,build", "--prefix", "none", "--no-dedupe"])
        .output()
        .unwrap();
    assert_success(&output);
    let mut packages: Vec<&str> = text(&output.stdout).lines().collect();
    packages.sort_unstable();
    packages.dedup();
    assert!((10..=90).contains(&packages.len()), "{packages:#?}");
    assert!(!packages.iter().any(|name| name.starts_with("typst")), "{packages:#?}");
}

#[test]
fn batch_issues_each_name_and_reports_the_one_that_failed() {
    let mut child = Command::new(example("batch"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The third line is blank, and the fourth is not UTF-8.
    let names = b"Ada Lovelace\nGrace Hopper\n   \nJos\xe9\nAda Lovelace\n";
    child.stdin.take().unwrap().write_all(names).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let lines = text(&output.stdout).lines();
    let issued: Vec<Value> =
        lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(issued.len(), 3);
    // The same name twice is one certificate.
    let urls = |name: &str| -> Vec<&Value> {
        let of_name = issued.iter().filter(|one| one["name"] == name);
        of_name.map(|one| &one["verify_url"]).collect()
    };
    let ada = urls("Ada Lovelace");
    assert_eq!((ada.len(), ada[0]), (2, ada[1]));
    assert_ne!(ada[0], urls("Grace Hopper")[0]);
    let said = text(&output.stderr);
    assert!(said.contains("`   ` failed"), "{said}");
    assert!(said.contains("a line cannot be read"), "{said}");
    assert!(said.contains("2 failed"), "{said}");
}

/// A child process, killed when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn axum_service_drafts_issues_and_refuses() {
    let mut command = Command::new(example("axum_service"));
    let child = command.arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
    let mut server = Server(child);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap();

    let ada = r#"{"course": "Example/Knots/2026", "name": "Ada Lovelace"}"#;
    let (status, draft) = post(address, "/drafts", ada);
    assert_eq!(status, 200);
    assert!(draft.starts_with(b"%PDF-"));

    let (status, body) = post(address, "/certificates", ada);
    assert_eq!(status, 200);
    let first: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(first["outcome"], "issued");
    let path = first["record"]["certificate"]["pdf"]["path"].as_str().unwrap();
    let (status, pdf) = request(address, &format!("GET /{path}"), "");
    assert_eq!(status, 200);
    let size = first["record"]["certificate"]["pdf"]["bytes"].as_u64().unwrap();
    assert_eq!(pdf.len() as u64, size);
    let (_, body) = post(address, "/certificates", ada);
    let second: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(second["outcome"], "unchanged");

    for (refused, words) in [
        (r#"{"course": "Example/Knots/2026", "nmae": "Ada"}"#, "did you mean `name`?"),
        (r#"{"course": "Example/Knots/2026", "name": "\u0007"}"#, "name"),
        (r#"{"course": "Example/Knots/2025", "name": "Ada"}"#, "Example/Knots/2025"),
    ] {
        let (status, body) = post(address, "/certificates", refused);
        let said = String::from_utf8(body).unwrap();
        assert_eq!(status, 422, "{said}");
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(request(address, "GET /cert/none", "").0, 404);
}

fn post(address: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
    request(address, &format!("POST {path}"), body)
}

/// The status and the body of an answer over HTTP/1.0, which ends with the connection.
fn request(address: &str, line: &str, body: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head_len = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
    let body = answer.split_off(head_len);
    let status = text(&answer).split(' ').nth(1).unwrap().parse().unwrap();
    (status, body)
}

#[test]
fn sqlite_store_holds_what_was_issued() {
    let folder = Workdir::new();
    let names = ["site.db", "Ada Lovelace", "Grace Hopper"];
    let output = run(&folder, "sqlite_store", &names);
    assert_success(&output);
    assert_eq!(text(&output.stdout).lines().count(), 2);

    let file = folder.path("site.db");
    let database = rusqlite::Connection::open(&file).unwrap();
    let mut query = database
        .prepare("SELECT bytes FROM public WHERE path LIKE '%/certificate.json'")
        .unwrap();
    let records = query.query_map([], |row| row.get(0)).unwrap();
    let records: Vec<Record> = records
        .map(|bytes: Result<Vec<u8>, _>| Record::parse(&bytes.unwrap()).unwrap())
        .collect();
    assert_eq!(records.len(), 2);
    let store = sqlite_store::SqliteStore::open(&file, "public").unwrap();
    for record in records {
        let pdf = record.certificate.unwrap().pdf.unwrap().path;
        assert!(store.read(&pdf).unwrap().unwrap().starts_with(b"%PDF-"));
    }
    let private: i64 =
        database.query_row("SELECT count(*) FROM private", [], |row| row.get(0)).unwrap();
    assert_eq!(private, 5, "the mark; each certificate has its snapshot and its record");
}

#[test]
fn sqlite_store_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contract.db");
    let store = Arc::new(sqlite_store::SqliteStore::open(&file, "files").unwrap());
    super::stores::contract::check_contract(&*store);
}

#[test]
fn command_signer_makes_a_seal_that_others_accept() {
    let folder = Workdir::new();
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        let output = command
            .current_dir(folder.path(""))
            .args(arguments.split(' '))
            .args(if arguments.starts_with("req") {
                &["-subj", "/O=Example University/CN=Example University"][..]
            } else {
                &[]
            })
            .output()
            .unwrap();
        assert_success(&output);
    };
    openssl("ecparam -name prime256v1 -genkey -noout -out key.pem");
    openssl(
        "req -x509 -new -key key.pem -days 365 -out certificate.pem \
         -addext keyUsage=critical,digitalSignature,nonRepudiation",
    );
    let arguments = ["key.pem", "certificate.pem", "sealed.pdf"];
    assert_success(&run(&folder, "command_signer", &arguments));
    assert_success(&run(&folder, "verify", &["sealed.pdf", "certificate.pem"]));
    let mut command = Command::new("pdfsig");
    let output =
        command.current_dir(folder.path("")).args(["-nocert", "sealed.pdf"]).output();
    let output = output.unwrap();
    assert!(text(&output.stdout).contains("Signature is Valid"), "{output:?}");

    // A key of another certificate is found before anything is sealed.
    openssl("ecparam -name prime256v1 -genkey -noout -out other.pem");
    let arguments = ["other.pem", "certificate.pem", "wrong.pdf"];
    let output = run(&folder, "command_signer", &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(!fs::exists(folder.path("wrong.pdf")).unwrap());
}

#[test]
fn own_layout_speaks_the_built_in_languages() {
    let folder = Workdir::new();
    for (language, words) in
        [("en", "Knots and Splices"), ("es", "Nudos y empalmes"), ("ar", "Ada Lovelace")]
    {
        let output = run(&folder, "own_layout", &["Ada Lovelace", language, "draft.pdf"]);
        assert_success(&output);
        let mut command = Command::new("pdftotext");
        let output =
            command.current_dir(folder.path("")).args(["draft.pdf", "-"]).output();
        let output = output.unwrap();
        let printed = text(&output.stdout);
        assert!(printed.contains(words), "{language}: {printed}");
        assert!(printed.contains("Ada Lovelace"), "{language}: {printed}");
    }
}

#[test]
fn share_card_is_1200_pixels_wide() {
    let folder = Workdir::new();
    assert_success(&run(&folder, "share_card", &["Ada Lovelace", "card.png"]));
    let bytes = folder.read("card.png");
    let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    assert_eq!(reader.info().width, 1200);
    assert!((900..=940).contains(&reader.info().height), "{}", reader.info().height);
}
