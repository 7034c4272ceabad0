//! The web pages of a certificate: what was certified, and how to check it.
//!
//! Takes [`PageFacts`] and the texts of a language, gives [`Pages`]. The decision made here is that a
//! page needs nobody: it is one file, readable without script, that loads nothing, sends nothing and
//! looks the same in thirty years. Its policy allows the one style and the one script that it was
//! made with, by their digests, so that even a value that came through unescaped could do nothing.
//!
//! Templates are minijinja's, strict, escaped, with fuel and no loader. They, the style and the
//! scripts are files of `layouts/shared/pages/` that a site may replace one by one.

mod facts;
mod link;
mod palette;

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
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::lang::Tag;
use crate::image::qr::QrCode;
use crate::site::course::Colour;
use crate::site::files::Site;
use crate::text::locale::PAGE_TEXTS;

const FOLDER: &str = "layouts/shared/pages";
const CERTIFICATE: &str = "certificate.html";
const VERIFY: &str = "verify.html";
/// Enough for a hundred signatories, and an end for a loop in a loop.
const FUEL: u64 = 200_000;

/// The pages of one certificate, as UTF-8 text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pages {
    /// What was certified: `index.html`, and `valid.html` for servers without an index rule.
    pub certificate: String,
    /// How to check it oneself: `verify.html`.
    pub verify: String,
}

/// The templates of a site's pages, compiled: made once, used for every certificate.
#[derive(Debug)]
pub struct PageTemplates {
    env: Environment<'static>,
    sources: BTreeMap<&'static str, String>,
    style: String,
    script: String,
}

impl PageTemplates {
    /// The names of the texts that the pages need.
    pub const TEXTS: [&str; 48] = PAGE_TEXTS;

    /// Reads the files of `layouts/shared/pages/`, the site's own over the built-in ones.
    ///
    /// # Errors
    /// [`ErrorKind::Layout`]: a template cannot be read, or a style or script cannot stand in a page.
    pub fn load(site: &Site) -> Result<Self> {
        let mut env = Environment::empty();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_fuel(Some(FUEL));
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
            added.map_err(|error| fault(name, &source, &error))?;
            sources.insert(name, source);
        }
        let style = inline(site, "style.css", "</style")?;
        let script =
            ["openpgp.js", "check.js"].map(|name| inline(site, name, "</script"));
        let [openpgp, check] = script;
        let script = format!("{}{}", openpgp?, check?);
        Ok(Self { env, sources, style, script })
    }

    /// Makes the pages of a certificate, with texts in `language`: that of the certificate, or the
    /// one that its texts are borrowed from.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: a fact that cannot stand on a page, such as a link that is none.
    /// [`ErrorKind::MissingField`]: a text is missing. [`ErrorKind::Layout`]: a template asks for what is not
    /// there.
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
        let facts = facts.shown()?;
        let style = format!("{}{}", Palette::css(&facts.theme), self.style);
        let script = match facts.certificate.as_ref().is_some_and(|shown| shown.check) {
            true => self.script.as_str(),
            false => "",
        };
        let code = match link::is_absolute(&facts.verify_url) {
            true => {
                let white = Colour { red: 255, green: 255, blue: 255 };
                let svg = QrCode::new(&facts.verify_url, white)?.svg;
                Some(format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)))
            }
            false => None,
        };
        let mut values = BTreeMap::from([
            ("language", Value::from(language.as_str())),
            ("direction", Value::from(language.direction().as_str())),
            ("cased", Value::from(is_cased(texts["check"]))),
            ("policy", Value::from(policy(&style, script))),
            ("style", Value::from_safe_string(style)),
            ("script", Value::from_safe_string(script.to_owned())),
            ("code", Value::from(code)),
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
            page.map_err(|error| fault(name, &self.sources[name], &error))
        };
        Ok(Pages { certificate: page(CERTIFICATE)?, verify: page(VERIFY)? })
    }
}

/// Whether a text's letters have capitals that headings are set in. Georgian has some, which hardly any
/// font knows.
fn is_cased(text: &str) -> bool {
    text.chars().any(|c| c < '\u{590}' && (c.is_uppercase() || c.is_lowercase()))
}

/// The content-security policy of a page with that style and that script.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| {
        format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))
    };
    let script = match script.is_empty() {
        true => "'none'".to_owned(),
        false => hash(script),
    };
    format!(
        "default-src 'none'; style-src {}; script-src {script}; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(style)
    )
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// A file's text with the line ends that a browser makes of any: digests are over those.
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
    match text.contains(['\r', '\0']) {
        true => {
            Err(Error::new(ErrorKind::Layout, "the file has a lone CR or a NUL in it")
                .at(Place::file(&path)))
        }
        false => Ok(text),
    }
}

/// A file that stands inside an element, whose end it must not contain.
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

fn fault(name: &str, source: &str, error: &minijinja::Error) -> Error {
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
