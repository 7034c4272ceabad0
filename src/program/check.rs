//! `testamur check`: what can be wrong, before it is.

use std::fmt::Write as _;
use std::path::Path;

use testamur::{Course, Date, DraftOptions, Error, Format, Press, Request, Tag, Warning};

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
        failed: Vec::new(),
        warned: Vec::new(),
        contact: String::new(),
    };
    for course in courses {
        inspection.course(course)?;
    }
    inspection.finish()
}

struct Inspection<'a> {
    press: &'a Press,
    today: Date,
    check: &'a Check,
    passed: usize,
    /// Each complaint once, with how many samples met it.
    failed: Vec<(String, usize)>,
    /// Each remark on a place once, with the languages in which it was made.
    warned: Vec<(Warning, Vec<String>)>,
    contact: String,
}

impl Inspection<'_> {
    fn course(&mut self, course: &Course) -> Result<(), Failure> {
        let languages = match &self.check.language {
            Some(language) => vec![language.clone()],
            None => self.press.languages(&course.layout),
        };
        for language in languages {
            for name in STRAINS.iter().chain(&SAMPLES) {
                self.sample(course, &language, name)?;
            }
        }
        Ok(())
    }

    fn sample(
        &mut self,
        course: &Course,
        language: &Tag,
        name: &str,
    ) -> Result<(), Failure> {
        let format = match self.check.output {
            Some(_) => Format::Png { pixels_per_inch: 60.0 },
            None => Format::Pdf,
        };
        let options = DraftOptions::default().with_format(format);
        let draft = Request::new(&course.id, name)
            .map(|request| request.with_language(language.clone()))
            .and_then(|request| self.press.draft_with(&request, self.today, &options));
        match draft {
            Ok(draft) => {
                self.passed += 1;
                for warning in draft.warnings {
                    self.remark(warning, language);
                }
                if let Some(folder) = &self.check.output {
                    self.show(folder, course, language, name, &draft.bytes)?;
                }
            }
            Err(error) => self.fail(course, language, &error),
        }
        Ok(())
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

    fn fail(&mut self, course: &Course, language: &Tag, error: &Error) {
        let text = format!("{error:#}");
        match self.failed.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => {
                report::line(&format!(
                    "{text}\n(course `{}`, language `{language}`)\n",
                    course.id
                ));
                self.failed.push((text, 1));
            }
        }
    }

    fn show(
        &mut self,
        folder: &Path,
        course: &Course,
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
            escaped(&course.id),
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
        let failed: usize = self.failed.iter().map(|(_, count)| count).sum();
        report::line(&format!(
            "{} pages passed their proof, {failed} failed",
            self.passed
        ));
        Ok(if failed == 0 { Outcome::Done } else { Outcome::SomeFailed })
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
