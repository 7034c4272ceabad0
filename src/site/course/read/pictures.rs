//! The pictures of a course: sponsors' logos, badges, and those of its theme.

use super::reader::{CourseReader, file_path};
use crate::base::yaml::Node;
use crate::site::course::pictures::{Badge, Sponsor};
use crate::site::course::theme::{Colour, Theme};

impl CourseReader {
    pub(super) fn read_sponsors(&mut self, node: Node<'_>) -> Option<Vec<Sponsor>> {
        let items = self.faults.keep(node.items())?;
        Some(items.filter_map(|node| self.read_sponsor(node)).collect())
    }

    fn read_sponsor(&mut self, node: Node<'_>) -> Option<Sponsor> {
        let fields = node.fields(&["name", "logo"], &mut self.faults)?;
        let name = fields.required("name", &mut self.faults);
        let name = name.and_then(|node| self.read_text(node));
        let logo = fields.required("logo", &mut self.faults)?;
        let file = self.faults.keep(file_path(logo))?;
        Some(Sponsor { name: name?, logo: file, span: logo.span() })
    }

    pub(super) fn read_badges(&mut self, node: Node<'_>) -> Option<Vec<Badge>> {
        let items = self.faults.keep(node.items())?;
        Some(items.filter_map(|node| self.read_badge(node)).collect())
    }

    fn read_badge(&mut self, node: Node<'_>) -> Option<Badge> {
        let fields = node.fields(&["image", "alt"], &mut self.faults)?;
        let image = fields.required("image", &mut self.faults);
        let image = image
            .and_then(|node| Some((self.faults.keep(file_path(node))?, node.span())));
        let alt = fields.required("alt", &mut self.faults);
        let alt = alt.and_then(|node| self.read_text(node))?;
        let (image, span) = image?;
        Some(Badge { image, alt, span })
    }

    pub(super) fn read_theme(&mut self, node: Node<'_>) -> Option<Theme> {
        let known = ["accent", "paper", "ink", "signature_ink", "logo", "background"];
        let fields = node.fields(&known, &mut self.faults)?;
        let mut colour = |key| {
            let node = fields.written(key)?;
            let text = self.faults.keep(node.text())?;
            self.faults.keep(Colour::parse(text).map_err(|error| node.wrap(error)))
        };
        let [accent, paper, ink, signature_ink] =
            ["accent", "paper", "ink", "signature_ink"].map(&mut colour);
        let logo = self.read_optional(fields, "logo", |reader, node| {
            Some((reader.faults.keep(file_path(node))?, node.span()))
        });
        let (logo, logo_span) = logo.unzip();
        let background = self.read_optional(fields, "background", |reader, node| {
            Some((reader.faults.keep(file_path(node))?, node.span()))
        });
        let (background, background_span) = background.unzip();
        Some(Theme {
            accent,
            paper,
            ink,
            signature_ink,
            logo,
            logo_span,
            background,
            background_span,
        })
    }
}
