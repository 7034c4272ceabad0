//! Detached signatures of other programs, in any form that GnuPG takes.
//!
//! They are read to import certificates that were issued before: which key signed the file, and
//! when. No verdict of [`verify`](crate::seal::verify()) on a file of this program depends on this
//! reader.

use super::armor::{self, ArmorLabel};
use super::key::PgpKey;
use super::packet;
use super::signature_packet::{Proof, ReadSignature, SignaturePacket};
use crate::base::timestamp::Timestamp;

/// A detached signature of version 4 that states its time.
#[derive(Debug)]
pub(crate) struct ForeignSignature {
    packet: SignaturePacket,
    /// The signing time that it states.
    pub(crate) signing_time: Timestamp,
}

impl ForeignSignature {
    /// Reads the one signature of an armoured text; `None` if there is none that can be read.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let blocks = armor::read(ArmorLabel::Signature, text).ok()?;
        let [block] = &blocks[..] else { return None };
        let (packet_type, body, _) = packet::read(block)?;
        if packet_type != packet::SIGNATURE {
            return None;
        }
        let ReadSignature::V4(packet) = ReadSignature::read(body)? else { return None };
        let created = packet.subpackets().created?;
        let signing_time = Timestamp::from_unix(created.into())?;
        Some(Self { packet: *packet, signing_time })
    }

    /// Whether the key, or one of its subkeys, made it over these bytes.
    pub(crate) fn is_of(&self, key: &PgpKey, bytes: &[u8]) -> bool {
        let mut keys = key.components();
        keys.any(|key| self.packet.check(key, &[bytes]) == Proof::Valid)
    }
}
