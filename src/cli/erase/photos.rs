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
    pub(super) fn find(
        folder: &Path,
        register: &Register,
        found: &[AwardEditions],
        secret: &IdSecret,
    ) -> Result<Self, Failure> {
        let folder = folder.join(PHOTO_FOLDER);
        let mut names = register.given_texts(found, secret)?;
        names = names.iter().map(|name| name.trim().to_owned()).collect();
        names.retain(|name| is_photo_name(name) && folder.join(name).is_file());
        Ok(Self { folder, names })
    }

    /// Names them, before the question.
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
