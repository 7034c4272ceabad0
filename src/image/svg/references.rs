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
/// The properties that what is in an element does not inherit.
const NOT_INHERITED: [&str; 3] = ["clip-path", "filter", "mask"];
/// How many stops of a gradient cost what an element does.
const STOPS_PER_ELEMENT: u64 = 16;
/// The selector of all elements.
const ANY: &str = "*";
/// The most comparisons of an element with the selector of a style.
const MAX_STYLE_WORK: usize = 20_000_000;

/// Refuses an SVG whose elements come to too many, or are nested too deep.
pub(super) fn check(document: &Document<'_>) -> Result<()> {
    let styles = Styles::of(document)?;
    let ids =
        document.descendants().filter_map(|node| Some((node.attribute("id")?, node)));
    let mut by_id: HashMap<&str, Vec<Node<'_, '_>>> = HashMap::new();
    ids.for_each(|(id, node)| by_id.entry(id).or_default().push(node));
    let mut walk = Walk { styles, by_id, targets: HashMap::new(), sizes: HashMap::new() };
    walk.size(document.root_element(), 0)?;
    Ok(())
}

struct Walk<'a, 'input> {
    styles: Styles<'a>,
    /// All elements of an id: of several, one reference takes the first, another the last.
    by_id: HashMap<&'a str, Vec<Node<'a, 'input>>>,
    /// What a reference to an id comes to, whichever element it takes.
    targets: HashMap<&'a str, Target>,
    /// The elements that an element comes to, and how deep it is; `None` while it is counted.
    sizes: HashMap<usize, Option<Size>>,
}

#[derive(Clone, Copy)]
struct Target {
    size: Size,
    is_gradient: bool,
}

#[derive(Clone, Copy)]
struct Size {
    elements: u64,
    depth: usize,
    /// What inherits the paints and the markers of the element: the elements in it, also those that
    /// `use` brings there, and their points.
    heirs: u64,
    vertices: u64,
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
        let mut size = Size { elements: 1, depth: 0, heirs: 1, vertices: vertices(node) };
        let add = |size: &mut Size, part: Size, times: u64| -> Result<()> {
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
            let part = self.size(child, above + 1)?;
            add(&mut size, part, 1)?;
            size.inherit(part);
        }
        let (drawn, others): (Vec<_>, Vec<_>) =
            self.references(node).into_iter().partition(|(name, _)| *name == "href");
        for (_, id) in drawn {
            let Some(Target { size: part, .. }) = self.target(id, above + 1)? else {
                continue;
            };
            add(&mut size, part, 1)?;
            if node.tag_name().name() == "use" {
                size.inherit(part);
            }
        }
        let Size { heirs, vertices, .. } = size;
        for (attribute, id) in others {
            let Some(target) = self.target(id, above + 1)? else { continue };
            let part = target.size;
            // A name that is written in a way of its own counts as what costs most.
            if attribute.contains("marker") {
                if part.elements.saturating_mul(vertices) > MAX_MARKED {
                    return Err(too_costly("has markers at too many points"));
                }
                add(&mut size, part, vertices)?;
                continue;
            }
            let is_inherited = !NOT_INHERITED.contains(&attribute);
            // The stops of a gradient are copied, which costs far less than to draw them.
            let elements = if target.is_gradient {
                1 + part.elements / STOPS_PER_ELEMENT
            } else {
                part.elements
            };
            add(
                &mut size,
                Size { elements, ..part },
                if is_inherited { heirs } else { 1 },
            )?;
        }
        self.sizes.insert(key, Some(size));
        Ok(size)
    }

    /// The most that a reference to `id` comes to; `None` if there is no such element.
    fn target(&mut self, id: &'a str, above: usize) -> Result<Option<Target>> {
        if let Some(target) = self.targets.get(id) {
            return Ok(Some(*target));
        }
        let Some(nodes) = self.by_id.get(id).cloned() else { return Ok(None) };
        let mut target: Option<Target> = None;
        for node in nodes {
            let size = self.size(node, above)?;
            let name = node.tag_name().name();
            let is_gradient = matches!(name, "linearGradient" | "radialGradient");
            target = Some(match target {
                None => Target { size, is_gradient },
                Some(other) => Target {
                    size: size.max(other.size),
                    is_gradient: is_gradient && other.is_gradient,
                },
            });
        }
        self.targets.extend(target.map(|target| (id, target)));
        Ok(target)
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
        found.extend(self.styles.of_selector(ANY));
        if let Some(id) = node.attribute("id") {
            found.extend(self.styles.of_selector(&format!("#{id}")));
        }
        found
    }
}

impl Size {
    fn max(self, other: Self) -> Self {
        Self {
            elements: self.elements.max(other.elements),
            depth: self.depth.max(other.depth),
            heirs: self.heirs.max(other.heirs),
            vertices: self.vertices.max(other.vertices),
        }
    }

    /// Adds what inherits from the element because it is in it.
    fn inherit(&mut self, part: Self) {
        self.heirs = self.heirs.saturating_add(part.heirs);
        self.vertices = self.vertices.saturating_add(part.vertices);
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
            for selector in without_comments(selectors).split(',') {
                let selector = last_name(selector).unwrap_or(ANY);
                by_selector
                    .entry(selector.to_owned())
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

/// A text of CSS without its comments.
fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    // What follows the end of each.
    let rest = parts.filter_map(|part| Some(part.split_once("*/")?.1));
    rest.fold(first, |all, part| all + " " + part)
}

/// The tag, the last class or the id of what a selector selects; `None` if it has none, or is written
/// in a way of which that is not certain.
fn last_name(selector: &str) -> Option<&str> {
    // Spaces, brackets and signs may stand in a text, an escape, or a comment that has braces.
    if selector.contains(['"', '\'', '\\', '/']) {
        return None;
    }
    let last = selector.split([' ', '\n', '\r', '\t', '\x0c', '>', '+', '~']);
    let last = last.rev().find(|part| !part.is_empty())?;
    let last = last.split([':', '[']).next()?;
    // `path.a.b` is found by its last class.
    let name = &last[last.rfind(['.', '#']).unwrap_or(0)..];
    let letters = name.trim_start_matches(['.', '#']);
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    (!letters.is_empty() && letters.chars().all(is_letter)).then_some(name)
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

/// How many points of a path or a line may have a marker: at most as many as it has numbers. The second
/// point in digits begins another number: `.5.5` are two.
fn vertices(node: Node<'_, '_>) -> u64 {
    if node.tag_name().name() == "line" {
        return 2;
    }
    let data = [node.attribute("d"), node.attribute("points")];
    let parts = data
        .iter()
        .flatten()
        .flat_map(|data| data.split(|c: char| !(c.is_ascii_digit() || c == '.')));
    parts.map(|part| part.matches('.').count().max(1) as u64).sum()
}

fn too_deep() -> crate::base::error::Error {
    too_costly("is nested more than 100 deep")
}
