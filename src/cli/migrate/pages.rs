//! The old verify pages: `valid.html`, `verify.html` and `invalid.html` with `{NAME}` in them, as
//! templates of the site.
//!
//! The decision: only the names that the old program filled are filled; every other brace is text,
//! so that styles and scripts in a page stay unchanged. Values are escaped. A certificate that is
//! not valid shows the old page for invalid numbers.

use super::new_site::NewSite;
use super::old_files::OldFolder;
use super::old_page::{PagePart, page_parts};
use super::report::{At, Report};

/// The largest page that is taken, in bytes.
const MAX_PAGE: usize = 512 * 1024;

/// What the site knows of its pages.
#[derive(Debug, Default)]
pub(super) struct PageSource {
    pub(super) called: Option<String>,
    pub(super) called_plural: Option<String>,
    /// The layouts whose certificates have the pages of VERSION 2.
    pub(super) second_layouts: Vec<String>,
    /// Whether other courses have pages too.
    pub(super) has_first: bool,
}

/// Translates the pages.
pub(super) fn translate(
    data: &OldFolder,
    source: &PageSource,
    site: &mut NewSite,
    report: &mut Report,
) {
    let mut found = false;
    for name in ["valid.html", "verify.html"] {
        let first = page(data, name, source, site, report);
        let has_second = !source.second_layouts.is_empty();
        let second = has_second
            .then(|| page(data, &format!("v2/{name}"), source, site, report))
            .flatten();
        let text = match (first, second) {
            (None, None) => continue,
            (Some(text), None) => text,
            (first, Some(second)) if !source.has_first || first.is_none() => second,
            (Some(first), Some(second)) => {
                let list: Vec<String> =
                    source.second_layouts.iter().map(|it| format!("\"{it}\"")).collect();
                let list = list.join(", ");
                format!(
                    "{{% if layout in [{list}] %}}{second}{{% else %}}{first}{{% endif %}}"
                )
            }
            (None, Some(second)) => second,
        };
        found = true;
        site.add(&format!("layouts/shared/pages/{name}"), text);
    }
    if found {
        report.taken(
            At::file("template_data"),
            "stylesheets, images, v2/static",
            "stay where they are published: pages name them by their old addresses",
        );
    } else {
        report.translated(
            At::file("template_data"),
            "valid.html, verify.html",
            "there is none: the site's own verify page takes their place",
        );
    }
}

/// One page: what is valid shows the old page, anything else the old page for invalid numbers.
fn page(
    data: &OldFolder,
    name: &str,
    source: &PageSource,
    site: &mut NewSite,
    report: &mut Report,
) -> Option<String> {
    let text = read(data, name, report)?;
    // `migrate issued` reads old pages by the template that they were made from.
    site.add(&format!("legacy/{}", name.replace('/', "-")), text.as_bytes());
    let invalid = match name.strip_prefix("v2/") {
        Some(_) => read(data, "v2/invalid.html", report),
        None => read(data, "invalid.html", report),
    };
    let file = format!("template_data/{name}");
    let at = At::file(&file);
    let mut unknown = Vec::new();
    let is_verify = name.ends_with("verify.html");
    let valid = fill(&text, is_verify, source, &mut unknown);
    let invalid = match invalid {
        // It was published as it is, without names in it.
        Some(text) => literal(&text),
        None => "<!DOCTYPE html>\n<html lang=\"{{ language }}\">\n<meta charset=\"utf-8\">\n<title>{{ \
                 title }}</title>\n<h1>{{ text[status.is] }}</h1>\n"
            .to_owned(),
    };
    report.taken(
        at,
        name,
        "layouts/shared/pages/, its values escaped; what was revoked, superseded or erased shows \
         invalid.html",
    );
    for name in unknown {
        let how = "no name that the old program filled: it is printed as it stands";
        report.person(at, format!("{{{name}}}"), how);
    }
    Some(format!(
        "{{% if status.is == \"valid\" and certificate %}}{valid}{{% else %}}{invalid}{{% endif %}}"
    ))
}

fn read(data: &OldFolder, name: &str, report: &mut Report) -> Option<String> {
    let file = format!("template_data/{name}");
    let at = At::file(&file);
    let bytes = match data.read(name) {
        Ok(bytes) => bytes?,
        Err(why) => {
            report.unread(at, name, why);
            return None;
        }
    };
    let why = match String::from_utf8(bytes) {
        Ok(text) if text.contains("autoescape") => {
            "it has the word `autoescape`, which no page may have"
        }
        Ok(text) if text.len() > MAX_PAGE => "it is too large",
        Ok(text) if text.replace("\r\n", "\n").contains(['\r', '\0']) => {
            "it has a lone CR or a NUL in it"
        }
        Ok(text) => return Some(text),
        Err(_) => "it is no UTF-8",
    };
    report.unread(at, name, format!("{why}: the site's own page takes its place"));
    None
}

/// A page with its names filled, as `str.format` did: `{{` is a brace.
fn fill(
    text: &str,
    is_verify: bool,
    source: &PageSource,
    unknown: &mut Vec<String>,
) -> String {
    let is_of_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let mut out = String::new();
    let mut plain = String::new();
    for part in page_parts(text, is_of_name) {
        let name = match part {
            PagePart::Text(text) => {
                plain.push_str(text);
                continue;
            }
            PagePart::Name(name) => name,
        };
        match value(name, is_verify, source) {
            Some(value) => {
                out.push_str(&literal(&plain));
                plain.clear();
                out.push_str(&value);
            }
            None => {
                plain.push_str(&format!("{{{name}}}"));
                if !unknown.iter().any(|it| it == name) {
                    unknown.push(name.to_owned());
                }
            }
        }
    }
    out.push_str(&literal(&plain));
    out
}

/// The expression for a name.
fn value(name: &str, is_verify: bool, source: &PageSource) -> Option<String> {
    let called = source.called.as_deref().unwrap_or("certificate");
    let plural = source.called_plural.as_deref().unwrap_or("certificates");
    let constant =
        |text: &str| Some(format!("{{{{ {} }}}}", crate::base::yaml::quoted(text)));
    let expression = match name {
        "COURSE" => "certificate.course_number",
        "COURSE_LONG" => "certificate.course",
        "ORG" => "certificate.organization_short",
        "ORG_LONG" => "certificate.organization",
        "NAME" => "certificate.name",
        "CERTIFICATE_ID" => "id",
        "ISSUE_DATE" => "certificate.issued.text",
        "SIGNATURE" => return Some(of_signature("armor")),
        "SIG_URL" | "SIG_FILE" => return Some(of_signature("url")),
        "PDF_FILE" => "certificate.pdf.file",
        "CERT_KEY_ID" => {
            return Some("{% if key %}{{ key.fingerprint }}{% endif %}".to_owned());
        }
        "VERIFY_URL" if is_verify => return Some(".".to_owned()),
        "VERIFY_URL" => return Some("verify.html".to_owned()),
        "TYPE" => {
            return Some(of_type("idverified", "honorcode"));
        }
        "TYPE_NAME" => return Some(of_type("Verified", "Honor Code")),
        // The old program put fixed pictures and texts of its first operator there.
        "IMG" | "EXPLANATION" => return Some(String::new()),
        "CERTS_ARE_CALLED" if is_verify => return constant(called),
        "CERTS_ARE_CALLED" => return constant(&title_case(called)),
        "CERTS_ARE_CALLED_PLURAL" => return constant(plural),
        _ => return None,
    };
    Some(format!("{{{{ {expression} }}}}"))
}

fn of_signature(field: &str) -> String {
    format!(
        "{{% if certificate.signature %}}{{{{ certificate.signature.{field} }}}}{{% endif %}}"
    )
}

/// Templates of recipients whose identity was verified have `-verified` in their names.
fn of_type(verified: &str, honor: &str) -> String {
    format!(
        "{{% if \"-verified\" in layout %}}{verified}{{% else %}}{honor}{{% endif %}}"
    )
}

fn title_case(text: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_uppercase().collect::<String>());
        first.unwrap_or_default() + &letters.as_str().to_lowercase()
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A text as a template prints it, with nothing in it that begins an expression.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(c) = signs.next() {
        match (c, signs.peek()) {
            ('{', Some('{' | '%' | '#')) => out.push_str("{{ \"{\" }}"),
            // It would join with the expression that follows.
            ('{', None) => out.push_str("{{ \"{\" }}"),
            (c, _) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        fill(text, false, &PageSource::default(), &mut Vec::new())
    }

    #[test]
    fn names_are_filled_and_other_braces_stay() {
        for (old, new) in [
            ("<b>{NAME}</b>", "<b>{{ certificate.name }}</b>"),
            ("a { color: red }", "a { color: red }"),
            ("a {{ color: red }} {NAME}", "a { color: red } {{ certificate.name }}"),
            ("{TEACHER}", "{TEACHER}"),
            ("{% if %} {# x #}", "{{ \"{\" }}% if %} {{ \"{\" }}# x #}"),
            ("if (a) { b({c: 1}) }", "if (a) { b({c: 1}) }"),
            ("{", "{{ \"{\" }}"),
            ("{CERTS_ARE_CALLED}", "{{ \"Certificate\" }}"),
            ("{name}", "{name}"),
        ] {
            assert_eq!(filled(old), new, "{old}");
        }
    }
}
