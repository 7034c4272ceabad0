//! Certificates that another program issued, taken into the register without moving their files.
//!
//! Takes what is known about each; gives records. The decision made here: none of their files is
//! changed, only a record is added beside them, so that printed addresses show the same as before.
//! They keep their ids, which are not derived from the id secret. So each is an award of its own,
//! and a new certificate for the same recipient gets an id of this program.

use crate::base::date::Date;
use crate::base::digits::{CertificateId, PgpFingerprint};
use crate::base::error::Result;
use crate::base::path::StorePath;
use crate::base::timestamp::Timestamp;
use crate::register::certificates::Register;
use crate::register::paths;
use crate::register::private_record::PrivateRecord;
use crate::register::record::{
    CertificateFacts, CourseFacts, LayoutVersion, OrganizationFacts, PublishedFile,
    Record, SignatureFacts, Status, ThemeFacts,
};
use crate::register::snapshot::{DetachedSignature, Snapshot};
use crate::register::store::{Store, StoreBatch, StoreFile};
use crate::site::award::Award;
use crate::site::course::Colour;
use crate::site::request::Request;
use crate::site::settings::CertificateUrl;

/// A certificate that another program issued.
#[derive(Debug)]
pub(crate) struct ImportedCertificate {
    /// The verify id, which is also the name of its folder.
    pub(crate) id: CertificateId,
    pub(crate) course: CourseFacts,
    pub(crate) organization: OrganizationFacts,
    pub(crate) name: String,
    /// The username, if a table has it.
    pub(crate) username: Option<String>,
    pub(crate) grade: Option<String>,
    pub(crate) language: String,
    /// The layout in place of the old one. The page takes its texts from it.
    pub(crate) layout: String,
    pub(crate) issued: Date,
    pub(crate) issued_text: String,
    pub(crate) issued_at: Timestamp,
    /// The PDF, if it is there.
    pub(crate) pdf: Option<PublishedFile>,
    /// The armoured signature with the key that made it, and that key's fingerprint.
    pub(crate) signature: Option<(DetachedSignature, PgpFingerprint)>,
}

impl ImportedCertificate {
    /// The public record.
    fn record(&self, verify_url: CertificateUrl, filename: &str) -> Result<Record> {
        let white = Colour::WHITE;
        let path = StorePath::parse(&paths::signature(&self.id, filename))?;
        let signature = self.signature.as_ref();
        let signature =
            signature.map(|(_, key)| SignatureFacts { path, key: key.clone() });
        Ok(Record {
            schema: Record::SCHEMA,
            id: self.id.clone(),
            status: Status::Valid,
            edition: 1,
            issued_at: self.issued_at,
            requested_at: None,
            facts: None,
            appearance: None,
            expires: None,
            language: self.language.clone(),
            organization: self.organization.clone(),
            layout: LayoutVersion { name: self.layout.clone(), sha256: None },
            theme: ThemeFacts {
                accent: Colour { red: 31, green: 61, blue: 92 },
                paper: white,
                ink: Colour { red: 29, green: 26, blue: 22 },
            },
            engine: Record::IMPORTED.to_owned(),
            certificate: Some(CertificateFacts {
                title: self.course.title.clone(),
                name: self.name.clone(),
                designation: None,
                course: self.course.clone(),
                issued: self.issued,
                issued_text: self.issued_text.clone(),
                signatories: Vec::new(),
                printed: Vec::new(),
                table: None,
                paper: None,
                verify_url: Some(verify_url),
                pdf: self.pdf.clone(),
                signature,
                seal: None,
            }),
            successor: None,
            predecessor: None,
            history: Vec::new(),
        })
    }

    /// The request that it would answer; `None` if no request can have its name.
    fn request(&self) -> Option<Request> {
        let mut request = Request::new(&self.course.id, &self.name).ok()?;
        if let Some(username) = &self.username {
            request = request.with_username(username);
        }
        if let Some(grade) = &self.grade {
            request = request.with_grade(grade);
        }
        Some(request)
    }
}

/// The files of one import, which are written in this order.
struct ImportFiles {
    snapshot: Option<(StorePath, String)>,
    private: (StorePath, String),
    public: (StorePath, String),
}

impl Register {
    /// The folder of verify pages, the folder of PDFs, and the file name of records, in the public
    /// store.
    pub(crate) const PUBLIC_PATHS: (&str, &str, &str) =
        (paths::CERTIFICATES, paths::DOWNLOADS, paths::RECORD);

    /// The public store.
    pub(crate) fn public_store(&self) -> &dyn Store {
        &*self.public
    }

    /// Adds a record for each certificate that has none. The stores must have the mark of the id
    /// secret already. A second call finishes what was interrupted.
    ///
    /// # Errors
    /// A store failed.
    pub(crate) fn import(&self, certificates: &[ImportedCertificate]) -> Result<()> {
        let files: Vec<ImportFiles> =
            certificates.iter().map(|it| self.import_files(it)).collect::<Result<_>>()?;
        match (self.public.begin_batch()?, self.private.begin_batch()?) {
            (Some(mut public), Some(mut private)) => {
                import_batch(&files, &mut *public, &mut *private)
            }
            _ => files.iter().try_for_each(|files| self.import_one(files)),
        }
    }

    fn import_files(&self, certificate: &ImportedCertificate) -> Result<ImportFiles> {
        let id = &certificate.id;
        let base = self.publish.verify_url(id);
        let filename = self.publish.filename.as_str();
        // The old address had no file name at its end.
        let printed = base.split(id.as_str()).next().map(|start| format!("{start}{id}"));
        let printed =
            printed.map_or(Ok(base.clone()), |url| CertificateUrl::parse(&url))?;
        let record = certificate.record(printed, filename)?;
        let request = certificate.request();
        let award = request.as_ref().map(Award::of);
        let sha256 = certificate.pdf.as_ref().map(|pdf| &pdf.sha256);
        let snapshot = match (&request, &award, sha256) {
            (Some(request), Some(award), Some(sha256)) => {
                let signature = certificate.signature.as_ref().map(|(it, _)| it.clone());
                let snapshot = Snapshot::new(award, request, record.clone(), signature);
                let path = StorePath::parse(&paths::snapshot(id, sha256))?;
                Some((path, snapshot.to_json()))
            }
            _ => None,
        };
        let private = PrivateRecord::new(award, record.clone());
        Ok(ImportFiles {
            snapshot,
            private: (StorePath::parse(&paths::private_record(id))?, private.to_json()),
            public: (StorePath::parse(&paths::record(id))?, record.to_json()),
        })
    }

    fn import_one(&self, files: &ImportFiles) -> Result<()> {
        let create = |store: &dyn Store, (path, text): &(StorePath, String)| {
            store.create(&StoreFile::new(path, text.as_bytes()))
        };
        for file in files.snapshot.iter().chain([&files.private]) {
            create(&*self.private, file)?;
        }
        create(&*self.public, &files.public)?;
        Ok(())
    }
}

/// Writes the files of many imports, and syncs them together: the private side first.
fn import_batch(
    files: &[ImportFiles],
    public: &mut dyn StoreBatch,
    private: &mut dyn StoreBatch,
) -> Result<()> {
    let stage = |batch: &mut dyn StoreBatch, (path, text): &(StorePath, String)| {
        batch.stage(&StoreFile::new(path, text.as_bytes()))
    };
    let mut staged = Vec::new();
    for it in files {
        let mut numbers = Vec::new();
        for file in it.snapshot.iter().chain([&it.private]) {
            numbers.push(stage(private, file)?);
        }
        staged.push((numbers, stage(public, &it.public)?));
    }
    private.sync()?;
    public.sync()?;
    for (numbers, _) in &staged {
        numbers.iter().try_for_each(|number| private.create(*number).map(|_| ()))?;
    }
    private.sync()?;
    for (_, number) in &staged {
        public.create(*number)?;
    }
    public.sync()
}
