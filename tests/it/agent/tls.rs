//! Redis and XQueue over TLS: trusted and untrusted servers.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::setup::{AgentSite, Program, Redis, request, until};
use crate::seal::site::openssl;

const EXTENSIONS: &str = "\
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
[elsewhere]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:redis.example.org
";

/// Makes a key and a certificate, self-signed or signed by the CA `by`.
fn certificate(folder: &Path, name: &str, extensions: &str, by: Option<&str>) {
    let by = by.map_or(String::new(), |by| format!(" -CA {by}.pem -CAkey {by}.key"));
    openssl(
        folder,
        &format!(
            "req -x509 -config c.cnf -extensions {extensions} -newkey ec -pkeyopt \
             ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN={name} -keyout {name}.key \
             -out {name}.pem{by}"
        ),
    );
}

/// A Redis at a TLS port with that certificate, and its URL. The test uses its Unix socket.
fn server(folder: &Path, name: &str) -> (Redis, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path =
        |ending: &str| folder.join(format!("{name}.{ending}")).display().to_string();
    let redis = Redis::with(&[
        "--bind",
        "127.0.0.1",
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &path("pem"),
        "--tls-key-file",
        &path("key"),
        "--tls-auth-clients",
        "no",
    ]);
    (redis, format!("rediss://127.0.0.1:{port}"))
}

fn command(site: &AgentSite, redis: &Redis, url: &str, authorities: &Path) -> Command {
    let mut command = site.redis_command(redis);
    command.env("TESTAMUR_AGENT__REDIS__URL", url).env("SSL_CERT_FILE", authorities);
    command
}

/// A Redis with a certificate of a private CA is trusted. The work stops while an impostor answers
/// at its port, and goes on when the Redis is back.
#[test]
fn redis_with_a_private_ca_is_trusted_and_an_impostor_is_not() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.cnf"), EXTENSIONS).unwrap();
    certificate(folder.path(), "ours", "authority", None);
    certificate(folder.path(), "right", "server", Some("ours"));
    certificate(folder.path(), "theirs", "authority", None);
    certificate(folder.path(), "stranger", "server", Some("theirs"));
    let site = AgentSite::new();
    let (mut redis, url) = server(folder.path(), "right");
    let authorities = folder.path().join("ours.pem");
    redis.ask(&request("a"));
    let mut program = Program::start(command(&site, &redis, &url, &authorities));
    until("the first request is answered", || redis.results().len() == 1);
    redis.stop();
    let put = |from: &str, to: &str| {
        for ending in ["pem", "key"] {
            let [from, to] = [from, to].map(|name| format!("{name}.{ending}"));
            fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
        }
    };
    put("right", "kept");
    put("stranger", "right");
    redis.start();
    redis.ask(&request("b"));
    until("the agent notices the impostor", || program.log().contains("UnknownIssuer"));
    thread::sleep(Duration::from_secs(2));
    assert_eq!(redis.results().len(), 1);
    redis.stop();
    put("kept", "right");
    redis.start();
    until("the second request is answered", || redis.results().len() == 2);
    assert_eq!(site.records().len(), 2);
    program.terminate();
    assert_eq!(program.code(), 0);
}

/// A server whose certificate does not verify gets no request, and the operator gets advice.
#[test]
fn redis_with_an_untrusted_certificate_ends_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.cnf"), EXTENSIONS).unwrap();
    certificate(folder.path(), "ours", "authority", None);
    certificate(folder.path(), "theirs", "authority", None);
    certificate(folder.path(), "stranger", "server", Some("theirs"));
    certificate(folder.path(), "elsewhere", "elsewhere", Some("ours"));
    let site = AgentSite::new();
    let authorities = folder.path().join("ours.pem");
    for (name, words) in
        [("stranger", "UnknownIssuer"), ("elsewhere", "not valid for name")]
    {
        let (redis, url) = server(folder.path(), name);
        redis.ask(&request("a"));
        for check in [true, false] {
            let mut command = command(&site, &redis, &url, &authorities);
            if check {
                command.arg("--check");
            }
            // The agent ends at once: waiting does not help.
            let mut program = Program::spawn(command);
            assert_eq!(program.code(), 1, "{}", program.log());
            until("the agent gives advice", || program.log().contains("SSL_CERT_FILE"));
            let log = program.log();
            assert!(
                log.contains("invalid peer certificate") && log.contains(words),
                "{log}"
            );
            assert!(log.contains(&url), "{log}");
        }
        assert!(redis.results().is_empty() && site.records().is_empty());
    }
}

/// An XQueue that answers a login and the length of the queue.
const XQUEUE: &str = "\
import http.server, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get('content-length', 0)))
        body = b'{\"return_code\": 0, \"content\": 0}'
        self.send_response(200)
        self.send_header('Set-Cookie', 'sessionid=1')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('right.pem', 'right.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
";

/// `SSL_CERT_FILE` applies to an XQueue, as to all HTTPS connections.
#[test]
fn xqueue_with_a_private_ca_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.cnf"), EXTENSIONS).unwrap();
    certificate(folder.path(), "ours", "authority", None);
    certificate(folder.path(), "right", "server", Some("ours"));
    certificate(folder.path(), "theirs", "authority", None);
    let mut python = Command::new("python3");
    python.args(["-c", XQUEUE]).current_dir(folder.path()).stdout(Stdio::piped());
    let mut server = python.spawn().unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let site = AgentSite::new();
    let check = |authority: &str| {
        let mut command = site.command();
        command.arg("--check").env("SSL_CERT_FILE", folder.path().join(authority));
        for (key, value) in [
            ("QUEUE", "xqueue"),
            ("XQUEUE__URL", &format!("https://localhost:{}", port.trim())),
            ("XQUEUE__NAME", "certificates"),
            ("XQUEUE__USER", "lms"),
            ("XQUEUE__PASSWORD", "secret"),
        ] {
            command.env(format!("TESTAMUR_AGENT__{key}"), value);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (good, bad) = (check("ours.pem"), check("theirs.pem"));
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(good.0, Some(0), "{}", good.1);
    assert_eq!(bad.0, Some(1), "{}", bad.1);
    assert!(bad.1.contains("UnknownIssuer"), "{}", bad.1);
}
