//! A sentence on the sheet, and the runs that it is made of.

use serde::Serialize;

use crate::base::error::{Error, ErrorKind, ErrorMessage, Place};
use crate::press::fit::fitted::{Fitted, serialize_smaller};
use crate::press::layout::Layout;
use crate::press::layout::role::Fit;

/// A sentence with the label of its slot and its declared fit.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Sentence {
    /// The label of its slot, unique on the sheet.
    pub id: String,
    /// The role, which decides how the layout styles it.
    pub role: String,
    /// The range of sizes, in points, and of lines within which it is fitted.
    #[serde(skip)]
    pub fit: Fit,
    /// The size, the lines and the heights of its largest fit.
    pub fitted: Fitted,
    /// Its fits at smaller scales, for a full page. Only blocks have them.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "serialize_smaller")]
    pub smaller: Vec<Fitted>,
    /// The text in reading order, each run in one face.
    pub runs: Vec<SheetRun>,
    /// Where its text comes from, so that its author can shorten it. A recipient's name
    /// comes from the request and has none.
    #[serde(skip)]
    pub(crate) place: Option<Place>,
}

impl Sentence {
    /// The sentence's text, including the bidirectional isolates (U+2066 to U+2069) around its
    /// values.
    pub fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }

    /// The sentence's text without its bidirectional isolates.
    pub(crate) fn bare(&self) -> String {
        let is_isolate = |c: &char| matches!(c, '\u{2066}'..='\u{2069}');
        let letters = self.runs.iter().flat_map(|run| run.text.chars());
        letters.filter(|letter| !is_isolate(letter)).collect()
    }

    /// The name of the sentence in messages: its role and the beginning of its text.
    pub(crate) fn describe(&self) -> String {
        format!("the {} `{}`", self.role, self.short())
    }

    /// The beginning of its text.
    pub(crate) fn short(&self) -> String {
        let text = self.bare();
        let mut short: String = text.chars().take(60).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        short
    }

    /// An error of the sentence, at the place of its text.
    pub(crate) fn error(
        &self,
        kind: ErrorKind,
        message: impl Into<ErrorMessage>,
        help: &str,
    ) -> Error {
        let error = Error::new(kind, message).with_help(help);
        match &self.place {
            Some(place) => error.at(place.clone()),
            None => error,
        }
    }
}

/// What can be done about a text that does not fit. Only a layout of the site's own can
/// be changed.
pub(crate) fn shorten(layout: &Layout) -> &'static str {
    if layout.is_own {
        "shorten the text, or give its role a smaller `min` or more `lines` in `layout.yaml`"
    } else {
        "shorten the text, or choose a `layout` with more room"
    }
}

/// A part of a sentence in one face.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SheetRun {
    /// The text.
    pub text: String,
    /// The font family.
    pub font: String,
    /// The weight, 100 to 900; 400 is regular, 700 is bold.
    pub weight: u16,
    /// Whether the face is an italic.
    pub italic: bool,
    /// The font size in em of the sentence, 1 for the same size.
    pub size: f64,
    /// The script, an ISO 15924 code in lower case, such as `arab`.
    pub script: String,
    /// The space between its letters, in em of the run.
    #[serde(skip_serializing_if = "is_zero")]
    pub tracking: f64,
    /// Its text in parts; one with `true` is not broken. Empty if a line may break
    /// wherever the language allows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(String, bool)>,
    /// The address of the text's link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

#[cfg(test)]
impl SheetRun {
    /// A run in the regular face of the default layout.
    pub(crate) fn latin(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            font: "EB Garamond".to_owned(),
            weight: 400,
            italic: false,
            size: 1.0,
            script: "latn".to_owned(),
            tracking: 0.0,
            parts: Vec::new(),
            link: None,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}
