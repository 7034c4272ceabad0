//! Lays out content alone, in a Typst world that has the fonts and no files.

use std::sync::LazyLock;

use comemo::Track;
use typst::diag::{FileError, FileResult, SourceResult};
use typst::engine::{Engine, Route, Sink, Traced};
use typst::foundations::{Bytes, Content, Datetime, Duration, StyleChain};
use typst::introspection::{EmptyIntrospector, Introspector, Locator};
use typst::layout::{Abs, Axes, Frame, Region, Size};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::{LazyHash, Protected};
use typst::{Library, World};

use crate::press::engine::library::LIBRARY;
use crate::press::fonts::Fonts;

static MAIN: LazyLock<Source> = LazyLock::new(|| Source::detached(""));

/// Lays out a content alone in a column of `width` points, as high as it needs.
///
/// # Errors
/// Typst's own.
pub(in crate::press) fn layout_alone(
    fonts: &Fonts,
    content: &Content,
    width: f64,
    locator: Locator<'_>,
) -> SourceResult<Frame> {
    let world: &dyn World = &FontWorld(fonts);
    let introspector: &dyn Introspector = &EmptyIntrospector;
    let traced = Traced::default();
    let mut sink = Sink::new();
    let mut engine = Engine {
        library: &LIBRARY,
        world: world.track(),
        introspector: Protected::new(introspector.track()),
        traced: traced.track(),
        sink: sink.track_mut(),
        route: Route::default(),
    };
    let size = Size::new(Abs::pt(width), Abs::inf());
    let region = Region::new(size, Axes::splat(false));
    let styles = StyleChain::new(&LIBRARY.styles);
    typst_layout::layout_frame(&mut engine, content, locator, styles, region)
}

/// A world that has only fonts.
struct FontWorld<'a>(&'a Fonts);

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
