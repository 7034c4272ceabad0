//! The free fields that sentences name.

use super::template_analysis::TemplateAnalysis;
use crate::base::lang::Tag;
use crate::site::course::Course;
use crate::site::files::Site;
use crate::site::tables::FreeFields;
use crate::text::locale::{Locale, languages};

/// Returns the free fields that the sentences of a layout name in any language, and those of the
/// outcomes of a course. A locale that cannot be read names none: it makes no certificate.
pub(crate) fn free_fields(site: &Site, layout: &str, course: &Course) -> FreeFields {
    let mut fields = FreeFields::default();
    for name in languages(site, layout) {
        let Ok(tag) = Tag::parse(&name) else { continue };
        let mut errors = Vec::new();
        let Ok((locale, _)) = Locale::load(site, layout, &tag, &mut errors) else {
            continue;
        };
        for sentence in locale.sentences() {
            add(&sentence.template, &mut fields);
        }
        fields.names.extend(locale.table.map(|table| table.rows));
    }
    for outcome in &course.outcomes {
        let languages: Vec<&Tag> = match outcome.text.languages().collect::<Vec<_>>() {
            none if none.is_empty() => vec![&course.language],
            several => several,
        };
        for tag in languages {
            add(outcome.text.get(tag, &course.language).0, &mut fields);
        }
    }
    fields
}

fn add(template: &str, fields: &mut FreeFields) {
    for (path, _) in TemplateAnalysis::of(template).variables {
        if path == "extra" {
            fields.all = true;
        }
        let name = path.strip_prefix("extra.").and_then(|path| path.split('.').next());
        fields.names.extend(name.map(str::to_owned));
    }
}
