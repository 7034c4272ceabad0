//! The numbers of public-key algorithms (RFC 9580, 9.1).

pub(super) const RSA: u8 = 1;
pub(super) const ECDSA: u8 = 19;
pub(super) const EDDSA_LEGACY: u8 = 22;
pub(super) const ED25519: u8 = 27;
