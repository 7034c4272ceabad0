//! Settings of `render`: how documents are made.

use std::time::Duration;

use crate::base::yaml::{Faults, Node};
use crate::site::settings::deadline::read_deadline;
use crate::site::settings::setting::Setting;
use crate::site::settings::table;

const DEADLINE: &Setting = table::row("render.deadline");
const THREADS: &Setting = table::row("render.threads");

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
        let Some(fields) = node.fields(&table::keys("render"), faults) else {
            return render;
        };
        render.deadline = read_deadline(fields, DEADLINE, render.deadline, faults);
        if let Some(node) = fields.get("threads")
            && let Some(text) = faults.keep(node.text())
        {
            let threads = THREADS.whole(text).map_err(|error| node.wrap(error));
            render.threads = faults.keep(threads);
        }
        render
    }
}
