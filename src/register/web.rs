//! The web pages of a certificate: what was certified, and how to check it.
//!
//! Takes [`PageFacts`] and the texts of a language, gives [`Pages`]. The decision made here: a page
//! depends on no server. It is one file, readable without script, that loads nothing, sends nothing
//! and looks the same in thirty years. Its content security policy allows the style and the script
//! that it was made with, by their digests, so that even a value that was not escaped could not
//! run.
//!
//! The templates are minijinja's, with strict undefined values, escaping, limited fuel and no
//! loader. Templates, style and scripts are files of `layouts/shared/pages/`, each of which a site
//! may replace.

mod facts;
mod link;
mod palette;
mod visible;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use ring::digest::{SHA256, digest};

pub use self::facts::{
    PageDate, PageFacts, PageKey, PagePdf, PageSeal, PageSentence, PageSignatory,
    PageSignature, PageStatus, PageTheme,
};
use self::palette::Palette;
use self::visible::is_cased;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::lang::Tag;
use crate::image::qr::QrCode;
use crate::site::course::Colour;
use crate::site::files::Site;
use crate::text::locale::PAGE_TEXTS;

const FOLDER: &str = "layouts/shared/pages";
const CERTIFICATE: &str = "certificate.html";
const VERIFY: &str = "verify.html";
/// The most fuel that minijinja may use for a page: enough for a hundred signatories, and an end
/// for nested loops.
const MAX_FUEL: u64 = 200_000;

/// The pages of one certificate, as UTF-8 text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pages {
    /// What is certified: `index.html`, and `valid.html` for servers that show no index file.
    pub certificate: String,
    /// How to check the certificate by other means: `verify.html`.
    pub verify: String,
}

/// The templates of a site's pages, compiled once and used for every certificate.
#[derive(Debug)]
pub struct PageTemplates {
    env: Environment<'static>,
    sources: BTreeMap<&'static str, String>,
    style: String,
    script: String,
}

impl PageTemplates {
    /// The names of the texts that the pages need.
    pub const TEXTS: [&str; 49] = PAGE_TEXTS;

    /// Reads the files of `layouts/shared/pages/`: the site's own, else the built-in ones.
    ///
    /// # Errors
    /// [`ErrorKind::Layout`]: a template cannot be read, or a style or script cannot be part of a
    /// page.
    pub fn load(site: &Site) -> Result<Self> {
        let mut env = Environment::empty();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_fuel(Some(MAX_FUEL));
        env.set_debug(true);
        let mut sources = BTreeMap::new();
        for name in [CERTIFICATE, VERIFY] {
            let source = read(site, name)?;
            if let Some(at) = source.find("autoescape") {
                let place = Place::in_text(path(name), &source, at..at + 10);
                let message = "a page may not turn off escaping";
                return Err(Error::new(ErrorKind::Layout, message).at(place));
            }
            let added = env.add_template_owned(name, source.clone());
            added.map_err(|error| template_error(name, &source, &error))?;
            sources.insert(name, source);
        }
        let style = inline(site, "style.css", "</style")?;
        let script =
            ["openpgp.js", "check.js"].map(|name| inline(site, name, "</script"));
        let [openpgp, check] = script;
        let script = format!("{}{}", openpgp?, check?);
        Ok(Self { env, sources, style, script })
    }

    /// Makes the pages of a certificate. `texts` are the pages' own texts by name
    /// ([`TEXTS`](Self::TEXTS)), and `language` is theirs: that of the certificate, or another if
    /// they are not translated.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: a fact cannot be shown, such as a link that is none.
    /// [`ErrorKind::UnknownLanguage`]: the certificate's language is not known.
    /// [`ErrorKind::MissingField`]: a text is missing. [`ErrorKind::Layout`]: a template uses an
    /// unknown variable, or takes too long.
    pub fn render<'a>(
        &self,
        facts: &PageFacts,
        language: &Tag,
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Pages> {
        let texts: BTreeMap<&str, &str> = texts.into_iter().collect();
        if let Some(missing) = Self::TEXTS.iter().find(|key| !texts.contains_key(*key)) {
            let message = format!("the pages' texts in `{language}` lack `{missing}`");
            return Err(Error::new(ErrorKind::MissingField, message));
        }
        let facts = facts.visible()?;
        let style = format!("{}{}", Palette::css(&facts.theme), self.style);
        let has_check = facts.certificate.as_ref().is_some_and(|shown| shown.check);
        let script = if has_check { self.script.as_str() } else { "" };
        let qr_code = if link::is_absolute(&facts.verify_url) {
            let white = Colour { red: 255, green: 255, blue: 255 };
            let svg = QrCode::new(&facts.verify_url, white)?.svg;
            Some(format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)))
        } else {
            None
        };
        let mut values = BTreeMap::from([
            ("language", Value::from(language.as_str())),
            ("direction", Value::from(language.direction().as_str())),
            ("cased", Value::from(is_cased(texts["check"]))),
            ("policy", Value::from(policy(&style, script))),
            ("style", Value::from_safe_string(style)),
            ("script", Value::from_safe_string(script.to_owned())),
            ("code", Value::from(qr_code)),
        ]);
        let title = match &facts.certificate {
            Some(certificate) => certificate.title.clone(),
            None => texts[facts.status.word()].to_owned(),
        };
        values.insert("title", Value::from(title));
        values.insert("text", Value::from(Serde(&texts)));
        values.extend(facts.values());
        let values = Value::from(values);
        let page = |name: &'static str| {
            let template = self.env.get_template(name);
            let page = template.and_then(|template| template.render(&values));
            page.map_err(|error| template_error(name, &self.sources[name], &error))
        };
        Ok(Pages { certificate: page(CERTIFICATE)?, verify: page(VERIFY)? })
    }
}

/// The content security policy of a page with this style and this script (CSP Level 3).
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| {
        format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))
    };
    let script = if script.is_empty() { "'none'".to_owned() } else { hash(script) };
    format!(
        "default-src 'none'; style-src {}; script-src {script}; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(style)
    )
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// The text of a file, with the line ends that a browser makes of any: the digests of a policy are
/// over those.
fn read(site: &Site, name: &str) -> Result<String> {
    let path = path(name);
    let missing = || Error::new(ErrorKind::MissingFile, format!("there is no `{path}`"));
    let bytes = site.read(&path)?.ok_or_else(missing)?;
    let text = str::from_utf8(&bytes).map_err(|error| {
        Error::new(ErrorKind::Layout, format!("the file is not UTF-8 ({error})"))
            .at(Place::file(&path))
            .with_help("save it as UTF-8")
    })?;
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    if text.contains(['\r', '\0']) {
        let message = "the file has a lone CR or a NUL in it";
        return Err(Error::new(ErrorKind::Layout, message).at(Place::file(&path)));
    }
    Ok(text)
}

/// A file that becomes the content of an element, whose end tag it must not contain.
fn inline(site: &Site, name: &str, end: &str) -> Result<String> {
    let text = read(site, name)?;
    let lower = text.to_ascii_lowercase();
    for end in [end, "<!--"] {
        if let Some(at) = lower.find(end) {
            let place = Place::in_text(path(name), &text, at..at + end.len());
            let message = format!("`{end}` cannot stand in a page's style or script");
            return Err(Error::new(ErrorKind::Layout, message)
                .at(place)
                .with_help("write it in two parts, with an escape, or without it"));
        }
    }
    Ok(text)
}

/// The error of a template, with its place.
fn template_error(name: &str, source: &str, error: &minijinja::Error) -> Error {
    let cause = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let place = match (error.range(), error.line()) {
        (Some(range), _) => Place::in_text(path(name), source, range),
        (None, Some(line)) => {
            let starts = source.match_indices('\n').map(|(at, _)| at + 1);
            let start = [0].into_iter().chain(starts).nth(line - 1).unwrap_or(0);
            Place::in_text(path(name), source, start..start)
        }
        (None, None) => Place::file(path(name)),
    };
    Error::new(ErrorKind::Layout, format!("failed to make the page ({cause})")).at(place)
}

#[cfg(test)]
mod tests;
