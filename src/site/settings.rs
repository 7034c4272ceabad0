//! What an operator sets in `testamur.yaml`.

mod agent;
mod seal;
mod store;

use std::time::Duration;

pub use self::agent::{
    AgentSettings, Facility, HttpSettings, LogFormat, LogSettings, LogTarget, QueueKind,
    RedisSettings, Secret, SyslogAddress, WebhookSettings, XqueueSettings,
};
pub use self::seal::{
    CommandLine, PdfKeySettings, PgpSettings, SealSettings, TsaSettings,
};
pub use self::store::{FolderSettings, KeyFiles, Readers, S3Settings, StoreSettings};
use crate::base::error::{ErrorKind, Result};
use crate::base::yaml::{Document, Faults, Fields, Key, Node, YamlFault};

/// The name of the file.
pub(crate) const FILE: &str = "testamur.yaml";

const KNOWN: [&str; 7] =
    ["agent", "private", "publish", "render", "seal", "store", "timezone"];
/// Parts of the design that this release does not have: said, rather than passed over.
const PLANNED: [&str; 1] = ["keys"];

/// The settings of a site. An empty file is valid: everything has a default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Settings {
    /// Where requests come from; an empty one unless set.
    pub agent: AgentSettings,
    /// Where certificates are published.
    pub publish: Publish,
    /// The IANA name of the time zone whose calendar dates a rolling course, such as
    /// `Europe/Berlin`; the program's default otherwise.
    pub timezone: Option<String>,
    /// How documents are made.
    pub render: Render,
    /// How they are sealed.
    pub seal: SealSettings,
    /// Where they go: the folder `public` unless set.
    pub store: StoreSettings,
    /// Where what is for the operator alone goes: the folder `private` unless set.
    pub private: Option<StoreSettings>,
}

/// Where certificates are published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Publish {
    /// The address that verify links begin with, `http` or `https`, without a `/` at its end.
    pub url: Option<String>,
    /// The address that links to the PDFs begin with, where it differs from `url`.
    pub downloads: Option<String>,
    /// The file that links to a verify page name, such as `valid.html`, for servers without an
    /// index rule; empty if links end in `/`.
    pub index_file: String,
    /// What every PDF is called.
    pub filename: Filename,
    /// Whether the PDFs of certificates that were revoked or superseded stay where they are.
    pub keep_revoked_pdfs: bool,
}

/// What every PDF is called: `Certificate.pdf` unless set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filename(String);

impl Filename {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Filename {
    fn default() -> Self {
        Self("Certificate.pdf".to_owned())
    }
}

impl Publish {
    /// What links begin with where nothing is set: reserved for examples (RFC 2606), it leads
    /// nowhere.
    pub const NOWHERE: &str = "https://example.org";
    /// The longest link that old tables of learning management systems hold, in bytes.
    pub const LONGEST: usize = 128;

    /// The address of a verify page.
    pub fn verify_url(&self, id: &str) -> String {
        let url = self.url.as_deref().unwrap_or(Self::NOWHERE);
        format!("{url}/cert/{id}/{}", self.index_file)
    }

    /// The address of a PDF.
    pub fn download_url(&self, id: &str) -> String {
        let url = self.downloads.as_deref().or(self.url.as_deref());
        let url = url.unwrap_or(Self::NOWHERE);
        format!("{url}/downloads/{id}/{}", self.filename.0)
    }
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
    /// Everything that is wrong with it, each fault with its place: [`ErrorKind::Syntax`],
    /// [`ErrorKind::UnknownKey`], [`ErrorKind::InvalidValue`] and the like.
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
        if let Some(node) = fields.get("agent") {
            self.agent = AgentSettings::read(node, faults);
        }
        if let Some(node) = fields.get("publish")
            && let Some(fields) = node.fields(
                &["url", "downloads", "index_file", "filename", "keep_revoked_pdfs"],
                faults,
            )
        {
            self.publish = publish(fields, faults);
        }
        if let Some(node) = fields.get("timezone") {
            self.timezone = faults.keep(timezone(node));
        }
        if let Some(node) = fields.get("seal") {
            self.seal = SealSettings::read(node, faults);
        }
        if let Some(node) = fields.get("store")
            && let Some(store) = StoreSettings::read(node, faults)
        {
            self.store = store;
        }
        if let Some(node) = fields.get("private") {
            self.private = StoreSettings::read(node, faults);
        }
        store::keep_apart(&self.store, self.private.as_ref(), fields, faults);
        if let Some(node) = fields.get("render")
            && let Some(fields) = node.fields(&["deadline", "threads"], faults)
        {
            self.render = render(fields, faults);
        }
    }
}

fn planned(key: Key<'_>) -> YamlFault {
    key.fault(
        ErrorKind::UnknownKey,
        format!("`{}` is planned, but not in this release", key.text()),
    )
    .with_help("remove it: nothing would act on it")
}

fn publish(fields: Fields<'_>, faults: &mut Faults) -> Publish {
    let mut publish = Publish::default();
    if let Some(node) = fields.get("url") {
        publish.url = address(node, faults);
    }
    if let Some(node) = fields.get("downloads") {
        publish.downloads = address(node, faults);
    }
    if let Some(node) = fields.get("index_file")
        && let Some(link) = faults.keep(node.text())
    {
        if !is_file_name(link) && !link.is_empty() {
            faults.push(
                node.fault(ErrorKind::InvalidValue, format!("`{link}` is no file name"))
                    .with_help("name one file, such as `valid.html`, or leave it out"),
            );
        }
        link.clone_into(&mut publish.index_file);
    }
    if let Some(node) = fields.get("filename")
        && let Some(name) = faults.keep(node.text())
    {
        match is_file_name(name) && name.to_ascii_lowercase().ends_with(".pdf") {
            true => publish.filename = Filename(name.to_owned()),
            false => faults.push(
                node.fault(
                    ErrorKind::InvalidValue,
                    format!("`{name}` is no name for a PDF"),
                )
                .with_help("write letters, digits, `.`, `-` and `_`, then `.pdf`"),
            ),
        }
    }
    if let Some(node) = fields.get("keep_revoked_pdfs") {
        publish.keep_revoked_pdfs = faults
            .keep(node.one_of(&["true", "false"]))
            .is_some_and(|keep| keep == "true");
    }
    let id = "0".repeat(32);
    for (key, link) in
        [("url", publish.verify_url(&id)), ("downloads", publish.download_url(&id))]
    {
        if link.len() > Publish::LONGEST
            && let Some(node) = fields.get(key).or(fields.get("url"))
        {
            let message = format!("links would be {} bytes long", link.len());
            let help = format!(
                "shorten it: old tables of learning management systems hold {} bytes",
                Publish::LONGEST
            );
            faults.push(node.fault(ErrorKind::InvalidValue, message).with_help(help));
        }
    }
    publish
}

/// An address that links can begin with, without the `/` at its end.
fn address(node: Node<'_>, faults: &mut Faults) -> Option<String> {
    let url = faults.keep(node.text())?.trim_end_matches('/');
    let host = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    let clean = printable && !url.contains(['?', '#', '"', '<', '>', '\\']);
    let named = host.is_some_and(|host| !host.starts_with('/') && !host.is_empty());
    if !(clean && named) {
        faults.push(
            node.fault(
                ErrorKind::InvalidValue,
                format!("`{url}` is no address that links can begin with"),
            )
            .with_help("write it like `https://certificates.example.org`"),
        );
    }
    Some(url.to_owned())
}

fn is_file_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !name.is_empty()
        && name.len() <= 64
        && name.chars().all(allowed)
        && !name.starts_with('.')
}

/// The form of a name in the IANA database; whether the machine knows it is the program's to say.
fn timezone(node: Node<'_>) -> Result<String, YamlFault> {
    let name = node.text()?;
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    match !name.is_empty() && name.chars().all(allowed) {
        true => Ok(name.to_owned()),
        false => Err(node
            .fault(ErrorKind::InvalidValue, format!("`{name}` is no time zone"))
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
                ErrorKind::InvalidValue,
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
                ErrorKind::InvalidValue,
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
            "publish: { url: 'https://example.org/c//', index_file: valid.html }\n\
             timezone: Europe/Berlin\n\
             render: { deadline: 2.5, threads: 3 }\n",
        );
        assert_eq!(settings.publish.url.as_deref(), Some("https://example.org/c"));
        assert_eq!(settings.publish.index_file, "valid.html");
        assert_eq!(settings.timezone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(settings.render.deadline, Duration::from_millis(2500));
        assert_eq!(settings.render.threads, Some(3));
    }

    #[test]
    fn faults_are_reported_together_and_in_order() {
        let text = "publsh: {}\n\
                    publish: { url: ftp://x, index_file: a/b }\n\
                    timezone: somewhere nice\n\
                    render: { deadline: 0, threads: many }\n\
                    keys: k\n";
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
