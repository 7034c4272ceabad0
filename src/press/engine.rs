//! The Typst engine: compiles a layout with its sheet into a page.
//!
//! Takes a [`Sheet`](super::sheet::Sheet), a [`Layout`](super::layout::Layout) and the fonts, gives
//! a [`Page`](page::Page). The decision made here: Typst sees a world of fixed files in memory, and
//! runs only on the workers of the [`RenderPool`](pool::RenderPool), which also evicts Typst's
//! caches.

pub(crate) mod kept_pages;
pub(crate) mod laid_out;
pub(crate) mod library;
pub(crate) mod page;
pub(crate) mod pool;
mod rejoin;
mod slot_words;
mod world;
