//! Where a file comes from that does not have the form of our writer: it is ours and was changed, or
//! another program wrote it.

use serde::Serialize;

use super::link::{CertificateLink, positions};
use crate::seal::x509::X509;

/// What our writer states of itself in the metadata of each document.
const OUR_TRACES: [&[u8]; 2] =
    [b"<xmp:CreatorTool>testamur</xmp:CreatorTool>", b"/Creator(testamur)"];
/// The byte string of which every sealed PDF has one.
const SEAL_TRACE: &[u8] = b"/ByteRange";
/// What the value of `/Contents` begins after.
const CONTENTS: &[u8] = b"/Contents";
/// The largest part of a signature that is searched for certificates, in bytes.
const MAX_SIGNATURE_LEN: usize = 64 << 10;
/// The largest number of signatures that are searched.
const MAX_SIGNATURES: usize = 8;
/// The largest number of places of a signature at which a certificate is looked for.
const MAX_ATTEMPTS: usize = 64;
/// The largest number of certificates that are read.
const MAX_CERTIFICATES: usize = 32;

/// A seal that another program made. It is not judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ForeignSeal {
    /// Who signed, as a certificate in the seal states, if one can be read. Nothing was checked.
    pub signer: Option<String>,
}

/// Whether a file says that it is one of our writer's: it names a certificate, or the program.
pub(super) fn is_ours(file: &[u8]) -> bool {
    CertificateLink::is_in(file) || OUR_TRACES.iter().any(|trace| contains(file, trace))
}

/// Whether a PDF has a trace of a seal.
pub(super) fn has_seal(file: &[u8]) -> bool {
    contains(file, SEAL_TRACE)
}

impl ForeignSeal {
    /// Reads who signed a file of another program.
    pub(super) fn read(file: &[u8]) -> Self {
        let signatures = positions(file, CONTENTS)
            .filter_map(|at| hexadecimal(&file[at..]))
            .take(MAX_SIGNATURES);
        let certificates: Vec<X509> = signatures
            .flat_map(|signature| certificates(&signature))
            .take(MAX_CERTIFICATES)
            .collect();
        let issues_another = |certificate: &X509| {
            let is_issuer = |other: &&X509| other.issuer() == certificate.subject();
            certificates
                .iter()
                .filter(|other| *other != certificate)
                .any(|other| is_issuer(&other))
        };
        let signer = certificates
            .iter()
            .find(|cert| !issues_another(cert) && !cert.is_for_timestamping())
            .or(certificates.first());
        Self { signer: signer.map(X509::name) }
    }
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    positions(bytes, what).next().is_some()
}

/// The bytes of a hexadecimal string (ISO 32000-1, 7.3.4.3) with which the text begins, as far as
/// they are searched.
fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let digits = text[start..].strip_prefix(b"<")?;
    let digits = digits.iter().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Vec<u8> = digits
        .take(MAX_SIGNATURE_LEN * 2)
        .map_while(|digit| char::from(*digit).to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect())
}

/// The certificates in a signature, whatever its encoding: each stands in it as DER.
fn certificates(signature: &[u8]) -> Vec<X509> {
    let mut found = Vec::new();
    let (mut at, mut attempts) = (0, 0);
    while let Some(&[tag, form, high, low]) = signature.get(at..at + 4) {
        // A sequence whose length takes two bytes, as that of every certificate does.
        if (tag, form) == (0x30, 0x82) && attempts < MAX_ATTEMPTS {
            attempts += 1;
            let end = at + 4 + usize::from(u16::from_be_bytes([high, low]));
            let certificate = signature.get(at..end).map(X509::from_der);
            if let Some(Ok(certificate)) = certificate {
                found.push(certificate);
                at = end;
                continue;
            }
        }
        at += 1;
    }
    found
}
