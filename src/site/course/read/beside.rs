//! Who signs, and the pictures of a course: its logo, its sponsors', its badges.

use super::super::{Badge, Colour, Nudge, Signatory, Sponsor, Theme};
use super::{Reader, file_path};
use crate::base::error::ErrorKind;
use crate::base::yaml::{Fields, Node, Span};

impl Reader {
    pub(super) fn signatory(&mut self, node: Node<'_>) -> Option<Signatory> {
        let known = ["name", "title", "organization", "signature", "scale", "dx", "dy"];
        let fields = node.fields(&known, &mut self.faults)?;
        let name = fields.required("name", &mut self.faults);
        let name = name.and_then(|node| self.text(node));
        let title = self.field(fields, "title", Self::text);
        let organization = self.field(fields, "organization", Self::text);
        let signature = self.field(fields, "signature", |reader, node| {
            reader.faults.keep(file_path(node))
        });
        let span = fields.get("signature").or_else(|| fields.get("name")).unwrap_or(node);
        let (nudge, nudge_span) = self.nudge(fields);
        Some(Signatory {
            name: name?,
            title,
            organization,
            signature,
            nudge,
            span: span.span(),
            nudge_span,
        })
    }

    /// How a signature is moved by hand, and where that is first said.
    fn nudge(&mut self, fields: Fields<'_>) -> (Nudge, Option<Span>) {
        let mut span = None;
        let mut number = |key: &str, least: f64, most: f64, what: &str| {
            let node = fields.get(key)?;
            let text = self.faults.keep(node.text())?;
            span.get_or_insert(node.span());
            let number = text.parse::<f64>().ok();
            let number = number.filter(|number| (least..=most).contains(number));
            if number.is_none() {
                self.faults.push(node.fault(
                    ErrorKind::InvalidValue,
                    format!("`{key}: {text}` is no {what} from {least} to {most}"),
                ));
            }
            number
        };
        let nudge = Nudge {
            scale: number("scale", 0.25, 4.0, "number").unwrap_or(1.0),
            dx: number("dx", -60.0, 60.0, "length in mm").unwrap_or(0.0),
            dy: number("dy", -60.0, 60.0, "length in mm").unwrap_or(0.0),
        };
        (nudge, span)
    }

    pub(super) fn sponsors(&mut self, node: Node<'_>) -> Option<Vec<Sponsor>> {
        let items = self.faults.keep(node.items())?;
        Some(items.filter_map(|node| self.sponsor(node)).collect())
    }

    fn sponsor(&mut self, node: Node<'_>) -> Option<Sponsor> {
        let fields = node.fields(&["name", "logo"], &mut self.faults)?;
        let name = fields.required("name", &mut self.faults);
        let name = name.and_then(|node| self.text(node));
        let logo = fields.required("logo", &mut self.faults)?;
        let file = self.faults.keep(file_path(logo))?;
        Some(Sponsor { name: name?, logo: file, span: logo.span() })
    }

    pub(super) fn badges(&mut self, node: Node<'_>) -> Option<Vec<Badge>> {
        let items = self.faults.keep(node.items())?;
        Some(items.filter_map(|node| self.badge(node)).collect())
    }

    fn badge(&mut self, node: Node<'_>) -> Option<Badge> {
        let fields = node.fields(&["image", "alt"], &mut self.faults)?;
        let image = fields.required("image", &mut self.faults);
        let image = image
            .and_then(|node| Some((self.faults.keep(file_path(node))?, node.span())));
        let alt = fields.required("alt", &mut self.faults);
        let alt = alt.and_then(|node| self.text(node))?;
        let (image, span) = image?;
        Some(Badge { image, alt, span })
    }

    pub(super) fn theme(&mut self, node: Node<'_>) -> Option<Theme> {
        let known = ["accent", "paper", "ink", "signature_ink", "logo", "background"];
        let fields = node.fields(&known, &mut self.faults)?;
        let mut colour = |key| {
            let node = fields.written(key)?;
            let text = self.faults.keep(node.text())?;
            self.faults.keep(Colour::parse(text).map_err(|error| node.wrap(error)))
        };
        let [accent, paper, ink, signature_ink] =
            ["accent", "paper", "ink", "signature_ink"].map(&mut colour);
        let logo = self.field(fields, "logo", |reader, node| {
            Some((reader.faults.keep(file_path(node))?, node.span()))
        });
        let (logo, logo_span) = logo.unzip();
        let background = self.field(fields, "background", |reader, node| {
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
