//! PEM (RFC 7468): labelled base64 between two lines.
//!
//! What is decoded may be a secret, so every buffer is wiped when it is dropped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::base::error::{Error, ErrorKind, Result};

/// More than any key or chain needs.
const LARGEST: usize = 1 << 20;

/// One labelled part of a PEM file.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// Whether it has headers, as OpenSSL's older encrypted keys do.
    pub(crate) headers: bool,
}

/// The blocks of a file in order. Text around them is passed over, as RFC 7468 allows.
///
/// # Errors
/// [`ErrorKind::Syntax`]: a block that does not end, or is no base64.
pub(crate) fn read(text: &[u8]) -> Result<Vec<Block>> {
    let fault = |message: &str| Error::new(ErrorKind::Syntax, message);
    if text.len() > LARGEST {
        return Err(Error::new(
            ErrorKind::TooLarge,
            "the file is larger than a megabyte",
        ));
    }
    let text =
        str::from_utf8(text).map_err(|_| fault("the file is no PEM (not text)"))?;
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
        let mut headers = false;
        loop {
            match lines.next() {
                None => return Err(fault(&format!("the `{label}` block has no end"))),
                Some(line) if line == end => break,
                Some(line) if line.contains(':') => headers = true,
                Some(line) => body.push_str(line),
            }
        }
        let mut bytes = Zeroizing::new(vec![0; body.len() / 4 * 3 + 3]);
        if headers {
            bytes.clear();
        } else {
            let length = STANDARD
                .decode_slice(body.as_bytes(), &mut bytes)
                .map_err(|_| fault(&format!("the `{label}` block is no base64")))?;
            bytes.truncate(length);
        }
        blocks.push(Block { label: label.to_owned(), bytes, headers });
    }
    Ok(blocks)
}

/// A block as text, with lines of 64 characters.
pub(crate) fn write(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 3 / 2 + 128));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    push_lines(&mut text, bytes);
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Base64 in lines of 64 characters, each ended.
pub(crate) fn push_lines(text: &mut String, bytes: &[u8]) {
    for line in bytes.chunks(48) {
        STANDARD.encode_string(line, text);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = [&**write("A", &bytes), "between\n", &write("B C", b"x")].concat();
        let blocks = read(text.as_bytes()).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!((blocks[0].label.as_str(), &*blocks[0].bytes), ("A", &bytes));
        assert_eq!((blocks[1].label.as_str(), &**blocks[1].bytes), ("B C", &b"x"[..]));
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
}
