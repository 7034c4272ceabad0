//! ASCII armour (RFC 9580, 6.2): base64 and a checksum between a `BEGIN` and an `END` line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::error::{Error, ErrorKind, Result};
use crate::seal::pem;

/// The largest text that is read, in bytes: more than any key ring or signature needs.
const MAX_LEN: usize = 8 << 20;

/// The kind of an armoured block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArmorLabel {
    PublicKey,
    Signature,
}

impl ArmorLabel {
    fn name(self) -> &'static str {
        match self {
            Self::PublicKey => "PGP PUBLIC KEY BLOCK",
            Self::Signature => "PGP SIGNATURE",
        }
    }
}

/// Writes bytes as armour, in the one form of this library: no headers, lines of 64 characters.
pub(crate) fn write(label: ArmorLabel, bytes: &[u8]) -> String {
    let name = label.name();
    let mut text = format!("-----BEGIN {name}-----\n\n");
    pem::push_lines(&mut text, bytes);
    let sum = STANDARD.encode(&checksum(bytes).to_be_bytes()[1..]);
    text.push_str(&format!("={sum}\n-----END {name}-----\n"));
    text
}

/// Reads every block of that label, as any program writes them: headers are ignored, and the
/// checksum may be missing.
///
/// # Errors
/// [`ErrorKind::Syntax`]: there is no block, or a broken one.
pub(crate) fn read(label: ArmorLabel, text: &[u8]) -> Result<Vec<Vec<u8>>> {
    let name = label.name();
    let error =
        |what: &str| Error::new(ErrorKind::Syntax, format!("the `{name}` block {what}"));
    let is_too_large = text.len() > MAX_LEN;
    let text = str::from_utf8(text).ok().filter(|_| !is_too_large);
    let text = text.ok_or_else(|| {
        Error::new(ErrorKind::Syntax, "the file is no armoured OpenPGP text")
            .with_help("export it with: gpg --armor")
    })?;
    let (begin, end) =
        (format!("-----BEGIN {name}-----"), format!("-----END {name}-----"));
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_end);
    while lines.by_ref().any(|line| line == begin) {
        let (mut body, mut sum, mut has_end) = (String::new(), None, false);
        let mut in_headers = true;
        for line in lines.by_ref() {
            if line == end {
                has_end = true;
                break;
            }
            in_headers &= line.contains(": ");
            match line.strip_prefix('=') {
                _ if in_headers || line.is_empty() => {}
                // The checksum does not cover data after it.
                _ if sum.is_some() => return Err(error("goes on after its checksum")),
                Some(rest) => sum = Some(rest),
                None => body.push_str(line),
            }
        }
        let bytes = STANDARD.decode(&body).ok().filter(|_| has_end);
        let bytes = bytes.ok_or_else(|| error("is broken"))?;
        let expected = STANDARD.encode(&checksum(&bytes).to_be_bytes()[1..]);
        if sum.is_some_and(|sum| sum != expected) {
            return Err(error("has a wrong checksum"));
        }
        blocks.push(bytes);
    }
    if blocks.is_empty() {
        let message = format!("there is no `{name}` in the file");
        return Err(Error::new(ErrorKind::Syntax, message));
    }
    Ok(blocks)
}

/// CRC-24 (RFC 9580, 6.1.1).
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00b7_04ce, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 16, |sum, _| {
            let sum = sum << 1;
            if sum & 0x0100_0000 == 0 { sum } else { sum ^ 0x0186_4cfb }
        })
    }) & 0x00ff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_armor_is_read_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = write(ArmorLabel::Signature, &bytes);
        assert_eq!(
            read(ArmorLabel::Signature, text.as_bytes()).unwrap(),
            std::slice::from_ref(&bytes)
        );
        assert!(read(ArmorLabel::PublicKey, text.as_bytes()).is_err());
        let with_header = text.replacen("\n\n", "\nVersion: GnuPG v2\n\n", 1);
        assert_eq!(read(ArmorLabel::Signature, with_header.as_bytes()).unwrap(), [bytes]);
    }

    #[test]
    fn broken_blocks_are_refused() {
        let text = write(ArmorLabel::Signature, b"some bytes");
        for broken in [
            text.replace("c29t", "d29t"),
            text.replace("-----END", "-----ENDE"),
            text.replace("c29t", "Comment: x\nc29t").replace("\n\n", "\n\nAAAA\n"),
            text.replace("-----END", "AAAA\n-----END"),
            text.replace("-----END", "=AAAA\n-----END"),
        ] {
            assert_eq!(
                read(ArmorLabel::Signature, broken.as_bytes()).unwrap_err().kind(),
                ErrorKind::Syntax
            );
        }
    }
}
