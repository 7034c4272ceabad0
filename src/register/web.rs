//! The web page of a certificate: what was certified, whether it stands, and how to check it.
//!
//! Takes [`PageFacts`] and the texts of a language, gives [`Pages`]. The decision made here: a page
//! depends on no server but its own. It is readable without scripts, and loads only files of the
//! same store: a style and a script that are named by their digests ([`PageAsset`]), the PDF that
//! it shows, and the record of its certificate, which says what the status is now. Its content
//! security policy allows nothing else, so that not even an unescaped value could run as a script.
//!
//! The templates are minijinja's, with strict undefined values, escaping, limited fuel and no
//! loader. Templates, style and scripts are files of `layouts/shared/pages/`, each of which a site
//! may replace.

mod asset;
mod facts;
mod folder;
mod link;
mod palette;
mod visible;
mod words;

use std::collections::BTreeMap;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

pub use self::asset::PageAsset;
pub use self::facts::{
    PageDate, PageFacts, PageKey, PagePdf, PageSeal, PageSentence, PageSignatory,
    PageSignature, PageStatus, PageTheme,
};
pub(crate) use self::folder::FolderFacts;
pub use self::folder::FolderFile;
use self::palette::Palette;
use self::visible::VisibleFacts;
use self::words::is_cased;
use crate::base::error::{Error, ErrorKind, Place, Result};
use crate::base::lang::Tag;
use crate::base::recent::Recent;
use crate::image::qr::QrCode;
use crate::site::course::Colour;
use crate::site::files::Site;
use crate::text::locale::PAGE_TEXTS;

const FOLDER: &str = "layouts/shared/pages";
const CERTIFICATE: &str = "certificate.html";
const FOLDER_PAGE: &str = "folder.html";
/// Pages that a site adds by a template of its own: addresses that its printed links end in.
const EXTRA: [&str; 2] = ["valid.html", "verify.html"];
/// The scripts of a page, in the order in which they run.
const SCRIPTS: [&str; 3] = ["openpgp.js", "check.js", "status.js"];
/// The most styles that are remembered, in each of two generations.
const MAX_STYLES: usize = 16;
/// The most fuel that minijinja may use for a page: enough for a hundred signatories, and an end
/// for nested loops.
const MAX_FUEL: u64 = 200_000;

/// The pages of one certificate, as UTF-8 text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pages {
    /// What is certified, whether it stands, and how to check it: `index.html`.
    pub certificate: String,
    /// The pages that the site adds by templates of its own, by their file names: `valid.html` and
    /// `verify.html`.
    pub extra: BTreeMap<&'static str, String>,
    /// The files that the pages load, which are published before them.
    pub assets: Vec<PageAsset>,
}

/// The templates of a site's pages, compiled once and used for every certificate.
#[derive(Debug)]
pub struct PageTemplates {
    env: Environment<'static>,
    sources: BTreeMap<&'static str, String>,
    style: String,
    /// The styles with the colours of a theme.
    styles: Recent<[Colour; 3], PageAsset>,
    script: PageAsset,
}

impl PageTemplates {
    /// The names of the texts that the pages need.
    pub const TEXTS: [&str; PAGE_TEXTS.len()] = PAGE_TEXTS;

    /// Reads the files of `layouts/shared/pages/`: the site's own, else the built-in ones.
    ///
    /// # Errors
    /// [`ErrorKind::Layout`]: a template, the style or a script cannot be read.
    pub fn load(site: &Site) -> Result<Self> {
        let mut env = Environment::empty();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_fuel(Some(MAX_FUEL));
        env.set_debug(true);
        let mut sources = BTreeMap::new();
        for name in [CERTIFICATE, FOLDER_PAGE].into_iter().chain(EXTRA) {
            if EXTRA.contains(&name) && site.read(&path(name))?.is_none() {
                continue;
            }
            let source = read(site, name)?;
            if let Some(at) = source.find("autoescape") {
                let place = Place::in_text(path(name), &source, at..at + 10);
                let message = "a page may not turn off escaping";
                return Err(Error::new(ErrorKind::Layout, message).at(place));
            }
            let added = env.add_template_owned(name, source.clone());
            added.map_err(|error| template_error(name, &source, error))?;
            sources.insert(name, source);
        }
        let style = read(site, "style.css")?;
        let script: Result<String> =
            SCRIPTS.into_iter().map(|name| read(site, name)).collect();
        let script = PageAsset::new(script?, "js");
        Ok(Self { env, sources, style, styles: Recent::new(MAX_STYLES), script })
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
        let texts = complete(texts, language)?;
        let facts = facts.visible()?;
        let style = self.style(&facts.theme);
        let qr_code = if link::is_absolute(&facts.verify_url) {
            let white = Colour::WHITE;
            let svg = QrCode::new(&facts.verify_url, white)?.svg;
            Some(data_url(&svg))
        } else {
            None
        };
        let title = match &facts.certificate {
            Some(certificate) => certificate.title.clone(),
            None => texts[facts.status.word()].to_owned(),
        };
        let mut values = BTreeMap::from([
            ("language", Value::from(language.as_str())),
            ("direction", Value::from(language.direction().as_str())),
            ("cased", Value::from(is_cased(texts["check"]))),
            ("policy", Value::from(policy(&facts))),
            ("style", Value::from(style.link())),
            ("script", Value::from(self.script.link())),
            ("code", Value::from(qr_code)),
            ("title", Value::from(title)),
            ("description", Value::from(description(&facts, &texts))),
            ("text", Value::from(Serde(&texts))),
        ]);
        values.extend(facts.values());
        let values = Value::from(values);
        let page = |name| self.render_template(name, &values);
        let extra = EXTRA.into_iter().filter(|name| self.sources.contains_key(name));
        Ok(Pages {
            certificate: page(CERTIFICATE)?,
            extra: extra.map(|name| Ok((name, page(name)?))).collect::<Result<_>>()?,
            assets: vec![style, self.script.clone()],
        })
    }

    /// The style with the colours of a theme.
    fn style(&self, theme: &PageTheme) -> PageAsset {
        let key = [theme.accent, theme.paper, theme.ink];
        self.styles.get(&key).unwrap_or_else(|| {
            let text = format!("{}{}", Palette::css(theme), self.style);
            let style = PageAsset::new(text, "css");
            self.styles.insert(key, style.clone());
            style
        })
    }

    fn render_template(&self, name: &'static str, values: &Value) -> Result<String> {
        let template = self.env.get_template(name);
        let page = template.and_then(|template| template.render(values));
        page.map_err(|error| template_error(name, &self.sources[name], error))
    }
}

/// The texts of a page by name, none of them missing.
fn complete<'a>(
    texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    language: &Tag,
) -> Result<BTreeMap<&'a str, &'a str>> {
    let texts: BTreeMap<&str, &str> = texts.into_iter().collect();
    match PAGE_TEXTS.iter().find(|key| !texts.contains_key(*key)) {
        None => Ok(texts),
        Some(missing) => {
            let message = format!("the pages' texts in `{language}` lack `{missing}`");
            Err(Error::new(ErrorKind::MissingField, message))
        }
    }
}

/// A picture as a `data:` URL (RFC 2397). Percent-encoding is shorter than base64 for the text of
/// an SVG.
fn data_url(svg: &str) -> String {
    let mut url = String::with_capacity(svg.len() + 128);
    url.push_str("data:image/svg+xml,");
    let mut rest = svg;
    while let Some(at) = rest.find(['"', '<', '>', '#']) {
        url.push_str(&rest[..at]);
        url.push_str(match rest.as_bytes()[at] {
            b'"' => "'",
            b'<' => "%3C",
            b'>' => "%3E",
            _ => "%23",
        });
        rest = &rest[at + 1..];
    }
    url.push_str(rest);
    url
}

/// The content security policy of a page (CSP Level 3). Chromium shows an `object` with a PDF as a
/// frame, so both are allowed, from the address of the PDF only.
fn policy(facts: &VisibleFacts) -> String {
    let pdf = facts.certificate.as_ref().and_then(|shown| shown.pdf.as_ref());
    let shown = pdf.and_then(|pdf| pdf.url.as_deref()).and_then(link::source);
    let shown = shown.map_or_else(String::new, |source| {
        format!("object-src {source}; frame-src {source}; ")
    });
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         {shown}img-src data:; base-uri 'none'; form-action 'none'"
    )
}

/// The description that search engines and messengers show. It does not state the status, because
/// they keep old copies.
fn description(facts: &VisibleFacts, texts: &BTreeMap<&str, &str>) -> String {
    match &facts.certificate {
        None => facts.issuer.clone(),
        Some(certificate) => format!(
            "{}. {}. {}: {}",
            certificate.course,
            certificate.organization,
            texts["issued"],
            certificate.issued.text
        ),
    }
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// The text of a file, with line feeds as line ends.
fn read(site: &Site, name: &str) -> Result<String> {
    let path = path(name);
    let missing = || Error::new(ErrorKind::MissingFile, format!("there is no `{path}`"));
    let bytes = site.read(&path)?.ok_or_else(missing)?;
    let text = str::from_utf8(&bytes).map_err(|error| {
        Error::caused(ErrorKind::Layout, "the file is not UTF-8", error)
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

/// The error of a template, with its place.
fn template_error(name: &str, source: &str, error: minijinja::Error) -> Error {
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
    Error::new(ErrorKind::Layout, format!("failed to make the page ({cause})"))
        .with_source(error)
        .at(place)
}

#[cfg(test)]
mod tests;
