//! The signatories of a course.

use super::reader::{CourseReader, file_path};
use crate::base::error::ErrorKind;
use crate::base::yaml::{Fields, Node, Span};
use crate::site::course::signatory::{Nudge, Signatory};

impl CourseReader {
    pub(super) fn read_signatory(&mut self, node: Node<'_>) -> Option<Signatory> {
        let known = ["name", "title", "organization", "signature", "scale", "dx", "dy"];
        let fields = node.fields(&known, &mut self.faults)?;
        let name = fields.required("name", &mut self.faults);
        let name = name.and_then(|node| self.read_text(node));
        let title = self.read_optional(fields, "title", Self::read_text);
        let organization = self.read_optional(fields, "organization", Self::read_text);
        let signature = self.read_optional(fields, "signature", |reader, node| {
            reader.faults.keep(file_path(node))
        });
        let span = fields.get("signature").or_else(|| fields.get("name")).unwrap_or(node);
        let (nudge, nudge_span) = self.read_nudge(fields);
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

    /// Reads the correction of a signature's size and place, and where it is first written.
    fn read_nudge(&mut self, fields: Fields<'_>) -> (Nudge, Option<Span>) {
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
}
