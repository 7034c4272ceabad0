//! How the elements of an SVG refer to each other: what drawing them comes to before anything is
//! expanded.
//!
//! `use`, patterns, masks, clip paths and markers draw other elements. A chain of them is as deep
//! as the stack has to be, and a tree of them grows tenfold with each level.

use std::collections::HashMap;

use usvg::roxmltree::{Document, Node};

use super::costly::too_costly;
use crate::base::error::Result;

/// How deep elements may be nested, references included.
const MAX_DEPTH: usize = 100;
/// The most elements once all references are drawn.
const MAX_EXPANDED: u64 = 200_000;
/// The most elements that markers draw: one marker for each vertex.
const MAX_MARKED: u64 = 200_000;
/// The most comparisons of an element with the selector of a style.
const MAX_STYLE_WORK: usize = 20_000_000;

/// Refuses an SVG whose elements come to too many, or are nested too deep.
pub(super) fn check(document: &Document<'_>) -> Result<()> {
    let styles = Styles::of(document)?;
    let ids =
        document.descendants().filter_map(|node| Some((node.attribute("id")?, node)));
    let mut walk = Walk { styles, ids: ids.collect(), sizes: HashMap::new() };
    walk.size(document.root_element(), 0)?;
    Ok(())
}

struct Walk<'a, 'input> {
    styles: Styles<'a>,
    ids: HashMap<&'a str, Node<'a, 'input>>,
    /// The elements that an element comes to, and how deep it is; `None` while it is counted.
    sizes: HashMap<usize, Option<Size>>,
}

#[derive(Clone, Copy)]
struct Size {
    elements: u64,
    depth: usize,
}

impl<'a, 'input> Walk<'a, 'input> {
    fn size(&mut self, node: Node<'a, 'input>, above: usize) -> Result<Size> {
        let key = node.id().get_usize();
        match self.sizes.get(&key) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(too_costly("has an element that draws itself")),
            None => {}
        }
        if above > MAX_DEPTH {
            return Err(too_deep());
        }
        self.sizes.insert(key, None);
        let mut size = Size { elements: 1, depth: 0 };
        let mut add = |part: Size, times: u64| -> Result<()> {
            size.elements =
                size.elements.saturating_add(part.elements.saturating_mul(times));
            size.depth = size.depth.max(part.depth + 1);
            if size.elements > MAX_EXPANDED {
                return Err(too_costly("draws more than 200000 elements"));
            }
            if size.depth > MAX_DEPTH {
                return Err(too_deep());
            }
            Ok(())
        };
        for child in node.children().filter(Node::is_element) {
            add(self.size(child, above + 1)?, 1)?;
        }
        let vertices = vertices(node);
        for (attribute, id) in self.references(node) {
            let Some(target) = self.ids.get(id).copied() else { continue };
            let part = self.size(target, above + 1)?;
            // All that use a gradient or a filter share it.
            let is_shared = matches!(
                target.tag_name().name(),
                "linearGradient" | "radialGradient" | "filter" | "path" | "stop"
            ) && node.tag_name().name() != "use";
            if attribute.starts_with("marker") {
                if part.elements.saturating_mul(vertices) > MAX_MARKED {
                    return Err(too_costly("has markers at too many points"));
                }
                add(part, vertices)?;
            } else {
                add(
                    Size { elements: if is_shared { 1 } else { part.elements }, ..part },
                    1,
                )?;
            }
        }
        self.sizes.insert(key, Some(size));
        Ok(size)
    }

    /// The identifiers that an element refers to, each with the name of its attribute.
    fn references(&self, node: Node<'a, 'input>) -> Vec<(&'a str, &'a str)> {
        let mut found = Vec::new();
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            match name {
                "href" => {
                    found.extend(value.trim().strip_prefix('#').map(|id| (name, id)))
                }
                "style" => found.extend(declarations(value)),
                "class" => {
                    let classes = value.split_ascii_whitespace();
                    for class in classes {
                        found.extend(self.styles.of_selector(&format!(".{class}")));
                    }
                }
                _ => found.extend(urls(value).map(|id| (name, id))),
            }
        }
        found.extend(self.styles.of_selector(node.tag_name().name()));
        if let Some(id) = node.attribute("id") {
            found.extend(self.styles.of_selector(&format!("#{id}")));
        }
        found
    }
}

/// What the style sheets of an SVG refer to, by the last part of a selector.
struct Styles<'a>(HashMap<String, Vec<(&'a str, &'a str)>>);

impl<'a> Styles<'a> {
    fn of<'input>(document: &'a Document<'input>) -> Result<Self> {
        let is_style = |node: &Node<'_, '_>| node.tag_name().name() == "style";
        let sheets = document.descendants().filter(is_style);
        let sheets: Vec<&'a str> = sheets
            .flat_map(|sheet| sheet.children().filter_map(|text| text.text()))
            .collect();
        let mut by_selector: HashMap<String, Vec<_>> = HashMap::new();
        let mut rules = 0_usize;
        for rule in sheets.iter().flat_map(|sheet| sheet.split('}')) {
            let Some((selectors, body)) = rule.split_once('{') else { continue };
            rules += 1;
            let references: Vec<_> = declarations(body).collect();
            if references.is_empty() {
                continue;
            }
            for selector in selectors.split(',') {
                let last = selector.split([' ', '\n', '\r', '\t', '>', '+', '~']);
                let last = last.rev().find(|part| !part.is_empty()).unwrap_or("*");
                let last = last.split([':', '[']).next().unwrap_or(last);
                // `path.a.b` is found by its last class.
                let start = last.rfind(['.', '#']).unwrap_or(0);
                by_selector
                    .entry(last[start..].to_owned())
                    .or_default()
                    .extend(references.iter().copied());
            }
        }
        let elements = document.descendants().filter(Node::is_element).count();
        if rules.saturating_mul(elements) > MAX_STYLE_WORK {
            return Err(too_costly("has too many styles for its elements"));
        }
        Ok(Self(by_selector))
    }

    fn of_selector(&self, selector: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.get(selector).into_iter().flatten().copied()
    }
}

/// The references of declarations such as `fill: url(#a); clip-path: url(#b)`.
fn declarations(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split(';').filter_map(|one| one.split_once(':'));
    pairs.flat_map(|(name, value)| urls(value).map(move |id| (name.trim(), id)))
}

/// The identifiers in `url(#…)`.
fn urls(value: &str) -> impl Iterator<Item = &str> {
    value.split("url(").skip(1).filter_map(|rest| {
        let inside = rest.split(')').next()?.trim().trim_matches(['\'', '"']).trim();
        inside.strip_prefix('#')
    })
}

/// How many points of a path or a line may have a marker.
fn vertices(node: Node<'_, '_>) -> u64 {
    let data = node.attribute("d").or(node.attribute("points")).unwrap_or_default();
    let numbers = data.split(|c: char| !(c.is_ascii_digit() || c == '.')).count();
    numbers as u64
}

fn too_deep() -> crate::base::error::Error {
    too_costly("is nested more than 100 deep")
}
