//! The table of settings: the keys, forms, limits and defaults of all of them.
//!
//! - **Takes**: nothing; it is a constant, with a file for each subject.
//! - **Gives**: [`SETTINGS`]. The keys that the file may have, the names in the environment and on
//!   the command line, the limits of values and `docs/settings.md` follow from it.
//!
//! The decision made here: a row of the agent holds how it is set; the rows of other sections,
//! whose keys depend on each other, are set by the reader of their section, which asks the table
//! for keys and limits.

mod agent;
mod queues;
mod seal;
mod site;
mod store;

use super::setting::Setting;

/// The parts of the table.
const PARTS: [&[Setting]; 5] =
    [site::SETTINGS, store::SETTINGS, seal::SETTINGS, agent::SETTINGS, queues::SETTINGS];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

/// All settings of `testamur.yaml`, section by section.
pub const SETTINGS: &[Setting] = &joined();

const fn joined() -> [Setting; COUNT] {
    let mut all = [PARTS[0][0]; COUNT];
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut row = 0;
        while row < PARTS[part].len() {
            all[count] = PARTS[part][row];
            (count, row) = (count + 1, row + 1);
        }
        part += 1;
    }
    all
}

/// Returns the row of a setting. In a constant, a path that is not in the table is an error of the
/// compiler.
pub(super) const fn row(path: &str) -> &'static Setting {
    let mut index = 0;
    while index < SETTINGS.len() {
        if is_same(SETTINGS[index].path().as_bytes(), path.as_bytes()) {
            return &SETTINGS[index];
        }
        index += 1;
    }
    panic!("the table has no such setting")
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

/// Returns the setting of this path.
pub(super) fn find(path: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.path() == path)
}

/// Returns the keys that the file may have in a section, such as `agent.redis`, sorted; for an
/// empty section, those at the top of the file.
pub(super) fn keys(section: &str) -> Vec<&'static str> {
    let in_file = SETTINGS.iter().filter(|setting| !setting.is_secret());
    let below = in_file.filter_map(|setting| match section {
        "" => Some(setting.path()),
        _ => setting.path().strip_prefix(section)?.strip_prefix('.'),
    });
    let mut keys: Vec<&str> =
        below.map(|rest| rest.split('.').next().unwrap_or(rest)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests;
