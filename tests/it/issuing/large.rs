//! A large register, made by a script from one certificate that was issued.
//!
//! `TESTAMUR_RECORDS` sets the number of records. The times are printed, with `--nocapture`.

#![expect(clippy::print_stderr, reason = "the times are what these tests are run for")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ring::hmac;
use testamur::register::{S3, S3Keys, Store, StoreFile, StorePath};
use testamur::site::{Settings, StoreSettings};

use crate::workdir::{Run, Workdir};

/// How many files are written at the same time.
const WRITERS: u32 = 8;

/// The record and the snapshot of a certificate, of which others differ in a few words.
struct Template {
    id: String,
    sha256: String,
    record: String,
    snapshot: String,
    course: String,
    /// What the ids of the site are derived from.
    secret: hmac::Key,
}

impl Template {
    /// Issues a certificate in the site `large`, and takes it out again: what is left are the keys and the
    /// marks of the stores.
    fn new(workdir: &Workdir) -> Self {
        let new = ["new", "large", "--url", "https://certificates.example.org"];
        assert_eq!(workdir.run(new).code, 0);
        let line = ["--site", "large", "issue", "-n", "Some Body", "-u", "userid"];
        assert_eq!(workdir.run(line).code, 0);
        let found = workdir.run(["--site", "large", "list", "--json"]).objects();
        let text = |key: &str| found[0][key].as_str().unwrap().to_owned();
        let (id, sha256) = (text("verify_id"), text("sha256"));
        let read = |path: String| {
            let text = String::from_utf8(workdir.read(path)).unwrap();
            // One day, so that another can be written in its place.
            text.replace(&found[0]["issued_at"].as_str().unwrap()[..10], "2020-01-01")
        };
        let template = Self {
            record: read(format!("large/public/cert/{id}/certificate.json")),
            snapshot: read(format!("large/private/{id}/{sha256}.json")),
            course: text("course"),
            secret: id_secret(&workdir.read("large/keys/id.secret")),
            id,
            sha256,
        };
        assert_eq!(template.id("userid"), template.id);
        for folder in ["public/cert", "public/downloads", "private/.testamur"] {
            fs::remove_dir_all(workdir.path("large").join(folder)).unwrap();
        }
        fs::remove_dir_all(workdir.path("large/private").join(&template.id)).unwrap();
        template
    }

    /// The id of the first edition of an award, so that it is found by its recipient.
    fn id(&self, username: &str) -> String {
        let mut context = hmac::Context::with_key(&self.secret);
        for part in ["verify", &self.course, "id", username, "1"] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.sign().as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The id of a certificate that the script makes.
    fn id_of(&self, number: u32) -> String {
        self.id(&format!("user{number}"))
    }

    /// The paths and the contents of the files of one certificate: record and snapshot.
    fn files(&self, number: u32) -> [(String, String); 2] {
        let id = self.id_of(number);
        let sha256 = format!("{id}{id}");
        let day = format!(
            "20{:02}-{:02}-{:02}",
            number % 20 + 5,
            number % 12 + 1,
            number % 28 + 1
        );
        let fill = |text: &str| {
            text.replace(&self.id, &id)
                .replace(&self.sha256, &sha256)
                .replace("Some Body", &name(number))
                .replace("userid", &format!("user{number}"))
                .replace("2020-01-01", &day)
        };
        [
            (format!("cert/{id}/certificate.json"), fill(&self.record)),
            (format!("{id}/{sha256}.json"), fill(&self.snapshot)),
        ]
    }
}

/// The key of an id secret, whose file has it in hexadecimal digits.
fn id_secret(file: &[u8]) -> hmac::Key {
    let text = std::str::from_utf8(file).unwrap().trim();
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect();
    hmac::Key::new(hmac::HMAC_SHA256, &bytes)
}

fn name(number: u32) -> String {
    const FIRST: [&str; 8] =
        ["Ada", "Émilie", "Grace", "Łukasz", "Ольга", "Mehmet", "Zoë", "Nguyễn"];
    const LAST: [&str; 7] =
        ["Lovelace", "du Châtelet", "Hopper", "Żak", "Иванова", "Yılmaz", "Quang Khải"];
    let first = FIRST[number as usize % FIRST.len()];
    let last = LAST[number as usize % LAST.len()];
    format!("{first} {number} {last}")
}

fn count(default: u32) -> u32 {
    std::env::var("TESTAMUR_RECORDS").map_or(default, |count| count.parse().unwrap())
}

/// Calls `write` for each number, in several threads.
fn each(count: u32, write: impl Fn(u32) + Sync) {
    thread::scope(|scope| {
        for first in 0..WRITERS {
            let write = &write;
            scope.spawn(move || (first..count).step_by(WRITERS as usize).for_each(write));
        }
    });
}

/// Runs the program, and prints how long it took.
fn timed(workdir: &Workdir, line: &[&str]) -> Run {
    let begun = Instant::now();
    let mut command = workdir.command();
    command.timeout(Duration::from_secs(3600)).args(["--site", "large"]).args(line);
    let run = Run::of(command);
    eprintln!("{:8.2} s  {}", begun.elapsed().as_secs_f64(), line.join(" "));
    run
}

/// Asks what a register is asked, and changes it. `change` writes a record as another machine does.
fn questions(
    workdir: &Workdir,
    template: &Template,
    count: u32,
    change: &dyn Fn(u32, &str),
) {
    let id = |number: u32| template.id_of(number);
    let lines = |run: &Run| run.stdout.iter().filter(|byte| **byte == b'\n').count();
    let made = timed(workdir, &["list", "--csv", "--since", "2100-01-01"]);
    assert_eq!((made.code, lines(&made)), (0, 1), "{}", made.stderr);
    assert_eq!(lines(&timed(workdir, &["list", "--csv"])), count as usize + 1);
    assert!(lines(&timed(workdir, &["list"])) >= count as usize);
    let since =
        lines(&timed(workdir, &["list", "--csv", "--since", "2024-12-01"])) as u32;
    assert!(since > 1 && since < count / 10, "{since}");
    let one = count / 3;
    for wanted in
        [&format!("{one} lo"), &format!("USER{one}"), &id(one), "Иванова ольга 7"]
    {
        let found = timed(workdir, &["find", wanted, "--json"]);
        assert!(found.code == 0 && lines(&found) >= 1, "{wanted}: {}", found.stderr);
    }
    assert_eq!(timed(workdir, &["find", "not there at all"]).code, 3);

    change(one, "\"revoked\"");
    let found = timed(workdir, &["find", &format!("user{one}"), "--json"]).objects();
    let found = found.iter().find(|it| it["username"] == format!("user{one}")).unwrap();
    assert_eq!(found["status"], "revoked", "the record is read");
    change(count, "\"valid\"");
    let refreshed = timed(workdir, &["find", &format!("user{count}"), "--refresh"]);
    assert_eq!(refreshed.code, 0, "{}", refreshed.stderr);
    let erased = timed(workdir, &["erase", &id(one + 1), "--yes"]);
    assert_eq!(erased.code, 0, "{}", erased.stderr);
    assert_eq!(timed(workdir, &["find", &format!("user{}", one + 1)]).code, 3);
    let recipient = ["--recipient", &name(one + 2), "--yes"];
    let revoke = ["revoke", "--reason", "a mistake"];
    let revoked = timed(workdir, &[&revoke[..], &recipient].concat());
    assert_eq!(revoked.code, 0, "{}", revoked.stderr);
    assert!(revoked.stderr.contains(&id(one + 2)), "{}", revoked.stderr);
    let erased = timed(workdir, &[&["erase"][..], &recipient].concat());
    assert_eq!(erased.code, 0, "{}", erased.stderr);
    assert_eq!(timed(workdir, &["find", &format!("user{}", one + 2)]).code, 3);
}

#[test]
#[ignore = "writes two million files, for ten minutes"]
fn register_of_a_million_in_a_folder_answers() {
    let workdir = Workdir::new();
    let template = Template::new(&workdir);
    let count = count(1_000_000);
    let write = |number: u32, status: &str| {
        for (folder, (path, text)) in
            ["large/public", "large/private"].iter().zip(template.files(number))
        {
            let path = workdir.path(folder).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            // As a store does, so that each content is another file.
            let staged = path.with_extension("new");
            fs::write(&staged, text.replacen("\"valid\"", status, 1)).unwrap();
            fs::rename(&staged, &path).unwrap();
        }
    };
    let begun = Instant::now();
    each(count, |number| write(number, "\"valid\""));
    eprintln!("{:8.2} s  {count} records are written", begun.elapsed().as_secs_f64());
    questions(&workdir, &template, count, &write);
}

/// The Versity gateway: `go install github.com/versity/versitygw/cmd/versitygw@latest`. It is ended
/// when this value is dropped.
struct Gateway(Child);

impl Gateway {
    fn start(buckets: &Path, port: u16) -> Self {
        let program =
            std::env::var_os("VERSITYGW").map_or("versitygw".into(), PathBuf::from);
        let child = Command::new(program)
            .args(["--access", "key", "--secret", "secret", "--port"])
            .arg(format!("127.0.0.1:{port}"))
            .args(["--quiet", "posix"])
            .arg(buckets)
            .stdout(Stdio::null())
            .spawn()
            .expect("versitygw starts");
        thread::sleep(Duration::from_secs(2));
        Self(child)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "writes two hundred thousand objects into the Versity gateway, for ten minutes"]
fn register_of_a_hundred_thousand_on_s3_answers() {
    const PORT: u16 = 17_070;
    let workdir = Workdir::new();
    let template = Template::new(&workdir);
    fs::create_dir_all(workdir.path("buckets/public")).unwrap();
    fs::create_dir_all(workdir.path("buckets/private")).unwrap();
    let _gateway = Gateway::start(&workdir.path("buckets"), PORT);
    workdir.write("large/s3.id", "key");
    workdir.write("large/s3.secret", "secret");
    let bucket = |name: &str| {
        format!(
            "{{ s3: {{ bucket: {name}, endpoint: 'http://127.0.0.1:{PORT}', access_key_file: \
             s3.id, secret_key_file: s3.secret }} }}"
        )
    };
    let yaml = format!("store: {}\nprivate: {}\n", bucket("public"), bucket("private"));
    workdir.write("large/testamur.yaml", &yaml);
    let settings = Settings::parse(yaml.as_bytes()).unwrap();
    let open = |settings: &StoreSettings| {
        let StoreSettings::S3(settings) = settings else { panic!("a bucket") };
        S3::with_keys(settings, &S3Keys::new("key", "secret")).unwrap()
    };
    let stores = [open(&settings.store), open(settings.private.as_ref().unwrap())];
    // The mark of the id secret, which the first certificate wrote into the folders.
    for (store, folder) in stores.iter().zip(["public", "private"]) {
        let mark = workdir.read(format!("large/{folder}/store.json"));
        let path = StorePath::parse("store.json").unwrap();
        store.replace(&StoreFile::new(&path, &mark)).unwrap();
    }
    let count = count(100_000);
    let write = |number: u32, status: &str| {
        for (store, (path, text)) in stores.iter().zip(template.files(number)) {
            let (path, text) =
                (StorePath::parse(&path).unwrap(), text.replacen("\"valid\"", status, 1));
            store.replace(&StoreFile::new(&path, text.as_bytes())).unwrap();
        }
    };
    let begun = Instant::now();
    each(count, |number| write(number, "\"valid\""));
    eprintln!("{:8.2} s  {count} records are written", begun.elapsed().as_secs_f64());
    questions(&workdir, &template, count, &write);
}
