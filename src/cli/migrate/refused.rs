//! Settings that the new site would refuse, which would keep its every command from starting: each is
//! left out, and reported.

use super::report::{At, Report};
use super::yaml::Yaml;
use crate::site::Settings;

/// Leaves out what the new site would refuse of its settings.
pub(super) fn leave_out(entries: &mut Vec<(String, Yaml)>, report: &mut Report) {
    let mut kept: Vec<(String, Yaml)> = Vec::new();
    for (key, value) in std::mem::take(entries) {
        let mut section = vec![(key, value)];
        while let Some(why) = fault(&section) {
            let paths = leaves(&section);
            let without = paths.iter().find_map(|path| {
                let mut tried = section.clone();
                remove(&mut tried, path);
                fault(&tried).is_none().then_some((path, tried))
            });
            let path = match without {
                Some((path, tried)) => {
                    section = tried;
                    path.join(".")
                }
                None => section.drain(..).map(|(key, _)| key).collect(),
            };
            let how = format!("the new site refuses it ({why}): not taken");
            report.person(At::file("the new site"), format!("`{path}`"), how);
        }
        kept.append(&mut section);
    }
    *entries = kept;
}

/// Why a site with these settings would not start.
fn fault(entries: &[(String, Yaml)]) -> Option<String> {
    let mut text = String::new();
    Yaml::write_entries(entries, 0, &mut text);
    let error = Settings::parse(text.as_bytes()).err()?;
    let first = error.faults().next();
    let message = first.map_or_else(|| error.message(), |fault| fault.message());
    Some(message.lines().next().unwrap_or_default().to_owned())
}

/// The paths of all settings.
fn leaves(entries: &[(String, Yaml)]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (key, value) in entries {
        match value {
            Yaml::Map(inner) if !inner.is_empty() => {
                let below = leaves(inner).into_iter();
                paths.extend(below.map(|path| [vec![key.clone()], path].concat()));
            }
            _ => paths.push(vec![key.clone()]),
        }
    }
    paths
}

fn remove(entries: &mut Vec<(String, Yaml)>, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    for (key, value) in entries.iter_mut() {
        if let (true, Yaml::Map(inner)) = (key == first && !rest.is_empty(), value) {
            remove(inner, rest);
        }
    }
    entries.retain(|(key, value)| {
        let is_empty = *value == Yaml::Map(Vec::new());
        !(key == first && (rest.is_empty() || is_empty))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_refused_are_left_out_one_by_one() {
        let text = |key: &str, value: &str| (key.to_owned(), Yaml::text(value));
        let map = |key: &str, entries| (key.to_owned(), Yaml::Map(entries));
        let mut entries = vec![
            map("publish", vec![text("url", "x"), text("filename", "C.pdf")]),
            map(
                "agent",
                vec![
                    text("queue", "xqueue"),
                    map("xqueue", vec![text("url", "gopher://x"), text("name", "q")]),
                ],
            ),
        ];
        let mut report = Report::default();
        leave_out(&mut entries, &mut report);
        let kept = [
            map("publish", vec![text("filename", "C.pdf")]),
            map(
                "agent",
                vec![text("queue", "xqueue"), map("xqueue", vec![text("name", "q")])],
            ),
        ];
        assert_eq!(entries, kept);
        assert!(fault(&entries).is_none());
        let report = report.to_text();
        assert!(
            report.contains("`publish.url`: the new site refuses it (`x` "),
            "{report}"
        );
        assert!(report.contains("`agent.xqueue.url`"), "{report}");
    }
}
