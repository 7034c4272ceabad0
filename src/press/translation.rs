//! What a translation says beside its model, and the file in which a translator corrects it.

use crate::base::error::{ErrorKind, Place, Warning};
use crate::base::lang::Tag;
use crate::site::files::Site;
use crate::text::locale::{Locale, locale_file};
use crate::text::phrases::Phrases;

/// The language that others are compared with.
pub(crate) const MODEL: &str = "en";

/// The file that a translator edits: that of the locale's first sentence, else the layout's own.
pub(crate) fn file_of(layout: &str, locale: &Locale, tag: &Tag) -> Place {
    let first = locale.blocks.iter().flatten().chain(locale.sentences()).next();
    match first {
        Some(sentence) => Place::file(sentence.place.file.clone()),
        None => Place::file(locale_file(layout, tag)),
    }
}

/// The warnings of values that English sentences print and those of this language do not.
pub(crate) fn unused_values(
    site: &Site,
    layout: &str,
    phrases: &Phrases,
) -> Vec<Warning> {
    let model = Tag::parse(MODEL);
    let Ok(model) = model.and_then(|tag| Phrases::load(site, layout, &tag)) else {
        return Vec::new();
    };
    let own = phrases.named_values();
    let place = file_of(layout, phrases.locale(), phrases.language());
    let named = model.named_values();
    let unused = named.difference(&own).map(|value| {
        let message = format!(
            "no sentence in `{}` prints `{value}`, as those in `{MODEL}` do",
            phrases.language()
        );
        Warning::new(ErrorKind::MissingField, message)
            .at(place.clone())
            .with_help(format!("write `{{{{ {value} }}}}` where it belongs"))
    });
    unused.collect()
}
