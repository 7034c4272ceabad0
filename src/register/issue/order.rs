//! One request on its way: the facts, and the record that follows from its page.

use crate::base::date::Date;
use crate::base::hex;
use crate::base::timestamp::Timestamp;
use crate::press::pipeline::Job;
use crate::register::record::{
    Certificate, Content, CourseFacts, File, OrganizationFacts, Printed, Record,
    SealFacts, SignatoryFacts, SignatureFacts, Status, ThemeFacts,
};
use crate::seal::keys;
use crate::seal::sealer::{Sealed, Sealer};
use crate::site::award::{Award, IdSecret, Ids};
use crate::site::course::{Course, Text};
use crate::site::request::Request;
use crate::site::settings::Publish;
use crate::text::phrases::long_date;
use crate::text::runs::Runs;

/// What made the certificates of this release.
pub(super) const ENGINE: &str = concat!("testamur ", env!("CARGO_PKG_VERSION"));

/// What is asked for, and when.
pub(super) struct Order<'a> {
    pub(super) request: &'a Request,
    pub(super) course: &'a Course,
    pub(super) award: Award,
    /// The fingerprint of its facts.
    pub(super) facts: String,
    pub(super) today: Date,
    pub(super) now: Timestamp,
}

impl<'a> Order<'a> {
    pub(super) fn new(
        request: &'a Request,
        course: &'a Course,
        secret: &IdSecret,
        today: Date,
        now: Timestamp,
    ) -> Self {
        Self {
            request,
            course,
            award: Award::of(request),
            facts: Award::facts(secret, course, request),
            today,
            now,
        }
    }

    /// The record of an edition that was sealed.
    pub(super) fn record(
        &self,
        edition: u32,
        ids: &Ids,
        job: &Facts,
        sealed: &Sealed,
        sealer: &Sealer,
        publish: &Publish,
    ) -> Record {
        let filename = publish.filename.as_str();
        let signature =
            sealed.signature.as_ref().and(sealer.pgp()).map(|signer| SignatureFacts {
                path: format!("cert/{}/{filename}.sig", ids.verify),
                key: signer.key().fingerprint(),
            });
        let certificate = sealer.identity().certificate();
        Record {
            schema: Record::SCHEMA,
            id: ids.verify.clone(),
            status: match self.request.is_specimen() {
                true => Status::Specimen,
                false => Status::Valid,
            },
            edition,
            issued_at: self.now,
            requested_at: self.request.requested_at(),
            facts: Some(self.facts.clone()),
            language: job.language.clone(),
            organization: job.organization.clone(),
            layout: job.layout.clone(),
            theme: job.theme.clone(),
            engine: ENGINE.to_owned(),
            certificate: Some(Certificate {
                pdf: File {
                    url: publish.download_url(&ids.download),
                    path: format!("downloads/{}/{filename}", ids.download),
                    bytes: sealed.bytes.len(),
                    sha256: sha256(&sealed.bytes),
                },
                signature,
                seal: SealFacts {
                    level: sealed.level.as_str().to_owned(),
                    signer: certificate.name(),
                    certificate: certificate.fingerprint(),
                },
                ..job.certificate.clone()
            }),
            successor: None,
            history: Vec::new(),
        }
    }

    /// What the job's page says, before there is a PDF.
    pub(super) fn facts_of(&self, job: &Job) -> Facts {
        let sheet = &job.set.sheet;
        let printed: Vec<Printed> = sheet
            .sentences()
            .map(|sentence| Printed {
                role: sentence.role.clone(),
                text: Runs::plain(&sentence.text()).bare(),
            })
            .collect();
        let (language, course) = (&job.language, self.course);
        let text = |text: &Text| text.get(language, &course.language).0.to_owned();
        // The request may know more than what is printed.
        let is_printed = |text: &&str| printed.iter().any(|p| p.text.contains(*text));
        let designation = self.request.designation().filter(is_printed);
        let signatories = course.signatories.iter().map(|person| SignatoryFacts {
            name: text(&person.name),
            title: person.title.as_ref().map(text),
        });
        let theme = &sheet.theme;
        Facts {
            language: language.as_str().to_owned(),
            layout: Content {
                name: job.set.layout.name.clone(),
                sha256: job.set.layout.sources.sha256.clone(),
            },
            organization: OrganizationFacts {
                name: text(&course.organization.name),
                short: text(&course.organization.short),
            },
            theme: ThemeFacts {
                accent: theme.accent,
                paper: theme.paper,
                ink: theme.ink,
            },
            certificate: Certificate {
                title: sheet.title.clone(),
                name: self.request.name().as_str().to_owned(),
                designation: designation.map(str::to_owned),
                course: CourseFacts { id: course.id.clone(), title: text(&course.title) },
                issued: job.set.issued,
                issued_text: long_date(language, job.set.issued),
                signatories: signatories.collect(),
                printed,
                verify_url: job.verify_url.clone(),
                pdf: File::default(),
                signature: None,
                seal: SealFacts::default(),
            },
        }
    }
}

/// What a record takes from the page.
pub(super) struct Facts {
    language: String,
    organization: OrganizationFacts,
    layout: Content,
    theme: ThemeFacts,
    certificate: Certificate,
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::lower(&keys::sha256(bytes))
}
