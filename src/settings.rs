//! What an operator sets in `testamur.yaml`.

mod seal;

use std::time::Duration;

pub use self::seal::{
    AuthoritySettings, CommandLine, PdfKeySettings, PgpSettings, SealSettings,
};
use crate::error::{Kind, Result};
use crate::yaml::{Document, Fault, Faults, Fields, Key, Node};

/// The name of the file.
pub(crate) const FILE: &str = "testamur.yaml";

const KNOWN: [&str; 4] = ["publish", "render", "seal", "timezone"];
/// Parts of the design that this release does not have: said, rather than passed over.
const PLANNED: [&str; 4] = ["agent", "keys", "queue", "store"];

/// The settings of a site. An empty file is valid: everything has a default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Settings {
    /// Where certificates are published.
    pub publish: Publish,
    /// The IANA name of the time zone whose calendar dates a rolling course, such as
    /// `Europe/Berlin`; the program's default otherwise.
    pub timezone: Option<String>,
    /// How documents are made.
    pub render: Render,
    /// How they are sealed.
    pub seal: SealSettings,
}

/// Where certificates are published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Publish {
    /// The address that verify links begin with, `http` or `https`, without a `/` at its end.
    pub url: Option<String>,
    /// The file that links to a verify page name, such as `valid.html`, for servers without an
    /// index rule; empty if links end in `/`.
    pub link: String,
}

/// How documents are made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Render {
    /// The time after which one document is given up: 10 seconds unless set.
    pub deadline: Duration,
    /// How many documents are made at once; as many as there are cores unless set.
    pub threads: Option<usize>,
}

impl Default for Render {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), threads: None }
    }
}

impl Settings {
    /// Reads the content of a `testamur.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it, each fault with its place: [`Kind::Syntax`],
    /// [`Kind::UnknownKey`], [`Kind::InvalidValue`] and the like.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut faults = Faults::default();
        let mut settings = Settings::default();
        if let Some(document) = Document::parse(FILE, bytes, &mut faults) {
            settings.read(document.root(), &mut faults);
        }
        faults.finish().map(|()| settings)
    }

    fn read(&mut self, root: Node<'_>, faults: &mut Faults) {
        if root.is_null() {
            return;
        }
        let unknown = |key: Key<'_>| match PLANNED.contains(&key.text()) {
            true => planned(key),
            false => key.unknown(&KNOWN),
        };
        let Some(fields) = root.fields_or(&KNOWN, faults, unknown) else { return };
        if let Some(node) = fields.get("publish")
            && let Some(fields) = node.fields(&["url", "link"], faults)
        {
            self.publish = publish(fields, faults);
        }
        if let Some(node) = fields.get("timezone") {
            self.timezone = faults.keep(timezone(node));
        }
        if let Some(node) = fields.get("seal") {
            self.seal = SealSettings::read(node, faults);
        }
        if let Some(node) = fields.get("render")
            && let Some(fields) = node.fields(&["deadline", "threads"], faults)
        {
            self.render = render(fields, faults);
        }
    }
}

fn planned(key: Key<'_>) -> Fault {
    key.fault(
        Kind::UnknownKey,
        format!("`{}` is planned, but not in this release", key.text()),
    )
    .with_help("remove it: nothing would act on it")
}

fn publish(fields: Fields<'_>, faults: &mut Faults) -> Publish {
    let url = fields.get("url").and_then(|node| {
        let url = faults.keep(node.text())?.trim_end_matches('/');
        let host =
            ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
        let clean = printable && !url.contains(['?', '#', '"', '<', '>', '\\']);
        let named = host.is_some_and(|host| !host.starts_with('/') && !host.is_empty());
        if !(clean && named) {
            faults.push(
                node.fault(
                    Kind::InvalidValue,
                    format!("`{url}` is no address that links can begin with"),
                )
                .with_help("write it like `https://certificates.example.org`"),
            );
        }
        Some(url.to_owned())
    });
    let link = fields.get("link").and_then(|node| {
        let link = faults.keep(node.text())?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !link.chars().all(allowed) || link.starts_with('.') {
            faults.push(
                node.fault(Kind::InvalidValue, format!("`{link}` is no file name"))
                    .with_help("name one file, such as `valid.html`, or leave it out"),
            );
        }
        Some(link.to_owned())
    });
    Publish { url, link: link.unwrap_or_default() }
}

/// The form of a name in the IANA database; whether the machine knows it is the program's to say.
fn timezone(node: Node<'_>) -> Result<String, Fault> {
    let name = node.text()?;
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    match !name.is_empty() && name.chars().all(allowed) {
        true => Ok(name.to_owned()),
        false => Err(node
            .fault(Kind::InvalidValue, format!("`{name}` is no time zone"))
            .with_help("write a name such as `Europe/Berlin` or `UTC`")),
    }
}

fn render(fields: Fields<'_>, faults: &mut Faults) -> Render {
    let mut render = Render::default();
    if let Some(node) = fields.get("deadline")
        && let Some(seconds) = faults.keep(node.positive())
    {
        match seconds <= 3600.0 {
            true => render.deadline = Duration::from_secs_f64(seconds),
            false => faults.push(node.fault(
                Kind::InvalidValue,
                format!("`deadline: {seconds}` is more than 3600 seconds"),
            )),
        }
    }
    if let Some(node) = fields.get("threads")
        && let Some(text) = faults.keep(node.text())
    {
        render.threads = text.parse().ok().filter(|threads| (1..=1024).contains(threads));
        if render.threads.is_none() {
            faults.push(node.fault(
                Kind::InvalidValue,
                format!("`threads: {text}` is no whole number from 1 to 1024"),
            ));
        }
    }
    render
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Settings {
        Settings::parse(text.as_bytes()).unwrap()
    }

    fn complaint(text: &str) -> String {
        format!("{:#}", Settings::parse(text.as_bytes()).unwrap_err())
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        for text in ["", "\n", "# nothing yet\n", "publish:\nrender: {}\n"] {
            assert_eq!(parse(text), Settings::default(), "{text:?}");
        }
        assert_eq!(Settings::default().render.deadline.as_secs(), 10);
    }

    #[test]
    fn everything_set() {
        let settings = parse(
            "publish: { url: 'https://example.org/c//', link: valid.html }\n\
             timezone: Europe/Berlin\n\
             render: { deadline: 2.5, threads: 3 }\n",
        );
        assert_eq!(settings.publish.url.as_deref(), Some("https://example.org/c"));
        assert_eq!(settings.publish.link, "valid.html");
        assert_eq!(settings.timezone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(settings.render.deadline, Duration::from_millis(2500));
        assert_eq!(settings.render.threads, Some(3));
    }

    #[test]
    fn faults_are_reported_together_and_in_order() {
        let text = "publsh: {}\n\
                    publish: { url: ftp://x, link: a/b }\n\
                    timezone: somewhere nice\n\
                    render: { deadline: 0, threads: many }\n\
                    store: s3\n";
        let error = Settings::parse(text.as_bytes()).unwrap_err();
        let lines: Vec<_> =
            error.faults().map(|fault| fault.place().unwrap().line.unwrap()).collect();
        assert_eq!(lines, [1, 2, 2, 3, 4, 4, 5]);
        assert_eq!(error.help(), Some("did you mean `publish`?"));
    }

    #[test]
    fn addresses_that_cannot_begin_a_link() {
        for url in
            ["example.org", "http://", "https:///x", "https://a b", "https://a?b=c"]
        {
            assert!(
                complaint(&format!("publish: {{ url: \"{url}\" }}")).contains("address")
            );
        }
    }

    #[test]
    fn what_is_planned_is_not_accepted_in_silence() {
        let text = complaint("keys: {}\n");
        assert!(text.contains("`keys` is planned, but not in this release"), "{text}");
    }
}
