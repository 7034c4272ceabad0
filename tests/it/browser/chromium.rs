//! A Chromium controlled over a pipe by the DevTools protocol, without a port, a driver or a
//! library.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::driver::Browser;

/// Long enough for any step on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A browser with one page, and the events that it has reported.
pub(crate) struct Chromium {
    child: Child,
    orders: Option<ChildStdin>,
    reports: Receiver<Value>,
    count: u64,
    session: Option<String>,
    events: Vec<Value>,
    _profile: TempDir,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        // Chromium reads commands from descriptor 3 and writes reports to descriptor 4. The host
        // `certs.test` is this machine by a name that browsers do not take for a secure context.
        let script = "exec chromium --headless --remote-debugging-pipe --no-sandbox \
            --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run \
            --disable-background-networking --disable-component-update --disable-sync \
            --host-resolver-rules='MAP certs.test 127.0.0.1' \
            --user-data-dir=\"$0\" about:blank 3<&0 4>&1 </dev/null >/dev/null 2>&1";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take();
        let mut from = BufReader::new(child.stdout.take().unwrap());
        let (send, reports) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while from.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                let report = serde_json::from_slice(&message).unwrap_or_default();
                if send.send(report).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut own = Self {
            child,
            orders,
            reports,
            count: 0,
            session: None,
            events: Vec::new(),
            _profile: profile,
        };
        let target = own.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = own.call("Target.attachToTarget", attach);
        own.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "DOM", "Network", "Audits"] {
            own.call(&format!("{domain}.enable"), json!({}));
        }
        own.size(1280, 900);
        own
    }

    /// Calls a method of the protocol.
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.count += 1;
        let mut order =
            json!({ "id": self.count, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            order["sessionId"] = json!(session);
        }
        let orders = self.orders.as_mut().unwrap();
        let written = orders.write_all(format!("{order}\0").as_bytes());
        written
            .and_then(|()| orders.flush())
            .expect("chromium is installed: run tests/run");
        loop {
            let mut report = self.report(method);
            if report["id"] == self.count {
                assert!(report["error"].is_null(), "{method}: {report}");
                return report["result"].take();
            }
            self.keep(report);
        }
    }

    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&mut self, address: &str) {
        self.events.clear();
        let opened = self.call("Page.navigate", json!({ "url": address }));
        assert!(opened["errorText"].is_null(), "{address}: {opened}");
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let report = self.report(address);
            self.keep(report);
        }
    }

    /// The value of an expression on the page.
    pub(crate) fn js(&mut self, expression: &str) -> Value {
        let order = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", order);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Chooses a file in the page's file input.
    pub(crate) fn choose(&mut self, file: &Path) {
        let document = self.call("DOM.getDocument", json!({}));
        let query =
            json!({ "nodeId": document["root"]["nodeId"], "selector": "#check input" });
        let input = self.call("DOM.querySelector", query);
        let files = json!({ "nodeId": input["nodeId"], "files": [file] });
        self.call("DOM.setFileInputFiles", files);
    }

    /// Drags a file over an element and drops it there.
    pub(crate) fn drop(&mut self, file: &Path, selector: &str) {
        self.js(&format!("document.querySelector('{selector}').scrollIntoView()"));
        let place = self.js(&format!(
            "(r => [r.x + r.width / 2, r.y + Math.min(r.height, 40) / 2])\
             (document.querySelector('{selector}').getBoundingClientRect())"
        ));
        for step in ["dragEnter", "dragOver", "drop"] {
            let data = json!({ "items": [], "files": [file], "dragOperationsMask": 1 });
            let order =
                json!({ "type": step, "x": place[0], "y": place[1], "data": data });
            self.call("Input.dispatchDragEvent", order);
        }
    }

    /// Moves the pointer, pressed, from one place of the window to another, as a hand does.
    pub(crate) fn drag_pointer(&mut self, from: (f64, f64), to: (f64, f64)) {
        const STEPS: u32 = 8;
        let mut event = |kind: &str, (x, y): (f64, f64), buttons: u32| {
            let button =
                if kind == "mouseMoved" && buttons == 0 { "none" } else { "left" };
            let order = json!({ "type": kind, "x": x, "y": y, "button": button,
                "buttons": buttons, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", order);
        };
        event("mouseMoved", from, 0);
        event("mousePressed", from, 1);
        for step in 1..=STEPS {
            let share = f64::from(step) / f64::from(STEPS);
            let at = |from: f64, to: f64| from + (to - from) * share;
            event("mouseMoved", (at(from.0, to.0), at(from.1, to.1)), 1);
        }
        event("mouseReleased", to, 0);
    }

    /// Presses a key with modifiers: 1 is Alt, 2 Ctrl, 8 Shift.
    pub(crate) fn press_with(&mut self, key: &str, modifiers: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let order = json!({ "type": kind, "key": key, "modifiers": modifiers });
            self.call("Input.dispatchKeyEvent", order);
        }
    }

    /// The window as a PNG in base64.
    pub(crate) fn screenshot(&mut self) -> String {
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        shot["data"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn press(&mut self, key: &str) {
        for kind in ["rawKeyDown", "keyUp"] {
            let code = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": 9 });
            self.call("Input.dispatchKeyEvent", code);
        }
    }

    /// Whether the page at this address came from the browser's cache.
    pub(crate) fn is_from_cache(&self, address: &str) -> bool {
        self.events.iter().any(|event| {
            let response = &event["params"]["response"];
            event["method"] == "Network.responseReceived"
                && response["url"] == address
                && response["fromDiskCache"] == true
        })
    }

    /// As [`Browser::status`].
    pub(crate) fn status(&mut self) -> String {
        Browser::status(self)
    }

    /// As [`Browser::verdict`].
    pub(crate) fn verdict(&mut self) -> Vec<String> {
        Browser::verdict(self)
    }

    /// The problems of the page: dialogs, exceptions, console messages, policy violations, and
    /// requests for anything but the page, its shared files, its record and its PDF.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        // Events that are on their way arrive before this answer.
        self.js("new Promise(done => setTimeout(done, 100))");
        let bad = |event: &&Value| match event["method"].as_str().unwrap_or_default() {
            "Page.javascriptDialogOpening"
            | "Runtime.exceptionThrown"
            | "Log.entryAdded"
            | "Audits.issueAdded" => true,
            "Network.requestWillBeSent" => {
                let url = event["params"]["request"]["url"].as_str().unwrap_or_default();
                let is_own = url.contains("/assets/")
                    || url.ends_with("/certificate.json")
                    || url.split('#').next().unwrap_or_default().ends_with(".pdf");
                event["params"]["type"] != "Document"
                    && !is_own
                    && !url.starts_with("data:")
                    && !url.starts_with("chrome-extension:")
            }
            _ => false,
        };
        self.events.iter().filter(bad).map(Value::to_string).collect()
    }

    fn keep(&mut self, event: Value) {
        let dialog = event["method"] == "Page.javascriptDialogOpening";
        self.events.push(event);
        if dialog {
            self.call("Page.handleJavaScriptDialog", json!({ "accept": true }));
        }
    }

    fn report(&mut self, what: &str) -> Value {
        self.reports.recv_timeout(TIMEOUT).unwrap_or_else(|cause| {
            panic!("chromium does not answer {what}: {cause}: run tests/run")
        })
    }
}

impl Browser for Chromium {
    fn open(&mut self, address: &str) {
        self.open(address);
    }

    fn js(&mut self, expression: &str) -> Value {
        self.js(expression)
    }

    fn choose(&mut self, file: &Path) {
        self.choose(file);
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Chromium ends when the pipe is closed.
        self.orders = None;
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if start.elapsed() > Duration::from_secs(10) {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
