//! The texts of an old course that layouts print: organization, language, outcomes, free fields.

use std::rc::Rc;

use super::course_layout::Version;
use super::course_reader::{CourseReader, SiteValues};
use super::old_text::{plain_text, sentence_text};
use super::python::{Node, Value};
use super::report::Report;
use super::yaml::Yaml;

impl CourseReader<'_> {
    pub(super) fn organization(
        &mut self,
        short: &str,
        values: &SiteValues,
        report: &mut Report,
    ) -> Yaml {
        let name = self.text("LONG_ORG", report).or_else(|| values.default_org.clone());
        let name = name.unwrap_or_else(|| {
            report.person(
                self.at,
                "LONG_ORG",
                "none, and no DEFAULT_ORG: «Some Institution» was printed; the organization's short \
                 name stands for it",
            );
            short.to_owned()
        });
        Yaml::Map(vec![
            ("short".to_owned(), Yaml::text(short)),
            ("name".to_owned(), Yaml::text(name)),
        ])
    }

    /// The language that forks gave a course.
    pub(super) fn language(&mut self, report: &mut Report) -> Option<String> {
        let key = ["CERT_LANGUAGE", "locale"]
            .into_iter()
            .find(|key| self.node.get(key).is_some())?;
        let node = self.take(key)?;
        let at = self.at.line(node.line);
        let written = node.printed();
        let tag = written.split('.').next().unwrap_or_default().replace('_', "-");
        match crate::Tag::parse(&tag) {
            Ok(tag) => {
                report.translated(at, key, format!("`language`: {}", tag.as_str()));
                Some(tag.as_str().to_owned())
            }
            Err(_) => {
                report.person(
                    at,
                    key,
                    format!("`{written}` is no language: set `language`"),
                );
                None
            }
        }
    }

    /// The texts by grade.
    pub(super) fn interstitial(
        &mut self,
        base: &str,
        version: &Version,
        entry: &mut Vec<(String, Yaml)>,
        extra: &mut Vec<(String, Yaml)>,
        report: &mut Report,
    ) {
        let is_printed =
            *version != Version::Other && ["statement", "dynamic"].contains(&base);
        if !is_printed {
            return;
        }
        let Some(node) = self.take("interstitial") else { return };
        let at = self.at.line(node.line);
        let Value::Map(texts) = &node.value else {
            if node.is_true() {
                report.person(
                    at,
                    "interstitial",
                    "it is no map from grades to texts: not taken",
                );
            }
            return;
        };
        if base == "statement" {
            let text = |(grade, text): &(Rc<Node>, Rc<Node>)| {
                let words = plain_text(text, "interstitial", at, report)?;
                Some((grade.printed(), Yaml::text(words)))
            };
            let texts: Vec<_> = texts.iter().filter_map(text).collect();
            if !texts.is_empty() {
                extra.push(("distinctions".to_owned(), Yaml::Map(texts)));
                report.taken(at, "interstitial", "`extra.distinctions`");
            }
            return;
        }
        let mut outcomes = Vec::new();
        for (grade, text) in texts {
            let grade = grade.printed();
            if grade.trim().is_empty() || grade.starts_with(['<', '>']) {
                let how = format!("`{}` is read as a bound here: not taken", grade);
                report.person(at, "interstitial", how);
                continue;
            }
            let text = sentence_text(text, "interstitial", at, report);
            outcomes.push((grade, Yaml::text(text)));
        }
        if !outcomes.is_empty() {
            entry.push(("outcomes".to_owned(), Yaml::Map(outcomes)));
            report.taken(at, "interstitial", "`outcomes`");
        }
    }

    /// The free fields that the sentences of the layouts print.
    pub(super) fn extra(
        &mut self,
        base: &str,
        number: &str,
        values: &SiteValues,
        extra: &mut Vec<(String, Yaml)>,
        report: &mut Report,
    ) {
        let mut put = |key: &str, value: Yaml| extra.push((key.to_owned(), value));
        if ["honor", "verified"].contains(&base) {
            put("number", Yaml::text(number));
            put("platform", Yaml::text("edX"));
            put("initiative", Yaml::text("an online learning initiative of"));
        }
        if base == "verified" {
            put("result", Yaml::text("and received a passing grade in"));
        }
        if ["statement", "dynamic"].contains(&base) {
            put("kind", Yaml::text("a free online offering of"));
        }
        if base == "verified"
            && let Some(kind) = self.text("COURSE_ASSOCIATION_TEXT", report)
        {
            put("kind", Yaml::text(kind));
        }
        if base == "credit" {
            if let Some(credits) = self.text("CREDITS", report) {
                put("credits", Yaml::text(credits));
            }
            for (key, field) in [("MD_CERTS", "md_titles"), ("NO_TITLE", "no_title")] {
                let Some(node) = self.take(key) else { continue };
                let Value::List(items) = &node.value else {
                    if node.is_true() {
                        let at = self.at.line(node.line);
                        report.person(at, key, "it is no list of titles: not taken");
                    }
                    continue;
                };
                // Python's `None` in a list is no title that a message can name.
                let titles = items.iter().map(|it| Yaml::text(it.printed())).collect();
                put(field, Yaml::List(titles));
                report.taken(self.at.line(node.line), key, format!("`extra.{field}`"));
            }
        }
        if ["statement", "dynamic"].contains(&base) {
            if let Some(called) = self.text("CERTS_ARE_CALLED", report) {
                put("called", Yaml::text(&called));
            }
            if let Some(node) = self.take("CERTS_ARE_CALLED_PLURAL") {
                let at = self.at.line(node.line);
                report.dropped(
                    at,
                    "CERTS_ARE_CALLED_PLURAL",
                    "it was stored and never read",
                );
            }
        }
        if base == "dynamic" {
            let has_own = self.take("HAS_DISCLAIMER").is_some_and(|node| node.is_true());
            match &values.disclaimer {
                Some(disclaimer) if !has_own => put("disclaimer", Yaml::text(disclaimer)),
                _ => {}
            }
        }
    }
}
