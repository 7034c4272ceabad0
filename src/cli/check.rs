//! `testamur check`: what can be wrong, before it is.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::press::{Draft, DraftOptions, Format, Press};
use crate::site::{Course, Request};
use crate::{Date, Error, Tag, Warning};

use super::args::{Check, SiteArguments};
use super::people::SAMPLES;
use super::{Failure, Outcome, output, place, report};

/// What strains a page: the shortest name, and one of ninety letters.
const STRAINS: [&str; 2] = [
    "Ó",
    "Wolfeschlegelsteinhausenbergerdorff Maximiliana Konstantinopolitanska von Hohenzollern-Sig",
];

pub(crate) fn run(site: &SiteArguments, check: &Check) -> Result<Outcome, Failure> {
    let press = Press::new(place::site(site)?)?;
    for warning in press.warnings() {
        report::warning(warning);
    }
    let today = place::today(&press)?;
    let courses: Vec<&Course> = match &check.course {
        Some(id) => vec![press.courses().get(id)?],
        None => press.courses().iter().collect(),
    };
    let mut inspection = Inspection {
        press: &press,
        today,
        check,
        passed: 0,
        failed: 0,
        complaints: BTreeSet::new(),
        strained: Vec::new(),
        warned: Vec::new(),
        contact: String::new(),
    };
    let used: BTreeSet<&str> =
        courses.iter().map(|course| course.layout.as_str()).collect();
    let spare = press.site().layouts().into_iter().filter(|layout| {
        // A layout of the site's own that no course names is checked with its own sample.
        let all = check.course.is_none() && check.language.is_none();
        all && !used.contains(layout) && press.site().has_own_layout(layout)
    });
    let spare: Vec<&str> = spare.collect();
    for layout in used.iter().copied().chain(spare.iter().copied()) {
        inspection.sentences(layout);
    }
    for course in courses {
        inspection.course(course)?;
    }
    for layout in spare {
        inspection.layout(layout)?;
    }
    inspection.finish()
}

struct Inspection<'a> {
    press: &'a Press,
    today: Date,
    check: &'a Check,
    passed: usize,
    failed: usize,
    complaints: BTreeSet<String>,
    /// What breaks only in languages that are made to test layouts.
    strained: Vec<String>,
    /// Each remark on a place once, with the languages in which it was made.
    warned: Vec<(Warning, Vec<String>)>,
    contact: String,
}

/// One page to try.
struct Sample<'a> {
    name: &'a str,
    language: &'a Tag,
    /// Another paper than the course's.
    paper: Option<&'a str>,
}

impl Inspection<'_> {
    /// What a layout's sentences have wrong in each language, whether or not a page prints them.
    fn sentences(&mut self, layout: &str) {
        for language in self.languages(layout) {
            match self.press.inspect(layout, &language) {
                // A page that needs the layout says what is wrong with it.
                Err(_) => return,
                Ok(inspection) => {
                    for warning in inspection.warnings {
                        self.remark(warning, &language);
                    }
                    if let Some(fault) = inspection.fault {
                        self.complain(&format!("layout `{layout}`"), &language, fault);
                    }
                }
            }
        }
    }

    fn course(&mut self, course: &Course) -> Result<(), Failure> {
        let what = format!("course `{}`", course.id);
        let page = |press: &Press, sample: &Sample<'_>, today, options: &_| {
            let request = Request::new(&course.id, sample.name)?;
            let request = request.with_language(sample.language.clone());
            let request = match sample.paper {
                Some(paper) => request.with_paper(paper),
                None => request,
            };
            press.draft_with(&request, today, options)
        };
        self.pages(&what, &course.layout, course.paper.as_deref(), &SAMPLES, page)
    }

    fn layout(&mut self, layout: &str) -> Result<(), Failure> {
        let what = format!("sample of `{layout}`");
        let page = |press: &Press, sample: &Sample<'_>, today, options: &_| {
            let Sample { name, language, paper } = *sample;
            press.draft_sample_for(layout, name, language, paper, today, options)
        };
        self.pages(&what, layout, None, &[], page)
    }

    /// A page for each strain and name in each language, and for each strain on each paper.
    fn pages(
        &mut self,
        what: &str,
        layout: &str,
        paper: Option<&str>,
        names: &[&str],
        page: impl Fn(&Press, &Sample<'_>, Date, &DraftOptions) -> Result<Draft, Error>,
    ) -> Result<(), Failure> {
        // A layout that cannot be read has its complaint from the first page.
        let papers = self.press.papers(layout).unwrap_or_default();
        // The course's own paper, or the layout's first, goes without saying.
        let own = paper.or(papers.first().map(String::as_str)).map(str::to_owned);
        let others: Vec<&str> = papers
            .iter()
            .map(String::as_str)
            .filter(|paper| Some(*paper) != own.as_deref())
            .collect();
        let format = match self.check.output {
            Some(_) => Format::Png { pixels_per_inch: 60.0 },
            None => Format::Pdf,
        };
        let options = DraftOptions::default().with_format(format);
        for language in self.languages(layout) {
            let usual = STRAINS.iter().chain(names).map(|name| (*name, None));
            let strains = |paper| STRAINS.iter().map(move |name| (*name, Some(paper)));
            let others = others.iter().copied().flat_map(strains);
            for (name, paper) in usual.chain(others) {
                let sample = Sample { name, language: &language, paper };
                match page(self.press, &sample, self.today, &options) {
                    Ok(draft) => self.pass(what, &language, name, draft)?,
                    Err(error) => {
                        self.failed += 1;
                        self.complain(what, &language, error);
                    }
                }
            }
        }
        // What is wrong in English would only be said twice more.
        if self.check.language.is_some() || !self.complaints.is_empty() {
            return Ok(());
        }
        for language in self.press.pseudo_languages() {
            for name in STRAINS {
                let sample = Sample { name, language: &language, paper: None };
                match page(self.press, &sample, self.today, &options) {
                    Ok(draft) => self.pass(what, &language, name, draft)?,
                    Err(error) => self.strain(what, &language, error),
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

    fn pass(
        &mut self,
        what: &str,
        language: &Tag,
        name: &str,
        draft: Draft,
    ) -> Result<(), Failure> {
        self.passed += 1;
        for warning in draft.warnings {
            self.remark(warning, language);
        }
        match &self.check.output {
            Some(folder) => self.show(folder, what, language, name, &draft.bytes),
            None => Ok(()),
        }
    }

    /// A page that is right in every language there is, and would not be in a longer one.
    fn strain(&mut self, what: &str, language: &Tag, error: Error) {
        for fault in error.into_faults() {
            let text = format!("{fault:#}\n({what}, `{language}`, made to test layouts)");
            if !self.strained.contains(&text) {
                self.strained.push(text);
            }
        }
    }

    fn remark(&mut self, warning: Warning, language: &Tag) {
        let language = language.to_string();
        let same = |known: &Warning| match &warning.place {
            Some(_) => known.place == warning.place && known.kind == warning.kind,
            None => known.message == warning.message,
        };
        match self.warned.iter_mut().find(|(known, _)| same(known)) {
            Some((_, languages)) if languages.contains(&language) => {}
            Some((_, languages)) => languages.push(language),
            None => self.warned.push((warning, vec![language])),
        }
    }

    /// Each fault once, however many pages have it.
    fn complain(&mut self, what: &str, language: &Tag, error: Error) {
        for fault in error.into_faults() {
            let text = format!("{fault:#}");
            if self.complaints.insert(text.clone()) {
                report::line(&format!("{text}\n({what}, language `{language}`)\n"));
            }
        }
    }

    fn show(
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
            self.contact,
            "<figure><img src=\"{file}\" alt=\"\" loading=\"lazy\"><figcaption>{} · {language} · \
             <bdi>{}</bdi></figcaption></figure>",
            escaped(what),
            escaped(name)
        )
        .map_err(|error| Failure::new(error.to_string()))
    }

    fn finish(self) -> Result<Outcome, Failure> {
        for (warning, languages) in &self.warned {
            report::warning(warning);
            if let [_, more @ ..] = &languages[..]
                && !more.is_empty()
            {
                report::line(&format!("(the same in {})", more.join(", ")));
            }
        }
        for text in &self.strained {
            report::line(&format!("warning: {text}"));
        }
        if let Some(folder) = &self.check.output {
            let page = folder.join("index.html");
            let html = format!(
                "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Contact \
                 sheet</title>\n<style>\nbody {{ font: 12px sans-serif; display: grid; gap: 12px; \
                 grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); }}\nfigure {{ \
                 margin: 0; }}\nimg {{ width: 100%; border: 1px solid #ccc; }}\n</style>\n{}",
                self.contact
            );
            output::write(Some(&page), html.as_bytes())?;
            report::line(&format!("contact sheet: {}", page.display()));
        }
        report::line(&format!(
            "{} pages passed their proof, {} failed",
            self.passed, self.failed
        ));
        Ok(match self.complaints.is_empty() {
            true => Outcome::Done,
            false => Outcome::SomeFailed,
        })
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
