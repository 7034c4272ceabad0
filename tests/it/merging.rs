//! PDFs of other programs merged into one for a printer, and read by qpdf, poppler and MuPDF.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use testamur::register::PdfMerger;

use crate::judges::{judge, output};

/// Three pages that inherit all that a page may inherit (ISO 32000-2, table 31): the first from two
/// nodes, the second with a rotation, a box and resources of its own, the third from the root.
const INHERITING: [&str; 9] = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Count 3/Kids[3 0 R 6 0 R]/MediaBox[0 0 400.5 300]/Resources 9 0 R>>",
    "<</Type/Pages/Parent 2 0 R/Count 2/Kids[4 0 R 5 0 R]/Rotate 90/CropBox[9 9 380 290]>>",
    "<</Type/Page/Parent 3 0 R/Contents 7 0 R>>",
    "<</Type/Page/Parent 3 0 R/Contents 7 0 R/Rotate 0/CropBox[0 0 200 200]\
     /Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Courier-Bold>>>>>>>>",
    "<</Type/Page/Parent 2 0 R/Contents 7 0 R/UserUnit 2/TrimBox[5 5 300 200]>>",
    "<</Length 73>>\nstream\n\
     BT /F1 20 Tf 40 50 Td (Words of the page) Tj ET 1 0 0 rg 30 90 50 20 re f\n\
     endstream",
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    "<</Font<</F1 8 0 R>>>>",
];

/// Makes a PDF whose two pages have their boxes, rotation and resources from the page tree.
const MAKE_INHERITING: &str = r#"
import sys, pymupdf
document = pymupdf.open()
for number in range(2):
    page = document.new_page(width=500, height=350)
    page.insert_font(fontname="F0", fontfile=sys.argv[2])
    page.insert_text((40, 60), f"Letterhead {number}", fontname="F0", fontsize=30)
tree = int(document.xref_get_key(document.pdf_catalog(), "Pages")[1].split()[0])
resources = document.xref_get_key(document[0].xref, "Resources")[1]
given = {"MediaBox": "[0 0 500 350]", "CropBox": "[10 20 450 330]", "Rotate": "270"}
for key, value in {**given, "Resources": resources}.items():
    document.xref_set_key(tree, key, value)
    for page in document:
        document.xref_set_key(page.xref, key, "null")
document.save(sys.argv[1], garbage=3, deflate=True, use_objstms=True)
"#;

/// Prints what a viewer and a printer need of each page.
const DESCRIBE: &str = r#"
import sys, hashlib, pymupdf
for page in pymupdf.open(sys.argv[1]):
    boxes = (page.rect, page.mediabox, page.cropbox, page.trimbox, page.rotation)
    print(*boxes, page.get_text().split(), hashlib.sha256(page.get_pixmap().samples).hexdigest())
"#;

#[test]
fn merged_pages_keep_what_they_inherit() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let by_hand = folder.path().join("by-hand.pdf");
    fs::write(&by_hand, pdf(&INHERITING)).unwrap();
    let by_mupdf = folder.path().join("by-mupdf.pdf");
    make_with_mupdf(&by_mupdf);
    // Object streams and encryption with an empty password are qpdf's own.
    let by_qpdf = folder.path().join("by-qpdf.pdf");
    let options = ["--encrypt", "", "owner", "256", "--", "--object-streams=generate"];
    output(Command::new("qpdf").arg(&by_hand).args(options).arg(&by_qpdf));

    let files = [by_hand, by_mupdf, by_qpdf];
    let merged = folder.path().join("merged.pdf");
    fs::write(&merged, merge(&files.each_ref().map(|file| fs::read(file).unwrap())))
        .unwrap();
    let check = output(Command::new("qpdf").arg("--check").arg(&merged));
    assert!(check.contains("No syntax or stream encoding errors"), "{check}");
    let expected: String = files.iter().map(|file| described(file)).collect();
    assert_eq!(expected.lines().count(), 8);
    for words in ["Rect(0.0, 0.0, 281.0, 371.0)", "90 ['Words',", "270 ['Letterhead',"] {
        assert!(expected.contains(words), "{words}: {expected}");
    }
    assert_eq!(described(&merged), expected);
    // Poppler reads the same sizes, rotations and texts, and draws the same pictures.
    let seen: Vec<Vec<u8>> = files.iter().flat_map(|file| rasters(file)).collect();
    assert!(seen.len() == 8 && rasters(&merged) == seen);
    let read = |file: &Path| output(Command::new("pdftotext").arg(file).arg("-"));
    assert_eq!(read(&merged), files.iter().map(|file| read(file)).collect::<String>());
}

#[test]
fn equal_fonts_of_documents_are_written_once() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("letter.pdf");
    make_with_mupdf(&file);
    let letter = fs::read(&file).unwrap();
    let once = merge(std::slice::from_ref(&letter)).len();
    let often = merge(&vec![letter; 10]).len();
    assert!(once > 20_000, "the font is not embedded: {once} bytes");
    assert!(often < once * 2, "{once} bytes became {often}");
}

fn merge(files: &[Vec<u8>]) -> Vec<u8> {
    let mut merged = Vec::new();
    let mut merger = PdfMerger::new(&mut merged).unwrap();
    for file in files {
        merger.add(file).unwrap();
    }
    merger.finish().unwrap();
    merged
}

/// Writes a file of objects that are numbered from 1, the first being the catalog.
fn pdf(objects: &[&str]) -> String {
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        writeln!(file, "{} 0 obj\n{object}\nendobj", index + 1).unwrap();
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file + &table
        + &format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n")
}

fn make_with_mupdf(file: &Path) {
    let font =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts/cinzel/Cinzel-Regular.ttf");
    output(judge("python").args(["-c", MAKE_INHERITING]).arg(file).arg(font));
}

fn described(file: &Path) -> String {
    output(judge("python").args(["-c", DESCRIBE]).arg(file))
}

/// The pages as pictures, in order.
fn rasters(file: &Path) -> Vec<Vec<u8>> {
    let folder = TempDir::new().unwrap();
    let stem = folder.path().join("page");
    output(Command::new("pdftoppm").args(["-cropbox", "-r", "50"]).arg(file).arg(stem));
    let mut files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}
