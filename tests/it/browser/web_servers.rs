//! The web servers of `docs/publishing.md`: each of its configurations is run by the real server, and
//! a browser sees a revocation behind a server with nothing but its defaults.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use tempfile::TempDir;
use testamur::register::Receipt;

use super::chromium::Chromium;
use crate::issuing::setup::{Setup, now, request};
use crate::seal::site::{output_text, run};

/// What the configurations of the page call the folder and the port.
const FOLDER: &str = "/srv/certificates/public";
/// Long enough for a server to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server process, which ends with this value.
struct WebServer {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl WebServer {
    /// Starts a server whose configuration is made of its folder and port.
    fn start(
        command: impl FnOnce(&Path) -> Command,
        configuration: impl FnOnce(&Path, u16) -> String,
    ) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let file = folder.path().join("server.conf");
        fs::write(&file, configuration(folder.path(), port)).unwrap();
        let mut command = command(&file);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}: run tests/run"));
        let mut server = Self { child, port, _folder: folder };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = server._folder.path().join("log");
            let ended = server.child.try_wait().unwrap();
            let is_late = start.elapsed() > PATIENCE;
            assert!(ended.is_none() && !is_late, "{}", fs::read_to_string(log).unwrap());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn nginx(server: impl FnOnce(u16) -> String) -> Self {
        let command = |file: &Path| {
            let mut command = Command::new("nginx");
            command.arg("-e").arg("stderr").arg("-c").arg(file);
            command
        };
        Self::start(command, |folder, port| {
            let folder = folder.display();
            let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
                .concat();
            format!(
                "daemon off;\nuser root;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n\
                 http {{\naccess_log off;\n{paths}include /etc/nginx/mime.types;\n{}\n}}\n",
                server(port)
            )
        })
    }

    fn get(&self, path: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: certificates.example.org\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let head = text.split("\r\n\r\n").next().unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        headers.for_each(|(name, value)| all.entry(name).or_default().push(value));
        Answer { status, headers: all }
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        // A server that ends in an orderly way takes its workers with it.
        if matches!(self.child.try_wait(), Ok(None)) {
            let id = self.child.id().to_string();
            let _ = Command::new("kill").args(["-TERM", &id]).status();
            let _ = self.child.wait();
        }
    }
}

struct Answer {
    status: u16,
    headers: BTreeMap<String, Vec<String>>,
}

impl Answer {
    /// The value of a header that there is once.
    fn header(&self, name: &str) -> &str {
        match self.headers.get(name).map(Vec::as_slice) {
            Some([value]) => value,
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// A folder with one certificate.
fn published() -> (Setup, Receipt) {
    let setup = Setup::new();
    let receipt = setup.issue(&request("Ada Lovelace")).unwrap();
    // A server reads it as a user of its own.
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(setup.folder.path(), readable).unwrap();
    (setup, receipt)
}

fn public(setup: &Setup) -> PathBuf {
    setup.folder.path().join("public")
}

/// The block of `docs/publishing.md` that names this file.
fn documented(file: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/publishing.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once(&format!(" {file}\n")).expect(file);
    rest.split_once("\n```").unwrap().0.to_owned()
}

/// Asserts what a server must answer.
fn assert_serves(server: &WebServer, setup: &Setup, receipt: &Receipt) {
    let id = &receipt.record.id;
    let page = server.get(&format!("/cert/{id}/"));
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"), "the page");
    // Its links are relative to its folder.
    let bare = server.get(&format!("/cert/{id}"));
    assert!((301..=308).contains(&bare.status), "{}", bare.status);
    assert!(bare.header("location").ends_with(&format!("/cert/{id}/")));
    let certificate = receipt.record.certificate.as_ref().unwrap();
    let files = setup.public();
    for (path, kind) in [
        (format!("cert/{id}/certificate.json"), "application/json"),
        (certificate.pdf.as_ref().unwrap().path.to_string(), "application/pdf"),
        (
            certificate.signature.as_ref().unwrap().path.to_string(),
            "application/pgp-signature",
        ),
    ] {
        let answer = server.get(&format!("/{path}"));
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(kind), "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
    }
    for answer in [page, server.get("/cert/00/"), server.get("/assets/none.js")] {
        // Also what is not there may be there later, and what was erased may come back from a cache.
        if answer.status == 200 {
            assert_eq!(answer.header("cache-control"), "no-cache");
            assert_eq!(
                answer.header("content-security-policy"),
                "frame-ancestors 'self'"
            );
        } else {
            assert_eq!(answer.status, 404);
            let kept = answer.headers.get("cache-control").map(|it| it.concat());
            assert!(!kept.unwrap_or_default().contains("immutable"));
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let assets: Vec<&String> =
        files.keys().filter(|path| path.starts_with("assets/")).collect();
    assert_eq!(assets.len(), 2);
    for path in assets {
        let answer = server.get(&format!("/{path}"));
        let kind = if path.ends_with("css") { "text/css" } else { "text/javascript" };
        assert!(answer.header("content-type").starts_with(kind), "{path}");
        assert!(answer.header("cache-control").ends_with("immutable"), "{path}");
    }
}

#[test]
fn nginx_serves_by_the_documented_configuration() {
    let (setup, receipt) = published();
    let folder = public(&setup);
    let server = WebServer::nginx(|port| {
        documented("nginx.conf")
            .replace("listen 80", &format!("listen 127.0.0.1:{port}"))
            .replace(FOLDER, folder.to_str().unwrap())
    });
    assert_serves(&server, &setup, &receipt);
}

#[test]
fn apache_serves_by_the_documented_configuration() {
    let (setup, receipt) = published();
    let folder = public(&setup);
    let command = |file: &Path| {
        let mut command = Command::new("apache2");
        command.arg("-f").arg(file).arg("-DFOREGROUND");
        command
    };
    let server = WebServer::start(command, |own, port| {
        let own = own.display();
        let modules: String = ["mpm_event", "authz_core", "dir", "headers", "mime"]
            .map(|name| {
                let file = format!("/usr/lib/apache2/modules/mod_{name}.so");
                format!("LoadModule {name}_module {file}\n")
            })
            .concat();
        let site = documented("apache.conf")
            .replace("*:80", &format!("127.0.0.1:{port}"))
            .replace(FOLDER, folder.to_str().unwrap());
        format!(
            "ServerRoot {own}
User www-data
Group www-data
PidFile {own}/pid\nErrorLog /dev/stderr\nDefaultRuntimeDir {own}\n\
             ServerName localhost\nListen 127.0.0.1:{port}\n{modules}\
             TypesConfig /etc/mime.types\n{site}\n"
        )
    });
    assert_serves(&server, &setup, &receipt);
}

#[test]
fn caddy_serves_by_the_documented_configuration() {
    let (setup, receipt) = published();
    let folder = public(&setup);
    let command = |file: &Path| {
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        let home = file.parent().unwrap();
        command.env("HOME", home).env("XDG_DATA_HOME", home).env("XDG_CONFIG_HOME", home);
        command
    };
    let server = WebServer::start(command, |_, port| {
        let site = documented("Caddyfile")
            .replace(
                "certificates.example.org {",
                &format!("http://:{port} {{\nbind 127.0.0.1"),
            )
            .replace(FOLDER, folder.to_str().unwrap());
        format!("{{\nadmin off\nauto_https off\n}}\n{site}\n")
    });
    assert_serves(&server, &setup, &receipt);
}

#[test]
fn cloudfront_function_finds_the_page() {
    let script = format!(
        "{}\nconst ask = (uri) => handler({{ request: {{ uri }} }});\n\
         const id = '0123456789abcdef'.repeat(2);\n\
         console.log(JSON.stringify([ask(`/cert/${{id}}/`).uri, ask(`/cert/${{id}}`).headers.location.value,\
         ask('/downloads/1/C.pdf').uri]));",
        documented("cloudfront.js")
    );
    let output = run(Path::new("."), "node", &["-e", &script]);
    assert!(output.status.success(), "{}", output_text(&output));
    let found: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    let folder = format!("/cert/{}/", "0123456789abcdef".repeat(2));
    let page = format!("{folder}index.html");
    assert_eq!(found, [page, folder, "/downloads/1/C.pdf".to_owned()]);
}

/// nginx sends no `Cache-Control`, so that a browser keeps a page that is old for days.
#[test]
fn page_from_a_cache_says_that_the_certificate_was_revoked() {
    let (setup, receipt) = published();
    let folder = public(&setup);
    let page = folder.join(format!("cert/{}/index.html", receipt.record.id));
    let file = fs::File::options().write(true).open(&page).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(1000 * 86_400)).unwrap();
    let root = folder.display();
    let server = WebServer::nginx(|port| {
        format!("server {{ listen 127.0.0.1:{port}; root {root}; }}")
    });
    let address = format!("http://127.0.0.1:{}/cert/{}/", server.port, receipt.record.id);
    let mut browser = Chromium::start();
    browser.open(&address);
    assert!(browser.status().contains("This certificate is valid"));
    setup.issuer.register().revoke(&receipt.record.id, "by mistake", now()).unwrap();
    browser.open("about:blank");
    browser.open(&address);
    assert!(browser.is_from_cache(&address), "the test needs a page from the cache");
    let status = browser.status();
    assert!(status.contains("This certificate has been revoked"), "{status}");
    assert!(status.contains("by mistake"), "{status}");
    assert!(status.contains("Revoked on"), "{status}");
    assert!(!status.contains("is valid"), "{status}");
    let text = browser.js("document.body.innerText");
    assert!(!text.as_str().unwrap().contains("Download the certificate"), "{text}");
    drop(server);

    // By the documented configuration the browser asks for the page itself.
    let server = WebServer::nginx(|port| {
        documented("nginx.conf")
            .replace("listen 80", &format!("listen 127.0.0.1:{port}"))
            .replace(FOLDER, folder.to_str().unwrap())
    });
    let receipt = setup.issue(&request("Grace Hopper")).unwrap();
    let address = format!("http://127.0.0.1:{}/cert/{}/", server.port, receipt.record.id);
    browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&address);
    setup.issuer.register().revoke(&receipt.record.id, "by mistake", now()).unwrap();
    browser.open("about:blank");
    browser.open(&address);
    assert!(!browser.is_from_cache(&address));
    let text = browser.js("document.body.innerText");
    assert!(text.as_str().unwrap().contains("has been revoked"), "{text}");
}
