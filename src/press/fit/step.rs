//! The sizes at which a sentence is fitted.

/// One of the sizes at which a sentence is fitted, so that a full page can choose a smaller one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// The scale of the largest size.
    pub(crate) scale: f64,
    /// Whether the sentence has its tight fit. If not, it has that only where it does not
    /// fit otherwise.
    pub(crate) tight: bool,
}

impl Step {
    pub(crate) fn usual(scale: f64) -> Self {
        Self { scale, tight: false }
    }

    pub(crate) fn tight(scale: f64) -> Self {
        Self { scale, tight: true }
    }
}
