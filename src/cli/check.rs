//! `testamur check`: lays out and proofs sample pages of every course in every language, and
//! reports each error and warning once, however many pages have it.

mod keys;
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::press::Press;
use crate::site::Course;
use crate::site::sample::{EXTREME_NAMES, SAMPLE_NAMES};
use crate::{Date, Error, Tag};

use self::pages::{Passed, SamplePage, Subject};
use super::args::{Check, SiteArguments};
use super::batch::{self, StopSignal};
use super::exit::{CommandOutcome, Failure};
use super::{console, context, output};

pub(crate) fn run(
    site: &SiteArguments,
    check: &Check,
) -> Result<CommandOutcome, Failure> {
    let press = Press::new(context::open_site(site)?)?;
    press.warnings().iter().for_each(console::print_warning);
    press.settings().warnings().iter().for_each(console::print_warning);
    context::warn_of_no_address(&press);
    keys::warn(site, check, press.site(), press.settings())?;
    let today = context::today(&press)?;
    let courses: Vec<&Course> = match &check.course {
        Some(id) => vec![press.courses().get(id)?],
        None => press.courses().iter().collect(),
    };
    let mut site_check = SiteCheck {
        press: &press,
        today,
        check,
        passed: 0,
        failed: 0,
        errors: BTreeSet::new(),
        rare_errors: Vec::new(),
        warnings: console::RunWarnings::default(),
        figures: String::new(),
    };
    let used: BTreeSet<&str> =
        courses.iter().flat_map(|course| course.layouts()).collect();
    let unused = press.site().layouts().into_iter().filter(|layout| {
        // A layout of the site's own that no course uses is checked with its own sample data.
        let is_whole_site = check.course.is_none() && check.language.is_none();
        is_whole_site && !used.contains(layout) && press.site().has_own_layout(layout)
    });
    let unused: Vec<&str> = unused.collect();
    let mut subjects = Vec::new();
    for layout in used.iter().copied().chain(unused.iter().copied()) {
        site_check.check_sentences(layout);
        // A layout without a sample, or with an error, is checked by its courses.
        if press.sample(layout).is_ok() {
            subjects.push(Subject::Hard { layout });
        }
    }
    for course in courses {
        let layouts = course.layouts().into_iter();
        subjects.extend(layouts.map(|layout| Subject::Course { course, layout }));
    }
    subjects.extend(unused.into_iter().map(|layout| Subject::Sample { layout }));
    let pages = site_check.pages(&subjects);
    site_check.draw(&pages)?;
    // An error on an English page would occur in both pseudo-languages too, which are made of
    // English.
    if check.language.is_none() && site_check.errors.is_empty() {
        let pages = site_check.pseudo_pages(&subjects);
        site_check.draw(&pages)?;
    }
    if check.course.is_none() && check.language.is_none() {
        site_check.check_keys(site)?;
    }
    site_check.finish()
}

/// The state of a check.
struct SiteCheck<'a> {
    press: &'a Press,
    today: Date,
    check: &'a Check,
    passed: usize,
    failed: usize,
    /// The errors that were reported.
    errors: BTreeSet<String>,
    /// Errors on pages that the site may never have.
    rare_errors: Vec<String>,
    warnings: console::RunWarnings,
    /// The contact sheet's pictures so far, as HTML.
    figures: String,
}

impl SiteCheck<'_> {
    /// Tries the keys that seal: a file may be missing, a token be away, a certificate have ended.
    fn check_keys(&mut self, site: &SiteArguments) -> Result<(), Failure> {
        for fault in keys::faults(site, self.check, self.press.settings())? {
            let text = format!("{fault:#}");
            console::print_message(&format!("{text}\n(the keys)\n"));
            self.errors.insert(text);
        }
        Ok(())
    }

    /// Checks the sentences of a layout in each language, whether or not a page prints them.
    fn check_sentences(&mut self, layout: &str) {
        for language in self.languages(layout) {
            match self.press.inspect(layout, &language) {
                // The first page of the layout reports the same error.
                Err(_) => return,
                Ok(inspection) => {
                    self.warnings.add(&inspection.warnings, language.as_str(), None);
                    if let Some(fault) = inspection.fault {
                        self.report_error(
                            &format!("layout `{layout}`"),
                            &language,
                            fault,
                        );
                    }
                }
            }
        }
    }

    /// The pages of the layouts and courses: long texts on each layout in each language; for each
    /// course, in each language, a page for each extreme name, on every other paper too, and for
    /// other names. The first course of a layout has them all, the next ones have one in turn:
    /// whether a layout can set a name does not depend on the course.
    fn pages<'s>(&self, subjects: &'s [Subject<'s>]) -> Vec<SamplePage<'s>> {
        let mut pages = Vec::new();
        let mut courses_of: BTreeMap<&str, usize> = BTreeMap::new();
        for subject in subjects {
            let layout = subject.layout();
            let languages = self.languages(layout);
            let page = |name, language: &Tag, paper: Option<&str>| SamplePage {
                subject,
                name,
                language: language.clone(),
                paper: paper.map(str::to_owned),
                closely: false,
                is_pseudo: false,
            };
            let names: &[&'static str] = match subject {
                Subject::Hard { .. } => {
                    let hard = languages.iter().map(|language| page("", language, None));
                    pages.extend(hard);
                    continue;
                }
                Subject::Course { .. } => &SAMPLE_NAMES,
                Subject::Sample { .. } => &[],
            };
            let nth = courses_of.entry(layout).or_default();
            // The first page reports a layout that cannot be read.
            let papers = self.press.papers(layout).unwrap_or_default();
            let paper = match subject {
                Subject::Course { course, .. } => course.paper.as_deref(),
                _ => None,
            };
            // A request without a paper gets the course's, or the first of the layout.
            let usual_paper = paper.or(papers.first().map(String::as_str));
            let others = papers.iter().map(String::as_str);
            let others = others.filter(|paper| Some(*paper) != usual_paper);
            for (index, language) in languages.iter().enumerate() {
                let first = pages.len();
                let turn = (*nth + index) % SAMPLE_NAMES.len();
                let (skipped, taken) =
                    if *nth == 0 { (0, names.len()) } else { (turn, 1) };
                let names = names.iter().skip(skipped).take(taken);
                let usual = EXTREME_NAMES.iter().chain(names);
                pages.extend(usual.map(|name| page(name, language, None)));
                for paper in others.clone() {
                    let extreme = EXTREME_NAMES.iter();
                    pages.extend(extreme.map(|name| page(name, language, Some(paper))));
                }
                // The first page of each language is judged by its pixels too.
                pages[first].closely = true;
            }
            *nth += 1;
        }
        pages
    }

    /// The pages in the pseudo-languages, which are made of English: whether there is room for
    /// longer words.
    fn pseudo_pages<'s>(&self, subjects: &'s [Subject<'s>]) -> Vec<SamplePage<'s>> {
        let mut pages = Vec::new();
        let drawn = subjects.iter().filter(|it| !matches!(it, Subject::Hard { .. }));
        for subject in drawn {
            for language in self.press.pseudo_languages() {
                pages.extend(EXTREME_NAMES.iter().map(|name| SamplePage {
                    subject,
                    name,
                    language: language.clone(),
                    paper: None,
                    closely: false,
                    is_pseudo: true,
                }));
            }
        }
        pages
    }

    /// Lays pages out on all cores, and reports them in their order.
    fn draw(&mut self, pages: &[SamplePage<'_>]) -> Result<(), Failure> {
        let (press, today, check) = (self.press, self.today, self.check);
        let draw = |page: &SamplePage<'_>| -> Result<Option<Passed>, Error> {
            let draft = page.draw(press, today, check)?;
            // A site may have many thousands of pages.
            let picture = |bytes| if check.output.is_some() { bytes } else { Vec::new() };
            Ok(draft
                .map(|it| Passed { warnings: it.warnings, picture: picture(it.bytes) }))
        };
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        let mut ended = Ok(());
        let never = StopSignal::default();
        batch::run(pages, batch::COMPUTING_PER_CORE, &never, draw, |index, result| {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&next) {
                if ended.is_ok() {
                    ended = self.add(&pages[next], result);
                }
                next += 1;
            }
        });
        ended
    }

    /// Counts a page, and reports what is wrong with it.
    fn add(
        &mut self,
        page: &SamplePage<'_>,
        result: Result<Option<Passed>, Error>,
    ) -> Result<(), Failure> {
        let (what, language) = (page.subject.shown(), &page.language);
        let error = match result {
            Ok(None) => return Ok(()),
            Ok(Some(passed)) => {
                return self.add_page(&what, language, page.name, &passed);
            }
            Err(error) => error,
        };
        let is_hard = matches!(page.subject, Subject::Hard { .. });
        if page.is_pseudo {
            self.add_rare_error(&what, "pseudo-language", language, error);
        } else if is_hard && self.press.site().has_own_layout(page.subject.layout()) {
            // A layout of the site's own may be meant for short texts.
            self.add_rare_error(&what, "language", language, error);
        } else {
            self.failed += 1;
            self.report_error(&what, language, error);
        }
        Ok(())
    }

    fn languages(&self, layout: &str) -> Vec<Tag> {
        match &self.check.language {
            Some(language) => vec![language.clone()],
            None => self.press.languages(layout),
        }
    }

    /// Counts a page that passed its proof.
    fn add_page(
        &mut self,
        what: &str,
        language: &Tag,
        name: &str,
        passed: &Passed,
    ) -> Result<(), Failure> {
        self.passed += 1;
        self.warnings.add(&passed.warnings, language.as_str(), None);
        match &self.check.output {
            Some(folder) => {
                self.write_picture(folder, what, language, name, &passed.picture)
            }
            None => Ok(()),
        }
    }

    /// Adds the errors of a page that a site may never have: in a pseudo-language, because real
    /// languages may be as long, or with long texts.
    fn add_rare_error(&mut self, what: &str, kind: &str, language: &Tag, error: Error) {
        for fault in error.into_faults() {
            let text = format!("{fault:#}\n({what}, {kind} `{language}`)");
            if !self.rare_errors.contains(&text) {
                self.rare_errors.push(text);
            }
        }
    }

    /// Prints each error that was not printed before.
    fn report_error(&mut self, what: &str, language: &Tag, error: Error) {
        for fault in error.into_faults() {
            let text = format!("{fault:#}");
            if self.errors.insert(text.clone()) {
                console::print_message(&format!(
                    "{text}\n({what}, language `{language}`)\n"
                ));
            }
        }
    }

    /// Writes the picture of a page, and its figure for the contact sheet.
    fn write_picture(
        &mut self,
        folder: &Path,
        what: &str,
        language: &Tag,
        name: &str,
        png: &[u8],
    ) -> Result<(), Failure> {
        let file = format!("{:04}.png", self.passed);
        output::write(Some(&folder.join(&file)), png)?;
        writeln!(
            self.figures,
            "<figure><img src=\"{file}\" alt=\"\" loading=\"lazy\"><figcaption>{} · {language} · \
             <bdi>{}</bdi></figcaption></figure>",
            escape_html(what),
            escape_html(name)
        )
        .map_err(|error| Failure::new(error.to_string()))
    }

    /// Prints the warnings and the summary, and writes the contact sheet.
    fn finish(self) -> Result<CommandOutcome, Failure> {
        self.warnings.print();
        for text in &self.rare_errors {
            console::print_message(&format!("warning: {text}"));
        }
        if let Some(folder) = &self.check.output {
            let page = folder.join("index.html");
            let html = format!(
                "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Contact \
                 sheet</title>\n<style>\nbody {{ font: 12px sans-serif; display: grid; gap: 12px; \
                 grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); }}\nfigure {{ \
                 margin: 0; }}\nimg {{ width: 100%; border: 1px solid #ccc; }}\n</style>\n{}",
                self.figures
            );
            output::write(Some(&page), html.as_bytes())?;
            console::print_message(&format!("contact sheet: {}", page.display()));
        }
        console::print_message(&format!(
            "{} pages passed their proof, {} failed",
            self.passed, self.failed
        ));
        Ok(CommandOutcome::of(self.errors.is_empty()))
    }
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
