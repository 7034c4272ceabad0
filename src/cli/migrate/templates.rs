//! The template PDFs: which one the old program took for a course, and where it goes.

use std::collections::{BTreeMap, BTreeSet};

use super::new_site::NewSite;
use super::old_files::OldFolder;
use super::report::{At, Report};

/// The largest template: what a page takes as its background.
const MAX_TEMPLATE: usize = 16_000_000;
/// How the names of templates begin that belong to a course.
pub(super) const PREFIX: &str = "certificate-template-";

/// The template PDFs of an installation, by the version in the name of their folder.
#[derive(Debug, Default)]
pub(super) struct Templates {
    folders: BTreeMap<String, TemplateFolder>,
    /// The names that templates have in `images/`.
    images: BTreeMap<(String, String), Option<String>>,
}

#[derive(Debug)]
struct TemplateFolder {
    folder: OldFolder,
    names: BTreeSet<String>,
}

/// The template that the old program would have used for a course.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The course needs none.
    Unneeded,
    /// This file, for every message.
    Fixed(String),
    /// This file, unless a message names another; those that belong to the course.
    ByMessage {
        default: String,
        /// The file of the old rule, if it is missing and another stands for it.
        in_place_of: Option<String>,
        others: Vec<String>,
    },
}

/// The organization and the number of a course.
#[derive(Debug)]
pub(super) struct CourseName {
    pub(super) org: String,
    pub(super) number: String,
}

impl CourseName {
    /// How the names of its templates begin.
    fn template_stem(&self) -> String {
        format!("{PREFIX}{}-{}", self.org, self.number)
    }
}

impl Templates {
    /// Lists the folders `v…-cert-templates`.
    pub(super) fn list(data: &OldFolder, report: &mut Report) -> Self {
        let mut templates = Self::default();
        for name in data.entries() {
            let version =
                name.strip_prefix('v').and_then(|it| it.strip_suffix("-cert-templates"));
            let Some(version) = version else { continue };
            let shown = format!("template_data/{name}");
            let Some(folder) = data.listed_folder(&name, &shown, report) else {
                continue;
            };
            let files = folder.files().into_iter();
            let is_pdf = |name: &String| name.to_ascii_lowercase().ends_with(".pdf");
            let names = files.filter(is_pdf).collect();
            templates
                .folders
                .insert(version.to_owned(), TemplateFolder { folder, names });
        }
        templates
    }

    /// The file of a course by the old rule: TEMPLATEFILE, then what the message names, then the name
    /// made of organization and course.
    ///
    /// The old program made that name of ORG and COURSE. The learning management system, which knows
    /// neither, makes the one that it names in each message of the course's key.
    pub(super) fn choose(
        &self,
        version: &str,
        template_file: Option<&str>,
        own: &CourseName,
        by_key: &CourseName,
    ) -> Choice {
        if let Some(name) = template_file {
            return Choice::Fixed(name.to_owned());
        }
        let (own, by_key) = (own.template_stem(), by_key.template_stem());
        let is_of_course = |name: &str| {
            let kind = [&own, &by_key]
                .into_iter()
                .find_map(|stem| name.strip_prefix(stem.as_str())?.strip_suffix(".pdf"));
            // `…-101-2.pdf` is the template of the course `101-2`.
            kind.is_some_and(|kind| {
                let is_kind = |c: char| c.is_ascii_alphabetic() || c == '-';
                kind.is_empty() || kind.starts_with('-') && kind.chars().all(is_kind)
            })
        };
        let file = |stem: &str| format!("{stem}.pdf");
        let (mut default, mut in_place_of) = (file(&own), None);
        if !self.has(version, &default) && self.has(version, &file(&by_key)) {
            in_place_of = Some(std::mem::replace(&mut default, file(&by_key)));
        }
        let names = self.folders.get(version).map(|folder| &folder.names);
        let others = names.into_iter().flatten();
        let others = others.filter(|name| **name != default && is_of_course(name));
        Choice::ByMessage { others: others.cloned().collect(), default, in_place_of }
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, version: &str, name: &str) -> bool {
        self.folders.get(version).is_some_and(|folder| folder.names.contains(name))
    }

    /// Reads a template.
    ///
    /// # Errors
    /// Why it cannot be a background.
    pub(super) fn read(&self, version: &str, name: &str) -> Result<Vec<u8>, String> {
        let missing = || "the installation never had this file".to_owned();
        let folder = self.folders.get(version).ok_or_else(missing)?;
        if !folder.names.contains(name) {
            return Err(missing());
        }
        let bytes = folder.folder.read(name)?.ok_or_else(missing)?;
        if !bytes.windows(5).take(1024).any(|window| window == b"%PDF-") {
            return Err("it is no PDF".to_owned());
        }
        if bytes.len() > MAX_TEMPLATE {
            return Err(format!("it has more than {} MB", MAX_TEMPLATE / 1_000_000));
        }
        Ok(bytes)
    }

    /// Puts a template into `images/`, once. Returns its name there.
    pub(super) fn image(
        &mut self,
        version: &str,
        name: &str,
        site: &mut NewSite,
        report: &mut Report,
    ) -> Option<String> {
        let key = (version.to_owned(), name.to_owned());
        if let Some(image) = self.images.get(&key) {
            return image.clone();
        }
        let file = format!("template_data/v{version}-cert-templates/{name}");
        let image = match self.read(version, name) {
            Ok(bytes) => {
                let plain = name.trim_start_matches('.').to_owned();
                let taken =
                    site.get(&format!("images/{plain}")).is_some_and(|it| it != bytes);
                let image = if taken { format!("v{version}-{plain}") } else { plain };
                site.add(&format!("images/{image}"), bytes);
                Some(image)
            }
            Err(why) => {
                report.unread(At::file(&file), "the template", why);
                None
            }
        };
        self.images.insert(key, image.clone());
        image
    }

    /// Keeps the templates that no course names: a message may have named them.
    pub(super) fn keep_others(&mut self, site: &mut NewSite, report: &mut Report) {
        let all: Vec<(String, String)> = self
            .folders
            .iter()
            .flat_map(|(version, it)| {
                it.names.iter().map(move |name| (version.clone(), name.clone()))
            })
            .filter(|key| !self.images.contains_key(key))
            .collect();
        for (version, name) in all {
            if let Some(image) = self.image(&version, &name, site, report) {
                let file = format!("template_data/v{version}-cert-templates");
                let how = "kept in images/: no course names it";
                report.taken(At::file(&file), image, how);
            }
        }
    }

    /// Notes that a template is used in a layout of its own.
    pub(super) fn note_used(&mut self, version: &str, name: &str) {
        self.images.entry((version.to_owned(), name.to_owned())).or_insert(None);
    }
}
