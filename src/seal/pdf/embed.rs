//! A signature, written into the placeholder of a revision.

use super::document::refused;
use super::signable::Signable;
use crate::base::error::Result;
use crate::base::hex;

impl Signable {
    /// Writes a signature into the placeholder.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`](crate::ErrorKind::Seal): the signature is longer than the placeholder.
    pub(crate) fn embed(&mut self, signature: &[u8]) -> Result<()> {
        let digits = hex::upper(signature);
        let start = self.placeholder.start - self.start;
        if digits.len() > self.placeholder.len() {
            return Err(refused(&format!(
                "a signature of {} bytes does not fit into {}",
                signature.len(),
                self.placeholder.len() / 2
            )));
        }
        self.revision.bytes[start..start + digits.len()]
            .copy_from_slice(digits.as_bytes());
        Ok(())
    }
}
