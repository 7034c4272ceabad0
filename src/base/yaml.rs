//! The YAML reader: a file's bytes become a [`Document`], whose [`Node`]s know their places.
//!
//! - **Takes**: the bytes of a file, and its name.
//! - **Gives**: a [`Document`], and [`Faults`]: all that is wrong with the file, in its order.
//!
//! A module that reads a file walks its nodes and keeps every [`YamlFault`], so that independent
//! ones are reported together. The decision made here is that a plain scalar stays the text that is
//! written, until the caller asks for a type: a title may be `2026`, an identifier `012`, and `no`
//! is Norway.
//!
//! ```text
//! let mut faults = Faults::default();
//! if let Some(document) = Document::parse("en.yaml", &bytes, &mut faults)
//!     && let Some(fields) = document.root().fields(&["heading", "blocks"], &mut faults)
//!     && let Some(node) = fields.required("heading", &mut faults)
//! {
//!     let heading: Option<&str> = faults.keep(node.text());
//!     let span: Span = node.span();        // `span.place()` computes the place
//! }
//! faults.finish()?;                        // every fault, in the order of the file
//! ```

mod compose;
mod decode;
mod document;
mod fault;
mod node;
mod span;
mod syntax;
mod write;

pub(crate) use self::document::Document;
pub(crate) use self::fault::{Faults, YamlFault};
pub(crate) use self::node::{Fields, Key, Node};
pub(crate) use self::span::Span;
#[cfg(feature = "cli")]
pub(crate) use self::write::quoted;
pub(crate) use self::write::scalar;

#[cfg(test)]
mod tests;
