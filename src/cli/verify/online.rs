//! The issuer's published record, fetched from the address in a certificate.
//!
//! The decision made here: the address in a file is not trusted unless its host is one that the
//! issuer named: in `--issuer`, or in a trusted seal's certificate by the address of its CRLs.

use std::time::Duration;

use crate::Timestamp;
use crate::register::Record;
use crate::seal::{
    BlockingHttpClient, CertificateLink, HttpClient, Judgement, Standing, Verification,
};

use super::verified_file::FoundStatus;
use crate::cli::exit::Failure;

/// How long an issuer may take to answer.
const DEADLINE: Duration = Duration::from_secs(20);

/// Where published records are asked for.
pub(super) struct OnlineIssuer {
    client: BlockingHttpClient,
    /// The origin of `--issuer`.
    issuer: Option<Origin>,
}

impl OnlineIssuer {
    /// # Errors
    /// The issuer's address is none.
    pub(super) fn new(issuer: Option<&str>) -> Result<Self, Failure> {
        let issuer = issuer.map(|url| {
            Origin::of(url).ok_or_else(|| {
                Failure::usage(format!(
                    "`{url}` is no address\nhelp: give one such as https://certs.example.org"
                ))
            })
        });
        let client = BlockingHttpClient::new(DEADLINE).without_redirects();
        Ok(Self { client, issuer: issuer.transpose()? })
    }

    /// Asks for the status of a file.
    pub(super) fn ask(&self, found: &Verification, now: Timestamp) -> FoundStatus {
        let Some(CertificateLink { id, url: Some(url), .. }) = &found.certificate else {
            return FoundStatus::unknown("it has no link to a certificate's page");
        };
        let Some((origin, record_url)) = Origin::of(url).zip(record_url(url, id)) else {
            return FoundStatus::unknown(format!("its link `{url}` cannot be asked"));
        };
        if let Err(why) = self.check(&origin, found) {
            return FoundStatus::unknown(why);
        }
        match self.client.get(&record_url) {
            Err(error) => FoundStatus::unknown(error.to_string()),
            Ok(bytes) => match Record::parse(&bytes) {
                Ok(record) if record.id == *id => {
                    let is_of = record.is_of(found);
                    let status = FoundStatus::of(record, &record_url, now);
                    if status.standing == Standing::Valid && !is_of {
                        return FoundStatus::unknown(format!(
                            "`{record_url}` is the record of another file"
                        ));
                    }
                    status
                }
                Ok(_) => FoundStatus::unknown(format!(
                    "`{record_url}` is the record of another certificate"
                )),
                Err(error) => {
                    FoundStatus::unknown(format!("`{record_url}` is no record ({error})"))
                }
            },
        }
    }

    /// Checks that the issuer named this origin; the error says what to do.
    fn check(&self, origin: &Origin, found: &Verification) -> Result<(), String> {
        let host = &origin.host;
        let is_named = match &self.issuer {
            Some(issuer) => issuer.host == *host,
            None => {
                let signer = found.seal.as_ref().and_then(|seal| seal.signer.as_ref());
                let signer = signer.filter(|_| found.trusted == Judgement::Yes);
                let urls = signer.iter().flat_map(|signer| &signer.crl_urls);
                urls.filter_map(|url| Origin::of(url)).any(|named| named.host == *host)
            }
        };
        if !is_named {
            return Err(match &self.issuer {
                Some(issuer) => format!(
                    "its link leads to `{host}`, and not to the issuer's `{}`",
                    issuer.host
                ),
                None => format!(
                    "its link leads to `{host}`, which the certificate of its seal does not \
                     name: say where the issuer publishes, with --issuer"
                ),
            });
        }
        let may_be_plain = self.issuer.as_ref().is_some_and(|issuer| !issuer.is_secure);
        if origin.is_secure || may_be_plain || origin.is_loopback() {
            return Ok(());
        }
        Err(format!(
            "its link to `{host}` is plain http, which anyone on the way can answer: allow it \
             with --issuer http://{host}"
        ))
    }
}

/// The address of the record beside a verify page.
fn record_url(url: &str, id: &str) -> Option<String> {
    // A site may have its pages in a folder of another name than `cert`.
    let end = url.find(&format!("/{id}"))? + 1 + id.len();
    let is_plain = !url[..end].contains(['?', '#', '\\', '@']);
    is_plain.then(|| format!("{}/certificate.json", &url[..end]))
}

/// A server: the scheme, and the host with its port, of an address.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    is_secure: bool,
    host: String,
}

impl Origin {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
        let default_port = if is_secure { ":443" } else { ":80" };
        let host = host.strip_suffix(default_port).unwrap_or(&host).to_owned();
        let is_plain =
            |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        (!host.is_empty() && host.chars().all(is_plain))
            .then_some(Self { is_secure, host })
    }

    /// Whether it is this machine.
    fn is_loopback(&self) -> bool {
        let name =
            self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name);
        name == "localhost" || name == "127.0.0.1" || self.host.starts_with("[::1]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_is_scheme_and_host() {
        let origin = |url: &str| Origin::of(url).map(|it| (it.is_secure, it.host));
        let secure = |host: &str| Some((true, host.to_owned()));
        assert_eq!(origin("https://C.example/cert/1/"), secure("c.example"));
        assert_eq!(origin("HTTPS://c.example:443"), secure("c.example"));
        assert_eq!(origin("https://c.example:8443/a"), secure("c.example:8443"));
        for url in [
            "",
            "c.example",
            "ftp://c.example/",
            "https://",
            "https://c.example@evil.example/",
            "https://c.example\\@evil.example/",
            "javascript://c.example/",
        ] {
            assert_eq!(origin(url), None, "{url}");
        }
    }

    #[test]
    fn record_lies_beside_the_page() {
        let id = "0f3c5a91b27d4e680f3c5a91b27d4e68";
        for page in ["", "/", "/valid.html"] {
            assert_eq!(
                record_url(&format!("https://c.example/a/cert/{id}{page}"), id).unwrap(),
                format!("https://c.example/a/cert/{id}/certificate.json")
            );
        }
        let hidden = format!("https://c.example/?a=/cert/{id}/");
        assert_eq!(record_url(&hidden, id), None);
    }
}
