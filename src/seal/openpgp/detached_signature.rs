//! A detached signature over a file, in the one form that this library writes.

use super::armor::{self, ArmorLabel};
use super::key::PgpKey;
use super::packet;
use super::signature_packet::SignaturePacket;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::hex;
use crate::base::timestamp::Timestamp;

/// A detached OpenPGP signature over a file, which stands in a file of its own (`.sig`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedSignature {
    pub(super) packet: SignaturePacket,
}

impl DetachedSignature {
    /// Reads an armoured signature in the one form that this library writes: no headers, one
    /// packet, nothing after it, and no unhashed subpacket but the issuer's key id.
    ///
    /// # Errors
    /// [`ErrorKind::Tampered`]: the text has any other form.
    pub fn from_armor(text: &[u8]) -> Result<Self> {
        let other_form = || {
            Error::new(
                ErrorKind::Tampered,
                "the signature is not in the form that is written here",
            )
        };
        let blocks =
            armor::read(ArmorLabel::Signature, text).map_err(|_| other_form())?;
        let [bytes] = &blocks[..] else { return Err(other_form()) };
        let detached = Self::from_packet(bytes).ok_or_else(other_form)?;
        if detached.to_armor().as_bytes() == text {
            Ok(detached)
        } else {
            Err(other_form())
        }
    }

    /// Reads a packet that is a signature over a file, and nothing after it.
    pub(super) fn from_packet(bytes: &[u8]) -> Option<Self> {
        let (packet_type, body, rest) = packet::read(bytes)?;
        if packet_type != packet::SIGNATURE || !rest.is_empty() {
            return None;
        }
        let packet = SignaturePacket::read(body)?;
        (packet.signature_type() == SignaturePacket::BINARY).then_some(Self { packet })
    }

    /// The signature as armoured text, which ends with a line feed.
    pub fn to_armor(&self) -> String {
        armor::write(
            ArmorLabel::Signature,
            &packet::write(packet::SIGNATURE, &self.packet.body()),
        )
    }

    /// The fingerprint of the key that is stated to have signed: 40 hexadecimal digits in upper
    /// case.
    pub fn fingerprint(&self) -> String {
        hex::upper(self.packet.issuer())
    }

    /// The signing time that the signature states.
    pub fn signing_time(&self) -> Timestamp {
        self.packet.signing_time()
    }

    /// Whether that key has made this signature over those bytes.
    pub fn verifies(&self, key: &PgpKey, bytes: &[u8]) -> bool {
        self.packet.signature_type() == SignaturePacket::BINARY
            && self.packet.verifies(key.packet(), &[bytes])
    }
}
