//! The page in Chromium: its types and its accessibility.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::page::{GALA, choose_file, choose_slot, show_layout, until};
use super::people::{class, workbook};
use super::running::{RunningStudio, school};
use crate::browser::chromium::Chromium;

/// The folder of what checks the page, which `tests/run` fills.
fn node_modules() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("node/node_modules");
    assert!(folder.is_dir(), "no {}: run tests/run", folder.display());
    folder
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn scripts_of_the_page_have_sound_types() {
    let checked = Command::new("node")
        .arg(node_modules().join("typescript/bin/tsc"))
        .arg("--project")
        .arg(root().join("src/studio/page/tsconfig.json"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn accessibility_checker_finds_nothing() {
    let axe =
        std::fs::read_to_string(node_modules().join("axe-core/axe.min.js")).unwrap();
    let workdir = school();
    let studio = RunningStudio::start(&workdir, "school", &[]);
    let empty = RunningStudio::start(&workdir, "empty", &[]);
    workdir.write("class.xlsx", workbook(&class(6)));
    workdir.write("school/layouts/ours/layout.yaml", GALA);
    let mut browser = Chromium::start();
    browser.size(900, 800);
    for scheme in ["light", "dark"] {
        let scheme =
            json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.call("Emulation.setEmulatedMedia", scheme.clone());
        for (address, part) in [
            (empty.address(), ""),
            (studio.address(), "#design"),
            (studio.address(), "#slots"),
            (studio.address(), "#people"),
            (studio.address(), "#register"),
        ] {
            browser.open("about:blank");
            let part_of_page = if part == "#slots" { "#design" } else { part };
            browser.open(&format!("{address}?lang=en{part_of_page}"));
            match part {
                "" => until(&mut browser, "document.querySelector('.start form')"),
                "#design" => {
                    until(&mut browser, "document.querySelector('.spot')");
                    // Every part of it is open.
                    browser.js("document.querySelectorAll('details').forEach(it => { it.open = true; })");
                    until(&mut browser, "document.querySelector('#course-form input')");
                    until(&mut browser, "document.querySelector('#layout-form input')");
                }
                "#slots" => {
                    show_layout(&mut browser, "ours");
                    choose_slot(&mut browser, "recipient");
                }
                "#people" => {
                    until(&mut browser, "document.querySelector('#people-file')");
                    choose_file(
                        &mut browser,
                        "#people-file",
                        &workdir.path("class.xlsx"),
                    );
                    until(&mut browser, "document.querySelector('.rows img')");
                }
                _ => until(
                    &mut browser,
                    "document.querySelector('#found-count')?.textContent",
                ),
            }
            browser.js(&axe);
            let found = browser.js(
                "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', \
                 'wcag22aa', 'best-practice'] }).then(it => it.violations.map(v => \
                 v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ')))",
            );
            assert_eq!(found, json!([]), "{part} {scheme}");
        }
    }
}
