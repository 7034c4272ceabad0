//! A layout's sample: the course and the request in its `sample.yaml`, for previews, tests and
//! benches.
//!
//! The file is a course file with one course and a top-level key `request`, whose keys are named
//! like the program's arguments.

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::lang::Tag;
use crate::base::yaml::{Document, Faults, Node};
use crate::site::course::{Course, Courses};
use crate::site::date_of_issue;
use crate::site::files::Site;
use crate::site::gender::Gender;
use crate::site::request::Request;

/// Sample names in nine scripts and both directions, from the tests of `edx-certificates`.
pub(crate) const SAMPLE_NAMES: [&str; 10] = [
    "Guido van Rossum",
    "김헌영",
    "Dimitrios I. Toufekoulas (Δημήτριος Ι. Τουφεκούλας)",
    "NGUYỄN QUANG KHẢI",
    "Võ Văn Hồng Ngọc",
    "Ya-Shen Chuang (莊雅善)",
    "سيف رمضان ريان",
    "Αλέξανδρος Χαλικιόπουλος",
    "Илья Александрович Лахин",
    "Adam Palay (חיים פּלי)",
];

/// The names that strain a layout: a single letter, and ninety letters.
pub(crate) const EXTREME_NAMES: [&str; 2] = [
    "Ó",
    "Wolfeschlegelsteinhausenbergerdorff Maximiliana Konstantinopolitanska von Hohenzollern-Sig",
];

/// The file in a layout's folder.
const SAMPLE_FILE: &str = "sample.yaml";
const REQUEST: &str = "request";
/// The keys of `request`.
const REQUEST_KEYS: [&str; 7] =
    ["name", "language", "grade", "designation", "gender", "issued", "extra"];

/// Whether a file of a site is the sample of a layout.
pub(crate) fn is_sample_file(name: &str) -> bool {
    let layout = name.strip_prefix("layouts/").and_then(|it| it.split_once('/'));
    layout.is_some_and(|(_, file)| file == SAMPLE_FILE)
}

/// Reads the sample of a layout.
///
/// # Errors
/// [`ErrorKind::MissingFile`]: the layout has no sample. All errors in the file, each with its
/// place.
pub(crate) fn sample(site: &Site, layout: &str) -> Result<(Course, Request)> {
    let file = format!("layouts/{layout}/{SAMPLE_FILE}");
    let Some(bytes) = site.read(&file)? else {
        return Err(Error::new(
            ErrorKind::MissingFile,
            format!("the layout `{layout}` has no `sample.yaml`"),
        )
        .with_help("write one: a course as in `courses.yaml`, and a key `request`"));
    };
    let courses = Courses::parse_ignoring(&file, &bytes, &[REQUEST])?;
    let Some(course) = courses.iter().next() else {
        return Err(Error::new(ErrorKind::MissingField, "the sample has no course")
            .at(Place::file(file)));
    };
    let mut course = course.clone();
    course.layout = layout.to_owned();

    let mut faults = Faults::default();
    let request = Document::parse(&file, &bytes, &mut faults).and_then(|document| {
        let root = document.root();
        let mut entries = faults.keep(root.entries())?;
        let Some((_, node)) = entries.find(|(key, _)| key.text() == REQUEST) else {
            faults
                .push(root.fault(ErrorKind::MissingField, "the sample has no `request`"));
            return None;
        };
        read_request(&course.id, node, &mut faults)
    });
    faults.finish()?;
    match request {
        Some(request) => Ok((course, request)),
        None => Err(Error::new(ErrorKind::Syntax, "the sample cannot be read")
            .at(Place::file(file))),
    }
}

fn read_request(course: &str, node: Node<'_>, faults: &mut Faults) -> Option<Request> {
    let fields = node.fields(&REQUEST_KEYS, faults)?;
    let name = fields.required("name", faults)?;
    let text = faults.keep(name.text())?;
    let mut request =
        faults.keep(Request::new(course, text).map_err(|error| name.wrap(error)))?;
    if let Some(node) = fields.get("language") {
        let tag = Tag::parse(faults.keep(node.text())?);
        request = request.with_language(faults.keep(tag.map_err(|e| node.wrap(e)))?);
    }
    if let Some(node) = fields.get("issued") {
        let date = Date::parse(faults.keep(node.text())?);
        let date = date.and_then(|date| date_of_issue::check(date).map(|()| date));
        request = request.with_issued(faults.keep(date.map_err(|e| node.wrap(e)))?);
    }
    if let Some(node) = fields.get("grade") {
        request = request.with_grade(faults.keep(node.text())?);
    }
    if let Some(node) = fields.get("designation") {
        request = request.with_designation(faults.keep(node.text())?);
    }
    if let Some(node) = fields.get("gender") {
        let gender = Gender::parse(faults.keep(node.text())?);
        request = request.with_gender(faults.keep(gender.map_err(|e| node.wrap(e)))?);
    }
    if let Some(node) = fields.get("extra") {
        for (key, value) in faults.keep(node.entries())? {
            request = request.with_extra(key.text(), faults.keep(value.json())?);
        }
    }
    Some(request)
}
