//! The certificate that a document names by the address of its verify page.

use serde::Serialize;

use crate::base::digits::CertificateId;
use crate::seal::pdf::Document;
use crate::seal::pdf::syntax::{self, Dict};

/// What stands before the identifier in the address of a verify page, unless the site sets
/// `publish.verify_path`.
const BEFORE_ID: &[u8] = b"/cert/";
/// The length of an identifier: hexadecimal digits in lower case.
const ID_LEN: usize = 32;
/// The largest number of links that are read.
const MAX_LINKS: usize = 1000;
/// The longest address that is read, in bytes.
const MAX_ADDRESS_LEN: usize = 2048;

/// The certificate that a document names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateLink {
    /// The id of its record.
    pub id: CertificateId,
    /// The address of the verify page, if the document has a link to it. Anyone can write a link,
    /// so it is known to be the issuer's only if the document is genuine.
    pub url: Option<String>,
}

impl CertificateLink {
    /// Reads the one certificate that a document of our writer names; `None` if it names none, or
    /// several.
    ///
    /// A name or a title may contain what looks like an address, or like a link, so only link
    /// annotations count; in a document without any, the alternative text of the QR code. Links
    /// with `/cert/` go before others, in which one folder has an identifier as its name
    /// (`publish.verify_path`).
    pub(super) fn of(document: &Document<'_>) -> Option<Self> {
        let [mut linked, mut elsewhere]: [Option<Self>; 2] = [None, None];
        let mut differ = false;
        let links = document.dicts().filter_map(|dict| address(&dict));
        for (count, address) in links.enumerate() {
            if count == MAX_LINKS {
                return None;
            }
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
        let figures = document.dicts().filter(|dict| dict.get("S") == Some(b"/Figure"));
        let texts = figures.filter_map(|dict| text(dict.get("Alt")?));
        the_one(texts.filter_map(|text| id(text.as_bytes())))
    }

    /// Reads the one certificate that a file of any form names, in any place. Nothing about such a
    /// file is proven, so the report names the certificate and no verdict depends on it.
    pub(super) fn in_any_file(file: &[u8]) -> Option<Self> {
        let named =
            positions(file, BEFORE_ID).filter_map(|at| id(&file[at - BEFORE_ID.len()..]));
        the_one(named)
    }

    /// Whether a file names any certificate.
    pub(super) fn is_in(file: &[u8]) -> bool {
        positions(file, BEFORE_ID).any(|at| id(&file[at - BEFORE_ID.len()..]).is_some())
    }
}

/// The certificate of an unsealed or sealed PDF of our writer, whether its seal is valid or not; `None` if
/// another program wrote it.
#[cfg(feature = "issue")]
pub(crate) fn certificate_of(file: &[u8]) -> Option<Option<CertificateLink>> {
    let end = Document::base_end(file)?;
    let document = Document::read(&file[..end]).ok()?;
    Some(CertificateLink::of(&document))
}

/// The certificate with this identifier, if all are equal.
fn the_one(mut ids: impl Iterator<Item = CertificateId>) -> Option<CertificateLink> {
    let id = ids.next()?;
    ids.all(|other| other == id).then_some(CertificateLink { id, url: None })
}

/// The address to which a link annotation leads (ISO 32000-1, 12.6.4.7).
/// Our writer has its action in it.
fn address(dict: &Dict) -> Option<String> {
    dict.get("Subtype").filter(|kind| *kind == b"/Link")?;
    let action = dict.get("A").and_then(Dict::parse)?;
    action.get("S").filter(|kind| *kind == b"/URI")?;
    string(action.get("URI")?.strip_prefix(b"(")?)
}

/// A text string, in the forms that our writer uses.
fn text(value: &[u8]) -> Option<String> {
    match value.strip_prefix(b"(") {
        Some(literal) => Some(String::from_utf8_lossy(literal).into_owned()),
        None => syntax::read_text(value),
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
            let first = what.first()?;
            let found = rest.iter().position(|byte| byte == first)?;
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

    /// A document with these objects after its catalog.
    fn document(objects: &[String]) -> Vec<u8> {
        let mut file = b"%PDF-1.7\n%\x80\x80\x80\x80\n".to_vec();
        let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 2);
        let catalog = "<</Type/Catalog>>".to_owned();
        for (object, number) in [catalog].iter().chain(objects).zip(1..) {
            table.push_str(&format!("{:010} 00000 n\r\n", file.len()));
            file.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
        }
        let start = file.len();
        let trailer = format!(
            "trailer\n<</Size {}/Root 1 0 R/ID[<00><00>]>>\nstartxref\n{start}\n%%EOF\n",
            objects.len() + 2
        );
        [file, table.into_bytes(), trailer.into_bytes()].concat()
    }

    fn read(objects: &[String]) -> Option<(String, Option<String>)> {
        let file = document(objects);
        let document = Document::read(&file).unwrap();
        CertificateLink::of(&document).map(|link| (link.id.into(), link.url))
    }

    fn link(path: &str) -> String {
        let action = format!("<</Type/Action/S/URI/URI(https://c.example/{path})>>");
        format!("<</Type/Annot/Subtype/Link/A{action}>>")
    }

    #[test]
    fn only_links_name_a_certificate_where_there_are_any() {
        let url = format!("https://c.example/a/cert/{ID}/");
        let own = link(&format!("a/cert/{ID}/"));
        let forged = format!("/S/URI/URI(https://c.example/cert/{OTHER}/)");
        let stream = format!("<</Length {}>>\nstream\n{forged}\nendstream", forged.len());
        for other in [
            format!("<</Title(Ada {forged})>>"),
            format!("<</S/Figure/Alt(Ada {forged} /cert/{OTHER}/)>>"),
            format!("<</A<<{forged}>>>>"),
            stream,
        ] {
            let found = Some((ID.to_owned(), Some(url.clone())));
            assert_eq!(read(&[other.clone(), own.clone()]), found, "{other}");
            assert_eq!(read(&[own.clone(), other.clone()]), found, "{other}");
            // Nor does an identifier in a name count as the folder of a page.
            let own = link(&format!("v/{ID}/"));
            assert_eq!(read(&[other, own]).unwrap().0, ID);
        }
        let elsewhere = "<</Type/Action/S/URI/URI(https://c.example/)>>".to_owned();
        assert_eq!(read(&[elsewhere]), None);
    }

    #[test]
    fn code_names_the_certificate_of_a_document_without_links() {
        let named = Some((ID.to_owned(), None));
        let code = format!("<</S/Figure/Alt(leads to https://c.example/cert/{ID}/)>>");
        assert_eq!(read(&[format!("<</Title(/cert/{OTHER}/)>>"), code]), named);
        let text = format!("コード https://c.example/cert/{ID}/");
        let code = format!("<</S/Figure/Alt{}>>", syntax::text(&text));
        assert_eq!(read(&[code]), named);
        assert_eq!(read(&[format!("<</Title(/cert/{OTHER}/)>>")]), None);
    }

    #[test]
    fn document_that_names_several_certificates_names_none() {
        let to = |id: &str| link(&format!("cert/{id}/"));
        assert_eq!(read(&[to(ID), to(OTHER)]), None);
        assert_eq!(read(&[to(ID), to(ID)]).unwrap().0, ID);
        let any = |text: &str| {
            CertificateLink::in_any_file(text.as_bytes()).map(|it| String::from(it.id))
        };
        assert_eq!(any(&format!("/cert/{ID}/ /cert/{OTHER}/")), None);
        assert_eq!(any(&format!("/cert/{ID}/ /cert/{ID}/")).unwrap(), ID);
    }

    #[test]
    fn folder_of_pages_may_have_another_name() {
        let url = format!("https://c.example/v/{ID}/valid.html");
        let own = link(&format!("v/{ID}/valid.html"));
        assert_eq!(read(&[own]), Some((ID.to_owned(), Some(url))));
        assert_eq!(
            read(&[link(&format!("v/{ID}/")), link(&format!("v/{OTHER}/"))]),
            None
        );
        let both = [link(&format!("badges/{OTHER}")), link(&format!("cert/{ID}/"))];
        assert_eq!(read(&both).unwrap().0, ID);
        for path in [format!("v?{ID}"), format!("{ID}/{OTHER}"), ID.to_uppercase()] {
            assert_eq!(read(&[link(&path)]), None, "{path}");
        }
        let host = "<</Subtype/Link/A<</S/URI/URI(https://ID/)>>>>".replace("ID", ID);
        assert_eq!(read(&[host]), None);
    }

    #[test]
    fn what_is_no_identifier_is_not_read() {
        for id in ["", "0f3c", &ID.to_uppercase(), &format!("{ID}0"), &format!("{ID}g")] {
            assert_eq!(read(&[link(&format!("cert/{id}/"))]), None);
            assert!(!CertificateLink::is_in(format!("/cert/{id}/").as_bytes()));
        }
        let long = link(&format!("{}/cert/{ID}/", "a".repeat(4000)));
        assert_eq!(read(&[long]), None, "its address is not read");
    }
}
