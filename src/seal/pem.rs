//! PEM (RFC 7468): labelled base64 between a `BEGIN` and an `END` line.
//!
//! A decoded block may be a private key, so every buffer is wiped when it is dropped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Result};

/// The largest file that is read, in bytes: more than any key or chain needs.
const MAX_LEN: usize = 1 << 20;

/// One block of a PEM file.
pub(crate) struct PemBlock {
    pub(crate) label: String,
    /// The decoded content; `None` if the block has headers, as OpenSSL's older encrypted keys do.
    pub(crate) bytes: Option<Zeroizing<Vec<u8>>>,
}

/// Reads the blocks of a file in order. Text around them is ignored, as RFC 7468 allows.
///
/// # Errors
/// [`ErrorKind::Syntax`]: the file is not text, or a block has no end or is not base64.
/// [`ErrorKind::TooLarge`]: the file is larger than a megabyte.
pub(crate) fn read(text: &[u8]) -> Result<Vec<PemBlock>> {
    let error = |message: &str| Error::new(ErrorKind::Syntax, message);
    if text.len() > MAX_LEN {
        return Err(Error::new(
            ErrorKind::TooLarge,
            "the file is larger than a megabyte",
        ));
    }
    let text = str::from_utf8(text)
        .map_err(|cause| error("the file is no PEM (not text)").with_source(cause))?;
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        let Some(label) =
            line.strip_prefix("-----BEGIN ").and_then(|l| l.strip_suffix("-----"))
        else {
            continue;
        };
        let end = format!("-----END {label}-----");
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        let mut has_headers = false;
        loop {
            match lines.next() {
                None => return Err(error(&format!("the `{label}` block has no end"))),
                Some(line) if line == end => break,
                Some(line) if line.contains(':') => has_headers = true,
                Some(line) => body.push_str(line),
            }
        }
        let bytes = if has_headers {
            None
        } else {
            let mut bytes = Zeroizing::new(vec![0; body.len() / 4 * 3 + 3]);
            let length = STANDARD
                .decode_slice(body.as_bytes(), &mut bytes)
                .map_err(|_| error(&format!("the `{label}` block is no base64")))?;
            bytes.truncate(length);
            Some(bytes)
        };
        blocks.push(PemBlock { label: label.to_owned(), bytes });
    }
    Ok(blocks)
}

/// Writes a block as text, with lines of 64 characters.
pub(crate) fn write(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 3 / 2 + 128));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    push_lines(&mut text, bytes);
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Appends base64 in lines of 64 characters, each ended by a line feed.
pub(crate) fn push_lines(text: &mut String, bytes: &[u8]) {
    for line in bytes.chunks(48) {
        STANDARD.encode_string(line, text);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn written_blocks_are_read_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = [&**write("A", &bytes), "between\n", &write("B C", b"x")].concat();
        let blocks = read(text.as_bytes()).unwrap();
        assert_eq!(blocks.len(), 2);
        let content = |index: usize| blocks[index].bytes.as_ref().unwrap().as_slice();
        assert_eq!((blocks[0].label.as_str(), content(0)), ("A", &bytes[..]));
        assert_eq!((blocks[1].label.as_str(), content(1)), ("B C", &b"x"[..]));
    }

    #[test]
    fn broken_blocks_are_refused() {
        for text in [
            "-----BEGIN A-----\nAAAA\n",
            "-----BEGIN A-----\nAA\n-----END A-----\n",
            "-----BEGIN A-----\n????\n-----END A-----\n",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"").unwrap().is_empty());
        assert!(read(b"\xff").is_err());
    }

    proptest! {
        #[test]
        fn blocks_of_any_bytes_are_read_back(all: Vec<Vec<u8>>) {
            let text: String = all.iter().map(|bytes| write("A B", bytes).to_string()).collect();
            let blocks = read(text.as_bytes()).unwrap();
            let read: Vec<Vec<u8>> =
                blocks.iter().map(|block| block.bytes.as_ref().unwrap().to_vec()).collect();
            prop_assert_eq!(read, all);
        }
    }
}
