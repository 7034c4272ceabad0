//! Full disks: requests wait, no half-written file is visible, and all requests are done once there
//! is space.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::setup::{AgentSite, Program, Redis, get, post, request, until};

/// A command that sees a small disk of its own in place of a folder. The disk is in a mount
/// namespace of the process, so it ends with the process. This needs root, or user namespaces for
/// everybody.
fn with_disk(command: &Command, folder: &Path, size: &str) -> Command {
    let can = |flags: &str| {
        let mut unshare = Command::new("unshare");
        let unshare = unshare.args([flags, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
        unshare.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let flags = ["-rm", "-m"].into_iter().find(|flags| can(flags));
    let flags = flags
        .expect("a small disk can be mounted: run as root, or allow user namespaces");
    let mut within = Command::new("unshare");
    let script = "mount -t tmpfs -o \"size=$1\" tmpfs \"$2\" && shift 2 && exec \"$@\"";
    within.args([flags, "sh", "-c", script, "sh", size]).arg(folder);
    within.arg(command.get_program()).args(command.get_args());
    within.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => within.env(name, value),
            None => within.env_remove(name),
        };
    }
    within
}

/// The small disk of a program, seen through its `/proc/<pid>/root`.
struct Disk(PathBuf);

impl Disk {
    fn of(program: &Program, folder: &Path) -> Self {
        let below = folder.strip_prefix("/").unwrap();
        Self(Path::new(&format!("/proc/{}/root", program.id())).join(below))
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Fills the disk except for `room` bytes.
    fn fill(&self, room: u64) {
        let mut file = File::create(self.filler()).unwrap();
        // Only a full disk ends it: another failure would leave room.
        let full = loop {
            if let Err(error) = file.write_all(&[1; 4096]) {
                break error;
            }
        };
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(room)).unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

/// All files below a folder, including hidden ones.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .collect()
}

/// Asserts that each visible file is complete, and that the files that a record names exist.
fn assert_complete_files(public: &Path) {
    for path in files_below(public) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let end = match path.extension().and_then(|ending| ending.to_str()) {
            _ if path.parent().is_some_and(|folder| folder.ends_with(".testamur")) => {
                continue;
            }
            Some("pdf") => "%%EOF",
            Some("html") => "</html>",
            Some("sig") => "-----END PGP SIGNATURE-----",
            Some("json") => "}",
            _ => continue,
        };
        // The agent may remove the file at any time.
        let Ok(bytes) = fs::read(&path) else { continue };
        assert!(
            bytes.trim_ascii_end().ends_with(end.as_bytes()),
            "{} is cut",
            path.display()
        );
        if name == "certificate.json" {
            let record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let pdf = public.join(record["certificate"]["pdf"]["path"].as_str().unwrap());
            assert!(pdf.is_file(), "{record}");
            assert!(path.with_file_name("index.html").is_file(), "{record}");
        }
    }
}

/// Runs an agent whose store of that name has a disk of its own, and fills the disk while it works.
fn check_full_store(store: &str) {
    let site = AgentSite::new();
    let redis = Redis::new();
    let folder = site.path().join(store);
    fs::create_dir(&folder).unwrap();
    let mut command = site.redis_command(&redis);
    command.env("TESTAMUR_AGENT__HTTP__LISTEN", "127.0.0.1:0");
    command.env("TESTAMUR_AGENT__HTTP__TOKEN_FILE", "keys/token");
    let mut program = Program::start(with_disk(&command, &folder, "4m"));
    let at = program.address();
    let disk = Disk::of(&program, &folder);
    let public = match store {
        "public" => disk.0.clone(),
        _ => site.path().join("public"),
    };
    redis.ask(&request("a"));
    until("the first request is answered", || redis.results().len() == 1);

    disk.fill(0);
    for user in ["b", "c", "d", "e"] {
        redis.ask(&request(user));
    }
    // A request that cannot be spooled is refused; one that was spooled is kept.
    let response = post(&at, "/certificates", &request("f"));
    let accepted = if store == "private" { 503 } else { 202 };
    assert_eq!(response.status, accepted, "{response:?}");
    until("the agent reports that it is not ready", || get(&at, "/readyz").status == 503);
    // It stays not ready, although the store can still be read.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(8) {
        let response = get(&at, "/readyz");
        assert_eq!(
            (response.status, &response.json()["why"]),
            (503, &json!(["store"])),
            "{response:?}"
        );
        thread::sleep(Duration::from_millis(200));
    }
    let results = redis.results();
    assert_eq!(results.len(), 1, "the other requests wait: {results:?}");
    assert_complete_files(&public);
    // Space for the largest file of a certificate, and for no more.
    disk.make_room();
    let pdf = files_below(&public)
        .into_iter()
        .find(|path| path.extension() == Some("pdf".as_ref()));
    let pdf = pdf.unwrap().metadata().unwrap().len();
    disk.fill(if store == "public" { pdf.next_multiple_of(4096) } else { 4096 });
    thread::sleep(Duration::from_secs(3));
    assert_complete_files(&public);

    disk.make_room();
    until("all are answered", || redis.results().len() >= 5);
    until("the agent is ready again", || get(&at, "/readyz").status == 200);
    if accepted == 202 {
        until("the request over HTTP is done", || site.spooled() == 0);
    }
    let response = post(&at, "/certificates?wait=60", &request("f"));
    // The one that was spooled issued it, unless this one came first.
    let made: &[u16] = if accepted == 202 { &[200, 201] } else { &[201] };
    assert!(made.contains(&response.status), "{response:?}");
    // A certificate may have become public before the private store failed.
    let is_right = |outcome: &serde_json::Value| {
        outcome == "issued" || (store == "private" && outcome == "unchanged")
    };
    let results = redis.results();
    assert!(results.iter().all(|result| is_right(&result["outcome"])), "{results:?}");
    assert_complete_files(&public);
    let left = files_below(&disk.0.join(".testamur"));
    assert!(
        left.iter().all(|path| {
            path.ends_with("lock") || path.to_string_lossy().contains("index.sqlite")
        }),
        "{left:?}"
    );
    let log = program.log();
    assert_eq!(
        log.matches("the store fails").count(),
        1,
        "the failure is logged once: {log}"
    );
    assert!(log.contains("No space left on device"), "{log}");

    // The disk ends with the program: keep its files.
    let copied = Command::new("cp").arg("-a").arg(disk.0.join(".")).arg(&folder).status();
    assert!(copied.unwrap().success());
    program.terminate();
    assert_eq!(program.code(), 0);
    // The private store has one snapshot for each PDF.
    let snapshots = files_below(&site.path().join("private"));
    let snapshots = snapshots
        .iter()
        .filter(|path| path.file_stem().is_some_and(|name| name.len() == 64));
    assert_eq!(snapshots.count(), 6);
    let records = site.records();
    assert_eq!(
        (records.len(), redis.results().len()),
        (6, 5),
        "each recipient has one certificate"
    );
    for record in &records {
        assert_eq!((&record["status"], &record["edition"]), (&json!("valid"), &json!(1)));
        site.assert_verifies(record);
    }
}

#[test]
fn requests_wait_while_the_public_store_is_full() {
    check_full_store("public");
}

#[test]
fn requests_wait_while_the_private_store_is_full() {
    check_full_store("private");
}
