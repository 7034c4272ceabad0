//! The id of a certificate, as people type and paste it.
//!
//! Takes a text; gives the verify id in it. The decision made here: characters that only separate
//! the digits are ignored, and no digit is guessed: the letter `O` in place of a zero is an error.

use unicode_normalization::UnicodeNormalization;

use crate::base::digits::CertificateId;
use crate::base::error::{Error, ErrorKind, Result};

/// Reads the verify id that a person typed or pasted: 32 hexadecimal digits in capitals or not,
/// with blanks or hyphens between them, or the address of a verify page.
///
/// ```
/// use testamur::register::typed_id;
///
/// let id = "0123456789abcdef0123456789abcdef";
/// assert_eq!(typed_id("0123 4567 89AB CDEF 0123 4567 89AB CDEF")?, id);
/// assert_eq!(typed_id(&format!("https://certs.example.edu/cert/{id}/index.html?from=cv"))?, id);
/// # Ok::<(), testamur::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::InvalidValue`]: the text holds no id, or the address is that of a PDF, whose id is
/// another one.
pub fn typed_id(text: &str) -> Result<CertificateId> {
    // Text that is pasted from a page or a document may have compatibility forms, such as
    // full-width digits, and characters without width.
    let plain: String = text.nfkc().filter(|c| !is_invisible(*c)).collect();
    let plain = plain.trim().trim_matches(is_quote).trim();
    let found = if plain.contains('/') { in_address(plain) } else { digits(plain) };
    found.ok_or_else(|| {
        let message = format!("`{}` is no id", text.trim().escape_debug());
        Error::new(ErrorKind::InvalidValue, message).with_help(
            "give the 32 digits between the slashes of a verify page's address, or the address",
        )
    })
}

/// The id in the address of a page: after `cert`, else the only one.
fn in_address(address: &str) -> Option<CertificateId> {
    let parts: Vec<&str> = address.split(['/', '?', '#', '&', '=']).collect();
    let after = |folder: &str, at: usize| at > 0 && parts[at - 1] == folder;
    let ids = parts.iter().enumerate().filter_map(|(at, part)| Some((at, digits(part)?)));
    let (of_pages, mut others): (Vec<_>, Vec<_>) =
        ids.partition(|(at, _)| after("cert", *at));
    others.retain(|(at, _)| !after("downloads", *at));
    let mut found: Vec<CertificateId> =
        if of_pages.is_empty() { others } else { of_pages }
            .into_iter()
            .map(|(_, id)| id)
            .collect();
    found.dedup();
    <[CertificateId; 1]>::try_from(found).ok().map(|[id]| id)
}

/// The id that remains without blanks and hyphens.
fn digits(text: &str) -> Option<CertificateId> {
    let divides = |c: char| c.is_whitespace() || is_dash(c);
    let id: String = text.chars().filter(|c| !divides(*c)).collect();
    CertificateId::parse(&id.to_ascii_lowercase()).ok()
}

/// Dashes of every width, with which word processors replace a hyphen.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Quotes and brackets that programs put around a text. No id has them.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | ',' | ';' | '.' | ':')
        || matches!(c, '\u{2018}'..='\u{201f}' | '«' | '»' | '‹' | '›')
}

/// Format characters: marks and isolates of direction, joiners, the soft hyphen, the byte order
/// mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f3c5a7b9d1e2f4068a0b1c2d3e4f567";

    #[test]
    fn ids_are_read_however_they_are_typed() {
        for text in [
            ID.to_owned(),
            format!("  {}\r\n", ID.to_uppercase()),
            "0f3c 5a7b 9d1e 2f40 68a0 b1c2 d3e4 f567".to_owned(),
            "0F3C-5A7B-9D1E-2F40-68A0-B1C2-D3E4-F567".to_owned(),
            "0f3c5a7b-9d1e-2f40-68a0-b1c2d3e4f567".to_owned(),
            "0f3c\u{a0}5a7b\u{2009}9d1e\u{2011}2f40\u{2013}68a0 b1c2 d3e4\tf567"
                .to_owned(),
            format!("\u{2066}{ID}\u{2069}"),
            format!("“{ID}”."),
            format!("<https://certs.example.edu/cert/{ID}/>"),
            format!("certs.example.edu/cert/{ID}"),
            format!("https://a.example/x/cert/{}/verify.html#check", ID.to_uppercase()),
            format!("https://a.example/cert/{ID}/index.html?utm_source=cv&x=1"),
            format!("https://mail.example/redirect?to=https://a.example/cert/{ID}/"),
            format!("/cert/{ID}/"),
            format!("https://a.example/show?id={ID}"),
            format!("https://a.example/{}/cert/{ID}/", "1".repeat(32)),
            "\u{ff10}f3c5a7b9d1e2f4068a0b1c2d3e4f567".to_owned(),
        ] {
            assert_eq!(typed_id(&text).unwrap(), ID, "{text}");
        }
    }

    #[test]
    fn what_is_no_id_is_not_guessed_at() {
        let other = "1".repeat(32);
        for text in [
            String::new(),
            "nonsense".to_owned(),
            ID[1..].to_owned(),
            format!("{ID}0"),
            ID.replacen('0', "O", 1),
            ID.replacen('1', "l", 1),
            format!("{ID} {other}"),
            format!("https://a.example/downloads/{ID}/Certificate.pdf"),
            format!("https://a.example/{ID}/{other}/"),
            "../../x".to_owned(),
        ] {
            let error = typed_id(&text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue, "{text}");
        }
    }
}
