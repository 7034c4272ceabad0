//! A studio that runs, and a client that can send whatever a hostile one would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::workdir::Workdir;

/// Long enough for any step on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) struct RunningStudio {
    child: Child,
    pub(crate) port: u16,
    pub(crate) token: String,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl RunningStudio {
    /// Starts the program over a folder of the working folder.
    pub(crate) fn start(workdir: &Workdir, folder: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_testamur"));
        command.args(["studio", folder, "--no-open"]).args(arguments);
        Self::of(workdir, command)
    }

    /// Starts the program, which opens a browser with what is in the folder `programs`.
    pub(crate) fn start_with_browser(
        workdir: &Workdir,
        folder: &str,
        programs: &str,
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_testamur"));
        let path = std::env::var("PATH").unwrap_or_default();
        let programs = workdir.path(programs);
        command.args(["studio", folder]);
        command.env("PATH", format!("{}:{path}", programs.display()));
        Self::of(workdir, command)
    }

    fn of(workdir: &Workdir, mut command: Command) -> Self {
        let mut child = command
            .current_dir(workdir.path(""))
            .env_remove("TESTAMUR_SITE")
            .env_remove("TESTAMUR_FONTS")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let rest = line.trim().strip_prefix("http://127.0.0.1:").expect("an address");
        let (port, token) = rest.trim_end_matches('/').split_once('/').unwrap();
        assert_eq!(token.len(), 48, "{line}");
        Self { child, port: port.parse().unwrap(), token: token.to_owned() }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// Sends the text of a request, and reads what comes within a time or until the connection ends.
    pub(crate) fn raw(&self, request: &[u8]) -> Response {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        // A server may refuse before it has read everything.
        let _ = stream.write_all(request);
        let mut bytes = Vec::new();
        let mut piece = [0; 1 << 16];
        loop {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
            }
            // A stream of events does not end.
            if bytes.windows(17).any(|it| it == b"text/event-stream") {
                break;
            }
        }
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(&bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head, body: bytes[end + 4..].to_vec() }
    }

    /// Asks for `target` with these headers, and a body if there is one.
    pub(crate) fn ask(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let mut request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        self.raw(&[request.as_bytes(), body].concat())
    }

    /// Sends bytes as the page does.
    pub(crate) fn send(&self, path: &str, media_type: &str, body: &[u8]) -> Response {
        let host = format!("127.0.0.1:{}", self.port);
        let headers = [
            ("Host", host.as_str()),
            ("Origin", &format!("http://{host}")),
            ("Content-Type", media_type),
        ];
        self.ask("POST", &format!("/{}/api/{path}", self.token), &headers, body)
    }

    /// Calls an address as the page does: the status and the JSON of the answer.
    pub(crate) fn call(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.send(path, "application/json", body.to_string().as_bytes());
        let value = serde_json::from_slice(&answer.body);
        (
            answer.status,
            value.unwrap_or_else(|error| panic!("{path}: {error}: {answer:?}")),
        )
    }

    /// As [`call`](Self::call), for what has to succeed.
    pub(crate) fn ok(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.call(path, body);
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    /// The picture of the first page of a preview.
    pub(crate) fn picture(&self, preview: &Value) -> Vec<u8> {
        let url =
            preview["pages"][0]["url"].as_str().unwrap_or_else(|| panic!("{preview}"));
        let host = format!("127.0.0.1:{}", self.port);
        let target = format!("/{}/{url}", self.token);
        let answer = self.ask("GET", &target, &[("Host", &host)], b"");
        assert_eq!(answer.status, 200, "{}", answer.head);
        answer.body
    }

    /// Waits for the end of a run.
    pub(crate) fn run_ends(&self) -> Value {
        let start = Instant::now();
        loop {
            let status = self.ok("run", json!({}));
            if status["isFinished"] == true {
                return status;
            }
            assert!(start.elapsed() < TIMEOUT, "{status}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for RunningStudio {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A working folder with a site in `school`.
pub(crate) fn school() -> Workdir {
    let workdir = Workdir::new();
    let run = workdir.run([
        "new",
        "school",
        "--name",
        "Example University",
        "--url",
        "https://certs.example.org",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    // A new site of that name has the courses and signatures of the demo.
    let courses = String::from_utf8(workdir.read("school/courses.yaml")).unwrap();
    let courses = courses.replacen("Example University", "Riverside School", 1);
    workdir.write("school/courses.yaml", courses);
    workdir
}
