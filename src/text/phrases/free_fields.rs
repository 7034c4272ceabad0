//! The free fields that sentences name.

use super::named_fields::NamedFields;
use crate::base::lang::Tag;
use crate::site::course::Course;
use crate::site::files::Site;
use crate::site::tables::FreeFields;
use crate::text::locale::{Locale, languages};

/// Returns the free fields that the sentences of a layout name in any language, and those of the
/// outcomes of a course. A locale that cannot be read is skipped, because no certificate can be
/// made with it.
pub(crate) fn free_fields(site: &Site, layout: &str, course: &Course) -> FreeFields {
    let mut named = NamedFields::default();
    for name in languages(site, layout) {
        let Ok(tag) = Tag::parse(&name) else { continue };
        let mut errors = Vec::new();
        let Ok((locale, _)) = Locale::load(site, layout, &tag, &mut errors) else {
            continue;
        };
        for sentence in locale.sentences() {
            named.add(&sentence.template);
        }
        named.names.extend(locale.table.map(|table| table.rows));
    }
    for outcome in &course.outcomes {
        let languages: Vec<&Tag> = match outcome.text.languages().collect::<Vec<_>>() {
            none if none.is_empty() => vec![&course.language],
            several => several,
        };
        for tag in languages {
            named.add(outcome.text.get(tag, &course.language).0);
        }
    }
    let mut fields = FreeFields::new(named.names);
    fields.all = named.all;
    fields
}
