//! Settings of `render`: how documents are made.

use std::time::Duration;

use crate::base::error::ErrorKind;
use crate::base::yaml::{Faults, Node};
use crate::site::settings::deadline::read_deadline;

/// The longest deadline, in seconds.
const MAX_DEADLINE: f64 = 3600.0;
/// The most threads.
const MAX_THREADS: usize = 1024;

/// The limits of rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderSettings {
    /// How long the rendering of one document may take, at most 3600 seconds; 10 seconds unless
    /// set.
    pub deadline: Duration,
    /// How many documents are rendered at the same time, from 1 to 1024; one on each core unless
    /// set.
    pub threads: Option<usize>,
}

impl Default for RenderSettings {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), threads: None }
    }
}

impl RenderSettings {
    /// Reads the value of `render`.
    pub(super) fn read(node: Node<'_>, faults: &mut Faults) -> Self {
        let mut render = Self::default();
        let Some(fields) = node.fields(&["deadline", "threads"], faults) else {
            return render;
        };
        render.deadline = read_deadline(fields, render.deadline, MAX_DEADLINE, faults);
        if let Some(node) = fields.get("threads")
            && let Some(text) = faults.keep(node.text())
        {
            render.threads =
                text.parse().ok().filter(|threads| (1..=MAX_THREADS).contains(threads));
            if render.threads.is_none() {
                faults.push(node.fault(
                    ErrorKind::InvalidValue,
                    format!(
                        "`threads: {text}` is no whole number from 1 to {MAX_THREADS}"
                    ),
                ));
            }
        }
        render
    }
}
