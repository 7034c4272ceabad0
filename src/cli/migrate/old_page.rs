//! An old page, cut at its names: `{NAME}`.

/// A part of an old page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PagePart<'a> {
    Text(&'a str),
    /// A name, without its braces.
    Name(&'a str),
}

/// Cuts a page as `str.format` did: `{{` is a brace. A name begins with a capital and has the letters
/// that `is_of_name` takes; every other brace is text.
pub(super) fn page_parts(text: &str, is_of_name: fn(u8) -> bool) -> Vec<PagePart<'_>> {
    // A page whose braces stand alone, in a style or a script, was no format at all.
    let is_format = text.matches("{{").count() == text.matches("}}").count();
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        parts.push(PagePart::Text(&rest[..at]));
        rest = &rest[at..];
        if is_format && (rest.starts_with("{{") || rest.starts_with("}}")) {
            parts.push(PagePart::Text(&rest[..1]));
            rest = &rest[2..];
            continue;
        }
        let name = rest[1..].split('}').next().unwrap_or_default();
        let is_name = rest.starts_with('{')
            && rest[1..].len() > name.len()
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(is_of_name);
        if is_name {
            parts.push(PagePart::Name(name));
            rest = &rest[name.len() + 2..];
        } else {
            parts.push(PagePart::Text(&rest[..1]));
            rest = &rest[1..];
        }
    }
    parts.push(PagePart::Text(rest));
    parts
}
