//! Which layout succeeds the renderer of an old course, and what lies under it.

use super::course_reader::{CourseReader, CourseSink};
use super::layouts::Form;
use super::python::Value;
use super::report::Report;
use super::templates::{Choice, CourseName, PREFIX};
use super::yaml::Yaml;

/// The renderer of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Version {
    /// One of the old program's, which a layout succeeds.
    Known { layout: &'static str },
    /// The drawing instructions of one large fork.
    Programmatic,
    /// One of another fork's.
    Other,
}

/// From which layout a course's is made, and the templates that messages choose from.
#[derive(Debug)]
pub(super) struct CourseForm {
    pub(super) base: &'static str,
    pub(super) form: Form,
    pub(super) templates: Vec<String>,
}

impl CourseReader<'_> {
    pub(super) fn version(&mut self, report: &mut Report) -> (String, Version) {
        let Some(node) = self.take("VERSION") else {
            return ("1".to_owned(), Version::Known { layout: "honor" });
        };
        let at = self.at.line(node.line);
        let printed = node.printed();
        let name = match &node.value {
            Value::Float(number) if *number == 1.0 || *number == 2.0 => {
                format!("{number:.0}")
            }
            _ => printed.clone(),
        };
        let layout = match name.as_str() {
            "1" => "honor",
            "2" => "verified",
            "MIT_PE" => "professional",
            "stanford" => "statement",
            "stanford_cme" => "credit",
            "3_dynamic" => "dynamic",
            "4_programmatic" => {
                report.person(
                    at,
                    "VERSION",
                    "4_programmatic, a fork's: drawn by layout `dynamic`; what the fork drew by its \
                     own instructions is kept in `legacy`, draw it as a layout",
                );
                return (name, Version::Programmatic);
            }
            _ => {
                let how = format!(
                    "`{name}` is a renderer of a fork, whose code drew the page: layout `classic` \
                     stands for it, and over a template slots, which the studio moves; set `layout` once \
                     there is one like it"
                );
                report.person(at, "VERSION", how);
                return (name, Version::Other);
            }
        };
        if matches!(node.value, Value::Int(_)) || !matches!(name.as_str(), "1" | "2") {
            report.taken(at, "VERSION", format!("{name}: layout `{layout}`"));
        } else {
            let quote = if matches!(node.value, Value::Text(_)) { "'" } else { "" };
            let how = format!(
                "{quote}{printed}{quote} was no whole number, which the old program refused: taken as \
                 {name}, layout `{layout}`"
            );
            report.translated(at, "VERSION", how);
        }
        (name, Version::Known { layout })
    }

    /// The layout of the course, with its template under it.
    pub(super) fn layout(
        &mut self,
        base: &'static str,
        version: &str,
        names: (&CourseName, &CourseName),
        entry: &mut Vec<(String, Yaml)>,
        sink: &mut CourseSink<'_>,
    ) -> CourseForm {
        let at = self.at;
        let is_unverified = self.is_unverified(base, sink.report);
        let choice = self.choice(version, names, sink);
        let form = |over_template| Form { over_template, is_unverified };
        let made = |over_template, templates| CourseForm {
            base,
            form: form(over_template),
            templates,
        };
        let plain = |entry: &mut Vec<(String, Yaml)>, sink: &mut CourseSink<'_>| {
            let name = sink.layouts.name(base, form(false));
            entry.push(("layout".to_owned(), Yaml::text(name)));
            made(false, Vec::new())
        };
        let Some(templates) = sink.templates.as_deref_mut() else {
            return plain(entry, sink);
        };
        let (default, others) = match choice {
            Choice::Unneeded => return plain(entry, sink),
            Choice::Fixed(name) => (name, Vec::new()),
            Choice::ByMessage { default, in_place_of, others } => {
                if let Some(missing) = in_place_of {
                    let how = "missing: the template that messages name, after the key of the course, \
                               is there, and taken where none is named too";
                    sink.report.translated(at, missing, how);
                }
                (default, others)
            }
        };
        let has_default = templates.has(version, &default);
        if !has_default {
            let how = if others.is_empty() {
                "a template that the installation never had: the layout stands alone"
            } else {
                "a template that is missing, unlike others of the course: the layout stands alone \
                 unless a message names another"
            };
            sink.report.person(at, &default, how);
        }
        if others.is_empty() {
            let image = has_default
                .then(|| templates.image(version, &default, sink.site, sink.report))
                .flatten();
            let Some(image) = image else { return plain(entry, sink) };
            let name = sink.layouts.name(base, form(true));
            entry.push(("layout".to_owned(), Yaml::text(name)));
            let theme = vec![("background".to_owned(), Yaml::text(image))];
            entry.push(("theme".to_owned(), Yaml::Map(theme)));
            sink.report.taken(at, "the template", "`theme.background`");
            return made(true, Vec::new());
        }
        // Messages choose among several: each is a layout.
        let mut map = Vec::new();
        let own = |name: &str, sink: &mut CourseSink<'_>| {
            let templates = sink.templates.as_deref_mut()?;
            templates.note_used(version, name);
            match templates.read(version, name) {
                Ok(pdf) => {
                    let stem = name.strip_prefix(PREFIX).unwrap_or(name);
                    let stem = stem.strip_suffix(".pdf").unwrap_or(stem);
                    Some(sink.layouts.own(stem, base, form(true), pdf))
                }
                Err(why) => {
                    sink.report.unread(at, name, why);
                    None
                }
            }
        };
        let default_layout = has_default.then(|| own(&default, sink)).flatten();
        let default_layout =
            default_layout.unwrap_or_else(|| sink.layouts.name(base, form(false)));
        map.push((default, Yaml::text(&default_layout)));
        for name in others {
            if let Some(layout) = own(&name, sink) {
                map.push((name, Yaml::text(layout)));
            }
        }
        entry.push(("layout".to_owned(), Yaml::text(default_layout)));
        let how = format!(
            "{} that messages choose from by `template_pdf`, each a layout (`templates`)",
            map.len()
        );
        sink.report.translated(at, "the templates", how);
        let names = map.iter().map(|(name, _)| name.clone()).collect();
        entry.push(("templates".to_owned(), Yaml::Map(map)));
        made(true, names)
    }

    /// Whether the page bears no verify line. Only two renderers ever asked.
    fn is_unverified(&mut self, base: &str, report: &mut Report) -> bool {
        let Some(node) = self.take("VERIFY") else { return false };
        let at = self.at.line(node.line);
        let is_asked = ["statement", "dynamic"].contains(&base);
        match (is_asked, node.is_true()) {
            (true, false) => {
                report.translated(
                    at,
                    "VERIFY",
                    "false: a layout without verify line and QR code; the certificate has a verify \
                     page all the same",
                );
                true
            }
            (true, true) => false,
            (false, _) => {
                report.dropped(at, "VERIFY", "this renderer never read it");
                false
            }
        }
    }

    fn choice(
        &mut self,
        version: &str,
        (own, by_key): (&CourseName, &CourseName),
        sink: &mut CourseSink<'_>,
    ) -> Choice {
        let Some(templates) = sink.templates.as_deref() else { return Choice::Unneeded };
        let Some(node) = self.take("TEMPLATEFILE") else {
            return templates.choose(version, None, own, by_key);
        };
        let at = self.at.line(node.line);
        if !node.is_true() {
            sink.report.taken(at, "TEMPLATEFILE", "none: the layout stands alone");
            return Choice::Unneeded;
        }
        let name = node.printed();
        if name.contains(['/', '\\']) || name.starts_with('.') {
            let how =
                format!("`{name}` leads out of the folder of templates: not followed");
            sink.report.person(at, "TEMPLATEFILE", how);
            return Choice::Unneeded;
        }
        templates.choose(version, Some(&name), own, by_key)
    }
}
