//! A sealed file, taken apart into the revisions that our writer made.

use crate::seal::cms::{Seal, TimestampToken};
use crate::seal::pdf::{self, Document, Dss, SealFacts};

/// A sealed PDF in its parts. Each is exactly what our writer makes, byte for byte.
#[derive(Debug)]
pub(crate) struct Revisions {
    /// All of it, as a document to append to.
    pub(crate) document: Document,
    pub(crate) facts: SealFacts,
    pub(crate) seal: Seal,
    /// Whether the seal is over the document and nothing else.
    pub(crate) holds: bool,
    /// How many bytes the seal covers from the beginning, its digits included.
    pub(crate) covered: usize,
    /// Where the digits of the seal stand.
    pub(crate) digits: std::ops::Range<usize>,
    /// The field that is reserved for an archive stamp, if it is there.
    pub(crate) reserved: Option<u32>,
    pub(crate) validation: Option<Dss>,
    /// The archive stamp, and what is wrong with it if anything is.
    pub(crate) archive: Option<(TimestampToken, Option<&'static str>)>,
}

impl Revisions {
    /// Takes a file apart; what does not fit is said in words.
    pub(crate) fn read(file: &[u8]) -> Result<Self, &'static str> {
        let end = Document::base_end(file).ok_or("its end is missing or broken")?;
        let mut document = Document::read(&file[..end])
            .map_err(|_| "the document in it is not as our writer makes them")?;
        let facts = SealFacts::read(&document, &file[end..])
            .ok_or("what follows the document is no seal of our writer")?;
        let (facts, mut signable) =
            [facts.clone(), SealFacts { archive: false, ..facts }]
                .into_iter()
                .filter_map(|facts| {
                    Some((facts.clone(), pdf::seal(&document, &facts).ok()?))
                })
                .find(|(_, signable)| file[end..].starts_with(signable.head()))
                .ok_or("what follows the document is no seal of our writer")?;
        let signature = signable
            .extract(file)
            .ok_or("the seal's revision is not as our writer makes it")?;
        let seal = Seal::read(&signature)
            .ok_or("the seal's signature is not as our writer makes it")?;
        let holds = seal.covers(&signable.signed_parts(&document));
        let (digits, reserved) = (signable.digits.clone(), signable.archive);
        document.append(signable.revision);
        let covered = document.bytes().len();
        let mut revisions = Self {
            document,
            facts,
            seal,
            holds,
            covered,
            digits,
            reserved,
            validation: None,
            archive: None,
        };
        revisions.read_additions(file)?;
        match revisions.document.bytes().len() == file.len() {
            true => Ok(revisions),
            false => Err("something was added to it that is not ours"),
        }
    }

    fn read_additions(&mut self, file: &[u8]) -> Result<(), &'static str> {
        let rest =
            |document: &Document| file.get(document.bytes().len()..).unwrap_or_default();
        if let Some(validation) = Dss::read(&self.document, rest(&self.document)) {
            let revision = validation
                .revise(&self.document)
                .map_err(|_| "its validation data is broken")?;
            if !rest(&self.document).starts_with(&revision.bytes) {
                return Err("its validation data is not as our writer makes it");
            }
            self.document.append(revision);
            self.validation = Some(validation);
        }
        if let Some(field) = self.reserved
            && !rest(&self.document).is_empty()
        {
            let broken = "its archive time stamp is not as our writer makes it";
            let placeholder_len =
                pdf::archive_placeholder_len(&self.document, rest(&self.document))
                    .ok_or(broken)?;
            let mut signable = pdf::embed_archive(&self.document, field, placeholder_len)
                .map_err(|_| broken)?;
            let token = signable.extract(file).ok_or(broken)?;
            let stamp = TimestampToken::read(&token).ok_or(broken)?;
            let fault = stamp.fault_over(&signable.signed_parts(&self.document));
            self.document.append(signable.revision);
            self.archive = Some((stamp, fault));
        }
        Ok(())
    }
}
