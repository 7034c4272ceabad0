//! Typst's standard library, which every world shares.

use std::sync::LazyLock;

use typst::foundations::{Binding, Module, Scope};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};

/// Typst's functions without those that run text as code or load WebAssembly. A function
/// that is not in the library can be reached in no way: not by `std`, nor by a name that
/// a layout computes.
pub(crate) static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| {
    let mut library = Library::default();
    let mut scope = Scope::new();
    for (name, binding) in library.global.scope().iter() {
        if !REMOVED.contains(&name.as_str()) {
            scope.bind(name.clone(), binding.clone());
        }
    }
    library.global = Module::new("global", scope);
    library.std = Binding::detached(library.global.clone());
    LazyHash::new(library)
});

/// The functions of Typst that a layout does not have.
pub(crate) const REMOVED: [&str; 2] = ["eval", "plugin"];
