//! From the save of a file, by whatever editor, to the new picture in the hands of the page: what the watcher of
//! `testamur studio` notices, the event, the preview and its picture, over the loopback interface as a browser
//! fetches them. Each iteration saves another title. The last one is of a layout with slots over a bitmap of
//! 5 MB.

use std::cell::Cell;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How often a file is saved.
const SAVES: usize = 50;

pub(crate) fn define(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("studio/save-to-picture");
    group.sample_size(SAVES).sampling_mode(SamplingMode::Flat);
    // One save for each sample.
    group.measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_secs(1));
    for layout in ["classic", "slots-5-mb"] {
        let studio = Studio::start(layout);
        let count = Cell::new(0_u32);
        group.bench_function(layout, |bencher| {
            bencher.iter_custom(|saves| {
                (0..saves)
                    .map(|_| {
                        count.set(count.get() + 1);
                        studio.save_to_picture(count.get())
                    })
                    .sum()
            });
        });
    }
    group.finish();
}

struct Studio {
    folder: TempDir,
    child: Child,
    port: u16,
    token: String,
    events: std::cell::RefCell<BufReader<TcpStream>>,
    layout: &'static str,
}

impl Studio {
    fn start(layout: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = env!("CARGO_BIN_EXE_testamur");
        let made = Command::new(program)
            .args(["new", "school", "--name", "Riverside School", "--url", "none"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        if layout != "classic" {
            let picture = folder.path().join("frame.png");
            fs::write(&picture, speckled_paper()).unwrap();
            let started = Command::new(program)
                .args([
                    "--site",
                    "school",
                    "layout",
                    "new",
                    layout,
                    "--from-picture",
                    "frame.png",
                ])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(
                started.status.success(),
                "{}",
                String::from_utf8_lossy(&started.stderr)
            );
        }
        let mut child = Command::new(program)
            .args(["studio", "school", "--no-open"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let rest = line.trim().strip_prefix("http://127.0.0.1:").unwrap();
        let (port, token) = rest.trim_end_matches('/').split_once('/').unwrap();
        let (port, token) = (port.parse().unwrap(), token.to_owned());
        let mut events = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let request =
            format!("GET /{token}/api/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        events.write_all(request.as_bytes()).unwrap();
        let events = std::cell::RefCell::new(BufReader::new(events));
        let studio = Self { folder, child, port, token, events, layout };
        studio.generation();
        studio
    }

    /// The number of the site's state that the next event tells.
    fn generation(&self) -> u64 {
        let mut events = self.events.borrow_mut();
        loop {
            let mut line = String::new();
            assert!(events.read_line(&mut line).unwrap() > 0, "the events ended");
            if let Some(number) = line.trim().strip_prefix("data: ") {
                return number.parse().unwrap();
            }
        }
    }

    fn save_to_picture(&self, number: u32) -> Duration {
        let file = self.folder.path().join("school/courses.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let title = format!("  title: Course {number}");
        let is_title = |line: &str| line.starts_with("  title:");
        let lines = text.lines().map(|line| if is_title(line) { &title } else { line });
        let text = lines.collect::<Vec<_>>().join("\n") + "\n";
        let start = Instant::now();
        replace(&file, &text);
        self.generation();
        let layout = Some(self.layout).filter(|layout| *layout != "classic");
        let told = self.ask(
            "POST",
            "api/preview",
            &json!({ "course": "COURSE-1", "layout": layout }).to_string(),
        );
        let told: Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(told["findings"], json!([]), "{told}");
        let picture = self.ask("GET", told["pages"][0]["url"].as_str().unwrap(), "");
        let taken = start.elapsed();
        assert!(picture.len() > 10_000);
        let names = told["outlines"].to_string();
        assert!(names.contains(&format!("Course {number}")), "{names}");
        taken
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let Self { port, token, .. } = self;
        let mut stream = TcpStream::connect(("127.0.0.1", *port)).unwrap();
        let length = body.len();
        let request = format!(
            "{method} /{token}/{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
             Origin: http://127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
        let head = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        answer.split_off(head + 4)
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Saves a file as most editors do: a new one in the place of the old one.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

/// A light paper with speckles that hardly compress: a PNG of about 5 MB.
fn speckled_paper() -> Vec<u8> {
    let (width, height) = (2105_u32, 1488_u32);
    let mut state = 1_u32;
    let mut speckle = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        240 + (state >> 28) as u8
    };
    let pixels: Vec<u8> = (0..width * height * 3).map(|_| speckle()).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    drop(writer);
    assert!((4_000_000..6_500_000).contains(&bytes.len()), "{} bytes", bytes.len());
    bytes
}
