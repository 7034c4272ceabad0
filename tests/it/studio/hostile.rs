//! What cannot be done from elsewhere: other pages of the browser, other names of this machine, forms,
//! streams, and paths that lead out of the site.

use serde_json::json;

use super::running::{RunningStudio, school};
use crate::browser::chromium::Chromium;
use crate::browser::server::Server;
use crate::workdir::Workdir;

/// Every user of a machine can read the command line by which a browser is opened.
#[cfg(target_os = "linux")]
#[test]
fn command_line_of_the_browser_has_no_token() {
    let workdir = school();
    workdir.write(
        "bin/xdg-open",
        "#!/bin/sh\nprintf '%s' \"$1\" > opened.part\nmv opened.part opened\n",
    );
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(workdir.path("bin/xdg-open"), executable).unwrap();
    let studio = RunningStudio::start_with_browser(&workdir, "school", "bin");
    let start = std::time::Instant::now();
    while !workdir.path("opened").exists() {
        assert!(start.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let opened = String::from_utf8(workdir.read("opened")).unwrap();
    assert!(!opened.contains(&studio.token), "{opened}");
    let origin = format!("http://127.0.0.1:{}", studio.port);
    let path = opened.strip_prefix(&origin).unwrap();
    let host = origin.strip_prefix("http://").unwrap();
    let foreign = [("Host", host), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(studio.ask("GET", path, &foreign, b"").status, 403);
    let own = [("Host", host), ("Sec-Fetch-Site", "none")];
    assert_eq!(studio.ask("HEAD", path, &own, b"").status, 403);
    let first = studio.ask("GET", path, &own, b"");
    assert_eq!(first.status, 303, "{}", first.head);
    let page = format!("location: /{}/", studio.token);
    assert!(first.head.to_lowercase().contains(&page), "{}", first.head);
    assert_eq!(studio.ask("GET", path, &own, b"").status, 403, "it holds once");
    let page = format!("/{}/", studio.token);
    assert_eq!(studio.ask("GET", &page, &own, b"").status, 200);
}

#[test]
fn requests_of_others_are_refused() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let own_host = format!("127.0.0.1:{}", studio.port);
    let own_origin = format!("http://{own_host}");
    let host = ("Host", own_host.as_str());
    let origin = ("Origin", own_origin.as_str());
    let json = ("Content-Type", "application/json");
    let before = workdir.read("school/courses.yaml");
    let state = format!("/{}/api/state", studio.token);
    let save = format!("/{}/api/save", studio.token);
    let events = format!("/{}/api/events", studio.token);
    let text = br#"{"name":"courses.yaml","text":"x","version":null}"#;

    // As the page itself asks.
    assert_eq!(studio.ask("POST", &state, &[host, origin, json], b"{}").status, 200);
    assert_eq!(studio.ask("GET", &events, &[host], b"").status, 200);

    type Headers<'a> = &'a [(&'a str, &'a str)];
    let rebound = format!("evil.example:{}", studio.port);
    let other_port = format!("http://127.0.0.1:{}", studio.port.wrapping_add(1));
    let cases: [(&str, &str, &str, Headers<'_>); 16] = [
        (
            "a name bound to this machine later",
            "POST",
            &state,
            &[("Host", &rebound), ("Origin", &format!("http://{rebound}")), json],
        ),
        (
            "a name without its port",
            "POST",
            &state,
            &[("Host", "127.0.0.1"), origin, json],
        ),
        ("no name", "POST", &state, &[origin, json]),
        (
            "a page of another port",
            "POST",
            &state,
            &[host, ("Origin", &other_port), json],
        ),
        (
            "a page of a file or a sandbox",
            "POST",
            &state,
            &[host, ("Origin", "null"), json],
        ),
        ("a page that does not say where it is from", "POST", &state, &[host, json]),
        (
            "a page of the same site",
            "POST",
            &state,
            &[host, origin, json, ("Sec-Fetch-Site", "same-site")],
        ),
        (
            "a picture on another page",
            "GET",
            &format!("/{}/page/icon.svg", studio.token),
            &[host, ("Sec-Fetch-Site", "cross-site")],
        ),
        (
            "a form of another page",
            "POST",
            &save,
            &[host, ("Origin", "http://evil.example"), ("Content-Type", "text/plain")],
        ),
        (
            "a form that hides its page",
            "POST",
            &save,
            &[host, origin, ("Content-Type", "text/plain")],
        ),
        ("events for another page", "GET", &events, &[host, ("Origin", &other_port)]),
        ("events by another name", "GET", &events, &[("Host", &rebound)]),
        (
            "a question before a request",
            "OPTIONS",
            &save,
            &[host, ("Origin", &other_port), ("Access-Control-Request-Method", "POST")],
        ),
        ("no token", "POST", "/api/state", &[host, origin, json]),
        (
            "a wrong token",
            "POST",
            &format!("/{}0/api/state", &studio.token[1..]),
            &[host, origin, json],
        ),
        (
            "a socket of another page",
            "GET",
            &events,
            &[
                host,
                ("Origin", &other_port),
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ("Sec-WebSocket-Version", "13"),
            ],
        ),
    ];
    for (what, method, target, headers) in cases {
        let body: &[u8] = if method == "POST" { text } else { b"" };
        let answer = studio.ask(method, target, headers, body);
        assert!((400..500).contains(&answer.status), "{what}: {}", answer.head);
        assert!(
            !answer.head.to_lowercase().contains("access-control-"),
            "{what}: {}",
            answer.head
        );
        let body = String::from_utf8_lossy(&answer.body);
        assert!(
            !body.contains("Riverside") && !body.contains("courses"),
            "{what}: {body}"
        );
    }
    let absolute = format!("http://{rebound}{state}");
    assert_eq!(studio.ask("POST", &absolute, &[host, origin, json], b"{}").status, 421);
    assert_eq!(workdir.read("school/courses.yaml"), before);
}

#[test]
fn paths_lead_to_no_other_file() {
    let workdir = school();
    workdir.write("outside.yaml", "secret: yes\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        workdir.path("outside.yaml"),
        workdir.path("school/courses.yml"),
    )
    .unwrap();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let host = format!("127.0.0.1:{}", studio.port);
    for path in [
        "../testamur.yaml",
        "page/../../testamur.yaml",
        "page/%2e%2e/%2e%2e/testamur.yaml",
        "page/..%2f..%2fCargo.toml",
        "texts/../../../courses.yaml",
        "picture/0/0",
        "picture/../keys/root.pem",
        "keys/root.pem",
        "testamur.yaml",
        "//etc/passwd",
    ] {
        let target = format!("/{}/{path}", studio.token);
        let answer = studio.ask("GET", &target, &[("Host", &host)], b"");
        assert_eq!(answer.status, 404, "{path}: {}", answer.head);
    }
    for name in [
        "../outside.yaml",
        "courses/../../outside.yaml",
        "/etc/hostname.yaml",
        "layouts/../../outside.yaml",
        "keys/id-secret",
        "keys/x.yaml",
        "courses.yml",
        ".gitignore",
        "private/x.yaml",
    ] {
        let (status, told) = studio.call("read", json!({ "name": name }));
        assert_eq!(status, 422, "{name}: {told}");
        let wish = json!({ "name": name, "text": "x: 1\n", "version": null });
        let (status, told) = studio.call("save", wish);
        assert_eq!(status, 422, "{name}: {told}");
        let wish = json!({ "overlay": { name: "x: 1\n" } });
        let told = studio.ok("preview", wish);
        assert!(
            told["findings"][0]["message"].as_str().unwrap().contains("not a file"),
            "{told}"
        );
    }
    assert_eq!(workdir.read("outside.yaml"), b"secret: yes\n");
}

#[test]
fn bodies_are_bounded() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let answer = studio.send("save", "application/json", &vec![b' '; 9 << 20]);
    assert_eq!(answer.status, 413, "{}", answer.head);
    let answer = studio.send("preview", "application/json", b"{\"course\": 1");
    assert_eq!(answer.status, 422, "{}", answer.head);
    assert_eq!(studio.ok("state", json!({}))["isSite"], true, "it goes on");
}

/// A page on another port that knows the address with its token, and tries all that a page can.
#[test]
fn hostile_page_gets_nothing() {
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let before = workdir.read("school/courses.yaml");
    let elsewhere = Workdir::new();
    let page = r#"<!doctype html><meta charset="utf-8"><title>elsewhere</title><script>
const base = decodeURIComponent(location.hash.slice(1));
const save = JSON.stringify({ name: "courses.yaml", text: "stolen: 1\n", version: null });
const tell = (promise) => promise.then((it) => `got ${it}`, () => "nothing");
const wait = (start) => new Promise((done) => { start(done); setTimeout(() => done("nothing"), 1500); });
const load = (tag, key, value) => wait((done) => {
  const element = document.createElement(tag);
  element.onload = () => done(`loaded ${tag}`);
  element.onerror = () => done("nothing");
  element[key] = value;
  document.body.append(element);
});
async function attack() {
  const found = [];
  found.push(await tell(fetch(base + "api/state", { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } }).then((it) => it.text())));
  found.push(await tell(fetch(base).then((it) => it.text())));
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    const sent = await fetch(base + "api/save", { method: "POST", mode: "no-cors", body: save, headers: { "Content-Type": type } }).catch(() => null);
    found.push(sent && sent.type !== "opaque" ? "read" : "nothing");
  }
  found.push(await wait((done) => {
    const source = new EventSource(base + "api/events");
    source.onmessage = source.onopen = () => done("events");
    source.addEventListener("changed", () => done("events"));
    source.onerror = () => done("nothing");
  }));
  found.push(await wait((done) => {
    const socket = new WebSocket(base.replace("http", "ws") + "api/events");
    socket.onopen = () => done("socket");
    socket.onerror = () => done("nothing");
  }));
  found.push(await load("img", "src", base + "page/icon.svg"));
  found.push(await load("script", "src", base + "page/main.js"));
  found.push(await wait((done) => {
    const frame = document.createElement("iframe");
    frame.src = base;
    frame.onload = () => { try { done(frame.contentDocument?.title ? "frame" : "nothing"); } catch { done("nothing"); } };
    document.body.append(frame);
  }));
  const form = document.createElement("form");
  Object.assign(form, { action: base + "api/save", method: "post", enctype: "text/plain", target: "sink" });
  const sink = document.createElement("iframe");
  sink.name = "sink";
  const input = document.createElement("input");
  Object.assign(input, { name: save.slice(0, -2), value: save.slice(-2) });
  form.append(input);
  document.body.append(sink, form);
  form.submit();
  await new Promise((done) => setTimeout(done, 500));
  return found;
}
</script><body>"#;
    elsewhere.write("index.html", page);
    let server = Server::start(&elsewhere.path(""));
    let mut browser = Chromium::start();
    browser.open(&format!("http://127.0.0.1:{}/#{}", server.port, studio.address()));
    let found = browser.js("attack()");
    for (at, what) in found.as_array().unwrap().iter().enumerate() {
        assert_eq!(what, "nothing", "attack {at} of {found}");
    }
    assert_eq!(found.as_array().unwrap().len(), 9);
    assert_eq!(workdir.read("school/courses.yaml"), before);

    // DNS rebinding: the name of another site leads to this machine by now.
    let rebound = format!("http://certs.test:{}/{}/", studio.port, studio.token);
    browser.open(&rebound);
    let text = browser.js("document.body.innerText");
    assert_eq!(text.as_str().unwrap().trim(), "this address is not that of the studio");
}
