//! The free fields that templates name.

use std::collections::BTreeSet;

use super::template_analysis::TemplateAnalysis;

/// The free fields that templates name.
#[derive(Debug, Default)]
pub(crate) struct NamedFields {
    /// Their names.
    pub(crate) names: BTreeSet<String>,
    /// Whether a template goes through all fields.
    pub(crate) all: bool,
}

impl NamedFields {
    /// Adds the fields of a template.
    pub(crate) fn add(&mut self, template: &str) {
        for (path, _) in TemplateAnalysis::of(template).variables {
            if path == "extra" {
                self.all = true;
            }
            let name =
                path.strip_prefix("extra.").and_then(|path| path.split('.').next());
            self.names.extend(name.map(str::to_owned));
        }
    }
}
