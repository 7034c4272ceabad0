//! What an SVG has that would be missing from its picture.
//!
//! The reader of SVGs has no fonts here, and silently leaves out what it does not support: text,
//! foreign objects, elements of other files, some notations of colours. The decision: each of these
//! is an error that names it, unless it would draw nothing.

use usvg::roxmltree::{Document, Node};

use crate::base::error::{Error, ErrorKind, Result};
use crate::site::request::limits::truncated;

const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";
/// Elements that hold text.
const TEXTS: [&str; 3] = ["text", "flowRoot", "flowPara"];
/// Elements that draw what their address leads to; a link `a` draws its own content.
const REFERRING: [&str; 7] = [
    "use",
    "feImage",
    "linearGradient",
    "radialGradient",
    "pattern",
    "filter",
    "textPath",
];
/// Ways of writing a colour that the reader does not know, and whose colour becomes black or none.
const COLOURS: [&str; 9] = [
    "icc-color(",
    "device-cmyk(",
    "color(",
    "color-mix(",
    "lab(",
    "lch(",
    "oklab(",
    "oklch(",
    "hwb(",
];
/// Elements that draw a picture from their address.
const PICTURES: [&str; 2] = ["image", "feImage"];
/// At-rules whose blocks say nothing about a drawing that stands still and has no text.
const UNSEEN_RULES: [&str; 6] = [
    "font-face",
    "keyframes",
    "-webkit-keyframes",
    "-moz-keyframes",
    "page",
    "font-feature-values",
];
/// The conditions of `@media` that are not those of a printed page.
const UNSEEN_MEDIA: [&str; 3] = [
    "(prefers-color-scheme:dark)",
    "(prefers-reduced-motion)",
    "(prefers-reduced-motion:reduce)",
];
/// Elements whose content is not drawn by itself, or says something to other programs.
const UNSEEN: [&str; 5] = ["metadata", "title", "desc", "script", "foreignObject"];

/// Refuses an SVG of which a part would be missing.
///
/// # Errors
/// [`ErrorKind::Image`].
pub(super) fn check(document: &Document<'_>) -> Result<()> {
    for node in document.descendants().filter(|node| node.is_element() && is_of_svg(node))
    {
        let name = node.tag_name().name();
        if name == "foreignObject" {
            if has_content(&node) && !has_alternative(&node) && is_drawn_above(&node) {
                return Err(refuse(
                    "has a `foreignObject`, which is drawn by browsers alone",
                    "convert its content to paths and embedded pictures",
                ));
            }
            continue;
        }
        if name != "style" && node.ancestors().any(|it| is_unseen(&it)) {
            continue;
        }
        if TEXTS.contains(&name) && has_letters(&node) && is_shown(&node) {
            return Err(refuse(
                "has text, for which there is no font",
                "convert its text to paths",
            ));
        }
        let link = node.attribute("href").or_else(|| node.attribute((XLINK, "href")));
        if let Some(link) = link
            && REFERRING.contains(&name)
            && !link.is_empty()
            && !link.starts_with('#')
            && !link.starts_with("data:")
        {
            return Err(refers_to(link));
        }
        if PICTURES.contains(&name) && is_shown(&node) {
            let links = [node.attribute("href"), node.attribute((XLINK, "href"))];
            if links.into_iter().flatten().any(is_damaged) {
                return Err(refuse(
                    "has a picture inside whose data are damaged",
                    "export it again, with the picture embedded",
                ));
            }
        }
        if name == "style" {
            let sheet = node.descendants().filter_map(|it| it.text()).collect::<String>();
            check_style(&sheet)?;
            check_at_rules(&sheet)?;
        }
        for attribute in node.attributes() {
            if attribute.name() == "style" || is_paint(attribute.name()) {
                check_style(attribute.value())?;
            }
        }
    }
    Ok(())
}

/// Whether an address is that of data in base64 that cannot be decoded, as the reader decodes them
/// (the «forgiving-base64» of the WHATWG).
fn is_damaged(address: &str) -> bool {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c');
    let address = address.trim_matches(|c: char| c <= ' ');
    let is_data = address.get(..5).is_some_and(|it| it.eq_ignore_ascii_case("data:"));
    // Without a comma it is the address of another file, which is refused.
    let Some((head, body)) = address.split_once(',').filter(|_| is_data) else {
        return false;
    };
    if !head.trim_end_matches(is_space).to_ascii_lowercase().ends_with("base64") {
        return false;
    }
    let (mut letters, mut signs) = (0_usize, 0_usize);
    let mut rest = body.split('#').next().unwrap_or_default().bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let mut after = rest.clone();
                match (digit(after.next()), digit(after.next())) {
                    (Some(high), Some(low)) => {
                        rest = after;
                        (high * 16 + low) as u8
                    }
                    _ => return true,
                }
            }
            byte => byte,
        };
        match byte {
            _ if is_space(byte.into()) => {}
            b'=' => signs += 1,
            b'+' | b'/' if signs == 0 => letters += 1,
            _ if byte.is_ascii_alphanumeric() && signs == 0 => letters += 1,
            _ => return true,
        }
    }
    letters % 4 == 1 || signs > 0 && (signs > 2 || !(letters + signs).is_multiple_of(4))
}

/// Refuses the blocks of at-rules, which are skipped with all that is in them, unless they have no
/// rules for the drawing as it is printed.
fn check_at_rules(sheet: &str) -> Result<()> {
    let sheet = without_comments(sheet).to_ascii_lowercase();
    for rule in sheet.split('@').skip(1) {
        let head = &rule[..rule.find(['{', ';', '}']).unwrap_or(rule.len())];
        let has_block = rule[head.len()..].starts_with('{');
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let name = &head[..head.find(|c| !is_name(c)).unwrap_or(head.len())];
        let condition = head[name.len()..].replace(char::is_whitespace, "");
        let is_unseen = match name {
            "media" => UNSEEN_MEDIA.contains(&condition.as_str()),
            name => UNSEEN_RULES.contains(&name),
        };
        if has_block && !name.is_empty() && !is_unseen {
            return Err(refuse(
                &format!("has styles in `@{}`, which are not read", truncated(name, 40)),
                "write these rules without it",
            ));
        }
    }
    Ok(())
}

/// Refuses what a style or a paint has that is not understood.
fn check_style(style: &str) -> Result<()> {
    let style = without_comments(style);
    let lower = style.to_ascii_lowercase();
    if find_function(&lower, "var(").is_some() {
        return Err(refuse(
            "has CSS variables (`var(…)`), which are not understood",
            "export it with its colours written out, or as plain SVG",
        ));
    }
    if lower.contains("@import") {
        return Err(refuse(
            "imports a style sheet (`@import`), which is not read",
            "write its rules into the SVG",
        ));
    }
    if let Some(function) =
        COLOURS.iter().find(|name| find_function(&lower, name).is_some())
    {
        return Err(refuse(
            &format!("has a colour as `{function}…)`, which is not understood"),
            "export it with colours of sRGB, such as `#1f3d5c`",
        ));
    }
    // A paint or a picture of another file.
    let mut rest = lower.as_str();
    while let Some(at) = find_function(rest, "url(") {
        rest = &rest[at + 4..];
        let address = rest.trim_start().trim_start_matches(['\'', '"']);
        let end = address.find([')', '\'', '"']).unwrap_or(address.len());
        let address = &address[..end];
        let inside = address.is_empty()
            || address.starts_with('#')
            || address.starts_with("data:");
        // A face that is not embedded matters to text alone.
        if !inside && !lower.contains("@font-face") {
            return Err(refers_to(address));
        }
    }
    Ok(())
}

/// Where a function is called, and not another whose name ends alike.
fn find_function(text: &str, name: &str) -> Option<usize> {
    let mut places = text.match_indices(name).map(|(at, _)| at);
    places.find(|&at| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
    })
}

fn without_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push(' ');
        text.push_str(part.split_once("*/").map_or("", |(_, after)| after));
    }
    text
}

fn is_paint(name: &str) -> bool {
    ["fill", "stroke", "stop-color", "flood-color", "lighting-color", "color", "filter"]
        .contains(&name)
}

fn is_of_svg(node: &Node<'_, '_>) -> bool {
    node.tag_name().namespace() == Some(SVG)
}

fn is_unseen(node: &Node<'_, '_>) -> bool {
    let known = is_of_svg(node) && UNSEEN.contains(&node.tag_name().name());
    // A part of another namespace is not drawn, whatever is inside.
    known || (node.is_element() && !is_of_svg(node))
}

fn has_letters(node: &Node<'_, '_>) -> bool {
    let mut texts = node.descendants().filter(Node::is_text).filter_map(|it| it.text());
    texts.any(|text| !text.trim().is_empty())
}

fn has_content(node: &Node<'_, '_>) -> bool {
    node.descendants().skip(1).any(|it| it.is_element()) || has_letters(node)
}

/// Whether a `switch` has another child, which is drawn in its place: Illustrator and draw.io write
/// their own data or HTML so.
fn has_alternative(node: &Node<'_, '_>) -> bool {
    let required = node.has_attribute("requiredExtensions")
        || node.has_attribute("requiredFeatures");
    let switch = node.parent().filter(|it| it.tag_name().name() == "switch");
    required
        && switch.is_some_and(|switch| {
            switch.children().any(|it| it.is_element() && it != *node && is_of_svg(&it))
        })
}

fn is_drawn_above(node: &Node<'_, '_>) -> bool {
    is_shown(node) && !node.ancestors().skip(1).any(|it| is_unseen(&it))
}

/// Whether nothing says that it is not displayed.
fn is_shown(node: &Node<'_, '_>) -> bool {
    !node.ancestors().any(|it| {
        let style = it.attribute("style").unwrap_or_default().replace(' ', "");
        it.attribute("display") == Some("none") || style.contains("display:none")
    })
}

/// The error for what another file has.
fn refers_to(address: &str) -> Error {
    let address = truncated(address, 100).escape_debug().to_string();
    refuse(
        &format!("refers to `{address}`"),
        "embed that file in the SVG when you export it",
    )
}

fn refuse(what: &str, help: &'static str) -> Error {
    Error::new(ErrorKind::Image, format!("the SVG {what}")).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn svg(inside: &str) -> String {
        format!(
            "<svg xmlns='{SVG}' xmlns:xlink='{XLINK}' xmlns:s='{SVG}' width='300' height='100'>\
             <path d='M0 0h90v90z'/>{inside}</svg>"
        )
    }

    #[test]
    fn svg_of_which_a_part_would_be_missing_is_refused() {
        for (inside, words) in [
            ("<text>Ada</text>", "has text"),
            ("<s:text>Ada</s:text>", "has text"),
            ("<g><svg><text><tspan>Ada</tspan></text></svg></g>", "has text"),
            ("<defs><text id='t'>Ada</text></defs><use href='#t'/>", "has text"),
            ("<flowRoot><flowPara>Ada</flowPara></flowRoot>", "has text"),
            (
                "<foreignObject width='9' height='9'><p xmlns='http://www.w3.org/1999/xhtml'>\
                 Ada</p></foreignObject>",
                "`foreignObject`",
            ),
            (
                "<switch><foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>Ada</p>\
                 </foreignObject><g/></switch>",
                "`foreignObject`",
            ),
            ("<use href='crest.svg#lion'/>", "refers to `crest.svg#lion`"),
            ("<use xlink:href='https://example.org/a.svg#b'/>", "refers to `https://"),
            ("<filter id='f'><feImage href='a.png'/></filter>", "refers to `a.png`"),
            (
                "<path fill='url(paints.svg#g)' d='M0 0h9v9z'/>",
                "refers to `paints.svg#g`",
            ),
            ("<style>:root{--c:#123}.a{fill:var(--c)}</style>", "CSS variables"),
            ("<path style='fill: var(--c, red)' d='M0 0h9v9z'/>", "CSS variables"),
            ("<path fill='var(--c)' d='M0 0h9v9z'/>", "CSS variables"),
            ("<style>@import url('a.css');</style>", "`@import`"),
            (
                "<path fill='#cd853f icc-color(acme, 0.1, 0.2)' d='M0 0h9v9z'/>",
                "icc-color",
            ),
            ("<path style='fill:device-cmyk(0 1 1 0)' d='M0 0h9v9z'/>", "device-cmyk"),
            ("<path fill='oklch(60% 0.15 50)' d='M0 0h9v9z'/>", "`oklch("),
            ("<style>.a{stroke:color(display-p3 1 0 0)}</style>", "`color("),
            ("<style>@media all{.a{fill:#0a5}}</style>", "`@media`"),
            (
                "<style>.a{fill:red}@supports (fill:red){.a{fill:#0a5}}</style>",
                "`@supports`",
            ),
            ("<style>@layer base { .a{fill:#0a5} }</style>", "`@layer`"),
            (
                "<image width='9' height='9' href='data:image/png;base64,iVBORw0K!damaged'/>",
                "data are damaged",
            ),
            (
                "<image width='9' height='9' xlink:href='data:image/png;base64,iVBOR'/>",
                "data are damaged",
            ),
            (
                "<filter id='f'><feImage href='data:image/png;base64,iVBORw0KG==='/></filter>",
                "data are damaged",
            ),
        ] {
            let error = parse(&svg(inside)).expect_err(inside);
            assert!(error.message().contains(words), "{inside}: {error}");
            assert_eq!(error.kind(), ErrorKind::Image);
            assert!(error.help().is_some());
        }
    }

    #[test]
    fn what_draws_nothing_is_no_loss() {
        for inside in [
            "<!-- <text>the crest</text> <foreignObject/> icc-color(a) -->",
            "<metadata><a:text xmlns:a='urn:a'>Ada</a:text></metadata>",
            "<title>text</title><desc>a &lt;text&gt;</desc>",
            "<text/>",
            "<text> <tspan> </tspan></text>",
            "<text display='none'>draft</text>",
            "<g style='display: none'><text>draft</text></g>",
            "<switch><foreignObject requiredExtensions='http://ns.adobe.com/AdobeIllustrator/10.0/' \
             width='1' height='1'><i:aipgfRef xmlns:i='http://ns.adobe.com/AdobeIllustrator/10.0/' \
             xlink:href='#a'/></foreignObject><g><path d='M0 0h9v9z'/></g></switch>",
            "<style>/* var(--c) @import */ .a{fill:#123} @font-face{src:url(a.woff)}</style>",
            "<style>@charset 'utf-8'; @media (prefers-color-scheme: dark){.a{fill:#fff}} \
             @keyframes turn { from { opacity: 0 } }</style>",
            "<g display='none'><image width='9' height='9' href='data:;base64,!'/></g>",
            "<style>.a{transform-box:fill-box;fill:url(#g)}</style>",
            "<a href='https://example.org/'><path d='M0 0h9v9z'/></a>",
            "<path fill='rgb(1, 2, 3)' stroke='hsl(20, 10%, 30%)' d='M0 0h9v9z'/>",
            "<i:text xmlns:i='urn:other'>Ada</i:text>",
        ] {
            assert!(
                parse(&svg(inside)).is_ok(),
                "{inside}: {:?}",
                parse(&svg(inside)).err()
            );
        }
    }
}
