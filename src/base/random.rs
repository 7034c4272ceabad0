//! Random bytes, from the operating system.

use ring::rand::{SecureRandom, SystemRandom};

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;

/// Fills `bytes` with cryptographically secure random numbers.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Error::new(ErrorKind::Key, "the machine gives no random numbers"))
}

/// A name for a staging file that no other process chooses: 24 hexadecimal digits.
pub(crate) fn name() -> Result<String> {
    let mut bytes = [0; 12];
    fill(&mut bytes)?;
    Ok(hex::lower(&bytes))
}
