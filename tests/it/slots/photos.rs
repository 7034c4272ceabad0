//! Pictures that requests give: the photo of a recipient stands in its slot, upright, with what it
//! shows, and no request reaches another file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::{ImageEncoder as _, Rgb, RgbImage};
use testamur::press::{Draft, DraftOptions, Format, Press};
use testamur::site::{Request, Site};
use testamur::{Error, ErrorKind, Tag};

use super::{LAYOUT, day};
use crate::judges::output;
use crate::room::first;
use crate::workdir::Workdir;

/// The slots of [`LAYOUT`] with one for a photo.
pub(crate) fn layout() -> String {
    format!(
        "{LAYOUT}  photo: {{ x: 262, y: 40, width: 24, height: 32, field: photo, alt: {{ en: Photo of \
         the holder, de: Lichtbild }} }}\n"
    )
}

/// A photo from a phone that was held sideways: red above, blue below once it is upright, with a place
/// in its Exif data.
pub(crate) fn photo() -> Vec<u8> {
    let image = RgbImage::from_fn(800, 600, |x, _| {
        Rgb(if x < 400 { [200, 30, 30] } else { [20, 40, 160] })
    });
    let mut jpeg = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut jpeg);
    // A TIFF header and one directory with one entry: tag 0x0112, SHORT, «rotate by 90 degrees».
    let mut exif =
        b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend(b"secret garden");
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(&image, 800, 600, image::ExtendedColorType::Rgb8).unwrap();
    jpeg
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|it| if it.is_dir() { files(&it) } else { vec![it] }).collect()
}

fn site(layout: &str) -> Site {
    super::site(layout).with_file("photos/ada.jpg", photo())
}

fn draft(site: Site, photo: Option<serde_json::Value>) -> Result<Draft, Error> {
    draft_as(site, photo, Format::Pdf)
}

fn draft_as(
    site: Site,
    photo: Option<serde_json::Value>,
    format: Format,
) -> Result<Draft, Error> {
    let mut request = Request::new("c", "Ada Lovelace").unwrap();
    if let Some(photo) = photo {
        request = request.with_extra("photo", photo);
    }
    let options = DraftOptions::default().with_format(format);
    Press::new(site)?.draft_with(&request, day(), &options)
}

#[test]
fn photo_stands_upright_in_its_slot_and_tells_nothing_else() {
    let made = draft(site(&layout()), Some("ada.jpg".into()));
    let made = made.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(made.claims.len(), 2, "it keeps PDF/A and PDF/UA");
    let warnings: Vec<_> = made.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, [""; 0], "the field is read");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.pdf");
    fs::write(&file, &made.bytes).unwrap();
    let images = output(Command::new("pdfimages").arg("-list").arg(&file));
    // 24 × 32 mm at 300 dots per inch.
    assert!(
        images.lines().any(|line| line.contains(" 284 ") && line.contains("378")),
        "{images}"
    );
    output(Command::new("pdfimages").arg("-j").arg(&file).arg(folder.path().join("p")));
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()).collect();
    let jpeg = names.iter().find(|it| it.extension().is_some_and(|it| it == "jpg"));
    let jpeg = fs::read(jpeg.unwrap_or_else(|| panic!("{names:?}"))).unwrap();
    assert!(
        !jpeg.windows(6).any(|part| part == b"secret"),
        "the Exif data are published"
    );
    let seen = image::load_from_memory(&jpeg).unwrap().to_rgb8();
    assert!(seen.get_pixel(140, 60)[0] > 150 && seen.get_pixel(140, 300)[2] > 120);

    let sheet = draft_as(site(&layout()), Some("ada.jpg".into()), Format::Sheet).unwrap();
    let sheet: serde_json::Value = serde_json::from_slice(&sheet.bytes).unwrap();
    assert_eq!(sheet["photos"]["photo"]["alt"], "Photo of the holder");
    // Where the page is drawn: its middle, seen by pixels.
    let png = draft_as(
        site(&layout()),
        Some("ada.jpg".into()),
        Format::Png { pixels_per_inch: 72.0 },
    )
    .unwrap();
    let png = image::load_from_memory(&png.bytes).unwrap().to_rgb8();
    let at = |x: f64, y: f64| {
        let scale = f64::from(png.width()) / 297.0;
        *png.get_pixel((x * scale) as u32, (y * scale) as u32)
    };
    assert!(at(274.0, 48.0)[0] > 150 && at(274.0, 48.0)[2] < 90);
    assert!(at(274.0, 66.0)[2] > 120 && at(274.0, 66.0)[0] < 90);
}

#[test]
fn page_without_a_photo_is_empty_there_unless_the_layout_needs_it() {
    let made = draft(site(&layout()), None).unwrap_or_else(|error| panic!("{error:#}"));
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    let error = draft(site(&format!("fields: [photo]\n{}", layout())), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingField, "{error:#}");
}

#[test]
fn request_reaches_no_file_but_those_of_the_folder() {
    for value in [
        "../keys/root.key",
        "/etc/passwd",
        "sub/ada.jpg",
        "..",
        ".ada.jpg",
        "c:ada.jpg",
        "sub\\ada.jpg",
        "https://evil.example/ada.jpg",
        "data:image/png;base64,AAAA",
    ] {
        let error = draft(site(&layout()), Some(value.into())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{value}: {error:#}");
    }
    for value in [serde_json::json!(7), serde_json::json!({ "a": 1 })] {
        let error = draft(site(&layout()), Some(value)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error:#}");
    }
    let error = draft(site(&layout()), Some("grace.jpg".into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingFile, "{error:#}");
    assert!(
        !format!("{error:#}").contains("ada.jpg"),
        "it names the photo of another recipient"
    );
}

#[test]
fn file_that_is_no_photo_is_refused() {
    let huge = super::png(33_000, 60);
    for (bytes, kind) in [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>".to_vec(),
            ErrorKind::Image,
        ),
        (b"%PDF-1.7".to_vec(), ErrorKind::Image),
        (b"MZ".to_vec(), ErrorKind::Image),
        (photo()[..400].to_vec(), ErrorKind::Image),
        (huge, ErrorKind::TooLarge),
    ] {
        let site = site(&layout()).with_file("photos/ada.jpg", bytes);
        let error = draft(site, Some("ada.jpg".into())).unwrap_err();
        assert_eq!(error.kind(), kind, "{error:#}");
    }
    let workdir = Workdir::new();
    workdir.write("s/photos/ada.jpg", vec![0xff; (24 << 20) + 1]);
    let on_disk = Site::open(&workdir.path("s")).unwrap().with_sample_pictures();
    let on_disk = on_disk
        .with_file("courses.yaml", super::COURSES)
        .with_file("layouts/own/layout.yaml", layout());
    let error = draft(on_disk, Some("ada.jpg".into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:#}");
}

#[test]
fn photo_of_few_pixels_is_warned_of_and_a_slot_says_what_it_shows() {
    let small = super::png(60, 80);
    let site = |layout: &str| site(layout).with_file("photos/ada.png", small.clone());
    let made = draft(site(&layout()), Some("ada.png".into())).unwrap();
    let warned = made.warnings.iter().any(|it| it.message.contains("64 dots per inch"));
    assert!(warned, "{:?}", made.warnings);
    for alt in ["''", "~", "{}"] {
        let (before, _) = layout()
            .rsplit_once("alt:")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        let error = draft(site(&format!("{before}alt: {alt} }}\n")), None).unwrap_err();
        assert!(error.place().is_some(), "{error:#}");
    }
}

#[test]
fn column_names_the_photo_and_an_erasure_removes_it() {
    let workdir = Workdir::new();
    let run = workdir.run(["new", "s", "--name", "School", "--url", "https://a.example"]);
    assert_eq!(run.code, 0, "{run:?}");
    let id = "COURSE-1";
    workdir.write("s/layouts/pass/layout.yaml", layout());
    for name in ["ada.jpg", "grace.jpg"] {
        workdir.write(&format!("s/photos/{name}"), photo());
    }
    workdir.write(
        "people.csv",
        "Name,Photo\nAda Lovelace,ada.jpg\nGrace Hopper,grace.jpg\nJoan Clarke,\nAlan Turing,../x.jpg\n",
    );
    let issue = [
        "--site",
        "s",
        "issue",
        "-c",
        id,
        "--layout",
        "pass",
        "-f",
        "people.csv",
        "--json",
    ];
    let run = workdir.run(issue);
    assert_eq!(run.code, 1, "one row names no file: {run:?}");
    assert!(run.stderr.contains("people.csv:5"), "{run:?}");
    let made = run.objects();
    assert_eq!(made.iter().filter(|it| it["outcome"] == "issued").count(), 3, "{run:?}");
    // Neither the record nor the page tells of it.
    let public = files(&workdir.path("s/public"));
    for path in public.iter().filter(|it| it.extension().is_some_and(|it| it != "pdf")) {
        let bytes = fs::read(path).unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"ada.jpg"), "{}", path.display());
    }
    // The same list again changes nothing; another photo is another look.
    let again = workdir.run(issue);
    assert!(
        again.objects().iter().filter(|it| it["outcome"] == "unchanged").count() == 3,
        "{again:?}"
    );
    let run =
        workdir.run(["--site", "s", "erase", "--recipient", "Ada Lovelace", "--yes"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("removed: photos/ada.jpg"), "{run:?}");
    assert_eq!(workdir.names("s/photos"), ["grace.jpg"]);
}

#[test]
fn layout_in_typst_draws_the_photo_that_it_declares() {
    let mut layout = Site::new()
        .with_sample_pictures()
        .read("layouts/classic/layout.yaml")
        .unwrap()
        .unwrap()
        .into_owned();
    layout.extend(
        b"photos: { photo: { width: 24, height: 32, alt: Photo of the holder } }\n",
    );
    let classic = Site::new()
        .with_sample_pictures()
        .read("layouts/classic/layout.typ")
        .unwrap()
        .unwrap()
        .into_owned();
    let page = "  show: page-of.with(sheet, background: border(w, h, accent, paper))\n";
    let photo = "  let photo = sheet.at(\"photos\", default: (:)).at(\"photo\", default: none)\n  if photo \
                 != none { place(top + left, dx: 2mm, dy: 40mm, picture(photo, 24mm, 32mm)) }\n";
    let classic = String::from_utf8(classic).unwrap();
    assert!(classic.contains(page));
    let drawn = classic.replace(page, &format!("{page}{photo}"));
    let built_in = Site::new().with_sample_pictures();
    let mut site = site("")
        .with_file("layouts/own/layout.yaml", layout)
        .with_file("layouts/own/layout.typ", drawn);
    for name in built_in.list("layouts/classic") {
        let own = name.replace("layouts/classic", "layouts/own");
        if own.ends_with(".typ") && !own.ends_with("/layout.typ") {
            site =
                site.with_file(own, built_in.read(name).unwrap().unwrap().into_owned());
        }
    }
    let bare = draft(site.clone(), None).unwrap_or_else(|error| panic!("{error:#}"));
    let made =
        draft(site, Some("ada.jpg".into())).unwrap_or_else(|error| panic!("{error:#}"));
    let drawn = |pdf: &[u8]| pdf.windows(9).filter(|part| part == b"DCTDecode").count();
    assert_eq!((drawn(&bare.bytes), drawn(&made.bytes)), (0, 1));
}

/// The layouts of the shelf that have a place for the photo of the holder.
const WITH_PHOTO: [&str; 2] = ["card", "modern"];

/// A course on a layout of the shelf, with a title as long as the layout takes.
fn shelf(layout: &str) -> Site {
    let title =
        first("Introduction to the Strategy of Curling on Long Winter Evenings", 48);
    let courses = format!(
        "c:\n  title: {title}\n  organization: Example University\n  language: en\n  layout: \
         {layout}\n  signatories:\n    - {{ name: Dr. Ada Example, title: Dean, signature: ada.svg }}\n"
    );
    Site::new()
        .with_sample_pictures()
        .with_file("courses.yaml", courses)
        .with_file("photos/ada.jpg", photo())
}

fn shelf_draft(
    site: Site,
    (language, name): (&str, &str),
    photo: Option<&str>,
    format: Format,
) -> Result<Draft, Error> {
    let mut request = Request::new("c", name)?.with_language(Tag::parse(language)?);
    if let Some(photo) = photo {
        request = request.with_extra("photo", photo);
    }
    let options = DraftOptions::default().with_format(format);
    Press::new(site)?.draft_with(&request, day(), &options)
}

#[test]
fn layouts_of_the_shelf_show_the_photo_of_the_holder() {
    let long = ("en", "Maximiliane Freifrau von Seck");
    for layout in WITH_PHOTO {
        let drafted = |person, photo, format| {
            let drafted = shelf_draft(shelf(layout), person, photo, format);
            drafted.unwrap_or_else(|error| panic!("{layout}, {person:?}: {error:#}"))
        };
        for person in [("en", "Ada Lovelace"), ("de", "Jörg Müßig"), long] {
            let bare = drafted(person, None, Format::Pdf);
            let made = drafted(person, Some("ada.jpg"), Format::Pdf);
            let photos =
                |pdf: &[u8]| pdf.windows(9).filter(|part| part == b"DCTDecode").count();
            assert_eq!((photos(&bare.bytes), photos(&made.bytes)), (0, 1), "{layout}");
            assert!(made.warnings.is_empty(), "{layout}: {:?}", made.warnings);
        }
        // Each language of the layout says what it shows.
        let sheet = drafted(("de", "Jörg Müßig"), Some("ada.jpg"), Format::Sheet);
        let sheet: serde_json::Value = serde_json::from_slice(&sheet.bytes).unwrap();
        assert_eq!(sheet["photos"]["photo"]["alt"], "Lichtbild", "{layout}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn photo_of_the_holder_leaves_room_for_every_script() {
    for layout in WITH_PHOTO {
        let press = Press::new(shelf(layout)).unwrap();
        for (language, name) in [
            ("ar", "محمد بن عبد الرحمن"),
            ("ur", "ڈاکٹر سیّدہ نُزہت"),
            ("ja", "渡邉一郎"),
            ("hi", "श्रीमती ज्ञानेश्वरी"),
            ("th", "อภิสิทธิ์ วัฒนพงศ์"),
            ("ta", "டாக்டர் ஸ்ரீநிவாசமூர்த்தி"),
            ("ru", "Ульяна Съёмщикова-Подъячева"),
        ] {
            let request = Request::new("c", name)
                .unwrap()
                .with_language(Tag::parse(language).unwrap())
                .with_extra("photo", "ada.jpg");
            let drafted = press.draft(&request, day());
            let made =
                drafted.unwrap_or_else(|error| panic!("{layout}, {language}: {error:#}"));
            assert!(made.warnings.is_empty(), "{layout}: {:?}", made.warnings);
        }
    }
}
