//! Proofs the courses over their templates before the site is written.
//!
//! The old program printed over whatever a template had. Here a page that cannot be read is
//! refused, so each course is drawn with a few names: a page that fails gets black letters, and if it
//! still fails its layout without the template; if it fails with long names alone, the template stays.
//! The report says so. `testamur check` checks the rest of the site.

use std::collections::{BTreeMap, BTreeSet};

use super::course_layout::CourseForm;
use super::courses::OldCourses;
use super::layouts::{Form, Layouts};
use super::report::{At, Report};
use super::yaml::Yaml;
use crate::cli::batch::{self, StopSignal};
use crate::press::Press;
use crate::site::Request;
use crate::site::sample::{EXTREME_NAMES, SAMPLE_NAMES};
use crate::{Date, Error, ErrorClass};

/// The names on the pages: a usual one, and two that are long.
const NAMES: [&str; 3] = [SAMPLE_NAMES[0], SAMPLE_NAMES[2], EXTREME_NAMES[1]];

/// What is wrong with a page.
#[derive(Debug, Clone)]
pub(super) struct PageFault {
    why: String,
    /// The name on it, if the page is right with a usual one.
    long_name: Option<&'static str>,
}

impl PageFault {
    /// Whether the page fails with every name.
    pub(super) fn is_always(&self) -> bool {
        self.long_name.is_none()
    }
}

/// What is wrong with the pages that fail.
pub(super) type PageFaults = BTreeMap<ProofPage, PageFault>;

/// A page that is drawn: a course, and the template that a message names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ProofPage {
    pub(super) course: usize,
    pub(super) template: Option<String>,
}

/// The pages over templates.
pub(super) fn pages(courses: &OldCourses) -> Vec<ProofPage> {
    let mut pages = Vec::new();
    for (course, form) in courses.forms.iter().enumerate() {
        match &form.templates[..] {
            [] if form.form.over_template => {
                pages.push(ProofPage { course, template: None })
            }
            templates => pages.extend(
                templates
                    .iter()
                    .map(|name| ProofPage { course, template: Some(name.clone()) }),
            ),
        }
    }
    pages
}

/// Draws pages, on all cores. Returns what is wrong with those that fail.
pub(super) fn proof(
    press: &Press,
    courses: &OldCourses,
    pages: &[ProofPage],
    today: Date,
) -> PageFaults {
    let draw_with = |page: &ProofPage, name| -> Result<(), Error> {
        let mut request = Request::new(&courses.entries[page.course].0, name)?;
        if let Some(template) = &page.template {
            request = request.with_template(template);
        }
        press.draft(&request, today).map(|_| ())
    };
    let draw = |page: &ProofPage| {
        NAMES
            .iter()
            .try_for_each(|name| draw_with(page, name).map_err(|error| (*name, error)))
    };
    let mut failed = BTreeMap::new();
    let never = StopSignal::default();
    batch::run(pages, batch::COMPUTING_PER_CORE, &never, draw, |index, result| {
        // A page that takes too long on a busy machine is no error of its template.
        if let Err((name, error)) = result
            && matches!(error.kind().class(), ErrorClass::Input | ErrorClass::Site)
        {
            let long_name = Some(name).filter(|name| *name != NAMES[0]);
            let fault = PageFault { why: first_line(&error), long_name };
            failed.insert(pages[index].clone(), fault);
        }
    });
    failed
}

/// The message of an error, without its excerpt and help.
fn first_line(error: &Error) -> String {
    let first = error
        .faults()
        .next()
        .map_or_else(|| error.message().to_owned(), |it| it.message().to_owned());
    first.lines().next().unwrap_or_default().to_owned()
}

/// Gives the courses of these pages black letters.
pub(super) fn blacken(courses: &mut OldCourses, failed: &PageFaults) {
    for page in failed.keys() {
        let (_, Yaml::Map(entry)) = &mut courses.entries[page.course] else { continue };
        let colours =
            ["accent", "ink"].map(|key| (key.to_owned(), Yaml::text("#000000")));
        match entry.iter_mut().find(|(key, _)| key == "theme") {
            Some((_, Yaml::Map(theme))) if !theme.iter().any(|(key, _)| key == "ink") => {
                theme.extend(colours);
            }
            Some(_) => {}
            None => entry.push(("theme".to_owned(), Yaml::Map(colours.to_vec()))),
        }
    }
}

/// Reports the pages that only black letters could be read on, and takes the black away from the
/// courses that have none.
pub(super) fn report_black(
    courses: &mut OldCourses,
    before: &PageFaults,
    after: &PageFaults,
    report: &mut Report,
) {
    let helped: BTreeSet<usize> = before
        .keys()
        .filter(|page| !after.contains_key(page))
        .map(|page| page.course)
        .collect();
    for page in after.keys().filter(|page| !helped.contains(&page.course)) {
        let (_, Yaml::Map(entry)) = &mut courses.entries[page.course] else { continue };
        if let Some((_, Yaml::Map(theme))) =
            entry.iter_mut().find(|(key, _)| key == "theme")
        {
            theme.retain(|(key, _)| !["accent", "ink"].contains(&key.as_str()));
        }
        entry.retain(|(_, value)| *value != Yaml::Map(Vec::new()));
    }
    for page in before.keys().filter(|page| !after.contains_key(page)) {
        let how = "the old grey is too pale on it: letters are black (`theme`)";
        report.translated(at(courses, page), "the template", how);
    }
}

/// Takes the templates away from under the pages that fail, and reports each.
pub(super) fn take_away(
    courses: &mut OldCourses,
    failed: &PageFaults,
    layouts: &mut Layouts,
    report: &mut Report,
) {
    for (page, PageFault { why, long_name }) in failed {
        if long_name.is_some() {
            let what = page.template.as_deref().unwrap_or("the template").to_owned();
            let how = "long names meet what the template draws: a certificate for one is refused until a \
                       person moves the name in the layout, or mends the template; `check` says which";
            report.person(at(courses, page), what, how);
            continue;
        }
        let CourseForm { base, form, .. } = &courses.forms[page.course];
        let plain = layouts.name(base, Form { over_template: false, ..*form });
        let what = page.template.as_deref().unwrap_or("the template").to_owned();
        let how = format!(
            "its page cannot be read ({why}): the layout stands alone; draw it as a layout of your own, \
             or mend the template, which is kept"
        );
        report.person(at(courses, page), what, how);
        let (_, Yaml::Map(entry)) = &mut courses.entries[page.course] else { continue };
        match &page.template {
            Some(name) => {
                let mut old = None;
                if let Some((_, Yaml::Map(templates))) =
                    entry.iter_mut().find(|(key, _)| key == "templates")
                    && let Some((_, layout)) =
                        templates.iter_mut().find(|(key, _)| key == name)
                {
                    old = Some(std::mem::replace(layout, Yaml::text(&plain)));
                }
                // The first template is that of requests that name none.
                if let Some((_, layout)) =
                    entry.iter_mut().find(|(key, _)| key == "layout")
                    && old.as_ref() == Some(layout)
                {
                    *layout = Yaml::text(&plain);
                }
            }
            None => {
                for (key, value) in entry.iter_mut() {
                    match (key.as_str(), value) {
                        ("layout", layout) => *layout = Yaml::text(&plain),
                        ("theme", Yaml::Map(theme)) => theme.clear(),
                        _ => {}
                    }
                }
                entry.retain(|(_, value)| *value != Yaml::Map(Vec::new()));
            }
        }
    }
}

/// Reports the pages that fail in every form.
pub(super) fn report_failed(
    courses: &OldCourses,
    failed: &PageFaults,
    report: &mut Report,
) {
    for (page, PageFault { why, .. }) in failed {
        let how = format!("the page is refused: {why}");
        report.person(at(courses, page), "the course", how);
    }
}

fn at<'a>(courses: &'a OldCourses, page: &ProofPage) -> At<'a> {
    let course = Some(courses.entries[page.course].0.as_str());
    At { file: super::courses::FILE, line: None, course }
}
