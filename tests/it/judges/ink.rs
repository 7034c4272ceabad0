//! Borders and rules on screens: PDFium and pdf.js show them no darker than they are drawn.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use testamur::press::DraftOptions;

use super::standards::script;
use super::{brought, day, judge, new_folder, output, press, tool};

/// The ink that is shown, as a share of what is drawn. PDFium and pdf.js draw strokes at least one
/// pixel wide, so that borders of fine strokes have more than twice as much.
const INK: std::ops::RangeInclusive<f64> = 0.9..=1.15;
/// The most bytes of a sample page's content, without compression.
const MAX_CONTENT: usize = 75_000;

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn borders_are_shown_as_dark_as_they_are_drawn() {
    let folder = new_folder();
    let options = DraftOptions::default().with_specimen(false);
    let mut files = Vec::new();
    for layout in press().site().layouts() {
        let draft = press().draft_sample(layout, day(), &options).unwrap();
        let file = folder.path().join(format!("{layout}.pdf"));
        fs::write(&file, draft.bytes).unwrap();
        files.push(file);
    }
    let judged = folder.path().join("render.mjs");
    fs::copy(script("pdfjs/render.mjs"), &judged).unwrap();
    std::os::unix::fs::symlink(
        brought("pdfjs").join("node_modules"),
        folder.path().join("node_modules"),
    )
    .unwrap();
    let printed =
        output(judge("python").arg(script("ink.py")).arg(folder.path()).args(&files));
    assert_eq!(printed.lines().count(), files.len());
    let mut wrong = Vec::new();
    for (file, line) in files.iter().zip(printed.lines()) {
        let name = file.file_stem().unwrap().display();
        let mut found: BTreeMap<String, f64> = serde_json::from_str(line).unwrap();
        assert!(found.remove("drawn").unwrap() > 0.02, "{name} has no ink at its edges");
        assert_eq!(found.len(), 4, "{line}");
        for (viewer, ink) in found {
            if !INK.contains(&ink) {
                wrong.push(format!("{name}: {ink:.2} of what is drawn in {viewer}"));
            }
        }
        let bytes = content(file, folder.path());
        if bytes > MAX_CONTENT {
            wrong.push(format!("{name}: a content of {bytes} bytes"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The number of bytes of the first page's content, without compression.
fn content(file: &Path, folder: &Path) -> usize {
    let plain = folder.join("plain.pdf");
    let options = ["--qdf", "--object-streams=disable"];
    output(tool("qpdf").args(options).arg(file).arg(&plain));
    let bytes = fs::read(&plain).unwrap();
    // Page contents are the streams with marked content; the first page's comes first.
    bytes
        .split(|byte| *byte == b'\n')
        .scan(None, |length: &mut Option<(usize, bool)>, line| {
            let mut done = 0;
            match (line, &mut *length) {
                (b"stream", None) => *length = Some((0, false)),
                (b"endstream", Some((size, true))) => {
                    done = *size;
                    *length = None;
                }
                (b"endstream", Some(_)) => *length = None,
                (_, Some((size, is_page))) => {
                    *size += line.len() + 1;
                    *is_page |= line.ends_with(b"BDC") || line.ends_with(b"BMC");
                }
                (_, None) => {}
            }
            Some(done)
        })
        .find(|size| *size > 0)
        .expect("a page has content")
}
