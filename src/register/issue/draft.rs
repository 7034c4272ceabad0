//! The next edition as a page: its PDF before the seal, and what its record takes from the page.
//!
//! Takes a request with the ids of its edition, and a press; gives an [`EditionDraft`].

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::base::date::Date;
use crate::base::digits::{CertificateId, KeyedDigest};
use crate::base::error::{Result, Warning};
use crate::base::timestamp::Timestamp;
use crate::press::draft::Press;
use crate::press::job::RenderJob;
use crate::press::sheet::sentence::Sentence;
use crate::press::sheet::table::SheetTable;
use crate::register::issue::facts::RequestFacts;
use crate::register::record::{
    CertificateFacts, CourseFacts, LayoutVersion, OrganizationFacts, PaperFacts,
    PrintedSentence, PrintedTable, SignatoryFacts, ThemeFacts,
};
use crate::register::snapshot::Predecessor;
use crate::site::award::{Award, Ids};
use crate::site::course::{Course, Text};
use crate::site::request::Request;
use crate::text::runs::Runs;

/// A request for an edition, with what is known about the edition before its page is made.
pub(super) struct EditionRequest<'a> {
    pub(super) request: &'a Request,
    pub(super) course: &'a Course,
    pub(super) award: &'a Award,
    /// The request's facts.
    pub(super) facts: &'a RequestFacts,
    /// The edition before it.
    pub(super) predecessor: Option<Predecessor>,
    /// The fingerprint of the id of the message that asks for the edition.
    pub(super) message: Option<&'a KeyedDigest>,
    /// The verify id of the certificate of another award that the edition corrects.
    pub(super) instead_of: Option<&'a CertificateId>,
    /// The number of the edition, counted from 1.
    pub(super) number: u32,
    pub(super) ids: &'a Ids,
    /// When it was requested, if that is known.
    pub(super) requested_at: Option<Timestamp>,
    /// The time of issue.
    pub(super) now: Timestamp,
}

/// An edition whose page was set and proof-read.
pub(super) struct EditionDraft<'a> {
    pub(super) edition: EditionRequest<'a>,
    pub(super) page: PageRecord,
    pub(super) pdf: Vec<u8>,
    pub(super) warnings: Vec<Warning>,
    pub(super) render: Duration,
}

/// What a record takes from the page.
pub(super) struct PageRecord {
    pub(super) language: String,
    pub(super) organization: OrganizationFacts,
    pub(super) layout: LayoutVersion,
    pub(super) theme: ThemeFacts,
    /// Without PDF, signature and seal, which come later.
    pub(super) certificate: CertificateFacts,
}

impl<'a> EditionRequest<'a> {
    /// Sets the page of the edition, reads its proof and exports the PDF. `today` dates the
    /// certificates of a rolling course.
    ///
    /// # Errors
    /// As [`Press::draft`].
    pub(super) fn draft(self, press: &Press, today: Date) -> Result<EditionDraft<'a>> {
        let begun = Instant::now();
        let job = press.prepare(self.request, today, self.ids.verify.clone())?;
        let page = self.page_record(&job);
        let mut warnings = job.warnings;
        let (pdf, found) = press.print(self.request, job.input)?;
        warnings.extend(found);
        Ok(EditionDraft { edition: self, page, pdf, warnings, render: begun.elapsed() })
    }

    fn page_record(&self, job: &RenderJob) -> PageRecord {
        let sheet = &job.input.sheet;
        let bare = |sentence: &Sentence| Runs::plain(&sentence.text()).bare();
        let cells = sheet.table.iter().flat_map(SheetTable::cells);
        let cells: HashSet<&str> = cells.map(|cell| cell.id.as_str()).collect();
        let outside = sheet.sentences().filter(|s| !cells.contains(s.id.as_str()));
        let printed: Vec<PrintedSentence> = outside
            .map(|sentence| PrintedSentence {
                role: sentence.role.clone(),
                text: bare(sentence),
                language: sheet.second_language_of(sentence),
            })
            .collect();
        let row = |cells: &[Option<Sentence>]| {
            let texts = cells.iter().map(|cell| cell.as_ref().map(bare));
            texts.map(Option::unwrap_or_default).collect::<Vec<_>>()
        };
        let table = sheet.table.as_ref().map(|table| PrintedTable {
            columns: table.headings().map(bare).collect(),
            rows: table.rows.iter().map(|cells| row(cells)).collect(),
            total: table.total.as_deref().map(row),
        });
        let (language, course) = (&job.language, self.course);
        let text = |text: &Text| text.get(language, &course.language).0.to_owned();
        // The record is public, and the request may hold a designation that no sentence prints.
        let is_printed = |text: &&str| sheet.sentences().any(|s| bare(s).contains(*text));
        let designation = self.request.designation().filter(is_printed);
        let signatories = course.signatories.iter().map(|person| SignatoryFacts {
            name: text(&person.name),
            title: person.title.as_ref().map(text),
        });
        let theme = &sheet.theme;
        PageRecord {
            language: language.as_str().to_owned(),
            layout: LayoutVersion::of(&job.input.layout),
            organization: OrganizationFacts::of(course, language),
            theme: ThemeFacts {
                accent: theme.accent,
                paper: theme.paper,
                ink: theme.ink,
            },
            certificate: CertificateFacts {
                title: sheet.title.clone(),
                name: self.request.name().as_str().to_owned(),
                designation: designation.map(str::to_owned),
                course: CourseFacts { id: course.id.clone(), title: text(&course.title) },
                issued: job.input.issued,
                issued_text: job.issued_text.clone(),
                signatories: signatories.collect(),
                printed,
                table,
                paper: Some(PaperFacts {
                    width: sheet.paper.width,
                    height: sheet.paper.height,
                }),
                verify_url: job.verify_url.clone(),
                pdf: None,
                signature: None,
                seal: None,
            },
        }
    }
}
