//! Files of a site that look like sentences or courses, and that nothing reads because of their name.
//!
//! - **Takes**: the names of a site's files.
//! - **Gives**: a warning for each, with the name under which it would be read.

use crate::base::error::{ErrorKind, Place, Warning};
use crate::base::lang::Tag;
use crate::site::files::Site;

/// The endings of YAML files, also of editors that add an ending.
const ENDINGS: [&str; 4] = [".yaml", ".yml", ".yaml.txt", ".yml.txt"];

/// A warning for each file that nothing reads.
pub(crate) fn unread_files(site: &Site) -> Vec<Warning> {
    let unread = site.own_files().filter_map(|file| Some((file, read_as(file)?)));
    let warning = |(file, instead): (&str, String)| {
        Warning::new(
            ErrorKind::MissingFile,
            "nothing reads this file, because of its name",
        )
        .at(Place::file(file))
        .with_help(format!("call it `{instead}`"))
    };
    unread.map(warning).collect()
}

/// The name under which a file would be read; `None` if it is read as it is, or is neither
/// sentences nor courses.
fn read_as(file: &str) -> Option<String> {
    let parts: Vec<&str> = file.split('/').collect();
    let (name, folders) = parts.split_last()?;
    let ending = ENDINGS.iter().rev().find(|ending| name.ends_with(**ending))?;
    let stem = &name[..name.len() - ending.len()];
    let expected = match folders {
        [] if ["courses", "testamur"].contains(&stem) => format!("{stem}.yaml"),
        ["courses"] if ending.ends_with(".txt") => format!("courses/{stem}.yaml"),
        ["courses", below @ ..] if !below.is_empty() => {
            format!("courses/{}-{stem}.yaml", below.join("-"))
        }
        ["layouts", layout] if ["layout", "sample"].contains(&stem) => {
            format!("layouts/{layout}/{stem}.yaml")
        }
        // With another folder in between, such as `locale`, or without one.
        ["layouts", layout, ..] => {
            let tag = Tag::parse(&stem.replace('_', "-")).ok()?;
            format!("layouts/{layout}/locales/{tag}.yaml")
        }
        _ => return None,
    };
    (expected != file).then_some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_a_name_that_nothing_reads_are_named() {
        for (file, instead) in [
            ("layouts/shared/locales/de.yml", "layouts/shared/locales/de.yaml"),
            ("layouts/shared/locales/de.yaml.txt", "layouts/shared/locales/de.yaml"),
            ("layouts/shared/locales/iw.yaml", "layouts/shared/locales/he.yaml"),
            ("layouts/shared/locales/EO.yaml", "layouts/shared/locales/eo.yaml"),
            ("layouts/shared/locales/pt_BR.yaml", "layouts/shared/locales/pt-BR.yaml"),
            ("layouts/classic/locale/de.yaml", "layouts/classic/locales/de.yaml"),
            ("layouts/shared/de.yaml", "layouts/shared/locales/de.yaml"),
            ("layouts/house/layout.yml", "layouts/house/layout.yaml"),
            ("courses/2026/a.yaml", "courses/2026-a.yaml"),
            ("courses/knots.yaml.txt", "courses/knots.yaml"),
            ("courses.yml", "courses.yaml"),
            ("testamur.yaml.txt", "testamur.yaml"),
        ] {
            let site = Site::new().with_file(file, "a: b\n");
            let found = unread_files(&site);
            assert_eq!(found.len(), 1, "{file}");
            let help = found[0].help.as_deref().unwrap_or_default();
            assert!(help.contains(&format!("`{instead}`")), "{file}: {help}");
        }
        for file in [
            "layouts/shared/locales/de.yaml",
            "layouts/classic/locales/zh-Hans.yaml",
            "layouts/house/layout.yaml",
            "layouts/house/sample.yaml",
            "courses/knots.yml",
            "courses.yaml",
            "testamur.yaml",
            "notes/people.yaml",
            "layouts/house/logo.svg",
        ] {
            let site = Site::new().with_file(file, "a: b\n");
            assert_eq!(unread_files(&site), [], "{file}");
        }
    }
}
