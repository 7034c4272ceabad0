//! Issues a certificate for each name on standard input, on all cores, into a store in memory.
//!
//! Prints a line of JSON for each certificate, in the order in which they are done, and names those
//! that failed. Exits with 1 if one failed; the others are issued nevertheless.
//!
//! ```sh
//! printf 'Ada Lovelace\nGrace Hopper\n' | cargo run --release --example batch
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program has arguments, a clock and output; the library has none"
)]

use std::error::Error;
use std::io::{self, BufRead, BufReader};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use serde_json::json;
use testamur::register::{IssueOptions, IssueService, MemoryStore, Receipt};
use testamur::site::{IdSecret, Keys};
use testamur::{Press, Request, Site, Timestamp};

const COURSES: &str = "
Example/Knots/2026:
  title: { en: Knots and Splices, es: Nudos y empalmes }
  organization: { short: ExampleX, name: Example University }
  layout: modern
  language: en
  issued: 2026-05-14
";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let now = Timestamp::try_from(SystemTime::now())?;
    let press = Press::new(Site::new().with_file("courses.yaml", COURSES))?;
    let public = Arc::new(MemoryStore::new());
    let issuer = IssueService::builder(Arc::new(press))
        .with_keys(&Keys::generate("Example University", now)?)
        .with_id_secret(IdSecret::generate()?)
        .with_stores(public.clone(), Arc::new(MemoryStore::new()))
        .build()?;

    let names = BufReader::new(io::stdin()).lines();
    let is_name =
        |line: &io::Result<String>| !matches!(line, Ok(name) if name.is_empty());
    let failed = issue_all(&issuer, names.filter(is_name), now);

    drop(issuer);
    let files = Arc::into_inner(public).expect("the service is gone").into_files();
    eprintln!("{} files in the public store, {failed} failed", files.len());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Issues a certificate for each name, and returns how many failed. The names are read one by one,
/// so that there may be more than fit into memory.
fn issue_all(
    issuer: &IssueService,
    names: impl Iterator<Item = io::Result<String>> + Send,
    now: Timestamp,
) -> usize {
    let (names, failed) = (Mutex::new(names), AtomicUsize::new(0));
    // Twice as many threads as cores: while one writes into a store, another lays out a page.
    let threads = 2 * thread::available_parallelism().map_or(1, |cores| cores.get());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next =
                        names.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(line) = next else { break };
                    // After a line that is not UTF-8 the next one can be read.
                    let name = match line {
                        Ok(name) => name,
                        Err(error) => {
                            eprintln!("a line cannot be read: {error}");
                            failed.fetch_add(1, Ordering::Relaxed);
                            if error.kind() != io::ErrorKind::InvalidData {
                                break;
                            }
                            continue;
                        }
                    };
                    match issue(issuer, &name, now) {
                        Ok(receipt) => println!(
                            "{}",
                            json!({
                                "name": name,
                                "outcome": receipt.outcome.as_str(),
                                "verify_url": receipt.urls.verify_url,
                                "warnings": receipt.warnings,
                            })
                        ),
                        Err(error) => {
                            eprintln!("`{}` failed: {error}", name.escape_debug());
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    failed.into_inner()
}

fn issue(issuer: &IssueService, name: &str, now: Timestamp) -> testamur::Result<Receipt> {
    let request = Request::new("Example/Knots/2026", name)?;
    issuer.issue(&request, now.date(), now, &IssueOptions::default())
}
