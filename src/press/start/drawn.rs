//! The pixels of a picture, as Typst draws it on a certificate.

use std::sync::LazyLock;

use typst::diag::{FileError, FileResult, Warned};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};
use typst_layout::PagedDocument;
use typst_render::RenderOptions;

use crate::base::error::{Error, ErrorKind, Result};
use crate::image::pdf_page::TrimmedPart;
use crate::image::picture::Picture;
use crate::press::engine::library::LIBRARY;
use crate::press::layout::sources::file_id;

/// The pixels of a picture on a ground, in RGBA, `width` times `height`.
///
/// # Errors
/// [`ErrorKind::Image`] for a picture that cannot be drawn.
pub(super) fn drawn(
    picture: &Picture,
    trim: TrimmedPart,
    (width, height): (usize, usize),
    ground: &str,
) -> Result<Vec<u8>> {
    let failed = |cause: &str| {
        Error::new(ErrorKind::Image, format!("failed to draw the picture ({cause})"))
    };
    let path = format!("/start.{}", picture.extension());
    let (across, down) = (100.0 / trim.width, 100.0 / trim.height);
    let (x, y) = (-across * trim.x, -down * trim.y);
    let text = format!(
        "#set page(width: {width}pt, height: {height}pt, margin: 0pt, fill: {ground})\n\
         #place(top + left, dx: {x}%, dy: {y}%, \
         image(\"{path}\", width: {across}%, height: {down}%, fit: \"stretch\"))\n"
    );
    let main = Source::new(file_id("/start.typ"), text);
    let picture = (file_id(&path), picture.shared_bytes());
    let world = PictureWorld { main, picture };
    let Warned { output, .. } = typst::compile::<PagedDocument>(&world);
    let document = output.map_err(|faults| {
        failed(faults.first().map_or("it is broken", |fault| fault.message.as_str()))
    })?;
    let page = document.pages().first().ok_or_else(|| failed("it has no page"))?;
    let options = RenderOptions { pixel_per_pt: 1.0.into(), render_bleed: false };
    let pixels = typst_render::render(page, &options);
    if (pixels.width() as usize, pixels.height() as usize) != (width, height) {
        return Err(failed("its size is not that of the page"));
    }
    Ok(pixels.take())
}

static NO_FONTS: LazyLock<LazyHash<FontBook>> = LazyLock::new(LazyHash::default);

/// A world with one picture.
struct PictureWorld {
    main: Source,
    picture: (FileId, Bytes),
}

impl World for PictureWorld {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &NO_FONTS
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            Ok(self.main.clone())
        } else {
            Err(FileError::NotSource)
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let (known, bytes) = &self.picture;
        if id == *known { Ok(bytes.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, _: usize) -> Option<Font> {
        None
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
