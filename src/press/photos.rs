//! The pictures that requests give, such as photos of their recipients.
//!
//! Takes a layout and the free fields of a request; gives the pictures with what they show. The
//! decision made here: a request gives the name of a file in one folder of the site, never a path, an
//! address or bytes, so that a request can show no file that the operator has not put there.

use indexmap::IndexMap;
use serde_json::Value;

use super::assets::Assets;
use super::layout::Layout;
use super::layout::photo::Photo;
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::image::picture::Picture;
use crate::text::phrases::Texts;

/// The resolution at which a photo should be printed, and the one below which there is a
/// warning, in dots per inch.
const PRINTED: f64 = 300.0;
const MIN_PRINTED: f64 = 120.0;

/// A picture that a request gives.
#[derive(Debug)]
pub(crate) struct RequestPhoto {
    /// Its name in the layout.
    pub(crate) name: String,
    /// Its index among the photos of the layout.
    pub(crate) index: usize,
    pub(crate) picture: Picture,
    /// What it shows, in the certificate's language.
    pub(crate) alt: String,
}

/// Reads the photos of a layout that the free fields name. Returns them with warnings.
///
/// # Errors
/// All errors together: [`ErrorKind::InvalidValue`] for a value that is not the name of a
/// file, and those of [`ImageCache::photo`](crate::image::cache::ImageCache::photo).
pub(super) fn photos(
    assets: &Assets,
    layout: &Layout,
    extra: &IndexMap<String, Value>,
    texts: &mut Texts<'_>,
) -> Result<(Vec<RequestPhoto>, Vec<Warning>)> {
    let (mut photos, mut warnings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (index, photo) in layout.photos().enumerate() {
        let Some(value) = extra.get(&photo.field) else { continue };
        let read = match value {
            Value::Null => continue,
            Value::String(file) if file.trim().is_empty() => continue,
            Value::String(file) => read(assets, photo, file.trim()),
            _ => {
                let message =
                    format!("the field `{}` of a photo is no text", photo.field);
                Err(Error::new(ErrorKind::InvalidValue, message)
                    .with_help("write the name of a file in the folder `photos/`"))
            }
        };
        let (picture, warning) = match read {
            Ok(read) => read,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        warnings.extend(warning);
        let alt = texts.get(&photo.alt, "what a photo shows").to_owned();
        photos.push(RequestPhoto { name: photo.name.clone(), index, picture, alt });
    }
    Error::join(errors)?;
    Ok((photos, warnings))
}

/// Reads the picture in a file, with a warning if its resolution is too low for print.
fn read(
    assets: &Assets,
    photo: &Photo,
    file: &str,
) -> Result<(Picture, Option<Warning>)> {
    let (width, height) = photo.sides;
    let dots = |length: f64| (length / 25.4 * PRINTED).ceil() as u32;
    let max = (dots(width), dots(height));
    let picture = assets.image_cache.photo(&assets.site, file, max)?;
    let (across, down) = picture.size();
    let printed = (across / width).max(down / height) * 25.4;
    let warning = (printed < MIN_PRINTED).then(|| {
        let message = format!(
            "the photo `{}` has {printed:.0} dots per inch in its place of {width} × {height} mm",
            photo.name
        );
        Warning::new(ErrorKind::Image, message)
            .with_help(format!("{PRINTED} are printed sharply: use a larger picture"))
    });
    Ok((picture, warning))
}
