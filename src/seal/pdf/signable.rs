//! A revision with a placeholder for a signature over all the rest of the file (ISO 32000-1,
//! 12.8.1).

use std::ops::Range;

use der::{Reader, SliceReader};

use super::document::{Document, Revision, refused};
use super::syntax::Dict;
use crate::base::error::Result;
use crate::base::hex;

/// The length of the ByteRange array without its brackets: enough for the numbers of any file that
/// is read.
const BYTE_RANGE_LEN: usize = 40;

/// A revision with a placeholder for a signature.
#[derive(Debug)]
pub(crate) struct Signable {
    pub(crate) revision: Revision,
    /// The placeholder: the offsets in the file of the hexadecimal digits of `/Contents`, without
    /// the angle brackets.
    pub(crate) placeholder: Range<usize>,
    /// The offset in the file at which the revision begins.
    pub(super) start: usize,
}

impl Signable {
    /// Sets the ByteRange of a revision whose first object is a signature dictionary from
    /// [`set_placeholder`].
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): the file is too large.
    pub(super) fn new(document: &Document, mut revision: Revision) -> Result<Self> {
        let too_large = || refused("it is too large");
        let start = document.bytes().len();
        let first = revision.first_offset() - start;
        let after = |key: &[u8]| {
            let found =
                revision.bytes[first..].windows(key.len()).position(|bytes| bytes == key);
            found.map(|found| first + found + key.len()).ok_or_else(too_large)
        };
        // Both keys stand in the first object, and no value before them can contain either.
        let (range, open) = (after(b"/ByteRange[")?, after(b"/Contents<")?);
        let close = revision.bytes[open..].iter().position(|byte| *byte == b'>');
        let close = open + close.ok_or_else(too_large)?;
        // ISO 32000-1, 12.8.1: the range excludes the digits and their angle brackets.
        let tail_len = revision.bytes.len() - (close + 1);
        let text = format!("0 {} {} {tail_len}]", start + open - 1, start + close + 1);
        let padded = format!("{text:<width$}", width = BYTE_RANGE_LEN + 1);
        let array = revision
            .bytes
            .get_mut(range..range + BYTE_RANGE_LEN + 1)
            .ok_or_else(too_large)?;
        if padded.len() != array.len() {
            return Err(too_large());
        }
        array.copy_from_slice(padded.as_bytes());
        Ok(Self { revision, placeholder: start + open..start + close, start })
    }

    /// The signed bytes: the document, and this revision without the digits of `/Contents` and
    /// their angle brackets.
    pub(crate) fn signed_parts<'a>(&'a self, document: &'a Document) -> [&'a [u8]; 3] {
        let (open, close) = self.contents_range();
        [document.bytes(), &self.revision.bytes[..open], &self.revision.bytes[close..]]
    }

    /// Reads the signature from a file that holds this revision, byte for byte but for the
    /// placeholder. The revision is then as it stands in the file.
    pub(crate) fn extract(&mut self, file: &[u8]) -> Option<Vec<u8>> {
        let theirs = file.get(self.start..)?.get(..self.revision.bytes.len())?;
        let (open, close) = self.contents_range();
        let ours = &self.revision.bytes;
        if theirs[..=open] != ours[..=open] || theirs[close - 1..] != ours[close - 1..] {
            return None;
        }
        let signature = hex::read_upper(&theirs[open + 1..close - 1])?;
        self.revision.bytes = theirs.to_vec();
        without_padding(&signature).map(<[u8]>::to_vec)
    }

    /// The revision up to the value of `/Contents`.
    pub(crate) fn head(&self) -> &[u8] {
        &self.revision.bytes[..self.contents_range().0]
    }

    /// The offsets in the revision at which the value of `/Contents` begins and ends, with its
    /// angle brackets.
    fn contents_range(&self) -> (usize, usize) {
        (self.placeholder.start - 1 - self.start, self.placeholder.end + 1 - self.start)
    }
}

/// Sets an empty ByteRange, and a placeholder for a signature of that many bytes.
pub(super) fn set_placeholder(dict: &mut Dict, placeholder_len: usize) {
    dict.set("ByteRange", format!("[{}]", " ".repeat(BYTE_RANGE_LEN)));
    dict.set("Contents", format!("<{}>", "0".repeat(placeholder_len * 2)));
}

/// The one DER value that the bytes begin with, if only zeros follow it.
fn without_padding(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let value = reader.tlv_bytes().ok()?;
    bytes[value.len()..].iter().all(|byte| *byte == 0).then_some(value)
}
