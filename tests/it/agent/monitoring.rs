//! The alerts and the dashboard in `docs/`, read by Prometheus itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::setup::{AgentSite, Program, get, http, post, request, until};

fn project(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A Prometheus, stopped when it is dropped.
struct Prometheus {
    server: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// One that asks the agent at an address, with the alerts.
    fn start(agent: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = port.local_addr().unwrap().to_string();
        drop(port);
        let settings = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: ['{}']\n\
             scrape_configs:\n  - job_name: testamur\n    static_configs: [{{ targets: ['{agent}'] }}]\n",
            project("docs/alerts.yaml").display()
        );
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, settings).unwrap();
        let server = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::null())
            .spawn()
            .expect("tests/run installs prometheus");
        let prometheus = Self { server, address, _folder: folder };
        until("Prometheus answers", || {
            std::net::TcpStream::connect(&prometheus.address).is_ok()
                && http(&prometheus.address, "GET", "/-/ready", None, b"").status == 200
        });
        prometheus
    }

    fn ask(&self, path: &str) -> Value {
        let answer = http(&self.address, "GET", path, None, b"");
        let is_chunked = answer.head.contains("transfer-encoding: chunked");
        let body = if is_chunked { unchunked(&answer.body) } else { answer.body };
        serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: {body}"))
    }

    /// The number of series that an expression gives.
    fn query(&self, expression: &str) -> usize {
        let text: String =
            expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let answer = self.ask(&format!("/api/v1/query?query={text}"));
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].as_array().unwrap().len()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn unchunked(body: &str) -> String {
    let mut text = String::new();
    let mut rest = body;
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            break;
        }
        text.push_str(&after[..length]);
        rest = after[length..].trim_start_matches("\r\n");
    }
    text
}

/// The expressions of the dashboard.
fn expressions() -> Vec<String> {
    let text = fs::read_to_string(project("docs/dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let text =
        |target: &Value| target["expr"].as_str().unwrap().replace("$job", "testamur");
    targets.map(text).collect()
}

/// The names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("testamur_")).collect()
}

#[test]
fn alerts_fire_when_they_should() {
    for arguments in [
        ["check", "rules", "docs/alerts.yaml"],
        ["test", "rules", "tests/monitoring/alerts.test.yaml"],
    ] {
        let mut promtool = Command::new("promtool");
        promtool.current_dir(project(".")).args(arguments);
        let output = promtool.output().expect("tests/run installs prometheus");
        assert!(output.status.success(), "{output:?}");
    }
}

/// A Prometheus that asks an agent evaluates each alert and each panel, and none names a metric that
/// the agent does not have.
#[test]
fn prometheus_evaluates_each_alert_and_each_panel() {
    let site = AgentSite::new();
    let agent = Program::start(site.http_command());
    let address = agent.address();
    assert_eq!(post(&address, "/certificates?wait=60", &request("ada")).status, 201);
    let mut unknown = request("ada");
    unknown["course"] = "none".into();
    post(&address, "/certificates?wait=60", &unknown);

    let prometheus = Prometheus::start(&address);
    until("the agent was asked", || prometheus.query("testamur_ready") == 1);
    // A counter is on the page once it counts: the reference has them all.
    let page = get(&address, "/metrics").body;
    let reference = fs::read_to_string(project("docs/agent.md")).unwrap();
    let rows = reference.lines().filter(|line| line.starts_with("| `testamur_"));
    let rows: String = rows.flat_map(|row| [row, "\n"]).collect();
    let mut known = metrics(&rows);
    known.extend(metrics(&page));
    let alerts = fs::read_to_string(project("docs/alerts.yaml")).unwrap();
    let expressions = expressions();
    for text in expressions.iter().chain([&alerts]) {
        for name in metrics(text) {
            assert!(known.contains(name), "{name}: {known:?}");
        }
    }
    for expression in &expressions {
        prometheus.query(expression);
    }
    assert_eq!(prometheus.query("testamur_requests_total"), 2);
    assert_eq!(prometheus.query("testamur_queue_up{source=\"http\"} == 1"), 1);
    until("the alerts are evaluated", || {
        let rules = prometheus.ask("/api/v1/rules");
        let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap().clone();
        assert!(rules.iter().all(|rule| rule["health"] != "err"), "{rules:?}");
        rules.iter().all(|rule| rule["health"] == "ok" && rule["state"] == "inactive")
    });
}
