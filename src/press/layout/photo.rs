//! Pictures that a request gives, such as the photo of the recipient.
//!
//! Takes `photos` of a `layout.yaml`, or a slot with a `field`; gives [`Photo`]s. The decision made
//! here: a layout says which free field names the file and what the picture shows, so that a layout
//! without such a declaration shows no picture.

use super::fields::number;
use crate::base::yaml::{Faults, Fields, Node};
use crate::site::course::{Text, read_text};

/// A picture that a request gives.
#[derive(Debug)]
pub(crate) struct Photo {
    /// Its name in the sheet: the key under `photos`, or the name of its slot.
    pub(crate) name: String,
    /// The free field that names its file.
    pub(crate) field: String,
    /// What it shows.
    pub(crate) alt: Text,
    /// The sides that it may have, in millimetres.
    pub(crate) sides: (f64, f64),
}

/// The range of the sides of a photo, in millimetres.
const SIDES: std::ops::RangeInclusive<f64> = 1.0..=2000.0;

/// Reads `photos` of a layout that is drawn in Typst.
pub(super) fn photos(fields: Fields<'_>, faults: &mut Faults) -> Vec<Photo> {
    let entries = fields.get("photos").and_then(|node| faults.keep(node.entries()));
    let mut photos = Vec::new();
    for (key, node) in entries.into_iter().flatten() {
        let Some(fields) = node.fields(&["width", "height", "alt"], faults) else {
            continue;
        };
        let mut side = |key: &str| {
            let node = fields.required(key, faults)?;
            number(node, key, SIDES, faults)
        };
        let sides = side("width").zip(side("height"));
        let alt = alt(fields, faults);
        if let (Some(sides), Some(alt)) = (sides, alt) {
            let name = key.text().to_owned();
            photos.push(Photo { field: name.clone(), name, alt, sides });
        }
    }
    photos
}

/// Reads what a photo shows, which is required.
pub(super) fn alt(fields: Fields<'_>, faults: &mut Faults) -> Option<Text> {
    let node = fields.written("alt").filter(|node: &Node<'_>| {
        !(node.is_null() || node.text().is_ok_and(|text| text.trim().is_empty()))
    });
    let Some(node) = node else {
        faults.push(fields.missing("alt").with_help(
            "write what the picture shows, for those who cannot see it: `alt: Photo of the holder`",
        ));
        return None;
    };
    read_text(node, faults)
}
