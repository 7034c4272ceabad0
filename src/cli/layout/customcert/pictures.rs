//! The pictures of a page: its background, its border, and those of elements.

use serde_json::Value as Json;

use super::archive::{Template, number};
use super::elements::{Importer, place, title, value};

/// The side of a pixel of pictures without a size, in millimetres: that of TCPDF as Moodle sets it.
const PIXEL: f64 = 25.4 / 72.0 / 1.25;

impl Importer<'_> {
    /// The picture of an element: its name in the layout's folder.
    fn file_of(&mut self, element: &Json) -> Option<(String, Vec<u8>)> {
        let reference = element["data"]["$"]["file_ref"].as_str();
        let picture = reference.and_then(|hash| self.template.pictures.get(hash));
        let Some((name, bytes)) = picture else {
            self.note(element, "has no picture in the export, and is left out");
            return None;
        };
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let letters: String = name
            .chars()
            .map(|c| if is_letter(c) { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let name = letters.trim_start_matches(['.', '-']).to_owned();
        Some((self.file(name, bytes), bytes.clone()))
    }

    /// Keeps a file; its name, or another one if another file has it.
    fn file(&mut self, name: String, bytes: &[u8]) -> String {
        let known = |name: &str| self.files.iter().find(|(known, _)| known == name);
        let name = match known(&name) {
            Some((_, other)) if other != bytes => {
                format!("{}-{name}", self.files.len() + 1)
            }
            _ => name,
        };
        if known(&name).is_none() {
            self.files.push((name.clone(), bytes.to_owned()));
        }
        name
    }

    pub(super) fn background(&mut self, element: &Json) {
        if self.background.is_some() {
            self.note(element, "is the second background, and is left out");
            return;
        }
        self.background = self.file_of(element).map(|(name, _)| name);
        self.note_opacity(element);
    }

    pub(super) fn image(&mut self, element: &Json) {
        let Some((file, bytes)) = self.file_of(element) else { return };
        let data = &element["data"];
        let side = |key| value(data, key).and_then(number).filter(|side| *side > 0.0);
        let size =
            image::ImageReader::new(std::io::Cursor::new(&bytes)).with_guessed_format();
        let pixels = size.ok().and_then(|reader| reader.into_dimensions().ok());
        let ratio =
            pixels.map_or(1.0, |(width, height)| f64::from(width) / f64::from(height));
        let own = pixels.map_or(30.0, |(width, _)| f64::from(width) * PIXEL);
        let (width, height) = match (side("width"), side("height")) {
            (Some(width), Some(height)) => (width, height),
            (Some(width), None) => (width, width / ratio),
            (None, Some(height)) => (height * ratio, height),
            (None, None) => (own, own / ratio),
        };
        let area = [place(element, "posx"), place(element, "posy"), width, height];
        // «Image» is Moodle's default name, and does not describe the picture.
        let title = title(element);
        let alt = if title.eq_ignore_ascii_case("image") { String::new() } else { title };
        let is_ornament = alt.is_empty();
        let alt = serde_json::to_string(&alt).unwrap_or_default();
        let name = self.free_name(element);
        let keys = format!("align: left, vertical: top, picture: {file}, alt: {alt}");
        self.picture_slot(element, &name, area, keys, is_ornament);
        self.note_opacity(element);
    }

    fn note_opacity(&mut self, element: &Json) {
        let alpha = value(&element["data"], "alphachannel").and_then(number);
        if alpha.is_some_and(|alpha| alpha < 1.0) {
            self.note(element, "was partly transparent, and is drawn as its file is");
        }
    }

    /// A line along the edges of the page, half of which is on it.
    pub(super) fn border(&mut self, element: &Json) {
        let Template { width, height, .. } = self.template;
        let line = value(&element["data"], "width").and_then(number).unwrap_or(1.0);
        let drawing = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" \
             viewBox=\"0 0 {width} {height}\"><path fill=\"none\" stroke=\"#000\" \
             stroke-width=\"{line}\" d=\"M0 0h{width}v{height}H0z\"/></svg>\n"
        );
        let file = self.file("border.svg".to_owned(), drawing.as_bytes());
        let keys = format!("picture: {file}, alt: \"\"");
        let area = [0.0, 0.0, *width, *height];
        let name = self.free_name(element);
        self.picture_slot(element, &name, area, keys, true);
    }
}
