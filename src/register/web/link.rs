//! Links on a page: which are allowed, and the one that adds a certificate to a LinkedIn profile.

use crate::base::date::Date;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::percent::append_fields;
use crate::site::name;

/// Whether a link is an `http` or `https` URL with a server.
pub(super) fn is_absolute(link: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        link.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
            && link.len() > scheme.len()
    })
}

/// Checks a link: an `http` or `https` URL, or a relative path. Others, such as `javascript:`,
/// could run in a browser.
///
/// # Errors
/// [`ErrorKind::InvalidValue`]: the link is another.
pub(super) fn checked(link: &str) -> Result<String> {
    // Characters that a URL has only in percent-encoding (RFC 3986, appendix A).
    let is_forbidden =
        |c: char| c.is_whitespace() || c.is_control() || "\\\"<>^`{|}".contains(c);
    let is_clean = !link.contains(is_forbidden) && name::inert(link) == link;
    // A first path segment with a colon would be read as a scheme (RFC 3986, 4.2).
    let head = link.split(['/', '?', '#']).next().unwrap_or_default();
    let is_relative = !head.contains(':') && !link.starts_with("//") && !link.is_empty();
    if is_clean && (is_absolute(link) || is_relative) {
        return Ok(link.to_owned());
    }
    let message = format!("`{}` is no link for a page", link.escape_debug());
    Err(Error::new(ErrorKind::InvalidValue, message)
        .with_help("an address begins with `https://`, or is a path"))
}

/// Where the file of a checked link may come from, as a content security policy names it (CSP
/// Level 3, 2.3.1): `'self'`, or the scheme and the host of a URL. `None` if the host has a
/// character that a policy does not allow.
pub(super) fn source(link: &str) -> Option<String> {
    if !is_absolute(link) {
        return Some("'self'".to_owned());
    }
    let (scheme, rest) = link.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    (!host.is_empty() && host.chars().all(is_plain)).then(|| format!("{scheme}://{host}"))
}

/// The file name in a link, or `default` if its path ends with a slash.
pub(super) fn file_name(link: &str, default: &str) -> String {
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    if file.is_empty() { default.to_owned() } else { file.to_owned() }
}

/// The link to LinkedIn's form «add to profile» with the certificate's values.
pub(super) fn linkedin(
    course: &str,
    organization: &str,
    issued: Date,
    verify_url: &str,
    id: &str,
) -> String {
    let mut link = "https://www.linkedin.com/profile/add?".to_owned();
    let (year, month) = (issued.year().to_string(), issued.month().to_string());
    let fields = [
        ("startTask", "CERTIFICATION_NAME"),
        ("name", course),
        ("organizationName", organization),
        ("issueYear", &year),
        ("issueMonth", &month),
        ("certUrl", verify_url),
        ("certId", id),
    ];
    append_fields(&mut link, &fields);
    link
}

/// A file name as one word of a POSIX shell command, quoted if it needs to be.
pub(super) fn shell_word(file: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let file = if file.starts_with('-') { format!("./{file}") } else { file.to_owned() };
    if file.trim_start_matches("./").chars().all(is_plain) {
        return file;
    }
    format!("'{}'", file.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_urls_of_the_web_or_relative_paths() {
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
    fn source_of_a_link_is_its_host() {
        assert_eq!(source("../../downloads/7/C.pdf").as_deref(), Some("'self'"));
        let link = "https://files.example.org:8443/c/7/C.pdf?a";
        assert_eq!(source(link).as_deref(), Some("https://files.example.org:8443"));
        for link in
            ["https://a;script-src *", "https://a'b/", "https://u@h/", "https:///"]
        {
            assert_eq!(source(link), None, "{link}");
        }
    }

    #[test]
    fn linkedin_values_are_percent_encoded() {
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
    fn file_names_are_quoted_for_a_shell() {
        assert_eq!(shell_word("Certificate.pdf"), "Certificate.pdf");
        assert_eq!(shell_word("-rf"), "./-rf");
        assert_eq!(shell_word("a b'; rm x"), r"'a b'\''; rm x'");
        assert_eq!(file_name("https://x.example/keys/a.asc?v=1", "key.asc"), "a.asc");
        assert_eq!(file_name("https://x.example/", "key.asc"), "key.asc");
    }
}
