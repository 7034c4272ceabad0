//! What is asked of a page of a certificate in any browser; and Firefox and WebKit, which
//! `tests/judges/browser.py` drives.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::seal::site::program;

/// Long enough for any step on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A browser with one page.
pub(crate) trait Browser {
    /// Opens a page and waits until it is loaded.
    fn open(&mut self, address: &str);

    /// The value of an expression on the page.
    fn js(&mut self, expression: &str) -> Value;

    /// Chooses a file in the page's file input.
    fn choose(&mut self, file: &Path);

    /// Waits until the page has asked for its record, and returns the words of its status.
    fn status(&mut self) -> String {
        let start = Instant::now();
        while self.js("document.querySelector('#status').matches('.asking')") == true {
            assert!(start.elapsed() < TIMEOUT, "the record does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        let text = self.js("document.querySelector('#status').innerText");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits for the page's verdict on a file, and clears it for the next one.
    fn verdict(&mut self) -> Vec<String> {
        let start = Instant::now();
        loop {
            let verdict = self
                .js("[...document.querySelectorAll('[role=status] [data-verdict]')]\
                 .map(line => line.dataset.verdict)");
            let verdict: Vec<String> = serde_json::from_value(verdict).unwrap();
            if !verdict.is_empty() && verdict != ["checking"] {
                self.js("document.querySelector('[role=status]').replaceChildren()");
                return verdict;
            }
            assert!(start.elapsed() < TIMEOUT, "the page says {verdict:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Firefox or WebKit.
pub(crate) struct OtherBrowser {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl OtherBrowser {
    /// Starts `firefox` or `webkit`.
    pub(crate) fn start(engine: &str) -> Self {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/browser.py");
        let mut child = Command::new(program("python"))
            .arg(script)
            .arg(engine)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, orders, answers }
    }

    fn ask(&mut self, order: &Value) -> Value {
        let orders = self.orders.as_mut().unwrap();
        let written = writeln!(orders, "{order}").and_then(|()| orders.flush());
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        assert!(
            written.is_ok() && read.is_ok_and(|length| length > 0),
            "the browser does not answer {order}: run tests/run --slow"
        );
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer["error"].is_null(), "{order}: {answer}");
        answer["value"].take()
    }
}

impl Browser for OtherBrowser {
    fn open(&mut self, address: &str) {
        self.ask(&json!({ "open": address }));
    }

    fn js(&mut self, expression: &str) -> Value {
        self.ask(&json!({ "js": expression }))
    }

    fn choose(&mut self, file: &Path) {
        self.ask(&json!({ "choose": file }));
    }
}

impl Drop for OtherBrowser {
    fn drop(&mut self) {
        // The script ends the browser when its input ends.
        self.orders = None;
        let _ = self.child.wait();
    }
}
