//! `testamur check`: lays out and proofs sample pages of every course in every language, and
//! reports each error and warning once, however many pages have it.

mod keys;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::press::{Draft, DraftOptions, Format, Press};
use crate::site::sample::{EXTREME_NAMES, SAMPLE_NAMES};
use crate::site::{Course, Request};
use crate::{Date, Error, Tag};

use super::args::{Check, SiteArguments};
use super::exit::{CommandOutcome, Failure};
use super::{console, context, output, sample_request};

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
    for layout in used.iter().copied().chain(unused.iter().copied()) {
        site_check.check_sentences(layout);
        site_check.check_room(layout)?;
    }
    for course in courses {
        site_check.check_course(course)?;
    }
    for layout in unused {
        site_check.check_layout(layout)?;
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

/// One page to lay out.
struct SamplePage<'a> {
    name: &'a str,
    language: &'a Tag,
    /// Another paper than the course's, if any.
    paper: Option<&'a str>,
}

impl SamplePage<'_> {
    /// A request in the page's language and on its paper, with these free fields over its own.
    fn request(
        &self,
        request: Request,
        fields: &[(String, String)],
    ) -> Result<Request, Error> {
        let request = sample_request::with_fields(request, fields)?;
        let request = request.with_language(self.language.clone());
        Ok(match self.paper {
            Some(paper) => request.with_paper(paper),
            None => request,
        })
    }
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

    /// Sets long texts on a layout in each language. A layout of the site's own may be meant for
    /// short texts, so there an overflow is only a warning.
    fn check_room(&mut self, layout: &str) -> Result<(), Failure> {
        let what = format!("hard sample of `{layout}`");
        // A layout without a sample, or with an error, is checked by its courses.
        if self.press.sample(layout).is_err() {
            return Ok(());
        }
        let options = self.options();
        for language in self.languages(layout) {
            let (press, today) = (self.press, self.today);
            match press.draft_hard_sample(layout, &language, today, &options) {
                Ok(None) => {}
                Ok(Some(draft)) => self.add_page(&what, &language, "", draft)?,
                Err(error) if press.site().has_own_layout(layout) => {
                    self.add_rare_error(&what, "language", &language, error);
                }
                Err(error) => {
                    self.failed += 1;
                    self.report_error(&what, &language, error);
                }
            }
        }
        Ok(())
    }

    /// Pages are written as pictures for the contact sheet.
    fn options(&self) -> DraftOptions {
        let format = match self.check.output {
            Some(_) => Format::Png { pixels_per_inch: 60.0 },
            None => Format::Pdf,
        };
        DraftOptions::default().with_format(format)
    }

    /// Checks the pages of a course: on its own layout, and on those that a template chooses.
    fn check_course(&mut self, course: &Course) -> Result<(), Failure> {
        for layout in course.layouts() {
            let is_own = layout == course.layout;
            let what = if is_own {
                format!("course `{}`", course.id)
            } else {
                format!("course `{}`, layout `{layout}`", course.id)
            };
            let page = |press: &Press, sample: &SamplePage<'_>, today, options: &_| {
                let request = Request::new(&course.id, sample.name)?;
                let request = sample.request(request, &self.check.set)?;
                let request = if is_own { request } else { request.with_layout(layout) };
                press.draft_with(&request, today, options)
            };
            let paper = course.paper.as_deref();
            self.check_pages(&what, layout, paper, &SAMPLE_NAMES, page)?;
        }
        Ok(())
    }

    /// Checks the pages of a layout's sample data.
    fn check_layout(&mut self, layout: &str) -> Result<(), Failure> {
        let what = format!("sample of `{layout}`");
        let page = |press: &Press, sample: &SamplePage<'_>, today, options: &_| {
            let (course, request) = press.sample(layout)?;
            let request = request.with_name(sample.name)?;
            let request = sample.request(request, &self.check.set)?;
            press.draft_course(&course, &request, today, options)
        };
        self.check_pages(&what, layout, None, &[], page)
    }

    /// Lays out, in each language, a page for each extreme name and each of `names`, and on every
    /// other paper one for each extreme name. If all are right, pages in the pseudo-languages
    /// follow.
    fn check_pages(
        &mut self,
        what: &str,
        layout: &str,
        paper: Option<&str>,
        names: &[&str],
        page: impl Fn(&Press, &SamplePage<'_>, Date, &DraftOptions) -> Result<Draft, Error>,
    ) -> Result<(), Failure> {
        // The first page reports a layout that cannot be read.
        let papers = self.press.papers(layout).unwrap_or_default();
        // A request without a paper gets the course's, or the first of the layout.
        let usual_paper = paper.or(papers.first().map(String::as_str)).map(str::to_owned);
        let others: Vec<&str> = papers
            .iter()
            .map(String::as_str)
            .filter(|paper| Some(*paper) != usual_paper.as_deref())
            .collect();
        let options = self.options();
        for language in self.languages(layout) {
            let usual = EXTREME_NAMES.iter().chain(names).map(|name| (*name, None));
            let strains =
                |paper| EXTREME_NAMES.iter().map(move |name| (*name, Some(paper)));
            let others = others.iter().copied().flat_map(strains);
            for (index, (name, paper)) in usual.chain(others).enumerate() {
                let sample = SamplePage { name, language: &language, paper };
                // The first page of each language is judged by its pixels too.
                let options = options.clone().with_closely(index == 0);
                match page(self.press, &sample, self.today, &options) {
                    Ok(draft) => self.add_page(what, &language, name, draft)?,
                    Err(error) => {
                        self.failed += 1;
                        self.report_error(what, &language, error);
                    }
                }
            }
        }
        // An error on an English page would occur in both pseudo-languages too, which are made of
        // English.
        if self.check.language.is_some() || !self.errors.is_empty() {
            return Ok(());
        }
        for language in self.press.pseudo_languages() {
            for name in EXTREME_NAMES {
                let sample = SamplePage { name, language: &language, paper: None };
                match page(self.press, &sample, self.today, &options) {
                    Ok(draft) => self.add_page(what, &language, name, draft)?,
                    Err(error) => {
                        self.add_rare_error(what, "pseudo-language", &language, error);
                    }
                }
            }
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
        draft: Draft,
    ) -> Result<(), Failure> {
        self.passed += 1;
        self.warnings.add(&draft.warnings, language.as_str(), None);
        match &self.check.output {
            Some(folder) => {
                self.write_picture(folder, what, language, name, &draft.bytes)
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
