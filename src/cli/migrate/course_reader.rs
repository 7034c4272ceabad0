//! One old course as it is read, and the targets of its translation.

use std::rc::Rc;

use super::layouts::Layouts;
use super::new_site::NewSite;
use super::old_files::OldFolder;
use super::old_text::plain_text;
use super::python::Node;
use super::report::{At, Report};
use super::templates::Templates;

/// What all courses of an installation share.
#[derive(Debug, Default)]
pub(super) struct SiteValues {
    /// DEFAULT_ORG, or what the old program printed without it.
    pub(super) default_org: Option<String>,
    /// The disclaimer: its words, or `site` if the layout's locale has it.
    pub(super) disclaimer: Option<String>,
    /// The language of courses that name none.
    pub(super) language: String,
}

/// What the translation of courses writes to.
pub(super) struct CourseSink<'a> {
    pub(super) templates: Option<&'a mut Templates>,
    pub(super) layouts: &'a mut Layouts,
    pub(super) site: &'a mut NewSite,
    pub(super) report: &'a mut Report,
    /// The folder `template_data`.
    pub(super) data: Option<&'a OldFolder>,
}

/// One old course, and which of its keys are understood.
#[derive(Debug)]
pub(super) struct CourseReader<'a> {
    pub(super) node: &'a Node,
    pub(super) at: At<'a>,
    pub(super) used: Vec<String>,
}

impl<'a> CourseReader<'a> {
    /// The value of a key, which is understood from now on.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a Rc<Node>> {
        let node = self.node.get(key)?;
        self.used.push(key.to_owned());
        Some(node)
    }

    /// A text that is printed: its words, or `None` if it is missing or blank.
    pub(super) fn text(&mut self, key: &str, report: &mut Report) -> Option<String> {
        const TARGETS: [(&str, &str); 7] = [
            ("COURSE", "the number of the course"),
            ("ORG", "`organization.short`"),
            ("LONG_COURSE", "`title`"),
            ("LONG_ORG", "`organization.name`"),
            ("COURSE_ASSOCIATION_TEXT", "`extra.kind`"),
            ("CREDITS", "`extra.credits`"),
            ("CERTS_ARE_CALLED", "`extra.called`"),
        ];
        let node = self.take(key)?;
        let text = plain_text(node, key, self.at, report)?;
        if let Some((_, target)) = TARGETS.iter().find(|(it, _)| *it == key) {
            report.taken(self.at.line(node.line), key, *target);
        }
        Some(text)
    }
}
