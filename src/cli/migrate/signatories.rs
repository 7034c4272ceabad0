//! Signatories and badges of the fork that drew pages by instructions of its own (4_programmatic).

use super::course_reader::{CourseReader, CourseSink};
use super::old_text::plain_text;
use super::python::{Node, Value};
use super::yaml::Yaml;

/// Takes the instructors as signatories and the flair as badges.
pub(super) fn translate(
    reader: &mut CourseReader<'_>,
    entry: &mut Vec<(String, Yaml)>,
    sink: &mut CourseSink<'_>,
) {
    if let Some(node) = reader.take("instructors") {
        let people: Vec<Yaml> = parts(node, "instructor")
            .filter_map(|it| signatory(it, reader, sink))
            .collect();
        if !people.is_empty() {
            let at = reader.at.line(node.line);
            sink.report.translated(at, "instructors", "`signatories`, in their order");
            entry.push(("signatories".to_owned(), Yaml::List(people)));
        }
    }
    if let Some(node) = reader.take("flair") {
        let badges: Vec<Yaml> =
            parts(node, "image").filter_map(|it| badge(it, reader, sink)).collect();
        if !badges.is_empty() {
            let at = reader.at.line(node.line);
            let how = "`badges`; write into `alt` what each shows";
            sink.report.person(at, "flair", how);
            entry.push(("badges".to_owned(), Yaml::List(badges)));
        }
    }
}

/// The maps under a key in a list: `- instructor: { … }`.
fn parts<'a>(node: &'a Node, key: &'static str) -> impl Iterator<Item = &'a Node> {
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(move |item| item.get(key).map(|it| &**it))
}

fn signatory(
    node: &Node,
    reader: &CourseReader<'_>,
    sink: &mut CourseSink<'_>,
) -> Option<Yaml> {
    let text = |key: &str, sink: &mut CourseSink<'_>| {
        let value = node.get(key)?;
        plain_text(value, key, reader.at, sink.report)
    };
    // A block without a name is a form for others.
    let name = text("name_string", sink)?;
    let mut entries = vec![("name".to_owned(), Yaml::text(name))];
    let titles = ["title_string", "supplemental_title_string"].map(|key| text(key, sink));
    let title = titles.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if !title.is_empty() {
        entries.push(("title".to_owned(), Yaml::text(title)));
    }
    if let Some(school) = text("school_string", sink) {
        entries.push(("organization".to_owned(), Yaml::text(school)));
    }
    if let Some(file) = node.get("signature_file").map(|it| it.printed())
        && let Some(name) = picture(&file, "signatures", reader, sink)
    {
        entries.push(("signature".to_owned(), Yaml::text(name)));
    }
    Some(Yaml::Map(entries))
}

fn badge(
    node: &Node,
    reader: &CourseReader<'_>,
    sink: &mut CourseSink<'_>,
) -> Option<Yaml> {
    let file = node.get("file")?.printed();
    let name = picture(&file, "images", reader, sink)?;
    let alt =
        name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).replace('_', " ");
    let entries = vec![
        ("image".to_owned(), Yaml::text(&name)),
        ("alt".to_owned(), Yaml::text(alt)),
    ];
    Some(Yaml::Map(entries))
}

/// Copies a picture of `template_data` into a folder of the site. Returns its name there.
fn picture(
    file: &str,
    folder: &str,
    reader: &CourseReader<'_>,
    sink: &mut CourseSink<'_>,
) -> Option<String> {
    let at = reader.at;
    let name =
        file.rsplit('/').next().filter(|it| !it.is_empty() && !it.starts_with('.'))?;
    let read = sink.data.map(|data| data.read(file)).transpose();
    match read {
        Ok(Some(Some(bytes))) => {
            sink.site.add(&format!("{folder}/{name}"), bytes);
            Some(name.to_owned())
        }
        Ok(_) => {
            let how = format!("the installation never had `{file}`");
            sink.report.person(at, "a picture", how);
            None
        }
        Err(why) => {
            sink.report.unread(at, file, why);
            None
        }
    }
}
