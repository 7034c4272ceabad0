//! `testamur bench`: how fast certificates are made on this machine, and how much memory and disk
//! each needs.
//!
//! The decision made here: each row of the table is measured in a process of its own, so that its
//! first certificate is really the first and its peak of memory is its own. Keys and stores are
//! made for the row and removed afterwards; a site's own are not touched.

mod names;
mod row;
mod workload;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use self::row::{Goal, Row};
use self::workload::Workload;
use super::args::{Bench, NameSet, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{console, context};

/// How many certificates a row of `--short` makes.
const SHORT_COUNT: usize = 10;

pub(crate) fn run(
    site: &SiteArguments,
    bench: &Bench,
) -> Result<CommandOutcome, Failure> {
    if let Some(text) = &bench.row {
        let row = Row::parse(text)?;
        console::print_json(&row.measure(Workload::open(
            site,
            &row.layout,
            row.names,
            row.threads,
        )?)?);
        return Ok(CommandOutcome::Done);
    }
    let rows = rows(site, bench)?;
    console::print_note(&format!(
        "{} rows of {} certificates; other programs on this machine make them slower",
        rows.len(),
        rows.first().map_or(0, |row| row.count)
    ));
    let mut measured = Vec::new();
    let bar = console::progress_bar(rows.len());
    for row in &rows {
        let result = measure_apart(site, row)?;
        if bench.json {
            bar.suspend(|| console::print_json(&result));
        }
        measured.push(result);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !bench.json {
        console::print_result(&table(&measured));
    }
    Ok(CommandOutcome::Done)
}

/// The rows that the arguments ask for.
fn rows(site: &SiteArguments, bench: &Bench) -> Result<Vec<Row>, Failure> {
    let layouts = match bench.layout.as_str() {
        "all" => {
            let site = context::open_site(site)?;
            site.layouts().into_iter().map(str::to_owned).collect()
        }
        layout => vec![layout.to_owned()],
    };
    let names = match bench.names {
        Some(names) => vec![names],
        None if bench.short => vec![NameSet::Latin],
        None => vec![NameSet::Latin, NameSet::Mixed],
    };
    let threads = match bench.threads.as_slice() {
        [] if bench.short => vec![1],
        [] => vec![1, 2],
        threads => threads.to_vec(),
    };
    let mut goals = vec![Goal::Memory, Goal::Folder];
    goals.extend(bench.store.as_ref().map(|_| Goal::Store));
    let count = if bench.short { SHORT_COUNT } else { bench.count };
    let mut rows = Vec::new();
    for layout in &layouts {
        for names in &names {
            for threads in &threads {
                for goal in &goals {
                    rows.push(Row {
                        goal: *goal,
                        layout: layout.clone(),
                        names: *names,
                        threads: *threads,
                        count,
                        folder: bench.folder.clone(),
                        store: bench.store.clone().filter(|_| *goal == Goal::Store),
                    });
                }
            }
        }
    }
    Ok(rows)
}

/// Measures a row in a process of its own.
fn measure_apart(site: &SiteArguments, row: &Row) -> Result<Value, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("failed to run a row of the benchmark ({error})"))
    };
    let program = std::env::current_exe().map_err(|error| failed(&error))?;
    let mut command = Command::new(program);
    let arguments = [("--site", &site.folder), ("--fonts", &site.fonts)];
    for (argument, value) in arguments {
        if let Some(value) = value {
            command.arg(argument).arg(value);
        }
    }
    command.args(["bench", "--row", &row.to_json().to_string()]);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let output = command.output().map_err(|error| failed(&error))?;
    if !output.status.success() {
        let _ = std::io::stderr().write_all(&output.stderr);
        return Err(Failure::new(format!("failed to measure {row}")));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(&error))
}

/// The rows as a table for people, which Markdown reads too.
fn table(rows: &[Value]) -> String {
    const COLUMNS: [(&str, &str, usize); 11] = [
        ("until", "until", 0),
        ("layout", "layout", 0),
        ("names", "names", 0),
        ("threads", "threads", 0),
        ("a second", "per_second", 1),
        ("CPU ms", "cpu_ms", 2),
        ("first ms", "first_ms", 0),
        ("bytes", "bytes", 0),
        ("files", "files", 1),
        ("syncs", "syncs", 2),
        ("peak MB", "peak_mb", 0),
    ];
    let cell = |row: &Value, key: &str, digits: usize| match &row[key] {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            format!("{:.digits$}", number.as_f64().unwrap_or_default())
        }
        other => other.to_string(),
    };
    let head = COLUMNS.map(|(title, _, _)| title.to_owned());
    let body =
        rows.iter().map(|row| COLUMNS.map(|(_, key, digits)| cell(row, key, digits)));
    let lines: Vec<[String; 11]> = std::iter::once(head).chain(body).collect();
    let widths: Vec<usize> = (0..COLUMNS.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for ((cell, width), column) in line.iter().zip(&widths).zip(0..) {
            // The first columns are words, the others numbers.
            let padded = if column < 3 {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            };
            text.push_str(&format!("| {padded} "));
        }
        text.push_str("|\n");
        if number == 0 {
            for (width, column) in widths.iter().zip(0..) {
                let dashes = "-".repeat(width.saturating_sub(usize::from(column >= 3)));
                text.push_str(&format!(
                    "| {dashes}{} ",
                    if column < 3 { "" } else { ":" }
                ));
            }
            text.push_str("|\n");
        }
    }
    text.trim_end().to_owned()
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", json!(self.to_json()))
    }
}
