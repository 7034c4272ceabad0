//! Recipients files that are put on the queue, and requests that are put back on it.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::{Value, json};

use super::setup::{AgentSite, COURSE, Program, Redis, until};
use crate::workdir::Run;

/// A site whose settings name the server, with the lines of `more` in `agent`.
fn site(redis: &Redis, more: &str) -> AgentSite {
    let site = AgentSite::new();
    let settings = format!(
        "publish: {{ url: https://certificates.example.org }}\nagent:\n  queue: redis\n{more}  \
         redis: {{ url: '{}', stream: {}, lease: 2 }}\n",
        redis.url(),
        Redis::STREAM
    );
    site.0.write("site/testamur.yaml", settings);
    site
}

fn people(rows: impl IntoIterator<Item = usize>) -> String {
    let mut text = "name,username,email\n".to_owned();
    for row in rows {
        writeln!(text, "Person Number {row},p{row},p{row}@example.org").unwrap();
    }
    text
}

fn command(site: &AgentSite, arguments: &[&str]) -> Command {
    let mut command = site.0.command();
    command.current_dir(site.path()).args(arguments);
    command
}

fn run(site: &AgentSite, arguments: &[&str]) -> Run {
    Run::of(command(site, arguments))
}

/// The rows of a report in CSV, the header first.
fn report(site: &AgentSite, name: &str) -> Vec<Vec<String>> {
    let text = String::from_utf8(site.0.read(format!("site/{name}"))).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("help:"));
    lines.map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

const QUEUE: [&str; 5] = ["issue", "-f", "people.csv", "-c", COURSE];

fn issue(more: &[&str]) -> Vec<String> {
    QUEUE.iter().chain(more).map(|&it| it.to_owned()).collect()
}

fn issue_run(site: &AgentSite, more: &[&str]) -> Run {
    let arguments = issue(more);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(site, &arguments)
}

/// Two agents do a file, and the run ends with the report that a local run writes.
#[test]
fn file_on_the_queue_gives_the_report_of_a_local_run() {
    let redis = Redis::new();
    let site = site(&redis, "");
    let mut table = people(0..30);
    table.push_str("Zaphod \u{e000},zaphod,z@example.org\n");
    table.push_str("Twin One,twin,t@example.org\nTwin Two,twin,t@example.org\n");
    site.0.write("site/people.csv", &table);
    let _one = Program::start(site.command());
    let _other = Program::start(site.command());
    let more = ["--queue", "--json", "--keep", "email", "--report", "queue.csv"];
    let queued = issue_run(&site, &more);
    assert_eq!(queued.code, 1, "{}", queued.stderr);
    assert!(queued.stderr.contains("30 issued, 3 failed"), "{}", queued.stderr);
    assert!(queued.stderr.contains("people.csv:32"), "{}", queued.stderr);
    assert_eq!(site.records().len(), 30);
    assert_eq!(redis.results().len(), 31, "faulty rows are not put");
    assert_eq!(redis.results()[0]["edition"], 1);

    let more = ["--json", "--keep", "email", "--report", "local.csv"];
    let local = issue_run(&site, &more);
    assert_eq!(local.code, 1, "{}", local.stderr);
    let (queue, local_report) = (report(&site, "queue.csv"), report(&site, "local.csv"));
    assert_eq!(queue.len(), local_report.len());
    for (queue, local) in queue.iter().zip(&local_report) {
        let mut queue = queue.clone();
        if queue[3] == "issued" {
            assert_eq!(local[3], "unchanged");
            queue[3] = "unchanged".to_owned();
        }
        assert_eq!(queue, *local);
    }
    // Each row has the same object, but for what the second run found done.
    let objects = |run: &Run| {
        let mut objects = run.objects();
        for object in &mut objects {
            if object["outcome"] == "issued" {
                object["outcome"] = "unchanged".into();
            }
        }
        objects.sort_by_key(|object| object["row"].as_str().unwrap().to_owned());
        objects
    };
    assert_eq!(objects(&queued), objects(&local));
    let issued = &objects(&queued)[0];
    assert_eq!(
        (&issued["language"], &issued["layout"]),
        (&json!("en"), &json!("classic"))
    );
    assert_eq!(issued["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(issued["warnings"], json!([]));

    let again = issue_run(&site, &["--queue"]);
    assert!(again.stderr.contains("30 unchanged, 3 failed"), "{}", again.stderr);
    assert_eq!(redis.length(Redis::STREAM), 0, "requests that are done leave the stream");
    assert_eq!(redis.streams_of_lists(), 0);
}

/// The rows of a list do what the list was given, whatever the agents' own settings.
#[test]
fn rows_on_the_queue_may_do_what_a_local_run_may() {
    let redis = Redis::new();
    let site = site(&redis, "  reissue: true\n");
    site.0.write("site/people.csv", people([1, 2]));
    let _agent = Program::start(site.command());
    assert_eq!(issue_run(&site, &["--queue"]).code, 0);
    site.0.write("site/people.csv", people([1, 2]).replace("Number 1", "Nummer 1"));
    let refused = issue_run(&site, &["--queue"]);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("1 unchanged, 1 failed"), "{}", refused.stderr);
    let local = issue_run(&site, &[]);
    let words = |run: &Run| {
        let of_row = |line: &&str| line.contains("people.csv:2");
        run.stderr.lines().find(of_row).unwrap().to_owned()
    };
    assert_eq!(words(&refused), words(&local));
    let replaced = issue_run(&site, &["--queue", "--replace"]);
    assert!(replaced.stderr.contains("1 superseding"), "{}", replaced.stderr);

    let revoked =
        run(&site, &["revoke", "--recipient", "p2", "--reason", "a mistake", "--yes"]);
    assert_eq!(revoked.code, 0, "{}", revoked.stderr);
    let refused = issue_run(&site, &["--queue"]);
    assert!(refused.stderr.contains("1 unchanged, 1 failed"), "{}", refused.stderr);
    let reissued = issue_run(&site, &["--queue", "--reissue"]);
    assert!(reissued.stderr.contains("1 reissued"), "{}", reissued.stderr);
}

/// A run that is killed while it puts rows, and one that is killed while it waits for results, are
/// continued: no row is put twice, and the report has all.
#[test]
fn killed_run_is_continued_and_puts_no_row_twice() {
    let redis = Redis::new();
    let site = site(&redis, "");
    let spawn = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_testamur"));
        command.current_dir(site.path()).args(issue(&["--queue"]));
        Program::spawn(command)
    };
    site.0.write("site/people.csv", people(0..4_000));
    let mut putting = spawn();
    until("some rows are put", || redis.length(Redis::STREAM) > 0);
    putting.kill();
    let put = redis.length(Redis::STREAM);
    assert!((1..=4_000).contains(&put));
    let mut waiting = spawn();
    until("all rows are put", || redis.length(Redis::STREAM) == 4_000);
    thread::sleep(Duration::from_secs(1));
    waiting.kill();
    assert_eq!(redis.entries_added(Redis::STREAM), 4_000);
    assert!(
        waiting.log().contains(&format!("continuing: {put} of 4000")) || put == 4_000
    );
    redis.delete(Redis::STREAM);

    site.0.write("site/people.csv", people(0..40));
    let mut killed = spawn();
    until("the rows are put", || redis.length(Redis::STREAM) == 40);
    let _one = Program::start(site.command());
    let _other = Program::start(site.command());
    until("some are done", || redis.results().len() > 5);
    killed.kill();
    let ended = issue_run(&site, &["--queue", "--report", "all.csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("continuing: 40 of 40"), "{}", ended.stderr);
    assert!(ended.stderr.contains("40 issued, 0 failed"), "{}", ended.stderr);
    assert_eq!(report(&site, "all.csv").len(), 41);
    assert_eq!((redis.results().len(), site.records().len()), (40, 40));
}

/// A server that goes away is waited for, and requests that were trimmed away are told of.
#[test]
fn outages_are_waited_for_and_lost_rows_are_told() {
    let mut redis = Redis::new();
    let site = site(&redis, "");
    site.0.write("site/people.csv", people(0..10));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_testamur"));
    command.current_dir(site.path()).args(issue(&["--queue"]));
    let mut run = Program::spawn(command);
    until("the rows are put", || redis.length(Redis::STREAM) == 10);
    redis.stop();
    until("the outage is told", || run.log().contains("is waited for"));
    redis.start();
    let one = Program::start(site.command());
    assert_eq!(run.code(), 0, "{}", run.log());
    assert!(run.log().contains("10 issued, 0 failed"), "{}", run.log());
    drop(one);

    site.0.write("site/people.csv", people(10..12));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_testamur"));
    command.current_dir(site.path()).args(issue(&["--queue"]));
    let mut run = Program::spawn(command);
    until("the rows are put", || redis.length(Redis::STREAM) == 2);
    until("the idle queue is told", || run.log().contains("no agent takes"));
    redis.trim(Redis::STREAM);
    let _one = Program::start(site.command());
    assert_eq!(run.code(), 1, "{}", run.log());
    assert!(run.log().contains("not on the stream any more"), "{}", run.log());
    assert!(run.log().contains("0 issued, 2 failed"), "{}", run.log());
}

/// Requests for a course that the site does not have are kept, put back once it has the course, and
/// erased with their recipient.
#[test]
fn requests_for_an_unknown_course_are_kept_replayed_and_erased() {
    let redis = Redis::new();
    let site = site(&redis, "");
    let agent = Program::start(site.command());
    let request = |course: &str, user: &str| json!({ "course": course, "name": format!("Person {user}"), "username": user });
    for user in ["ada", "grace", "emmy"] {
        redis.ask(&request("Late/2026", user));
    }
    redis.ask(&request("Never/2026", "ada"));
    // It waits as the request does that it is about.
    redis.ask(&json!({ "action": "revoke", "course": "Late/2026", "username": "emmy" }));
    until("all are answered", || redis.results().len() == 5);
    let unknown = format!("{}-unknown", Redis::STREAM);
    assert_eq!(redis.length(&unknown), 5);
    let replay = |more: &[&str]| run(&site, &[&["agent", "replay"], more].concat());
    assert_eq!(replay(&[]).code, 2, "it asks since when");
    let nothing = replay(&["--since", "2000-01-01"]);
    assert_eq!(nothing.code, 1, "{}", nothing.stderr);
    assert!(nothing.stderr.contains("4 requests kept"), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("`Late/2026`"), "{}", nothing.stderr);

    let erased = run(&site, &["erase", "--recipient", "grace", "--yes"]);
    assert_eq!(erased.code, 0, "{}", erased.stderr);
    assert!(
        erased.stderr.contains("2 entries of the agents' queue"),
        "{}",
        erased.stderr
    );
    assert_eq!((redis.length(&unknown), redis.results().len()), (4, 4));

    let courses = String::from_utf8(site.0.read("site/courses.yaml")).unwrap();
    let late =
        "\nLate/2026:\n  title: Late\n  organization: { short: X, name: Example }\n";
    site.0.write("site/courses.yaml", courses + late);
    drop(agent);
    let _agent = Program::start(site.command());
    assert_eq!(replay(&["--since", "2999-01-01"]).code, 0);
    assert_eq!(redis.length(&unknown), 4, "none of them is so new");
    let replayed = replay(&["--since", "2000-01-01"]);
    assert_eq!(replayed.code, 1, "{}", replayed.stderr);
    assert!(replayed.stderr.contains("back on the queue: 3 requests"));
    assert!(replayed.stderr.contains("`Never/2026`"), "{}", replayed.stderr);
    until("both are issued", || site.records().len() == 2);
    let names: Vec<Value> = site
        .records()
        .into_iter()
        .map(|mut it| it["certificate"]["name"].take())
        .collect();
    assert!(!names.contains(&json!("Person grace")), "{names:?}");
    assert_eq!(redis.length(&unknown), 1);
    until("they are answered", || redis.results().len() >= 6);
    until("one of them is revoked", || {
        let records = site.records();
        let mut all: Vec<_> = records.iter().map(|it| it["status"].as_str()).collect();
        all.sort_unstable();
        all == [Some("revoked"), Some("valid")]
    });
    let nothing = replay(&["--since", "2000-01-01"]);
    assert!(nothing.stderr.contains("back on the queue: 0"), "{}", nothing.stderr);
}

/// A result names a recipient without a username in the message of a failure: erasing them removes it.
#[test]
fn failed_requests_without_a_username_are_erased_by_name() {
    let redis = Redis::new();
    let site = site(&redis, "");
    let _agent = Program::start(site.command());
    let name = "Ada \u{12000}";
    redis.ask(&json!({ "course": COURSE, "name": name }));
    redis.ask(&json!({ "course": COURSE, "name": "Grace Hopper" }));
    redis.ask(&json!({ "course": COURSE, "name": "Emmy Noether", "username": "emmy" }));
    until("all are answered", || redis.results().len() == 3);
    let failed =
        redis.results().into_iter().find(|it| it["outcome"] == "failed").unwrap();
    assert!(failed["message"].as_str().unwrap().contains("Ada"), "{failed}");
    for (name, left) in [(name, 2), ("Grace Hopper", 1)] {
        let erased = run(&site, &["erase", "--recipient", name, "--yes"]);
        assert_eq!(erased.code, 0, "{}", erased.stderr);
        assert_eq!(redis.results().len(), left, "{}", erased.stderr);
    }
    assert_eq!(redis.results()[0]["username"], "emmy");
}

/// A request without a time of its own that waited, in the stream or among those that were kept, brings
/// back nothing that was revoked since it was accepted, whatever it may do otherwise.
#[test]
fn request_that_waited_brings_back_nothing_that_was_revoked() {
    let redis = Redis::new();
    let site = site(&redis, "");
    let request = |course: &str, user: &str| json!({ "course": course, "name": format!("Person {user}"), "username": user });
    let wish = |course: &str, user: &str| {
        let mut request = request(course, user);
        request["reissue"] = true.into();
        request
    };
    let agent = Program::start(site.command());
    // Kept, because there is no such course yet.
    redis.ask(&request("Late/2026", "ada"));
    redis.ask(&wish("Late/2026", "grace"));
    until("they are kept", || redis.length(&format!("{}-unknown", Redis::STREAM)) == 2);
    redis.ask(&request(COURSE, "emmy"));
    until("it is issued", || redis.results().len() == 3);
    drop(agent);
    // In the stream, while no agent takes it.
    redis.ask(&wish(COURSE, "emmy"));
    thread::sleep(Duration::from_millis(1_100));
    let courses = String::from_utf8(site.0.read("site/courses.yaml")).unwrap();
    let late =
        "\nLate/2026:\n  title: Late\n  organization: { short: X, name: Example }\n";
    site.0.write("site/courses.yaml", courses + late);
    let revoked =
        run(&site, &["revoke", "--recipient", "emmy", "--reason", "a mistake", "--yes"]);
    assert_eq!(revoked.code, 0, "{}", revoked.stderr);
    // What the platform does meanwhile with times of its own.
    let now = || testamur::Timestamp::try_from(std::time::SystemTime::now()).unwrap();
    for user in ["ada", "grace"] {
        let mut dated = request("Late/2026", user);
        dated["requested_at"] = now().to_string().into();
        redis.ask(&dated);
    }
    let _agent = Program::start(site.command());
    until("they are done", || redis.results().len() == 6);
    let stale = |user: &str| {
        let results = redis.results();
        let mut stale = results.iter().filter(|it| it["outcome"] == "stale");
        stale.any(|it| it["username"] == user)
    };
    assert!(stale("emmy"), "{:?}", redis.results());
    for user in ["ada", "grace"] {
        redis.ask(&json!({ "action": "revoke", "course": "Late/2026", "username": user,
            "reason": "a mistake", "requested_at": now().to_string() }));
    }
    until("both are revoked", || redis.results().len() == 8);
    let replayed = run(&site, &["agent", "replay", "--since", "2000-01-01"]);
    assert_eq!(replayed.code, 0, "{}", replayed.stderr);
    until("all are answered", || redis.results().len() == 10);
    assert!(stale("ada") && stale("grace"), "{:?}", redis.results());
    let records = site.records();
    assert_eq!(records.len(), 3);
    for record in &records {
        assert_eq!(
            (&record["status"], &record["edition"]),
            (&"revoked".into(), &1.into())
        );
    }
    // A wish that is newer than the revocation is granted.
    thread::sleep(Duration::from_millis(1_100));
    redis.ask(&wish(COURSE, "emmy"));
    until("it is answered", || redis.results().len() == 11);
    assert_eq!(redis.results()[10]["outcome"], "reissued");
}

/// An erasure tells that it does not reach the queue, and erases the rest.
#[test]
fn erasure_without_the_queue_is_no_success() {
    let mut redis = Redis::new();
    let site = site(&redis, "");
    site.0.write("site/people.csv", people([1]));
    assert_eq!(issue_run(&site, &[]).code, 0);
    redis.stop();
    let erased = run(&site, &["erase", "--recipient", "p1", "--yes"]);
    assert_eq!(erased.code, 1, "{}", erased.stderr);
    assert!(erased.stderr.contains("is not known, and stays"), "{}", erased.stderr);
    assert_eq!(site.records()[0]["status"], "erased");
}

/// How fast one, two and four agents empty a queue; run by hand with an optimised program.
#[test]
#[ignore = "takes minutes, and only measures"]
#[expect(clippy::print_stdout, reason = "it measures")]
fn rate_of_one_two_and_four_agents() {
    let rows = 1_000;
    for agents in [1, 2, 4] {
        let redis = Redis::new();
        let site = site(&redis, "");
        site.0.write("site/people.csv", people(0..rows));
        let running: Vec<Program> =
            (0..agents).map(|_| Program::start(site.command())).collect();
        let begun = std::time::Instant::now();
        let run = issue_run(&site, &["--queue"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let rate = rows as f64 / begun.elapsed().as_secs_f64();
        println!("{agents} agents: {rate:.0} certificates a second");
        drop(running);
    }
}
