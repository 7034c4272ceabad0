//! An XQueue server that follows the protocol of the real one: keys that change, sessions that end,
//! a visibility timeout, retirement, and the learning platform behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use testamur::agent::{Queue, XQueue};
use testamur::site::{Secret, Settings, XqueueSettings};

use testamur::agent::conformance::QueueHarness;

use super::contract::LEASE;

pub(super) const QUEUE: &str = "certificates";

/// A server, stopped when it is dropped.
pub(super) struct XqueueServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: Option<JoinHandle<()>>,
}

/// The server's data, and its behaviour.
pub(super) struct State {
    pub(super) rows: Vec<Row>,
    /// The callbacks to the learning platform: its own header, and the reply.
    pub(super) callbacks: Vec<(Json, Json)>,
    /// All calls, with the statuses of the responses.
    pub(super) log: Vec<(String, u16)>,
    sessions: BTreeSet<String>,
    made: u64,
    /// The visibility timeout: how long a pulled row is hidden.
    pub(super) delay: Duration,
    /// How long the learning platform takes to answer, and whether it answers with status 200.
    pub(super) lms: (Duration, bool),
    pub(super) password: String,
    /// The user and password that a web server in front asks for, in base64.
    pub(super) basic: Option<String>,
    pub(super) down: bool,
    /// The server accepts connections and sends nothing.
    pub(super) mute: bool,
    /// The server uses status codes as its successor does, instead of always 200.
    pub(super) real_status: bool,
    /// For an ended session the server sends the response to which the redirect leads.
    pub(super) followed: bool,
    /// The number of times that another consumer takes the row between the search and the fetch.
    pub(super) races: u32,
    /// How long the server takes to hide a row that it hands out: it locks none, so that all who
    /// ask meanwhile are given the same one.
    pub(super) unlocked: Duration,
    /// A status, and the number of times that the server answers with it and a page of HTML.
    pub(super) broken: (u16, u32),
    stopped: bool,
}

pub(super) struct Row {
    header: Json,
    body: String,
    key: String,
    pulled: Option<Instant>,
    pub(super) failures: u32,
    pub(super) retired: bool,
}

/// The parts of an HTTP request that the server uses.
struct Call {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    form: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

/// Status, further header lines, content type and body.
type Page = (u16, String, &'static str, String);

impl XqueueServer {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            rows: Vec::new(),
            callbacks: Vec::new(),
            log: Vec::new(),
            sessions: BTreeSet::new(),
            made: 0,
            delay: LEASE,
            lms: (Duration::ZERO, true),
            password: "geheim & +%".to_owned(),
            basic: None,
            down: false,
            mute: false,
            real_status: false,
            followed: false,
            races: 0,
            unlocked: Duration::ZERO,
            broken: (0, 0),
            stopped: false,
        }));
        let shared = Arc::clone(&state);
        let server = thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&shared);
                if state.lock().unwrap().stopped {
                    return;
                }
                thread::spawn(move || serve(stream.unwrap(), &state));
            }
        });
        Self { address, state, server: Some(server) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Adds a message as the learning platform does: any text, mostly JSON.
    pub(super) fn submit(&self, body: &str) {
        let mut state = self.state();
        let number = state.rows.len() + 1;
        let header = json!({
            "lms_callback_url": format!("https://lms.example.org/update_certificate?key={number}"),
            "lms_key": format!("{number:032x}"),
            "queue_name": QUEUE,
        });
        state.rows.push(Row {
            header,
            body: body.to_owned(),
            key: String::new(),
            pulled: None,
            failures: 0,
            retired: false,
        });
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The settings as an operator writes them.
    pub(super) fn settings(&self) -> XqueueSettings {
        let text = format!(
            "agent:\n  queue: xqueue\n  xqueue:\n    url: {}\n    name: {QUEUE}\n    user: lms\n    \
             password_file: unused\n    poll: 0.1\n    lease: {}\n",
            self.url(),
            LEASE.as_secs_f64()
        );
        let mut settings = Settings::parse(text.as_bytes()).unwrap().agent.xqueue;
        settings.password = Some(Secret::new("geheim & +%"));
        settings
    }

    pub(super) fn xqueue(&self) -> XQueue {
        XQueue::new(&self.settings()).unwrap()
    }

    /// The replies that the learning platform has received.
    pub(super) fn replies(&self) -> Vec<Json> {
        self.state().callbacks.iter().map(|(_, reply)| reply.clone()).collect()
    }

    /// Ends all sessions, as the real server does after two weeks.
    pub(super) fn end_sessions(&self) {
        self.state().sessions.clear();
    }

    /// The statuses of all calls whose path has that name.
    pub(super) fn calls(&self, name: &str) -> Vec<u16> {
        let state = self.state();
        let calls = state.log.iter().filter(|(path, _)| path.contains(name));
        calls.map(|(_, status)| *status).collect()
    }
}

impl QueueHarness for XqueueServer {
    fn queue(&self, _: &str) -> Box<dyn Queue> {
        Box::new(self.xqueue())
    }

    fn send(&self, recipient: &str) {
        let body = json!({
            "action": "create",
            "username": recipient,
            "course_id": "Example/Knots/2026",
            "course_name": "Knots",
            "name": "Ada Example",
            "grade": "Pass",
            "template_pdf": "certificate-template-Example-Knots.pdf",
        });
        self.submit(&body.to_string());
    }

    fn send_broken(&self) {
        self.submit("{\"action\": \"create\", ");
    }

    fn answers(&self) -> Vec<(String, bool)> {
        let answer = |reply: Json| {
            let recipient = reply["username"].as_str().unwrap_or_default();
            (recipient.to_owned(), reply.get("error").is_none())
        };
        self.replies().into_iter().map(answer).collect()
    }

    fn set_down(&mut self, down: bool) -> bool {
        self.state().down = down;
        true
    }
}

impl Drop for XqueueServer {
    fn drop(&mut self) {
        if let Ok(mut state) = self.state.lock() {
            state.stopped = true;
        }
        let _ = TcpStream::connect(self.address);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    if state.lock().unwrap().down {
        return;
    }
    let Some(call) = Call::read(&stream) else { return };
    while state.lock().unwrap().mute {
        thread::sleep(Duration::from_millis(20));
    }
    let (status, headers, kind, body) = answer(&call, state);
    state.lock().unwrap().log.push((call.path, status));
    let page = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
         connection: close\r\n{headers}\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(page.as_bytes());
}

impl Call {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut words = lines.first()?.split(' ');
        let method = words.next()?.to_owned();
        let (path, query) =
            words.next()?.split_once('?').unwrap_or((lines[0].split(' ').nth(1)?, ""));
        let headers: BTreeMap<String, String> = lines[1..]
            .iter()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        // Django parses no form fields from a JSON body.
        let form = match headers.get("content-type").map(String::as_str) {
            Some("application/x-www-form-urlencoded") => {
                fields(&String::from_utf8(body).unwrap())
            }
            _ => BTreeMap::new(),
        };
        Some(Self { method, path: path.to_owned(), query: fields(query), form, headers })
    }
}

fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

fn respond(code: u8, content: &Json) -> Page {
    let body = json!({ "return_code": code, "content": content }).to_string();
    (200, String::new(), "text/html; charset=utf-8", body)
}

fn answer(call: &Call, shared: &Mutex<State>) -> Page {
    let mut state = shared.lock().unwrap();
    let html = |status| (status, String::new(), "text/html", "<h1>No</h1>".to_owned());
    if let Some(basic) = &state.basic
        && call.headers.get("authorization") != Some(&format!("Basic {basic}"))
    {
        let ask = "www-authenticate: Basic realm=\"edX\"\r\n".to_owned();
        return (401, ask, "text/html", "<h1>401</h1>".to_owned());
    }
    if state.broken.1 > 0 {
        state.broken.1 -= 1;
        return html(state.broken.0);
    }
    if !call.path.ends_with('/') {
        let to = format!("location: {}/\r\n", call.path);
        return (301, to, "text/html", String::new());
    }
    let failed = |state: &State, status: u16, why: &str| {
        let (_, headers, kind, body) = respond(1, &json!(why));
        if state.real_status {
            (status, headers, "application/json", body)
        } else {
            (200, headers, kind, body)
        }
    };
    let name = call.path.trim_start_matches("/xqueue/").trim_end_matches('/');
    if name == "login" {
        if call.method != "POST" {
            return respond(1, &json!("login_required"));
        }
        let good = call.form.get("username").map(String::as_str) == Some("lms")
            && call.form.get("password") == Some(&state.password);
        if !good {
            return failed(&state, 401, "Incorrect login credentials");
        }
        state.made += 1;
        let session = format!("s{}", state.made);
        let cookie = format!("set-cookie: sessionid={session}; HttpOnly; Path=/\r\n");
        state.sessions.insert(session);
        let (status, _, kind, body) = respond(0, &json!("Logged in"));
        return (status, cookie, kind, body);
    }
    let cookie = call.headers.get("cookie").map_or("", String::as_str);
    let session = cookie.split("; ").find_map(|pair| pair.strip_prefix("sessionid="));
    if !session.is_some_and(|session| state.sessions.contains(session)) {
        return match (state.real_status, state.followed) {
            (true, _) => {
                (403, String::new(), "application/json", "{\"detail\":\"No\"}".to_owned())
            }
            (false, true) => respond(1, &json!("login_required")),
            (false, false) => {
                let to = format!("location: /xqueue/login/?next={}\r\n", call.path);
                (302, to, "text/html", String::new())
            }
        };
    }
    let queue = call.query.get("queue_name").map(String::as_str);
    match (name, call.method.as_str()) {
        ("get_queuelen", "GET") if state.real_status => html(404),
        ("get_queuelen", "GET") => match queue {
            Some(QUEUE) => {
                let delay = state.delay;
                respond(
                    0,
                    &json!(state.rows.iter().filter(|row| row.is_waiting(delay)).count()),
                )
            }
            Some(_) => {
                respond(1, &json!(format!("Valid queue names are: other, {QUEUE}")))
            }
            None => {
                respond(1, &json!("'get_queuelen' must provide parameter 'queue_name'"))
            }
        },
        ("get_submission", "GET") => get_submission(&mut state, queue),
        ("put_result", "POST") => {
            drop(state);
            put_result(call, shared)
        }
        ("put_result", _) => respond(1, &json!("'put_result' must use HTTP POST")),
        _ => html(404),
    }
}

fn get_submission(state: &mut State, queue: Option<&str>) -> Page {
    let Some(queue) = queue else {
        return respond(
            1,
            &json!("'get_submission' must provide parameter 'queue_name'"),
        );
    };
    if queue != QUEUE {
        return respond(1, &json!(format!("Queue '{queue}' not found")));
    }
    if state.races > 0 {
        state.races -= 1;
        let why = format!("Error fetching submission for {queue}. Please try again.");
        return respond(1, &json!(why));
    }
    state.made += 1;
    let (made, delay, unlocked) = (state.made, state.delay, state.unlocked);
    // The oldest row first, whether it failed before or not.
    let row = state.rows.iter_mut().enumerate().find(|(_, row)| row.is_waiting(delay));
    let Some((number, row)) = row else {
        return respond(1, &json!(format!("Queue '{queue}' is empty")));
    };
    // A row that was not hidden yet is handed out once more, under another key.
    row.pulled.get_or_insert_with(|| Instant::now() + unlocked);
    if row.pulled.is_some_and(|pulled| pulled.elapsed() >= delay) {
        row.pulled = Some(Instant::now() + unlocked);
    }
    row.key = format!("{made:032x}");
    let header = json!({ "submission_id": number + 1, "submission_key": row.key });
    let content = json!({
        "xqueue_header": header.to_string(),
        "xqueue_body": row.body,
        "xqueue_files": "{}",
    });
    respond(0, &json!(content.to_string()))
}

fn put_result(call: &Call, shared: &Mutex<State>) -> Page {
    let state = shared.lock().unwrap();
    let failed = |state: &State, status: u16, why: &str| {
        let page = respond(1, &json!(why));
        if state.real_status {
            (status, page.1, "application/json", page.3)
        } else {
            page
        }
    };
    let form = |name: &str| call.form.get(name);
    let (Some(header), Some(body)) = (form("xqueue_header"), form("xqueue_body")) else {
        return failed(&state, 400, "Incorrect reply format");
    };
    let header: Json = serde_json::from_str(header).unwrap_or_default();
    let (Some(id), Some(key)) =
        (header.get("submission_id"), header.get("submission_key"))
    else {
        return failed(&state, 400, "Incorrect reply format");
    };
    let Some(id) = id.as_u64() else {
        return (500, String::new(), "text/html", "<h1>500</h1>".to_owned());
    };
    let Some(row) = state.rows.get(id as usize - 1) else {
        return failed(&state, 404, "Submission does not exist");
    };
    if *key != row.key.as_str() {
        return failed(&state, 403, "Incorrect key for submission");
    }
    let lms_header = row.header.clone();
    let (takes, takes_it) = state.lms;
    drop(state);
    // The real server waits for the learning platform before it answers.
    thread::sleep(takes);
    let mut state = shared.lock().unwrap();
    let reply = serde_json::from_str(body).unwrap_or(Json::Null);
    state.callbacks.push((lms_header, reply));
    let row = &mut state.rows[id as usize - 1];
    if takes_it {
        row.retired = true;
    } else {
        row.failures += 1;
        row.retired |= row.failures > 3;
    }
    respond(0, &json!(""))
}

impl Row {
    fn is_waiting(&self, delay: Duration) -> bool {
        let is_visible = |pulled: Instant| {
            // Not hidden yet, or not hidden any more.
            pulled > Instant::now() || pulled.elapsed() >= delay
        };
        !self.retired && self.pulled.is_none_or(is_visible)
    }
}
