//! A parsed file as a table of values, which refer to each other by index.

use std::ops::Range;
use std::sync::Arc;

use super::span::SourceFile;

/// The most collections inside each other.
pub(super) const MAX_NESTED: usize = 64;

/// One parsed YAML file.
pub(crate) struct Document {
    pub(super) source: Arc<SourceFile>,
    /// Every value once; an alias is a second reference to the same index.
    pub(super) trees: Vec<Tree>,
    pub(super) root: u32,
}

/// A value and the bytes at which it is written.
pub(super) struct Tree {
    pub(super) at: Range<u32>,
    pub(super) value: Value,
}

pub(super) enum Value {
    Scalar { text: Box<str>, plain: bool },
    List(Vec<TreeRef>),
    Map(Vec<MapEntry>),
}

/// A reference to a tree: from the place where it is written, or from an alias.
#[derive(Clone)]
pub(super) struct TreeRef {
    pub(super) tree: u32,
    /// The bytes of the alias.
    pub(super) alias: Option<Box<Range<u32>>>,
}

#[derive(Clone)]
pub(super) struct MapEntry {
    pub(super) key: u32,
    pub(super) value: TreeRef,
}
