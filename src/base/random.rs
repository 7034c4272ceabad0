//! Random bytes, from the operating system.

use ring::rand::{SecureRandom, SystemRandom};

use crate::base::error::{Error, ErrorKind, Result};

/// Fills `bytes` with random numbers that are fit for secrets.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Error::new(ErrorKind::Key, "the machine gives no random numbers"))
}
