//! The languages that a layout declares, and whether it has a given one.
//!
//! The decision: a layout that declares its languages has sentences of its own. In
//! another language a certificate would have the sentences of the shared locales, which
//! certify something else, so such a language is refused. A locale file that a site adds
//! to the layout declares its language too.

use std::collections::BTreeSet;

use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::lang::Tag;
use crate::base::yaml::{Faults, Fields};
use crate::site::files::Site;
use crate::text::locale;
use crate::text::locale::locale_file;
use crate::text::phrases::Pseudolocale;

/// The value of `languages` in a `layout.yaml`.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredLanguages {
    pub(crate) tags: Vec<Tag>,
    place: Place,
}

impl DeclaredLanguages {
    /// Reads `languages`; `None` if the key is absent.
    pub(super) fn read(fields: Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let node = fields.get("languages")?;
        let mut tags: Vec<Tag> = Vec::new();
        for item in faults.keep(node.items())? {
            let Some(text) = faults.keep(item.text()) else { continue };
            match Tag::parse(text) {
                Ok(tag) if tags.contains(&tag) => {
                    let message = format!("the language `{tag}` stands twice");
                    faults.push(item.fault(ErrorKind::Duplicate, message));
                }
                Ok(tag) => tags.push(tag),
                Err(error) => faults.push(item.wrap(error)),
            }
        }
        Some(Self { tags, place: node.span().place().clone() })
    }

    /// The declared languages, and those of the layout's own locale files.
    pub(crate) fn all(&self, site: &Site, layout: &str) -> BTreeSet<String> {
        let declared = self.tags.iter().map(|tag| tag.as_str().to_owned());
        declared.chain(locale::own_languages(site, layout)).collect()
    }

    /// Refuses a language that the layout does not have. A narrower tag of one that it
    /// has is allowed.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLanguage`], at the declaration.
    pub(crate) fn check(&self, site: &Site, layout: &str, tag: &Tag) -> Result<()> {
        let all = self.all(site, layout);
        let is_spoken = tag.fallbacks().any(|step| all.contains(step.as_str()));
        if is_spoken || Pseudolocale::of(tag).is_some() {
            return Ok(());
        }
        let language = tag.language();
        let known: Vec<String> = all.iter().map(|tag| format!("`{tag}`")).collect();
        let message = format!("the layout `{layout}` has no sentences in `{tag}`");
        Err(Error::new(ErrorKind::UnknownLanguage, message)
            .at(self.place.clone())
            .with_help(format!(
                "write them in `{}`, or choose another layout or language; this one has {}",
                locale_file(layout, language),
                known.join(", ")
            )))
    }
}
