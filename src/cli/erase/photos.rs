//! The photos of a recipient that the site keeps, which an erasure removes with the certificates.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::console;
use super::super::exit::Failure;
use crate::image::cache::is_photo_name;
use crate::register::{AwardEditions, Register};
use crate::site::IdSecret;
use crate::site::files::PHOTO_FOLDER;

/// The files in the folder of photos that the requests of some certificates name.
pub(super) struct Photos {
    folder: PathBuf,
    names: BTreeSet<String>,
}

impl Photos {
    /// Finds those that the requests of the certificates name, and the texts of requests that wait.
    /// A file that the request of another certificate names stays, and is reported.
    pub(super) fn find(
        folder: &Path,
        register: &Register,
        found: &[AwardEditions],
        secret: &IdSecret,
        waiting: impl IntoIterator<Item = String>,
    ) -> Result<Self, Failure> {
        let folder = folder.join(PHOTO_FOLDER);
        let trimmed =
            |texts: BTreeSet<String>| texts.into_iter().map(|it| it.trim().to_owned());
        let mut names: BTreeSet<String> =
            trimmed(register.given_texts(found, secret)?).collect();
        names.extend(waiting.into_iter().map(|text| text.trim().to_owned()));
        names.retain(|name| is_photo_name(name) && folder.join(name).is_file());
        if !names.is_empty() {
            for name in trimmed(register.given_texts_of_others(found, secret)?) {
                if names.remove(&name) {
                    console::print_message(&format!(
                        "{PHOTO_FOLDER}/{name} stays: the request of another certificate names it"
                    ));
                }
            }
        }
        Ok(Self { folder, names })
    }

    /// Prints their names, before the question.
    pub(super) fn print(&self) {
        for name in &self.names {
            console::print_message(&format!("  {PHOTO_FOLDER}/{name}"));
        }
    }

    /// Removes them. Returns how many are left.
    pub(super) fn remove(&self) -> usize {
        let mut left = 0;
        for name in &self.names {
            match fs::remove_file(self.folder.join(name)) {
                Ok(()) => {
                    console::print_message(&format!("removed: {PHOTO_FOLDER}/{name}"));
                }
                Err(error) => {
                    left += 1;
                    console::print_message(&format!(
                        "{PHOTO_FOLDER}/{name}: failed to remove the file ({error})"
                    ));
                }
            }
        }
        left
    }
}
