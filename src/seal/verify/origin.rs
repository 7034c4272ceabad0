//! Where a file comes from that does not have the form of our writer: either it is ours and was
//! changed, or another program wrote it.

use serde::Serialize;

use super::link::{CertificateLink, positions};
use super::trust::Trust;
use crate::seal::x509::X509;

/// What our writer states of itself in the metadata of each document.
const OUR_TRACES: [&[u8]; 2] =
    [b"<xmp:CreatorTool>testamur</xmp:CreatorTool>", b"/Creator(testamur)"];
/// The byte string of which every sealed PDF has one.
const SEAL_TRACE: &[u8] = b"/ByteRange";
/// The key of the trailer of every encrypted file (ISO 32000-1, 7.6.1).
const ENCRYPTED_TRACE: &[u8] = b"/Encrypt";
/// What the value of `/Contents` begins after.
const CONTENTS: &[u8] = b"/Contents";
/// The largest part of a signature that is searched for certificates, in bytes.
const MAX_SIGNATURE_LEN: usize = 256 << 10;
/// The largest number of signatures that are searched.
const MAX_SIGNATURES: usize = 8;
/// `id-ct-TSTInfo` (RFC 3161, 2.4.2) as DER.
const TST_INFO: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
/// The largest offset at which the content type of signed data stands, in bytes.
const MAX_TYPE_OFFSET: usize = 128;
/// The largest number of places of a signature at which a certificate is looked for.
const MAX_ATTEMPTS: usize = 64;
/// The largest number of certificates of a signature that are read.
const MAX_CERTIFICATES: usize = 32;

/// A seal that another program made. It is not judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ForeignSeal {
    /// Who signed, as a certificate in the seal states, if one can be read. Nothing was checked.
    pub signer: Option<String>,
    /// Whether the file is encrypted: then neither what it says nor which program sealed it is known.
    pub is_encrypted: bool,
    /// Whether the signer's certificate leads to one that is trusted.
    #[serde(skip)]
    pub(super) is_trusted: bool,
}

/// Whether a file says that it is one of our writer's: it names a certificate, or the program.
pub(super) fn is_ours(file: &[u8]) -> bool {
    CertificateLink::is_in(file) || OUR_TRACES.iter().any(|trace| contains(file, trace))
}

/// Whether a PDF names a certificate, has no seal and does not say that this program wrote it. Then
/// only the issuer's register knows whether another program issued it.
#[cfg(feature = "issue")]
pub(super) fn only_names_a_certificate(file: &[u8]) -> bool {
    file.starts_with(b"%PDF-")
        && CertificateLink::is_in(file)
        && !has_seal(file)
        && !OUR_TRACES.iter().any(|trace| contains(file, trace))
}

/// Whether a PDF has a trace of a seal.
pub(super) fn has_seal(file: &[u8]) -> bool {
    contains(file, SEAL_TRACE)
}

impl ForeignSeal {
    /// Reads who signed a file of another program: the first signer who is neither a TSA nor an OCSP
    /// responder.
    pub(super) fn read(file: &[u8], trust: &Trust) -> Self {
        let is_encrypted = contains(file, ENCRYPTED_TRACE);
        let signatures = positions(file, CONTENTS)
            .filter_map(|at| hexadecimal(&file[at..]))
            .take(MAX_SIGNATURES);
        let mut tsa = None;
        for signature in signatures {
            let certificates = certificates(&signature);
            let Some(signer) = signer(&signature, &certificates) else { continue };
            if !signer.is_of_a_service() {
                let is_trusted = is_encrypted && trust.has_sealer(signer, &certificates);
                return Self { signer: Some(signer.name()), is_encrypted, is_trusted };
            }
            if is_timestamp(&signature) {
                tsa.get_or_insert(signer.name());
            }
        }
        Self { signer: tsa, is_encrypted, is_trusted: false }
    }
}

/// Whether a signature is itself a timestamp token, and not one that contains a token: then its
/// content type is at the beginning (RFC 5652, 5.1).
fn is_timestamp(signature: &[u8]) -> bool {
    let head = &signature[..signature.len().min(MAX_TYPE_OFFSET)];
    contains(head, TST_INFO)
}

/// The certificate of the signer of a signature: the first that it names by issuer and serial
/// number (RFC 5652, 5.3), else the first that belongs neither to a TSA nor to an OCSP responder.
/// Timestamp tokens and OCSP responses contain certificates of their own, and the order of all of
/// them is free.
fn signer<'a>(signature: &[u8], certificates: &'a [X509]) -> Option<&'a X509> {
    let named = certificates.iter().filter_map(|certificate| {
        let at = positions(signature, &certificate.issuer_and_serial()).next()?;
        Some((at, certificate))
    });
    let named = named.min_by_key(|(at, _)| *at).map(|(_, certificate)| certificate);
    let issues_another = |certificate: &X509| {
        let mut others = certificates.iter().filter(|other| *other != certificate);
        others.any(|other| other.issuer() == certificate.subject())
    };
    named.or_else(|| {
        let mut people = certificates.iter().filter(|it| !it.is_of_a_service());
        people.find(|certificate| !issues_another(certificate))
    })
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
        if attempts == MAX_ATTEMPTS || found.len() == MAX_CERTIFICATES {
            break;
        }
        if (tag, form) == (0x30, 0x82) {
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
