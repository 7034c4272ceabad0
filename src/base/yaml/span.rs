//! Spans of a file, from which places are made.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::base::error::Place;

/// A file's name and text. Its spans keep it alive after its document is dropped.
pub(super) struct SourceFile {
    pub(super) file: String,
    pub(super) text: String,
}

/// A range of bytes in a file. Its [`Place`] is computed when it is first needed.
#[derive(Clone)]
pub(crate) struct Span {
    pub(super) source: Arc<SourceFile>,
    pub(super) start: u32,
    end: u32,
    place: OnceLock<Box<Place>>,
}

impl Span {
    pub(super) fn new(source: &Arc<SourceFile>, at: Range<u32>) -> Self {
        let source = Arc::clone(source);
        Self { source, start: at.start, end: at.end, place: OnceLock::new() }
    }

    pub(crate) fn place(&self) -> &Place {
        self.place.get_or_init(|| {
            let SourceFile { file, text } = &*self.source;
            let range = self.start as usize..self.end as usize;
            Box::new(if text.is_empty() {
                Place::file(file)
            } else {
                Place::in_text(file, text, range)
            })
        })
    }

    /// The bytes of the file.
    #[cfg(feature = "studio")]
    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn is_in(&self, source: &Arc<SourceFile>) -> bool {
        Arc::ptr_eq(&self.source, source)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.place(), f)
    }
}
