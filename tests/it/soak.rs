//! Many renders on two threads, every tenth one failing: each PDF has its own name and no other,
//! and memory does not grow after the first two hundred.
//!
//! The renders run in a process of their own, this test binary started again, so that only their
//! memory is measured. The figures are written to `soak-….txt` in `CARGO_TARGET_TMPDIR`.

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use testamur::press::Press;
use testamur::site::{Request, Site};
use testamur::{Date, ErrorKind, Tag};

/// The environment variable with the number of renders of the child process.
const RENDERS: &str = "TESTAMUR_SOAK";
const THREADS: usize = 2;
/// The number of renders after which the caches are full, and the growth of memory that is allowed
/// from there, in kilobytes.
const SETTLED: usize = 200;
const MAX_GROWTH: usize = 25 << 10;
/// One PDF in this many is rendered again and read by pdftotext.
const SAMPLED: usize = 17;

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn four_hundred_renders_keep_names_apart_and_memory_bounded() {
    soak(400);
}

#[test]
#[ignore = "slow: tests/run --slow"]
fn two_thousand_renders_keep_names_apart_and_memory_bounded() {
    soak(2_000);
}

#[test]
#[ignore = "slow: tests/run --slow"]
fn twenty_thousand_renders_keep_names_apart_and_memory_bounded() {
    soak(20_000);
}

fn soak(renders: usize) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["soak::child", "--exact", "--ignored", "--nocapture"])
        .env(RENDERS, renders.to_string())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&child.stdout);
    let stderr = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{stdout}{stderr}");
    assert!(stdout.contains("1 passed"), "the child test was not found: {stdout}");
}

#[test]
#[ignore = "run by the other tests in a process of its own"]
fn child() {
    let Some(renders) = std::env::var_os(RENDERS) else { return };
    let renders: usize = renders.to_str().unwrap().parse().unwrap();
    let soak = Soak { press: press(), pdfs: Mutex::new(Vec::with_capacity(renders)) };

    let mut memory = Vec::new();
    for from in (0..renders).step_by(SETTLED) {
        soak.render(from, renders.min(from + SETTLED));
        memory.push(self::memory());
    }
    let mut figures = String::from("renders\tRssAnon\tVmRSS\tVmHWM (MB)\n");
    for (index, memory) in memory.iter().enumerate() {
        let [own, all, most] = memory.map(|kilobytes| kilobytes >> 10);
        writeln!(figures, "{}\t{own}\t{all}\t{most}", (index + 1) * SETTLED).unwrap();
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{renders}.txt"));
    fs::write(file, &figures).unwrap();
    // Anonymous memory only: the mapped pages of the program, such as its fonts, come and go with
    // the system's needs.
    let [before, after] =
        [memory.first(), memory.last()].map(|memory| memory.unwrap()[0]);
    assert!(after < before + MAX_GROWTH, "memory grows:\n{figures}");

    assert_eq!(soak.press.abandoned(), 0);
    let mut pdfs = soak.pdfs.into_inner().unwrap();
    assert_eq!(pdfs.len(), renders - renders.div_ceil(10));
    pdfs.sort_unstable();
    comemo::evict(0);
    let press = self::press();
    for &(number, hash) in pdfs.iter().step_by(SAMPLED) {
        let pdf = press.draft(&request(number), today()).unwrap().bytes;
        assert_eq!(hash_of(&pdf), hash, "{number} has other bytes the second time");
        let text = read(&pdf);
        let named: Vec<_> =
            pdfs.iter().filter(|(other, _)| text.contains(&bare(*other))).collect();
        assert_eq!(named, [&(number, hash)], "the PDF of {number} reads\n{text}");
    }
}

struct Soak {
    press: Press,
    /// The number of each request that succeeded, and the hash of its PDF.
    pdfs: Mutex<Vec<(usize, u64)>>,
}

impl Soak {
    fn render(&self, from: usize, to: usize) {
        let next = AtomicUsize::new(from);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    loop {
                        match next.fetch_add(1, Ordering::Relaxed) {
                            number if number >= to => break,
                            number if number.is_multiple_of(10) => self.fail(number),
                            number => self.succeed(number),
                        }
                    }
                });
            }
        });
    }

    fn succeed(&self, number: usize) {
        let request = request(number);
        let expected = self.press.sheet(&request, today()).unwrap().title;
        assert!(expected.contains(&name(number)), "{expected}");
        let pdf = self.press.draft(&request, today()).unwrap().bytes;
        assert_eq!(title(&pdf), expected);
        self.pdfs.lock().unwrap().push((number, hash_of(&pdf)));
    }

    /// Makes a request that fails: at the name, at the sheet, in the layout, or in the proof.
    fn fail(&self, number: usize) {
        let (name, layout, kind) = match number / 10 % 4 {
            0 => ("W".repeat(301), "classic", ErrorKind::Name),
            1 => (
                format!("{} \u{13000}", name(number)),
                "classic",
                ErrorKind::MissingGlyph,
            ),
            2 => (name(number), "broken", ErrorKind::Layout),
            _ => ("W".repeat(100 + number % 200), "classic", ErrorKind::Overflow),
        };
        let drafted = Request::new(COURSE, &name)
            .and_then(|request| self.press.draft(&request.with_layout(layout), today()));
        assert_eq!(drafted.unwrap_err().kind(), kind, "{number}");
    }
}

const COURSE: &str = "course-v1:ExampleX+CURL101+2026_T1";

fn press() -> Press {
    let site = Site::demo();
    let promises =
        site.read("layouts/classic/layout.yaml").unwrap().unwrap().into_owned();
    let broken =
        "#let certificate(sheet) = for sentence in sheet.blocks { sentence.nothing }";
    let site = site
        .with_file("testamur.yaml", format!("render: {{ threads: {THREADS} }}"))
        .with_file("layouts/broken/layout.yaml", promises)
        .with_file("layouts/broken/layout.typ", broken);
    Press::new(site).unwrap()
}

fn today() -> Date {
    Date::parse("2026-05-14").unwrap()
}

fn request(number: usize) -> Request {
    Request::new(COURSE, &name(number))
        .unwrap()
        .with_language(Tag::parse(language(number)).unwrap())
        .with_grade(if number.is_multiple_of(3) { "Distinction" } else { "Pass" })
}

fn language(number: usize) -> &'static str {
    ["en", "es", "ar", "ja"][number % 4]
}

/// A name in the letters of its language, which no other name contains.
fn name(number: usize) -> String {
    let word = |letters: &str| -> String {
        let digits = [1, 20, 400, 8_000].map(|place| number / place % 20);
        digits.iter().filter_map(|&digit| letters.chars().nth(digit)).collect()
    };
    match language(number) {
        "ar" => format!("محمد {}", word("ابتثجحخدرزسشصضطعفقكل")),
        "ja" => format!("{} 様子", word("山川田村松井木林森石原野島崎藤橋池清水谷")),
        _ => {
            let word = word("bcdfghjklmnpqrstvwxz");
            let vowels = word.chars().zip("aeio".chars());
            let family: String = vowels.flat_map(|(c, vowel)| [c, vowel]).collect();
            format!("María-José d’{family}n")
        }
    }
}

/// The name without characters that a PDF reader may add or leave out.
fn bare(number: usize) -> String {
    squeezed(&name(number))
}

fn squeezed(text: &str) -> String {
    let control = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|&c| !c.is_whitespace() && !control(c)).collect()
}

/// The title in the PDF's metadata (XMP), which is not compressed.
fn title(pdf: &[u8]) -> String {
    let text = String::from_utf8_lossy(pdf);
    let title =
        text.split("<dc:title>").nth(1).unwrap().split("</rdf:li>").next().unwrap();
    title.rsplit('>').next().unwrap().to_owned()
}

/// The text on the page, as pdftotext reads it.
fn read(pdf: &[u8]) -> String {
    let mut reader = Command::new("pdftotext")
        .args(["-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext is installed (poppler-utils)");
    reader.stdin.take().unwrap().write_all(pdf).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success());
    squeezed(&String::from_utf8(output.stdout).unwrap())
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// This process's memory in kilobytes: anonymous, resident, and the peak of resident memory; zeros
/// on other systems than Linux.
fn memory() -> [usize; 3] {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    ["RssAnon:", "VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |size| size.trim_end_matches("kB").trim().parse().unwrap())
    })
}
