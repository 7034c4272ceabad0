//! The settings of a site, which an operator writes in `testamur.yaml`.
//!
//! ```yaml
//! publish: { url: "https://certificates.example.org" }
//! timezone: Europe/Berlin
//! render: { deadline: 10, threads: 4 }
//! store: public
//! private: private
//! seal: { tsa: { url: "https://tsa.example.org/" } }
//! agent: { queue: redis }
//! ```
//!
//! - **Takes**: the content of the file; for the agent also the environment and the command line.
//! - **Gives**: [`Settings`], in which all that is not set has its default; or all errors of the
//!   file at once. [`SETTINGS`] is the table of all settings.

mod address;
mod agent;
mod certificate_url;
mod deadline;
mod index;
mod publish;
mod render;
mod seal;
mod secret;
mod setting;
mod store;
mod table;

#[cfg(feature = "cli")]
pub(crate) use self::address::web_address;
pub use self::agent::{
    AgentSettings, HttpSettings, LogFormat, LogSettings, LogTarget, QueueKind,
    RedisSettings, WebhookSettings, XqueueSettings,
};
pub use self::certificate_url::CertificateUrl;
pub use self::index::IndexSettings;
pub use self::publish::{PdfFilename, PublishAddress, PublishSettings};
pub use self::render::RenderSettings;
pub use self::seal::{
    CommandLine, PdfKeySettings, PgpSettings, SealSettings, TokenSettings, TsaSettings,
};
pub use self::secret::Secret;
pub use self::setting::{Setting, SettingDefault, SettingForm};
pub use self::store::{FolderSettings, KeyFiles, Readers, S3Settings, StoreSettings};
pub use self::table::SETTINGS;
use crate::base::error::{ErrorKind, Place, Result, Warning};
use crate::base::yaml::{Document, Faults, Key, Node, YamlFault};
use crate::site::files::SETTINGS_FILE;

/// Keys that a later release will have. Their error says so.
const PLANNED: [&str; 1] = ["keys"];

/// The settings of a site. Each field is the key of the same name in `testamur.yaml`. All have
/// defaults, so that an empty file is valid.
///
/// ```
/// use testamur::site::Settings;
///
/// let settings = Settings::parse(b"publish: { url: https://certs.example.org }")?;
/// assert_eq!(settings.publish.url(), Some("https://certs.example.org"));
/// let error = Settings::parse(b"publish: { urll: x }").unwrap_err();
/// assert_eq!(error.help(), Some("did you mean `url`?"));
/// # Ok::<(), testamur::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Settings {
    /// Where an agent takes its requests from; nothing unless set.
    pub agent: AgentSettings,
    /// The addresses and files of published certificates.
    pub publish: PublishSettings,
    /// The IANA name of the time zone whose calendar day is the date of issue of a rolling course,
    /// such as `Europe/Berlin`; unless set, the program takes that of the machine.
    pub timezone: Option<String>,
    /// The limits of rendering.
    pub render: RenderSettings,
    /// The keys and the TSA with which certificates are sealed.
    pub seal: SealSettings,
    /// The public store; the folder `public` unless set.
    pub store: StoreSettings,
    /// The private store, which only the operator can read; the folder `private` unless set.
    pub private: Option<StoreSettings>,
    /// Where the index of the register is.
    pub index: IndexSettings,
}

impl Settings {
    /// Reads the content of a `testamur.yaml`.
    ///
    /// # Errors
    /// All errors of the file at once ([`Error::faults`](crate::Error::faults)), each with its
    /// place: [`ErrorKind::Syntax`], [`ErrorKind::UnknownKey`], [`ErrorKind::MissingField`],
    /// [`ErrorKind::Duplicate`], [`ErrorKind::InvalidValue`], [`ErrorKind::TooLarge`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut faults = Faults::default();
        let mut settings = Settings::default();
        if let Some(document) = Document::parse(SETTINGS_FILE, bytes, &mut faults) {
            settings.read(document.root(), &mut faults);
        }
        faults.finish().map(|()| settings)
    }

    /// Warnings about settings that can be used but should be changed.
    pub fn warnings(&self) -> Vec<Warning> {
        let is_rootless = self.seal.tsa.as_ref().is_some_and(|tsa| tsa.roots.is_none());
        let mut warnings = Vec::new();
        if is_rootless {
            let message = "`seal.tsa` names no `roots`: a verifier that has not the root of the TSA from \
                           elsewhere does not trust the time of any seal";
            let warning = Warning::new(ErrorKind::InvalidValue, message);
            warnings.push(warning.at(Place::file(SETTINGS_FILE)).with_help(
                "put the root's certificate into a file, and name it: `roots: tsa.pem`",
            ));
        }
        let is_s3 = matches!(self.store, StoreSettings::S3(_));
        if !is_s3 || !self.publish.has_pages() || self.publish.index_file.is_some() {
            return warnings;
        }
        let message = "links to verify pages end in `/`, which S3 itself does not answer";
        let warning = Warning::new(ErrorKind::InvalidValue, message)
            .at(Place::file(SETTINGS_FILE))
            .with_help(
                "set `publish.index_file: index.html`, or `publish.index_file: \"\"` if the \
                 server in front of the bucket shows index files",
            );
        warnings.push(warning);
        warnings
    }

    fn read(&mut self, root: Node<'_>, faults: &mut Faults) {
        if root.is_null() {
            return;
        }
        let known = table::keys("");
        let unknown = |key: Key<'_>| {
            if PLANNED.contains(&key.text()) {
                planned_key(key)
            } else {
                key.unknown(&known)
            }
        };
        let Some(fields) = root.fields_or(&known, faults, unknown) else {
            return;
        };
        if let Some(node) = fields.get("agent") {
            self.agent = AgentSettings::read(node, faults);
        }
        if let Some(node) = fields.get("publish") {
            let is_on_xqueue = self.agent.queue == Some(QueueKind::Xqueue);
            self.publish = PublishSettings::read(node, is_on_xqueue, faults);
        }
        if let Some(node) = fields.get("legacy") {
            // The keys that a migrated site had before. Nothing reads them.
            faults.keep(node.entries().map(drop));
        }
        if let Some(node) = fields.get("timezone") {
            self.timezone = faults.keep(read_timezone(node));
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
        if let Some(node) = fields.get("index")
            && let Some(index) = faults.keep(IndexSettings::read(node))
        {
            self.index = index;
        }
        store::check_private(&self.store, self.private.as_ref(), fields, faults);
        if let Some(node) = fields.get("render") {
            self.render = RenderSettings::read(node, faults);
        }
    }
}

fn planned_key(key: Key<'_>) -> YamlFault {
    key.fault(
        ErrorKind::UnknownKey,
        format!("`{}` is planned, but not in this release", key.text()),
    )
    .with_help("remove it: nothing would act on it")
}

/// Checks the form of a name in the IANA database. The program checks whether there is such a time
/// zone.
fn read_timezone(node: Node<'_>) -> Result<String, YamlFault> {
    let name = node.text()?;
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(node
            .fault(ErrorKind::InvalidValue, format!("`{name}` is no time zone"))
            .with_help("write a name such as `Europe/Berlin` or `UTC`"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse(text: &str) -> Settings {
        Settings::parse(text.as_bytes()).unwrap()
    }

    fn complaint(text: &str) -> String {
        format!("{:#}", Settings::parse(text.as_bytes()).unwrap_err())
    }

    #[test]
    fn empty_file_gives_the_defaults() {
        for text in ["", "\n", "# nothing yet\n", "publish:\nrender: {}\n"] {
            assert_eq!(parse(text), Settings::default(), "{text:?}");
        }
        assert_eq!(Settings::default().render.deadline.as_secs(), 10);
    }

    #[test]
    fn all_keys_are_read() {
        let settings = parse(
            "publish: { url: 'https://example.org/c//', index_file: valid.html }\n\
             timezone: Europe/Berlin\n\
             render: { deadline: 2.5, threads: 3 }\n",
        );
        assert_eq!(settings.publish.url(), Some("https://example.org/c"));
        assert_eq!(settings.publish.index_file.as_deref(), Some("valid.html"));
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
    fn addresses_without_a_host_are_refused() {
        for url in
            ["example.org", "http://", "https:///x", "https://a b", "https://a?b=c"]
        {
            assert!(
                complaint(&format!("publish: {{ url: \"{url}\" }}")).contains("address")
            );
        }
    }

    #[test]
    fn site_that_publishes_nowhere_says_none() {
        let publish = parse("publish: none\n").publish;
        assert_eq!(publish.address, PublishAddress::Nowhere);
        assert!(!publish.has_pages());
        assert_eq!(publish.url(), None);
        let url = publish.download_url(&crate::base::digits::DownloadId::nil());
        assert_eq!(url, format!("downloads/{}/Certificate.pdf", "0".repeat(32)).as_str());
        assert_eq!(parse("").publish.address, PublishAddress::Unset);
        assert!(complaint("publish: nowhere\n").contains("map"));
    }

    #[test]
    fn only_an_xqueue_limits_the_length_of_addresses() {
        let publish =
            |url: &str| format!("publish: {{ url: 'https://x.example/{url}' }}\n");
        let long = publish(&"a".repeat(120));
        assert!(parse(&long).publish.check_for_xqueue().is_err());
        let xqueue =
            "agent: { queue: xqueue, xqueue: { url: 'https://q.example', name: c } }\n";
        let text = complaint(&format!("{long}{xqueue}"));
        assert!(text.contains("the addresses of PDFs would have"), "{text}");
        assert!(text.starts_with("testamur.yaml:1:"), "{text}");
        // The limit is for PDFs: the queue does not carry the addresses of verify pages.
        parse(&format!("{}{xqueue}", publish("c")));
    }

    #[test]
    fn store_that_shows_no_index_file_is_warned_of() {
        let store = "store: { s3: { bucket: certificates, region: eu-central-1 } }\n";
        let warnings = |publish: &str| parse(&format!("{publish}{store}")).warnings();
        let [warning] = &warnings("")[..] else { panic!("no warning") };
        assert!(format!("{warning:#}").contains("index_file: index.html"), "{warning:#}");
        assert_eq!(warnings("publish: { index_file: index.html }\n"), []);
        assert_eq!(warnings("publish: { index_file: '' }\n"), []);
        assert_eq!(warnings("publish: none\n"), []);
        assert_eq!(parse("").warnings(), []);
    }

    #[test]
    fn empty_index_file_is_not_an_unset_one() {
        let index_file = |text: &str| parse(text).publish.index_file;
        assert_eq!(index_file("publish: { index_file: '' }\n").as_deref(), Some(""));
        assert_eq!(index_file("publish: {}\n"), None);
    }

    #[test]
    fn planned_key_is_refused() {
        let text = complaint("keys: {}\n");
        assert!(text.contains("`keys` is planned, but not in this release"), "{text}");
    }
}
