//! `grades` of a course: the scale of its grades, and the pass mark on it.

use super::reader::CourseReader;
use crate::base::error::ErrorKind;
use crate::base::yaml::{Fields, Node, YamlFault};
use crate::site::course::grade_number::GradeNumber;
use crate::site::course::grade_words::is_failing;
use crate::site::course::grades::{GradeScale, ScaleKind, plain_letter};

const KEYS: [&str; 4] = ["scale", "max", "letters", "pass"];
const SCALES: [&str; 4] = ["points", "percent", "fraction", "letters"];
/// The most letters of a scale, and the most characters of one.
const MAX_LETTERS: usize = 100;

impl CourseReader {
    /// Reads `{ scale: points, max: 20, pass: 10 }` and the like.
    pub(super) fn read_grades(&mut self, node: Node<'_>) -> Option<GradeScale> {
        if node.is_scalar() {
            let fault = node.misshapen("a map").with_help(
                "write `grades: { scale: percent, pass: 50 }`, or another scale: points with \
                 `max`, fraction, letters with `letters`",
            );
            self.faults.push(fault);
            return None;
        }
        let fields = node.fields(&KEYS, &mut self.faults)?;
        let scale = fields.required("scale", &mut self.faults)?;
        let name = self.faults.keep(scale.one_of(&SCALES))?;
        for (key, owner) in [("max", "points"), ("letters", "letters")] {
            if let Some(node) = fields.written(key).filter(|_| name != owner) {
                let message = format!("`{key}` does not go with `scale: {name}`");
                let fault = node.key_span().fault(ErrorKind::InvalidValue, message);
                let help = format!("remove it, or write `scale: {owner}`");
                self.faults.push(fault.with_help(help));
            }
        }
        let kind = match name {
            "points" => self.read_max(fields)?,
            "percent" => ScaleKind::Percent,
            "fraction" => ScaleKind::Fraction,
            _ => self.read_letters(fields)?,
        };
        let scale = GradeScale::new(kind);
        match fields.get("pass") {
            None => {
                self.refuse_failing_letter(fields);
                Some(scale)
            }
            Some(node) => {
                let text = self.faults.keep(node.text())?;
                self.faults.keep(scale.with_pass(text).map_err(|error| node.wrap(error)))
            }
        }
    }

    /// Refuses a scale of letters that has a word for failing and does not say which letters pass:
    /// recipients who failed would get a certificate.
    fn refuse_failing_letter(&mut self, fields: Fields<'_>) {
        let items = fields.get("letters").and_then(|node| node.items().ok());
        let failing = items.into_iter().flatten().find_map(|item| {
            let letter = item.text().ok()?;
            is_failing(letter).then_some((item, letter))
        });
        if let Some((item, letter)) = failing {
            let message =
                format!("`{letter}` is among the letters, and `grades` has no `pass`");
            let fault = item.fault(ErrorKind::InvalidValue, message);
            self.faults
                .push(fault.with_help("write the lowest letter that passes: `pass: …`"));
        }
    }

    fn read_max(&mut self, fields: Fields<'_>) -> Option<ScaleKind> {
        let node = fields.required("max", &mut self.faults)?;
        let text = self.faults.keep(node.text())?;
        let max = GradeNumber::parse(text).filter(|number| !number.is_zero());
        let max = max.ok_or_else(|| {
            let message = format!("`{text}` is no number greater than 0");
            node.fault(ErrorKind::InvalidValue, message)
                .with_help("write the most points that a grade can have: `max: 20`")
        });
        self.faults.keep(max).map(ScaleKind::Points)
    }

    fn read_letters(&mut self, fields: Fields<'_>) -> Option<ScaleKind> {
        let node = fields.required("letters", &mut self.faults)?;
        let mut letters: Vec<String> = Vec::new();
        for item in self.faults.keep(node.items())? {
            let letter = self.faults.keep(item.text())?.trim();
            let folded = |letter: &str| plain_letter(letter).to_lowercase();
            let is_twice = letters.iter().any(|one| folded(one) == folded(letter));
            let invalid = |message: String| item.fault(ErrorKind::InvalidValue, message);
            let fault = match letter.chars().count() {
                0 => invalid("an empty letter".to_owned()),
                MAX_LETTERS.. => {
                    invalid(format!("a letter of {MAX_LETTERS} characters or more"))
                }
                _ if is_twice => duplicate(item, letter),
                _ => {
                    letters.push(letter.to_owned());
                    continue;
                }
            };
            self.faults.push(fault);
            return None;
        }
        if letters.is_empty() || letters.len() > MAX_LETTERS {
            let message = format!("{} letters", letters.len());
            let fault = node.fault(ErrorKind::InvalidValue, message);
            let help =
                format!("write 1 to {MAX_LETTERS}, the best first: `[A, B, C, D, F]`");
            self.faults.push(fault.with_help(help));
            return None;
        }
        Some(ScaleKind::Letters(letters))
    }
}

fn duplicate(item: Node<'_>, letter: &str) -> YamlFault {
    item.fault(ErrorKind::Duplicate, format!("`{letter}` is among the letters twice"))
        .with_help(
            "write each once, the best first; capital and small letters count as the same",
        )
}
