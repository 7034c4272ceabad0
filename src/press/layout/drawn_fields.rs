//! Which free fields a layout's own Typst code draws.
//!
//! Takes the parsed files of a layout; gives [`DrawnFields`]. The decision: code that reads the
//! fields in any way other than one by one, by name, counts as drawing all of them.

use std::collections::BTreeSet;

use typst::syntax::{LinkedNode, SyntaxKind};

/// The name under which the sheet holds the free fields.
const EXTRA: &str = "extra";

/// The free fields that a layout's code reads from the sheet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DrawnFields {
    names: BTreeSet<String>,
    /// Whether it may read any field.
    all: bool,
}

impl DrawnFields {
    /// Whether the layout's code reads the field of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }

    /// Adds the fields that a node of the code reads.
    pub(super) fn visit(&mut self, node: &LinkedNode<'_>) {
        let is_named = match node.kind() {
            SyntaxKind::Ident => node.leaf_text() == EXTRA,
            SyntaxKind::Str => node.leaf_text().trim_matches('"') == EXTRA,
            _ => false,
        };
        if !is_named {
            return;
        }
        match field_after(node) {
            Some(name) => drop(self.names.insert(name)),
            None => self.all = true,
        }
    }
}

/// The field of `sheet.extra` that code reads: `motto` in `sheet.extra.motto` and in
/// `sheet.extra.at("motto")`; `None` for any other use.
fn field_after(node: &LinkedNode<'_>) -> Option<String> {
    let extra =
        node.parent().filter(|parent| parent.kind() == SyntaxKind::FieldAccess)?;
    if extra.children().next()?.span() == node.span() {
        // `extra` is the name of a variable here, as in `extra.motto`.
        return None;
    }
    let access =
        extra.parent().filter(|parent| parent.kind() == SyntaxKind::FieldAccess)?;
    let name = access.children().last()?.leaf_text().to_string();
    match access.parent().filter(|parent| parent.kind() == SyntaxKind::FuncCall) {
        None => Some(name),
        Some(call) if name == "at" => {
            let arguments =
                call.children().find(|node| node.kind() == SyntaxKind::Args)?;
            let first =
                arguments.children().find(|node| node.kind() == SyntaxKind::Str)?;
            Some(first.leaf_text().trim_matches('"').to_owned())
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use typst::syntax::Source;

    use super::*;

    fn drawn(code: &str) -> DrawnFields {
        fn visit(node: &LinkedNode<'_>, fields: &mut DrawnFields) {
            fields.visit(node);
            node.children().for_each(|child| visit(&child, fields));
        }
        let source = Source::detached(code);
        let mut fields = DrawnFields::default();
        visit(&LinkedNode::new(source.root()), &mut fields);
        fields
    }

    #[test]
    fn fields_are_found_by_their_names_and_else_all_are_drawn() {
        let named = |names: &[&str]| DrawnFields {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            all: false,
        };
        let code = "#let certificate(sheet) = [#sheet.extra.motto \
                    #sheet.extra.at(\"year\", default: none) #sheet.title]";
        assert_eq!(drawn(code), named(&["motto", "year"]));
        assert_eq!(drawn("#sheet.title"), named(&[]));
        for code in [
            "#let extra = sheet.extra",
            "#for (key, value) in sheet.extra { value }",
            "#sheet.extra.pairs()",
            "#sheet.at(\"extra\").motto",
            "#sheet.extra.at(name)",
        ] {
            assert!(drawn(code).all, "{code}");
        }
    }
}
