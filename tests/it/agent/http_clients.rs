//! Clients that are slow, that never read, or that open too many connections.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use testamur::agent::{Agent, AgentExit, HttpApi};
use testamur::site::{Secret, Site};

use super::setup::{FixedClock, TOKEN, get, http, issuer, post, request, until};

/// Whether the agent has closed a connection from which nothing is read. An answer before its end
/// is read over.
fn is_closed(mut stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => {
                use std::io::ErrorKind::{TimedOut, WouldBlock};
                return !matches!(error.kind(), TimedOut | WouldBlock);
            }
        }
    }
}

fn connect(address: SocketAddr, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    // The agent may have closed it already.
    let _ = stream.write_all(first);
    stream
}

/// One client that holds all connections that it may have keeps health checks from nothing, and
/// loses them after the time that each step may take.
#[test]
fn slow_client_is_cut_off_and_health_is_answered_meanwhile() {
    const CONNECTIONS: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let issuer = issuer(folder.path(), Site::demo(), |store| store);
    let any = "127.0.0.1:0".parse().unwrap();
    let http_api = HttpApi::new(any, Some(Secret::new(TOKEN)), 10)
        .with_health_listen(any)
        .with_connections_per_client(CONNECTIONS);
    let agent = Agent::new(issuer, Arc::new(FixedClock), "test");
    let running = agent.with_http_api(http_api).start().unwrap();
    let (at, health) = (running.address().unwrap(), running.health_address().unwrap());
    let health_at = health.to_string();

    let head = b"POST /certificates HTTP/1.1\r\nhost: x\r\n";
    let body = format!(
        "POST /certificates HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\
         content-length: 900\r\n\r\n{{"
    );
    let mut slow: Vec<TcpStream> = Vec::new();
    for _ in 0..CONNECTIONS / 4 {
        slow.push(connect(at, b""));
        slow.push(connect(at, head));
        slow.push(connect(at, body.as_bytes()));
        // It asks and never reads, until the agent cannot send any more.
        let mut greedy = connect(at, b"");
        greedy.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        let ask = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(500);
        while greedy.write_all(&ask).is_ok() {}
        slow.push(greedy);
    }
    until("further connections are closed", || is_closed(&connect(at, b"")));
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(http(&health_at, "GET", path, None, b"").status, 200, "{path}");
    }
    assert_eq!(get(&health_at, "/certificates/x").status, 404);
    until("the slow connections are closed", || slow.iter().all(is_closed));
    let response = post(&at.to_string(), "/certificates?wait=60", &request("ada"));
    assert_eq!(response.status, 201, "{response:?}");
    assert_eq!(get(&at.to_string(), "/healthz").status, 404, "it has its own address");
    assert_eq!(running.wait(|| true), AgentExit::Stopped);
}

/// Of two values for one key, which one was meant is not known.
#[test]
fn key_that_occurs_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = issuer(folder.path(), Site::demo(), |store| store);
    let http_api =
        HttpApi::new("127.0.0.1:0".parse().unwrap(), Some(Secret::new(TOKEN)), 10);
    let agent = Agent::new(issuer, Arc::new(FixedClock), "test");
    let running = agent.with_http_api(http_api).start().unwrap();
    let at = running.address().unwrap().to_string();
    let whole = request("ada").to_string();
    for (from, to) in [
        ("\"name\":", "\"name\":\"Eve\",\"name\":"),
        ("\"name\":", "\"extra\":{\"hours\":1,\"hours\":2},\"name\":"),
        ("\"username\":", "\"username\":\"eve\",\"user\\u006eame\":"),
    ] {
        let body = whole.replace(from, to);
        let response = http(&at, "POST", "/certificates", Some(TOKEN), body.as_bytes());
        assert_eq!(response.status, 400, "{response:?}");
        assert!(response.body.contains("occurs twice"), "{response:?}");
    }
    assert_eq!(running.wait(|| true), AgentExit::Stopped);
}

/// What a proxy in front and the agent could read as two different requests is refused.
#[test]
fn request_with_two_meanings_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = issuer(folder.path(), Site::demo(), |store| store);
    let http_api =
        HttpApi::new("127.0.0.1:0".parse().unwrap(), Some(Secret::new(TOKEN)), 10);
    let agent = Agent::new(issuer, Arc::new(FixedClock), "test");
    let running = agent.with_http_api(http_api).start().unwrap();
    let at = running.address().unwrap();
    let body = request("ada").to_string();
    let own = format!("authorization: Bearer {TOKEN}\r\n");
    let length = format!("content-length: {}\r\n", body.len());
    let ask = |version: &str, headers: &[&str], body: &str| {
        let headers = headers.concat();
        let head =
            format!("POST /certificates {version}\r\nhost: x\r\nconnection: close\r\n");
        let mut stream = connect(at, format!("{head}{headers}\r\n{body}").as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        answer.split(' ').nth(1).map_or(0, |status| status.parse().unwrap())
    };
    let other = "authorization: Bearer other\r\n";
    let chunked = "transfer-encoding: chunked\r\n";
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (status, version, headers, body) in [
        (202, "HTTP/1.1", vec![own.as_str(), &length], &body),
        (202, "HTTP/1.0", vec![own.as_str(), &length], &body),
        (202, "HTTP/1.1", vec![own.as_str(), chunked], &chunks),
        (401, "HTTP/1.1", vec![own.as_str(), other, &length], &body),
        (401, "HTTP/1.1", vec![other, own.as_str(), &length], &body),
        (400, "HTTP/1.1", vec![own.as_str(), &length, "content-length: 5\r\n"], &body),
        (400, "HTTP/1.1", vec![own.as_str(), "content-length: -5\r\n"], &body),
        (400, "HTTP/1.1", vec![own.as_str(), &length, chunked], &body),
        (
            415,
            "HTTP/1.1",
            vec![own.as_str(), &length, "content-encoding: gzip\r\n"],
            &body,
        ),
    ] {
        assert_eq!(ask(version, &headers, body), status, "{version} {headers:?}");
    }
    let many: String = (0..500).map(|it| format!("x-{it}: y\r\n")).collect();
    assert_eq!(ask("HTTP/1.1", &[&own, &many, &length], &body), 431);
    assert_eq!(running.wait(|| true), AgentExit::Stopped);
}
