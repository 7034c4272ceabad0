//! The locale files of a layout: their names, their keys, and the order in which they are read.
//!
//! The decision: by language from the tag to ever shorter ones, and in each language the layout's
//! own file before the shared one.

use std::collections::BTreeSet;
use std::fmt;

use crate::base::error::{Error, ErrorKind, finding};
use crate::base::lang::Tag;
use crate::site::files::Site;

/// The keys of a locale file.
pub(super) const LOCALE_KEYS: [&str; 10] = [
    "heading",
    "blocks",
    "date",
    "authenticity",
    "specimen",
    "title",
    "alt",
    "table",
    "folio",
    "page",
];

/// The file of a language in the folder of a layout, or in the folder `shared`.
pub(crate) fn locale_file(folder: &str, tag: impl fmt::Display) -> String {
    format!("layouts/{folder}/locales/{tag}.yaml")
}

/// The files of `tag` in the order in which they are read, each with its language. Not all need
/// exist.
pub(super) fn fallback_chain(
    layout: &str,
    tag: &Tag,
) -> impl Iterator<Item = (Tag, String)> {
    tag.fallbacks().flat_map(move |step| {
        [layout, "shared"].map(|folder| (step.clone(), locale_file(folder, &step)))
    })
}

/// The languages of which a layout has files, its own and the shared ones.
pub(crate) fn languages(site: &Site, layout: &str) -> BTreeSet<String> {
    own_languages(site, layout).into_iter().chain(own_languages(site, "shared")).collect()
}

/// The languages of which a layout has files of its own.
pub(crate) fn own_languages(site: &Site, layout: &str) -> Vec<String> {
    let folder = format!("layouts/{layout}/locales");
    let files = site.list(&folder);
    let tags =
        files.iter().filter_map(|path| path[folder.len() + 1..].strip_suffix(".yaml"));
    // A file of another name is never read.
    let is_tag = |stem: &&str| Tag::parse(stem).is_ok_and(|tag| tag.as_str() == *stem);
    tags.filter(is_tag).map(str::to_owned).collect()
}

/// The tag that names the file of a language: `tag` without its extensions.
pub(super) fn file_tag(tag: &Tag) -> Tag {
    tag.fallbacks().next().unwrap_or_else(|| tag.clone())
}

/// The error for a language of which there is no file.
pub(super) fn unknown_language(site: &Site, layout: &str, tag: &Tag) -> Error {
    let known = languages(site, layout);
    let hint = if known.is_empty() {
        "there are no locales".to_owned()
    } else {
        let known: Vec<_> = known.iter().map(|tag| format!("`{tag}`")).collect();
        format!("known here: {}", known.join(", "))
    };
    let help = format!(
        "{hint}; a new language is a file `{}`",
        locale_file("shared", file_tag(tag))
    );
    Error::new(ErrorKind::UnknownLanguage, finding!("no_sentences", tag)).with_help(help)
}
