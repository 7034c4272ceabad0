//! Settings of `publish`: the addresses and files of published certificates.

use crate::base::error::ErrorKind;
use crate::base::yaml::{Faults, Fields, Node};
use crate::site::settings::table;

/// The addresses and files of published certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PublishSettings {
    /// The base of the addresses of verify pages, `http` or `https`, without a `/` at its end;
    /// [`DEFAULT_URL`](Self::DEFAULT_URL) unless set.
    pub url: Option<String>,
    /// The base of the addresses of PDFs; `url` unless set.
    pub downloads: Option<String>,
    /// The file name at the end of the addresses of verify pages, such as `valid.html`, for servers
    /// that show no index file; empty unless set, and addresses then end in `/`.
    pub index_file: String,
    /// The file name of every PDF; `Certificate.pdf` unless set.
    pub filename: PdfFilename,
    /// Whether the PDFs of revoked and superseded certificates stay published; not unless set.
    pub keep_revoked_pdfs: bool,
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
    /// The most bytes of an address: the size of the column in which old learning management
    /// systems store it.
    pub const MAX_URL_LEN: usize = 128;

    /// Reads the value of `publish`.
    pub(super) fn read(node: Node<'_>, faults: &mut Faults) -> Self {
        let mut publish = Self::default();
        let Some(fields) = node.fields(&table::keys("publish"), faults) else {
            return publish;
        };
        if let Some(node) = fields.get("url") {
            publish.url = read_address(node, faults);
        }
        if let Some(node) = fields.get("downloads") {
            publish.downloads = read_address(node, faults);
        }
        if let Some(node) = fields.get("index_file")
            && let Some(link) = faults.keep(node.text())
        {
            if !is_file_name(link) && !link.is_empty() {
                faults.push(
                    node.fault(
                        ErrorKind::InvalidValue,
                        format!("`{link}` is no file name"),
                    )
                    .with_help("name one file, such as `valid.html`, or leave it out"),
                );
            }
            link.clone_into(&mut publish.index_file);
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
        if let Some(node) = fields.get("keep_revoked_pdfs") {
            publish.keep_revoked_pdfs = faults.keep(node.boolean()).unwrap_or_default();
        }
        publish.check_lengths(fields, faults);
        publish
    }

    /// Checks that the addresses are not too long for [`MAX_URL_LEN`](Self::MAX_URL_LEN).
    fn check_lengths(&self, fields: Fields<'_>, faults: &mut Faults) {
        let id = "0".repeat(32);
        for (key, link) in
            [("url", self.verify_url(&id)), ("downloads", self.download_url(&id))]
        {
            if link.len() > Self::MAX_URL_LEN
                && let Some(node) = fields.get(key).or(fields.get("url"))
            {
                let message = format!("links would be {} bytes long", link.len());
                let help = format!(
                    "shorten it: old tables of learning management systems hold {} bytes",
                    Self::MAX_URL_LEN
                );
                faults.push(node.fault(ErrorKind::InvalidValue, message).with_help(help));
            }
        }
    }

    /// Returns the address of a verify page: `URL/cert/ID/`, and the index file.
    pub fn verify_url(&self, id: &str) -> String {
        let url = self.url.as_deref().unwrap_or(Self::DEFAULT_URL);
        format!("{url}/cert/{id}/{}", self.index_file)
    }

    /// Returns the address of a PDF: `URL/downloads/ID/Certificate.pdf`.
    pub fn download_url(&self, id: &str) -> String {
        let url = self.downloads.as_deref().or(self.url.as_deref());
        let url = url.unwrap_or(Self::DEFAULT_URL);
        format!("{url}/downloads/{id}/{}", self.filename.0)
    }
}

/// Reads the base of addresses, and removes the `/` at its end.
fn read_address(node: Node<'_>, faults: &mut Faults) -> Option<String> {
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
