//! The README: its commands, settings and links.
//!
//! Commands run in the order in which they stand, those of one block in one folder. Rust blocks are
//! doctests of the library (`Readme` in `lib.rs`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testamur::site::Settings;

use crate::issuing::setup::files;
use crate::scans::pen::Signature;
use crate::scans::photo::Photo;
use crate::workdir::{Run, Workdir};

const README: &str = include_str!("../../README.md");

/// Commands that no test runs, with the reason.
const NOT_RUN: [(&str, &str); 1] =
    [("tests/run", "it runs the tests, this one included")];

/// A fenced block of code.
struct Block {
    language: &'static str,
    text: String,
}

#[test]
fn commands_do_what_they_say() {
    let blocks = blocks();
    let mut count = 0;
    for block in blocks.iter().filter(|block| block.language == "sh") {
        let workdir = Workdir::new();
        let mut folder = workdir.path(".");
        for line in block.text.lines() {
            let words = words(line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words[..] {
                _ if NOT_RUN.iter().any(|(command, _)| *command == line) => {
                    assert!(root().join(line).is_file(), "no file `{line}`");
                }
                ["cd", name] => folder = folder.join(name),
                ["testamur", ref arguments @ ..]
                | ["cargo", "run", "--release", "--locked", "--", ref arguments @ ..] => {
                    run(&workdir, &folder, line, arguments);
                    count += 1;
                }
                _ => panic!("neither run nor listed in `NOT_RUN`: {line}"),
            }
        }
    }
    assert!(count > 15, "{count} commands");
}

#[test]
fn settings_are_accepted() {
    let blocks = blocks();
    let blocks: Vec<_> = blocks.iter().filter(|it| it.language == "yaml").collect();
    assert!(blocks.len() > 1, "{} blocks", blocks.len());
    for block in blocks {
        if let Err(error) = Settings::parse(block.text.as_bytes()) {
            panic!("{error:#}\n{}", block.text);
        }
    }
}

#[test]
fn dependency_lines_name_this_version_and_features_that_exist() {
    let manifest = include_str!("../../Cargo.toml");
    let blocks = blocks();
    let lines = blocks
        .iter()
        .filter(|block| block.language == "toml")
        .flat_map(|block| block.text.lines());
    let mut count = 0;
    for line in lines.filter(|line| line.starts_with("testamur = ")) {
        let version = line.split('"').nth(1).unwrap();
        assert!(manifest.contains(&format!("version = \"{version}.")), "{line}");
        let features = line.split_once("features = [").unwrap().1.split('"');
        for feature in features.skip(1).step_by(2) {
            assert!(manifest.contains(&format!("\n{feature} = [")), "{feature}: {line}");
        }
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn each_block_is_run_by_a_test() {
    for block in blocks() {
        assert!(
            ["rust", "sh", "toml", "yaml"].contains(&block.language),
            "{}",
            block.text
        );
    }
}

#[test]
fn links_lead_to_files() {
    let targets: Vec<&str> = README
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
        .filter(|target| !target.contains("://"))
        .collect();
    assert!(targets.len() > 20, "{targets:?}");
    for target in targets {
        assert!(root().join(target).exists(), "no `{target}`");
    }
}

/// Runs a command of the README, with the files that it names and the certificate's id for `ID`.
fn run(workdir: &Workdir, folder: &Path, line: &str, arguments: &[&str]) {
    provide_files(folder, arguments);
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| match *argument {
            "ID" => first_id(workdir, folder),
            argument => argument.to_owned(),
        })
        .collect();
    let mut command = workdir.command();
    command.current_dir(folder).args(&arguments);
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{line}\n{}", run.stderr);
    // A file that an option names is written, and so is that of `signature`.
    for option in ["-o", "--report"] {
        let written = arguments.iter().skip_while(|it| *it != option).nth(1);
        if let Some(written) = written {
            assert!(folder.join(written).exists(), "{line}: no `{written}`");
        }
    }
    if arguments[0] == "signature" {
        for file in ["photo.ink.png", "photo.ink.compared.png"] {
            assert!(folder.join(file).is_file(), "{line}");
        }
    }
}

/// Writes the files that a reader of the README has.
fn provide_files(folder: &Path, arguments: &[&str]) {
    for argument in arguments {
        let bytes = match *argument {
            "recipients.csv" => b"name,username\nGrace Hopper,grace\n".to_vec(),
            "pass.txt" => b"correct horse battery staple\n".to_vec(),
            "photo.jpg" => {
                Photo::of(&Signature::flourished(), (1200, 700)).jpeg(85).take()
            }
            "certificate.pdf" => {
                let public = files(&folder.join("public"));
                let is_pdf = |(path, _): &(String, _)| path.ends_with("/Certificate.pdf");
                public.into_iter().find(is_pdf).expect("a published PDF").1
            }
            _ => continue,
        };
        fs::write(folder.join(argument), bytes).unwrap();
    }
}

/// The id of the certificate that was issued first.
fn first_id(workdir: &Workdir, folder: &Path) -> String {
    let mut command = workdir.command();
    command.current_dir(folder).args(["list", "--json"]);
    let objects: Vec<Value> = Run::of(command).objects();
    objects[0]["verify_id"].as_str().expect("an id").to_owned()
}

/// The words of a command line as a shell splits it, without its comment.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut is_quoted, mut is_word) = (false, false);
    for c in line.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                if !is_word {
                    words.push(String::new());
                }
                is_word = true;
            }
            ' ' if !is_quoted => is_word = false,
            '#' if !is_quoted && !is_word => break,
            c => {
                if !is_word {
                    words.push(String::new());
                }
                is_word = true;
                words.last_mut().expect("a word").push(c);
            }
        }
    }
    assert!(!is_quoted, "an open quote: {line}");
    words
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in README.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block { language, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block without an end");
    blocks
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
