//! The certificate that a document says it is: the address of its verify page.

use serde::Serialize;

use crate::base::digits::CertificateId;

/// What stands before the identifier in the address of a verify page, unless the site published
/// elsewhere before.
const BEFORE_ID: &[u8] = b"/cert/";
/// The length of an identifier: hexadecimal digits in lower case.
const ID_LEN: usize = 32;
/// What begins the address of a link of our writer.
const BEFORE_ADDRESS: &[u8] = b"/S/URI/URI(";
/// The largest number of links that are read.
const MAX_LINKS: usize = 1000;
/// The longest address that is read, in bytes.
const MAX_ADDRESS_LEN: usize = 2048;

/// The certificate that a document says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateLink {
    /// The id of its record.
    pub id: CertificateId,
    /// The address of the verify page, if the document has a link to it. Everyone can write one: it
    /// is the issuer's only if the document is genuine.
    pub url: Option<String>,
}

impl CertificateLink {
    /// Reads the one certificate that a document names; `None` if it names none, or several.
    ///
    /// Links count first: a name or a title that is printed cannot make one, but may contain what
    /// looks like an address. Of links those with `/cert/` count before others, in which any folder has
    /// the name of an identifier (`publish.verify_path`).
    pub(super) fn read(document: &[u8]) -> Option<Self> {
        let [mut linked, mut elsewhere]: [Option<Self>; 2] = [None, None];
        let mut differ = false;
        for (count, at) in positions(document, BEFORE_ADDRESS).enumerate() {
            if count == MAX_LINKS {
                return None;
            }
            let address = string(&document[at..]).unwrap_or_default();
            match (id(address.as_bytes()), &linked) {
                (None, _) => {
                    let Some(id) = folder_id(&address) else { continue };
                    differ |= elsewhere.as_ref().is_some_and(|first| first.id != id);
                    elsewhere.get_or_insert(Self { id, url: Some(address) });
                }
                (Some(id), None) => linked = Some(Self { id, url: Some(address) }),
                (Some(id), Some(first)) if first.id == id => {}
                (Some(_), Some(_)) => return None,
            }
        }
        if let Some(found) = linked.or(elsewhere.filter(|_| !differ)) {
            return Some(found);
        }
        let mut named = positions(document, BEFORE_ID)
            .filter_map(|at| id(&document[at - BEFORE_ID.len()..]));
        let id = named.next()?;
        named.all(|other| other == id).then_some(Self { id, url: None })
    }

    /// Whether a file names any certificate.
    pub(super) fn is_in(file: &[u8]) -> bool {
        positions(file, BEFORE_ID).any(|at| id(&file[at - BEFORE_ID.len()..]).is_some())
    }
}

/// The offsets after each occurrence of some bytes.
pub(super) fn positions<'a>(
    bytes: &'a [u8],
    what: &'a [u8],
) -> impl Iterator<Item = usize> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = bytes.get(at..)?;
            let found = rest.iter().position(|byte| *byte == what[0])?;
            at += found + 1;
            if rest[found..].starts_with(what) {
                return Some(at - 1 + what.len());
            }
        }
    })
}

/// The identifier in an address: that after the first `/cert/`.
fn id(address: &[u8]) -> Option<CertificateId> {
    let at = positions(address, BEFORE_ID).next()?;
    let id = address.get(at..at + ID_LEN)?;
    let ends = address.get(at + ID_LEN).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let id = str::from_utf8(id).ok().filter(|_| ends)?;
    CertificateId::parse(id).ok()
}

/// The one folder of an address that has the name of an identifier.
fn folder_id(address: &str) -> Option<CertificateId> {
    let address = address.split(['?', '#']).next()?;
    let mut found =
        address.split('/').skip(3).filter_map(|part| CertificateId::parse(part).ok());
    found.next().filter(|_| found.next().is_none())
}

/// The text of a literal string (ISO 32000-1, 7.3.4.2) after its opening parenthesis, if it is an
/// address: printable ASCII.
fn string(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut bytes = bytes.iter().take(MAX_ADDRESS_LEN);
    loop {
        let byte = match bytes.next()? {
            b')' => return Some(text),
            b'\\' => bytes.next()?,
            byte => byte,
        };
        text.push(char::from(*byte));
        if !byte.is_ascii_graphic() {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f3c5a91b27d4e680f3c5a91b27d4e68";
    const OTHER: &str = "1f3c5a91b27d4e680f3c5a91b27d4e68";

    fn read(text: &str) -> Option<(String, Option<String>)> {
        CertificateLink::read(text.as_bytes()).map(|link| (link.id.into(), link.url))
    }

    #[test]
    fn link_counts_before_words_that_look_like_one() {
        let url = format!("https://c.example/a/cert/{ID}/");
        let text = format!("/Title(Ada /cert/{OTHER}/) /A<</S/URI/URI({url})>>");
        assert_eq!(read(&text), Some((ID.to_owned(), Some(url))));
        assert_eq!(read(&format!("/Alt(QR /cert/{ID}/)")), Some((ID.to_owned(), None)));
    }

    #[test]
    fn document_that_names_several_certificates_names_none() {
        let link = |id: &str| format!("/S/URI/URI(https://c.example/cert/{id}/)");
        assert_eq!(read(&[link(ID), link(OTHER)].concat()), None);
        assert_eq!(read(&format!("/cert/{ID}/ /cert/{OTHER}/")), None);
        assert_eq!(read(&[link(ID), link(ID)].concat()).unwrap().0, ID);
    }

    #[test]
    fn folder_of_pages_may_have_another_name() {
        let link = |path: &str| format!("/S/URI/URI(https://c.example/{path})");
        let url = format!("https://c.example/v/{ID}/valid.html");
        let text = link(&format!("v/{ID}/valid.html"));
        assert_eq!(read(&text), Some((ID.to_owned(), Some(url))));
        assert_eq!(read(&[link(&format!("v/{ID}/")), link(OTHER)].concat()), None);
        let both =
            [link(&format!("badges/{OTHER}")), link(&format!("cert/{ID}/"))].concat();
        assert_eq!(read(&both).unwrap().0, ID);
        for path in [format!("v?{ID}"), format!("{ID}/{OTHER}"), ID.to_uppercase()] {
            assert_eq!(read(&link(&path)), None, "{path}");
        }
        assert_eq!(read(&format!("/S/URI/URI(https://{ID}/)")), None);
    }

    #[test]
    fn what_is_no_identifier_is_not_read() {
        for id in ["", "0f3c", &ID.to_uppercase(), &format!("{ID}0"), &format!("{ID}g")] {
            assert_eq!(read(&format!("/S/URI/URI(https://c.example/cert/{id}/)")), None);
            assert!(!CertificateLink::is_in(format!("/cert/{id}/").as_bytes()));
        }
        let long = format!("/S/URI/URI({}/cert/{ID}/)", "a".repeat(4000));
        assert_eq!(read(&long).unwrap().1, None, "its address is not read");
    }
}
