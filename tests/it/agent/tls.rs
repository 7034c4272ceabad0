//! Redis over TLS: who is believed, and who is not.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::bench::{Home, Program, Redis, request, until};
use crate::seal::site::openssl;

const EXTENSIONS: &str = "\
[req]
distinguished_name = nobody
[nobody]
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

/// Makes a key and a certificate, by itself or by an authority.
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

/// A server at a port with that certificate, and its address. It has a socket for the test besides.
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

fn command(home: &Home, redis: &Redis, url: &str, authorities: &Path) -> Command {
    let mut command = home.queue(redis);
    command.env("TESTAMUR_AGENT__REDIS__URL", url).env("SSL_CERT_FILE", authorities);
    command
}

/// An authority of one's own vouches for the server: the work goes through the encrypted line. It
/// stops while another one stands in the server's place, and goes on when it is back.
#[test]
fn a_server_that_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.cnf"), EXTENSIONS).unwrap();
    certificate(folder.path(), "ours", "authority", None);
    certificate(folder.path(), "right", "server", Some("ours"));
    certificate(folder.path(), "theirs", "authority", None);
    certificate(folder.path(), "stranger", "server", Some("theirs"));
    let home = Home::new();
    let (mut redis, url) = server(folder.path(), "right");
    let authorities = folder.path().join("ours.pem");
    redis.ask(&request("a"));
    let mut program = Program::start(command(&home, &redis, &url, &authorities));
    until("the first is answered", || redis.results().len() == 1);
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
    until("it is noticed", || program.log().contains("UnknownIssuer"));
    thread::sleep(Duration::from_secs(2));
    assert_eq!(redis.results().len(), 1);
    redis.stop();
    put("kept", "right");
    redis.start();
    until("the second is answered", || redis.results().len() == 2);
    assert_eq!(home.records().len(), 2);
    program.terminate();
    assert_eq!(program.code(), 0);
}

/// Whoever cannot show that it is the server gets nothing, and the operator a word on what to do.
#[test]
fn servers_that_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.cnf"), EXTENSIONS).unwrap();
    certificate(folder.path(), "ours", "authority", None);
    certificate(folder.path(), "theirs", "authority", None);
    certificate(folder.path(), "stranger", "server", Some("theirs"));
    certificate(folder.path(), "elsewhere", "elsewhere", Some("ours"));
    let home = Home::new();
    let authorities = folder.path().join("ours.pem");
    for (name, words) in
        [("stranger", "UnknownIssuer"), ("elsewhere", "not valid for name")]
    {
        let (redis, url) = server(folder.path(), name);
        redis.ask(&request("a"));
        for check in [true, false] {
            let mut command = command(&home, &redis, &url, &authorities);
            if check {
                command.arg("--check");
            }
            // It does not wait for what does not come by waiting.
            let mut program = Program::spawn(command);
            assert_eq!(program.code(), 1, "{}", program.log());
            until("it says what to do", || program.log().contains("SSL_CERT_FILE"));
            let log = program.log();
            assert!(
                log.contains("invalid peer certificate") && log.contains(words),
                "{log}"
            );
            assert!(log.contains(&url), "{log}");
        }
        assert!(redis.results().is_empty() && home.records().is_empty());
    }
}
