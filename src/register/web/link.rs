//! Links on a page, and the one that leads to LinkedIn.

use std::fmt::Write as _;

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::site::name;

/// Whether a link names its server.
pub(super) fn is_absolute(link: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        link.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
            && link.len() > scheme.len()
    })
}

/// A link to the web, or to a file beside the page; nothing that a browser would run.
///
/// # Errors
/// [`ErrorKind::InvalidValue`].
pub(super) fn checked(link: &str) -> Result<String> {
    let strange =
        |c: char| c.is_whitespace() || c.is_control() || "\\\"<>^`{|}".contains(c);
    let plain = !link.contains(strange) && name::inert(link) == link;
    // What stands before a colon is a scheme, unless the path has begun.
    let head = link.split(['/', '?', '#']).next().unwrap_or_default();
    let beside = !head.contains(':') && !link.starts_with("//") && !link.is_empty();
    match plain && (is_absolute(link) || beside) {
        true => Ok(link.to_owned()),
        false => {
            let message = format!("`{}` is no link for a page", link.escape_debug());
            Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help("an address begins with `https://`, or is a path"))
        }
    }
}

/// The file that a link names, or `other`.
pub(super) fn file(link: &str, other: &str) -> String {
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    if file.is_empty() { other.to_owned() } else { file.to_owned() }
}

/// The form of LinkedIn's «add to profile», filled in.
pub(super) fn linkedin(
    course: &str,
    organization: &str,
    issued: Date,
    verify_url: &str,
    id: &str,
) -> String {
    let mut link =
        "https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME".to_owned();
    let (year, month) = (issued.year().to_string(), issued.month().to_string());
    for (key, value) in [
        ("name", course),
        ("organizationName", organization),
        ("issueYear", &year),
        ("issueMonth", &month),
        ("certUrl", verify_url),
        ("certId", id),
    ] {
        write!(link, "&{key}=").expect("a string grows");
        for byte in value.bytes() {
            // RFC 3986, 2.3.
            match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                true => link.push(char::from(byte)),
                false => write!(link, "%{byte:02X}").expect("a string grows"),
            }
        }
    }
    link
}

/// A file's name as a word of a command line.
pub(super) fn word(file: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let file = match file.starts_with('-') {
        true => format!("./{file}"),
        false => file.to_owned(),
    };
    match file.trim_start_matches("./").chars().all(plain) {
        true => file,
        false => format!("'{}'", file.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_web_or_beside_the_page() {
        for link in [
            "https://certs.example.org/cert/0/",
            "HTTP://localhost:8000",
            "../../downloads/0/Certificate.pdf",
            "Certificate.pdf.sig",
            "./a:b.pdf",
            "https://例え.jp/?a=1&b=2#c",
        ] {
            assert_eq!(checked(link).unwrap(), link);
        }
        for link in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "https:",
            "https://",
            "https:evil.example",
            "//evil.example/",
            "\\\\evil.example",
            "",
            "https://a.example/\u{202e}fdp",
            "https://a.example/\0",
            "file:///etc/passwd",
        ] {
            assert_eq!(
                checked(link).unwrap_err().kind(),
                ErrorKind::InvalidValue,
                "{link}"
            );
        }
    }

    #[test]
    fn linkedin_gets_values_and_no_more() {
        let date = Date::parse("2026-05-14").unwrap();
        let link = linkedin("A&B=1 é", "Ex #1", date, "https://x.example/?a", "00ff");
        assert_eq!(
            link,
            "https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME\
             &name=A%26B%3D1%20%C3%A9&organizationName=Ex%20%231&issueYear=2026&issueMonth=5\
             &certUrl=https%3A%2F%2Fx.example%2F%3Fa&certId=00ff"
        );
    }

    #[test]
    fn files_are_words_for_a_shell() {
        assert_eq!(word("Certificate.pdf"), "Certificate.pdf");
        assert_eq!(word("-rf"), "./-rf");
        assert_eq!(word("a b'; rm x"), r"'a b'\''; rm x'");
        assert_eq!(file("https://x.example/keys/a.asc?v=1", "key.asc"), "a.asc");
        assert_eq!(file("https://x.example/", "key.asc"), "key.asc");
    }
}
