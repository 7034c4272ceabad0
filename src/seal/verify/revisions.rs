//! A sealed file, read as the revisions that our writer makes.

use std::collections::HashSet;
use std::ops::Range;

use crate::seal::cms::Seal;
use crate::seal::keys::sha256;
use crate::seal::pdf::{self, ArchiveField, Document, Dss, SealParams};
use crate::seal::timestamp::TimestampToken;
use crate::seal::verify::report::RevisionKind;

/// A sealed PDF in its parts, each of which is exactly what our writer makes, byte for byte.
#[derive(Debug)]
pub(crate) struct Revisions<'a> {
    /// The whole file, as a document to append to.
    pub(crate) document: Document<'a>,
    pub(crate) params: SealParams,
    pub(crate) seal: Seal,
    /// Whether the seal is a valid signature over the document and its own revision.
    pub(crate) is_intact: bool,
    /// The number of bytes from the beginning that the seal covers, its placeholder included.
    pub(crate) covered: usize,
    /// The lengths of the file with the seal's revision and with each that was appended, in order.
    pub(crate) ends: Vec<usize>,
    /// The offsets in the file of the seal's hexadecimal digits.
    pub(crate) placeholder: Range<usize>,
    /// The object number of the field that is reserved for an archive timestamp.
    pub(crate) archive_field: Option<u32>,
    /// The certificates and CRLs of the seal's revision and of those after it, if one has any.
    pub(crate) dss: Option<Dss>,
    /// The archive timestamps in order: each covers all that comes before it.
    pub(crate) archives: Vec<ArchiveTimestamp>,
    /// The revisions after the seal's, in order.
    pub(crate) appended: Vec<RevisionKind>,
}

/// An archive timestamp.
#[derive(Debug)]
pub(crate) struct ArchiveTimestamp {
    pub(crate) token: TimestampToken,
    /// Whether the token is valid over all that comes before it.
    pub(crate) validity: Result<(), &'static str>,
}

impl<'a> Revisions<'a> {
    /// Reads the revisions of a file; the error says which one is not our writer's.
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, &'static str> {
        let end = Document::base_end(file).ok_or("its end is missing or broken")?;
        let mut document = Document::read(&file[..end])
            .map_err(|_| "the document in it is not as our writer makes them")?;
        let no_seal = "what follows the document is no seal of our writer";
        let params = SealParams::read(&document, &file[end..]).ok_or(no_seal)?;
        // The signature dictionary does not tell whether a field is reserved, so both are tried.
        let without_field = SealParams { has_archive_field: false, ..params.clone() };
        let (params, (mut signable, archive_field)) = [params, without_field]
            .into_iter()
            .filter_map(|params| {
                let signable = pdf::seal(&document, &params).ok()?;
                Some((params, signable))
            })
            .find(|(_, (signable, _))| file[end..].starts_with(signable.head()))
            .ok_or(no_seal)?;
        let signature = signable
            .extract(file)
            .ok_or("the seal's revision is not as our writer makes it")?;
        let seal = Seal::read(&signature)
            .ok_or("the seal's signature is not as our writer makes it")?;
        let is_intact = seal.covers(&signable.signed_parts(&document));
        let placeholder = signable.placeholder.clone();
        document.append_from(file, signable.revision);
        let covered = document.bytes().len();
        let dss = params.dss.clone();
        let mut revisions = Self {
            document,
            params,
            seal,
            is_intact,
            covered,
            ends: vec![covered],
            placeholder,
            archive_field,
            dss,
            archives: Vec::new(),
            appended: Vec::new(),
        };
        revisions.read_additions(file)?;
        if revisions.document.bytes().len() == file.len() {
            Ok(revisions)
        } else {
            Err("something was added to it that is not ours")
        }
    }

    /// The same revisions, with bytes of their own.
    #[cfg(feature = "seal")]
    pub(crate) fn into_owned(self) -> Revisions<'static> {
        Revisions {
            document: self.document.into_owned(),
            params: self.params,
            seal: self.seal,
            is_intact: self.is_intact,
            covered: self.covered,
            ends: self.ends,
            placeholder: self.placeholder,
            archive_field: self.archive_field,
            dss: self.dss,
            archives: self.archives,
            appended: self.appended,
        }
    }

    /// Checks that validation data adds something. Our writer appends no needless revision, and
    /// accepting one would let anyone change the bytes of a certificate.
    fn check_addition(&self, added: &Dss) -> Result<(), &'static str> {
        let all = |dss: &Dss| -> Vec<Vec<u8>> {
            dss.certificates.iter().chain(&dss.crls).map(|part| sha256(part)).collect()
        };
        let added = all(added);
        let mut known: HashSet<_> = self.dss.iter().flat_map(all).collect();
        if added.is_empty() || !added.into_iter().all(|part| known.insert(part)) {
            return Err("a revision was added to it that adds nothing");
        }
        Ok(())
    }

    /// Reads the revisions after the seal's: what is added to the DSS, then archive timestamps, each
    /// of which may have an addition to the DSS before it.
    fn read_additions(&mut self, file: &'a [u8]) -> Result<(), &'static str> {
        while let Some(rest) = file.get(self.document.bytes().len()..)
            && !rest.is_empty()
        {
            if self.appended.last() != Some(&RevisionKind::Dss)
                && let Some(dss) = Dss::read(&self.document, rest)
            {
                let revision = dss
                    .revise(&self.document)
                    .map_err(|_| "its validation data is broken")?;
                if !rest.starts_with(&revision.bytes) {
                    return Err("its validation data is not as our writer makes it");
                }
                self.check_addition(&dss)?;
                self.document.append_from(file, revision);
                self.ends.push(self.document.bytes().len());
                self.dss.get_or_insert_default().extend(dss);
                self.appended.push(RevisionKind::Dss);
                continue;
            }
            let Some(field) = self.next_archive_field() else { break };
            self.read_archive(file, field)?;
        }
        if self.archives.is_empty() || self.appended.last() != Some(&RevisionKind::Dss) {
            Ok(())
        } else {
            Err("validation data was added to it that no archive timestamp covers")
        }
    }

    /// Where the next archive timestamp is: only a document with a reserved field has any.
    pub(crate) fn next_archive_field(&self) -> Option<ArchiveField> {
        let reserved = self.archive_field?;
        Some(match self.archives.len() {
            0 => ArchiveField::Reserved(reserved),
            count => ArchiveField::Added(count + 1),
        })
    }

    fn read_archive(
        &mut self,
        file: &'a [u8],
        field: ArchiveField,
    ) -> Result<(), &'static str> {
        let broken = "its archive timestamp is not as our writer makes it";
        let rest = file.get(self.document.bytes().len()..).unwrap_or_default();
        let placeholder_len =
            pdf::archive_placeholder_len(&self.document, rest).ok_or(broken)?;
        let mut signable = pdf::embed_archive(&self.document, field, placeholder_len)
            .map_err(|_| broken)?;
        let token = signable.extract(file).ok_or(broken)?;
        let token = TimestampToken::read(&token).ok_or(broken)?;
        let validity = token.check(&signable.signed_parts(&self.document));
        self.document.append_from(file, signable.revision);
        self.ends.push(self.document.bytes().len());
        self.archives.push(ArchiveTimestamp { token, validity });
        self.appended.push(RevisionKind::Archive);
        Ok(())
    }
}
