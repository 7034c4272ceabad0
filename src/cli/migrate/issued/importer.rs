//! Reads one old certificate from its page, its signature, its PDF and the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::page::{PageTemplate, PageValues};
use super::table::{Table, TableRow};
use super::tree::{self, OldTree};
use crate::base::path::StorePath;
use crate::cli::batch::COMPUTING_PER_CORE;
use crate::cli::context;
use crate::cli::exit::Failure;
use crate::cli::migrate::course_key;
use crate::press::Press;
use crate::register::batch::run_jobs;
use crate::register::{
    CertificateId, CertificateUrl, DownloadId, PgpFingerprint, Sha256,
};
use crate::register::{
    CourseFacts, ImportedCertificate, KeptSignature, OrganizationFacts, PublishedFile,
    Register,
};
use crate::seal::{ForeignSignature, PgpKey};
use crate::site::{Course, Name};
use crate::{Date, Timestamp};

/// The language of what says none: that of the first course.
pub(super) fn language(press: &Press) -> String {
    let first = press.courses().iter().next();
    first.map_or_else(|| "en".to_owned(), |course| course.language.as_str().to_owned())
}

/// The templates of old pages that the migration kept.
pub(super) fn templates(site: &Path) -> Vec<PageTemplate> {
    let folder = site.join("legacy");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "html"))
        .collect();
    files.sort();
    let text = |path: &std::path::PathBuf| std::fs::read_to_string(path).ok();
    files.iter().filter_map(text).filter_map(|text| PageTemplate::parse(&text)).collect()
}

/// The OpenPGP keys of the settings' key file, which the old program signed with.
///
/// # Errors
/// The settings name a file that cannot be read: without it no signature could be judged.
pub(super) fn site_keys(
    settings: &crate::site::Settings,
    site: &Path,
) -> Result<Vec<PgpKey>, Failure> {
    let Some(openpgp) = &settings.seal.openpgp else { return Ok(Vec::new()) };
    let file = site.join(&openpgp.key);
    PgpKey::from_armor(&context::read_file(&file)?)
        .map_err(|error| Failure::new(format!("{}: {error:#}", file.display())))
}

/// What the certificates are read from.
pub(super) struct Importer<'a> {
    pub(super) register: &'a Register,
    pub(super) press: &'a Press,
    pub(super) templates: Vec<PageTemplate>,
    pub(super) keys: Vec<PgpKey>,
    pub(super) table: &'a Table,
    pub(super) tree: &'a OldTree,
    pub(super) language: String,
}

/// A certificate that is to be imported: its id if it is known, and its PDF if it has one.
#[derive(Debug, Clone)]
pub(super) struct Work {
    verify_id: Option<CertificateId>,
    download_id: Option<DownloadId>,
}

/// The id of a certificate, or the path of a PDF that tells none; and what is imported, with a note.
pub(super) type Read = (String, Result<(ImportedCertificate, Option<String>), String>);

impl Importer<'_> {
    fn has_record(&self, id: &CertificateId) -> bool {
        self.tree.folders.get(id).is_some_and(|files| files.has_record)
    }

    /// The PDFs of what is not in the register yet.
    pub(super) fn pdfs(&self) -> Result<Vec<Work>, Failure> {
        // The PDFs of what is in the register are known by its records.
        let mut done: BTreeSet<DownloadId> = BTreeSet::new();
        for (id, _) in self.tree.folders.iter().filter(|(_, files)| files.has_record) {
            let Some(record) = self.register.record(id)? else { continue };
            let Some(pdf) = record.certificate.and_then(|it| it.pdf) else { continue };
            done.extend(pdf.path.split('/').nth(1).and_then(|id| id.parse().ok()));
        }
        let left = self.tree.pdfs.keys().filter(|id| !done.contains(*id));
        let work = left.map(|download_id| Work {
            verify_id: self.table.by_download.get(download_id).cloned(),
            download_id: Some(download_id.clone()),
        });
        let is_new =
            |work: &Work| !work.verify_id.as_ref().is_some_and(|id| self.has_record(id));
        Ok(work.filter(is_new).collect())
    }

    /// The certificates of pages and of the table for which no PDF was seen.
    pub(super) fn others(&self, seen: &BTreeSet<String>) -> Vec<Work> {
        let in_tree = self.tree.folders.iter().filter(|(_, files)| files.has_page);
        let ids = in_tree.map(|(id, _)| id).chain(self.table.rows.keys());
        let ids: BTreeSet<&CertificateId> = ids.collect();
        let left = ids
            .into_iter()
            .filter(|id| !self.has_record(id) && !seen.contains(id.as_str()));
        left.map(|id| Work { verify_id: Some(id.clone()), download_id: None }).collect()
    }

    /// Reads certificates, on all cores.
    pub(super) fn read_all(&self, work: &[Work]) -> Vec<Read> {
        let mut all: BTreeMap<usize, Read> = BTreeMap::new();
        run_jobs(
            work,
            COMPUTING_PER_CORE,
            || false,
            |index, work| self.read(work).map(|read| (index, read)).into_iter().collect(),
            Vec::new,
            |index, read| {
                all.insert(index, read);
            },
        );
        all.into_values().collect()
    }

    /// Reads one; `None` if another entry covers it, or it is in the register already.
    fn read(&self, work: &Work) -> Option<Read> {
        let publish = self.register.publish();
        let mut pdf = None;
        let mut verify_id = work.verify_id.clone();
        let mut label = verify_id.clone().map(String::from).unwrap_or_default();
        if let Some(download_id) = &work.download_id {
            let path = &self.tree.pdfs[download_id];
            if label.is_empty() {
                label = path.to_string();
            }
            let bytes = match self.file(path) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return None,
                Err(why) => return Some((label, Err(why))),
            };
            verify_id =
                verify_id.or_else(|| tree::verify_id(&bytes, publish.verify_path()));
            let url = publish.download_url(download_id);
            // The name of this very file may be an earlier one.
            let url = match (url.rsplit_once('/'), path.rsplit_once('/')) {
                (Some((start, _)), Some((_, name))) => {
                    match CertificateUrl::parse(&format!("{start}/{name}")) {
                        Ok(url) => url,
                        Err(error) => return Some((label, Err(error.to_string()))),
                    }
                }
                _ => url,
            };
            let sha256 = Sha256::of(&bytes);
            let file = PublishedFile {
                url,
                path: path.clone(),
                bytes: bytes.len(),
                sha256,
                earlier: Vec::new(),
            };
            pdf = Some((file, bytes));
        }
        let Some(id) = verify_id else {
            let why = "nothing tells which certificate this PDF is: give the table of the learning \
                       management system with --table";
            return Some((label, Err(why.to_owned())));
        };
        // What the register knows by now, from its own PDF.
        if self.has_record(&id) {
            return None;
        }
        let read = self.certificate(&id, pdf);
        Some((id.into(), read))
    }

    fn file(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let path = StorePath::parse(path).map_err(|error| error.to_string())?;
        self.register.public_store().read(&path).map_err(|error| error.to_string())
    }

    fn certificate(
        &self,
        id: &CertificateId,
        pdf: Option<(PublishedFile, Vec<u8>)>,
    ) -> Result<(ImportedCertificate, Option<String>), String> {
        let (pages, ..) = Register::PUBLIC_PATHS;
        let row = self.table.rows.get(id);
        if let Some(status) = row.and_then(|row| row.other_status.as_ref()) {
            return Err(format!("the table says that its status is `{status}`"));
        }
        let page = self.file(&format!("{pages}/{id}/valid.html"))?;
        let page = page.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let values = page.as_ref().and_then(|page| self.values(page));
        let name = row.and_then(|row| row.name.clone());
        let name =
            name.or_else(|| values.as_ref().and_then(|it| it.get("NAME").cloned()));
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
            return Err(match page {
                Some(_) => "its page was not made from a template in legacy/: put the templates of \
                            then there, or give --table",
                None => "it has no page, and the table has no name",
            }
            .to_owned());
        };
        let mut notes = Vec::new();
        let (course, organization, found) = self.course(row, values.as_ref());
        if found.is_none() {
            notes.push(format!("no course of the site is `{}`", course.id));
        }
        let filename = self.register.publish().filename.as_str().to_owned();
        let signature = self.file(&format!("{pages}/{id}/{filename}.sig"))?;
        let signature = match signature {
            Some(bytes) => self.signature(
                &bytes,
                pdf.as_ref().map(|(_, bytes)| &bytes[..]),
                &mut notes,
            )?,
            None => None,
        };
        let stated = row.and_then(|row| row.issued.as_deref()).and_then(timestamp);
        let issued_at = stated.or(signature.as_ref().map(|(_, time)| *time));
        let printed = values.as_ref().and_then(|it| it.get("ISSUE_DATE").cloned());
        let day = printed.as_deref().and_then(|text| Date::parse(text).ok());
        let issued_at = issued_at.or_else(|| timestamp(&day?.to_string()));
        let Some(issued_at) = issued_at else {
            return Err("nothing tells when it was issued: give the table with --table"
                .to_owned());
        };
        let issued = day.or_else(|| Date::parse(issued_at.to_string().get(..10)?).ok());
        let Some(issued) = issued else { return Err("its date is none".to_owned()) };
        if pdf.is_none() {
            notes.push("its PDF was not found".to_owned());
        }
        let clean = Name::clean(&name).ok().map(|(name, _)| name.as_str().to_owned());
        if clean.is_none() {
            notes.push("its name cannot stand on a certificate here".to_owned());
        }
        let language = found.map(|it| it.language.as_str().to_owned());
        let certificate = ImportedCertificate {
            id: id.clone(),
            course,
            organization,
            name: clean.unwrap_or(name),
            username: row.and_then(|row| row.username.clone()),
            grade: row.and_then(|row| row.grade.clone()),
            language: language.unwrap_or_else(|| self.language.clone()),
            layout: found.map_or_else(|| "classic".to_owned(), |it| it.layout.clone()),
            issued,
            issued_text: printed.unwrap_or_else(|| issued.to_string()),
            issued_at,
            pdf: pdf.map(|(file, _)| file),
            signature: signature.and_then(|(kept, _)| kept),
        };
        Ok((certificate, (!notes.is_empty()).then(|| notes.join("; "))))
    }

    fn values(&self, page: &str) -> Option<PageValues> {
        self.templates.iter().find_map(|template| template.read(page))
    }

    /// The course of a certificate: that of the table, else the only one of the site with the number
    /// and the organization of the page.
    fn course(
        &self,
        row: Option<&TableRow>,
        values: Option<&PageValues>,
    ) -> (CourseFacts, OrganizationFacts, Option<&Course>) {
        let said =
            |key: &str| values.and_then(|it| it.get(key)).map(|it| it.trim().to_owned());
        let courses = self.press.courses();
        let by_id =
            row.and_then(|row| row.course.as_deref()).and_then(|id| courses.get(id).ok());
        let (number, short) = (said("COURSE"), said("ORG"));
        let is_same = |course: &&Course| {
            let text = |text: &crate::site::Text| {
                text.get(&course.language, &course.language).0.to_owned()
            };
            let own =
                course.extra.get("number").and_then(|it| it.as_str().map(str::to_owned));
            let own =
                own.or_else(|| course_key::course_number(&course.id).map(str::to_owned));
            number.is_some()
                && own == number
                && short.as_ref().is_none_or(|it| *it == text(&course.organization.short))
                && said("COURSE_LONG").is_none_or(|it| it == text(&course.title))
        };
        let mut alike = courses.iter().filter(is_same);
        let only = alike.next().filter(|_| alike.next().is_none());
        let found = by_id.or(only);
        let text = |get: fn(&Course) -> &crate::site::Text| {
            found.map(|it| get(it).get(&it.language, &it.language).0.to_owned())
        };
        let id = row
            .and_then(|row| row.course.clone())
            .or_else(|| found.map(|it| it.id.clone()));
        let id = id.unwrap_or_else(|| {
            let parts = [short.clone(), number.clone()];
            parts.into_iter().flatten().collect::<Vec<_>>().join("/")
        });
        let title = said("COURSE_LONG").or_else(|| text(|it| &it.title)).or(number);
        let short =
            short.or_else(|| text(|it| &it.organization.short)).unwrap_or_default();
        let name = said("ORG_LONG").or_else(|| text(|it| &it.organization.name));
        let course = CourseFacts { title: title.unwrap_or_else(|| id.clone()), id };
        let organization =
            OrganizationFacts { name: name.unwrap_or_else(|| short.clone()), short };
        (course, organization, found)
    }

    /// The signature of a PDF, if it can be read, and its time.
    #[expect(
        clippy::type_complexity,
        reason = "what may be kept, and the time that is stated"
    )]
    fn signature(
        &self,
        bytes: &[u8],
        pdf: Option<&[u8]>,
        notes: &mut Vec<String>,
    ) -> Result<Option<(Option<(KeptSignature, PgpFingerprint)>, Timestamp)>, String>
    {
        if bytes.is_empty() {
            notes.push("its signature is empty: it was never signed".to_owned());
            return Ok(None);
        }
        let Some(signature) = ForeignSignature::read(bytes) else {
            notes.push(
                "its signature is of a form that cannot be checked here".to_owned(),
            );
            return Ok(None);
        };
        let time = signature.signing_time;
        let Some(pdf) = pdf.filter(|_| !self.keys.is_empty()) else {
            return Ok(Some((None, time)));
        };
        let Some(key) = self.keys.iter().find(|key| signature.is_of(key, pdf)) else {
            return Err(
                "its signature does not fit its PDF and the site's key".to_owned()
            );
        };
        let armor = String::from_utf8_lossy(bytes).into_owned();
        let kept = KeptSignature { armor, key: key.to_armor() };
        Ok(Some((Some((kept, key.fingerprint())), time)))
    }
}

/// A time as tables and pages write it: `2014-03-02 10:00:00.123456`, with or without `T` and zone.
fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim().replacen(' ', "T", 1);
    let text = match text.find('T') {
        None => format!("{text}T00:00:00Z"),
        Some(at) => {
            let time = &text[at..];
            let has_zone = time.ends_with(['Z', 'z']) || time[1..].contains(['+', '-']);
            if has_zone { text } else { format!("{text}Z") }
        }
    };
    Timestamp::parse(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_tables_are_read() {
        for (text, time) in [
            ("2014-03-02", "2014-03-02T00:00:00Z"),
            ("2014-03-02 10:00:00", "2014-03-02T10:00:00Z"),
            ("2014-03-02T10:00:00+01:00", "2014-03-02T09:00:00Z"),
        ] {
            assert_eq!(timestamp(text).unwrap().to_string(), time, "{text}");
        }
        assert!(timestamp("March 2nd").is_none());
    }
}
