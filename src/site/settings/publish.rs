//! Settings of `publish`: the addresses and files of published certificates.

use crate::base::digits::{CertificateId, DownloadId};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::yaml::{Faults, Node};
use crate::site::settings::certificate_url::CertificateUrl;
use crate::site::settings::table;

/// The addresses and files of published certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PublishSettings {
    /// Where the public store is published.
    pub address: PublishAddress,
    /// The base of the addresses of PDFs; that of verify pages unless set.
    pub downloads: Option<String>,
    /// The file name at the end of the addresses of verify pages, such as `valid.html`, for servers
    /// that show no index file. Addresses end in `/` if it is empty, and unless set.
    pub index_file: Option<String>,
    /// The file name of every PDF; `Certificate.pdf` unless set.
    pub filename: PdfFilename,
    /// The folder of verify pages, in the public store and in their addresses; `cert` unless set.
    pub verify_path: Option<String>,
    /// Whether the PDFs of revoked and superseded certificates stay published; not unless set.
    pub keep_revoked_pdfs: bool,
}

/// Where a site publishes its certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PublishAddress {
    /// Nothing is set: links begin with [`PublishSettings::DEFAULT_URL`] and lead nowhere.
    #[default]
    Unset,
    /// Nowhere, `publish: none`: certificates bear neither a verify link nor a QR code, and have no
    /// web page.
    Nowhere,
    /// Below this address, `http` or `https`, without a `/` at its end.
    Url(String),
}

/// The file name of a PDF: 1 to 64 ASCII letters, digits, `.`, `-` and `_`, with `.pdf` at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdfFilename(String);

impl PdfFilename {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for PdfFilename {
    fn default() -> Self {
        Self("Certificate.pdf".to_owned())
    }
}

impl PublishSettings {
    /// The base of addresses unless one is set: a domain that is reserved for examples (RFC 2606).
    pub const DEFAULT_URL: &str = "https://example.org";
    /// The folder of verify pages unless another is set.
    pub(crate) const DEFAULT_VERIFY_PATH: &str = "cert";
    /// The most bytes of an address that an XQueue can carry: the size of the column in which old
    /// learning management systems store it.
    pub const MAX_XQUEUE_URL_LEN: usize = 128;

    /// Reads the value of `publish`. `is_on_xqueue` says whether addresses go through an XQueue.
    pub(super) fn read(node: Node<'_>, is_on_xqueue: bool, faults: &mut Faults) -> Self {
        let mut publish = Self::default();
        if node.text().is_ok_and(|text| text == "none") {
            publish.address = PublishAddress::Nowhere;
            return publish;
        }
        let Some(fields) = node.fields(&table::keys("publish"), faults) else {
            return publish;
        };
        if let Some(node) = fields.get("url")
            && let Some(url) = read_address(node, faults)
        {
            publish.address = PublishAddress::Url(url);
        }
        if let Some(node) = fields.get("downloads") {
            publish.downloads = read_address(node, faults);
        }
        // An empty value differs from a missing one: it says that the server answers `…/`.
        if let Some(node) = fields.get("index_file")
            && let Some(name) = faults.keep(node.text())
        {
            if !is_file_name(name) && !name.is_empty() {
                faults.push(
                    node.fault(
                        ErrorKind::InvalidValue,
                        format!("`{name}` is no file name"),
                    )
                    .with_help("name one file, such as `valid.html`, or leave it out"),
                );
            }
            publish.index_file = Some(name.to_owned());
        }
        if let Some(node) = fields.get("filename")
            && let Some(name) = faults.keep(node.text())
        {
            if is_file_name(name) && name.to_ascii_lowercase().ends_with(".pdf") {
                publish.filename = PdfFilename(name.to_owned());
            } else {
                faults.push(
                    node.fault(
                        ErrorKind::InvalidValue,
                        format!("`{name}` is no name for a PDF"),
                    )
                    .with_help("write letters, digits, `.`, `-` and `_`, then `.pdf`"),
                );
            }
        }
        if let Some(node) = fields.get("verify_path")
            && let Some(name) = faults.keep(node.text())
        {
            if Self::is_verify_path(name) {
                publish.verify_path =
                    (name != Self::DEFAULT_VERIFY_PATH).then(|| name.to_owned());
            } else {
                faults.push(
                    node.fault(
                        ErrorKind::InvalidValue,
                        format!("`{name}` is no folder for verify pages"),
                    )
                    .with_help(
                        "name one folder of the public store, such as `certificates`",
                    ),
                );
            }
        }
        if let Some(node) = fields.get("keep_revoked_pdfs") {
            publish.keep_revoked_pdfs = faults.keep(node.boolean()).unwrap_or_default();
        }
        if is_on_xqueue && let Err(error) = publish.check_for_xqueue() {
            let key = if publish.downloads.is_some() { "downloads" } else { "url" };
            if let Some(node) = fields.get(key) {
                let help = error.help().unwrap_or_default();
                faults.push(
                    node.fault(ErrorKind::InvalidValue, error.message()).with_help(help),
                );
            }
        }
        publish
    }

    /// Checks that an XQueue can carry the addresses of PDFs.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`]: they have more than
    /// [`MAX_XQUEUE_URL_LEN`](Self::MAX_XQUEUE_URL_LEN) bytes.
    pub fn check_for_xqueue(&self) -> Result<()> {
        let length = self.download_url(&DownloadId::nil()).len();
        if length <= Self::MAX_XQUEUE_URL_LEN {
            return Ok(());
        }
        let message = format!("the addresses of PDFs would have {length} bytes");
        Err(Error::new(ErrorKind::InvalidValue, message).with_help(format!(
            "shorten `publish.url` or `publish.downloads`: an address that is sent through \
             an XQueue has at most {} bytes",
            Self::MAX_XQUEUE_URL_LEN
        )))
    }

    /// Returns the base of the addresses of verify pages, or `None` if the site names none.
    pub fn url(&self) -> Option<&str> {
        match &self.address {
            PublishAddress::Url(url) => Some(url),
            PublishAddress::Unset | PublishAddress::Nowhere => None,
        }
    }

    /// Returns whether certificates have a verify page, to which they bear a link.
    pub fn has_pages(&self) -> bool {
        self.address != PublishAddress::Nowhere
    }

    /// Returns the address of a verify page: `URL/cert/ID/`, and the index file. Where certificates
    /// are not published it is the path of the record's folder in the public store.
    pub fn verify_url(&self, id: &CertificateId) -> CertificateUrl {
        let index_file = self.index_file.as_deref().unwrap_or_default();
        let url = format!("{}{}/{id}/{index_file}", self.base(None), self.verify_path());
        CertificateUrl::of_settings(url)
    }

    /// Whether the folder of verify pages can have this name: nothing else in the public store has
    /// it.
    pub(crate) fn is_verify_path(name: &str) -> bool {
        // Some file systems ignore case.
        let name_there = name.to_ascii_lowercase();
        let is_other = ["downloads", "assets", "keys"].contains(&&*name_there);
        is_file_name(name) && !is_other && !name_there.ends_with(".json")
    }

    /// Returns the folder of verify pages.
    pub fn verify_path(&self) -> &str {
        self.verify_path.as_deref().unwrap_or(Self::DEFAULT_VERIFY_PATH)
    }

    /// Returns the address of a PDF: `URL/downloads/ID/Certificate.pdf`. Where certificates are not
    /// published it is the path in the public store.
    pub fn download_url(&self, id: &DownloadId) -> CertificateUrl {
        let base = self.base(self.downloads.as_deref());
        CertificateUrl::of_settings(format!("{base}downloads/{id}/{}", self.filename.0))
    }

    /// The base of addresses, with a `/` at its end.
    fn base(&self, own: Option<&str>) -> String {
        let url = match &self.address {
            PublishAddress::Nowhere => return String::new(),
            PublishAddress::Unset => Self::DEFAULT_URL,
            PublishAddress::Url(url) => url,
        };
        format!("{}/", own.unwrap_or(url))
    }
}

/// Reads the base of addresses, and removes the `/` at its end.
fn read_address(node: Node<'_>, faults: &mut Faults) -> Option<String> {
    let url = faults.keep(node.text())?.trim_end_matches('/');
    let host = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let clean = CertificateUrl::is_clean(url) && !url.contains(['?', '#']);
    let named = host.is_some_and(|host| !host.starts_with('/') && !host.is_empty());
    let authority = host.and_then(|host| host.split('/').next()).unwrap_or_default();
    if authority.contains('@') {
        // The value has a password, and is not repeated.
        faults.push(
            node.fault(
                ErrorKind::InvalidValue,
                "this address has the name of a user, or a password",
            )
            .with_help("leave out what stands before the `@`: every certificate prints the address"),
        );
        return None;
    }
    if !(clean && named) {
        faults.push(
            node.fault(
                ErrorKind::InvalidValue,
                format!("`{url}` is no address that links can begin with"),
            )
            .with_help(
                "write it like `https://certificates.example.org`: the scheme in small letters, and a \
                 host with other letters in its ASCII form (`xn--…`)",
            ),
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
