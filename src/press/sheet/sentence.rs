//! A sentence on the sheet, and the runs that it is made of.

use serde::Serialize;

use crate::base::error::Place;
use crate::press::layout::role::Fit;

/// A sentence with the label of its slot and its declared fit.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Sentence {
    /// The label of the slot that it stands in, unique on the sheet.
    pub id: String,
    /// The role, by which the layout styles it.
    pub role: String,
    /// The font sizes, in points, and the number of lines that it may be fitted with.
    pub fit: Fit,
    /// The text in reading order, each run in one face.
    pub runs: Vec<SheetRun>,
    /// The source of its text, where an author can shorten it. A name comes from the request and
    /// has none.
    #[serde(skip)]
    pub(crate) place: Option<Place>,
}

impl Sentence {
    /// The sentence's text, including the bidirectional isolates (U+2066 to U+2069) around its
    /// values.
    pub fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
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
    /// The address that the text links to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}
