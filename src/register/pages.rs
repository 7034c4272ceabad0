//! The pages of a record.
//!
//! Takes a [`Record`] and, if a page can check a file, the signature; gives HTML files by name. The
//! decision made here: the pages are a function of the record, so that each change of its status
//! writes all of them again.

use std::sync::Arc;

use crate::base::cache::Cache;
use crate::base::date::Date;
use crate::base::digits::{PgpFingerprint, Sha256};
use crate::base::error::{Error, ErrorKind, Result, Warning};
use crate::base::lang::Tag;
use crate::register::paths;
use crate::register::record::{
    CertificateFacts, PublishedFile, Record, Status, StatusChange, ThemeFacts,
};
use crate::register::snapshot::DetachedSignature;
use crate::register::web::{
    FolderFacts, FolderFile, PageAsset, PageDate, PageFacts, PageKey, PagePdf, PageSeal,
    PageSentence, PageSignatory, PageSignature, PageStatus, PageTemplates, PageTheme,
};
use crate::site::files::Site;
use crate::site::settings::PublishSettings;
use crate::text::locale::PageTexts;
use crate::text::phrases::issue_date;
use crate::text::runs::PDI;

/// LEFT-TO-RIGHT ISOLATE: begins text that keeps its own direction (UAX #9).
const LRI: char = '\u{2066}';

/// Writes the pages of certificates with the templates and the texts of a site.
#[derive(Debug)]
pub(super) struct PageWriter {
    site: Site,
    publish: PublishSettings,
    templates: PageTemplates,
    /// The texts of the pages, by layout and language.
    texts: Cache<(String, Tag), PageTexts>,
}

/// The file name of the page of a certificate.
const INDEX: &str = "index.html";
/// The file names under which earlier versions of this program, and the programs before it,
/// published pages.
const EARLIER_NAMES: [&str; 2] = ["valid.html", "verify.html"];

/// The pages of a certificate as files, and what they load.
#[derive(Debug, Default)]
pub(super) struct PageFiles {
    /// The pages with their file names, the first being `index.html`.
    pub(super) pages: Vec<(String, String)>,
    pub(super) assets: Vec<PageAsset>,
    /// Warnings about missing texts.
    pub(super) warnings: Vec<Warning>,
}

/// What a page needs besides the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageSources<'a> {
    /// The detached signature, which a page needs so that a visitor can check the PDF.
    pub(super) signature: Option<&'a DetachedSignature>,
    /// Whether the public store has the PDF, so that a page can link to it.
    pub(super) has_pdf: bool,
}

impl PageWriter {
    pub(super) fn new(site: Site, publish: PublishSettings) -> Result<Self> {
        let templates = PageTemplates::load(&site)?;
        Ok(Self { site, publish, templates, texts: Cache::default() })
    }

    /// The site whose templates and texts these are.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// The file names under which a certificate may have a page, by these settings or earlier ones.
    pub(super) fn names(&self) -> Vec<&str> {
        let printed = self.publish.index_file.as_deref().filter(|name| !name.is_empty());
        let mut names = vec![INDEX];
        names.extend(EARLIER_NAMES);
        names.extend(
            printed.filter(|name| !EARLIER_NAMES.contains(name) && *name != INDEX),
        );
        names
    }

    /// The pages of a record. A site that is not published has none, unless the certificate has
    /// pages of earlier settings, to which a printed link may lead.
    pub(super) fn write(
        &self,
        record: &Record,
        sources: PageSources<'_>,
        has_pages: bool,
    ) -> Result<PageFiles> {
        if record.status == Status::Expired {
            let message = format!(
                "`{}` is expired, which this testamur has no page for",
                record.id
            );
            return Err(Error::new(ErrorKind::InvalidValue, message)
                .with_help("a later testamur wrote the record: use that one"));
        }
        if !has_pages && !self.publish.has_pages() {
            return Ok(PageFiles::default());
        }
        let tag = Tag::parse(&record.language)?;
        let texts = self.texts(&record.layout.name, &tag)?;
        let date = |date| issue_date(&tag, &texts.date, date);
        let facts = self.facts(record, sources, date)?;
        let words = texts.texts.iter().map(|(key, text)| (*key, text.as_str()));
        let pages = self.templates.render(&facts, &texts.language, words)?;
        let mut files = vec![(INDEX.to_owned(), pages.certificate)];
        files.extend(pages.extra.into_iter().map(|(name, page)| (name.to_owned(), page)));
        // Printed links end in this file name.
        let printed = self.publish.index_file.as_deref().unwrap_or_default();
        if !printed.is_empty() && files.iter().all(|(name, _)| name != printed) {
            files.push((printed.to_owned(), files[0].1.clone()));
        }
        let (assets, warnings) = (pages.assets, texts.warnings.clone());
        Ok(PageFiles { pages: files, assets, warnings })
    }

    /// The page of a folder of certificates that are not published, in the language and the colours
    /// of one of them.
    pub(super) fn folder(
        &self,
        record: &Record,
        files: Vec<FolderFile>,
        root: Option<&Sha256>,
        key: &PgpFingerprint,
    ) -> Result<String> {
        let tag = Tag::parse(&record.language)?;
        let texts = self.texts(&record.layout.name, &tag)?;
        let words = texts.texts.iter().map(|(key, text)| (*key, text.as_str()));
        let seal = record.certificate.as_ref().and_then(|c| c.seal.as_ref());
        let facts = FolderFacts {
            issuer: record.organization.name.clone(),
            engine: record.engine.clone(),
            theme: theme(record),
            files,
            seal: seal.map(|it| it.certificate.to_string()).unwrap_or_default(),
            root: root.map(ToString::to_string).unwrap_or_default(),
            key: key.to_string(),
        };
        self.templates.render_folder(&facts, &texts.language, words)
    }

    fn facts(
        &self,
        record: &Record,
        sources: PageSources<'_>,
        write_date: impl Fn(Date) -> String,
    ) -> Result<PageFacts> {
        let certificate = record.certificate.as_ref();
        let text = |get: fn(&CertificateFacts) -> &String| {
            certificate.map(|certificate| get(certificate).clone()).unwrap_or_default()
        };
        let printed = certificate.map(|c| c.printed.as_slice()).unwrap_or_default();
        let people = certificate.map(|c| c.signatories.as_slice()).unwrap_or_default();
        let address = certificate.and_then(|c| c.verify_url.as_deref());
        let PageSources { signature, has_pdf } = sources;
        let filename = self.publish.filename.as_str();
        let outcome =
            printed.iter().filter(|p| p.role == "outcome" && p.language.is_none());
        let outcome: Vec<&str> = outcome.map(|printed| printed.text.as_str()).collect();
        let valid = record.status == Status::Valid;
        Ok(PageFacts {
            id: record.id.to_string(),
            status: status(record, write_date),
            language: record.language.clone(),
            title: text(|c| &c.title),
            name: text(|c| &c.name),
            designation: certificate.and_then(|c| c.designation.clone()),
            course: text(|c| &c.course.title),
            organization: record.organization.name.clone(),
            course_id: certificate.map(|c| c.course.id.clone()),
            organization_short: Some(record.organization.short.clone()),
            layout: Some(record.layout.name.clone()),
            outcome: (!outcome.is_empty()).then(|| outcome.join(" ")),
            grade: None,
            issued: PageDate {
                text: text(|c| &c.issued_text),
                date: certificate.map(|c| c.issued.to_string()).unwrap_or_default(),
            },
            signatories: people
                .iter()
                .map(|person| PageSignatory {
                    name: person.name.clone(),
                    title: person.title.clone(),
                })
                .collect(),
            sentences: printed
                .iter()
                .filter(|printed| !printed.role.starts_with("signatory"))
                .map(|printed| PageSentence {
                    role: printed.role.clone(),
                    text: isolated(&printed.text, address.unwrap_or_default()),
                    language: printed.language.clone(),
                })
                .collect(),
            table: certificate.and_then(|c| c.table.clone()),
            paper: certificate.and_then(|c| c.paper),
            edition: record.edition,
            verify_url: match self.publish.url() {
                Some(_) => self.publish.verify_url(&record.id).into(),
                None => format!("/{}/{}/", self.publish.verify_path(), record.id),
            },
            // An imported certificate may have no PDF, and has no seal.
            pdf: certificate.and_then(|it| it.pdf.as_ref()).map(|pdf| PagePdf {
                url: has_pdf.then(|| self.download_link(pdf)),
                file: filename.to_owned(),
                sha256: pdf.sha256.to_string(),
                size: pdf.bytes as u64,
            }),
            signature: signature.map(|signature| PageSignature {
                file: format!("{filename}.sig"),
                armor: signature.armor.clone(),
            }),
            key: signature.zip(certificate.and_then(|c| c.signature.as_ref())).map(
                |(signature, facts)| PageKey {
                    url: Some(format!("../../{}", paths::key(&facts.key))),
                    armor: signature.key.clone(),
                    fingerprint: facts.key.to_string(),
                },
            ),
            seal: certificate.and_then(|it| it.seal.as_ref()).map(|seal| PageSeal {
                level: seal.level.clone(),
                fingerprint: seal.certificate.to_string(),
            }),
            issuer: record.organization.name.clone(),
            engine: record.engine.clone(),
            theme: theme(record),
            record_url: Some(paths::RECORD.to_owned()),
            linkedin: valid,
        })
    }

    /// The link from a page to its PDF.
    fn download_link(&self, pdf: &PublishedFile) -> String {
        match self.publish.downloads {
            Some(_) => pdf.url.to_string(),
            None => format!("../../{}", pdf.path),
        }
    }

    fn texts(&self, layout: &str, tag: &Tag) -> Result<Arc<PageTexts>> {
        let tag = tag.effective();
        self.texts.get((layout.to_owned(), tag.clone()), || {
            PageTexts::load(&self.site, layout, &tag)
        })
    }
}

fn theme(record: &Record) -> PageTheme {
    let ThemeFacts { accent, paper, ink } = record.theme;
    PageTheme { accent, paper, ink }
}

/// A sentence whose address is read from left to right, even in a language written from right to
/// left.
fn isolated(text: &str, address: &str) -> String {
    if address.is_empty() {
        return text.to_owned();
    }
    text.replace(address, &format!("{LRI}{address}{PDI}"))
}

fn status(record: &Record, write_date: impl Fn(Date) -> String) -> PageStatus {
    match record.status {
        Status::Valid => PageStatus::Valid,
        Status::Specimen => PageStatus::Specimen,
        Status::Superseded => PageStatus::Superseded {
            current_url: record.successor.clone().map(String::from).unwrap_or_default(),
        },
        Status::Revoked => {
            let revocation = record.history.iter().rfind(|c| c.status == Status::Revoked);
            let reason = revocation.and_then(|change| change.reason.clone());
            PageStatus::Revoked {
                on: revocation.map(|it| day(it, write_date)).unwrap_or_default(),
                reason: reason.unwrap_or_default(),
            }
        }
        // `write` has refused an expired record.
        Status::Erased | Status::Expired => PageStatus::Erased,
    }
}

/// The day of a change, in UTC and in words of the language.
fn day(change: &StatusChange, write_date: impl Fn(Date) -> String) -> String {
    let text = change.at.to_string();
    let date = text.get(..10).and_then(|date| Date::parse(date).ok());
    date.map_or(text, write_date)
}
