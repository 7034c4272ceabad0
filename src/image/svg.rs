//! SVG files: parsed once it is known what they cost to draw.
//!
//! Takes the text of a file; gives its tree. The decision: a few bytes of SVG can ask for any
//! amount of memory and time, so every cause is limited before the file is parsed or drawn: the
//! references between elements, the pictures inside, and, on the parsed tree, the cost of drawing.
//! Typst parses and draws the same text afterwards.

mod cost;
mod costly;
mod losses;
mod pictures;
mod references;
mod strokes;

use std::sync::{Mutex, PoisonError};

use usvg::roxmltree::{Document, ParsingOptions};

use self::pictures::PictureBudget;
pub(super) use self::strokes::outlined;
use crate::base::error::{Error, ErrorKind, Result};

/// The most nodes of XML, attributes not counted.
const MAX_XML_NODES: u32 = 400_000;

/// Parses an SVG. Files that it refers to are not read.
///
/// # Errors
/// [`ErrorKind::Image`]: the SVG is broken, has text, or refers to another file.
/// [`ErrorKind::TooLarge`]: it takes too much memory or time to draw.
pub(super) fn parse(text: &str) -> Result<usvg::Tree> {
    let mut budget = PictureBudget::default();
    let tree = bounded(text, &mut budget, &losses::check);
    // A picture that was refused is why the tree lacks something.
    if let Some(error) = budget.refused.or(budget.left_out) {
        return Err(error);
    }
    tree
}

/// Refuses an SVG that takes too much memory or time to draw. Typst reports its other faults.
///
/// # Errors
/// [`ErrorKind::TooLarge`].
pub(super) fn check(text: &str) -> Result<()> {
    let mut budget = PictureBudget::default();
    let tree = bounded(text, &mut budget, &|_| Ok(()));
    let errors = budget.refused.into_iter().chain(tree.err());
    errors.filter(|error| error.kind() == ErrorKind::TooLarge).try_for_each(Err)
}

/// `lossless` refuses what the tree would lack.
fn bounded(
    text: &str,
    budget: &mut PictureBudget,
    lossless: &dyn Fn(&Document<'_>) -> Result<()>,
) -> Result<usvg::Tree> {
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: MAX_XML_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(broken)?;
    references::check(&document)?;
    let complete = lossless(&document);
    let budget = Mutex::new(budget);
    let lock = || budget.lock().unwrap_or_else(PoisonError::into_inner);
    let options = usvg::Options {
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: Box::new(|_, data, _| lock().take(data)),
            resolve_string: Box::new(|href, _| lock().refuse_link(href)),
        },
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_xmltree(&document, &options);
    let tree = tree.map_err(broken)?;
    cost::check(&tree)?;
    complete?;
    Ok(tree)
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::caused(ErrorKind::Image, "failed to read the SVG", error)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    use base64::Engine as _;

    use super::*;

    fn svg(inside: &str) -> String {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' \
             viewBox='0 0 300 100' width='300' height='100'>{inside}</svg>"
        )
    }

    fn png(width: u32, height: u32) -> String {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let header = [&b"IHDR"[..], &sides, b"\x08\x06\0\0\0"].concat();
        // ISO 3309, as PNG has it.
        let sum = header.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
            })
        });
        let start = b"\x89PNG\r\n\x1a\n\0\0\0\x0d";
        let data = b"\0\0\0\0IDAT\x35\xaf\x06\x1e";
        let bytes = [start, &header[..], &(!sum).to_be_bytes(), data].concat();
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        format!("data:image/png;base64,{data}")
    }

    #[test]
    fn drawing_that_costs_too_much_is_refused_before_it_is_drawn() {
        let filter = |attributes: &str, inside: &str| {
            svg(&format!(
                "<filter id='f' {attributes}>{inside}</filter>\
                 <path filter='url(#f)' d='M10 10h200v60z'/>"
            ))
        };
        let chain = |element: &str, attribute: &str| {
            let mut inside = String::new();
            for number in 0..3000 {
                let _ = write!(
                    inside,
                    "<{element} id='e{number}' width='9' height='9'><path d='M0 0h9v9z' \
                     {attribute}='url(#e{})'/></{element}>",
                    number + 1
                );
            }
            svg(&format!(
                "<defs>{inside}</defs><path {attribute}='url(#e0)' d='M0 0h9v9z'/>"
            ))
        };
        let mut laughs = "<g id='u0'><path d='M0 0h9v9z'/></g>".to_owned();
        let mut tiles = "<pattern id='u0' width='9' height='9' \
                         patternUnits='userSpaceOnUse'><path d='M0 0h9v9z'/></pattern>"
            .to_owned();
        for number in 1..12 {
            let last = number - 1;
            let uses = format!("<use xlink:href='#u{last}'/>").repeat(9);
            let _ = write!(laughs, "<g id='u{number}'>{uses}</g>");
            let fills = format!("<path fill='url(#u{last})' d='M0 0h9v9z'/>").repeat(9);
            let _ = write!(
                tiles,
                "<pattern id='u{number}' width='9' height='9' \
                 patternUnits='userSpaceOnUse'>{fills}</pattern>"
            );
        }
        let classes = (0..3000).fold(String::new(), |mut css, number| {
            let _ = write!(css, ".c{number}{{mask:url(#m{})}}", number + 1);
            css
        });
        let masks = (0..3000).fold(String::new(), |mut all, number| {
            let _ = write!(
                all,
                "<mask id='m{number}'><path class='c{number}' d='M0 0h9v9z'/></mask>"
            );
            all
        });
        let vertices = "l1 1".repeat(20_000);
        let dots = "<path d='M0 0h1v1z'/>".repeat(1000);
        let begun = Instant::now();
        for (what, text) in [
            (
                "picture",
                svg(&format!(
                    "<image width='9' height='9' href='{}'/>",
                    png(60_000, 60_000)
                )),
            ),
            (
                "markers of the first of two elements of one id",
                svg(&format!(
                    "<defs><path id='big' d='M0 0{vertices}'/><marker id='m'>{dots}</marker>\
                     </defs><g marker-mid='url(#m)'><use href='#big'/></g>\
                     <path id='big' d=''/>"
                )),
            ),
            (
                "markers of the last of two elements of one id",
                svg(&format!(
                    "<path id='big' d=''/><defs><path id='big' d='M0 0{vertices}'/><marker \
                     id='m'>{dots}</marker></defs><g marker-mid='url(#m)'><use href='#big'/></g>"
                )),
            ),
            (
                "many pictures",
                svg(&format!("<image width='9' height='9' href='{}'/>", png(4000, 4000))
                    .repeat(40)),
            ),
            (
                "region",
                filter(
                    "x='-50000' y='-50000' width='100000' height='100000' \
                filterUnits='userSpaceOnUse'",
                    "<feFlood/>",
                ),
            ),
            (
                "octaves",
                filter("", "<feTurbulence baseFrequency='.1' numOctaves='100000000'/>"),
            ),
            ("radius", filter("", "<feMorphology operator='dilate' radius='90'/>")),
            (
                "primitives",
                filter("", &"<feGaussianBlur stdDeviation='3'/>".repeat(3000)),
            ),
            (
                "filters",
                svg(&format!(
                    "<filter id='f'><feTurbulence baseFrequency='.1' numOctaves='8'/></filter>{}",
                    "<path filter='url(#f)' d='M0 0h300v100z'/>".repeat(500)
                )),
            ),
            ("uses", svg(&format!("<defs>{laughs}</defs><use xlink:href='#u11'/>"))),
            (
                "tiles",
                svg(&format!(
                    "<defs>{tiles}</defs><path fill='url(#u11)' d='M0 0h99v99z'/>"
                )),
            ),
            ("chained patterns", chain("pattern", "fill")),
            ("chained masks", chain("mask", "mask")),
            ("chained clip paths", chain("clipPath", "clip-path")),
            (
                "chained by classes",
                svg(&format!(
                    "<style>{classes}</style>{masks}<path class='c0' d='M0 0h9v9z'/>"
                )),
            ),
            (
                "nested",
                svg(&[
                    "<g>".repeat(900),
                    "<path d='M0 0h9v9z'/>".into(),
                    "</g>".repeat(900),
                ]
                .concat()),
            ),
            (
                "layers",
                svg(&[
                    "<g opacity='.9'>".repeat(100),
                    "<path d='M0 0h300v100z'/>".into(),
                    "</g>".repeat(100),
                ]
                .concat()),
            ),
            (
                "dashes",
                svg("<path stroke='#000' stroke-dasharray='.00001' d='M0 0h300v100'/>"),
            ),
            (
                "markers",
                svg(&format!(
                    "<marker id='m'>{dots}</marker><path marker-mid='url(#m)' d='M0 0{vertices}'/>"
                )),
            ),
            (
                "tile size",
                svg("<pattern id='p' width='90000' height='90000' \
                patternUnits='userSpaceOnUse'><path d='M0 0h9v9z'/></pattern>\
                <path fill='url(#p)' d='M0 0h9v9z'/>"),
            ),
            ("itself", svg("<g id='a'><use xlink:href='#a'/></g>")),
            (
                "styles",
                svg(&format!(
                    "<style>{}</style>{}",
                    ".a .b{fill:red}".repeat(20_000),
                    dots.repeat(20)
                )),
            ),
            ("paint", svg(&"<path d='M0 0h300v100h-300z'/>".repeat(20_000))),
        ] {
            let error = parse(&text).expect_err(what);
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{what}: {error}");
            assert!(error.help().is_some(), "{what}");
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    }

    /// Markers and paints are drawn by all that inherits them, whichever way they are written.
    #[test]
    fn what_is_inherited_counts_for_each_heir() {
        let line = format!("M0 0{}", "l1 1".repeat(60));
        let nested = |mark: &dyn Fn(usize, &str) -> String| {
            let mut all = String::from("<marker id='m0'><path d='M0 0h1v1z'/></marker>");
            for number in 1..4 {
                let drawn = mark(number - 1, &line);
                let _ = write!(all, "<marker id='m{number}'>{drawn}</marker>");
            }
            svg(&(all + &mark(3, &line)))
        };
        let by_style = |selector: &str, attributes: &str| {
            let mut all = String::new();
            for number in 0..4 {
                let _ = write!(
                    all,
                    "<style>{}{{marker-mid:url(#m{number})}}</style>",
                    selector.replace('N', &(number + 1).to_string()),
                );
            }
            all += "<marker id='m0'><path d='M0 0h1v1z'/></marker>";
            for number in 1..4 {
                let attributes = attributes.replace('N', &number.to_string());
                let _ = write!(
                    all,
                    "<marker id='m{number}'><path {attributes} d='{line}'/></marker>"
                );
            }
            let attributes = attributes.replace('N', "4");
            svg(&format!("{all}<path {attributes} d='{line}'/>"))
        };
        let dots = format!("M0 0h{}", ".5".repeat(60));
        let dots = nested(&|number, _| {
            format!("<path marker-mid='url(#m{number})' d='{dots}'/>")
        });
        let tiles = "<path d='M0 0h1v1z'/>".repeat(500);
        let pattern = format!(
            "<pattern id='p' width='9' height='9' patternUnits='userSpaceOnUse'>{tiles}</pattern>"
        );
        let stops = "<stop offset='.5' stop-color='red'/>".repeat(4000);
        let gradient = format!("<linearGradient id='p'>{stops}</linearGradient>");
        let painted =
            |text: &str| svg(&format!("{text}<g fill='url(#p)'>{}</g>", tiles.repeat(4)));
        for (what, text) in [
            (
                "markers of a group",
                nested(&|number, line| {
                    format!("<g marker-mid='url(#m{number})'><path d='{line}'/></g>")
                }),
            ),
            (
                "markers of what `use` brings",
                nested(&|number, line| {
                    format!(
                        "<path id='l{number}' d='{line}'/>\
                         <use marker-mid='url(#m{number})' xlink:href='#l{number}'/>"
                    )
                }),
            ),
            ("numbers without a space", dots),
            (
                "points after an empty path",
                nested(&|number, _| {
                    let points = "1 1 ".repeat(60);
                    format!(
                        "<polyline d='' marker-mid='url(#m{number})' points='{points}'/>"
                    )
                }),
            ),
            ("style of an attribute", by_style("[a='N']", "a='N'")),
            ("style of an attribute with spaces", by_style("[a='x N']", "a='x N'")),
            ("style after a comment", by_style(".aN/* */", "class='aN'")),
            ("patterns of a group", painted(&pattern)),
            ("stops of a group", painted(&gradient)),
        ] {
            let error = parse(&text).expect_err(what);
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{what}: {error}");
        }
        let all = format!("<style>*{{fill:url(#p)}}</style>{pattern}{tiles}");
        assert!(parse(&svg(&all)).is_err(), "styles of all elements");
        // What people draw.
        let arrow = "<marker id='a'><path d='M0 0l3 3-3 3z'/></marker>";
        let lines = "<path d='M0 0c.5.5.5.5 1 1'/>".repeat(100);
        let few = "<stop offset='.5' stop-color='red'/>".repeat(8);
        for text in [
            format!("{arrow}<g marker-end='url(#a)'>{lines}</g>"),
            format!("<linearGradient id='p'>{few}</linearGradient>{}", {
                "<path fill='url(#p)' d='M0 0h1v1z'/>".repeat(5000)
            }),
            format!(
                "<style>/* a, b */ .l {{ marker-end: url(#a) }}</style>{arrow}\
                 <g class='l'>{lines}</g>"
            ),
            format!("<filter id='f'><feFlood/></filter><g filter='url(#f)'>{lines}</g>"),
        ] {
            parse(&svg(&text)).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn picture_that_would_be_left_out_is_refused() {
        let inner = base64::engine::general_purpose::STANDARD
            .encode(svg("<path d='M0 0h9v9z'/>"));
        for (href, words) in [
            ("portrait.png".to_owned(), "refers to `portrait.png`"),
            (
                "https://example.org/a.png".to_owned(),
                "refers to `https://example.org/a.png`",
            ),
            (format!("data:image/svg+xml;base64,{inner}"), "another SVG inside"),
            (
                "data:image/tiff;base64,SUkqAA==".to_owned(),
                "neither PNG, JPEG, WebP nor GIF",
            ),
            (
                "data:image/png;base64,aGVsbG8=".to_owned(),
                "neither PNG, JPEG, WebP nor GIF",
            ),
        ] {
            let text = svg(&format!("<image width='9' height='9' xlink:href='{href}'/>"));
            let error = parse(&text).expect_err(words);
            assert!(error.message().contains(words), "{error}");
            assert_eq!(error.kind(), ErrorKind::Image);
        }
    }

    #[test]
    fn drawings_as_programs_write_them_are_read() {
        let stops =
            "<stop offset='0' stop-color='#123'/><stop offset='1' stop-color='#456'/>";
        for (what, text) in [
            (
                "shadow",
                svg("<filter id='s' x='-20%' y='-20%' width='140%' height='140%'>\
                <feDropShadow dx='2' dy='2' stdDeviation='3'/></filter>\
                <path filter='url(#s)' d='M10 10h250v70h-250z'/>"),
            ),
            (
                "paper",
                svg(
                    "<filter id='n'><feTurbulence type='fractalNoise' baseFrequency='.8' \
                numOctaves='4'/><feColorMatrix type='saturate' values='0'/></filter>\
                <path filter='url(#n)' d='M0 0h300v100h-300z'/>",
                ),
            ),
            (
                "gradient",
                svg(&format!(
                    "<linearGradient id='a'>{stops}</linearGradient>\
                <linearGradient id='b' xlink:href='#a' x1='1'/><style>.s{{fill:url(#b)}}</style>{}",
                    "<path class='s' d='M10 10h20v20z'/>".repeat(3000)
                )),
            ),
            (
                "bitmap",
                svg(&format!(
                    "<pattern id='p' width='1' height='1'>\
                <image id='i' width='300' height='100' xlink:href='{}'/></pattern>\
                <path fill='url(#p)' d='M0 0h300v100h-300z'/>",
                    png(1200, 400)
                )),
            ),
            (
                "dashed",
                svg("<path stroke='#000' stroke-dasharray='2 1' d='M0 0h300v100'/>"),
            ),
            (
                "clip",
                svg("<clipPath id='c'><path d='M0 0h90v90z'/></clipPath>\
                <g clip-path='url(#c)'><path d='M-900 -900h3000v3000z'/></g>"),
            ),
            (
                "symbols",
                svg("<symbol id='s' viewBox='0 0 9 9'><path d='M0 0h9v9z'/></symbol>\
                <use xlink:href='#s' width='9' height='9'/><use xlink:href='#s' x='50' width='9' height='9'/>"),
            ),
        ] {
            parse(&text).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
    }
}
