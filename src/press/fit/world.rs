//! Typst's world for a sentence alone: the fonts, and nothing to read.

use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};

use crate::press::engine::library::LIBRARY;
use crate::press::fonts::Fonts;

static MAIN: LazyLock<Source> = LazyLock::new(|| Source::detached(""));

/// A world that has only fonts.
pub(crate) struct FontWorld<'a>(pub(crate) &'a Fonts);

impl World for FontWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.0.book()
    }

    fn main(&self) -> FileId {
        MAIN.id()
    }

    fn source(&self, _: FileId) -> FileResult<Source> {
        Err(FileError::NotSource)
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::NotSource)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.0.font(index)
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
