//! Two agents on two machines, as far as the network goes: each in a network namespace of its own, with
//! one Redis and one S3 server. One is cut off for a while. It runs as root, on Linux.
#![expect(clippy::print_stderr, reason = "the times are what this test is run for")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::setup::{AgentSite, Program, Redis, records, request};

/// The address of Redis and of the S3 server, and their ports.
const HOST: &str = "10.77.7.1";
const REDIS: u16 = 16_377;
const S3: u16 = 17_077;
const NAMES: [&str; 2] = ["testamur-a", "testamur-b"];
/// How long an agent is cut off.
const CUT: Duration = Duration::from_secs(30);

fn ip(arguments: &str) -> bool {
    let mut ip = Command::new("ip");
    ip.args(arguments.split(' ')).stderr(Stdio::null());
    ip.status().expect("Debian's iproute2 is installed").success()
}

/// A bridge with two namespaces, removed when this value is dropped.
struct Network;

impl Network {
    fn new() -> Self {
        let network = Self;
        network.remove();
        let must = |arguments: String| assert!(ip(&arguments), "ip {arguments}");
        must("link add tmbr type bridge".into());
        must(format!("addr add {HOST}/24 dev tmbr"));
        must("link set tmbr up".into());
        for (number, name) in NAMES.iter().enumerate() {
            must(format!("netns add {name}"));
            must(format!("link add tm{number} type veth peer name tmin{number}"));
            must(format!("link set tmin{number} netns {name}"));
            must(format!("link set tm{number} master tmbr"));
            must(format!("link set tm{number} up"));
            let address = number + 2;
            must(format!("-n {name} addr add 10.77.7.{address}/24 dev tmin{number}"));
            must(format!("-n {name} link set tmin{number} up"));
            must(format!("-n {name} link set lo up"));
        }
        network
    }

    fn set(&self, number: usize, state: &str) {
        assert!(ip(&format!("link set tm{number} {state}")));
    }

    fn remove(&self) {
        for (number, name) in NAMES.iter().enumerate() {
            ip(&format!("link del tm{number}"));
            ip(&format!("netns del {name}"));
        }
        ip("link del tmbr");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The Versity gateway, as in the tests of large registers.
struct Gateway(Child);

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The certificates that were told, by the sender's own ids.
fn told(redis: &Redis) -> BTreeMap<String, BTreeSet<String>> {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for result in redis.results() {
        let text = |key: &str| result[key].as_str().unwrap_or_default().to_owned();
        assert!(["issued", "unchanged"].contains(&&*text("outcome")), "{result}");
        told.entry(text("reference")).or_default().insert(text("verify_id"));
    }
    told
}

fn wait(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(1800), "timed out: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "takes minutes, makes network namespaces, and asks for the Versity gateway"]
fn agent_that_is_cut_off_and_back_loses_and_doubles_nothing() {
    let requests: usize =
        std::env::var("TESTAMUR_REQUESTS").map_or(2_000, |it| it.parse().unwrap());
    let network = Network::new();
    let port = REDIS.to_string();
    let redis = Redis::with(&["--port", &port, "--bind", HOST, "--protected-mode", "no"]);
    let site = AgentSite::new();
    for bucket in ["public", "private"] {
        fs::create_dir_all(site.0.path(&format!("buckets/{bucket}"))).unwrap();
    }
    let program = std::env::var_os("VERSITYGW").map_or("versitygw".into(), PathBuf::from);
    let gateway = Command::new(program)
        .args(["--access", "key", "--secret", "secret", "--port"])
        .arg(format!("{HOST}:{S3}"))
        .args(["--quiet", "posix"])
        .arg(site.0.path("buckets"))
        .stdout(Stdio::null())
        .spawn();
    let _gateway = Gateway(gateway.expect("versitygw starts"));
    thread::sleep(Duration::from_secs(2));
    site.0.write("site/s3.id", "key");
    site.0.write("site/s3.secret", "secret");
    let bucket = |name: &str| {
        format!(
            "{{ s3: {{ bucket: {name}, endpoint: 'http://{HOST}:{S3}', access_key_file: s3.id, \
             secret_key_file: s3.secret, deadline: 5 }} }}"
        )
    };
    let settings = format!(
        "publish: {{ url: https://certificates.example.org, index_file: index.html }}\n\
         store: {}\nprivate: {}\nagent:\n  queue: redis\n  redis: {{ url: 'redis://{HOST}:{REDIS}', \
         stream: {}, lease: 5, deadline: 3 }}\n",
        bucket("public"),
        bucket("private"),
        Redis::STREAM
    );
    site.0.write("site/testamur.yaml", settings);
    for number in 0..requests {
        redis.ask(&request(&number.to_string()));
    }
    let start = |name: &str| {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", name]).arg(env!("CARGO_BIN_EXE_testamur"));
        command.current_dir(site.path()).arg("agent");
        Program::start(command)
    };
    let begun = Instant::now();
    let (one, other) = (start(NAMES[0]), start(NAMES[1]));
    wait("both have begun", || redis.results().len() > requests / 6);
    network.set(0, "down");
    let before = redis.results().len();
    thread::sleep(CUT);
    let alone = redis.results().len() - before;
    assert!(alone > 0, "the other agent goes on");
    network.set(0, "up");
    let back = Instant::now();
    let done = |program: &Program| program.log().matches("done").count();
    let were_done = done(&one);
    wait("the agent works again", || {
        done(&one) > were_done || told(&redis).len() == requests
    });
    let recovery = back.elapsed();
    wait("all are answered", || told(&redis).len() == requests);
    let took = begun.elapsed();

    let told = told(&redis);
    assert!(told.values().all(|ids| ids.len() == 1), "each has one certificate");
    let records = records(&site.0.path("buckets/public"));
    assert_eq!(records.len(), requests, "nothing is lost or doubled");
    for record in &records {
        assert_eq!((&record["status"], &record["edition"]), (&"valid".into(), &1.into()));
    }
    eprintln!(
        "{requests} requests in {:.0} s; {alone} by one agent in {} s alone; the other worked again \
         {:.1} s after it was back; {} results came twice; {} and {} done",
        took.as_secs_f64(),
        CUT.as_secs(),
        recovery.as_secs_f64(),
        redis.results().len() - requests,
        done(&one),
        done(&other)
    );
}
