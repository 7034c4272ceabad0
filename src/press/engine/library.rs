//! Typst's standard library, which every world shares.

use std::sync::LazyLock;

use typst::utils::LazyHash;
use typst::{Library, LibraryExt};

pub(crate) static LIBRARY: LazyLock<LazyHash<Library>> =
    LazyLock::new(|| LazyHash::new(Library::default()));
